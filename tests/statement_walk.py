"""Find the program's statements that the tests ran, and check that none crosses.

A statement crosses if it reads or changes rows of a workspace's tables, and no
condition holds it to a workspace or to the row of an id (`tests/workspace_bounds.py`).
An id that came in a payload does not count: its row may be another workspace's. The
walk costs next to nothing: SQLAlchemy's cache has each statement once, and a text is
parsed again only if a rule changes.
"""

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from tests import foreign_ids, workspace_bounds
from tests.unbound_statements import UNBOUND

ROOT = Path(__file__).parents[1]
# The statements of other folders are the tests' own.
PROGRAM = ("bot/", "cli/", "handlers/", "jobs/")
# They execute what others have built.
_HELPERS = "bot/db/"
_STATEMENTS, _CACHE = "statements", "backswing/statements"
# The functions that executed statements, by dialect, in all runs.
_FUNCTIONS, FUNCTIONS_CACHE = "functions", "backswing/functions"
# A statement, as dialect and text, with the function that executed it first.
Statements = dict[tuple[str, str], str]


class CompiledCache(dict[Any, Any]):
    """A cache of compiled statements that knows which of them the program executed."""

    def __init__(self) -> None:
        super().__init__()
        self._origins: dict[int, str] = {}
        # By dialect.
        self.functions: dict[str, set[str]] = {"sqlite": set(), "postgresql": set()}
        self._with_foreign_ids: Statements = {}
        event.listen(Engine, "before_cursor_execute", self._note_foreign_ids)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the statement that is about to be executed."""
        compiled = super().get(key, default)
        if compiled is not None:
            self._note(key, compiled)
        return compiled

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(key, compiled)
        self._note(key, compiled)

    def _note(self, key: Any, compiled: Any) -> None:
        origin = _origin(sys._getframe(2))
        if origin is not None:
            self._origins.setdefault(id(compiled), origin)
            self.functions[key[0].name].add(origin)

    def _note_foreign_ids(
        self,
        connection: Connection,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        is_many: bool,
    ) -> None:
        if is_many:
            # Rows to insert, or to change by the ids that they were read with.
            return
        text = foreign_ids.marked(statement, parameters)
        if text and (origin := _origin(sys._getframe(1))):
            self._with_foreign_ids.setdefault((connection.dialect.name, text), origin)

    def statements(self) -> Statements:
        return self._with_foreign_ids | {
            (key[0].name, str(compiled)): self._origins[id(compiled)]
            for key, compiled in self.items()
            if id(compiled) in self._origins
        }


def _origin(frame: FrameType | None) -> str | None:
    """Return the innermost function of ours; None if a test's comes first."""
    while frame is not None:
        code = frame.f_code
        _, name = _names.get(id(code)) or _remember(code)
        if name:
            return name if name.startswith(PROGRAM) else None
        frame = frame.f_back
    return None


# By the code's id: each statement asks for some twenty functions, and Python computes
# the hash of a code object each time. The code is kept, so that no other gets its id.
_names: dict[int, tuple[CodeType, str]] = {}


def _remember(code: CodeType) -> tuple[CodeType, str]:
    named = _names[id(code)] = (code, _name(code))
    return named


def _name(code: CodeType) -> str:
    """Return the file and the function; empty if it executes what others have built."""
    file = Path(code.co_filename)
    if not file.is_relative_to(ROOT) or ".venv" in file.parts:
        return ""
    path = file.relative_to(ROOT).as_posix()
    if path.startswith(_HELPERS):
        return ""
    return f"{path} {code.co_qualname.partition('.<locals>')[0]}"


# The end of the run: workers hand their statements to the process that started them


class StatementWalk:
    """A plugin that fails the run if a statement of the program crosses."""

    def __init__(self, config: pytest.Config, executed: CompiledCache) -> None:
        self._config = config
        self._executed = executed
        self._statements: Statements = {}
        self._functions = executed.functions
        self._crossing: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        handed = getattr(node, "workeroutput", {}).get(_STATEMENTS, [])
        self._statements |= {(name, text): origin for name, text, origin in handed}
        functions = getattr(node, "workeroutput", {}).get(_FUNCTIONS, {})
        for dialect, names in functions.items():
            self._functions[dialect].update(names)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._statements |= self._executed.statements()
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_STATEMENTS] = [
                (*statement, origin) for statement, origin in self._statements.items()
            ]
            self._config.workeroutput[_FUNCTIONS] = {
                dialect: sorted(names) for dialect, names in self._functions.items()
            }
            return
        if cache := getattr(self._config, "cache", None):
            before = cache.get(FUNCTIONS_CACHE, {})
            cache.set(
                FUNCTIONS_CACHE,
                {
                    dialect: sorted(names.union(before.get(dialect, [])))
                    for dialect, names in self._functions.items()
                },
            )
        self._crossing = crossing(
            self._statements, getattr(self._config, "cache", None)
        )
        if self._crossing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._crossing:
            terminalreporter.section("statements without a workspace", red=True)
            terminalreporter.write_line("\n".join(self._crossing))


def crossing(statements: Statements, cache: pytest.Cache | None) -> list[str]:
    """Return a line for each statement that crosses and is not on the list."""
    before: dict[str, list[str]] = cache.get(_CACHE, {}) if cache else {}
    lines: set[str] = set()
    checked: dict[str, list[str]] = {}
    rules = _rules()
    for (dialect, text), origin in statements.items():
        key = hashlib.sha256(f"{rules} {dialect} {text}".encode()).hexdigest()
        checked[key] = (
            before[key] if key in before else workspace_bounds.unbound(text, dialect)
        )
        if checked[key] and origin not in UNBOUND:
            lines.add(f"{origin}: {', '.join(checked[key])}\n    {text}")
    # A run of a few tests must not make the next one parse everything again.
    if cache and not checked.keys() <= before.keys():
        cache.set(_CACHE, {**before, **checked})
    return sorted(lines)


def _rules() -> str:
    """Return a text that changes when a check may have another result."""
    columns = [
        f"{column} {sorted(key.target_fullname for key in column.foreign_keys)}"
        for table in workspace_bounds.TABLES.values()
        for column in table.c
    ]
    source = Path(workspace_bounds.__file__).read_text()
    everything = f"{source} {columns} {version('sqlglot')}"
    return hashlib.sha256(everything.encode()).hexdigest()
