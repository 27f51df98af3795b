"""Each case of docs/reliability.md has tests that exist, or says why not."""

import ast
import re
from functools import cache

import pytest

from tests.docs import DOCS, ROOT

PROMISES = (DOCS / "reliability.md").read_text()
TESTS = (DOCS / "develop" / "tests-of-promises.md").read_text()
# The number of inputs and faults in the threat model.
CASES = 83

# Its number, with a link to its tests if there are any; the input; the result.
_ROWS = re.findall(
    r"^\| (?:(\d+)|\[(\d+)\]\((.+?)\)) \| (.+) \| (.+) \|$", PROMISES, re.MULTILINE
)
_CASES = {
    int(number): (about, listed_tests)
    for number, about, listed_tests in re.findall(
        r"^#### Case (\d+)\n\n(.+)\.\n\n((?:- .+\n)+)", TESTS, re.MULTILINE
    )
}
_NAME = re.compile(r"- `([a-z_/]+\.py)::(test_[a-z0-9_]+)`\n")
_ELSE = ("Does not apply yet: ", "Decided otherwise")


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_case_stands_there_once_and_in_order():
    numbers = [int(bare or linked) for bare, linked, *_ in _ROWS]
    assert numbers == list(range(1, CASES + 1))
    assert len(re.findall(r"^#### ", TESTS, re.MULTILINE)) == len(_CASES)


@pytest.mark.parametrize("row", _ROWS, ids=[row[0] or row[1] for row in _ROWS])
def test_a_case_is_shown_by_tests_that_exist(row: tuple[str, str, str, str, str]):
    bare, linked, link, about, result = row
    if bare:
        assert any(reason in result for reason in _ELSE)
        assert int(bare) not in _CASES
        return
    assert link == f"develop/tests-of-promises.md#case-{linked}"
    same, listed_tests = _CASES[int(linked)]
    assert same == about
    # Nothing else stands in the list, such as a name that is misspelt.
    assert not _NAME.sub("", listed_tests)
    for file, test in _NAME.findall(listed_tests):
        assert file.rpartition("/")[2].startswith("test_"), file
        assert test in functions_of(file), test


def test_the_folders_and_files_named_on_the_page_exist():
    for path in re.findall(r"`((?:tests|benchmarks)/[a-z_/.]+)`", TESTS + PROMISES):
        assert (ROOT / path).exists(), path
