"""Unexpected mentors, as a story: detected, told, asked, thanked, and taken back."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import func, select, update

import jobs.mentors
from bot.config.mentors import SMALL_WORKSPACE, MentorSettings
from bot.feature import Features
from bot.mentors import detection
from bot.mentors.feature import Mentors
from bot.mentors.message_kinds import MENTOR_UPDATE
from bot.outbox import enqueue
from bot.runtime import Transaction
from bot.slack.api import Rejected
from bot.workspace import member_settings
from models import CreditEvidence, MentorRun, MessageCount
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.mentors import (
    TO_FRIDAY,
    choose,
    credited,
    help_out,
    last,
    meet,
    on_friday,
    prefer,
    run_detection,
    the_credit,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)


def words(posted: PostedMessage) -> str:
    return str(posted.blocks)


def test_the_member_is_told_first_and_nobody_else(story: Story):
    help_out(story)
    before = len(story.slack.messages_to(HELP_CHANNEL))
    on_friday(story)
    note = last(story, HELPER)
    assert note.text.startswith(
        "You've been quietly helping: in the last four weeks, 2 of your answers helped"
        " 2 people, with only "
    )
    assert "of the messages" in note.text
    assert "May I thank you in #help" in note.text
    buttons = [b["action_id"] for b in note.blocks[-2]["elements"]]
    assert buttons == ["mentor_tell", "mentor_keep", "mentor_never"]
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before
    credit = the_credit(story)
    assert (credit.member, credit.consent, credit.window_days) == (HELPER, "asked", 28)
    with story.rt.read_session() as session:
        rows = session.scalars(
            select(CreditEvidence).order_by(CreditEvidence.ask_id)
        ).all()
        assert [
            (r.asker, r.is_solution, r.helped_members, r.marked_by) for r in rows
        ] == [
            (ASKER, True, [ASKER], [ASKER]),
            (PEER, False, [PEER], [PEER]),
        ]


def use_settings(story: Story, settings: MentorSettings) -> None:
    features = [
        replace(feature, settings=settings) if isinstance(feature, Mentors) else feature
        for feature in story.rt.features
    ]
    story.rt = replace(story.rt, features=Features(features))


@pytest.mark.deep
def test_the_detection_starts_when_the_shortest_window_is_full(story: Story):
    numbers = SMALL_WORKSPACE.model_copy(update={"windows_days": (28, 56)})
    use_settings(story, numbers)
    help_out(story)
    on_friday(story)
    assert credited(story) == []
    for _ in range(2):
        story.clock.advance(days=7)
        run_detection(story)
    assert credited(story) == []
    help_out(story)
    # The bot joined on a Monday: the fourth Friday is three days too early.
    story.clock.advance(days=7)
    run_detection(story)
    assert credited(story) == []
    story.clock.advance(days=7)
    run_detection(story)
    assert the_credit(story).window_days == 28


def test_an_imported_history_fills_the_window(story: Story):
    numbers = SMALL_WORKSPACE.model_copy(update={"windows_days": (28, 56)})
    use_settings(story, numbers)
    help_out(story)
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    with story.rt.write_session.begin() as session:
        session.execute(
            update(MessageCount)
            .where(MessageCount.member == ADMIN)
            .values(day=story.clock().date() - timedelta(days=24))
        )
    on_friday(story)
    assert the_credit(story).member == HELPER


def test_a_few_people_by_themselves_are_one_circle(story: Story):
    numbers = SMALL_WORKSPACE.model_copy(update={"circle_people": 12})
    use_settings(story, numbers)
    help_out(story)
    on_friday(story)
    assert credited(story) == []


@pytest.mark.deep
def test_a_yes_tells_the_channel_and_the_people_helped(story: Story):
    help_out(story)
    on_friday(story)
    choose(story, "mentor_tell")
    post = last(story, HELP_CHANNEL)
    assert "Ben quietly helped here" in post.text
    assert "Thank you, Ben!" in post.text
    assert HELPER in words(post)
    [button] = post.blocks[-1]["elements"]
    assert button["action_id"] == "say_thanks"
    assert HELPER in button["value"]
    assert "Done: I posted it" in words(last(story, HELPER))
    assert post.ts.replace(".", "") in words(last(story, HELPER))
    # The first minute is for undoing it.
    assert "Because of your mark" not in last(story, ASKER).text
    story.advance(minutes=2)
    for helped in (ASKER, PEER):
        assert "Because of your mark, Ben is being thanked" in last(story, helped).text
    assert the_credit(story).consent == "public"


@pytest.mark.parametrize(
    "places", [(HELP_CHANNEL, "C0THERE"), ("C0THERE", HELP_CHANNEL)]
)
def test_of_equal_channels_the_one_with_the_latest_answer_is_told(
    story: Story, places: tuple[str, str]
):
    story.slack.channels["C0THERE"] = conversation_object("C0THERE", "there")
    for asker, place in zip((ASKER, PEER), places, strict=True):
        before = len(story.slack.messages_to(place))
        story.command(asker, "/ask", "How is it done?", channel=place)
        story.deliver()
        ask = story.slack.messages_to(place)[before]
        reply = story.say(HELPER, "So.", thread_ts=ask.ts, channel=place)
        story.react(asker, reply, "+1", channel=place)
    for talker in (ADMIN, CHAMPION, ASKER):
        for _ in range(4):
            story.say(talker, "Good morning")
    story.advance(minutes=2)
    for member_id in (HELPER, ASKER, PEER, ADMIN, CHAMPION):
        meet(story, member_id)
    on_friday(story)
    choose(story, "mentor_tell")
    assert "Ben quietly helped here" in last(story, places[-1]).text


def test_between_us_stays_private(story: Story):
    help_out(story)
    before = len(story.slack.messages_to(HELP_CHANNEL))
    on_friday(story)
    choose(story, "mentor_keep")
    story.advance(minutes=2)
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before
    assert "This stays between us" in words(last(story, HELPER))
    assert the_credit(story).consent == "private"


@pytest.mark.deep
def test_not_again_opts_out_of_this_and_all_that_follows(story: Story):
    help_out(story)
    on_friday(story)
    choose(story, "mentor_never")
    assert "I won't do this again" in words(last(story, HELPER))
    with story.rt.read(story.rt.workspaces.only) as tx:
        chosen = member_settings.get(tx, HELPER)
    assert chosen.public_naming == "never"
    story.clock.advance(days=91)
    help_out(story)
    story.clock.advance(days=7 - 91 % 7)
    run_detection(story)
    assert len(credited(story)) == 1


def test_seven_days_without_an_answer_keep_it_private(story: Story):
    help_out(story)
    on_friday(story)
    story.advance(days=6, hours=23)
    jobs.mentors.apply_consent(story.rt, story.worker)
    assert the_credit(story).consent == "asked"
    story.advance(hours=1)
    jobs.mentors.apply_consent(story.rt, story.worker)
    story.deliver()
    assert the_credit(story).consent == "silent"
    assert "You didn't answer, so this stays between us" in words(last(story, HELPER))
    # A late answer changes the decision.
    choose(story, "mentor_tell")
    assert "Ben quietly helped here" in last(story, HELP_CHANNEL).text


@pytest.mark.deep
def test_taking_it_back_edits_the_post_and_a_second_yes_restores_it(story: Story):
    help_out(story)
    on_friday(story)
    choose(story, "mentor_tell")
    post = last(story, HELP_CHANNEL)
    choose(story, "mentor_keep")
    assert "This thank-you was taken back" in last(story, HELP_CHANNEL).text
    assert HELPER not in words(last(story, HELP_CHANNEL))
    story.advance(minutes=2)
    assert "Because of your mark" not in last(story, ASKER).text
    choose(story, "mentor_tell")
    assert last(story, HELP_CHANNEL).ts == post.ts
    assert "Ben quietly helped here" in last(story, HELP_CHANNEL).text


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_post_deleted_in_slack_stays_deleted_until_a_newer_yes(
    story: Story,
):
    def delete_the_post() -> None:
        story.slack.messages.remove(last(story, HELP_CHANNEL))

    def show() -> None:
        with story.rt.write_session.begin() as session:
            enqueue.enqueue_update(
                session,
                MENTOR_UPDATE,
                the_credit(story).id,
                HELP_CHANNEL,
                installation_id=story.rt.workspaces.only.id,
                now=story.clock(),
            )
        story.deliver()

    help_out(story)
    before = len(story.slack.messages_to(HELP_CHANNEL))
    on_friday(story)
    choose(story, "mentor_tell")
    delete_the_post()
    show()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before
    assert the_credit(story).post_ts is None
    choose(story, "mentor_keep")
    choose(story, "mentor_tell")
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before + 1
    # Taken back and published again before the deletion was noticed.
    delete_the_post()
    story.click(HELPER, "mentor_keep", str(the_credit(story).id))
    choose(story, "mentor_tell")
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before + 1
    assert last(story, HELP_CHANNEL).ts == the_credit(story).post_ts


def test_a_credit_taken_back_before_its_post_is_never_posted(story: Story):
    help_out(story)
    on_friday(story)
    before = len(story.slack.messages_to(HELP_CHANNEL))
    story.click(HELPER, "mentor_tell", str(the_credit(story).id))
    story.click(HELPER, "mentor_keep", str(the_credit(story).id))
    story.advance(minutes=2)
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_opting_out_anywhere_removes_past_public_credits(story: Story):
    help_out(story)
    on_friday(story)
    choose(story, "mentor_tell")
    post = last(story, HELP_CHANNEL)
    with story.rt.write(story.rt.workspaces.only) as tx:
        member_settings.update(tx, HELPER, public_naming="never")
    jobs.mentors.apply_consent(story.rt, story.worker)
    story.deliver()
    assert post.ts not in {
        message.ts for message in story.slack.messages_to(HELP_CHANNEL)
    }
    assert the_credit(story).consent == "never"
    # It can't be published again without changing that first.
    refused = story.click(HELPER, "mentor_tell", str(the_credit(story).id))
    assert refused.status == 200
    assert "never to be named" in story.slack.responses[-1][1]


def test_a_member_who_allows_naming_is_told_first_and_not_asked(story: Story):
    help_out(story)
    with story.rt.write(story.rt.workspaces.only) as tx:
        member_settings.update(tx, HELPER, public_naming="yes")
    on_friday(story)
    assert "May I thank you" not in last(story, HELPER).text
    assert "Done: I posted it" in words(last(story, HELPER))
    assert "Ben quietly helped here" in last(story, HELP_CHANNEL).text


@pytest.mark.deep
def test_each_message_waits_for_a_pause_that_began_later(story: Story):
    help_out(story)
    prefer(story, HELPER, hours_from=time(12))
    on_friday(story)
    before = len(story.slack.messages_to(HELPER))
    today = story.clock().date()
    prefer(story, HELPER, paused_until=today + timedelta(days=5))
    story.advance(hours=3)
    assert len(story.slack.messages_to(HELPER)) == before
    story.advance(days=5)
    assert "May I thank you" in last(story, HELPER).text
    choose(story, "mentor_tell")
    prefer(story, ASKER, paused_until=today + timedelta(days=7))
    story.advance(minutes=2)
    assert "Because of your mark" in last(story, PEER).text
    assert "Because of your mark" not in last(story, ASKER).text
    # Seven days after Friday is a Friday, too.
    story.advance(days=2)
    assert "Because of your mark" in last(story, ASKER).text


def on_vacation(story: Story) -> None:
    help_out(story)
    away = {"display_name": "Ben", "status_emoji": ":palm_tree:"}
    meet(story, HELPER, profile=away)
    on_friday(story)


def test_a_member_on_vacation_is_told_on_their_return(story: Story):
    on_vacation(story)
    for _ in range(5):
        story.advance(days=1)
    assert "May I thank you" not in last(story, HELPER).text
    meet(story, HELPER)
    story.advance(hours=20)
    assert "May I thank you" not in last(story, HELPER).text
    story.advance(hours=5)
    assert "May I thank you" in last(story, HELPER).text


@pytest.mark.deep
def test_a_vacation_without_an_end_delays_the_message_by_three_weeks(story: Story):
    on_vacation(story)
    for _ in range(21):
        story.advance(days=1)
        assert "May I thank you" not in last(story, HELPER).text
    # The first possible day was Monday.
    story.advance(days=3)
    assert "May I thank you" in last(story, HELPER).text


def test_nobody_decides_for_another_member(story: Story):
    help_out(story)
    on_friday(story)
    choose(story, "mentor_tell", member=PEER)
    assert the_credit(story).consent == "asked"
    assert "person being thanked" in story.slack.responses[-1][1]


def test_crashes_retries_and_replicas_credit_once(story: Story):
    help_out(story)
    story.clock.advance(**TO_FRIDAY)
    rt = story.rt
    with rt.read(rt.workspaces.only) as tx:
        [due] = detection.due_runs(tx, settings=rt.features.get(Mentors).settings)
        jobs.mentors.flush_message_counts(rt, story.worker)
    with rt.read(rt.workspaces.only) as tx:
        result = detection.run(tx, due, {}, settings=rt.features.get(Mentors).settings)
    with rt.write_session() as session:
        detection.record(
            Transaction(session, rt.workspaces.only, rt.clock()),
            due,
            result,
            settings=rt.features.get(Mentors).settings,
        )
        # The process dies before the commit.
        session.rollback()
    assert credited(story) == []
    # Another replica ran the detection at the same moment, and both record a result.
    for _ in range(2):
        with rt.write(rt.workspaces.only) as tx:
            detection.record(
                tx, due, result, settings=rt.features.get(Mentors).settings
            )
    run_detection(story)
    run_detection(story)
    assert len(credited(story)) == 1
    assert (
        len([m for m in story.slack.messages_to(HELPER) if "May I thank you" in m.text])
        == 1
    )
    with rt.read_session() as session:
        assert session.scalar(select(func.count()).select_from(MentorRun)) == 1


@pytest.mark.deep
def test_nobody_is_credited_again_within_twelve_weeks(story: Story):
    help_out(story)
    on_friday(story)
    help_out(story)
    for _ in range(11):
        story.clock.advance(days=7)
        run_detection(story)
    assert len(credited(story)) == 1
    help_out(story)
    story.clock.advance(days=7)
    run_detection(story)
    first, second = credited(story)
    assert second.period - first.period == timedelta(weeks=12)


def test_a_member_excluded_before_the_recording_is_not_credited(story: Story):
    help_out(story)
    story.clock.advance(**TO_FRIDAY)
    with story.rt.write(story.rt.workspaces.only) as tx:
        member_settings.update(tx, HELPER, public_naming="never")
    run_detection(story)
    assert credited(story) == []


@pytest.mark.parametrize(
    "facts",
    [{"deleted": True}, {"is_stranger": True}, {"is_bot": True}],
    ids=lambda facts: next(iter(facts)),
)
def test_only_active_members_of_the_workspace_are_credited(story: Story, facts):
    help_out(story)
    meet(story, HELPER, **facts)
    on_friday(story)
    assert credited(story) == []


def test_a_mark_undone_before_friday_does_not_count(story: Story):
    help_out(story)
    [first, _] = story.answers()
    story.unreact(ASKER, first.ts, "white_check_mark")
    on_friday(story)
    assert credited(story) == []


@pytest.mark.parametrize("deleted", ["reply", "ask"])
def test_deleted_messages_do_not_count(story: Story, deleted: str):
    help_out(story)
    [first, _] = story.answers()
    [ask, _] = story.asks()
    if deleted == "reply":
        story.delete(HELPER, first.ts, thread_ts=ask.ts)
    else:
        story.delete(ASKER, str(ask.ts))
    on_friday(story)
    assert credited(story) == []


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_mark_undone_later_changes_nothing_public_and_is_shown_to_leads(story: Story):
    help_out(story)
    on_friday(story)
    choose(story, "mentor_tell")
    before = last(story, HELP_CHANNEL).blocks
    [first, _] = story.answers()
    story.unreact(ASKER, first.ts, "white_check_mark")
    story.advance(minutes=2)
    assert last(story, HELP_CHANNEL).blocks == before
    story.command(ADMIN, "/backswing", "mentors")
    view_text = str(story.slack.views[-1][1])
    assert view_text.count("mark removed since") == 1


def test_messages_are_counted_once_however_often_they_are_delivered(story: Story):
    ts = story.say(PEER, "Hello")
    for _ in range(3):
        story.say(PEER, "Hello", ts=ts)
    story.say(PEER, "And again")
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    story.say(PEER, "Hello", ts=ts)
    story.say(PEER, "Later")
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    with story.rt.read_session() as session:
        [row] = session.scalars(select(MessageCount)).all()
    assert (row.member, row.messages, row.day) == (PEER, 3, story.clock().date())
    story.clock.advance(days=400)
    jobs.privacy.purge_expired(story.rt, story.worker)
    with story.rt.read_session() as session:
        assert session.scalars(select(MessageCount)).all() == []


# The Home tab


@pytest.mark.deep
def test_home_keeps_the_question_and_lets_the_member_change_the_decision(story: Story):
    def at_home() -> str:
        opened = {"type": "app_home_opened", "user": HELPER, "tab": "home"}
        assert story.event(opened) == 200
        return str(story.slack.homes[HELPER])

    help_out(story)
    assert "What you did for others" not in at_home()
    on_friday(story)
    assert "2 answers that helped 2 people. May I thank you in #help?" in at_home()
    story.click(
        HELPER, "mentor_keep", str(the_credit(story).id), view=story.slack.homes[HELPER]
    )
    assert "Kept between us." in str(story.slack.homes[HELPER])
    assert "mentor_never" not in at_home()


@pytest.mark.deep
def test_if_slack_rejects_the_post_the_member_is_told_and_can_retry(
    story: Story,
):
    help_out(story)
    on_friday(story)
    story.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "restricted_action")
    ]
    choose(story, "mentor_tell")
    assert the_credit(story).consent == "private"
    assert (
        "Slack didn't let me post my thanks to you in #help" in last(story, HELPER).text
    )
    choose(story, "mentor_tell")
    assert "Ben quietly helped here" in last(story, HELP_CHANNEL).text
    assert the_credit(story).consent == "public"


@pytest.mark.deep_on_postgresql
def test_a_member_whom_slack_can_not_reach_was_not_asked_and_is_not_named(story: Story):
    help_out(story)
    story.clock.advance(**TO_FRIDAY)
    story.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "user_disabled")
    ]
    before = len(story.slack.messages_to(HELP_CHANNEL))
    run_detection(story)
    assert the_credit(story).consent == "silent"
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before
