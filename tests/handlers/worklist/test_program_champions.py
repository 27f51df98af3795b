"""Champions of programs: named by leads, asked first, and free to step down."""

from typing import Any

import pytest
from sqlalchemy import select, update

from bot.permissions import is_allowed
from bot.programs import service
from bot.programs.permissions import INVITE, RUN_PROGRAM
from bot.workspace import channels, sync
from models import (
    Channel,
    Member,
    Program,
    ProgramChampion,
    ProgramChannel,
    ProgramLead,
)
from tests.handlers.worklist.conftest import DAY, FRIDAY, MONDAY, NEWCOMER, WorkList
from tests.personal_data import file_of
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_values,
    user_object,
)

DEN = "C0DEN"


@pytest.fixture
def program(work: WorkList) -> int:
    """A program of the channel, which Ana leads; the channel has no champion."""
    work.story.set_up_channel(champions=[])
    with work.write() as tx:
        channel = tx.session.scalars(select(Channel)).one()
        program = Program(
            installation_id=tx.workspace.id, name="New managers", opened_at=tx.now
        )
        tx.session.add(program)
        tx.session.flush()
        tx.session.add(ProgramChannel(program_id=program.id, channel_id=channel.id))
        tx.session.add(ProgramLead(program_id=program.id, member=ASKER))
        return program.id


def name(work: WorkList, program: int, *people: str, by: str = ASKER) -> str:
    """Fill in the form, and return what is wrong."""
    work.story.click(by, "program_champions", str(program))
    view = work.story.slack.views[-1][1]
    work.story.slack.people |= {
        person: user_object(person, **work.story.slack.people.get(person, {}))
        for person in people
    }
    body = work.story.submit(by, view, {"people": list(people)}).body
    work.story.deliver()
    return body


def answers(work: WorkList, member: str, action: str, program: int) -> None:
    action_id = f"program_champion_{action}"
    work.story.click(member, action_id, str(program), channel=f"D{member}")
    work.story.deliver()


def questions(work: WorkList, member: str) -> list[str]:
    return [
        text
        for text in work.story.slack.texts_to(member)
        if "to be a champion of New managers" in text
    ]


def willing(work: WorkList) -> dict[str, bool | None]:
    with work.story.rt.read_session() as session:
        rows = session.scalars(select(ProgramChampion))
        return {row.member: row.is_willing for row in rows}


def test_each_is_asked_once_and_only_those_who_want_get_suggestions(
    work: WorkList, program: int
):
    assert name(work, program, HELPER, PEER) == ""
    assert len(questions(work, HELPER)) == len(questions(work, PEER)) == 1
    answers(work, HELPER, "yes", program)
    answers(work, PEER, "no", program)
    assert willing(work) == {HELPER: True, PEER: False}
    name(work, program, HELPER, PEER, CHAMPION)
    assert len(questions(work, PEER)) == 1
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]


@pytest.mark.deep
def test_undo_of_stepping_down_keeps_the_suggestions(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]
    answers(work, HELPER, "stop", program)
    answers(work, HELPER, "yes", program)
    assert "Say hello" in work.home(HELPER)
    work.run()
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]


def test_the_data_file_of_a_lead_tells_nobodys_answer(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, PEER, "no", program)
    rows = file_of(work.story, ASKER)["tables"]["program_champions"]["rows"]
    assert [set(row) for row in rows] == [
        {"program_id", "invited_by", "invited_at"}
    ] * 2
    [own] = file_of(work.story, PEER)["tables"]["program_champions"]["rows"]
    assert own["is_willing"] is False


def test_nobody_who_was_removed_is_asked_again(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, PEER, "no", program)
    name(work, program)
    assert form_of(work, program) == []
    answers(work, HELPER, "yes", program)
    assert willing(work)[HELPER] is None
    name(work, program, HELPER, PEER)
    assert len(questions(work, HELPER)) == len(questions(work, PEER)) == 1
    # The question that they have can be answered again.
    work.story.clock.advance(days=6)
    answers(work, HELPER, "yes", program)
    assert willing(work) == {HELPER: True, PEER: False}


