"""Sentences about programs, and the messages to their leads. Pure."""

from bot.programs.rules import State
from bot.slack.blocks import Note, button, button_row, sentence_note
from bot.slack.rich_text import bold
from bot.slack.text import capitalize, to_plain

_NOUNS = {
    "name": "the name",
    "audience": "the people it is for",
    "goal": "the goal",
    "benefit": "what people get",
    "time_needed": "the time it takes",
    "rules": "the rules",
    "starts_on": "the first day",
    "ends_on": "the last day",
    "joining": "who may join",
    "guests_may_join": "“Guests may join”",
    "coffee": "“Peer coffee”",
    "exchange": "“Learning together”",
    "buddies": "“Buddies”",
    "leads": "the leads",
    "channels": "the channels",
}


def changed(member: str, part: str, value: str) -> str:
    """Say that a member (a plain name) changed a part of a program to a value."""
    change = f"{capitalize(member)} changed {_NOUNS[part]}"
    return f"{change} to {value}" if value else change


def state_line(state: State, *, is_paused: bool, first: str, last: str) -> str:
    """Describe a program's state; the days are formatted, or "" without one."""
    if is_paused:
        return "Paused: I'm in none of its channels"
    match state:
        case State.DRAFT:
            return "Draft: only those who run it see it"
        case State.OPEN:
            return f"Open: it starts on {first}"
        case State.RUNNING:
            return f"Running until {last}" if last else "Running"
        case State.ENDED:
            return f"Ended on {last}" if last else "Ended"
        case State.ARCHIVED:
            return "Archived"


def without_channel(program_id: int, name: str) -> Note:
    """Tell a lead that a program is paused; `name` is mrkdwn."""
    text, blocks = sentence_note(
        bold(to_plain(name)),
        " is paused: I'm in none of its channels. Until I'm back in one, I invite"
        " nobody. Invite me to one of them, or choose other channels.",
    )
    see = button("See the program", "program_see", program_id)
    return text, [*blocks, button_row(see)]
