"""Turns and limits: one champion at a time, five a week, two champions at most."""

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from bot import monitoring
from bot.slack.api import Rejected
from bot.worklist import assignment, mondays
from bot.workspace import channels, member_settings
from models import Member, WorkAssignment, WorkItem
from tests.handlers.worklist.conftest import DAY, FRIDAY, MONDAY, NEWCOMER, WorkList
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)

DEN = "C0DEN"


def crowd(work: WorkList, count: int) -> None:
    for number in range(count):
        work.join(f"U0N{number:02}")


def open_by_champion(work: WorkList) -> Counter[str | None]:
    return Counter(champion for *_, champion in work.open())


@pytest.mark.deep
def test_nobody_gets_more_than_five_a_week(work: WorkList):
    work.story.set_up_channel(champions=[CHAMPION, HELPER])
    work.wait_for_answers(14)
    work.at(FRIDAY + 1.1 * DAY)
    assert open_by_champion(work) == {CHAMPION: 5, HELPER: 5}
    for item in work.items():
        if item.champion == CHAMPION:
            work.press(CHAMPION, "work_done", item)
    work.at(FRIDAY + 2 * DAY)
    # What was done counts, too.
    assert open_by_champion(work) == {HELPER: 5}
    work.at(FRIDAY + 8.2 * DAY)
    given = Counter(item.champion for item in work.items() if item.outcome == "open")
    assert max(given.values()) <= 5


@pytest.mark.deep
def test_an_item_goes_to_the_next_after_three_working_days_and_then_disappears(
    work: WorkList,
):
    work.story.set_up_channel(champions=[CHAMPION, HELPER, PEER])
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    holders = [work.item().champion]
    # It was Saturday: Monday, Tuesday and Wednesday pass.
    work.watch(until=MONDAY + 3 * DAY + timedelta(hours=3), every=DAY / 4)
    holders.append(work.item().champion)
    assert holders == [HELPER, PEER]
    assert "Say hello" not in work.home(HELPER)
    assert "Say hello" in work.home(PEER)
    work.watch(until=MONDAY + 9 * DAY, every=DAY / 2)
    item = work.item()
    assert (item.outcome, item.champion, item.previous_champion) == ("over", None, None)
    for member in (HELPER, CHAMPION, PEER):
        assert "Say hello" not in work.home(member)


@pytest.mark.deep
def test_an_item_waits_while_the_next_champion_has_five(work: WorkList):
    work.story.set_up_channel(champions=[CHAMPION, HELPER])
    work.wait_for_answers(10)
    work.at(FRIDAY + 1.1 * DAY)
    before = {item.subject: item.champion for item in work.items()}
    assert open_by_champion(work) == {CHAMPION: 5, HELPER: 5}
    # Monday, Tuesday and Wednesday have passed, and there are only these two.
    work.watch(until=MONDAY + 3 * DAY + timedelta(hours=3), every=DAY / 4)
    assert open_by_champion(work) == {None: 10}
    for champion in (CHAMPION, HELPER):
        assert "What you could do" not in work.home(champion)
    with work.story.rt.read(work.story.workspace) as tx:
        assert monitoring.due_work(tx)["suggest-work"].due == 0
    # A week after the first ones, both have room, and each gets the other's.
    work.watch(until=FRIDAY + 8.5 * DAY, every=DAY / 4)
    assert open_by_champion(work) == {CHAMPION: 5, HELPER: 5}
    assert all(champion != before[subject] for _, subject, champion in work.open())
    assert "What you could do" in work.home(CHAMPION)
    work.watch(until=MONDAY + 11 * DAY, every=DAY / 2)
    assert {item.outcome for item in work.items()} == {"over"}


def test_an_item_that_waits_ends_when_it_is_no_longer_true(work: WorkList):
    work.story.set_up_channel(champions=[CHAMPION, HELPER])
    work.wait_for_answers(10)
    work.at(FRIDAY + 1.1 * DAY)
    work.watch(until=MONDAY + 3 * DAY + timedelta(hours=3), every=DAY / 4)
    first = work.story.asks()[0]
    work.story.say(PEER, "Like this.", thread_ts=first.ts)
    work.run()
    [item, *_] = work.items()
    assert (item.outcome, item.champion, item.previous_champion) == ("over", None, None)


