"""Slack's OAuth: exchange a code or a refresh token for a workspace's token."""

from dataclasses import dataclass, field

from slack_sdk.web import SlackResponse

from bot.slack.api import OutcomeUnknown
from bot.slack.http import ProxyAwareClient, call_method, require_field

_METHOD = "oauth.v2.access"
# Slack used the code or refresh token up, or it has expired.
USED_CODE_ERRORS = {"invalid_code", "code_already_used", "code_expired"}


@dataclass(frozen=True, slots=True)
class Grant:
    """The bot's token in a workspace or an organisation, and what comes with it."""

    access_token: str = field(repr=False)
    # With token rotation; it gives the next token, once.
    refresh_token: str | None = field(repr=False)
    expires_in_seconds: int | None
    scopes: frozenset[str]
    # "" for an organisation.
    team_id: str
    enterprise_id: str | None
    # True if an organisation installed the app for its workspaces.
    is_for_organisation: bool
    app_id: str = ""


class OAuthClient:
    """Calls Slack as the app, each call once. Both methods raise SlackError."""

    def __init__(
        self, client_id: str, client_secret: str, *, base_url: str, timeout: int = 8
    ) -> None:
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._base_url, self._timeout = base_url, timeout

    def exchange(self, code: str, redirect_url: str) -> Grant:
        """Return the token for a code, which can be used once."""
        return _to_grant(
            call_method(
                self._client(),
                _METHOD,
                app_credentials=self._credentials,
                code=code,
                redirect_uri=redirect_url,
            )
        )

    def refresh(self, refresh_token: str) -> Grant:
        """Return the next token. The refresh token is used up soon after."""
        return _to_grant(
            call_method(
                self._client(),
                _METHOD,
                app_credentials=self._credentials,
                grant_type="refresh_token",
                refresh_token=refresh_token,
            )
        )

    def revoke(self, token: str) -> None:
        """Make Slack forget a token that we do not want to have."""
        call_method(self._client(token), "auth.revoke")

    def _client(self, token: str | None = None) -> ProxyAwareClient:
        # Without the SDK's retries: a code or refresh token can be used once.
        return ProxyAwareClient(
            token, base_url=self._base_url, timeout=self._timeout, retry_handlers=[]
        )


def _to_grant(answer: SlackResponse) -> Grant:
    if answer.get("token_type") != "bot":
        raise OutcomeUnknown(_METHOD, "no_bot_token")
    is_for_organisation = answer.get("is_enterprise_install") is True
    # An organisation's token belongs to no team.
    team = {} if is_for_organisation else require_field(answer, "team", dict)
    expires_in = answer.get("expires_in")
    refresh_token = answer.get("refresh_token")
    enterprise = answer.get("enterprise")
    enterprise_id = enterprise.get("id") if isinstance(enterprise, dict) else None
    return Grant(
        access_token=require_field(answer, "access_token"),
        refresh_token=refresh_token if isinstance(refresh_token, str) else None,
        expires_in_seconds=expires_in if isinstance(expires_in, int) else None,
        scopes=frozenset(str(answer.get("scope") or "").split(",")) - {""},
        team_id=str(team.get("id") or ""),
        enterprise_id=enterprise_id if isinstance(enterprise_id, str) else None,
        is_for_organisation=is_for_organisation,
        app_id=str(answer.get("app_id") or ""),
    )
