"""Facts about all who answer asks in a workspace."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from bot.asks.rules import matching_topics
from bot.routing import rules
from bot.runtime import Transaction
from models import Answer, Channel, MemberSettingsRow


@dataclass(frozen=True, slots=True)
class Peers:
    """Facts about all who take part, loaded once for many asks.

    Private channels count for their own asks only.
    """

    # The asks that members answered within rules.ACTIVE_FOR, by the channel's row id.
    # A lively thread with many replies counts once.
    answers_by_channel: Mapping[int, Counter[str]]
    # Their answers in all channels: each member's own pace; and in public ones.
    answer_counts: Counter[str]
    public_counts: Counter[str]
    public_channels: frozenset[int]
    # Members by the topics that they know, as they wrote them; and those who chose to
    # be asked.
    members_by_topic: Mapping[str, Sequence[str]]
    volunteers: frozenset[str]

    def counts_for(self, channel_id: int) -> Counter[str]:
        """Return each member's answers that an ask in the channel may count."""
        if channel_id in self.public_channels:
            return self.public_counts
        own = self.answers_by_channel.get(channel_id, Counter())
        return self.public_counts + own

    def known_topics(self, topics: Sequence[str], title: str) -> dict[str, list[str]]:
        """Return the members who know a topic of an ask, each with these topics."""
        by_member: dict[str, list[str]] = {}
        for topic in sorted(matching_topics(topics, title, self.members_by_topic)):
            for member in self.members_by_topic[topic]:
                by_member.setdefault(member, []).append(topic)
        return by_member

    def main_channel(self, member: str, channel_id: int) -> int | None:
        """Return where the member answers most, as far as an ask may count it."""
        counts = [
            (counts[member], -source)
            for source, counts in self.answers_by_channel.items()
            if member in counts
            and (source == channel_id or source in self.public_channels)
        ]
        return -max(counts)[1] if counts else None


def load_peers(tx: Transaction) -> Peers:
    by_channel: dict[int, Counter[str]] = {}
    for channel_id, author, count in tx.session.execute(
        select(Answer.channel_id, Answer.author, func.count(Answer.ask_id.distinct()))
        .join(Channel, Channel.id == Answer.channel_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            Answer.answered_at >= tx.now - rules.ACTIVE_FOR,
            Answer.is_deleted.is_(False),
        )
        .group_by(Answer.channel_id, Answer.author)
    ):
        by_channel.setdefault(channel_id, Counter())[author] = count
    settings = tx.session.execute(
        select(
            MemberSettingsRow.member,
            MemberSettingsRow.topics_known,
            MemberSettingsRow.max_requests_per_week,
        ).where(MemberSettingsRow.installation_id == tx.workspace.id)
    ).all()
    by_topic: dict[str, list[str]] = {}
    for row in settings:
        for topic in row.topics_known:
            by_topic.setdefault(topic, []).append(row.member)
    public = frozenset(
        tx.session.scalars(
            select(Channel.id).where(
                Channel.installation_id == tx.workspace.id,
                Channel.is_private.is_(False),
                # As `visibility.readable_channels` has it.
                Channel.is_joined.is_(True) | Channel.is_archived.is_(True),
            )
        )
    )
    return Peers(
        by_channel,
        _total(by_channel.values()),
        _total(by_channel[source] for source in public & by_channel.keys()),
        public,
        by_topic,
        frozenset(row.member for row in settings if row.max_requests_per_week),
    )


def _total(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total
