"""Entries as people see them: what helped, by whom, when. Values in, blocks out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    DividerBlock,
    HeaderBlock,
    RichTextBlock,
)

from bot.home.row_blocks import RowList
from bot.search.tokens import tokenize
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    mrkdwn_line,
    quoted,
)
from bot.slack.rich_text import Part, link
from bot.slack.text import (
    ELLIPSIS,
    Token,
    to_mrkdwn,
    to_plain,
    truncate,
)

MAX_WORDS = 300
MAX_ANSWER_SHOWN = 300
MAX_OTHER_SHOWN = 150
MAX_SUMMARY = 200
# A long answer is shown from this many characters before its first matching word.
CONTEXT_BEFORE_MATCH = 60
MATCHED_LETTERS = 5
MAX_REASON = 200

SUGGESTION = "Perhaps already solved:"
NOTHING = "Nothing yet. Ask your peers?"
SPELLING = "I've tried similar spellings, too."
INCOMPLETE = "The search is incomplete right now: I only looked at the newest asks."
TITLE_LIMIT = 150


@dataclass(frozen=True, slots=True)
class EntryView:
    """An earlier ask as one person sees it.

    `title`, `what_worked` and `answer` are mrkdwn; `answer` is None if its words are
    not kept. `asked` and `confirmed` are months or days.
    """

    id: int
    title: str
    url: str | None
    place: str
    is_private: bool
    is_own: bool
    state: str
    what_worked: str | None
    # The best answer.
    answer: str | None
    author: str | None
    answer_url: str | None
    helped_count: int
    asked: str
    confirmed: str
    is_due: bool
    is_old: bool
    outdated_reasons: Sequence[str] = ()
    # The reader said that it is out of date.
    is_flagged: bool = False
    # A later ask with the same problem and an answer of its own; mrkdwn.
    newer_title: str | None = None
    newer_url: str | None = None
    # The next best answers: their authors and words, which are mrkdwn.
    other_answers: Sequence[tuple[str, str]] = ()

    @property
    def is_answered(self) -> bool:
        return self.answer_url is not None


@dataclass(frozen=True, slots=True)
class SuggestionsForAsk:
    """A member's own ask, and entries that may have solved it. `title` is mrkdwn."""

    id: int
    title: str
    entries: Sequence[EntryView]


def suggestion(ask_id: int, entries: Sequence[EntryView]) -> Note:
    """Perhaps an ask is already solved: for its asker only."""
    blocks: list[Block] = [rich_text.inline(SUGGESTION)]
    for n, entry in enumerate(entries):
        if n:
            blocks.append(DividerBlock())
        blocks += _suggested(ask_id, entry)
    return SUGGESTION, blocks


def suggestions_in_options(ask_id: int, entries: Sequence[EntryView]) -> list[Block]:
    """The same in the options of the ask."""
    if not entries:
        return []
    return [DividerBlock(), *suggestion(ask_id, entries)[1]]


def suggestions_for_asks(asks: Sequence[SuggestionsForAsk]) -> RowList:
    """The same for several asks on their asker's Home tab, below the title of each."""
    rows: list[list[Block]] = []
    for ask in asks:
        title = rich_text.inline("Your ask ", quoted(ask.title), ":")
        for n, entry in enumerate(ask.entries):
            above: Block = DividerBlock() if n else title
            rows.append([above, *_suggested(ask.id, entry)])
    if not rows:
        return RowList()
    return RowList([HeaderBlock(text="Perhaps already solved")], rows)


def _suggested(ask_id: int, entry: EntryView) -> list[Block]:
    value = f"{ask_id}:{entry.id}"
    buttons = button_row(
        button("That's it", "suggestion_solved", value, style="primary"),
        button("Not mine", "suggestion_dismiss", value),
    )
    return [*_entry(entry), buttons]


def similar(entries: Sequence[EntryView]) -> list[Block]:
    """Possibly similar asks, below the question in a form."""
    if not entries:
        return []
    blocks: list[Block] = [context_line("Possibly similar:")]
    for entry in entries:
        buttons = [button("Not mine", "similar_dismiss", entry.id)]
        if entry.is_answered:
            buttons.insert(0, button("That's it", "similar_solved", entry.id))
        blocks += [*_entry(entry), button_row(*buttons), DividerBlock()]
    return blocks


def results(
    words: str,
    entries: Sequence[EntryView],
    *,
    start: int,
    next_start: int | None,
    includes_open: bool,
    is_complete: bool,
) -> Note:
    """Build a page of results for a member's words, which are plain text."""
    heading = "Answered and open asks about" if includes_open else "What helped with"
    text = f"{heading} “{truncate(words, 80)}”:" if entries else NOTHING
    blocks: list[Block] = [rich_text.inline(text)]
    for n, entry in enumerate(entries):
        if n:
            blocks.append(DividerBlock())
        blocks += _entry(entry, words)
        if entry.is_answered:
            blocks.append(_entry_buttons(entry))
    if not is_complete:
        blocks.append(context_line(INCOMPLETE))
    elif not entries:
        blocks.append(context_line(SPELLING))
    if entries:
        blocks.append(DividerBlock())
    pages = []
    if start:
        pages.append(button("First", "find_page", _page(words, 0, includes_open)))
    if next_start is not None:
        page = _page(words, next_start, includes_open)
        pages.append(button("More", "find_more", page))
    if not includes_open:
        pages.append(
            button("Open asks too", "find_open", _page(words, 0, includes_open=True))
        )
    style = None if entries else "primary"
    pages.append(button("Ask your peers", "find_ask", words[:MAX_WORDS], style=style))
    return text, [*blocks, button_row(*pages)]


