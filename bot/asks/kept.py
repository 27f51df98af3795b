"""What is kept of people in asks, and what is told about them."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.answers.kept import asks_touched
from bot.asks import service as asks
from bot.clock import micros_of
from bot.kept import Kept, Leaving, Told, mentions
from models import Ask, Channel

WORDS_GONE = "(The words of this ask were removed, as its author wished.)"


def _about(leaving: Leaving) -> ColumnElement[bool]:
    """The asks that name or quote the person, or that they did something with."""
    who = leaving.member
    return (Ask.installation_id == leaving.installation_id) & or_(
        Ask.asker == who,
        Ask.solved_by == who,
        Ask.closed_by == who,
        Ask.removed_by == who,
        *(
            mentions(column, who)
            for column in (Ask.title, Ask.details, Ask.worked, Ask.close_reason)
        ),
        Ask.id.in_(asks_touched(leaving)),
    )


def _before(session: Session, leaving: Leaving) -> None:
    """Nobody can accept an answer any more: what was open is closed."""
    concerned = session.scalars(
        select(Ask)
        .where(_about(leaving))
        .order_by(Ask.id)
        .with_for_update(key_share=True)
    ).all()
    for ask in concerned:
        if ask.asker != leaving.member:
            continue
        # Those of the channel are nobody's words; what they wrote themselves is theirs.
        known = set(session.get_one(Channel, ask.channel_id).topics or ())
        ask.topics = [topic for topic in ask.topics if topic in known]
        if ask.deleted_at is not None:
            continue
        if ask.ts is None:
            asks.remove(session, ask, now=leaving.now)
        elif ask.state in {"open", "answered"}:
            ask.close(micros_of(leaving.now), by=leaving.member, reason=None)
            ask.state = "closed"
    session.flush()


def _subjects(session: Session, leaving: Leaving) -> Iterable[int]:
    return session.scalars(select(Ask.id).where(_about(leaving)))


KEPT = (
    Kept(
        model=Ask,
        what="Asks: their text, topics and state; who asked, solved and closed them,"
        " and why; the line on what worked.",
        why="To show them, and what became of them.",
        until="The asker is forgotten: then the words and the name go, and the rest"
        " stays as somebody's ask.",
        owners=("asker",),
        others=("solved_by", "closed_by", "removed_by"),
        words={
            "title": "asker",
            "details": "asker",
            "worked": "asker",
            "close_reason": "closed_by",
        },
        instead={"title": WORDS_GONE},
        neutral=("ts", "state", "topics", "origin", "sign", "line_ts"),
        keys=("source",),
        before=_before,
    ),
)

TOLD = (
    Told(
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
        _subjects,
    ),
    Told(frozenset({"ask.retell"})),
)
