"""Each row of docs/reliability.md names tests that exist, or says why not."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text()
# As many bad inputs and faults as the threat model has.
ROWS = 73

_TABLE = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.*) ?\|$", PAGE, re.MULTILINE)
_NAME = re.compile(r"`([a-z_/]+\.py)::(test_[a-z0-9_]+)`")
_ELSE = ("Does not apply yet: ", "Decided otherwise")


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_row_stands_there_once_and_in_order():
    assert [int(number) for number, *_ in _TABLE] == list(range(1, ROWS + 1))


@pytest.mark.parametrize("row", _TABLE, ids=[number for number, *_ in _TABLE])
def test_a_row_is_shown_by_tests_that_exist(row: tuple[str, str, str, str]):
    _, _, becomes, shown = row
    names = _NAME.findall(shown)
    assert names or any(why in becomes for why in _ELSE)
    # Nothing else stands in the last column, such as a name that is misspelt.
    assert not _NAME.sub("", shown).strip()
    for file, test in names:
        assert (TESTS / file).name.startswith("test_"), file
        assert test in functions_of(file), test


def test_the_folders_and_files_that_the_page_names_are_there():
    for named in re.findall(r"`((?:tests|benchmarks)/[a-z_/.]+)`", PAGE):
        assert (TESTS.parent / named).exists(), named
