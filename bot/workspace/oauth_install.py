"""Install the app in a workspace, in the steps of Slack's OAuth."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode, urljoin

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import Clock, parse_http_date
from bot.config.many_workspaces import ManyWorkspaces
from bot.outbox.enqueue import wake_worker
from bot.outbox.rate_limiter import RateLimiter
from bot.outbox.refusals import find_token
from bot.slack.api import Rejected, SlackApi, SlackError
from bot.slack.oauth import USED_CODE_ERRORS, Grant, OAuthClient
from bot.workspace import installations, oauth_states, organisations, tokens
from bot.workspace.directory import WorkspaceDirectory
from bot.workspace.token_keys import TokenKeys
from bot.workspace.token_refresh import to_token
from models import Installation

log = logging.getLogger(__name__)

# More than people need, and few enough that a flood is no burden for Slack.
BAD_CODES_PER_SECOND, BAD_CODES_AT_ONCE = 0.1, 20

# Slack's page on which an organisation adds an app to its workspaces.
_ADD_URL = "https://app.slack.com/manage/{}/integrations/profile/{}/workspaces/add"

Reason = Literal[
    "too_many_tries",
    "stale_link",
    "cancelled",
    "refused_by_slack",
    "used_code",
    "not_allowed",
    "missing_scopes",
    "misconfigured",
    "slack_down",
]


class NotInstalled(Exception):
    """The app was not installed; nothing was stored."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Installed:
    # The name of the workspace or organisation.
    name: str
    # The page in Slack where people go on.
    next_url: str
    is_organisation: bool


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs the app for the browser in front of it.

    `new_client` makes a client from a token. `scopes` are those to ask for, and
    `optional_scopes` those that a workspace may refuse.
    """

    many: ManyWorkspaces
    oauth: OAuthClient
    keys: TokenKeys
    directory: WorkspaceDirectory
    write_session: sessionmaker[Session]
    new_client: Callable[[str], SlackApi]
    clock: Clock
    scopes: Collection[str]
    optional_scopes: Collection[str]
    api_url: str
    # Codes that Slack did not accept; it is not asked about more than these.
    bad_codes: RateLimiter = field(
        default_factory=lambda: RateLimiter(BAD_CODES_PER_SECOND, BAD_CODES_AT_ONCE)
    )

    def begin(self, browser: str) -> str:
        """Return the address of Slack's page, on which a person allows the app."""
        with self.write_session.begin() as session:
            state = oauth_states.begin(session, browser, now=self.clock())
        query = urlencode(
            {
                "client_id": self.many.client_id,
                "scope": ",".join(sorted(self.scopes)),
                "redirect_uri": self.many.redirect_url,
                "state": state,
            }
        )
        return urljoin(self.api_url, f"/oauth/v2/authorize?{query}")

    def finish(self, *, state: str, browser: str, code: str, error: str) -> Installed:
        """Install the app; `error` is Slack's, if the person did not allow it.

        1. After too many bad codes, nothing happens for a while.
        2. The state is used up, whatever happens next.
        3. The code is exchanged for a token, once. It must be of a workspace that may
           install the app, with all scopes that the bot needs.
        4. `auth.test` says who the token is.
        5. The workspace and its token are stored, and served from now on. Those of an
           organisation are served as Slack tells of them.

        Raises NotInstalled.
        """
        if self.bad_codes.wait_seconds() > 0:
            raise NotInstalled("too_many_tries")
        with self.write_session.begin() as session:
            is_ours = oauth_states.finish(session, state, browser, now=self.clock())
        if not is_ours:
            raise NotInstalled("stale_link")
        if error or not code:
            is_cancelled = error == "access_denied"
            raise NotInstalled("cancelled" if is_cancelled else "refused_by_slack")
        grant = self._exchange(code)
        self._check(grant)
        try:
            identity = self.new_client(grant.access_token).auth_test()
        except SlackError as failed:
            log.warning("not installed", extra={"error": failed.code})
            raise NotInstalled("slack_down") from failed
        if not _is_as_granted(identity, grant):
            log.error("not installed: the token is of another workspace")
            raise NotInstalled("slack_down")
        now = self.clock()
        with self.write_session.begin() as session:
            workspace = installations.save(
                session, identity, now=now, is_organisation=grant.is_for_organisation
            )
            tokens.store(
                session,
                self.keys,
                workspace.id,
                to_token(grant, now=now),
                # Slack's events have times of its clock.
                installed_at=parse_http_date(identity["date"]) or now,
            )
            if grant.is_for_organisation:
                row = session.get_one(Installation, workspace.id)
                organisations.serve_again(session, row)
            # Messages may have waited since the app was removed.
            wake_worker(session, workspace.id)
        self.directory.sync()
        log.info("installed", extra={"team": workspace.team_id})
        return Installed(
            str(identity.get("team") or workspace.team_id),
            _ADD_URL.format(grant.enterprise_id, grant.app_id)
            if grant.is_for_organisation
            else workspace.team_url,
            grant.is_for_organisation,
        )

    def _exchange(self, code: str) -> Grant:
        try:
            return self.oauth.exchange(code, self.many.redirect_url)
        except Rejected as error:
            if error.code in USED_CODE_ERRORS:
                self.bad_codes()
                raise NotInstalled("used_code") from error
            log.error(  # noqa: TRY400 - The trace says nothing.
                "not installed: check the app's client id, secret and redirect URL",
                extra={"error": error.code},
            )
            raise NotInstalled("misconfigured") from error
        except SlackError as error:
            log.warning("not installed", extra={"error": error.code})
            raise NotInstalled("slack_down") from error

    def _check(self, grant: Grant) -> None:
        """Raise NotInstalled if the token is not one that the bot can serve."""
        if not self.many.allows(grant.team_id, grant.enterprise_id):
            team_id = grant.team_id or grant.enterprise_id
            log.warning("not allowed to install", extra={"team": team_id})
            self._give_back(grant)
            raise NotInstalled("not_allowed")
        missing = {*self.scopes} - {*self.optional_scopes} - grant.scopes
        if missing:
            log.warning("not installed", extra={"missing": sorted(missing)})
            self._give_back(grant)
            raise NotInstalled("missing_scopes")

    def _is_in_use(self, grant: Grant) -> bool:
        """Return True if an earlier installation would lose its token, too."""
        team_id = grant.team_id or grant.enterprise_id
        with self.write_session() as session:
            row = session.scalar(select(Installation).filter_by(team_id=team_id))
            return row is not None and find_token(session, row.id) is not None

    def _give_back(self, grant: Grant) -> None:
        """Revoke the token, so that no workspace has an app that does nothing.

        An earlier installation goes on: its token is the same, or ends with this one.
        """
        if self._is_in_use(grant):
            return
        try:
            self.oauth.revoke(grant.access_token)
        except SlackError as error:
            log.warning("token not revoked", extra={"error": error.code})


def _is_as_granted(identity: Mapping[str, Any], grant: Grant) -> bool:
    """Return True if `auth.test` names the workspace or organisation of the grant."""
    is_for_organisation = identity.get("is_enterprise_install") is True
    return is_for_organisation == grant.is_for_organisation and (
        installations.is_token_of(identity, grant.team_id, grant.enterprise_id)
    )
