"""Views of asks and answers, and builders that all features use."""

import itertools
from functools import partial

from bot.anonymity import forms as anonymity
from bot.asks import answer_notes, blocks, forms, notes
from bot.knowledge import blocks as knowledge
from bot.routing import asker_notes as routing
from bot.slack import blocks as slack_blocks
from bot.slack.text import SOMEONE
from tests.samples.types import Samples
from tests.view_sample_data import (
    ENTRY_VIEWS,
    SOLUTION,
    STATES,
    TITLE,
    URL,
    ask,
    full_ask,
    solved_note,
)

SAMPLES: Samples = {
    blocks.message: [
        *(partial(blocks.message, ask(state)) for state in STATES),
        *(partial(blocks.message, full_ask(state)) for state in STATES),
        lambda: blocks.message(ask(origin_url=URL)),
    ],
    blocks.thread_line: [
        *(
            partial(blocks.thread_line, ask(state, is_captured=True))
            for state in STATES
        ),
        *(partial(blocks.thread_line, full_ask(state)) for state in STATES),
    ],
    blocks.hidden: [blocks.hidden],
    blocks.disclaimed_line: [lambda: blocks.disclaimed_line(7)],
    forms.ask_form: [
        forms.ask_form,
        lambda: forms.ask_form(
            similar=knowledge.similar(ENTRY_VIEWS[:3]), looks={"words": ["vpn"]}
        ),
        lambda: forms.ask_form(use_current_channel=True),
        lambda: forms.ask_form(is_first=True),
        lambda: forms.ask_form(channel="C0HELP", channel_topics=("python", "time")),
        lambda: forms.ask_form(reports_typing=True),
        lambda: forms.ask_form(more=[anonymity.checkbox()]),
        lambda: forms.ask_form(
            channel="C0HELP", hint=slack_blocks.NOT_IN_CHANNEL_CHOOSE
        ),
        lambda: forms.ask_form(
            ask_id=7,
            title=TITLE,
            details="Long\nstory",
            channel_topics=("python", "time"),
            topics=("time", "spring"),
        ),
    ],
    forms.close_form: [lambda: forms.close_form(7, TITLE, "Ana")],
    forms.delete_form: [lambda: forms.delete_form(7, TITLE)],
    forms.what_worked_form: [
        lambda: forms.what_worked_form(7, TITLE, None),
        lambda: forms.what_worked_form(7, TITLE, "Freezing the clock."),
    ],
    forms.options_modal: [
        partial(
            forms.options_modal,
            7,
            TITLE,
            state,
            possible,
            joined=joined,
            is_own_message=own,
        )
        for state, possible, joined, own in itertools.product(
            STATES,
            ((), ("looking", "same"), tuple(forms.OPTION_LABELS)),
            ((), ("looking", "same")),
            (False, True),
        )
    ],
    slack_blocks.form_about: [
        lambda: slack_blocks.form_about(
            "close_ask", ("ask", 7), TITLE, title="Close this ask", submit="Close it"
        )
    ],
    slack_blocks.sentence_note: [
        lambda: slack_blocks.sentence_note(f"{SOMEONE} says that ", "it's solved.")
    ],
    slack_blocks.note_with_buttons: [
        lambda: slack_blocks.note_with_buttons(
            "Done.",
            slack_blocks.button("Ask a question", "home_ask", 1),
            hint="Only once.",
        )
    ],
    slack_blocks.message_modal: [
        lambda: slack_blocks.message_modal("Not possible", "It's already solved."),
        lambda: slack_blocks.message_modal(
            "Done", blocks.NOT_AN_ASK, blocks.undo_button(7)
        ),
    ],
    notes.asking_well: [notes.asking_well],
    notes.ask_answered: [lambda: notes.ask_answered(TITLE, URL, "Ben")],
    notes.ask_captured: [
        lambda: notes.ask_captured(7, TITLE, URL, "100"),
        lambda: notes.ask_captured(7, TITLE, URL, "100", routing.confirmation(7)),
    ],
    notes.ask_converted: [
        lambda: notes.ask_converted(TITLE, URL, "Dan", "100", is_first=True),
        lambda: notes.ask_converted(TITLE, URL, "Dan", "100", is_first=False),
        lambda: notes.ask_converted(
            TITLE, URL, "Dan", "100", is_first=True, more=routing.confirmation(7)
        ),
    ],
    notes.ask_closed: [
        partial(notes.ask_closed, 7, TITLE, URL, "Dan", "Asked twice", state=state)
        for state in STATES
    ],
    notes.ask_reopened: [lambda: notes.ask_reopened(TITLE, URL)],
    notes.ask_deleted: [
        lambda: notes.ask_deleted(7, TITLE, "Dan", is_own_message=False),
        lambda: notes.ask_deleted(7, TITLE, "Dan", is_own_message=True),
    ],
    notes.disclaim_receipt: [lambda: notes.disclaim_receipt(7)],
    notes.ask_not_posted: [
        lambda: notes.ask_not_posted(TITLE, "", "help", "is_archived"),
        lambda: notes.ask_not_posted(TITLE, "Details", "help", "some_new_error"),
    ],
    notes.ask_solved: [
        solved_note,
        lambda: solved_note(by="Dan"),
        lambda: solved_note(by="Dan", solutions=[SOLUTION]),
        lambda: solved_note(solutions=[SOLUTION, ("Chi", URL)]),
        lambda: solved_note(candidates=[(1, "Ben, 02 Mar 09:00 UTC")]),
        lambda: solved_note(by="Dan", has_what_worked=True),
        lambda: solved_note(
            candidates=[(1, "Ben, 02 Mar 09:00 UTC")], has_what_worked=True
        ),
        lambda: solved_note(has_what_worked=True),
    ],
    notes.solved_for_joiner: [
        lambda: notes.solved_for_joiner(TITLE, URL, None),
        lambda: notes.solved_for_joiner(TITLE, URL, SOLUTION),
    ],
    notes.solution_suggestion: [
        lambda: notes.solution_suggestion(7, [(1, "Ben", False)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True), (2, "Chi", False)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True), (2, "Chi", True)]),
    ],
    notes.mark_receipt: [
        lambda: notes.mark_receipt("helpful", "C0HELP", "1772442000.000100"),
        lambda: notes.mark_receipt("solved", "C0HELP", "1772442000.000100"),
    ],
    answer_notes.answer_helped: [
        lambda: answer_notes.answer_helped(TITLE, URL, "Ana", ["Chi", "Dan"])
    ],
    answer_notes.answer_solved: [
        lambda: answer_notes.answer_solved(TITLE, URL, "Ana", []),
        lambda: answer_notes.answer_solved(TITLE, URL, "Ana", ["Chi"]),
    ],
    answer_notes.answer_helped_again: [
        lambda: answer_notes.answer_helped_again(URL, "March", "Ana", "today")
    ],
}
