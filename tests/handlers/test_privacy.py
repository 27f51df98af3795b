"""Members read their personal data, and are erased on request."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_sdk.models.blocks import Block
from sqlalchemy import select, text

import jobs.mentors
import jobs.privacy
from bot.asks.message_kinds import ASK_CONVERTED
from bot.asks.replies import request_thread_sync
from bot.exports import service as exports
from bot.feature import Feature, Features
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.privacy import redaction
from bot.privacy import service as privacy
from bot.runtime import Transaction
from bot.slack.actions import SlackAction, UpdateMessage
from bot.slack.api import NotSent, OutcomeUnknown, Rejected
from bot.workspace import members
from models import (
    Ask,
    Base,
    Champion,
    Channel,
    Member,
    MessageCount,
    OutboxItem,
    Reaction,
)
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    form_values,
    user_object,
)

WORDS = "How do I test daylight saving?"


@pytest.fixture
def lived(story: Story) -> Story:
    """Ana asked, Ben answered, Chi found it helpful, Ana marked it as solved.

    Ben asks in turn and names Ana; she offers help, and closes nothing.
    """
    story.set_up_channel(champions=[CHAMPION, ASKER])
    first = story.ask(WORDS)
    answer = story.say(HELPER, "Freeze the clock.", thread_ts=first.ts)
    story.react(PEER, answer, "bulb")
    story.react(ASKER, answer, "white_check_mark")
    story.advance(minutes=2)
    second = story.ask(f"Is what <@{ASKER}> did right?", member=HELPER)
    story.react(ASKER, second.ts, "eyes")
    story.say(ASKER, "Yes.", thread_ts=second.ts)
    story.ask("Anything else about <@U0ANABEL>?", member=ASKER)
    story.advance(minutes=2)
    return story


def forget(story: Story, member: str = ASKER) -> None:
    story.command(member, "/backswing", "forget me")
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "forget_me"
    answer = story.submit(member, view, {})
    assert "Done" in json.dumps(json.loads(answer.body)["view"])
    story.advance(minutes=2)


def everything_in(story: Story) -> str:
    """Return each cell of each table."""
    with story.rt.read_session() as session:
        return "\n".join(
            f"{table.name}: {row}"
            for table in Base.metadata.sorted_tables
            for row in session.execute(text(f"SELECT * FROM {table.name}"))  # noqa: S608
        )


def visible_messages(story: Story) -> str:
    """Return the visible text of all of the bot's messages to others."""
    return json.dumps([[m.text, m.blocks] for m in story.slack.messages])


def totals(story: Story) -> dict[str, Any]:
    with story.rt.read_session() as session:
        marks = session.scalars(select(Reaction).where(Reaction.is_present)).all()
        asks = session.scalars(select(Ask)).all()
    return {
        "asks": len(asks),
        "solved": sum(ask.state == "solved" for ask in asks),
        "answers": sorted(
            (a.ts, a.is_solution, a.helpful_count) for a in story.answers()
        ),
        "marks": sorted((m.message_ts, m.emoji, m.meaning) for m in marks),
        "askers": sorted(
            [a.asker for a in asks].count(a) for a in {*[a.asker for a in asks]}
        ),
    }


def file_of(story: Story, member: str = ASKER) -> dict[str, Any]:
    assert "file" in str(story.command(member, "/backswing", "my data").body)
    story.deliver()
    [file] = [f for f in story.slack.files.values() if f.member == member]
    return dict(json.loads(file.content))


# The file


