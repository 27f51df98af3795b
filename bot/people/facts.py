"""Facts about people who may be matched, for the matching engine.

They come from public channels, and from what members say about themselves. Nothing here
decides who may read what: a text about a fact checks its readers when it is sent.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select, true

from bot import timezones
from bot.matching.people import AskIds, Person, Way
from bot.people import rules
from bot.people.rules import Vocabulary
from bot.programs import rules as program_rules
from bot.programs import service as programs
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS, to_plain
from bot.workspace import member_settings
from bot.workspace.member_settings import MemberSettings
from models import (
    Answer,
    Ask,
    Channel,
    ChannelMember,
    DoNotPair,
    Member,
    MemberAttributes,
    MemberSettingsRow,
    PeerMeeting,
    Program,
    ProgramMember,
)

# With more people than this, statements read the whole workspace: it is about as much,
# and a statement can't name all of them.
_MAX_NAMED = 1000
_OPEN_STATES = ("open", "answered")
_WAYS = {"calls": Way.CALLS, "writing": Way.WRITING, "either": Way.EITHER}

# Row ids of asks by member and topic, the newest first.
_AsksByTopic = dict[str, dict[str, list[int]]]


def load_people(tx: Transaction, members: Iterable[str]) -> list[Person]:
    """Return what matching knows of these members, in the order of their ids.

    The number of statements is always the same.

    1. They want the topics that they say so of, and those of their asks of a year.
    2. They know the topics that they say so of, and those of asks with which they
       helped. Only asks in public channels count, with the name of the asker.
    3. A team or level that they hide is unknown.
    4. Someone whom they never want to meet, or who did not fit, excludes the match. For
       a guest, these are all the people with whom they share no channel and no program.
    """
    ids = sorted(set(members))
    present = frozenset(ids)
    settings = member_settings.get_many(tx, present)
    asks = [ask for ask in _load_asks(tx, ids) if ask.asker in present]
    answers = [
        each for each in _load_helpful_answers(tx, ids) if each.author in present
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
    for asker, author in _load_ties(tx, ids):
        helped_by[asker].add(author)
        helped_by[author].add(asker)
    wants = _weights(vocabulary, asked, settings, "topics_wanted")
    knows = _weights(vocabulary, helped, settings, "topics_known")
    profiles = {row.slack_id: row for row in _load_profiles(tx, ids)}
    attributes = _load_attributes(tx, ids)
    joined = _load_memberships(tx, ids)
    activity = _load_activity(tx, ids)
    met = _load_met(tx, present)
    apart = _load_exclusions(tx, present)
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
            met=met[member],
            helped=frozenset(helped_by[member] & present),
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


def can_be_matched(tx: Transaction) -> list[str]:
    """Return the members who joined a running program and are not away, by their ids.

    Bots, external people, and those who were deactivated or forgotten are not among
    them, nor those who paused the bot, or all of their programs.
    """
    running = [
        program
        for program in tx.session.scalars(
            select(Program).filter_by(installation_id=tx.workspace.id)
        )
        if programs.state(tx, program) is program_rules.State.RUNNING
    ]
    ids = {program.id for program in running} - programs.paused_ids(tx, running)
    rows = tx.session.execute(
        select(
            Member.slack_id,
            Member.tz,
            Member.is_away,
            Member.away_until,
            MemberSettingsRow.paused_until,
            ProgramMember.paused_until.label("program_paused_until"),
        )
        .join(ProgramMember, ProgramMember.member == Member.slack_id)
        .outerjoin(
            MemberSettingsRow,
            (MemberSettingsRow.installation_id == Member.installation_id)
            & (MemberSettingsRow.member == Member.slack_id),
        )
        .where(
            Member.installation_id == tx.workspace.id,
            Member.fetched_at.is_not(None),
            Member.is_bot.is_(False),
            Member.is_external.is_(False),
            Member.is_deactivated.is_(False),
            Member.erased_at.is_(None),
            ProgramMember.program_id.in_(ids),
            ProgramMember.is_joined.is_(True),
        )
    )
    return sorted({row.slack_id for row in rows if not _is_absent(row, tx.now)})


def _is_absent(row: Any, now: datetime) -> bool:
    if row.is_away and (row.away_until is None or row.away_until > now):
        return True
    zone = timezones.get(row.tz) or ZoneInfo("UTC")
    today = timezones.local_date(now, zone)
    pauses = row.paused_until, row.program_paused_until
    return any(until is not None and today < until for until in pauses)


def _among(column: Any, ids: Collection[str]) -> ColumnElement[bool]:
    if len(ids) > _MAX_NAMED:
        return true()
    condition: ColumnElement[bool] = column.in_(ids)
    return condition


def _from_settings(
    member: str, profile: Any | None, settings: MemberSettings
) -> Person:
    return Person(
        member,
        zone=timezones.get(profile.tz) if profile is not None else None,
        hours=rules.meeting_hours(settings.hours_from, settings.hours_to),
        way=_WAYS[settings.participation],
    )


def _load_profiles(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    return tx.session.execute(
        select(Member.slack_id, Member.tz, Member.is_guest).where(
            Member.installation_id == tx.workspace.id, _among(Member.slack_id, ids)
        )
    )


def _is_public() -> ColumnElement[bool]:
    """Return the condition that a channel is public, as far as the bot can know."""
    return Channel.is_private.is_(False) & or_(
        Channel.is_joined.is_(True), Channel.is_archived.is_(True)
    )


def _load_asks(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    """Return the members' asks in public channels, the newest first."""
    return tx.session.execute(
        select(Ask.id.label("ask_id"), Ask.asker, Ask.topics, Ask.title, Ask.state)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            _among(Ask.asker, ids),
            Ask.asked_at >= tx.now - rules.ASKED_WITHIN,
            Ask.deleted_at.is_(None),
            Ask.is_confirmed.is_(True),
            _is_public(),
        )
        .order_by(Ask.id.desc())
    )


