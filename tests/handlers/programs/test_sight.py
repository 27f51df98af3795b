"""A program is seen by those who see one of its channels, and by its leads."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.runtime import Runtime
from bot.slack.api import Rejected
from bot.workspace import channels
from models import Base, Program, ProgramChannel
from tests.conftest import NOW
from tests.factories import Clock, Story
from tests.making_programs import (
    PEOPLE,
    change_form,
    find,
    last_page,
    make,
    open_list,
    open_program,
    press,
    save,
    text_of,
    to_last_page,
)
from tests.outsiders import GONE, INVALID_IDS, ROBOT, STRANGER, outsiders
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)
from tests.two_workspaces import serve_two
from tests.workspace import add_other_workspace

DEN = "C0DEN"
SECRET = "Zimtstern"
BUTTONS = (
    *("see", "joined", "joined_next", "joined_back", "change", "open", "end"),
    *("continue", "archive", "restore", "back_to_draft"),
)


@pytest.fixture
def hidden(story: Story) -> Story:
    """The bot is in a channel, and in a private one with Eva and Ben."""
    story.set_up_channel()
    story.slack.channels[DEN] = conversation_object(DEN, SECRET, is_private=True)
    story.slack.members_by_channel[DEN] = [ADMIN, HELPER]
    story.command(ADMIN, "/backswing", channel=DEN)
    # Now the workspace's own program is stored.
    open_list(story)
    story.slack.people |= outsiders(is_admin=True)
    return story


def secret_program(story: Story, **changes: Any) -> Program:
    texts = ("name", "audience", "goal", "benefit", "time_needed", "rules")
    return open_program(
        story,
        **{**dict.fromkeys(texts, SECRET), "channels": [DEN], "leads": [ADMIN]}
        | changes,
    )


def tries_everything(story: Story, member: str, program: Program) -> str:
    """Press all buttons with the program's id, and submit its form; return the rest."""
    before = len(story.slack.views)
    answers = [str(story.command(member, "/backswing", "program").body)]
    for button in BUTTONS:
        for view in (None, {"type": "modal", "blocks": []}):
            for value in (program.id, f"{program.id}:0"):
                story.click(member, f"program_{button}", str(value), view=view)
    for position in ("program_list", "program_list_next"):
        story.click(member, position, "0", view={"type": "modal", "blocks": []})
    metadata = {"program": program.id, "version": 1, "form": last_form(story)}
    for callback_id in ("program_about", "program_rules", "program_save"):
        form: dict[str, Any] = {
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": json.dumps(metadata),
            "blocks": [],
        }
        answers.append(str(story.submit(member, form, {}).body))
        for action in ("program_back", "program_leads"):
            story.click(member, action, "1", view=form)
    shown = [view for _, view in story.slack.views[before:]]
    return json.dumps([answers, shown, story.slack.responses], ensure_ascii=False)


def last_form(story: Story) -> Any:
    page = last_page(story, press(story, "program_new"))
    return json.loads(page["private_metadata"])["form"]


def stored(story: Story) -> dict[str, Any]:
    with story.rt.read_session() as session:
        return {
            name: session.execute(select(Base.metadata.tables[name])).all()
            for name in ("programs", "program_channels", "program_leads")
        }


@pytest.mark.parametrize(
    "member", [PEER, CHAMPION, GUEST, STRANGER, ROBOT, GONE, "U0NOBODY"]
)
@pytest.mark.deep
@pytest.mark.each_parameter
def test_nothing_of_a_program_in_a_private_channel_is_seen_outside(
    hidden: Story, member: str
):
    program = secret_program(hidden)
    before = stored(hidden)
    assert SECRET not in tries_everything(hidden, member, program)
    assert stored(hidden) == before


def test_not_even_an_admin_outside_the_channel_sees_it(hidden: Story):
    boss = user_object(PEER, "Chi", is_admin=True)
    hidden.slack.people[PEER] = boss
    hidden.event({"type": "user_change", "user": boss})
    program = secret_program(hidden)
    before = stored(hidden)
    assert SECRET not in tries_everything(hidden, PEER, program)
    assert stored(hidden) == before


@pytest.mark.deep_on_postgresql
def test_members_of_the_channel_see_it_until_they_leave(hidden: Story):
    program = secret_program(hidden)
    assert SECRET in text_of(open_list(hidden, HELPER))
    hidden.slack.members_by_channel[DEN].remove(HELPER)
    hidden.event({"type": "member_left_channel", "user": HELPER, "channel": DEN})
    assert SECRET not in text_of(open_list(hidden, HELPER))
    view = press(hidden, "program_see", program.id, HELPER)
    assert "That program is gone." in text_of(view)


def test_a_lead_outside_sees_the_program_without_its_channel(hidden: Story):
    program = secret_program(hidden, name="Bakers", leads=[ADMIN, PEER])
    page = text_of(press(hidden, "program_see", program.id, PEER))
    assert "Bakers" in page
    assert DEN not in page
    assert "Where" not in page
    assert DEN in text_of(press(hidden, "program_see", program.id, HELPER))


def test_a_program_in_both_shows_each_person_their_channels(hidden: Story):
    program = secret_program(hidden, name="Bakers", channels=[DEN, HELP_CHANNEL])
    page = text_of(press(hidden, "program_see", program.id, PEER))
    assert HELP_CHANNEL in page
    assert DEN not in page


