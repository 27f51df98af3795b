"""The Bolt app: who a request is for, without asking Slack."""

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

import handlers
from bot.runtime import Runtime, Workspace


def make(rt: Runtime, token: str) -> App:
    bolt = bare(rt.workspace, token)
    handlers.register(bolt, rt)
    return bolt


def bare(workspace: Workspace, token: str) -> App:
    """Bolt for one installation. Requests are verified before they come here."""

    def authorize(
        enterprise_id: str | None, team_id: str | None
    ) -> AuthorizeResult | None:
        # Bolt takes the team from the event's authorization, not from the body:
        # a shared channel shows the same message under several teams.
        if team_id != workspace.team_id:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_id=workspace.bot_id,
            bot_user_id=workspace.bot_user_id,
            bot_token=token,
        )

    return App(
        authorize=authorize,  # type: ignore[arg-type]  # None means: not ours
        # An acknowledgement means a commit.
        process_before_response=True,
        # The edge verifies the raw body; Socket Mode needs no signature.
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