def _load_helpful_answers(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    """Return the members' answers that helped, those to the newest asks first."""
    return tx.session.execute(
        select(
            Answer.author,
            Answer.is_solution,
            Ask.id.label("ask_id"),
            Ask.asker,
            Ask.topics,
            Ask.title,
        )
        .join(Ask, Ask.id == Answer.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            _among(Answer.author, ids),
            Answer.is_deleted.is_(False),
            Answer.is_solution.is_(True) | (Answer.helpful_count > 0),
            Ask.deleted_at.is_(None),
            # Nobody knows whom they helped.
            Ask.asker != ANONYMOUS,
            _is_public(),
        )
        .order_by(Ask.id.desc(), Answer.id)
    )


def _load_ties(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    """Return who asked and who answered, whether or not it helped: they have met."""
    return tx.session.execute(
        select(Ask.asker, Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            _among(Answer.author, ids),
            Answer.is_deleted.is_(False),
            Ask.deleted_at.is_(None),
            # Nobody knows whom they answered.
            Ask.asker != ANONYMOUS,
            _is_public(),
        )
        .distinct()
    )


def _load_activity(tx: Transaction, ids: Collection[str]) -> Counter[str]:
    """Return the number of asks that each member answered lately, in any channel."""
    rows = tx.session.execute(
        select(Answer.author, func.count(Answer.ask_id.distinct()))
        .join(Channel, Channel.id == Answer.channel_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            _among(Answer.author, ids),
            Answer.answered_at >= tx.now - rules.ACTIVE_FOR,
            Answer.is_deleted.is_(False),
        )
        .group_by(Answer.author)
    )
    counts: Counter[str] = Counter()
    for author, count in rows:
        counts[author] = count
    return counts


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
            _among(MemberAttributes.member, ids),
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
            _among(ProgramMember.member, ids),
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
) -> Mapping[str, Mapping[str, int]]:
    rows = tx.session.execute(
        select(PeerMeeting.member, PeerMeeting.other, PeerMeeting.last_met_at).where(
            PeerMeeting.installation_id == tx.workspace.id,
            _among(PeerMeeting.member, present),
            _among(PeerMeeting.other, present),
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
            _among(DoNotPair.member, present),
        )
    )
    apart: dict[str, set[str]] = defaultdict(set)
    for member, other in rows:
        if member in present and other in present:
            apart[member].add(other)
    return apart


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
        _among(ChannelMember.member, guests), ChannelMember.is_member.is_(True)
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