def form_of(work: WorkList, program: int) -> list[str]:
    """Return the people in the form of champions."""
    work.story.click(ASKER, "program_champions", str(program))
    view = work.story.slack.views[-1][1]
    return form_values(view).get("people") or []


@pytest.mark.deep
def test_a_champion_who_was_removed_is_one_again_when_named_again(
    work: WorkList, program: int
):
    name(work, program, HELPER, PEER)
    for member in (HELPER, PEER):
        answers(work, member, "yes", program)
    name(work, program, PEER, CHAMPION)
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, PEER)]
    assert "You're a champion of" not in work.home(HELPER)
    with work.write() as tx:
        row = tx.session.get_one(Program, program)
        assert not is_allowed(INVITE, service.roles_in(tx, row, HELPER))
    # A removed champion can't take it back themselves.
    answers(work, HELPER, "yes", program)
    assert "You're a champion of" not in work.home(HELPER)
    name(work, program, PEER, HELPER)
    assert "You're a champion of" in work.home(HELPER)
    assert len(questions(work, HELPER)) == 1


def test_stepping_down_can_be_undone(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    work.story.click(
        HELPER, "program_champion_stop", str(program), view={"type": "home"}
    )
    view = work.story.slack.views[-1][1]
    assert "no longer a champion of New managers" in str(view)
    assert "You're a champion of" not in work.home(HELPER)
    [(action, value)] = buttons_of(view, "Undo")
    work.story.click(HELPER, action, value, view={"type": "modal"})
    assert "You're a champion of" in work.home(HELPER)


def test_a_question_that_the_programs_end_cancelled_is_asked_on_the_next_save(
    work: WorkList, program: int
):
    # It is evening, so it waits until Monday.
    work.story.clock.now = FRIDAY + DAY / 2
    name(work, program, HELPER, PEER)
    with work.write() as tx:
        tx.session.get_one(Program, program).ended_at = tx.now
    work.story.advance(days=3)
    with work.write() as tx:
        tx.session.get_one(Program, program).ended_at = None
    assert questions(work, HELPER) == []
    for day in (2, 3):
        name(work, program, HELPER, PEER)
        work.at(MONDAY + day * DAY)
    assert len(questions(work, HELPER)) == len(questions(work, PEER)) == 1


@pytest.mark.deep
def test_a_no_can_be_taken_back(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "no", program)
    assert "I'd like to after all" in str(work.story.slack.responses[-1])
    work.story.clock.advance(days=30)
    answers(work, HELPER, "yes", program)
    assert "You're a champion of" in work.home(HELPER)


def buttons_of(view: dict[str, Any], text: str) -> list[tuple[str, str]]:
    return [
        (element["action_id"], element["value"])
        for block in view["blocks"]
        for element in block.get("elements", ())
        if element.get("text", {}).get("text") == text
    ]


@pytest.mark.deep
def test_a_champion_outside_its_channel_reads_no_new_name_of_a_program(
    work: WorkList, program: int
):
    slack = work.story.slack
    slack.channels[DEN] = conversation_object(DEN, "den-of-secrets", is_private=True)
    slack.members_by_channel[DEN] = [ASKER, PEER, HELPER]
    with work.write() as tx:
        den = channels.upsert_from_slack(tx, slack.channels[DEN])
        tx.session.execute(update(ProgramChannel).values(channel_id=den.id))
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    assert "New managers" in work.home(HELPER)
    slack.members_by_channel[DEN].remove(HELPER)
    work.story.clock.advance(hours=2)
    with work.write() as tx:
        tx.session.get_one(Program, program).name = "Zimtstern"
    page = work.home(HELPER)
    assert "A program that you can't see at the moment" in page
    assert "Step down" in page
    for action in ("stop", "yes", "no"):
        answers(work, HELPER, action, program)
    everything = f"{page} {slack.responses} {slack.views} {work.home(HELPER)}"
    assert "Zimtstern" not in everything


def test_a_deactivated_champion_is_named_no_longer(work: WorkList, program: int):
    work.story.set_up_channel(champions=[CHAMPION, HELPER])
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    gone = user_object(HELPER, deleted=True)
    work.story.slack.people[HELPER] = gone
    work.story.event({"type": "user_change", "user": gone})
    assert form_of(work, program) == [PEER]
    assert channel_of(work)[1] == [CHAMPION]


@pytest.mark.deep
def test_a_champion_of_the_program_closes_an_ask_that_is_suggested_to_them(
    work: WorkList, program: int
):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    work.wait_for_answers(1)
    work.at(FRIDAY + 1.1 * DAY)
    [(_, _, champion)] = work.open()
    assert champion == HELPER
    # Not by anyone else, and not just any ask.
    item = work.item()
    for member in (PEER, CHAMPION):
        before = len(work.story.slack.views)
        work.press(member, "work_close", item)
        assert len(work.story.slack.views) == before
    work.press(HELPER, "work_close", item)
    form = work.story.slack.views[-1][1]
    refused = work.story.submit(PEER, form, {"reason": "Old."})
    assert "can close it" in str(refused.body) + str(work.story.slack.responses[-1])
    assert work.story.asks()[0].state == "open"
    work.story.submit(HELPER, form, {"reason": "Answered in the other channel."})
    assert work.story.asks()[0].state == "closed"
    work.story.deliver()
    assert "Answered in the other channel." in str(
        [message.blocks for message in work.story.slack.messages_to(ASKER)]
    )
    # Without a suggestion, they close nothing.
    work.story.ask("Is there another way to do it?")
    other = str(work.story.asks()[-1].id)
    form["private_metadata"] = form["private_metadata"].replace(item.subject, other)
    work.story.submit(HELPER, form, {"reason": "Old."})
    assert work.story.asks()[-1].state == "open"


def test_an_answer_after_a_week_comes_too_late(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    work.story.clock.advance(days=7, minutes=1)
    answers(work, HELPER, "yes", program)
    assert willing(work)[HELPER] is None
    work.join()
    work.at(work.story.clock.now + 1.1 * DAY)
    assert work.open()[0][2] not in {HELPER, PEER}


@pytest.mark.deep
def test_stepping_down_is_one_press_and_the_next_takes_over(
    work: WorkList, program: int
):
    name(work, program, HELPER, PEER)
    for member in (HELPER, PEER):
        answers(work, member, "yes", program)
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]
    assert "Step down" in work.home(HELPER)
    view = work.story.slack.homes[HELPER]
    work.story.click(HELPER, "program_champion_stop", str(program), view=view)
    assert "Say hello" not in work.home(HELPER)
    work.run()
    assert work.open() == [("say_hello", NEWCOMER, PEER)]


def test_without_champions_the_leads_get_the_suggestions(work: WorkList, program: int):
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, ASKER)]


