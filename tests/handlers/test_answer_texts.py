"""The words of answers that helped: kept, followed, findable once told, and gone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, select, text

import jobs.knowledge
from bot.knowledge import answer_texts
from bot.knowledge.rules import MAX_LENGTH, SPREAD_OVER
from bot.privacy import service as privacy
from bot.slack.api import NotSent, OutcomeUnknown, RateLimited, Rejected, SlackError
from bot.workspace import member_settings
from models import (
    AnswerText,
    AnswerTextNotice,
    Base,
    Member,
    MemberSettingsRow,
)
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    conversation_object,
    message_event,
    user_object,
)
from tests.workspace import add_other_workspace

WORDS = "Freeze the clock, then run it again."
NOTICE = (
    "Your answer in #help helped, so I keep its words. Those who can see the channel"
    " will be able to find your answer. The same goes for your other answers that help."
)
READ = "conversations.replies"


class Thread:
    """An ask in the story's channel, and what Slack shows of its thread."""

    def __init__(self, story: Story, ask: str = "How do I fix x?") -> None:
        self.story = story
        self.ts = story.ask(ask).ts
        self.shown = story.slack.thread_messages.setdefault((HELP_CHANNEL, self.ts), [])
        # The whole thread is read once, when the ask is posted.
        story.slack.calls.clear()

    def answer(self, words: str = WORDS, *, by: str = HELPER) -> str:
        ts = self.story.say(by, words, thread_ts=self.ts)
        self.shown.append(message_event(by, words, ts, self.ts))
        return ts

    def edit(self, ts: str, words: str, *, by: str = HELPER, **when: Any) -> None:
        """The author edits it; Slack shows it and tells of it."""
        [message] = [each for each in self.shown if each["ts"] == ts]
        before, message["text"] = message["text"], words
        at = when.get("event_ts") or self.story.ts()
        message["edited"] = {"user": by, "ts": f"{at.partition('.')[0]}.000000"}
        self.story.edit(by, ts, words, before=before, thread_ts=self.ts, event_ts=at)

    def delete(self, ts: str, *, by: str = HELPER, is_told: bool = True) -> None:
        self.shown[:] = [each for each in self.shown if each["ts"] != ts]
        if is_told:
            self.story.delete(by, ts, thread_ts=self.ts)


@pytest.fixture
def thread(story: Story) -> Thread:
    return Thread(story)


def texts(story: Story) -> dict[int, AnswerText]:
    with story.rt.read_session() as session:
        rows = session.scalars(select(AnswerText).order_by(AnswerText.answer_id))
        return {row.answer_id: row for row in rows}


def kept(story: Story) -> list[str | None]:
    return [row.text for row in texts(story).values()]


def findable(story: Story) -> list[str | None]:
    return [row.text for row in texts(story).values() if row.is_findable]


def read_due(story: Story) -> None:
    """The clock has due words read, and the worker reads them."""
    jobs.knowledge.read_answers(story.rt, story.worker)
    story.deliver()


def notices(story: Story, to: str = HELPER) -> list[PostedMessage]:
    return [m for m in story.slack.messages_to(to) if "I keep its words" in m.text]


def tell(story: Story) -> None:
    """The minute within which a mark can be undone is over."""
    story.advance(seconds=61)


# A mark


def test_the_words_of_an_answer_that_helped_are_findable_once_its_author_is_told(
    story: Story, thread: Thread
):
    answer = thread.answer()
    assert kept(story) == []
    story.react(PEER, answer, "heart")
    assert kept(story) == [None]
    read_due(story)
    assert (kept(story), findable(story)) == ([WORDS], [])
    assert notices(story) == []
    tell(story)
    [notice] = notices(story)
    assert notice.text == NOTICE
    assert f"/archives/{HELP_CHANNEL}/p{answer.replace('.', '')}" in json.dumps(
        notice.blocks
    )
    assert findable(story) == [WORDS]


