"""Several pretend workspaces that can install one app, behind one address.

Each workspace is a `Sandbox` with a page of its own. The hub has what they share: the
page on which a person allows the app, `oauth.v2.access`, and the Web API, which finds
the workspace by the token.
"""

import secrets
import socket
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.routing import BaseRoute

from sandbox.organisations import Organisation
from sandbox.platform import payloads
from sandbox.platform.faults import Faults
from sandbox.sandbox import Sandbox
from sandbox.web_api.dispatch import ApiResponse, arguments, fault_response
from sandbox.web_ui import authorize, server
from sandbox.workspace.clock import utc_now
from sandbox.workspace.errors import SlackError
from sandbox.workspace.manifests import Manifest
from sandbox.workspace.records import Json

CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(hours=12)
# Slack still takes a refresh token for a while after its use.
GRACE = timedelta(minutes=5)


@dataclass(slots=True)
class Code:
    """The permission of a person, until the app asks for the token."""

    # The workspace's, or the organisation's.
    owner_id: str
    redirect_uri: str
    scopes: frozenset[str]
    created_at: datetime
    is_used: bool = False


@dataclass(slots=True)
class Refresh:
    owner_id: str
    used_at: datetime | None = None


class SlackHub:
    def __init__(
        self,
        manifest: Mapping[str, Any],
        *,
        clock: Callable[[], datetime] = utc_now,
        has_token_rotation: bool = False,
    ) -> None:
        self._raw_manifest = manifest
        self._clock = clock
        self.has_token_rotation = has_token_rotation
        self.manifest = Manifest.parse(manifest)
        self.client_id = f"{secrets.randbelow(10**10)}.{secrets.randbelow(10**12)}"
        self.client_secret = secrets.token_hex(16)
        self.signing_secret = secrets.token_hex(16)
        # The addresses to which people are sent back, and that takes Slack's requests.
        self.redirect_urls: set[str] = set()
        self.request_url = ""
        self.url = ""
        self.faults = Faults(clock)
        self.workspaces: dict[str, Sandbox] = {}
        self.organisations: dict[str, Organisation] = {}
        self._codes: dict[str, Code] = {}
        # The workspace or organisation, and the end, of each token.
        self._tokens: dict[str, tuple[str, datetime | None]] = {}
        self._refreshes: dict[str, Refresh] = {}
        # Tokens that ended when the app was removed.
        self._ended: set[str] = set()
        self._server = server.Server(self._routes)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def secrets(self) -> list[str]:
        return [self.client_secret, self.signing_secret, *self._tokens]

    def start(self, listener: socket.socket | None = None) -> None:
        self.url = f"http://127.0.0.1:{self._server.start(listener)}"

    def stop(self) -> None:
        for workspace in self.workspaces.values():
            workspace.stop()
        self._server.stop()

    def add_workspace(self, name: str) -> Sandbox:
        """Start a workspace that has not installed the app yet."""
        sandbox = Sandbox(self._raw_manifest, clock=self._clock)
        sandbox.workspace.team_name = name
        sandbox.workspace.team_domain = name.lower()
        sandbox.signing_secret = self.signing_secret
        sandbox.start()
        self.workspaces[sandbox.team_id] = sandbox
        return sandbox

    def add_organisation(self, name: str, *workspaces: str) -> Organisation:
        """Start an organisation's workspaces, to which the app is not added yet."""
        members = [self.add_workspace(each) for each in workspaces]
        organisation = Organisation(
            name,
            {each.team_id: each for each in members},
            lambda: self.url,
            self._clock,
        )
        for number, sandbox in enumerate(members):
            sandbox.workspace.enterprise = organisation.id, name
            # Ids are unique in an organisation, and the bot is the same everywhere.
            sandbox.workspace.skip_ids(number * 10_000)
        self.organisations[organisation.id] = organisation
        return organisation

    def uninstall(self, owner_id: str) -> None:
        """Remove the app from a workspace or an organisation.

        Its tokens end, and the app hears of it.
        """
        self._forget_tokens(owner_id)
        if owner_id in self.organisations:
            self.organisations[owner_id].uninstall()
        else:
            self.workspaces[owner_id].uninstall()

    def _routes(self) -> list[BaseRoute]:
        return [server.web_api_route(self), *authorize.routes(self)]

    # The page

    def check_request(self, query: Mapping[str, str]) -> None:
        """Raise ValueError if the link to the page is not one of this app."""
        if query.get("client_id") != self.client_id:
            raise ValueError("invalid client_id")
        if query.get("redirect_uri") not in self.redirect_urls:
            raise ValueError("redirect_uri did not match any configured URIs")
        scopes = set(query.get("scope", "").split(","))
        if not scopes <= self.manifest.scopes:
            raise ValueError("invalid_scope")

    def allow(self, query: Mapping[str, str], owner_id: str) -> str:
        """Let the app into a workspace or organisation; return where to go back to.

        Raises KeyError for any other id.
        """
        self.check_request(query)
        if owner_id not in {*self.workspaces, *self.organisations}:
            raise KeyError(owner_id)
        code = f"{secrets.randbelow(10**10)}.{secrets.token_hex(32)}"
        self._codes[code] = Code(
            owner_id,
            query["redirect_uri"],
            frozenset(query["scope"].split(",")),
            self._clock(),
        )
        return self._back(query, code=code)

    def cancel(self, query: Mapping[str, str]) -> str:
        self.check_request(query)
        return self._back(query, error="access_denied")

    @staticmethod
    def _back(query: Mapping[str, str], **result: str) -> str:
        result["state"] = query.get("state", "")
        return f"{query['redirect_uri']}?{urlencode(result)}"

    # The Web API

    def handle(
        self, name: str, headers: Mapping[str, str], query: str, body: bytes
    ) -> ApiResponse:
        """Answer the app's own calls; pass others on to the token's workspace."""
        kind, _, credentials = headers.get("authorization", "").partition(" ")
        if name != "oauth.v2.access":
            return self._pass_on(credentials, name, headers, query, body)
        fault = self.faults.next_for_call(name)
        if response := fault_response(fault):
            return ApiResponse(response.body, response.status, response.headers, fault)
        try:
            args = arguments(headers.get("content-type", ""), query, body)
            if kind.lower() == "basic":
                args |= _basic(credentials)
            answer = self._access(args)
        except SlackError as error:
            answer = {"ok": False, "error": error.error}
        if fault and fault.kind == "internal_error":
            answer = {"ok": False, "error": "internal_error"}
        return ApiResponse(answer, fault=fault)

    def _pass_on(
        self, token: str, name: str, headers: Mapping[str, str], query: str, body: bytes
    ) -> ApiResponse:
        team_id, expires_at = self._tokens.get(token, ("", None))
        if not team_id:
            error = "account_inactive" if token in self._ended else "invalid_auth"
            return ApiResponse({"ok": False, "error": error})
        if expires_at is not None and expires_at <= self._clock():
            return ApiResponse({"ok": False, "error": "token_expired"})
        if name == "auth.revoke":
            self.uninstall(team_id)
            return ApiResponse({"ok": True, "revoked": True})
        if team_id in self.organisations:
            return self.organisations[team_id].handle(name, headers, query, body)
        sandbox = self.workspaces[team_id]
        own = {**headers, "authorization": f"Bearer {sandbox.bot_token}"}
        return sandbox.api_dispatcher.handle(name, own, query, body)

    def _access(self, args: Json) -> Json:
        if args.get("client_id") != self.client_id:
            raise SlackError("invalid_client_id")
        if args.get("client_secret") != self.client_secret:
            raise SlackError("bad_client_secret")
        if args.get("grant_type") == "refresh_token":
            return self._refresh(str(args.get("refresh_token")))
        code = self._codes.get(str(args.get("code")))
        if code is None or self._clock() - code.created_at >= CODE_LIFETIME:
            raise SlackError("invalid_code")
        if code.is_used:
            raise SlackError("code_already_used")
        if args.get("redirect_uri") != code.redirect_uri:
            raise SlackError("bad_redirect_uri")
        code.is_used = True
        if organisation := self.organisations.get(code.owner_id):
            organisation.scopes = set(code.scopes)
            for sandbox in organisation.workspaces.values():
                sandbox.connect_http(self.request_url)
            return self._grant_organisation(organisation)
        sandbox = self.workspaces[code.owner_id]
        sandbox.workspace.is_org_install = False
        sandbox.reinstall()
        sandbox.workspace.scopes = set(code.scopes)
        sandbox.connect_http(self.request_url)
        return self._grant(sandbox)

    def _refresh(self, token: str) -> Json:
        refresh = self._refreshes.get(token)
        now = self._clock()
        if refresh is None or (refresh.used_at and now - refresh.used_at >= GRACE):
            raise SlackError("invalid_refresh_token")
        refresh.used_at = refresh.used_at or now
        if organisation := self.organisations.get(refresh.owner_id):
            return self._grant_organisation(organisation)
        return self._grant(self.workspaces[refresh.owner_id])

    def _grant(self, sandbox: Sandbox) -> Json:
        enterprise = payloads.enterprise(sandbox.workspace)
        return self._new_token(sandbox.team_id) | {
            "scope": ",".join(sorted(sandbox.scopes)),
            "bot_user_id": sandbox.bot_user_id,
            "app_id": sandbox.app_id,
            "team": {"id": sandbox.team_id, "name": sandbox.workspace.team_name},
            "enterprise": enterprise,
            "is_enterprise_install": False,
        }

    def _grant_organisation(self, organisation: Organisation) -> Json:
        sandbox = next(iter(organisation.workspaces.values()))
        return self._new_token(organisation.id) | {
            "scope": ",".join(sorted(organisation.scopes)),
            "bot_user_id": sandbox.bot_user_id,
            "app_id": sandbox.app_id,
            "team": None,
            "enterprise": {"id": organisation.id, "name": organisation.name},
            "is_enterprise_install": True,
        }

    def _new_token(self, owner_id: str) -> Json:
        token = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_hex(12)}"
        expires_at, rotation = None, {}
        if self.has_token_rotation:
            token, expires_at = f"xoxe.{token}", self._clock() + TOKEN_LIFETIME
            refresh = f"xoxe-1-{secrets.token_hex(32)}"
            self._refreshes[refresh] = Refresh(owner_id)
            rotation = {
                "refresh_token": refresh,
                "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            }
        self._tokens[token] = (owner_id, expires_at)
        return {
            "ok": True,
            "access_token": token,
            "token_type": "bot",
            "authed_user": {"id": ""},
            **rotation,
        }

    def _forget_tokens(self, team_id: str) -> None:
        self._ended |= {
            token for token, (team, _) in self._tokens.items() if team == team_id
        }
        self._tokens = {
            token: (team, end)
            for token, (team, end) in self._tokens.items()
            if team != team_id
        }
        self._refreshes = {
            token: refresh
            for token, refresh in self._refreshes.items()
            if refresh.owner_id != team_id
        }


def _basic(credentials: str) -> Json:
    try:
        client_id, _, secret = b64decode(credentials).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        raise SlackError("invalid_client_id") from None
    return {"client_id": client_id, "client_secret": secret}
