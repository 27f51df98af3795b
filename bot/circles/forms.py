"""The forms of seasons and circles. Pure."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    Option,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.circles import lead_questions, meeting_texts, rules
from bot.circles.formats import Format
from bot.circles.rules import Draft
from bot.circles.season_blocks import SeasonText, season_lines
from bot.errors import UserError
from bot.forms.calendar import MAX_REGION_LENGTH, read_date, read_region
from bot.forms.fields import Choice, FormValues, Number, Switch
from bot.programs.join_blocks import TOPICS_KNOWN, TOPICS_WANTED
from bot.slack.blocks import context_line, text_input
from bot.slack.text import one_line, to_mrkdwn, to_plain, truncate

PROGRAM, BRINGS, PERSON, CIRCLE = "program", "brings", "person", "circle"
_MAX_OPTION = 75
# Slack's limit for the options of a select.
_MAX_OPTIONS = 100
CHOOSE = "Choose one of these."

MEETINGS = Number(
    name="meetings",
    label="Meetings",
    minimum=rules.MIN_MEETINGS,
    maximum=rules.MAX_MEETINGS,
)
WEEKS = Number(
    name="weeks_between",
    label="Weeks from one meeting to the next",
    minimum=1,
    maximum=rules.MAX_WEEKS_BETWEEN,
)
MINUTES = Choice(
    name="minutes",
    label="How long is a meeting?",
    choices=tuple((str(each), f"{each} minutes", None) for each in rules.MINUTES),
)
_SIGNUP_DAYS = Number(
    name="signup_days",
    label="Days to sign up",
    minimum=1,
    maximum=rules.MAX_SIGNUP_DAYS,
    hint="Then I form the circles, and you look at them before anyone is invited.",
)
_IN_WRITING = Switch(
    name="in_writing",
    label="In writing",
    tick_label="The circles meet in writing, without calls",
)
_FORMAT = Choice(
    name="format",
    label="How do the circles meet?",
    hint="The one who facilitates can choose another format for a meeting.",
    choices=tuple((each.value, *meeting_texts.FORMATS[each]) for each in Format),
)
_HOLIDAYS = "holidays_of"
_PART_LABELS = {
    "early": "Before 11 never works on",
    "midday": "From 11 to 14 never works on",
    "late": "After 14 never works on",
}


def season_form(programs: Sequence[tuple[int, str]], *, starts_on: date) -> View:
    """Build the form of a new season; programs have an id and a name in mrkdwn."""
    return View(
        type="modal",
        callback_id="circle_season",
        title="New season of circles",
        submit="Open it",
        close="Cancel",
        blocks=[
            context_line(
                "People in the program sign up. I form circles of five to seven who can"
                " help each other, you look at them, and then I invite."
            ),
            program_select(programs),
            text_input(
                "theme",
                "Theme",
                limit=rules.MAX_THEME,
                placeholder="Giving feedback",
                is_optional=True,
            ),
            text_input(
                "language",
                "Language",
                limit=rules.MAX_LANGUAGE,
                placeholder="English",
                is_optional=True,
            ),
            _SIGNUP_DAYS.render(10),
            InputBlock(
                block_id="starts_on",
                label="First day",
                hint="Each circle first meets in the two weeks from this day on.",
                element=DatePickerElement(
                    action_id="starts_on", initial_date=starts_on.isoformat()
                ),
            ),
            MEETINGS.render(6),
            WEEKS.render(2),
            MINUTES.render("60"),
            _FORMAT.render(Format.TURNS),
            _IN_WRITING.render(value=False),
            text_input(
                _HOLIDAYS,
                "Skip the public holidays of",
                limit=MAX_REGION_LENGTH,
                hint="A country code such as DE, or a region such as DE-BY. The meeting"
                " is then on the next working day.",
                is_optional=True,
            ),
            text_input(
                lead_questions.FIELD,
                "Questions for the circles to think about before their meetings",
                limit=lead_questions.MAX_TYPED,
                hint=lead_questions.HINT,
                is_optional=True,
                is_multiline=True,
            ),
        ],
    )


def program_select(programs: Sequence[tuple[int, str]]) -> InputBlock:
    """Build the choice of a program; programs have an id and a name in mrkdwn."""
    options = [
        Option(text=truncate(to_plain(name), _MAX_OPTION), value=str(program_id))
        for program_id, name in programs[:_MAX_OPTIONS]
    ]
    return InputBlock(
        block_id=PROGRAM,
        label="Program",
        element=StaticSelectElement(
            action_id=PROGRAM, options=options, initial_option=options[0]
        ),
    )


def brings_input(brings: str = "") -> InputBlock:
    """Build the input of the question that a person brings, which is mrkdwn."""
    return text_input(
        BRINGS,
        "What I bring",
        value=to_plain(brings),
        limit=rules.MAX_BRINGS,
        placeholder="How do I give feedback to people I don't manage?",
        hint="A question of yours. Only your circle will see it.",
        is_optional=True,
    )


def chosen_program(form: FormValues) -> int:
    """Return the id of the chosen program. Raises UserError for anything else."""
    return chosen_id(form, PROGRAM)


def chosen_id(form: FormValues, name: str) -> int:
    value = form.chosen(name) or ""
    if not (value.isascii() and value.isdigit() and len(value) <= 18):  # noqa: PLR2004
        raise UserError(CHOOSE, field=name)
    return int(value)


def read_season(form: FormValues, *, today: date) -> Draft:
    """Return the values of the form of a season. Raises UserError with the field."""
    signup_days = _SIGNUP_DAYS.read(form)
    starts_on = read_date(form.date("starts_on") or "")
    if starts_on is None:
        raise UserError("Choose a day.", field="starts_on")
    first = today + timedelta(days=signup_days + 1)
    if starts_on < first:
        raise UserError(
            f"Choose a day after the sign-up: {first.day} {first:%B} or later.",
            field="starts_on",
        )
    if starts_on > today + timedelta(days=365):
        raise UserError("Choose a day within a year.", field="starts_on")
    meetings = MEETINGS.read(form)
    return Draft(
        theme=line(form, "theme", rules.MAX_THEME),
        language=line(form, "language", rules.MAX_LANGUAGE),
        starts_on=starts_on,
        signup_days=signup_days,
        meetings=meetings,
        weeks_between=WEEKS.read(form),
        minutes=int(MINUTES.read(form)),
        is_in_writing=_IN_WRITING.read(form),
        format=_FORMAT.read(form),
        holidays_of=read_region(form.text(_HOLIDAYS), field=_HOLIDAYS),
        questions=lead_questions.read(
            form.text(lead_questions.FIELD), meetings=meetings
        ),
    )


def line(form: FormValues, name: str, limit: int) -> str:
    """Return a typed line as mrkdwn. Raises UserError if it is too long."""
    typed = one_line(form.text(name))
    if len(typed) > limit:
        raise UserError(f"Up to {limit} characters, please.", field=name)
    return to_mrkdwn(typed)


def signup_form(
    season: SeasonText,
    zone: ZoneInfo,
    *,
    brings: str,
    topics_known: Sequence[str],
    topics_wanted: Sequence[str],
    never: Sequence[str],
) -> View:
    """Build the form to sign up, filled in; `brings` is mrkdwn."""
    return View(
        type="modal",
        callback_id="circle_signup",
        title="Sign up for circles",
        submit="Sign up",
        close="Cancel",
        private_metadata=json.dumps({"season": season.id}),
        blocks=[
            *season_lines(season, zone),
            brings_input(brings),
            TOPICS_KNOWN.render(topics_known),
            TOPICS_WANTED.render(topics_wanted),
            *([] if season.is_in_writing else _times(never)),
        ],
    )


def _times(never: Sequence[str]) -> list[Block]:
    return [_never_field(part, never) for part in rules.PARTS]


def _never_field(part: str, never: Sequence[str]) -> InputBlock:
    options = [
        Option(text=name, value=f"{day}-{part}")
        for day, name in enumerate(rules.WEEKDAYS)
    ]
    return InputBlock(
        block_id=f"never_{part}",
        label=_PART_LABELS[part],
        optional=True,
        element=CheckboxesElement(
            action_id=f"never_{part}",
            options=options,
            initial_options=[each for each in options if each.value in never] or None,
        ),
    )


def read_brings(form: FormValues) -> str:
    """Return the question as mrkdwn. Raises UserError if it is too long."""
    return line(form, BRINGS, rules.MAX_BRINGS)


def read_never(form: FormValues) -> list[str]:
    return rules.parse_never(
        value for part in rules.PARTS for value in form.all_chosen(f"never_{part}")
    )


def move_form(
    season_id: int,
    people: Sequence[tuple[str, str]],
    circles: Sequence[tuple[int, str]],
) -> View:
    """Build the form that moves a person to another circle of the preview.

    People have Slack's ids and plain names, circles an id and a label.
    """
    return View(
        type="modal",
        callback_id="circle_move",
        title="Move a person",
        submit="Move",
        close="Cancel",
        private_metadata=json.dumps({"season": season_id}),
        blocks=[
            _select(PERSON, "Person", people),
            _select(
                CIRCLE,
                "To",
                [(str(each), label) for each, label in circles],
                hint="Nobody else moves.",
            ),
        ],
    )


def _select(
    name: str,
    label: str,
    choices: Sequence[tuple[str, str]],
    *,
    hint: str | None = None,
) -> InputBlock:
    options = [
        Option(text=truncate(text, _MAX_OPTION), value=value)
        for value, text in choices[:_MAX_OPTIONS]
    ]
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint,
        element=StaticSelectElement(action_id=name, options=options),
    )


def chosen_circle(form: FormValues) -> int:
    """Return the id of the chosen circle. Raises UserError for anything else."""
    return chosen_id(form, CIRCLE)