@pytest.mark.parametrize(
    ("member", "emoji"),
    [(HELPER, "heart"), (HELPER, "white_check_mark"), (PEER, "tada")],
)
def test_without_a_mark_by_others_nothing_is_kept(
    story: Story, thread: Thread, member: str, emoji: str
):
    answer = thread.answer()
    story.react(member, answer, emoji)
    read_due(story)
    assert texts(story) == {}
    assert READ not in story.slack.calls


def test_the_askers_solution_is_kept(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(ASKER, answer, "white_check_mark")
    read_due(story)
    assert kept(story) == [WORDS]


def test_a_mark_by_a_shortcut_counts_and_so_does_its_undo(story: Story, thread: Thread):
    answer = thread.answer()
    story.message_shortcut(PEER, "mark_helpful", HELPER, answer, thread_ts=thread.ts)
    read_due(story)
    assert kept(story) == [WORDS]
    story.click(PEER, "undo_helpful", f"{HELP_CHANNEL}:{answer}")
    assert texts(story) == {}


def test_the_words_go_with_the_last_mark(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    story.react(ASKER, answer, "white_check_mark")
    read_due(story)
    tell(story)
    story.unreact(PEER, answer, "heart")
    assert findable(story) == [WORDS]
    story.unreact(ASKER, answer, "white_check_mark")
    assert texts(story) == {}
    story.react(ASKER, answer, "heart")
    read_due(story)
    assert findable(story) == [WORDS]
    assert len(notices(story)) == 1


def test_a_mark_undone_within_a_minute_is_told_to_nobody(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    read_due(story)
    story.unreact(PEER, answer, "heart")
    tell(story)
    assert notices(story) == []
    story.react(PEER, answer, "heart")
    read_due(story)
    tell(story)
    assert len(notices(story)) == 1


def test_the_words_go_with_the_message(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    read_due(story)
    thread.delete(answer)
    assert texts(story) == {}
    story.react(ASKER, answer, "heart")
    read_due(story)
    assert texts(story) == {}


def test_the_words_go_with_the_ask_and_come_back_with_it(story: Story):
    story.set_up_channel(capture="all")
    ask = story.say(ASKER, "How do I fix x?")
    answer = story.say(HELPER, WORDS, thread_ts=ask)
    story.slack.thread_messages[HELP_CHANNEL, ask] = [
        message_event(HELPER, WORDS, answer, ask)
    ]
    story.react(PEER, answer, "heart")
    read_due(story)
    assert kept(story) == [WORDS]
    ask_id = str(story.only_ask().id)
    story.click(ASKER, "ask_delete", ask_id)
    assert story.only_ask().deleted_at is not None
    assert texts(story) == {}
    # A mark on an answer to what is no ask changes nothing.
    story.react(ADMIN, answer, "heart")
    assert texts(story) == {}
    story.click(ASKER, "ask_restore", ask_id)
    assert story.only_ask().deleted_at is None
    read_due(story)
    assert kept(story) == [WORDS]
    story.delete(ASKER, ask)
    assert texts(story) == {}


def test_words_of_other_asks_stay_when_one_is_deleted(story: Story, thread: Thread):
    """Whatever its answers were: a solution elsewhere is not one of this ask's."""
    story.react(ASKER, thread.answer(), "white_check_mark")
    other = Thread(story, "How do I fix y?")
    story.react(ASKER, other.answer("Like so."), "white_check_mark")
    read_due(story)
    assert kept(story) == [WORDS, "Like so."]
    story.delete(story.workspace.bot_user_id, other.ts)
    assert kept(story) == [WORDS]


def test_a_first_mark_costs_one_insert_and_a_second_nothing(
    story: Story, thread: Thread
):
    answer = thread.answer()
    story.react(PEER, answer, "+1")
    story.unreact(PEER, answer, "+1")
    with statements(story) as run:
        story.react(PEER, answer, "heart")
    assert len([sql for sql in run if "answer_texts" in sql]) == 1
    assert not [sql for sql in run if "answer_text_notices" in sql]
    with statements(story) as run:
        story.react(ASKER, answer, "heart")
    assert not [sql for sql in run if "answer_texts" in sql]


@contextmanager
def statements(story: Story) -> Iterator[list[str]]:
    run: list[str] = []
    engine = story.rt.write_session.kw["bind"]

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        run.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield run
    event.remove(engine, "before_cursor_execute", note)


# The words


def test_long_words_are_cut(story: Story, thread: Thread):
    answer = thread.answer("word " * 2000)
    story.react(PEER, answer, "heart")
    read_due(story)
    [words] = kept(story)
    assert words is not None
    assert len(words) <= MAX_LENGTH
    assert words.endswith("word…")


def test_an_answer_without_words_is_no_news(story: Story, thread: Thread):
    answer = thread.answer("")
    story.react(PEER, answer, "heart")
    read_due(story)
    tell(story)
    assert (kept(story), notices(story)) == ([""], [])
    thread.edit(answer, WORDS)
    tell(story)
    assert (findable(story), len(notices(story))) == ([WORDS], 1)
    thread.edit(answer, " ")
    assert (kept(story), findable(story)) == ([""], [])


def test_edits_are_followed_and_the_latest_wins(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    read_due(story)
    tell(story)
    early = story.ts()
    story.clock.advance(seconds=5)
    thread.edit(answer, "Third")
    assert findable(story) == ["Third"]
    story.edit(
        HELPER, answer, "Second", before=WORDS, thread_ts=thread.ts, event_ts=early
    )
    assert findable(story) == ["Third"]


def test_an_edit_before_the_words_are_read_counts(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    thread.edit(answer, "Better")
    assert kept(story) == ["Better"]
    read_due(story)
    assert kept(story) == ["Better"]


def test_the_event_of_an_older_edit_comes_before_the_words_are_read(
    story: Story, thread: Thread
):
    answer = thread.answer()
    early = story.ts()
    story.clock.advance(seconds=5)
    # There is nothing yet that it could change.
    thread.edit(answer, "Third")
    story.react(PEER, answer, "heart")
    story.edit(
        HELPER, answer, "Second", before=WORDS, thread_ts=thread.ts, event_ts=early
    )
    read_due(story)
    assert kept(story) == ["Third"]


def test_an_edit_while_the_words_are_read_counts(story: Story, thread: Thread):
    """Slack answers with the words of before, after its event has told of the new."""
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    on_next_read(
        story,
        lambda: story.edit(HELPER, answer, "Better", before=WORDS, thread_ts=thread.ts),
    )
    read_due(story)
    assert kept(story) == ["Better"]


def test_an_edit_that_slack_shows_already_is_not_undone_by_older_events(
    story: Story, thread: Thread
):
    answer = thread.answer()
    early = story.ts()
    story.clock.advance(seconds=5)
    [message] = thread.shown
    message["text"] = "Third"
    message["edited"] = {"user": HELPER, "ts": f"{int(story.clock().timestamp())}.0"}
    story.react(PEER, answer, "heart")
    read_due(story)
    story.edit(
        HELPER, answer, "Second", before=WORDS, thread_ts=thread.ts, event_ts=early
    )
    assert kept(story) == ["Third"]


def test_what_was_read_for_an_earlier_mark_is_read_again(story: Story, thread: Thread):
    """While Slack answers, the mark goes, the words change, and a mark comes."""
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    shown = dict(thread.shown[0])

    def happen() -> None:
        story.unreact(PEER, answer, "heart")
        thread.edit(answer, "Better")
        story.react(PEER, answer, "heart")
        # What Slack has been asked for already.
        thread.shown[0] = shown

    on_next_read(story, happen)
    jobs.knowledge.read_answers(story.rt, story.worker)
    story.worker.send_due()
    thread.shown[0] = {**shown, "text": "Better"}
    read_due(story)
    assert kept(story) == ["Better"]


def test_edits_of_others_answers_are_not_kept(story: Story, thread: Thread):
    answer = thread.answer()
    thread.edit(answer, "Better")
    assert texts(story) == {}


def on_next_read(story: Story, happen: Any) -> None:
    def on_call(method: str) -> None:
        if method == READ:
            story.slack.on_call = lambda _: None
            happen()

    story.slack.on_call = on_call


# When a step fails


@pytest.mark.parametrize(
    "error",
    [
        NotSent(READ, "not_connected"),
        OutcomeUnknown(READ, "http_503"),
        RateLimited(READ, 30),
    ],
)
def test_a_failure_that_passes_is_made_up_for(
    story: Story, thread: Thread, error: SlackError
):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    story.slack.fail[READ] = [error]
    read_due(story)
    story.advance(minutes=2)
    assert kept(story) == [WORDS]


@pytest.mark.deep
def test_slacks_lost_response_is_asked_for_again(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    story.slack.fail_after[READ] = [OutcomeUnknown(READ, "TimeoutError")]
    read_due(story)
    story.advance(minutes=2)
    assert kept(story) == [WORDS]
    assert story.slack.calls.count(READ) == 2


def test_a_crash_after_the_mark_loses_no_words(story: Story, thread: Thread):
    """The row is in the mark's transaction; any later process finds it due."""
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    story.clock.advance(days=2)
    read_due(story)
    assert kept(story) == [WORDS]


def test_a_crash_while_reading_loses_no_words(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    on_next_read(story, die)
    jobs.knowledge.read_answers(story.rt, story.worker)
    with pytest.raises(Killed):
        story.deliver()
    assert kept(story) == [None]
    # Another process takes over once the lease has ended.
    story.advance(minutes=2)
    assert kept(story) == [WORDS]


@pytest.mark.deep
def test_what_slack_refuses_is_tried_daily_for_a_week(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    story.slack.fail[READ] = [Rejected(READ, "not_in_channel")] * 100
    for _ in range(8 * 24):
        read_due(story)
        story.advance(hours=1)
    assert kept(story) == [None]
    assert story.slack.calls.count(READ) == 8
    [row] = texts(story).values()
    assert row.next_fetch_at is None


@pytest.mark.deep_on_postgresql
def test_the_bot_comes_back_and_reads_what_was_refused(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    story.slack.fail[READ] = [Rejected(READ, "not_in_channel")]
    read_due(story)
    assert kept(story) == [None]
    bot_joins(story)
    read_due(story)
    assert kept(story) == [WORDS]


def bot_joins(story: Story) -> None:
    joined = {
        "type": "member_joined_channel",
        "user": story.workspace.bot_user_id,
        "channel": HELP_CHANNEL,
        "channel_type": "C",
    }
    assert story.event(joined) == 200


def test_a_message_that_slack_shows_no_more_has_no_words(story: Story, thread: Thread):
    """It was deleted while the bot was away, or is older than a free plan shows."""
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    thread.delete(answer, is_told=False)
    for _ in range(10):
        read_due(story)
        story.advance(days=1)
    assert kept(story) == [None]
    assert story.slack.calls.count(READ) == 1


def test_a_message_deleted_while_it_is_read_is_not_kept(story: Story, thread: Thread):
    answer = thread.answer()
    story.react(PEER, answer, "heart")
    on_next_read(story, lambda: story.delete(HELPER, answer, thread_ts=thread.ts))
    read_due(story)
    assert texts(story) == {}


@pytest.mark.parametrize(
    "shown",
    [
        {"user": PEER},
        {"user": "USLACKBOT", "subtype": "tombstone"},
        {"bot_id": "B1"},
    ],
)
def test_words_of_anybody_else_are_not_kept_as_the_authors(
    story: Story, thread: Thread, shown: dict[str, Any]
):
    answer = thread.answer()
    thread.shown[0] |= shown
    story.react(PEER, answer, "heart")
    read_due(story)
    assert kept(story) == [None]


# Telling the author


def test_an_author_is_told_once(story: Story, thread: Thread):
    first = thread.answer()
    story.react(PEER, first, "heart")
    read_due(story)
    tell(story)
    second = thread.answer("Or like this.")
    story.react(PEER, second, "heart")
    read_due(story)
    assert findable(story) == [WORDS, "Or like this."]
    story.advance(days=3)
    assert len(notices(story)) == 1


def test_two_answers_before_the_notice_are_one_notice(story: Story, thread: Thread):
    for words in (WORDS, "Or like this."):
        story.react(PEER, thread.answer(words), "heart")
    read_due(story)
    tell(story)
    assert len(notices(story)) == 1
    assert findable(story) == [WORDS, "Or like this."]


def test_at_night_the_notice_waits_and_the_words_with_it(story: Story):
    story.clock.now = datetime(2026, 3, 6, 19, 0, tzinfo=UTC)  # Friday, in Helsinki.
    thread = Thread(story)
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    for _ in range(60):
        story.advance(hours=1)
        if story.clock() < datetime(2026, 3, 9, 7, 0, tzinfo=UTC):
            assert notices(story) == []
            assert findable(story) == []
    story.clock.now = datetime(2026, 3, 9, 7, 0, tzinfo=UTC) + SPREAD_OVER
    story.deliver()
    assert len(notices(story)) == 1
    assert findable(story) == [WORDS]


@pytest.mark.deep
def test_a_notice_comes_within_the_shortest_contact_hours(story: Story):
    story.change_my_settings(HELPER, hours_from="10:00", hours_to="10:05")
    thread = Thread(story)
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    for _ in range(24 * 20):
        story.advance(minutes=3)
    assert len(notices(story)) == 1


def test_a_lost_response_to_the_notice_sends_it_once(story: Story, thread: Thread):
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    story.advance(seconds=50)
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ] * 2
    story.advance(seconds=11)
    story.advance(minutes=2)
    assert len(notices(story)) == 1
    assert findable(story) == [WORDS]


def test_words_of_somebody_who_cannot_be_told_are_not_kept(
    story: Story, thread: Thread, monkeypatch: pytest.MonkeyPatch
):
    answer = thread.answer("Try it again.")
    story.react(PEER, answer, "heart")
    read_due(story)
    story.advance(seconds=50)
    refused = Rejected("chat.postMessage", "cannot_dm_user")
    on_notice(story, monkeypatch, [refused])
    read_due(story)
    assert kept(story) == []
    # An edit does not bring them, nor does the bot that comes back.
    thread.edit(answer, WORDS)
    bot_joins(story)
    jobs.knowledge.read_answers(story.rt, story.worker)
    tell(story)
    assert (kept(story), notices(story)) == ([], [])
    # The next answer that helps tries again, and brings the words of the first.
    story.react(PEER, thread.answer("Or like this."), "heart")
    read_due(story)
    tell(story)
    read_due(story)
    assert len(notices(story)) == 1
    assert findable(story) == [WORDS, "Or like this."]


def on_notice(
    story: Story, monkeypatch: pytest.MonkeyPatch, errors: list[SlackError]
) -> None:
    """Slack refuses the notice, and nothing else."""
    post = story.slack.post

    def refuse(channel: str, words: str, *args: Any, **more: Any) -> tuple[str, str]:
        if "I keep its words" in words and errors:
            raise errors.pop()
        return post(channel, words, *args, **more)

    monkeypatch.setattr(story.slack, "post", refuse)
    story.advance(seconds=61)


def test_an_author_who_has_left_the_private_channel_is_told_without_its_name(
    story: Story,
):
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "secret-plans", is_private=True
    )
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER]
    thread = Thread(story)
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, PEER]
    left = {
        "type": "member_left_channel",
        "user": HELPER,
        "channel": HELP_CHANNEL,
        "channel_type": "G",
    }
    assert story.event(left) == 200
    tell(story)
    [notice] = notices(story)
    assert notice.text.startswith(
        "Your answer in a private channel that you've left helped"
    )
    assert "secret" not in json.dumps(notice.blocks)
    assert HELP_CHANNEL not in json.dumps(notice.blocks)


def test_answers_marked_before_anybody_was_told_are_read_then(
    story: Story, thread: Thread
):
    """As after an upgrade: marks without rows."""
    story.react(PEER, thread.answer(), "heart")
    with story.rt.write_session.begin() as session:
        session.execute(text("DELETE FROM answer_texts"))
    story.react(PEER, thread.answer("Or like this."), "heart")
    read_due(story)
    tell(story)
    assert findable(story) == ["Or like this."]
    read_due(story)
    assert findable(story) == [WORDS, "Or like this."]
    assert len(notices(story)) == 1


# Whoever does not want it


def test_one_press_deletes_all_words_and_another_brings_them_back(
    story: Story, thread: Thread
):
    first = thread.answer()
    story.react(PEER, first, "heart")
    read_due(story)
    tell(story)
    [notice] = notices(story)
    second = thread.answer("Or like this.")
    story.react(PEER, second, "heart")
    assert story.click(HELPER, *button(notice, "Don't keep my words")).status == 200
    assert texts(story) == {}
    story.react(PEER, thread.answer("Or so."), "heart")
    read_due(story)
    assert texts(story) == {}
    _, shown, blocks = story.slack.responses[-1]
    assert shown.startswith("OK, I've deleted the words of your answers")
    keep = PostedMessage("", "", "", blocks)
    assert story.click(HELPER, *button(keep, "Keep my words")).status == 200
    read_due(story)
    assert findable(story) == [WORDS, "Or like this.", "Or so."]
    story.advance(days=1)
    assert len(notices(story)) == 1


def test_the_choice_is_a_line_in_my_settings(story: Story, thread: Thread):
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    story.change_my_settings(HELPER, keeps_answer_texts=[])
    assert texts(story) == {}
    tell(story)
    assert notices(story) == []
    story.change_my_settings(HELPER, keeps_answer_texts=["yes"])
    # They have said so themselves.
    read_due(story)
    tell(story)
    assert (findable(story), notices(story)) == ([WORDS], [])


def test_saving_my_settings_without_a_change_is_not_being_told(
    story: Story, thread: Thread
):
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    story.change_my_settings(HELPER)
    assert findable(story) == []


def test_no_word_is_stored_of_somebody_who_says_no_while_it_is_read(
    story: Story, thread: Thread
):
    story.react(PEER, thread.answer(), "heart")
    on_next_read(story, lambda: story.change_my_settings(HELPER, keeps_answer_texts=[]))
    read_due(story)
    assert texts(story) == {}


def test_no_word_is_stored_of_somebody_who_says_no_while_it_is_marked(
    story: Story, thread: Thread
):
    """The mark did not see the choice: the row is deleted before anything is read."""
    story.react(PEER, thread.answer(), "heart")
    with story.rt.write(story.workspace) as tx:
        # As a transaction at the same time stores it, without what follows from it.
        member_settings.update(tx, HELPER, keeps_answer_texts=False)
    read_due(story)
    assert texts(story) == {}
    assert READ not in story.slack.calls


@pytest.mark.parametrize("action_id", ["answer_texts_off", "answer_texts_on"])
def test_strangers_have_no_choice_to_make(story: Story, action_id: str):
    story.slack.people["U9"] = user_object("U9", "Zed", team_id="T9")
    story.click("U9", action_id, "off")
    story.deliver()
    story.click("U9", action_id, "off")
    with story.rt.read_session() as session:
        assert session.scalars(select(AnswerTextNotice)).all() == []
        stored = select(MemberSettingsRow).filter_by(member="U9")
        assert session.scalars(stored).all() == []


# People whose words are not kept


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    "facts", [{"team_id": "T9"}, {"is_bot": True}, {"is_stranger": True}]
)
def test_nothing_is_kept_of_bots_and_other_organisations(
    story: Story, thread: Thread, facts: dict[str, Any], *, is_known: bool
):
    story.slack.people["U9"] = user_object("U9", "Zed", **facts)
    if is_known:
        story.say("U9", "Hello", thread_ts=thread.ts)
        story.deliver()
    answer = thread.answer(by="U9")
    story.react(PEER, answer, "heart")
    if not is_known:
        jobs.knowledge.read_answers(story.rt, story.worker)
    story.deliver()
    read_due(story)
    assert texts(story) == {}


def test_nothing_new_is_kept_of_people_who_have_left(story: Story, thread: Thread):
    first, second = thread.answer(), thread.answer("Or like this.")
    story.react(PEER, first, "heart")
    read_due(story)
    tell(story)
    gone = {**story.slack.people[HELPER], "deleted": True}
    assert story.event({"type": "user_change", "user": gone}) == 200
    story.react(PEER, second, "heart")
    read_due(story)
    assert findable(story) == [WORDS]


# Personal data


CANARY = "zebrafish-quicksilver"


def everything(story: Story) -> str:
    with story.rt.read_session() as session:
        return "\n".join(
            str(row)
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        )


@pytest.mark.parametrize("moment", ["unread", "untold", "told", "being read"])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_after_forget_me_the_words_are_in_no_table(
    story: Story, thread: Thread, moment: str
):
    answer = thread.answer(f"Try the {CANARY}")
    story.react(PEER, answer, "heart")

    def forget() -> None:
        with story.rt.write(story.workspace) as tx:
            privacy.erase(tx, HELPER)

    if moment == "being read":
        on_next_read(story, forget)
    if moment != "unread":
        read_due(story)
    if moment == "told":
        tell(story)
    if moment in {"untold", "told"}:
        assert CANARY in everything(story)
    if moment != "being read":
        forget()
    for _ in range(3):
        read_due(story)
        story.advance(minutes=1)
    # A late edit, and one more mark, bring nothing back.
    story.edit(
        HELPER,
        answer,
        f"The {CANARY} it is",
        before="x",
        thread_ts=thread.ts,
        event_ts=answer,
    )
    story.react(ASKER, answer, "white_check_mark")
    read_due(story)
    assert CANARY not in everything(story)
    assert texts(story) == {}
    with story.rt.read_session() as session:
        assert session.scalars(select(AnswerTextNotice)).all() == []
    assert notices(story) == []


@pytest.mark.deep
def test_whoever_is_forgotten_while_they_are_told_is_not_remembered(
    story: Story, thread: Thread, monkeypatch: pytest.MonkeyPatch
):
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    story.advance(seconds=50)
    post = story.slack.post

    def forget_first(channel: str, words: str, *args: Any, **more: Any) -> Any:
        if "I keep its words" in words:
            with story.rt.write(story.workspace) as tx:
                privacy.erase(tx, HELPER)
        return post(channel, words, *args, **more)

    monkeypatch.setattr(story.slack, "post", forget_first)
    for _ in range(3):
        story.advance(minutes=1)
    assert notices(story) == []
    with story.rt.read_session() as session:
        assert session.scalars(select(AnswerTextNotice)).all() == []


def test_mentions_of_somebody_forgotten_become_a_word(story: Story, thread: Thread):
    story.react(PEER, thread.answer(f"Ask <@{ADMIN}|eva>, she knows."), "heart")
    read_due(story)
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, ADMIN)
    assert kept(story) == ["Ask someone, she knows."]


def test_my_data_shows_the_author_the_words_and_others_nothing(
    story: Story, thread: Thread
):
    story.react(PEER, thread.answer(f"<@{ADMIN}> has the {CANARY}"), "heart")
    read_due(story)
    with story.rt.read(story.workspace) as tx:
        assert CANARY in json.dumps(privacy.rows_about(tx, HELPER)["answer_texts"])
        assert CANARY not in json.dumps(privacy.rows_about(tx, PEER))
        [row] = privacy.rows_about(tx, ADMIN)["answer_texts"]
    assert row["mentioned_in"] == ["text"]
    assert CANARY not in json.dumps(row)


# Two workspaces


@pytest.mark.deep_on_postgresql
def test_a_choice_in_one_workspace_is_none_in_another(story: Story, thread: Thread):
    story.react(PEER, thread.answer(), "heart")
    read_due(story)
    with story.rt.write_session.begin() as session:
        other = add_other_workspace(session)
        session.add(Member(installation_id=other.id, slack_id=HELPER))
        other_id = other.id
    elsewhere = replace(story.workspace, id=other_id, team_id="T9")
    with story.rt.write(elsewhere) as tx:
        answer_texts.record_notice(tx, HELPER)
        answer_texts.set_kept(tx, HELPER, is_kept=False)
        answer_texts.withdraw_words(tx, HELPER)
    assert (kept(story), findable(story)) == ([WORDS], [])
