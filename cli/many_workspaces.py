"""Serve every workspace that installs the app: the parts, and their jobs."""

import logging
from datetime import timedelta

from starlette.routing import Route

from bot.clock import Clock
from bot.config.many_workspaces import ManyWorkspaces
from bot.db.engine import Database
from bot.db.retry import retry_on_conflict
from bot.outbox.refusals import FOLLOW_TOKENS_EVERY
from bot.search import replicas
from bot.slack.api import (
    MAX_RETRY_AFTER,
    OrganisationApi,
    RateLimited,
    Rejected,
    SlackError,
)
from bot.slack.client import SlackClient
from bot.slack.oauth import OAuthClient
from bot.workspace import job_runs, organisations, workspace_erasure
from bot.workspace.directory import WorkspaceDirectory
from bot.workspace.oauth_install import Installer
from bot.workspace.token_keys import require_same_key
from bot.workspace.token_refresh import refresh_tokens
from cli.manifest import manifest
from cli.token_key import token_keys_of
from handlers.install import InstallPages
from jobs.each_workspace import run_all
from jobs.scheduler import ScheduledJob
from jobs.workspace import RETRIED_FOR, SYNC_EVERY

log = logging.getLogger(__name__)

# Events tell of changes at once; this finds those that were lost. It is no longer than
# LEASE, so that the job needs no `finish`.
FOLLOW_EVERY = timedelta(minutes=10)
# When a wrong client secret is right again, the process is a new one.
AFTER_REFUSAL = timedelta(minutes=10)


class ManyServing:
    """The parts that only a bot for many workspaces has."""

    def __init__(
        self, many: ManyWorkspaces, api_url: str, database: Database, clock: Clock
    ) -> None:
        """Raises SettingsError if the database was written with another key."""
        self._many, self._api_url = many, api_url
        self._database, self._clock = database, clock
        self._keys = token_keys_of(many)
        require_same_key(database.write_session, self._keys)
        self._oauth = OAuthClient(many.client_id, many.client_secret, base_url=api_url)
        self.directory = WorkspaceDirectory(
            database.read_session, self._keys, self._new_client
        )
        self.directory.sync()
        # Slack limits how many tokens are renewed; none is before then.
        self._refresh_at = clock()

    def _new_client(self, token: str, team_id: str | None = None) -> SlackClient:
        return SlackClient(token, base_url=self._api_url, team_id=team_id)

    def routes(self) -> list[Route]:
        """Return the routes of the pages on which people install the app."""
        return InstallPages(self.installer()).routes()

    def installer(self) -> Installer:
        scopes = manifest()["oauth_config"]["scopes"]
        return Installer(
            many=self._many,
            oauth=self._oauth,
            keys=self._keys,
            directory=self.directory,
            write_session=self._database.write_session,
            new_client=self._new_client,
            clock=self._clock,
            scopes=scopes["bot"],
            optional_scopes=scopes["bot_optional"],
            api_url=self._api_url,
        )

    def jobs(self) -> list[ScheduledJob]:
        return [
            ScheduledJob(name, retry_on_conflict(run), every)
            for name, run, every in (
                ("follow-workspaces", self.directory.sync, FOLLOW_TOKENS_EVERY),
                (
                    "follow-organisations",
                    self.follow_organisations,
                    timedelta(seconds=5),
                ),
                # After a long pause, soon.
                ("refresh-tokens", self.refresh_tokens, timedelta(seconds=5)),
                ("erase-workspaces", self.erase_workspaces, timedelta(minutes=10)),
            )
        ]

    def prepare(self) -> None:
        """Make up for the time in which no process ran.

        If events were lost, a job of one of the replicas fetches the channels of all
        workspaces again. It would take minutes to wait for a thousand, as it would to
        renew their tokens, for which there is a job, too.
        """
        now = self._clock()
        with self._database.write_session.begin() as session:
            last = replicas.last_report(session)
            if last is None or not now - RETRIED_FOR < last <= now:
                job_runs.ask_all_again(
                    session, job_runs.SYNC_CHANNELS, every=SYNC_EVERY, since=last or now
                )

    def follow_organisations(self) -> None:
        """Ask Slack for the workspaces of each organisation: at once if it is new.

        One of the replicas does so.
        """
        now = self._clock()
        job = job_runs.FOLLOW_ORGANISATION
        with self._database.autocommit.connect() as connection:
            due = connection.scalars(
                job_runs.select_due(
                    job, every=FOLLOW_EVERY, now=now, of_organisations=True
                )
            ).all()
        if not due:
            return
        with self._database.write_session.begin() as session:
            claimed = job_runs.claim(session, job, due, every=FOLLOW_EVERY, now=now)
        with self._database.read_session() as session:
            stored = organisations.clients(session, self._keys, self._new_client)
        try:
            # One that fails keeps no other from its turn.
            run_all(self._follow, [each for each in stored if each[0] in claimed])
        finally:
            self.directory.sync()

    def _follow(self, stored: tuple[int, int, OrganisationApi]) -> None:
        organisation_id, version, slack = stored
        try:
            organisations.follow(
                self._database.write_session,
                slack,
                organisation_id,
                version=version,
                now=self._clock(),
            )
        except SlackError as error:
            details = {"organisation": organisation_id, "error": error.code}
            log.warning("organisation's workspaces not fetched", extra=details)

    def refresh_tokens(self) -> None:
        """Renew the tokens that expire soon, and use the new ones."""
        now = self._clock()
        if now < self._refresh_at <= now + MAX_RETRY_AFTER:
            return
        try:
            refresh_tokens(
                self._database.write_session, self._keys, self._oauth, clock=self._clock
            )
        except RateLimited as limit:
            self._refresh_at = self._clock() + timedelta(seconds=limit.retry_after)
            log.warning("tokens not renewed yet", extra={"error": limit.code})
        except Rejected as refused:
            self._refresh_at = self._clock() + AFTER_REFUSAL
            log.error(  # noqa: TRY400 - The trace says nothing.
                "tokens not renewed: check the app's client id and secret",
                extra={"error": refused.code},
            )
        self.directory.sync()

    def erase_workspaces(self) -> None:
        """Erase the workspaces that removed the app long enough ago."""
        now = self._clock()
        before = now - self._many.erase_after
        with self._database.read_session() as session:
            ended = workspace_erasure.due(session, before=before)

        def erase(installation_id: int) -> None:
            sessions = self._database.write_session
            if workspace_erasure.erase(
                sessions, installation_id, before=before, now=now
            ):
                log.info("erased", extra={"installation": installation_id})

        run_all(erase, ended)