def test_without_leads_nobody_does(work: WorkList):
    work.story.set_up_channel(champions=[])
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.items() == []


@pytest.mark.deep
def test_champions_of_a_program_that_has_ended_get_nothing(
    work: WorkList, program: int
):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    with work.write() as tx:
        tx.session.get_one(Program, program).ended_at = tx.now
    work.join()
    work.at(MONDAY)
    assert work.items() == []
    assert "You're a champion of" not in work.home(HELPER)


@pytest.mark.parametrize("people", [(GUEST, HELPER), (HELPER,), ("U0OUT", HELPER)])
def test_guests_strangers_and_one_person_alone_are_refused(
    work: WorkList, program: int, people: tuple[str, ...]
):
    work.story.slack.people["U0OUT"] = user_object("U0OUT", team_id="T0OTHER")
    work.story.click(ASKER, "program_champions", str(program))
    view = work.story.slack.views[-1][1]
    response = work.story.submit(ASKER, view, {"people": list(people)})
    assert '"response_action": "errors"' in response.body.replace('":"', '": "')
    assert willing(work) == {}


def test_thirteen_are_too_many(work: WorkList, program: int):
    people = [f"U0P{n:02}" for n in range(13)]
    assert "2 to 12" in name(work, program, *people)
    assert willing(work) == {}


