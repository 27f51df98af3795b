"""What is kept of people in asks, and what is told about them."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.answers.kept import asks_involving
from bot.asks import service as asks
from bot.clock import datetime_to_micros
from bot.kept import Erasure, MessagePolicy, TablePolicy, mentions_member
from models import Ask, Channel

TITLE_PLACEHOLDER = "(The words of this ask were removed, as its author wished.)"


def _names_member(erasure: Erasure) -> ColumnElement[bool]:
    """The asks that name or quote the person, or that they did something with."""
    who = erasure.member
    return (Ask.installation_id == erasure.installation_id) & or_(
        Ask.asker == who,
        Ask.solved_by == who,
        Ask.closed_by == who,
        Ask.removed_by == who,
        *(
            mentions_member(column, who)
            for column in (Ask.title, Ask.details, Ask.worked, Ask.close_reason)
        ),
        Ask.id.in_(asks_involving(erasure)),
    )


def _end_open_asks(session: Session, erasure: Erasure) -> None:
    """Nobody can accept an answer any more: what was open is closed."""
    concerned = session.scalars(
        select(Ask)
        .where(_names_member(erasure))
        .order_by(Ask.id)
        .with_for_update(key_share=True)
    ).all()
    for ask in concerned:
        if ask.asker != erasure.member:
            continue
        # Those of the channel are nobody's words; what they wrote themselves is theirs.
        known = set(session.get_one(Channel, ask.channel_id).topics or ())
        ask.topics = [topic for topic in ask.topics if topic in known]
        if ask.deleted_at is not None:
            continue
        if ask.ts is None:
            asks.mark_deleted(session, ask, now=erasure.now)
        elif ask.state in {"open", "answered"}:
            ask.close(datetime_to_micros(erasure.now), by=erasure.member, reason=None)
            ask.state = "closed"
    session.flush()


def _ask_ids_naming(session: Session, erasure: Erasure) -> Iterable[int]:
    return session.scalars(select(Ask.id).where(_names_member(erasure)))


PERSONAL_DATA = (
    TablePolicy(
        model=Ask,
        contents="Asks: their text, topics and state; who asked, solved and closed them,"
        " and why; the line on what worked.",
        purpose="To show them, and what became of them.",
        retention="The asker is forgotten: then the words and the name go, and the rest"
        " stays as somebody's ask.",
        owner_columns=("asker",),
        mentioned_columns=("solved_by", "closed_by", "removed_by"),
        text_columns={
            "title": "asker",
            "details": "asker",
            "worked": "asker",
            "close_reason": "closed_by",
        },
        placeholders={"title": TITLE_PLACEHOLDER},
        non_personal=("ts", "state", "topics", "origin", "sign", "line_ts"),
        key_columns=("source",),
        before_erasure=_end_open_asks,
    ),
)

MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                "ask.post",
                "ask.show",
                "ask.sign",
                "ask.answered",
                "ask.captured",
                "ask.made",
                "ask.closed",
                "ask.deleted",
                "ask.not_posted",
                "ask.solved",
                "ask.same",
                "ask.offer",
                "thread.read",
            }
        ),
        _ask_ids_naming,
    ),
    MessagePolicy(frozenset({"ask.retell"})),
)
