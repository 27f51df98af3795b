"""The process is killed at every step and restarts: nothing is lost or doubled."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot.db import engine
from bot.workspace import job_runs
from models import (
    Ask,
    AskRoute,
    AskStep,
    Base,
    Channel,
    Credit,
    HelpRequest,
    Kudos,
    MentorRun,
    Round,
)
from sandbox import Ack, Message
from tests.acceptance.crash_points import DELIVERY_POINTS, JOB_POINTS, REQUEST_POINTS
from tests.acceptance.long_runs import CrashingDeployment
from tests.acceptance.options import press_option

pytestmark = pytest.mark.deep

# From this point on the change is in the database, acknowledged or not.
COMMITTED = {"after its COMMIT", "before the 200", "after the 200"}


def some(points: Iterable[str], *chosen: str) -> list[Any]:
    """Leave out the points that another test has, unless all are selected."""
    exhaustive = pytest.mark.exhaustive
    return [
        pytest.param(point, marks=() if point in chosen else exhaustive)
        for point in points
    ]


# For one event, one command and one form, the process is killed at each point of a
# request; for one message of each method, at each point of a delivery.
SOME_REQUEST_POINTS = some(REQUEST_POINTS, "before its COMMIT", *COMMITTED)
SOME_DELIVERY_POINTS = some(DELIVERY_POINTS, "promise claimed", "Slack has accepted")
REASON = "the long and patient answer on retries"
FRIDAY = 4


@pytest.fixture(
    scope="module",
    params=["postgresql", pytest.param("sqlite", marks=pytest.mark.exhaustive)],
)
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CrashingDeployment]:
    """One workspace for all tests on a database; it only grows."""
    folder = tmp_path_factory.mktemp("city")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), folder / "city.db")
        url = f"sqlite:///{folder / 'city.db'}"
    else:
        migrated = request.getfixturevalue("migrated_postgresql")
        with migrated.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))
        url = request.getfixturevalue("postgresql_url")
    database = engine.connect(url)
    city = CrashingDeployment(database, folder)
    yield city
    city.stop()
    database.close()


@pytest.fixture(autouse=True)
def _check_after_crash(deployment: CrashingDeployment) -> Iterator[None]:
    deaths = deployment.crash_count
    yield
    deployment.wait_until_idle()
    assert deployment.crash_count > deaths
    deployment.check_invariants()


def count(deployment: CrashingDeployment, model: type[Base], **which: Any) -> int:
    with deployment.database.read_session() as session:
        row_count = select(func.count()).select_from(model).filter_by(**which)
        return session.scalar(row_count) or 0


# Requests: Slack delivers an event again; a person tries again.


@pytest.mark.parametrize("point", REQUEST_POINTS)
def test_a_reply_counts_once(deployment: CrashingDeployment, point: str):
    ask = deployment.ask()
    with deployment.crash_at(point, "answers" if "COMMIT" in point else ""):
        deployment.slack.say(
            deployment.ben, deployment.channel, "Have you tried it?", thread_ts=ask
        )
    deployment.wait_until_idle()
    [message] = deployment.slack.thread(deployment.channel, ask)[:1]
    assert "Answered" in str(message.blocks)


@pytest.mark.parametrize("point", SOME_REQUEST_POINTS)
def test_a_mark_counts_once(deployment: CrashingDeployment, point: str):
    ask = deployment.ask()
    answer = deployment.slack.say(
        deployment.ben, deployment.channel, "Have you tried it?", thread_ts=ask
    )
    deployment.wait_until_idle()
    with deployment.crash_at(point, "reactions" if "COMMIT" in point else ""):
        deployment.slack.react(
            deployment.ana, deployment.channel, answer, "white_check_mark"
        )
    deployment.wait_until_idle()
    assert "Solved" in str(deployment.slack.message(deployment.channel, ask).blocks)


@pytest.mark.parametrize("point", REQUEST_POINTS)
def test_a_committed_ask_by_command_exists(deployment: CrashingDeployment, point: str):
    words = deployment.new_question()
    with deployment.crash_at(point, "asks" if "COMMIT" in point else ""):
        ack = deployment.slack.command(
            deployment.ana, deployment.channel, "/ask", words
        )
    deployment.wait_until_idle()
    assert len(deployment.bot_messages(words)) == (point in COMMITTED)
    assert ack.status == (200 if point == "after the 200" else None)


@pytest.mark.parametrize("point", REQUEST_POINTS)
def test_an_ask_by_form_exists_once_however_often_it_is_sent(
    deployment: CrashingDeployment, point: str
):
    words = deployment.new_question()
    assert (
        deployment.slack.command(deployment.ana, deployment.channel, "/ask").status
        == 200
    )
    submit = deployment.form_submission(
        deployment.ana, {"title": words, "channel": deployment.channel}
    )
    with deployment.crash_at(point, "asks" if "COMMIT" in point else ""):
        ack = submit()
    if ack.status is None:
        assert submit().errors == {}
    deployment.wait_until_idle()
    assert len(deployment.bot_messages(words)) == 1


def thank(deployment: CrashingDeployment, giver: str, recipient: str) -> Ack:
    return deployment.slack.command(
        giver,
        deployment.channel,
        "/kudos",
        f"@{deployment.name(recipient)} for {REASON}",
    )


@pytest.mark.parametrize("point", SOME_REQUEST_POINTS)
def test_committed_kudos_exist(deployment: CrashingDeployment, point: str):
    # A recipient outside the channel gets a direct message, too.
    giver, recipient = (
        deployment.add_member("Gus"),
        deployment.person(f"Zoe{next(deployment.numbers)}"),
    )
    with deployment.crash_at(point, "kudos" if "COMMIT" in point else ""):
        ack = thank(deployment, giver, recipient)
    deployment.wait_until_idle()
    expected_count = int(point in COMMITTED)
    assert count(deployment, Kudos, giver=giver) == expected_count
    assert len(deployment.direct_messages(recipient, REASON)) == expected_count
    assert ack.status == (200 if point == "after the 200" else None)


@pytest.mark.parametrize("point", SOME_REQUEST_POINTS)
def test_a_credit_by_hand_exists_once_however_often_it_is_sent(
    deployment: CrashingDeployment, point: str
):
    helper = deployment.add_member("Hana")
    deployment.slack.command(
        deployment.eva, deployment.channel, "/backswing", "mentors"
    )
    view = deployment.slack.view(deployment.eva)
    assert view is not None
    deployment.slack.click_view(deployment.eva, view["id"], "mentor_add")
    submit = deployment.form_submission(
        deployment.eva,
        {"member": helper, "reason": REASON, "channel": deployment.channel},
    )
    with deployment.crash_at(point, "credits" if "COMMIT" in point else ""):
        ack = submit()
    if ack.status is None:
        assert submit().errors == {}
    deployment.wait_until_idle()
    assert count(deployment, Credit, member=helper) == 1


# Scheduled work


def help_quietly(deployment: CrashingDeployment) -> str:
    helper = deployment.add_member("Hana")
    for asker in (deployment.ana, deployment.chi):
        for _ in range(4):
            deployment.slack.say(asker, deployment.channel, "Good morning, everybody!")
        ask = deployment.ask(asker)
        answer = deployment.slack.say(
            helper, deployment.channel, "Turn it off.", thread_ts=ask
        )
        deployment.slack.wait_for_deliveries()
        deployment.slack.react(asker, deployment.channel, answer, "white_check_mark")
        deployment.wait_until_idle()
    return helper


def next_friday(now: datetime) -> datetime:
    days = (FRIDAY - now.weekday()) % 7 or 7
    return datetime.combine(
        (now + timedelta(days=days)).date(), time(12), tzinfo=now.tzinfo
    )


@pytest.mark.parametrize("point", JOB_POINTS)
def test_each_week_is_detected_once_and_the_mentor_is_credited(
    deployment: CrashingDeployment, point: str
):
    helper = help_quietly(deployment)
    rounds = count(deployment, MentorRun)
    with deployment.crash_at(point, "mentor_runs"):
        deployment.travel_to(next_friday(deployment.clock()))
        deployment.wait_until(lambda: not deployment.process.is_alive())
        # Until then, it might still be at work.
        deployment.travel_to(deployment.clock() + job_runs.LEASE)
    deployment.wait_until(lambda: count(deployment, Credit, member=helper) > 0)
    deployment.wait_until_idle()
    assert count(deployment, MentorRun) == rounds + 1
    assert count(deployment, Credit, member=helper) == 1


@contextmanager
def checking_in(
    deployment: CrashingDeployment, *, is_posted: bool = True
) -> Iterator[tuple[str, datetime]]:
    """Set up a check-in in a channel that starts once, at noon."""
    words, noon = deployment.new_question(), next_noon(deployment.clock())
    view = settings(deployment)
    deployment.slack.click_view(deployment.eva, view, "checkin_set_up")
    plan = {"question": words, "zone": "UTC", "at": "12:00"}
    plan |= {"open_days": "1", "nudge_after": "0"}
    weekday = [str(noon.isoweekday())]
    assert (
        deployment.form_submission(
            deployment.eva, plan | {"weekdays": weekday}
        )().errors
        == {}
    )
    assert deployment.form_submission(deployment.eva, {})().errors == {}
    deployment.slack.close_view(deployment.eva, view)
    if is_posted:
        deployment.travel_to(noon)
        deployment.wait_until(lambda: bool(rounds(deployment, words)))
        deployment.wait_until_idle()
    yield words, noon
    # In the other stories no round starts.
    view = settings(deployment)
    deployment.slack.click_view(deployment.eva, view, "checkin_delete")
    deployment.slack.close_view(deployment.eva, view)


@pytest.mark.parametrize("point", JOB_POINTS)
def test_a_round_starts_once(deployment: CrashingDeployment, point: str):
    with checking_in(deployment, is_posted=False) as (words, noon):
        with deployment.crash_at(point, "checkin_rounds"):
            deployment.travel_to(noon)
        deployment.wait_until(lambda: bool(rounds(deployment, words)))
        deployment.wait_until_idle()
        assert is_asked_once(deployment, words)


@pytest.mark.parametrize("point", JOB_POINTS)
def test_a_round_is_closed_once(deployment: CrashingDeployment, point: str):
    with checking_in(deployment) as (words, noon):
        with deployment.crash_at(point, "checkin_rounds"):
            deployment.travel_to(noon + timedelta(days=1))
        deployment.wait_until(lambda: rounds(deployment, words)[0].state == "closed")
        deployment.wait_until_idle()
        assert is_a_digest(deployment, words)


@pytest.mark.parametrize("point", REQUEST_POINTS[3:])
def test_a_response_counts_once(deployment: CrashingDeployment, point: str):
    with checking_in(deployment) as (question, _):
        [post] = deployment.bot_messages(question)
        deployment.slack.click(
            deployment.ben, deployment.channel, post.ts, "checkin_share"
        )
        words = deployment.new_question()
        submit = deployment.form_submission(deployment.ben, {"working_on": words})
        with deployment.crash_at(point, "checkins" if "COMMIT" in point else ""):
            ack = submit()
        if ack.status is None:
            assert submit().errors == {}
        deployment.wait_until_idle()
        thread = deployment.slack.thread(deployment.channel, post.ts)
        assert sum(words in str(reply.blocks) for reply in thread) == 1


# Deliveries: an item may be claimed before its request has got a 200.


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_an_ask_is_posted_once(deployment: CrashingDeployment, point: str):
    words = deployment.new_question()
    with deployment.crash_at(point, about(point, "chat.postMessage")):
        deployment.slack.command(deployment.ana, deployment.channel, "/ask", words)
    deployment.wait_until_idle()
    [message] = deployment.bot_messages(words)
    deployment.slack.say(
        deployment.ben, deployment.channel, "Have you?", thread_ts=message.ts
    )
    deployment.wait_until_idle()
    assert "Answered" in str(
        deployment.slack.message(deployment.channel, message.ts).blocks
    )


@pytest.mark.parametrize("point", SOME_DELIVERY_POINTS)
def test_a_check_in_is_posted_once(deployment: CrashingDeployment, point: str):
    with checking_in(deployment, is_posted=False) as (words, noon):
        with deployment.crash_at(point, about(point, "chat.postMessage")):
            deployment.travel_to(noon)
        # The crash may have happened with an earlier item than the round's.
        deployment.wait_until(lambda: bool(rounds(deployment, words)))
        deployment.wait_until_idle()
        assert is_asked_once(deployment, words)


@pytest.mark.parametrize("point", SOME_DELIVERY_POINTS)
def test_a_digest_is_shown_in_the_end(deployment: CrashingDeployment, point: str):
    with checking_in(deployment) as (words, noon):
        with deployment.crash_at(point, about(point, "chat.update")):
            deployment.travel_to(noon + timedelta(days=1))
        deployment.wait_until(lambda: rounds(deployment, words)[0].state == "closed")
        deployment.wait_until_idle()
        assert is_a_digest(deployment, words)


def settings(deployment: CrashingDeployment) -> str:
    """Return the id of the settings form that an admin has open."""
    deployment.slack.command(deployment.eva, deployment.channel, "/backswing")
    view = deployment.slack.view(deployment.eva)
    assert view is not None
    return str(view["id"])


def next_noon(now: datetime) -> datetime:
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(12), UTC)


def rounds(deployment: CrashingDeployment, words: str) -> list[Round]:
    with deployment.database.read_session() as session:
        return list(session.scalars(select(Round).filter_by(question=words)))


def is_asked_once(deployment: CrashingDeployment, words: str) -> bool:
    """Return True if there is one round with one post, and its ts is known."""
    [round_], [message] = rounds(deployment, words), deployment.bot_messages(words)
    return (round_.state, round_.ts) == ("open", message.ts) and is_open(message)


def is_a_digest(deployment: CrashingDeployment, words: str) -> bool:
    [round_], [message] = rounds(deployment, words), deployment.bot_messages(words)
    return (round_.state, round_.ts) == ("closed", message.ts) and not is_open(message)


def is_open(message: Message) -> bool:
    return "checkin_share" in str(message.blocks)


@pytest.mark.parametrize("point", SOME_DELIVERY_POINTS)
def test_a_direct_message_is_sent_once(deployment: CrashingDeployment, point: str):
    giver, recipient = deployment.add_member("Gus"), deployment.add_member("Zoe")
    deployment.slack.command(giver, deployment.channel, "/kudos")
    submit = deployment.form_submission(
        giver, {"people": [recipient], "reason": REASON, "visibility": "private"}
    )
    with deployment.crash_at(point, about(point, "chat.postMessage")):
        assert submit().errors == {}
    deployment.wait_until_idle()
    assert len(deployment.direct_messages(recipient, REASON)) == 1


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_a_message_is_up_to_date_in_the_end(deployment: CrashingDeployment, point: str):
    ask = deployment.ask()
    with deployment.crash_at(point, about(point, "chat.update")):
        deployment.slack.say(
            deployment.ben, deployment.channel, "Have you tried it?", thread_ts=ask
        )
    deployment.wait_until_idle()
    assert "Answered" in str(deployment.slack.message(deployment.channel, ask).blocks)


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_a_reaction_is_added_once(deployment: CrashingDeployment, point: str):
    mine = deployment.slack.say(
        deployment.ana, deployment.channel, "My build fails with an error"
    )
    answer = deployment.slack.say(
        deployment.ben, deployment.channel, "Clean it", thread_ts=mine
    )
    deployment.slack.wait_for_deliveries()
    deployment.slack.message_shortcut(
        deployment.ana, "make_ask", deployment.channel, mine
    )
    deployment.wait_until_idle()
    with deployment.crash_at(point, about(point, "reactions.add")):
        deployment.slack.react(
            deployment.ana, deployment.channel, answer, "white_check_mark"
        )
    deployment.wait_until_idle()
    bot = deployment.slack.bot_user_id
    assert [bot] in deployment.slack.message(
        deployment.channel, mine
    ).reactions.values()


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_a_message_is_deleted(deployment: CrashingDeployment, point: str):
    words = deployment.new_question()
    deployment.slack.command(deployment.ana, deployment.channel, "/ask", words)
    deployment.wait_until_idle()
    [message] = deployment.bot_messages(words)
    press_option(
        deployment.slack,
        deployment.channel,
        message.ts,
        deployment.ana,
        "option_delete",
    )
    submit = deployment.form_submission(deployment.ana, {})
    with deployment.crash_at(point, about(point, "chat.delete")):
        assert submit().errors == {}
    deployment.wait_until_idle()
    assert deployment.bot_messages(words) == []


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_an_ephemeral_message_is_shown_at_most_once(
    deployment: CrashingDeployment, point: str
):
    giver, recipient = deployment.add_member("Gus"), deployment.add_member("Zoe")
    deployment.slack.command(giver, deployment.channel, "/kudos")
    submit = deployment.form_submission(
        giver, {"people": [recipient], "reason": REASON, "channel": deployment.channel}
    )
    with deployment.crash_at(point, about(point, "chat.postEphemeral")):
        assert submit().errors == {}
    deployment.wait_until_idle()
    lines = len(deployment.slack.ephemerals(giver))
    if "claim" in point:
        # It may belong to another message, or to the ephemeral one.
        assert lines <= 1
    else:
        assert lines == (point != "before the call")


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_a_file_is_uploaded_once(deployment: CrashingDeployment, point: str):
    someone = deployment.add_member("Noor")
    with deployment.crash_at(point, about(point, "files.completeUploadExternal")):
        deployment.slack.command(someone, deployment.channel, "/backswing", "my data")
    deployment.wait_until_idle()
    assert len([m for m in deployment.slack.dm(someone) if m.files]) == 1


def about(point: str, method: str) -> str:
    """Return the point's subject: while claiming, the method is not known yet."""
    return "" if "claim" in point else method


