"""Seasons of circles: open them, load them for those who may see them, end them."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from slack_sdk.models.views import View
from sqlalchemy import Select, select

from bot import timezones
from bot.circles import forms, rules, season_blocks
from bot.circles.message_kinds import CIRCLE_SEASON
from bot.circles.permissions import RUN_SEASON, SIGN_UP
from bot.circles.rules import Draft, State
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.outbox import home_refresh
from bot.programs import membership
from bot.programs import service as programs
from bot.programs.defaults import program_texts
from bot.runtime import Transaction
from bot.workspace import members
from models import Circle, CircleMember, CircleSeason, Program

GONE = "That season is gone."
OVER = "This season is over."
NO_CIRCLES = "This season has no circles, so you can't sign up."
NOT_ACTIVE = "This program takes no people at the moment."


def get(tx: Transaction, season_id: int) -> CircleSeason:
    """Return a season of the workspace. Raises UserError if there is none."""
    return _get(tx, select(CircleSeason).filter_by(id=season_id))


def lock(tx: Transaction, season_id: int) -> CircleSeason:
    """Lock a season's row, before rows of its circles. Raises UserError."""
    return _get(
        tx,
        select(CircleSeason)
        .filter_by(id=season_id)
        .with_for_update()
        .execution_options(populate_existing=True),
    )


def _get(tx: Transaction, query: Select[CircleSeason]) -> CircleSeason:
    season = tx.session.scalar(query.filter_by(installation_id=tx.workspace.id))
    if season is None:
        raise UserError(GONE)
    return season


def state(tx: Transaction, season: CircleSeason) -> State:
    """Return the season's state; with its program ends what nobody was invited to."""
    if season.invited_at is None and not programs.is_active(tx, program_of(tx, season)):
        return State.ENDED
    return rules.state(season, tx.now)


def program_of(tx: Transaction, season: CircleSeason) -> Program:
    return tx.session.get_one(Program, season.program_id)


def program_name(
    tx: Transaction, season: CircleSeason, reader: str, *, is_exact: bool
) -> str:
    """Return the name of its program (mrkdwn), or words if they can't see it now."""
    program = program_of(tx, season)
    return membership.visible_name(tx, program, reader, is_exact=is_exact)


def can_run(tx: Transaction, season: CircleSeason, member: str) -> bool:
    """Return True for leads; nobody runs a circle that a member started."""
    return season.places is None and programs.can_run(
        tx, program_of(tx, season), member
    )


def require_runs(tx: Transaction, season: CircleSeason, by: str) -> None:
    """Raise UserError for people who do not run the program, or MembershipUnknown."""
    if season.places is not None:
        raise UserError(GONE)
    programs.authorize(tx, program_of(tx, season), RUN_SEASON, by)


def require_may_sign_up(tx: Transaction, season: CircleSeason, by: str) -> None:
    """Raise UserError, or MembershipUnknown, unless the member is in its program."""
    program = program_of(tx, season)
    programs.authorize(tx, program, SIGN_UP, by)
    if not membership.is_joined(tx, program.id, by):
        raise UserError(membership.NOT_JOINED)
    if state(tx, season) is State.ENDED or not programs.is_active(tx, program):
        raise UserError(OVER)


def runnable_programs(tx: Transaction, member: str) -> list[Program]:
    """Return the active programs that a member runs. Raises MembershipUnknown."""
    return [
        program
        for program in programs.visible_programs(tx, member)
        if programs.can_run(tx, program, member) and programs.takes_people(tx, program)
    ]


def visible(
    tx: Transaction, member: str, *, is_exact: bool = True
) -> list[CircleSeason]:
    """Return the seasons that are not over, of programs that they joined or run.

    Circles that members started are not among them. The latest comes first. Raises
    MembershipUnknown if it `is_exact`.
    """
    current = (
        CircleSeason.installation_id == tx.workspace.id,
        CircleSeason.places.is_(None),
        CircleSeason.ended_at.is_(None),
        CircleSeason.ends_on >= tx.now.date(),
    )
    if tx.session.scalar(select(CircleSeason.id).where(*current).limit(1)) is None:
        return []
    ids = {
        program.id
        for program in programs.visible_programs(tx, member, is_exact=is_exact)
        if programs.can_run(tx, program, member)
        or membership.is_joined(tx, program.id, member)
    }
    rows = tx.session.scalars(
        select(CircleSeason)
        .where(*current, CircleSeason.program_id.in_(ids))
        .order_by(CircleSeason.id.desc())
    )
    return list(rows)


# Open a season


