"""Short answers to people who press a button of a meeting. Pure."""

from bot.circles import meeting_texts
from bot.circles.formats import Phase
from bot.circles.keeper import State
from bot.circles.presses import FACILITATOR_ACTS, Act, Press

OVER = "The meeting is over."
MOVED = "The meeting has moved since, so this answer does not count."
TOO_EARLY = "The agenda opens 15 minutes before the meeting."
BEGUN = "The meeting has begun. Ask the facilitator for a turn."
TURN = "Noted. Those who had no turn for longest come first."
FORMAT_FIXED = "The meeting has begun. Its format stays as it is."
NO_TURN = "Noted. You'll have no turn this time."
NO_DATE = "Choose a date."


def no_effect(state: State, press: Press, facilitator: str | None) -> str | None:
    """Return why a press did nothing, or None if nobody needs to know.

    A press for a step that is over needs no answer: someone else pressed before.
    """
    if press in state.effective:
        return {Act.WANT_TURN: TURN, Act.NEED_NO_TURN: NO_TURN}.get(press.act)
    if press.act in {Act.WANT_TURN, Act.NEED_NO_TURN}:
        return BEGUN if state.is_open else _over(state)
    if state.phase == Phase.ENDED:
        return OVER
    if press.at < state.meeting.opens_at:
        return TOO_EARLY
    if press.act in FACILITATOR_ACTS and press.member != state.facilitator:
        name = facilitator or "Nobody"
        return f"{name} facilitates this meeting. To take over, press *I'll run it*."
    return None


def format_chosen(state: State, press: Press, facilitator: str | None) -> str:
    """Return the answer to a person who chose a format."""
    if state.is_open:
        return FORMAT_FIXED
    if state.phase == Phase.ENDED:
        return OVER
    if press.member != state.facilitator:
        return f"{facilitator or 'Nobody'} facilitates this meeting, and chooses."
    title, guide = meeting_texts.FORMATS[state.format]
    return f"{title}: {guide}"


def _over(state: State) -> str | None:
    return OVER if state.phase == Phase.ENDED else None


def answered(*, is_own: bool, name: str | None) -> str:
    """Return the answer to a person who said whether they can facilitate."""
    if is_own:
        return "Thank you. You facilitate it."
    if name is None:
        return "Nobody facilitates it yet. Anyone there can press *I'll run it*."
    return f"{name} facilitates it."
