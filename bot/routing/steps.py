"""Take the steps for asks without an answer.

State: `AskRoute` has the next step of an ask and the time to look at it again.
Whatever decides, derives from facts at that time: the ask's state, offers of help, the
steps that were taken. So a lost tick, a restart or a second replica change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    and_,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from bot.clock import EPOCH
from bot.db.statement_time import Time
from bot.db.statements import upsert
from bot.outbox import home_refresh
from bot.routing import notices, requests
from bot.routing.candidates import Candidates
from bot.routing.peers import Peers, load_peers
from bot.runtime import Transaction
from bot.search.service import Search
from bot.slack.text import is_erased
from bot.workspace import working_hours
from bot.workspace.working_time import WorkingTime
from models import Ask, AskRoute, AskStep, Channel, Member, Reaction

PEERS, SIDEWAYS, CHAMPIONS, ASKER = STEPS = (1, 2, 3, 4)
OVER = ASKER + 1
# Working hours after an ask at which each step is taken.
HOURS = {PEERS: 4.0, SIDEWAYS: 8.0, CHAMPIONS: 16.0, ASKER: 24.0}
# A first ask that nobody answers is the last one.
FIRST_ASK_HOURS = 2.0
HOURS_BETWEEN_STEPS = 2.0
HOURS_BETWEEN_TRIES = 1.0
# Someone who offers help gets so many working hours before others are asked.
HOURS_FOR_AN_OFFER = 8.0
# If fewer people answer, nobody is left to ask after a week.
MIN_ANSWERERS = 5
# Nothing more is done for older asks: ten working days after the last step.
MAX_AGE = timedelta(days=21)
# Slack could not say who is in the ask's channel.
RETRY_AFTER = timedelta(minutes=10)
# Asks that are handled in one run of the job.
BATCH_SIZE = 50
FINISHED_BATCH_SIZE = 500


@dataclass(slots=True)
class RoutingRun:
    """Facts for many asks, loaded once in a run of the job."""

    search: Search
    peers: Peers
    working_hours: dict[int, WorkingTime] = field(default_factory=dict)

    @classmethod
    def load(cls, tx: Transaction, search: Search) -> "RoutingRun":
        return cls(search, load_peers(tx))

    def hours_of(self, tx: Transaction, channel: Channel) -> WorkingTime:
        if channel.id not in self.working_hours:
            self.working_hours[channel.id] = working_hours.of_channel(tx, channel)
        return self.working_hours[channel.id]


def is_on(channel: Channel, peers: Peers) -> bool:
    """Return True if the channel's asks are routed: as set, or as people answer."""
    if channel.is_archived or not channel.is_joined:
        return False
    if channel.routes_asks is not None:
        return channel.routes_asks
    return len(peers.answers_by_channel.get(channel.id, ())) >= MIN_ANSWERERS


def due_asks(tx: Transaction, peers: Peers) -> list[int]:
    """Return asks to look at now: due, new or waiting for an answer again."""
    waiting = (
        select(Ask.id, AskRoute.due_at)
        .outerjoin(AskRoute, AskRoute.ask_id == Ask.id)
        .where(
            _is_routed(tx, peers),
            or_(AskRoute.due_at <= tx.now, is_unplanned(tx.now)),
        )
        .order_by(Ask.asked_at, Ask.id)
        .limit(BATCH_SIZE)
    )
    return [row.id for row in tx.session.execute(waiting)]


def is_unplanned(now: Time) -> ColumnElement[bool]:
    """Return the condition that an ask is new, or waits for an answer again."""
    return and_(
        AskRoute.due_at.is_(None),
        Ask.asked_at > now - MAX_AGE,
        or_(AskRoute.next_step <= ASKER, AskRoute.ask_id.is_(None)),
    )


