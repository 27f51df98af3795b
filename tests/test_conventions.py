"""Conventions of this project that no linter knows, checked in the source."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.features import FEATURES
from bot.runtime import Workspace
from tests.docs import DOCS, rows, section

ROOT = Path(__file__).parent.parent
WORKSPACE = Workspace(1, "T0PEERS", "B0", "U0", "https://peers.slack.com/")


def files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


OURS = files("bot", "cli", "handlers", "jobs", "models")
MAX_LINES = 350
_VIEW_NAMES = {"blocks", "fields", "forms", "notes", "rich_text"}
VIEWS = [
    file
    for file in OURS
    if file.stem in _VIEW_NAMES or file.stem.endswith(("_blocks", "_forms", "_notes"))
]


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


VIEW_MODULES = [name(file).removesuffix(".py").replace("/", ".") for file in VIEWS]


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(file.read_text())))


def violations(
    checked: list[Path],
    is_broken: Callable[[ast.AST], bool],
    *,
    exceptions: frozenset[str] = frozenset(),
) -> list[str]:
    """Return each line that breaks a rule, in all files but the exceptions."""
    return [
        f"{name(file)}:{getattr(node, 'lineno', 0)}"
        for file in checked
        if name(file) not in exceptions
        for node in nodes(file)
        if is_broken(node)
    ]


def called(node: ast.AST) -> str:
    """Return `slack.post` for `slack.post(…)` and for `self.slack.post(…)`."""
    if not isinstance(node, ast.Call):
        return ""
    if not isinstance(node.func, ast.Attribute):
        return node.func.id if isinstance(node.func, ast.Name) else ""
    owner = node.func.value
    before = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    return f"{before}.{node.func.attr}"


def test_files_are_utf_8_on_any_system():
    """Ruff's PLW1514 does not recognise methods of paths."""

    def has_no_encoding(node: ast.AST) -> bool:
        is_text = called(node).endswith((".read_text", ".write_text"))
        keywords = {word.arg for word in getattr(node, "keywords", ())}
        return is_text and "encoding" not in keywords

    checked = [ROOT / "app.py", *OURS, *files("migrations", "sandbox")]
    assert violations(checked, has_no_encoding) == []


def test_only_the_with_statement_ends_a_transaction():
    def ends_transaction(node: ast.AST) -> bool:
        # A batch is of requests, which share one `with`: handlers/group_commit.py. The
        # search index is no database.
        return called(node).endswith((".commit", ".rollback")) and (
            called(node) not in {"_batch.commit", "_writer.commit"}
        )

    assert violations(OURS, ends_transaction) == []


def test_services_are_called_within_a_transaction_and_open_none():
    def opens_session(node: ast.AST) -> bool:
        return called(node) in {
            "sessions.begin",
            "write_session.begin",
            "rt.write_session",
            "read_session.begin",
        }

    # These are no services: each calls Slack or reads a file outside any transaction,
    # and records the result in one; or it runs before there is a workspace.
    exceptions = frozenset(
        {
            "bot/outbox/outcomes.py",
            "bot/outbox/worker.py",
            "bot/runtime.py",
            "bot/search/follower.py",
            "bot/workspace/sync.py",
            "bot/anonymity/key_check.py",
            "bot/anonymity/rotation.py",
            "bot/imports/service.py",
            "bot/workspace/installations.py",
            "bot/workspace/oauth_install.py",
            "bot/workspace/organisations.py",
            "bot/workspace/token_keys.py",
            "bot/workspace/token_refresh.py",
            "bot/workspace/visibility.py",
            "bot/workspace/workspace_erasure.py",
        }
    )
    inside = [file for file in OURS if name(file).startswith(("bot/", "models/"))]
    assert violations(inside, opens_session, exceptions=exceptions) == []
    assert violations(inside, opens_session) != []


def opens_transaction(node: ast.AST) -> bool:
    return called(node).endswith((".write", ".read"))


def calls_slack(node: ast.AST) -> bool:
    return called(node).startswith("slack.") or called(node) in {
        "rt.slack_of",
        "sync.refresh",
        "request.refresh",
        "request.open_view",
        "request.update_view",
        "request.reply",
        "publish.send",
    }


