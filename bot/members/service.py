"""The people of a workspace: remembered as Slack describes them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.members import rules
from bot.members.rules import Role
from bot.outbox import upsert
from bot.text import clean, one_line, shorten
from models import Champion, Channel, Member

# Slack says that its own bot is no bot.
SLACKBOT = "USLACKBOT"
SOMEONE = "someone"
_LONGEST_NAME = 80


def note(session: Session, installation_id: int, slack_ids: Iterable[str]) -> None:
    """Keep the ids of people we have met, to be looked up."""
    rows = [
        {"installation_id": installation_id, "slack_id": slack_id}
        for slack_id in sorted(set(slack_ids))
    ]
    if rows:
        session.execute(upsert(session, Member).on_conflict_do_nothing(), rows)


def hold(session: Session, installation_id: int, slack_id: str) -> None:
    """Note the person, and let no facts about them be recorded meanwhile."""
    note(session, installation_id, [slack_id])
    session.execute(
        select(Member.id)
        .filter_by(installation_id=installation_id, slack_id=slack_id)
        .with_for_update(read=True)
    )


def remember(
    session: Session,
    installation_id: int,
    user: Mapping[str, Any],
    *,
    team_id: str,
    now: datetime,
) -> Member:
    """Record Slack's user object, as of now."""
    note(session, installation_id, [user["id"]])
    member = find(session, installation_id, user["id"])
    assert member is not None  # noqa: S101 - it was noted the line before
    profile = user.get("profile") or {}
    name = (
        profile.get("display_name")
        or profile.get("real_name")
        or user.get("real_name")
        or user.get("name")
        or ""
    )
    member.name = shorten(one_line(clean(name)), _LONGEST_NAME)
    member.tz = user.get("tz")
    member.is_bot = bool(user.get("is_bot")) or user["id"] == SLACKBOT
    member.is_deactivated = bool(user.get("deleted"))
    member.is_guest = bool(user.get("is_restricted") or user.get("is_ultra_restricted"))
    member.is_stranger = bool(user.get("is_stranger")) or (
        user.get("team_id") not in {None, "", team_id}
        and not user.get("enterprise_user")
    )
    member.is_admin = bool(user.get("is_admin") or user.get("is_owner"))
    member.looked_up_at = now
    return member


def find(session: Session, installation_id: int, slack_id: str) -> Member | None:
    return session.scalar(
        select(Member).filter_by(installation_id=installation_id, slack_id=slack_id)
    )


def names(
    session: Session, installation_id: int, slack_ids: Iterable[str]
) -> dict[str, str]:
    """Plain names, for lists that should notify nobody."""
    wanted = set(slack_ids)
    known = session.execute(
        select(Member.slack_id, Member.name).where(
            Member.installation_id == installation_id, Member.slack_id.in_(wanted)
        )
    )
    found = {slack_id: name for slack_id, name in known if name}
    return {slack_id: found.get(slack_id, SOMEONE) for slack_id in wanted}


def name(session: Session, installation_id: int, slack_id: str) -> str:
    return names(session, installation_id, [slack_id])[slack_id]


def is_bot(session: Session, installation_id: int, slack_id: str) -> bool:
    """Whether it is a bot, as far as we know."""
    member = find(session, installation_id, slack_id)
    return member is not None and member.is_bot


def is_guest(session: Session, installation_id: int, slack_id: str) -> bool:
    """Whether it is a guest, as far as we know."""
    member = find(session, installation_id, slack_id)
    return member is not None and member.is_guest


def is_lead(session: Session, channel_id: int, member: Member) -> bool:
    """Whether the person may act for askers in the channel."""
    return rules.is_lead(
        is_admin=member.is_admin,
        is_champion=is_champion(session, channel_id, member.slack_id),
        is_stranger=member.is_stranger,
        is_bot=member.is_bot,
        is_deactivated=member.is_deactivated,
    )


def is_champion(session: Session, channel_id: int, slack_id: str) -> bool:
    return session.get(Champion, (channel_id, slack_id)) is not None


def roles(
    session: Session, channel: Channel, slack_id: str, *, author: str | None = None
) -> frozenset[Role]:
    """What the person is, from facts that we hold; unknown people are nobody yet."""
    member = find(session, channel.installation_id, slack_id)
    if member is None or member.looked_up_at is None:
        return frozenset()
    held = {Role.GUEST if member.is_guest else Role.MEMBER}
    facts = {
        Role.STRANGER: member.is_stranger,
        Role.BOT: member.is_bot,
        Role.DEACTIVATED: member.is_deactivated,
        Role.ADMIN: member.is_admin,
        Role.AUTHOR: slack_id == author,
        Role.CHAMPION: is_champion(session, channel.id, slack_id),
    }
    return frozenset(held | {role for role, is_so in facts.items() if is_so})
