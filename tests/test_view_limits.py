"""Every view and message of the samples fits Slack's limits."""

from typing import Any

import pytest

from sandbox.block_kit.validate import check_blocks, check_view
from tests.contracts import load_contracts
from tests.view_samples import samples_by_function

SAMPLES = samples_by_function()
each_function = pytest.mark.parametrize(
    "samples", list(SAMPLES.values()), ids=list(SAMPLES)
)


@each_function
def test_the_sandbox_accepts_it(samples: list[dict[str, Any]]) -> None:
    for sample in samples:
        if "type" in sample:
            assert check_view(sample, sample["type"]) == []
        else:
            assert 0 < len(sample["text"]) < 4000
            assert check_blocks(sample["blocks"]) == []


@each_function
def test_slacks_published_contract_accepts_it(samples: list[dict[str, Any]]) -> None:
    problems = {
        number: load_contracts().check_surface(sample)
        for number, sample in enumerate(samples)
    }
    assert {number: found for number, found in problems.items() if found} == {}
