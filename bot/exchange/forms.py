"""The forms of exchanges. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from slack_sdk.models.blocks import (
    Block,
    DatePickerElement,
    InputBlock,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.errors import UserError
from bot.exchange import rules
from bot.forms.calendar import read_date
from bot.forms.fields import Choice, FormValues, Number
from bot.programs.join_blocks import TOPICS_KNOWN, TOPICS_WANTED
from bot.slack import rich_text
from bot.slack.blocks import context_line, text_input
from bot.slack.rich_text import bold
from bot.slack.text import to_mrkdwn, to_plain

HOURS = Number(
    name="hours_a_month",
    label="Hours a month",
    hint="For one exchange, meetings included.",
    minimum=1,
    maximum=rules.MAX_HOURS,
)
MAX_EXCHANGES = Number(
    name="max_exchanges",
    label="Exchanges at the same time",
    hint="You begin at most one a month.",
    minimum=1,
    maximum=rules.MAX_LIMIT,
)
_OFTEN = Choice(
    name="weeks_between",
    label="How often",
    choices=tuple(
        (
            str(weeks),
            "Every week" if weeks == 1 else f"Every {weeks} weeks",
            None,
        )
        for weeks in rules.WEEKS_BETWEEN
    ),
)
_GOES_ON = Choice(
    name="goes_on",
    label="After this",
    choices=(
        ("yes", "Go on for 12 weeks, if we both want it", None),
        ("no", "End as we agreed", None),
    ),
)
STAYS_BETWEEN = "What we tell each other."
EITHER_CAN_END = "Either of us can end it, any time, no reason."


def wish_form(
    *,
    topics_wanted: Sequence[str],
    topics_known: Sequence[str],
    hours_a_month: int,
    max_exchanges: int,
) -> View:
    """Build the form of *Learn together*, filled in."""
    return View(
        type="modal",
        callback_id="exchange_wish",
        title="Learn together",
        submit="Find people",
        close="Cancel",
        blocks=[
            context_line(
                "I show you people who want to learn what you know, and know what you"
                " want. You choose. Others who do the same may see you, and ask you."
            ),
            TOPICS_WANTED.render(topics_wanted),
            TOPICS_KNOWN.render(topics_known),
            HOURS.render(hours_a_month),
            MAX_EXCHANGES.render(max_exchanges),
        ],
    )


@dataclass(frozen=True, slots=True)
class AgreementText:
    """An agreement as one of the two writes it; texts are mrkdwn."""

    hopes: str
    brings: str
    weeks_between: int
    until: date
    how_we_meet: str
    stays_between: str

    @property
    def shared(self) -> tuple[object, ...]:
        """The parts that both write; the rest is the member's own."""
        return self.weeks_between, self.until, self.how_we_meet, self.stays_between


def often(weeks_between: int) -> str:
    return "every week" if weeks_between == 1 else f"every {weeks_between} weeks"


def format_date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def agreement_form(
    exchange_id: int,
    version: int,
    text: AgreementText,
    *,
    other: str,
    their_hopes: str = "",
    their_brings: str = "",
    changed: AgreementText | None = None,
) -> View:
    """Build the form of the agreement; `other` is a plain name, texts are mrkdwn.

    `changed` is what was saved meanwhile, in place of which `text` would be saved.
    """
    theirs: list[Block] = []
    for label, written in (
        (f"{other} hopes to learn: ", their_hopes),
        (f"{other} brings: ", their_brings),
    ):
        if written:
            theirs.append(
                rich_text.user_text(written, limit=rules.MAX_TEXT, prefix=[bold(label)])
            )
    return View(
        type="modal",
        callback_id="exchange_agreement",
        title="Our agreement",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"exchange": exchange_id, "version": version}),
        blocks=[
            *(_changed_blocks(other, changed) if changed else ()),
            *theirs,
            _area("hopes", "What I hope to learn", text.hopes),
            _area("brings", "What I bring", text.brings),
            _OFTEN.render(str(text.weeks_between)),
            InputBlock(
                block_id="until",
                label="Until when",
                element=DatePickerElement(
                    action_id="until", initial_date=text.until.isoformat()
                ),
            ),
            text_input(
                "how_we_meet",
                "How we meet",
                value=to_plain(text.how_we_meet),
                limit=rules.MAX_LINE,
                placeholder="A call of 45 minutes",
                is_optional=True,
            ),
            text_input(
                "stays_between",
                "What stays between us",
                value=to_plain(text.stays_between) or STAYS_BETWEEN,
                limit=rules.MAX_TEXT,
                is_multiline=True,
                is_optional=True,
            ),
            context_line(f"How we end: {EITHER_CAN_END}"),
        ],
    )


