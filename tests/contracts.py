"""Slack's published contracts, if they are available beside the repository."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

CHECK_SCRIPT = Path(__file__).parent.parent.parent / "shared" / "contracts" / "check.py"


@cache
def load_contracts() -> ModuleType:
    if not CHECK_SCRIPT.exists():
        pytest.skip("Slack's published contracts are not beside the repository")
    spec = importlib.util.spec_from_file_location("contracts", CHECK_SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
