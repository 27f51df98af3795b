"""Every view and message of the samples fits Slack's limits."""

from collections.abc import Callable

import pytest

from sandbox.block_kit.validate import check_blocks, check_view
from tests.contracts import load_contracts
from tests.samples.types import Rendered
from tests.view_samples import SAMPLES, name_of, samples_of

each_function = pytest.mark.parametrize("function", SAMPLES, ids=name_of)


@each_function
def test_the_sandbox_accepts_it(function: Callable[..., Rendered]) -> None:
    for sample in samples_of(function):
        if "type" in sample:
            assert check_view(sample, sample["type"]) == []
        else:
            assert 0 < len(sample["text"]) < 4000
            assert check_blocks(sample["blocks"]) == []


@each_function
def test_slacks_published_contract_accepts_it(
    function: Callable[..., Rendered],
) -> None:
    problems = {
        number: load_contracts().check_surface(sample)
        for number, sample in enumerate(samples_of(function))
    }
    assert {number: found for number, found in problems.items() if found} == {}
