"""The operator of many workspaces: the key's command, and the doctor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

import app
from bot.config.many_workspaces import ManyWorkspaces
from bot.config.settings import Settings
from bot.db.engine import Database
from bot.runtime import Workspace
from bot.slack.api import OutcomeUnknown, Rejected, SlackError
from bot.slack.client import SlackClient
from bot.workspace import installations, organisations, tokens
from bot.workspace.token_keys import require_same_key
from bot.workspace.tokens import Token
from cli.doctor import contents, many_workspaces
from cli.doctor.findings import Finding
from cli.manifest import manifest
from cli.token_key import token_keys_of
from models import Installation, WorkspaceToken
from tests.bot.config.test_many_workspaces import GOOD
from tests.conftest import NOW
from tests.install import KEY, OTHER_KEY

Run = Callable[..., tuple[int, str]]

# The command is for PostgreSQL only.
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@dataclass
class Operator:
    """Runs the command line with these settings, and reads the doctor's findings."""

    url: str
    database: Database
    workspace: Workspace
    run: Run

    def settings(
        self, key: str = KEY, previous: str | None = None, **more: Any
    ) -> ManyWorkspaces:
        many = Settings(
            _env_file=None,
            slack_oauth_client_id=GOOD["SLACK_OAUTH_CLIENT_ID"],
            slack_oauth_client_secret=SecretStr(GOOD["SLACK_OAUTH_CLIENT_SECRET"]),
            slack_signing_secret=SecretStr(GOOD["SLACK_SIGNING_SECRET"]),
            public_url=GOOD["PUBLIC_URL"],
            token_key=SecretStr(key),
            token_key_previous=SecretStr(previous) if previous else None,
            database_url=self.url,
            **more,
        ).many_workspaces
        assert many is not None
        return many

    def install(self) -> None:
        keys = token_keys_of(self.settings())
        require_same_key(self.database.write_session, keys)
        self.put(Token("a-token"))

    def put(self, token: Token) -> None:
        keys = token_keys_of(self.settings())
        with self.database.write_session.begin() as session:
            tokens.store(session, keys, self.workspace.id, token, installed_at=NOW)

    def token(self, key: str) -> Token | None:
        with self.database.read_session() as session:
            return tokens.load(
                session, token_keys_of(self.settings(key)), self.workspace.id
            )

    def found(self, key: str = KEY, previous: str | None = None) -> Finding:
        with self.database.read_session() as session:
            [finding] = many_workspaces.examine_key(
                session, self.settings(key, previous)
            )
        return finding