def _changed_blocks(other: str, changed: AgreementText) -> Sequence[Block]:
    """Return what was saved while the member wrote."""
    return [
        SectionBlock(
            text="*This has changed meanwhile.* Below is what you wrote. Nothing of it"
            " is saved yet: look at both, and save again."
        ),
        *shared_lines(changed),
        context_line(f"This is saved now, by {other} or by you."),
    ]


def shared_lines(text: AgreementText) -> list[Block]:
    """Return the lines of an agreement that both write."""
    lines: list[Block] = [
        rich_text.inline(
            bold("How often, until when: "),
            f"{often(text.weeks_between)}, until {format_date(text.until)}",
        )
    ]
    for label, written in (
        ("How we meet: ", text.how_we_meet),
        ("What stays between us: ", text.stays_between),
    ):
        if written:
            lines.append(
                rich_text.user_text(written, limit=rules.MAX_TEXT, prefix=[bold(label)])
            )
    return lines


def _area(
    name: str, label: str, value: str, *, is_optional: bool = False
) -> InputBlock:
    return text_input(
        name,
        label,
        value=to_plain(value),
        limit=rules.MAX_TEXT,
        is_multiline=True,
        is_optional=is_optional,
    )


def read_agreement(form: FormValues) -> AgreementText:
    """Return the values of the form. Raises UserError with the field."""
    until = read_date(form.date("until") or "")
    if until is None:
        raise UserError("Choose a day.", field="until")
    return AgreementText(
        hopes=_text(form, "hopes", is_required=True),
        brings=_text(form, "brings", is_required=True),
        weeks_between=int(_OFTEN.read(form)),
        until=until,
        how_we_meet=_text(form, "how_we_meet", limit=rules.MAX_LINE),
        stays_between=_text(form, "stays_between"),
    )


def _text(
    form: FormValues,
    name: str,
    *,
    limit: int = rules.MAX_TEXT,
    is_required: bool = False,
) -> str:
    typed = form.text(name)
    if len(typed) > limit:
        raise UserError(f"Up to {limit} characters, please.", field=name)
    written = to_mrkdwn(typed)
    if is_required and not written:
        raise UserError("Write a few words.", field=name)
    return written


@dataclass(frozen=True, slots=True)
class Look:
    """A member's words at the end; texts are mrkdwn, None is no choice."""

    got: str
    gave: str
    goes_on: bool | None = None


def look_form(
    exchange_id: int, other: str, look: Look, *, until: str, can_go_on: bool
) -> View:
    """Build the form of the end, on a day (ISO); only its member ever sees it."""
    fields: list[Block] = [
        _area("got", "I got", look.got, is_optional=True),
        _area("gave", "I gave", look.gave, is_optional=True),
    ]
    if can_go_on:
        fields.append(_GOES_ON.render("yes" if look.goes_on else "no"))
    return View(
        type="modal",
        callback_id="exchange_look",
        title="Looking back",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"exchange": exchange_id, "until": until}),
        blocks=[
            rich_text.inline(f"Your exchange with {other}"),
            *fields,
            context_line("Nobody else sees this."),
        ],
    )


def read_look(form: FormValues) -> Look:
    """Return the values of the form. Raises UserError with the field."""
    goes_on = _GOES_ON.read(form) == "yes" if form.has_block(_GOES_ON.name) else None
    return Look(_text(form, "got"), _text(form, "gave"), goes_on)
