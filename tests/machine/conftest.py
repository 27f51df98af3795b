"""Let assertions of the helper modules show as much as those of tests."""

import pytest

pytest.register_assert_rewrite(
    *(f"tests.machine.{name}" for name in ("machine", "asks", "kudos"))
)
