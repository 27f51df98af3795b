"""People are invited once, and who says no can't be told from who has not looked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

import jobs.program_channels
from bot import monitoring
from bot.slack.api import OutcomeUnknown, Rejected
from bot.workspace import channels, member_settings, members, visibility
from models import OutboxItem, ProgramInvitation
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.making_programs import (
    buttons,
    change_form,
    find,
    press,
    save,
    text_of,
    to_last_page,
)
from tests.programs import (
    change_program,
    invitations_to,
    invites,
    joins_program,
    last_reply,
    make_program,
    membership_of,
    presses,
    program_page,
)
from tests.rows import all_rows
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    conversation_object,
    form_values,
    user_object,
)

CLOSED = "C0CLOSED"


def invited(story: Story) -> set[str]:
    with story.rt.read_session() as session:
        return set(session.scalars(select(ProgramInvitation.member)))


def test_a_lead_writes_to_people_once(story: Story, program: int) -> None:
    page = invites(story, CHAMPION, program, people=(ASKER, HELPER))
    assert "I write to each person once" in json.dumps(page)
    invites(story, CHAMPION, program, people=(ASKER, HELPER, PEER))
    for person in (ASKER, HELPER, PEER):
        [message] = invitations_to(story, person)
        shown = json.dumps(message.blocks)
        for text in ("Reviewers", "10 minutes a week", "Be kind.", "Dan", "Ask first"):
            assert text in shown
    assert invited(story) == {ASKER, HELPER, PEER}


def test_a_champion_posts_it_in_a_channel(story: Story, program: int) -> None:
    story.set_up_channel(champions=[PEER])
    invites(story, PEER, program, channel=HELP_CHANNEL)
    [message] = invitations_to(story, HELP_CHANNEL)
    action, value = button(message, "Join")
    story.click(ASKER, action, value)
    assert story.slack.views[-1][1]["callback_id"] == "program_join"


def test_others_invite_nobody(story: Story, program: int) -> None:
    for person in (ASKER, GUEST):
        story.slack.members_by_channel[HELP_CHANNEL] = [person]
        assert presses(story, person, "invite", program) == {}
        assert "can invite people" in last_reply(story)


def test_an_invitation_is_for_people_who_can_join(story: Story, program: int) -> None:
    story.slack.people |= {
        "U0GONE": user_object("U0GONE", deleted=True),
        "U0ROBO": user_object("U0ROBO", is_bot=True),
        "U0ELSE": user_object("U0ELSE", team_id="T0ELSE"),
        "U0NEW": user_object("U0NEW"),
    }
    joins_program(story, HELPER, program)
    joins_program(story, PEER, program)
    presses(story, PEER, "leave", program)
    people = ("U0GONE", "U0ROBO", "U0ELSE", "U0NEW", GUEST, HELPER, PEER, CHAMPION)
    invites(story, CHAMPION, program, people=people)
    story.advance(minutes=2)
    reached = {person for person in people if invitations_to(story, person)}
    assert reached == {"U0NEW"}


def test_someone_who_joined_meanwhile_gets_none(story: Story, program: int) -> None:
    # It is too early for Ana.
    with story.rt.write(story.workspace) as tx:
        member_settings.update(
            tx, ASKER, paused_until=story.clock().date().replace(day=20)
        )
    invites(story, CHAMPION, program, people=(ASKER,))
    assert invitations_to(story, ASKER) == []
    joins_program(story, ASKER, program)
    story.advance(days=30)
    assert invitations_to(story, ASKER) == []


def test_a_pause_delays_it(story: Story, program: int) -> None:
    with story.rt.write(story.workspace) as tx:
        until = story.clock().date().replace(day=10)
        member_settings.update(tx, ASKER, paused_until=until)
    invites(story, CHAMPION, program, people=(ASKER,))
    assert invitations_to(story, ASKER) == []
    story.advance(days=9)
    assert len(invitations_to(story, ASKER)) == 1


def test_the_budget_holds_it_back(story: Story) -> None:
    leads = (CHAMPION,)
    programs = [make_program(story, f"Number {n}", leads=leads) for n in range(4)]
    for program in programs:
        invites(story, CHAMPION, program, people=(ASKER,))
    # The third place is for requests.
    assert len(invitations_to(story, ASKER)) == 2
    story.advance(days=8)
    assert len(invitations_to(story, ASKER)) == 4


@pytest.mark.parametrize("place", ["D0ANA", HELP_CHANNEL])
def test_declining_leaves_no_trace(
    story: Story, program: int, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    invites(story, CHAMPION, program, people=(ASKER,), channel=HELP_CHANNEL)
    story.advance(days=1)
    before, logs = all_rows(story, but=()), len(caplog.records)
    # The profile is due to be fetched again; even that would tell.
    story.slack.calls.clear()
    story.click(ASKER, "program_decline", str(program), channel=place)
    story.deliver()
    assert story.slack.calls == ["response_url"]
    assert all_rows(story, but=()) == before
    assert len(caplog.records) == logs
    assert "nobody learns of it" in last_reply(story)
    assert bool(story.slack.replaced_texts) == place.startswith("D")


def test_one_can_join_after_declining(story: Story, program: int) -> None:
    story.click(ASKER, "program_decline", str(program), channel="D0ANA")
    joins_program(story, ASKER, program)


def test_at_most_two_hundred_at_a_time(story: Story, program: int) -> None:
    people = tuple(f"U0P{n}" for n in range(201))
    answer = invites(story, CHAMPION, program, people=people)
    assert answer["errors"] == {"people": "Up to 200 people at a time, please."}
    answer = invites(story, CHAMPION, program)
    assert answer["errors"] == {"channel": "Choose a channel, or people."}
    assert invited(story) == set()


def test_it_is_posted_only_in_the_programs_channels(story: Story, program: int) -> None:
    story.slack.channels["C0OTHER"] = conversation_object("C0OTHER", "other")
    answer = invites(story, CHAMPION, program, channel="C0OTHER")
    assert answer["errors"] == {"channel": "That is no channel of this program."}


def test_a_program_on_invitation_is_not_posted(story: Story, program: int) -> None:
    # Everyone who reads it would find a button that does not work for them.
    view = presses(story, CHAMPION, "invite", program)
    change_program(story, program, joining="invitation")
    response = story.submit(
        CHAMPION, view, {"channel": HELP_CHANNEL, "people": [ASKER]}
    )
    assert "whom you invite by name" in str(response.body)
    view = presses(story, CHAMPION, "invite", program)
    assert list(form_values(view)) == ["people"]
    story.submit(CHAMPION, view, {"people": [ASKER]})
    story.deliver()
    assert invitations_to(story, HELP_CHANNEL) == []
    assert len(invitations_to(story, ASKER)) == 1
    joins_program(story, ASKER, program)


def test_a_posted_program_is_no_draft_again(story: Story, program: int) -> None:
    invites(story, CHAMPION, program, channel=HELP_CHANNEL)
    view = press(story, "program_back_to_draft", program, CHAMPION)
    assert "You can end it instead." in text_of(view)
    page = press(story, "program_see", program, CHAMPION)
    assert "Back to draft" not in buttons(page)
    assert find(story, program).opened_at is not None


def test_a_post_is_not_sent_once_the_program_is_on_invitation(
    story: Story, program: int
) -> None:
    view = presses(story, CHAMPION, "invite", program)
    story.submit(CHAMPION, view, {"channel": HELP_CHANNEL, "people": []})
    change_program(story, program, joining="invitation")
    story.deliver()
    assert invitations_to(story, HELP_CHANNEL) == []


def test_a_form_that_comes_twice_posts_once(story: Story, program: int) -> None:
    view = presses(story, CHAMPION, "invite", program)
    values: dict[str, Any] = {"channel": HELP_CHANNEL, "people": [ASKER]}
    for _ in range(2):
        story.submit(CHAMPION, view, values, view_id="V0SAME")
    story.deliver()
    assert len(invitations_to(story, HELP_CHANNEL)) == 1
    assert len(invitations_to(story, ASKER)) == 1


@pytest.mark.deep_on_postgresql
def test_the_lead_is_told_if_slack_does_not_take_it(story: Story, program: int) -> None:
    story.slack.fail["chat.postMessage"] = [Rejected("chat.postMessage", "restricted")]
    invites(story, CHAMPION, program, channel=HELP_CHANNEL)
    [text] = story.slack.texts_to(CHAMPION)
    assert text.startswith("Slack didn't let me post the invitation to Reviewers")


def test_what_is_over_invites_nobody(story: Story, program: int) -> None:
    view = presses(story, CHAMPION, "invite", program)
    change_program(story, program, ended_at=story.clock())
    story.submit(CHAMPION, view, {"channel": HELP_CHANNEL, "people": [ASKER]})
    story.deliver()
    assert invitations_to(story, ASKER) == []
    assert invitations_to(story, HELP_CHANNEL) == []


@pytest.fixture
def closed(story: Story) -> int:
    """A program whose only channel is private; Ana is in it, Ben is not."""
    story.slack.channels[CLOSED] = conversation_object(
        CLOSED, "closed", is_private=True
    )
    story.slack.members_by_channel[CLOSED] = [ASKER, CHAMPION]
    return make_program(story, "Secret", in_channels=(CLOSED,), leads=(CHAMPION,))


def test_a_private_channels_program_reaches_only_its_people(
    story: Story, closed: int
) -> None:
    invites(story, CHAMPION, closed, people=(ASKER, HELPER))
    assert len(invitations_to(story, ASKER)) == 1
    assert story.slack.messages_to(HELPER) == []


def test_an_invitation_that_was_not_sent_is_sent_when_they_are_invited_again(
    story: Story, closed: int
) -> None:
    invites(story, CHAMPION, closed, people=(ASKER, HELPER))
    assert story.slack.messages_to(HELPER) == []
    story.slack.members_by_channel[CLOSED].append(HELPER)
    story.clock.advance(hours=2)
    for _ in range(2):
        invites(story, CHAMPION, closed, people=(ASKER, HELPER))
    for person in (ASKER, HELPER):
        assert len(invitations_to(story, person)) == 1
    # Nobody gets it twice, even when the records of messages are deleted.
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(delete(OutboxItem))
    invites(story, CHAMPION, closed, people=(ASKER, HELPER))
    for person in (ASKER, HELPER):
        assert len(invitations_to(story, person)) == 1


@pytest.mark.parametrize("action", ["join", "ask", "invite"])
def test_others_learn_nothing_of_it_by_pressing(
    story: Story, closed: int, action: str
) -> None:
    assert presses(story, HELPER, action, closed) == {}
    assert last_reply(story) == "That program is gone."


@pytest.mark.deep
def test_a_former_member_of_the_channel_leaves_it_unnamed(
    story: Story, closed: int
) -> None:
    joins_program(story, ASKER, closed)
    change_program(story, closed, rules=["Secret as before."], rules_version=2)
    assert "have changed" in program_page(story, ASKER)
    story.slack.members_by_channel[CLOSED] = [CHAMPION]
    story.clock.advance(seconds=visibility.FRESH_FOR.total_seconds() + 1)
    page = program_page(story, ASKER)
    assert "A program that you can't see at the moment" in page
    assert "have changed" not in page
    assert "Secret" not in page
    left = json.dumps(presses(story, ASKER, "leave", closed))
    assert "You left the program." in left
    assert "Secret" not in left
    assert "Secret" not in json.dumps(presses(story, ASKER, "come_back", closed))


def test_a_former_member_of_the_channel_leaves_it_on_its_page(
    story: Story, closed: int
) -> None:
    joins_program(story, ASKER, closed)
    page = presses(story, ASKER, "see", closed)
    assert "Secret" in json.dumps(page)
    story.slack.members_by_channel[CLOSED] = [CHAMPION]
    story.clock.advance(seconds=visibility.FRESH_FOR.total_seconds() + 1)
    before = len(story.slack.views)
    story.click(ASKER, "program_leave", str(closed), view=page)
    after = json.dumps(story.slack.views[before:])
    assert "You left the program." in after
    assert "Secret" not in after
    row = membership_of(story, ASKER, closed)
    assert row is not None
    assert not row.is_joined


@pytest.mark.deep
def test_the_page_shows_it_to_nobody_else(story: Story, closed: int) -> None:
    story.ask()
    assert "Secret" not in program_page(story, HELPER)
    assert "Secret" in program_page(story, ASKER)


# What became of an invitation


def shown(story: Story, message: PostedMessage) -> str:
    """Run the job, and return the message as it is now."""
    jobs.program_channels.check_programs(story.rt, story.worker)
    story.deliver()
    return json.dumps(story.slack.message_at(message.channel, message.ts).blocks)


def test_an_invitation_to_someone_who_joined_elsewhere_has_no_button_to_join(
    story: Story, program: int
) -> None:
    invites(story, CHAMPION, program, people=(ASKER, HELPER))
    [message], [other] = invitations_to(story, ASKER), invitations_to(story, HELPER)
    joins_program(story, ASKER, program)
    now = shown(story, message)
    assert "You're in Reviewers." in now
    assert "program_join" not in now
    assert "program_leave" in now
    assert "program_join" in shown(story, other)
    presses(story, ASKER, "leave", program)
    assert "You left Reviewers." in shown(story, message)
    presses(story, ASKER, "come_back", program)
    assert "You're in Reviewers." in shown(story, message)


@pytest.mark.parametrize("how", ["ended", "last day"])
def test_when_the_program_is_over_no_invitation_has_buttons(
    story: Story, program: int, how: str
) -> None:
    invites(story, CHAMPION, program, people=(ASKER, HELPER))
    invites(story, CHAMPION, program, channel=HELP_CHANNEL)
    joins_program(story, HELPER, program)
    messages = [
        message
        for recipient in (ASKER, HELPER, HELP_CHANNEL)
        for message in invitations_to(story, recipient)
    ]
    assert len(messages) == 3
    if how == "ended":
        change_program(story, program, ended_at=story.clock())
    else:
        change_program(story, program, ends_on=story.clock().date())
        assert "program_join" in shown(story, messages[0])
        story.clock.advance(days=1)
    for message in messages:
        now = shown(story, message)
        assert "This invitation is over" in now
        assert "button" not in now
    with story.rt.read(story.workspace) as tx:
        assert monitoring.due_work(tx)["check-programs"].due == 0


def test_a_program_that_goes_on_closes_its_later_invitations_again(
    story: Story, program: int
) -> None:
    invites(story, CHAMPION, program, people=(ASKER,))
    [first] = invitations_to(story, ASKER)
    story.click(CHAMPION, "program_end", str(program))
    assert "is over" in shown(story, first)
    story.click(CHAMPION, "program_continue", str(program))
    # Nobody knows whether Ana had said no.
    assert "program_join" not in shown(story, first)
    invites(story, CHAMPION, program, people=(HELPER,))
    [second] = invitations_to(story, HELPER)
    assert "program_join" in shown(story, second)
    story.click(CHAMPION, "program_end", str(program))
    assert "is over" in shown(story, second)


def test_after_a_later_last_day_invitations_are_closed_again(
    story: Story, program: int
) -> None:
    today = story.clock().date()
    change_program(story, program, starts_on=today, ends_on=today)
    invites(story, CHAMPION, program, people=(ASKER,))
    [first] = invitations_to(story, ASKER)
    story.clock.advance(days=1)
    assert "is over" in shown(story, first)
    last_day = {"ends_on": str(today + timedelta(days=7))}
    form = change_form(story, find(story, program), CHAMPION)
    page = to_last_page(story, form, CHAMPION, **last_day)
    assert save(story, page, {}, CHAMPION).body == ""
    invites(story, CHAMPION, program, people=(HELPER,))
    [second] = invitations_to(story, HELPER)
    assert "program_join" in shown(story, second)
    story.clock.advance(days=8)
    assert "is over" in shown(story, second)


def test_an_invitation_that_was_on_its_way_follows_too(
    story: Story, program: int
) -> None:
    lost = OutcomeUnknown("chat.postMessage", "timeout")
    story.slack.fail_after["chat.postMessage"] = [lost]
    invites(story, CHAMPION, program, people=(ASKER,))
    joins_program(story, ASKER, program)
    story.advance(minutes=10)
    [message] = story.slack.messages_to(ASKER)
    assert "You're in Reviewers." in shown(story, message)


@pytest.mark.deep_on_postgresql
def test_a_post_that_was_on_its_way_when_the_program_ended_follows_too(
    story: Story, program: int
) -> None:
    lost = OutcomeUnknown("chat.postMessage", "timeout")
    story.slack.fail_after["chat.postMessage"] = [lost]
    invites(story, CHAMPION, program, channel=HELP_CHANNEL)
    change_program(story, program, ended_at=story.clock())
    jobs.program_channels.check_programs(story.rt, story.worker)
    story.advance(minutes=10)
    [message] = story.slack.messages_to(HELP_CHANNEL)
    assert "is over" in shown(story, message)


def test_an_invitation_names_no_program_that_its_reader_can_no_longer_see(
    story: Story,
) -> None:
    closed = conversation_object(CLOSED, "closed", is_private=True)
    story.slack.channels[CLOSED] = closed
    story.slack.members_by_channel[CLOSED] = [CHAMPION, ASKER]
    program = make_program(
        story, "Secret club", leads=(CHAMPION,), in_channels=(CLOSED,)
    )
    invites(story, CHAMPION, program, people=(ASKER,))
    [message] = invitations_to(story, ASKER)
    joins_program(story, ASKER, program)
    assert "Secret club" in shown(story, message)
    story.slack.members_by_channel[CLOSED].remove(ASKER)
    story.clock.advance(hours=2)
    presses(story, ASKER, "leave", program)
    assert "Secret club" not in shown(story, message)


# Who is left out


@pytest.mark.deep_on_postgresql
def test_no_invitation_is_stored_for_a_known_person_of_another_organisation(
    story: Story, program: int
) -> None:
    with story.rt.write(story.workspace) as tx:
        outsider = user_object("U0ELSE", team_id="T0ELSE")
        members.upsert_from_slack(tx, outsider, team_id=story.team)
    invites(story, CHAMPION, program, people=("U0ELSE", ASKER))
    assert invited(story) == {ASKER}


def test_a_channel_that_is_shared_with_others_gets_no_invitation(
    story: Story, program: int
) -> None:
    shared = conversation_object(HELP_CHANNEL, "help", is_ext_shared=True)
    story.slack.channels[HELP_CHANNEL] = shared
    with story.rt.write(story.workspace) as tx:
        channels.upsert_from_slack(tx, shared)
    page = invites(story, CHAMPION, program, channel=HELP_CHANNEL)
    assert "shared with another organization" in page["errors"]["channel"]
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_a_channel_that_became_shared_meanwhile_gets_none(
    story: Story, program: int
) -> None:
    view = presses(story, CHAMPION, "invite", program)
    story.submit(CHAMPION, view, {"channel": HELP_CHANNEL, "people": []})
    shared = conversation_object(HELP_CHANNEL, "help", is_ext_shared=True)
    with story.rt.write(story.workspace) as tx:
        channels.upsert_from_slack(tx, shared)
    story.deliver()
    assert story.slack.messages_to(HELP_CHANNEL) == []


@pytest.mark.deep_on_postgresql
def test_a_no_is_still_a_secret_when_the_program_is_over(
    story: Story, program: int
) -> None:
    invites(story, CHAMPION, program, people=(ASKER,))
    [message] = invitations_to(story, ASKER)
    story.click(ASKER, *button(message, "Not for me"), channel="D0ANA")
    change_program(story, program, ended_at=story.clock())
    jobs.program_channels.check_programs(story.rt, story.worker)
    story.deliver()
    text = shown(story, message)
    assert "its program has ended. If you said no, nobody learned of it." in text


def test_a_lead_posts_in_no_private_channel_that_they_are_not_in(story: Story) -> None:
    closed = conversation_object(CLOSED, "closed", is_private=True)
    story.slack.channels[CLOSED] = closed
    story.slack.members_by_channel[CLOSED] = [ASKER]
    program = make_program(
        story, leads=(CHAMPION, ASKER), in_channels=(HELP_CHANNEL, CLOSED)
    )
    page = invites(story, CHAMPION, program, channel=CLOSED)
    assert page["errors"] == {"channel": "That is no channel of this program."}
    assert invitations_to(story, CLOSED) == []
    invites(story, ASKER, program, channel=CLOSED)
    assert len(invitations_to(story, CLOSED)) == 1
