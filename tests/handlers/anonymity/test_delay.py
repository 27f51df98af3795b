"""The time until an ask without a name is posted, and what happens meanwhile."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

import jobs.anonymity
from bot.anonymity import authors, key_check, rotation, rules
from bot.anonymity.keys import AnonymityKey, AnonymityKeys
from models import AnonymousDraft, AnonymousLink, AnonymousReply
from tests.factories import Story
from tests.handlers.anonymity.acting import Actor, text_of, values_of
from tests.handlers.anonymity.conftest import (
    QUESTION,
    Anonymity,
    known_authors,
)
from tests.handlers.anonymity.keys import KEYS
from tests.home import joins, leaves, opens, visible_home
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER

HOUR = timedelta(hours=1)


@pytest.fixture
def late(
    anonymity: Anonymity, story: Story, monkeypatch: pytest.MonkeyPatch
) -> Anonymity:
    """A workspace that posts within 60 minutes; each ask waits for all of them."""
    story.set_up_workspace(anonymous_delay_minutes="60")
    monkeypatch.setattr(rules, "random_delay", lambda longest: longest)
    return anonymity


def draft(story: Story) -> AnonymousDraft:
    with story.rt.read_session() as session:
        return session.scalars(select(AnonymousDraft)).one()


def posted(story: Story) -> list[str]:
    return [m.text for m in story.slack.messages_to(HELP_CHANNEL) if QUESTION in m.text]


@pytest.mark.parametrize("minutes", [*rules.GUESSED_ONE_IN])
def test_the_workspace_chooses_how_long_they_wait(
    anonymity: Anonymity, story: Story, minutes: int
) -> None:
    story.set_up_workspace(anonymous_delay_minutes=str(minutes))
    preview = anonymity.preview()
    assert f"It comes within {minutes} minutes" in json.dumps(preview)
    assert f"about 1 guess in {rules.GUESSED_ONE_IN[minutes]} " in json.dumps(preview)
    pressed_at = story.clock.now
    on_its_way = anonymity.press_post(preview)
    assert f"It comes within {minutes} minutes" in json.dumps(on_its_way)
    waits = draft(story).due_at - pressed_at
    assert timedelta() <= waits <= timedelta(minutes=minutes)


@pytest.mark.parametrize("minutes", ["0", "7", "", "x"])
def test_another_time_is_refused(
    anonymity: Anonymity, story: Story, minutes: str
) -> None:
    refused = story.set_up_workspace(anonymous_delay_minutes=minutes)
    assert "Choose one of these" in refused.body
    assert "It comes within 5 minutes" in json.dumps(anonymity.preview())


@pytest.mark.deep
def test_the_home_tab_says_by_when_it_comes(late: Anonymity, story: Story) -> None:
    """At 9:00 in UTC; it is 11:00 where the author is."""
    late.press_post(late.preview())
    due = story.clock.now + HOUR
    shown_by = rules.shown_by(due)
    assert due <= shown_by <= due + timedelta(minutes=5)
    assert f"It comes by {shown_by + timedelta(hours=2):%H:%M}" in opens(story, ASKER)
    late.run(minutes=59)
    assert posted(story) == []
    late.run(minutes=1)
    assert len(posted(story)) == 1
    assert due <= story.only_ask().asked_at < due + timedelta(minutes=1)
    assert "It comes by" not in opens(story, ASKER)


def test_an_admin_cannot_shorten_what_the_preview_promised(
    late: Anonymity, story: Story
) -> None:
    preview = late.preview()
    story.set_up_workspace(anonymous_delay_minutes="5")
    pressed_at = story.clock.now
    on_its_way = late.press_post(preview)
    assert "It comes within 60 minutes" in json.dumps(on_its_way)
    assert draft(story).due_at - pressed_at == HOUR


@pytest.mark.parametrize("forged", [10**9, 7, -5, "60", [60], None, True])
def test_a_forged_promise_is_ignored(
    anonymity: Anonymity, story: Story, forged: object
) -> None:
    preview = anonymity.preview()
    data = json.loads(preview["private_metadata"]) | {"minutes": forged}
    preview["private_metadata"] = json.dumps(data)
    assert "It comes within 5 minutes" in json.dumps(anonymity.press_post(preview))


def test_it_keeps_its_time_if_the_setting_changes(
    late: Anonymity, story: Story
) -> None:
    late.press_post(late.preview())
    story.set_up_workspace(anonymous_delay_minutes="5")
    late.run(minutes=30)
    assert posted(story) == []
    late.run(minutes=30)
    assert len(posted(story)) == 1


def test_it_can_be_taken_back_in_its_last_minute(late: Anonymity, story: Story) -> None:
    late.press_post(late.preview())
    late.run(minutes=59)
    opens(story, ASKER)
    [button] = values_of(story.slack.homes[ASKER], "withdraw")
    assert "It won't be posted" in text_of(Actor(story).press("withdraw", button))
    late.run(minutes=2)
    assert posted(story) == []


def test_who_leaves_meanwhile_is_linked_to_nothing(
    late: Anonymity, story: Story
) -> None:
    late.press_post(late.preview())
    leaves(story, ASKER, HELP_CHANNEL)
    late.run(minutes=60)
    assert len(posted(story)) == 1
    assert known_authors(story) == []


@pytest.mark.parametrize("hours", [0, 1, 5])
def test_an_old_event_that_its_author_left_cuts_only_what_may_be_older(
    late: Anonymity, story: Story, hours: int
) -> None:
    """Slack delivers it late, or again, after the author came back and asked.

    The time of the post says nothing: the press was an hour earlier, or five.
    """
    left_before = story.ts()
    story.clock.advance(minutes=2)
    joins(story, ASKER, HELP_CHANNEL)
    late.press_post(late.preview())
    story.clock.advance(minutes=2)
    left_after = story.ts()
    story.set_up_workspace(anonymous_delay_minutes="5")
    if hours:
        late.run(hours=hours)
    leaves(story, ASKER, HELP_CHANNEL, event_ts=left_before)
    if not hours:
        late.run(hours=1)
    assert known_authors(story) == [ASKER]
    leaves(story, ASKER, HELP_CHANNEL, event_ts=left_after)
    assert known_authors(story) == []
    # An ask of which nothing says when it was sent is cut, too.
    with story.rt.write(story.workspace) as tx:
        row = tx.session.scalars(select(AnonymousLink)).one()
        name = authors.row_name(tx, "link", row.ask_id)
        row.author, row.progress = KEYS.seal(ASKER, name), None
        row.blind_index = authors.blind_index(tx, KEYS, ASKER)
    leaves(story, ASKER, HELP_CHANNEL, event_ts=left_before)
    assert known_authors(story) == []


@pytest.mark.parametrize("place", ["workspace", "channel"])
def test_switched_off_meanwhile_it_is_not_posted(
    late: Anonymity, story: Story, place: str
) -> None:
    late.press_post(late.preview())
    if place == "workspace":
        story.set_up_workspace(anonymous_asks=[])
    else:
        story.set_up_channel(anonymous_asks="off")
    late.run(minutes=60)
    assert posted(story) == []
    assert "It was not posted: This channel does not take" in opens(story, ASKER)


@pytest.mark.deep
def test_a_key_that_is_lost_meanwhile_loses_it_and_everyone_reads_so(
    late: Anonymity, story: Story
) -> None:
    late.press_post(late.preview())
    key_check.usable_keys(story.rt.write_session, KEYS)
    new = AnonymityKeys(AnonymityKey(b"n" * 32))
    assert rotation.lose(story.rt.write_session, new, now=story.clock.now) == 0
    late.run(minutes=60)
    assert posted(story) == []
    for member in (ASKER, HELPER):
        opens(story, member)
        assert "Links to asks without a name were cut" in visible_home(story, member)


def test_a_reply_waits_as_long(late: Anonymity, story: Story) -> None:
    late.press_post(late.preview())
    late.run(minutes=60)
    author, ask_id = Actor(story), story.only_ask().id
    form = author.press("reply", ask_id)
    assert "It comes within 60 minutes" in text_of(form)
    due = story.clock.now + HOUR
    modal = author.submit(form, text="It is about a date.")
    local = rules.shown_by(due) + timedelta(hours=2)
    assert f"It comes by {local:%H:%M}." in text_of(modal)
    with story.rt.read_session() as session:
        assert session.scalars(select(AnonymousReply.due_at)).one() == due
    [edit] = values_of(modal, "reply_edit")
    author.submit(author.press("reply_edit", edit), text="It is about two dates.")
    story.clock.advance(hours=1)
    jobs.anonymity.post_replies(story.rt, story.worker)
    story.deliver()
    texts = [m.text for m in story.slack.messages_to(HELP_CHANNEL)]
    assert "The asker: It is about two dates." in texts
