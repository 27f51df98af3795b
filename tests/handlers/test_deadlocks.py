"""After a deadlock one transaction is rolled back, and runs again.

Batches of events lock channels, asks, rounds and kudos in one order, so they don't.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from bot.workspace import channels, sync
from handlers.bolt_app import BoltApp
from jobs import scheduled_jobs
from models import CheckInReply, KudosThanks
from tests.factories import Story
from tests.handlers.test_batch_commit import together
from tests.handlers.test_pointers import link, open_form, posted, submit
from tests.knowledge import solve_an_ask
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    message_event,
    reaction_event,
)

pytestmark = [
    pytest.mark.on_postgresql,
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]

ASKS = "SELECT 1 FROM asks FOR UPDATE"


@contextmanager
def crossing(story: Story, holds: str, then: str) -> Iterator[Callable[[], None]]:
    """Open a transaction that locks some rows first, and others in the end.

    It waits longer than the other transaction, which PostgreSQL therefore rolls back.
    """
    bind = story.rt.write_session.kw["bind"]
    with bind.begin() as connection:
        connection.execute(text("SET LOCAL deadlock_timeout = '10s'"))
        connection.execute(text(holds))

        def cross() -> None:
            wait_for_a_waiter(connection)
            connection.execute(text(then))

        yield cross


def wait_for_a_waiter(connection: Connection) -> None:
    """Wait until another transaction waits for a lock of this one."""
    waits = text("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1")
    while connection.execute(waits).first() is None:
        sleep(0.01)


def meanwhile(do: Callable[[], Any], cross: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=do)
    thread.start()
    cross()
    return thread


@pytest.mark.deep
@pytest.mark.deep_on_postgresql
def test_forget_me_runs_again(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    story.ask()
    story.command(ASKER, "/backswing", "forget me")
    view = story.slack.views[-1][1]
    answers: list[Any] = []
    with crossing(story, "SELECT 1 FROM members FOR UPDATE", ASKS) as cross:
        submission = meanwhile(
            lambda: answers.append(story.submit(ASKER, view, {})), cross
        )
    submission.join()
    assert caplog.messages.count("tried again") == 1
    assert "Done" in answers[0].body
    assert story.only_ask().asker.startswith("forgotten-")


def test_storing_fetched_users_runs_again(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, "heart")
    [job] = [
        j for j in scheduled_jobs(story.rt, story.worker) if j.name == "fetch-new-users"
    ]
    with crossing(story, ASKS, "SELECT 1 FROM reactions FOR UPDATE") as cross:
        meeting = meanwhile(job.run, cross)
    meeting.join()
    assert caplog.messages.count("tried again") == 1
    assert story.answer_marks() == {answer: (False, 1)}


# Batches. Another replica locks the same rows in the common order: channels, then asks,
# then rounds, and each kind by id. The batch's events are in another order.


def lock_row(table: str, slack_id: str, *, column: str = "ts") -> str:
    condition = f"{column} = '{slack_id}'"
    return f"SELECT 1 FROM {table} WHERE {condition} FOR NO KEY UPDATE"  # noqa: S608


@pytest.fixture
def cross_batch(
    story: Story, bolt: BoltApp, caplog: pytest.LogCaptureFixture
) -> Callable[..., None]:
    """Handle events while another transaction locks rows, and check that both succeed.

    The other locks the first row until the batch waits, and then locks the second.
    """

    def run(first: str, second: str, *events: dict[str, Any]) -> None:
        answers: list[int] = []
        with crossing(story, first, second) as cross:
            batch = meanwhile(lambda: answers.extend(together(bolt, *events)), cross)
        batch.join()
        assert answers == [200 for _ in events]
        assert "tried again one by one" not in caplog.messages

    return run


def test_a_batch_locks_asks_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    asks = [story.ask(), story.ask("How else is it done?")]
    answers = [story.say(HELPER, "So.", thread_ts=ask.ts) for ask in asks]
    cross_batch(
        *(lock_row("asks", ask.ts) for ask in asks),
        *(
            reaction_event(ASKER, answer, "white_check_mark", story.ts())
            for answer in reversed(answers)
        ),
    )
    assert [ask.state for ask in story.asks()] == ["solved", "solved"]


def test_a_batch_locks_asks_of_replies_and_of_reactions_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    first, second = story.ask(), story.ask("How else is it done?")
    answer = story.say(HELPER, "So.", thread_ts=first.ts)
    cross_batch(
        lock_row("asks", first.ts),
        lock_row("asks", second.ts),
        message_event(HELPER, "So.", story.ts(), second.ts),
        reaction_event(PEER, answer, "heart", story.ts()),
    )
    assert story.answer_marks()[answer] == (False, 1)
    assert len(story.answers()) == 2


def test_a_batch_locks_channels_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    places = [HELP_CHANNEL, "C0OTHER"]
    for place in places:
        with story.rt.write(story.workspace) as tx:
            channel = channels.get_or_create(tx, place)
            channel.is_joined, channel.capture = True, "all"
    cross_batch(
        *(lock_row("channels", place, column="slack_id") for place in places),
        *(
            message_event(ASKER, "How do I fix x?", story.ts(), channel=place)
            for place in reversed(places)
        ),
    )
    assert len(story.asks()) == 2


def test_a_batch_locks_rounds_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    places = [HELP_CHANNEL, "C0OTHER"]
    for place in places:
        story.add_schedule(place)
    story.post_round()
    rounds = [story.slack.messages_to(place)[-1].ts for place in places]
    cross_batch(
        *(lock_row("checkin_rounds", ts) for ts in rounds),
        *(
            message_event(PEER, "The import.", story.ts(), ts, place)
            for place, ts in zip(reversed(places), reversed(rounds), strict=True)
        ),
    )
    with story.rt.read_session() as session:
        assert session.scalar(select(func.count()).select_from(CheckInReply)) == 2


def test_a_batch_locks_asks_before_rounds(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    round_ = story.post_round()
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    cross_batch(
        lock_row("asks", ask.ts),
        lock_row("checkin_rounds", str(round_.ts)),
        message_event(PEER, "The import.", story.ts(), round_.ts),
        reaction_event(ASKER, answer, "white_check_mark", story.ts()),
    )
    assert story.only_ask().state == "solved"


@pytest.mark.parametrize("is_earlier", [False, True])
@pytest.mark.deep
@pytest.mark.deep_on_postgresql
def test_a_batch_locks_asks_of_answers_and_of_pointers_in_one_order(
    story: Story, cross_batch: Callable[..., None], *, is_earlier: bool
) -> None:
    earlier = solve_an_ask(story)
    asked = story.ask("The certificate of our VPN has expired", member=PEER)
    view = open_form(story)
    assert submit(story, view, link=link(earlier)) == {}
    story.deliver()
    pointer = posted(story)[-1]
    last = story.ask("How else is it done?")
    answer = story.say(HELPER, "So.", thread_ts=last.ts)
    first = story.asks()[0].ts if is_earlier else asked.ts
    cross_batch(
        lock_row("asks", str(first)),
        lock_row("asks", last.ts),
        reaction_event(ASKER, answer, "white_check_mark", story.ts()),
        reaction_event(PEER, pointer.ts, "white_check_mark", story.ts()),
    )
    assert [ask.state for ask in story.asks()] == ["solved"] * 3


def give_kudos(story: Story, recipient: str) -> str:
    """Ben gives kudos, and all profiles are known; return the `ts` of their message."""
    people = [ASKER, PEER, HELPER, recipient]
    sync.refresh(story.rt, story.workspace, users=people, channel=HELP_CHANNEL)
    text = f"<@{recipient}> for the answer on retries, which saved my day"
    story.command(HELPER, "/kudos", text)
    story.deliver()
    return story.slack.messages_to(HELP_CHANNEL)[-1].ts


def join_kudos(story: Story, member: str, ts: str) -> dict[str, Any]:
    reaction = reaction_event(member, ts, "raised_hands", story.ts())
    return reaction | {"item_user": BOT}


def test_a_batch_locks_kudos_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    first, second = give_kudos(story, CHAMPION), give_kudos(story, ADMIN)
    cross_batch(
        lock_row("kudos", first),
        lock_row("kudos", second),
        join_kudos(story, ASKER, second),
        join_kudos(story, PEER, first),
    )
    with story.rt.read_session() as session:
        assert session.scalar(select(func.count()).select_from(KudosThanks)) == 4


def test_a_batch_locks_givers_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    ts = give_kudos(story, CHAMPION)
    for member in (ASKER, PEER):
        story.react(member, ts, "raised_hands", author=BOT)
        story.unreact(member, ts, "raised_hands", author=BOT)
    cross_batch(
        *(
            lock_row("kudos_giver_locks", member, column="member")
            for member in (ASKER, PEER)
        ),
        join_kudos(story, PEER, ts),
        join_kudos(story, ASKER, ts),
    )
    with story.rt.read_session() as session:
        assert session.scalar(select(func.count()).select_from(KudosThanks)) == 3