# Routing: people are asked about an ask without an answer


@contextmanager
def unanswered_ask(deployment: CrashingDeployment) -> Iterator[None]:
    """Let someone ask in a channel in which two members have answered.

    In the block, the clock may go on to the first step, in which two are asked.
    """
    slack = deployment.slack
    names = ("Ida", "Joy", "Kim")
    people = [deployment.person(f"{name}{next(deployment.numbers)}") for name in names]
    asker, *peers = people
    everybody = [slack.workspace.person(member) for member in people]
    channel = slack.add_channel(f"routed-{next(deployment.numbers)}", *everybody).id
    noon = next_noon(deployment.clock())
    deployment.travel_to(noon + timedelta(days=(7 - noon.weekday()) % 7, hours=-2))
    deployment.wait_until_idle()
    first = ask_in(deployment, channel, asker)
    for peer in peers:
        slack.say(peer, channel, "Like this.", thread_ts=first)
    deployment.wait_until_idle()
    route(deployment, channel, is_on=True)
    words = deployment.new_question()
    slack.command(asker, channel, "/ask", words)
    deployment.wait_until_idle()
    deployment.wait_until(lambda: count(deployment, AskRoute) > 0)
    yield
    ask_id = only_ask(deployment, words)
    deployment.wait_until(lambda: count(deployment, AskStep, ask_id=ask_id) > 0)
    deployment.wait_until_idle()
    assert count(deployment, AskStep, ask_id=ask_id) == 1
    with deployment.database.read_session() as session:
        asked = session.scalars(select(HelpRequest.member).filter_by(ask_id=ask_id))
        # The peers of earlier stories may know as well.
        recipients = list(asked)
    assert len(recipients) == 2
    for member in recipients:
        assert len(deployment.direct_messages(member, words)) == 1
    assert len(deployment.direct_messages(asker, "I asked two people")) == 1
    # In the other stories nobody is asked.
    route(deployment, channel, is_on=False)


