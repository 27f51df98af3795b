"""What somebody is stuck on becomes an ask; and what became of it."""

from slack_sdk.models.views import View
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.asks import forms
from bot.asks import rules as ask_rules
from bot.checkins import rounds, sharing
from bot.checkins.blocks import Blocker
from bot.errors import UserError
from bot.runtime import Transaction, Workspace
from bot.slack.text import permalink
from bot.workspace import members
from models import Answer, Ask, Channel, CheckIn, Round

# Looked at in one transaction.
BATCH_SIZE = 50

NOT_YOURS = "That is somebody else's check-in."
NO_BLOCKER = "“Stuck on” is empty in that check-in now."
ALREADY_ASKED = "You have asked your peers about this already: the thread links to it."


def ask_form(tx: Transaction, checkin_id: int, member: str) -> View:
    """`/ask`, filled in with what they are stuck on. Raises Refusal."""
    found = _require_own(tx.session.get(CheckIn, checkin_id), member)
    channel = _channel(tx.session, found)
    if channel.installation_id != tx.workspace.id:
        raise UserError(NOT_YOURS)
    visibility.require_visible(tx, channel, member)
    if not found.stuck_on:
        raise UserError(NO_BLOCKER)
    if has_asked(tx.session, found):
        raise UserError(ALREADY_ASKED)
    title, details = ask_rules.from_message(found.stuck_on)
    return forms.ask_form(
        channel=channel.slack_id if channel.is_joined else None,
        channel_topics=channel.topics,
        title=title,
        details=details,
        checkin_id=found.id,
    )


def lock(tx: Transaction, checkin_id: int, member: str) -> CheckIn:
    """The member's check-in, for an ask to be made of it. Raises Refusal."""
    known = tx.session.get(CheckIn, checkin_id)
    if known is not None:
        rounds.lock(tx.session, known.round_id)
        tx.session.refresh(known)
    found = _require_own(known, member)
    channel = _channel(tx.session, found)
    if channel.installation_id != tx.workspace.id:
        raise UserError(NOT_YOURS)
    visibility.require_visible(tx, channel, member)
    return found


def origin_url(tx: Transaction, checkin: CheckIn, asked_in: Channel) -> str | None:
    """The address of the check-in, for its ask to link to.

    None where that would tell another channel of what was said in a private one.
    """
    one = tx.session.get_one(Round, checkin.round_id)
    channel = _channel(tx.session, checkin)
    ts = checkin.ts or one.ts
    if ts is None or not _is_visible_in(channel, asked_in):
        return None
    return permalink(tx.workspace.team_url, channel.slack_id, ts, one.ts)


def record_ask(tx: Transaction, checkin: CheckIn, ask: Ask) -> None:
    """The ask was made of a check-in that we `hold`; raises Refusal for a second."""
    if checkin.ask_id == ask.id:
        return
    if has_asked(tx.session, checkin):
        raise UserError(ALREADY_ASKED, field="title")
    # It is shown, with its address, once it has been posted.
    checkin.ask_id, checkin.ask_state = ask.id, None
    tx.session.flush()
    sharing.update_ask_offer(tx, checkin)


def update_changed(tx: Transaction) -> int:
    """Show what became of asks since it was last shown; of how many."""
    changed = tx.session.execute(
        _changed_query(tx.workspace).order_by(CheckIn.id).limit(BATCH_SIZE)
    ).all()
    round_ids = select(CheckIn.round_id).where(
        CheckIn.id.in_([row.id for row in changed])
    )
    rounds.lock_many(tx.session, set(tx.session.scalars(round_ids)))
    for checkin_id, state in changed:
        found = tx.session.get_one(CheckIn, checkin_id, populate_existing=True)
        found.ask_state = state
        _update_messages(tx, found)
    return len(changed)


def any_changed(tx: Transaction) -> bool:
    """Whether it is worth the writers' queue to `follow`."""
    return tx.session.execute(_changed_query(tx.workspace).limit(1)).first() is not None


def _changed_query(workspace: Workspace) -> Select[int, str]:
    """The check-ins whose ask is not what was last shown of it."""
    is_new = CheckIn.ask_state.is_(None) & Ask.ts.is_not(None)
    return (
        select(CheckIn.id, Ask.state)
        .join(Ask, Ask.id == CheckIn.ask_id)
        .where(
            Ask.installation_id == workspace.id,
            # One that could not be posted is deleted.
            is_new
            | (Ask.state == "deleted") & CheckIn.ask_state.is_(None)
            | (CheckIn.ask_state != Ask.state),
        )
    )


def visible_blocker(tx: Transaction, checkin: CheckIn) -> Blocker | None:
    """What the readers of a check-in may see of its ask; None where there is none."""
    ask = tx.session.get(Ask, checkin.ask_id) if checkin.ask_id else None
    if ask is None:
        return None
    asked_in = tx.session.get_one(Channel, ask.channel_id)
    if ask.ts is None or not _is_visible_in(asked_in, _channel(tx.session, checkin)):
        return Blocker(ask.state)
    solution = tx.session.scalar(
        select(Answer.ts)
        .filter_by(ask_id=ask.id, is_solution=True, is_deleted=False)
        .order_by(Answer.ts)
        .limit(1)
    )

    def url(ts: str | None) -> str:
        if ts is None:
            return ""
        return permalink(tx.workspace.team_url, asked_in.slack_id, ts, ask.ts)

    title = members.text_with_names(tx, ask.title)
    return Blocker(ask.state, title, url(ask.ts), url(solution))


def _require_own(checkin: CheckIn | None, member: str) -> CheckIn:
    if checkin is None or checkin.member != member:
        raise UserError(NOT_YOURS)
    return checkin


def has_asked(session: Session, checkin: CheckIn) -> bool:
    """Whether an ask was made of a check-in, and has not been deleted."""
    ask = session.get(Ask, checkin.ask_id) if checkin.ask_id else None
    return ask is not None and ask.deleted_at is None


def _channel(session: Session, checkin: CheckIn) -> Channel:
    one = session.get_one(Round, checkin.round_id)
    return session.get_one(Channel, one.channel_id)


def _is_visible_in(source: Channel, target: Channel) -> bool:
    """What was said in one channel, in another: only if anybody there could see it."""
    return source.id == target.id or not (source.is_private or target.is_shared)


def _update_messages(tx: Transaction, checkin: CheckIn) -> None:
    one = tx.session.get_one(Round, checkin.round_id)
    channel = tx.session.get_one(Channel, one.channel_id)
    tx.session.flush()
    sharing.update_response(tx, checkin, channel)
    if one.state == "closed":
        rounds.update_digest(tx, one)
    sharing.update_ask_offer(tx, checkin)