def test_the_file_has_all_own_data_and_ones_part_in_the_rest(lived: Story):
    told = file_of(lived)
    assert told["about"]["member"] == ASKER
    tables = told["tables"]
    mine = [row for row in tables["asks"]["rows"] if row.get("asker") == ASKER]
    assert [row["title"] for row in mine] == [WORDS, "Anything else about <@U0ANABEL>?"]
    assert {row["channel_id"] for row in mine} == {HELP_CHANNEL}
    assert [row["emoji"] for row in tables["reactions"]["rows"]] == [
        "white_check_mark",
        "eyes",
    ]
    assert [row["author"] for row in tables["answers"]["rows"]] == [ASKER]
    assert tables["members"]["rows"][0]["name"] == "Ana"
    assert len(tables["champions"]["rows"]) == 1
    assert all(table["why"] for table in tables.values())


def test_the_file_shows_of_others_rows_only_ones_own_part(lived: Story):
    ben = lived.asks()[1]
    lived.click(CHAMPION, "ask_menu", option=f"close:{ben.id}")
    lived.submit(CHAMPION, lived.slack.views[-1][1], {"reason": "Asked twice"})
    rows = file_of(lived, CHAMPION)["tables"]["asks"]["rows"]
    [row] = rows
    assert row["closed_by"] == CHAMPION
    assert row["close_reason"] == "Asked twice"
    assert not {"asker", "title", "details"} & row.keys()


def test_the_file_comes_once_whatever_slack_responds(lived: Story):
    lived.slack.fail["files.completeUploadExternal"] = [
        NotSent("files.getUploadURLExternal", "TimeoutError")
    ]
    lived.command(ASKER, "/backswing", "My  Data", trigger_id="one")
    lived.command(ASKER, "/backswing", "my data", trigger_id="one")
    lived.advance(minutes=1)
    lived.advance(minutes=1)
    assert len(lived.slack.files) == 1
    lived.slack.fail_after["files.completeUploadExternal"] = [
        OutcomeUnknown("files.completeUploadExternal", "TimeoutError")
    ]
    lived.command(ASKER, "/backswing", "my data", trigger_id="two")
    lived.advance(minutes=1)
    lived.advance(minutes=1)
    assert len(lived.slack.files) == 2


def test_a_guest_without_data_gets_a_file_too(story: Story):
    assert set(file_of(story, GUEST)["tables"]) <= {
        "members",
        "outbox",
        "outbox_channels",
    }


# Erased


def test_the_consequences_are_shown_before_the_erasure(lived: Story):
    before = everything_in(lived)
    lived.command(ASKER, "/backswing", "forget me")
    view_text = json.dumps(lived.slack.views[-1][1], ensure_ascii=False)
    assert "2 asks" in view_text
    assert "1 answer, " in view_text
    assert "outbox" not in view_text
    assert "This can't be undone" in view_text
    assert everything_in(lived) == before


def test_no_cell_of_any_table_leads_to_an_erased_member(lived: Story):
    forget(lived)
    rest = [
        line
        for line in everything_in(lived).splitlines()
        if ASKER in line.replace("U0ANABEL", "")
    ]
    # The tombstone that keeps late deliveries from restoring anything.
    assert [line.partition(":")[0] for line in rest] == ["members"]
    assert "'Ana'" not in everything_in(lived)
    assert WORDS not in everything_in(lived)


def test_totals_stay_as_they_are(lived: Story):
    before = totals(lived)
    forget(lived)
    assert totals(lived) == before


def test_posted_messages_no_longer_name_or_quote_them(lived: Story):
    assert "Ana's ask" in visible_messages(lived)
    assert WORDS in visible_messages(lived)
    forget(lived)
    now = visible_messages(lived).replace("U0ANABEL", "")
    assert "Ana" not in now
    assert ASKER not in now
    assert WORDS not in now
    assert "someone's ask" in now
    assert "Asked by someone" in now


def test_messages_to_them_are_deleted_including_their_file(lived: Story):
    file_of(lived)
    lived.advance(minutes=1)
    assert lived.slack.messages_to(ASKER)
    forget(lived)
    dm = f"D{ASKER[1:]}"
    assert dm in lived.slack.deleted_from
    assert lived.slack.files == {}
    assert dm not in everything_in(lived)


