"""The question to a buddy: nobody learns of a no, silence, room, and who is asked."""

from datetime import timedelta

import pytest

from bot.buddies import offers as offer_service
from bot.buddies import questions as service
from bot.people import exclusions
from bot.programs import membership
from models import BuddyQuestion, MemberAttributes
from tests.buddies import (
    BUDDY,
    HOME,
    NEWCOMER,
    all_shown,
    begin,
    clicks,
    comes,
    due_times,
    offer,
    offers,
    pair,
    pairs,
    pairs_up,
    passes,
    questions,
    runs,
    wants,
    wish,
)
from tests.factories import Story
from tests.onboarding import NEW, arrive
from tests.pairs import people_page, presses, texts_to
from tests.people import choose, workspace_program
from tests.programs import last_reply
from tests.seasons import text_of
from tests.slack_payloads import GUEST, PEER, user_object

CHI = PEER


@pytest.mark.deep
def test_after_a_no_or_a_silence_the_next_one_is_asked(story: Story) -> None:
    """The newcomer sees the same all the time."""
    third = "U0THIRD"
    story.slack.people[third] = user_object(third, "Dan")
    begin(story, BUDDY, CHI, third)
    wants(story)
    first = questions(story)[0].buddy
    seen = all_shown(story, NEWCOMER)
    presses(story, first, "Not now")
    assert "Ana doesn't learn of it" in story.slack.replaced_texts[-1]
    runs(story)
    second = questions(story)[1].buddy
    passes(story, 5)
    assert len(questions(story)) == 3
    assert {row.buddy for row in questions(story)} == {BUDDY, CHI, third}
    assert all_shown(story, NEWCOMER) == seen
    # The job has to look when the second one, who was silent, no longer rests.
    [second_question] = [row for row in questions(story) if row.buddy == second]
    rest_ends = second_question.asked_at + timedelta(days=14)
    assert rest_ends in due_times(story)
    # Neither can begin it now.
    for person in (first, second):
        presses(story, person, "Yes")
        assert story.slack.replaced_texts[-1].startswith("It didn't work out")
    assert pairs(story) == []
    # Silence stays silence.
    [second_question] = [row for row in questions(story) if row.buddy == second]
    assert second_question.answer is None
    passes(story, 25)
    assert len(questions(story)) == 3
    assert texts_to(story, NEWCOMER) == [
        *texts_to(story, NEWCOMER, "Would a buddy help?"),
        *texts_to(story, NEWCOMER, "I found no buddy for you in 3 weeks"),
    ]
    assert wish(story).wanted_at is None
    presses(story, NEWCOMER, "Look again")
    assert wish(story).wanted_at is not None


@pytest.mark.deep
def test_a_no_can_be_taken_back_until_someone_else_is_asked(story: Story) -> None:
    begin(story)
    wants(story)
    presses(story, BUDDY, "Not now")
    runs(story)
    presses(story, BUDDY, "Yes")
    assert story.slack.replaced_texts[-1] == "You're Ana's buddy. Thank you."
    presses(story, BUDDY, "Yes")
    assert len(pairs(story)) == 1


def test_presses_in_any_order_give_one_answer(story: Story) -> None:
    begin(story)
    comes(story)
    earlier = f"{story.clock.now.timestamp() - 60:.6f}"

    def presses_earlier(member: str, action: str, value: object) -> None:
        name = f"buddy_{action}"
        story.click(member, name, str(value), view=HOME, action_ts=earlier)

    clicks(story, NEWCOMER, "yes")
    presses_earlier(NEWCOMER, "no", "buddy")
    assert wish(story).wanted_at is not None
    runs(story)
    number = questions(story)[0].id
    clicks(story, BUDDY, "not_now", number)
    micros = questions(story)[0].answer_micros
    presses_earlier(BUDDY, "not_now", number)
    assert questions(story)[0].answer_micros == micros
    clicks(story, BUDDY, "stop")
    presses_earlier(BUDDY, "join", "buddy")
    assert not offer(story).is_in


