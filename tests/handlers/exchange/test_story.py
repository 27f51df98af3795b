"""An exchange from *Learn together* to its end."""

import json
from datetime import timedelta

import pytest

from tests.exchange import (
    HOME,
    START,
    agree_all,
    agrees,
    asks,
    begin,
    exchange,
    exchanges,
    looks_back,
    opens_agreement,
    opens_up,
    presses,
    row_of,
    sees,
    wish,
    writes,
)
from tests.factories import Story
from tests.home import visible_home
from tests.pairs import people_page, texts_to, words
from tests.pairs import presses as presses_button
from tests.people import join_program
from tests.people import person as matching_facts
from tests.seasons import text_of
from tests.slack_payloads import ASKER, HELPER, form_values, user_object


@pytest.mark.deep
def test_the_home_tab_offers_it_to_people_in_a_program(story: Story) -> None:
    story.ask()
    assert "Learn from a peer who wants" not in people_page(story, ASKER)
    join_program(story, ASKER)
    page = people_page(story, ASKER)
    assert "Learn from a peer who wants to learn from you" in page
    assert "6 people of your program are open to it. So far nobody is." in page
    refused = opens_up(story, ASKER, topics_known="")
    assert refused == {
        "response_action": "errors",
        "errors": {"topics_known": "Name at least one topic."},
    }
    shown = opens_up(story, ASKER)
    assert "Now it's 1." in text_of(shown)
    story.advance(seconds=5)
    assert "You're open to an exchange." in visible_home(story, ASKER)
    row = wish(story, ASKER)
    assert (row.is_in, row.hours_a_month, row.max_exchanges) == (True, 4, 2)


def test_people_are_proposed_with_true_reasons(story: Story) -> None:
    begin(story)
    shown = sees(story, ASKER)
    assert "Ben" in shown
    assert "You want to learn retries; " in shown
    assert "Ben knows about that." in shown
    assert "Ben wants to learn postgres; you know about that." in shown
    assert "Ask Ben" in shown


@pytest.mark.deep
def test_the_question_says_why_and_a_yes_begins_it(story: Story) -> None:
    begin(story)
    asks(story)
    [question] = [
        message
        for message in story.slack.messages_to(HELPER)
        if "would like to learn together" in message.text
    ]
    assert question.text == "Ana would like to learn together with you."
    assert "Ana wants to learn retries; " in words(question)
    assert "about 4 hours a month" in words(question)
    for label in ("Yes", "Not now", "Not this", "Stop asking me"):
        assert f'"{label}"' in json.dumps(question.blocks)
    assert "You asked Ben." in people_page(story, ASKER)
    shown = presses(story, HELPER, "yes")
    assert shown.startswith("You and Ana can learn together.")
    assert texts_to(story, ASKER, "You and Ben can learn together.")
    assert "Write your agreement." in people_page(story, HELPER)


def test_both_write_one_agreement_and_agree(story: Story) -> None:
    story.slack.people[HELPER] = user_object(HELPER, tz="Europe/Berlin")
    begin(story)
    asks(story)
    presses(story, HELPER, "yes")
    writes(story, ASKER)
    story.advance(minutes=1)
    assert texts_to(story, HELPER, "Ana wrote in your agreement")
    form = opens_agreement(story, HELPER)
    assert "How to test retries." in text_of(form)
    assert "A call of 45 minutes" in text_of(form)
    # Nobody can agree before both have written.
    assert "First each of you writes" in agrees(story, HELPER)
    writes(story, HELPER, form, hopes="Indexes.", brings="Patience.")
    page = agrees(story, HELPER)
    assert "You agreed. It begins when Ana agrees, too." in page
    assert texts_to(story, ASKER, "Ben agrees. Your exchange begins when you agree")
    page = agrees(story, ASKER)
    assert "You both agreed." in page
    # In Berlin, it is an hour earlier than in Helsinki.
    assert page.count(" (12:00 for Ben)") == 2
    [told] = [
        each
        for each in story.slack.messages_to(HELPER)
        if each.text.startswith("You and Ana have agreed.")
    ]
    assert "Times that suit you both: " in words(told)
    assert words(told).count(" (13:00 for Ana)") == 2
    [text] = texts_to(story, HELPER, "You and Ana have agreed.")
    assert "every 2 weeks, until 2 June 2026" in text
    for person, hope in ((ASKER, "How to test retries."), (HELPER, "Indexes.")):
        home = people_page(story, person)
        assert "every 2 weeks, until 2 June 2026." in home
        assert hope in home
    story.clock.advance(days=10)
    story.click(ASKER, "exchange_see", str(exchange(story).id), view=HOME)
    page = text_of(story.slack.views[-1][1])
    assert "You both agreed." in page
    assert "Times that suit" not in page


