"""Draw what the outbox has promised about asks and answers, from what is true now."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import timezones
from bot.asks import ask_message, blocks, notes, outcomes, rules
from bot.asks.blocks import AskView
from bot.asks.message_kinds import (
    ANSWER_HELPED,
    ANSWER_SOLVED,
    ASK_ANSWERED,
    ASK_CAPTURED,
    ASK_CLOSED,
    ASK_CONVERTED,
    ASK_DELETED,
    ASK_JOINER_SOLVED,
    ASK_NOT_POSTED,
    ASK_POST,
    ASK_SOLVED,
    ASK_SUGGEST_SOLUTION,
    ASK_SYNC_THREAD,
    ASK_UPDATE,
    ASK_UPDATE_DIRECT_MESSAGE,
    ASK_UPDATE_REACTION,
)
from bot.asks.outcome_rules import Outcome
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import (
    DeleteMessage,
    FetchReplies,
    PostEphemeral,
    PostMessage,
    SetReaction,
    SlackAction,
    UpdateMessage,
)
from bot.slack.blocks import Note
from bot.slack.text import is_erased, permalink
from bot.workspace import channels, members
from models import Answer, Ask, Channel, OutboxItem


def render_post(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    if ask.deleted_at:
        return None
    text, drawn = _ask_message(tx, ask, channel)
    thread_ts = ask.ts if ask.is_own_message else None
    return PostMessage(channel.slack_id, text, drawn, thread_ts)


def render_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    ts = ask.line_ts if ask.is_own_message else ask.ts
    if ts is None:
        return None
    if ask.deleted_at and not ask.removed_by:
        return DeleteMessage(channel.slack_id, ts)
    if ask.deleted_at:
        return UpdateMessage(channel.slack_id, ts, *blocks.disclaimed_line(ask.id))
    return UpdateMessage(channel.slack_id, ts, *_ask_message(tx, ask, channel))


def render_bot_reaction(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    if ask.ts is None:
        return None
    wanted = rules.bot_reaction(
        ask.state,
        is_captured=ask.is_captured,
        capture_indicator=channel.captured_sign,
    )
    # After a failure nobody knows for sure what stands.
    if delivery.failures or delivery.is_unconfirmed:
        others = [name for name in rules.BOT_REACTIONS if name != wanted]
    elif wanted == ask.sign:
        return None
    else:
        others = [ask.sign] if ask.sign else []
    return SetReaction(channel.slack_id, ask.ts, wanted, others)


def fetch_thread(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    if ask.ts is None or ask.deleted_at or is_erased(ask.asker):
        return None
    return FetchReplies(channel.slack_id, ask.ts)


def render_answered(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    note = _answered_note(tx, ask, channel)
    return None if note is None or ask.deleted_at else _direct_message(delivery, note)


def _answered_note(tx: Transaction, ask: Ask, channel: Channel) -> Note | None:
    first = tx.session.scalar(
        select(Answer)
        .filter_by(ask_id=ask.id, is_deleted=False)
        .order_by(Answer.ts)
        .limit(1)
    )
    if first is None:
        return None
    author = members.name(tx, first.author)
    return notes.answered(
        members.text_with_names(tx, ask.title),
        _url(tx, channel, first.ts, ask),
        author,
    )


def render_captured(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    if ask.ts is None or ask.deleted_at:
        return None
    url = _url(tx, channel, ask.ts)
    return _direct_message(
        delivery,
        notes.captured(
            ask.id,
            members.text_with_names(tx, ask.title),
            url,
            _solved_emoji(channel),
        ),
    )


def render_converted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    if ask.ts is None or ask.deleted_at:
        return None
    by = members.name(tx, _actor_id(delivery))
    url = _url(tx, channel, ask.ts)
    note = notes.converted(
        members.text_with_names(tx, ask.title),
        url,
        by,
        _solved_emoji(channel),
        is_first=ask.is_first,
    )
    return _direct_message(delivery, note)


def render_closed(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    if not ask.is_closed or ask.deleted_at:
        return None
    note = _closed_note(tx, ask, channel)
    return None if note is None else _direct_message(delivery, note)


def _closed_note(tx: Transaction, ask: Ask, channel: Channel) -> Note | None:
    if ask.ts is None or ask.closed_by in {None, ask.asker}:
        return None
    by = members.name(tx, ask.closed_by or "")
    return notes.closed(
        ask.id,
        members.text_with_names(tx, ask.title),
        _url(tx, channel, ask.ts),
        by,
        ask.close_reason or "",
        state=ask.state,
    )


def render_deleted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, _ = _load_ask(tx.session, delivery.subject_id)
    if ask.deleted_at is None:
        return None
    by = members.name(tx, _actor_id(delivery))
    note = notes.deleted(
        ask.id,
        members.text_with_names(tx, ask.title),
        by,
        is_own_message=ask.is_own_message,
    )
    return _direct_message(delivery, note)


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    return _not_posted_message(tx, delivery, ask, f"#{channel.name}")


def render_not_posted_to_non_member(
    tx: Transaction, delivery: Delivery
) -> SlackAction | None:
    """Their own words go back to whoever has left the private channel, too."""
    ask, _ = _load_ask(tx.session, delivery.subject_id)
    return _not_posted_message(tx, delivery, ask, "a private channel")


def render_solved(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """The letter on the first answer says so, too; else there is one of its own."""
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    note = _solved_note(tx, ask, channel)
    sent = tx.session.execute(
        select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
            installation_id=ask.installation_id,
            key=f"ask.answered:{ask.id}:{delivery.recipient}",
            state="sent",
        )
    ).first()
    if note is None or (sent is None and not note[1][1:]):
        # It is known already, and there is nothing to ask.
        return None
    if sent is not None and sent.slack_channel and sent.ts:
        return UpdateMessage(sent.slack_channel, sent.ts, *note)
    return _direct_message(delivery, note)


def render_update_direct_message(
    tx: Transaction, delivery: Delivery
) -> SlackAction | None:
    """Let a letter to the asker say what is true now."""
    item = tx.session.get(OutboxItem, delivery.subject_id)
    if item is None or not (item.slack_channel and item.ts):
        return None
    ask, channel = _load_ask(tx.session, item.subject_id)
    if ask.ts is None or ask.deleted_at or item.recipient != ask.asker:
        return None
    if item.kind == ASK_CLOSED:
        note = _closed_note(tx, ask, channel)
    else:
        note = _solved_note(tx, ask, channel)
        note = note or _answered_note(tx, ask, channel)
        url = _url(tx, channel, ask.ts)
        note = note or notes.reopened(members.text_with_names(tx, ask.title), url)
    return UpdateMessage(item.slack_channel, item.ts, *note) if note else None


def _solved_note(tx: Transaction, ask: Ask, channel: Channel) -> Note | None:
    if ask.ts is None or ask.state != "solved" or not ask.solved_by:
        return None
    others = ask.solved_by != ask.asker
    by = members.name(tx, ask.solved_by) if others else None
    solutions = _solution_links(tx, ask, channel, outcomes.outcome_of(tx.session, ask))
    return notes.solved(
        ask.id,
        members.text_with_names(tx, ask.title),
        _url(tx, channel, ask.ts),
        by=by,
        solutions=solutions,
        candidates=[] if solutions else _answer_choices(tx, ask),
        has_what_worked=bool(ask.worked),
    )


def _answer_choices(tx: Transaction, ask: Ask) -> list[tuple[int, str]]:
    """The answers to choose from; where they are too many, each answerer's last."""
    answers = _load_answers(tx.session, ask)
    if len(answers) > notes.MAX_OPTIONS:
        answers = list({answer.author: answer for answer in answers}.values())
    authors = [answer.author for answer in answers]
    called = members.names(tx, authors)
    zone = members.zone(tx, ask.asker)
    return [
        (a.id, f"{called[a.author]}, {timezones.format_time(a.answered_at, zone)}")
        for a in answers
    ]


