"""Presses on the buttons of a circle's meeting, as it stores them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.clock import micros_to_datetime

# The facilitator if everyone said that they can't.
NOBODY = ""


class Act(StrEnum):
    """The act of a press, as a meeting stores it."""

    START = "start"
    NEXT = "next"
    EXTEND = "extend"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    LEAD = "lead"
    # Before the meeting: the member can facilitate it, or can't, or takes over from the
    # facilitator who asked them to.
    CAN = "can"
    CANNOT = "cannot"
    SWAP = "swap"
    WANT_TURN = "want_turn"
    NEED_NO_TURN = "need_no_turn"
    # Before the meeting, the facilitator chooses its format.
    TURNS = "turns"
    CASE_CLINIC = "case_clinic"
    DISCUSSION = "discussion"


# The facilitator does these; every member of the circle does the others.
FACILITATOR_ACTS = frozenset(
    {Act.START, Act.NEXT, Act.EXTEND, Act.SKIP, Act.PAUSE, Act.RESUME, Act.END}
)
# These are about the meeting's time: they say nothing about another one.
ANSWERS = (Act.CAN, Act.CANNOT, Act.SWAP)
FORMAT_ACTS = frozenset({Act.TURNS, Act.CASE_CLINIC, Act.DISCUSSION})
PREPARATION = FORMAT_ACTS | {*ANSWERS, Act.WANT_TURN, Act.NEED_NO_TURN}


@dataclass(frozen=True, slots=True, order=True)
class Press:
    """A press on a button, unique in its meeting."""

    # Slack's time of the press.
    at_micros: int
    member: str
    act: Act
    # The position of the step that the message showed, and its extensions. In an answer
    # before the meeting: the time (Unix time) that its message showed, or 0.
    position: int = 0
    extensions: int = 0
    # The facilitator who asked for a swap.
    other: str = NOBODY

    @property
    def at(self) -> datetime:
        return micros_to_datetime(self.at_micros)


def dump(press: Press) -> dict[str, object]:
    """Return a press as a meeting stores it."""
    return {
        "at": press.at_micros,
        "member": press.member,
        "act": press.act.value,
        "position": press.position,
        "extensions": press.extensions,
        "other": press.other,
    }


def load(stored: Mapping[str, Any]) -> Press:
    return Press(
        stored["at"],
        stored["member"],
        Act(stored["act"]),
        stored["position"],
        stored["extensions"],
        stored["other"],
    )
