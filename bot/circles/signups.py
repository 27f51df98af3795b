"""Sign-ups for a season: presses that arrive in any order give one state."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time

from slack_sdk.models.views import View
from sqlalchemy import select

from bot import timezones
from bot.circles import forms, season_blocks, seasons
from bot.circles.message_kinds import CIRCLE_NONE
from bot.circles.rules import State
from bot.clock import EPOCH, datetime_to_micros
from bot.db.statements import upsert_latest
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.outbox import home_refresh
from bot.programs import membership
from bot.programs.join_blocks import TOPICS_KNOWN, TOPICS_WANTED
from bot.runtime import Transaction
from bot.workspace import member_settings, members
from models import Circle, CircleMember, CircleSeason, CircleSignup, ProgramMember

HAS_PLACE = "You have a place in a circle. To leave it, open your circle."
NOT_SIGNED_UP = "You haven't signed up."
# The payload of the message on the first day of a season.
AT_START = {"is_at_start": True}

_STORE = upsert_latest(
    CircleSignup,
    ("season_id", "member"),
    ("signed_up_at", "brings", "never"),
    presence="is_signed_up",
)


def find(tx: Transaction, season_id: int, member: str) -> CircleSignup | None:
    """Return a sign-up that was not taken back."""
    row = tx.session.get(CircleSignup, (season_id, member), populate_existing=True)
    return row if row is not None and row.is_signed_up else None


def has_place(tx: Transaction, season_id: int, member: str) -> bool:
    """Return True if the member has a place, or is offered one."""
    place = select(CircleMember.member).where(
        CircleMember.season_id == season_id,
        CircleMember.member == member,
        CircleMember.left_at.is_(None),
        CircleMember.invited_at.is_not(None),
    )
    return tx.session.scalar(place) is not None


def place_ends(
    tx: Transaction, season_id: int, *people: str
) -> Mapping[str, datetime | None]:
    """Return when the last place of each person in a season ended.

    None if they have one; without any place, they are not in it. Without `people`, of
    all. A place also ends with its circle.
    """
    query = (
        select(CircleMember.member, CircleMember.left_at, Circle.ended_at)
        .join(Circle, Circle.id == CircleMember.circle_id)
        .where(Circle.season_id == season_id)
    )
    if people:
        query = query.where(CircleMember.member.in_(people))
    ends: dict[str, datetime | None] = {}
    for member, left_at, ended_at in tx.session.execute(query):
        at, before = left_at or ended_at, ends.get(member, EPOCH)
        ends[member] = None if at is None or before is None else max(at, before)
    return ends


def is_waiting(row: CircleSignup, ends: Mapping[str, datetime | None]) -> bool:
    """Return True if a sign-up waits for a place: it had none since."""
    ended_at = ends.get(row.member, EPOCH)
    return ended_at is not None and ended_at <= row.signed_up_at


def form(tx: Transaction, season: CircleSeason, *, by: str) -> View:
    """Return the form to sign up. Raises UserError, and MembershipUnknown."""
    _require_open(tx, season, by)
    row = tx.session.get(CircleSignup, (season.id, by))
    settings = member_settings.get(tx, by)
    return forms.signup_form(
        seasons.summary(tx, season, by),
        members.zone(tx, by),
        brings=row.brings if row else "",
        topics_known=settings.topics_known,
        topics_wanted=settings.topics_wanted,
        never=row.never if row else [],
    )


def _require_open(tx: Transaction, season: CircleSeason, by: str) -> None:
    seasons.require_may_sign_up(tx, season, by)
    if has_place(tx, season.id, by):
        raise UserError(HAS_PLACE)
    is_new = find(tx, season.id, by) is None
    if is_new and seasons.has_no_circles(tx, season):
        raise UserError(seasons.NO_CIRCLES)


def sign_up(
    tx: Transaction, season: CircleSeason, values: FormValues, *, by: str
) -> View:
    """Sign up, or change a sign-up; the caller has locked the season.

    Raises UserError, with the field, and MembershipUnknown.
    """
    # Otherwise the row could be written after they were forgotten.
    members.lock(tx, by)
    _require_open(tx, season, by)
    brings = forms.read_brings(values)
    known = list(TOPICS_KNOWN.read(values))
    wanted = list(TOPICS_WANTED.read(values))
    never = [] if season.is_in_writing else forms.read_never(values)
    _store(
        tx,
        season,
        by,
        is_signed_up=True,
        event_micros=datetime_to_micros(tx.now),
        brings=brings,
        never=never,
    )
    member_settings.update(tx, by, topics_known=known, topics_wanted=wanted)
    if season.invited_at is None:
        _tell_at_start(tx, season, by)
    return season_blocks.signed_up(
        seasons.summary(tx, season, by),
        members.zone(tx, by),
        is_late=seasons.state(tx, season) is not State.SIGN_UP,
    )


def _tell_at_start(tx: Transaction, season: CircleSeason, by: str) -> None:
    """Tell them on the first day what became of the season, if nobody was invited."""
    first_day = datetime.combine(season.starts_on, time())
    tx.enqueue(
        CIRCLE_NONE,
        season.id,
        to=by,
        payload=AT_START,
        occurrence="start",
        send_at=timezones.to_utc(first_day, members.zone(tx, by)),
    )


def record(tx: Transaction, season: CircleSeason, by: str, *, brings: str) -> None:
    """Store what a person brings who takes a place; `brings` is mrkdwn."""
    at = datetime_to_micros(tx.now)
    _store(tx, season, by, is_signed_up=True, event_micros=at, brings=brings)


def withdraw(
    tx: Transaction, season: CircleSeason, *, by: str, event_micros: int
) -> None:
    """Take a sign-up back, by a press at `event_micros`. Raises UserError."""
    if tx.session.get(CircleSignup, (season.id, by)) is None:
        raise UserError(NOT_SIGNED_UP)
    if has_place(tx, season.id, by):
        raise UserError(HAS_PLACE)
    _store(tx, season, by, is_signed_up=False, event_micros=event_micros)


def renew(tx: Transaction, season: CircleSeason, member: str) -> bool:
    """Let someone whose place ended wait for another one.

    Return False if they took their sign-up back.
    """
    row = find(tx, season.id, member)
    if row is None:
        return False
    row.signed_up_at = tx.now
    tx.session.flush()
    return True


def _store(
    tx: Transaction,
    season: CircleSeason,
    by: str,
    *,
    is_signed_up: bool,
    event_micros: int,
    **answers: object,
) -> None:
    blank = {"brings": "", "never": []}
    tx.session.execute(
        _STORE(tx.session).values(
            season_id=season.id,
            member=by,
            is_signed_up=is_signed_up,
            event_micros=event_micros,
            signed_up_at=tx.now,
            **blank | answers,
        )
    )
    tx.session.expire_all()
    home_refresh.refresh_homes(tx, [by])


def people(tx: Transaction, season: CircleSeason) -> Sequence[CircleSignup]:
    """Return the sign-ups of those who are still in the program, the first first."""
    rows = tx.session.scalars(
        select(CircleSignup)
        .filter_by(season_id=season.id, is_signed_up=True)
        .order_by(CircleSignup.signed_up_at, CircleSignup.member)
    ).all()
    joined = membership.joined_people(
        tx,
        seasons.program_of(tx, season),
        ProgramMember.member.in_(
            select(CircleSignup.member).filter_by(season_id=season.id)
        ),
        # Their pause is over when the circles begin.
        ProgramMember.paused_until.is_(None)
        | (ProgramMember.paused_until <= season.starts_on),
    )
    present = {row.member for row in joined}
    return [row for row in rows if row.member in present]


def of(
    tx: Transaction, season: CircleSeason, people: Collection[str]
) -> Sequence[CircleSignup]:
    """Return the sign-ups of people who have a place, or wait for one."""
    return tx.session.scalars(
        select(CircleSignup).where(
            CircleSignup.season_id == season.id, CircleSignup.member.in_(people)
        )
    ).all()
