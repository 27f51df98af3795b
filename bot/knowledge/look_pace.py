"""The pace of the looks in open forms, while members type in them."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

# A form that changes more often is hard to type in.
PAUSE = timedelta(seconds=2)
# Only the forms used last are remembered.
MAX_FORMS = 1000


@dataclass(slots=True)
class _Form:
    # The time of the latest action in it, in microseconds.
    latest_action: int = 0
    drawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A member's action in a form, which may show what is similar."""

    view_id: str
    at_micros: int
    # True if Slack reports it because of a character, so the next one follows.
    is_typing: bool = False


class LookPace:
    """The latest actions and draws of forms, for the threads of this process.

    Another process has its own. Between two, the hash of the view decides which draws.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._forms: OrderedDict[str, _Form] = OrderedDict()

    def begin(self, turn: Turn, *, now: datetime) -> bool:
        """Record the action; return True if it may look for what is similar."""
        with self._lock:
            form = self._form(turn)
            form.latest_action = max(form.latest_action, turn.at_micros)
            return _may_draw(form, turn, now)

    def claim_draw(self, turn: Turn, *, now: datetime) -> bool:
        """Return True if the form may be drawn, and begin the pause after it.

        A look that took long may have been overtaken by a later action.
        """
        with self._lock:
            form = self._form(turn)
            may_draw = _may_draw(form, turn, now)
            if may_draw:
                form.drawn_at = now
            return may_draw

    def _form(self, turn: Turn) -> _Form:
        form = self._forms.setdefault(turn.view_id, _Form())
        self._forms.move_to_end(turn.view_id)
        while len(self._forms) > MAX_FORMS:
            self._forms.popitem(last=False)
        return form


def _may_draw(form: _Form, turn: Turn, now: datetime) -> bool:
    if turn.at_micros < form.latest_action:
        return False
    is_soon = form.drawn_at is not None and abs(now - form.drawn_at) < PAUSE
    return not (turn.is_typing and is_soon)
