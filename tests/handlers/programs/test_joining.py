"""People join a program knowing what it takes, and leave it with one press."""

import json
from datetime import timedelta

import pytest

from bot.programs.membership_rules import RETURN_WITHIN
from bot.workspace import member_settings
from models import Program
from tests.factories import Story
from tests.making_programs import buttons, press, text_of
from tests.people import workspace_program
from tests.personal_data import days_pass
from tests.programs import (
    GOAL,
    change_program,
    joins_program,
    last_reply,
    make_program,
    membership_of,
    presses,
    program_page,
)
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    GUEST,
    HELPER,
    PEER,
    form_errors,
    form_values,
)


def is_joined(story: Story, member: str, program: int) -> bool:
    row = membership_of(story, member, program)
    return row is not None and row.is_joined


def test_ana_joins_knowing_what_it_takes(story: Story, program: int) -> None:
    story.change_my_settings(ASKER, topics_known="rust")
    view = presses(story, ASKER, "join", program)
    shown = json.dumps(view)
    for text in (GOAL, "10 minutes a week", "Shorter reviews", "Be kind.", "Dan"):
        assert text in shown
    assert form_values(view)["topics_known"] == "rust"
    answers = {
        "topics_known": "rust, reviews",
        "topics_wanted": "python",
        "participation": "calls",
        "pace": "lot",
    }
    page = json.dumps(joins_program(story, ASKER, program, **answers))
    assert "You're in Reviewers." in page
    assert "/ask in #help" in page
    row = membership_of(story, ASKER, program)
    assert row is not None
    assert (row.is_joined, row.rules_version) == (True, 1)
    assert row.joined_at == story.clock()
    with story.rt.read(story.workspace) as tx:
        settings = member_settings.get(tx, ASKER)
    assert settings.topics_known == ("rust", "reviews")
    assert settings.topics_wanted == ("python",)
    assert settings.participation == "calls"
    assert settings.max_requests_per_week == 3


def test_the_tick_is_the_only_thing_required(story: Story, program: int) -> None:
    view = presses(story, ASKER, "join", program)
    required = [
        block["block_id"]
        for block in view["blocks"]
        if block["type"] == "input" and not block.get("optional")
    ]
    # Slack has chosen the first two already.
    assert required == ["participation", "commitment"]
    values = form_values(view) | {"commitment": []}
    assert "commitment" in form_errors(story.submit(ASKER, view, values))
    assert not is_joined(story, ASKER, program)
    joins_program(story, ASKER, program, topics_known="", pace=None)
    assert is_joined(story, ASKER, program)
    with story.rt.read(story.workspace) as tx:
        assert member_settings.get(tx, ASKER).max_requests_per_week is None


@pytest.mark.parametrize("stored", [0, 7])
def test_another_pace_stays_without_a_choice(
    story: Story, program: int, stored: int
) -> None:
    with story.rt.write(story.workspace) as tx:
        member_settings.update(tx, ASKER, max_requests_per_week=stored)
    joins_program(story, ASKER, program)
    with story.rt.read(story.workspace) as tx:
        assert member_settings.get(tx, ASKER).max_requests_per_week == stored


def test_the_form_that_comes_twice_joins_once(story: Story, program: int) -> None:
    view = presses(story, ASKER, "join", program)
    values = form_values(view) | {"commitment": ["yes"]}
    story.submit(ASKER, view, values)
    first = membership_of(story, ASKER, program)
    again = story.submit(ASKER, view, values)
    assert "already in Reviewers" in str(again.body)
    assert first is not None
    assert is_joined(story, ASKER, program)


def test_leaving_is_one_press_and_coming_back_another(
    story: Story, program: int
) -> None:
    joins_program(story, ASKER, program)
    joined = membership_of(story, ASKER, program)
    story.clock.advance(days=1)
    left = presses(story, ASKER, "leave", program)
    assert not is_joined(story, ASKER, program)
    shown = json.dumps(left)
    assert "no further messages" in shown
    assert "Your past answers stay" in shown
    story.clock.advance(days=RETURN_WITHIN.days - 1)
    back = presses(story, ASKER, "come_back", program)
    assert "All is as before" in json.dumps(back)
    row = membership_of(story, ASKER, program)
    assert row is not None
    assert joined is not None
    assert row.is_joined
    assert row.joined_at == joined.joined_at
    story.deliver()
    assert story.slack.messages_to(CHAMPION) == []
    # A year after they left, nothing says that they were in it.
    joins_program(story, PEER, program)
    presses(story, ASKER, "leave", program)
    days_pass(story, 364)
    assert membership_of(story, ASKER, program) is not None
    days_pass(story, 2)
    assert membership_of(story, ASKER, program) is None
    assert is_joined(story, PEER, program)
    joins_program(story, ASKER, program)
    assert is_joined(story, ASKER, program)


def test_slacks_clock_ahead_of_ours_keeps_nobody_out(
    story: Story, program: int
) -> None:
    joins_program(story, ASKER, program)
    ahead = f"{int(story.clock().timestamp()) + 60}.000000"
    story.click(ASKER, "program_leave", str(program), action_ts=ahead)
    story.clock.advance(days=RETURN_WITHIN.days + 1)
    at = story.clock.now
    view = presses(story, ASKER, "join", program)
    leave_ahead = f"{int(at.timestamp()) + 60}.000000"
    page = story.submit(ASKER, view, {**form_values(view), "commitment": ["yes"]})
    assert "You're in Reviewers" in str(page.body)
    story.click(ASKER, "program_leave", str(program), action_ts=leave_ahead)
    assert not is_joined(story, ASKER, program)
    # Still, our clock is behind.
    page = story.submit(ASKER, view, {**form_values(view), "commitment": ["yes"]})
    assert "You're in Reviewers" in str(page.body)
    assert is_joined(story, ASKER, program)


