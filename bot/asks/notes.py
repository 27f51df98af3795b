"""The bot's messages to members about asks and answers. Pure.

Titles, reasons and other members' texts are mrkdwn; people are given by plain names.
"""

from collections.abc import Sequence
from typing import Literal

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    Option,
    SectionBlock,
    StaticSelectElement,
)

from bot.asks.blocks import NOT_AN_ASK, solution_links, undo_button
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    quoted,
    sentence_note,
)
from bot.slack.emoji import join_with_or
from bot.slack.rich_text import Part, channel_mention, fallback_text, link
from bot.slack.text import Token, full_stop, to_plain, truncate

MarkMeaning = Literal["helpful", "solved"]

# Slack's limit for the options of a select.
MAX_OPTIONS = 100


def how_to_mark(emoji: str) -> list[Part]:
    """Explain how to mark a solution; `emoji` is one of the channel's for it."""
    return [
        "When a reply solves it, react to that reply with ",
        Token("emoji", f":{emoji}:", emoji),
        " to show everyone.",
    ]


def ask_answered(title: str, url: str, author: str) -> Note:
    ask = quoted(title)
    return sentence_note(f"{author} answered your ask ", link(url, ask), full_stop(ask))


def ask_captured(
    ask_id: int, title: str, url: str, emoji: str, more: Sequence[Block] = ()
) -> Note:
    """`more` is what other features offer to the author."""
    text, blocks = sentence_note(
        "I've listed your question ",
        link(url, quoted(title)),
        " as an ask, so your peers can find it and answer in its thread. ",
        *how_to_mark(emoji),
    )
    not_an_ask = button_row(button("Not an ask", "ask_delete", ask_id))
    return text, [*blocks, not_an_ask, *more]


def ask_converted(
    title: str,
    url: str,
    by: str,
    emoji: str,
    *,
    is_first: bool,
    more: Sequence[Block] = (),
) -> Note:
    """`more` is what other features offer to the author."""
    text, blocks = sentence_note(
        f"{by} made your message ",
        link(url, quoted(title)),
        " an ask, so your peers can find it and answer in its thread.",
        *([" ", *how_to_mark(emoji)] if is_first else []),
    )
    return text, [*blocks, *more]


RESTORED = "This message is an ask again."
REOPENED = "It's open again."


def disclaim_receipt(ask_id: int) -> Note:
    """Build the reply to the member who made a message no longer an ask."""
    text, blocks = sentence_note(f"{NOT_AN_ASK} Your peers no longer see it as one.")
    return text, [*blocks, undo_button(ask_id)]


def conversion_receipt(emoji: str, *, is_first: bool) -> str:
    """Return the reply to the member who made a message an ask, in mrkdwn."""
    text = "Done: this message is now an ask. Answers go in its thread."
    return f"{text} {fallback_text(*how_to_mark(emoji))}" if is_first else text


def ask_deleted(ask_id: int, title: str, by: str, *, is_own_message: bool) -> Note:
    if is_own_message:
        text, blocks = sentence_note(
            f"{by} says your message {quoted(title)} isn't an ask. Your message"
            " stays; it's just no longer tracked."
        )
        return text, [*blocks, undo_button(ask_id)]
    ask = quoted(title)
    return sentence_note(f"{by} deleted your ask {ask}{full_stop(ask)}")


def ask_closed(
    ask_id: int, title: str, url: str, by: str, reason: str, *, state: str
) -> Note:
    why = f"“{to_plain(reason)}”"
    update = "" if state == "closed" else f" It's {_STATE_TEXTS.get(state, state)}."
    text, blocks = sentence_note(
        f"{by} closed your ask ",
        link(url, quoted(title)),
        f": {why}{full_stop(why)}",
        *([update] if update else []),
    )
    if update:
        return text, blocks
    return text, [*blocks, button_row(button("Reopen it", "ask_reopen", ask_id))]


_STATE_TEXTS = {"open": "open again", "answered": "open again", "solved": "solved now"}


def ask_reopened(title: str, url: str) -> Note:
    return sentence_note("Your ask ", link(url, quoted(title)), " is open again.")


def ask_not_posted(title: str, details: str, channel_label: str, error: str) -> Note:
    """Build the note that an ask was not posted, with its text.

    `channel_label` is a text such as "#help"; `error` is Slack's code, or "unknown".
    """
    if error == "unknown":
        sentence = f"I'm not sure your ask made it to {channel_label}. Please check."
    else:
        reason = _ERROR_TEXTS.get(error, "Slack didn't accept it")
        sentence = f"I couldn't post your ask in {channel_label}: {reason}."
    text, blocks = sentence_note(f"{sentence} Here's what you wrote:")
    return text, [*blocks, rich_text.user_text(details or title, limit=3000)]


_ERROR_TEXTS = {
    "is_archived": "the channel is archived",
    "channel_not_found": "I can't see that channel. Type /invite @Backswing there",
    "not_in_channel": "I'm not in it. Type /invite @Backswing there",
    "restricted_action": "only some people can post there",
    "restricted_action_read_only_channel": "only some people can post there",
    "restricted_action_non_threadable_channel": "only some people can post there",
}


