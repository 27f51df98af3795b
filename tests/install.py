"""The install page of a bot for many workspaces, a pretend Slack, and browsers."""

import base64
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route

from bot.config.many_workspaces import ManyWorkspaces
from bot.config.settings import Settings
from bot.db.engine import Database
from bot.features import FEATURES
from bot.runtime import Runtime, Workspace
from cli.manifest import manifest
from cli.many_workspaces import ManyServing
from sandbox import Sandbox, SlackHub
from sandbox.organisations import Organisation
from tests import leak_markers
from tests.factories import Clock

KEY, OTHER_KEY = (
    base64.b64encode(bytes(range(start, start + 32))).decode() for start in (1, 101)
)
# Only for the check of the settings; tests hand a database over.
POSTGRESQL = "postgresql://nobody@127.0.0.1/nothing"


# Browsers that are still open.
_CLIENTS: list[httpx.Client] = []


@contextmanager
def pretend_slack(clock: Any, *names: str, **options: Any) -> Iterator[SlackHub]:
    """Start workspaces with these names, in which the app is not installed."""
    hub = SlackHub(manifest(), clock=clock, **options)
    hub.start()
    for name in names:
        sandbox = hub.add_workspace(name)
        leak_markers.add(sandbox.bot_token)
    leak_markers.add(hub.client_secret, hub.signing_secret)
    yield hub
    hub.stop()
    while _CLIENTS:
        _CLIENTS.pop().close()


def many_settings(hub: SlackHub, public_url: str, **more: Any) -> Settings:
    given: dict[str, Any] = {
        "slack_oauth_client_id": hub.client_id,
        "slack_oauth_client_secret": SecretStr(hub.client_secret),
        "slack_signing_secret": SecretStr(hub.signing_secret),
        "slack_api_url": hub.api_url,
        "public_url": public_url,
        "token_key": SecretStr(KEY),
        "database_url": POSTGRESQL,
    }
    return Settings(_env_file=None, **given | more)


@dataclass
class Answer:
    """A page as a browser shows it."""

    status: int
    title: str
    text: str
    link: str
    response: httpx.Response

    @classmethod
    def of(cls, response: httpx.Response) -> "Answer":
        [title] = re.findall(r"<h1>(.*)</h1>", response.text)
        [text, last] = re.findall(r"<p>(.*)</p>", response.text)
        [link] = re.findall(r'<a href="(.*?)">', last)
        return cls(
            response.status_code,
            unescape(title),
            unescape(text),
            unescape(link),
            response,
        )


@dataclass
class Browser:
    """A person's browser, with its cookies."""

    site: "InstallSite"
    client: httpx.Client = field(default_factory=httpx.Client)

    def __post_init__(self) -> None:
        _CLIENTS.append(self.client)

    def begin(self) -> dict[str, str]:
        """Open the install page; return the parameters of Slack's page."""
        answer = self.client.get(f"{self.site.url}/slack/install")
        assert answer.status_code == 302
        location = urlsplit(answer.headers["location"])
        assert f"{location.scheme}://{location.netloc}" == self.site.hub.url
        assert location.path == "/oauth/v2/authorize"
        page = self.client.get(answer.headers["location"])
        assert page.status_code == 200
        return dict(parse_qsl(location.query))

    def allow(self, query: dict[str, str], owner: Sandbox | Organisation) -> str:
        """Press Allow; return the address to which Slack sends the browser back."""
        owner_id = owner.id if isinstance(owner, Organisation) else owner.team_id
        return self._answer(query, "allow", owner_id)

    def cancel(self, query: dict[str, str]) -> str:
        return self._answer(query, "cancel", "")

    def _answer(self, query: dict[str, str], answer: str, team_id: str) -> str:
        form = {**query, "answer": answer, "workspace": team_id}
        url = f"{self.site.hub.url}/oauth/v2/authorize"
        response = self.client.post(url, data=form)
        assert response.status_code == 302, response.text
        return str(response.headers["location"])

    def open(self, url: str) -> Answer:
        return Answer.of(self.client.get(url, timeout=60))

    def install(self, owner: Sandbox | Organisation) -> Answer:
        return self.open(self.allow(self.begin(), owner))


@dataclass
class InstallSite:
    """A replica: its address, and the workspaces that it serves."""

    hub: SlackHub
    serving: ManyServing
    rt: Runtime
    url: str

    @property
    def served(self) -> list[str]:
        return [workspace.team_id for workspace in self.rt.workspaces]

    def workspace(self, sandbox: Sandbox) -> Workspace:
        found = self.rt.workspaces.find(sandbox.team_id)
        assert found is not None
        return found

    def works(self, sandbox: Sandbox) -> bool:
        """Return True if Slack accepts the token that the replica has."""
        identity = self.rt.slack_of(self.workspace(sandbox)).auth_test()
        return bool(identity["team_id"] == sandbox.team_id)


def new_serving(
    hub: SlackHub,
    database: Database,
    clock: Clock,
    *,
    public_url: str = "http://127.0.0.1:1",
    **more: Any,
) -> tuple[ManyServing, Runtime]:
    """Return the parts of a replica, and its runtime."""
    settings = many_settings(hub, public_url, **more)
    many = settings.many_workspaces
    assert isinstance(many, ManyWorkspaces)
    serving = ManyServing(many, hub.api_url, database, clock)
    rt = Runtime(
        serving.directory.served,
        database.write_session,
        database.read_session,
        database.autocommit,
        clock,
        FEATURES,
    )
    return serving, rt


def new_site(
    hub: SlackHub, database: Database, clock: Clock, port: int, **more: Any
) -> tuple[InstallSite, Starlette]:
    """Return a replica that is to be served on this port, and its application.

    It has only the pages: no requests of Slack.
    """
    url = f"http://127.0.0.1:{port}"
    hub.redirect_urls.add(f"{url}/slack/oauth_redirect")
    hub.request_url = hub.request_url or f"{url}/slack/events"
    serving, rt = new_serving(hub, database, clock, public_url=url, **more)
    return InstallSite(hub, serving, rt, url), Starlette(routes=serving.routes())


@contextmanager
def running_site(
    hub: SlackHub,
    database: Database,
    clock: Clock,
    routes: Callable[[InstallSite], Sequence[Route]] = lambda _: (),
    **more: Any,
) -> Iterator[InstallSite]:
    """Serve a replica on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    site, app = new_site(hub, database, clock, listener.getsockname()[1], **more)
    app.routes.extend(routes(site))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield site
    server.should_exit = True
    thread.join()


def other_browser(browser: Browser) -> Browser:
    return replace(browser, client=httpx.Client())
