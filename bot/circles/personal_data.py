"""Personal data about circles: who signed up, what they bring, and their places."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, or_, select, update

from bot.circles import conversation, places
from bot.circles.message_kinds import (
    CIRCLE_CALENDAR,
    CIRCLE_ENDED,
    CIRCLE_FORMED,
    CIRCLE_GREETING,
    CIRCLE_INVITATION,
    CIRCLE_JOINED,
    CIRCLE_LEFT,
    CIRCLE_MERGE,
    CIRCLE_NONE,
    CIRCLE_NOT_MERGED,
    CIRCLE_PLACE,
    CIRCLE_SEASON,
    CIRCLE_THAWED,
    CIRCLE_TIME,
    CIRCLE_TOO_FEW,
    CIRCLE_UPDATE_GREETING,
    CIRCLE_VOTE,
    CIRCLE_VOTED,
    CIRCLE_WELCOME,
)
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import (
    Circle,
    CircleMember,
    CircleMerge,
    CircleMergeAnswer,
    CircleSeason,
    CircleSignup,
    CircleVote,
    CircleVoteAnswer,
    PeerPlace,
)

_KEPT_AFTER_SEASON = timedelta(days=90)
# Until then, a place or a question about a person leads to the messages that name them,
# if they are forgotten.
_PLACES_KEPT_AFTER_SEASON = timedelta(days=365)


def _end_places(tx: Transaction, erasure: Erasure) -> None:
    places.forget(tx, erasure.member, erasure.pseudonym)


PERSONAL_DATA = (
    TablePolicy(
        model=CircleSeason,
        row_names=("season or circle started", "seasons and circles started"),
        contents="Seasons of circles, and circles that members start: theme, dates,"
        " questions, and who opened it.",
        purpose="Form circles, and invite people to them.",
        stays="One for each season; leads see how many meetings it had.",
        owner_columns=("opened_by",),
        text_columns={"theme": "opened_by", "questions": "opened_by"},
        non_personal=("source", "language", "format", "holidays_of"),
    ),
    TablePolicy(
        model=CircleSignup,
        row_names=("sign-up for circles", "sign-ups for circles"),
        contents="People who signed up for circles: the question that they bring, and"
        " the times that never work.",
        purpose="Form circles. Only the circle sees the question.",
        retention="The question, and a sign-up that was taken back: 90 days after the"
        " season.",
        stays="As long as the person's place.",
        owner_columns=("member",),
        text_columns={"brings": "member"},
        non_personal=("never",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=Circle,
        contents="Circles: their times, goal and call link.",
        purpose="Bring the people together.",
        retention="The goal and the link: 90 days after the season.",
        stays="One for each circle.",
        non_personal=("goal", "call_link", "zone"),
    ),
    TablePolicy(
        model=CircleMerge,
        contents="Offers to merge two circles, and whether they did.",
        purpose="Let no circle become too small.",
        retention="A year after the season.",
    ),
    TablePolicy(
        model=CircleMergeAnswer,
        row_names=("answer about a merge", "answers about merges"),
        contents="Answers to such an offer. Nobody else sees them.",
        purpose="Let both circles decide.",
        retention="90 days after the season.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=CircleVote,
        row_names=("wish for a place in a circle", "wishes for places in circles"),
        contents="What circles decide: how to go on, a break, and whether a person who"
        " wants a free place after the start gets it.",
        purpose="Let the people in a circle decide.",
        retention="A year after the season.",
        owner_columns=("member",),
        non_personal=("kind", "result"),
    ),
    TablePolicy(
        model=CircleVoteAnswer,
        row_names=("answer in a circle's decision", "answers in circles' decisions"),
        contents="Answers to such a question. Nobody else sees them.",
        purpose="Count what the people in a circle want.",
        retention="When it is decided, or a year after the season.",
        owner_columns=("member",),
        non_personal=("answer",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=CircleMember,
        row_names=("place in a circle", "places in circles"),
        contents="Places in circles: when invited, taken, agreed, ended. Not why.",
        purpose="Know who is in a circle.",
        retention="A place that ended: a year after the season.",
        stays="The places that people kept; later seasons avoid the same circles.",
        owner_columns=("member",),
        on_erasure="delete",
        before_erasure=_end_places,
    ),
)


def purge(tx: Transaction) -> None:
    """Delete what people brought and wrote, some time after the season."""
    over = _seasons_over(tx, tx.now - _KEPT_AFTER_SEASON)
    tx.session.execute(
        delete(CircleMergeAnswer).where(
            CircleMergeAnswer.merge_id.in_(
                select(CircleMerge.id).where(CircleMerge.season_id.in_(over))
            )
        )
    )
    tx.session.execute(
        delete(CircleSignup).where(
            CircleSignup.season_id.in_(over), CircleSignup.is_signed_up.is_(False)
        )
    )
    tx.session.execute(
        update(CircleSignup)
        .where(CircleSignup.season_id.in_(over), CircleSignup.brings != "")
        .values(brings="")
    )
    tx.session.execute(
        update(Circle)
        .where(Circle.season_id.in_(over), Circle.zone != "")
        .values(goal="", call_link="")
    )
    long_over = _seasons_over(tx, tx.now - _PLACES_KEPT_AFTER_SEASON)
    _purge_ended_places(tx, long_over)
    _purge_decisions(tx, long_over)
    circles = tx.session.scalars(
        select(Circle.id).where(Circle.season_id.in_(long_over))
    )
    tx.session.execute(
        delete(PeerPlace).where(
            PeerPlace.installation_id == tx.workspace.id,
            PeerPlace.subject.in_([conversation.subject(each) for each in circles]),
        )
    )


def _seasons_over(tx: Transaction, before: datetime) -> Select[int]:
    """Select the ids of the seasons that ended before a time (UTC)."""
    return select(CircleSeason.id).where(
        CircleSeason.installation_id == tx.workspace.id,
        or_(CircleSeason.ends_on < before.date(), CircleSeason.ended_at < before),
    )


def _purge_ended_places(tx: Transaction, seasons: Select[int]) -> None:
    """Delete the places that ended, with the sign-ups of those who have no other.

    A sign-up without any place would put them first in the next season, as people who
    were left out.
    """
    is_own = (
        (CircleMember.circle_id == Circle.id)
        & (Circle.season_id == CircleSignup.season_id)
        & (CircleMember.member == CircleSignup.member)
    )
    has_place = exists().where(is_own, CircleMember.left_at.is_(None))
    tx.session.execute(
        delete(CircleSignup)
        .where(CircleSignup.season_id.in_(seasons), exists().where(is_own), ~has_place)
        .execution_options(synchronize_session=False)
    )
    tx.session.execute(
        delete(CircleMember).where(
            CircleMember.season_id.in_(seasons), CircleMember.left_at.is_not(None)
        )
    )


def _purge_decisions(tx: Transaction, seasons: Select[int]) -> None:
    """Delete what circles decided, also about merges, with the answers."""
    circles = select(Circle.id).where(Circle.season_id.in_(seasons))
    votes = select(CircleVote.id).where(CircleVote.circle_id.in_(circles))
    for statement in (
        delete(CircleVoteAnswer).where(CircleVoteAnswer.vote_id.in_(votes)),
        delete(CircleVote).where(CircleVote.circle_id.in_(circles)),
        delete(CircleMerge).where(CircleMerge.season_id.in_(seasons)),
    ):
        tx.session.execute(statement)


def _circles_with(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    """Return the ids of the circles whose messages may name the member."""
    return tx.session.scalars(
        select(CircleMember.circle_id)
        .join(Circle, Circle.id == CircleMember.circle_id)
        .where(
            Circle.installation_id == tx.workspace.id,
            CircleMember.member == erasure.member,
        )
    ).all()


def _talks_with(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    """Return the ids of the places of such circles."""
    own = [conversation.subject(circle_id) for circle_id in _circles_with(tx, erasure)]
    return tx.session.scalars(
        select(PeerPlace.id).where(
            PeerPlace.installation_id == tx.workspace.id, PeerPlace.subject.in_(own)
        )
    ).all()


def _merges_with(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    """Return the ids of the offers to circles that the member was in."""
    own = _circles_with(tx, erasure)
    return tx.session.scalars(
        select(CircleMerge.id).where(
            or_(CircleMerge.small_id.in_(own), CircleMerge.partner_id.in_(own))
        )
    ).all()


def _votes_with(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    """Return the ids of the questions about the member."""
    return tx.session.scalars(
        select(CircleVote.id)
        .join(Circle, Circle.id == CircleVote.circle_id)
        .where(
            Circle.installation_id == tx.workspace.id,
            CircleVote.member == erasure.member,
        )
    ).all()


def homes_about(tx: Transaction, erasure: Erasure) -> Sequence[Select[str]]:
    """Select the people in circles with the member."""
    own = _circles_with(tx, erasure)
    return [select(CircleMember.member).where(CircleMember.circle_id.in_(own))]


MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                CIRCLE_PLACE,
                CIRCLE_INVITATION,
                CIRCLE_ENDED,
                CIRCLE_WELCOME,
                CIRCLE_JOINED,
                CIRCLE_LEFT,
                CIRCLE_CALENDAR,
                CIRCLE_TIME,
            }
        ),
        _circles_with,
    ),
    MessagePolicy(frozenset({CIRCLE_GREETING, CIRCLE_UPDATE_GREETING}), _talks_with),
    MessagePolicy(frozenset({CIRCLE_MERGE}), _merges_with),
    MessagePolicy(frozenset({CIRCLE_VOTE}), _votes_with),
    # These name no member.
    MessagePolicy(
        frozenset(
            {
                CIRCLE_SEASON,
                CIRCLE_FORMED,
                CIRCLE_NONE,
                CIRCLE_NOT_MERGED,
                CIRCLE_TOO_FEW,
                CIRCLE_VOTED,
                CIRCLE_THAWED,
            }
        )
    ),
)
