"""A lead makes a program: three pages, a draft, and then it is open."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from models import ProgramChannel, ProgramLead
from tests.factories import Story
from tests.making_programs import (
    ABOUT,
    PEOPLE,
    RULES,
    buttons,
    find,
    last_page,
    make,
    next_page,
    open_list,
    open_program,
    press,
    programs,
    save,
    shown,
    text_of,
)
from tests.outsiders import GONE, ROBOT, STRANGER, outsiders
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    conversation_object,
    form_errors,
    form_values,
    user_object,
)


def test_the_program_is_a_draft_until_it_is_opened(known: Story):
    story = known
    program = make(story, leads=[ADMIN, HELPER], ends_on=None)
    assert (program.name, program.goal) == (ABOUT["name"], ABOUT["goal"])
    assert program.rules == ["What you read here stays here.", "Ask early."]
    assert program.opened_at is None
    assert "Saved as a draft" in text_of(shown(story))
    assert "Draft" in text_of(shown(story))
    assert ABOUT["name"] not in text_of(open_list(story, ASKER))
    assert ABOUT["name"] in text_of(open_list(story, HELPER))
    page = press(story, "program_open", program.id)
    assert "It's open." in text_of(page)
    assert find(story, program.id).opened_at is not None
    assert ABOUT["name"] in text_of(open_list(story, ASKER))
    page = press(story, "program_see", program.id, ASKER)
    for text in (*ABOUT.values(), "10 minutes a week", "Ben and Eva", "Ask early."):
        assert text in text_of(page)
    assert buttons(page) == ["Join", "Ask the leads", "All programs"]


def test_the_last_page_shows_the_invitation_with_the_chosen_leads(known: Story):
    form = press(known, "program_new")
    page = last_page(known, form)
    for text in (*ABOUT.values(), "10 minutes a week", "Ask early.", "30 June 2026"):
        assert text in text_of(page)
    assert "Led by" in text_of(page)
    chosen = {
        **page,
        "state": {
            "values": {
                "leads": {"program_leads": {"selected_users": [ADMIN, HELPER]}},
                "channels": {"channels": {"selected_conversations": [HELP_CHANNEL]}},
            }
        },
    }
    known.slack.people[HELPER] = user_object(HELPER, "Ben")
    make(known, leads=[HELPER])
    page = press(known, "program_leads", view=chosen)
    assert "Ben and Eva" in text_of(page)
    assert form_values(page) == {
        "leads": [ADMIN, HELPER],
        "channels": [HELP_CHANNEL],
    }
    assert "saved" not in text_of(page)


def test_back_keeps_what_was_written(known: Story):
    form = press(known, "program_new")
    page = next_page(known, form, ABOUT)
    written = {
        **page,
        "state": {"values": {"rules": {"rules": {"value": "Be kind.\nBe short."}}}},
    }
    first = press(known, "program_back", 1, view=written)
    assert form_values(first) == ABOUT
    page = next_page(known, first, {"name": "Old managers"})
    assert form_values(page)["rules"] == "Be kind.\nBe short."
    last = next_page(known, page, RULES)
    back = press(known, "program_back", 2, view=last)
    assert form_values(back) == RULES
    assert "Old managers" in back["private_metadata"]


def test_a_form_that_slack_sends_twice_makes_one_program(known: Story):
    page = last_page(known, press(known, "program_new"))
    for _ in range(2):
        assert save(known, page, PEOPLE).status == 200
    assert len(programs(known)) == 1


def test_who_makes_it_need_not_lead_it(known: Story):
    program = make(known, leads=[HELPER])
    with known.rt.read_session() as session:
        assert session.scalars(select(ProgramLead.member)).all() == [HELPER]
        assert len(session.scalars(select(ProgramChannel.channel_id)).all()) == 1
    # Her team's lead may make further ones.
    assert "New program" in buttons(open_list(known, HELPER))
    assert make(known, HELPER, name="Reviewers").id != program.id


@pytest.mark.parametrize("member", [ASKER, CHAMPION, GUEST])
def test_others_may_not_make_one(known: Story, member: str):
    assert "New program" not in buttons(open_list(known, member))
    view = press(known, "program_new", "new", member)
    assert "Only program leads" in text_of(view)
    page = last_page(known, press(known, "program_new"))
    assert "Only program leads" in save(known, page, PEOPLE, member).body
    assert programs(known) == []


# Bad inputs

BAD_LINES: dict[str, tuple[Any, str]] = {
    "empty": (None, ""),
    "spaces": ("   \t\n ", ""),
    "control characters": ("\x00\x07\u202e\u200b", ""),
    "61 characters": ("x" * 61, "Up to 60 characters, please. You wrote 61."),
    "3,001 characters": ("x" * 3001, "Up to 60 characters, please. You wrote 3001."),
    "40,000 characters": ("é" * 40000, "Up to 60"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_text_that_does_not_fit_is_refused_beside_its_field(known: Story, case: str):
    typed, error = BAD_LINES[case]
    form = press(known, "program_new")
    response = save(known, form, {**ABOUT, "name": typed})
    errors = form_errors(response)
    assert list(errors) == ["name"]
    assert (error or "Give it a name.") in errors["name"]


def test_all_texts_that_are_missing_are_named_together(known: Story):
    response = save(known, press(known, "program_new"), {})
    assert list(form_errors(response)) == ["name", "audience", "goal", "benefit"]


BAD_RULES: dict[str, tuple[dict[str, Any], str, str]] = {
    "none": ({"rules": " \n \n"}, "rules", "Write at least one rule."),
    "six": ({"rules": "a\nb\nc\nd\ne\nf"}, "rules", "Up to 5 rules, please."),
    "a long one": ({"rules": "x" * 101}, "rules", "at most 100 characters"),
    "1,000 characters": ({"rules": "x" * 1000}, "rules", "at most 100 characters"),
    "no time": ({"time_needed": " "}, "time_needed", "how much time"),
    "much time": ({"time_needed": "x" * 61}, "time_needed", "Up to 60"),
    "no first day": ({"starts_on": None}, "starts_on", "Choose a day."),
    "no day": ({"starts_on": "2026-02-30"}, "starts_on", "Choose a day."),
    "end before start": (
        {"starts_on": "2026-05-01", "ends_on": "2026-04-30"},
        "ends_on",
        "The last day is before the first.",
    ),
    "over": (
        {"starts_on": "2026-01-01", "ends_on": "2026-02-01"},
        "ends_on",
        "That day is over.",
    ),
    "forged end": ({"ends_on": "tomorrow"}, "ends_on", "Choose a day, or none."),
    "forged choice": ({"joining": "everyone"}, "joining", "Choose who may join."),
}


@pytest.mark.parametrize("case", BAD_RULES)
def test_rules_and_days_that_do_not_fit_are_refused(known: Story, case: str):
    values, field, error = BAD_RULES[case]
    page = next_page(known, press(known, "program_new"), ABOUT)
    response = save(known, page, {**RULES, **values})
    errors = form_errors(response)
    assert list(errors) == [field]
    assert error in errors[field]


def test_mentions_and_links_stay_words(known: Story):
    rules = "<!channel> <@U0ANA> <!subteam^S1>\n<https://evil.example|ours> :tada:"
    program = open_program(known, rules=rules, name="*<!here>* & Co")
    assert program.rules[0] == ("&lt;!channel&gt; &lt;@U0ANA&gt; &lt;!subteam^S1&gt;")
    page = press(known, "program_see", program.id, ASKER)
    kinds = {
        part["type"]
        for block in page["blocks"]
        if block["type"] == "rich_text"
        for section in block["elements"]
        for part in section.get("elements", [])
    }
    assert not kinds & {"user", "usergroup", "broadcast", "link"}
    assert "*<!here>* & Co" in text_of(page)
    known.slack.people[ASKER] = user_object(ASKER)
    assert "*<!here>* & Co" in text_of(open_list(known, ASKER))


def test_control_and_direction_characters_go_and_any_script_stays(known: Story):
    program = make(known, name="\u202eمدراء جدد 👩‍👩‍👧\x07", goal="日本語で話す")
    assert program.name == "مدراء جدد 👩‍👩‍👧"
    assert program.goal == "日本語で話す"


@pytest.mark.parametrize("member", [STRANGER, ROBOT, GONE, "U0NOBODY"])
def test_who_can_be_no_lead_is_refused(known: Story, member: str):
    known.slack.people |= outsiders()
    page = last_page(known, press(known, "program_new"))
    response = save(known, page, {**PEOPLE, "leads": [ADMIN, member]})
    assert programs(known) == []
    assert "can't be a program lead" in form_errors(response)["leads"]


def people(count: int) -> list[str]:
    return [f"U0P{number}" for number in range(count)]


def test_it_has_one_to_five_leads(known: Story):
    known.slack.people |= {person: user_object(person) for person in people(6)}
    page = last_page(known, press(known, "program_new"))
    for leads in ([], people(6), ["<@U1>"]):
        response = save(known, page, {**PEOPLE, "leads": leads})
        assert list(form_errors(response)) == ["leads"]
    assert not save(known, page, {**PEOPLE, "leads": people(5)}).body
    assert len(programs(known)) == 1


def test_it_has_channels_that_the_bot_is_in_and_the_person_sees(known: Story):
    known.slack.channels |= {
        "C0OTHER": conversation_object("C0OTHER", "other", is_member=False),
        "C0DEN": conversation_object("C0DEN", "den", is_private=True),
    }
    known.slack.members_by_channel["C0DEN"] = [HELPER]
    # The bot is in it: somebody asked there.
    known.command(HELPER, "/ask", "How do I test it?", channel="C0DEN")
    page = last_page(known, press(known, "program_new"))
    for chosen in ([], ["C0NONE"], ["C0OTHER"], [HELP_CHANNEL, "C0DEN"], ["\x00"]):
        response = save(known, page, {**PEOPLE, "channels": chosen})
        assert list(form_errors(response)) == ["channels"], chosen
        assert "den" not in response.body.replace("hidden", "")
    assert programs(known) == []


def test_it_has_at_most_fifty_channels(known: Story):
    names = [f"C0N{number}" for number in range(51)]
    page = last_page(known, press(known, "program_new"))
    response = save(known, page, {**PEOPLE, "channels": names})
    assert form_errors(response) == {"channels": "Up to 50 channels, please."}


def test_an_archived_channel_can_not_be_added(known: Story):
    known.event({"type": "channel_archive", "channel": HELP_CHANNEL})
    page = last_page(known, press(known, "program_new"))
    response = save(known, page, PEOPLE)
    assert form_errors(response) == {
        "channels": "#help is archived. Choose another one."
    }


def test_the_longest_texts_fit(known: Story):
    program = make(
        known,
        name="🎉" * 60,
        audience="🎉" * 140,
        goal='"' * 140,
        benefit="\\" * 140,
        time_needed="é" * 60,
        rules="\n".join(["🎉" * 100] * 5),
    )
    assert [len(rule) for rule in program.rules] == [100] * 5


def test_somebody_who_lost_the_role_meanwhile_saves_nothing(known: Story):
    page = last_page(known, press(known, "program_new"))
    demoted = user_object(ADMIN, is_admin=False)
    known.slack.people[ADMIN] = demoted
    known.event({"type": "user_change", "user": demoted})
    assert "Only program leads" in save(known, page, PEOPLE).body
    assert programs(known) == []


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"form": {}},
        {"form": {"name": "x"}},
        {"form": [1]},
        {"form": None, "version": "x"},
        {"program": "1 OR 1=1"},
        {"program": 10**9, "version": 1},
    ],
)
def test_forged_metadata_saves_nothing(known: Story, forged: dict[str, Any]):
    page = last_page(known, press(known, "program_new"))
    for view in (page, {**page, "callback_id": "program_about"}):
        sent = {**view, "private_metadata": json.dumps(forged)}
        assert form_errors(save(known, sent, PEOPLE))
    assert programs(known) == []
