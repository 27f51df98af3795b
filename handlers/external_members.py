"""Recognize external members by the team ids in Slack's payloads."""

from collections.abc import Callable

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.middleware import Middleware

from bot import permissions
from bot.errors import UserError
from bot.runtime import Runtime, Workspace
from bot.workspace import external, members, sync
from handlers.channel_payloads import MembershipChange
from handlers.payloads import Message
from handlers.requests import workspace_of


class RejectExternalMembers(Middleware):
    """Reject the interactions of external members before any listener runs.

    This is a class because Bolt inspects a function's arguments at each event.
    """

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,  # noqa: ARG002  # Bolt passes it.
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name for it.
    ) -> BoltResponse:
        body, workspace = req.body, workspace_of(req.context)
        is_event = body.get("type") == "event_callback"
        if not is_event and external.is_external_request(
            body, workspace.team_id, workspace.enterprise_id
        ):
            member = body.get("user_id") or (body.get("user") or {}).get("id")
            record_external(self._rt, workspace, member)
            raise UserError(permissions.EXTERNAL_DENIAL)
        return next()


def register(bolt: App, rt: Runtime) -> None:
    """Register the middleware, which must come before all listeners."""
    bolt.use(RejectExternalMembers(rt))


def record_external_author(
    rt: Runtime, workspace: Workspace, message: Message | MembershipChange
) -> None:
    """Mark the author as external if the payload says so.

    Call it before the author's message counts for anything.
    """
    if external.is_external_author(
        message.author_teams, workspace.team_id, workspace.enterprise_id
    ):
        record_external(rt, workspace, message.user)


def record_external(rt: Runtime, workspace: Workspace, member: str | None) -> None:
    if not member:
        return
    with rt.read(workspace) as tx:
        row = members.find(tx, member)
    if row is not None and (row.is_external or row.erased_at is not None):
        return
    with rt.write(workspace) as tx:
        sync.mark_external(tx, member)