def inside_transactions(file: Path) -> Iterator[ast.AST]:
    """Yield the nodes that run in a transaction opened or passed in this file."""
    for node in nodes(file):
        if isinstance(node, ast.With):
            is_inside = any(opens_transaction(item.context_expr) for item in node.items)
        else:
            is_inside = isinstance(node, ast.FunctionDef) and "tx" in {
                arg.arg for arg in node.args.args
            }
        if is_inside:
            yield from ast.walk(node)


def test_a_listener_never_calls_slack_within_a_transaction():
    """Slack may take seconds, which would block all other writers."""
    inside = [
        (file, n) for file in files("handlers") for n in inside_transactions(file)
    ]
    assert sum(isinstance(node, ast.Call) for _, node in inside) > 200
    assert [
        f"{name(file)}:{node.lineno}"
        for file, node in inside
        if isinstance(node, ast.Call) and calls_slack(node)
    ] == []


def test_a_listener_writes_to_slack_after_its_transactions():
    """After a conflict in the database the listener runs again from its first line."""

    def lines(function: ast.AST, matches: Callable[[ast.AST], bool]) -> list[int]:
        return [
            getattr(node, "lineno", 0) for node in ast.walk(function) if matches(node)
        ]

    def writes_to_slack(node: ast.AST) -> bool:
        # To fetch profiles, or to publish the same Home tab, twice changes nothing.
        return calls_slack(node) and not called(node).endswith((".refresh", ".send"))

    listeners = [
        (file, node)
        for file in files("handlers")
        for node in nodes(file)
        if isinstance(node, ast.FunctionDef) and node.name != "register"
    ]
    assert any(
        lines(listener, writes_to_slack) and lines(listener, opens_transaction)
        for _, listener in listeners
    )
    assert [
        f"{name(file)}:{listener.name}"
        for file, listener in listeners
        if lines(listener, writes_to_slack)
        and min(lines(listener, writes_to_slack))
        < max(lines(listener, opens_transaction), default=0)
    ] == []


def test_only_members_of_a_channel_act_in_it():
    """`roles.authorize` checks the roles and the membership, `in_channel` only roles.

    Of the exceptions, one computes the participants, two render messages, two have
    checked the membership before, and one is told by Slack who is in the channel.
    """

    def checks_roles_only(node: ast.AST) -> bool:
        return called(node) == "roles.in_channel"

    exceptions = frozenset(
        {
            "bot/anonymity/drafts.py",
            "bot/anonymity/feature.py",
            "bot/anonymity/report_messages.py",
            "bot/checkins/responses.py",
            "bot/onboarding/notifications.py",
            "bot/asks/actions.py",
        }
    )
    assert violations(OURS, checks_roles_only, exceptions=exceptions) == []
    assert violations(OURS, checks_roles_only) != []


def message_kinds() -> list[tuple[str, str]]:
    """Return each constant that is a kind of message: its name, and the kind."""
    return [
        (ast.unparse(node.targets[0]), str(ast.literal_eval(node.value.args[0])))
        for file in OURS
        for node in nodes(file)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and called(node.value) == "MessageKind"
    ]


def enqueued() -> set[str]:
    """Return the kinds that are used elsewhere than in their types and in lookups."""
    kind_by_name = dict(message_kinds())
    used: set[str] = set()
    for file in OURS:
        declarations = {
            id(argument)
            for node in nodes(file)
            if isinstance(node, ast.Call)
            and called(node) in {"MessageType", "PostedMessage", "dedup_key"}
            for argument in (*node.args, *(keyword.value for keyword in node.keywords))
        }
        used |= {
            kind_by_name[node.id]
            for node in nodes(file)
            if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and node.id in kind_by_name
            and id(node) not in declarations
        }
    return used


def test_each_kind_of_message_is_enqueued_and_has_a_type():
    assert {kind for _, kind in message_kinds()} == set(FEATURES.message_types)
    assert enqueued() == set(FEATURES.message_types)


