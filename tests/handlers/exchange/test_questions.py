"""The question: nobody learns of a no, both ask at once, room, and opting out."""

import itertools
import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.clock import datetime_to_micros
from bot.exchange import wishes
from bot.people import exclusions
from bot.programs import membership
from models import ExchangeMember, MemberAttributes
from tests.exchange import (
    HOME,
    START,
    agree_all,
    asks,
    begin,
    exchange,
    exchanges,
    opens_up,
    presses,
    row_of,
    sees,
    wish,
)
from tests.factories import Story
from tests.pairs import people_page, texts_to
from tests.pairs import presses as presses_button
from tests.people import choose, join_program, workspace_program
from tests.personal_data import days_pass, file_of
from tests.seasons import text_of
from tests.slack_payloads import ASKER, GUEST, HELPER, PEER, user_object

OVER = "It didn't work out with Ben this time."
NO_MORE = "I won't propose you two to each other for a year."
ANSWERS = ["not_now", "not_this", None]


@pytest.mark.deep
def test_a_no_looks_like_silence(story: Story) -> None:
    """Let three ask at the same time, and compare all that they see for two weeks."""
    story.set_up_workspace(exchange="on")
    story.clock.now = START
    pairs = [(f"U0ASKER{n}", f"U0PEER{n}") for n in range(len(ANSWERS))]
    for n, (asker, peer) in enumerate(pairs):
        for member, wanted, known in ((asker, "a", "b"), (peer, "b", "a")):
            story.slack.people[member] = user_object(member, f"Name {member[2:]}")
            topics = {"topics_wanted": f"{wanted}{n}", "topics_known": f"{known}{n}"}
            opens_up(story, member, **topics)
        asks(story, asker, peer)
    numbers = {row.asker: row.id for row in exchanges(story)}
    for (asker, peer), answer in zip(pairs, ANSWERS, strict=True):
        if answer is not None:
            shown = presses(story, peer, answer, numbers[asker])
            assert "learns only that it didn't work out" in shown
    seen: dict[str, list[str]] = {asker: [] for asker, _ in pairs}
    told = []
    for day in range(14):
        story.advance(days=1)
        # On the days after the question, after the end, and at the last.
        if day not in {0, 1, 8, 9, 10, 13}:
            continue
        for asker, _ in pairs:
            texts = [message.text for message in story.slack.messages_to(asker)]
            seen[asker] += [*texts, people_page(story, asker), sees(story, asker)]
            told += [day] * any("It didn't work out with" in text for text in texts)
    assert told[:3] == [9, 9, 9]
    for asker, _ in pairs:
        seen[asker].append(exchange_tables(story, asker))
    alike = [
        re.sub(rf"(ASKER|PEER|\ba|\bb){n}|exchange_id\": {n + 1}\b", r"\1", str(each))
        for n, each in enumerate(seen.values())
    ]
    assert times_left_out(alike[0]) == times_left_out(alike[1])
    assert times_left_out(alike[0]) == times_left_out(alike[2])


def exchange_tables(story: Story, member: str) -> str:
    """Return the part of a member's data that is about exchanges."""
    tables = sorted(file_of(story, member)["tables"].items())
    kept = [table for table in tables if table[0].startswith("exchange")]
    assert len(kept) == 3
    return json.dumps(kept, sort_keys=True)


def times_left_out(text: str) -> str:
    """Return the text without times: the three press one after the other."""
    return re.sub(r"\d+(:\d\d)*(\.\d+)?", "", text)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_no_before_the_message_looks_like_silence(
    story: Story, answer: str | None
) -> None:
    """Ben is asked at night, and answers on his Home tab before the message comes."""
    story.slack.people[HELPER] = user_object(HELPER, "Ben", tz="America/New_York")
    begin(story)
    asks(story)
    assert texts_to(story, HELPER, "would like to learn together") == []
    if answer is not None:
        number = str(exchange(story).id)
        story.click(HELPER, f"exchange_{answer}", number, view=HOME)
    for _ in range(14 * 24):
        story.advance(hours=1)
        if texts_to(story, ASKER, OVER):
            break
    # Ten days after nine in New York.
    assert story.clock.now.replace(second=0) == datetime(2026, 3, 20, 13, tzinfo=UTC)


