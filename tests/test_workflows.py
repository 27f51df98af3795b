"""The workflows of GitHub run our own scripts, with few rights."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))


def read(file: Path) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load(file.read_text())
    return workflow


def commands(file: Path) -> str:
    jobs = read(file)["jobs"].values()
    return "\n".join(
        step.get("run", "") for job in jobs for step in job.get("steps", ())
    )


def test_there_is_one_for_each_purpose():
    purposes = ["dependencies", "docs", "image", "release", "tests", "weekly"]
    assert [file.stem for file in FILES] == purposes


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_can_only_read_unless_a_job_says_otherwise(file: Path):
    workflow = read(file)
    assert workflow["permissions"] == {"contents": "read"}
    own = [job for job in workflow["jobs"].values() if "uses" not in job]
    assert all("timeout-minutes" in job for job in own)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_script_and_file_that_they_name_exists(file: Path):
    named = re.findall(r"(?<![\w/])(?:\.ci|deploy)/[\w./-]+", commands(file))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_tests_are_all_of_our_checks():
    assert ".ci/run" in commands(FOLDER / "tests.yml").splitlines()


def test_each_week_the_tests_run_that_our_checks_leave_out():
    leaves_out = "not exhaustive"
    assert leaves_out in (ROOT / ".ci" / "run").read_text()
    weekly = FOLDER / "weekly.yml"
    assert "schedule" in read(weekly)[True]  # type: ignore[index]
    assert "uv run --group dev pytest -m exhaustive" in commands(weekly)


def test_a_release_is_built_by_our_script_after_all_checks():
    jobs = read(FOLDER / "release.yml")["jobs"]
    assert jobs["tests"]["uses"] == "./.github/workflows/tests.yml"
    # YAML reads the key `on` as true.
    assert "workflow_call" in read(FOLDER / "tests.yml")[True]  # type: ignore[index]
    assert jobs["publish"]["needs"] == "tests"
    assert '.ci/release "${GITHUB_REF_NAME#v}"' in commands(FOLDER / "release.yml")


def test_dependencies_are_upgraded_by_our_lock():
    assert ".ci/lock --upgrade" in commands(FOLDER / "dependencies.yml")


def test_no_expression_of_others_gets_into_a_shell():
    """A title of a pull request could be a command."""
    assert [file.stem for file in FILES if "${{" in commands(file)] == []


def test_the_python_of_workflows_and_image_is_the_same():
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    versions = re.findall(r"FROM python:(\d+\.\d+)", image)
    for file in FILES:
        text = file.read_text()
        versions += re.findall(r"python-version: \"([\d.]+)\"", text)
        versions += re.findall(r"container: python:(\d+\.\d+)", text)
    assert set(versions) == {"3.11"}
