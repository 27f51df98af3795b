"""The same stories in two workspaces of one process: no data of one in the other."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import pytest

from bot.db.engine import Database
from bot.runtime import Runtime
from handlers.collectors import DatabaseCollector
from handlers.readiness import Readiness
from models import OutboxChannel, OutboxItem
from tests.conftest import NOW
from tests.factories import Clock, Story
from tests.fakes import PostedMessage
from tests.slack_payloads import ASKER
from tests.two_workspaces import (
    ALPHA,
    BETA,
    Pair,
    everything_in,
    mixed_rows,
    rows_of,
    serve_two,
    tell,
    transcript,
)


def tell_both(pair: Pair) -> None:
    for _ in zip_longest(tell(pair.alpha, ALPHA), tell(pair.beta, BETA)):
        pass


def lasting(rows: dict[str, list[Any]]) -> dict[str, int]:
    """Count the rows of each table, without those of Home tabs, which go after hours.

    The clock is later in the second story of two.
    """
    counts = {name: len(found) for name, found in rows.items()}
    counts["outbox"] -= sum("home.publish" in str(row) for row in rows["outbox"])
    return counts


@pytest.mark.deep
def test_each_sees_what_it_would_see_if_it_were_alone(story: Story, clock: Clock):
    for _ in tell(story, "Alone"):
        pass
    alone, rows = transcript(story, "Alone"), rows_of(story)
    clock.now = NOW
    pair = serve_two(story.rt, clock)
    tell_both(pair)
    for told, word, other in ((pair.alpha, ALPHA, BETA), (pair.beta, BETA, ALPHA)):
        assert word in everything_in(told)
        assert other not in everything_in(told)
        assert transcript(told, word) == alone
        assert lasting(rows_of(told)) == lasting(rows)
    assert mixed_rows(story.rt) == []
    # Rows of unserved workspaces stay as they are. Only times in the future are
    # corrected
    # for all workspaces, since the clock was set back here.
    after = rows_of(story)
    assert {name for name in rows if after[name] != rows[name]} <= {
        OutboxChannel.__tablename__
    }


@pytest.fixture
def pair(rt: Runtime, clock: Clock) -> Pair:
    pair = serve_two(rt, clock)
    tell_both(pair)
    return pair


def buttons(story: Story) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each button and menu of one workspace, with its possible users."""
    slack = story.slack
    shown: list[tuple[str, list[dict[str, Any]]]] = [
        *((message.channel, message.blocks) for message in _messages(story)),
        *((owner, view["blocks"]) for owner, view in slack.homes.items()),
    ]
    for recipient, blocks in shown:
        member = recipient if recipient.startswith("U") else ASKER
        for block in blocks:
            accessory = block.get("accessory")
            for element in [*block.get("elements", []), accessory]:
                if element and "action_id" in element:
                    yield member, element


def _messages(story: Story) -> list[PostedMessage]:
    return [*story.slack.messages, *story.slack.ephemeral_messages]


@pytest.mark.deep
def test_nothing_that_is_done_in_one_changes_the_other(pair: Pair, database: Database):
    """Press the buttons of one in the other, ask in both, and erase someone in one."""
    press_foreign_buttons(pair)
    look_at_metrics(pair, database)
    erase_in_alpha(pair)


def press_foreign_buttons(pair: Pair) -> None:
    """Press all buttons of alpha in beta."""
    before, pressed = rows_of(pair.alpha), 0
    for member, element in list(buttons(pair.alpha)):
        for option in element.get("options") or [None]:
            pair.beta.click(
                member,
                element["action_id"],
                element.get("value", ""),
                option=option and option["value"],
            )
            pressed += 1
    assert pressed > 20
    assert rows_of(pair.alpha) == before
    assert mixed_rows(pair.rt) == []


def look_at_metrics(pair: Pair, database: Database) -> None:
    """Check that the figures are those of both together."""
    for story, count in ((pair.alpha, 1), (pair.beta, 2)):
        for number in range(count):
            story.command(ASKER, "/ask", f"How does {number} work here?")
    collector = DatabaseCollector(
        pair.rt, database, Readiness({}), waiting_events=lambda: 0, build={}
    )
    figures = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in collector._outbox()
        for sample in metric.samples
    }
    waiting = [
        sum("pending" in row for row in rows_of(story)[OutboxItem.__tablename__])
        for story in (pair.alpha, pair.beta)
    ]
    assert 0 < waiting[0] < waiting[1]
    assert figures["backswing_deliveries", "pending"] == sum(waiting)


def erase_in_alpha(pair: Pair) -> None:
    """Erase a member in alpha, who stays in beta."""
    # One worker sends the messages of both.
    pair.alpha.advance(minutes=10)
    pair.alpha.advance(minutes=10)
    kept, files = rows_of(pair.beta), dict(pair.beta.slack.files)
    texts = [message.text for message in pair.beta.slack.messages]
    pair.alpha.command(ASKER, "/backswing", "forget me")
    view = pair.alpha.slack.views[-1][1]
    answer = pair.alpha.submit(ASKER, view, {})
    assert "Done" in json.dumps(json.loads(answer.body)["view"])
    pair.alpha.advance(minutes=2)
    left = rows_of(pair.alpha)
    # Only the tombstone of this id is left.
    assert [name for name in left if ASKER in str(left[name])] == ["members"]
    assert rows_of(pair.beta) == kept
    assert pair.beta.slack.files == files
    assert [message.text for message in pair.beta.slack.messages] == texts