@pytest.mark.deep
def test_not_this_lasts_a_year_unless_taken_back_and_not_now_does_not(
    story: Story,
) -> None:
    begin(story)
    asks(story)
    presses(story, HELPER, "not_now")
    assert "Ask Ana" in sees(story, HELPER)
    story.advance(days=12)
    assert "nobody who wants" in sees(story, ASKER)
    story.advance(days=80)
    assert "Ask Ben" in sees(story, ASKER)
    asks(story)
    shown = presses(story, HELPER, "not_this")
    assert "I won't propose you two to each other for a year." in shown
    story.advance(days=100)
    for person in (ASKER, HELPER):
        assert "nobody who wants" in sees(story, person)
    # They can take it back, also long after the question, and it begins nothing.
    assert NO_MORE in presses(story, HELPER, "not_this")
    assert NO_MORE not in presses(story, HELPER, "not_now")
    presses(story, HELPER, "yes")
    assert "Ask Ben" in sees(story, ASKER)
    presses(story, HELPER, "not_this")
    for days, count, is_proposed in ((250, 1, False), (30, 0, True)):
        days_pass(story, days)
        assert ("Ask Ben" in sees(story, ASKER)) == is_proposed
        assert len(exchanges(story)) == count
    with story.rt.read_session() as session:
        assert session.scalars(select(ExchangeMember)).all() == []


def test_a_no_can_be_changed_while_the_question_is_open(story: Story) -> None:
    begin(story)
    asks(story)
    presses(story, HELPER, "not_this")
    assert presses(story, HELPER, "yes").startswith("You and Ana can learn together")
    assert exchange(story).begun_at is not None


def test_nothing_is_answered_after_the_end(story: Story) -> None:
    begin(story)
    asks(story)
    story.advance(days=12)
    shown = presses(story, HELPER, "yes")
    assert shown == "It didn't work out this time. The question is over."
    assert exchange(story).begun_at is None


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (19, {0: "can learn together", 7: "is not finished", 28: "within four weeks"}),
        # She reads at once that it is over, but not as if she had known of it.
        (40, {0: "Ben said yes while you were away. You two didn't agree in time"}),
    ],
)
def test_the_four_weeks_begin_when_the_asker_reads_of_the_yes(
    story: Story, days: int, told: dict[int, str]
) -> None:
    """Ana's status says that she is away, and she says only then for how long."""
    begin(story)
    asks(story)
    user = story.slack.people[ASKER]
    away = {"profile": {**user["profile"], "status_emoji": ":palm_tree:"}}
    story.event({"type": "user_change", "user": user | away})
    presses(story, HELPER, "yes")
    back = START.date() + timedelta(days=days)
    for day in range(days):
        if day == 10:
            choose(story, ASKER, paused_until=back)
        story.advance(days=1)
    story.event({"type": "user_change", "user": user})
    texts: dict[int, str] = {}
    for day in range(40):
        story.advance(days=1)
        for text in texts_to(story, ASKER)[len(texts) :]:
            texts[day] = text
    assert list(texts) == list(told)
    assert all(told[day] in texts[day] for day in told)


@pytest.mark.parametrize("order", list(itertools.permutations(["not_now", "yes"])))
def test_a_yes_stays(story: Story, order: tuple[str, ...]) -> None:
    begin(story)
    asks(story)
    for choice in (*order, *order):
        presses(story, HELPER, choice)
    assert row_of(story, HELPER).answer == "yes"
    assert len(texts_to(story, ASKER, "You and Ben can learn together.")) == 1


def test_taken_back(story: Story) -> None:
    begin(story)
    asks(story)
    # The asker can't answer for the peer.
    presses(story, ASKER, "yes")
    assert story.slack.responses[-1][1] == "That exchange is gone."
    assert exchange(story).begun_at is None
    story.click(ASKER, "exchange_take_back", str(exchange(story).id), view=HOME)
    story.deliver()
    assert "You asked Ben" not in people_page(story, ASKER)
    shown = presses(story, HELPER, "yes")
    assert shown == "It didn't work out this time. The question is over."
    story.advance(days=15)
    assert texts_to(story, ASKER, OVER) == []
    # The peer can't take back a question.
    presses(story, HELPER, "take_back")
    assert story.slack.responses[-1][1] == "That exchange is gone."


