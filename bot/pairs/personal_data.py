"""Personal data about pairs: who wants to be matched, and who was."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, select

from bot.pairs import matches
from bot.pairs.message_kinds import (
    PAIR_CANCELLED,
    PAIR_GROUP_INTRODUCTION,
    PAIR_INTRODUCTION,
    PAIR_LEFT_OUT,
    PAIR_PAUSED,
    PAIR_QUESTION,
    PAIR_REMINDER,
    PAIR_UPDATE_GROUP_INTRODUCTION,
    PAIR_UPDATE_INTRODUCTION,
)
from bot.people import opt_outs
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import PairMatch, PairMatchMember, PairOptIn, PairRound


def _leave_matches(tx: Transaction, erasure: Erasure) -> None:
    """Tell those who were to meet the member, and match them anew."""
    matches.lock(tx)
    matches.leave_open(tx, [erasure.member])


PERSONAL_DATA = (
    TablePolicy(
        model=PairRound,
        contents="Rounds of peer coffee: the day, and how many people took part.",
        purpose="Form each round once.",
        retention="A year after the round.",
        non_personal=("kind",),
    ),
    TablePolicy(
        model=PairOptIn,
        row_names=("wish to be matched", "wishes to be matched"),
        contents="People who take part in peer coffee, or did.",
        purpose="Match those who want it, and first those who waited.",
        retention=opt_outs.RETENTION,
        stays="One for each person who takes part.",
        owner_columns=("member",),
        non_personal=("kind",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=PairMatch,
        contents="Pairs of a round, and who of them was asked to write first.",
        purpose="Introduce them to each other, and take turns.",
        retention="A year after the round.",
        mentioned_columns=("first_writer",),
    ),
    TablePolicy(
        model=PairMatchMember,
        row_names=("match for a coffee", "matches for a coffee"),
        contents="The people of each pair, and what they answered: whether they can"
        " come, whether they met, whether it was a good match.",
        purpose="Ask nobody again, and match nobody again who doesn't want it.",
        retention="A year after the round.",
        owner_columns=("member",),
        non_personal=("answer", "outcome", "fit"),
        on_erasure="delete",
        before_erasure=_leave_matches,
    ),
)


def _matches_of(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    return tx.session.scalars(
        select(PairMatch.id)
        .join(PairMatchMember, PairMatchMember.match_id == PairMatch.id)
        .where(
            PairMatch.installation_id == tx.workspace.id,
            PairMatchMember.member == erasure.member,
        )
    )


def homes_about(tx: Transaction, erasure: Erasure) -> Sequence[Select[str]]:
    """Select the members of the matches that the member was in."""
    own = select(PairMatchMember.match_id).filter_by(member=erasure.member)
    return [
        select(PairMatchMember.member)
        .join(PairMatch, PairMatch.id == PairMatchMember.match_id)
        .where(
            PairMatch.installation_id == tx.workspace.id,
            PairMatchMember.match_id.in_(own),
        )
    ]


MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                PAIR_GROUP_INTRODUCTION,
                PAIR_INTRODUCTION,
                PAIR_UPDATE_GROUP_INTRODUCTION,
                PAIR_UPDATE_INTRODUCTION,
                PAIR_CANCELLED,
                PAIR_REMINDER,
                PAIR_QUESTION,
            }
        ),
        _matches_of,
    ),
    # These name no member.
    MessagePolicy(frozenset({PAIR_LEFT_OUT, PAIR_PAUSED})),
)
