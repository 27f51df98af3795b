"""What somebody shares: the form for it, and the message that shows it. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    PlainTextInputElement,
)
from slack_sdk.models.views import View

from bot import rich
from bot.checkins.rules import LONGEST_ANSWER, Response
from bot.rich import Part, fallback_text, link, user_mention
from bot.text import to_plain, truncate

Note = tuple[str, list[Block]]

LONGEST_LABEL = 150
_LONGEST_TITLE = 80
# All answers share one message, which Slack takes up to a length.
_MOST_ELEMENTS = 15

_ASK_STATES = {
    "open": "open",
    "answered": "answered",
    "solved": "solved",
    "closed": "closed",
    "deleted": "taken back",
}


@dataclass(frozen=True, slots=True)
class RoundPrompt:
    """What a round asks. Texts are marked text; "" where there is none."""

    question: str
    hint: str = ""
    reflection: str = ""


@dataclass(frozen=True, slots=True)
class Blocker:
    """The ask that somebody made of what they are stuck on. `title` is marked text.

    `url` and `title` are "" where the readers may not see it.
    """

    state: str
    title: str = ""
    url: str = ""
    # Of the answer that solved it.
    solution_url: str = ""


def share_form(
    round_id: int,
    prompt: RoundPrompt,
    response: Response,
    *,
    # The channel's name, and when the round closes.
    channel: str,
    until: Part,
    is_participant: bool,
) -> View:
    """Share something in a round, or change what was shared."""
    said: list[Part] = [
        f"Your answers are posted in the thread in #{channel}, under your name.",
        " You can change them until ",
        until,
        ".",
    ]
    if not is_participant:
        said.append(
            " Sharing doesn't sign you up. Only people who join get a reminder."
        )
    fields = [
        _share_field("working_on", prompt.question, prompt.hint, response.working_on),
        _share_field(
            "stuck_on",
            "What are you stuck on?",
            "I'll privately offer to ask your peers about it.",
            response.stuck_on,
        ),
        _share_field("proud_of", "What are you proud of?", "", response.proud_of),
    ]
    if prompt.reflection or response.reflection:
        fields.append(
            _share_field(
                "reflection", prompt.reflection, "If you like", response.reflection
            )
        )
    return View(
        type="modal",
        callback_id="checkin_share",
        title="Share your check-in",
        submit="Save" if response != Response() else "Share",
        close="Cancel",
        private_metadata=json.dumps({"round": round_id}),
        blocks=[*fields, rich.context_line(*said)],
    )


def _share_field(name: str, label: str, hint: str, value: str) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=truncate(to_plain(label), LONGEST_LABEL),
        hint=truncate(to_plain(hint), LONGEST_LABEL) or None,
        optional=True,
        element=PlainTextInputElement(
            action_id=name,
            multiline=True,
            max_length=LONGEST_ANSWER,
            initial_value=truncate(to_plain(value), LONGEST_ANSWER) or None,
            focus_on_load=name == "working_on" or None,
        ),
    )


def response_message(
    member: str,
    name: str,
    prompt: RoundPrompt,
    response: Response,
    blocker: Blocker | None,
) -> Note:
    """In the round's thread. `member` is a Slack id: they hear of replies to it."""
    blocks: list[Block] = [rich.inline(user_mention(member), " shared:")]
    blocks += _response_part("Working on", response.working_on)
    blocks += _response_part("Stuck on", response.stuck_on)
    if blocker is not None and response.stuck_on:
        blocks.append(rich.inline(*blocker_outcome(blocker)))
    blocks += _response_part("Proud of", response.proud_of)
    blocks += _response_part(prompt.reflection or "Also", response.reflection)
    first = next(
        text
        for text in (
            response.working_on,
            response.stuck_on,
            response.proud_of,
            response.reflection,
        )
        if text
    )
    return fallback_text(f"{name} shared: {truncate(to_plain(first), 200)}"), blocks


def _response_part(label: str, text: str) -> Sequence[Block]:
    if not text:
        return ()
    return (
        rich.user_text(label, limit=LONGEST_LABEL, is_bold=True),
        rich.user_text(text, limit=LONGEST_ANSWER, max_elements=_MOST_ELEMENTS),
    )


def blocker_outcome(blocker: Blocker, *, with_title: bool = True) -> list[Part]:
    """What became of what somebody is stuck on: "Asked: “How …?”, solved"."""
    state = _ASK_STATES[blocker.state]
    if blocker.state == "deleted" or not blocker.url:
        return [f"Asked their peers: {state}"]
    title = f"“{truncate(to_plain(blocker.title), _LONGEST_TITLE)}”"
    asked: list[Part] = ["Asked: ", link(blocker.url, title)]
    if not with_title:
        asked = [link(blocker.url, "Asked their peers")]
    said: list[Part] = [*asked, f", {state}"]
    if blocker.state == "solved" and blocker.solution_url:
        said += [" by ", link(blocker.solution_url, "this answer")]
    return said