@pytest.mark.on_postgresql
def test_both_ask_each_other(story: Story) -> None:
    begin(story)
    modal = {"type": "modal", "blocks": []}
    story.click(ASKER, "exchange_ask", HELPER, view=modal)
    story.click(HELPER, "exchange_ask", ASKER, view=modal)
    assert "You and Ana can learn together" in text_of(story.slack.views[-1][1])
    story.deliver()
    [row] = exchanges(story)
    assert (row.asker, row.peer) == (ASKER, HELPER)
    assert row.begun_at is not None
    # The question was answered before it was sent.
    assert texts_to(story, HELPER, "would like to learn together") == []
    assert texts_to(story, ASKER, "You and Ben can learn together.")
    story.advance(days=12)
    assert texts_to(story, ASKER, OVER) == []


def test_the_same_press_twice_asks_once(story: Story) -> None:
    begin(story)
    asks(story)
    asks(story)
    assert len(exchanges(story)) == 1
    assert len(texts_to(story, HELPER, "would like to learn together")) == 1


def test_one_question_at_a_time(story: Story) -> None:
    begin(story, ASKER, HELPER, PEER)
    opens_up(story, PEER, topics_wanted="postgres", topics_known="retries")
    asks(story)
    asks(story, ASKER, PEER)
    assert len(exchanges(story)) == 1
    assert "You've asked someone already." in text_of(story.slack.views[-1][1])


@pytest.mark.deep
def test_at_most_one_new_exchange_a_month(story: Story) -> None:
    begin(story, ASKER, HELPER, PEER)
    opens_up(story, PEER, topics_wanted="postgres", topics_known="retries")
    agree_all(story)
    assert "Ask Chi" in sees(story, ASKER)
    asks(story, ASKER, PEER)
    said = text_of(story.slack.views[-1][1])
    assert "You can begin the next one from 9 April on." in said
    # Nor is anyone proposed who began one lately.
    assert "Ana" not in sees(story, PEER)
    story.advance(days=31)
    asks(story, ASKER, PEER)
    assert exchange(story).peer == PEER
    presses(story, PEER, "yes")
    assert exchange(story).begun_at is not None


def test_no_more_at_a_time_than_they_want(story: Story) -> None:
    begin(story, ASKER, HELPER, PEER)
    opens_up(story, PEER, topics_wanted="postgres", topics_known="retries")
    story.clock.advance(seconds=1)
    opens_up(story, ASKER, max_exchanges="1")
    agree_all(story)
    story.advance(days=31)
    asks(story, ASKER, PEER)
    assert "as many exchanges as you want" in text_of(story.slack.views[-1][1])
    assert "Ana" not in sees(story, PEER)


def test_a_yes_comes_to_nothing_if_the_asker_has_no_room(story: Story) -> None:
    begin(story, ASKER, HELPER, PEER)
    opens_up(story, PEER, topics_wanted="postgres", topics_known="retries")
    asks(story)
    first = exchange(story).id
    # Meanwhile someone else asks the asker, who says yes.
    asks(story, PEER, ASKER)
    presses(story, ASKER, "yes")
    shown = presses(story, HELPER, "yes", first)
    assert shown == "It didn't work out this time. Ana can't begin an exchange now."
    assert [bool(row.begun_at) for row in exchanges(story)] == [False, True]
    # The asker learns nothing of that yes.
    before = len(story.slack.messages_to(ASKER))
    story.advance(hours=1)
    assert len(story.slack.messages_to(ASKER)) == before


@pytest.mark.deep
def test_a_peer_without_room_can_not_say_yes(story: Story) -> None:
    begin(story, ASKER, HELPER, PEER)
    asks(story, PEER, HELPER)
    first = exchange(story).id
    agree_all(story)
    presses(story, HELPER, "yes", first)
    assert "You can begin the next one from 9 April on." in story.slack.responses[-1][1]
    assert [bool(row.begun_at) for row in exchanges(story)] == [False, True]


