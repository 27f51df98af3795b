"""The reasons in an introduction: true, and only what its reader may see."""

import pytest

from bot.people import meetings
from models import Channel, MemberAttributes, PeerMeeting
from tests.factories import Story
from tests.pairs import DUE, runs, takes_part, words
from tests.people import choose
from tests.slack_payloads import ASKER, GUEST, HELP_CHANNEL, HELPER, user_object


@pytest.fixture(autouse=True)
def _is_on(story: Story) -> None:
    story.set_up_workspace(coffee="on")


def introduced(story: Story, *people: str) -> dict[str, str]:
    """Match two people; return the words that each of them reads."""
    takes_part(story, *people)
    story.clock.now = DUE
    runs(story)
    return {person: words(story.slack.messages_to(person)[-1]) for person in people}


def solves(story: Story, title: str, asker: str, helper: str, **more: str) -> None:
    ask = story.ask(title, member=asker)
    answer = story.say(helper, "Do it so.", thread_ts=ask.ts, **more)
    story.react(asker, answer, "white_check_mark")
    story.deliver()


def set_attributes(story: Story, member: str, **columns: object) -> None:
    with story.rt.write(story.workspace) as tx:
        tx.session.add(
            MemberAttributes(
                installation_id=tx.workspace.id,
                member=member,
                **{"source": "file", **columns},
            )
        )


def test_each_wants_what_the_other_knows(story: Story) -> None:
    choose(story, ASKER, topics_wanted=["kafka"], topics_known=["dbt"])
    choose(story, HELPER, topics_wanted=["dbt"], topics_known=["kafka"])
    text = introduced(story, ASKER, HELPER)
    assert "You want to learn about kafka. Ben knows about it." in text[ASKER]
    assert "Ben wants to learn about dbt. You know about it." in text[ASKER]
    assert "Ana wants to learn about kafka. You know about it." in text[HELPER]
    assert "You haven't met here." in text[ASKER]


def test_asks_and_answers_are_named_with_links(story: Story) -> None:
    choose(story, ASKER, topics_wanted=["kafka"])
    solves(story, "How do I repartition kafka?", "U0CHI", HELPER)
    solves(story, "Why does kafka lag?", "U0CHI", HELPER)
    text = introduced(story, ASKER, HELPER)
    assert (
        "You want to learn about kafka. Ben solved 2 asks on it, such as"
        " “Why does kafka lag?”" in text[ASKER]
    )


def test_an_open_ask_is_what_they_begin_with(story: Story) -> None:
    choose(story, HELPER, topics_known=["kafka"])
    story.ask("How do I stop kafka from lagging?", member=ASKER)
    text = introduced(story, ASKER, HELPER)
    assert (
        "You asked about kafka: “How do I stop kafka from lagging?” Ben knows about it."
        in text[ASKER]
    )
    assert "Your ask “How do I stop kafka from lagging?” is open." in text[ASKER]
    assert "Ana's ask “How do I stop kafka from lagging?” is open." in text[HELPER]
    assert "What would you try first?" in text[HELPER]


def test_a_private_channel_is_no_reason(story: Story) -> None:
    choose(story, HELPER, topics_known=["kafka"])
    story.ask("How do I stop kafka from lagging?", member=ASKER)
    with story.rt.write(story.workspace) as tx:
        channel = tx.session.query(Channel).filter_by(slack_id=HELP_CHANNEL).one()
        channel.is_private = True
    text = introduced(story, ASKER, HELPER)
    for words_ in text.values():
        assert "kafka" not in words_


def test_a_deleted_ask_is_no_reason(story: Story) -> None:
    choose(story, HELPER, topics_known=["kafka"])
    ask = story.ask("How do I stop kafka from lagging?", member=ASKER)
    takes_part(story, ASKER, HELPER)
    story.delete("U0BACKSWING", ask.ts)
    story.deliver()
    text = introduced(story, ASKER, HELPER)
    assert all("kafka" not in words_ for words_ in text.values())


def test_a_guest_reads_only_asks_in_their_channels(story: Story) -> None:
    choose(story, GUEST, topics_known=["kafka"])
    story.slack.people[GUEST] = user_object(GUEST, is_restricted=True)
    # They know each other: Ana's ask was answered by the guest.
    solves(story, "How do I stop kafka from lagging?", ASKER, GUEST)
    text = introduced(story, ASKER, GUEST)
    assert "How do I stop kafka" in text[ASKER]
    # It is not known which channels the guest is in.
    assert "How do I stop kafka" not in text[GUEST]


def test_teams_are_named_unless_they_are_hidden(story: Story) -> None:
    set_attributes(story, ASKER, team="Data", level="Senior")
    set_attributes(story, HELPER, team="Web", level="Senior")
    text = introduced(story, ASKER, HELPER)
    line = "You are on the same level, in different teams and haven't met here."
    assert line in text[ASKER]
    assert "Data" not in text[HELPER]


@pytest.mark.parametrize("hidden", ["is_team_hidden", "is_level_hidden"])
def test_a_hidden_team_or_level_is_no_reason(story: Story, hidden: str) -> None:
    set_attributes(story, ASKER, team="Data", level="Senior", **{hidden: True})
    set_attributes(story, HELPER, team="Web", level="Senior")
    text = introduced(story, ASKER, HELPER)
    for words_ in text.values():
        assert "same level" not in words_
        assert ("different teams" in words_) == (hidden == "is_level_hidden")


def test_a_repeat_is_said(story: Story) -> None:
    takes_part(story, ASKER, HELPER)
    with story.rt.write(story.workspace) as tx:
        meetings.record(tx, [ASKER, HELPER], met_at=tx.now)
        assert tx.session.query(PeerMeeting).count() == 1
    story.clock.now = DUE
    runs(story)
    text = words(story.slack.messages_to(ASKER)[-1])
    assert "You have met before: this time there was nobody new for all of us." in text


def test_times_are_in_both_zones(story: Story) -> None:
    takes_part(story, ASKER)
    takes_part(story, "U0LONDON", tz="Europe/London")
    story.clock.now = DUE
    runs(story)
    story.advance(hours=3)
    to_ana = words(story.slack.messages_to(ASKER)[-1])
    assert "for U0LONDON)" in to_ana
    assert "for Ana)" in words(story.slack.messages_to("U0LONDON")[-1])