def ask_solved(
    ask_id: int,
    title: str,
    url: str,
    *,
    # The member who marked it as solved for the asker; None if the asker did.
    by: str | None,
    # The author's name and the permalink of each solution.
    solutions: Sequence[tuple[str, str]] = (),
    # If no answer was marked: the id and label of each answer to choose from.
    candidates: Sequence[tuple[int, str]],
    has_what_worked: bool,
) -> Note:
    links = solution_links(solutions, "{}")
    if by:
        parts: list[Part] = [f"{by} marked your ask ", link(url, quoted(title))]
        parts += [" as solved by ", *links, "."] if links else [" as solved."]
    elif links:
        ask = quoted(title)
        parts = ["Solved by ", *links, ": ", link(url, ask), full_stop(ask)]
    else:
        parts = ["Glad ", link(url, quoted(title)), " is solved!"]
    if candidates:
        parts.append(" Who helped?")
    if not has_what_worked:
        parts.append(" Add one line on what worked, for the next person?")
    text, blocks = sentence_note(*parts)
    if candidates:
        blocks.append(
            ActionsBlock(
                block_id=f"who_helped_{ask_id}",
                elements=[
                    StaticSelectElement(
                        action_id="who_helped",
                        placeholder="Choose the answer",
                        options=[
                            Option(text=truncate(label, 75), value=str(answer_id))
                            for answer_id, label in candidates[:MAX_OPTIONS]
                        ],
                    )
                ],
            )
        )
    buttons = []
    if not has_what_worked:
        buttons.append(button("Add what worked", "ask_worked", ask_id))
    if by:
        buttons.append(button("Not solved yet", "ask_reopen", ask_id))
    return text, [*blocks, button_row(*buttons)] if buttons else blocks


def solved_for_joiner(title: str, url: str, solution: tuple[str, str] | None) -> Note:
    parts: list[Part] = [
        "Good news: ",
        link(url, quoted(title)),
        ", which you were stuck on too, is solved.",
    ]
    if solution:
        parts += [" See ", link(solution[1], f"{solution[0]}'s answer"), "."]
    return sentence_note(*parts)


def solution_suggestion(ask_id: int, answers: Sequence[tuple[int, str, bool]]) -> Note:
    """Build the suggestion to an asker who said thanks: mark one of these answers.

    For each answer: its id, its author's name, and True if the asker has marked it as
    helpful. There is at least one.
    """
    [(answer_id, author, has_helped), *more] = answers
    if more:
        return _suggestion_of_several(ask_id, answers[-MAX_OPTIONS:])
    text, blocks = sentence_note(
        f"Did {author}'s answer {'solve it' if has_helped else 'help'}?"
    )
    value = f"{ask_id}:{answer_id}"
    helped = [] if has_helped else [button("It helped", "mark_helpful", value)]
    solved = button("It solved it", "mark_solved", value)
    return text, [*blocks, button_row(*helped, solved)]


def _suggestion_of_several(
    ask_id: int, answers: Sequence[tuple[int, str, bool]]
) -> Note:
    text, blocks = sentence_note("Did an answer help, or solve it?")
    selects = [
        StaticSelectElement(
            action_id=action_id,
            placeholder=label,
            options=[
                Option(text=truncate(f"{author}'s answer", 75), value=f"{ask_id}:{n}")
                for n, author, _ in choices
            ],
        )
        for action_id, label, choices in (
            ("mark_helpful", "It helped…", [a for a in answers if not a[2]]),
            ("mark_solved", "It solved it…", answers),
        )
        if choices
    ]
    return text, [*blocks, button_row(*selects)]


def mark_receipt(meaning: MarkMeaning, channel: str, ts: str) -> Note:
    """Build the reply to a mark by a button or shortcut, with a button to undo it."""
    text, blocks = sentence_note(_MARK_RECEIPTS[meaning])
    return text, [
        *blocks,
        button_row(button("Undo", f"undo_{meaning}", f"{channel}:{ts}")),
    ]


_MARK_RECEIPTS: dict[MarkMeaning, str] = {
    "helpful": "Marked as helpful. Thank you!",
    "solved": "Marked as the solution. Thank you!",
}


def asking_well() -> Note:
    """Build the three sentences for someone who asks for the first time."""
    text = (
        "*Asking well:* Say what you want to do, what you tried, and what happened. Ask"
        " one thing at a time, in words that people of another team understand. Come"
        " back and mark what helped, so that the next person finds it."
    )
    return text, [SectionBlock(text=text)]


def help_lines(
    helpful_emoji: Sequence[str], solved_emoji: Sequence[str]
) -> Sequence[str]:
    """Return the lines of the help about asks and answers."""
    helpful, solved = join_with_or(helpful_emoji), join_with_or(solved_emoji)
    return (
        "*Ask* with `/ask How do I …?`. `/ask` alone opens a form.",
        "*Answer* in the ask's thread.",
        (
            f"*Say what helped:* react to an answer with {helpful}. When one solves"
            f" your own ask, react to it with {solved}."
        ),
        (
            "*Join in:* :eyes: on an ask means that you can help, :raising_hand: that"
            " you have the same problem."
        ),
    )


def mark_reminder(title: str, url: str, helpful: str, solved: str) -> Note:
    """Ask the asker kindly, once, whether an answer helped.

    `helpful` and `solved` are the channel's first emoji for marks.
    """
    return sentence_note(
        "Did one of the answers to ",
        link(url, quoted(title)),
        " help? React to it with ",
        Token("emoji", f":{helpful}:", helpful),
        ", or with ",
        Token("emoji", f":{solved}:", solved),
        " if it solved your ask. Then others find it, and the people who answered"
        " learn that it helped.",
    )


def ask_kindly(
    item_id: int, title: str, url: str, asker: str, channel: tuple[str, str]
) -> tuple[Sequence[Part], Sequence[Part], Sequence[ButtonElement]]:
    """Return an ask whose asker a champion could ask to mark it, why, and the button.

    `channel` is Slack's id and the name.
    """
    parts: list[Part] = [
        f"{asker} got answers in ",
        channel_mention(*channel),
        ", and has marked none: ",
        link(url, quoted(title)),
    ]
    reason = (
        "Nobody has answered for three working days. If you press the button, I ask"
        f" {asker}, once, without your name."
    )
    return parts, [reason], [button("Ask kindly", "work_remind", item_id)]
