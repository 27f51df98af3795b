"""The reasons in an introduction: true, and only what its reader may see."""

import pytest

from bot.people import meetings
from models import Channel, Installation, MemberAttributes, PeerMeeting
from tests.factories import Story
from tests.pairs import DUE, match_of, runs, takes_part, words
from tests.people import choose
from tests.slack_payloads import ASKER, GUEST, HELP_CHANNEL, HELPER, PEER, user_object


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
    assert "You want to learn kafka; Ben knows about that." in text[ASKER]
    assert "Ben wants to learn dbt; you know about that." in text[ASKER]
    assert "Ana wants to learn kafka; you know about that." in text[HELPER]
    assert "You haven't met here." in text[ASKER]


@pytest.mark.deep
def test_asks_and_answers_are_named_with_links(story: Story) -> None:
    choose(story, ASKER, topics_wanted=["kafka"])
    solves(story, "How do I repartition kafka?", "U0CHI", HELPER)
    solves(story, "Why does kafka lag?", "U0CHI", HELPER)
    text = introduced(story, ASKER, HELPER)
    assert "You want to learn kafka; Ben solved two asks on that." in text[ASKER]
    [link] = [link for link in links(story, ASKER) if link["text"] == "two asks"]
    newest = story.asks()[-1].ts or ""
    assert link["url"].endswith(newest.replace(".", ""))


def links(story: Story, person: str) -> list[dict[str, str]]:
    [message] = story.slack.messages_to(person)[-1:]
    return [
        element
        for block in message.blocks
        for section in block.get("elements", ())
        for element in section.get("elements", ())
        if element["type"] == "link"
    ]


def test_an_answer_to_ones_own_ask_is_named_as_that(story: Story) -> None:
    solves(story, "How do I stop kafka from lagging?", ASKER, HELPER)
    choose(story, "U0CHI", topics_known=["kafka"])
    choose(story, HELPER, topics_known=["kafka"])
    text = introduced(story, ASKER, HELPER)
    assert "Ben helped with your ask on kafka." in text[ASKER]
    assert "You helped with Ana's ask on kafka." in text[HELPER]


def test_an_answer_that_did_not_help_is_no_reason(story: Story) -> None:
    ask = story.ask("How do I stop kafka from lagging?", member=ASKER)
    story.say(HELPER, "No idea.", thread_ts=ask.ts)
    story.deliver()
    text = introduced(story, ASKER, HELPER)
    for words_ in text.values():
        assert "Why you two: You both want to meet a peer." in words_
        assert "helped" not in words_


def test_three_people_read_how_each_fits(story: Story) -> None:
    people = [ASKER, HELPER, PEER]
    for number, person in enumerate(people):
        set_attributes(story, person, team=["Data", "Data", "Web"][number])
    choose(story, ASKER, topics_wanted=["kafka"])
    choose(story, PEER, topics_known=["kafka"])
    text = introduced(story, *people)
    assert "Why you: You want to learn kafka; Chi knows about that." in text[ASKER]
    assert "Ana wants to learn kafka; Chi knows about that." in text[HELPER]
    assert "Ana wants to learn kafka; you know about that." in text[PEER]
    # Two of them are in one team.
    assert all("different teams" not in words_ for words_ in text.values())


def test_people_are_called_by_their_first_names(story: Story) -> None:
    profiles = {
        ASKER: ("Ana Virtanen", "Ana"),
        HELPER: ("Ben Berg", "Ben"),
        PEER: ("Ben Okoro", "Ben"),
    }
    for person, (name, first_name) in profiles.items():
        user = user_object(person)
        user["profile"] |= {
            "real_name": name,
            "display_name": name,
            "first_name": first_name,
        }
        story.slack.people[person] = user
    choose(story, ASKER, topics_wanted=["kafka"])
    choose(story, HELPER, topics_known=["kafka"])
    takes_part(story, ASKER, HELPER, PEER)
    for person in profiles:
        user = story.slack.people[person]
        story.event({"type": "user_change", "user": user})
    story.clock.now = DUE
    runs(story)
    text = {each: words(story.slack.messages_to(each)[-1]) for each in profiles}
    assert "Ana wants to learn kafka; you know about that." in text[HELPER]
    assert "Ana wants to learn kafka; Ben Berg knows about that." in text[PEER]
    assert "You want to learn kafka; Ben Berg knows about that." in text[ASKER]


@pytest.mark.deep_on_postgresql
def test_an_open_ask_is_what_they_begin_with(story: Story) -> None:
    choose(story, HELPER, topics_known=["kafka"])
    story.ask("How do I stop kafka from lagging?", member=ASKER)
    text = introduced(story, ASKER, HELPER)
    assert "You asked about kafka; Ben knows about that." in text[ASKER]
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
    assert "helped with your ask on kafka" in text[ASKER]
    # It is not known which channels the guest is in.
    assert "kafka" not in text[GUEST]


def test_teams_are_named_unless_they_are_hidden(story: Story) -> None:
    set_attributes(story, ASKER, team="Data", level="Senior")
    set_attributes(story, HELPER, team="Web", level="Senior")
    text = introduced(story, ASKER, HELPER)
    line = "You are at the same level in different teams and haven't met here."
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
    said = "You have met here before. This time there was nobody new for all of us."
    assert said in text


def test_times_are_in_both_zones(story: Story) -> None:
    takes_part(story, ASKER)
    takes_part(story, "U0LONDON", tz="Europe/London")
    story.clock.now = DUE
    runs(story)
    story.advance(hours=3)
    to_ana = words(story.slack.messages_to(ASKER)[-1])
    assert "for U0LONDON)" in to_ana
    assert "for Ana)" in words(story.slack.messages_to("U0LONDON")[-1])


@pytest.mark.parametrize("has_groups", [False, True])
def test_a_deleted_ask_leaves_the_introduction(story: Story, has_groups: bool) -> None:
    with story.rt.write(story.workspace) as tx:
        installation = tx.session.get_one(Installation, story.workspace.id)
        installation.scopes = ["chat:write", *["mpim:write"] * has_groups]
    ask = story.ask("How do I stop kafka from lagging?", member=ASKER)
    choose(story, ASKER, topics_wanted=["kafka"])
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    runs(story)
    messages = [m for m in story.slack.messages if m.text.startswith("Peer coffee")]
    assert len(messages) == (1 if has_groups else 2)
    assert all("from lagging" in words(message) for message in messages)
    # Someone has said that they met: the group's message stays what it was.
    story.click(HELPER, "pair_met", str(match_of(story, HELPER)), view={"type": "home"})
    story.delete(ASKER, ask.ts)
    story.deliver()
    shown = [words(m) for m in story.slack.messages if m.channel != HELP_CHANNEL]
    assert not any("from lagging" in text for text in shown)
    if has_groups:
        [message] = messages
        assert message.text == "Peer coffee: meet each other, Ana and Ben."
