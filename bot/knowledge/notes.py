"""The bot's messages to people about the words of their answers."""

from collections.abc import Sequence

from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, name_list, quoted, sentence_note
from bot.slack.rich_text import Part, channel_mention, link
from bot.slack.text import capitalize, full_stop, to_plain, truncate

# The channel's name for an author who can no longer see it.
HIDDEN_CHANNEL = "a private channel that you've left"


def channel_part(channel: str, name: str) -> Part:
    """`channel` is Slack's id."""
    return channel_mention(channel, name)


def notice(channel: Part, answer_url: str | None) -> Note:
    """Notify an author, once, before others can find their words.

    `answer_url` is None where they can no longer see the answer.
    """
    answer: Part = link(answer_url, "answer") if answer_url else "answer"
    text, blocks = sentence_note(
        "Your ",
        answer,
        " in ",
        channel,
        " helped, so I keep its words. Those who can see the channel will be able to"
        " find your answer. The same goes for your other answers that help.",
    )
    return text, [*blocks, button_row(button(_DONT_KEEP, "answer_texts_off", "off"))]


def not_kept() -> Note:
    """In place of the button's message."""
    text, blocks = sentence_note(
        "OK, I've deleted the words of your answers, and won't keep new ones. Your"
        " messages in Slack stay, and others may still find the link to them."
    )
    return text, [*blocks, button_row(button(_KEEP, "answer_texts_on", "on"))]


def kept() -> Note:
    """In place of the button's message."""
    text, blocks = sentence_note(
        "OK, I keep the words of your answers that help. Those who can see the channel"
        " can find them."
    )
    return text, [*blocks, button_row(button(_DONT_KEEP, "answer_texts_off", "off"))]


_DONT_KEEP = "Don't keep my words"
_KEEP = "Keep my words"


def outdated_question(
    entry_id: int, title: str, url: str, reasons: Sequence[str]
) -> Note:
    """Ask an author whether their answer is still right. `reasons` are mrkdwn."""
    joined = "; ".join(to_plain(reason) for reason in reasons)
    why = f"“{truncate(joined, 300)}”"
    parts: list[Part] = [
        "People say that your ",
        link(url, "answer"),
        f" to {quoted(title)} is out of date",
        f": {why}{full_stop(why)}" if joined else ".",
        " Is it still right? If not, you can reply there with the new way.",
    ]
    text, blocks = sentence_note(*parts)
    return text, [*blocks, button_row(button("Yes, it is", "entry_works", entry_id))]


def pointer(
    member: str, title: str, url: str, *, asker: str, solved_emoji: str
) -> Note:
    """A reply in an ask's thread, with the title (mrkdwn) of the earlier ask."""
    text, blocks = sentence_note(
        f"{member}: this was solved before: ", link(url, quoted(title))
    )
    accept = f"{asker}, if that solves it for you, react with :{solved_emoji}:"
    return text, [*blocks, rich_text.context_line(capitalize(accept))]


def hidden_pointer(member: str, *, is_deleted: bool = False) -> Note:
    """In its place, once the earlier ask can't be shown there any longer."""
    where = "in an ask that was deleted" if is_deleted else "in another channel"
    return sentence_note(f"{member}: this was solved before, {where}.")


def pointer_helped(title: str, url: str, people: Sequence[str]) -> Note:
    """Thank a member who pointed to an earlier answer; `title` is of the ask."""
    return sentence_note(
        "The earlier answer that you found for ",
        link(url, quoted(title)),
        f" helped {name_list(people)}. Thank you!",
    )


def pointer_not_posted(title: str, url: str) -> Note:
    ask = quoted(title)
    return sentence_note(
        "I couldn't post the earlier answer that you found in the thread of ",
        link(url, ask),
        f"{full_stop(ask)} Look there, and try again if it's missing.",
    )


def withdrawn(ask_id: int) -> Note:
    text, blocks = sentence_note("Good. I've taken your ask back.")
    return text, [
        *blocks,
        button_row(button("Post it again", "suggestion_undo", ask_id)),
    ]


def solved(ask_id: int) -> Note:
    text, blocks = sentence_note(
        "Good. Your ask is solved, and shows the answer that helped."
    )
    return text, [*blocks, button_row(button("Undo", "suggestion_undo", ask_id))]
