"""A check-in is set up in two pages, and changed, paused, resumed and deleted."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs.checkins
from bot.checkins import rules
from models import CheckIn, Round, Schedule
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    form_values,
    user_object,
)
from tests.strategies import HARMFUL_SNIPPETS

# Nine in Berlin, on the Monday after the stories begin; they begin at ten.
MONDAY = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


def settings(story: Story, who: str = ADMIN) -> dict[str, Any]:
    assert story.command(who, "/backswing").body == ""
    return story.slack.views[-1][1]


def press(story: Story, action: str, value: str, *, who: str = ADMIN) -> Any:
    """Press a button in the settings; return the next view."""
    view = settings(story) if who == ADMIN else story.slack.views[-1][1]
    assert story.click(who, action, value, view=view).status == 200
    return story.slack.views[-1][1]


def open_form(story: Story, who: str = ADMIN) -> dict[str, Any]:
    view = settings(story, who)
    story.click(who, "checkin_set_up", "new", view=view)
    settings_view = story.slack.views[-1][1]
    assert settings_view["callback_id"] == "checkin_plan"
    return settings_view


def fill_in(
    story: Story, form: dict[str, Any], *, who: str = ADMIN, **changes: Any
) -> dict[str, Any]:
    """Submit the first page; return the preview or the errors."""
    values = form_values(form)
    assert changes.keys() <= values.keys()
    body = story.submit(who, form, values | changes, view_id="V7").body
    return dict(json.loads(body))


def save(story: Story, preview: dict[str, Any], *, who: str = ADMIN) -> Any:
    return story.submit(who, preview, {}, view_id="V7").body


def set_up(story: Story, *, who: str = ADMIN, **changes: Any) -> dict[str, Any]:
    """Set a check-in up; return the settings afterwards."""
    answer = fill_in(story, open_form(story, who), who=who, **changes)
    assert save(story, answer["view"], who=who) == ""
    return story.slack.views[-1][1]


def schedules(story: Story) -> list[Schedule]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(Schedule).order_by(Schedule.id)))


def the_schedule(story: Story) -> Schedule:
    [one] = schedules(story)
    return one


def ask(story: Story, at: datetime) -> int:
    """Set the clock to `at`; return the number of rounds so far."""
    story.clock.now = at
    jobs.checkins.start_rounds(story.rt, story.worker)
    story.deliver()
    return len(story.slack.messages_to(HELP_CHANNEL))


def words(view: dict[str, Any]) -> str:
    return json.dumps(view, ensure_ascii=False)


def test_the_set_up_shows_the_next_three_dates_before_it_saves(story: Story):
    form = open_form(story)
    answer = fill_in(story, form, zone="europe/berlin", skips="2026-03-16")
    assert answer["response_action"] == "update"
    settings_view = words(answer["view"])
    assert "Every Monday at 09:00, Europe/Berlin. Next:" in settings_view
    for day in ("9 March", "23 March", "30 March"):
        assert f"Monday {day} 2026 at 09:00" in settings_view
    assert "Skips: Monday 16 March" in settings_view
    assert schedules(story) == []
    assert save(story, answer["view"]) == ""
    listed = words(story.slack.views[-1][1])
    assert story.slack.views[-1][0] == "V0"
    assert "What are you working on this week?" in listed
    assert "Next: Monday 9 March at 09:00; Monday 23 March at 09:00" in listed
    assert "Set up by Eva." in listed
    assert ask(story, MONDAY) == 1


def test_the_offered_zone_is_the_creators(story: Story):
    values = form_values(open_form(story))
    assert values["zone"] == "Europe/Helsinki"
    assert values["starts_on"] == "2026-03-02"
    assert values["question"] == "What are you working on this week?"
    assert values["hint"] == "Just a sentence or two"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("EST", "EST is always UTC-05:00."),
        ("MST", "MST is always UTC-07:00."),
        ("Etc/GMT-3", "Etc/GMT-3 is always UTC+03:00."),
    ],
)
def test_a_zone_without_clock_changes_gets_a_hint(story: Story, zone: str, said: str):
    answer = fill_in(story, open_form(story), zone=zone)
    assert said in words(answer["view"])
    assert "Its clocks never change for summer time" in words(answer["view"])
    assert save(story, answer["view"]) == ""


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Tokyo"])
def test_a_zone_that_is_a_place_or_utc_gets_no_hint(story: Story, zone: str):
    answer = fill_in(story, open_form(story), zone=zone)
    assert "never change" not in words(answer["view"])


def test_sent_twice_it_is_one_check_in(story: Story):
    preview = fill_in(story, open_form(story))["view"]
    for _ in range(2):
        assert save(story, preview) == ""
    assert len(schedules(story)) == 1


@pytest.mark.deep_on_postgresql
def test_sent_twice_at_once_it_is_one_check_in(story: Story):
    preview = fill_in(story, open_form(story))["view"]
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _: save(story, preview), range(4)))
    assert set(answers) == {""}
    assert len(schedules(story)) == 1


def test_going_back_from_the_preview_keeps_all_values(story: Story):
    typed: dict[str, Any] = {
        "question": "What <@U1> & co?",
        "hint": "",
        "reflections": "One?\nTwo?",
        "every": "month:-1",
        "weekdays": ["5", "2"],
        "at": "16:45",
        "zone": "Asia/Kathmandu",
        "starts_on": "2026-04-01",
        "skips": "2026-12-25",
        "holidays_of": "DE-BY",
        "open_days": "2",
        "nudge_after": "0",
    }
    preview = fill_in(story, open_form(story), **typed)["view"]
    story.click(ADMIN, "checkin_back", "back", view=preview)
    again = story.slack.views[-1][1]
    assert again["callback_id"] == "checkin_plan"
    form_state = form_values(again)
    assert form_state == typed | {"weekdays": ["2", "5"], "hint": form_state["hint"]}
    assert not form_state["hint"]
    assert schedules(story) == []


NONSENSE: list[tuple[str, Any]] = [
    ("question", " \n "),
    ("zone", "Mars/Olympus"),
    ("zone", "../../etc/passwd"),
    ("zone", "/etc/localtime"),
    ("zone", "localtime"),
    ("zone", "a" * 5000),
    ("zone", ""),
    ("at", "25:00"),
    ("at", None),
    ("weekdays", []),
    ("weekdays", ["8"]),
    ("every", "year"),
    ("starts_on", "2026-W10-1"),
    ("starts_on", "1990-01-01"),
    ("skips", "tomorrow"),
    ("holidays_of", "ZZ"),
    ("open_days", "400"),
    ("nudge_after", "-1"),
    ("reflections", "a" * 151),
    ("reflections", "a\n" * 13),
]


def test_an_invalid_value_is_reported_beside_its_field(story: Story):
    form = open_form(story)
    for field, value in NONSENSE:
        answer = fill_in(story, form, **{field: value})
        assert list(answer["errors"]) == [field], value
        assert 0 < len(answer["errors"][field]) < 200
    # Slack limits the metadata that carries values from page to page.
    quotes = {"question": '"' * 150, "hint": '"' * 150}
    answer = fill_in(story, form, reflections=('"' * 99 + "\n") * 12, **quotes)
    assert list(answer["errors"]) == ["reflections"]
    assert schedules(story) == []


def test_a_reminder_after_the_close_is_refused(story: Story):
    form = open_form(story)
    daily: dict[str, Any] = {"weekdays": ["1", "2", "3", "4", "5"]}
    answer = fill_in(story, form, **daily, nudge_after="24")
    assert answer["errors"] == {
        "nudge_after": "The round of Tuesday 3 March closes before the reminder."
        " Choose fewer hours, or Never."
    }
    for open_days, nudge_after, fits in (
        ("1", "4", True),
        ("1", "0", True),
        ("1", "24", False),
        ("4", "72", True),
    ):
        plan = {"open_days": open_days, "nudge_after": nudge_after}
        assert ("view" in fill_in(story, form, **plan)) is fits, plan
    assert "after 4 hours" in words(fill_in(story, form, **daily, nudge_after="4"))


def test_a_check_in_without_dates_in_the_coming_years_is_refused(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rules, "HORIZON", timedelta(days=6))
    answer = fill_in(story, open_form(story), skips="2026-03-02")
    assert answer["errors"] == {"skips": "You've skipped all its dates. Skip fewer."}


def test_hostile_text_is_shown_as_it_was_written(story: Story):
    texts = [" ".join(HARMFUL_SNIPPETS[n::3]) for n in range(3)]
    for text in texts:
        answer = fill_in(
            story,
            open_form(story),
            question=f"x {text}"[:150],
            hint=text[:150],
            reflections=text[:100].replace("\n", " "),
        )
        story.submit(ADMIN, answer["view"], {})
    assert ask(story, MONDAY + timedelta(hours=1)) == len(texts)
    for post in story.slack.messages_to(HELP_CHANNEL):
        assert "<!" not in post.text
        assert "<@" not in post.text
        assert '"broadcast"' not in json.dumps(post.blocks)
        assert '"usergroup"' not in json.dumps(post.blocks)
        assert '"user"' not in json.dumps(post.blocks)


def test_only_champions_and_admins_set_up(story: Story):
    story.set_up_channel(champions=[CHAMPION])
    assert set_up(story, who=CHAMPION)
    form = open_form(story)
    refused = fill_in(story, form, who=PEER)
    assert "champions" in str(refused["errors"])
    preview = fill_in(story, form)["view"]
    assert "champions" in save(story, preview, who=PEER)
    assert len(schedules(story)) == 1
    # A former champion can't do anything either.
    one = str(the_schedule(story).id)
    story.set_up_channel(champions=[])
    for action in ("checkin_change", "checkin_pause", "checkin_delete"):
        settings_view = press(story, action, one, who=CHAMPION)
        assert "champions" in words(settings_view)
    assert the_schedule(story).state == "on"


def test_an_error_on_the_second_page_loses_nothing(story: Story):
    story.set_up_channel(champions=[CHAMPION])
    preview = fill_in(story, open_form(story, CHAMPION), who=CHAMPION, at="07:15")
    story.set_up_channel(champions=[])
    answer = json.loads(save(story, preview["view"], who=CHAMPION))
    assert "champions" in words(answer["view"])
    assert form_values(answer["view"])["at"] == "07:15"


def test_deactivated_people_set_nothing_up(story: Story):
    story.set_up_channel(champions=[CHAMPION])
    preview = fill_in(story, open_form(story, CHAMPION), who=CHAMPION)
    former_champion = user_object(CHAMPION, deleted=True)
    story.slack.people[CHAMPION] = former_champion
    story.event({"type": "user_change", "user": former_champion})
    save(story, preview["view"], who=CHAMPION)
    assert schedules(story) == []


def change(story: Story, **changes: Any) -> dict[str, Any]:
    """Change the only check-in; return its preview."""
    form = press(story, "checkin_change", str(the_schedule(story).id))
    preview = dict(fill_in(story, form, **changes)["view"])
    assert save(story, preview) == ""
    return preview


def test_changing_the_time_today_never_posts_twice_in_a_day(story: Story):
    story.add_schedule()
    assert ask(story, MONDAY) == 1
    preview = change(story, at="11:00")
    assert "Monday 16 March 2026 at 11:00" in words(preview)
    assert "Monday 9 March 2026" not in words(preview)
    assert ask(story, MONDAY + timedelta(hours=2)) == 1
    assert ask(story, MONDAY + timedelta(days=7)) == 1
    assert ask(story, MONDAY + timedelta(days=7, hours=2)) == 2


def test_changing_the_zone_today_never_posts_twice_in_a_day(story: Story):
    """It is Monday in Honolulu when it is Tuesday in Kiritimati."""
    story.add_schedule(weekdays=["1", "2"], zone="Pacific/Honolulu")
    asked = datetime(2026, 3, 9, 19, 0, tzinfo=UTC)
    before = ask(story, asked)
    preview = change(story, zone="Pacific/Kiritimati", at="09:30", nudge_after="4")
    assert " Next:" in words(preview)
    assert "Tuesday 10 March" not in words(preview)
    assert ask(story, asked + timedelta(minutes=30)) == before


@pytest.mark.deep_on_postgresql
def test_a_change_at_the_hour_skips_the_due_round(story: Story):
    story.add_schedule()
    story.clock.now = MONDAY + timedelta(seconds=2)
    change(story, at="08:00")
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


def test_a_change_takes_effect_from_the_next_date_on(story: Story):
    story.add_schedule()
    ask(story, MONDAY)
    change(story, question="And what now?")
    with story.rt.read_session() as session:
        [one] = session.scalars(select(Round))
        assert one.question == "What are you working on this week?"
    ask(story, MONDAY + timedelta(days=7))
    assert story.slack.messages_to(HELP_CHANNEL)[-1].text == "And what now?"
    assert the_schedule(story).owner == ADMIN


def test_a_change_of_a_biweekly_check_in_keeps_its_weeks(story: Story):
    set_up(story, every="two weeks", zone="Europe/Berlin", starts_on="2026-03-09")
    story.clock.advance(days=1000)
    form = press(story, "checkin_change", str(the_schedule(story).id))
    values = form_values(form)
    # An old start date is moved by whole fortnights.
    moved = datetime.fromisoformat(values["starts_on"]).date() - MONDAY.date()
    assert moved.days % 14 == 0
    assert " Next:" in words(fill_in(story, form)["view"])


@pytest.mark.deep_on_postgresql
def test_a_paused_check_in_starts_no_round_and_makes_up_for_none(story: Story):
    story.add_schedule()
    one = str(the_schedule(story).id)
    settings_view = press(story, "checkin_pause", one)
    assert "Paused." in words(settings_view)
    assert "checkin_resume" in words(settings_view)
    assert ask(story, MONDAY) == 0
    settings_view = press(story, "checkin_resume", one)
    assert "Next: Monday 16 March at 09:00" in words(settings_view)
    assert ask(story, MONDAY + timedelta(hours=1)) == 0
    assert ask(story, MONDAY + timedelta(days=7)) == 1
    with story.rt.read_session() as session:
        assert len(session.scalars(select(Round)).all()) == 1


@pytest.mark.deep_on_postgresql
def test_a_change_during_a_pause_keeps_the_pause(story: Story):
    story.add_schedule()
    press(story, "checkin_pause", str(the_schedule(story).id))
    change(story, at="10:30")
    assert (the_schedule(story).state, the_schedule(story).at) == (
        "paused",
        time(10, 30),
    )
    assert ask(story, MONDAY + timedelta(hours=3)) == 0


@pytest.mark.deep_on_postgresql
def test_resumed_after_the_channel_became_private_it_goes_on_there(story: Story):
    story.add_schedule()
    story.slack.channels[HELP_CHANNEL]["is_private"] = True
    assert ask(story, MONDAY) == 0
    assert "Paused: the channel was made private." in words(settings(story))
    press(story, "checkin_resume", str(the_schedule(story).id))
    assert ask(story, MONDAY + timedelta(days=7)) == 1


def test_a_deleted_check_in_is_gone_for_good(story: Story):
    story.add_schedule()
    one = str(the_schedule(story).id)
    settings_view = press(story, "checkin_delete", one)
    assert "checkin_change" not in words(settings_view)
    assert ask(story, MONDAY) == 0
    for action in ("checkin_change", "checkin_resume", "checkin_delete"):
        assert "is gone" in words(press(story, action, one))


def test_skipped_and_upcoming_skipped_dates_are_shown_with_reasons(story: Story):
    set_up(story, zone="Europe/Berlin", holidays_of="DE")
    ask(story, MONDAY + timedelta(hours=7))
    settings_view = words(settings(story))
    assert "Skipped: Monday 9 March: I was offline" in settings_view
    ask(story, datetime(2026, 3, 23, 8, 0, tzinfo=UTC))
    assert "Skips: Monday 6 April, Easter Monday" in words(settings(story))


def test_a_channel_may_have_up_to_ten_check_ins(story: Story):
    for n in range(10):
        story.add_schedule(question=f"Question {n}?")
    settings_view = settings(story)
    assert "checkin_set_up" not in words(settings_view)
    assert len(settings_view["blocks"]) <= 100
    story.click(ADMIN, "checkin_set_up", "new", view=settings_view)
    assert "Delete one first" in words(story.slack.views[-1][1])


def test_an_unknown_check_in_is_refused(story: Story):
    story.add_schedule()
    for value in ("0", "999999", "-1", "x", "9" * 30):
        for action in ("checkin_change", "checkin_pause", "checkin_delete"):
            press(story, action, value)
    assert the_schedule(story).state == "on"


# The overview


def overview(story: Story, who: str = PEER, **place: Any) -> str:
    assert story.command(who, "/backswing", " Checkins ", **place).body == ""
    return words(story.slack.views[-1][1])


@pytest.mark.deep_on_postgresql
def test_any_channel_member_sees_the_last_rounds_and_who_shared(story: Story):
    story.add_schedule()
    assert "No check-ins in #help yet" in overview(story)
    ask(story, MONDAY)
    [post] = story.slack.messages_to(HELP_CHANNEL)
    for who in (HELPER, PEER):
        assert "Nobody shared so far. Open until " in overview(story, who)
    with story.rt.write_session.begin() as session:
        one = session.scalars(select(Round)).one()
        for member, state in ((HELPER, "shared"), (PEER, "shared"), (ASKER, "missed")):
            session.merge(CheckIn(round_id=one.id, member=member, state=state))
    ask(story, MONDAY + timedelta(days=7, hours=8))
    settings_view = overview(story)
    assert "Ben and Chi shared" in settings_view
    assert HELPER not in settings_view
    assert post.ts.replace(".", "") in settings_view
    assert "Skipped: I was offline." in settings_view
    assert settings_view.index("Monday 16 March") < settings_view.index(
        "Monday 9 March"
    )


def test_outside_a_channel_the_overview_explains_where_to_use_it(story: Story):
    story.add_schedule()
    there = {"channel": "D1", "channel_name": "directmessage"}
    asked = story.command(PEER, "/backswing", "checkins", **there)
    assert "Type that in a channel" in str(asked.body)
    asked = story.command(PEER, "/backswing", "checkins", channel="C0AWAY")
    assert "/invite @Backswing" in str(asked.body)
