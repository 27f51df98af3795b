"""Visibility of a channel's content, by Slack's recent answers, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.clock import EPOCH
from bot.errors import UserError
from bot.runtime import Runtime
from bot.slack.api import NotSent, Rejected, SlackError
from bot.workspace import (
    channel_members,
    channels,
    members,
    visibility,
)
from bot.workspace.visibility import FRESH_FOR, MembershipUnknown
from models import Channel, ChannelMember
from tests.conftest import NOW
from tests.fakes import FakeSlack
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, conversation_object

DEN, LAIR = "C0DEN", "C0LAIR"
SECOND = timedelta(seconds=1)


@pytest.fixture
def places(rt: Runtime, slack: FakeSlack) -> dict[str, int]:
    """Return a public channel and two private ones, by Slack id; Ana is in "den"."""
    slack.members_by_channel = {HELP_CHANNEL: [ASKER], DEN: [ASKER], LAIR: []}
    visible = {}
    for slack_id in slack.members_by_channel:
        description = conversation_object(
            slack_id, slack_id.lower(), is_private=slack_id != HELP_CHANNEL
        )
        slack.channels[slack_id] = description
        with rt.write(rt.workspaces.only) as tx:
            row = channels.upsert_from_slack(replace(tx, now=NOW), description)
            visible[slack_id] = row.id
    with rt.write(rt.workspaces.only) as tx:
        members.ensure(tx, [ASKER, HELPER])
    return visible


def visible_to(rt: Runtime, member: str = ASKER, now=NOW) -> set[str]:
    """Return the channels Ana can see; the rule and the query must agree."""
    with rt.read(rt.workspaces.only) as tx:
        rows = tx.session.scalars(select(Channel)).all()
        visible = visibility.visible_channels(replace(tx, now=now), rows, member)
        listed = tx.session.scalars(
            select(Channel.id).where(visibility.visible(member, now=now))
        )
        assert set(listed) == visible
        for row in rows:
            is_seen = row.id in visible
            assert (
                visibility.is_known_to_see(replace(tx, now=now), row, member) is is_seen
            )
        return {row.slack_id for row in rows if row.id in visible}


def ask(rt: Runtime, member: str = ASKER, now=NOW) -> None:
    with rt.read(rt.workspaces.only) as tx, pytest.raises(MembershipUnknown) as unknown:
        visibility.visible_channels(
            replace(tx, now=now), tx.session.scalars(select(Channel)).all(), member
        )
    unknown.value.fetch(rt, rt.workspaces.only, is_urgent=True)


def test_an_unknown_membership_is_fetched_and_hides_meanwhile(rt, slack, places):
    with rt.read_session() as session:
        listed = select(Channel.slack_id).where(visibility.visible(ASKER, now=NOW))
        assert set(session.scalars(listed)) == {HELP_CHANNEL}
    ask(rt)
    assert slack.calls == ["users.conversations"]
    assert visible_to(rt) == {HELP_CHANNEL, DEN}


def test_public_channels_need_no_fetch(rt, places):
    with rt.read(rt.workspaces.only) as tx:
        public_channel = tx.session.get_one(Channel, places[HELP_CHANNEL])
        assert visibility.can_see(replace(tx, now=NOW), public_channel, HELPER)


def test_a_fetched_membership_counts_for_an_hour(rt, clock, places):
    ask(rt)
    assert visible_to(rt, now=NOW + FRESH_FOR) == {HELP_CHANNEL, DEN}
    clock.now = NOW + FRESH_FOR + SECOND
    ask(rt, now=clock.now)
    assert visible_to(rt, now=clock.now) == {HELP_CHANNEL, DEN}


def test_a_membership_from_the_future_counts_for_nothing(rt, places):
    """The machine's clock was set back."""
    ask(rt)
    before = NOW - FRESH_FOR - SECOND
    with rt.read(rt.workspaces.only) as tx:
        den = tx.session.get_one(Channel, places[DEN])
        with pytest.raises(MembershipUnknown):
            visibility.can_see(replace(tx, now=before), den, ASKER)


