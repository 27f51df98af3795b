"""Members are erased on request, and stay erased."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

import jobs.mentors
from bot.asks.replies import request_thread_sync
from bot.exports import service as exports
from bot.privacy import service as privacy
from bot.slack.api import OutcomeUnknown
from bot.workspace import leads, members
from models import Ask, Champion, Channel, MessageCount, OutboxItem, Reaction
from tests.factories import Story
from tests.personal_data import (
    REASON,
    WORDS,
    days_pass,
    everything_in,
    file_of,
    forget,
    members_named,
    totals,
    visible_messages,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)


@pytest.mark.deep
def test_the_consequences_are_shown_before_the_erasure(lived: Story):
    before = everything_in(lived)
    lived.command(ASKER, "/backswing", "forget me")
    view_text = json.dumps(lived.slack.views[-1][1], ensure_ascii=False)
    assert "2 asks" in view_text
    assert "1 answer, " in view_text
    assert "outbox" not in view_text
    assert "This can't be undone" in view_text
    assert everything_in(lived) == before
    with lived.rt.write(lived.workspace) as tx:
        leads.set_program_leads(tx, [ASKER])
    lived.command(ASKER, "/backswing", "forget me")
    view_text = json.dumps(lived.slack.views[-1][1], ensure_ascii=False)
    assert "1 channel that you look after as a champion" in view_text
    assert "1 program that you lead" in view_text


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep
def test_a_message_to_them_in_flight_is_deleted_as_well(lived: Story):
    third = lived.asks()[2]
    lived.say(PEER, "Maybe.", thread_ts=third.ts)
    erases_while_posting(lived, ASKER)
    lived.deliver()
    lived.advance(minutes=1)
    assert lived.slack.messages_to(ASKER) == []


@pytest.mark.deep
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
@pytest.mark.deep
@pytest.mark.each_parameter
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


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep
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


def test_a_profile_alone_is_not_stored(story: Story):
    assert (
        story.event({"type": "user_change", "user": user_object("U0ZOE", "Zoe")}) == 200
    )
    assert (
        story.event({"type": "team_join", "user": user_object("U0YAN", "Yan")}) == 200
    )
    assert "U0ZOE" not in everything_in(story)
    assert "U0YAN" not in everything_in(story)


@pytest.mark.deep
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


def asks_for_their_data(story: Story) -> None:
    story.command(ASKER, "/backswing", "my data")


def is_thanked(story: Story) -> None:
    story.command(PEER, "/kudos", f"<@{ASKER}> for {REASON}")


@pytest.mark.parametrize("is_looked_up", [asks_for_their_data, is_thanked])
@pytest.mark.deep
@pytest.mark.each_parameter
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


@pytest.mark.deep
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


@pytest.mark.deep
def test_the_export_has_one_total_for_erased_members(story: Story):
    for member in (ASKER, PEER):
        story.ask("How is it done?", member=member)
    for member in (ASKER, PEER):
        forget(story, member)
    with story.rt.read(story.rt.workspaces.only) as tx:
        [row] = exports.people(tx)
    assert (row["name"], row["asks"]) == ("someone", 2)
