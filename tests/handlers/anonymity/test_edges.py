"""Asks without a name in odd moments: races, names, loud logs, and exports."""

import json
import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import select, text

import jobs.anonymity
from bot import logs
from bot.anonymity import limits, rules
from bot.exports import service as exports
from models import AnonymousCount
from tests.factories import Story
from tests.handlers.anonymity.acting import Actor, text_of
from tests.handlers.anonymity.conftest import CROWD, QUESTION, Anonymity
from tests.handlers.anonymity.test_reports import report
from tests.handlers.routing.test_races import at_once, on_postgresql
from tests.home import opens
from tests.rows import all_rows
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, NAMES, PEER, user_object


@pytest.mark.deep_on_postgresql
def test_replicas_at_once_post_it_once(anonymity: Anonymity, story: Story) -> None:
    anonymity.press_post(anonymity.preview())
    story.clock.advance(minutes=5)
    at_once(
        *(lambda: jobs.anonymity.post_asks(story.rt, story.worker) for _ in range(3))
    )
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1
    assert story.only_ask().asker == "anonymous"


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_forms_at_once_keep_the_limit_and_lock_no_row_of_their_author(
    anonymity: Anonymity, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(rules.MAX_PER_DAY - 1):
        anonymity.ask(f"How do I tell a customer, number {number}?")
    previews = [anonymity.preview(f"How do I tell them {n}?") for n in range(3)]
    before = rows_with_locks(story)
    all_checked, check = Barrier(3), limits.require_may_post

    def check_together(*args: Any) -> None:
        check(*args)
        with suppress(BrokenBarrierError):
            all_checked.wait(timeout=0.5)

    monkeypatch.setattr(limits, "require_may_post", check_together)
    at_once(*(partial(anonymity.press_post, preview) for preview in previews))
    with story.rt.read_session() as session:
        numbers = session.scalars(select(AnonymousCount.number)).all()
    assert numbers == [rules.MAX_PER_DAY]
    assert rows_with_locks(story) == before


def rows_with_locks(story: Story) -> list[Any]:
    """Return the members' rows, with PostgreSQL's numbers of who last locked them."""
    query = text("SELECT *, xmin, xmax FROM members ORDER BY id")
    with story.rt.read_session() as session:
        return list(session.execute(query).all())


def test_forms_sent_twice_at_the_limit_say_the_same(
    anonymity: Anonymity, story: Story
) -> None:
    """Slack's answer was lost, and the author presses again."""
    for number in range(rules.MAX_PER_DAY - 1):
        anonymity.ask(f"How do I tell a customer, number {number}?")
    preview = anonymity.preview("How do I tell the last customer?")
    first = anonymity.press_post(preview, view_id="VLAST")
    assert first["response_action"] == "update"
    assert anonymity.press_post(preview, view_id="VLAST") == first
    anonymity.run()
    assert anonymity.press_post(preview, view_id="VLAST") == first
    another = anonymity.press_post(preview, view_id="VANOTHER")
    assert "2 times a day" in json.dumps(another)
    author, ask_id = Actor(story), story.asks()[0].id
    # One modal shows the ask again, and then another form: only its hash changes.
    form = author.press("reply", ask_id)
    for typed in ("It is date a.", "It is date b."):
        modal = author.submit(form, text=typed, view_id="VONE", view_hash=typed)
        assert typed in text_of(modal)
    for number in range(rules.MAX_REPLIES - 3):
        author.submit(author.press("reply", ask_id), text=f"It is date {number}.")
    form = author.press("reply", ask_id)
    modals = [author.submit(form, text="The last.", view_id="VR") for _ in range(2)]
    assert "errors" not in modals[0]
    assert modals[0] == modals[1]
    assert "errors" in author.submit(form, text="One more.", view_id="VMORE")


def test_an_author_who_is_named_in_an_answer_is_named_as_anyone(
    anonymity: Anonymity, story: Story
) -> None:
    effects: list[tuple[dict[str, int], list[str]]] = []
    for member in (ASKER, PEER):
        message = anonymity.ask(f"How do I tell them, number {len(effects)}?")
        before = {name: len(rows) for name, rows in all_rows(story, but=()).items()}
        told = len(story.slack.messages)
        story.say(HELPER, f"<@{member}> knows that.", thread_ts=message.ts)
        story.advance(minutes=2)
        after = all_rows(story, but=())
        effects.append(
            (
                {name: len(rows) - before[name] for name, rows in after.items()},
                [m.channel for m in story.slack.messages[told:]],
            )
        )
    assert effects[0] == effects[1]
    assert [answer.author for answer in story.answers()] == [HELPER, HELPER]


def test_three_accounts_of_one_person_are_three_members(
    anonymity: Anonymity, story: Story
) -> None:
    """No one can tell. So a champion looks, and their reports then hide nothing."""
    for account in CROWD[:3]:
        story.slack.people[account] = user_object(account, "Dora", team_id=story.team)
        story.event({"type": "user_change", "user": story.slack.people[account]})
    for account in CROWD[:3]:
        anonymity.ask(f"How do I ask as {account}?", member=account)
    assert {ask.asker for ask in story.asks()} == {"anonymous"}
    story.advance(days=1)
    first = story.asks()[0].id
    for account in CROWD[:3]:
        report(story, account, first)
    story.deliver()
    hidden = [ask.is_hidden for ask in story.asks()]
    assert hidden == [True, False, False]


def test_a_log_of_all_statements_has_no_author(
    anonymity: Anonymity, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator turns on all that SQLAlchemy logs: the bot's log leaves it out."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Lines(logging.DEBUG)
    handler.setFormatter(logs.JSON_FORMATTER)
    handler.addFilter(logs.is_loggable)
    root = logging.getLogger()
    root.addHandler(handler)
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="sqlalchemy.engine")
    try:
        message = anonymity.ask()
        story.say(HELPER, "Tell them today.", thread_ts=message.ts)
        story.deliver()
        lines_before = len(lines)
        answer = story.answers()[0].id
        ask_id = story.only_ask().id
        Actor(story).press("mark_solved", f"{ask_id}:{answer}:1")
        story.advance(minutes=5)
    finally:
        root.removeHandler(handler)
    text = "\n".join(lines)
    assert len(lines) > lines_before > 0
    assert "INSERT" not in text
    for word in (ASKER, NAMES[ASKER], QUESTION):
        assert word not in text


def test_statements_are_logged_without_their_values(
    anonymity: Anonymity, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    """Even where something else writes them down: the press has no values in it."""
    preview = anonymity.preview()
    caplog.set_level(logging.INFO, logger="sqlalchemy.engine")
    engine = story.rt.write_session.kw["bind"]
    assert engine.hide_parameters
    assert story.rt.read_session.kw["bind"].hide_parameters
    anonymity.press_post(preview)
    assert "INSERT INTO anonymous_drafts" in caplog.text
    for word in (ASKER, QUESTION):
        assert word not in caplog.text


def test_our_export_has_no_time_that_slacks_export_has_not(
    anonymity: Anonymity, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "random_delay", lambda longest: longest)
    pressed_at = story.clock.now
    anonymity.ask()
    story.advance(hours=1)
    opens(story, ASKER)
    with story.rt.read(story.workspace) as tx:
        [row] = exports.asks(tx)
        people = json.dumps([*exports.people(tx)])
    posted_at = story.only_ask().asked_at
    assert posted_at - pressed_at >= timedelta(minutes=5)
    assert row["asked_at"][:16] == f"{posted_at:%Y-%m-%dT%H:%M}"
    assert f"{pressed_at:%H:%M}" not in json.dumps(row)
    assert NAMES[ASKER] not in people + json.dumps(row)
