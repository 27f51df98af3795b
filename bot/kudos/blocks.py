"""The message of kudos, and lists of kudos. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    HeaderBlock,
    Option,
    OverflowMenuElement,
    SectionBlock,
)

from bot.home.row_blocks import RowList
from bot.kudos.parser import MAX_REASON_LENGTH
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line, name_list
from bot.slack.rich_text import Part
from bot.slack.text import Token, capitalize, escape, one_line, to_plain, truncate

# Slack's limit for a button's value.
_MAX_VALUE_LENGTH = 2000
_LIST_REASON_LENGTH = 200
# Slack takes at most 4,000 characters of text in an update, and escaping turns one
# character into up to five. The blocks have the whole reason.
SUMMARY_REASON_LENGTH = 600


@dataclass(frozen=True, slots=True)
class KudosView:
    """Kudos for their message in a channel. `reason` is mrkdwn."""

    id: int
    # The giver's plain name, and the recipients' ids.
    giver: str
    recipients: Sequence[str]
    reason: str
    tags: Sequence[str] = ()
    # The number of members who joined, and the emoji for joining.
    join_count: int = 0
    join_emoji: str = "raised_hands"
    # The permalink of the message that they are about.
    subject_url: str | None = None
    # The plain name of the member who took them back.
    taken_back_by: str | None = None


def summary(kudos: KudosView, recipients: Sequence[str]) -> str:
    """Build the message's text for notifications. `recipients` are plain names."""
    if kudos.taken_back_by:
        return escape(f"{capitalize(kudos.taken_back_by)} took these kudos back.")
    reason = truncate(to_plain(kudos.reason), SUMMARY_REASON_LENGTH)
    thanks = f"{capitalize(kudos.giver)} thanks {name_list(recipients)}"
    return escape(f"{thanks}: {reason}")


def message(kudos: KudosView) -> list[Block]:
    if kudos.taken_back_by:
        return [
            context_line(f"{capitalize(kudos.taken_back_by)} took these kudos back.")
        ]
    blocks: list[Block] = [
        rich_text.inline(*_headline(kudos)),
        rich_text.user_text(kudos.reason, limit=MAX_REASON_LENGTH),
    ]
    if kudos.tags:
        blocks.append(context_line(format_tags(kudos.tags)))
    hint = f"React with :{kudos.join_emoji}: to join in"
    if kudos.subject_url:
        hint = f"For <{kudos.subject_url}|this message> · {hint}"
    blocks.append(SectionBlock(text=hint, accessory=_menu(kudos.id)))
    return blocks


def _headline(kudos: KudosView) -> Iterator[Part]:
    """Yield the headline, which mentions the recipients, and only them."""
    yield capitalize(kudos.giver)
    if kudos.join_count:
        yield f" and {_others(kudos.join_count)} thank "
    else:
        yield " thanks "
    for n, recipient in enumerate(kudos.recipients, start=1):
        if n > 1:
            yield " and " if n == len(kudos.recipients) else ", "
        yield rich_text.user_mention(recipient)


def _others(count: int) -> str:
    return "1 other" if count == 1 else f"{count} others"


def _menu(kudos_id: int) -> OverflowMenuElement:
    return OverflowMenuElement(
        action_id="kudos_menu",
        options=[Option(text="Take back…", value=f"take_back:{kudos_id}")],
        confirm=ConfirmObject(
            title="Take these kudos back?",
            text="The message will show that they were taken back. Givers have 10"
            " minutes; admins can at any time.",
            confirm="Take back",
            deny="Keep them",
        ),
    )


def format_tags(tags: Sequence[str]) -> str:
    return "  ".join(f"#{tag}" for tag in tags)


# Lists of kudos


@dataclass(frozen=True, slots=True)
class ListItem:
    """An item in a list of kudos. `people` are plain names; `reason` is mrkdwn."""

    people: Sequence[str]
    reason: str
    day: str
    url: str | None = None
    tags: Sequence[str] = ()
    # The number of members who joined.
    join_count: int = 0
    emoji: str | None = None
    is_private: bool = False
    # The name of the giver whose kudos the list's owner joined; None for their own.
    joined_giver: str | None = None


def received_item(item: ListItem) -> Block:
    others = f" and {_others(item.join_count)}" if item.join_count else ""
    return _item(f"{capitalize(name_list(item.people))}{others}", item)