@pytest.mark.deep
def test_a_buddy_has_one_newcomer_at_a_time(story: Story) -> None:
    pairs_up(story)
    wants(story, CHI)
    assert len(questions(story)) == 1
    # Whatever brought them a second question: it is too late for a yes to it.
    with story.rt.write(story.workspace) as tx:
        row = BuddyQuestion(
            installation_id=tx.workspace.id,
            buddy=BUDDY,
            newcomer=CHI,
            asked_at=tx.now,
            ends_at=tx.now + timedelta(days=1),
        )
        tx.session.add(row)
        tx.session.flush()
        second = row.id
    story.click(BUDDY, "buddy_accept", str(second))
    assert last_reply(story) == service.HAS_NEWCOMER
    assert [each.newcomer for each in pairs(story)] == [NEWCOMER]
    with story.rt.write(story.workspace) as tx:
        tx.session.delete(tx.session.get_one(BuddyQuestion, second))
    passes(story, 27)
    assert len(questions(story)) == 1
    # The four weeks are over, and the other newcomer no longer looks.
    passes(story, 2)
    presses(story, CHI, "Look again")
    runs(story)
    assert [row.newcomer for row in questions(story)] == [NEWCOMER, CHI]


@pytest.mark.deep_on_postgresql
def test_whoever_looks_first_comes_first(story: Story) -> None:
    story.set_up_workspace(buddies="on")
    story.clock.advance(days=7)
    for person in (CHI, NEWCOMER):
        comes(story, person)
        presses(story, person, "Find me a buddy")
        story.clock.advance(minutes=5)
    assert questions(story) == []
    # The job looks again an hour after the last time, now that someone offers it.
    assert due_times(story) == []
    offers(story, BUDDY)
    assert len(due_times(story)) == 1
    story.clock.now = due_times(story)[0]
    runs(story)
    assert [row.newcomer for row in questions(story)] == [CHI]


@pytest.mark.deep
def test_three_silences_pause_it(story: Story) -> None:
    begin(story)
    story.set_up_workspace(buddies="on", unasked_per_week="10")
    for number in range(3):
        newcomer = f"U0NEW{number}"
        story.slack.people[newcomer] = user_object(newcomer, f"Eve{number}")
        wants(story, newcomer)
        passes(story, 15)
        clicks(story, newcomer, "no")
    assert len(questions(story)) == 3
    [text] = texts_to(story, BUDDY, "heard nothing")
    assert "3 newcomers" in text
    wants(story)
    assert len(questions(story)) == 3
    presses(story, BUDDY, "Be a buddy again")
    assert offer(story).is_in
    story.clock.advance(hours=2)
    runs(story)
    assert len(questions(story)) == 4


@pytest.mark.deep
def test_a_question_that_could_not_be_sent_is_no_silence(story: Story) -> None:
    begin(story)
    story.set_up_workspace(buddies="on", unasked_per_week="0")
    comes(story)
    assert texts_to(story, NEWCOMER, "Would a buddy help?") == []
    clicks(story, NEWCOMER, "yes")
    runs(story)
    assert texts_to(story, BUDDY, "would like a buddy") == []
    assert questions(story)[0].sent_at is None
    # It can be answered on the Home tab all the same.
    assert "Ana is new here" in people_page(story, BUDDY)
    clicks(story, BUDDY, "accept", questions(story)[0].id)
    assert pair(story).newcomer == NEWCOMER
    # However many of them nobody could read.
    story.clock.advance(days=1)
    with story.rt.write(story.workspace) as tx:
        times = {"asked_at": tx.now, "ends_at": tx.now}
        common = {"installation_id": tx.workspace.id, "buddy": BUDDY, **times}
        rows = [BuddyQuestion(newcomer=f"U0N{n}", **common) for n in range(3)]
        tx.session.add_all(rows)
        tx.session.flush()
        assert offer_service.silent(tx) == []
        for row in rows:
            row.sent_at = tx.now
        tx.session.flush()
        assert offer_service.silent(tx) == [BUDDY]


@pytest.mark.deep_on_postgresql
def test_someone_who_stops_sees_no_question(story: Story) -> None:
    begin(story)
    wants(story)
    assert "Ana is new here" in people_page(story, BUDDY)
    clicks(story, BUDDY, "stop")
    assert "Ana is new here" not in people_page(story, BUDDY)


