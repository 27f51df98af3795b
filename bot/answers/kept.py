"""What is kept of people in answers and marks, and what is told about them."""

from collections.abc import Iterable

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from bot.kept import Kept, Leaving, Told, mentions
from models import Answer, Ask, Channel, Reaction, Sighting


def asks_touched(leaving: Leaving) -> Select[int]:
    """The asks that the person answered, or reacted to."""
    channels = select(Channel.id).filter_by(installation_id=leaving.installation_id)
    touched = union(
        select(Answer.ask_id).where(
            Answer.author == leaving.member, Answer.channel_id.in_(channels)
        ),
        select(Reaction.ask_id).where(
            Reaction.member == leaving.member,
            Reaction.channel_id.in_(channels),
            Reaction.ask_id.is_not(None),
        ),
    ).subquery()
    return select(touched.c.ask_id)


def _subjects(session: Session, leaving: Leaving) -> Iterable[int]:
    """The answers in whose asks the person has a part: letters name those, too."""
    who = leaving.member
    return session.scalars(
        select(Answer.id)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.installation_id == leaving.installation_id,
            (Ask.asker == who)
            | mentions(Ask.title, who)
            | Ask.id.in_(asks_touched(leaving)),
        )
    )


KEPT = (
    Kept(
        model=Answer,
        what="Answers: which message it is, by whom and when; how many it helped. Not"
        " its text.",
        why="To show what solved an ask, and to tell people that they helped.",
        until="The author is forgotten: then it stays as somebody's answer.",
        owners=("author",),
        neutral=("ts",),
    ),
    Kept(
        model=Reaction,
        what="Reactions on asks and answers: who, which emoji, when. In a channel that"
        " captures messages, on others, too.",
        why="They say what helped and what solved an ask.",
        until="The person is forgotten: then it stays as somebody's. Those that"
        " belong to no ask go after 7 days.",
        owners=("member",),
        neutral=("message_ts", "emoji", "meaning"),
    ),
    Kept(
        model=Sighting,
        what="In a channel that captures messages, the ids of those that belong to no"
        " ask: which message, by whom.",
        why="Its ask may still be on its way.",
        until="7 days have passed.",
        owners=("author",),
        neutral=("ts", "thread_ts"),
    ),
)

TOLD = (Told(frozenset({"answer.helped", "answer.solved"}), _subjects),)
