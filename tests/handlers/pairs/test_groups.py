"""Introductions in a group of direct messages, where the workspace allows that."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.pairs import rounds
from bot.people import places
from bot.slack.api import OutcomeUnknown, RateLimited, Rejected, SlackError
from models import Installation, PeerPlace
from tests.factories import Story
from tests.pairs import (
    DUE,
    groups,
    match_of,
    presses,
    runs,
    takes_part,
    texts_to,
    words,
)
from tests.people import choose
from tests.personal_data import forget
from tests.slack_payloads import (
    ASKER,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    user_object,
)


@pytest.fixture(autouse=True)
def _has_groups(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    with story.rt.write(story.workspace) as tx:
        installation = tx.session.get_one(Installation, story.workspace.id)
        installation.scopes = ["chat:write", "mpim:write"]


def introduced(story: Story, *people: str) -> str:
    """Match people; return Slack's id of their group."""
    takes_part(story, *people)
    story.clock.now = DUE
    runs(story)
    [group] = story.slack.groups
    return group


def in_group(story: Story, group: str) -> str:
    [message] = story.slack.messages_to(group)
    return words(message)


def press(story: Story, member: str, group: str, text: str) -> str:
    """Press a button of the group's message; return the modal that it opens."""
    [message] = story.slack.messages_to(group)
    click = story.click(member, *button(message, text), channel=group)
    assert click.status == 200
    story.deliver()
    return json.dumps(story.slack.views[-1][1], ensure_ascii=False)


def test_two_are_introduced_in_one_message(story: Story) -> None:
    choose(story, ASKER, topics_wanted=["kafka"])
    choose(story, HELPER, topics_known=["kafka"])
    group = introduced(story, ASKER, HELPER)
    text = in_group(story, group)
    [message] = story.slack.messages_to(group)
    assert message.text == "Peer coffee: meet each other, Ana and Ben."
    assert "Why you two: Ana wants to learn kafka; Ben knows about that." in text
    assert "Times that suit you both: " in text
    assert "Ana writes first." in text or "Ben writes first." in text
    assert texts_to(story, ASKER) == texts_to(story, HELPER) == []


def test_an_answer_in_the_group_is_for_one_alone(story: Story) -> None:
    group = introduced(story, ASKER, HELPER)
    before = in_group(story, group)
    assert "You have a time with Ben." in press(story, ASKER, group, "We have a time")
    assert in_group(story, group) == before
    story.advance(days=10)
    for person, mate in ((ASKER, "Ben"), (HELPER, "Ana")):
        assert texts_to(story, person, f"Did you meet {mate}?")
    presses(story, HELPER, "We met")
    assert story.slack.replaced_texts[-1] == "You met Ana. Was it a good match?"


def test_one_reminder_goes_to_each(story: Story) -> None:
    group = introduced(story, ASKER, HELPER)
    for _ in range(5):
        story.advance(days=1)
    for person in (ASKER, HELPER):
        assert len(texts_to(story, person, "have a time for your coffee")) == 1
    assert len(story.slack.messages_to(group)) == 1


@pytest.mark.deep_on_postgresql
def test_the_group_reads_who_can_not_come(story: Story) -> None:
    group = introduced(story, ASKER, HELPER)
    press(story, HELPER, group, "Can't this round")
    [message] = story.slack.messages_to(group)
    assert message.text == "Ben can't this time."
    assert '"actions"' not in json.dumps(message.blocks)
    assert texts_to(story, ASKER, "Ben can't this time. If someone else")
    assert groups(story) == []


def test_two_of_three_are_introduced_anew(story: Story) -> None:
    group = introduced(story, ASKER, HELPER, PEER)
    press(story, HELPER, group, "Can't this round")
    [message] = story.slack.messages_to(group)
    assert message.text == "Peer coffee: meet each other, Ana and Chi."
    assert texts_to(story, ASKER, "You still meet Chi")
    story.advance(days=10)
    assert texts_to(story, ASKER, "Did you meet Chi?")
    assert texts_to(story, HELPER, "Did you meet") == []


