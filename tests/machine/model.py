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
        said.ts: said.author
        for said in world.user_messages.values()
        if said.channel == ask.channel
        and said.thread_ts == ask.ts
        and said.author not in {ask.asker, ROBOT}
        and not said.is_deleted
    }
    found = Outcome("open")
    is_solved = False
    for ts, who, what, at_us in _marks(world, ask):
        if who in CANNOT_ASK or (ts in replies and replies[ts] == who):
            continue
        decides = what == "solved" and (who == ask.asker or who in MODERATORS)
        if decides and at_us <= ask.reopened_at_micros:
            continue
        if ts == ask.ts:
            is_solved |= decides
            if what in {"looking", "same"} and who != ask.asker:
                (found.looking if what == "looking" else found.same).add(who)
        elif ts in replies and decides:
            is_solved = True
            found.solutions.add(ts)
        elif ts in replies and what in {"helpful", "solved"}:
            found.helped.setdefault(ts, set()).add(who)
    if is_solved:
        found.state = "solved"
    elif ask.closed_at_micros > ask.reopened_at_micros:
        found.state = "closed"
    elif replies:
        found.state = "answered"
    return found


def _marks(world: World, ask: Ask) -> list[tuple[str, str, str, int]]:
    """Yield each mark on the ask or a reply: message, member, meaning, time."""
    marks = [(ts, who, what, at) for (ts, who, what), at in ask.button_marks.items()]
    for (channel, ts, who, emoji), at in world.active_reactions.items():
        if channel != ask.channel:
            continue
        if emoji == _SOLVED:
            marks.append((ts, who, "solved", at))
        elif ts == ask.ts and emoji in {"eyes", "raising_hand"}:
            marks.append((ts, who, "looking" if emoji == "eyes" else "same", at))
        elif ts != ask.ts and emoji in _HELPFUL:
            marks.append((ts, who, "helpful", at))
    return marks
