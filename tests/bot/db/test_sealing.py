"""A sealed value opens with its key, for its row, and nowhere else."""

import pytest

from bot.anonymity.keys import AnonymityKey
from bot.db.sealing import SealingKey, WrongKey, decrypt_with_any
from bot.workspace.token_keys import TokenKey

SECRET, OTHER = bytes(range(32)), bytes(range(100, 132))
KEY = SealingKey(SECRET)


def test_a_value_opens_for_its_row():
    assert KEY.decrypt(KEY.encrypt(b"a token", "row 1"), "row 1") == b"a token"


def test_the_same_value_never_looks_the_same():
    assert KEY.encrypt(b"a token", "row 1") != KEY.encrypt(b"a token", "row 1")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(60)])
def test_what_was_never_sealed_does_not_open(sealed: bytes):
    with pytest.raises(WrongKey):
        KEY.decrypt(sealed, "row 1")


def test_a_changed_value_does_not_open():
    sealed = KEY.encrypt(b"a token", "row 1")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(WrongKey):
            KEY.decrypt(bytes(changed), "row 1")


def test_a_value_copied_to_another_row_does_not_open():
    with pytest.raises(WrongKey):
        KEY.decrypt(KEY.encrypt(b"a token", "row 1"), "row 2")


def test_the_key_before_still_opens():
    sealed = SealingKey(OTHER).encrypt(b"a token", "row 1")
    with pytest.raises(WrongKey):
        decrypt_with_any((KEY, None), sealed, "row 1")
    assert decrypt_with_any((KEY, SealingKey(OTHER)), sealed, "row 1") == b"a token"


def test_the_same_secret_makes_different_keys_for_authors_and_tokens():
    author, token = AnonymityKey(SECRET), TokenKey(SECRET)
    assert author.fingerprint != token.fingerprint
    with pytest.raises(WrongKey):
        token.decrypt(author.encrypt(b"x", "row"), "row")


def test_a_key_shows_nothing_of_itself():
    assert repr(TokenKey(SECRET)) == "TokenKey(…)"
    assert SECRET.hex() not in TokenKey(SECRET).fingerprint
