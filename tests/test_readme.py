"""The README stays short and true, and the reference matches the code."""

import re
from pathlib import Path

import pytest

from cli import arguments
from tests.docs import DOCS, FRONT, ROOT, generator, name, targets

README = (ROOT / "README.md").read_text()
TWO_LINES = (
    "pip install uv && uv run app.py",
    "pip install uv && uv run --group dev pytest",
)


def test_the_readme_takes_a_minute_to_read():
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("line", TWO_LINES)
def test_the_two_lines_stand_alone(line: str):
    assert f"\n```\n{line}\n```\n" in README
    assert line in (DOCS / "quickstart.md").read_text()


def test_the_checks_run_the_tests_as_the_readme_says():
    assert f"{TWO_LINES[1]}\n" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("page", FRONT, ids=name)
def test_each_link_to_a_file_leads_somewhere(page: Path):
    links = targets(page)
    assert links
    assert [target for target in links if not (ROOT / target).exists()] == []


def test_the_reference_matches_the_code():
    assert generator().stale() == [], "run .ci/docs, and commit what it wrote"


def test_a_page_edited_by_hand_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    docs = generator()
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "PAGES", tmp_path)
    monkeypatch.setattr(docs, "WRITERS", {"page.md": lambda: "as the code says"})
    assert docs.stale() == ["page.md"]
    (tmp_path / "page.md").write_text("as the code says")
    assert docs.stale() == []
    (tmp_path / "page.md").write_text("as somebody thought")
    assert docs.stale() == ["page.md"]


def test_the_changelogs_newest_version_is_the_programs():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\d+\.\d+\.\d+) - ", changelog, re.MULTILINE)
    assert versions[0] == arguments.version()


def test_each_version_of_the_changelog_has_its_upgrade_notes():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\d+\.\d+\.\d+|Unreleased)", changelog, re.MULTILINE)
    notes = (DOCS / "operate" / "upgrade-notes.md").read_text()
    assert re.findall(r"^## (.+)$", notes, re.MULTILINE) == [
        "The next version" if name == "Unreleased" else name for name in versions
    ]


def test_no_line_of_the_changelog_is_repeated():
    """A merge that keeps both sides can restore reworded lines."""
    entries = re.findall(r"^- .+", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert len(set(entries)) == len(entries)