@pytest.mark.deep
def test_at_most_three_of_the_five_are_to_say_hello(work: WorkList):
    crowd(work, 14)
    work.at(FRIDAY + 1.1 * DAY)
    assert [kind for kind, *_ in work.open()] == ["say_hello"] * 3
    work.wait_for_answers(3)
    work.at(MONDAY)
    assert [kind for kind, *_ in work.open()] == ["say_hello"] * 3 + ["unanswered"] * 2


def test_to_say_hello_takes_the_places_that_are_left(work: WorkList):
    work.wait_for_answers(3)
    work.at(FRIDAY + 0.5 * DAY)
    crowd(work, 4)
    work.at(FRIDAY + 1.7 * DAY)
    assert [kind for kind, *_ in work.open()] == ["unanswered"] * 3 + ["say_hello"] * 2


@pytest.mark.deep
def test_an_ask_that_waits_comes_before_those_who_are_new(work: WorkList):
    crowd(work, 14)
    work.wait_for_answers(4)
    work.at(FRIDAY + 1.1 * DAY)
    assert [kind for kind, *_ in work.open()] == ["unanswered"] * 4 + ["say_hello"]


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_with_one_champion_it_disappears_after_three_working_days(work: WorkList):
    work.join()
    work.watch(until=MONDAY + 4 * DAY, every=DAY / 2)
    assert work.item().outcome == "over"


def test_not_for_me_passes_it_to_the_next_champion_once(work: WorkList):
    work.story.set_up_channel(champions=[CHAMPION, HELPER, PEER])
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    [(_, _, first)] = work.open()
    work.press(str(first), "work_refuse")
    assert "Say hello" not in work.home(str(first))
    work.run()
    [(_, _, second)] = work.open()
    assert second not in {None, first}
    assert "Say hello" in work.home(str(second))
    # A late second press of the first one changes nothing.
    work.press(str(first), "work_refuse")
    assert work.open() == [("say_hello", NEWCOMER, second)]
    work.press(str(second), "work_refuse")
    work.run()
    item = work.item()
    no_names = (item.champion, item.previous_champion) == (None, None)
    assert (item.outcome, no_names) == ("refused", True)
    assert work.open() == []


@pytest.mark.deep
def test_what_the_second_champion_does_says_nothing_of_the_first(work: WorkList):
    work.story.set_up_channel(champions=[CHAMPION, HELPER])
    work.join()
    work.watch(until=MONDAY + 3 * DAY + timedelta(hours=3), every=DAY / 4)
    item = work.item()
    work.press(item.champion or "", "work_refuse", item)
    item = work.item()
    assert (item.outcome, item.previous_champion) == ("refused", None)


def test_a_champion_on_vacation_or_paused_is_skipped(work: WorkList):
    work.story.set_up_channel(champions=[CHAMPION, HELPER, PEER])
    with work.write() as tx:
        tx.session.execute(
            update(Member).where(Member.slack_id == CHAMPION).values(is_away=True)
        )
        member_settings.update(tx, HELPER, paused_until=date(2026, 4, 1))
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, PEER)]


@pytest.mark.parametrize("change", ["is_guest", "is_deactivated", "is_external"])
def test_a_champion_who_became_a_guest_or_left_gets_nothing(
    work: WorkList, change: str
):
    work.join()
    with work.write() as tx:
        tx.session.execute(
            update(Member).where(Member.slack_id == CHAMPION).values({change: True})
        )
    work.at(FRIDAY + 1.1 * DAY)
    assert work.items() == []


def test_a_champion_who_is_not_in_the_channel_gets_nothing(work: WorkList):
    work.story.slack.members_by_channel[HELP_CHANNEL].remove(CHAMPION)
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.items() == []


def test_if_slack_does_not_answer_nothing_is_given_or_ended(work: WorkList):
    work.join()
    error = Rejected("conversations.members", "internal_error")
    work.story.slack.fail["conversations.members"] = [error]
    work.at(FRIDAY + 1.1 * DAY)
    assert work.items() == []


def test_a_run_on_two_replicas_gives_each_thing_once(work: WorkList):
    crowd(work, 3)
    work.at(FRIDAY + 1.1 * DAY)
    before = work.open()
    for _ in range(3):
        with work.write() as tx:
            assignment.run(tx)
    assert work.open() == before
    with work.story.rt.read_session() as session:
        assert len(session.scalars(select(WorkAssignment)).all()) == 3


