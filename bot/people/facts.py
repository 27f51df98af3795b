"""Facts about people who may be matched, for the matching engine.

They come from public channels, and from what members say about themselves. Nothing here
decides who may read what: a text about a fact checks its readers when it is sent.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot import timezones
from bot.matching.people import AskIds, Person, Way
from bot.people import ask_facts, circle_mates, rules
from bot.people.ask_facts import among
from bot.people.rules import Vocabulary
from bot.runtime import Transaction
from bot.slack.text import to_plain
from bot.workspace import member_settings
from bot.workspace.member_settings import MemberSettings
from models import (
    Channel,
    ChannelMember,
    DoNotPair,
    Exchange,
    ExchangeMember,
    Member,
    MemberAttributes,
    PeerMeeting,
    Program,
    ProgramMember,
)

_OPEN_STATES = ("open", "answered")
_WAYS = {"calls": Way.CALLS, "writing": Way.WRITING, "either": Way.EITHER}

# Row ids of asks by member and topic, the newest first.
_AsksByTopic = dict[str, dict[str, list[int]]]


def load_people(
    tx: Transaction, members: Iterable[str], *, for_circles: bool = False
) -> list[Person]:
    """Return what matching knows of these members, in the order of their ids.

    The number of statements is always the same; for nobody there is none.

    1. They want the topics that they say so of, and those of their asks of a year.
    2. They know the topics that they say so of, and those of asks with which they
       helped. Only asks in public channels count, with the name of the asker.
    3. A team or level that they hide is unknown.
    4. Someone whom they never want to meet, or who was no good match, excludes the
       match. For a guest, these are all the people with whom they share no channel and
       no program.
    5. An exchange that was not for one of them counts against a match of the two.
    6. People who are in a circle together count as people who met in the last round,
       unless it is for circles.
    """
    ids = sorted(set(members))
    if not ids:
        return []
    present = frozenset(ids)
    settings = member_settings.get_many(tx, present)
    asks = [ask for ask in ask_facts.load_asks(tx, ids) if ask.asker in present]
    answers = [
        each
        for each in ask_facts.load_helpful_answers(tx, ids)
        if each.author in present
    ]
    vocabulary = Vocabulary(
        topic
        for topics in (
            *(each.topics_known for each in settings.values()),
            *(each.topics_wanted for each in settings.values()),
            *(row.topics for row in asks),
            *(row.topics for row in answers),
        )
        for topic in topics
    )
    topics = {
        ask.ask_id: vocabulary.topics_of(ask.topics, to_plain(ask.title))
        for ask in {row.ask_id: row for row in (*asks, *answers)}.values()
    }
    asked, open_asks, helped, solved = (_AsksByTopic() for _ in range(4))
    helped_by: dict[str, set[str]] = defaultdict(set)
    for row in asks:
        _add(asked, row.asker, topics[row.ask_id], row.ask_id)
        if row.state in _OPEN_STATES:
            _add(open_asks, row.asker, topics[row.ask_id], row.ask_id)
    for row in answers:
        _add(helped, row.author, topics[row.ask_id], row.ask_id)
        if row.is_solution:
            _add(solved, row.author, topics[row.ask_id], row.ask_id)
    for asker, author in ask_facts.load_ties(tx, ids):
        helped_by[asker].add(author)
        helped_by[author].add(asker)
    wants = _weights(vocabulary, asked, settings, "topics_wanted")
    knows = _weights(vocabulary, helped, settings, "topics_known")
    profiles = {row.slack_id: row for row in _load_profiles(tx, ids)}
    attributes = _load_attributes(tx, ids)
    joined = _load_memberships(tx, ids)
    activity = ask_facts.load_activity(tx, ids)
    met = _load_met(tx, present)
    mates = {} if for_circles else circle_mates.load(tx, present)
    apart = _load_exclusions(tx, present)
    poor_fits = _load_poor_fits(tx, present)
    guests = [each for each in ids if each in profiles and profiles[each].is_guest]
    groups = _load_groups(tx, present, guests, joined) if guests else {}
    for guest in guests:
        apart[guest] |= rules.unknown_to(guest, present, groups, helped_by[guest])
    return [
        replace(
            _from_settings(member, profiles.get(member), settings[member]),
            wants=wants[member],
            knows=knows[member],
            activity=rules.activity(activity[member]),
            asked=_frozen(asked.get(member)),
            open_asks=_frozen(open_asks.get(member)),
            helped_with=_frozen(helped.get(member)),
            solved=_frozen(solved.get(member)),
            team=attributes.teams.get(member),
            level=attributes.levels.get(member),
            manager=attributes.managers.get(member),
            is_newcomer=_is_newcomer(joined.get(member, ()), tx.now),
            met=met[member] | dict.fromkeys(mates.get(member, ()), 1),
            circle_mates=frozenset(mates.get(member, ())),
            helped=frozenset(helped_by[member] & present),
            poor_fits=frozenset(poor_fits[member]),
            do_not_pair=frozenset(apart[member]),
        )
        for member in ids
    ]


def _add(asks: _AsksByTopic, member: str, topics: Iterable[str], ask_id: int) -> None:
    """Add an ask; several answers to it count once."""
    for topic in topics:
        ids = asks.setdefault(member, {}).setdefault(topic, [])
        if ask_id not in ids[-1:]:
            ids.append(ask_id)


def _frozen(asks: Mapping[str, list[int]] | None) -> AskIds:
    return {topic: tuple(ids) for topic, ids in (asks or {}).items()}


def _from_settings(
    member: str, profile: Any | None, settings: MemberSettings
) -> Person:
    return Person(
        member,
        zone=timezones.get(profile.tz) if profile is not None else None,
        hours=rules.meeting_hours(settings.hours_from, settings.hours_to),
        way=_WAYS[settings.participation],
        languages=frozenset(settings.languages),
        holidays_of=settings.holidays_of,
    )


def _load_profiles(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    return tx.session.execute(
        select(Member.slack_id, Member.tz, Member.is_guest).where(
            Member.installation_id == tx.workspace.id, among(Member.slack_id, ids)
        )
    )


def _weights(
    vocabulary: Vocabulary,
    asks: _AsksByTopic,
    settings: Mapping[str, MemberSettings],
    name: str,
) -> dict[str, dict[str, float]]:
    """Return the topics of each member: one point for their word, one for each ask."""
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for member, own in settings.items():
        weights[member] = dict.fromkeys(vocabulary.spelled(getattr(own, name)), 1.0)
    for member, by_topic in asks.items():
        for topic, ask_ids in by_topic.items():
            weights[member][topic] = weights[member].get(topic, 0.0) + len(ask_ids)
    return weights


@dataclass(frozen=True, slots=True)
class _Attributes:
    teams: Mapping[str, str]
    levels: Mapping[str, str]
    managers: Mapping[str, str]


def _load_attributes(tx: Transaction, ids: Collection[str]) -> _Attributes:
    rows = tx.session.scalars(
        select(MemberAttributes).where(
            MemberAttributes.installation_id == tx.workspace.id,
            among(MemberAttributes.member, ids),
        )
    ).all()
    teams = {row.member: team for row in rows if (team := rules.team_of(row))}
    levels = {row.member: level for row in rows if (level := rules.level_of(row))}
    usual_teams = rules.spellings(teams.values())
    usual_levels = rules.spellings(levels.values())
    return _Attributes(
        {member: usual_teams[team.casefold()] for member, team in teams.items()},
        {member: usual_levels[level.casefold()] for member, level in levels.items()},
        {row.member: row.manager for row in rows if row.manager},
    )


def _load_memberships(tx: Transaction, ids: Collection[str]) -> Mapping[str, list[Any]]:
    """Return the programs that members are in."""
    rows = tx.session.execute(
        select(
            ProgramMember.member,
            ProgramMember.program_id,
            ProgramMember.joined_at,
            Program.is_workspace_wide,
        )
        .join(Program, Program.id == ProgramMember.program_id)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramMember.is_joined.is_(True),
            among(ProgramMember.member, ids),
        )
    )
    by_member: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_member[row.member].append(row)
    return by_member


def _is_newcomer(memberships: Iterable[Any], now: datetime) -> bool:
    joined_at = min((row.joined_at for row in memberships), default=None)
    return joined_at is not None and now - joined_at < rules.NEW_FOR


def _load_met(
    tx: Transaction, present: Collection[str]
) -> Mapping[str, dict[str, int]]:
    rows = tx.session.execute(
        select(PeerMeeting.member, PeerMeeting.other, PeerMeeting.last_met_at).where(
            PeerMeeting.installation_id == tx.workspace.id,
            among(PeerMeeting.member, present),
            among(PeerMeeting.other, present),
        )
    )
    met: dict[str, dict[str, int]] = defaultdict(dict)
    for member, other, met_at in rows:
        if member in present and other in present:
            met[member][other] = rules.rounds_since(met_at, tx.now)
    return met


def _load_exclusions(tx: Transaction, present: Collection[str]) -> dict[str, set[str]]:
    rows = tx.session.execute(
        select(DoNotPair.member, DoNotPair.other).where(
            DoNotPair.installation_id == tx.workspace.id,
            among(DoNotPair.member, present),
        )
    )
    apart: dict[str, set[str]] = defaultdict(set)
    for member, other in rows:
        if member in present and other in present:
            apart[member].add(other)
    return apart


def _load_poor_fits(tx: Transaction, present: Collection[str]) -> dict[str, set[str]]:
    """Return with whom an exchange was not for them, after its first meeting."""
    rows = tx.session.execute(
        select(ExchangeMember.member, Exchange.asker, Exchange.peer)
        .join(Exchange, Exchange.id == ExchangeMember.exchange_id)
        .where(
            Exchange.installation_id == tx.workspace.id,
            ExchangeMember.first_meeting == "not_for_me",
            among(ExchangeMember.member, present),
        )
    )
    poor_fits: dict[str, set[str]] = defaultdict(set)
    for member, asker, peer in rows:
        poor_fits[member].update({asker, peer} & set(present) - {member})
    return poor_fits


def _load_groups(
    tx: Transaction,
    present: Collection[str],
    guests: Collection[str],
    joined: Mapping[str, Iterable[Any]],
) -> Mapping[int | str, Collection[str]]:
    """Return the people by the channels and programs that guests are in."""
    groups: dict[int | str, set[str]] = defaultdict(set)
    for member, memberships in joined.items():
        for row in memberships:
            if not row.is_workspace_wide:
                groups[f"program {row.program_id}"].add(member)
    shared = select(ChannelMember.channel_id).where(
        among(ChannelMember.member, guests), ChannelMember.is_member.is_(True)
    )
    rows = tx.session.execute(
        select(ChannelMember.channel_id, ChannelMember.member)
        .join(Channel, Channel.id == ChannelMember.channel_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            ChannelMember.channel_id.in_(shared),
            ChannelMember.is_member.is_(True),
        )
    )
    for channel_id, member in rows:
        if member in present:
            groups[channel_id].add(member)
    return groups