@pytest.mark.deep
def test_six_meetings_in_twelve_weeks(story: Story) -> None:
    begin(story)
    agree_all(story)
    for _ in range(12 * 7 + 3):
        story.advance(days=1)
    for person, other in ((ASKER, "Ben"), (HELPER, "Ana")):
        meetings = texts_to(story, person, f"with {other}: do you two have a time")
        assert [text.split()[1] for text in meetings] == ["2", "3", "4", "5", "6"]
        assert len(texts_to(story, person, "How was your first meeting")) == 1
        assert len(texts_to(story, person, "You're halfway through")) == 1
        assert len(texts_to(story, person, "What did you get, and what did you")) == 1
        assert len(texts_to(story, person, "is over, as you agreed")) == 1
        assert texts_to(story, person, "has ended") == []
        assert texts_to(story, person, "not finished") == []
        assert texts_to(story, person, "didn't work out") == []


def test_both_go_on_if_both_want_it(story: Story) -> None:
    begin(story)
    agree_all(story)
    for _ in range(11):
        story.advance(days=7)
    until = exchange(story).until
    looks_back(story, ASKER, goes_on="yes")
    assert exchange(story).until == until
    assert texts_to(story, HELPER, "want to go on") == []
    looks_back(story, HELPER, goes_on="yes")
    form = story.slack.views[-1][1]
    longer = exchange(story).until
    assert until is not None
    assert longer == until + timedelta(weeks=12)
    # The same form again says nothing about the time after that.
    again = form_values(form) | {"got": "Even more.", "goes_on": "yes"}
    saved = story.submit(HELPER, form, again)
    assert "Saved. Nobody else sees it." in saved.body
    assert "wants to go on" not in saved.body
    assert row_of(story, HELPER).goes_on is None
    assert row_of(story, HELPER).got == "Even more."
    for person in (ASKER, HELPER):
        assert texts_to(story, person, "both want to go on")
    story.advance(days=10)
    assert texts_to(story, ASKER, "is over") == []
    assert texts_to(story, ASKER, "Meeting 1 with Ben")
    assert row_of(story, ASKER).got == "Indexes at last."
    # Each is asked anew before it is made longer once more.
    looks_back(story, ASKER, goes_on="yes")
    assert exchange(story).until == longer


def test_who_ends_it_is_not_said(story: Story) -> None:
    begin(story)
    agree_all(story)
    for _ in range(11):
        story.advance(days=7)
    looks_back(story, ASKER, goes_on="yes")
    looks_back(story, HELPER, goes_on="no")
    story.advance(days=10)
    assert texts_to(story, ASKER, "is over, as you agreed")
    assert texts_to(story, ASKER, "go on") == []


@pytest.mark.parametrize("choice", ["good", "not_sure"])
def test_answers_after_the_first_meeting_are_private(story: Story, choice: str) -> None:
    begin(story)
    agree_all(story)
    for _ in range(11):
        story.advance(days=1)
    before = len(story.slack.messages_to(ASKER))
    presses(story, HELPER, f"first_{choice}")
    assert row_of(story, HELPER).first_meeting == choice
    assert len(story.slack.messages_to(ASKER)) == before
    assert exchange(story).ends_at > story.clock.now


def test_not_for_me_ends_it_kindly(story: Story) -> None:
    begin(story)
    agree_all(story)
    for _ in range(10):
        story.advance(days=1)
    assert matching_facts(story, HELPER, ASKER).poor_fits == frozenset()
    shown = presses(story, HELPER, "first_not_for_me")
    # When both are matched again, other people come first.
    assert matching_facts(story, HELPER, ASKER).poor_fits == {ASKER}
    assert shown == "All right, the exchange has ended. Ana learns only that."
    [text] = texts_to(story, ASKER, "has ended")
    assert "No reason is asked or given." in text
    assert "not for" not in json.dumps(story.slack.messages_to(ASKER)[-1].blocks)
    for _ in range(90):
        story.advance(days=1)
    for person in (ASKER, HELPER):
        assert texts_to(story, person, "do you two have a time") == []
        assert texts_to(story, person, "is over, as you agreed") == []


