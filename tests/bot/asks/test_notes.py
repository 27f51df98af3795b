"""The bot's direct messages about asks, and their notification texts."""

import pytest

from bot.asks import answer_notes, notes
from bot.slack.blocks import Note
from tests.slack_json import Json, actions, button, link, option, plain, sentence
from tests.view_sample_data import TITLE, URL, solved_note

NAMED = f"“{TITLE}”"
ASK = link(URL, NAMED)
WORKED = " Add one line on what worked, for the next person?"
HOW = [
    "When a reply solves it, react to that reply with ",
    {"type": "emoji", "name": "100"},
    " to show everyone.",
]
WORDS = " Here's what you wrote:"
SAY = button("Add what worked", "ask_worked", "7")
NOT_YET = button("Not solved yet", "ask_reopen", "7")


def who_helped(answer_id: int, label: str) -> Json:
    chosen = {
        "type": "static_select",
        "action_id": "who_helped",
        "placeholder": plain("Choose the answer"),
        "options": [option(label, str(answer_id))],
    }
    return actions(chosen, block_id="who_helped_7")


@pytest.mark.parametrize(
    ("note", "parts", "more"),
    [
        pytest.param(
            notes.ask_answered(TITLE, URL, "Ben"),
            ["Ben answered your ask ", ASK],
            [],
            id="answered",
        ),
        pytest.param(
            notes.ask_captured(7, TITLE, URL, "100"),
            [
                "I've listed your question ",
                ASK,
                " as an ask, so your peers can find it and answer in its thread. ",
                *HOW,
            ],
            [actions(button("Not an ask", "ask_delete", "7"))],
            id="captured",
        ),
        pytest.param(
            notes.ask_converted(TITLE, URL, "Dan", "100", is_first=False),
            [
                "Dan made your message ",
                ASK,
                " an ask, so your peers can find it and answer in its thread.",
            ],
            [],
            id="made",
        ),
        pytest.param(
            notes.ask_converted(TITLE, URL, "Dan", "100", is_first=True),
            [
                "Dan made your message ",
                ASK,
                " an ask, so your peers can find it and answer in its thread.",
                " ",
                *HOW,
            ],
            [],
            id="made the first",
        ),
        pytest.param(
            notes.ask_closed(
                7, TITLE, URL, "Dan", "Asked twice &amp; answered", state="closed"
            ),
            ["Dan closed your ask ", ASK, ": “Asked twice & answered”."],
            [actions(button("Reopen it", "ask_reopen", "7"))],
            id="closed",
        ),
        pytest.param(
            notes.ask_closed(7, TITLE, URL, "Dan", "Asked twice", state="answered"),
            ["Dan closed your ask ", ASK, ": “Asked twice”.", " It's open again."],
            [],
            id="closed, and open again",
        ),
        pytest.param(
            notes.ask_reopened(TITLE, URL),
            ["Your ask ", ASK, " is open again."],
            [],
            id="open again",
        ),
        pytest.param(
            solved_note(solutions=[("Ben", URL), ("Chi", URL)], has_what_worked=True),
            ["Solved by ", link(URL, "Ben"), ", ", link(URL, "Chi"), ": ", ASK],
            [],
            id="solved by two answers",
        ),
        pytest.param(
            solved_note(by="Dan", solutions=[("Ben", URL)], has_what_worked=True),
            [
                "Dan marked your ask ",
                ASK,
                " as solved by ",
                link(URL, "Ben"),
                ".",
            ],
            [actions(NOT_YET)],
            id="solved by an answer that a champion marked",
        ),
        pytest.param(
            notes.ask_deleted(7, TITLE, "Dan", is_own_message=False),
            [f"Dan deleted your ask {NAMED}"],
            [],
            id="deleted",
        ),
        pytest.param(
            notes.ask_deleted(7, TITLE, "Dan", is_own_message=True),
            [
                (
                    f"Dan says your message {NAMED} isn't an ask. Your message stays;"
                    " it's just no longer tracked."
                )
            ],
            [actions(button("Undo", "ask_restore", "7"))],
            id="deleted, but not the message",
        ),
        pytest.param(
            notes.ask_not_posted(TITLE, "", "#help", "not_in_channel"),
            [
                (
                    "I couldn't post your ask in #help: I'm not in it. Type /invite"
                    f" @Backswing there.{WORDS}"
                )
            ],
            [sentence(TITLE)],
            id="not posted where the bot is not",
        ),
        pytest.param(
            notes.ask_not_posted(TITLE, "", "#help", "is_archived"),
            [f"I couldn't post your ask in #help: the channel is archived.{WORDS}"],
            [sentence(TITLE)],
            id="not posted",
        ),
        pytest.param(
            notes.ask_not_posted(TITLE, "The details", "#help", "a_new_error"),
            [f"I couldn't post your ask in #help: Slack didn't accept it.{WORDS}"],
            [sentence("The details")],
            id="not posted, who knows why",
        ),
        pytest.param(
            solved_note(),
            ["Glad ", ASK, " is solved!", WORKED],
            [actions(SAY)],
            id="solved",
        ),
        pytest.param(
            solved_note(candidates=[(1, "Ben, 02 Mar 09:00 UTC")]),
            ["Glad ", ASK, " is solved!", " Who helped?", WORKED],
            [who_helped(1, "Ben, 02 Mar 09:00 UTC"), actions(SAY)],
            id="solved by nobody knows whom",
        ),
        pytest.param(
            solved_note(by="Dan"),
            ["Dan marked your ask ", ASK, " as solved.", WORKED],
            [actions(SAY, NOT_YET)],
            id="solved by a champion",
        ),
        pytest.param(
            solved_note(by="Dan", has_what_worked=True),
            ["Dan marked your ask ", ASK, " as solved."],
            [actions(NOT_YET)],
            id="solved by a champion, and said what worked",
        ),
        pytest.param(
            notes.solved_for_joiner(TITLE, URL, None),
            ["Good news: ", ASK, ", which you were stuck on too, is solved."],
            [],
            id="solved for a joiner",
        ),
        pytest.param(
            notes.solved_for_joiner(TITLE, URL, ("Ben", URL)),
            [
                "Good news: ",
                ASK,
                ", which you were stuck on too, is solved.",
                " See ",
                link(URL, "Ben's answer"),
                ".",
            ],
            [],
            id="solved for a joiner, by an answer",
        ),
        pytest.param(
            notes.solution_suggestion(7, [(1, "Ben", False)]),
            ["Did Ben's answer help?"],
            [
                actions(
                    button("It helped", "mark_helpful", "7:1"),
                    button("It solved it", "mark_solved", "7:1"),
                )
            ],
            id="offer",
        ),
        pytest.param(
            notes.solution_suggestion(7, [(1, "Ben", True)]),
            ["Did Ben's answer solve it?"],
            [actions(button("It solved it", "mark_solved", "7:1"))],
            id="offer of an answer that was marked helpful",
        ),
        pytest.param(
            notes.mark_receipt("helpful", "C0HELP", "1772442000.000100"),
            ["Marked as helpful. Thank you!"],
            [actions(button("Undo", "undo_helpful", "C0HELP:1772442000.000100"))],
            id="marked helpful",
        ),
        pytest.param(
            notes.mark_receipt("solved", "C0HELP", "1772442000.000100"),
            ["Marked as the solution. Thank you!"],
            [actions(button("Undo", "undo_solved", "C0HELP:1772442000.000100"))],
            id="marked solved",
        ),
        pytest.param(
            answer_notes.answer_helped(TITLE, URL, "Ana", ["Ben", "Chi"]),
            [
                "Your ",
                link(URL, "answer"),
                f" to Ana's ask {NAMED} helped Ben and Chi.",
            ],
            [],
            id="helped",
        ),
        pytest.param(
            answer_notes.answer_solved(TITLE, URL, "Ana", []),
            ["Your ", link(URL, "answer"), f" solved Ana's ask {NAMED} Thank you!"],
            [],
            id="solution",
        ),
        pytest.param(
            answer_notes.answer_solved(TITLE, URL, "Ana", ["Chi"]),
            [
                "Your ",
                link(URL, "answer"),
                f" solved Ana's ask {NAMED} It helped Chi too. Thank you!",
            ],
            [],
            id="solution that helped others",
        ),
    ],
)
def test_a_notes_notification_has_the_same_text(
    note: Note, parts: list[str | Json], more: list[Json]
):
    text, blocks = note
    assert [block.to_dict() for block in blocks] == [sentence(*parts), *more]
    assert text == "".join(map(visible_text, parts)).replace("&", "&amp;")


def visible_text(part: str | Json) -> str:
    if isinstance(part, str):
        return part
    return f":{part['name']}:" if part["type"] == "emoji" else part["text"]


def test_a_first_ask_from_a_message_explains_marking():
    text = notes.conversion_receipt("100", is_first=True)
    assert text == (
        "Done: this message is now an ask. Answers go in its thread. When a reply"
        " solves it, react to that reply with :100: to show everyone."
    )
    assert "react" not in notes.conversion_receipt("100", is_first=False)


def test_a_long_title_is_shortened():
    text, _ = notes.ask_answered("word " * 30, URL, "Ben")
    assert len(text) < 120
    assert "…”" in text


def test_at_most_a_hundred_answers_can_be_chosen():
    _, blocks = solved_note(candidates=[(n, f"Ben, {'x' * 90}") for n in range(150)])
    [select] = blocks[1].to_dict()["elements"]
    assert len(select["options"]) == 100
    assert all(
        len(visible_text["text"]["text"]) <= 75 for visible_text in select["options"]
    )
