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
    """A button in the settings, and what is shown then."""
    view = settings(story) if who == ADMIN else story.slack.views[-1][1]
    assert story.click(who, action, value, view=view).status == 200
    return story.slack.views[-1][1]


def open_form(story: Story, who: str = ADMIN) -> dict[str, Any]:
    view = settings(story, who)
    story.click(who, "checkin_set_up", "new", view=view)
    shown = story.slack.views[-1][1]
    assert shown["callback_id"] == "checkin_plan"
    return shown


def fill_in(
    story: Story, form: dict[str, Any], *, who: str = ADMIN, **changes: Any
) -> dict[str, Any]:
    """What Slack is answered: the preview, or what is wrong."""
    values = form_values(form)
    assert changes.keys() <= values.keys()
    body = story.submit(who, form, values | changes, view_id="V7").body
    return dict(json.loads(body))


def save(story: Story, preview: dict[str, Any], *, who: str = ADMIN) -> Any:
    return story.submit(who, preview, {}, view_id="V7").body


def set_up(story: Story, *, who: str = ADMIN, **changes: Any) -> dict[str, Any]:
    """All of it; the settings as they are shown then."""
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
    """Let the clock be `at`; how often the channel has been asked by then."""
    story.clock.now = at
    jobs.checkins.start_rounds(story.rt, story.deliverer)
    story.deliver()
    return len(story.slack.messages_to(HELP_CHANNEL))


def words(view: dict[str, Any]) -> str:
    return json.dumps(view, ensure_ascii=False)


def test_setting_up_shows_the_next_three_dates_before_it_saves(story: Story):
    form = open_form(story)
    answer = fill_in(story, form, zone="europe/berlin", skips="2026-03-16")
    assert answer["response_action"] == "update"
    shown = words(answer["view"])
    assert "Every Monday at 09:00, Europe/Berlin. Next:" in shown
    for day in ("9 March", "23 March", "30 March"):
        assert f"Monday {day} 2026 at 09:00" in shown
    assert "Skips: Monday 16 March" in shown
    assert schedules(story) == []
    assert save(story, answer["view"]) == ""
    listed = words(story.slack.views[-1][1])
    assert story.slack.views[-1][0] == "V0"
    assert "What are you working on this week?" in listed
    assert "Next: Monday 9 March at 09:00; Monday 23 March at 09:00" in listed
    assert "Set up by Eva." in listed
    assert ask(story, MONDAY) == 1


def test_the_zone_offered_is_that_of_whoever_sets_it_up(story: Story):
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
def test_a_zone_whose_clocks_never_change_is_pointed_out(
    story: Story, zone: str, said: str
):
    answer = fill_in(story, open_form(story), zone=zone)
    assert said in words(answer["view"])
    assert "Its clocks never change for summer time" in words(answer["view"])
    assert save(story, answer["view"]) == ""


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Tokyo"])
def test_a_zone_that_is_a_place_or_utc_is_not_commented(story: Story, zone: str):
    answer = fill_in(story, open_form(story), zone=zone)
    assert "never change" not in words(answer["view"])


def test_sent_twice_it_is_one_check_in(story: Story):
    preview = fill_in(story, open_form(story))["view"]
    for _ in range(2):
        assert save(story, preview) == ""
    assert len(schedules(story)) == 1


def test_sent_twice_at_once_it_is_one_check_in(story: Story):
    preview = fill_in(story, open_form(story))["view"]
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _: save(story, preview), range(4)))
    assert set(answers) == {""}
    assert len(schedules(story)) == 1


def test_back_from_the_preview_nothing_that_was_typed_is_lost(story: Story):
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
    kept = form_values(again)
    assert kept == typed | {"weekdays": ["2", "5"], "hint": kept["hint"]}
    assert not kept["hint"]
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


def test_what_makes_no_sense_is_said_beside_its_field(story: Story):
    form = open_form(story)
    for field, value in NONSENSE:
        answer = fill_in(story, form, **{field: value})
        assert list(answer["errors"]) == [field], value
        assert 0 < len(answer["errors"][field]) < 200
    # Slack keeps only so much of what was typed from one page to the next.
    quotes = {"question": '"' * 150, "hint": '"' * 150}
    answer = fill_in(story, form, reflections=('"' * 99 + "\n") * 12, **quotes)
    assert list(answer["errors"]) == ["reflections"]
    assert schedules(story) == []


def test_a_reminder_that_would_come_after_the_close_is_refused(story: Story):
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


def test_a_check_in_that_would_not_come_in_years_is_refused(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rules, "HORIZON", timedelta(days=6))
    answer = fill_in(story, open_form(story), skips="2026-03-02")
    assert answer["errors"] == {"skips": "You've skipped all its dates. Skip fewer."}


def test_hostile_words_are_shown_as_they_were_written(story: Story):
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
    # Who is none any more does nothing either.
    one = str(the_schedule(story).id)
    story.set_up_channel(champions=[])
    for action in ("checkin_change", "checkin_pause", "checkin_delete"):
        shown = press(story, action, one, who=CHAMPION)
        assert "champions" in words(shown)
    assert the_schedule(story).state == "on"


def test_a_refusal_of_the_second_page_loses_nothing(story: Story):
    story.set_up_channel(champions=[CHAMPION])
    preview = fill_in(story, open_form(story, CHAMPION), who=CHAMPION, at="07:15")
    story.set_up_channel(champions=[])
    answer = json.loads(save(story, preview["view"], who=CHAMPION))
    assert "champions" in words(answer["view"])
    assert form_values(answer["view"])["at"] == "07:15"


