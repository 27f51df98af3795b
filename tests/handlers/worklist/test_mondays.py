"""The message of Mondays."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.worklist import assignment
from bot.workspace import member_settings
from models import Newcomer
from tests.handlers.worklist.conftest import DAY, MONDAY, NEWCOMER, WorkList
from tests.slack_payloads import CHAMPION, HELPER

# Nine in Helsinki is 7:00 UTC.
TEN, ELEVEN = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2, minutes=5)


ZOE = {"profile": {"display_name": "Zoe", "real_name": "Zoe"}}


def morning(work: WorkList, monday=MONDAY) -> None:
    """Let the job run from nine to noon, and once on the day before."""
    if work.story.clock.now < monday - DAY / 2:
        work.at(monday - DAY / 2)
    work.watch(until=monday, every=DAY / 2)
    work.watch(until=monday + timedelta(hours=3), every=timedelta(minutes=15))


def be_new_for_days(work: WorkList) -> None:
    """Let all newcomers have joined two days ago, so that each is suggested now."""
    with work.write() as tx:
        tx.session.execute(update(Newcomer).values(joined_at=MONDAY - 2 * DAY))
        assignment.run(tx)


@pytest.mark.deep
def test_a_champion_reads_on_monday_from_ten_what_they_could_do(work: WorkList):
    work.join()
    work.watch(until=MONDAY, every=DAY)
    work.watch(until=TEN - timedelta(minutes=1), every=timedelta(minutes=29))
    assert work.messages() == []
    work.watch(until=ELEVEN, every=timedelta(minutes=10))
    [message] = work.messages()
    assert message.text.startswith("You could do one")
    assert "Say hello to" in str(message.blocks)
    morning(work)
    assert len(work.messages()) == 1


@pytest.mark.deep
def test_the_next_monday_there_is_another_one(work: WorkList):
    work.join()
    morning(work)
    work.press(CHAMPION, "work_done")
    work.story.clock.now = MONDAY + 3 * DAY
    work.join("U0N01")
    work.watch(until=MONDAY + 7 * DAY, every=DAY)
    morning(work, MONDAY + 7 * DAY)
    assert len(work.messages()) == 2


@pytest.mark.deep
def test_without_anything_to_do_there_is_no_message(work: WorkList):
    morning(work)
    assert work.messages() == []


@pytest.mark.deep
def test_what_was_done_before_ten_is_not_in_it(work: WorkList):
    work.join()
    work.join("U0N01")
    work.watch(until=MONDAY, every=DAY)
    work.at(TEN - timedelta(minutes=15))
    [first, _] = work.items()
    work.press(CHAMPION, "work_done", first)
    morning(work)
    [message] = work.messages()
    assert "You could do one thing" in message.text


def test_it_lists_what_is_open_when_it_is_sent(work: WorkList):
    work.story.change_my_settings(CHAMPION, hours_from="13:00", hours_to="17:00")
    work.join(profile=ZOE)
    morning(work)
    work.join("U0N01", profile={"profile": {"display_name": "Yan"}})
    be_new_for_days(work)
    work.watch(until=MONDAY + timedelta(hours=5), every=timedelta(minutes=20))
    [message] = work.messages()
    assert "You could do 2 things" in message.text
    assert "Zoe" in str(message.blocks)
    assert "Yan" in str(message.blocks)


@pytest.mark.deep
def test_what_comes_later_is_not_added_to_it(work: WorkList):
    work.join(profile=ZOE)
    morning(work)
    work.join("U0N01")
    work.watch(until=MONDAY + 1.4 * DAY, every=DAY / 4)
    [first, later] = work.items()
    work.press(CHAMPION, "work_done", first)
    assert f"id={later.subject}" not in str(work.story.slack.responses[-1])


def test_an_erased_newcomer_is_taken_out_of_a_message_that_named_them(work: WorkList):
    work.story.change_my_settings(CHAMPION, hours_from="13:00", hours_to="17:00")
    work.join("U0N01")
    morning(work)
    # Only when it is sent is Zoe in it.
    work.join(profile=ZOE)
    be_new_for_days(work)
    work.watch(until=MONDAY + timedelta(hours=5), every=timedelta(minutes=20))
    [message] = work.messages()
    assert "Zoe" in str(message.blocks)
    work.story.command(NEWCOMER, "/backswing", "forget me")
    work.story.submit(NEWCOMER, work.story.slack.views[-1][1], {})
    work.story.deliver()
    assert "Zoe" not in str(work.story.slack.message_at(message.channel, message.ts))


@pytest.mark.deep
def test_a_press_takes_the_item_out_of_the_message(work: WorkList):
    work.join()
    work.join("U0N01")
    morning(work)
    [first, second] = work.items()
    work.press(CHAMPION, "work_done", first)
    reply = work.story.slack.responses[-1]
    assert f"id={second.subject}" in str(reply)
    assert f"id={first.subject}" not in str(reply)
    work.press(CHAMPION, "work_refuse", second)
    assert "all for now" in str(work.story.slack.responses[-1])
    # The second one goes to another champion, but there is none.
    assert [item.outcome for item in work.items()] == ["done", "open"]
    work.run()
    assert [item.outcome for item in work.items()] == ["done", "over"]


@pytest.mark.deep
def test_a_button_and_a_setting_stop_it(work: WorkList):
    work.join()
    morning(work)
    work.story.click(CHAMPION, "work_stop", "stop", channel=f"D{CHAMPION}")
    with work.write() as tx:
        assert not member_settings.get(tx, CHAMPION).wants_work_list
    # The list stays.
    assert "Say hello" in work.home(CHAMPION)
    work.story.clock.now = MONDAY + 3 * DAY
    work.join("U0N01")
    morning(work, MONDAY + 7 * DAY)
    assert len(work.messages()) == 1


@pytest.mark.deep
def test_it_waits_for_the_champions_own_hours(work: WorkList):
    work.story.change_my_settings(CHAMPION, hours_from="13:00", hours_to="17:00")
    work.join()
    morning(work)
    assert work.messages() == []
    work.watch(until=MONDAY + timedelta(hours=5), every=timedelta(minutes=20))
    assert len(work.messages()) == 1


def test_it_takes_a_place_in_the_budget(work: WorkList):
    work.story.set_up_workspace(unasked_per_week="0")
    work.join()
    morning(work)
    assert work.messages() == []
    assert "You could do one thing" in work.home(CHAMPION)


def test_the_guide_opens(work: WorkList):
    work.story.click(HELPER, "work_guide", "guide")
    view = work.story.slack.views[-1][1]
    assert view["title"]["text"] == "How champions help"
