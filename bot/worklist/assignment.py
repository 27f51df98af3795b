"""Give suggestions to champions, pass them on, and end those that are no longer true.

A run reads what could be done, asks Slack who is in the channels concerned, and then
decides in one transaction: from facts alone, so a lost or a repeated run changes
nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select

from bot.db.statements import upsert
from bot.outbox import home_refresh
from bot.runtime import Transaction
from bot.worklist import items, people, rules
from bot.worklist.kind import Candidate, WorkItemKind
from bot.worklist.rules import Loads
from bot.workspace import visibility
from bot.workspace.visibility import MembershipUnknown
from models import Channel, Member, WorkAssignment, WorkItem

# More candidates of a channel can't be given in one run, even if some have left.
_PER_PLACE = 3
_BATCH_SIZE = 500


@dataclass(slots=True)
class Plan:
    """The things that could be done in each channel, and the people for them."""

    channels: Mapping[int, Channel]
    people: Mapping[int, set[str]]
    candidates: Sequence[tuple[WorkItemKind, Candidate]]
    loads: Loads
    # The suggestions of each kind and champion in this week that are stored.
    counts: Counter[tuple[str, str]]
    # The people in each channel, of those who matter; a channel may be missing.
    present: dict[int, set[str]] = field(default_factory=dict)

    def concerned(self, channel_id: int) -> set[str]:
        """Return the people who must be in the channel for its suggestions."""
        return self.people[channel_id] | {
            candidate.about
            for _, candidate in self.candidates
            if candidate.channel_id == channel_id and candidate.about
        }


def find_unknown(tx: Transaction) -> list[MembershipUnknown]:
    """Return what Slack must be asked before a run."""
    plan = _plan(tx)
    unknown: list[MembershipUnknown] = []
    for channel_id in _wanted(tx, plan):
        try:
            visibility.people_in(
                tx, plan.channels[channel_id], plan.concerned(channel_id)
            )
        except MembershipUnknown as error:
            unknown.append(error)
    return unknown


def _wanted(tx: Transaction, plan: Plan) -> list[int]:
    """Return the channels in which something can be given or passed on."""
    wanted = {candidate.channel_id for _, candidate in plan.candidates}
    wanted |= {item.channel_id for item in _expired(tx)}
    return sorted(wanted & plan.channels.keys())


def run(tx: Transaction) -> None:
    """End, pass on and give suggestions. Channels whose people are unknown wait."""
    _lock_people(tx)
    items.end(tx, _untrue(tx))
    items.take_back(tx)
    tx.session.flush()
    plan = _plan(tx)
    for channel_id in _wanted(tx, plan):
        # Slack may not have answered.
        with suppress(MembershipUnknown):
            plan.present[channel_id] = visibility.people_in(
                tx, plan.channels[channel_id], plan.concerned(channel_id)
            )
    hours = _WorkingHours(tx)
    _pass_on(tx, plan, hours)
    _give(tx, plan, hours)


def _lock_people(tx: Transaction) -> None:
    """Let one run at a time count what people got."""
    channel_ids = [channel.id for channel in people.live_channels(tx)]
    available = people.available(tx, channel_ids)
    everyone = sorted({person for each in available.values() for person in each})
    tx.session.execute(
        select(Member.id)
        .where(Member.installation_id == tx.workspace.id, Member.slack_id.in_(everyone))
        .order_by(Member.id)
        .with_for_update(key_share=True)
    )


def _plan(tx: Transaction) -> Plan:
    channels = {channel.id: channel for channel in people.live_channels(tx)}
    available = people.available(tx, channels)
    assigned = tx.session.execute(
        select(WorkAssignment.member, WorkAssignment.assigned_at).where(
            WorkAssignment.installation_id == tx.workspace.id,
            WorkAssignment.assigned_at > tx.now - rules.FAIRNESS,
        )
    )
    loads = Loads([(row.member, row.assigned_at) for row in assigned], now=tx.now)
    room = {
        channel_id: _PER_PLACE * sum(map(loads.room, each))
        for channel_id, each in available.items()
    }
    candidates: list[tuple[WorkItemKind, Candidate]] = []
    if any(room.values()):
        kinds = sorted(tx.features.work_items, key=lambda kind: -kind.most_per_week)
        for kind in kinds:
            for candidate in _new(tx, kind, kind.find(tx)):
                if room.get(candidate.channel_id, 0) > 0:
                    room[candidate.channel_id] -= 1
                    candidates.append((kind, candidate))
    return Plan(channels, available, candidates, loads, _counts(tx))


def _counts(tx: Transaction) -> Counter[tuple[str, str]]:
    rows = tx.session.execute(
        select(WorkItem.kind, WorkItem.champion, func.count())
        .where(
            WorkItem.installation_id == tx.workspace.id,
            WorkItem.champion.is_not(None),
            WorkItem.assigned_at > tx.now - rules.WEEK,
        )
        .group_by(WorkItem.kind, WorkItem.champion)
    )
    return Counter({(kind, champion or ""): count for kind, champion, count in rows})


def _new(
    tx: Transaction, kind: WorkItemKind, candidates: Sequence[Candidate]
) -> Iterator[Candidate]:
    """Yield the candidates that were never suggested."""
    for start in range(0, len(candidates), _BATCH_SIZE):
        batch = candidates[start : start + _BATCH_SIZE]
        known = set(
            tx.session.scalars(
                select(WorkItem.subject).where(
                    WorkItem.installation_id == tx.workspace.id,
                    WorkItem.kind == kind.name,
                    WorkItem.subject.in_([candidate.subject for candidate in batch]),
                )
            )
        )
        yield from (each for each in batch if each.subject not in known)


def _give(tx: Transaction, plan: Plan, hours: "_WorkingHours") -> None:
    given: set[tuple[str, str]] = set()
    for kind, candidate in plan.candidates:
        key = (kind.name, candidate.subject)
        present = plan.present.get(candidate.channel_id, set())
        is_there = candidate.about is None or candidate.about in present
        if key in given or not is_there:
            continue
        able = plan.people[candidate.channel_id] & present - {candidate.about}
        able = {
            person
            for person in able
            if plan.counts[kind.name, person] < kind.most_per_week
        }
        champion = plan.loads.choose(able)
        if champion is None:
            continue
        given.add(key)
        plan.counts[kind.name, champion] += 1
        tx.session.execute(
            upsert(tx.session, WorkItem)
            .values(
                installation_id=tx.workspace.id,
                kind=kind.name,
                subject=candidate.subject,
                channel_id=candidate.channel_id,
                about=candidate.about,
                champion=champion,
                assigned_at=tx.now,
                until=hours.three_days(champion),
                outcome="open",
            )
            .on_conflict_do_nothing()
        )
        _count(tx, champion)


def _pass_on(tx: Transaction, plan: Plan, hours: "_WorkingHours") -> None:
    """Give items that their champions left undone to the next, once.

    If all others have five this week, it waits for one of them, without a champion.
    """
    over: list[WorkItem] = []
    for item in _expired(tx):
        if item.channel_id not in plan.present:
            continue
        present = plan.people[item.channel_id] & plan.present[item.channel_id]
        others = present - {item.champion, item.previous_champion, item.about}
        had_two = item.champion is not None and item.previous_champion is not None
        if had_two or not others:
            over.append(item)
            continue
        if item.champion is not None:
            home_refresh.refresh_homes(tx, [item.champion])
            item.previous_champion, item.champion = item.champion, None
        item.champion = plan.loads.choose(others)
        if item.champion is not None:
            item.assigned_at, item.until = tx.now, hours.three_days(item.champion)
            _count(tx, item.champion)
    items.end(tx, over)


def _expired(tx: Transaction) -> Sequence[WorkItem]:
    return tx.session.scalars(items.open_rows(tx).where(WorkItem.until <= tx.now)).all()


def _count(tx: Transaction, champion: str) -> None:
    tx.session.add(
        WorkAssignment(
            installation_id=tx.workspace.id, member=champion, assigned_at=tx.now
        )
    )
    home_refresh.refresh_homes(tx, [champion])


def _untrue(tx: Transaction) -> list[WorkItem]:
    """Return open items that can't be done now."""
    rows = tx.session.scalars(items.open_rows(tx)).all()
    live = {channel.id for channel in people.live_channels(tx)}
    is_true: set[int] = set()
    for kind in tx.features.work_items:
        own = [row for row in rows if row.kind == kind.name and row.channel_id in live]
        if own:
            is_true |= set(kind.still_open(tx, own))
    return [row for row in rows if row.id not in is_true]


class _WorkingHours:
    """Computes when champions' three working days end, in their own zones."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._ends: dict[str, datetime] = {}

    def three_days(self, member: str) -> datetime:
        if member not in self._ends:
            self._ends[member] = items.expires_at(self._tx, member, self._tx.now)
        return self._ends[member]


def purge(tx: Transaction) -> None:
    """Delete items that ended long ago, and assignments that count no longer."""
    tx.session.execute(
        delete(WorkItem).where(
            WorkItem.installation_id == tx.workspace.id,
            WorkItem.ended_at <= tx.now - rules.KEPT_FOR,
        )
    )
    tx.session.execute(
        delete(WorkAssignment).where(
            WorkAssignment.installation_id == tx.workspace.id,
            WorkAssignment.assigned_at <= tx.now - rules.FAIRNESS,
        )
    )