def open_form(tx: Transaction, *, by: str) -> View:
    """Return the form of a new season. Raises UserError, and MembershipUnknown."""
    runnable = runnable_programs(tx, by)
    if not runnable:
        raise UserError(RUN_SEASON.denial)
    names = [(program.id, program_texts(program).name) for program in runnable]
    today = members.today(tx, by)
    # A Monday, after ten days to sign up and some to look at the circles.
    first = today + timedelta(days=14 + (7 - today.weekday()))
    return forms.season_form(names, starts_on=first)


def open_season(
    tx: Transaction, form: FormValues, *, source: str, by: str
) -> CircleSeason:
    """Open a season, and tell those who are in its program, once for each `source`.

    Raises UserError, with the field, and MembershipUnknown.
    """
    program = programs.lock(tx, forms.chosen_program(form))
    programs.authorize(tx, program, RUN_SEASON, by)
    if not programs.takes_people(tx, program):
        raise UserError(NOT_ACTIVE, field=forms.PROGRAM)
    draft = forms.read_season(form, today=members.today(tx, by))
    season_id = tx.session.execute(
        upsert(tx.session, CircleSeason)
        .values(
            installation_id=tx.workspace.id,
            program_id=program.id,
            source=source,
            opened_by=by,
            opened_at=tx.now,
            signup_ends_at=_signup_end(tx, draft, by),
            **_columns(draft),
        )
        .on_conflict_do_nothing()
        .returning(CircleSeason.id)
    ).scalar()
    if season_id is None:
        return tx.session.scalars(
            select(CircleSeason).filter_by(
                installation_id=tx.workspace.id, source=source
            )
        ).one()
    season = get(tx, season_id)
    people = [row.member for row in membership.joined_people(tx, program)]
    tx.enqueue_many(
        CIRCLE_SEASON,
        [(season.id, member) for member in sorted(people)],
        send_at=tx.now,
    )
    home_refresh.refresh_homes(tx, people)
    return season


def _signup_end(tx: Transaction, draft: Draft, by: str) -> datetime:
    """Return the end of the last day to sign up, in the zone of the lead."""
    day = members.today(tx, by) + timedelta(days=draft.signup_days)
    return timezones.to_utc(datetime.combine(day, time(17)), members.zone(tx, by))


def _columns(draft: Draft) -> dict[str, object]:
    return {
        "theme": draft.theme,
        "language": draft.language,
        "starts_on": draft.starts_on,
        "ends_on": rules.last_day(draft.starts_on, draft.meetings, draft.weeks_between),
        "meetings": draft.meetings,
        "weeks_between": draft.weeks_between,
        "minutes": draft.minutes,
        "is_in_writing": draft.is_in_writing,
        "format": draft.format,
        "holidays_of": draft.holidays_of,
        "questions": draft.questions,
    }


def end(tx: Transaction, season: CircleSeason) -> None:
    """End a season early, and its circles; the caller has locked its row."""
    if season.ended_at is not None:
        return
    season.ended_at = tx.now
    for circle in circles(tx, season):
        circle.ended_at = circle.ended_at or tx.now
    people = tx.session.scalars(
        select(CircleMember.member)
        .join(Circle, Circle.id == CircleMember.circle_id)
        .where(Circle.season_id == season.id)
        .distinct()
    ).all()
    home_refresh.refresh_homes(tx, people)


def set_last_day(
    tx: Transaction, season: CircleSeason, circle: Circle, day: date
) -> None:
    """Let a circle end on another day (UTC) than its season; the season waits for it.

    The other circles end when they would have. The caller has locked the season.
    """
    for other in circles(tx, season):
        other.ends_on = other.ends_on or season.ends_on
    circle.ends_on = day
    season.ends_on = max(season.ends_on, day)
    tx.session.flush()


def unended(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select the ids of the seasons that have not ended."""
    return select(CircleSeason.id).where(
        CircleSeason.installation_id == installation_id, CircleSeason.ended_at.is_(None)
    )


def has_no_circles(tx: Transaction, season: CircleSeason) -> bool:
    """Return True if it is running without a circle: no place can come free in it."""
    return state(tx, season) is State.RUNNING and not circles(tx, season)


def circles(tx: Transaction, season: CircleSeason) -> Sequence[Circle]:
    """Return the season's circles that go on, by number."""
    return tx.session.scalars(
        select(Circle)
        .where(Circle.season_id == season.id, Circle.ended_at.is_(None))
        .order_by(Circle.number, Circle.id)
    ).all()


def summary(
    tx: Transaction, season: CircleSeason, reader: str, *, is_exact: bool = True
) -> season_blocks.SeasonText:
    """Return what a person reads about a season.

    Raises MembershipUnknown if it `is_exact`.
    """
    return season_blocks.SeasonText(
        season.id,
        program_name(tx, season, reader, is_exact=is_exact),
        season.theme,
        season.language,
        season.starts_on,
        season.signup_ends_at,
        season.meetings,
        season.weeks_between,
        season.minutes,
        season.is_in_writing,
        season.places,
    )
