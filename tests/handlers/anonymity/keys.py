"""The key of the tests."""

from bot.anonymity.keys import AnonymityKey, AnonymityKeys

KEYS = AnonymityKeys(AnonymityKey(bytes(range(32))))
