"""Start a circle of one's own, in which others take a place."""

from datetime import timedelta

from slack_sdk.models.views import View
from sqlalchemy import select

from bot.circles import busy, forms, rules, seasons, signups, started, started_forms
from bot.circles.meeting_times import Recurrence, all_dates, next_working_day
from bot.circles.permissions import START_CIRCLE
from bot.circles.started_forms import Origin
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.permissions import require
from bot.programs import membership
from bot.programs import service as programs
from bot.programs.defaults import program_texts
from bot.runtime import Transaction
from bot.workspace import members, roles
from models import Circle, CircleSeason, Program

ANOTHER = "You have started a circle that has not met yet. One at a time, please."
BUSY = "You meet in another circle at one of these times. Choose another time."
JOIN_FIRST = "Join a program first: type /backswing program."


def startable_programs(tx: Transaction, member: str) -> list[Program]:
    """Return the programs in which a member can start a circle."""
    return [
        program
        for program, _ in membership.joined_programs(tx, member)
        if programs.takes_people(tx, program)
    ]


def open_form(
    tx: Transaction, *, by: str, theme: str = "", origin: Origin | None = None
) -> View:
    """Return the form to start a circle; `theme` is mrkdwn. Raises UserError."""
    require(START_CIRCLE, roles.in_workspace(tx, by))
    own = startable_programs(tx, by)
    if not own:
        raise UserError(JOIN_FIRST)
    names = [(program.id, program_texts(program).name) for program in own]
    first_day = next_working_day(members.today(tx, by) + timedelta(days=7))
    return started_forms.start_form(
        names, first_day=first_day, theme=theme, origin=origin
    )


def start(tx: Transaction, form: FormValues, *, source: str, by: str) -> Circle | None:
    """Start a circle with its first person, once for each `source`; else return None.

    Raises UserError, with the field, and MembershipUnknown.
    """
    # Otherwise the row could be written after they were forgotten.
    members.lock(tx, by)
    program = programs.lock(tx, forms.chosen_program(form))
    programs.authorize(tx, program, START_CIRCLE, by)
    if not membership.is_joined(tx, program.id, by):
        raise UserError(membership.NOT_JOINED, field=forms.PROGRAM)
    if not programs.takes_people(tx, program):
        raise UserError(seasons.NOT_ACTIVE, field=forms.PROGRAM)
    zone = members.zone(tx, by)
    draft = started_forms.read_start(form, zone=zone, now=tx.now)
    is_known = tx.session.scalar(
        select(CircleSeason.id).filter_by(
            installation_id=tx.workspace.id, source=source
        )
    )
    if is_known is not None:
        return None
    if _has_one_ahead(tx, by):
        raise UserError(ANOTHER)
    recurrence = Recurrence(draft.meetings, draft.weeks_between, draft.minutes)
    dates = all_dates(draft.starts_at, zone, recurrence)
    if busy.is_busy(tx, None, by, dates, draft.minutes):
        raise UserError(BUSY, field=started_forms.FIRST_DAY)
    season = CircleSeason(
        installation_id=tx.workspace.id,
        program_id=program.id,
        source=source,
        opened_by=by,
        opened_at=tx.now,
        theme=draft.theme,
        signup_ends_at=draft.starts_at,
        starts_on=draft.first_day,
        ends_on=rules.last_day(draft.first_day, draft.meetings, draft.weeks_between),
        meetings=draft.meetings,
        weeks_between=draft.weeks_between,
        minutes=draft.minutes,
        places=draft.places,
        formed_at=tx.now,
        invited_at=tx.now,
    )
    tx.session.add(season)
    tx.session.flush()
    circle = Circle(
        installation_id=tx.workspace.id,
        program_id=program.id,
        season_id=season.id,
        formed_at=tx.now,
        zone=zone.key,
        starts_at=draft.starts_at,
    )
    tx.session.add(circle)
    tx.session.flush()
    signups.record(tx, season, by, brings=draft.brings)
    started.add(tx, season, circle, by)
    return circle


def _has_one_ahead(tx: Transaction, by: str) -> bool:
    ahead = (
        select(CircleSeason.id)
        .join(Circle, Circle.season_id == CircleSeason.id)
        .where(
            CircleSeason.installation_id == tx.workspace.id,
            CircleSeason.places.is_not(None),
            CircleSeason.opened_by == by,
            Circle.ended_at.is_(None),
            Circle.starts_at > tx.now,
        )
        .limit(1)
    )
    return tx.session.scalar(ahead) is not None
