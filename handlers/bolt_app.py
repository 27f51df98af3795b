"""The Bolt app: find the workspace of a request, and run its listener."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult

import handlers
from bot.db.retry import run_batch
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.visibility import MAX_LOOKUPS
from handlers.batch_commit import PendingCommit, commit_batch
from handlers.errors import CAN_FETCH_MEMBERSHIPS, RETRYABLE
from handlers.metrics import Metrics

log = logging.getLogger(__name__)

# In a request's context, and so an argument that any listener may take: the workspace
# that the request belongs to.
WORKSPACE = "workspace"
# Bolt raises these, before any listener, over what is not as Slack sends it.
_MALFORMED_PAYLOAD_ERRORS = (AttributeError, LookupError, TypeError, ValueError)


class BoltApp(App):
    """Bolt, where a listener may return a `PendingCommit`: acknowledged when committed.

    No listener runs for a workspace that is not served; the request is acknowledged.
    """

    def __init__(
        self,
        workspaces: ServedWorkspaces,
        commit: Callable[[Sequence[PendingCommit]], None],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._workspaces = workspaces
        self._commit_batch = commit
        self.metrics = Metrics()

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        return self.dispatch_batch([req])[0]

    def dispatch_batch(self, requests: Sequence[BoltRequest]) -> list[BoltResponse]:
        """Dispatch each, then commit what they change; one that fails fails alone."""
        answers = [self._dispatch_safely(request) for request in requests]
        commits = [
            (request, answer)
            for request, answer in zip(requests, answers, strict=True)
            if isinstance(answer, PendingCommit)
        ]
        errors = run_batch(self._commit_batch, [commit for _, commit in commits])
        for (request, commit), error in zip(commits, errors, strict=True):
            if error is not None:
                # As Bolt does with what a listener raises.
                commit.status = 500
                self.listener_runner.listener_error_handler.handle(
                    error, request, commit
                )
        self.metrics.count_events(requests, answers)
        return answers

    def _dispatch_safely(self, request: BoltRequest) -> BoltResponse:
        try:
            # Bolt takes the team from the event's authorization, not from the body:
            # a shared channel shows the same message under several teams.
            team_id = request.context.team_id
            workspace = self._workspaces.find(team_id, request.context.enterprise_id)
            if workspace is None:
                log.warning("workspace not served", extra={"team": team_id})
                return BoltResponse(status=200)
            answer = self._dispatch_with_retries(request, workspace)
        except _MALFORMED_PAYLOAD_ERRORS:
            # Those that came with it must not fall as well.
            log.exception("request not understood")
            return BoltResponse(status=400)
        if isinstance(answer, PendingCommit):
            answer.workspace = workspace
        return answer

    def _dispatch_with_retries(
        self, request: BoltRequest, workspace: Workspace
    ) -> BoltResponse:
        """Return Bolt's answer, after running a listener once more if need be.

        That is once if the database gave a transaction up, and whenever Slack had to be
        asked who is in a private channel. A listener calls Slack after its
        transactions, so nothing has happened yet.
        """
        is_repeatable, questions = True, MAX_LOOKUPS
        while True:
            request.context[WORKSPACE] = workspace
            request.context[RETRYABLE] = is_repeatable
            request.context[CAN_FETCH_MEMBERSHIPS] = questions > 0
            answer = App.dispatch(self, request)
            was_given_up = is_repeatable and not request.context[RETRYABLE]
            was_asked = questions > 0 and not request.context[CAN_FETCH_MEMBERSHIPS]
            if not (was_given_up or was_asked):
                return answer
            is_repeatable &= not was_given_up
            questions -= was_asked
            # Bolt keeps in a request's context what the first listener made of it.
            request = BoltRequest(
                body=request.body, headers=request.headers, mode="socket_mode"
            )


def parse_request(
    body: str | Mapping[str, Any], headers: Mapping[str, str]
) -> BoltRequest:
    """Make a request of a verified form as it came, or of parsed JSON.

    Raises ValueError for what Slack does not send.
    """
    # Bolt takes what is parsed already as from Socket Mode.
    mode = "http" if isinstance(body, str) else "socket_mode"
    try:
        return BoltRequest(
            body=body if isinstance(body, str) else dict(body),
            headers=dict(headers),
            mode=mode,
        )
    except _MALFORMED_PAYLOAD_ERRORS as error:
        raise ValueError("not as Slack sends it") from error


def create_app(rt: Runtime) -> BoltApp:
    bolt = build_bolt(rt.workspaces, commit=partial(commit_batch, rt))
    handlers.register(bolt, rt)
    return bolt


def build_bolt(
    workspaces: ServedWorkspaces,
    *,
    commit: Callable[[Sequence[PendingCommit]], None] = lambda _: None,
) -> BoltApp:
    """Build Bolt for the workspaces. Requests are verified before they come here."""
    return BoltApp(
        workspaces,
        commit,
        # Without a name Bolt reads the source of its whole call stack for one.
        name="backswing",
        authorize=_authorize,
        # An acknowledgement means a commit.
        process_before_response=True,
        # The edge verifies the raw body; Socket Mode needs no signature.
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        # To Bolt it is the bot's own event, too, when somebody deletes what the bot
        # wrote; the listeners know what is really its own.
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )


def _authorize(workspace: Workspace) -> AuthorizeResult:
    """Say whose request it is. Listeners call Slack by `Runtime.slack_of`."""
    return AuthorizeResult(
        enterprise_id=workspace.enterprise_id,
        team_id=workspace.team_id,
        bot_id=workspace.bot_id,
        bot_user_id=workspace.bot_user_id,
    )
