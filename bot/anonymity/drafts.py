"""From the press to the post: an ask without a name waits some minutes as a draft."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_, select

from bot.anonymity import (
    authors,
    crowd,
    delay,
    limits,
    notes,
    progress,
    review_messages,
    rules,
    sources,
)
from bot.anonymity.keyring import keys_of
from bot.anonymity.keys import AnonymityKeys
from bot.anonymity.progress import Progress
from bot.asks import rules as ask_rules
from bot.asks import service as asks
from bot.asks.message_kinds import ASK_POST
from bot.asks.service import AskDraft
from bot.db.sealing import WrongKey
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.permissions import ASK, Role, require
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS
from bot.workspace import members, roles, working_hours, workspace_settings
from models import AnonymousDraft, Ask, Channel

OFF, ON, REVIEWED = "off", "on", "reviewed"


@dataclass(frozen=True, slots=True)
class Preview:
    """The facts for an author, before an ask is posted without their name."""

    channel: str
    hints: Sequence[str]
    help_line: str
    is_reviewed: bool
    link_days: int
    # It is posted within so many minutes.
    minutes: int


def is_possible(tx: Transaction) -> bool:
    """Return True if members can ask without their names in some channel."""
    return keys_of(tx) is not None and workspace_settings.get(tx).anonymous_asks


def is_offered(tx: Transaction, channel: Channel) -> bool:
    """Return True if members can ask without their names in this channel."""
    return (
        is_possible(tx)
        and channel.anonymous_asks != OFF
        and not channel.is_shared
        and not channel.is_archived
    )


def may_offer(installation_id: InstallationId, _now: Time) -> Select[Channel]:
    """Select the channels whose settings allow asks without a name."""
    return (
        select(Channel)
        .where(
            Channel.installation_id == installation_id, Channel.anonymous_asks != OFF
        )
        .order_by(Channel.id)
    )


def offered_channels(tx: Transaction) -> Sequence[str]:
    """Return Slack's ids of the channels where members can ask without their names."""
    channels = tx.session.scalars(may_offer(tx.workspace.id, tx.now)).all()
    return [channel.slack_id for channel in channels if _can_post(tx, channel)]


def preview(
    tx: Transaction,
    channel: Channel,
    draft: AskDraft,
    *,
    member: str,
    people: Collection[str],
) -> Preview:
    """Check that the member can post the draft, and return what they should know.

    `people` are the channel's members, as Slack says now. Nothing is stored. Raises
    UserError, with the field.
    """
    _require_may_ask(tx, channel, draft, member=member, people=people)
    profile = members.find(tx, member)
    names = (
        [profile.name, profile.full_name, profile.handle] if profile is not None else []
    )
    settings = workspace_settings.get(tx)
    return Preview(
        channel=channel.name,
        hints=rules.hints(f"{draft.title}\n{draft.details}", names),
        help_line=settings.anonymous_help_line,
        is_reviewed=channel.anonymous_asks == REVIEWED,
        link_days=settings.anonymous_link_days,
        minutes=settings.anonymous_delay_minutes,
    )


def submit(
    tx: Transaction,
    channel: Channel,
    draft: AskDraft,
    *,
    member: str,
    people: Collection[str],
    source: str,
    minutes: int | None = None,
) -> None:
    """Store the draft, once for each `source`, to be posted at a random time.

    It is within the minutes, or else within those of the workspace's setting.

    Raises UserError, with the field.
    """
    # Senders wait for each other here; a repeated request does not count again.
    limits.lock(tx)
    keys = _require_keys(tx)
    source_index = sources.index(tx, keys, source)
    if sources.has_ask(tx, source_index):
        return
    _require_may_ask(tx, channel, draft, member=member, people=people)
    draft_id = secrets.randbits(59)
    due_at = delay.due_at(tx, minutes)
    sent_after = due_at - delay.longest(tx, minutes)
    tx.session.add(
        AnonymousDraft(
            id=draft_id,
            installation_id=tx.workspace.id,
            channel_id=channel.id,
            title=draft.title,
            details=draft.details,
            topics=list(draft.topics),
            author=keys.seal(member, authors.row_name(tx, "draft", draft_id)),
            blind_index=authors.blind_index(tx, keys, member),
            source_index=source_index,
            due_at=due_at,
            progress=progress.seal(
                keys,
                authors.row_name(tx, "draft", draft_id),
                Progress(sent_after=sent_after),
            ),
        )
    )
    limits.count(tx, keys, member)


def _require_keys(tx: Transaction) -> AnonymityKeys:
    keys = keys_of(tx)
    if keys is None:
        raise UserError(notes.NOT_OFFERED, field="channel")
    return keys


def _require_may_ask(
    tx: Transaction,
    channel: Channel,
    draft: AskDraft,
    *,
    member: str,
    people: Collection[str],
) -> None:
    keys = _require_keys(tx)
    if not is_offered(tx, channel):
        raise UserError(notes.NOT_OFFERED, field="channel")
    if channel.is_read_only or not channel.is_joined:
        raise UserError(notes.CANNOT_POST, field="channel")
    # Slack itself says who is in the channel. Our own record would have to be brought
    # up to date, and its time would tell who was about to ask.
    if member not in people:
        raise UserError(notes.NOT_IN_CHANNEL, field="channel")
    member_roles = roles.in_channel(tx, channel, member)
    require(ASK, member_roles)
    if Role.GUEST in member_roles and not channel.guests_may_ask:
        raise UserError(asks.GUESTS_CANNOT_ASK, field="channel")
    profiles = crowd.profiles(tx, people)
    if not crowd.is_large_enough(channel, people, profiles):
        raise UserError(notes.TOO_FEW_PEOPLE, field="channel")
    ask_rules.require_enough_words(draft.title)
    names = [name for row in profiles for name in (row.name, row.handle) if name]
    for field, text in (("title", draft.title), ("details", draft.details)):
        if rules.mentions_people(text, names):
            raise UserError(notes.LEAVE_OUT_NAMES, field=field)
    limits.require_may_post(tx, keys, member, channel.id)


