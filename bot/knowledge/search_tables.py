"""Personal data in the tables that the search indexes follow: there is none.

The indexes themselves hold people's words. They follow every change of the database;
after an erasure they are built anew as well, because deleted words stay in their files.
"""

from bot.personal_data import Erasure, TablePolicy
from bot.runtime import Transaction
from models import SearchChange, SearchRebuild, SearchReplica


def _request_rebuild(tx: Transaction, _erasure: Erasure) -> None:
    tx.session.add(SearchRebuild(requested_at=tx.now, reason="erasure"))


PERSONAL_DATA = (
    TablePolicy(
        model=SearchChange,
        contents="The order in which asks have changed.",
        purpose="Keep the search indexes up to date.",
        stays="One for each ask.",
    ),
    TablePolicy(
        model=SearchRebuild,
        contents="When the search indexes had to be rebuilt, and why.",
        purpose="Remove the words of erased members from every index.",
        stays="One for each rebuild, of which there are few.",
        non_personal=("reason",),
        before_erasure=_request_rebuild,
    ),
    TablePolicy(
        model=SearchReplica,
        contents="The processes that have a search index, and how far each is.",
        purpose="Show operators that every index follows.",
        retention="After 7 days without a report.",
        stays="One for each process that runs.",
        non_personal=("name",),
    ),
)
