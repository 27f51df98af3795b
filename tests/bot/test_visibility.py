"""Who may see what was said in a channel: as Slack said lately, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import visibility
from bot.channels import service as channels
from bot.clock import micros_of
from bot.errors import Refusal
from bot.members import service as members
from bot.runtime import Runtime
from bot.slack import NotDone, Refused, SlackError
from bot.visibility import KEEPS, MembershipUnknown
from models import Channel, ChannelMember
from tests.conftest import NOW
from tests.factories import ASKER, HELPER, HERE, conversation
from tests.fakes import FakeSlack

DEN, LAIR = "C0DEN", "C0LAIR"
SECOND = timedelta(seconds=1)


@pytest.fixture
def places(rt: Runtime, slack: FakeSlack) -> dict[str, int]:
    """A public channel and two private ones, by Slack's ids. Ana is in the den."""
    slack.seats = {HERE: [ASKER], DEN: [ASKER], LAIR: []}
    found = {}
    for slack_id in slack.seats:
        told = conversation(slack_id, slack_id.lower(), is_private=slack_id != HERE)
        slack.channels[slack_id] = told
        with rt.sessions.begin() as session:
            row = channels.remember(session, rt.workspace.id, told, now=NOW)
            found[slack_id] = row.id
    with rt.sessions.begin() as session:
        members.note(session, rt.workspace.id, [ASKER, HELPER])
    return found


def seen(rt: Runtime, who: str = ASKER, now=NOW) -> set[str]:
    """By the rule for one decision, which must be that for queries, too."""
    with rt.reads() as session:
        rows = session.scalars(select(Channel)).all()
        found = visibility.seen(session, rows, who, now=now)
        listed = session.scalars(
            select(Channel.id).where(visibility.visible(who, now=now))
        )
        assert set(listed) == found
        for row in rows:
            is_seen = row.id in found
            assert visibility.surely_sees(session, row, who, now=now) is is_seen
        return {row.slack_id for row in rows if row.id in found}


def ask(rt: Runtime, who: str = ASKER, now=NOW) -> None:
    with rt.reads() as session, pytest.raises(MembershipUnknown) as unknown:
        visibility.seen(session, session.scalars(select(Channel)).all(), who, now=now)
    visibility.ask(rt, unknown.value, is_urgent=True)


def test_what_is_not_known_is_asked_and_hidden_meanwhile(rt, slack, places):
    with rt.reads() as session:
        listed = select(Channel.slack_id).where(visibility.visible(ASKER, now=NOW))
        assert set(session.scalars(listed)) == {HERE}
    ask(rt)
    assert slack.calls == ["users.conversations"]
    assert seen(rt) == {HERE, DEN}


def test_of_public_channels_nobody_is_asked(rt, places):
    with rt.reads() as session:
        here = session.get_one(Channel, places[HERE])
        assert visibility.may_see(session, here, HELPER, now=NOW)


def test_an_answer_counts_for_an_hour(rt, clock, places):
    ask(rt)
    assert seen(rt, now=NOW + KEEPS) == {HERE, DEN}
    clock.now = NOW + KEEPS + SECOND
    ask(rt, now=clock.now)
    assert seen(rt, now=clock.now) == {HERE, DEN}


def test_an_answer_of_long_ahead_counts_for_nothing(rt, places):
    """As after the machine's clock was set back."""
    ask(rt)
    before = NOW - KEEPS - SECOND
    with rt.reads() as session:
        den = session.get_one(Channel, places[DEN])
        with pytest.raises(MembershipUnknown):
            visibility.may_see(session, den, ASKER, now=before)


@pytest.mark.parametrize("hours", [0.5, 3, 24])
def test_when_a_clock_is_set_back_slack_is_asked_anew_and_heard(
    rt, clock, slack, places, hours
):
    clock.now = NOW + timedelta(hours=hours)
    ask(rt, now=clock.now)
    clock.now = NOW
    if timedelta(hours=hours) > KEEPS:
        ask(rt)
    assert seen(rt) == {HERE, DEN}
    with rt.sessions.begin() as session:
        visibility.follow(
            session,
            rt.workspace.id,
            DEN,
            ASKER,
            is_in=False,
            at_us=micros_of(NOW + SECOND),
            now=NOW + SECOND,
        )
    assert seen(rt, now=NOW + SECOND) == {HERE}


@pytest.mark.parametrize("is_late", [False, True])
def test_who_leaves_is_out_though_an_older_answer_comes_later(rt, places, is_late):
    def leave() -> None:
        with rt.sessions.begin() as session:
            visibility.follow(
                session,
                rt.workspace.id,
                DEN,
                ASKER,
                is_in=False,
                at_us=micros_of(NOW + SECOND),
                now=NOW,
            )

    if not is_late:
        leave()
        ask(rt)
    else:
        ask(rt)
        leave()
    assert seen(rt) == {HERE}


def test_events_about_strangers_and_public_channels_leave_no_rows(rt, places):
    with rt.sessions.begin() as session:
        for channel, who in ((HERE, ASKER), (DEN, "U0NOBODY"), ("C0NONE", ASKER)):
            visibility.follow(
                session, rt.workspace.id, channel, who, is_in=True, at_us=1, now=NOW
            )
        assert session.scalars(select(ChannelMember)).all() == []


def test_who_is_outside_is_refused_beside_the_field(rt, places):
    ask(rt)
    with rt.reads() as session:
        den, lair = (session.get_one(Channel, places[one]) for one in (DEN, LAIR))
        visibility.check_inside(session, den, ASKER, now=NOW)
        with pytest.raises(Refusal, match="not in it") as no:
            visibility.check_inside(session, lair, ASKER, now=NOW, field="channel")
        assert no.value.field == "channel"


@pytest.mark.parametrize(
    ("error", "is_answer"),
    [
        (Refused("users.conversations", "user_not_found"), True),
        (Refused("users.conversations", "user_not_visible"), True),
        (Refused("users.conversations", "fatal_error"), False),
        (NotDone("users.conversations", "off"), False),
    ],
)
def test_an_error_is_no_yes(rt, slack, places, error: SlackError, is_answer: bool):
    slack.fail["users.conversations"] = [error]
    if is_answer:
        ask(rt)
        assert seen(rt) == {HERE}
        return
    with pytest.raises(SlackError):
        ask(rt)
    with rt.reads() as session:
        assert session.scalars(select(ChannelMember)).all() == []