@pytest.mark.parametrize(
    "obstacle",
    ["manager", "same manager", "excluded", "left", "guest", "young", "stop"],
)
def test_who_is_not_asked(story: Story, obstacle: str) -> None:
    newcomer, days = NEWCOMER, 365
    if obstacle == "guest":
        newcomer = GUEST
        story.slack.people[GUEST] = user_object(GUEST, "Gus", is_restricted=True)
    begin(story)
    if obstacle == "young":
        days = 80
        offers(story, CHI, days=days)
        clicks(story, BUDDY, "stop")
    comes(story, newcomer)
    with story.rt.write(story.workspace) as tx:
        managers = {
            "manager": {newcomer: BUDDY},
            "same manager": {newcomer: CHI, BUDDY: CHI},
        }.get(obstacle, {})
        for member, manager in managers.items():
            row = {"member": member, "manager": manager, "source": "file"}
            tx.session.add(MemberAttributes(installation_id=tx.workspace.id, **row))
        if obstacle == "excluded":
            exclusions.exclude(tx, BUDDY, newcomer, source="own")
        if obstacle == "left":
            program = workspace_program(tx)
            membership.leave(tx, program, BUDDY, event_micros=10**17)
    if obstacle == "stop":
        clicks(story, BUDDY, "stop")
    presses(story, newcomer, "Find me a buddy")
    runs(story)
    assert questions(story) == []
    assert "I'm looking for a buddy" in people_page(story, newcomer)


def test_what_changes_after_the_question_counts(story: Story) -> None:
    begin(story)
    wants(story)
    clicks(story, NEWCOMER, "no")
    presses(story, BUDDY, "Yes")
    assert "Ana needs no buddy now." in story.slack.replaced_texts[-1]
    assert pairs(story) == []


@pytest.mark.deep
def test_someone_who_was_here_before_is_not_asked(story: Story) -> None:
    story.ask("How do I stop the retries?", member=NEWCOMER)
    story.clock.advance(days=100)
    begin_at = story.clock.now
    begin(story, BUDDY)
    story.clock.now = begin_at
    comes(story)
    assert texts_to(story, NEWCOMER, "Would a buddy help?") == []
    assert "Be a buddy for someone new" in people_page(story, NEWCOMER)


def test_the_greeting_asks_instead_of_a_message(story: Story) -> None:
    begin(story)
    arrive(story)
    story.clock.advance(hours=1)
    story.event(
        {
            "type": "member_joined_channel",
            "user": NEWCOMER,
            "channel": NEW,
            "channel_type": "C",
            "event_ts": story.ts(),
        }
    )
    story.deliver()
    [greeting] = [
        each for each in story.slack.messages_to(NEWCOMER) if "Welcome" in each.text
    ]
    assert "Would a buddy help?" in text_of(greeting.blocks)
    presses(story, NEWCOMER, "Find me a buddy")
    assert "Join one: /backswing program" in story.slack.responses[-1][1]
    runs(story)
    assert questions(story) == []
    comes(story)
    assert texts_to(story, NEWCOMER, "Would a buddy help?") == []
    story.clock.advance(hours=1)
    runs(story)
    assert [row.newcomer for row in questions(story)] == [NEWCOMER]


def test_others_can_press_nothing(story: Story) -> None:
    begin(story)
    wants(story)
    number = questions(story)[0].id
    for person, action, value in (
        (NEWCOMER, "accept", number),
        (CHI, "not_now", number),
        (CHI, "end", 1),
        (CHI, "thank", 1),
        (CHI, "accept", "x"),
        (NEWCOMER, "accept", 10**12),
    ):
        clicks(story, person, action, value)
        assert "Not possible" in text_of(story.slack.views[-1][1]), action
    assert [row.answer for row in questions(story)] == [None]
    presses(story, BUDDY, "Yes")
    number = pair(story).id
    clicks(story, CHI, "end", number)
    clicks(story, CHI, "thank", number)
    assert pair(story).ends_at > story.clock.now + timedelta(days=20)


