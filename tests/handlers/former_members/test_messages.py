"""No message or view shows former members a later text."""

import json
from collections.abc import Iterator

import pytest

import jobs.checkins
from bot.features import FEATURES
from bot.home.message_kinds import HOME_REPLY
from bot.outbox.message_type import MessageType
from bot.slack.api import NotSent
from tests.checkins import join, share
from tests.factories import MONDAY, Story
from tests.private_channel import DEN, FOR, asks_there, form, leaves
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    form_values,
)

# Visibility does not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


# A word that is posted there after somebody has left.
CANARY = "Xylophone"
WORDS = f"How does the {CANARY} x?"


# Direct messages without a channel's content, and those whose recipient's membership
# is checked when they are sent (`PostIfMember`) or rendered (each link and line).
TELLS_NOTHING = {
    "home.reply",
    "home.publish",
    "home.fetch_memberships",
    "privacy.redact",
    "knowledge.fetch_answer",
    "knowledge.sync_pointer",
    *("anonymous.reviewed", "anonymous.notice", "anonymous.update_stop_offer"),
    # Names of people.
    *("pairs.cancelled", "pairs.left_out", "pairs.paused", "pairs.question"),
    "pairs.reminder",
    # Names, and what two members wrote in their agreement.
    *("exchange.begun", "exchange.draft", "exchange.agreed", "exchange.meeting"),
    *("exchange.first", "exchange.midpoint", "exchange.last", "exchange.extended"),
    *("exchange.ended", "exchange.not_this_time"),
    # Names, of a newcomer and of their buddy.
    *("buddy.offer", "buddy.none", "buddy.paused", "buddy.ended", "buddy.pass_on"),
    # The name of a program, to those who run it.
    *("program.lead_prompt", "program.lead_left", "program.without_channel"),
    # Names, what people brought themselves, and topics of public asks.
    *("circle.formed", "circle.place", "circle.none", "circle.welcome"),
    *("circle.left", "circle.calendar", "circle.merge", "circle.not_merged"),
    *("circle.joined", "circle.time", "circle.too_few", "circle.ended"),
    *("circle.vote", "circle.voted", "circle.thawed"),
    # The words of a circle's members, to those who are in it.
    *("circle.agenda", "circle.update_agenda", "circle.agreed", "circle.questions"),
    # It says no more to those who left; an ask, only if the whole circle may see it.
    "circle.update_questions",
    *("circle.facilitator", "circle.swap", "circle.swapped"),
    *("circle.move", "circle.moved"),
    # It opens a group, and says nothing.
    "people.open_place",
    "people.open_channel",
    "people.set_channel",
    # Names of the people in a circle, and its next meeting.
    "circle.greeting",
    "circle.update_greeting",
}


ASKS_ITSELF = {
    *(
        "checkin.reminder",
        "checkin.reminders_stopped",
        "onboarding.greeting",
        "privacy.data_file",
    ),
    # Where they can't see the channel, it is not named.
    "knowledge.notice",
    # Each line, as on the Home tab; tests/handlers/worklist tries private channels.
    "work.monday",
    *(
        "kudos.received",
        "kudos.update_recipient",
        "mentor.offer",
        "mentor.update_offer",
    ),
    "mentor.marker_note",
    # Each reason; tests/handlers/pairs/test_reasons.py tries private channels.
    *("anonymous.stop_offer", "pairs.introduction", "pairs.update_introduction"),
    *("pairs.group_introduction", "pairs.update_group_introduction"),
    *("exchange.question", "buddy.question", "buddy.week"),
    # A link, to those who see the channel; tests/handlers/buddies tries others.
    "buddy.first_ask",
    # The person's own ask, if the whole circle may see it.
    "circle.ask_offer",
    # Only names: marks between members.
    "mentor.ring_alert",
    # The person's own text, and "a private channel".
    "kudos.not_posted",
    # Who can no longer see the program does not read its name.
    "program.update_invitation",
}
# To a channel, and so to its current members.
IN_THE_CHANNEL = {
    *(
        "ask.post",
        "ask.update",
        "ask.update_reaction",
        "ask.delete_message",
        "ask.suggest_solution",
        "ask.sync_thread",
    ),
    *(
        "kudos.post",
        "kudos.update",
        "kudos.receipt",
        "kudos.limit_reached",
        "kudos.update_receipt",
    ),
    *("checkin.post", "checkin.digest", "checkin.response", "checkin.update_response"),
    *("checkin.sync_thread", "mentor.post", "mentor.update", "onboarding.introduction"),
    "knowledge.post_pointer",
    "knowledge.update_pointer",
    "routing.post_link",
    "routing.update_link",
    "anonymous.reply",
    "anonymous.update_reply",
    "program.post_invitation",
}


