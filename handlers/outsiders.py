"""People of other organisations, as Slack's payloads tell them apart from ours."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.middleware import Middleware

from bot.errors import Refusal
from bot.facts import service as facts
from bot.members import rules
from bot.members import service as members
from bot.runtime import Runtime


class ShutOut(Middleware):
    """Runs no listener for somebody of another organisation.

    A class, since Bolt looks for the arguments of a function at each event.
    """

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,  # noqa: ARG002  # Bolt hands it on.
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's own word for it.
    ) -> BoltResponse:
        body, ours = req.body, self._rt.workspace
        is_event = body.get("type") == "event_callback"
        if not is_event and rules.is_sent_from_elsewhere(
            body, ours.team_id, ours.enterprise_id
        ):
            person = body.get("user_id") or (body.get("user") or {}).get("id")
            learn(self._rt, person)
            raise Refusal(rules.NOT_OURS)
        return next()


def register(bolt: App, rt: Runtime) -> None:
    """To be called first: no listener runs for somebody of another organisation."""
    bolt.use(ShutOut(rt))


def learn_from(rt: Runtime, member: str | None, said: Mapping[str, Any]) -> None:
    """Know the author of a message for what it says of them, before it counts."""
    workspace = rt.workspace
    if rules.is_from_elsewhere(said, workspace.team_id, workspace.enterprise_id):
        learn(rt, member)


def learn(rt: Runtime, member: str | None) -> None:
    if not member:
        return
    with rt.reads() as session:
        known = members.find(session, rt.workspace.id, member)
    if known is not None and (known.is_stranger or known.forgotten_at is not None):
        return
    with rt.sessions.begin() as session:
        facts.learn_external(session, rt.workspace, member, now=rt.clock())
