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
from bot.checkins.rules import LONGEST_ANSWER, Shared
from bot.rich import Part, link, person, spoken
from bot.text import plain, shorten

Note = tuple[str, list[Block]]

_LONGEST_LABEL = 150
_LONGEST_TITLE = 80
# All answers share one message, which Slack takes up to a length.
_MOST_ELEMENTS = 15

_STATES = {
    "open": "open",
    "answered": "answered",
    "solved": "solved",
    "closed": "closed",
    "deleted": "taken back",
}


@dataclass(frozen=True, slots=True)
class Asked:
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
    asked: Asked,
    shared: Shared,
    *,
    # The channel's name, and when the round closes.
    channel: str,
    until: Part,
    is_in: bool,
) -> View:
    """Share something in a round, or change what was shared."""
    said: list[Part] = [
        f"Your answers are posted in the thread in #{channel}, under your name.",
        " You can change them until ",
        until,
        ".",
    ]
    if not is_in:
        said.append(
            " Sharing doesn't sign you up. Only people who join get a reminder."
        )
    fields = [
        _field("working_on", asked.question, asked.hint, shared.working_on),
        _field(
            "stuck_on",
            "What are you stuck on?",
            "I'll privately offer to ask your peers about it.",
            shared.stuck_on,
        ),
        _field("proud_of", "What are you proud of?", "", shared.proud_of),
    ]
    if asked.reflection or shared.reflection:
        fields.append(
            _field("reflection", asked.reflection, "If you like", shared.reflection)
        )
    return View(
        type="modal",
        callback_id="checkin_share",
        title="Share your check-in",
        submit="Save" if shared != Shared() else "Share",
        close="Cancel",
        private_metadata=json.dumps({"round": round_id}),
        blocks=[*fields, rich.aside(*said)],
    )


def _field(name: str, label: str, hint: str, value: str) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=shorten(plain(label), _LONGEST_LABEL),
        hint=shorten(plain(hint), _LONGEST_LABEL) or None,
        optional=True,
        element=PlainTextInputElement(
            action_id=name,
            multiline=True,
            max_length=LONGEST_ANSWER,
            initial_value=shorten(plain(value), LONGEST_ANSWER) or None,
            focus_on_load=name == "working_on" or None,
        ),
    )


def message(
    member: str,
    name: str,
    asked: Asked,
    shared: Shared,
    blocker: Blocker | None,
) -> Note:
    """In the round's thread. `member` is a Slack id: they hear of replies to it."""
    blocks: list[Block] = [rich.sentence(person(member), " shared:")]
    blocks += _answer("Working on", shared.working_on)
    blocks += _answer("Stuck on", shared.stuck_on)
    if blocker is not None and shared.stuck_on:
        blocks.append(rich.sentence(*outcome(blocker)))
    blocks += _answer("Proud of", shared.proud_of)
    blocks += _answer(asked.reflection or "Also", shared.reflection)
    first = next(
        text
        for text in (
            shared.working_on,
            shared.stuck_on,
            shared.proud_of,
            shared.reflection,
        )
        if text
    )
    return spoken(f"{name} shared: {shorten(plain(first), 200)}"), blocks


def _answer(label: str, text: str) -> Sequence[Block]:
    if not text:
        return ()
    return (
        rich.words(label, limit=_LONGEST_LABEL, is_bold=True),
        rich.words(text, limit=LONGEST_ANSWER, most_elements=_MOST_ELEMENTS),
    )


def outcome(blocker: Blocker, *, with_title: bool = True) -> list[Part]:
    """What became of what somebody is stuck on: "Asked: “How …?”, solved"."""
    state = _STATES[blocker.state]
    if blocker.state == "deleted" or not blocker.url:
        return [f"Asked their peers: {state}"]
    title = f"“{shorten(plain(blocker.title), _LONGEST_TITLE)}”"
    asked: list[Part] = ["Asked: ", link(blocker.url, title)]
    if not with_title:
        asked = [link(blocker.url, "Asked their peers")]
    said: list[Part] = [*asked, f", {state}"]
    if blocker.state == "solved" and blocker.solution_url:
        said += [" by ", link(blocker.solution_url, "this answer")]
    return said
