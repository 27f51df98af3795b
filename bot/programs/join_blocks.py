"""Invitations, and the forms to join and to write to the leads. Pure."""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    CheckboxesElement,
    DividerBlock,
    InputBlock,
    Option,
    RadioButtonsElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.forms.fields import Choice, FormValues, Topics
from bot.programs import blocks
from bot.programs.blocks import Invitation
from bot.programs.rules import MAX_NAME_LENGTH
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    channel_input,
    context_line,
    message_modal,
    mrkdwn_line,
    people_input,
    sentence_note,
)
from bot.slack.rich_text import channel_mention, fallback_text
from bot.slack.text import escape, to_plain, truncate

MAX_INVITED = 200

TOPICS_KNOWN = Topics(
    name="topics_known", label="Topics I know", hint="Separated by commas."
)
TOPICS_WANTED = Topics(
    name="topics_wanted", label="Topics I want to learn", hint="Separated by commas."
)
PARTICIPATION = Choice(
    name="participation",
    label="How I like to take part",
    choices=(
        ("either", "In writing or in calls", None),
        ("writing", "In writing", None),
        ("calls", "In calls", None),
    ),
)
# The most requests for help in a week.
PACES = {
    "little": (1, "A little"),
    "some": (2, "Some"),
    "lot": (3, "A lot"),
}
PACE, COMMITMENT = "pace", "commitment"
COMMITMENT_TEXT = "I'll take part in a way that means something to me"

NOT_NOTED = "You can say no: nobody learns of it, and I don't note it down."
DECLINED = (
    "OK. I didn't note that down, and nobody learns of it. If you change your mind, the"
    " program is on my Home tab, under Program."
)
INVITED = (
    "Done. I write to each person once, in their hours. I leave out people who can't"
    " join, and those who know the program already."
)


def join_button(program_id: int) -> ButtonElement:
    return button("Join", "program_join", program_id, style="primary")


def leave_button(program_id: int) -> ButtonElement:
    """Build the button for any message of a program to someone in it."""
    return button("Leave", "program_leave", program_id)


def _ask_first(program_id: int) -> ButtonElement:
    return button("Ask first", "program_ask", program_id)


def invitation(program_id: int, program: Invitation) -> Note:
    """Build an invitation, as a message to a member or in a channel."""
    name = to_plain(program.texts.name)
    buttons = [
        join_button(program_id),
        button("Not for me", "program_decline", program_id),
    ]
    if program.leads:
        buttons.append(_ask_first(program_id))
    return fallback_text(f"You're invited to join {name}."), [
        rich_text.inline("You're invited to join:"),
        *blocks.invitation(program),
        button_row(*buttons),
        context_line(NOT_NOTED),
    ]


def accepted(program_id: int, name: str) -> Note:
    """Build what an invitation becomes after its reader joined; `name` is mrkdwn."""
    text, blocks = sentence_note(
        f"You're in {truncate(to_plain(name), MAX_NAME_LENGTH)}."
    )
    return text, [*blocks, button_row(leave_button(program_id))]


def invitation_over() -> Note:
    """Build what an invitation becomes when its program is over."""
    return sentence_note(
        "This invitation is over: its program has ended. If you said no, nobody learned"
        " of it."
    )


def declined(program_id: int) -> Note:
    """Build what the person who declined reads instead of the invitation."""
    text, blocks = sentence_note(DECLINED)
    again = button("I'd like to after all", "program_join", program_id)
    return text, [*blocks, button_row(again)]


def not_posted(name: str, channel: str, channel_name: str) -> Note:
    """Build the message that an invitation is not in the channel; `name` is mrkdwn."""
    return sentence_note(
        f"Slack didn't let me post the invitation to {to_plain(name)} in ",
        channel_mention(channel, channel_name),
        ".",
    )


