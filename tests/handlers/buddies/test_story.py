"""A newcomer and their buddy, from the question to the end."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Ask
from tests.buddies import (
    BUDDY,
    NEWCOMER,
    all_shown,
    begin,
    clicks,
    comes,
    due_times,
    offer,
    offers,
    pair,
    pairs,
    pairs_up,
    passes,
    questions,
    runs,
    wants,
    wish,
)
from tests.factories import Story
from tests.home import visible_home
from tests.pairs import names_of, people_page, presses, texts_to, words
from tests.people import choose, join_program
from tests.programs import make_program, program_page
from tests.seasons import text_of
from tests.slack_payloads import ADMIN, CHAMPION, PEER, user_object


@pytest.mark.deep
def test_a_newcomer_is_asked_once_and_gets_a_buddy(story: Story) -> None:
    story.slack.people[BUDDY] = user_object(BUDDY, tz="Europe/Berlin")
    begin(story)
    for person, topics in ((NEWCOMER, "topics_wanted"), (BUDDY, "topics_known")):
        choose(story, person, **{topics: ["kafka"]})
    comes(story)
    [asked] = texts_to(story, NEWCOMER, "Would a buddy help?")
    assert "once a week for 4 weeks" in asked
    assert questions(story) == []
    presses(story, NEWCOMER, "Find me a buddy")
    assert "I'm looking for a buddy" in story.slack.replaced_texts[-1]
    runs(story)
    [message] = [
        each
        for each in story.slack.messages_to(BUDDY)
        if "would like a buddy" in each.text
    ]
    assert message.text.startswith("Ana is new here and would like a buddy.")
    assert "Ana wants to learn kafka; you know about that." in words(message)
    assert "I'm looking for a buddy" in people_page(story, NEWCOMER)
    assert "Ben" not in visible_home(story, NEWCOMER)
    assert due_times(story)[0] == questions(story)[0].ends_at
    assert "Ana is new here and would like a buddy." in people_page(story, BUDDY)
    presses(story, BUDDY, "Yes")
    assert story.slack.replaced_texts[-1] == "You're Ana's buddy. Thank you."
    row = pair(story)
    assert (row.newcomer, row.buddy) == (NEWCOMER, BUDDY)
    first = story.slack.messages_to(NEWCOMER)[-1]
    assert first.text == "Meet Ben, your buddy for 4 weeks."
    assert "Why you two: You want to learn kafka; Ben knows about that." in words(first)
    assert "You haven't met here." in words(first)
    # Early in the afternoon of both; in Berlin it is an hour earlier.
    assert words(first).count(" (12:00 for Ben)") == 2
    assert "Times that suit you both: " in words(first)
    assert "Ben writes first." in words(first)
    first = story.slack.messages_to(BUDDY)[-1]
    assert "Name three people to Ana" in words(first)
    assert words(first).count(" (13:00 for Ana)") == 2
    assert "You write first." in words(first)
    for person in (NEWCOMER, BUDDY):
        assert "until 7 April" in people_page(story, person)
    # Neither is asked or matched again meanwhile.
    passes(story, 6)
    assert len(texts_to(story, NEWCOMER, "Would a buddy help?")) == 1
    assert len(questions(story)) == 1


@pytest.mark.deep
def test_each_week_brings_one_idea_to_both(story: Story) -> None:
    pairs_up(story)
    passes(story, 29)
    for person, other in ((NEWCOMER, "Ben"), (BUDDY, "Ana")):
        weeks = texts_to(story, person, f"with {other}.")
        assert weeks == [f"Week {n} with {other}." for n in (2, 3, 4)]
        assert len(texts_to(story, person, "weeks with")) == 1
    sent = {
        person: [words(each) for each in story.slack.messages_to(person)]
        for person in (NEWCOMER, BUDDY)
    }
    for number, (mine, theirs) in enumerate(
        (
            ("whom to know here", "Name three people"),
            ("your first ask", "Help Ana write one"),
            ("Ask Ben for one thing", "Tell Ana one thing"),
            ("what surprised you", "what surprised Ana"),
        )
    ):
        assert sum(mine in text for text in sent[NEWCOMER]) == 1, number
        assert sum(theirs in text for text in sent[BUDDY]) == 1, number
    assert "Thank you for being a buddy." in texts_to(story, BUDDY)[-1]
    presses(story, NEWCOMER, "Say thanks")
    assert BUDDY in json.dumps(story.slack.views[-1][1])
    # The newcomer can pass it on when the time has come.
    passes(story, 92)
    assert len(texts_to(story, NEWCOMER, "Ben was your buddy")) == 1
    presses(story, NEWCOMER, "I'd be a buddy")
    assert offer(story, NEWCOMER).is_in
    assert len(texts_to(story, NEWCOMER)) == 7


@pytest.mark.deep_on_postgresql
def test_a_first_ask_without_an_answer_is_watched(story: Story) -> None:
    pairs_up(story)
    ask = story.ask("How do I stop the retries?", member=NEWCOMER)
    story.deliver()
    runs(story)
    assert texts_to(story, BUDDY, "first ask") == []
    [at] = due_times(story)
    assert at - story.clock.now <= timedelta(hours=2)
    story.clock.now = at
    for _ in range(3):
        runs(story)
    assert texts_to(story, BUDDY, "has no answer yet") == [
        "Ana's first ask has no answer yet. Do you know it, or someone who does?"
    ]
    told = story.slack.messages_to(BUDDY)[-1]
    assert "retries" not in json.dumps(told.blocks)
    assert (ask.ts or "").replace(".", "") in json.dumps(told.blocks)
    # Week 2 speaks of their asks, not of a first one.
    passes(story, 8)
    assert "You have asked already." in words(story.slack.messages_to(NEWCOMER)[-1])


@pytest.mark.parametrize("obstacle", ["budget", "a choice"])
def test_someone_who_has_chosen_is_not_asked_to_pass_it_on(
    story: Story, obstacle: str
) -> None:
    """It counts as one of the messages that nobody asked for."""
    pairs_up(story)
    if obstacle == "budget":
        story.set_up_workspace(buddies="on", unasked_per_week="0")
    story.clock.advance(days=100)
    runs(story)
    if obstacle == "a choice":
        clicks(story, NEWCOMER, "join")
        assert offer(story, NEWCOMER).is_in
    story.clock.advance(days=21)
    runs(story)
    assert texts_to(story, NEWCOMER, "Ben was your buddy") == []


@pytest.mark.deep
def test_a_first_ask_from_before_the_four_weeks_tells_nobody(story: Story) -> None:
    begin(story)
    comes(story)
    story.ask("How do I stop the retries?", member=NEWCOMER)
    presses(story, NEWCOMER, "Find me a buddy")
    runs(story)
    presses(story, BUDDY, "Yes")
    story.clock.advance(hours=3)
    runs(story)
    assert texts_to(story, BUDDY, "has no answer yet") == []


@pytest.mark.parametrize("is_answered", [True, False])
def test_an_answered_or_unconfirmed_first_ask_tells_nobody(
    story: Story, is_answered: bool
) -> None:
    """Of a message that the channel's settings made an ask, its author may say no."""
    pairs_up(story)
    ask = story.ask("How do I stop the retries?", member=NEWCOMER)
    if is_answered:
        story.say(PEER, "So.", thread_ts=ask.ts)
    else:
        with story.rt.write_session.begin() as session:
            session.scalars(select(Ask)).one().is_confirmed = False
    story.deliver()
    passes(story, 2)
    assert texts_to(story, BUDDY, "has no answer yet") == []