def test_no_module_has_a_vague_name():
    vague = {"utils", "util", "helpers", "helper", "common", "managers", "manager"}
    checked = files("bot", "handlers", "jobs", "models", "sandbox", "tests")
    names = {part for file in checked for part in Path(name(file)).parts}
    assert not vague & {part.removesuffix(".py") for part in names}


def test_files_are_short_enough_to_read_at_once():
    lengths = {
        name(file): len(file.read_text().splitlines())
        for file in [*OURS, *files("benchmarks", "sandbox")]
    }
    assert {file: lines for file, lines in lengths.items() if lines > MAX_LINES} == {}


def test_the_contract_of_views_covers_each_view_module():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [contract] = [
        contract
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["name"] == "Views are pure"
    ]
    covered = [
        re.compile(re.escape(pattern).replace(r"\*", "[^.]+"))
        for pattern in contract["source_modules"]
    ]
    escaped = [
        module
        for module in VIEW_MODULES
        if not any(pattern.fullmatch(module) for pattern in covered)
    ]
    assert escaped == []


def test_views_import_only_the_models_of_slacks_library():
    def imports_more(node: ast.AST) -> bool:
        if isinstance(node, ast.Import):
            return any(alias.name.startswith("slack_sdk") for alias in node.names)
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        return module.startswith("slack_sdk") and not module.startswith(
            "slack_sdk.models"
        )

    assert len(VIEWS) > 5
    assert violations(VIEWS, imports_more) == []


def catches_everything(node: ast.AST) -> bool:
    if called(node).endswith("suppress"):
        types: list[ast.expr | None] = [*getattr(node, "args", ())]
    elif isinstance(node, ast.ExceptHandler):
        types = [*node.type.elts] if isinstance(node.type, ast.Tuple) else [node.type]
    else:
        return False
    return any(
        kind is None or ast.unparse(kind) in {"Exception", "BaseException"}
        for kind in types
    )


def functions_with(
    tree: ast.AST, matches: Callable[[ast.AST], bool], within: str = ""
) -> Iterator[str]:
    """Yield the name of the function or class around each matching node."""
    for node in ast.iter_child_nodes(tree):
        inside = within
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{within}.{node.name}".lstrip(".")
        if matches(node):
            yield inside
        yield from functions_with(node, matches, inside)


def test_the_docs_list_the_places_where_an_error_may_end():
    page = DOCS / "develop" / "architecture.md"
    listed = rows(section(page, "## Where an error may end"))
    sources = [ROOT / "app.py", *OURS, *files("migrations", "sandbox")]
    places = [
        f"`{name(file)}` `{function}`"
        for file in sources
        for function in functions_with(nodes(file)[0], catches_everything)
    ]
    assert sorted(places) == sorted(listed)
    assert all(reason and result for reason, result in listed.values())


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("def f():\n try: g()\n except: pass", "f"),
        ("class A:\n def f(self):\n  try: g()\n  except Exception: pass", "A.f"),
        ("try: g()\nexcept (KeyError, BaseException): pass", ""),
        ("def f():\n with suppress(Exception): g()", "f"),
        ("def f():\n with contextlib.suppress(Exception): g()", "f"),
    ],
)
def test_each_way_to_catch_all_errors_is_recognised(source: str, function: str):
    assert [*functions_with(ast.parse(source), catches_everything)] == [function]
    narrow = source.replace("except:", "except KeyError:")
    narrow = narrow.replace("BaseException", "ValueError")
    narrow = narrow.replace("Exception", "ValueError")
    assert [*functions_with(ast.parse(narrow), catches_everything)] == []


def test_only_the_command_line_reads_the_environment():
    def reads_environment(node: ast.AST) -> bool:
        return called(node) == "Settings" or (
            isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        )

    assert violations(OURS, reads_environment) == []


@pytest.mark.parametrize(
    ("source", "is_recognised"),
    [
        ("session.commit()", True),
        ("self.session.commit()", True),
        ("with sessions.begin() as session: pass", False),
    ],
)
def test_calls_are_recognised(tmp_path: Path, source: str, is_recognised: bool):
    file = tmp_path / "some.py"
    file.write_text(source)
    assert any(called(n).endswith(".commit") for n in nodes(file)) is is_recognised