def invite_form(program_id: int, program: Invitation, *, has_channel: bool) -> View:
    """Build the form that invites to a program, with the invitation below it."""
    channel = channel_input(
        "Post it in a channel", is_optional=True, hint="A channel of the program."
    )
    return View(
        type="modal",
        callback_id="program_invite",
        title="Invite people",
        submit="Invite",
        close="Cancel",
        private_metadata=json.dumps({"program": program_id}),
        blocks=[
            *([channel] if has_channel else []),
            people_input(
                "people",
                "Write to people",
                limit=MAX_INVITED,
                is_optional=has_channel,
                hint=f"Up to {MAX_INVITED} at a time. Nobody gets it twice, ever.",
            ),
            DividerBlock(),
            mrkdwn_line("This is what they see:"),
            *blocks.invitation(program),
        ],
    )


def done_modal(title: str, text: str, *more_blocks: Block) -> View:
    """Build the page after a form; closing it closes the form beneath, too.

    `text` is plain.
    """
    view = message_modal(title, escape(text), *more_blocks)
    view.clear_on_close = True
    return view


def join_form(
    program_id: int,
    program: Invitation,
    *,
    rules_version: int,
    topics_known: Sequence[str],
    topics_wanted: Sequence[str],
    participation: str,
    max_requests: int | None,
) -> View:
    """Build the form to join, filled with the member's settings."""
    commitment = Option(text=COMMITMENT_TEXT, value="yes")
    return View(
        type="modal",
        callback_id="program_join",
        title="Join a program",
        submit="Join",
        close="Cancel",
        private_metadata=json.dumps(
            {"program": program_id, "rules_version": rules_version}
        ),
        blocks=[
            *blocks.invitation(program),
            DividerBlock(),
            TOPICS_KNOWN.render(topics_known),
            TOPICS_WANTED.render(topics_wanted),
            PARTICIPATION.render(participation),
            _pace_input(max_requests),
            InputBlock(
                block_id=COMMITMENT,
                label="My part",
                element=CheckboxesElement(action_id=COMMITMENT, options=[commitment]),
            ),
        ],
    )


def _pace_input(max_requests: int | None) -> InputBlock:
    options = {
        most: Option(text=label, value=name) for name, (most, label) in PACES.items()
    }
    return InputBlock(
        block_id=PACE,
        label="How often I may be asked to help",
        hint="A little: at most once a week. Some: twice. A lot: three times. Without a"
        " choice, it stays as in My settings.",
        optional=True,
        element=RadioButtonsElement(
            action_id=PACE,
            options=list(options.values()),
            # Another number stays, unless they choose one of these.
            initial_option=options.get(max_requests) if max_requests else None,
        ),
    )


def chosen_pace_input(form: FormValues) -> int | None:
    """Return the most requests for help in a week; None without a choice."""
    most, _ = PACES.get(form.chosen(PACE) or "", (None, ""))
    return most


def joined(name: str, next_text: str, *, is_new: bool) -> View:
    """Build the page after joining; `name` is mrkdwn, `next_text` plain."""
    begin = "You're in" if is_new else "You're already in"
    return done_modal("You're in", f"{begin} {short_name(name)}. {next_text}")


def what_is_next(channel: str, starts: str) -> str:
    """Say what happens next; `channel` may be "", `starts` is "" once it runs."""
    place = f" in #{channel}" if channel else ""
    begin = f"The program starts on {starts}. " if starts else ""
    return (
        f"{begin}When you're stuck, type /ask{place}; when you can help someone, answer"
        " in their ask's thread. You find the program on my Home tab, under Program."
    )


def returned(name: str) -> str:
    """Return what a member reads who came back; `name` is mrkdwn."""
    return (
        f"Welcome back to {short_name(name)}. All is as before, but for a place in a"
        " circle that is someone else's by now."
    )


def short_name(name: str) -> str:
    return truncate(to_plain(name), MAX_NAME_LENGTH)


def joinable_row(
    program_id: int, name: str, audience: str, *, has_leads: bool
) -> Sequence[Block]:
    """Build the row of a program that a member could join; texts are mrkdwn."""
    buttons = [
        join_button(program_id),
        *([_ask_first(program_id)] if has_leads else []),
    ]
    return [
        SectionBlock(
            text=f"*{escape(short_name(name))}*\n{escape(to_plain(audience))}"
        ),
        button_row(*buttons),
    ]
