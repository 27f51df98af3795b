"""The words of answers that helped: requested, stored, and deleted again.

`answer_texts` has a row exactly while an answer has a mark by someone other than its
author, it and its ask are there, and its author agrees and can be told. A mark inserts
the row without words; the clock has them read from Slack; edits follow by events.
Nobody can find them before the author was told.
docs/decisions/0017-words-of-answers-that-helped.md says what happens when a step fails.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    delete,
    func,
    select,
    update,
)

from bot.db.statement_time import Time
from bot.db.statements import InstallationId, set_columns, table
from bot.knowledge import rules
from bot.knowledge.answer_text_statements import (
    DELETE,
    REQUEST,
    REQUEST_ALL_OF,
    may_be_kept,
)
from bot.knowledge.message_kinds import KNOWLEDGE_FETCH_ANSWER, KNOWLEDGE_NOTICE
from bot.messages import authors
from bot.messages.edits import edited_at_micros
from bot.messages.events import EditedMessage
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.runtime import Transaction
from bot.workspace import member_settings, members
from models import (
    Answer,
    AnswerText,
    AnswerTextNotice,
    Ask,
    Channel,
    Member,
    MemberSettingsRow,
)

# Slack refuses for reasons that pass: the bot was removed, or its token is replaced.
RETRY_AFTER = timedelta(days=1)
RETRIES_END_AFTER = timedelta(days=7)
BATCH_SIZE = 100

_answers, _asks, _texts = table(Answer), table(Ask), table(AnswerText)
_members, _settings = table(Member), table(MemberSettingsRow)


def on_answers_marked(tx: Transaction, answer_ids: Collection[int]) -> None:
    """Request the words of answers with their first mark; of others nothing changes."""
    tx.session.execute(
        REQUEST(tx.session), {"answer_ids": list(answer_ids), "now": tx.now}
    )


def on_answers_unmarked(tx: Transaction, answer_ids: Collection[int]) -> None:
    tx.session.execute(DELETE, {"answer_ids": list(answer_ids)})


def on_member_loaded(tx: Transaction, member: Member) -> None:
    """Delete the words of an author who turned out to be a bot or external."""
    if member.is_bot or member.is_external:
        _delete_all_of(tx, member.slack_id)


def on_bot_joined(tx: Transaction, channel: Channel) -> None:
    """Request what Slack refused while the bot was not in the channel."""
    in_channel = select(Answer.id).where(Answer.channel_id == channel.id)
    tx.session.execute(
        update(_texts)
        .where(_texts.c.text.is_(None), _texts.c.answer_id.in_(in_channel))
        .values(next_fetch_at=tx.now, requested_at=tx.now)
    )


def due(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of the answers whose words are to be read now."""
    return select(AnswerText.answer_id).where(
        AnswerText.installation_id == installation_id, AnswerText.next_fetch_at <= now
    )


def enqueue_due(tx: Transaction) -> None:
    """Enqueue the reading of the words that are due, some at a time.

    Rows whose author has said no, or has gone, while they were inserted are deleted.
    """
    due = tx.session.execute(
        select(AnswerText.answer_id, Channel.slack_id)
        .join(Answer, Answer.id == AnswerText.answer_id)
        .join(Channel, Channel.id == Answer.channel_id)
        .where(
            AnswerText.installation_id == tx.workspace.id,
            AnswerText.next_fetch_at <= tx.now,
        )
        .order_by(AnswerText.next_fetch_at, AnswerText.answer_id)
        .limit(BATCH_SIZE)
        .with_for_update(of=AnswerText)
    ).all()
    due_ids = [answer_id for answer_id, _ in due]
    wanted = set(
        tx.session.scalars(
            select(_answers.c.id)
            .join(_asks, _asks.c.id == _answers.c.ask_id)
            .where(_answers.c.id.in_(due_ids), may_be_kept())
        )
    )
    on_answers_unmarked(tx, [each for each in due_ids if each not in wanted])
    tx.session.execute(
        update(_texts).where(_texts.c.answer_id.in_(wanted)).values(next_fetch_at=None)
    )
    tx.enqueue_updates(
        KNOWLEDGE_FETCH_ANSWER,
        [(answer_id, channel) for answer_id, channel in due if answer_id in wanted],
    )


def postpone_fetch(tx: Transaction, answer_id: int) -> None:
    """Slack refuses the words: ask again in a day, for some days."""
    row = tx.session.get(AnswerText, answer_id)
    if row is not None and row.text is None:
        is_over = tx.now >= row.requested_at + RETRIES_END_AFTER
        row.next_fetch_at = None if is_over else tx.now + RETRY_AFTER


def store_fetched(
    tx: Transaction, answer_id: int, message: Mapping[str, Any] | None
) -> None:
    """Store the words that Slack shows, unless an edit has brought later ones.

    `message` is None if Slack shows none: there is nothing to ask for again. A row that
    is due was inserted since then, by another first mark: its words are read again.
    """
    row = _lock(tx, answer_id)
    if row is None or row.next_fetch_at is not None:
        return
    if (
        message is None
        or not authors.is_by_human(message, tx.workspace)
        or message["user"] != row.author
    ):
        return
    edited_at = edited_at_micros(message)
    if row.text is None or edited_at > row.edited_at_micros:
        _store(tx, row, str(message.get("text") or ""), edited_at)