def render_joiner_solved(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    result = outcomes.outcome_of(tx.session, ask)
    still = ask.state == "solved" and delivery.recipient in result.same
    if ask.ts is None or not still:
        return None
    solutions = _solution_links(tx, ask, channel, result)
    first = solutions[0] if solutions else None
    url = _url(tx, channel, ask.ts)
    return _direct_message(
        delivery,
        notes.solved_for_joiner(members.text_with_names(tx, ask.title), url, first),
    )


def render_suggest_solution(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = _load_ask(tx.session, delivery.subject_id)
    latest = {a.author: a for a in _load_answers(tx.session, ask)}
    if ask.state != "answered" or not latest:
        return None
    helped = outcomes.outcome_of(tx.session, ask).helped_members
    called = members.names(tx, list(latest))
    text, drawn = notes.solution_suggestion(
        ask.id,
        [
            (answer.id, called[author], ask.asker in helped.get(answer.id, ()))
            for author, answer in latest.items()
        ],
    )
    return PostEphemeral(channel.slack_id, ask.asker, text, drawn, thread_ts=ask.ts)


def render_answer_helped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    answer, ask, channel = _load_answer(tx, delivery)
    if answer.is_deleted or ask.deleted_at or answer.is_solution:
        return None
    helped = outcomes.outcome_of(tx.session, ask).helped_members.get(answer.id)
    if not helped:
        return None
    asker, *others = _names(tx, [ask.asker, *sorted(helped)])
    note = notes.answer_helped(
        members.text_with_names(tx, ask.title),
        _url(tx, channel, answer.ts, ask),
        asker,
        others,
    )
    return _direct_message(delivery, note)


def render_answer_solved(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    answer, ask, channel = _load_answer(tx, delivery)
    if answer.is_deleted or ask.deleted_at or not answer.is_solution:
        return None
    helped = outcomes.outcome_of(tx.session, ask).helped_members.get(
        answer.id, frozenset()
    )
    asker, *others = _names(tx, [ask.asker, *sorted(helped - {ask.asker})])
    note = notes.answer_solved(
        members.text_with_names(tx, ask.title),
        _url(tx, channel, answer.ts, ask),
        asker,
        others,
    )
    return _direct_message(delivery, note)


def _load_ask(session: Session, ask_id: int) -> tuple[Ask, Channel]:
    ask = session.get_one(Ask, ask_id)
    return ask, session.get_one(Channel, ask.channel_id)


def _load_answer(tx: Transaction, delivery: Delivery) -> tuple[Answer, Ask, Channel]:
    answer = tx.session.get_one(Answer, delivery.subject_id)
    return answer, *_load_ask(tx.session, answer.ask_id)


def _load_answers(session: Session, ask: Ask) -> Sequence[Answer]:
    return session.scalars(
        select(Answer).filter_by(ask_id=ask.id, is_deleted=False).order_by(Answer.ts)
    ).all()


def _url(tx: Transaction, channel: Channel, ts: str, ask: Ask | None = None) -> str:
    thread_ts = ask.ts if ask else None
    return permalink(tx.workspace.team_url, channel.slack_id, ts, thread_ts)


def _names(tx: Transaction, slack_ids: Sequence[str]) -> list[str]:
    called = members.names(tx, slack_ids)
    return [called[slack_id] for slack_id in slack_ids]


def _solution_links(
    tx: Transaction, ask: Ask, channel: Channel, outcome: Outcome
) -> list[tuple[str, str]]:
    solving = _solution_answers(tx.session, ask, outcome)
    called = _names(tx, [answer.author for answer in solving])
    urls = [_url(tx, channel, answer.ts, ask) for answer in solving]
    return list(zip(called, urls, strict=True))


def _solution_answers(session: Session, ask: Ask, outcome: Outcome) -> Sequence[Answer]:
    if not outcome.solutions:
        return []
    return [a for a in _load_answers(session, ask) if a.id in outcome.solutions]


def _ask_message(tx: Transaction, ask: Ask, channel: Channel) -> Note:
    """The bot's own message about an ask, or its line below somebody else's."""
    shown = _ask_view(tx, ask, channel)
    if ask.is_own_message:
        return blocks.thread_line_text(shown), blocks.thread_line(shown)
    return blocks.message_text(shown), blocks.message(shown)


def _ask_view(tx: Transaction, ask: Ask, channel: Channel) -> AskView:
    result = outcomes.outcome_of(tx.session, ask)
    solving = _solution_answers(tx.session, ask, result)
    closer = ask.closed_by if ask.closed_by != ask.asker else None
    together = {ask.asker, *result.looking, *(a.author for a in solving)}
    called = members.names(tx, together | ({closer} if closer else set()))
    return AskView(
        id=ask.id,
        title=members.text_with_names(tx, ask.title),
        details=members.text_with_names(tx, ask.details),
        asker=called[ask.asker],
        topics=ask.topics,
        state=result.state,
        solutions=[
            (called[answer.author], _url(tx, channel, answer.ts, ask))
            for answer in solving
        ],
        what_worked=ask.worked,
        looking=[called[person] for person in result.looking],
        same_count=len(result.same),
        closed_by=called[closer] if closer else None,
        close_reason=ask.close_reason,
        is_first_ask=ask.is_first,
        origin_url=ask.origin,
        solved_emoji=_solved_emoji(channel),
        is_captured=ask.is_captured,
    )


def _ask_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Ask, delivery.subject_id).channel_id]


def _direct_message_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    item = tx.session.get(OutboxItem, delivery.subject_id)
    ask = tx.session.get(Ask, item.subject_id) if item else None
    return [ask.channel_id] if ask else []


def _answer_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Answer, delivery.subject_id).channel_id]


