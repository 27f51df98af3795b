"""The page's committed bundle: its contents and its sources."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SANDBOX = Path(__file__).parent.parent.parent / "sandbox"
STATIC = SANDBOX / "static"
# The host and folder of packages differ on each machine.
FOREIGN = re.compile(r"npmjs|node_modules|sourceMappingURL|/(?:home|root|tmp|Users)/")


def test_it_names_no_host_and_no_folder_of_the_build_machine() -> None:
    for file in STATIC.iterdir():
        assert not FOREIGN.search(file.read_text()), file.name


def test_each_package_in_it_has_its_licence() -> None:
    licences = (STATIC / "licences.txt").read_text()
    for package in ("react", "react-dom", "scheduler", "slack-blocks-to-jsx"):
        assert re.search(rf"^{package} [\d.]+ \(MIT\)$", licences, re.MULTILINE)


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_it_is_built_from_the_sources(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm to build the page with")
    web = tmp_path / "web"
    installed = shutil.ignore_patterns("node_modules", "package-lock.json")
    shutil.copytree(SANDBOX / "web", web, ignore=installed)
    for command in (["install", "--ignore-scripts"], ["run", "build"]):
        subprocess.run([npm, *command, "--silent"], cwd=web, check=True)
    built = tmp_path / "static"
    assert {f.name for f in built.iterdir()} == {f.name for f in STATIC.iterdir()}
    for file in built.iterdir():
        assert file.read_bytes() == (STATIC / file.name).read_bytes(), file.name
