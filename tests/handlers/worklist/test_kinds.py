"""Suggestions about asks: no answer, no mark, and firsts."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.slack.text import ANONYMOUS
from models import Answer, Ask, AskRoute, Channel
from tests.handlers.worklist.conftest import DAY, FRIDAY, MONDAY, WorkList
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
)

QUESTION = "How do I renew the VPN certificate?"


def ask(work: WorkList, *, is_first: bool = False, next_step: int = 1) -> Ask:
    """Return Ana's ask, at this step."""
    work.story.ask(QUESTION)
    with work.write() as tx:
        row = tx.session.scalars(select(Ask)).one()
        row.is_first_ask = is_first
        tx.session.add(
            AskRoute(
                ask_id=row.id, installation_id=tx.workspace.id, next_step=next_step
            )
        )
    return work.story.asks()[-1]


def kinds(work: WorkList) -> list[str]:
    return [kind for kind, *_ in work.open()]


# Nobody has answered


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_an_ask_is_suggested_once_two_steps_were_taken(work: WorkList):
    row = ask(work, next_step=2)
    work.at(MONDAY)
    assert kinds(work) == []
    with work.write() as tx:
        tx.session.get_one(AskRoute, row.id).next_step = 3
    work.run()
    assert work.open() == [("unanswered", str(row.id), CHAMPION)]
    assert QUESTION in work.home(CHAMPION)


def test_i_can_help_lists_the_champion_and_takes_the_item_off(work: WorkList):
    ask(work, next_step=3)
    work.run()
    work.press(CHAMPION, "work_help")
    work.story.deliver()
    assert "Dan" in str(work.story.slack.messages_to(HELP_CHANNEL)[0].blocks)
    assert (work.item().outcome, work.item().champion) == ("done", CHAMPION)
    # A second press finds nothing, and does not take the name off again.
    work.press(CHAMPION, "work_help")
    work.story.deliver()
    assert "Dan" in str(work.story.slack.messages_to(HELP_CHANNEL)[0].blocks)


@pytest.mark.deep
def test_closing_with_a_reason_ends_the_item(work: WorkList):
    ask(work, next_step=3)
    work.run()
    work.press(CHAMPION, "work_close")
    view = work.story.slack.views[-1][1]
    assert view["callback_id"] == "close_ask"
    work.story.submit(CHAMPION, view, {"reason": "Solved in the hallway"})
    assert QUESTION not in work.home(CHAMPION)
    work.run()
    assert work.item().outcome == "over"


def test_an_answer_ends_the_item(work: WorkList):
    row = ask(work, next_step=3)
    work.run()
    work.story.say(HELPER, "Like this", thread_ts=row.ts)
    assert QUESTION not in work.home(CHAMPION)
    work.run()
    assert [(item.outcome, item.champion) for item in work.items("unanswered")] == [
        ("over", None)
    ]


def test_the_asker_is_not_asked_about_their_own_ask(work: WorkList):
    work.story.set_up_channel(champions=[ASKER])
    ask(work, next_step=3)
    work.run()
    assert work.items() == []


# Answered, not marked


def answered(work: WorkList) -> Ask:
    row = ask(work)
    work.story.say(HELPER, "Like this", thread_ts=row.ts)
    work.story.deliver()
    return row


def test_an_ask_without_a_mark_is_suggested_after_three_working_days(work: WorkList):
    row = answered(work)
    # It is Friday, nine o'clock.
    work.at(FRIDAY + 4 * DAY - timedelta(hours=1))
    assert kinds(work) == []
    work.at(FRIDAY + 5.1 * DAY)
    assert work.open() == [("unmarked", str(row.id), CHAMPION)]


@pytest.mark.parametrize("what", ["mark", "solution", "answer", "close"])
def test_a_marked_or_newly_answered_ask_is_left_alone(work: WorkList, what: str):
    row = answered(work)
    with work.story.rt.read_session() as session:
        ts = session.scalars(select(Answer.ts)).one()
    work.at(FRIDAY + 5.1 * DAY)
    assert kinds(work) == ["unmarked"]
    match what:
        case "mark":
            work.story.react(PEER, ts, "+1")
        case "solution":
            work.story.react(ASKER, ts, "white_check_mark")
        case "answer":
            work.story.say(PEER, "Or so", thread_ts=row.ts)
        case _:
            work.story.click(ASKER, "option_close", str(row.id))
    work.run()
    assert "unmarked" not in kinds(work)


def reminders(work: WorkList) -> list[str]:
    texts = work.story.slack.texts_to(ASKER)
    return [text for text in texts if text.startswith("Did one of the answers")]


