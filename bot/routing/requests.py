"""A private request to a member to look at an ask, and what they say to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Select, delete, func, or_, select

from bot.asks import actions
from bot.asks import service as asks
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.errors import UserError
from bot.forms.fields import topics_fit
from bot.outbox import home_refresh
from bot.routing import refusals
from bot.routing.candidates import Candidates
from bot.routing.message_kinds import ROUTING_REQUEST, ROUTING_UPDATE_REQUEST
from bot.routing.refusals import FULL
from bot.routing.rules import MAX_REQUESTS, PLACES, Candidate
from bot.runtime import Transaction
from bot.workspace import (
    budget_rules,
    contact_budget,
    member_settings,
    visibility,
    workspace_settings,
)
from models import Ask, Channel, HelpRequest

GONE = "That request is gone."
TOPIC_GONE = "The ask no longer has this topic."

Outcome = Literal["helping", "declined", "over"]


@dataclass(frozen=True, slots=True)
class AskedMember:
    """A member who was asked."""

    member: str
    is_elsewhere: bool

    @classmethod
    def of(cls, candidate: Candidate) -> "AskedMember":
        return cls(candidate.person.member, candidate.person.is_elsewhere)


def send(
    tx: Transaction, ask: Ask, candidate: Candidate, *, step: int, cap: int
) -> bool:
    """Ask a member to look at an ask, once; False if they have no place for it now."""
    member, reason = candidate.person.member, candidate.reason
    budget = workspace_settings.get(tx).unasked_per_week
    limit = budget_rules.request_limit(budget, cap)
    # Another transaction may ask them, too.
    has_room = contact_budget.lock_room(tx, member, limit=limit)
    if not has_room or _count_recent(tx, member) >= cap:
        return False
    request_id = tx.session.scalar(
        upsert(tx.session, HelpRequest)
        .values(
            installation_id=tx.workspace.id,
            ask_id=ask.id,
            member=member,
            step=step,
            reason=reason.kind,
            reason_ask_id=reason.ask_id,
            reason_topic=reason.topic,
            outcome="open",
            requested_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(HelpRequest.id)
    )
    if request_id is None:
        return False
    contact_budget.enqueue_request(tx, ROUTING_REQUEST, request_id, to=member)
    home_refresh.refresh_homes(tx, [member])
    return True


def count(tx: Transaction, ask: Ask) -> int:
    """Return how many people were asked about the ask."""
    return (
        tx.session.scalar(
            select(func.count()).select_from(HelpRequest).filter_by(ask_id=ask.id)
        )
        or 0
    )


def ask_people(
    tx: Transaction, ask: Ask, candidates: Candidates, step: int
) -> list[AskedMember]:
    """Ask up to two people at a step. Raises MembershipUnknown."""
    places = min(PLACES, MAX_REQUESTS - count(tx, ask))
    while places > 0 and (chosen := candidates.pick(step, places=places)):
        # All transactions lock people in the same order.
        chosen.sort(key=lambda each: each.person.member)
        try:
            with tx.session.begin_nested():
                return _send_all(tx, ask, candidates, chosen, step)
        except _AskedMeanwhileError as error:
            # Choose again, without locks.
            candidates.let_rest(error.candidate)
    return []


class _AskedMeanwhileError(Exception):
    """Another transaction has just asked someone who was chosen."""

    def __init__(self, candidate: Candidate) -> None:
        super().__init__("someone was asked meanwhile")
        self.candidate = candidate


def _send_all(
    tx: Transaction,
    ask: Ask,
    candidates: Candidates,
    chosen: Sequence[Candidate],
    step: int,
) -> list[AskedMember]:
    for each in chosen:
        cap = candidates.cap(each.person.member)
        if not send(tx, ask, each, step=step, cap=cap):
            raise _AskedMeanwhileError(each)
    return [AskedMember.of(each) for each in chosen]


def _count_recent(tx: Transaction, member: str) -> int:
    """Count the member's requests in the last seven days."""
    return len(
        tx.session.scalars(
            select(HelpRequest.id).where(
                HelpRequest.installation_id == tx.workspace.id,
                HelpRequest.member == member,
                HelpRequest.requested_at > tx.now - budget_rules.WINDOW,
            )
        ).all()
    )


def get(tx: Transaction, request_id: int, member: str) -> HelpRequest:
    """Lock and return a member's own request. Raises UserError for others."""
    own = select(HelpRequest).filter_by(
        id=request_id, installation_id=tx.workspace.id, member=member
    )
    ask_id = tx.session.scalar(own.with_only_columns(HelpRequest.ask_id))
    if ask_id is not None:
        # All transactions lock an ask before its requests.
        asks.get(tx, ask_id, include_deleted=True)
    request = tx.session.scalar(own.with_for_update(key_share=True))
    if request is None:
        raise UserError(GONE)
    return request