def test_open_asks_are_closed_and_solved_ones_stay_solved(lived: Story):
    forget(lived)
    assert [ask.state for ask in lived.asks()] == ["solved", "answered", "closed"]


def test_a_queued_message_that_names_them_is_sent_without_their_name(lived: Story):
    third = lived.asks()[2]
    lived.react(PEER, third.ts or "", "raising_hand")
    answer = lived.say(HELPER, "This.", thread_ts=third.ts)
    lived.react(ASKER, answer, "white_check_mark")
    forget(lived)
    [told] = [t for t in lived.slack.texts_to(HELPER) if "solved" in t][-1:]
    assert "someone's ask" in told
    assert [t for t in lived.slack.texts_to(PEER) if "Ana" in t] == []


def test_no_messages_are_sent_to_them_any_more(lived: Story):
    third = lived.asks()[2]
    lived.say(PEER, "Maybe.", thread_ts=third.ts)
    lived.slack.calls.clear()
    forget(lived)
    assert not [
        m for m in lived.slack.messages_to(ASKER) if "answered your ask" in m.text
    ]
    lived.say(PEER, "Or so.", thread_ts=third.ts)
    lived.advance(minutes=2)
    assert not any("forgotten" in m.channel for m in lived.slack.messages)


def test_an_ask_that_is_not_posted_yet_is_never_posted(story: Story):
    story.command(ASKER, "/ask", WORDS)
    forget(story)
    assert story.slack.messages_to(HELP_CHANNEL) == []
    assert story.only_ask().state == "deleted"


def erases_while_posting(story: Story, member: str) -> None:
    """Erase the member after the next message is rendered and before it is posted."""

    def in_flight(method: str) -> None:
        if method == "chat.postMessage":
            story.slack.on_call = lambda _: None
            with story.rt.write(story.rt.workspaces.only) as tx:
                privacy.erase(tx, member)

    story.slack.on_call = in_flight


def test_a_message_in_flight_is_redacted(lived: Story):
    third = lived.asks()[2]
    answer = lived.say(HELPER, "This.", thread_ts=third.ts)
    lived.advance(minutes=2)
    lived.react(PEER, answer, "heart")
    lived.clock.advance(seconds=61)
    erases_while_posting(lived, PEER)
    lived.deliver()
    lived.advance(minutes=1)
    assert lived.slack.texts_to(HELPER)[-1].endswith("helped someone.")
    assert "Chi" not in json.dumps([m.text for m in lived.slack.messages_to(HELPER)])


def test_an_unconfirmed_message_is_redacted(lived: Story):
    third = lived.asks()[2]
    answer = lived.say(HELPER, "This.", thread_ts=third.ts)
    lived.advance(minutes=2)
    lived.react(PEER, answer, "heart")
    lived.clock.advance(seconds=61)
    post = "chat.postMessage"
    lived.slack.fail_after[post] = [OutcomeUnknown(post, "TimeoutError")]
    lived.deliver()
    assert "helped Chi" in lived.slack.texts_to(HELPER)[-1]
    forget(lived, PEER)
    lived.advance(minutes=1)
    assert "helped someone" in lived.slack.texts_to(HELPER)[-1]


def test_a_message_to_them_in_flight_is_deleted_as_well(lived: Story):
    third = lived.asks()[2]
    lived.say(PEER, "Maybe.", thread_ts=third.ts)
    erases_while_posting(lived, ASKER)
    lived.deliver()
    lived.advance(minutes=1)
    assert lived.slack.messages_to(ASKER) == []


def test_a_late_delivery_restores_nothing(lived: Story):
    first = lived.asks()[0]
    [solution] = [a for a in lived.answers() if a.is_solution]
    before = totals(lived)
    at = lived.ts()
    lived.clock.advance(seconds=1)
    forget(lived)
    lived.react(ASKER, solution.ts, "white_check_mark", event_ts=at)
    lived.react(ASKER, solution.ts, "heart", event_ts=at)
    assert totals(lived) == before
    with lived.rt.read(lived.rt.workspaces.only) as tx:
        trace = members.find(tx, ASKER)
        assert trace is not None
        assert trace.name == ""
    assert first.ts is not None


