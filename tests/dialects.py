"""Name the functions whose statements the tests ran on SQLite, and not on PostgreSQL.

Most tests run on SQLite only, and on PostgreSQL weekly: both would take twice as long.
So `.ci/run` checks after all tests that each function that executes a statement did so
on both. Mark a test that reaches it: `@pytest.mark.deep_on_postgresql`.
"""

import json
import sys
from pathlib import Path

from tests.statement_walk import FUNCTIONS_CACHE

# These have another way on PostgreSQL, or nothing to do there.
ON_SQLITE_ONLY = frozenset(
    {
        "bot/outbox/queue.py release_leases",
        # It copies an SQLite file.
        "cli/sandbox_copy.py SandboxCopy.restore",
    }
)


def main() -> int:
    """Read pytest's cache; print a line for each function, and return 1 if any."""
    file = Path(".pytest_cache") / "v" / FUNCTIONS_CACHE
    executed = json.loads(file.read_text())
    missing = {*executed["sqlite"]} - {*executed["postgresql"]} - ON_SQLITE_ONLY
    heading = f"{len(executed['sqlite'])} functions, {len(missing)} on SQLite only"
    sys.stdout.write("\n".join([heading, *sorted(missing), ""]))
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