def test_not_met_yet_is_asked_once_more(story: Story) -> None:
    begin(story)
    agree_all(story)
    for _ in range(10):
        story.advance(days=1)
    presses(story, ASKER, "first_later")
    for _ in range(10):
        story.advance(days=1)
    assert len(texts_to(story, ASKER, "How was your first meeting")) == 2
    last = [
        message
        for message in story.slack.messages_to(ASKER)
        if "How was your first" in message.text
    ][-1]
    assert "We haven't met" not in json.dumps(last.blocks)


@pytest.mark.deep
def test_a_late_press_on_a_question_changes_nothing_and_says_so(story: Story) -> None:
    begin(story)
    agree_all(story)

    def refusal(action: str, value: str) -> str:
        count = len(story.slack.responses)
        story.click(HELPER, f"exchange_{action}", value, channel="D0X")
        return "".join(each[1] for each in story.slack.responses[count:])

    for _ in range(46):
        story.advance(days=1)
    number = str(exchange(story).id)
    presses(story, HELPER, "first_good")
    for action in ("first_not_for_me", "first_later"):
        assert "You have answered this question." in refusal(action, number)
    assert row_of(story, HELPER).first_meeting == "good"
    presses_button(story, HELPER, "Something should change")
    assert "each says one thing to change" in story.slack.replaced_texts[-1]
    half = f"{number}:{exchange(story).until}"
    assert "You have answered this question." in refusal("midpoint_good", half)
    # The same press again is no other answer.
    story.click(HELPER, "exchange_midpoint_change", half, channel="D0X")
    assert "each says one thing to change" in story.slack.replaced_texts[-1]
    assert row_of(story, HELPER).midpoint == "change"
    # They go on: the question is about the second period now.
    for _ in range(5):
        story.advance(days=7)
    for person in (ASKER, HELPER):
        looks_back(story, person, goes_on="yes")
    assert str(exchange(story).until) > half.partition(":")[2]
    for value in (half, number, f"{number}:x"):
        assert "about an earlier part" in refusal("midpoint_good", value)
    assert row_of(story, HELPER).midpoint is None
    presses(story, ASKER, "end")
    half = f"{number}:{exchange(story).until}"
    assert refusal("midpoint_good", half) == "This exchange is over."


def test_either_ends_it_at_any_time(story: Story) -> None:
    begin(story)
    agree_all(story)
    number = str(exchange(story).id)
    story.advance(days=14)
    presses_button(story, HELPER, "End it")
    assert "has ended" in story.slack.replaced_texts[-1]
    assert len(texts_to(story, ASKER, "Your exchange with Ben has ended")) == 1
    story.click(HELPER, "exchange_end", number, view=HOME)
    story.click(ASKER, "exchange_end", number, view=HOME)
    story.advance(minutes=5)
    assert len(texts_to(story, ASKER, "has ended")) == 1
    assert texts_to(story, HELPER, "has ended") == []
    assert "Look back" in people_page(story, ASKER)


def test_a_draft_that_nobody_finishes_is_over(story: Story) -> None:
    begin(story)
    asks(story)
    presses(story, HELPER, "yes")
    for _ in range(30):
        story.advance(days=1)
    for person in (ASKER, HELPER):
        assert len(texts_to(story, person, "is not finished")) == 1
        assert len(texts_to(story, person, "didn't agree within four weeks")) == 1
    assert len(exchanges(story)) == 1


@pytest.mark.deep
def test_what_the_two_do_is_no_silence_in_their_programs(story: Story) -> None:
    """A no is none of it, nor is a draft; an exchange that goes on is."""

    def active() -> set[str]:
        with story.rt.read(story.workspace) as tx:
            queries = tx.features.active_members(tx, 0, [], since)
            return {member for each in queries for member in tx.session.scalars(each)}

    since = START
    begin(story)
    assert active() == {ASKER, HELPER}
    story.clock.advance(hours=1)
    since = story.clock.now
    asks(story)
    presses(story, HELPER, "not_now")
    assert active() == {ASKER}
    presses(story, HELPER, "yes")
    assert active() == {ASKER, HELPER}
    story.clock.advance(hours=1)
    since = story.clock.now
    writes(story, ASKER)
    writes(story, HELPER)
    assert active() == set()
    for person in (HELPER, ASKER):
        agrees(story, person)
    story.clock.advance(weeks=4)
    since = story.clock.now
    assert active() == {ASKER, HELPER}
    presses(story, ASKER, "end")
    assert active() == set()
    presses(story, HELPER, "stop")
    assert active() == set()