@pytest.mark.deep
def test_two_replicas_ask_and_begin_once(story: Story) -> None:
    second = "U0SECOND"
    begin(story, BUDDY, CHI)
    for newcomer in (NEWCOMER, second):
        comes(story, newcomer)
    for newcomer in (NEWCOMER, second):
        clicks(story, newcomer, "yes")
    with story.rt.read(story.workspace) as tx:
        drafts = [service.draft(tx) for _ in range(2)]
    for draft in drafts:
        assert draft is not None
        assert len(draft.assign()) == 2

    def stores(newcomer: str, buddy: str) -> None:
        with story.rt.write(story.workspace) as tx:
            service.store(tx, [newcomer], [(newcomer, buddy)])

    # What has changed since the draft counts: one stopped, or was asked.
    clicks(story, CHI, "stop")
    stores(NEWCOMER, CHI)
    assert questions(story) == []
    clicks(story, CHI, "join")
    stores(NEWCOMER, BUDDY)
    stores(NEWCOMER, CHI)
    stores(second, BUDDY)
    story.deliver()
    assert [row.buddy for row in questions(story)] == [BUDDY]
    clicks(story, second, "no")
    for _ in range(2):
        clicks(story, BUDDY, "accept", questions(story)[0].id)
    runs(story)
    assert len(pairs(story)) == 1
    assert len(texts_to(story, NEWCOMER, "Meet Ben")) == 1


@pytest.mark.parametrize("stops", [None, BUDDY, NEWCOMER])
@pytest.mark.deep
def test_a_question_waits_for_working_hours(story: Story, stops: str | None) -> None:
    """On a Friday evening nobody hears of it before Monday, or never if one stops."""
    begin(story)
    story.clock.advance(days=3, hours=8)
    comes(story)
    clicks(story, NEWCOMER, "yes")
    runs(story)
    assert texts_to(story, BUDDY, "would like a buddy") == []
    if stops is not None:
        clicks(story, stops, {BUDDY: "stop", NEWCOMER: "no"}[stops])
        assert "Ana is new here" not in people_page(story, BUDDY)
    passes(story, 2)
    story.clock.advance(hours=18)
    runs(story)
    assert len(texts_to(story, BUDDY, "would like a buddy")) == (stops is None)
    if stops is not None:
        return
    assert questions(story)[0].ends_at >= story.clock.now + timedelta(days=3)
    choose(story, BUDDY, topics_known=["sql"])


@pytest.mark.deep
@pytest.mark.parametrize("obstacle", ["manager", "excluded"])
@pytest.mark.each_parameter
def test_who_must_not_meet_after_a_yes_is_not_introduced(
    story: Story, obstacle: str
) -> None:
    """It was not known before, and the newcomer is away when it becomes known."""
    begin(story)
    wants(story)
    tomorrow = (story.clock.now + timedelta(days=1)).date()
    choose(story, NEWCOMER, paused_until=tomorrow)
    presses(story, BUDDY, "Yes")
    with story.rt.write(story.workspace) as tx:
        if obstacle == "manager":
            row = {"member": NEWCOMER, "manager": BUDDY, "source": "file"}
            tx.session.add(MemberAttributes(installation_id=tx.workspace.id, **row))
        else:
            exclusions.exclude(tx, NEWCOMER, BUDDY, source="own")
    assert "Ben" not in people_page(story, NEWCOMER)
    # Nor is the message sent that is due before the job runs.
    story.advance(days=1)
    assert "Ben" not in all_shown(story, NEWCOMER)
    runs(story)
    assert pair(story).is_cut_short
    assert len(texts_to(story, BUDDY, "Your time with Ana as buddies has ended")) == 1
    assert wish(story).wanted_at is not None
    # Someone else is asked, and the search ends as any other.
    offers(story, CHI)
    passes(story, 1)
    assert [row.buddy for row in questions(story)] == [BUDDY, CHI]
    presses(story, CHI, "Yes")
    passes(story, 30)
    assert "Ben" not in all_shown(story, NEWCOMER)
    assert texts_to(story, NEWCOMER, "Meet Chi, your buddy")
    assert texts_to(story, NEWCOMER, "I found no buddy") == []
    assert len(pairs(story)) == 2


def test_who_has_read_of_the_other_keeps_them(story: Story) -> None:
    pairs_up(story)
    with story.rt.write(story.workspace) as tx:
        row = {"member": NEWCOMER, "manager": BUDDY, "source": "file"}
        tx.session.add(MemberAttributes(installation_id=tx.workspace.id, **row))
    passes(story, 8)
    assert texts_to(story, NEWCOMER, "Week 2 with Ben.")
    assert not pair(story).is_cut_short
