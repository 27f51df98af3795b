"""The forms of asks without a name. Pure."""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    DividerBlock,
    InputBlock,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.blocks.basic_components import Option
from slack_sdk.models.blocks.block_elements import CheckboxesElement
from slack_sdk.models.views import View

from bot.anonymity import rules
from bot.anonymity.notes import TOO_LONG
from bot.asks.rules import MAX_REASON_LENGTH
from bot.errors import UserError
from bot.slack import rich_text
from bot.slack.blocks import (
    context_line,
    form_about,
    message_modal,
    mrkdwn_line,
    text_input,
)
from bot.slack.text import to_plain, truncate

# The name of the field in the form to ask.
FIELD = "anonymous"
# Slack's limit for the data that a view carries.
_MAX_METADATA = 3000
_MAX_DETAILS_SHOWN = 2500
# Slack's limits for checkboxes: their number, and the length of a text.
_MAX_HELPERS, _MAX_OPTION = 10, 75
_MAX_THANKS_LENGTH = 500

REVIEWED_LATER = (
    "A champion reads it first, without your name. You find it on my Home tab."
)


def _posted_later(minutes: int, *, is_pressed: bool = False) -> str:
    before = "" if is_pressed else ", and not in the ten minutes before you press"
    return (
        f"It comes within {minutes} minutes, at a random time. Don't write anything"
        f" else until then{before}: people could guess from that. You find it on my"
        " Home tab."
    )


def _reply_later(minutes: int) -> str:
    return (
        f"It comes within {minutes} minutes, at a random time. Everyone in the thread"
        " reads it, and sees no name."
    )


def checkbox(*, is_ticked: bool = False) -> InputBlock:
    """Build the field of the form to ask that leaves out the asker's name."""
    box = Option(
        text="Ask without my name",
        value="yes",
        description="First you see how it will look, and who could find out.",
    )
    return InputBlock(
        block_id=FIELD,
        label="Your name",
        optional=True,
        element=CheckboxesElement(
            action_id=FIELD,
            options=[box],
            initial_options=[box] if is_ticked else None,
        ),
    )


def preview(
    *,
    channel_id: str,
    channel: str,
    title: str,
    details: str,
    topics: Sequence[str],
    # As they will look: mrkdwn.
    title_text: str,
    details_text: str,
    hints: Sequence[str],
    help_line: str,
    is_reviewed: bool,
    link_days: int,
    minutes: int,
) -> View:
    """Build the page before an ask without a name is posted.

    `title` and `details` are as typed; the page carries them. Raises UserError, with
    the field, if they are too long for that.
    """
    metadata = json.dumps(
        {
            "channel": channel_id,
            "title": title,
            "details": details,
            "topics": topics,
            "minutes": minutes,
        },
        ensure_ascii=False,
    )
    if len(metadata) > _MAX_METADATA:
        raise UserError(TOO_LONG, field="details")
    blocks: list[Block] = [
        mrkdwn_line(f"This is how it will look in #{channel}:"),
        rich_text.user_text(title_text, limit=200, is_bold=True),
    ]
    if details_text:
        blocks.append(rich_text.user_text(details_text, limit=_MAX_DETAILS_SHOWN))
    blocks += [
        context_line("Asked by someone"),
        DividerBlock(),
        SectionBlock(text=_who_could_find_out(link_days, minutes)),
    ]
    if hints:
        lines = "\n".join(f"• {hint}" for hint in hints)
        heading = "*Your words may give you away:*"
        blocks.append(SectionBlock(text=f"{heading}\n{lines}"))
    if help_line:
        blocks.append(context_line(help_line))
    later = REVIEWED_LATER if is_reviewed else _posted_later(minutes)
    blocks.append(mrkdwn_line(later))
    return View(
        type="modal",
        callback_id="ask_anonymously",
        title="Ask without your name",
        submit="Post",
        close="Back",
        private_metadata=metadata,
        blocks=blocks,
    )


def _who_could_find_out(link_days: int, minutes: int) -> str:
    days = rules.CUT_AFTER_END.days
    return (
        "*Could people find out that it was you?*\n"
        "• People here: not from me. They may guess from who is there around that time."
        " In a simulation with hundreds of people, about 1 guess in"
        f" {rules.GUESSED_ONE_IN[minutes]} was right; among fewer, more.\n"
        "• Champions, program leads and admins: no. There is no button for that.\n"
        "• The people who run this server could, with the key and the database, until"
        f" the link to you is cut: {days} days after it is solved or closed, and after"
        f" {link_days} days at the latest.\n"
        "• Slack itself knows that you used Backswing, as with any app.\n"
        "• Reply and mark answers on my Home tab only. In the thread, your replies and"
        " reactions show your name."
    )


