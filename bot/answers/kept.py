"""What is kept of people in answers and marks, and what is told about them."""

from collections.abc import Iterable

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from bot.kept import Erasure, MessagePolicy, TablePolicy, mentions_member
from models import Answer, Ask, Channel, Reaction, UnmatchedMessage


def asks_involving(erasure: Erasure) -> Select[int]:
    """The asks that the person answered, or reacted to."""
    channels = select(Channel.id).filter_by(installation_id=erasure.installation_id)
    touched = union(
        select(Answer.ask_id).where(
            Answer.author == erasure.member, Answer.channel_id.in_(channels)
        ),
        select(Reaction.ask_id).where(
            Reaction.member == erasure.member,
            Reaction.channel_id.in_(channels),
            Reaction.ask_id.is_not(None),
        ),
    ).subquery()
    return select(touched.c.ask_id)


def _answer_ids_naming(session: Session, erasure: Erasure) -> Iterable[int]:
    """The answers in whose asks the person has a part: letters name those, too."""
    who = erasure.member
    return session.scalars(
        select(Answer.id)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.installation_id == erasure.installation_id,
            (Ask.asker == who)
            | mentions_member(Ask.title, who)
            | Ask.id.in_(asks_involving(erasure)),
        )
    )


ANSWER_PERSONAL_DATA = (
    TablePolicy(
        model=Answer,
        contents="Answers: which message it is, by whom and when; how many it helped. Not"
        " its text.",
        purpose="To show what solved an ask, and to tell people that they helped.",
        retention="The author is forgotten: then it stays as somebody's answer.",
        owner_columns=("author",),
        non_personal=("ts",),
    ),
    TablePolicy(
        model=Reaction,
        contents="Reactions on asks and answers: who, which emoji, when. In a channel that"
        " captures messages, on others, too.",
        purpose="They say what helped and what solved an ask.",
        retention="The person is forgotten: then it stays as somebody's. Those that"
        " belong to no ask go after 7 days.",
        owner_columns=("member",),
        non_personal=("message_ts", "emoji", "meaning"),
    ),
    TablePolicy(
        model=UnmatchedMessage,
        contents="In a channel that captures messages, the ids of those that belong to no"
        " ask: which message, by whom.",
        purpose="Its ask may still be on its way.",
        retention="7 days have passed.",
        owner_columns=("author",),
        non_personal=("ts", "thread_ts"),
    ),
)

ANSWER_MESSAGES = (
    MessagePolicy(frozenset({"answer.helped", "answer.solved"}), _answer_ids_naming),
)