@pytest.mark.parametrize("capture", ["off", "all"])
@pytest.mark.parametrize("way", ["said", "read"])
def test_earlier_messages_delivered_late_are_not_stored(
    story: Story, capture: str, way: str
):
    story.set_up_channel(capture=capture)
    ask = story.ask("How is it done?", member=HELPER)
    story.command(HELPER, "/kudos", f"<@{PEER}> for all the help with the parser")
    story.deliver()
    [_, thanked] = [message.ts for message in story.slack.messages_to(HELP_CHANNEL)]
    late = [story.ts() for _ in range(4)]
    story.say(ASKER, "Written before, heard in time")
    story.clock.advance(seconds=5)
    forget(story)
    if way == "read":
        liked = {"reactions": [{"name": "+1", "users": [ASKER], "count": 1}]}
        story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
            {"ts": ask.ts, "user": HELPER},
            {"ts": late[0], "user": ASKER, "text": "The secret"},
            {"ts": late[3], "user": PEER, "text": "So."} | liked,
        ]
        with story.rt.write(story.rt.workspaces.only) as tx:
            request_thread_sync(
                tx,
                tx.session.get_one(Ask, story.asks()[0].id),
                tx.session.scalars(select(Channel)).one(),
            )
        story.deliver()
    else:
        story.say(ASKER, "The secret", thread_ts=ask.ts, ts=late[0])
    story.say(ASKER, "The secret question?", ts=late[1])
    story.react(ASKER, thanked, "raised_hands", event_ts=late[2], author=BOT)
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    story.advance(minutes=2)
    stored = [
        line
        for line in everything_in(story).splitlines()
        if ASKER in line or "secret" in line
    ]
    assert [line.partition(":")[0] for line in stored] == ["members"]


def test_a_champion_can_not_convert_an_earlier_message(story: Story):
    story.set_up_channel(champions=[CHAMPION])
    ts = story.say(ASKER, "The secret question?")
    story.clock.advance(seconds=5)
    forget(story)
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts, "The secret question?")
    story.deliver()
    assert "I no longer keep that message" in story.slack.responses[-1][1]
    assert story.asks() == []


def test_messages_of_the_next_day_count_again(story: Story):
    story.ask("How is it done?", member=HELPER)
    story.say(ASKER, "Before")
    story.clock.advance(seconds=5)
    forget(story)
    story.clock.advance(days=1)
    story.say(ASKER, "I am back")
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    with story.rt.read_session() as session:
        counted = session.scalars(select(MessageCount).filter_by(member=ASKER)).all()
        assert [row.messages for row in counted] == [1]


def test_earlier_messages_delivered_late_do_not_count_although_they_are_back(
    story: Story,
):
    story.ask("How is it done?", member=HELPER)
    before = story.ts()
    story.clock.advance(days=1)
    forget(story)
    asks_for_their_data(story)
    assert members_named(story, ASKER).erased_at is None
    story.say(ASKER, "Before", ts=before, event_ts=before)
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    with story.rt.read_session() as session:
        assert not session.scalars(select(MessageCount).filter_by(member=ASKER)).all()


def test_fetching_a_thread_again_counts_their_mark_once(lived: Story):
    second = lived.asks()[1]
    assert second.ts
    answer = lived.say(PEER, "No.", thread_ts=second.ts)
    lived.react(ASKER, answer, "+1")
    forget(lived)
    lived.slack.thread_messages[HELP_CHANNEL, second.ts] = [
        {"ts": second.ts, "user": HELPER, "text": "?"},
        {
            "ts": answer,
            "user": PEER,
            "text": "No.",
            "reactions": [{"name": "+1", "users": [ASKER], "count": 1}],
        },
    ]
    late = lived.ts()
    lived.clock.advance(minutes=3)
    lived.say(CHAMPION, "Late.", thread_ts=second.ts, ts=late)
    lived.advance(minutes=1)
    assert "conversations.replies" in lived.slack.calls
    assert lived.answer_marks()[answer] == (False, 1)


