"""Setting up a check-in: each error is shown beside its field."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checkins.plan import ScheduleForm, parse
from bot.checkins.rules import Recurrence
from bot.errors import UserError
from tests.strategies import HARMFUL_TEXT

TODAY = date(2026, 11, 24)
FORM = ScheduleForm(
    question="What are you working on?",
    hint="A sentence",
    reflections="",
    every="week",
    weekdays=("1",),
    at="09:00",
    zone="Europe/Berlin",
    starts_on="2026-11-24",
    skips="",
    holidays_of="",
    open_days="4",
    nudge_after="24",
)


def test_a_plan_contains_the_forms_values():
    parsed = parse(
        replace(
            FORM,
            reflections="What surprised you?\n\n  What would you <do> again?\n",
            every="month:-1",
            weekdays=("5", "1"),
            skips="2026-12-25, 2027-01-01",
            holidays_of="de-by",
            nudge_after="0",
        ),
        today=TODAY,
    )
    assert parsed.recurrence == Recurrence(
        "month",
        frozenset({1, 5}),
        TODAY,
        nth=-1,
        skips=frozenset({date(2026, 12, 25), date(2027, 1, 1)}),
        holidays_of="DE-BY",
    )
    assert parsed.reflections == (
        "What surprised you?",
        "What would you &lt;do&gt; again?",
    )
    assert (parsed.at, parsed.zone.key, parsed.remind_after) == (
        time(9),
        "Europe/Berlin",
        None,
    )


@pytest.mark.parametrize(
    "zone", ["europe/berlin", " Europe/Berlin ", "America/New York"]
)
def test_a_zone_is_recognised_in_any_spelling(zone):
    assert parse(replace(FORM, zone=zone), today=TODAY).zone.key in {
        "Europe/Berlin",
        "America/New_York",
    }


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("question", "  \u200b "),
        ("reflections", "\n".join(f"Question {n}?" for n in range(13))),
        ("every", ""),
        ("every", "year"),
        ("every", "week:1"),
        ("every", "month:5"),
        ("weekdays", ()),
        ("weekdays", ("8",)),
        ("weekdays", ("1", "Monday")),
        ("at", ""),
        ("at", "25:00"),
        ("at", "9"),
        ("at", "09:00:30"),
        ("at", "09:00+02:00"),
        ("zone", ""),
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
        ("zone", "/etc/localtime"),
        ("zone", "Europe/Berlin\x00/.."),
        ("zone", "A" * 5000),
        ("starts_on", ""),
        ("starts_on", "2026-02-30"),
        ("starts_on", "9999-12-31"),
        ("starts_on", "2026-W48-2"),
        ("skips", "Christmas"),
        ("skips", "2026-12-25 2026-13-01"),
        ("skips", "0001-01-01"),
        (
            "skips",
            " ".join(f"2027-0{m}-{d:02}" for m in range(1, 4) for d in range(1, 28)),
        ),
        ("holidays_of", "XX"),
        ("holidays_of", "DE-ZZ"),
        ("holidays_of", "../../x"),
        ("open_days", "0"),
        ("open_days", "15"),
        ("open_days", "four"),
        ("nudge_after", "1"),
    ],
)
def test_an_invalid_value_is_reported_beside_its_field(field, typed):
    with pytest.raises(UserError) as refused:
        parse(replace(FORM, **{field: typed}), today=TODAY)
    assert refused.value.field == field


@given(
    field=st.sampled_from(
        ["question", "hint", "reflections", "every", "at", "zone", "starts_on", "skips"]
    ),
    typed=HARMFUL_TEXT,
)
def test_any_input_makes_a_plan_or_an_error(field, typed):
    with suppress(UserError):
        parsed = parse(replace(FORM, **{field: typed}), today=TODAY)
        assert not any("<" in text for text in (parsed.question, *parsed.reflections))


def test_a_date_that_ends_in_a_full_stop_gets_no_other():
    with pytest.raises(UserError, match=r"I can't skip “24\.12\.” Write dates like"):
        parse(replace(FORM, skips="24.12."), today=TODAY)
