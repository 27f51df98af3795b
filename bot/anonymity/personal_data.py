"""Personal data in asks without a name."""

from collections.abc import Sequence

from bot.anonymity import authors
from bot.anonymity.message_kinds import (
    ANONYMOUS_NOTICE,
    ANONYMOUS_REPLY,
    ANONYMOUS_REPORT,
    ANONYMOUS_REVIEW,
    ANONYMOUS_REVIEWED,
    ANONYMOUS_STOP_OFFER,
    ANONYMOUS_UPDATE_REPLY,
    ANONYMOUS_UPDATE_REPORT,
    ANONYMOUS_UPDATE_STOP_OFFER,
)
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import (
    AnonymousBlock,
    AnonymousCount,
    AnonymousDraft,
    AnonymousLink,
    AnonymousReply,
    AnonymousReview,
    SecretKey,
)


def _forget(tx: Transaction, erasure: Erasure) -> None:
    """Cut the member's links at once. Their asks stay, as someone's."""
    authors.forget(tx, erasure.member)


PERSONAL_DATA: Sequence[TablePolicy] = (
    TablePolicy(
        model=AnonymousDraft,
        contents="Asks without a name that are not posted yet: text, topics, and,"
        " sealed, the author and the earliest time at which they may have sent it.",
        purpose="Post them some minutes later, so that the time tells no one.",
        retention="When it is posted. Refused ones after 7 days.",
        stays="Some minutes, or until a champion has read it.",
        non_personal=(
            "title",
            "details",
            "topics",
            "blind_index",
            "source_index",
            "state",
            "reason",
        ),
        before_erasure=_forget,
    ),
    TablePolicy(
        model=AnonymousLink,
        contents="For each ask without a name, its author, the earliest time at which"
        " they may have sent it, and what they have seen of it, sealed with a key that"
        " is not in the database.",
        purpose="Let the author act on it in their own Home tab.",
        retention="30 days after the ask was solved or closed, and after 90 days at"
        " the latest.",
        non_personal=("blind_index",),
    ),
    TablePolicy(
        model=AnonymousReply,
        contents="Replies by the authors of asks without a name, which the bot posts.",
        purpose="Post them some minutes later, and let the author change them.",
        stays="As long as its ask; after the link, nothing in it leads to the author.",
        non_personal=("source_index", "text", "ts"),
    ),
    TablePolicy(
        model=AnonymousCount,
        contents="How many asks without a name the same person posted on a day. The"
        " person is an index that needs the key.",
        purpose="Limit their number.",
        retention="After 30 days.",
        non_personal=("blind_index",),
    ),
    TablePolicy(
        model=AnonymousBlock,
        contents="Authors whom a champion has stopped, without knowing them, and why."
        " The author is an index that needs the key.",
        purpose="Keep asks without a name decent.",
        retention="After 30 days.",
        non_personal=("blind_index", "reason"),
    ),
    TablePolicy(
        model=AnonymousReview,
        contents="How many people reported an ask without a name, each an index that"
        " needs the key.",
        purpose="Hide it until a champion has looked.",
        retention="With the end of the time in which a link to an author is kept.",
        stays="While an ask is hidden, and after a champion has cleared it.",
        non_personal=("reporters",),
    ),
    TablePolicy(
        model=SecretKey,
        contents="The names of the keys that seal authors and tokens, not the keys.",
        purpose="Notice that another key was set.",
        stays="One for each key.",
        non_personal=("name", "fingerprint", "previous_fingerprint"),
    ),
)

ERASURE_LINES = (
    "Your asks without a name stay as someone's. From then on you can't act on them.",
)

# They name only their recipients: texts with names of people are refused.
MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                ANONYMOUS_NOTICE,
                ANONYMOUS_REPLY,
                ANONYMOUS_REPORT,
                ANONYMOUS_REVIEW,
                ANONYMOUS_REVIEWED,
                ANONYMOUS_STOP_OFFER,
                ANONYMOUS_UPDATE_REPLY,
                ANONYMOUS_UPDATE_REPORT,
                ANONYMOUS_UPDATE_STOP_OFFER,
            }
        )
    ),
)
