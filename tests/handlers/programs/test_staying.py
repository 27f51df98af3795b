"""After 12 weeks without anything, a member is asked once whether they stay."""

import json

import pytest
from sqlalchemy import update

from bot import monitoring
from bot.programs import membership
from bot.slack.api import Rejected
from bot.workspace import workspace_settings
from jobs import programs as jobs
from models import Member, Program
from tests.checkins import share
from tests.factories import MONDAY, Story
from tests.fakes import PostedMessage
from tests.programs import (
    change_program,
    joins_program,
    make_program,
    membership_of,
    presses,
    program_page,
)
from tests.seasons import opens_season, signs_up
from tests.slack_payloads import ASKER, CHAMPION, HELP_CHANNEL, HELPER, PEER, button


@pytest.fixture
def program(story: Story) -> int:
    program = make_program(story, leads=(CHAMPION,))
    joins_program(story, ASKER, program)
    return program


def runs(story: Story, **later: float) -> None:
    story.clock.advance(**later)
    jobs.ask_silent_members(story.rt, story.worker)
    story.deliver()


def questions_to(story: Story, member: str) -> list[PostedMessage]:
    return [m for m in story.slack.messages_to(member) if "want to stay" in m.text]


def pause_of(story: Story, member: str, program: int) -> str | None:
    row = membership_of(story, member, program)
    return str(row.paused_until) if row and row.paused_until else None


def test_silence_is_asked_about_once(story: Story, program: int) -> None:
    runs(story, weeks=11, days=6)
    assert questions_to(story, ASKER) == []
    runs(story, days=1)
    runs(story, days=1)
    [question] = questions_to(story, ASKER)
    for text in ("Stay", "Pause for 3 months", "Leave"):
        assert button(question, text)[1] == str(program)


def due(story: Story) -> int:
    with story.rt.read(story.workspace) as tx:
        return monitoring.due_work(tx)["ask-silent-members"].due


@pytest.mark.deep
def test_the_job_counts_whom_it_has_to_ask_and_to_pause(
    story: Story, program: int
) -> None:
    assert due(story) == 0
    story.clock.advance(weeks=12)
    assert due(story) == 1
    runs(story)
    assert due(story) == 0
    story.clock.advance(days=14, hours=1)
    assert due(story) == 1
    runs(story)
    assert due(story) == 0


def test_a_question_that_waits_is_not_due(story: Story, program: int) -> None:
    story.set_up_workspace(unasked_per_week="0")
    runs(story, weeks=12)
    runs(story, days=15)
    assert due(story) == 0


def test_staying_is_asked_again_after_a_quarter(story: Story, program: int) -> None:
    runs(story, weeks=12)
    story.click(ASKER, *button(questions_to(story, ASKER)[0], "Stay"), channel="D0ANA")
    assert story.slack.replaced_texts == ["You're in Reviewers. Good to have you."]
    runs(story, days=90)
    assert len(questions_to(story, ASKER)) == 1
    assert pause_of(story, ASKER, program) is None
    runs(story, days=8)
    assert len(questions_to(story, ASKER)) == 2


@pytest.mark.deep_on_postgresql
def test_a_pause_lasts_three_months(story: Story, program: int) -> None:
    runs(story, weeks=12)
    question = questions_to(story, ASKER)[0]
    story.click(ASKER, *button(question, "Pause for 3 months"), channel="D0ANA")
    assert story.slack.replaced_texts[0].startswith("Reviewers is paused for you until")
    assert pause_of(story, ASKER, program) == "2026-08-25"
    page = program_page(story, ASKER)
    assert "Paused until 25 August 2026." in page
    assert "didn't answer" not in page
    presses(story, ASKER, "stay", program)
    assert pause_of(story, ASKER, program) is None


