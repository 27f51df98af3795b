"""What is asserted beside the tests says as much as what is asserted in them."""

import pytest

pytest.register_assert_rewrite(
    *(f"tests.machine.{name}" for name in ("machine", "asks", "kudos"))
)
