"""An ask's message in each of its states, as sent to Slack."""

import pytest

from bot.asks import blocks
from bot.slack.blocks import name_list
from bot.slack.rich_text import fallback_text
from tests.slack_json import (
    Json,
    actions,
    button,
    code_block,
    context,
    link,
    mrkdwn,
    option,
    plain,
    rich_text,
    section,
    sentence,
    text,
    title,
)
from tests.view_sample_data import TITLE, URL, ask, full_ask


def message(ask: blocks.AskView) -> list[Json]:
    return [block.to_dict() for block in blocks.message(ask)]


def menu(*more: Json) -> Json:
    first, last = option("Ask options…", "options:7"), option("How asks work", "help:7")
    listed = [first, *more, last]
    return {"type": "overflow", "action_id": "ask_menu", "options": listed}


def state(icon: str, *more: Json) -> Json:
    byline = plain("Asked by Ana", emoji=False)
    return context(mrkdwn(f":{icon}"), byline, *more)


OPEN_BUTTONS = actions(
    button("I can help", "ask_looking", "7"),
    button("Same here", "ask_same", "7"),
    menu(),
    block_id="ask_7",
)
DETAILS = rich_text(
    section(text("It *fails* in spring:\n")), code_block("assert hours == 24")
)
TOPICS = plain("#python  #time", emoji=False)
SOLUTIONS = sentence(
    "Solved by ", link(URL, "Ben's answer"), ", ", link(URL, "Chi's answer")
)
SAME = context(plain("2 others have this problem", emoji=False))


def test_a_new_ask():
    assert message(ask("open")) == [
        title(TITLE),
        state("white_circle: Open"),
        OPEN_BUTTONS,
    ]


def test_an_answered_ask_with_all_parts():
    assert message(full_ask("answered")) == [
        title(TITLE),
        DETAILS,
        state("speech_balloon: Answered", TOPICS),
        SOLUTIONS,
        context(plain("Looking into it: Ben and Chi", emoji=False)),
        SAME,
        context(
            mrkdwn(
                "When an answer works, react to it with :white_check_mark: to mark"
                " the ask as solved."
            )
        ),
        OPEN_BUTTONS,
    ]


def test_a_solved_ask():
    assert message(full_ask("solved")) == [
        title(TITLE),
        DETAILS,
        state("white_check_mark: Solved", TOPICS),
        SOLUTIONS,
        sentence("What worked: Freezing the clock."),
        SAME,
        actions(menu(), block_id="ask_7"),
    ]


def test_an_ask_closed_by_another_person():
    assert message(full_ask("closed")) == [
        title(TITLE),
        DETAILS,
        state("heavy_minus_sign: Closed", TOPICS),
        SOLUTIONS,
        context(plain("Closed by Dan: Asked twice", emoji=False)),
        SAME,
        actions(menu(), block_id="ask_7"),
    ]


def test_an_ask_closed_by_its_asker_needs_no_reason():
    assert context(plain("Closed by the asker", emoji=False)) in message(ask("closed"))


def line(ask: blocks.AskView) -> list[Json]:
    return [block.to_dict() for block in blocks.thread_line(ask)]


HERE_BELOW = plain("Your peers can answer in this thread.", emoji=False)


def test_the_line_below_a_message_converted_to_an_ask():
    assert line(ask("open")) == [
        context(mrkdwn(":white_circle: Open"), HERE_BELOW),
        OPEN_BUTTONS,
    ]


def test_the_line_below_a_solved_message():
    assert line(full_ask("solved")) == [
        context(mrkdwn(":white_check_mark: Solved"), HERE_BELOW, TOPICS),
        SOLUTIONS,
        sentence("What worked: Freezing the clock."),
        SAME,
        actions(menu(), block_id="ask_7"),
    ]


def test_everyone_may_disclaim_a_captured_message_until_it_is_answered():
    not_an_ask = menu(option("Not an ask", "delete:7"))
    assert not_an_ask in line(ask("open", is_captured=True))[-1]["elements"]
    assert menu() in line(ask("answered", is_captured=True))[-1]["elements"]


def test_one_other_person_is_singular():
    context_block = context(plain("1 other person has this problem", emoji=False))
    assert context_block in message(ask(same_count=1))


def test_the_hint_is_for_the_first_ask_only():
    hint = "When an answer works, react to it with :100:"
    assert hint in str(message(ask(is_first_ask=True, solved_emoji="100")))
    assert hint not in str(message(ask(solved_emoji="100")))
    assert hint not in str(
        message(ask("solved", is_first_ask=True, solved_emoji="100"))
    )


def test_at_most_five_solutions_are_shown():
    solutions = [(name, URL) for name in ("Ana", "Ben", "Cat", "Dan", "Eve", "Fay")]
    state_block = str(message(ask("solved", solutions=solutions)))
    assert state_block.count("'s answer") == 5


def test_two_solutions_by_one_person_name_them_once():
    solutions = [("Ben", URL), ("Cat", URL), ("Ben", f"{URL}2")]
    links = blocks.solution_links(solutions, "{}'s answer")
    assert fallback_text(*links) == "Ben's answer and another answer, Cat's answer"
    assert f"{URL}2" in str(links)


@pytest.mark.parametrize("state", ["open", "answered", "solved", "closed"])
def test_a_notification_contains_the_title_and_the_state(state: str):
    state_block = ask(state, title="Is a &lt; b for <@U0BEN|ben>?")
    assert blocks.message_text(state_block) == f"Ask ({state}): Is a &lt; b for @ben?"


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([], "nobody"),
        (["Ana"], "Ana"),
        (["Ana", "Ben"], "Ana and Ben"),
        (["A", "B", "C", "D", "E"], "A, B, C, D and E"),
        (["A", "B", "C", "D", "E", "F"], "A, B, C, D and 2 more"),
    ],
)
def test_people_are_named_in_a_list(people: list[str], expected: str):
    assert name_list(people) == expected
