"""Personal data in asks, and messages about it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, or_, select, union

from bot.asks import service as asks
from bot.asks.message_kinds import (
    ANSWER_HELPED,
    ANSWER_HELPED_AGAIN,
    ANSWER_SOLVED,
    ASK_ANSWERED,
    ASK_CAPTURED,
    ASK_CLOSED,
    ASK_CONVERTED,
    ASK_DELETE_MESSAGE,
    ASK_DELETED,
    ASK_JOINER_SOLVED,
    ASK_MARK_REMINDER,
    ASK_NOT_POSTED,
    ASK_POST,
    ASK_SOLVED,
    ASK_SUGGEST_SOLUTION,
    ASK_SYNC_THREAD,
    ASK_UPDATE,
    ASK_UPDATE_DIRECT_MESSAGE,
    ASK_UPDATE_REACTION,
)
from bot.clock import datetime_to_micros
from bot.personal_data import Erasure, MessagePolicy, TablePolicy, mentions_member
from bot.runtime import Transaction
from models import (
    Answer,
    Ask,
    AskReference,
    Channel,
    ChannelMember,
    Reaction,
    UnmatchedMessage,
)

TITLE_PLACEHOLDER = "(Removed at the author's request)"


def _names_member(tx: Transaction, erasure: Erasure) -> ColumnElement[bool]:
    """Return the condition that an ask names the member, or that they acted on it."""
    member = erasure.member
    return (Ask.installation_id == tx.workspace.id) & or_(
        Ask.asker == member,
        Ask.solved_by == member,
        Ask.closed_by == member,
        Ask.removed_by == member,
        *(
            mentions_member(column, member)
            for column in (Ask.title, Ask.details, Ask.what_worked, Ask.close_reason)
        ),
        Ask.id.in_(asks_involving(tx, erasure)),
    )


def _end_open_asks(tx: Transaction, erasure: Erasure) -> None:
    """Lock the asks that name the member, and close their own open ones."""
    asks_naming = tx.session.scalars(
        select(Ask)
        .where(_names_member(tx, erasure))
        .order_by(Ask.id)
        .with_for_update(key_share=True)
    ).all()
    for ask in asks_naming:
        if ask.asker != erasure.member:
            continue
        # Keep only topics of the channel's list; the member typed the others.
        channel_topics = set(tx.session.get_one(Channel, ask.channel_id).topics or ())
        ask.topics = [topic for topic in ask.topics if topic in channel_topics]
        if ask.deleted_at is not None:
            continue
        if ask.ts is None:
            asks.mark_deleted(tx, ask)
        elif ask.state in {"open", "answered"}:
            ask.close(datetime_to_micros(tx.now), by=erasure.member, reason=None)
            ask.state = "closed"
    tx.session.flush()


def homes_about(tx: Transaction, erasure: Erasure) -> Sequence[Select[str]]:
    """Select the members who answered the member, or may see an open ask of theirs."""
    is_own = (
        Ask.installation_id == tx.workspace.id,
        Ask.asker == erasure.member,
    )
    open_asks = select(Ask.channel_id).where(*is_own, Ask.state == "open")
    return (
        select(Answer.author).join(Ask, Ask.id == Answer.ask_id).where(*is_own),
        select(ChannelMember.member).where(ChannelMember.channel_id.in_(open_asks)),
    )


def _ask_ids_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    return tx.session.scalars(select(Ask.id).where(_names_member(tx, erasure)))


PERSONAL_DATA = (
    TablePolicy(
        model=Ask,
        row_names=("ask", "asks"),
        contents="Asks: text, topics, state; who asked, solved and closed them, and"
        " why; the line on what worked.",
        purpose="Show them and their outcome.",
        stays="Asks are what people find again later.",
        owner_columns=("asker",),
        mentioned_columns=("solved_by", "closed_by", "removed_by"),
        text_columns={
            "title": "asker",
            "details": "asker",
            "what_worked": "asker",
            "close_reason": "closed_by",
        },
        placeholders={"title": TITLE_PLACEHOLDER},
        non_personal=(
            "ts",
            "state",
            "topics",
            "origin_url",
            "bot_reaction",
            "thread_line_ts",
        ),
        key_columns=("source",),
        before_erasure=_end_open_asks,
    ),
)

MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                ASK_POST,
                ASK_UPDATE,
                ASK_UPDATE_REACTION,
                ASK_ANSWERED,
                ASK_CAPTURED,
                ASK_CONVERTED,
                ASK_CLOSED,
                ASK_DELETE_MESSAGE,
                ASK_DELETED,
                ASK_MARK_REMINDER,
                ASK_NOT_POSTED,
                ASK_SOLVED,
                ASK_JOINER_SOLVED,
                ASK_SUGGEST_SOLUTION,
                ASK_SYNC_THREAD,
            }
        ),
        _ask_ids_naming,
    ),
    MessagePolicy(frozenset({ASK_UPDATE_DIRECT_MESSAGE})),
)


def asks_involving(tx: Transaction, erasure: Erasure) -> Select[int]:
    """Select the ids of asks that the member answered or reacted to."""
    channels = select(Channel.id).filter_by(installation_id=tx.workspace.id)
    affected_asks = union(
        select(Answer.ask_id).where(
            Answer.author == erasure.member, Answer.channel_id.in_(channels)
        ),
        select(Reaction.ask_id).where(
            Reaction.member == erasure.member,
            Reaction.channel_id.in_(channels),
            Reaction.ask_id.is_not(None),
        ),
    ).subquery()
    return select(affected_asks.c.ask_id)


def _answer_ids_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """Return the ids of answers to asks that the member is involved in.

    Messages about these answers may name them.
    """
    member = erasure.member
    return tx.session.scalars(
        select(Answer.id)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            (Ask.asker == member)
            | mentions_member(Ask.title, member)
            | Ask.id.in_(asks_involving(tx, erasure)),
        )
    )


ANSWER_PERSONAL_DATA = (
    TablePolicy(
        model=Answer,
        row_names=("answer", "answers"),
        contents="Answers: the message's id, author and time, and how many people it"
        " helped. Not its words, which `answer_texts` has once it helped.",
        purpose="Show what solved an ask, and tell people that they helped.",
        stays="As long as its ask.",
        owner_columns=("author",),
        non_personal=("ts",),
    ),
    TablePolicy(
        model=AskReference,
        contents="The earlier ask whose answer solved an ask, and who pointed to it.",
        purpose="Show what solved the ask, and credit the earlier answer.",
        stays="As long as its ask.",
        mentioned_columns=("found_by",),
        non_personal=("withdrawn_ts",),
    ),
    TablePolicy(
        model=Reaction,
        row_names=("reaction", "reactions"),
        contents="Reactions on asks and answers: person, emoji, time. In a channel"
        " that captures messages, on other messages, too.",
        purpose="Know which answers helped, and which asks are solved.",
        retention="After 7 days, if it belongs to no ask.",
        owner_columns=("member",),
        non_personal=("message_ts", "emoji", "meaning"),
    ),
    TablePolicy(
        model=UnmatchedMessage,
        contents="In a channel that captures messages: the ids of messages that belong"
        " to no ask, their authors and when they were edited. In all channels: those of"
        " deleted messages that were asks.",
        purpose="Know them if their ask arrives after them, and make no ask of a"
        " deleted message.",
        retention="After 7 days.",
        owner_columns=("author",),
        non_personal=("ts", "thread_ts"),
    ),
)


def _ask_ids_referring(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """The asks by the person that an earlier answer solved, and those of theirs."""
    return tx.session.scalars(
        select(AskReference.ask_id)
        .join(Ask, Ask.id == AskReference.ask_id)
        .outerjoin(Answer, Answer.id == AskReference.answer_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            or_(Ask.asker == erasure.member, Answer.author == erasure.member),
        )
    )


ANSWER_MESSAGES = (
    MessagePolicy(frozenset({ANSWER_HELPED_AGAIN}), _ask_ids_referring),
    MessagePolicy(frozenset({ANSWER_HELPED, ANSWER_SOLVED}), _answer_ids_naming),
)

ERASURE_LINES = (
    (
        "I remove the text and your name from your asks. The asks stay without a name,"
        " so that their answers and the totals stay right. Open ones are closed."
    ),
    "Your answers and reactions stay, without your name.",
)