def test_guests_see_the_programs_of_their_channels(hidden: Story):
    program = open_program(hidden)
    hidden.slack.members_by_channel[HELP_CHANNEL] = []
    assert "New managers" not in text_of(open_list(hidden, GUEST))
    hidden.slack.members_by_channel[HELP_CHANNEL] = [GUEST]
    hidden.clock.advance(hours=2)
    assert "New managers" in text_of(press(hidden, "program_see", program.id, GUEST))


def test_a_channel_that_turns_private_hides_its_program(hidden: Story):
    program = open_program(hidden)
    assert "New managers" in text_of(open_list(hidden, PEER))
    hidden.slack.members_by_channel[HELP_CHANNEL] = [ADMIN]
    closed = conversation_object(HELP_CHANNEL, "help", is_private=True)
    hidden.slack.channels[HELP_CHANNEL] = closed
    with hidden.rt.write(hidden.workspace) as tx:
        channels.upsert_from_slack(tx, closed)
    assert "New managers" not in text_of(open_list(hidden, PEER))
    assert "gone" in text_of(press(hidden, "program_see", program.id, PEER))


def test_an_archived_channel_keeps_the_page_of_what_ended_readable(hidden: Story):
    program = open_program(hidden)
    press(hidden, "program_end", program.id)
    hidden.event({"type": "channel_archive", "channel": HELP_CHANNEL})
    hidden.event({"type": "channel_left", "channel": HELP_CHANNEL})
    assert "Ended" in text_of(press(hidden, "program_see", program.id, PEER))


def test_a_draft_is_seen_by_those_who_run_it(hidden: Story):
    program = make(hidden, leads=[HELPER])
    for member in (ADMIN, HELPER):
        assert "New managers" in text_of(open_list(hidden, member))
    for member in (ASKER, PEER):
        assert "New managers" not in text_of(open_list(hidden, member))
        assert "gone" in text_of(press(hidden, "program_see", program.id, member))


def test_slack_does_not_say_who_is_in_the_channel(hidden: Story):
    secret_program(hidden)
    hidden.clock.advance(hours=2)
    hidden.slack.fail["users.conversations"] = [Rejected("x", "internal_error")] * 9
    answer = str(hidden.command(PEER, "/backswing", "program").body)
    assert "can't reach Slack" in answer
    assert SECRET not in answer


# Another workspace


@pytest.fixture
def theirs(hidden: Story) -> Program:
    """Store a program of another workspace."""
    with hidden.rt.write_session.begin() as session:
        other = add_other_workspace(session)
        program = Program(
            installation_id=other.id, name=SECRET, rules=[SECRET], opened_at=NOW
        )
        session.add(program)
        session.flush()
        session.expunge(program)
        return program


@pytest.mark.parametrize("member", [ADMIN, ASKER])
def test_a_program_of_another_workspace_does_not_exist(
    hidden: Story, theirs: Program, member: str
):
    open_list(hidden)
    before = stored(hidden)
    assert SECRET not in tries_everything(hidden, member, theirs)
    assert stored(hidden) == before


@pytest.mark.deep
def test_an_invalid_id_changes_nothing(hidden: Story):
    open_program(hidden)
    before = stored(hidden)
    for number in INVALID_IDS:
        for button in (*BUTTONS, "list", "back", "leads"):
            view = {"type": "modal", "blocks": []}
            assert (
                hidden.click(ADMIN, f"program_{button}", number, view=view).status
                == 200
            )
    assert stored(hidden) == before


def test_the_same_program_in_two_workspaces_is_two(rt: Runtime, clock: Clock):
    pair = serve_two(rt, clock)
    for story, name in ((pair.alpha, "Alpha"), (pair.beta, "Beta")):
        story.set_up_channel()
        open_program(story, name=name)
    assert "Beta" not in text_of(open_list(pair.alpha, ASKER))
    assert "Alpha" not in text_of(open_list(pair.beta, ASKER))


# The form, after something happened


def test_a_lead_who_lost_the_role_saves_nothing(hidden: Story):
    program = open_program(hidden, leads=[HELPER])
    page = to_last_page(hidden, change_form(hidden, program, HELPER), HELPER)
    admins = to_last_page(hidden, change_form(hidden, program))
    save(hidden, admins, {"leads": [ADMIN]})
    response = save(hidden, page, {"leads": [HELPER]}, HELPER)
    assert "Only this program's leads" in response.body
    assert find(hidden, program.id).version == 2


def test_a_form_can_be_saved_after_the_program_ended(hidden: Story):
    program = open_program(hidden)
    page = to_last_page(hidden, change_form(hidden, program))
    press(hidden, "program_end", program.id)
    assert not save(hidden, page, {"leads": [HELPER]}).body
    changed = find(hidden, program.id)
    assert (changed.version, changed.ended_at is None) == (2, False)


def test_a_channel_that_turned_private_meanwhile_is_refused(hidden: Story):
    page = last_page(hidden, press(hidden, "program_new"))
    hidden.slack.members_by_channel[HELP_CHANNEL] = []
    closed = conversation_object(HELP_CHANNEL, SECRET, is_private=True)
    with hidden.rt.write(hidden.workspace) as tx:
        channels.upsert_from_slack(tx, closed)
    response = save(hidden, page, PEOPLE)
    assert "private channel, and you're not in it" in response.body
    assert SECRET not in response.body
    with hidden.rt.read_session() as session:
        assert session.scalars(select(ProgramChannel.channel_id)).all() == []