@pytest.mark.deep
def test_the_bot_asks_kindly_once_and_without_a_name(work: WorkList):
    answered(work)
    work.at(FRIDAY + 5.1 * DAY)
    item = work.item("unmarked")
    work.press(CHAMPION, "work_remind", item)
    work.press(CHAMPION, "work_remind", item)
    work.story.deliver()
    [text] = reminders(work)
    assert "Dan" not in text
    assert work.item("unmarked").outcome == "done"
    work.watch(until=FRIDAY + 20 * DAY, every=DAY)
    assert len(reminders(work)) == 1


@pytest.mark.deep_on_postgresql
def test_the_reminder_is_not_sent_for_an_ask_that_was_marked_meanwhile(
    work: WorkList,
):
    answered(work)
    with work.story.rt.read_session() as session:
        ts = session.scalars(select(Answer.ts)).one()
    work.at(FRIDAY + 5.1 * DAY)
    work.press(CHAMPION, "work_remind")
    work.story.react(ASKER, ts, "+1")
    work.story.deliver()
    assert reminders(work) == []


# A first


@pytest.mark.deep_on_postgresql
def test_a_first_ask_opens_the_form_for_kudos_filled(work: WorkList):
    row = ask(work, is_first=True)
    work.run()
    assert work.open() == [("first", f"ask:{row.id}", CHAMPION)]
    work.press(CHAMPION, "work_thank")
    view = work.story.slack.views[-1][1]
    assert view["callback_id"] == "kudos"
    assert ASKER in str(view)
    assert "for the first time" in str(view)


@pytest.mark.deep
def test_thanks_take_the_item_off(work: WorkList):
    ask(work, is_first=True)
    work.run()
    work.story.clock.advance(minutes=1)
    work.story.command(CHAMPION, "/kudos", f"<@{ASKER}> for asking so clearly today")
    work.story.deliver()
    assert QUESTION not in work.home(CHAMPION)
    work.run()
    assert work.item().outcome == "over"


@pytest.mark.deep_on_postgresql
def test_a_first_answer_that_helped_is_suggested_until_it_loses_the_mark(
    work: WorkList,
):
    row = ask(work)
    answer = work.story.say(HELPER, "Like this", thread_ts=row.ts)
    work.run()
    assert kinds(work) == []
    work.story.react(ASKER, answer, "+1")
    work.run()
    [(kind, subject, champion)] = work.open()
    assert (kind, champion) == ("first", CHAMPION)
    assert subject.startswith("answer:")
    work.story.unreact(ASKER, answer, "+1")
    work.run()
    assert work.open() == []


def test_a_second_answer_that_helped_is_no_first(work: WorkList):
    row = ask(work)
    for text in ("Like this", "Or so"):
        answer = work.story.say(HELPER, text, thread_ts=row.ts)
        work.story.react(ASKER, answer, "+1")
    work.run()
    assert kinds(work) == []


# Asks without a name


def test_an_ask_without_a_name_is_neither_to_mark_nor_to_thank_for(work: WorkList):
    row = ask(work, is_first=True, next_step=3)
    with work.write() as tx:
        tx.session.get_one(Ask, row.id).asker = ANONYMOUS
    work.run()
    assert kinds(work) == ["unanswered"]
    answer = work.story.say(HELPER, "Like this", thread_ts=row.ts)
    work.at(FRIDAY + 5.1 * DAY)
    assert kinds(work) == []
    work.story.react(PEER, answer, "+1")
    work.run()
    assert kinds(work) == []


# Who may press


def test_only_the_items_champion_can_press(work: WorkList):
    ask(work, is_first=True, next_step=3)
    work.run()
    assert sorted(kinds(work)) == ["first", "unanswered"]
    before = len(work.story.slack.views)
    for item in work.items():
        for action in ("done", "refuse", "help", "close", "thank", "remind"):
            for member in (ADMIN, ASKER):
                work.press(member, f"work_{action}", item)
    forms = [view.get("callback_id") for _, view in work.story.slack.views[before:]]
    assert not {"kudos", "close_ask"} & {*forms}
    assert [item.outcome for item in work.items()] == ["open", "open"]


def test_a_button_of_another_kind_does_nothing(work: WorkList):
    ask(work, is_first=True)
    work.run()
    for action in ("help", "close", "remind"):
        work.press(CHAMPION, f"work_{action}")
    assert work.item().outcome == "open"
    assert reminders(work) == []


@pytest.mark.deep
def test_a_champion_who_has_left_a_private_channel_cannot_press(work: WorkList):
    ask(work, is_first=True, next_step=3)
    work.run()
    with work.write() as tx:
        tx.session.scalars(select(Channel)).one().is_private = True
    work.story.slack.members_by_channel[HELP_CHANNEL].remove(CHAMPION)
    work.story.clock.advance(hours=2)
    for item in work.items():
        work.press(CHAMPION, "work_done", item)
    assert [item.outcome for item in work.items()] == ["open", "open"]
    assert QUESTION not in work.home(CHAMPION)