def _page(words: str, start: int, includes_open: bool) -> str:
    """The page that a button leads to. Nobody stores what people look for."""
    page = {"words": words[:MAX_WORDS], "start": start, "open": includes_open}
    # An escaped emoji has 12 characters, and the value of a button at most 2,000.
    return json.dumps(page, ensure_ascii=False)


def _entry(entry: EntryView, words: str | None = None) -> list[Block]:
    """Build an entry: what worked, or else the beginning of the answer.

    With the `words` of a search it has the part of the answer that matches, too.
    """
    blocks: list[Block] = [
        rich_text.user_text(entry.title, limit=TITLE_LIMIT, is_bold=True)
    ]
    if entry.what_worked:
        blocks.append(_words(entry.what_worked, MAX_SUMMARY, "What worked: "))
    if entry.answer and words is not None:
        part = _matched_part(entry.answer, words, MAX_ANSWER_SHOWN)
        blocks.append(_words(part, MAX_ANSWER_SHOWN))
    elif entry.answer and not entry.what_worked:
        blocks.append(_words(entry.answer, MAX_SUMMARY))
    if entry.other_answers and words is not None:
        blocks.append(_other_answers(entry, words))
    blocks.append(rich_text.context_line(*_about(entry)))
    if entry.newer_title and entry.newer_url:
        newer = link(entry.newer_url, quoted(entry.newer_title))
        blocks.append(rich_text.context_line("Newer: ", newer))
    if entry.is_old:
        why = "; ".join(to_plain(reason) for reason in entry.outdated_reasons)
        blocks.append(
            context_line(f"Out of date, people say: {truncate(why, 300)}")
            if why
            else mrkdwn_line(":warning: People say that this is out of date.")
        )
    elif entry.is_due and entry.is_answered:
        blocks.append(context_line(f"Nobody has confirmed it since {entry.confirmed}."))
    return blocks


def _other_answers(entry: EntryView, words: str) -> Block:
    """Build the next best answers in one block: a message has at most 50."""
    elements: list[Any] = []
    for author, answer in entry.other_answers:
        part = _matched_part(answer, words, MAX_OTHER_SHOWN)
        shown = _words(part, MAX_OTHER_SHOWN, f"Also by {author}: ")
        elements += shown.elements or ()
    return RichTextBlock(elements=elements)


def _words(text: str, limit: int, *prefix: Part) -> RichTextBlock:
    return rich_text.user_text(text, limit=limit, prefix=prefix, has_code_spans=True)


def _matched_part(answer: str, words: str, limit: int) -> str:
    """Cut the beginning of a long answer that has none of the words."""
    plain = to_plain(answer)
    if len(plain) <= limit:
        return answer
    lower = plain.lower()
    # Their first letters: people write other endings.
    matches = [lower.find(word[:MATCHED_LETTERS]) for word in tokenize(words)]
    first = min((at for at in matches if at >= 0), default=0)
    if first < limit - CONTEXT_BEFORE_MATCH:
        return answer
    start = plain.find(" ", first - CONTEXT_BEFORE_MATCH, first) + 1 or first
    return to_mrkdwn(ELLIPSIS + plain[start:])


def _about(entry: EntryView) -> list[Part]:
    """Say who answered, how many it helped, when and where."""
    if not entry.is_answered:
        status = "Still open"
    else:
        begins = "Your ask, answered by" if entry.is_own else "Answered by"
        status = f"{begins} {entry.author or 'someone'}"
    facts = [status, entry.asked]
    people = "person" if entry.helped_count == 1 else "people"
    if entry.helped_count:
        facts.append(f"helped {entry.helped_count} {people}")
    if entry.is_answered and not entry.is_due and entry.confirmed != entry.asked:
        facts.append(f"last confirmed {entry.confirmed}")
    place = f"#{entry.place}" if entry.place else "a channel"
    parts: list[Part] = [" · ".join(facts), " · "]
    if entry.is_private:
        parts += [Token("emoji", ":lock:", "lock"), " "]
    parts += [place]
    if url := entry.answer_url or entry.url:
        parts += [" · ", link(url, "Open in Slack")]
    return parts


def _entry_buttons(entry: EntryView) -> Block:
    review = (
        button("Still right after all", "entry_works", entry.id)
        if entry.is_flagged
        else button("Out of date", "entry_outdated", entry.id)
    )
    confirm = (
        [button("Still works", "entry_works", entry.id)]
        if (entry.is_due or entry.is_old) and not entry.is_flagged
        else []
    )
    return button_row(button("This helped", "entry_helped", entry.id), *confirm, review)
