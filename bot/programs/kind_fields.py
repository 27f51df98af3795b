"""The fields with which leads switch the kinds of meetings. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from bot.forms.fields import Choice
from bot.programs.rules import MIN_PEOPLE, OFF_EVERYWHERE, Kind, Mode


def _field(kind: Kind, label: str, hint: str, wish: str) -> Choice:
    return Choice(
        name=kind,
        label=label,
        hint=hint,
        choices=(
            (Mode.AUTO, f"When {MIN_PEOPLE} people {wish}", None),
            (Mode.ON, "On", None),
            (Mode.OFF, "Off", None),
        ),
    )


FIELDS: Mapping[Kind, Choice] = {
    Kind.COFFEE: _field(
        Kind.COFFEE,
        "Peer coffee",
        "I introduce two people at a time who want to meet a peer, and say why they"
        " fit.",
        "take part",
    ),
    Kind.EXCHANGE: _field(
        Kind.EXCHANGE,
        "Learning together",
        "Two people agree to learn from each other. I propose them to each other, and"
        " say why they fit.",
        "are open to it",
    ),
    Kind.BUDDIES: _field(
        Kind.BUDDIES,
        "Buddies",
        "I ask newcomers whether a buddy would help, and find one who came some months"
        " before them.",
        "want it",
    ),
}


def program_field(kind: Kind, *, is_off_everywhere: bool) -> Choice:
    """Return the field for a program; it says if its choice has no effect now."""
    field = FIELDS[kind]
    if not is_off_everywhere:
        return field
    hint = "The workspace's settings switch it off in all programs now."
    return replace(field, hint=hint)


def workspace_field(kind: Kind) -> Choice:
    """Return the field for the workspace's own program, or for all programs."""
    field = FIELDS[kind]
    return replace(
        field,
        hint=f"{field.hint} Each other program has its own switch, in its form.",
        choices=(*field.choices, (OFF_EVERYWHERE, "Off in all programs", None)),
    )