def _not_posted_message(
    tx: Transaction, delivery: Delivery, ask: Ask, channel_label: str
) -> PostMessage:
    return _direct_message(
        delivery,
        notes.not_posted(
            members.text_with_names(tx, ask.title),
            members.text_with_names(tx, ask.details),
            channel_label,
            delivery.payload["error"],
        ),
    )


def _solved_emoji(channel: Channel) -> str:
    return channels.solved_emoji(channel)[0]


def _actor_id(delivery: Delivery) -> str:
    """Who did it; nobody we could name once the details are not kept any more."""
    return str(delivery.payload.get("by", ""))


def _direct_message(delivery: Delivery, note: Note) -> PostMessage:
    text, drawn = note
    return PostMessage(delivery.recipient, text, drawn)


MESSAGE_TYPES = (
    MessageType(
        ASK_POST,
        render_post,
        "look",
        on_sent=ask_message.on_posted,
        on_rejected=ask_message.on_rejected,
        on_lost=ask_message.on_lost,
        lock=ask_message.lock,
    ),
    MessageType(
        ASK_UPDATE,
        render_update,
        "repeat",
        on_rejected=ask_message.on_update_rejected,
        lock=ask_message.lock,
    ),
    MessageType(
        ASK_UPDATE_REACTION,
        render_bot_reaction,
        "repeat",
        on_sent=ask_message.on_reaction_updated,
        lock=ask_message.lock,
    ),
    MessageType(
        ASK_SYNC_THREAD,
        fetch_thread,
        "repeat",
        on_sent=ask_message.on_thread_fetched,
        lock=ask_message.lock,
    ),
    MessageType(ASK_ANSWERED, render_answered, quoted_channels=_ask_channels),
    MessageType(ASK_CAPTURED, render_captured, quoted_channels=_ask_channels),
    MessageType(ASK_CONVERTED, render_converted, quoted_channels=_ask_channels),
    MessageType(ASK_CLOSED, render_closed, quoted_channels=_ask_channels),
    MessageType(ASK_DELETED, render_deleted, quoted_channels=_ask_channels),
    MessageType(
        ASK_NOT_POSTED,
        render_not_posted,
        quoted_channels=_ask_channels,
        render_without_access=render_not_posted_to_non_member,
    ),
    MessageType(ASK_SOLVED, render_solved, quoted_channels=_ask_channels),
    MessageType(
        ASK_UPDATE_DIRECT_MESSAGE,
        render_update_direct_message,
        "repeat",
        quoted_channels=_direct_message_channels,
    ),
    MessageType(ASK_JOINER_SOLVED, render_joiner_solved, quoted_channels=_ask_channels),
    MessageType(ASK_SUGGEST_SOLUTION, render_suggest_solution, "leave"),
    MessageType(ANSWER_HELPED, render_answer_helped, quoted_channels=_answer_channels),
    MessageType(ANSWER_SOLVED, render_answer_solved, quoted_channels=_answer_channels),
)