def test_a_member_who_returns_is_a_new_member(lived: Story):
    forget(lived)
    later_ask = lived.ask("And what now?", member=ASKER)
    assert "Asked by Ana" in json.dumps(later_ask.blocks)
    new = lived.asks()[-1]
    assert new.is_first_ask
    with lived.rt.read(lived.rt.workspaces.only) as tx:
        assert members.name(tx, ASKER) == "Ana"


def test_pressed_twice_the_button_erases_once_and_nothing_breaks(lived: Story):
    forget(lived)
    before = totals(lived)
    forget(lived)
    assert totals(lived) == before


def test_an_edit_of_their_own_message_does_not_restore_its_text(story: Story):
    story.set_up_channel(capture="questions")
    ts = story.say(ASKER, WORDS)
    story.deliver()
    forget(story)
    story.edit(ASKER, ts, "How do I test it, really?")
    assert "really" not in story.only_ask().title


def test_other_members_are_not_affected(lived: Story):
    before = file_of(lived, HELPER)["tables"]["asks"]["rows"]
    forget(lived)
    with lived.rt.read_session() as session:
        assert session.scalars(select(Champion.member)).all() == [CHAMPION]
        [ben] = session.scalars(select(Ask).filter_by(asker=HELPER)).all()
    assert ben.title == "Is what someone did right?"
    assert len(before) == 1
    assert ben.state == "answered"
    assert members_named(lived, HELPER).name == "Ben"


def members_named(story: Story, member: str) -> Member:
    with story.rt.read(story.rt.workspaces.only) as tx:
        found = members.find(tx, member)
    assert found is not None
    return found


def test_a_profile_alone_is_not_stored(story: Story):
    assert (
        story.event({"type": "user_change", "user": user_object("U0ZOE", "Zoe")}) == 200
    )
    assert (
        story.event({"type": "team_join", "user": user_object("U0YAN", "Yan")}) == 200
    )
    assert "U0ZOE" not in everything_in(story)
    assert "U0YAN" not in everything_in(story)


def test_a_profile_does_not_restore_an_erased_member(lived: Story):
    forget(lived)
    assert lived.event({"type": "user_change", "user": user_object(ASKER)}) == 200
    assert members_named(lived, ASKER).name == ""


def test_after_the_redaction_the_outbox_has_no_item_about_it(lived: Story):
    forget(lived)
    with lived.rt.read_session() as session:
        kinds = set(session.scalars(select(OutboxItem.kind)))
    assert "privacy.redact" not in kinds
    assert ADMIN not in visible_messages(lived)


# Retention


def days_pass(story: Story, days: float) -> None:
    story.clock.advance(days=days)
    jobs.privacy.erase_deactivated(story.rt, story.worker)
    jobs.privacy.purge_expired(story.rt, story.worker)
    story.deliver()


def test_a_deactivated_member_is_erased_after_a_while(lived: Story):
    deactivated = user_object(ASKER, deleted=True)
    assert lived.event({"type": "user_change", "user": deactivated}) == 200
    before = totals(lived)
    days_pass(lived, 89)
    assert members_named(lived, ASKER).name == "Ana"
    days_pass(lived, 2)
    lived.advance(minutes=5)
    assert "'Ana'" not in everything_in(lived)
    assert WORDS not in visible_messages(lived)
    assert totals(lived) == before
    days_pass(lived, 8)
    assert ASKER not in everything_in(lived).replace("U0ANABEL", "")