# Opting in and out


def test_nobody_is_asked_who_did_not_opt_in(story: Story) -> None:
    begin(story, ASKER)
    join_program(story, HELPER)
    choose(story, HELPER, topics_known=["retries"], topics_wanted=["postgres"])
    assert "nobody who wants" in sees(story, ASKER)
    asks(story)
    assert exchanges(story) == []
    assert "I can't ask them now." in text_of(story.slack.views[-1][1])


def test_who_stops_is_no_longer_asked(story: Story) -> None:
    begin(story)
    story.click(HELPER, "exchange_stop", "exchange", view=HOME)
    assert "nobody who wants" in sees(story, ASKER)
    story.clock.advance(minutes=1)
    opens_up(story, HELPER)
    # The message waits for the morning; before it, they stop.
    story.clock.now = START + timedelta(hours=12)
    asks(story)
    assert len(exchanges(story)) == 1
    story.clock.advance(seconds=1)
    story.change_my_settings(HELPER, open_to_exchange=[])
    assert not wish(story, HELPER).is_in
    story.advance(hours=12)
    assert texts_to(story, HELPER, "would like to learn together") == []
    story.advance(days=11)
    story.advance(days=1)
    assert texts_to(story, HELPER, "would like to learn together") == []
    assert texts_to(story, ASKER, OVER)


def test_to_stop_by_the_question_looks_like_silence(story: Story) -> None:
    begin(story)
    asks(story)
    presses_button(story, HELPER, "Stop asking me")
    assert "no longer open" in story.slack.replaced_texts[-1]
    assert not wish(story, HELPER).is_in
    story.advance(days=14)
    assert len(texts_to(story, ASKER, OVER)) == 1


@pytest.mark.parametrize("change", ["stopped", "excludes", "is excluded", "left"])
@pytest.mark.deep
def test_a_question_that_waits_is_not_sent_in_vain(story: Story, change: str) -> None:
    begin(story)
    # The message waits for the morning.
    story.clock.now = START + timedelta(hours=12)
    asks(story)
    assert "Ana would like to learn" in people_page(story, HELPER)
    with story.rt.write(story.workspace) as tx:
        match change:
            case "stopped":
                wishes.stop(tx, ASKER, event_micros=10**17)
            case "excludes":
                exclusions.exclude(tx, ASKER, HELPER, source="own")
            case "is excluded":
                exclusions.exclude(tx, HELPER, ASKER, source="own")
            case "left":
                program = workspace_program(tx)
                membership.leave(tx, program, ASKER, event_micros=10**17)
    assert "Ana would like to learn" not in people_page(story, HELPER)
    story.advance(hours=12)
    assert texts_to(story, HELPER, "would like to learn together") == []
    story.advance(days=13)
    assert len(texts_to(story, ASKER, OVER)) == 1


def test_presses_in_any_order_give_one_wish(story: Story) -> None:
    begin(story)
    later = datetime_to_micros(story.clock.now) + 10_000_000
    at = f"{later // 10**6}.{later % 10**6:06}"
    story.click(ASKER, "exchange_stop", "exchange", view=HOME, action_ts=at)
    opens_up(story, ASKER)
    assert not wish(story, ASKER).is_in


@pytest.mark.deep
def test_it_begins_with_six_people(story: Story) -> None:
    story.clock.now = START
    people = [ASKER, *(f"U0E{number}" for number in range(5))]
    for person in people[1:]:
        story.slack.people[person] = user_object(person, f"Person {person[-1]}")
        opens_up(story, person, topics_wanted="postgres", topics_known="retries")
    assert "Now it's 5." in sees(story, people[1])
    opens_up(story, ASKER)
    shown = sees(story, ASKER)
    # Not more than three are proposed.
    assert shown.count("Ask Person") == 3


@pytest.mark.deep
def test_it_begins_with_six_people_who_are_still_there(story: Story) -> None:
    story.clock.now = START
    people = [f"U0E{number}" for number in range(6)]
    for person in people:
        story.slack.people[person] = user_object(person, f"Person {person[-1]}")
        opens_up(story, person, topics_wanted="postgres", topics_known="retries")
    assert "Now it's" not in sees(story, people[0])
    user = {**story.slack.people[people[5]], "deleted": True}
    story.slack.people[people[5]] = user
    story.event({"type": "user_change", "user": user})
    assert "Now it's 5." in sees(story, people[0])


