"""Asks that no longer wait: no step stays due, and none is taken."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.workspace import channels
from models import AskRoute
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
)
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, user_object


def due_steps(routing: Routing) -> int:
    with routing.story.rt.read_session() as session:
        routes = session.scalars(select(AskRoute.due_at)).all()
    return sum(at is not None and at <= routing.story.clock.now for at in routes)


def answer(routing: Routing) -> None:
    routing.story.say(PEER, "Like this.", thread_ts=routing.story.asks()[-1].ts)


def close(routing: Routing) -> None:
    ask = routing.story.asks()[-1]
    routing.story.click(ASKER, "route_close", str(ask.id))


def turn_off(routing: Routing) -> None:
    with routing.write() as tx:
        channels.get_or_create(tx, HELP_CHANNEL).routes_asks = False


def leave(routing: Routing) -> None:
    gone = user_object(ASKER, "Ana", deleted=True)
    routing.story.slack.people[ASKER] = gone
    assert routing.story.event({"type": "user_change", "user": gone}) == 200
    routing.story.advance(minutes=2)


def archive(routing: Routing) -> None:
    with routing.write() as tx:
        channels.update_channel(tx, HELP_CHANNEL, is_archived=True)


def remove_bot(routing: Routing) -> None:
    with routing.write() as tx:
        channels.update_channel(tx, HELP_CHANNEL, is_joined=False)


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("end", [answer, close, turn_off, leave, archive, remove_bot])
def test_no_step_stays_due(
    routing: Routing, story: Story, end: Callable[[Routing], None]
):
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    end(routing)
    routing.at(MONDAY_NOON)
    assert due_steps(routing) == 0
    routing.at(MONDAY_NOON + timedelta(days=3))
    assert not routing.requests(HELPER)
    assert due_steps(routing) == 0


def test_where_routing_is_turned_on_old_asks_stay_alone(routing: Routing, story: Story):
    turn_off(routing)
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.at(MONDAY_NOON + timedelta(days=21))
    with routing.write() as tx:
        channels.get_or_create(tx, HELP_CHANNEL).routes_asks = True
    routing.run()
    assert not routing.requests(HELPER)
    assert due_steps(routing) == 0