@pytest.mark.parametrize("member", [HELPER, GUEST])
def test_only_leads_and_admins_name_champions(
    work: WorkList, program: int, member: str
):
    before = len(work.story.slack.views)
    work.story.click(member, "program_champions", str(program))
    forms = [view for _, view in work.story.slack.views[before:]]
    assert "program_champions" not in [view.get("callback_id") for view in forms]
    work.story.click(ADMIN, "program_champions", str(program))
    form = work.story.slack.views[-1][1]
    work.story.submit(member, form, {"people": [HELPER, PEER]})
    assert willing(work) == {}


def test_a_forged_press_of_someone_who_was_not_asked_changes_nothing(
    work: WorkList, program: int
):
    for action in ("yes", "no", "stop"):
        answers(work, CHAMPION, action, program)
        answers(work, CHAMPION, action, 10**9)
    assert willing(work) == {}


@pytest.mark.deep_on_postgresql
def test_a_champion_may_join_without_another_invitation(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    with work.write() as tx:
        tx.session.get_one(Program, program).joining = "invitation"
    shown = work.story.slack.views
    before = len(shown)
    work.story.click(PEER, "program_join", str(program))
    assert len(shown) == before
    work.story.click(HELPER, "program_join", str(program))
    assert shown[-1][1]["callback_id"] == "program_join"


def test_a_champion_may_invite_and_nothing_else(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    with work.write() as tx:
        row = tx.session.get_one(Program, program)
        roles = {m: service.roles_in(tx, row, m) for m in (HELPER, PEER)}
    assert is_allowed(INVITE, roles[HELPER])
    assert not is_allowed(RUN_PROGRAM, roles[HELPER])
    assert not is_allowed(INVITE, roles[PEER])


@pytest.mark.deep_on_postgresql
def test_a_champion_who_became_a_guest_invites_nobody(work: WorkList, program: int):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    guest = user_object(HELPER, is_restricted=True)
    work.story.slack.people[HELPER] = guest
    work.story.event({"type": "user_change", "user": guest})
    with work.write() as tx:
        row = tx.session.get_one(Program, program)
        assert not is_allowed(INVITE, service.roles_in(tx, row, HELPER))


@pytest.mark.deep
def test_only_those_who_said_yes_read_that_they_are_champions(
    work: WorkList, program: int
):
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    assert "You're a champion of" in work.home(HELPER)
    assert "You're a champion of" not in work.home(PEER)


def test_nobody_is_asked_to_look_after_a_program_that_they_do_not_see(
    work: WorkList, program: int
):
    slack = work.story.slack
    slack.channels[DEN] = conversation_object(DEN, "den-of-secrets", is_private=True)
    slack.members_by_channel[DEN] = [ASKER, PEER]
    with work.write() as tx:
        den = channels.upsert_from_slack(tx, slack.channels[DEN])
        tx.session.execute(update(ProgramChannel).values(channel_id=den.id))
    # The lead learns it at once, and nobody is asked.
    assert "Ben can't see this program" in name(work, program, HELPER, PEER)
    assert willing(work) == {}
    slack.members_by_channel[DEN].append(HELPER)
    work.story.clock.advance(hours=2)
    assert name(work, program, HELPER, PEER) == ""
    assert len(questions(work, PEER)) == len(questions(work, HELPER)) == 1


@pytest.mark.parametrize("change", ["is_guest", "is_deactivated"])
def test_a_champion_who_can_be_none_any_more_does_not_hold_up_the_form(
    work: WorkList, program: int, change: str
):
    name(work, program, HELPER, PEER)
    with work.write() as tx:
        member = update(Member).where(Member.slack_id == HELPER)
        tx.session.execute(member.values({change: True}))
    assert name(work, program, HELPER, PEER, CHAMPION) == ""
    assert len(questions(work, CHAMPION)) == 1


# Champions of a channel


def channel_of(work: WorkList, slack_id: str = HELP_CHANNEL) -> tuple[str, list[str]]:
    """Return the value of the channel's button, and its champions."""
    with work.write() as tx:
        channel = channels.find(tx, slack_id)
        assert channel is not None
        return str(channel.id), channels.champions(tx.session, channel.id)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_channels_champion_steps_down_in_one_press(work: WorkList):
    work.story.set_up_channel(champions=[CHAMPION, HELPER])
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]
    assert "You're a champion of" in work.home(HELPER)
    view = work.story.slack.homes[HELPER]
    value, _ = channel_of(work)
    work.story.click(HELPER, "champion_stop", value, view=view)
    assert channel_of(work)[1] == [CHAMPION]
    assert "You're a champion of" not in work.home(HELPER)
    work.run()
    assert work.open() == [("say_hello", NEWCOMER, CHAMPION)]


@pytest.mark.deep_on_postgresql
def test_nobody_steps_down_for_another(work: WorkList):
    value, _ = channel_of(work)
    for forged in (value, str(10**9), "x"):
        work.story.click(HELPER, "champion_stop", forged)
    assert channel_of(work)[1] == [CHAMPION]


@pytest.mark.deep
def test_a_private_channel_is_named_only_to_a_champion_who_is_in_it(work: WorkList):
    slack = work.story.slack
    slack.channels[DEN] = conversation_object(DEN, "den-of-secrets", is_private=True)
    slack.members_by_channel[DEN] = [ADMIN, CHAMPION]
    work.story.event(
        {
            "type": "member_joined_channel",
            "user": work.story.workspace.bot_user_id,
            "channel": DEN,
        }
    )
    work.story.command(ADMIN, "/backswing", channel=DEN)
    work.story.submit_settings(ADMIN, "settings", {"champions": [CHAMPION]})
    sync.refresh(work.story.rt, work.story.workspace, users=[CHAMPION], channel=DEN)
    assert channel_of(work, DEN)[1] == [CHAMPION]
    assert DEN in work.home(CHAMPION)
    work.leave(CHAMPION, DEN)
    assert DEN not in work.home(CHAMPION)


def test_a_guest_is_refused_as_a_channels_champion(work: WorkList):
    answer = work.story.set_up_channel(champions=[GUEST, CHAMPION])
    assert "can't be a champion. Choose full members" in str(answer.body)
    assert channel_of(work)[1] == [CHAMPION]


@pytest.mark.deep
def test_whoever_becomes_a_guest_is_no_champion_any_more(work: WorkList, program: int):
    work.story.set_up_channel(champions=[CHAMPION, HELPER])
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]
    guest = user_object(HELPER, is_restricted=True)
    work.story.slack.people[HELPER] = guest
    work.story.event({"type": "user_change", "user": guest})
    assert channel_of(work)[1] == [CHAMPION]
    assert form_of(work, program) == [PEER]
    work.run()
    assert work.open() == [("say_hello", NEWCOMER, CHAMPION)]