@pytest.mark.deep
def test_many_questions_hide_no_exchange(story: Story) -> None:
    begin(story)
    agree_all(story)
    story.advance(days=31)
    for number in range(9):
        person = f"U0Q{number}"
        story.slack.people[person] = user_object(person, f"Person {number}")
        opens_up(story, person, topics_wanted="postgres", topics_known="retries")
        story.clock.advance(seconds=1)
        asks(story, person, ASKER)
    page = people_page(story, ASKER)
    assert "You and Ben" in page
    assert "would like to learn together" in page


def test_two_in_an_exchange_are_not_proposed_to_each_other(story: Story) -> None:
    begin(story)
    agree_all(story)
    story.advance(days=31)
    for person in (ASKER, HELPER):
        assert "nobody who wants" in sees(story, person)


@pytest.mark.parametrize("change", ["off", "left", "excluded", "manager", "paused"])
def test_people_who_must_not_meet_are_not_proposed(story: Story, change: str) -> None:
    begin(story)
    assert "Ask Ben" in sees(story, ASKER)
    with story.rt.write(story.workspace) as tx:
        match change:
            case "excluded":
                exclusions.exclude(tx, HELPER, ASKER, source="own")
            case "manager":
                row = {"member": HELPER, "manager": ASKER, "source": "file"}
                tx.session.add(MemberAttributes(installation_id=tx.workspace.id, **row))
            case "left":
                program = workspace_program(tx)
                membership.leave(tx, program, HELPER, event_micros=10**17)
    if change == "paused":
        choose(story, HELPER, paused_until=date(2026, 5, 1))
    if change == "off":
        story.set_up_workspace(exchange="off")
        asks(story)
        assert "no learning together" in text_of(story.slack.views[-1][1])
        assert "Learn together" not in people_page(story, ASKER)
    else:
        assert "nobody who wants" in sees(story, ASKER)
        asks(story)
        assert "I can't ask them now." in text_of(story.slack.views[-1][1])
    assert exchanges(story) == []


def test_a_yes_comes_to_nothing_if_they_never_want_to_meet(story: Story) -> None:
    begin(story)
    asks(story)
    with story.rt.write(story.workspace) as tx:
        exclusions.exclude(tx, ASKER, HELPER, source="own")
    shown = presses(story, HELPER, "yes")
    assert shown == "It didn't work out this time. Ana can't begin an exchange now."
    assert exchange(story).begun_at is None


def test_someone_who_left_can_not_say_yes(story: Story) -> None:
    begin(story)
    asks(story)
    with story.rt.write(story.workspace) as tx:
        program = workspace_program(tx)
        membership.leave(tx, program, HELPER, event_micros=10**17)
    presses(story, HELPER, "yes")
    assert "for people in a program that has it" in story.slack.responses[-1][1]
    assert exchange(story).begun_at is None
    assert row_of(story, HELPER).answer is None


def test_a_guest_meets_no_stranger(story: Story) -> None:
    begin(story, ASKER)
    story.slack.people[GUEST] = user_object(GUEST, "Guest", is_restricted=True)
    opens_up(story, GUEST, topics_wanted="postgres", topics_known="retries")
    assert "nobody who wants" in sees(story, GUEST)
    assert "nobody who wants" in sees(story, ASKER)
    asks(story, ASKER, GUEST)
    assert exchanges(story) == []


@pytest.mark.deep
def test_the_question_counts_as_unasked(story: Story) -> None:
    begin(story)
    story.set_up_workspace(unasked_per_week="0")
    asks(story)
    assert texts_to(story, HELPER, "would like to learn together") == []
    # It can be answered on the Home tab all the same.
    assert "Ana would like to learn together with you." in people_page(story, HELPER)
    story.click(HELPER, "exchange_yes", str(exchange(story).id), view=HOME)
    story.deliver()
    assert exchange(story).begun_at is not None