@pytest.mark.deep
def test_either_ends_it_without_a_reason(story: Story) -> None:
    pairs_up(story)
    number = str(pair(story).id)
    story.click(BUDDY, "buddy_end", number, channel="D0X")
    assert "Ana learns only that" in story.slack.replaced_texts[-1]
    runs(story)
    [text] = texts_to(story, NEWCOMER, "has ended")
    assert "No reason is asked or given." in text
    clicks(story, NEWCOMER, "end", number)
    passes(story, 35)
    for person in (NEWCOMER, BUDDY):
        assert texts_to(story, person, "weeks with") == []
        assert texts_to(story, person, "Week 2") == []
    assert len(texts_to(story, NEWCOMER, "has ended")) == 1
    assert texts_to(story, BUDDY, "has ended") == []
    # Someone else, if there is one.
    offers(story, PEER)
    presses(story, NEWCOMER, "Find another buddy")
    runs(story)
    assert [row.buddy for row in questions(story)] == [BUDDY, PEER]


def test_newcomers_and_buddies_see_what_is_for_them(story: Story) -> None:
    begin(story, PEER)
    comes(story, days=1)
    assert "Find me a buddy" in people_page(story, NEWCOMER)
    assert "I'd be a buddy" not in visible_home(story, NEWCOMER)
    story.slack.responses.clear()
    clicks(story, NEWCOMER, "join")
    assert "You can be one later." in text_of(story.slack.views[-1][1])
    offers(story, BUDDY, days=800)
    assert "came 3 to 24 months ago" in text_of(story.slack.views[-1][1])
    assert "Buddies" not in people_page(story, BUDDY)
    clicks(story, BUDDY, "yes")
    assert "came in the last three months" in text_of(story.slack.views[-1][1])
    clicks(story, PEER, "stop")
    assert "Be a buddy for someone new" in people_page(story, PEER)