@pytest.fixture
def operator(
    database: Database,
    workspace: Workspace,
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Operator:
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", postgresql_url)

    def run(*arguments: str, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        command = "rotate-token-key" if "--lost" in arguments or not arguments else ""
        code = app.main([*filter(None, [command]), *arguments])
        output = capsys.readouterr()
        shown = output.out + output.err
        assert KEY not in shown
        assert OTHER_KEY not in shown
        return code, shown

    return Operator(postgresql_url, database, workspace, run)


def test_the_command_changes_the_key(operator: Operator):
    operator.install()
    code, shown = operator.run(TOKEN_KEY=OTHER_KEY, TOKEN_KEY_PREVIOUS=KEY)
    assert code == 0
    assert "Sealed 1 token anew. Remove TOKEN_KEY_PREVIOUS" in shown
    assert operator.token(OTHER_KEY) == Token("a-token")
    assert operator.found(OTHER_KEY).level == "ok"


def test_the_command_says_which_key_it_needs(operator: Operator):
    code, shown = operator.run(TOKEN_KEY=KEY)
    assert (code, "has no key yet" in shown) == (2, True)
    operator.install()
    code, shown = operator.run(TOKEN_KEY=OTHER_KEY)
    assert (code, "Set TOKEN_KEY_PREVIOUS to it" in shown) == (2, True)
    code, shown = operator.run(TOKEN_KEY=KEY)
    assert (code, "has this key already" in shown) == (2, True)


def test_a_lost_key_is_replaced(operator: Operator):
    operator.install()
    code, shown = operator.run("--lost", TOKEN_KEY=OTHER_KEY)
    assert code == 0
    assert shown.startswith("Deleted 1 token.")
    assert "https://bot.acme.org/slack/install" in shown
    assert operator.token(OTHER_KEY) is None


def test_the_doctor_knows_the_key(operator: Operator):
    assert operator.found().says == "Set. The bot records it when it next starts."
    operator.install()
    assert operator.found().level == "ok"
    assert operator.found(previous=OTHER_KEY).level == "warning"
    other = operator.found(OTHER_KEY)
    assert other.level == "wrong"
    assert "The bot does not start." in other.says
    with operator.database.write_session.begin() as session:
        session.execute(update(WorkspaceToken).values(access_token=b"damaged"))
    assert operator.found().says == "Tokens that don't open with it: 1."


@pytest.mark.deep_on_postgresql
def test_the_doctor_names_workspaces_whose_tokens_end(operator: Operator):
    operator.install()
    with operator.database.write_session.begin() as session:
        session.execute(update(WorkspaceToken).values(expires_at=NOW))
    found = operator.found()
    team = operator.workspace.team_id
    assert found.says == f"Slack does not renew the token of {team}."
    assert "https://bot.acme.org/slack/install" in found.do


def test_the_doctor_says_who_may_install(operator: Operator):
    levels = {f.about: f.level for f in many_workspaces.examine(operator.settings())}
    assert levels == {"Tokens": "ok", "Install page": "warning"}
    chosen = operator.settings(allowed_workspaces="T0ACME")
    assert [f.level for f in many_workspaces.examine(chosen)] == ["ok", "ok"]


def contents_of(operator: Operator) -> list[Finding]:
    with operator.database.read_session() as session:
        return [*contents.examine(session, None, clock=lambda: NOW, is_many=True)]


def test_the_doctor_counts_workspaces(operator: Operator):
    operator.install()
    found = contents_of(operator)
    assert found[0].says == (
        "Workspaces with the app: 1. Workspaces that removed it: 0."
    )
    assert "wrong" not in {finding.level for finding in found}


def test_a_workspace_that_removed_the_app_is_nothing_wrong(operator: Operator):
    with operator.database.write_session.begin() as session:
        gone = {"uninstalled_at": NOW, "disabled_reason": "app_uninstalled"}
        session.execute(update(Installation).values(gone))
    found = contents_of(operator)
    assert found[0].says == (
        "Workspaces with the app: 0. Workspaces that removed it: 1."
    )
    assert {finding.level for finding in found} == {"ok"}


def test_the_doctor_does_not_say_the_same_of_each_workspace(operator: Operator):
    with operator.database.write_session.begin() as session:
        for n in range(20):
            row = Installation(
                team_id=f"T0OTHER{n}",
                bot_id="B0",
                bot_user_id="U0",
                team_name="",
                team_url="",
                installed_at=NOW,
            )
            session.add(row)
    found = contents_of(operator)
    assert found[1].says == "No workspace lacks one that the bot needs."
    assert len([f for f in found if f.about == "Channels"]) == 6
    assert found[-1].says == "The same in 16 more workspaces."
    assert found[-1].level == "warning"
    chosen = operator.settings(
        allowed_workspaces=",".join(f"T{n:04}" for n in range(99))
    )
    page = [*many_workspaces.examine(chosen)][-1]
    assert page.says.endswith("T0009 and 89 more.")


def test_the_doctor_names_workspaces_without_a_new_scope(operator: Operator):
    scopes = manifest()["oauth_config"]["scopes"]
    granted = {*scopes["bot"]} - {*scopes["bot_optional"]} - {"chat:write"}
    with operator.database.write_session.begin() as session:
        session.execute(update(Installation).values(scopes=sorted(granted)))
    finding = contents_of(operator)[1]
    assert finding.about == "Scopes"
    team = operator.workspace.team_id
    assert finding.says == f"Missing in {team}: chat:write."


def test_the_command_is_for_many_workspaces(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    for name in GOOD:
        if name != "DATABASE_URL":
            monkeypatch.delenv(name)
    assert operator.run() == (2, "TOKEN_KEY is not set.\n")


@pytest.mark.deep_on_postgresql
def test_a_workspace_is_erased_at_once(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    operator.install()
    team = operator.workspace.team_id
    answers: list[SlackError | None] = [
        None,
        OutcomeUnknown("auth.test", "TimeoutError"),
        Rejected("auth.test", "token_expired"),
        Rejected("auth.test", "account_inactive"),
    ]
    operator.put(Token("a-token", "a-refresh-token"))

    def auth_test(_: SlackClient) -> dict[str, Any]:
        if error := answers.pop(0):
            raise error
        return {}

    monkeypatch.setattr(SlackClient, "auth_test", auth_test)
    code, shown = operator.run("erase-workspace", team, TOKEN_KEY=KEY)
    assert (code, "has the app installed" in shown) == (2, True)
    code, shown = operator.run("erase-workspace", team)
    assert (code, "Slack does not say" in shown) == (2, True)
    code, shown = operator.run("erase-workspace", team)
    assert (code, "has expired" in shown) == (2, True)
    code, shown = operator.run("erase-workspace", team, TOKEN_KEY=OTHER_KEY)
    assert (code, "does not open" in shown) == (2, True)
    # Slack's event about it got lost, but Slack says so when asked.
    assert operator.run("erase-workspace", team, TOKEN_KEY=KEY) == (
        0,
        f"Erased everything of {team}.\n",
    )
    assert answers == []
    with operator.database.read_session() as session:
        assert session.scalars(select(Installation.id)).all() == []
        assert session.scalars(select(WorkspaceToken.installation_id)).all() == []
    code, shown = operator.run("erase-workspace", team)
    assert (code, f"no workspace {team}" in shown) == (2, True)


def test_a_workspace_that_installs_the_app_meanwhile_is_not_erased(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    operator.install()

    def auth_test(_: SlackClient) -> dict[str, Any]:
        operator.put(Token("another-token"))
        raise Rejected("auth.test", "account_inactive")

    monkeypatch.setattr(SlackClient, "auth_test", auth_test)
    code, shown = operator.run(
        "erase-workspace", operator.workspace.team_id, TOKEN_KEY=KEY
    )
    assert (code, "has just installed the app again" in shown) == (2, True)
    assert operator.token(KEY) == Token("another-token")


def test_a_workspace_whose_token_can_no_longer_be_renewed_is_erased(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    operator.install()

    def auth_test(_: SlackClient) -> dict[str, Any]:
        raise Rejected("auth.test", "token_expired")

    monkeypatch.setattr(SlackClient, "auth_test", auth_test)
    code, shown = operator.run(
        "erase-workspace", operator.workspace.team_id, TOKEN_KEY=KEY
    )
    assert (code, "Erased everything" in shown) == (0, True)


def test_a_workspace_whose_token_was_lost_is_erased(operator: Operator):
    code, shown = operator.run("erase-workspace", operator.workspace.team_id)
    assert (code, "Erased everything" in shown) == (0, True)


def test_an_organisation_is_erased_with_its_workspaces(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    operator.install()
    keys = token_keys_of(operator.settings())
    identity = {
        "enterprise_id": "E0GROUP",
        "user_id": "U0BOT",
        "url": "https://acme.enterprise.slack.com/",
    }
    with operator.database.write_session.begin() as session:
        group = installations.save(session, identity, now=NOW, is_organisation=True)
        tokens.store(session, keys, group.id, Token("theirs"), installed_at=NOW)
        session.flush()
        row = session.get_one(Installation, group.id)
        for team in ("T0ACME", "T0BETA"):
            assert organisations.grant(session, row, team, at=NOW)
    [counted] = [each for each in contents_of(operator) if each.about == "Workspace"]
    assert counted.says.startswith("Workspaces with the app: 3.")
    answers: list[SlackError | None] = [
        None,
        None,
        Rejected("auth.test", "account_inactive"),
    ]

    def auth_test(_: SlackClient) -> dict[str, Any]:
        if error := answers.pop(0):
            raise error
        return {}

    monkeypatch.setattr(SlackClient, "auth_test", auth_test)
    for owner in ("T0ACME", "E0GROUP"):
        code, shown = operator.run("erase-workspace", owner, TOKEN_KEY=KEY)
        assert (code, "has the app installed" in shown) == (2, True)
    assert operator.run("erase-workspace", "E0GROUP") == (
        0,
        "Erased everything of E0GROUP and of 2 of its workspaces.\n",
    )
    # Not the workspace with a token of its own.
    with operator.database.read_session() as session:
        left = session.scalars(select(Installation.team_id)).all()
        assert left == [operator.workspace.team_id]
