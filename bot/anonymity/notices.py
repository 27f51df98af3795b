"""The daily note to an author that something waits for them, without a trace.

It counts the answers until one fixed time of the day, so that its time says nothing
about when an answer came. The outbox holds its recipient sealed, and only until it is
sent.
"""

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Select, delete, func, select

from bot import timezones
from bot.anonymity import authors, drafts, notes, progress, rules
from bot.anonymity.keyring import keys_of
from bot.anonymity.message_kinds import ANONYMOUS_NOTICE
from bot.db.sealing import WrongKey
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, condition_of
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import DENIED_ROLES
from bot.runtime import Transaction
from bot.slack.actions import PostUntraced
from bot.workspace import contact_hours, member_settings, members, roles
from bot.workspace.contact_hours import next_contact_time
from models import (
    AnonymousDraft,
    AnonymousLink,
    Answer,
    Ask,
    OutboxChannel,
    OutboxItem,
)

# The recipient of a sealed note in the outbox starts with this.
_SEALED = "sealed-"


def authors_with_news(tx: Transaction) -> set[str]:
    """Return the authors with answers or refusals that they may not have seen."""
    keys = keys_of(tx)
    if keys is None:
        return set()
    answers = (
        select(func.count())
        .where(Answer.ask_id == AnonymousLink.ask_id, Answer.is_deleted.is_(False))
        .correlate(AnonymousLink)
        .scalar_subquery()
    )
    links = tx.session.execute(
        select(AnonymousLink, answers)
        .join(Ask, Ask.id == AnonymousLink.ask_id)
        .where(
            AnonymousLink.installation_id == tx.workspace.id,
            Ask.deleted_at.is_(None),
            answers > 0,
        )
    )
    drafts = tx.session.scalars(refused(tx.workspace.id, tx.now))
    sealed: list[tuple[bytes, str]] = []
    for row, count in links:
        name = authors.row_name(tx, "link", row.ask_id)
        if count > progress.unseal(keys, name, row).known_count:
            sealed.append((row.author, name))
    for draft in drafts:
        name = authors.row_name(tx, "draft", draft.id)
        if progress.unseal(keys, name, draft).noticed_on is None:
            sealed.append((draft.author, name))
    people: set[str] = set()
    for author, name in sealed:
        try:
            people.add(keys.open(author, name))
        except WrongKey:
            continue
    return people - {authors.NO_ONE}


def answered(installation_id: InstallationId, _now: Time) -> Select[AnonymousLink]:
    """Select the authors whose asks have answers, which they may have seen."""
    return (
        select(AnonymousLink)
        .join(Answer, Answer.ask_id == AnonymousLink.ask_id)
        .where(
            AnonymousLink.installation_id == installation_id,
            Answer.is_deleted.is_(False),
        )
    )


def refused(installation_id: InstallationId, _now: Time) -> Select[AnonymousDraft]:
    """Select the drafts that a channel's reviewers have refused."""
    return select(AnonymousDraft).where(
        AnonymousDraft.installation_id == installation_id,
        AnonymousDraft.state == "refused",
    )


def unsent(installation_id: InstallationId, _now: datetime) -> Select[OutboxItem]:
    """Select the notes that were not sent after all."""
    return select(OutboxItem).where(
        OutboxItem.installation_id == installation_id,
        OutboxItem.kind == ANONYMOUS_NOTICE,
        OutboxItem.finished_at.is_not(None),
    )