def test_a_member_who_returns_in_time_is_not_erased(lived: Story):
    for is_gone in (True, False):
        user = user_object(ASKER, deleted=is_gone)
        assert lived.event({"type": "user_change", "user": user}) == 200
    days_pass(lived, 400)
    assert members_named(lived, ASKER).name == "Ana"


@pytest.fixture
def converted_story(story: Story) -> Story:
    """Dan converted a message of Ana, who was told."""
    story.set_up_channel(champions=[CHAMPION])
    ts = story.say(ASKER, WORDS)
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts, WORDS)
    story.advance(minutes=1)
    assert story.slack.texts_to(ASKER)[0].startswith("Dan made")
    return story


def the_letter(story: Story) -> OutboxItem:
    with story.rt.read_session() as session:
        [item] = session.scalars(select(OutboxItem).filter_by(kind="ask.converted"))
    return item


def test_a_member_named_in_the_payload_only_is_redacted(converted_story: Story):
    forget(converted_story, CHAMPION)
    assert converted_story.slack.texts_to(ASKER)[0].startswith("Someone made")


def test_the_payloads_of_sent_messages_expire(converted_story: Story):
    days_pass(converted_story, 29)
    assert the_letter(converted_story).payload == {"by": CHAMPION}
    days_pass(converted_story, 2)
    assert the_letter(converted_story).payload == {}
    assert the_letter(converted_story).state == "sent"


def test_without_its_payload_a_message_is_rendered_as_far_as_possible(
    converted_story: Story,
):
    days_pass(converted_story, 31)
    ask = converted_story.only_ask()
    converted_story.react(PEER, ask.ts or "", "eyes")
    forget(converted_story, PEER)
    assert converted_story.slack.texts_to(ASKER)[0].startswith("Someone made")


REASON = "the answer on retries, it saved my week"


def test_kudos_in_a_thread_outlast_their_payload(story: Story):
    ask = story.ask()
    answer = story.say(HELPER, "Use x.", thread_ts=ask.ts)
    story.message_shortcut(
        ASKER, "thank_author", HELPER, answer, "Use x.", thread_ts=ask.ts
    )
    view = story.slack.views[-1][1]
    entered = form_values(view) | {
        "people": [HELPER, PEER],
        "reason": REASON,
        "channel": HELP_CHANNEL,
    }
    story.submit(ASKER, view, entered)
    story.advance(minutes=2)
    days_pass(story, 31)
    forget(story, PEER)
    here = json.dumps(
        [[m.text, m.blocks] for m in story.slack.messages_to(HELP_CHANNEL)]
    )
    assert REASON in here
    assert PEER not in here


def test_a_bug_in_rendering_deletes_nothing(converted_story: Story):
    """Only an item with a redacted payload may lack its content."""

    def draw(_tx: Transaction, claim: Delivery) -> SlackAction:
        return claim.payload["no such thing"]  # type: ignore[no-any-return]

    broken = Feature(name="broken", message_types=[MessageType(ASK_CONVERTED, draw)])
    rt = replace(converted_story.rt, features=Features([broken]))
    fake = SimpleNamespace(
        subject_id=the_letter(converted_story).id, started_at=converted_story.clock()
    )
    claim = cast("Delivery", fake)
    with rt.read(rt.workspaces.only) as tx, pytest.raises(KeyError):
        redaction.render_redaction(tx, claim)
    days_pass(converted_story, 31)
    with rt.read(rt.workspaces.only) as tx:
        taken_back = redaction.render_redaction(tx, claim)
    assert isinstance(taken_back, UpdateMessage)
    assert "removed this message" in taken_back.text


