"""The expected state of asks, derived from people's actions without the bot's code."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.machine.world import World
from tests.slack_payloads import ADMIN, CHAMPION

ROBOT, EXTERNAL = "U0ROBO", "U0ZED"
# An external member may answer; neither may ask or mark.
CANNOT_ASK = {ROBOT, EXTERNAL}
MODERATORS = {ADMIN, CHAMPION}
_HELPFUL = {"+1", "heart", "thumbsup::skin-tone-3"}
_SOLVED = "white_check_mark"


@dataclass
class Ask:
    """One ask, as people's actions left it."""

    id: int
    source: str
    channel: str
    asker: str
    ts: str | None = None
    is_users_message: bool = False
    closed_at_micros: int = 0
    reopened_at_micros: int = 0
    is_deleted: bool = False
    # Marks without an emoji: (message, member, meaning) -> time; undone ones are
    # absent.
    button_marks: dict[tuple[str, str, str], int] = field(default_factory=dict)


@dataclass
class Outcome:
    state: str
    solutions: set[str] = field(default_factory=set)
    helped: dict[str, set[str]] = field(default_factory=dict)
    looking: set[str] = field(default_factory=set)
    same: set[str] = field(default_factory=set)


def outcome(world: World, ask: Ask) -> Outcome:  # noqa: C901 - one case each
    """Return the state by the replies' ts, from Slack's messages and the clicks."""
    replies: Mapping[str, str] = {
        message.ts: message.author
        for message in world.user_messages.values()
        if message.channel == ask.channel
        and message.thread_ts == ask.ts
        and message.author not in {ask.asker, ROBOT}
        and not message.is_deleted
    }
    outcome_so_far = Outcome("open")
    is_solved = False
    for ts, member, meaning, at_us in _marks(world, ask):
        if member in CANNOT_ASK or (ts in replies and replies[ts] == member):
            continue
        decides = meaning == "solved" and (member == ask.asker or member in MODERATORS)
        if decides and at_us <= ask.reopened_at_micros:
            continue
        if ts == ask.ts:
            is_solved |= decides
            if meaning in {"looking", "same"} and member != ask.asker:
                (
                    outcome_so_far.looking
                    if meaning == "looking"
                    else outcome_so_far.same
                ).add(member)
        elif ts in replies and decides:
            is_solved = True
            outcome_so_far.solutions.add(ts)
        elif ts in replies and meaning in {"helpful", "solved"}:
            outcome_so_far.helped.setdefault(ts, set()).add(member)
    if is_solved:
        outcome_so_far.state = "solved"
    elif ask.closed_at_micros > ask.reopened_at_micros:
        outcome_so_far.state = "closed"
    elif replies:
        outcome_so_far.state = "answered"
    return outcome_so_far


def _marks(world: World, ask: Ask) -> list[tuple[str, str, str, int]]:
    """Yield each mark on the ask or a reply: message, member, meaning, time."""
    marks = [
        (ts, member, meaning, at)
        for (ts, member, meaning), at in ask.button_marks.items()
    ]
    for (channel, ts, member, emoji), at in world.active_reactions.items():
        if channel != ask.channel:
            continue
        if emoji == _SOLVED:
            marks.append((ts, member, "solved", at))
        elif ts == ask.ts and emoji in {"eyes", "raising_hand"}:
            marks.append((ts, member, "looking" if emoji == "eyes" else "same", at))
        elif ts != ask.ts and emoji in _HELPFUL:
            marks.append((ts, member, "helpful", at))
    return marks