@pytest.mark.parametrize("hours", [0.5, 3, 24])
@pytest.mark.deep_on_postgresql
def test_after_the_clock_is_set_back_slack_is_asked_again(
    rt, clock, slack, places, hours
):
    clock.now = NOW + timedelta(hours=hours)
    ask(rt, now=clock.now)
    clock.now = NOW
    if timedelta(hours=hours) > FRESH_FOR:
        ask(rt)
    assert visible_to(rt) == {HELP_CHANNEL, DEN}
    with rt.write(rt.workspaces.only) as tx:
        channel_members.on_event(
            replace(tx, now=NOW + SECOND),
            DEN,
            ASKER,
            is_in=False,
            at=NOW + SECOND,
        )
    assert visible_to(rt, now=NOW + SECOND) == {HELP_CHANNEL}


@pytest.mark.parametrize("is_late", [False, True])
def test_a_member_who_leaves_is_out_even_if_an_older_answer_comes_later(
    rt, places, is_late
):
    def leave() -> None:
        with rt.write(rt.workspaces.only) as tx:
            channel_members.on_event(
                replace(tx, now=NOW),
                DEN,
                ASKER,
                is_in=False,
                at=NOW + SECOND,
            )

    if not is_late:
        leave()
        ask(rt)
    else:
        ask(rt)
        leave()
    assert visible_to(rt) == {HELP_CHANNEL}


def test_events_about_unknown_people_and_public_channels_leave_no_rows(rt, places):
    with rt.write(rt.workspaces.only) as tx:
        for channel, member in (
            (HELP_CHANNEL, ASKER),
            (DEN, "U0NOBODY"),
            ("C0NONE", ASKER),
        ):
            channel_members.on_event(
                replace(tx, now=NOW), channel, member, is_in=True, at=EPOCH
            )
        assert tx.session.scalars(select(ChannelMember)).all() == []


def test_an_outsider_is_refused_beside_the_field(rt, places):
    ask(rt)
    with rt.read(rt.workspaces.only) as tx:
        den, lair = (
            tx.session.get_one(Channel, places[channel_id])
            for channel_id in (DEN, LAIR)
        )
        visibility.require_visible(replace(tx, now=NOW), den, ASKER)
        with pytest.raises(UserError, match="not in it") as no:
            visibility.require_visible(
                replace(tx, now=NOW), lair, ASKER, field="channel"
            )
        assert no.value.field == "channel"


@pytest.mark.parametrize(
    ("error", "is_answer"),
    [
        (Rejected("users.conversations", "user_not_found"), True),
        (Rejected("users.conversations", "user_not_visible"), True),
        (Rejected("users.conversations", "fatal_error"), False),
        (NotSent("users.conversations", "off"), False),
    ],
)
def test_an_error_is_no_membership(
    rt, slack, places, error: SlackError, is_answer: bool
):
    slack.fail["users.conversations"] = [error]
    if is_answer:
        ask(rt)
        assert visible_to(rt) == {HELP_CHANNEL}
        return
    with pytest.raises(SlackError):
        ask(rt)
    with rt.read_session() as session:
        assert session.scalars(select(ChannelMember)).all() == []


@pytest.mark.parametrize(
    ("source", "target", "is_allowed"),
    [
        ({}, {}, True),
        ({}, {"is_private": True}, True),
        ({}, {"is_shared": True}, False),
        ({"is_private": True}, {}, False),
        ({"is_private": True}, {"is_private": True}, False),
        ({"is_shared": True}, {}, True),
    ],
)
def test_a_quote_goes_only_where_everyone_may_see_the_source(
    source: dict[str, bool], target: dict[str, bool], is_allowed: bool
):
    """A channel that is shared with another organization has readers from there."""
    facts = {"is_private": False, "is_shared": False}
    source_channel = Channel(id=1, **facts | source)
    assert visibility.may_quote(source_channel, source_channel)
    target_channel = Channel(id=2, **facts | target)
    assert visibility.may_quote(source_channel, target_channel) is is_allowed


@pytest.mark.deep_on_postgresql
def test_a_leave_counts_although_the_channel_was_not_known_to_be_private(rt, places):
    """The channel's facts are fetched after the event, and an older answer comes in."""
    with rt.write(rt.workspaces.only) as opened:
        tx = replace(opened, now=NOW)
        channel = channels.get_or_create(tx, "C0NEW")
        assert channel.fetched_at is None
        channel_members.on_event(tx, "C0NEW", ASKER, is_in=False, at=NOW + SECOND)
        channels.upsert_from_slack(
            tx, conversation_object("C0NEW", "new", is_private=True)
        )
        channel_members.record(tx, ASKER, {channel.id: True}, at=NOW)
        tx.session.flush()
        assert not visibility.can_see(tx, channel, ASKER)
