"""Personal data about buddies: offers, wishes, questions, and the four weeks."""

from collections.abc import Sequence

from sqlalchemy import Select, delete, update

from bot.buddies import rules, service
from bot.buddies.message_kinds import (
    BUDDY_ENDED,
    BUDDY_FIRST_ASK,
    BUDDY_NONE,
    BUDDY_OFFER,
    BUDDY_PASS_ON,
    BUDDY_PAUSED,
    BUDDY_QUESTION,
    BUDDY_WEEK,
)
from bot.people import opt_outs, two_people
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import BuddyOffer, BuddyPair, BuddyQuestion, BuddyWish

_PAIR = BuddyPair.newcomer, BuddyPair.buddy
_QUESTION = BuddyQuestion.newcomer, BuddyQuestion.buddy


def _pair_ids(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    return two_people.ids_with(tx, _PAIR, erasure.member)


def _question_ids(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    return two_people.ids_with(tx, _QUESTION, erasure.member)


def _end_pairs(tx: Transaction, erasure: Erasure) -> None:
    """End the member's time with others, and tell them."""
    for pair_id in _pair_ids(tx, erasure):
        pair = service.lock(tx, pair_id, erasure.member)
        service.end_early(tx, pair, erasure.member)
    tx.session.flush()


def _close_questions(tx: Transaction, erasure: Erasure) -> None:
    """Let nobody answer a question about the member, or to them."""
    tx.session.execute(
        update(BuddyQuestion)
        .where(
            BuddyQuestion.id.in_(_question_ids(tx, erasure)),
            BuddyQuestion.ends_at > tx.now,
        )
        .values(ends_at=tx.now)
    )


ERASURE_LINES = ("Your time with a buddy ends. It stays without your name.",)

PERSONAL_DATA = (
    TablePolicy(
        model=BuddyOffer,
        row_names=("offer to be a buddy", "offers to be a buddy"),
        contents="People who would be a buddy, or no longer would.",
        purpose="Ask them about newcomers.",
        retention=opt_outs.RETENTION,
        stays="One for each person who would be a buddy.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=BuddyWish,
        row_names=("wish for a buddy", "wishes for a buddy"),
        contents="Newcomers who were asked whether a buddy would help, and since when"
        " they look for one.",
        purpose="Ask each once, and find a buddy.",
        retention="A year after the last press or question.",
        stays="One for each person who still looks for a buddy.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=BuddyQuestion,
        row_names=("question about a newcomer", "questions about newcomers"),
        contents="Who was asked to be whose buddy, and the answer.",
        purpose="Ask one person at a time, and nobody twice. The newcomer never learns"
        " of it.",
        retention=f"{rules.KEEP_QUESTIONS_FOR.days} days after the end.",
        owner_columns=("buddy",),
        mentioned_columns=("newcomer",),
        owners_alone=("asked_at", "sent_at", "ends_at", "answer", "answer_micros"),
        non_personal=("answer",),
        before_erasure=_close_questions,
    ),
    TablePolicy(
        model=BuddyPair,
        row_names=("time with a buddy", "times with buddies"),
        contents="Newcomers and their buddies, with the beginning and the end.",
        purpose="Send both an idea each week, and show leads who has a buddy.",
        retention="A year after the end.",
        owner_columns=("newcomer", "buddy"),
        before_erasure=_end_pairs,
    ),
)


def purge(tx: Transaction) -> None:
    """Delete what ended some time ago."""
    opt_outs.purge(tx, BuddyOffer)
    tx.session.execute(
        delete(BuddyQuestion).where(
            BuddyQuestion.installation_id == tx.workspace.id,
            BuddyQuestion.ends_at < tx.now - rules.KEEP_QUESTIONS_FOR,
        )
    )
    tx.session.execute(
        delete(BuddyPair).where(
            BuddyPair.installation_id == tx.workspace.id,
            BuddyPair.ends_at < tx.now - rules.KEEP_PAIRS_FOR,
        )
    )
    tx.session.execute(
        delete(BuddyWish).where(
            BuddyWish.installation_id == tx.workspace.id,
            BuddyWish.wanted_at.is_(None),
            BuddyWish.changed_at < tx.now - rules.KEEP_PAIRS_FOR,
        )
    )


def homes_about(tx: Transaction, erasure: Erasure) -> Sequence[Select[str]]:
    """Select those who share a pair or a question with the member."""
    return [
        query
        for columns in (_PAIR, _QUESTION)
        for query in two_people.others_with(tx, columns, erasure.member)
    ]


MESSAGES = (
    MessagePolicy(frozenset({BUDDY_OFFER, BUDDY_NONE, BUDDY_PAUSED})),
    MessagePolicy(frozenset({BUDDY_QUESTION}), _question_ids),
    MessagePolicy(
        frozenset({BUDDY_WEEK, BUDDY_FIRST_ASK, BUDDY_ENDED, BUDDY_PASS_ON}),
        _pair_ids,
    ),
)