def ask_in(deployment: CrashingDeployment, channel: str, asker: str) -> str:
    deployment.slack.command(asker, channel, "/ask", deployment.new_question())
    deployment.wait_until_idle()
    [message] = [m for m in deployment.slack.messages(channel) if m.bot_id]
    return str(message.ts)


def route(deployment: CrashingDeployment, channel: str, *, is_on: bool) -> None:
    with deployment.database.write_session.begin() as session:
        row = session.scalars(select(Channel).filter_by(slack_id=channel)).one()
        row.routes_asks, row.zone = is_on, "UTC"


def only_ask(deployment: CrashingDeployment, words: str) -> int:
    with deployment.database.read_session() as session:
        return session.scalars(select(Ask.id).filter_by(title=words)).one()


@pytest.mark.parametrize("point", JOB_POINTS)
def test_a_step_is_taken_once(deployment: CrashingDeployment, point: str):
    with unanswered_ask(deployment), deployment.crash_at(point, "ask_steps"):
        deployment.advance(timedelta(hours=4, minutes=5))


@pytest.mark.parametrize("point", SOME_DELIVERY_POINTS)
def test_a_request_is_sent_once(deployment: CrashingDeployment, point: str):
    is_about = about(point, "chat.postMessage")
    with unanswered_ask(deployment), deployment.crash_at(point, is_about):
        deployment.advance(timedelta(hours=4, minutes=5))


# Messages that can't be looked up


@pytest.mark.parametrize("point", DELIVERY_POINTS[2:5])
def test_without_a_lookup_it_is_lost_and_the_asker_is_told(
    deployment: CrashingDeployment, point: str
):
    asker, words = deployment.add_member("Ada"), deployment.new_question()
    deployment.slack.scopes.discard("channels:history")
    with deployment.crash_at(point, "chat.postMessage"):
        deployment.slack.command(asker, deployment.channel, "/ask", words)
    deployment.wait_until_idle()
    deployment.slack.scopes.add("channels:history")
    assert len(deployment.bot_messages(words)) == (point != "before the call")
    assert len(deployment.direct_messages(asker, "I'm not sure")) == 1
    assert '"error": "missing_scope"' in deployment.log.read_text()