def on_its_way(*, is_reviewed: bool, minutes: int) -> View:
    """Build the page after the press; closing it closes the form beneath, too."""
    later = REVIEWED_LATER if is_reviewed else _posted_later(minutes, is_pressed=True)
    view = message_modal("On its way", later)
    view.clear_on_close = True
    return view


def reject_form(draft_id: int, title: str) -> View:
    """Ask a champion why a draft is not posted; `title` is mrkdwn."""
    return _reason_form(
        "anonymous_reject",
        ("draft", draft_id),
        title,
        hint="Only its author reads it, on their Home tab.",
        heading="Not like this",
        submit="Don't post it",
    )


def stop_form(ask_id: int, title: str) -> View:
    """Ask a moderator why they stop an author; `title` is mrkdwn."""
    return _reason_form(
        "anonymous_stop",
        ("ask", ask_id),
        title,
        hint=(
            f"The author reads it. For {rules.STOPPED_FOR.days} days they can't ask"
            " here without their name. What they have sent already still comes."
        ),
        heading="Stop the author here",
        submit="Stop them",
    )


def _reason_form(
    callback_id: str,
    subject: tuple[str, int],
    title: str,
    *,
    hint: str,
    heading: str,
    submit: str,
) -> View:
    reason = text_input("reason", "Why?", limit=MAX_REASON_LENGTH, hint=hint)
    return form_about(callback_id, subject, title, reason, title=heading, submit=submit)


def reply_form(
    ask_id: int, title: str, *, minutes: int, reply_id: int = 0, text: str = ""
) -> View:
    """Build the form of a reply as the asker, or of the reply `reply_id`."""
    view = form_about(
        "asker_reply",
        ("ask", ask_id),
        title,
        text_input(
            "text",
            "The asker:",
            value=truncate(to_plain(text), rules.MAX_REPLY_LENGTH),
            limit=rules.MAX_REPLY_LENGTH,
            is_multiline=True,
            has_focus=True,
        ),
        context_line(_reply_later(minutes)),
        title="Reply as the asker",
        submit="Save" if reply_id else "Reply",
    )
    view.private_metadata = json.dumps({"ask": ask_id, "reply": reply_id})
    return view


def edit_form(form: View) -> View:
    """Turn the form of an ask into that of its author without a name."""
    form.callback_id = "asker_edit"
    return form


def what_worked_form(form: View) -> View:
    """Turn the form of what worked into that of an author without a name."""
    form.callback_id = "asker_worked"
    return form


def delete_form(ask_id: int, title: str) -> View:
    return form_about(
        "asker_delete",
        ("ask", ask_id),
        title,
        SectionBlock(
            text="The ask's message disappears for everyone, with your replies as the"
            " asker. The answers stay."
        ),
        title="Delete this ask?",
        submit="Delete it",
        close="Keep it",
    )


def thank_form(ask_id: int, title: str, helpers: Sequence[tuple[str, str]]) -> View:
    """Build the form of private kudos; `helpers` are Slack's ids and plain names."""
    options = [
        Option(text=truncate(name, _MAX_OPTION), value=member)
        for member, name in helpers[:_MAX_HELPERS]
    ]
    return form_about(
        "asker_thank",
        ("ask", ask_id),
        title,
        InputBlock(
            block_id="people",
            label="Who helped you?",
            element=CheckboxesElement(action_id="people", options=options),
        ),
        text_input(
            "reason",
            "What for?",
            limit=_MAX_THANKS_LENGTH,
            is_multiline=True,
            hint="They read that it is from someone they helped. You can thank once"
            " for each ask, and not take it back.",
        ),
        title="Thank without my name",
        submit="Thank",
    )


def reveal_form(ask_id: int, title: str) -> View:
    return form_about(
        "asker_reveal",
        ("ask", ask_id),
        title,
        SectionBlock(
            text="*Show that it was you?* The ask's message then has your name, and"
            " everyone there can read it. So do the marks that you gave. You act on"
            " it like on any other ask of yours. Someone who has an older copy of the"
            " bot's database can then tell which other asks are yours.\n*You can't undo"
            " this.*"
        ),
        title="It was me",
        submit="Go on",
        close="Keep it so",
    )


def reveal_again_form(ask_id: int, title: str, channel: str) -> View:
    return form_about(
        "asker_reveal_again",
        ("ask", ask_id),
        title,
        SectionBlock(
            text=PlainTextObject(
                text=f"Last question: your name will be on this ask in #{channel}, for"
                " good. Are you sure?",
                emoji=False,
            )
        ),
        title="It was me",
        submit="Show my name",
        close="Keep it so",
    )
