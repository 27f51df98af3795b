"""The agenda keeper: a meeting's state follows from presses and the time. Pure.

Presses may arrive in any order, or twice: they count in the order in which people
pressed. A press names the step that its button belonged to, so two people who press
Next for a step move on once. A meeting that nobody ends, ends by itself, and presses
after that change nothing, whenever a job notices.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.circles import formats
from bot.circles.formats import Format, Phase, Step
from bot.circles.presses import ANSWERS, FORMAT_ACTS, NOBODY, PREPARATION, Act, Press
from bot.clock import datetime_to_micros

# The keeper takes presses from so long before the planned time.
OPENS_BEFORE = timedelta(minutes=15)
ENDS_AFTER = timedelta(minutes=30)
MAX_PAUSE = timedelta(minutes=20)
EXTENSION = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Meeting:
    """The facts about a meeting that no press changes."""

    planned_at: datetime
    minutes: int
    format: Format
    # The members, in the order in which it is their turn to facilitate.
    rota: Sequence[str]
    # True for the circle's first meeting.
    is_first: bool = False
    # When members last had a turn in this circle; without a time, they had none yet.
    last_turns: Mapping[str, datetime] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def opens_at(self) -> datetime:
        return self.planned_at - OPENS_BEFORE

    def has_moved_since(self, press: Press) -> bool:
        """Return True for an answer about another time of the meeting."""
        is_about_now = press.position in {0, int(self.planned_at.timestamp())}
        return press.act in ANSWERS and not is_about_now


@dataclass(frozen=True, slots=True)
class Agenda:
    """The steps of a meeting that has begun, and its step of now. Times are in UTC."""

    started_at: datetime
    steps: tuple[Step, ...]
    planned_end: datetime
    # The time at which the step is over; while paused, the time if it went on then.
    step_ends_at: datetime
    position: int = 0
    extensions: int = 0
    paused_at: datetime | None = None

    @property
    def step(self) -> Step:
        return self.steps[self.position]

    @property
    def next_step(self) -> Step | None:
        following = self.steps[self.position + 1 :]
        return following[0] if following else None

    @property
    def next_turn(self) -> str | None:
        """The member whose turn is next, after the turn of now."""
        following = self.steps[self.position + 1 :]
        return next(
            (
                step.member
                for step in following
                if step.member not in {None, self.step.member}
            ),
            None,
        )

    @property
    def closes_at(self) -> datetime:
        """When the meeting ends by itself, if nobody does anything before."""
        if self.paused_at is not None:
            return self.paused_at + MAX_PAUSE
        return self.planned_end + ENDS_AFTER


@dataclass(frozen=True, slots=True)
class State:
    """The state of a meeting at a time. Times are in UTC."""

    meeting: Meeting
    facilitator: str
    # True if the facilitator said that they can.
    is_confirmed: bool = False
    # Members who said that they can't facilitate this time.
    declined: frozenset[str] = frozenset()
    # Members who would like a turn, in the order in which they said so.
    turns_wanted: tuple[str, ...] = ()
    # Members whose turns were not skipped, up to the step of now.
    turns_had: tuple[str, ...] = ()
    # None unless a facilitator chose a format.
    chosen_format: Format | None = None
    agenda: Agenda | None = None
    ended_at: datetime | None = None
    # None if the meeting ended by itself, or goes on.
    ended_by: str | None = None
    # The presses that changed something.
    effective: frozenset[Press] = frozenset()

    @property
    def format(self) -> Format:
        return self.chosen_format or self.meeting.format

    @property
    def phase(self) -> Phase:
        if self.ended_at is not None:
            return Phase.ENDED
        if self.agenda is None:
            return Phase.PLANNED
        return Phase.RUNNING if self.agenda.paused_at is None else Phase.PAUSED

    @property
    def is_open(self) -> bool:
        return self.phase in {Phase.RUNNING, Phase.PAUSED}

    @property
    def closes_at(self) -> datetime:
        """When the meeting ends by itself; it need not have begun."""
        if self.agenda is not None:
            return self.agenda.closes_at
        return self.meeting.planned_at + self.meeting.length + ENDS_AFTER


def state_at(meeting: Meeting, presses: Collection[Press], now: datetime) -> State:
    """Return the state at `now`, or after the last press if that is later."""
    state = State(meeting, next(iter(meeting.rota), NOBODY))
    for press in sorted(set(presses)):
        state = _closed_by(state, press.at)
        changed = None if state.ended_at else _apply(state, press)
        if changed is not None:
            state = replace(changed, effective=state.effective | {press})
    return _closed_by(state, now)


def turn_order(
    wanted: Iterable[str], last_turns: Mapping[str, datetime]
) -> tuple[str, ...]:
    """Sort people who would like a turn: who had none for the longest comes first."""
    return tuple(
        sorted(
            wanted,
            key=lambda member: (
                datetime_to_micros(last_turns[member]) if member in last_turns else 0
            ),
        )
    )


def _closed_by(state: State, at: datetime) -> State:
    if state.ended_at is not None or at < state.closes_at:
        return state
    return replace(state, ended_at=state.closes_at)


def _apply(state: State, press: Press) -> State | None:
    """Return the state after a press, or None if the press does nothing."""
    if press.act in PREPARATION:
        return _prepared(state, press) if state.agenda is None else None
    if press.at < state.meeting.opens_at:
        return None
    is_facilitator = press.member == state.facilitator
    if press.act == Act.LEAD:
        return None if is_facilitator else _facilitated_by(state, press.member)
    if not is_facilitator or (state.agenda is None) != (press.act == Act.START):
        return None
    if state.agenda is None:
        return _started(state, press)
    return _controlled(state, state.agenda, press)


def _prepared(state: State, press: Press) -> State | None:
    """Return the state of a planned meeting after a press that prepares it."""
    if state.meeting.has_moved_since(press):
        return None
    match press.act:
        case Act.CANNOT:
            return _declined(state, press.member)
        case Act.CAN:
            return _confirmed(state, press.member)
        case Act.SWAP:
            is_asked = press.other == state.facilitator and press.member != press.other
            return _facilitated_by(state, press.member) if is_asked else None
    if press.act in FORMAT_ACTS:
        return _with_format(state, press)
    return _with_turn_wanted(state, press)


def _with_format(state: State, press: Press) -> State | None:
    chosen = Format(press.act)
    is_new = chosen is not state.format and press.member == state.facilitator
    return replace(state, chosen_format=chosen) if is_new else None


def _facilitated_by(state: State, member: str) -> State:
    return replace(
        state,
        facilitator=member,
        is_confirmed=True,
        declined=state.declined - {member},
    )


def _confirmed(state: State, member: str) -> State | None:
    if state.facilitator in {member, NOBODY}:
        confirmed = _facilitated_by(state, member)
        return confirmed if confirmed != state else None
    is_declined = member in state.declined
    return replace(state, declined=state.declined - {member}) if is_declined else None


def _declined(state: State, member: str) -> State | None:
    if member in state.declined:
        return None
    declined = state.declined | {member}
    if member != state.facilitator:
        return replace(state, declined=declined)
    free = (each for each in state.meeting.rota if each not in declined)
    return replace(
        state,
        facilitator=next(free, NOBODY),
        is_confirmed=False,
        declined=declined,
    )


def _with_turn_wanted(state: State, press: Press) -> State | None:
    is_wanted = press.act == Act.WANT_TURN
    if is_wanted == (press.member in state.turns_wanted):
        return None
    others = tuple(each for each in state.turns_wanted if each != press.member)
    return replace(state, turns_wanted=(*others, press.member) if is_wanted else others)


def _started(state: State, press: Press) -> State:
    meeting = state.meeting
    people = turn_order(state.turns_wanted, meeting.last_turns)
    agenda = Agenda(
        press.at,
        formats.plan(state.format, meeting.minutes, people, is_first=meeting.is_first),
        planned_end=press.at + meeting.length,
        step_ends_at=press.at,
    )
    return _at_step(state, agenda, 0, press)


def _controlled(state: State, agenda: Agenda, press: Press) -> State | None:
    """Return the state of a meeting that has begun, after its facilitator's press."""
    if press.act == Act.END:
        return _ended_by(state, press)
    if press.act == Act.RESUME:
        return _resumed(state, agenda, press.at)
    is_current = agenda.paused_at is None and press.position == agenda.position
    return _moved(state, agenda, press) if is_current else None