def apply_edit(answer_id: int, edited: EditedMessage, tx: Transaction) -> None:
    """Follow the edit of an answer whose words are kept; the latest event wins."""
    row = _lock(tx, answer_id)
    if row is not None and edited.event_micros > row.edited_at_micros:
        # The event of a later edit may have come before the row.
        fetch_at = row.next_fetch_at
        _store(tx, row, edited.text, edited.event_micros)
        row.next_fetch_at = fetch_at


def store_imported(tx: Transaction, texts: Mapping[int, tuple[str, int]]) -> None:
    """Store the words of answers as an export has them, where there are none yet.

    With the words comes Slack's time of their last edit, in microseconds; 0 if none.
    There can be hundreds of authors: they are told within some hours.
    """
    answer_ids, missing = sorted(texts), list[int]()
    for start in range(0, len(answer_ids), BATCH_SIZE):
        missing += tx.session.scalars(
            select(AnswerText.answer_id)
            .where(
                AnswerText.answer_id.in_(answer_ids[start : start + BATCH_SIZE]),
                AnswerText.text.is_(None),
            )
            .order_by(AnswerText.answer_id)
        )
    for answer_id in missing:
        row = _lock(tx, answer_id)
        if row is not None and row.text is None:
            _store(tx, row, *texts[answer_id], delay=rules.spread(row.author))


def _lock(tx: Transaction, answer_id: int) -> AnswerText | None:
    """Lock the author, then the row; None if there is no row, or the author says no.

    The author's lock keeps the words from being stored while they are told, or say no.
    """
    row = tx.session.get(AnswerText, answer_id)
    if row is None:
        return None
    lock_author(tx, row.author)
    row = tx.session.get(
        AnswerText, answer_id, with_for_update=True, populate_existing=True
    )
    if row is not None and not member_settings.get(tx, row.author).keeps_answer_texts:
        tx.session.delete(row)
        return None
    return row


def lock_author(tx: Transaction, author: str) -> None:
    members.ensure(tx, [author])
    tx.session.execute(
        select(Member.id)
        .filter_by(installation_id=tx.workspace.id, slack_id=author)
        .with_for_update(key_share=True)
    )


def _store(
    tx: Transaction,
    row: AnswerText,
    words: str,
    edited_at_micros: int,
    *,
    delay: timedelta = NOTIFICATION_DELAY,
) -> None:
    row.text = rules.kept_text(words)
    row.edited_at_micros = edited_at_micros
    row.next_fetch_at = None
    was_notified = was_told(tx, row.author)
    row.is_findable = bool(row.text) and was_notified
    if row.text and not was_notified:
        # After what people wait for; and one notice waits, however many answers do.
        tx.enqueue_updates(KNOWLEDGE_NOTICE, [(0, row.author)], send_at=tx.now + delay)


def was_told(tx: Transaction, author: str) -> bool:
    key = (tx.workspace.id, author)
    return tx.session.get(AnswerTextNotice, key) is not None


def waiting_for_notice(tx: Transaction, author: str) -> Sequence[AnswerText]:
    """Return the texts that become findable once their author is told."""
    return tx.session.scalars(
        select(AnswerText)
        .where(*_all_of(tx, author), AnswerText.text != "")
        .order_by(AnswerText.requested_at, AnswerText.answer_id)
    ).all()


def record_notice(tx: Transaction, author: str) -> None:
    """The author was told: the words are findable, and earlier answers' are read."""
    lock_author(tx, author)
    member = members.find(tx, author)
    if member is not None and member.erased_at is not None:
        # Forgotten while the notice was sent.
        return
    key = {"installation_id": tx.workspace.id, "member": author}
    set_columns(tx.session, AnswerTextNotice, key, sent_at=tx.now)
    tx.session.execute(
        update(_texts)
        .where(*_all_of(tx, author), func.coalesce(_texts.c.text, "") != "")
        .values(is_findable=True)
    )
    _request_all_of(tx, author)


def withdraw_words(tx: Transaction, author: str) -> None:
    """The author can't be told: keep no words. Their next answer that helps tries.

    Without rows, no edit brings the words back, and nothing reads them again.
    """
    lock_author(tx, author)
    _delete_all_of(tx, author)


def set_kept(tx: Transaction, author: str, *, is_kept: bool) -> None:
    """Record the author's choice, and delete or request all of their words."""
    lock_author(tx, author)
    if member_settings.get(tx, author).keeps_answer_texts == is_kept:
        return
    member_settings.update(tx, author, keeps_answer_texts=is_kept)
    if is_kept:
        # They have just said so themselves, and need not be told.
        record_notice(tx, author)
    else:
        _delete_all_of(tx, author)


def _request_all_of(tx: Transaction, author: str) -> None:
    """Request the words of a member's answers that others marked."""
    tx.session.execute(
        REQUEST_ALL_OF(tx.session),
        {"of_installation": tx.workspace.id, "of_author": author, "now": tx.now},
    )
    tx.session.execute(
        update(_texts)
        .where(*_all_of(tx, author), _texts.c.text.is_(None))
        .values(next_fetch_at=tx.now, requested_at=tx.now)
    )


def _delete_all_of(tx: Transaction, author: str) -> None:
    tx.session.execute(delete(_texts).where(*_all_of(tx, author)))


def _all_of(tx: Transaction, author: str) -> Sequence[ColumnElement[bool]]:
    return (_texts.c.installation_id == tx.workspace.id, _texts.c.author == author)
