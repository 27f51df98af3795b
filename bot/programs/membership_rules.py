"""Rules of memberships: presses that arrive in any order give one state. Pure."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

# Someone who returns within this time needs no form: all is as before.
RETURN_WITHIN = timedelta(days=30)
# After this time without anything, the member is asked whether to stay.
SILENCE = timedelta(weeks=12)
# No answer within this time is a pause.
ANSWER_WITHIN = timedelta(days=14)
# Nobody is asked twice within this time, whichever programs they are in.
MIN_DISTANCE = timedelta(days=92)
PAUSE_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Membership:
    """A membership, as a row of `ProgramMember` stores it."""

    is_joined: bool
    # The time of the latest press that decided it.
    event_micros: int
    joined_at: datetime
    rules_version: int
    paused_until: date | None = None
    # The time of the latest choice to stay or pause.
    answered_at: datetime | None = None
    # That choice was none: the time for an answer was over.
    is_paused_by_silence: bool = False

    def can_return(self, now: datetime, left_at: datetime) -> bool:
        """Return True if a press is enough to join again."""
        return not self.is_joined and now - left_at <= RETURN_WITHIN

    def is_paused(self, today: date) -> bool:
        """Return True if paused on `today`, the date in the member's zone."""
        return self.paused_until is not None and today < self.paused_until


@dataclass(frozen=True, slots=True)
class Join:
    """The form was submitted; `rules_version` are the rules that it showed."""

    at: datetime
    event_micros: int
    rules_version: int


@dataclass(frozen=True, slots=True)
class Return:
    """A press continues a membership that was left shortly before."""

    event_micros: int


@dataclass(frozen=True, slots=True)
class Leave:
    event_micros: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A choice to pause up to a day; to stay if there is none."""

    at: datetime
    until: date | None
    is_by_silence: bool = False


@dataclass(frozen=True, slots=True)
class RulesSeen:
    """The member has seen a version of the rules."""

    rules_version: int


Event = Join | Return | Leave | Pause | RulesSeen


def apply(state: Membership | None, event: Event) -> Membership | None:
    """Return the membership after an event; only a form makes one.

    The latest press wins, and of two at the same time the one that leaves. It is the
    same whatever order they arrive in, and however often.
    """
    if state is None:
        return _first(event) if isinstance(event, Join) else None
    match event:
        case Join():
            joined = replace(
                state,
                joined_at=max(state.joined_at, event.at),
                rules_version=max(state.rules_version, event.rules_version),
            )
            joined = _set_presence(joined, event.event_micros, is_joined=True)
            return _set_pause(joined, Pause(event.at, None))
        case Return() | Leave():
            is_joined = isinstance(event, Return)
            return _set_presence(state, event.event_micros, is_joined=is_joined)
        case Pause():
            return _set_pause(state, event)
        case RulesSeen():
            version = max(state.rules_version, event.rules_version)
            return replace(state, rules_version=version)


def _first(join: Join) -> Membership:
    return Membership(
        is_joined=True,
        event_micros=join.event_micros,
        joined_at=join.at,
        rules_version=join.rules_version,
        answered_at=join.at,
    )


def _set_presence(
    state: Membership, event_micros: int, *, is_joined: bool
) -> Membership:
    if (event_micros, not is_joined) <= (state.event_micros, not state.is_joined):
        return state
    return replace(state, is_joined=is_joined, event_micros=event_micros)


def _set_pause(state: Membership, pause: Pause) -> Membership:
    current = (
        state.answered_at,
        state.paused_until or date.min,
        not state.is_paused_by_silence,
    )
    new = (pause.at, pause.until or date.min, not pause.is_by_silence)
    if current[0] is not None and new <= current:
        return state
    return replace(
        state,
        answered_at=pause.at,
        paused_until=pause.until,
        is_paused_by_silence=pause.is_by_silence,
    )


def pause_end(today: date) -> date:
    """Return the first day after a pause that begins today."""
    months = today.month - 1 + PAUSE_MONTHS
    year, month = today.year + months // 12, months % 12 + 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def silent_since(
    joined_at: datetime,
    pressed_at: datetime,
    answered_at: datetime | None,
    paused_until: datetime | None,
) -> datetime:
    """Return the time from which silence counts, if the member did nothing since.

    To leave and come back is not silence, either: `pressed_at` is the latest of these.
    """
    times = (joined_at, pressed_at, answered_at, paused_until)
    return max(at for at in times if at is not None)