def test_each_kind_of_message_declares_its_visibility_check(den: Story):
    everything_ = FEATURES.message_types
    plain = MessageType(HOME_REPLY, everything_[HOME_REPLY].render)
    guarded = {
        kind for kind, one in everything_.items() if one.can_see is not plain.can_see
    }
    others = TELLS_NOTHING | ASKS_ITSELF | IN_THE_CHANNEL
    assert guarded | others == set(everything_)
    assert not guarded & others


def shown_to(story: Story, member: str) -> str:
    """Return everything that the person has ever been shown."""
    slack = story.slack
    mine = [[m.text, m.blocks] for m in slack.messages_to(member)]
    files = [f.content.decode() for f in slack.files.values() if f.member == member]
    return json.dumps([mine, slack.homes.get(member), files], ensure_ascii=False)


def looks_around(story: Story, member: str) -> str:
    """Return everything that the person can open by themselves."""
    story.slack.views.clear()
    story.slack.responses.clear()
    bodies = [
        story.command(member, command, text, channel=HELP_CHANNEL).body
        for command, text in (
            ("/kudos", "me"),
            ("/backswing", "my data"),
            ("/backswing", "help"),
            ("/backswing", "me"),
            ("/backswing", "mentors"),
        )
    ]
    story.event({"type": "app_home_opened", "user": member, "tab": "home"})
    story.advance(minutes=2)
    return json.dumps([bodies, story.slack.views, story.slack.responses])


def lived(story: Story) -> Iterator[None]:
    """Let Ben and Chi act in the channel, then leave; Ana goes on."""
    one = story.post_round(MONDAY, channel=DEN)
    for member in (HELPER, PEER):
        join(story, member, one)
        share(story, member, one, stuck_on="Mercury")
        story.event({"type": "app_home_opened", "user": member, "tab": "home"})
    story.deliver()
    first = asks_there(story)
    bens = asks_there(story, HELPER, f"What does <@{PEER}> say to y?")
    chis = asks_there(story, PEER, "And how do I keep it?")
    ts = {ask.id: ask.ts or "" for ask in story.asks()}
    answer = story.say(HELPER, "So.", thread_ts=ts[first], channel=DEN)
    other = story.say(PEER, "Or so.", thread_ts=ts[first], channel=DEN)
    story.react(PEER, ts[first], "raising_hand", channel=DEN)
    story.command(ASKER, "/kudos", f"<@{CHAMPION}> {FOR}", channel=DEN)
    story.deliver()
    posted = next(m for m in story.slack.messages_to(DEN) if "retries" in m.text)
    story.react(HELPER, posted.ts, "raised_hands", channel=DEN)
    yield
    # Earlier messages are rendered later, and new events are notified later.
    story.react(PEER, answer, "bulb", channel=DEN)
    story.react(CHAMPION, answer, "bulb", channel=DEN)
    story.react(ASKER, other, "white_check_mark", channel=DEN)
    story.click(ASKER, "ask_menu", option=f"edit:{first}", channel=DEN)
    edit = form(story, "edit_ask")
    changes = {
        "title": WORDS,
        "details": f"{CANARY} <@{HELPER}>",
        "more_topics": CANARY,
    }
    assert story.submit(ASKER, edit, form_values(edit) | changes).body == ""
    story.say(ADMIN, "Hm.", thread_ts=ts[bens], channel=DEN)
    story.deliver()
    for ask in (bens, chis):
        story.click(CHAMPION, "ask_menu", option=f"close:{ask}", channel=DEN)
        reason = form(story, "close_ask")
        assert "clear" in story.submit(CHAMPION, reason, {"reason": CANARY}).body
    renamed = {"type": "group_rename", "channel": {"id": DEN, "name": CANARY.lower()}}
    assert story.event(renamed) == 200
    story.command(CHAMPION, "/backswing", channel=DEN)
    settings = form(story, "settings")
    topics = form_values(settings) | {"topics": CANARY}
    assert story.submit(CHAMPION, settings, topics).body == ""
    story.add_schedule(channel=DEN, question=f"{CANARY}?", at=MONDAY.time())
    story.command(ASKER, "/ask", f"Is {CANARY} what <@{PEER}> meant?", channel=DEN)
    story.command(ASKER, "/kudos", f"<@{CHAMPION}> {FOR}: {CANARY}", channel=DEN)
    story.advance(minutes=5)
    story.close_rounds()


