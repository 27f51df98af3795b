"""`.ci/release` builds a version's artefacts, and refuses one that does not agree."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs import ROOT

VERSION = "9.8.7"
GIT = shutil.which("git") or ""
SHA256SUM = shutil.which("sha256sum") or ""
TRUE = shutil.which("true") or ""
# Enough to check a version.
FEW = (".ci", "app.py", "cli", "CHANGELOG.md", "docs/operate", "pyproject.toml")
HEADING = f"## {VERSION} - 2026-12-24"
DAY = {
    "GIT_AUTHOR_DATE": "2026-12-24T12:00Z",
    "GIT_COMMITTER_DATE": "2026-12-24T12:00Z",
}


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    ran = subprocess.run(
        [GIT, *who, *arguments],
        check=True,
        cwd=folder,
        env=os.environ | DAY,
        capture_output=True,
        text=True,
    )
    return ran.stdout


def change(file: Path, old: str, new: str) -> None:
    text, count = re.subn(old, new, file.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1, f"{old} is not in {file.name}"
    file.write_text(text)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Release it")


def prepared(folder: Path, *only: str) -> Path:
    """Make a repository with our files as they are now, ready for the release."""
    ours = ["--cached", "--others", "--exclude-standard"]
    for name in git(ROOT, "ls-files", "-z", *ours, *only).split("\0")[:-1]:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    change(folder / "pyproject.toml", r'^version = ".+"$', f'version = "{VERSION}"')
    changelog = folder / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("## Unreleased\n", ""))
    change(changelog, r"^## ", f"{HEADING}\n\n- Peers can swim.\n\n## ")
    notes = folder / "docs" / "operate" / "upgrade-notes.md"
    change(notes, r"^## ", f"## {VERSION}\n\nNothing else to do.\n\n## ")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return prepared(tmp_path / "first", *FEW)


def release(
    folder: Path, *arguments: str, tools: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    path = f"{tools}:{os.environ['PATH']}" if tools else os.environ["PATH"]
    return subprocess.run(
        [str(folder / ".ci" / "release"), VERSION, *arguments],
        check=False,
        env=os.environ | {"PATH": path} | env,
        capture_output=True,
        text=True,
    )


def test_a_version_that_all_files_agree_on_is_accepted(repository: Path):
    checked = release(repository, "--check")
    assert (checked.returncode, checked.stdout) == (0, "")
    git(repository, "tag", f"v{VERSION}")
    assert release(repository, "--check").returncode == 0


def other_version(folder: Path) -> None:
    change(folder / "pyproject.toml", r'^version = ".+"$', 'version = "1.0.0"')
    commit(folder)


def without_date(folder: Path) -> None:
    change(folder / "CHANGELOG.md", HEADING, f"## {VERSION}")
    commit(folder)


def without_changes(folder: Path) -> None:
    change(folder / "CHANGELOG.md", r"^- Peers can swim\.\n", "")
    commit(folder)


def unreleased(folder: Path) -> None:
    change(folder / "CHANGELOG.md", HEADING, f"## Unreleased\n\n- More.\n\n{HEADING}")
    commit(folder)


def without_notes(folder: Path) -> None:
    change(folder / "docs" / "operate" / "upgrade-notes.md", f"^## {VERSION}$", "")
    commit(folder)


def not_committed(folder: Path) -> None:
    (folder / "cli" / "spare.py").touch()


def tagged_before(folder: Path) -> None:
    git(folder, "tag", f"v{VERSION}")
    (folder / "later").touch()
    commit(folder)


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        (other_version, "pyproject.toml says 1.0.0."),
        (other_version, "app.py --version says Backswing 1.0.0."),
        (without_date, f"CHANGELOG.md has no section “{VERSION} - DATE”"),
        (without_changes, f"CHANGELOG.md has no section “{VERSION} - DATE”"),
        (unreleased, "CHANGELOG.md has changes that are not released."),
        (without_notes, "upgrade-notes.md has no section for it."),
        (not_committed, "?? cli/spare.py"),
        (tagged_before, f"The tag v{VERSION} is another commit."),
    ],
)
def test_a_version_that_one_file_contradicts_is_refused(
    repository: Path, mistake: Callable[[Path], None], says: str
):
    mistake(repository)
    refused = release(repository)
    assert refused.returncode == 1
    assert says in refused.stdout
    assert not (repository / "dist").exists()


# Records where it is built, and writes an image with the tag in it.
BUILDER = """#!/bin/sh
set -e
case $1 in
info) exit {code} ;;
build) test -f deploy/Dockerfile && ! test -e .git && pwd >"{built}" ;;
save) {save} ;;
esac
"""


def builder(
    tools: Path, name: str, *, works: bool, save: str = 'echo "$4" >"$3"'
) -> None:
    tools.mkdir(exist_ok=True)
    code, built = int(not works), tools / f"{name}.built"
    (tools / name).write_text(BUILDER.format(code=code, built=built, save=save))
    (tools / name).chmod(0o755)


@pytest.mark.deep
@pytest.mark.exhaustive
def test_the_same_commit_gives_the_same_bytes(tmp_path: Path):
    """The first run may load the tools; the second has no network."""
    repository = prepared(tmp_path / "first")
    tools = tmp_path / "tools"
    builder(tools, "docker", works=False)
    builder(tools, "podman", works=True)
    made = release(repository, tools=tools)
    assert made.returncode == 0, made.stderr
    name = f"backswing-{VERSION}"
    sources, sbom = f"{name}.tar.gz", f"{name}.cdx.json"
    image = f"{name}-image.tar.gz"
    assert sorted(made.stdout.split()) == sorted(
        ["NOTES.md", "SHA256SUMS", sources, sbom, image]
    )
    first = repository / "dist"
    subprocess.run([SHA256SUM, "--check", "SHA256SUMS"], check=True, cwd=first)
    assert (first / "NOTES.md").read_text() == "- Peers can swim.\n"
    assert (
        gzip.decompress((first / image).read_bytes())
        == f"backswing:{VERSION}\n".encode()
    )
    # The image is built from the archive, with nothing that is not in it.
    assert Path((tools / "podman.built").read_text().strip()).name == name

    again = tmp_path / "again"
    git(repository, "clone", "--quiet", str(repository), str(again))
    builder(tools, "podman", works=False)
    other = release(again, tools=tools, UV_OFFLINE="1")
    assert other.returncode == 0, other.stderr
    assert other.stdout.endswith(
        "No image: none of these works here: docker, podman.\n"
    )
    assert image not in other.stdout
    for file in (sources, sbom):
        assert (again / "dist" / file).read_bytes() == (first / file).read_bytes(), file

    with tarfile.open(first / sources) as archive:
        files = [entry.name for entry in archive if entry.isfile()]
    assert files == [f"{name}/{file}" for file in git(again, "ls-files").splitlines()]

    listed = json.loads((first / sbom).read_text())
    assert (listed["bomFormat"], listed["metadata"]["component"]["version"]) == (
        "CycloneDX",
        VERSION,
    )
    pins = {f"{part['name']}=={part['version']}" for part in listed["components"]}
    locked = (ROOT / ".ci" / "requirements.txt").read_text()
    assert pins <= set(re.findall(r"^[\w.-]+==[\w.]+", locked, re.MULTILINE))
    names = {pin.partition("==")[0] for pin in pins}
    assert {"slack-sdk", "sqlalchemy", "uvloop"} <= names
    assert not {"pytest", "mypy", "zensical"} & names
    for part in listed["components"]:
        [source] = part["externalReferences"]
        assert {each["alg"] for each in source["hashes"]} == {"SHA-256"}


@pytest.mark.deep
def test_a_builder_that_fails_leaves_nothing(tmp_path: Path):
    repository = prepared(tmp_path / "first", *FEW, "deploy", ".gitignore")
    (repository / "dist").mkdir()
    (repository / "dist" / "backswing-1.0.0.tar.gz").touch()
    tools = tmp_path / "tools"
    builder(tools, "docker", works=True, save="exit 3")
    # The list of packages is made before, and does not matter here.
    for name in ("uv", "uvx"):
        shutil.copy(TRUE, tools / name)
    failed = release(repository, tools=tools)
    assert failed.returncode == 1
    assert "Nothing is built: this failed: docker save " in failed.stdout
    assert not (repository / "dist").exists()
