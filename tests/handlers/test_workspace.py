"""What happens to channels, people and the installation itself is followed."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.channels import service as channels
from bot.facts import service as facts
from bot.members import service as members
from bot.slack import RateLimited, Unsure
from models import Channel, Installation, Member
from tests.factories import (
    ASKER,
    BOT,
    HERE,
    PEER,
    Story,
    conversation,
    person,
    reaction,
)


def channel(story: Story, slack_id: str = HERE) -> Channel:
    with story.rt.reads() as session:
        found = channels.find(session, story.rt.workspace.id, slack_id)
    assert found is not None
    return found


def member(story: Story, slack_id: str) -> Member:
    with story.rt.reads() as session:
        found = members.find(session, story.rt.workspace.id, slack_id)
    assert found is not None
    return found


@pytest.fixture
def known(story: Story) -> Story:
    """The bot has seen the channel and Ana."""
    story.ask()
    return story


@pytest.mark.parametrize(
    ("event", "fact", "value"),
    [
        ({"type": "channel_archive", "channel": HERE}, "is_archived", True),
        ({"type": "group_archive", "channel": HERE}, "is_archived", True),
        ({"type": "channel_deleted", "channel": HERE}, "is_archived", True),
        ({"type": "channel_left", "channel": HERE}, "is_joined", False),
        ({"type": "group_left", "channel": HERE}, "is_joined", False),
        ({"type": "channel_shared", "channel": HERE}, "is_shared", True),
        (
            {"type": "channel_rename", "channel": {"id": HERE, "name": "new"}},
            "name",
            "new",
        ),
    ],
)
def test_a_channels_life_is_followed(
    known: Story, event: dict[str, Any], fact: str, value: object
) -> None:
    assert known.event(event) == 200
    assert getattr(channel(known), fact) == value


def test_an_unarchived_channel_is_asked_in_again(known: Story) -> None:
    known.event({"type": "channel_archive", "channel": HERE})
    known.event({"type": "channel_unarchive", "channel": HERE})
    assert known.command(ASKER, "/ask", "How?").body == ""


def test_a_channel_with_a_new_id_keeps_its_asks(known: Story) -> None:
    ask = known.the_ask()
    known.command(ASKER, "/backswing", channel="C0NEW")  # It was met by its new id.
    event = {
        "type": "channel_id_changed",
        "old_channel_id": HERE,
        "new_channel_id": "C0NEW",
    }
    assert known.event(event) == 200
    assert known.event(event) == 200
    assert channel(known, "C0NEW").id == ask.channel_id
    known.say(PEER, "So.", thread_ts=ask.ts, channel="C0NEW")
    assert known.the_ask().state == "answered"


def test_invited_into_a_channel_the_bot_is_there(story: Story) -> None:
    story.slack.channels["C0AWAY"] = conversation("C0AWAY", "away")
    story.event({"type": "member_joined_channel", "user": ASKER, "channel": "C0AWAY"})
    with story.rt.reads() as session:
        assert channels.find(session, story.rt.workspace.id, "C0AWAY") is None
    story.event({"type": "member_joined_channel", "user": BOT, "channel": "C0AWAY"})
    assert channel(story, "C0AWAY").is_joined
    assert story.command(ASKER, "/ask", "How?", channel="C0AWAY").body == ""


def test_people_are_described_anew(known: Story) -> None:
    changed = person(ASKER, "Anna", tz="Asia/Tokyo", is_admin=True)
    assert known.event({"type": "user_change", "user": changed}) == 200
    now = member(known, ASKER)
    assert (now.name, now.tz, now.is_admin) == ("Anna", "Asia/Tokyo", True)


def test_a_name_can_do_no_harm(known: Story) -> None:
    hostile = person(ASKER, "<!channel>\n*a*\u202e" + "x" * 300)
    known.event({"type": "user_change", "user": hostile})
    name = member(known, ASKER).name
    assert len(name) == 80
    assert "\u202e" not in name
    assert "\n" not in name


def test_uninstalled_nothing_is_sent_any_more(known: Story) -> None:
    known.slack.calls.clear()
    assert known.event({"type": "app_uninstalled"}) == 200
    known.command(ASKER, "/ask", "Another?")
    known.later(minutes=5)
    assert "chat.postMessage" not in known.slack.calls


def test_a_persons_revoked_token_is_not_ours(known: Story) -> None:
    known.event({"type": "tokens_revoked", "tokens": {"oauth": [ASKER], "bot": []}})
    with known.rt.reads() as session:
        assert session.scalar(select(Installation.paused_because)) is None
    known.event({"type": "tokens_revoked", "tokens": {"bot": [BOT]}})
    with known.rt.reads() as session:
        assert session.scalar(select(Installation.paused_because)) == "token_revoked"


def test_the_survey_finds_where_the_bot_is(known: Story) -> None:
    known.slack.channels = {"C0NEW": conversation("C0NEW", "new")}
    facts.survey_channels(known.rt)
    assert not channel(known).is_joined
    assert channel(known, "C0NEW").is_joined


def test_people_who_can_not_be_looked_up_now_are_asked_for_later(
    known: Story,
) -> None:
    known.say(PEER, "So.", thread_ts=known.the_ask().ts)
    known.slack.fail["users.info"] = [RateLimited("users.info", 30)]
    facts.meet(known.rt)
    assert member(known, PEER).looked_up_at is None
    facts.meet(known.rt)
    assert known.slack.calls.count("users.info") == 2  # Ana's, and this one.
    known.clock.forward(seconds=30)
    facts.meet(known.rt)
    assert member(known, PEER).name == "Chi"


def test_old_facts_are_kept_while_slack_is_away(known: Story) -> None:
    known.clock.forward(hours=2)
    known.slack.fail["users.info"] = [Unsure("users.info", "TimeoutError")]
    known.slack.fail["conversations.info"] = [Unsure("conversations.info", "x")]
    assert known.command(ASKER, "/ask", "How?").body == ""


def test_facts_that_are_old_are_asked_for_again(known: Story) -> None:
    known.slack.people[ASKER] = person(ASKER, "Anna")
    facts.look_again(known.rt)
    assert member(known, ASKER).name == "Ana"
    known.clock.forward(days=8)
    facts.look_again(known.rt)
    assert member(known, ASKER).name == "Anna"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "no_such_event_yet", "whatever": [1]},
        {"type": "channel_created", "channel": {"id": "C9"}},
        {"type": "message", "subtype": "channel_join", "user": PEER, "ts": "1.1"},
        {"type": "message", "subtype": "bot_message", "ts": "1.1", "channel": HERE},
    ],
)
def test_what_means_nothing_to_us_is_acknowledged(
    story: Story, event: dict[str, Any]
) -> None:
    assert story.event(event) == 200


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added", "user": "<@U1>", "item": {"type": "message"}},
        {"type": "reaction_added", "user": PEER, "item": {"type": "message"}},
        reaction(PEER, "1772442000.000100", "a\x00b", "1.1"),
        reaction(PEER, "1772442000.000100", "\ud800", "1.1"),
        reaction(PEER, "1772442000.000100", "x" * 201, "1.1"),
        {"type": "message", "user": PEER, "ts": "yesterday", "channel": HERE},
        {"type": "message", "user": PEER, "ts": "1" * 400, "channel": HERE},
        {"type": "message", "subtype": "message_deleted"},
        {"type": "user_change", "user": {}},
        {"type": "user_change", "user": "U1"},
        {"type": "channel_rename", "channel": HERE},
        {"type": "member_joined_channel"},
        {"type": "app_home_opened"},
    ],
)
def test_an_event_that_makes_no_sense_is_acknowledged(
    story: Story, event: dict[str, Any]
) -> None:
    """Delivered again it would make no more sense."""
    story.set_up(capture="all")
    assert story.event(event) == 200


def test_another_workspaces_events_change_nothing(known: Story) -> None:
    ts = known.the_ask().ts
    event = {
        "type": "message",
        "user": PEER,
        "text": "So.",
        "ts": known.ts(),
        "thread_ts": ts,
        "channel": HERE,
    }
    foreign = [{"team_id": "T0OTHER", "enterprise_id": None}]
    assert known.event(event, team_id="T0OTHER", authorizations=foreign) == 200
    assert known.answers() == []
    # The same message under another team's id, but for our installation, is ours.
    assert known.event(event, team_id="T0OTHER") == 200
    assert len(known.answers()) == 1


def test_a_transaction_that_fails_is_not_acknowledged(known: Story) -> None:
    ts = known.the_ask().ts
    known.rt.sessions.configure(bind=None)  # The database is gone.
    event = {
        "type": "message",
        "user": PEER,
        "text": "So.",
        "ts": known.ts(),
        "thread_ts": ts,
        "channel": HERE,
    }
    assert known.event(event) == 500


def test_words_that_no_database_holds_do_not_keep_an_ask_out(story: Story) -> None:
    story.set_up(capture="all")
    story.say(ASKER, "What \x00 is \ud800 this?")
    assert story.the_ask().title == "What  is  this?"