def test_deactivated_people_set_nothing_up(story: Story):
    story.set_up_channel(champions=[CHAMPION])
    preview = fill_in(story, open_form(story, CHAMPION), who=CHAMPION)
    gone = user_object(CHAMPION, deleted=True)
    story.slack.people[CHAMPION] = gone
    story.event({"type": "user_change", "user": gone})
    save(story, preview["view"], who=CHAMPION)
    assert schedules(story) == []


def change(story: Story, **changes: Any) -> dict[str, Any]:
    """Change the only check-in; its preview."""
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


def test_a_change_at_the_hour_loses_what_was_due(story: Story):
    story.add_schedule()
    story.clock.now = MONDAY + timedelta(seconds=2)
    change(story, at="08:00")
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


def test_a_change_counts_from_the_next_date_on(story: Story):
    story.add_schedule()
    ask(story, MONDAY)
    change(story, question="And what now?")
    with story.rt.read_session() as session:
        [one] = session.scalars(select(Round))
        assert one.question == "What are you working on this week?"
    ask(story, MONDAY + timedelta(days=7))
    assert story.slack.messages_to(HELP_CHANNEL)[-1].text == "And what now?"
    assert the_schedule(story).owner == ADMIN


def test_of_every_second_week_a_change_keeps_which(story: Story):
    set_up(story, every="two weeks", zone="Europe/Berlin", starts_on="2026-03-09")
    story.clock.advance(days=1000)
    form = press(story, "checkin_change", str(the_schedule(story).id))
    values = form_values(form)
    # A start of long ago is moved up by whole fortnights.
    moved = datetime.fromisoformat(values["starts_on"]).date() - MONDAY.date()
    assert moved.days % 14 == 0
    assert " Next:" in words(fill_in(story, form)["view"])


def test_paused_nothing_is_asked_and_resumed_nothing_is_made_up_for(story: Story):
    story.add_schedule()
    one = str(the_schedule(story).id)
    shown = press(story, "checkin_pause", one)
    assert "Paused." in words(shown)
    assert "checkin_resume" in words(shown)
    assert ask(story, MONDAY) == 0
    shown = press(story, "checkin_resume", one)
    assert "Next: Monday 16 March at 09:00" in words(shown)
    assert ask(story, MONDAY + timedelta(hours=1)) == 0
    assert ask(story, MONDAY + timedelta(days=7)) == 1
    with story.rt.read_session() as session:
        assert len(session.scalars(select(Round)).all()) == 1


def test_a_pause_keeps_what_is_changed_meanwhile_paused(story: Story):
    story.add_schedule()
    press(story, "checkin_pause", str(the_schedule(story).id))
    change(story, at="10:30")
    assert (the_schedule(story).state, the_schedule(story).at) == (
        "paused",
        time(10, 30),
    )
    assert ask(story, MONDAY + timedelta(hours=3)) == 0


def test_resumed_after_the_channel_was_made_private_it_goes_on_there(story: Story):
    story.add_schedule()
    story.slack.channels[HELP_CHANNEL]["is_private"] = True
    assert ask(story, MONDAY) == 0
    assert "Paused: the channel was made private." in words(settings(story))
    press(story, "checkin_resume", str(the_schedule(story).id))
    assert ask(story, MONDAY + timedelta(days=7)) == 1


def test_deleted_it_is_gone_for_good(story: Story):
    story.add_schedule()
    one = str(the_schedule(story).id)
    shown = press(story, "checkin_delete", one)
    assert "checkin_change" not in words(shown)
    assert ask(story, MONDAY) == 0
    for action in ("checkin_change", "checkin_resume", "checkin_delete"):
        assert "is gone" in words(press(story, action, one))


def test_what_was_skipped_and_will_be_left_out_is_shown_with_its_reason(story: Story):
    set_up(story, zone="Europe/Berlin", holidays_of="DE")
    ask(story, MONDAY + timedelta(hours=7))
    shown = words(settings(story))
    assert "Skipped: Monday 9 March: I was offline" in shown
    ask(story, datetime(2026, 3, 23, 8, 0, tzinfo=UTC))
    assert "Skips: Monday 6 April, Easter Monday" in words(settings(story))


def test_several_check_ins_share_a_channel_up_to_ten(story: Story):
    for n in range(10):
        story.add_schedule(question=f"Question {n}?")
    shown = settings(story)
    assert "checkin_set_up" not in words(shown)
    assert len(shown["blocks"]) <= 100
    story.click(ADMIN, "checkin_set_up", "new", view=shown)
    assert "Delete one first" in words(story.slack.views[-1][1])


def test_what_is_no_check_in_of_ours_changes_nothing(story: Story):
    story.add_schedule()
    for value in ("0", "999999", "-1", "x", "9" * 30):
        for action in ("checkin_change", "checkin_pause", "checkin_delete"):
            press(story, action, value)
    assert the_schedule(story).state == "on"


# What became of them


def overview(story: Story, who: str = PEER, **place: Any) -> str:
    assert story.command(who, "/backswing", " Checkins ", **place).body == ""
    return words(story.slack.views[-1][1])


def test_anybody_in_the_channel_sees_the_last_rounds_and_who_shared(story: Story):
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
    shown = overview(story)
    assert "Ben and Chi shared" in shown
    assert HELPER not in shown
    assert post.ts.replace(".", "") in shown
    assert "Skipped: I was offline." in shown
    assert shown.index("Monday 16 March") < shown.index("Monday 9 March")


def test_elsewhere_it_says_where_to_ask(story: Story):
    story.add_schedule()
    there = {"channel": "D1", "channel_name": "directmessage"}
    asked = story.command(PEER, "/backswing", "checkins", **there)
    assert "Type that in a channel" in str(asked.body)
    asked = story.command(PEER, "/backswing", "checkins", channel="C0AWAY")
    assert "/invite @Backswing" in str(asked.body)
