"""The bot's messages to members about kudos. Pure."""

from collections.abc import Sequence

from slack_sdk.models.blocks import ButtonElement

from bot.kudos.blocks import SUMMARY_REASON_LENGTH, format_tags
from bot.kudos.parser import MAX_REASON_LENGTH
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    name_list,
    quoted,
    sentence_note,
)
from bot.slack.emoji import join_with_or
from bot.slack.rich_text import Part, channel_mention, fallback_text, link
from bot.slack.text import Token, capitalize, escape, to_plain, truncate


def receipt(
    kudos_id: int,
    people: Sequence[str],
    *,
    remaining: int,
    warnings: Sequence[str] = (),
    is_private: bool = False,
) -> Note:
    """Build the giver's receipt: recipients, remaining allowance, and warnings."""
    text, blocks = sentence_note(
        f"{_sent_text(people, is_private=is_private)} {_remaining_text(remaining)}"
    )
    for warning in warnings:
        text += f"\n{fallback_text(warning)}"
        blocks.append(context_line(warning))
    take_back = button("Take back", "kudos_take_back", kudos_id)
    return text, [*blocks, button_row(take_back)]


def final_receipt(people: Sequence[str], *, is_private: bool) -> Note:
    """Build the receipt for kudos that can no longer be taken back."""
    return sentence_note(_sent_text(people, is_private=is_private))


def taken_back_receipt() -> Note:
    """Build the receipt for kudos that were taken back."""
    return sentence_note(TAKEN_BACK)


def _sent_text(people: Sequence[str], *, is_private: bool) -> str:
    return f"Thanks sent {'privately ' if is_private else ''}to {name_list(people)}."


def _remaining_text(remaining: int) -> str:
    if not remaining:
        return "That was your last for today. You get more at midnight."
    more = "1 more person" if remaining == 1 else f"{remaining} more people"
    return f"You can thank {more} today."


def received(
    giver: str,
    reason: str,
    *,
    tags: Sequence[str] = (),
    url: str | None = None,
    # A label such as "#help"; "" for private kudos.
    channel: str = "",
    subject_url: str | None = None,
) -> Note:
    """Build the message to a recipient. `reason` is mrkdwn, `giver` a plain name."""
    parts: list[Part] = [f"{capitalize(giver)} thanks you"]
    if channel:
        parts += [" in ", link(url, channel) if url else channel]
    else:
        parts.append(" privately")
    if subject_url:
        parts += [" for ", link(subject_url, "this message")]
    text, blocks = sentence_note(*parts, ":")
    text = f"{text} {escape(truncate(to_plain(reason), SUMMARY_REASON_LENGTH))}"
    blocks.append(rich_text.user_text(reason, limit=MAX_REASON_LENGTH))
    if tags:
        blocks.append(context_line(format_tags(tags)))
    return text, blocks


def received_by_reaction(giver: str, emoji: str, url: str | None) -> Note:
    name = emoji.partition("::")[0]
    message: Part = link(url, "your message") if url else "your message"
    return sentence_note(
        f"{capitalize(giver)} gave you ",
        Token("emoji", f":{name}:", name),
        " for ",
        message,
    )


def taken_back_received(giver: str) -> Note:
    """Build the note that replaces a recipient's message."""
    return sentence_note(f"{capitalize(giver)} took these kudos back.")


def limit_reached(reasons: Sequence[str]) -> Note:
    """Build the note for a member whose reaction gives no kudos."""
    return sentence_note(
        "Your reaction stays, but doesn't count as kudos. ", " ".join(reasons)
    )


def not_posted(reason: str, people: Sequence[str], channel: str, error: str) -> Note:
    """Build the note that kudos were not posted, with their reason (mrkdwn)."""
    names = name_list(people)
    if error == "unknown":
        sentence = (
            f"I'm not sure your kudos to {names} made it to {channel}. Please check."
            " They count, and I told the people you thanked."
        )
    else:
        sentence = (
            f"I couldn't post your kudos to {names} in {channel}, so they don't count."
        )
    text, blocks = sentence_note(f"{sentence} Here's what you wrote:")
    return text, [*blocks, rich_text.user_text(reason, limit=MAX_REASON_LENGTH)]


TAKEN_BACK = "Kudos taken back."
# The giver of kudos for help with an ask without a name.
SOMEONE_HELPED = "someone you helped"


def help_line(join_emoji: Sequence[str], kudos_emoji: Sequence[str]) -> str:
    """Return the line of the help about kudos."""
    thanks = (
        f", or react to a message with {join_with_or(kudos_emoji)}"
        if kudos_emoji
        else ""
    )
    return (
        f"*Say thanks* with `/kudos @ana for …`{thanks}. React to kudos with"
        f" {join_with_or(join_emoji)} to join in. `/kudos me` shows your own."
    )


# For champions


def first_time(
    item_id: int,
    name: str,
    channel: tuple[str, str],
    title: str,
    url: str,
    *,
    is_answer: bool,
) -> tuple[Sequence[Part], Sequence[Part], Sequence[ButtonElement]]:
    """Return a first for which a champion could give thanks, why, and the button.

    `title` is the ask's, in mrkdwn; `channel` is Slack's id and the name.
    """
    if is_answer:
        act, reason = "helped with an answer", "Thanks make a second answer likely."
    else:
        act, reason = "asked", "It takes courage to ask, and thanks make it easier."
    parts: list[Part] = [
        f"{name} {act} in ",
        channel_mention(*channel),
        " for the first time: ",
        link(url, quoted(title)),
    ]
    return parts, [reason], [button("Say thanks", "work_thank", item_id)]


def first_reason(*, is_answer: bool) -> str:
    """Return the reason in the form, as mrkdwn; the champion can change it."""
    if is_answer:
        return "your first answer here, which helped right away"
    return "asking here for the first time, so that others learn from it, too"