def given_item(item: ListItem) -> Block:
    title = f"To {name_list(item.people)}"
    if item.joined_giver:
        title += f", with {item.joined_giver}"
    return _item(title, item)


def _item(title: str, item: ListItem) -> Block:
    parts: list[Part] = [f"{title}, "]
    parts.append(rich_text.link(item.url, item.day) if item.url else item.day)
    if item.is_private:
        parts.append(" (privately)")
    if item.emoji:
        name = item.emoji.partition("::")[0]
        parts += [": ", Token("emoji", f":{name}:", name)]
    else:
        parts.append(
            f": {truncate(one_line(to_plain(item.reason)), _LIST_REASON_LENGTH)}"
        )
    if item.tags:
        parts.append(f"  {format_tags(item.tags)}")
    return rich_text.inline(*parts)


def history(
    received: Sequence[ListItem],
    given: Sequence[ListItem],
    *,
    remaining: int,
    daily_allowance: int,
    # The cursor of each list's next page; "" if there is none.
    next_received: str = "",
    next_given: str = "",
) -> Note:
    """Build a member's own lists of kudos, the newest first."""
    blocks: list[Block] = [HeaderBlock(text="Kudos you received")]
    blocks += [received_item(row) for row in received]
    if not received:
        blocks.append(
            context_line("None yet. Help someone, and they may thank you here.")
        )
    if next_received:
        blocks.append(_older("kudos_received", next_received))
    blocks.append(HeaderBlock(text="Kudos you gave"))
    blocks += [given_item(row) for row in given]
    if not given:
        blocks.append(context_line("None yet. Who helped you lately?"))
    if next_given:
        blocks.append(_older("kudos_given", next_given))
    blocks.append(context_line(f"{remaining} of {daily_allowance} left today"))
    blocks.append(button_row(give_button()))
    return "Your kudos", blocks


def page(direction: str, items: Sequence[ListItem], *, next_cursor: str = "") -> Note:
    """Build an older page of the list "received" or "given"."""
    title = "Kudos you received" if direction == "received" else "Kudos you gave"
    render = received_item if direction == "received" else given_item
    blocks: list[Block] = [HeaderBlock(text=title), *map(render, items)]
    if not items:
        blocks.append(context_line("That's all of them."))
    buttons = [button("Newest", "kudos_newest", "newest")]
    if next_cursor:
        buttons.append(button("Older", f"kudos_{direction}", next_cursor))
    blocks.append(button_row(*buttons))
    return title, blocks


def _older(action_id: str, cursor: str) -> ActionsBlock:
    return button_row(button("Older", action_id, cursor))


def recent(items: Sequence[ListItem]) -> RowList:
    """Build the Home section with the kudos that its owner received lately."""
    head: list[Block] = [HeaderBlock(text="Kudos received lately")]
    if not items:
        head.append(
            SectionBlock(text="None lately. Who helped you? Tell them with /kudos.")
        )
    return RowList(
        head,
        [[received_item(row)] for row in items],
        foot=[button_row(give_button())],
    )


def give_button() -> ButtonElement:
    """Build the button that opens an empty form."""
    return ButtonElement(text="Give kudos", action_id="give_kudos")


# Buttons for other features' messages


def thank_button(
    recipient: str, reason: str = "", *, label: str = "Say thanks"
) -> ButtonElement:
    """Build the button that opens the form with a recipient and a plain-text reason.

    `forms.parse_thank_value` parses and checks its value after a click.
    """
    limit = _MAX_VALUE_LENGTH
    value = _value(recipient, truncate(reason, limit))
    while len(value) > _MAX_VALUE_LENGTH:
        # In JSON, quotation marks and line ends take two characters each.
        limit = limit * _MAX_VALUE_LENGTH // len(value)
        value = _value(recipient, truncate(reason, limit))
    return button(label, "say_thanks", value)


def _value(recipient: str, reason: str) -> str:
    # Messages in Slack have buttons with this key, so it keeps its name.
    return json.dumps({"receiver": recipient, "reason": reason}, ensure_ascii=False)


def thank_button_row(recipient: str, reason: str = "") -> list[Block]:
    """Build a row with the `thank_button` alone."""
    return [button_row(thank_button(recipient, reason))]