def test_a_press_that_a_later_one_overtook_does_not_claim_to_have_won(
    story: Story, program: int
) -> None:
    joins_program(story, ASKER, program)
    seconds = int(story.clock().timestamp())
    before, after = f"{seconds - 60}.000000", f"{seconds + 60}.000000"
    story.click(ASKER, "program_leave", str(program), action_ts=before)
    assert is_joined(story, ASKER, program)
    assert last_reply(story).startswith("You've joined again since then.")
    story.click(ASKER, "program_leave", str(program), action_ts=after)
    late = f"{seconds + 30}.000000"
    story.click(ASKER, "program_come_back", str(program), action_ts=late)
    assert not is_joined(story, ASKER, program)
    assert last_reply(story) == "You're not in this program."


def test_the_page_beneath_shows_that_one_left(story: Story, program: int) -> None:
    joins_program(story, ASKER, program)
    page = press(story, "program_see", program, ASKER)
    assert "You're in" in text_of(page)
    story.click(ASKER, "program_leave", str(program), view=page)
    (_, note), (beneath, page) = story.slack.views[-2:]
    assert "You left Reviewers." in text_of(note)
    # The id of the view in which they pressed.
    assert beneath == "V0"
    assert buttons(page) == ["Join", "Ask Dan", "All programs"]


def test_after_thirty_days_the_form_is_shown(story: Story, program: int) -> None:
    joins_program(story, ASKER, program)
    presses(story, ASKER, "leave", program)
    story.clock.advance(days=RETURN_WITHIN.days, seconds=10)
    view = presses(story, ASKER, "come_back", program)
    assert view["callback_id"] == "program_join"
    assert not is_joined(story, ASKER, program)
    joins_program(story, ASKER, program)
    row = membership_of(story, ASKER, program)
    assert row is not None
    assert row.joined_at == story.clock()


def test_in_a_direct_message_leaving_replaces_it(story: Story, program: int) -> None:
    joins_program(story, ASKER, program)
    story.click(ASKER, "program_leave", str(program), channel="D0ANA")
    [text] = story.slack.replaced_texts
    assert text.startswith("You left Reviewers.")


def test_presses_that_arrive_late_change_nothing(story: Story, program: int) -> None:
    joins_program(story, ASKER, program)
    times = []
    for _ in range(2):
        story.clock.advance(minutes=1)
        times.append(story.ts())
    leave_ts, back_ts = times
    story.click(ASKER, "program_leave", str(program), action_ts=leave_ts)
    story.click(ASKER, "program_come_back", str(program), action_ts=back_ts)
    assert is_joined(story, ASKER, program)
    story.click(ASKER, "program_leave", str(program), action_ts=leave_ts)
    assert is_joined(story, ASKER, program)


def test_guests_join_only_if_the_program_says_so(story: Story, program: int) -> None:
    story.slack.members_by_channel["C0HELP"] = [GUEST]
    assert presses(story, GUEST, "join", program) == {}
    assert "You can't join this program." in last_reply(story)
    change_program(story, program, guests_may_join=True)
    joins_program(story, GUEST, program)
    assert is_joined(story, GUEST, program)


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_on": "yesterday"},
        {"ended_at": "now"},
    ],
)
def test_nobody_joins_what_is_over(
    story: Story, program: int, changes: dict[str, str]
) -> None:
    view = presses(story, ASKER, "join", program)
    now = story.clock()
    values = {"yesterday": now.date() - timedelta(days=1), "now": now}
    change_program(story, program, **{k: values[v] for k, v in changes.items()})
    story.submit(ASKER, view, form_values(view) | {"commitment": ["yes"]})
    assert not is_joined(story, ASKER, program)
    presses(story, HELPER, "join", program)
    assert "This program is over." in last_reply(story)


@pytest.mark.deep_on_postgresql
def test_a_program_on_invitation_is_for_the_invited(story: Story) -> None:
    program = make_program(story, joining="invitation", leads=(CHAMPION,))
    presses(story, ASKER, "join", program)
    assert "when someone has invited you" in last_reply(story)
    joins_program(story, CHAMPION, program)
    assert is_joined(story, CHAMPION, program)


@pytest.mark.deep
def test_changed_rules_are_shown_until_they_are_seen(
    story: Story, program: int
) -> None:
    joins_program(story, ASKER, program)
    title = "The rules of Reviewers have changed"
    assert title not in program_page(story, ASKER)
    change_program(story, program, rules=["Be brief."], rules_version=2)
    page = program_page(story, ASKER)
    assert title in page
    assert "Be brief." in page
    assert title not in program_page(story, HELPER)
    story.click(ASKER, "program_seen", f"{program}:2", view={"type": "home"})
    story.advance(seconds=3)
    assert title not in json.dumps(story.slack.homes[ASKER])


def test_changed_rules_of_what_is_over_wait_for_nobody(
    story: Story, program: int
) -> None:
    joins_program(story, ASKER, program)
    change_program(story, program, rules_version=2)
    title = "The rules of Reviewers have changed"
    assert title in program_page(story, ASKER)
    change_program(story, program, ended_at=story.clock())
    assert title not in program_page(story, ASKER)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_workspaces_own_program_can_be_joined(story: Story) -> None:
    story.ask()
    with story.rt.write(story.workspace) as tx:
        own = workspace_program(tx).id
    page = program_page(story, ASKER)
    assert "Programs you could join" in page
    assert "Peers" in page
    joins_program(story, ASKER, own)
    page = program_page(story, ASKER)
    assert "Your programs" in page
    assert "This quarter you asked 1, answered 0." in page
    with story.rt.read_session() as session:
        assert session.get_one(Program, own).is_workspace_wide
