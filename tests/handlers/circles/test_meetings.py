"""A circle meets: five people, an agenda that is edited, turns, and what they'll do."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

import jobs.circle_meetings
from bot.circles import meeting_store, meetings
from bot.slack.api import NotSent, OutcomeUnknown, Rejected
from models import (
    CircleMeeting,
    CircleMember,
    CircleQuestion,
    CircleSeason,
    MeetingTurn,
)
from tests.circles import (
    PEOPLE,
    STARTS_AT,
    agenda_of,
    button_values,
    fills_in,
    go_to,
    keep,
    make_circle,
    meeting_of,
    open_agenda,
    presses,
)
from tests.factories import Story
from tests.programs import last_reply
from tests.seasons import press
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, GUEST, HELPER, PEER

ACTION = "Write to the two teams"


def text(message):
    return json.dumps(message.blocks, ensure_ascii=False)


def agenda(story, member=ASKER):
    return text(agenda_of(story, member))


def start(story: Story, *turns: str) -> None:
    """Open the agenda; these people want a turn; the facilitator starts."""
    open_agenda(story)
    for member in turns:
        presses(story, member, "want_turn")
        story.advance(seconds=11)
    presses(story, ASKER, "start")
    story.advance(seconds=11)


def to_step(story: Story, count: int, by: str = ASKER) -> None:
    for _ in range(count):
        presses(story, by, "next")
        story.advance(seconds=11)


@pytest.mark.deep
def test_a_first_meeting_from_the_invitation_to_the_end(story: Story):
    make_circle(story)
    keep(story)
    assert meeting_of(story).planned_at == STARTS_AT
    # Monday, two working days before: all get a question, Ana is asked whether she can.
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    for member in PEOPLE:
        [note] = [m for m in story.slack.messages_to(member) if "coming up" in m.text]
        assert "To think about until then" in text(note)
    [turn] = [m for m in story.slack.messages_to(ASKER) if "your turn" in m.text]
    assert len([m for m in story.slack.messages if "your turn to fac" in m.text]) == 1
    story.click(ASKER, "meeting_can", button_values(turn)["meeting_can"])
    assert last_reply(story) == "Thank you. You facilitate it."

    start(story, HELPER, PEER)
    assert "Arrive and good news" in agenda(story, CHAMPION)
    posted = {member: len(story.slack.messages_to(member)) for member in PEOPLE}
    to_step(story, 2)
    assert "Ben's turn: The issue" in agenda(story, CHAMPION)
    assert "Next turn: Chi" in agenda(story, CHAMPION)
    to_step(story, 4)
    assert "Ben's turn: What I'll do" in agenda(story, ADMIN)
    presses(story, HELPER, "action")
    fills_in(story, HELPER, action=ACTION, due_on="2026-03-25")
    to_step(story, 6)
    assert "What we take away" in agenda(story)
    # One message was edited; nobody got another.
    assert posted == {m: len(story.slack.messages_to(m)) for m in PEOPLE}
    to_step(story, 1)
    assert "The meeting is over" in agenda(story)
    for member in PEOPLE:
        assert ACTION in text(story.slack.messages_to(member)[-1])
        assert "by 25 Mar" in text(story.slack.messages_to(member)[-1])
    with story.rt.read_session() as session:
        turns = set(session.scalars(select(MeetingTurn.member)))
        facilitator = session.scalar(
            select(CircleMeeting.facilitator).filter_by(number=1)
        )
    assert (turns, facilitator) == ({HELPER, PEER}, ASKER)
    # The next one is two weeks later at the same time of the day, after a clock change.
    second = meeting_of(story, 2)
    assert second.planned_at == STARTS_AT + timedelta(days=14, hours=-1)
    assert second.rota == [HELPER, PEER, CHAMPION, ADMIN, ASKER]


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_next_meeting_begins_with_what_became_of_last_time(story: Story):
    make_circle(story)
    start(story)
    presses(story, HELPER, "action")
    fills_in(story, HELPER, action=ACTION)
    presses(story, ASKER, "end")
    open_agenda(story, 2)
    presses(story, HELPER, "start")
    story.advance(seconds=11)
    to_step(story, 1, by=HELPER)
    assert ACTION in agenda(story, ADMIN)
    presses(story, HELPER, "report")
    fills_in(story, HELPER, state="dropped")
    story.advance(seconds=11)
    assert "Ben: " in agenda(story, ADMIN)
    assert "(dropped)" in agenda(story, ADMIN)
    presses(story, PEER, "report")
    assert last_reply(story) == "You have no action from last time."


def test_a_leads_questions_come_instead_of_ours(story: Story):
    make_circle(story)
    with story.rt.write_session.begin() as session:
        season = session.scalars(select(CircleSeason)).one()
        season.questions = "Who moved to &lt;!channel&gt;?\nWhy?"
    keep(story)
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    for member in PEOPLE:
        [note] = [m for m in story.slack.messages_to(member) if "coming up" in m.text]
        assert "Who moved to <!channel>?" in text(note)
        assert "Why?" in text(note)
        assert '"type": "broadcast"' not in text(note)
    with story.rt.read_session() as session:
        assert not session.scalars(select(CircleQuestion)).all()
    # There are none for the second meeting.
    go_to(story, STARTS_AT + timedelta(hours=2))
    keep(story)
    open_agenda(story, 2)
    with story.rt.read_session() as session:
        assert session.scalar(select(CircleQuestion.key))


@pytest.mark.deep
def test_only_the_facilitator_moves_on_until_another_takes_over(story: Story):
    make_circle(story)
    start(story)
    presses(story, HELPER, "next")
    assert "Ana facilitates this meeting" in last_reply(story)
    assert "Arrive" in agenda(story)
    presses(story, HELPER, "lead")
    story.advance(seconds=11)
    assert "Ben facilitates it" in agenda(story, PEER)
    presses(story, HELPER, "next")
    story.advance(seconds=11)
    assert "What we want from it" in agenda(story)


@pytest.mark.deep
def test_a_facilitator_who_does_not_come_is_replaced(story: Story):
    make_circle(story)
    open_agenda(story)
    presses(story, HELPER, "start")
    assert "Ana facilitates this meeting" in last_reply(story)
    presses(story, CHAMPION, "lead")
    story.advance(seconds=11)
    presses(story, CHAMPION, "start")
    story.advance(seconds=11)
    assert "Arrive" in agenda(story)
    presses(story, CHAMPION, "end")
    # Ana has not facilitated, so it is still her turn.
    assert meeting_of(story, 2).rota[0] == ASKER
    assert meeting_of(story, 2).rota[-1] == CHAMPION


@pytest.mark.deep
def test_a_facilitator_who_is_deactivated_is_replaced_in_the_middle(story: Story):
    make_circle(story)
    start(story)
    story.slack.people[ASKER]["deleted"] = True
    story.event({"type": "user_change", "user": story.slack.people[ASKER]})
    story.click(ASKER, "meeting_next", f"{meeting_of(story).id}:0:0")
    assert meeting_of(story).is_open
    presses(story, PEER, "lead")
    story.advance(seconds=11)
    presses(story, PEER, "end")
    assert not meeting_of(story).is_open


def test_two_starts_at_once_start_one_meeting(story: Story):
    make_circle(story)
    open_agenda(story)
    value = button_values(agenda_of(story, ASKER))["meeting_start"]
    for _ in range(2):
        story.click(ASKER, "meeting_start", value)
    story.advance(seconds=11)
    assert "Arrive" in agenda(story)


@pytest.mark.deep
def test_a_pause_and_two_more_minutes(story: Story):
    make_circle(story)
    start(story)
    presses(story, ASKER, "extend")
    story.advance(seconds=11)
    presses(story, ASKER, "pause")
    story.advance(seconds=11)
    assert "Paused" in agenda(story, HELPER)
    presses(story, ASKER, "resume")
    story.advance(seconds=11)
    assert "Arrive" in agenda(story, HELPER)


@pytest.mark.parametrize(
    ("act", "minutes", "is_open"),
    [("pause", 19, True), ("pause", 21, False), (None, 79, True), (None, 101, False)],
)
def test_a_meeting_ends_by_itself_and_locks_nobody(story: Story, act, minutes, is_open):
    make_circle(story)
    start(story)
    if act:
        presses(story, ASKER, act)
    story.advance(minutes=minutes)
    keep(story)
    assert meeting_of(story, 1).is_open == is_open
    assert ("The meeting is over" in agenda(story)) != is_open
    if not is_open:
        assert meeting_of(story, 2).ended_at is None


def test_a_meeting_that_nobody_started_did_not_begin(story: Story):
    make_circle(story)
    open_agenda(story)
    story.advance(hours=2)
    keep(story)
    story.advance(seconds=11)
    assert "did not begin" in agenda(story)
    # It's still Ana's turn, and all are asked whether they met without the bot.
    assert meeting_of(story, 2).rota[0] == ASKER
    for member in PEOPLE:
        [note] = [m for m in story.slack.messages_to(member) if "is over" in m.text]
        assert "nobody pressed Start" in text(note)
    assert not meeting_of(story, 1).took_place


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_message_that_was_deleted_is_posted_anew_once(story: Story):
    make_circle(story)
    start(story)
    for _ in range(2):
        old = agenda_of(story, HELPER)
        story.slack.messages.remove(old)
        posted = story.slack.posted_count
        to_step(story, 1)
        if old.ts:
            story.advance(seconds=11)
        first_time = story.slack.posted_count - posted
        if first_time:
            assert "_next" in agenda(story, HELPER)
    assert first_time == 0


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message"])
@pytest.mark.deep
def test_slack_refuses_an_edit(story: Story, error):
    make_circle(story)
    start(story)
    before = len(story.slack.messages_to(HELPER))
    refused = Rejected("chat.update", error)
    story.slack.fail["chat.update"] = [refused] * len(PEOPLE)
    to_step(story, 1)
    story.advance(seconds=11)
    assert len(story.slack.messages_to(HELPER)) == before + 1
    to_step(story, 1)
    assert len(story.slack.messages_to(HELPER)) == before + 1
    assert "Open round" in agenda(story, HELPER)


def test_a_lost_answer_of_slack_posts_no_second_agenda(story: Story):
    make_circle(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(minutes=16))
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "timeout")
    ]
    open_agenda(story)
    story.advance(minutes=5)
    for member in PEOPLE:
        agendas = [m for m in story.slack.messages_to(member) if "_lead" in text(m)]
        assert len(agendas) == 1


def test_an_edit_that_fails_for_now_comes_later(story: Story):
    make_circle(story)
    start(story)
    story.slack.fail["chat.update"] = [NotSent("chat.update", "down")] * 3
    to_step(story, 1)
    story.advance(minutes=10)
    for member in PEOPLE:
        assert "What we want from it" in agenda(story, member)


@pytest.mark.deep
def test_messages_to_each_are_edited_forty_times_a_minute_at_most(story: Story):
    make_circle(story)
    start(story)
    edits = []
    story.slack.on_call = lambda method: (
        edits.append(story.clock()) if method == "chat.update" else None
    )
    for _ in range(6):
        value = button_values(agenda_of(story, ASKER))["meeting_extend"]
        story.click(ASKER, "meeting_extend", value)
        presses(story, ASKER, "extend")
    story.advance(seconds=30)
    moments = sorted(set(edits))
    # Five messages go out within a few seconds of each other, then wait.
    rounds = 1 + (moments[-1] - moments[0]) // timedelta(seconds=7.5)
    assert 2 <= len(edits) / len(PEOPLE) <= rounds


def test_two_replicas_at_once_announce_and_post_once(story: Story):
    make_circle(story)
    for _ in range(2):
        jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    go_to(story, STARTS_AT - timedelta(minutes=10))
    for _ in range(2):
        keep(story)
    with story.rt.read_session() as session:
        assert session.scalar(select(func.count(CircleMeeting.id))) == 1
        assert session.scalar(select(func.count(CircleQuestion.id))) == 1
    for member in PEOPLE:
        texts = story.slack.texts_to(member)
        assert len([each for each in texts if "coming up" in each]) == 1
        assert len([each for each in texts if each == "Meeting 1 of your circle"]) == 1


def test_a_circle_never_has_two_meetings_open(story: Story):
    make_circle(story)
    start(story)
    first = meeting_of(story)
    with story.rt.write_session.begin() as session:
        session.add(
            CircleMeeting(
                installation_id=first.installation_id,
                circle_id=first.circle_id,
                number=2,
                planned_at=first.planned_at,
                minutes=60,
                rota=list(PEOPLE),
                presses=[],
                announced_at=story.clock(),
                posted_at=story.clock(),
            )
        )
    keep(story)
    second = meeting_of(story, 2)
    story.click(ASKER, "meeting_start", f"{second.id}:0:0")
    assert "Another meeting of your circle is still on" in last_reply(story)
    assert not meeting_of(story, 2).is_open
    # Nobody ends the first one; once it is over by itself, the second can begin.
    story.clock.now = first.planned_at + timedelta(minutes=85)
    story.click(ASKER, "meeting_start", f"{second.id}:0:0")
    with story.rt.read_session() as session:
        rows = session.execute(select(CircleMeeting.number, CircleMeeting.is_open))
        open_meetings = [number for number, is_open in rows if is_open]
    assert open_meetings == [2]


@pytest.mark.deep
def test_one_person_who_presses_on_and_on_locks_nobody(story: Story):
    make_circle(story)
    start(story, HELPER)
    value = f"{meeting_of(story).id}:0:0"
    for number in range(meetings.MAX_PRESSES + 20):
        act = "pause" if number % 2 else "want_turn"
        story.click(HELPER, f"meeting_{act}", value)
    # They did nothing, so the next one that does something counts.
    presses(story, HELPER, "lead")
    assert meeting_of(story).presses[-1]["act"] == "lead"
    for number in range(meetings.MAX_PRESSES + 20):
        story.click(HELPER, "meeting_resume" if number % 2 else "meeting_pause", value)
    assert "You have pressed too often" in last_reply(story)
    story.advance(seconds=11)
    presses(story, PEER, "lead")
    story.advance(seconds=11)
    presses(story, PEER, "end")
    assert not meeting_of(story).is_open


def ends_season(story: Story) -> None:
    with story.rt.write_session.begin() as session:
        session.scalars(select(CircleSeason)).one().ended_at = story.clock()


def test_after_the_end_of_the_season_nobody_is_told_of_a_meeting(story: Story):
    make_circle(story)
    keep(story)
    before = len(story.slack.messages)
    story.clock.now = STARTS_AT - timedelta(days=2, hours=-1)
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    ends_season(story)
    story.deliver()
    assert len(story.slack.messages) == before


def test_after_the_end_of_the_season_no_meeting_starts(story: Story):
    make_circle(story)
    open_agenda(story)
    ends_season(story)
    presses(story, ASKER, "start")
    assert last_reply(story) == "Your circle has ended."
    assert not meeting_of(story).is_open


@pytest.mark.deep
def test_a_meeting_that_is_on_at_the_end_of_the_season_goes_on(story: Story):
    make_circle(story)
    start(story)
    ends_season(story)
    to_step(story, 1)
    assert "What we want from it" in agenda(story)
    presses(story, ASKER, "end")
    assert not meeting_of(story).is_open


@pytest.mark.deep
def test_what_was_agreed_comes_in_ones_hours(story: Story):
    make_circle(story)
    story.slack.people[PEER]["tz"] = "America/Los_Angeles"
    story.event({"type": "user_change", "user": story.slack.people[PEER]})
    start(story)
    presses(story, HELPER, "action")
    fills_in(story, HELPER, action=ACTION)
    presses(story, ASKER, "end")
    story.advance(minutes=2)
    # Five in the morning in Los Angeles.
    assert not [m for m in story.slack.messages_to(PEER) if "is over" in m.text]
    assert [m for m in story.slack.messages_to(ADMIN) if "is over" in m.text]
    story.advance(hours=6)
    assert [m for m in story.slack.messages_to(PEER) if "is over" in m.text]


def test_people_outside_the_circle_can_do_nothing(story: Story):
    make_circle(story)
    start(story)
    value = f"{meeting_of(story).id}:0:0"
    for act in ("lead", "next", "end", "want_turn", "action", "report", "question"):
        story.click(GUEST, f"meeting_{act}", value)
        assert last_reply(story) == "Only the people in this circle can do that."
    assert meeting_of(story).is_open
    assert not story.slack.messages_to(GUEST)


def test_a_member_who_left_sees_and_does_nothing_more(story: Story):
    make_circle(story)
    start(story)
    with story.rt.write_session.begin() as session:
        for row in session.scalars(select(CircleMember).filter_by(member=ASKER)):
            row.left_at = story.clock()
    seen = agenda(story, ASKER)
    story.click(ASKER, "meeting_next", f"{meeting_of(story).id}:0:0")
    assert last_reply(story) == "Only the people in this circle can do that."
    # The meeting that she started goes on.
    presses(story, HELPER, "lead")
    story.advance(seconds=11)
    to_step(story, 1, by=HELPER)
    assert "What we want from it" in agenda(story, HELPER)
    assert agenda(story, ASKER) == seen


def test_nobody_who_left_gets_a_meeting_whose_agenda_is_posted(story: Story):
    circle = make_circle(story)
    open_agenda(story)
    meeting = meeting_of(story)

    def facilitator() -> str:
        with story.rt.read(story.workspace) as tx:
            row = tx.session.get_one(CircleMeeting, meeting.id)
            return meeting_store.state_of(tx, row).facilitator

    press(story, HELPER, "leave", circle)
    story.click(ASKER, "meeting_cannot", f"{meeting.id}:0:0")
    assert facilitator() == PEER
    # Nor does someone keep it who leaves.
    press(story, PEER, "leave", circle)
    assert facilitator() == CHAMPION
    story.advance(seconds=11)
    presses(story, CHAMPION, "start")
    press(story, CHAMPION, "leave", circle)
    assert facilitator() == CHAMPION
    assert meeting_of(story).started_at is not None


@pytest.mark.parametrize(
    "value",
    ["", "x", "1", "1:2", "0:0:0", "999999:0:0", "1:0:0:UX", "1:-1:0", "9" * 30],
)
def test_forged_values_do_nothing(story: Story, value):
    make_circle(story)
    start(story)
    before = meeting_of(story).presses
    for act in ("next", "end", "lead", "swap", "action", "ask_swap", "can"):
        assert story.click(HELPER, f"meeting_{act}", value).status == 200
    if value != "1:0:0:UX":
        assert meeting_of(story).presses == before


def test_nobody_in_another_workspace_reaches_a_meeting(story: Story):
    make_circle(story)
    start(story)
    with story.rt.write_session.begin() as session:
        meeting = session.scalars(select(CircleMeeting)).one()
        meeting_id = meeting.id
    story.click(HELPER, "meeting_lead", f"{meeting_id + 1}:0:0")
    assert last_reply(story) == "That meeting is gone."


def test_a_facilitator_who_cannot_is_followed_by_the_next(story: Story):
    make_circle(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    [turn] = [m for m in story.slack.messages_to(ASKER) if "your turn" in m.text]
    story.click(ASKER, "meeting_cannot", button_values(turn)["meeting_cannot"])
    assert last_reply(story) == "Ben facilitates it."
    story.deliver()
    assert [m for m in story.slack.messages_to(HELPER) if "your turn" in m.text]
    open_agenda(story)
    assert "Ben facilitates it" in agenda(story, PEER)


@pytest.mark.parametrize(("days", "asked"), [(None, HELPER), (9, HELPER), (5, ASKER)])
@pytest.mark.deep
def test_someone_who_is_away_at_the_meeting_facilitates_the_next_one(
    story: Story, days: int | None, asked: str
):
    """A vacation that ends before the meeting changes nothing."""
    make_circle(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(days=6))
    back = story.clock() + timedelta(days=days) if days else None
    profile = story.slack.people[ASKER].setdefault("profile", {})
    profile |= {
        "status_emoji": ":palm_tree:",
        "status_expiration": int(back.timestamp()) if back else 0,
    }
    story.event({"type": "user_change", "user": story.slack.people[ASKER]})
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    keep(story)
    open_agenda(story)
    name = {ASKER: "Ana", HELPER: "Ben"}[asked]
    assert f"{name} facilitates it" in agenda(story, PEER)
    presses(story, asked, "start")
    story.advance(seconds=11)
    presses(story, asked, "end")
    assert meeting_of(story, 2).rota[0] == (ASKER if asked == HELPER else HELPER)


def test_a_swap_with_a_member_who_agrees(story: Story):
    make_circle(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    [turn] = [m for m in story.slack.messages_to(ASKER) if "your turn" in m.text]
    story.click(ASKER, "meeting_ask_swap", button_values(turn)["meeting_ask_swap"])
    fills_in(story, ASKER, member=CHAMPION)
    [question] = [m for m in story.slack.messages_to(CHAMPION) if "instead" in m.text]
    story.click(CHAMPION, "meeting_swap", button_values(question)["meeting_swap"])
    assert last_reply(story) == "Thank you. You facilitate it."
    story.deliver()
    assert "Dan facilitates meeting 1 instead of you" in text(
        story.slack.messages_to(ASKER)[-1]
    )
    # Back, and once more.
    for by, other in ((CHAMPION, ASKER), (ASKER, CHAMPION)):
        story.click(by, "meeting_ask_swap", button_values(turn)["meeting_ask_swap"])
        fills_in(story, by, member=other)
        requests = [m for m in story.slack.messages_to(other) if "whether" in m.text]
        assert len(requests) == (1 if other == ASKER else 2)
        value = button_values(requests[-1])["meeting_swap"]
        story.click(other, "meeting_swap", value)
        assert last_reply(story) == "Thank you. You facilitate it."
    story.click(CHAMPION, "meeting_ask_swap", button_values(turn)["meeting_ask_swap"])
    open_agenda(story)
    assert "Dan facilitates it" in agenda(story, PEER)


def test_a_question_of_a_member_is_for_their_circle_only(story: Story):
    make_circle(story)
    open_agenda(story)
    story.click(PEER, "meeting_question", f"{meeting_of(story).id}:0:0")
    fills_in(story, PEER, question="Who has moved a team? <!channel>")
    story.advance(seconds=11)
    assert "Who has moved a team? <!channel>" in agenda(story, ADMIN)
    for message in story.slack.messages:
        if "moved a team" in text(message):
            assert message.channel in PEOPLE


@pytest.mark.parametrize("words", ["", "   ", "\u200b", "x" * 3001, "\u202e", "\n\n"])
def test_an_action_needs_words(story: Story, words):
    make_circle(story)
    start(story)
    presses(story, HELPER, "action")
    assert "one line" in fills_in(story, HELPER, action=words)


@pytest.mark.parametrize(
    "words",
    [
        "<!channel> <@U0HELPER> <http://a.b|good>",
        "\u202eabc *bold* `code`",
        "🎉🎉🎉",
        "two\nlines\r\nof text",
    ],
)
@pytest.mark.deep
def test_an_action_is_shown_as_written_in_one_line(story: Story, words):
    make_circle(story)
    start(story)
    presses(story, HELPER, "action")
    assert fills_in(story, HELPER, action=words) == ""
    presses(story, ASKER, "end")
    shown = text(story.slack.messages_to(PEER)[-1])
    assert '"type": "user"' not in shown
    assert '"type": "link"' not in shown
    assert '"type": "broadcast"' not in shown


def test_a_form_sent_twice_is_one_action(story: Story):
    make_circle(story)
    start(story)
    presses(story, HELPER, "action")
    for words in ("First", "Second"):
        fills_in(story, HELPER, action=words)
    presses(story, ASKER, "end")
    assert "Second" in text(story.slack.messages_to(PEER)[-1])
    assert "First" not in text(story.slack.messages_to(PEER)[-1])