def tell(tx: Transaction, member: str) -> None:
    """Tell an author that there is news, once a day, if it is the time for that."""
    keys, until = keys_of(tx), _time_of_today(tx, member)
    if keys is None or until is None or not _wants_it(tx, member):
        return
    today = timezones.local_date(tx.now, members.zone(tx, member))
    links = tx.session.scalars(
        select(AnonymousLink)
        .where(
            AnonymousLink.ask_id.in_(
                [link.ask_id for link in authors.own_links(tx, member)]
            )
        )
        .order_by(AnonymousLink.ask_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    refused = [
        draft for draft in drafts.own_drafts(tx, member) if draft.state == "refused"
    ]
    rows: list[tuple[str, AnonymousLink | AnonymousDraft]]
    rows = [(authors.row_name(tx, "link", link.ask_id), link) for link in links]
    rows += [(authors.row_name(tx, "draft", draft.id), draft) for draft in refused]
    known = {name: progress.unseal(keys, name, row) for name, row in rows}
    if any(stored.noticed_on == today for stored in known.values()):
        return
    has_news = False
    for name, row in rows:
        stored = known[name]
        if isinstance(row, AnonymousLink):
            count = _count_answers(tx, row.ask_id, until)
            is_news = count > stored.known_count
        else:
            count, is_old = 0, stored.noticed_on is not None
            is_news = not is_old and row.due_at - rules.REFUSED_FOR < until
        if is_news:
            has_news = True
            stored = replace(stored, noticed_count=count, noticed_on=today)
            row.progress = progress.seal(keys, name, stored)
    if has_news:
        recipient = f"{_SEALED}{token_hex(16)}"
        sealed = keys.seal(member, authors.row_name(tx, "notice", recipient))
        tx.enqueue(
            ANONYMOUS_NOTICE,
            0,
            to=recipient,
            payload={"to": b64encode(sealed).decode()},
        )


def _time_of_today(tx: Transaction, member: str) -> datetime | None:
    """Return the time up to which news counts today; None if it has not come.

    None also if the member may not be contacted now.
    """
    hours = contact_hours.get(tx, member)
    if hours.next_allowed(tx.now) > tx.now:
        return None
    is_inside = hours.start <= rules.NOTICE_TIME < hours.end
    hour = rules.NOTICE_TIME if is_inside else hours.start
    today = timezones.local_date(tx.now, hours.zone)
    at = timezones.to_utc(datetime.combine(today, hour), hours.zone)
    return at if at <= tx.now else None


def _wants_it(tx: Transaction, member: str) -> bool:
    own_roles = roles.in_workspace(tx, member)
    is_present = bool(own_roles) and not own_roles & DENIED_ROLES
    return is_present and member_settings.get(tx, member).wants_anonymous_notices


def _count_answers(tx: Transaction, ask_id: int, until: datetime) -> int:
    count = tx.session.scalar(
        select(func.count())
        .select_from(Answer)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Answer.ask_id == ask_id,
            Answer.is_deleted.is_(False),
            Answer.answered_at < until,
            Ask.deleted_at.is_(None),
        )
    )
    return count or 0


def _open_recipient(tx: Transaction, delivery: Delivery) -> str | None:
    keys = keys_of(tx)
    if keys is None:
        return None
    name = authors.row_name(tx, "notice", delivery.recipient)
    try:
        return keys.open(b64decode(delivery.payload["to"]), name)
    except WrongKey:
        return None


def _render(tx: Transaction, delivery: Delivery) -> PostUntraced | None:
    member = _open_recipient(tx, delivery)
    if member is None or not _wants_it(tx, member):
        return None
    return PostUntraced(member, *notes.notice())


def _send_after(tx: Transaction, delivery: Delivery) -> datetime:
    member = _open_recipient(tx, delivery)
    return tx.now if member is None else next_contact_time(tx, member)


def _forget(tx: Transaction, delivery: Delivery, _result: object) -> None:
    """Delete the row: its time would tell the author's zone."""
    tx.session.execute(delete(OutboxItem).where(OutboxItem.id == delivery.id))
    tx.session.execute(
        delete(OutboxChannel).filter_by(
            installation_id=tx.workspace.id, recipient=delivery.recipient
        )
    )


def purge(tx: Transaction) -> None:
    """Delete what is left of notes that were not sent after all."""
    left = condition_of(unsent(tx.workspace.id, tx.now))
    tx.session.execute(delete(OutboxItem).where(left))
    waiting = select(OutboxItem.recipient).where(
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.kind == ANONYMOUS_NOTICE,
    )
    tx.session.execute(
        delete(OutboxChannel).where(
            OutboxChannel.installation_id == tx.workspace.id,
            OutboxChannel.recipient.startswith(_SEALED),
            OutboxChannel.recipient.not_in(waiting),
        )
    )


MESSAGE_TYPES = (
    MessageType(
        ANONYMOUS_NOTICE,
        _render,
        "drop",
        on_sent=_forget,
        on_rejected=_forget,
        on_lost=_forget,
        send_after=_send_after,
        # The time would tell the author's zone, or their hours.
        is_logged=False,
    ),
)
