"""The sandbox's key of asks without a name."""

from base64 import b64decode
from pathlib import Path

from bot.db import engine
from bot.db.sealing import KEY_BYTES
from cli.sandbox import anonymity_key_of
from tests.program import mode


def test_each_sandbox_database_keeps_its_key(tmp_path: Path) -> None:
    keys = []
    for name in ("first", "second"):
        database = engine.connect(f"sqlite:///{tmp_path / name}.db")
        # A restart reads the file again.
        keys += [anonymity_key_of(database).get_secret_value() for _ in range(2)]
        database.close()
    assert keys[0] == keys[1] != keys[2] == keys[3]
    assert {len(b64decode(key)) for key in keys} == {KEY_BYTES}
    assert mode(tmp_path / "first-anonymity.key") == 0o600