def refuse_updates(
    monkeypatch: pytest.MonkeyPatch, story: Story, error: str
) -> Callable[[], None]:
    """Make Slack reject updates in the channel; return a function to allow them."""
    update = story.slack.update

    def refuse(channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        if channel == HELP_CHANNEL:
            raise Rejected("chat.update", error)
        update(channel, ts, text, blocks)

    def allow() -> None:
        monkeypatch.undo()

    monkeypatch.setattr(story.slack, "update", refuse)
    return allow


def rewordings(story: Story) -> list[str]:
    with story.rt.read_session() as session:
        found = session.scalars(select(OutboxItem).filter_by(kind="privacy.redact"))
        return [item.state for item in found]


def test_a_rejected_redaction_is_retried_another_day(
    lived: Story, monkeypatch: pytest.MonkeyPatch
):
    allow = refuse_updates(monkeypatch, lived, "is_archived")
    forget(lived)
    assert set(rewordings(lived)) == {"rejected"}
    allow()
    days_pass(lived, 0.5)
    lived.advance(minutes=5)
    assert "daylight" in visible_messages(lived)
    days_pass(lived, 1)
    lived.advance(minutes=5)
    assert "daylight" not in visible_messages(lived)
    assert rewordings(lived) == []


def test_a_deleted_message_is_not_redacted_again(
    lived: Story, monkeypatch: pytest.MonkeyPatch
):
    refuse_updates(monkeypatch, lived, "message_not_found")
    forget(lived)
    assert rewordings(lived) == []


def asks_for_their_data(story: Story) -> None:
    story.command(ASKER, "/backswing", "my data")


def is_thanked(story: Story) -> None:
    story.command(PEER, "/kudos", f"<@{ASKER}> for {REASON}")


@pytest.mark.parametrize("is_looked_up", [asks_for_their_data, is_thanked])
def test_data_from_before_the_erasure_stays_away_on_their_return(
    lived: Story, is_looked_up: Callable[[Story], None]
):
    [solution] = [answer for answer in lived.answers() if answer.is_solution]
    before = lived.ts()
    lived.clock.advance(seconds=1)
    forget(lived)
    is_looked_up(lived)
    second = lived.asks()[1].ts
    lived.react(ASKER, solution.ts, "heart", event_ts=before)
    lived.say(ASKER, "As ever.", thread_ts=second, ts=before, event_ts=before)
    with lived.rt.read_session() as session:
        assert not session.scalars(select(Reaction).filter_by(member=ASKER)).all()
    assert ASKER not in {answer.author for answer in lived.answers()}
    lived.react(ASKER, solution.ts, "heart")
    with lived.rt.read_session() as session:
        assert session.scalars(select(Reaction).filter_by(member=ASKER)).all()


def test_a_member_back_within_the_week_stays_when_it_is_over(lived: Story):
    forget(lived)
    asks_for_their_data(lived)
    days_pass(lived, 8)
    back = members_named(lived, ASKER)
    assert (back.name, back.erased_at, back.erased_before) == ("Ana", None, None)


def test_the_file_lists_where_others_wrote_about_one(lived: Story):
    second = lived.asks()[1]
    rows = file_of(lived)["tables"]["asks"]["rows"]
    [row] = [row for row in rows if row["id"] == second.id]
    assert "title" not in row
    assert "asker" not in row


def test_their_own_topics_are_personal_data(story: Story):
    story.set_up_channel(topics="python")
    story.command(ASKER, "/ask")
    view = story.slack.views[-1][1]
    entered = {
        "title": "How do I leave?",
        "channel": HELP_CHANNEL,
        "more_topics": "python, acme-layoffs",
    }
    story.submit(ASKER, view, entered)
    story.advance(minutes=1)
    assert story.only_ask().topics == ["python", "acme-layoffs"]
    forget(story)
    assert story.only_ask().topics == ["python"]


def test_the_export_has_one_total_for_erased_members(story: Story):
    for member in (ASKER, PEER):
        story.ask("How is it done?", member=member)
    for member in (ASKER, PEER):
        forget(story, member)
    with story.rt.read(story.rt.workspaces.only) as tx:
        [row] = exports.people(tx)
    assert (row["name"], row["asks"]) == ("someone", 2)
