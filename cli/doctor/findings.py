"""Findings of the doctor: a state, and advice."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Sentences for the operator, without secrets, names or people's text."""

    level: Level
    about: str
    says: str
    do: str = ""


def ok(about: str, says: str) -> Finding:
    return Finding("ok", about, says)


def warning(about: str, says: str, do: str) -> Finding:
    """It works, but not as it should."""
    return Finding("warning", about, says, do)


def wrong(about: str, says: str, do: str) -> Finding:
    """Something does not work."""
    return Finding("wrong", about, says, do)
