"""The feature's keys, as far as the process may use them."""

from dataclasses import dataclass

from bot.anonymity.keys import AnonymityKeys
from bot.feature import Feature
from bot.runtime import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymity(Feature):
    """The feature, with the operator's keys; None: no one can ask without a name."""

    keys: AnonymityKeys | None


def keys_of(tx: Transaction) -> AnonymityKeys | None:
    return tx.features.get(Anonymity).keys
