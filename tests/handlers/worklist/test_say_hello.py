"""Suggestions to say hello to people who are new."""

import pytest
from sqlalchemy import select

from bot.onboarding import newcomers
from models import Champion, Channel, MessageCount, Newcomer
from tests.handlers.worklist.conftest import DAY, FRIDAY, MONDAY, NEWCOMER, WorkList
from tests.slack_payloads import (
    CHAMPION,
    GUEST,
    HELPER,
    PEER,
    conversation_object,
)


def test_a_champion_can_say_hello_a_day_after_a_person_has_joined(work: WorkList):
    work.join()
    work.at(FRIDAY + DAY / 2)
    assert work.open() == []
    work.at(FRIDAY + DAY * 1.1)
    assert work.open() == [("say_hello", NEWCOMER, CHAMPION)]


@pytest.mark.parametrize("does", ["mentions", "replies", "reacts", "is_answered"])
@pytest.mark.deep_on_postgresql
def test_a_person_who_was_greeted_by_hand_is_not_suggested(work: WorkList, does: str):
    story = work.story
    work.join()
    match does:
        case "mentions":
            story.say(PEER, f"Welcome <@{NEWCOMER}>!")
        case "replies":
            ts = story.say(NEWCOMER, "Hi all")
            story.say(PEER, "Welcome!", thread_ts=ts, parent_user_id=NEWCOMER)
        case "reacts":
            ts = story.say(NEWCOMER, "Hi all")
            story.react(PEER, ts, "wave", author=NEWCOMER)
        case "is_answered":
            ask = story.ask(member=NEWCOMER)
            story.say(HELPER, "Like this", thread_ts=ask.ts)
    work.at(FRIDAY + DAY * 1.1)
    assert [kind for kind, *_ in work.open() if kind == "say_hello"] == []


@pytest.mark.deep_on_postgresql
def test_a_greeting_in_another_channel_counts_too(work: WorkList):
    work.story.slack.channels["C0OTHER"] = conversation_object("C0OTHER", "other")
    work.join()
    work.story.say(PEER, f"Welcome <@{NEWCOMER}>!", channel="C0OTHER")
    work.at(FRIDAY + DAY * 1.1)
    assert work.open() == []


def test_a_person_who_wrote_elsewhere_long_before_is_not_new(work: WorkList):
    work.join()
    with work.write() as tx:
        channel = tx.session.scalars(select(Channel)).one()
        day = (FRIDAY - 20 * DAY).date()
        row = {"channel_id": channel.id, "day": day, "member": NEWCOMER, "messages": 1}
        tx.session.add(MessageCount(**row))
    work.at(FRIDAY + DAY * 1.1)
    assert work.open() == []


def test_what_newcomers_do_themselves_is_no_greeting(work: WorkList):
    story = work.story
    work.join()
    ts = story.say(NEWCOMER, f"Hi, I'm <@{NEWCOMER}>")
    story.react(NEWCOMER, ts, "wave", author=NEWCOMER)
    story.say(NEWCOMER, "Anyone?", thread_ts=ts, parent_user_id=NEWCOMER)
    work.at(FRIDAY + DAY * 1.1)
    assert work.open() == [("say_hello", NEWCOMER, CHAMPION)]


@pytest.mark.parametrize("does", ["asked", "mentioned", "left", "deactivated"])
@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_an_item_that_is_no_longer_true_is_over(work: WorkList, does: str):
    story = work.story
    work.join()
    work.at(FRIDAY + DAY * 1.1)
    assert "Say hello" in work.home(CHAMPION)
    match does:
        case "mentioned":
            story.say(PEER, f"Hi <@{NEWCOMER}>!")
        case "asked":
            story.ask(member=NEWCOMER)
        case "left":
            work.leave()
        case _:
            story.event(
                {
                    "type": "user_change",
                    "user": {**story.slack.people[NEWCOMER], "deleted": True},
                }
            )
    if does != "mentioned":
        # It is not shown, even before the job has run again.
        assert "Say hello" not in work.home(CHAMPION)
    work.at(FRIDAY + DAY * 1.2)
    assert "Say hello" not in work.home(CHAMPION)
    [item] = work.items("say_hello")
    # Nothing says who did not do it.
    assert (item.outcome, item.champion, item.previous_champion) == ("over", None, None)


@pytest.mark.parametrize("fact", ["is_bot", "team_id"])
def test_bots_and_members_of_other_organisations_are_not_suggested(
    work: WorkList, fact: str
):
    profile = {"is_bot": True} if fact == "is_bot" else {"team_id": "T0OTHER"}
    work.join("U0BOT", profile=profile)
    work.at(FRIDAY + DAY * 1.1)
    assert work.open() == []


def test_guests_are_greeted_but_get_no_suggestions(work: WorkList):
    work.story.set_up_channel(champions=[])
    with work.write() as tx:
        channel = tx.session.scalars(select(Channel)).first()
        assert channel is not None
        tx.session.add(Champion(channel_id=channel.id, member=GUEST))
    work.join(GUEST)
    work.at(FRIDAY + DAY * 1.1)
    assert work.open() == []
    work.story.set_up_channel(champions=[CHAMPION])
    work.at(FRIDAY + DAY * 1.2)
    assert work.open() == [("say_hello", GUEST, CHAMPION)]


def test_people_who_joined_long_ago_are_forgotten(work: WorkList):
    work.join()
    work.story.clock.now = FRIDAY + 14.1 * DAY
    with work.write() as tx:
        newcomers.purge(tx)
        assert tx.session.scalars(select(Newcomer)).all() == []


def test_nobody_is_suggested_twice_even_after_a_return(work: WorkList):
    work.join()
    work.at(FRIDAY + DAY * 1.1)
    work.press(CHAMPION, "work_done")
    work.leave()
    work.join()
    work.at(MONDAY + 2 * DAY)
    [item] = work.items()
    assert (item.outcome, item.champion) == ("done", CHAMPION)


@pytest.mark.deep
def test_the_button_opens_the_champions_own_direct_message(work: WorkList):
    work.join()
    work.at(FRIDAY + DAY * 1.1)
    assert f"slack://user?team={work.story.team}&id={NEWCOMER}" in work.home(CHAMPION)


def test_the_champion_is_not_suggested_to_themselves(work: WorkList):
    work.story.slack.members_by_channel["C0HELP"].remove(CHAMPION)
    work.join(CHAMPION)
    work.at(FRIDAY + DAY * 1.1)
    assert work.open() == []
