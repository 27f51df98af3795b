"""The daily note to an author that something waits, which leaves no trace."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

import jobs
from bot.privacy import service as privacy
from bot.slack.api import NotSent, OutcomeUnknown, Rejected
from models import (
    AnonymousDraft,
    AnonymousLink,
    OutboxChannel,
    OutboxItem,
)
from tests.factories import Story
from tests.handlers.anonymity.acting import Actor
from tests.handlers.anonymity.conftest import QUESTION, Anonymity
from tests.handlers.routing.test_races import at_once, on_postgresql
from tests.home import opens
from tests.rows import PROFILES, all_rows
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

pytestmark = pytest.mark.deep

NOTE = "Something is waiting for you on my Home tab."
# In Helsinki it is two hours later.
TUESDAY = datetime(2026, 3, 3, tzinfo=UTC)


def run_job(story: Story) -> None:
    jobs.anonymity.tell_authors(story.rt, story.worker)


def at(story: Story, hour: int, minute: int = 0, *, day: int = 3) -> None:
    """Go to a time in Helsinki, where the author is, and run the job."""
    story.clock.now = TUESDAY.replace(day=day, hour=hour - 2, minute=minute)
    run_job(story)
    story.deliver()


def notes_to(story: Story, member: str = ASKER) -> int:
    return story.slack.texts_to(member).count(NOTE)


def answer(story: Story, text: str = "Early.", *, member: str = HELPER) -> str:
    [ask] = [ask for ask in story.asks() if ask.asker == "anonymous"][-1:]
    return story.say(member, text, thread_ts=ask.ts)


@pytest.fixture
def answered(anonymity: Anonymity, story: Story) -> Anonymity:
    """Ask on Monday, and get an answer in the afternoon."""
    anonymity.ask()
    story.clock.advance(hours=3)
    answer(story)
    story.deliver()
    return anonymity


def test_the_author_is_told_once_a_day_at_eleven(
    answered: Anonymity, story: Story
) -> None:
    run_job(story)
    story.deliver()
    assert notes_to(story) == 0
    at(story, 10, 59)
    assert notes_to(story) == 0
    at(story, 11)
    assert notes_to(story) == 1
    [note] = story.slack.messages_to(ASKER)
    assert QUESTION not in json.dumps([note.text, note.blocks])
    at(story, 11, 5)
    at(story, 15)
    at(story, 11, day=4)
    assert notes_to(story) == 1


def test_the_time_says_nothing_about_an_answer_of_today(
    answered: Anonymity, story: Story
) -> None:
    at(story, 11)
    at(story, 12)
    answer(story, "Or by phone.")
    at(story, 12, 1)
    at(story, 16)
    assert notes_to(story) == 1
    at(story, 11, day=4)
    assert notes_to(story) == 2


def test_an_answer_after_eleven_waits_for_tomorrow(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    at(story, 11, 30)
    answer(story)
    at(story, 11, 31)
    at(story, 16)
    assert notes_to(story) == 0
    at(story, 11, day=4)
    assert notes_to(story) == 1


def test_two_asks_make_one_note(anonymity: Anonymity, story: Story) -> None:
    for title in ("How do I say no?", "How do I say yes?"):
        anonymity.ask(title)
        answer(story)
    story.deliver()
    at(story, 11)
    at(story, 11, 5)
    assert notes_to(story) == 1
    at(story, 11, day=4)
    at(story, 11, day=5)
    assert notes_to(story) == 1


def test_a_refused_draft_makes_a_note_once(anonymity: Anonymity, story: Story) -> None:
    story.set_up_channel(champions=[CHAMPION], anonymous_asks="reviewed")
    anonymity.press_post(anonymity.preview())
    anonymity.run()
    story.clock.advance(days=1)
    anonymity.run()
    assert notes_to(story) == 0
    at(story, 11, day=4)
    at(story, 11, day=5)
    assert notes_to(story) == 1


def test_what_the_author_has_seen_is_no_news(answered: Anonymity, story: Story) -> None:
    opens(story, ASKER)
    Actor(story).press("open", story.asks()[-1].id)
    at(story, 11)
    assert notes_to(story) == 0


def visible(story: Story) -> list[dict[str, Any]]:
    """Return links and drafts as someone without the key sees them."""
    with story.rt.read_session() as session:
        return [
            {
                column: len(value) if isinstance(value, bytes) else value
                for column, value in row.items()
            }
            for table in (AnonymousLink.__table__, AnonymousDraft.__table__)
            for row in session.execute(select(table)).mappings()
        ]


def test_no_row_tells_that_the_author_was_told_or_has_looked(
    answered: Anonymity, story: Story
) -> None:
    """Beside the times of the answers, it would tell the author's zone and hours."""
    before = visible(story)
    assert len(before) == 1
    at(story, 11)
    assert notes_to(story) == 1
    assert visible(story) == before
    answer(story, "Or by phone.")
    opens(story, ASKER)
    Actor(story).press("open", story.asks()[-1].id)
    at(story, 11, day=4)
    assert notes_to(story) == 1
    assert visible(story) == before


def test_no_refused_draft_tells_that_its_author_was_told(
    anonymity: Anonymity, story: Story
) -> None:
    story.set_up_channel(champions=[CHAMPION], anonymous_asks="reviewed")
    anonymity.press_post(anonymity.preview())
    anonymity.run()
    story.clock.advance(days=1)
    anonymity.run()
    before = visible(story)
    assert [row["state"] for row in before] == ["refused"]
    at(story, 11, day=4)
    assert notes_to(story) == 1
    assert visible(story) == before


