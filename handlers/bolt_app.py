"""The Bolt app: find the workspace of a request, and run its listener."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.listener_matcher import ListenerMatcher
from slack_bolt.listener_matcher.builtins import BuiltinListenerMatcher
from sqlalchemy.exc import SQLAlchemyError

import handlers
from bot.db.retry import run_batch
from bot.outbox.message_type import MAX_LOOKUPS
from bot.outbox.requests_in_flight import RequestsInFlight
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from handlers.batch_commit import PendingCommit, commit_batch
from handlers.errors import CAN_FETCH_MEMBERSHIPS, RETRYABLE
from handlers.metrics import Metrics

log = logging.getLogger(__name__)

# The key of the request's workspace in Bolt's context. Bolt passes it to each listener
# that has an argument of this name.
WORKSPACE = "workspace"
# Bolt raises these for a malformed payload before it runs a listener.
_MALFORMED_PAYLOAD_ERRORS = (AttributeError, LookupError, TypeError, ValueError)


class _BodyMatcher(ListenerMatcher):
    """Calls Bolt's own matcher with the body, which is all that it takes.

    Bolt would prepare thirty arguments for each listener that it tries.
    """

    def __init__(self, matches_body: Callable[..., Any]) -> None:
        self._matches_body = matches_body

    def matches(self, req: BoltRequest, resp: BoltResponse) -> bool:  # noqa: ARG002
        return bool(self._matches_body(body=req.body))


class BoltApp(App):
    """A Bolt app whose listeners may return a `PendingCommit`.

    Such a request is acknowledged after the commit. A request of a workspace that is
    not served is acknowledged without running a listener.
    """

    def __init__(
        self,
        workspaces: ServedWorkspaces,
        commit: Callable[[Sequence[PendingCommit]], None],
        *,
        find_unserved: Callable[[BoltRequest], Workspace | None] = lambda _: None,
        requests: RequestsInFlight | None = None,
        **options: Any,
    ) -> None:
        """Set the callbacks.

        `find_unserved` may find a workspace for a request. `requests` counts those that
        are being answered.
        """
        super().__init__(**options)
        self._requests = requests or RequestsInFlight()
        self._find_unserved = find_unserved
        self._workspaces = workspaces
        self._commit_batch = commit
        self.metrics = Metrics()

    def serves_several(self) -> bool:
        """Return True if its workspaces share its queue."""
        return len(self._workspaces) > 1

    def _register_listener(
        self,
        functions: Sequence[Callable[..., BoltResponse | None]],
        primary_matcher: ListenerMatcher,
        *args: Any,
        **options: Any,
    ) -> Callable[..., BoltResponse | None] | None:
        if isinstance(primary_matcher, BuiltinListenerMatcher):
            primary_matcher = _BodyMatcher(primary_matcher.func)
        return super()._register_listener(functions, primary_matcher, *args, **options)

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        with self._requests.answering():
            return self._dispatch_batch([req])[0]

    def dispatch_batch(self, requests: Sequence[BoltRequest]) -> list[BoltResponse]:
        """Dispatch each event, then commit their changes; each may fail alone."""
        # People wait for commands and clicks, and nobody for events.
        with self._requests.give_way(is_first=True), self._requests.answering():
            return self._dispatch_batch(requests)

    def _dispatch_batch(self, requests: Sequence[BoltRequest]) -> list[BoltResponse]:
        answers = [self._dispatch_safely(request) for request in requests]
        commits = [
            (request, answer)
            for request, answer in zip(requests, answers, strict=True)
            if isinstance(answer, PendingCommit)
        ]
        errors = run_batch(self._commit_batch, [commit for _, commit in commits])
        for (request, commit), error in zip(commits, errors, strict=True):
            if error is not None:
                # Bolt handles an error that a listener raises in the same way.
                commit.status = 500
                self.listener_runner.listener_error_handler.handle(
                    error, request, commit
                )
        self.metrics.count_events(requests, answers)
        return answers

    def _dispatch_safely(self, request: BoltRequest) -> BoltResponse:
        """Return the response; the other requests of the batch go on after an error."""
        try:
            # Bolt takes the team from the event's authorization, not from the body:
            # a shared channel shows the same message under several teams.
            team_id = _require_id(handlers.installations.team_of(request))
            enterprise_id = _require_id(request.context.enterprise_id)
        except _MALFORMED_PAYLOAD_ERRORS as error:
            return _not_understood(error)
        try:
            workspace = self._workspaces.find(
                team_id, enterprise_id
            ) or self._find_unserved(request)
        except ValidationError as error:
            return _not_understood(error)
        except (SQLAlchemyError, *_MALFORMED_PAYLOAD_ERRORS):
            # The payload is not the reason. Slack delivers the request again.
            log.exception("workspace not looked up")
            return BoltResponse(status=500)
        if workspace is None:
            log.warning("workspace not served", extra={"team": team_id})
            return BoltResponse(status=200)
        try:
            answer = self._dispatch_with_retries(request, workspace)
        except _MALFORMED_PAYLOAD_ERRORS as error:
            return _not_understood(error)
        if isinstance(answer, PendingCommit):
            answer.workspace = workspace
        return answer

    def _dispatch_with_retries(
        self, request: BoltRequest, workspace: Workspace
    ) -> BoltResponse:
        """Return Bolt's response, and run the listener again if an error asks for it.

        It runs once more after a conflict in the database, and once more after each of
        up to `MAX_LOOKUPS` fetches of a private channel's members. A listener calls
        Slack after its transactions, so the failed run has had no effect.
        """
        is_retryable, lookups_left = True, MAX_LOOKUPS
        while True:
            request.context[WORKSPACE] = workspace
            request.context[RETRYABLE] = is_retryable
            request.context[CAN_FETCH_MEMBERSHIPS] = lookups_left > 0
            answer = App.dispatch(self, request)
            had_conflict = is_retryable and not request.context[RETRYABLE]
            had_lookup = lookups_left > 0 and not request.context[CAN_FETCH_MEMBERSHIPS]
            if not (had_conflict or had_lookup):
                return answer
            is_retryable &= not had_conflict
            lookups_left -= had_lookup
            # The old request's context has state of the first run.
            request = BoltRequest(
                body=request.body, headers=request.headers, mode="socket_mode"
            )


def _require_id(slack_id: object) -> str | None:
    """Return an id, if there is one. Raises TypeError if it is no text."""
    if slack_id is None or isinstance(slack_id, str):
        return slack_id
    raise TypeError("an id is no text")


def _not_understood(error: Exception) -> BoltResponse:
    log.error("request not understood", exc_info=error)
    return BoltResponse(status=400)


def parse_request(
    body: str | Mapping[str, Any], headers: Mapping[str, str]
) -> BoltRequest:
    """Return a Bolt request from a verified form's text, or from parsed JSON.

    Raises ValueError for a malformed payload.
    """
    # In this mode Bolt accepts a parsed body.
    mode = "http" if isinstance(body, str) else "socket_mode"
    try:
        return BoltRequest(
            body=body if isinstance(body, str) else dict(body),
            headers=dict(headers),
            mode=mode,
        )
    except _MALFORMED_PAYLOAD_ERRORS as error:
        raise ValueError("not as Slack sends it") from error


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object; raises ValueError or RecursionError for anything else."""
    payload = json.loads(text)
    if not isinstance(payload, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for all of it
    return payload


def create_app(rt: Runtime) -> BoltApp:
    bolt = build_bolt(
        rt.workspaces,
        commit=partial(commit_batch, rt),
        find_unserved=partial(handlers.installations.find_unserved, rt),
        requests=rt.requests,
    )
    handlers.register(bolt, rt)
    return bolt


def build_bolt(
    workspaces: ServedWorkspaces,
    *,
    commit: Callable[[Sequence[PendingCommit]], None] = lambda _: None,
    find_unserved: Callable[[BoltRequest], Workspace | None] = lambda _: None,
    requests: RequestsInFlight | None = None,
) -> BoltApp:
    """Build the Bolt app. The caller verifies requests before it dispatches them."""
    return BoltApp(
        workspaces,
        commit,
        find_unserved=find_unserved,
        requests=requests,
        # Without a name Bolt would read source files of its call stack to find one.
        name="backswing",
        authorize=_authorize,
        # An acknowledgement means a commit.
        process_before_response=True,
        # The HTTP endpoint verifies the raw body; Socket Mode needs no signature.
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        # Bolt would also ignore the event when a person deletes the bot's message. The
        # listeners recognise the bot's own events themselves.
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )


def _authorize(workspace: Workspace) -> AuthorizeResult:
    """Return the workspace's ids; a token is not needed, see `Runtime.slack_of`."""
    return AuthorizeResult(
        enterprise_id=workspace.enterprise_id,
        team_id=workspace.team_id,
        bot_id=workspace.bot_id,
        bot_user_id=workspace.bot_user_id,
    )
