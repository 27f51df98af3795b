"""What somebody types after `/backswing`."""

from collections.abc import Callable
from typing import Any


def says(*phrases: str) -> list[Callable[[dict[str, Any]], bool]]:
    """Matchers for one of the phrases, in any case and spacing; "" is nothing typed.

    Whoever listens to `/backswing` for all the rest comes last (handlers/settings.py).
    """

    def is_said(body: dict[str, Any]) -> bool:
        return " ".join(str(body.get("text") or "").lower().split()) in phrases

    return [is_said]