def due(tx: Transaction) -> Sequence[int]:
    """Return the ids of the drafts whose time has come, in the order of their times."""
    query = due_in(tx.workspace.id, tx.now)
    return tx.session.scalars(
        query.order_by(AnonymousDraft.due_at, AnonymousDraft.id)
    ).all()


def due_in(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of the drafts whose time has come."""
    return select(AnonymousDraft.id).where(
        AnonymousDraft.installation_id == installation_id, AnonymousDraft.due_at <= now
    )


def lock(tx: Transaction, draft_id: int) -> AnonymousDraft | None:
    """Lock a draft of the workspace, and read it again; None if there is none."""
    return tx.session.scalar(
        select(AnonymousDraft)
        .filter_by(id=draft_id, installation_id=tx.workspace.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def advance(tx: Transaction, draft_id: int) -> None:
    """Post a draft that is due, or have it looked at; end a review; delete a refusal.

    If the channel no longer allows it, the author reads so in their Home tab.
    """
    draft = lock(tx, draft_id)
    if draft is None or draft.due_at > tx.now or keys_of(tx) is None:
        return
    channel = tx.session.get_one(Channel, draft.channel_id)
    match draft.state:
        case "refused":
            tx.session.delete(draft)
        case "reviewed":
            # The same words, also if the author is the only champion.
            refuse(tx, draft, notes.NO_ONE_LOOKED)
        case _ if channel.anonymous_asks == REVIEWED and _can_post(tx, channel):
            hours = working_hours.of_channel(tx, channel)
            draft.state = "reviewed"
            draft.due_at = hours.add(tx.now, rules.REVIEW_HOURS)
            review_messages.ask_champions(tx, draft)
        case _:
            publish(tx, draft)


def publish(tx: Transaction, draft: AnonymousDraft) -> Ask | None:
    """Post a locked draft; return the ask. None if that is no longer possible.

    Its author may have been stopped meanwhile: it is posted nevertheless. Otherwise a
    champion who stops the author of one ask, and then misses another one, would know
    that both are by the same person.
    """
    keys = keys_of(tx)
    if keys is None:
        return None
    channel = tx.session.get_one(Channel, draft.channel_id)
    if not _can_post(tx, channel):
        refuse(tx, draft, notes.NOT_OFFERED)
        return None
    try:
        author = keys.open(draft.author, authors.row_name(tx, "draft", draft.id))
    except WrongKey:
        refuse(tx, draft, notes.KEY_LOST)
        return None
    if draft.state == "reviewed":
        review_messages.tell_decided(tx, draft.id, is_posted=True)
    return _post(tx, draft, channel, author, keys)


def _can_post(tx: Transaction, channel: Channel) -> bool:
    return is_offered(tx, channel) and channel.is_joined


def _post(
    tx: Transaction,
    draft: AnonymousDraft,
    channel: Channel,
    author: str,
    keys: AnonymityKeys,
) -> Ask | None:
    ask = asks.insert_ask(
        tx,
        channel,
        AskDraft(draft.title, draft.details, draft.topics),
        asker=ANONYMOUS,
        dedup_key=sources.of_ask(draft.source_index),
        asked_at=tx.now,
    )
    if ask is not None:
        name = authors.row_name(tx, "draft", draft.id)
        sent_after = progress.unseal(keys, name, draft).sent_after
        authors.link(tx, ask, author, keys, sent_after=sent_after)
        tx.enqueue(ASK_POST, ask.id, to=channel.slack_id)
    tx.session.delete(draft)
    return ask


def refuse(tx: Transaction, draft: AnonymousDraft, reason: str) -> None:
    """Do not post the draft; its author reads the reason for some days."""
    if draft.state == "reviewed":
        review_messages.tell_decided(tx, draft.id, is_posted=False)
    draft.state, draft.reason = "refused", reason
    draft.due_at = tx.now + rules.REFUSED_FOR


def withdraw(tx: Transaction, draft: AnonymousDraft) -> None:
    """Delete a draft as its author wishes; champions read that it is not posted."""
    if draft.state == "reviewed":
        review_messages.tell_decided(tx, draft.id, is_posted=False)
    tx.session.delete(draft)


def own_drafts(tx: Transaction, member: str) -> Sequence[AnonymousDraft]:
    """Return the member's drafts that wait, are looked at, or were refused."""
    keys = keys_of(tx)
    if keys is None:
        return []
    return tx.session.scalars(
        select(AnonymousDraft)
        .where(
            AnonymousDraft.installation_id == tx.workspace.id,
            or_(
                *(
                    AnonymousDraft.blind_index == index
                    for index in authors.blind_indexes(tx, keys, member)
                )
            ),
        )
        .order_by(AnonymousDraft.due_at, AnonymousDraft.id)
    ).all()


def withdraw_own(tx: Transaction, draft_id: int, member: str) -> None:
    """Delete the member's own draft before it is posted. Raises UserError."""
    draft = lock(tx, draft_id)
    if draft is None:
        raise UserError(notes.DRAFT_GONE)
    keys = keys_of(tx)
    if keys is None or not authors.is_index_of(tx, keys, draft.blind_index, member):
        raise UserError(authors.ONLY_THE_ASKER)
    withdraw(tx, draft)