def test_nothing_is_left_of_it(answered: Anonymity, story: Story) -> None:
    before = all_rows(story, but=PROFILES | {"anonymous_links"})
    at(story, 11)
    assert notes_to(story) == 1
    assert all_rows(story, but=PROFILES | {"anonymous_links"}) == before


def test_no_log_line_tells_its_time(
    answered: Anonymity, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    """It would tell the author's zone, or whose hours begin then."""
    with caplog.at_level(logging.DEBUG):
        at(story, 11)
    assert notes_to(story) == 1
    assert [line.getMessage() for line in caplog.records] == []


def test_while_it_waits_its_recipient_is_sealed(
    answered: Anonymity, story: Story
) -> None:
    story.clock.now = TUESDAY.replace(hour=9)
    run_job(story)
    with story.rt.read_session() as session:
        [item] = session.scalars(
            select(OutboxItem).where(OutboxItem.kind == "anonymous.notice")
        )
    row = f"{item.recipient} {item.payload} {item.dedup_key}"
    assert ASKER not in row
    assert f"D{ASKER[1:]}" not in row
    story.deliver()
    assert notes_to(story) == 1


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("chat.postMessage", "timeout"),
        Rejected("chat.postMessage", "user_not_found"),
    ],
)
@pytest.mark.each_parameter
def test_a_note_that_may_be_lost_is_not_sent_again(
    answered: Anonymity, story: Story, error: Any
) -> None:
    before = all_rows(story, but=PROFILES | {"anonymous_links"})
    story.slack.fail["chat.postMessage"] = [error]
    at(story, 11)
    at(story, 12)
    assert notes_to(story) == 0
    assert all_rows(story, but=PROFILES | {"anonymous_links"}) == before


def test_a_note_that_was_certainly_not_sent_is_sent_later(
    answered: Anonymity, story: Story
) -> None:
    story.slack.fail["chat.postMessage"] = [NotSent("chat.postMessage", "refused")]
    at(story, 11)
    story.advance(minutes=1)
    assert notes_to(story) == 1
    with story.rt.read_session() as session:
        assert not session.scalars(
            select(OutboxChannel).where(OutboxChannel.recipient.startswith("sealed"))
        ).all()


def test_who_does_not_want_it_gets_none(answered: Anonymity, story: Story) -> None:
    story.change_my_settings(ASKER, wants_anonymous_notices=[])
    at(story, 11)
    assert notes_to(story) == 0
    story.change_my_settings(ASKER, wants_anonymous_notices=["yes"])
    at(story, 12)
    assert notes_to(story) == 1


def test_it_waits_for_a_pause_and_a_vacation(answered: Anonymity, story: Story) -> None:
    story.change_my_settings(ASKER, paused_until="2026-03-04")
    at(story, 11)
    assert notes_to(story) == 0
    away = user_object(ASKER)
    away["profile"] |= {"status_emoji": ":palm_tree:", "status_text": "Away"}
    story.slack.people[ASKER] = away
    story.event({"type": "user_change", "user": away})
    at(story, 11, day=5)
    assert notes_to(story) == 0
    story.slack.people[ASKER] = user_object(ASKER)
    story.event({"type": "user_change", "user": story.slack.people[ASKER]})
    at(story, 13, day=5)
    assert notes_to(story) == 1


def test_it_comes_in_the_authors_own_hours(answered: Anonymity, story: Story) -> None:
    story.change_my_settings(ASKER, hours_from="13:00", hours_to="18:00")
    at(story, 11)
    assert notes_to(story) == 0
    at(story, 13)
    assert notes_to(story) == 1


def test_on_saturday_there_is_none(answered: Anonymity, story: Story) -> None:
    at(story, 11, day=7)
    assert notes_to(story) == 0
    at(story, 11, day=9)
    assert notes_to(story) == 1


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_two_replicas_send_one(answered: Anonymity, story: Story) -> None:
    story.clock.now = TUESDAY.replace(hour=9)
    at_once(*(lambda: run_job(story) for _ in range(3)))
    story.deliver()
    assert notes_to(story) == 1


def test_a_forgotten_author_gets_none(answered: Anonymity, story: Story) -> None:
    story.clock.now = TUESDAY.replace(hour=9)
    run_job(story)
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, ASKER)
    story.deliver()
    at(story, 11, day=4)
    assert notes_to(story) == 0
    jobs.privacy.purge_expired(story.rt, story.worker)
    with story.rt.read_session() as session:
        kinds = session.scalars(select(OutboxItem.kind)).all()
        recipients = session.scalars(select(OutboxChannel.recipient)).all()
    assert "anonymous.notice" not in kinds
    assert not [each for each in recipients if each.startswith("sealed")]


def test_a_hidden_asks_answers_are_no_news(answered: Anonymity, story: Story) -> None:
    ask_id = str(story.only_ask().id)
    for member in (HELPER, PEER, ADMIN):
        story.click(member, "anonymous_report", ask_id)
    story.deliver()
    at(story, 11)
    assert notes_to(story) == 0


def test_it_takes_no_place_in_the_budget(answered: Anonymity, story: Story) -> None:
    story.set_up_workspace(unasked_per_week="0")
    at(story, 11)
    assert notes_to(story) == 1
    assert HELP_CHANNEL not in story.slack.messages_to(ASKER)[0].channel