@pytest.mark.deep
def test_it_begins_when_six_people_want_it(story: Story) -> None:
    story.clock.advance(days=30)
    people = names_of(6)
    for person in people[:4]:
        offers(story, person)
    comes(story)
    assert texts_to(story, NEWCOMER, "Would a buddy help?") == []
    begins = "6 people of your program look for a buddy, or would be one. So far 4 do."
    assert begins in people_page(story, NEWCOMER)
    clicks(story, NEWCOMER, "yes")
    runs(story)
    assert questions(story) == []
    offers(story, people[4])
    runs(story)
    assert len(questions(story)) == 1
    story.set_up_workspace(buddies="off")
    assert "Buddies" not in people_page(story, NEWCOMER)
    clicks(story, people[0], "join")
    assert "no buddies in this workspace" in text_of(story.slack.views[-1][1])


def test_leads_see_names_and_no_answers(story: Story) -> None:
    pairs_up(story)
    story.event({"type": "app_home_opened", "user": ADMIN, "tab": "home"})
    story.click(ADMIN, "home_page_program", "program", view={"type": "home"})
    story.deliver()
    assert "1 newcomer has a buddy now. 0 look for one." in visible_home(story, ADMIN)
    clicks(story, ADMIN, "see")
    shown = text_of(story.slack.views[-1][1])
    assert '"Ana"' in shown
    assert " has Ben as a buddy" in shown
    clicks(story, PEER, "see")
    assert "Only program leads" in text_of(story.slack.views[-1][1])
    # The leads of a program see its newcomers, and nobody of other programs.
    program = make_program(story, leads=(PEER,))
    join_program(story, NEWCOMER, program_id=program)
    assert "1 newcomer has a buddy now. 0 look for one." in program_page(story, PEER)
    clicks(story, PEER, "see")
    shown = text_of(story.slack.views[-1][1])
    assert " has someone outside your programs as a buddy" in shown
    assert "Ben" not in shown
    make_program(story, leads=(CHAMPION,))
    assert "0 newcomers have a buddy now." in program_page(story, CHAMPION)


@pytest.mark.deep
def test_an_absence_skips_ideas_but_not_the_introduction(story: Story) -> None:
    begin(story)
    wants(story)
    choose(story, NEWCOMER, paused_until=(story.clock.now + timedelta(days=15)).date())
    presses(story, BUDDY, "Yes")
    passes(story, 18)
    texts = texts_to(story, NEWCOMER, "Ben")
    assert texts[0] == "Meet Ben, your buddy for 4 weeks."
    # The days that were suggested to the buddy are over.
    assert "Times that suit you both" in all_shown(story, BUDDY)
    assert "Times that suit you both" not in all_shown(story, NEWCOMER)
    assert "Week 3 with Ben." in texts
    # It was due more than a week before they came back.
    assert not any(text.startswith("Week 2") for text in texts)
    assert len(pairs(story)) == 1
    assert wish(story).wanted_at is None