def champion_with_an_item(work: WorkList, program: int) -> None:
    name(work, program, HELPER, PEER)
    answers(work, HELPER, "yes", program)
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]


@pytest.mark.deep
def test_when_the_program_ends_its_champions_suggestions_are_over(
    work: WorkList, program: int
):
    champion_with_an_item(work, program)
    with work.write() as tx:
        tx.session.get_one(Program, program).ended_at = tx.now
    work.watch(until=MONDAY + DAY / 4)
    assert work.open() == []
    assert work.messages(HELPER) == []
    assert "Say hello" not in work.home(HELPER)


@pytest.mark.deep
def test_when_the_lead_changes_the_suggestion_goes_to_the_new_one(
    work: WorkList, program: int
):
    work.join()
    work.at(FRIDAY + 1.1 * DAY)
    assert work.open() == [("say_hello", NEWCOMER, ASKER)]
    with work.write() as tx:
        tx.session.execute(update(ProgramLead).values(member=PEER))
    work.run()
    # Slack is asked first whether the new one is in the channel.
    work.run()
    assert work.open() == [("say_hello", NEWCOMER, PEER)]
    assert "Say hello" not in work.home(ASKER)


def test_who_steps_down_and_still_looks_after_the_channel_keeps_the_suggestion(
    work: WorkList, program: int
):
    champion_with_an_item(work, program)
    work.story.set_up_channel(champions=[HELPER, PEER])
    answers(work, HELPER, "stop", program)
    work.run()
    assert work.open() == [("say_hello", NEWCOMER, HELPER)]