def test_only_what_all_in_it_may_see_is_a_reason(story: Story) -> None:
    """A guest is in another channel than the one in which Ana asked."""
    choose(story, GUEST, topics_known=["kafka"], topics_wanted=["dbt"])
    choose(story, ASKER, topics_known=["dbt"])
    story.slack.people[GUEST] = user_object(GUEST, is_restricted=True)
    ask = story.ask("How do I stop kafka from lagging?", member=ASKER)
    answer = story.say(GUEST, "Do it so.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    group = introduced(story, ASKER, GUEST)
    text = in_group(story, group)
    assert "kafka" not in text
    assert "wants to learn dbt; Ana knows about that." in text


def test_people_are_introduced_one_by_one_if_slack_opens_no_group(story: Story) -> None:
    refused = Rejected("conversations.open", "missing_scope")
    story.slack.fail["conversations.open"] = [refused]
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    runs(story)
    assert story.slack.groups == {}
    assert texts_to(story, ASKER, "Peer coffee: meet Ben.")
    assert texts_to(story, HELPER, "Peer coffee: meet Ana.")
    presses(story, HELPER, "Can't this round")
    assert texts_to(story, ASKER, "Ben can't this time. If someone else")


@pytest.mark.parametrize(
    "error",
    [
        Rejected("chat.postMessage", "restricted_action"),
        OutcomeUnknown("chat.postMessage", "timeout"),
    ],
)
@pytest.mark.deep_on_postgresql
def test_people_are_introduced_one_by_one_if_the_group_gets_nothing(
    story: Story, error: SlackError
) -> None:
    story.slack.fail["chat.postMessage"] = [error]
    introduced(story, ASKER, HELPER)
    for _ in range(3):
        story.advance(minutes=5)
    assert len(texts_to(story, ASKER, "Peer coffee: meet Ben.")) == 1
    assert len(texts_to(story, HELPER, "Peer coffee: meet Ana.")) == 1


def test_someone_who_leaves_before_that_is_not_in_the_introduction(
    story: Story,
) -> None:
    takes_part(story, "U0DELHI", tz="Asia/Kolkata")
    takes_part(story, "U0LONDON", "U0PARIS", tz="Europe/London")
    story.clock.now = DUE
    story.clock.advance(hours=-3)
    runs(story)
    [group] = story.slack.groups
    assert story.slack.messages_to(group) == []
    match = str(match_of(story, "U0DELHI"))
    story.click("U0DELHI", "pair_cant", match, view={"type": "home"})
    story.advance(hours=6)
    assert story.slack.messages_to(group) == []
    assert texts_to(story, "U0LONDON", "Peer coffee: meet U0PARIS.")
    assert texts_to(story, "U0PARIS", "Peer coffee: meet U0LONDON.")
    assert texts_to(story, "U0DELHI") == []


def test_it_is_sent_at_a_time_that_suits_all(story: Story) -> None:
    takes_part(story, "U0DELHI", tz="Asia/Kolkata")
    takes_part(story, "U0LONDON", tz="Europe/London")
    story.clock.now = DUE
    story.clock.advance(hours=-3)
    runs(story)
    [group] = story.slack.groups
    for hours, count in ((4, 0), (1, 1)):
        story.advance(hours=hours)
        assert len(story.slack.messages_to(group)) == count


@pytest.mark.deep
def test_many_groups_are_opened_as_slack_allows_and_hold_up_nothing(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack takes sixty in a minute, and the process dies once in the middle."""
    calls: list[datetime] = []
    refused: list[datetime] = []
    open_group = story.slack.open_group

    class Killed(BaseException):
        pass

    def limited(members: Sequence[str]) -> str:
        minute = [at for at in calls if story.clock.now - at < timedelta(minutes=1)]
        if len(minute) >= 60:
            refused.append(story.clock.now)
            raise RateLimited("conversations.open", 30)
        calls.append(story.clock.now)
        group = open_group(members)
        if len(calls) == 70:
            raise Killed
        return group

    monkeypatch.setattr(story.slack, "open_group", limited)
    people = [[ASKER, f"U0MATE{number}"] for number in range(150)]
    with story.rt.write(story.workspace) as tx:
        for number, pair in enumerate(people):
            places.open_place(tx, f"pair:{9000 + number}", pair)
    kills = asks = 0
    for second in range(240):
        if second % 60 == 30:
            # Other messages go out between the groups.
            story.command(ASKER, "/ask", f"How do I reach planet {second}?")
            asks += 1
        try:
            while story.worker.send_due():
                pass
        except Killed:
            kills += 1
        assert len(story.slack.messages_to(HELP_CHANNEL)) == asks
        story.clock.advance(seconds=1)
    # One is opened twice, which is the same group for Slack.
    assert (len(calls), kills, refused) == (151, 1, [])
    with story.rt.read(story.workspace) as tx:
        opened = tx.session.scalars(select(PeerPlace.channel)).all()
    assert set(opened) == set(story.slack.groups)
    assert len(opened) == len(people)


def test_groups_are_deleted_a_year_after_the_round(story: Story) -> None:
    introduced(story, ASKER, HELPER)
    for days, count in ((360, 1), (6, 0)):
        story.clock.advance(days=days)
        with story.rt.write(story.workspace) as tx:
            rounds.purge(tx)
            assert tx.session.query(PeerPlace).count() == count


@pytest.mark.deep
def test_a_forgotten_person_is_named_no_longer(story: Story) -> None:
    group = introduced(story, ASKER, HELPER)
    forget(story, HELPER)
    story.deliver()
    [message] = story.slack.messages_to(group)
    assert message.text.startswith("I removed this message")
    assert "Ben" not in words(message)
