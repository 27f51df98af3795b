"""Everybody's limits hold, whatever becomes due."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, select

import jobs.routing
from bot.asks.service import AskDraft, insert_ask
from bot.routing.steps import BATCH_SIZE
from bot.workspace import channels, member_settings, sync
from models import AskStep, Champion, HelpRequest, UnaskedMessage
from tests.checkins import visible_text
from tests.factories import Story
from tests.handlers.routing.conftest import QUESTION, Routing, on_sqlite
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

pytestmark = pytest.mark.deep

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# Half past nine in Helsinki.
MONDAY = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)
# Steps for all asks of the weekend are due at one o'clock.
DUE = datetime(2026, 3, 9, 11, 1, tzinfo=UTC)


def limit(routing: Routing, member: str, per_week: int) -> None:
    with routing.write() as tx:
        member_settings.update(tx, member, max_requests_per_week=per_week)


def add_champion(routing: Routing) -> None:
    with routing.write() as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        tx.session.add(Champion(channel_id=channel.id, member=CHAMPION))


def test_where_nobody_may_be_asked_steps_pass_in_silence(
    routing: Routing, story: Story
):
    for member in (HELPER, PEER):
        limit(routing, member, 0)
    add_champion(routing)
    sync.refresh(story.rt, story.workspace, users=[CHAMPION], channel=HELP_CHANNEL)
    routing.at(MONDAY)
    story.ask(QUESTION)
    before = len(story.slack.messages)
    routing.watch(until=MONDAY + 47 * HOUR)
    assert [(step, count) for step, _, count in routing.steps()] == [(1, 0), (2, 0)]
    assert len(story.slack.messages) == before
    routing.watch(until=MONDAY + 48 * HOUR + 45 * MINUTE)
    [to_champion] = story.slack.messages[before:]
    assert to_champion.channel == CHAMPION
    assert "I could ask nobody" in visible_text(to_champion)
    routing.watch(until=MONDAY + 72 * HOUR + 5 * MINUTE)
    notice = routing.messages(ASKER)[-1]
    assert "Nobody has answered" in notice.text
    assert "asked" not in notice.text
    assert "Make it clearer" in visible_text(notice)


@on_sqlite
def test_who_is_no_longer_a_champion_gets_no_message(routing: Routing, story: Story):
    add_champion(routing)
    sync.refresh(story.rt, story.workspace, users=[CHAMPION], channel=HELP_CHANNEL)
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.watch(until=MONDAY + 47 * HOUR)
    story.clock.now = MONDAY + 48 * HOUR + MINUTE
    jobs.routing.route_asks(story.rt, story.worker)
    assert [step for step, _, _ in routing.steps()] == [1, 2, 3]
    with routing.write() as tx:
        tx.session.execute(delete(Champion))
    routing.watch(until=MONDAY + 52 * HOUR)
    assert routing.messages(CHAMPION) == []


@pytest.mark.parametrize("is_away", [True, False])
def test_the_next_best_is_asked_while_the_best_is_away(
    routing: Routing, story: Story, crowd: list[str], *, is_away: bool
):
    if is_away:
        status = {"status_emoji": ":palm_tree:", "status_text": "Vacationing"}
        ben = user_object(HELPER)
        ben["profile"] |= status
        story.slack.people[HELPER] = ben
        assert story.event({"type": "user_change", "user": ben}) == 200
    else:
        with routing.write() as tx:
            until = (MONDAY + timedelta(days=9)).date()
            member_settings.update(tx, HELPER, paused_until=until)
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    asked = {member for _, member in routing.asked()}
    assert len(asked) == 2
    assert HELPER not in asked


def test_nobody_is_asked_above_their_pace(routing: Routing, story: Story):
    """Ben and Chi have answered once in three months: one request a week."""
    for day in range(5):
        routing.at(MONDAY + timedelta(days=day))
        story.ask(QUESTION)
        routing.at(MONDAY + timedelta(days=day, hours=4, minutes=1))
    assert len(routing.requests(HELPER)) == len(routing.requests(PEER)) == 1
    routing.watch(until=MONDAY + timedelta(days=7, hours=5))
    assert len(routing.messages(HELPER)) <= 2


def test_a_chosen_number_replaces_the_pace(routing: Routing, story: Story):
    limit(routing, HELPER, 3)
    for day in range(5):
        routing.at(MONDAY + timedelta(days=day))
        story.ask(QUESTION)
        routing.at(MONDAY + timedelta(days=day, hours=4, minutes=1))
    assert len(routing.requests(HELPER)) == 3
    assert len(routing.requests(PEER)) == 1


def test_a_workspace_without_unasked_messages_asks_nobody(
    routing: Routing, story: Story
):
    story.set_up_workspace(unasked_per_week="0")
    limit(routing, HELPER, 7)
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.watch(until=MONDAY + 72 * HOUR)
    assert routing.asked() == []


def test_asks_that_find_everyone_resting_wait_for_an_hour(
    routing: Routing, story: Story
):
    for member in (HELPER, PEER):
        limit(routing, member, 7)
    routing.at(MONDAY - timedelta(days=1))
    for number in range(3):
        story.ask(f"{QUESTION} It is number {number}.")
    routing.run()
    counts = []
    for minutes in (0, 30, 58, 63, 90, 130):
        routing.at(DUE + minutes * MINUTE)
        counts.append((len(routing.requests(HELPER)), len(routing.requests(PEER))))
    assert counts == [(1, 1), (1, 1), (1, 1), (2, 2), (2, 2), (3, 3)]
    # The oldest ask came first.
    assert [
        ("number 0" in m.text, "number 2" in m.text) for m in routing.requests(PEER)
    ] == [
        (True, False),
        (False, False),
        (False, True),
    ]


@on_sqlite
def test_requests_that_slack_could_not_take_come_an_hour_apart(
    routing: Routing, story: Story
):
    limit(routing, HELPER, 7)
    limit(routing, PEER, 0)
    routing.at(MONDAY - timedelta(days=1))
    for number in range(2):
        story.ask(f"{QUESTION} It is number {number}.")
    routing.run()
    for minutes in (0, 61):
        story.clock.now = DUE + minutes * MINUTE
        jobs.routing.route_asks(story.rt, story.worker)
    with story.rt.read_session() as session:
        assert len(session.scalars(select(HelpRequest)).all()) == 2
    counts = []
    for minutes in (62, 90, 121, 123):
        story.clock.now = DUE + minutes * MINUTE
        story.deliver()
        counts.append(len(routing.requests(HELPER)))
    assert counts == [1, 1, 1, 2]


# More than the job looks at in one run.
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "count", [BATCH_SIZE + 10, pytest.param(200, marks=pytest.mark.exhaustive)]
)
def test_many_asks_are_due_at_once(
    routing: Routing, story: Story, crowd: list[str], count: int
):
    for member in (*crowd, HELPER, PEER):
        limit(routing, member, 2)
    weekend = datetime(2026, 3, 7, 12, tzinfo=UTC)
    routing.at(weekend)
    ask_ids = []
    with routing.write() as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        for number in range(count):
            draft = AskDraft(f"How do I renew the VPN certificate number {number}?")
            ask = insert_ask(
                tx,
                channel,
                draft,
                asker=ASKER,
                dedup_key=f"test:{number}",
                asked_at=weekend + number * timedelta(seconds=1),
                ts=f"{int(weekend.timestamp())}.{number:06}",
            )
            assert ask is not None
            ask.is_confirmed = True
            ask_ids.append(ask.id)
    # Each run of the job looks at some of them.
    for at in (weekend + HOUR, *(DUE + hour * HOUR for hour in range(3))):
        routing.at(at)
        for _ in range(-(-count // BATCH_SIZE) + 1):
            jobs.routing.route_asks(story.rt, story.worker)
        story.deliver()
    with story.rt.read_session() as session:
        requests = session.scalars(
            select(HelpRequest).order_by(HelpRequest.requested_at, HelpRequest.id)
        ).all()
        claims = session.execute(
            select(UnaskedMessage.member, UnaskedMessage.claimed_at)
        ).all()
        steps = session.scalars(select(AskStep)).all()
    by_member = Counter(request.member for request in requests)
    assert set(by_member) == {*crowd, HELPER, PEER}
    assert max(by_member.values()) == min(by_member.values()) == 2
    times = defaultdict(list)
    for member, claimed_at in claims:
        times[member].append(claimed_at)
    for member_times in times.values():
        for earlier, later in pairwise(sorted(filter(None, member_times))):
            assert later - earlier >= HOUR
    # The oldest asks were first, two people each.
    by_ask = Counter(request.ask_id for request in requests)
    assert sorted(by_ask) == ask_ids[:12]
    assert set(by_ask.values()) == {2}
    assert len({(step.ask_id, step.step) for step in steps}) == len(steps)