@pytest.mark.deep
def test_a_pause_by_a_late_answer_is_not_for_silence(
    story: Story, program: int
) -> None:
    runs(story, weeks=12)
    runs(story, days=15)
    assert "You didn't answer me" in program_page(story, ASKER)
    story.clock.advance(days=1)
    question = questions_to(story, ASKER)[0]
    story.click(ASKER, *button(question, "Pause for 3 months"), channel="D0ANA")
    page = program_page(story, ASKER)
    assert "Paused until" in page
    assert "You didn't answer me" not in page


@pytest.mark.parametrize("answer", ["Stay", "Pause for 3 months"])
def test_each_answer_can_be_followed_by_leaving(
    story: Story, program: int, answer: str
) -> None:
    runs(story, weeks=12)
    question = questions_to(story, ASKER)[0]
    story.click(ASKER, *button(question, answer), channel="D0ANA")
    replacing = json.dumps(story.slack.responses[-1])
    assert "program_leave" in replacing


def test_without_an_answer_it_pauses_and_says_so(story: Story, program: int) -> None:
    runs(story, weeks=12)
    runs(story, days=13)
    assert pause_of(story, ASKER, program) is None
    runs(story, days=1, hours=1)
    assert pause_of(story, ASKER, program) == "2026-09-08"
    page = program_page(story, ASKER)
    assert "You didn't answer me for 14 days, so I paused it." in page
    assert story.slack.messages_to(CHAMPION) == []
    # During the pause and for twelve weeks after it, nothing is asked.
    runs(story, days=91)
    runs(story, weeks=11)
    assert len(questions_to(story, ASKER)) == 1


@pytest.mark.parametrize("act", ["ask", "answer", "mark", "thank"])
def test_whoever_does_something_is_not_asked(
    story: Story, program: int, act: str
) -> None:
    ask = story.ask(member=HELPER)
    answer = story.say(PEER, "Mine.", thread_ts=ask.ts)
    story.clock.advance(weeks=4)
    match act:
        case "ask":
            story.ask()
        case "answer":
            story.say(ASKER, "So.", thread_ts=ask.ts)
        case "mark":
            story.react(ASKER, answer, "+1")
        case "thank":
            story.command(
                ASKER,
                "/kudos",
                f"<@{HELPER}> for the answer on retries, they saved my week",
            )
    story.deliver()
    runs(story, weeks=8)
    assert questions_to(story, ASKER) == []
    runs(story, weeks=4)
    assert len(questions_to(story, ASKER)) == 1


def test_a_shared_check_in_counts(story: Story, program: int) -> None:
    share(story, ASKER, story.post_round())
    story.clock.now = MONDAY
    runs(story, weeks=11, hours=2)
    assert questions_to(story, ASKER) == []


def test_other_channels_count_for_nothing_here(story: Story, program: int) -> None:
    story.clock.advance(weeks=4)
    story.slack.channels["C0OTHER"] = {
        **story.slack.channels[HELP_CHANNEL],
        "id": "C0OTHER",
        "name": "other",
    }
    story.command(ASKER, "/ask", "How do I fix x?", channel="C0OTHER")
    story.deliver()
    runs(story, weeks=8)
    assert len(questions_to(story, ASKER)) == 1


def test_one_question_for_all_programs(story: Story, program: int) -> None:
    joins_program(story, ASKER, make_program(story, "Writers"))
    runs(story, weeks=12)
    runs(story, days=1)
    assert len(questions_to(story, ASKER)) == 1


@pytest.mark.parametrize("change", ["leave", "over", "no_channel"])
def test_nobody_is_asked_about_what_is_over_for_them(
    story: Story, program: int, change: str
) -> None:
    match change:
        case "leave":
            presses(story, ASKER, "leave", program)
        case "over":
            change_program(story, program, ended_at=story.clock())
        case "no_channel":
            story.event({"type": "channel_archive", "channel": HELP_CHANNEL})
    runs(story, weeks=12)
    assert questions_to(story, ASKER) == []


