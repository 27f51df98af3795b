"""The people who may know an answer, and may be asked now."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, union

from bot.asks.rules import matches_topics
from bot.routing import rules
from bot.routing.peers import Peers
from bot.routing.rules import Candidate, Outcome, Person, SimilarAnswer
from bot.runtime import Transaction
from bot.search.query import SearchQuery
from bot.search.service import Search
from bot.slack.text import to_plain
from bot.workspace import (
    budget_rules,
    contact_budget,
    contact_hours,
    member_settings,
    visibility,
    workspace_settings,
)
from bot.workspace.budget_rules import MIN_DISTANCE
from bot.workspace.member_settings import MemberSettings
from models import (
    Answer,
    Ask,
    Channel,
    ExpectedExpert,
    HelpRequest,
    Member,
    Reaction,
    RefusedChannel,
)


class Candidates:
    """The people for one ask, the best first, and whether each may be asked now."""

    def __init__(
        self, tx: Transaction, search: Search, peers: Peers, ask: Ask, channel: Channel
    ) -> None:
        self._tx, self._peers, self._ask, self._channel = tx, peers, ask, channel
        self._counts = peers.counts_for(channel.id)
        self._pace = peers.answer_counts
        self.busiest = rules.busiest(self._counts)
        similar = self._similar_answers(search)
        knowing = rules.may_know(similar, self._counts, now=tx.now)
        people = self._people(knowing)
        ranked = rules.rank(people, similar, self._counts, now=tx.now)
        self.ranked: list[Candidate] = []
        self._resting: list[Candidate] = []
        for each in ranked:
            is_resting = each.person.member in self._rest_ends
            (self._resting if is_resting else self.ranked).append(each)

    def move_to(self, tx: Transaction, channel: Channel) -> None:
        """Choose in another transaction from now on: one that locks, and asks."""
        self._tx, self._channel = tx, channel

    def pick(self, step: int, *, places: int) -> list[Candidate]:
        """Return people who may be asked now, at most `places`.

        Raises MembershipUnknown.
        """
        return self._pick(self.ranked, step, places)

    def rested_at(self, step: int) -> datetime | None:
        """Return when the first of those who rest may be asked; None if nobody rests.

        Raises MembershipUnknown.
        """
        resting = self._pick(self._resting, step, len(self._resting))
        ends = [self._rest_ends[each.person.member] for each in resting]
        return min(ends, default=None)

    def _pick(
        self, candidates: list[Candidate], step: int, places: int
    ) -> list[Candidate]:
        """Return people who can be reached now; take those who can't off the list."""
        while chosen := rules.pick(candidates, self.busiest, step=step, places=places):
            unreachable = [each for each in chosen if not self._is_reachable(each)]
            if not unreachable:
                return chosen
            for each in unreachable:
                candidates.remove(each)
        return []

    def let_rest(self, candidate: Candidate) -> None:
        """Do not choose someone who was just asked, or left, before an hour is over."""
        self.ranked.remove(candidate)
        self._resting.append(candidate)
        self._rest_ends[candidate.person.member] = self._tx.now + MIN_DISTANCE

    def cap(self, member: str) -> int:
        """Return the most requests to the member in a week."""
        return rules.weekly_cap(
            self._pace[member], self._settings[member].max_requests_per_week
        )

    def _similar_answers(self, search: Search) -> list[SimilarAnswer]:
        """Return the answers to similar earlier asks that may be named here."""
        sources = {self._channel.id, *self._peers.public_channels}
        if self._channel.is_shared:
            sources = {self._channel.id}
        results = search.find(
            self._tx.session,
            sources,
            SearchQuery(self._ask.title, self._ask.details),
            limit=rules.MAX_SIMILAR,
            excluded={self._ask.id},
        )
        ranks = {hit.ask_id: rank for rank, hit in enumerate(results.hits)}
        alike = rules.alike(results.hits)
        rows = self._tx.session.scalars(
            select(Answer).where(Answer.ask_id.in_(ranks), Answer.is_deleted.is_(False))
        )
        return [
            SimilarAnswer(
                row.author,
                row.ask_id,
                ranks[row.ask_id],
                outcome_of(row),
                row.answered_at,
                is_alike=row.ask_id in alike,
            )
            for row in rows
        ]

    def _people(self, knowing: Collection[str]) -> list[Person]:
        """Return those of the knowing, and of those who know a topic, who are free."""
        tx, ask = self._tx, self._ask
        title = to_plain(ask.title)
        topics = self._peers.known_topics(ask.topics, title)
        taking_part = self._pace.keys() | self._peers.volunteers
        members = (topics.keys() | knowing) & taking_part - {ask.asker}
        if self._channel.is_private:
            members = visibility.people_in(tx, self._channel, members)
        self._settings = member_settings.get_many(tx, members)
        requests = _Requests.load(tx, members)
        sent = contact_budget.sent_times(tx, members)
        budget = workspace_settings.get(tx).unasked_per_week
        # The end of the rest of members who got a message within the hour.
        self._rest_ends = {
            member: max(times) + MIN_DISTANCE
            for member, times in sent.items()
            if times and max(times) > tx.now - MIN_DISTANCE
        }
        excluded = {*self._asked(), *self._refusing(), *self._absent(members)}
        met = self._met(members)
        experts = {
            *tx.session.scalars(
                select(ExpectedExpert.member).filter_by(installation_id=tx.workspace.id)
            )
        }
        return [
            Person(
                member=member,
                known_topics=tuple(topics.get(member, ())),
                is_new_to_asker=member not in met,
                is_elsewhere=self._peers.main_channel(member, self._channel.id)
                not in {None, self._channel.id},
                is_expert=member in experts,
                request_count=requests.in_28_days[member],
                last_requested_at=requests.latest.get(member),
            )
            for member in sorted(members - excluded)
            if not self._refuses_topic(self._settings[member], title)
            and requests.in_7_days[member] < self.cap(member)
            and len(sent[member]) < budget_rules.request_limit(budget, self.cap(member))
        ]

    def _asked(self) -> Iterator[str]:
        """Yield those who know of the ask.

        They were asked before, answered and deleted it, look into it, or have the same
        problem.
        """
        tx, ask = self._tx, self._ask
        yield from tx.session.scalars(
            select(Reaction.member).where(
                Reaction.ask_id == ask.id,
                Reaction.message_ts == ask.ts,
                Reaction.meaning.in_(("looking", "same")),
                Reaction.is_present.is_(True),
            )
        )
        yield from tx.session.scalars(
            select(HelpRequest.member).filter_by(ask_id=ask.id)
        )
        yield from tx.session.scalars(select(Answer.author).filter_by(ask_id=ask.id))

    def _refusing(self) -> Iterator[str]:
        yield from self._tx.session.scalars(
            select(RefusedChannel.member).filter_by(channel_id=self._channel.id)
        )

    def _refuses_topic(self, settings: MemberSettings, title: str) -> bool:
        return matches_topics(self._ask.topics, title, settings.topics_refused)

    def _absent(self, members: Collection[str]) -> set[str]:
        """Return those without a profile, and people who may not be asked.

        Guests have answered in the channel: Slack is not asked about all the others.
        """
        authors = self._peers.answers_by_channel.get(self._channel.id, Counter())
        present = self._tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == self._tx.workspace.id,
                Member.slack_id.in_(members),
                Member.fetched_at.is_not(None),
                Member.is_bot.is_(False),
                Member.is_external.is_(False),
                Member.is_deactivated.is_(False),
                Member.is_guest.is_(False) | Member.slack_id.in_(authors),
            )
        )
        return {*members} - {*present}

    def _met(self, members: Collection[str]) -> set[str]:
        """Return those who answered the asker, or whom the asker answered."""
        asker, workspace = self._ask.asker, self._tx.workspace.id
        answered = (
            select(Answer.author)
            .join(Ask, Ask.id == Answer.ask_id)
            .where(
                Ask.installation_id == workspace,
                Ask.asker == asker,
                Answer.author.in_(members),
            )
        )
        was_answered = (
            select(Ask.asker)
            .join(Answer, Answer.ask_id == Ask.id)
            .where(
                Ask.installation_id == workspace,
                Ask.asker.in_(members),
                Answer.author == asker,
            )
        )
        return {*self._tx.session.scalars(union(answered, was_answered))}

    def _is_reachable(self, candidate: Candidate) -> bool:
        """Return True if they may see the ask, and may be written to now.

        Raises MembershipUnknown.
        """
        tx, member = self._tx, candidate.person.member
        if contact_hours.next_contact_time(tx, member) > tx.now:
            return False
        return visibility.can_read(tx, self._channel, member)


@dataclass(frozen=True, slots=True)
class _Requests:
    """The times at which members were asked, for any ask."""

    in_7_days: Counter[str]
    in_28_days: Counter[str]
    latest: Mapping[str, datetime]

    @classmethod
    def load(cls, tx: Transaction, members: Collection[str]) -> "_Requests":
        week, month = Counter[str](), Counter[str]()
        latest: dict[str, datetime] = {}
        for member, at in tx.session.execute(
            select(HelpRequest.member, HelpRequest.requested_at)
            .where(
                HelpRequest.installation_id == tx.workspace.id,
                HelpRequest.member.in_(members),
                HelpRequest.requested_at > tx.now - rules.FRESH_FOR,
            )
            .order_by(HelpRequest.requested_at)
        ):
            month[member] += 1
            week[member] += at > tx.now - budget_rules.WINDOW
            latest[member] = at
        return cls(week, month, latest)


def outcome_of(answer: Any) -> Outcome:
    if answer.is_solution:
        return Outcome.SOLVED
    return Outcome.HELPED if answer.helpful_count else Outcome.ANSWERED
