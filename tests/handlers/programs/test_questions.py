"""Ask a lead first; the answer comes from the bot, whatever the time zones."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

import jobs.program_channels
from bot import monitoring
from bot.privacy import service as privacy
from bot.programs import questions
from jobs import privacy as privacy_jobs
from models import ProgramLead, ProgramQuestion
from tests.factories import Story
from tests.programs import (
    change_program,
    joins_program,
    last_reply,
    make_program,
    membership_of,
    presses,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELPER,
    PEER,
    button,
    conversation_object,
    form_errors,
    form_values,
)

QUESTION, ANSWER = "Is it for people without a team?", "Yes, for you, too."


@pytest.fixture
def program(story: Story) -> int:
    """A program that Dan and Chi lead."""
    return make_program(story, leads=(CHAMPION, PEER))


def asks_first(story: Story, member: str, program: int, text: str = QUESTION) -> str:
    view = presses(story, member, "ask", program)
    response = story.submit(member, view, {"question": text})
    story.deliver()
    return str(response.body)


def first_id(story: Story) -> int:
    return min(row.id for row in stored(story))


def replies(story: Story, lead: str, text: str = ANSWER) -> str:
    view = presses(story, lead, "reply", first_id(story))
    response = story.submit(lead, view, {"answer": text})
    story.deliver()
    return str(response.body)


def stored(story: Story) -> list[ProgramQuestion]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(ProgramQuestion)))


def test_a_question_reaches_each_lead_and_the_answer_the_person(
    story: Story, program: int
) -> None:
    assert "Chi and Dan will get it in their hours" in asks_first(story, ASKER, program)
    for lead in (CHAMPION, PEER):
        [message] = story.slack.messages_to(lead)
        assert message.text == "Ana asks about Reviewers:"
        assert QUESTION in json.dumps(message.blocks)
    _, value = button(story.slack.messages_to(CHAMPION)[0], "Reply")
    assert value == str(first_id(story))
    replies(story, CHAMPION)
    [answer] = story.slack.messages_to(ASKER)
    assert answer.text == "Dan answered you about Reviewers:"
    assert ANSWER in json.dumps(answer.blocks)
    action, value = button(answer, "Join")
    story.click(ASKER, action, value)
    assert story.slack.views[-1][1]["callback_id"] == "program_join"
    # The other lead reads who answered.
    shown = json.dumps(story.slack.messages_to(PEER)[0].blocks)
    assert "Dan answered:" in shown
    assert "Reply" not in shown


@pytest.mark.deep_on_postgresql
def test_the_first_reply_counts(story: Story, program: int) -> None:
    asks_first(story, ASKER, program)
    views = {
        lead: presses(story, lead, "reply", first_id(story))
        for lead in (CHAMPION, PEER)
    }

    def submit(lead: str) -> str:
        return str(story.submit(lead, views[lead], {"answer": f"From {lead}"}).body)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(submit, views))
    story.deliver()
    assert sum("has answered that already" in answer for answer in answers) == 1
    assert len(story.slack.messages_to(ASKER)) == 1
    presses(story, PEER, "reply", first_id(story))
    assert "answered that already" in last_reply(story)


@pytest.mark.deep_on_postgresql
def test_a_form_that_comes_twice_asks_once(story: Story, program: int) -> None:
    view = presses(story, ASKER, "ask", program)
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda _: story.submit(ASKER, view, {"question": QUESTION}), range(4)
            )
        )
    story.deliver()
    assert len(stored(story)) == 1
    assert len(story.slack.messages_to(CHAMPION)) == 1


def test_only_leads_reply(story: Story, program: int) -> None:
    asks_first(story, ASKER, program)
    for person in (ASKER, HELPER):
        assert presses(story, person, "reply", first_id(story)) == {}
        assert "Only this program's leads" in last_reply(story)
    form = presses(story, CHAMPION, "reply", first_id(story))
    story.submit(HELPER, form, {"answer": "No."})
    assert stored(story)[0].answered_at is None


def test_an_admin_outside_a_private_channel_reads_no_question(story: Story) -> None:
    story.slack.channels["C0DEN"] = conversation_object("C0DEN", "den", is_private=True)
    story.slack.members_by_channel["C0DEN"] = [ASKER, CHAMPION]
    program = make_program(story, leads=(CHAMPION,), in_channels=("C0DEN",))
    asks_first(story, ASKER, program)
    assert presses(story, ADMIN, "reply", first_id(story)) == {}
    assert last_reply(story) == "That program is gone."
    form = presses(story, CHAMPION, "reply", first_id(story))
    story.submit(ADMIN, form, {"answer": "No."})
    assert stored(story)[0].answered_at is None


def test_someone_in_the_program_can_leave_in_the_answer(
    story: Story, program: int
) -> None:
    joins_program(story, ASKER, program)
    asks_first(story, ASKER, program)
    replies(story, CHAMPION)
    [answer] = story.slack.messages_to(ASKER)
    action, value = button(answer, "Leave")
    assert "Join" not in json.dumps(answer.blocks)
    story.click(ASKER, action, value, channel="D0ANA")
    row = membership_of(story, ASKER, program)
    assert row is not None
    assert not row.is_joined


def test_a_lead_does_not_ask_themselves(story: Story) -> None:
    program = make_program(story, leads=(CHAMPION,))
    assert presses(story, CHAMPION, "ask", program) == {}
    assert "You lead this program yourself" in last_reply(story)
    without = make_program(story, "Others")
    assert presses(story, ASKER, "ask", without) == {}
    assert "Nobody leads this program" in last_reply(story)


@pytest.mark.parametrize("text", ["", "   ", "\u202e\u200b"])
def test_an_empty_question_is_refused(story: Story, program: int, text: str) -> None:
    view = presses(story, ASKER, "ask", program)
    response = story.submit(ASKER, view, {"question": text})
    assert form_errors(response) == {"question": questions.EMPTY}


@pytest.mark.parametrize(
    "text", ["<!channel> <@U0BEN>", "w" * 40_000, ":tada:" * 700, "<https://a.b|c>"]
)
def test_any_text_is_sent_without_side_effects(
    story: Story, program: int, text: str
) -> None:
    asks_first(story, ASKER, program, text)
    [message] = story.slack.messages_to(CHAMPION)
    shown = json.dumps(message.blocks)
    assert '"type": "user"' not in shown
    assert '"type": "broadcast"' not in shown


def test_a_deactivated_lead_gets_nothing(story: Story, program: int) -> None:
    story.slack.people[PEER] |= {"deleted": True}
    story.event({"type": "user_change", "user": story.slack.people[PEER]})
    asks_first(story, ASKER, program)
    assert [m.text for m in story.slack.messages_to(PEER)] == []
    assert len(story.slack.messages_to(CHAMPION)) >= 1


def test_a_program_that_is_over_takes_no_questions(story: Story, program: int) -> None:
    view = presses(story, ASKER, "ask", program)
    change_program(story, program, ended_at=story.clock())
    response = story.submit(ASKER, view, {"question": QUESTION})
    assert "This program is over." in str(response.body)
    assert presses(story, ASKER, "ask", program) == {}
    assert last_reply(story) == "This program is over."
    assert stored(story) == []


def test_a_lead_who_comes_later_gets_the_open_questions(
    story: Story, program: int
) -> None:
    asks_first(story, ASKER, program)
    asks_first(story, HELPER, program, "And on Fridays?")
    replies(story, CHAMPION)
    for lead in (CHAMPION, PEER):
        story.slack.people[lead] |= {"deleted": True}
        story.event({"type": "user_change", "user": story.slack.people[lead]})
    with story.rt.write(story.workspace) as tx:
        for lead in (ADMIN, HELPER):
            tx.session.add(ProgramLead(program_id=program, member=lead))
    for _ in range(2):
        jobs.program_channels.check_programs(story.rt, story.worker)
        story.deliver()
    texts = [m.text for m in story.slack.messages_to(ADMIN) if " asks about" in m.text]
    assert texts == ["Ben asks about Reviewers:"]
    # Nobody gets their own question.
    assert not [m for m in story.slack.messages_to(HELPER) if " asks about" in m.text]
    with story.rt.read(story.workspace) as tx:
        assert monitoring.due_work(tx)["check-programs"].due == 0


def test_question_and_answer_come_in_the_readers_hours(
    story: Story, program: int
) -> None:
    story.change_my_settings(CHAMPION, hours_from="13:00", hours_to="17:00")
    story.change_my_settings(ASKER, hours_from="15:00", hours_to="17:00")
    asks_first(story, ASKER, program)
    assert story.slack.messages_to(CHAMPION) == []
    # Nine in UTC is eleven in Helsinki.
    story.advance(hours=2)
    assert len(story.slack.messages_to(CHAMPION)) == 1
    replies(story, CHAMPION)
    assert story.slack.messages_to(ASKER) == []
    story.advance(hours=2)
    assert len(story.slack.messages_to(ASKER)) == 1


def test_texts_go_30_days_after_the_answer_and_90_without(
    story: Story, program: int
) -> None:
    asks_first(story, ASKER, program)
    asks_first(story, ASKER, program, "And on Fridays?")
    replies(story, CHAMPION)
    story.clock.advance(days=31)
    privacy_jobs.purge_expired(story.rt, story.worker)
    assert [row.question for row in stored(story)] == ["And on Fridays?"]
    story.clock.advance(days=60)
    privacy_jobs.purge_expired(story.rt, story.worker)
    assert stored(story) == []


@pytest.mark.parametrize("person", [ASKER, CHAMPION])
def test_forgotten_people_leave_neither_name_nor_words(
    story: Story, program: int, person: str
) -> None:
    asks_first(story, ASKER, program)
    replies(story, CHAMPION)
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, person)
    story.deliver()
    words = {ASKER: ("Ana", QUESTION), CHAMPION: ("Dan", ANSWER)}[person]
    others = {ASKER, CHAMPION, PEER} - {person}
    for reader in others:
        shown = json.dumps(
            [[m.text, m.blocks] for m in story.slack.messages_to(reader)]
        )
        for word in words:
            assert word not in shown, (reader, word)
    [row] = stored(story)
    assert not (row.question if person == ASKER else row.answer)


def test_my_data_has_a_question_and_a_membership(story: Story, program: int) -> None:
    asks_first(story, ASKER, program)
    joins_program(story, ASKER, program)
    with story.rt.read(story.workspace) as tx:
        rows = privacy.rows_about(tx, ASKER)
        others = privacy.rows_about(tx, HELPER)
    assert [row["question"] for row in rows["program_questions"]] == [QUESTION]
    assert len(rows["program_members"]) == 1
    assert not others["program_questions"]
    assert form_values(presses(story, ASKER, "ask", program)) == {"question": []}
