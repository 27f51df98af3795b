"""The Bolt app: who a request is for, without asking Slack."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult

import handlers
from bot.db.retry import run_batch
from bot.runtime import Runtime, Workspace
from bot.visibility import MAX_LOOKUPS
from handlers.batch_commit import PendingCommit, commit_batch
from handlers.errors import CAN_FETCH_MEMBERSHIPS, RETRYABLE
from handlers.metrics import Metrics

log = logging.getLogger(__name__)

# By these Bolt stumbles, before any listener, over what is not as Slack sends it.
_MALFORMED_PAYLOAD_ERRORS = (AttributeError, LookupError, TypeError, ValueError)


class BoltApp(App):
    """Bolt, where a listener may answer with a `Write`: acknowledged when committed."""

    def __init__(
        self, commit: Callable[[Sequence[PendingCommit]], None], **options: Any
    ) -> None:
        super().__init__(**options)
        self._commit_batch = commit
        self.metrics = Metrics()

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        return self.dispatch_batch([req])[0]

    def dispatch_batch(self, requests: Sequence[BoltRequest]) -> list[BoltResponse]:
        """Dispatch each, then commit what they write; one that fails fails alone."""
        answers = [self._dispatch_safely(request) for request in requests]
        writes = [
            (request, answer)
            for request, answer in zip(requests, answers, strict=True)
            if isinstance(answer, PendingCommit)
        ]
        failures = run_batch(self._commit_batch, [write for _, write in writes])
        for (request, write), error in zip(writes, failures, strict=True):
            if error is not None:
                # As Bolt does with what a listener raises.
                write.status = 500
                self.listener_runner.listener_error_handler.handle(
                    error, request, write
                )
        self.metrics.count_events(requests, answers)
        return answers

    def _dispatch_safely(self, request: BoltRequest) -> BoltResponse:
        try:
            return self._dispatch_with_retries(request)
        except _MALFORMED_PAYLOAD_ERRORS:
            # Those that came with it must not fall as well.
            log.exception("request not understood")
            return BoltResponse(status=400)

    def _dispatch_with_retries(self, request: BoltRequest) -> BoltResponse:
        """Bolt's answer; another one where a listener is to be run once more.

        Once where the database gave a transaction up; and whenever Slack had to be
        asked who is in a private channel. A listener says what it has to say to Slack
        when its transactions are over, so nothing has happened yet.
        """
        is_repeatable, questions = True, MAX_LOOKUPS
        while True:
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
    """A request that is verified: a form as it came, or what JSON was parsed to.

    Raises ValueError where it is nothing that Slack sends.
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


def create_app(rt: Runtime, token: str) -> BoltApp:
    bolt = build_bolt(rt.workspace, token, commit=partial(commit_batch, rt))
    handlers.register(bolt, rt)
    return bolt


def build_bolt(
    workspace: Workspace,
    token: str,
    *,
    commit: Callable[[Sequence[PendingCommit]], None] = lambda _: None,
) -> BoltApp:
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

    return BoltApp(
        commit,
        # Without a name Bolt reads the source of its whole call stack for one.
        name="backswing",
        authorize=authorize,  # None means: not ours
        # An acknowledgement means a commit.
        process_before_response=True,
        # The edge verifies the raw body; Socket Mode needs no signature.
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        # To Bolt it is the bot's own doing, too, when somebody deletes what the bot
        # wrote; the listeners know what is really its own.
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