def offer_help(
    tx: Transaction, ask: Ask, request: HelpRequest, *, event_micros: int
) -> None:
    """List the member as looking into the ask; everyone in its channel sees it.

    If the ask no longer waits, their message says so instead. Raises UserError, and
    MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    visibility.require_visible(tx, channel, request.member)
    if not visibility.can_read(tx, channel, request.member):
        raise UserError(GONE)
    if ask.state != "open" or channel.is_archived:
        if request.outcome == "open":
            _end(tx, request, "over")
        update(tx, request)
        return
    if "looking" not in actions.current_marks(tx.session, ask, request.member):
        actions.toggle_join(
            tx, ask, "looking", by=request.member, event_micros=event_micros
        )
    _end(tx, request, "helping")


def decline(tx: Transaction, request: HelpRequest) -> None:
    """Take the request off the member's list. Nobody else learns of it."""
    if request.outcome == "open":
        _end(tx, request, "declined")


def _end(tx: Transaction, request: HelpRequest, outcome: Outcome) -> None:
    request.outcome, request.ended_at = outcome, tx.now
    tx.session.flush()
    update(tx, request)
    home_refresh.refresh_homes(tx, [request.member], delay=timedelta())


def update(tx: Transaction, request: HelpRequest) -> None:
    update_message(tx, request.id, request.member)


def update_message(tx: Transaction, request_id: int, member: str) -> None:
    """Update the message of a request, and its member's Home tab."""
    tx.enqueue_update(ROUTING_UPDATE_REQUEST, request_id, to=member)
    home_refresh.refresh_homes(tx, [member])


def refuse_channel(tx: Transaction, request: HelpRequest) -> Channel:
    """Ask the member nothing more from the ask's channel; return the channel.

    Raises UserError, and MembershipUnknown.
    """
    _, channel = _visible_ask(tx, request)
    refusals.refuse_channel(tx, channel, request.member)
    return channel


def _visible_ask(tx: Transaction, request: HelpRequest) -> tuple[Ask, Channel]:
    ask = asks.get(tx, request.ask_id)
    channel = tx.session.get_one(Channel, ask.channel_id)
    visibility.require_visible(tx, channel, request.member)
    return ask, channel


def refuse_topic(tx: Transaction, request: HelpRequest, topic: str) -> None:
    """Ask the member nothing more on a topic of the ask.

    Raises UserError, and MembershipUnknown.
    """
    ask, _ = _visible_ask(tx, request)
    if topic not in ask.topics:
        raise UserError(TOPIC_GONE)
    refused = member_settings.get(tx, request.member).topics_refused
    if topic in refused:
        return
    if not topics_fit([*refused, topic]):
        raise UserError(FULL)
    member_settings.update(tx, request.member, topics_refused=[*refused, topic])


def stop_asking(tx: Transaction, member: str) -> None:
    """Never ask the member again, as they wish."""
    member_settings.update(tx, member, max_requests_per_week=0)


def update_title(tx: Transaction, ask: Ask) -> None:
    """Update requests that quote an ask: it has another title, or was deleted."""
    _update_all(
        tx, (HelpRequest.ask_id == ask.id) | (HelpRequest.reason_ask_id == ask.id)
    )


def hide(tx: Transaction, channel: Channel) -> None:
    """Update the requests that quote a channel which has turned private."""
    quoted = select(Ask.id).filter_by(channel_id=channel.id)
    _update_all(
        tx, HelpRequest.ask_id.in_(quoted) | HelpRequest.reason_ask_id.in_(quoted)
    )


def purge(tx: Transaction, *, before: datetime) -> None:
    """Delete the requests before a time (UTC); their messages quote nothing more.

    If someone is forgotten later, nothing leads to these messages.
    """
    deleted = tx.session.execute(
        delete(HelpRequest)
        .where(
            HelpRequest.installation_id == tx.workspace.id,
            HelpRequest.requested_at < before,
        )
        .returning(HelpRequest.id, HelpRequest.member)
        .execution_options(synchronize_session=False)
    ).all()
    tx.enqueue_updates(
        ROUTING_UPDATE_REQUEST, [(row.id, row.member) for row in deleted]
    )


def _update_all(tx: Transaction, condition: ColumnElement[bool]) -> None:
    rows = tx.session.execute(
        select(HelpRequest.id, HelpRequest.member).where(
            HelpRequest.installation_id == tx.workspace.id, condition
        )
    ).all()
    tx.enqueue_updates(ROUTING_UPDATE_REQUEST, [(row.id, row.member) for row in rows])
    home_refresh.refresh_homes(tx, [row.member for row in rows])


def over(installation_id: InstallationId, _now: Time) -> Select[HelpRequest]:
    """Select the open requests whose ask no longer waits for an answer."""
    return (
        select(HelpRequest)
        .join(Ask, Ask.id == HelpRequest.ask_id)
        .where(
            HelpRequest.installation_id == installation_id,
            HelpRequest.outcome == "open",
            or_(Ask.state != "open", Ask.deleted_at.is_not(None)),
        )
    )


def end_over(tx: Transaction, *, limit: int) -> int:
    """End requests whose ask no longer waits for an answer; return their number."""
    requests = tx.session.scalars(
        over(tx.workspace.id, tx.now)
        .order_by(HelpRequest.id)
        .limit(limit)
        .with_for_update(of=HelpRequest, key_share=True, skip_locked=True)
    ).all()
    for request in requests:
        _end(tx, request, "over")
    return len(requests)
