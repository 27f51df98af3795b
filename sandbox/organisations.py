"""A pretend organisation: workspaces that share an app's installation and its token."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Any

from sandbox.sandbox import Sandbox
from sandbox.web_api.dispatch import ApiResponse, arguments, http_date
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json

# With an organisation's token, these need a `team_id`.
_NEED_TEAM = {"users.conversations", "conversations.list", "users.list"}


@dataclass(slots=True)
class Organisation:
    name: str
    workspaces: dict[str, Sandbox]
    url: Callable[[], str]
    clock: Callable[[], datetime]
    id: str = field(default_factory=lambda: "E" + token_hex(5).upper())
    scopes: set[str] = field(default_factory=set)
    # The ids of the workspaces to which an admin has added the app.
    added: set[str] = field(default_factory=set)

    @property
    def _first(self) -> Sandbox:
        return next(iter(self.workspaces.values()))

    def add_app(self, team_id: str, *, tells: bool = True) -> None:
        """Add the app to a workspace, as an organisation's admin would.

        Without `tells` the event about it gets lost.
        """
        sandbox = self.workspaces[team_id]
        sandbox.workspace.scopes = set(self.scopes)
        sandbox.workspace.is_org_install = True
        sandbox.reinstall()
        self.added.add(team_id)
        if tells:
            self.send({"type": "team_access_granted", "team_ids": [team_id]})

    def remove_app(self, team_id: str) -> None:
        self.added.discard(team_id)
        self.send({"type": "team_access_revoked", "team_ids": [team_id]})

    def uninstall(self) -> None:
        """Remove the app from the organisation; the caller ends its tokens."""
        bot = self._first.bot_user_id
        self.send({"type": "tokens_revoked", "tokens": {"bot": [bot], "oauth": []}})
        self.send({"type": "app_uninstalled"})
        self.added.clear()

    def send(self, event: Json) -> None:
        """Send an event about the organisation, which names no workspace."""
        sandbox = self._first
        sandbox.delivery_queue.enqueue(self.envelope(event), "")

    def envelope(self, event: Json) -> Json:
        sandbox = self._first
        ts = sandbox.workspace.next_ts()
        return sandbox.envelope(event | {"event_ts": ts}) | {
            "team_id": None,
            "enterprise_id": self.id,
            "context_team_id": None,
            "context_enterprise_id": self.id,
            "authorizations": [
                {
                    "enterprise_id": self.id,
                    "team_id": None,
                    "user_id": sandbox.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": True,
                }
            ],
        }

    def handle(
        self, name: str, headers: Mapping[str, str], query: str, body: bytes
    ) -> ApiResponse:
        """Answer a call with the organisation's token."""
        answer_headers = {
            "x-oauth-scopes": ",".join(sorted(self.scopes)),
            "date": http_date(self.clock()),
        }
        try:
            if name == "auth.test":
                return ApiResponse(self._auth_test(), headers=answer_headers)
            if name == "auth.teams.list":
                return ApiResponse(self._teams(), headers=answer_headers)
            args = arguments(headers.get("content-type", ""), query, body)
            sandbox = self._workspace_of(name, args)
        except SlackError as error:
            answer = {"ok": False, "error": error.error, **error.extra}
            return ApiResponse(answer, headers=answer_headers)
        own = {**headers, "authorization": f"Bearer {sandbox.bot_token}"}
        return sandbox.api_dispatcher.handle(name, own, query, body)

    def _auth_test(self) -> Json:
        sandbox = self._first
        return {
            "ok": True,
            "url": f"{self.url()}/",
            "team": self.name,
            "user": "backswing",
            "team_id": self.id,
            "user_id": sandbox.bot_user_id,
            "bot_id": sandbox.bot_id,
            "enterprise_id": self.id,
            "is_enterprise_install": True,
        }

    def _teams(self) -> Json:
        teams = [
            {"id": team_id, "name": self.workspaces[team_id].workspace.team_name}
            for team_id in sorted(self.added)
        ]
        metadata = {"next_cursor": ""}
        return {"ok": True, "teams": teams, "response_metadata": metadata}

    def _workspace_of(self, name: str, args: Mapping[str, Any]) -> Sandbox:
        """Return the workspace that a call is about. Raises SlackError."""
        team_id = args.get("team_id")
        if team_id is None and name in _NEED_TEAM:
            raise SlackError("missing_argument", arg="team_id")
        if team_id is None:
            team_id = next(
                (known for known, each in self.workspaces.items() if _has(each, args)),
                self._first.team_id,
            )
        if team_id not in self.added:
            raise SlackError("team_access_not_granted")
        return self.workspaces[team_id]


def _has(sandbox: Sandbox, args: Mapping[str, Any]) -> bool:
    """Return True if a call names something of the workspace, by any of its ids."""
    workspace = sandbox.workspace
    named = {str(args.get(key)) for key in ("channel", "channel_id", "user", "user_id")}
    named |= {str(args.get(key)) for key in ("trigger_id", "view_id", "file")}
    named |= {*str(args.get("users", "")).split(",")}
    bot = {sandbox.bot_user_id}
    return any(
        not known.isdisjoint(named - bot)
        for known in (
            workspace.channels.keys(),
            workspace.people.keys(),
            workspace.triggers.keys(),
            workspace.views.keys(),
            sandbox.files.uploads.keys(),
        )
    )