def test_a_question_that_is_not_sent_pauses_nobody(story: Story, program: int) -> None:
    with story.rt.write(story.workspace) as tx:
        workspace_settings.update(tx, unasked_per_week=0)
    runs(story, weeks=12)
    runs(story, days=15)
    assert questions_to(story, ASKER) == []
    assert pause_of(story, ASKER, program) is None


@pytest.mark.deep_on_postgresql
def test_a_question_that_slack_did_not_take_pauses_nobody(
    story: Story, program: int
) -> None:
    method = "chat.postMessage"
    story.slack.fail[method] = [Rejected(method, "messages_tab_disabled")]
    runs(story, weeks=12)
    runs(story, days=15)
    assert questions_to(story, ASKER) == []
    assert pause_of(story, ASKER, program) is None
    assert due(story) == 0


def test_activity_while_it_waits_cancels_it(story: Story, program: int) -> None:
    story.clock.advance(weeks=12)
    jobs.ask_silent_members(story.rt, story.worker)
    story.ask()
    story.deliver()
    assert questions_to(story, ASKER) == []
    runs(story, days=15)
    assert pause_of(story, ASKER, program) is None


def test_leaving_by_the_question(story: Story, program: int) -> None:
    runs(story, weeks=12)
    question = questions_to(story, ASKER)[0]
    story.click(ASKER, *button(question, "Leave"), channel="D0ANA")
    row = membership_of(story, ASKER, program)
    assert row is not None
    assert not row.is_joined
    assert "further messages" in story.slack.replaced_texts[0]
    assert "Come back" in json.dumps(story.slack.responses[-1])


def test_who_is_of_another_organisation_is_neither_asked_nor_listed(
    story: Story, program: int
) -> None:
    joins_program(story, PEER, program)
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(
            update(Member).where(Member.slack_id == ASKER).values(is_external=True)
        )
        row = tx.session.get_one(Program, program)
        people = membership.joined_people(tx, row)
        assert [each.member for each in people] == [PEER]
    runs(story, weeks=12)
    assert questions_to(story, ASKER) == []
    assert len(questions_to(story, PEER)) == 1


def test_who_left_and_came_back_was_not_silent(story: Story, program: int) -> None:
    story.clock.advance(weeks=6)
    presses(story, ASKER, "leave", program)
    presses(story, ASKER, "come_back", program)
    runs(story, weeks=6)
    assert questions_to(story, ASKER) == []
    runs(story, weeks=6, minutes=1)
    assert len(questions_to(story, ASKER)) == 1


def test_to_leave_and_come_back_is_an_answer(story: Story, program: int) -> None:
    runs(story, weeks=12)
    [question] = questions_to(story, ASKER)
    story.click(ASKER, *button(question, "Leave"), channel="D0ANA")
    presses(story, ASKER, "come_back", program)
    story.clock.advance(days=15)
    assert due(story) == 0
    runs(story)
    assert pause_of(story, ASKER, program) is None


def test_a_circle_of_the_program_counts(story: Story, program: int) -> None:
    story.clock.advance(weeks=10)
    season = opens_season(story, program)
    signs_up(story, ASKER, season)
    runs(story, weeks=3)
    assert questions_to(story, ASKER) == []


def test_a_circle_of_another_program_does_not_count(story: Story, program: int) -> None:
    other = make_program(story, "Writers", leads=(CHAMPION,))
    story.clock.advance(weeks=10)
    joins_program(story, ASKER, other)
    signs_up(story, ASKER, opens_season(story, other))
    runs(story, weeks=3)
    assert len(questions_to(story, ASKER)) == 1


@pytest.mark.parametrize("action", ["pair_join", "buddy_yes"])
def test_what_peers_do_together_counts_for_each_program(
    story: Story, program: int, action: str
) -> None:
    story.clock.advance(weeks=10)
    assert story.click(ASKER, action, "here", view={"type": "home"}).status == 200
    runs(story, weeks=3)
    assert questions_to(story, ASKER) == []
