"""The process is killed at every step and starts again: nothing lost or doubled."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot import db
from models import Base, Credit, Kudos, MentorRound, Round
from sandbox import Ack, Message
from tests.acceptance.lives import City
from tests.acceptance.mortal import DELIVERY, JOB, REQUEST
from tests.acceptance.options import choose

pytestmark = pytest.mark.deep

# From here on it is in the database, whatever Slack has heard of it.
COMMITTED = {"after its COMMIT", "before the 200", "after the 200"}
REASON = "the long and patient answer on retries"
FRIDAY = 4


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def city(request: pytest.FixtureRequest, in_memory: Path) -> Iterator[City]:
    """One workspace for all that is tried on a database: it only grows."""
    folder = Path(mkdtemp(dir=in_memory))
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), folder / "city.db")
        url = f"sqlite:///{folder / 'city.db'}"
    else:
        migrated = request.getfixturevalue("migrated_postgresql")
        with migrated.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))
        url = request.getfixturevalue("postgresql_url")
    database = db.connect(url)
    city = City(database, folder)
    yield city
    city.end()
    database.close()


@pytest.fixture(autouse=True)
def _is_all_well_in_the_end(city: City, point: str) -> Iterator[None]:
    is_elsewhere = point in REQUEST and not point.startswith(
        ("before its", "after its")
    )
    if is_elsewhere and city.database.engine.name == "postgresql":
        pytest.skip("it has nothing to do with the database")
    deaths = city.deaths
    yield
    city.settle()
    assert city.deaths > deaths
    city.check()


def count(city: City, model: type[Base], **which: Any) -> int:
    with city.database.reads() as session:
        found = select(func.count()).select_from(model).filter_by(**which)
        return session.scalar(found) or 0


# What comes in. Slack delivers an event again; a person tries again.


@pytest.mark.parametrize("point", REQUEST)
def test_a_reply_counts_once(city: City, point: str):
    ask = city.ask()
    with city.dying(point, "answers" if "COMMIT" in point else ""):
        city.slack.say(city.ben, city.here, "Have you tried it?", thread_ts=ask)
    city.settle()
    [message] = city.slack.thread(city.here, ask)[:1]
    assert "Answered" in str(message.blocks)


@pytest.mark.parametrize("point", REQUEST)
def test_a_mark_counts_once(city: City, point: str):
    ask = city.ask()
    answer = city.slack.say(city.ben, city.here, "Have you tried it?", thread_ts=ask)
    city.settle()
    with city.dying(point, "reactions" if "COMMIT" in point else ""):
        city.slack.react(city.ana, city.here, answer, "white_check_mark")
    city.settle()
    assert "Solved" in str(city.slack.message(city.here, ask).blocks)


@pytest.mark.parametrize("point", REQUEST)
def test_an_ask_by_command_is_there_where_it_was_committed(city: City, point: str):
    words = city.words()
    with city.dying(point, "asks" if "COMMIT" in point else ""):
        ack = city.slack.command(city.ana, city.here, "/ask", words)
    city.settle()
    assert len(city.shown(words)) == (point in COMMITTED)
    assert ack.status == (200 if point == "after the 200" else None)


@pytest.mark.parametrize("point", REQUEST)
def test_an_ask_by_form_is_there_once_however_often_it_is_sent(city: City, point: str):
    words = city.words()
    assert city.slack.command(city.ana, city.here, "/ask").status == 200
    submit = city.form(city.ana, {"title": words, "channel": city.here})
    with city.dying(point, "asks" if "COMMIT" in point else ""):
        ack = submit()
    if ack.status is None:
        assert submit().errors == {}
    city.settle()
    assert len(city.shown(words)) == 1


def thank(city: City, giver: str, receiver: str) -> Ack:
    return city.slack.command(
        giver, city.here, "/kudos", f"@{city.name(receiver)} for {REASON}"
    )


@pytest.mark.parametrize("point", REQUEST)
def test_kudos_are_there_where_they_were_committed(city: City, point: str):
    # Who is not in the channel gets a letter, too.
    giver, receiver = city.newcomer("Gus"), city.person(f"Zoe{next(city.numbers)}")
    with city.dying(point, "kudos" if "COMMIT" in point else ""):
        ack = thank(city, giver, receiver)
    city.settle()
    there = int(point in COMMITTED)
    assert count(city, Kudos, giver=giver) == there
    assert len(city.told(receiver, REASON)) == there
    assert ack.status == (200 if point == "after the 200" else None)


@pytest.mark.parametrize("point", REQUEST)
def test_a_credit_by_hand_is_there_once_however_often_it_is_sent(
    city: City, point: str
):
    helper = city.newcomer("Hana")
    city.slack.command(city.eva, city.here, "/backswing", "mentors")
    view = city.slack.view(city.eva)
    assert view is not None
    city.slack.click_view(city.eva, view["id"], "mentor_add")
    submit = city.form(
        city.eva, {"member": helper, "reason": REASON, "channel": city.here}
    )
    with city.dying(point, "credits" if "COMMIT" in point else ""):
        ack = submit()
    if ack.status is None:
        assert submit().errors == {}
    city.settle()
    assert count(city, Credit, member=helper) == 1


# What the clock does


def help_quietly(city: City) -> str:
    helper = city.newcomer("Hana")
    for asker in (city.ana, city.chi):
        for _ in range(4):
            city.slack.say(asker, city.here, "Good morning, everybody!")
        ask = city.ask(asker)
        answer = city.slack.say(helper, city.here, "Turn it off.", thread_ts=ask)
        city.slack.settle()
        city.slack.react(asker, city.here, answer, "white_check_mark")
        city.settle()
    return helper


def next_friday(now: datetime) -> datetime:
    days = (FRIDAY - now.weekday()) % 7 or 7
    return datetime.combine(
        (now + timedelta(days=days)).date(), time(12), tzinfo=now.tzinfo
    )


@pytest.mark.parametrize("point", JOB)
def test_a_week_is_looked_at_once_and_whoever_helped_is_credited(
    city: City, point: str
):
    helper = help_quietly(city)
    rounds = count(city, MentorRound)
    with city.dying(point, "mentor_rounds"):
        city.travel_to(next_friday(city.clock()))
    city.until(lambda: count(city, MentorRound) > rounds)
    city.settle()
    assert count(city, MentorRound) == rounds + 1
    assert count(city, Credit, member=helper) == 1


@contextmanager
def checking_in(
    city: City, *, is_posted: bool = True
) -> Iterator[tuple[str, datetime]]:
    """A channel that is asked once, at noon, until the next noon: what, and when."""
    words, noon = city.words(), next_noon(city.clock())
    view = settings(city)
    city.slack.click_view(city.eva, view, "checkin_set_up")
    plan = {"question": words, "zone": "UTC", "at": "12:00"}
    plan |= {"open_days": "1", "nudge_after": "0"}
    weekday = [str(noon.isoweekday())]
    assert city.form(city.eva, plan | {"weekdays": weekday})().errors == {}
    assert city.form(city.eva, {})().errors == {}
    city.slack.close_view(city.eva, view)
    if is_posted:
        city.travel_to(noon)
        city.until(lambda: bool(rounds(city, words)))
        city.settle()
    yield words, noon
    # In the other stories nobody asks.
    view = settings(city)
    city.slack.click_view(city.eva, view, "checkin_delete")
    city.slack.close_view(city.eva, view)


@pytest.mark.parametrize("point", JOB)
def test_a_channel_is_asked_once(city: City, point: str):
    with checking_in(city, is_posted=False) as (words, noon):
        with city.dying(point, "checkin_rounds"):
            city.travel_to(noon)
        city.until(lambda: bool(rounds(city, words)))
        city.settle()
        assert is_asked_once(city, words)


@pytest.mark.parametrize("point", JOB)
def test_a_round_is_closed_once(city: City, point: str):
    with checking_in(city) as (words, noon):
        with city.dying(point, "checkin_rounds"):
            city.travel_to(noon + timedelta(days=1))
        city.until(lambda: rounds(city, words)[0].state == "closed")
        city.settle()
        assert is_a_digest(city, words)


@pytest.mark.parametrize("point", REQUEST[3:])
def test_what_somebody_shares_counts_once(city: City, point: str):
    with checking_in(city) as (question, _):
        [post] = city.shown(question)
        city.slack.click(city.ben, city.here, post.ts, "checkin_share")
        words = city.words()
        submit = city.form(city.ben, {"working_on": words})
        with city.dying(point, "checkins" if "COMMIT" in point else ""):
            ack = submit()
        if ack.status is None:
            assert submit().errors == {}
        city.settle()
        thread = city.slack.thread(city.here, post.ts)
        assert sum(words in str(reply.blocks) for reply in thread) == 1


# What goes out. A promise may be claimed before its request has got its 200.


@pytest.mark.parametrize("point", DELIVERY)
def test_an_ask_is_posted_once(city: City, point: str):
    words = city.words()
    with city.dying(point, about(point, "chat.postMessage")):
        city.slack.command(city.ana, city.here, "/ask", words)
    city.settle()
    [message] = city.shown(words)
    city.slack.say(city.ben, city.here, "Have you?", thread_ts=message.ts)
    city.settle()
    assert "Answered" in str(city.slack.message(city.here, message.ts).blocks)


@pytest.mark.parametrize("point", DELIVERY)
def test_a_check_in_is_posted_once(city: City, point: str):
    with checking_in(city, is_posted=False) as (words, noon):
        with city.dying(point, about(point, "chat.postMessage")):
            city.travel_to(noon)
        # It may have died with an earlier promise, before it came to the round.
        city.until(lambda: bool(rounds(city, words)))
        city.settle()
        assert is_asked_once(city, words)


@pytest.mark.parametrize("point", DELIVERY)
def test_a_digest_stands_in_the_end(city: City, point: str):
    with checking_in(city) as (words, noon):
        with city.dying(point, about(point, "chat.update")):
            city.travel_to(noon + timedelta(days=1))
        city.until(lambda: rounds(city, words)[0].state == "closed")
        city.settle()
        assert is_a_digest(city, words)


def settings(city: City) -> str:
    """The id of what an admin has before them."""
    city.slack.command(city.eva, city.here, "/backswing")
    view = city.slack.view(city.eva)
    assert view is not None
    return str(view["id"])


def next_noon(now: datetime) -> datetime:
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(12), UTC)


def rounds(city: City, words: str) -> list[Round]:
    with city.database.reads() as session:
        return list(session.scalars(select(Round).filter_by(question=words)))


def is_asked_once(city: City, words: str) -> bool:
    """One round, one message, and we know that it is that."""
    [one], [message] = rounds(city, words), city.shown(words)
    return (one.state, one.ts) == ("open", message.ts) and is_open(message)


def is_a_digest(city: City, words: str) -> bool:
    [one], [message] = rounds(city, words), city.shown(words)
    return (one.state, one.ts) == ("closed", message.ts) and not is_open(message)


def is_open(message: Message) -> bool:
    return "checkin_share" in str(message.blocks)


@pytest.mark.parametrize("point", DELIVERY)
def test_a_letter_is_sent_once(city: City, point: str):
    giver, receiver = city.newcomer("Gus"), city.newcomer("Zoe")
    city.slack.command(giver, city.here, "/kudos")
    submit = city.form(
        giver, {"people": [receiver], "reason": REASON, "visibility": "private"}
    )
    with city.dying(point, about(point, "chat.postMessage")):
        assert submit().errors == {}
    city.settle()
    assert len(city.told(receiver, REASON)) == 1


@pytest.mark.parametrize("point", DELIVERY)
def test_a_message_shows_in_the_end_what_is_true(city: City, point: str):
    ask = city.ask()
    with city.dying(point, about(point, "chat.update")):
        city.slack.say(city.ben, city.here, "Have you tried it?", thread_ts=ask)
    city.settle()
    assert "Answered" in str(city.slack.message(city.here, ask).blocks)


@pytest.mark.parametrize("point", DELIVERY)
def test_a_sign_is_put_once(city: City, point: str):
    mine = city.slack.say(city.ana, city.here, "My build fails with an error")
    answer = city.slack.say(city.ben, city.here, "Clean it", thread_ts=mine)
    city.slack.settle()
    city.slack.message_shortcut(city.ana, "make_ask", city.here, mine)
    city.settle()
    with city.dying(point, about(point, "reactions.add")):
        city.slack.react(city.ana, city.here, answer, "white_check_mark")
    city.settle()
    bot = city.slack.bot_user_id
    assert [bot] in city.slack.message(city.here, mine).reactions.values()


@pytest.mark.parametrize("point", DELIVERY)
def test_a_message_is_taken_away(city: City, point: str):
    words = city.words()
    city.slack.command(city.ana, city.here, "/ask", words)
    city.settle()
    [message] = city.shown(words)
    choose(city.slack, city.here, message.ts, city.ana, "option_delete")
    submit = city.form(city.ana, {})
    with city.dying(point, about(point, "chat.delete")):
        assert submit().errors == {}
    city.settle()
    assert city.shown(words) == []


@pytest.mark.parametrize("point", DELIVERY)
def test_a_private_line_is_shown_once_at_most(city: City, point: str):
    giver, receiver = city.newcomer("Gus"), city.newcomer("Zoe")
    city.slack.command(giver, city.here, "/kudos")
    submit = city.form(
        giver, {"people": [receiver], "reason": REASON, "channel": city.here}
    )
    with city.dying(point, about(point, "chat.postEphemeral")):
        assert submit().errors == {}
    city.settle()
    lines = len(city.slack.ephemerals(giver))
    if "claim" in point:
        # Perhaps that of something else, and perhaps that of the line.
        assert lines <= 1
    else:
        assert lines == (point != "before the call")


@pytest.mark.parametrize("point", DELIVERY)
def test_a_file_is_given_once(city: City, point: str):
    someone = city.newcomer("Noor")
    with city.dying(point, about(point, "files.completeUploadExternal")):
        city.slack.command(someone, city.here, "/backswing", "my data")
    city.settle()
    assert len([m for m in city.slack.dm(someone) if m.files]) == 1


def about(point: str, method: str) -> str:
    """Nobody knows while claiming a promise which method it comes to."""
    return "" if "claim" in point else method


# What nobody can look up


@pytest.mark.parametrize("point", DELIVERY[2:5])
def test_what_can_not_be_looked_for_is_left_and_the_asker_is_told(
    city: City, point: str
):
    asker, words = city.newcomer("Ada"), city.words()
    city.slack.scopes.discard("channels:history")
    with city.dying(point, "chat.postMessage"):
        city.slack.command(asker, city.here, "/ask", words)
    city.settle()
    city.slack.scopes.add("channels:history")
    assert len(city.shown(words)) == (point != "before the call")
    assert len(city.told(asker, "I'm not sure")) == 1
    assert '"error": "missing_scope"' in city.log.read_text()
