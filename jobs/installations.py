"""Check each workspace's token: pause a workspace whose token fails, resume later."""

import logging
from datetime import timedelta

from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.workspace import installations
from jobs.in_turn import in_turn

log = logging.getLogger(__name__)


@in_turn("check-token", every=timedelta(minutes=5))
def check_token(rt: Runtime, workspace: Workspace) -> None:
    """Ask Slack once for all workspaces that share a token."""
    sharing = rt.workspaces.sharing_token(workspace)
    if workspace not in sharing[:1]:
        return
    # Before the client, so that it is never newer.
    token = rt.workspaces.token_of(workspace.id)
    try:
        error_code = installations.check_token(
            rt.write_session,
            rt.slack_of(workspace),
            sharing,
            token=token,
            now=rt.clock(),
        )
    except SlackError as error:
        log.warning("token not checked", extra={"error": error.code})
        return
    if error_code:
        log.warning("the token does not work", extra={"error": error_code})