def _moved(state: State, agenda: Agenda, press: Press) -> State | None:
    """Return the state after a press on the step that goes on."""
    match press.act:
        case Act.NEXT:
            return _at_step(state, agenda, agenda.position + 1, press)
        case Act.SKIP:
            return _skipped(state, agenda, press)
        case Act.PAUSE:
            return replace(state, agenda=replace(agenda, paused_at=press.at))
    return _extended(state, agenda) if press.extensions == agenda.extensions else None


def _ended_by(state: State, press: Press) -> State:
    return replace(state, ended_at=press.at, ended_by=press.member)


def _extended(state: State, agenda: Agenda) -> State:
    longer = replace(
        agenda,
        extensions=agenda.extensions + 1,
        step_ends_at=agenda.step_ends_at + EXTENSION,
    )
    return replace(state, agenda=longer)


def _resumed(state: State, agenda: Agenda, at: datetime) -> State | None:
    if agenda.paused_at is None:
        return None
    pause = at - agenda.paused_at
    resumed = replace(
        agenda,
        paused_at=None,
        step_ends_at=agenda.step_ends_at + pause,
        planned_end=agenda.planned_end + pause,
    )
    return replace(state, agenda=resumed)


def _skipped(state: State, agenda: Agenda, press: Press) -> State:
    """Skip a step, or all that is left of a turn: it then does not count as one."""
    member = agenda.step.member
    position = agenda.position + 1
    if member is not None:
        while agenda.steps[position].member == member:
            position += 1
        had = tuple(each for each in state.turns_had if each != member)
        state = replace(state, turns_had=had)
    return _at_step(state, agenda, position, press)


def _at_step(state: State, agenda: Agenda, position: int, press: Press) -> State:
    if position == len(agenda.steps):
        return _ended_by(state, press)
    step = agenda.steps[position]
    had = state.turns_had
    if step.member is not None and step.member not in had:
        had = (*had, step.member)
    at_step = replace(
        agenda,
        position=position,
        extensions=0,
        step_ends_at=press.at + timedelta(minutes=step.minutes),
    )
    return replace(state, agenda=at_step, turns_had=had)
