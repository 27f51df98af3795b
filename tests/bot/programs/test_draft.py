"""The form of a program: its limits, and the way through Slack's metadata."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.programs import draft as drafts
from bot.programs.draft import FIELDS, ProgramForm, differences, dump, load, parse
from bot.programs.rules import MAX_RULES, State, state
from bot.slack.text import to_plain
from models import Program
from tests.conftest import NOW
from tests.strategies import HARMFUL_TEXT

FORM = ProgramForm(
    name="New managers",
    audience="People who lead a team",
    goal="Lead well",
    benefit="Three peers",
    time_needed="10 minutes a week",
    rules="Ask early.\n\n Be kind. ",
    starts_on="2026-03-01",
    ends_on="2026-06-30",
    leads=("U1", "U2", "U1"),
    channels=("C1",),
)
IDS = st.lists(st.from_regex(r"[A-Z0-9]{1,11}", fullmatch=True), max_size=50).map(tuple)


def test_a_draft_has_the_values_of_the_form():
    draft = parse(FORM, FIELDS)
    assert draft.texts.rules == ("Ask early.", "Be kind.")
    assert (draft.starts_on, draft.ends_on) == (date(2026, 3, 1), date(2026, 6, 30))
    assert draft.leads == ("U1", "U2")


def test_the_limits_count_what_people_read():
    at_limit = replace(FORM, name="&" * 60, goal="<" * 140, rules="\n".join("<&>>&"))
    assert parse(at_limit, FIELDS).texts.name == "&amp;" * 60
    with pytest.raises(UserError, match="You wrote 61"):
        parse(replace(FORM, name="&" * 61), FIELDS)


def test_the_first_day_may_be_the_last():
    same = replace(FORM, ends_on=FORM.starts_on)
    assert parse(same, FIELDS, today=date(2026, 3, 1)).ends_on == date(2026, 3, 1)


@given(name=HARMFUL_TEXT, rules=st.lists(HARMFUL_TEXT, max_size=9), leads=IDS)
@pytest.mark.deep
def test_what_is_accepted_can_be_shown_and_sent_again(
    name: str, rules: list[str], leads: tuple[str, ...]
):
    form = replace(FORM, name=name, rules="\n".join(rules), leads=leads)
    with suppress(UserError):
        assert_fits(form)


def assert_fits(form: ProgramForm) -> None:
    draft = parse(form, FIELDS)
    assert 1 <= len(to_plain(draft.texts.name)) <= 60
    assert 1 <= len(draft.texts.rules) <= MAX_RULES
    again = drafts.to_form(draft)
    assert parse(again, FIELDS) == draft
    assert differences(draft, parse(again, FIELDS)) == []
    assert load(json.loads(json.dumps(dump(again)))) == again


def test_differences_are_in_the_order_of_the_form():
    before = parse(FORM, FIELDS)
    changed = replace(
        FORM, goal="Lead better", rules="Be kind.", ends_on="", leads=("U2", "U1")
    )
    assert differences(before, parse(changed, FIELDS)) == ["goal", "rules", "ends_on"]


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "x",
        [],
        {},
        {**dump(FORM), "more": 1},
        {**dump(FORM), "name": 7},
        {**dump(FORM), "name": ["x"]},
        {**dump(FORM), "leads": [1]},
        {**dump(FORM), "leads": "U1"},
        {**dump(FORM), "guests_may_join": 1},
    ],
)
def test_anything_else_is_no_form(forged: object):
    with pytest.raises(UserError, match="Please open it again"):
        load(forged)


TODAY = date(2026, 3, 10)
STATES = [
    ({}, State.DRAFT),
    ({"ends_on": date(2026, 3, 9)}, State.DRAFT),
    ({"opened_at": NOW}, State.RUNNING),
    ({"opened_at": NOW, "starts_on": date(2026, 3, 11)}, State.OPEN),
    ({"opened_at": NOW, "starts_on": TODAY, "ends_on": TODAY}, State.RUNNING),
    ({"opened_at": NOW, "ends_on": date(2026, 3, 9)}, State.ENDED),
    ({"opened_at": NOW, "ended_at": NOW}, State.ENDED),
    ({"archived_at": NOW}, State.ARCHIVED),
    ({"opened_at": NOW, "ended_at": NOW, "archived_at": NOW}, State.ARCHIVED),
    ({"is_workspace_wide": True, "ended_at": NOW}, State.RUNNING),
]


@pytest.mark.parametrize(("facts", "expected"), STATES)
def test_the_state_derives_from_the_dates(
    facts: dict[str, object], expected: State
) -> None:
    assert state(Program(**{"is_workspace_wide": False} | facts), TODAY) is expected