def told_of_it(text: str) -> bool:
    return CANARY.lower() in text.lower()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_no_later_text_reaches_a_former_member(den: Story, *, is_heard: bool):
    life = lived(den)
    next(life)
    leaves(den, HELPER, PEER, is_heard=is_heard)
    next(life, None)
    for member in (HELPER, PEER):
        assert not told_of_it(looks_around(den, member)), member
        assert not told_of_it(shown_to(den, member)), member
    # It did reach the members.
    assert told_of_it(looks_around(den, CHAMPION) + shown_to(den, CHAMPION))
    assert told_of_it(shown_to(den, DEN))


@pytest.mark.timeout(300)
@pytest.mark.deep
def test_the_same_text_reaches_a_member(den: Story):
    """So no text was hidden from former members for another reason."""
    life = lived(den)
    next(life)
    next(life, None)
    for member in (HELPER, PEER):
        assert told_of_it(json.dumps(den.slack.homes[member])), member
        assert told_of_it(str([m.text for m in den.slack.messages_to(member)])), member


def test_a_direct_message_waits_until_slack_confirms_the_membership(den: Story):
    ask_id = asks_there(den)
    [ask] = den.asks()
    answer = den.say(HELPER, "So.", thread_ts=ask.ts, channel=DEN)
    den.react(PEER, answer, "bulb", channel=DEN)
    den.slack.fail["users.conversations"] = [NotSent("users.conversations", "off")]
    den.advance(minutes=2)
    assert [m for m in den.slack.messages_to(HELPER) if "helped" in m.text] == []
    den.advance(minutes=2)
    [note] = [m for m in den.slack.messages_to(HELPER) if "helped" in m.text]
    assert "How do I test it?" in note.text
    assert ask_id == ask.id


@pytest.mark.deep
def test_a_message_to_a_former_member_is_redacted_without_later_text(den: Story):
    """Chi is erased: the message that names her to Ben is rendered for him."""
    asks_there(den)
    [ask] = den.asks()
    answer = den.say(HELPER, "So.", thread_ts=ask.ts, channel=DEN)
    den.react(PEER, answer, "bulb", channel=DEN)
    den.advance(minutes=2)
    [note] = [m for m in den.slack.messages_to(HELPER) if "helped" in m.text]
    assert "Chi" in note.text
    leaves(den, HELPER)
    den.click(ASKER, "ask_menu", option=f"edit:{ask.id}", channel=DEN)
    edit = form(den, "edit_ask")
    den.submit(ASKER, edit, form_values(edit) | {"title": WORDS})
    den.command(PEER, "/backswing", "forget me")
    den.submit(PEER, den.slack.views[-1][1], {})
    den.advance(minutes=2)
    again = den.slack.message_at(HELPER, note.ts)
    assert "Chi" not in again.text
    assert not told_of_it(shown_to(den, HELPER))


def test_an_expert_outside_the_channel_sees_neither_topics_nor_channel(story: Story):
    story.command(ASKER, "/ask", f"What would <@{PEER}> do about it?")
    story.deliver()
    story.click(ASKER, "ask_menu", option=f"edit:{story.only_ask().id}")
    edit = form(story, "edit_ask")
    changes = {"more_topics": "a-topic-of-ours"}
    assert story.submit(ASKER, edit, form_values(edit) | changes).body == ""
    assert story.only_ask().topics == ["a-topic-of-ours"]
    looks_around(story, PEER)
    [file] = [f for f in story.slack.files.values() if f.member == PEER]
    told = json.loads(file.content)["tables"]["asks"]["rows"]
    assert told == [{"id": story.only_ask().id, "mentioned_in": ["title"]}]
    assert "a-topic-of-ours" not in file.content.decode()


def test_a_former_member_learns_without_text_that_their_check_in_pauses(den: Story):
    """The owner must know; without the bot in the channel, membership is unknown."""
    den.add_schedule(channel=DEN, question=f"{CANARY}?")
    assert den.event({"type": "group_left", "channel": DEN}) == 200
    den.slack.channels[DEN]["is_member"] = False
    den.slack.members_by_channel[DEN] = []
    den.clock.advance(hours=2)
    jobs.checkins.start_rounds(den.rt, den.worker)
    den.advance(days=1)
    told = [m.text for m in den.slack.messages_to(ADMIN) if "paused" in m.text]
    assert len(told) == 1
    assert not told_of_it(shown_to(den, ADMIN))
