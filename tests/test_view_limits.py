"""Every view and message of the samples fits Slack's limits."""

from typing import Any

import pytest

from sandbox.block_kit.validate import check_blocks, check_view
from tests.contracts import load_contracts
from tests.view_samples import view_samples

SAMPLES = [pytest.param(sample, id=name) for name, sample in view_samples()]


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_sandbox_accepts_it(sample: dict[str, Any]) -> None:
    if "type" in sample:
        assert check_view(sample, sample["type"]) == []
    else:
        assert 0 < len(sample["text"]) < 4000
        assert check_blocks(sample["blocks"]) == []


@pytest.mark.parametrize("sample", SAMPLES)
def test_slacks_published_contract_accepts_it(sample: dict[str, Any]) -> None:
    assert load_contracts().check_surface(sample) == []