def test_old_rows_are_deleted(work: WorkList):
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    work.press(CHAMPION, "work_done")
    work.story.clock.now += 29 * DAY
    with work.write() as tx:
        assignment.purge(tx)
        assert tx.session.scalars(select(WorkAssignment)).all() == []
        assert len(tx.session.scalars(select(WorkItem)).all()) == 1
    work.story.clock.now += 62 * DAY
    with work.write() as tx:
        assignment.purge(tx)
        assert tx.session.scalars(select(WorkItem)).all() == []


# Private channels


def den(work: WorkList, *members: str) -> None:
    slack = work.story.slack
    slack.channels[DEN] = conversation_object(DEN, "den-of-secrets", is_private=True)
    slack.members_by_channel[DEN] = [*members]
    work.story.event(
        {
            "type": "member_joined_channel",
            "user": work.story.workspace.bot_user_id,
            "channel": DEN,
        }
    )
    work.story.command(ADMIN, "/backswing", channel=DEN)
    work.story.submit_settings(ADMIN, "settings", {"champions": [CHAMPION]})
    work.story.clock.advance(minutes=6)


@pytest.mark.deep
def test_no_item_rests_on_a_private_channel_that_the_champion_is_not_in(
    work: WorkList,
):
    den(work, ADMIN, PEER)
    work.join(channel=DEN)
    work.watch(until=FRIDAY + 4 * DAY, every=DAY / 4)
    assert work.items() == []
    everything = [
        str(message.blocks) + message.text
        for member in (CHAMPION, HELPER, ASKER, GUEST)
        for message in work.story.slack.messages_to(member)
    ]
    assert "den-of-secrets" not in "".join(everything) + work.home(CHAMPION)


@pytest.mark.deep
def test_a_champion_who_leaves_a_private_channel_sees_nothing_of_it(work: WorkList):
    den(work, ADMIN, CHAMPION)
    work.join(channel=DEN)
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, CHAMPION)]
    work.leave(CHAMPION, DEN)
    assert "Say hello" not in work.home(CHAMPION)
    # Monday at ten.
    work.watch(until=MONDAY + timedelta(hours=5), every=timedelta(minutes=30))
    assert work.messages() == []


def test_mondays_message_leaves_out_a_private_channel_left_since(work: WorkList):
    den(work, ADMIN, CHAMPION)
    work.join(channel=DEN)
    work.at(FRIDAY + 1.1 * DAY)
    assert "Say hello" in work.home(CHAMPION)
    work.watch(until=MONDAY - DAY / 4, every=DAY)
    work.story.clock.now = MONDAY + timedelta(minutes=20)
    work.home(CHAMPION)
    # The message waits for ten o'clock.
    work.at(MONDAY + timedelta(minutes=40))
    with work.write() as tx:
        assert NEWCOMER in str(mondays.note(tx, CHAMPION))
    work.leave(CHAMPION, DEN)
    with work.write() as tx:
        assert NEWCOMER not in str(mondays.note(tx, CHAMPION))


def test_items_of_a_channel_that_turns_private_are_over(work: WorkList):
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    slack = work.story.slack
    slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "help", is_private=True
    )
    with work.write() as tx:
        channels.upsert_from_slack(tx, slack.channels[HELP_CHANNEL])
    assert (work.item().outcome, work.item().champion) == ("over", None)


@pytest.mark.deep
def test_an_erased_newcomer_is_in_no_item_and_no_home(work: WorkList):
    work.join(profile={"profile": {"display_name": "Zoe", "real_name": "Zoe"}})
    work.at(FRIDAY + 1.1 * DAY)
    assert "Zoe" in work.home(CHAMPION)
    work.story.command(NEWCOMER, "/backswing", "forget me")
    view = work.story.slack.views[-1][1]
    work.story.submit(NEWCOMER, view, {})
    work.story.deliver()
    work.run()
    assert "Zoe" not in work.home(CHAMPION)
    [item] = work.items()
    assert NEWCOMER not in f"{item.subject} {item.about}"
    assert item.outcome == "over"


def test_an_erased_champion_leaves_no_trace(work: WorkList):
    work.story.slack.people[CHAMPION] = user_object(CHAMPION)
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    work.story.command(CHAMPION, "/backswing", "forget me")
    view = work.story.slack.views[-1][1]
    work.story.submit(CHAMPION, view, {})
    work.story.deliver()
    assert work.item().champion != CHAMPION
    with work.story.rt.read_session() as session:
        assert session.scalars(select(WorkAssignment)).all() == []