def finished_asks(tx: Transaction, peers: Peers) -> list[int]:
    """Return asks with a due step that no longer wait for an answer."""
    finished = (
        select(AskRoute.ask_id)
        .join(Ask, Ask.id == AskRoute.ask_id)
        .where(
            AskRoute.installation_id == tx.workspace.id,
            AskRoute.due_at <= tx.now,
            not_(_is_routed(tx, peers)),
        )
        .order_by(AskRoute.ask_id)
        .limit(FINISHED_BATCH_SIZE)
    )
    return [*tx.session.scalars(finished)]


def stop(tx: Transaction, ask_ids: Sequence[int]) -> None:
    """Plan no step for these asks, until they wait for an answer again."""
    tx.session.execute(
        update(AskRoute)
        .where(AskRoute.ask_id.in_(ask_ids), AskRoute.due_at <= tx.now)
        .values(due_at=None)
        .execution_options(synchronize_session=False)
    )


def _is_routed(tx: Transaction, peers: Peers) -> ColumnElement[bool]:
    """Return the condition that an ask waits where asks are routed."""
    has_left = exists().where(
        Member.installation_id == tx.workspace.id,
        Member.slack_id == Ask.asker,
        Member.is_deactivated.is_(True),
    )
    return and_(
        Ask.channel_id.in_(_routed_channels(tx, peers)),
        Ask.state == "open",
        Ask.ts.is_not(None),
        Ask.is_confirmed.is_(True),
        ~has_left,
    )


def _routed_channels(tx: Transaction, peers: Peers) -> Sequence[int]:
    rows = tx.session.scalars(
        select(Channel).where(Channel.installation_id == tx.workspace.id)
    )
    return [channel.id for channel in rows if is_on(channel, peers)]


def find_candidates(tx: Transaction, run: RoutingRun, ask_id: int) -> Candidates | None:
    """Return the people who may know, if the ask's next step asks some now.

    It takes a while, so that `tx` should only read: other writers need not wait.
    """
    route = tx.session.get(AskRoute, ask_id)
    if route is None or route.due_at is None or route.due_at > tx.now:
        return None
    ask = tx.session.get_one(Ask, ask_id)
    if route.next_step not in {PEERS, SIDEWAYS} or not is_waiting(ask):
        return None
    if ask.asked_at <= tx.now - MAX_AGE:
        return None
    channel = tx.session.get_one(Channel, ask.channel_id)
    return Candidates(tx, run.search, run.peers, ask, channel)


def advance(
    tx: Transaction,
    run: RoutingRun,
    ask_id: int,
    candidates: Candidates | None = None,
) -> None:
    """Take the ask's next step if its time has come; else store that time.

    `candidates` are those of `find_candidates`. Raises MembershipUnknown.
    """
    ask, channel, route = lock(tx, ask_id)
    is_wanted = is_waiting(ask) and ask.is_confirmed
    if not is_wanted or not is_on(channel, run.peers):
        route.due_at = None
        return
    if route.next_step == OVER or (route.due_at and route.due_at > tx.now):
        return
    if ask.asked_at <= tx.now - MAX_AGE:
        route.due_at = None
        return
    hours = run.hours_of(tx, channel)
    due_at = _due_at(tx, ask, route.next_step, hours)
    is_early = due_at > tx.now
    if is_early and not (route.is_hurried and route.next_step == PEERS):
        route.due_at = due_at
        return
    take_step(
        tx,
        run,
        ask,
        channel,
        route,
        passes_without_people=not is_early,
        candidates=candidates,
    )


def postpone(tx: Transaction, ask_id: int) -> None:
    """Look at an ask later, after those behind it."""
    _ask, _channel, route = lock(tx, ask_id)
    route.due_at = tx.now + RETRY_AFTER


def is_waiting(ask: Ask) -> bool:
    """Return True if nobody has answered the ask, and its asker still waits."""
    return ask.state == "open" and ask.ts is not None and not is_erased(ask.asker)


