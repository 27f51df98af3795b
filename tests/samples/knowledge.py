"""Views of what helped before."""

from bot.knowledge import blocks as knowledge
from bot.knowledge import forms as knowledge_forms
from bot.knowledge import notes as knowledge_notes
from bot.knowledge.blocks import SuggestionsForAsk
from tests.samples.types import Samples
from tests.view_sample_data import ENTRY_VIEWS, TITLE, URL, entry_view, found

SAMPLES: Samples = {
    knowledge_forms.solved_unasked: [
        lambda: knowledge_forms.solved_unasked("C0HELP", "1772442000.000100")
    ],
    knowledge.suggestion: [
        lambda: knowledge.suggestion(7, [entry_view()]),
        lambda: knowledge.suggestion(7, ENTRY_VIEWS[:3]),
    ],
    knowledge.suggestions_in_options: [
        lambda: knowledge.suggestions_in_options(7, ENTRY_VIEWS[:3])
    ],
    knowledge.suggestions_for_asks: [
        lambda: knowledge.suggestions_for_asks([]),
        lambda: knowledge.suggestions_for_asks(
            [SuggestionsForAsk(n, TITLE, ENTRY_VIEWS[:3]) for n in range(3)]
        ),
    ],
    knowledge.similar: [lambda: knowledge.similar(ENTRY_VIEWS[:3])],
    knowledge.results: [
        lambda: found(ENTRY_VIEWS),
        lambda: found(ENTRY_VIEWS[:5], next_start=5),
        lambda: found(ENTRY_VIEWS[:5], start=5, next_start=10, includes_open=True),
        lambda: found([]),
        lambda: found([], is_complete=False),
    ],
    knowledge_forms.find_form: [
        knowledge_forms.find_form,
        lambda: knowledge_forms.find_form("VPN"),
    ],
    knowledge_forms.results_modal: [
        lambda: knowledge_forms.results_modal(found(ENTRY_VIEWS, next_start=5)[1])
    ],
    knowledge_forms.outdated_form: [lambda: knowledge_forms.outdated_form(7, TITLE)],
    knowledge_notes.outdated_question: [
        lambda: knowledge_notes.outdated_question(7, TITLE, URL, []),
        lambda: knowledge_notes.outdated_question(7, TITLE, URL, ["vpnctl is gone"]),
    ],
    knowledge_forms.pointer_form: [
        lambda: knowledge_forms.pointer_form(7, TITLE, []),
        lambda: knowledge_forms.pointer_form(7, TITLE, ENTRY_VIEWS[:3]),
    ],
    knowledge_notes.pointer: [
        lambda: knowledge_notes.pointer(
            "Dan", TITLE, URL, asker="Chi", solved_emoji="white_check_mark"
        )
    ],
    knowledge_notes.hidden_pointer: [
        lambda: knowledge_notes.hidden_pointer("Dan"),
        lambda: knowledge_notes.hidden_pointer("Dan", is_deleted=True),
    ],
    knowledge_notes.pointer_helped: [
        lambda: knowledge_notes.pointer_helped(TITLE, URL, ["Chi"]),
        lambda: knowledge_notes.pointer_helped(TITLE, URL, ["Chi", "Ana"]),
    ],
    knowledge_notes.pointer_not_posted: [
        lambda: knowledge_notes.pointer_not_posted(TITLE, URL)
    ],
    knowledge_notes.withdrawn: [lambda: knowledge_notes.withdrawn(7)],
    knowledge_notes.solved: [lambda: knowledge_notes.solved(7)],
    knowledge_notes.notice: [
        lambda: knowledge_notes.notice(
            knowledge_notes.channel_part("C0HELP", "help"), URL
        ),
        lambda: knowledge_notes.notice(knowledge_notes.HIDDEN_CHANNEL, None),
    ],
    knowledge_notes.kept: [knowledge_notes.kept],
    knowledge_notes.not_kept: [knowledge_notes.not_kept],
}