def lock(tx: Transaction, ask_id: int) -> tuple[Ask, Channel, AskRoute]:
    """Lock the ask and read its route, which the first call creates."""
    ask = tx.session.scalars(
        select(Ask)
        .filter_by(id=ask_id, installation_id=tx.workspace.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    tx.session.execute(
        upsert(tx.session, AskRoute)
        .values(ask_id=ask.id, installation_id=tx.workspace.id, next_step=PEERS)
        .on_conflict_do_nothing()
    )
    route = tx.session.get_one(AskRoute, ask.id, populate_existing=True)
    return ask, tx.session.get_one(Channel, ask.channel_id), route


def _due_at(tx: Transaction, ask: Ask, step: int, hours: WorkingTime) -> datetime:
    """Return when a step is due, by working hours.

    The last offer of help and the last step count as well as the time of the ask.
    """
    wait = HOURS[step]
    if step == PEERS and ask.is_first_ask:
        wait = FIRST_ASK_HOURS
    times = [hours.add(ask.asked_at, wait)]
    offered_at = _last_offer(tx, ask)
    if offered_at is not None:
        times.append(hours.add(offered_at, HOURS_FOR_AN_OFFER))
    last_step = tx.session.scalar(
        select(func.max(AskStep.taken_at)).filter_by(ask_id=ask.id)
    )
    if last_step is not None:
        times.append(hours.add(last_step, HOURS_BETWEEN_STEPS))
    # After a night of downtime, nobody could be asked before the next morning.
    return max(*times, hours.add(tx.now, 0))


def _last_offer(tx: Transaction, ask: Ask) -> datetime | None:
    """Return when the last of those who now offer help said so."""
    micros = tx.session.scalar(
        select(func.max(Reaction.event_micros)).where(
            Reaction.ask_id == ask.id,
            Reaction.message_ts == ask.ts,
            Reaction.meaning == "looking",
            Reaction.is_present.is_(True),
            Reaction.member != ask.asker,
        )
    )
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def take_step(
    tx: Transaction,
    run: RoutingRun,
    ask: Ask,
    channel: Channel,
    route: AskRoute,
    *,
    passes_without_people: bool,
    tells_asker: bool = True,
    candidates: Candidates | None = None,
) -> int:
    """Take the ask's next step; return how many people were asked.

    It is tried again later if all who may know were asked within the hour and, without
    `passes_without_people`, if nobody can be asked. The ask is locked. Raises
    MembershipUnknown.
    """
    step, count, is_sideways = route.next_step, 0, False
    hours = run.hours_of(tx, channel)
    if step in {PEERS, SIDEWAYS}:
        if candidates is None:
            candidates = Candidates(tx, run.search, run.peers, ask, channel)
        candidates.move_to(tx, channel)
        asked = requests.ask_people(tx, ask, candidates, step)
        if not asked and (rested_at := candidates.rested_at(step)):
            route.due_at = rested_at
            return 0
        count = len(asked)
        is_sideways = bool(asked) and all(each.is_elsewhere for each in asked)
    if not count and not passes_without_people:
        route.due_at = min(_due_at(tx, ask, step, hours), _next_try(tx.now, hours))
        return 0
    tx.session.add(
        AskStep(
            ask_id=ask.id,
            step=step,
            taken_at=tx.now,
            request_count=count,
            is_sideways=is_sideways,
        )
    )
    route.next_step = step + 1
    tx.session.flush()
    home_refresh.refresh_homes(tx, [ask.asker])
    if step == CHAMPIONS:
        notices.tell_champions(tx, channel)
    if (count and tells_asker) or step == ASKER:
        notices.tell_asker(tx, ask, route)
    is_last = step == ASKER
    route.due_at = None if is_last else _due_at(tx, ask, route.next_step, hours)
    tx.session.flush()
    return count


def _next_try(now: datetime, hours: WorkingTime) -> datetime:
    """Return the beginning of the next working day, or an hour from now within one."""
    opens = hours.add(now, 0)
    return opens if opens > now else hours.add(now, HOURS_BETWEEN_TRIES)
