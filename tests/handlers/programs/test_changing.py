"""Those who run a program change it, open it, end it and archive it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from bot.workspace import leads, members
from models import (
    Channel,
    Program,
    ProgramChange,
    ProgramChannel,
    ProgramLead,
    ProgramMember,
)
from tests.conftest import NOW
from tests.factories import Story
from tests.making_programs import (
    ABOUT,
    PEOPLE,
    RULES,
    buttons,
    change_form,
    find,
    last_page,
    make,
    next_page,
    open_list,
    open_program,
    press,
    programs,
    save,
    shown,
    text_of,
    to_last_page,
)
from tests.personal_data import forget
from tests.programs import joins_program, membership_of
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

DEN, ELSE = "C0DEN", "C0ELSE"


def change(
    story: Story, program: Program, member: str = ADMIN, **values: Any
) -> Program:
    """Change a program with the form, without anybody else in between."""
    response = save_change(story, change_form(story, program, member), member, **values)
    assert not response.body, response.body
    return find(story, program.id)


def save_change(
    story: Story, first: dict[str, Any], member: str = ADMIN, **values: Any
) -> Any:
    return save(story, to_last_page(story, first, member, **values), values, member)


def meets_another_channel(
    story: Story, slack_id: str = ELSE, *people: str, is_private: bool = False
) -> None:
    """Let the bot be in another channel, which it knows."""
    story.slack.channels[slack_id] = conversation_object(
        slack_id, slack_id.lower(), is_private=is_private
    )
    story.slack.members_by_channel[slack_id] = list(people)
    story.command(people[0] if people else ADMIN, "/backswing", channel=slack_id)


def test_a_change_is_saved_and_shown(known: Story):
    program = open_program(known)
    changed = change(known, program, goal="Lead well", ends_on=None)
    assert (changed.goal, changed.ends_on, changed.version) == ("Lead well", None, 2)
    assert changed.rules_version == 1
    assert changed.opened_at == program.opened_at
    assert "Saved." in text_of(shown(known))
    assert "Lead well" in text_of(shown(known))


def test_only_other_rules_count_as_new_rules(known: Story):
    program = open_program(known)
    assert change(known, program, rules="Be kind.").rules_version == 2
    assert change(known, program, rules="  Be   kind. \n").version == 2
    assert change(known, program, joining="invitation").rules_version == 2


def test_nothing_changed_is_no_change(known: Story):
    program = open_program(known)
    assert change(known, program).version == 1
    assert stored_changes(known) == []


def stored_changes(story: Story) -> list[tuple[str, str]]:
    with story.rt.read_session() as session:
        rows = session.scalars(select(ProgramChange).order_by(ProgramChange.part))
        return [(row.part, row.changed_by) for row in rows]


def test_the_second_of_two_leads_sees_what_the_first_changed(known: Story):
    program = open_program(known, leads=[HELPER, PEER])
    first, second = (change_form(known, program, lead) for lead in (HELPER, PEER))
    save_change(known, first, HELPER, goal="Lead well", rules="Be kind.\nBe short.")
    page = to_last_page(known, second, PEER, goal="Lead together")
    response = save(known, page, {}, PEER)
    answer = json.loads(response.body)
    assert answer["response_action"] == "update"
    shown_again = text_of(answer["view"])
    assert "Ben changed the goal to “Lead well”" in shown_again
    assert "Ben changed the rules to “Be kind.”, “Be short.”" in shown_again
    assert "Nothing is saved yet" in shown_again
    assert find(known, program.id).goal == "Lead well"
    # What he wrote is still there, and counts if he saves again.
    assert not save(known, answer["view"], {}, PEER).body
    saved = find(known, program.id)
    assert (saved.goal, saved.version) == ("Lead together", 3)


def test_what_the_second_lead_left_alone_stays_as_the_first_saved_it(known: Story):
    program = open_program(known, leads=[HELPER, PEER])
    first, second = (change_form(known, program, lead) for lead in (HELPER, PEER))
    changes = {"goal": "Lead well", "rules": "Be kind.", "joining": "invitation"}
    save_change(known, first, HELPER, **changes, ends_on="2026-07-31")
    page = to_last_page(known, second, PEER, name="Leaders", rules="Be brief.")
    shown_again = json.loads(save(known, page, {}, PEER).body)["view"]
    # The invitation is as it will be.
    assert "Goal" in text_of(shown_again)
    assert not save(known, shown_again, {}, PEER).body
    saved = find(known, program.id)
    assert (saved.name, saved.rules) == ("Leaders", ["Be brief."])
    assert (saved.goal, saved.joining) == ("Lead well", "invitation")
    assert saved.ends_on == date(2026, 7, 31)


def test_a_last_day_that_does_not_fit_the_others_first_day_is_not_mixed_in(
    known: Story,
):
    program = open_program(known, leads=[HELPER, PEER])
    first, second = (change_form(known, program, lead) for lead in (HELPER, PEER))
    save_change(known, first, HELPER, starts_on="2026-06-01")
    page = to_last_page(known, second, PEER, ends_on="2026-05-01")
    shown_again = json.loads(save(known, page, {}, PEER).body)["view"]
    assert "Ben changed the first day to 1 June 2026" in text_of(shown_again)
    assert not save(known, shown_again, {}, PEER).body
    saved = find(known, program.id)
    assert (saved.starts_on, saved.ends_on) == (date(2026, 3, 2), date(2026, 5, 1))


@pytest.mark.deep_on_postgresql
def test_of_two_who_save_at_the_same_time_one_sees_the_other(known: Story):
    program = open_program(known, leads=[HELPER, PEER])
    pages = {
        lead: to_last_page(
            known, change_form(known, program, lead), lead, goal=f"Lead like {lead}"
        )
        for lead in (HELPER, PEER)
    }
    with ThreadPoolExecutor() as pool:
        answers = list(
            pool.map(lambda lead: save(known, pages[lead], {}, lead).body, pages)
        )
    assert sorted(map(bool, answers)) == [False, True]
    assert "changed the goal to" in "".join(answers)
    assert find(known, program.id).version == 2


def test_every_part_that_another_changed_is_named(known: Story):
    meets_another_channel(known)
    program = open_program(known, leads=[HELPER, PEER])
    view = change_form(known, program, PEER)
    save_change(
        known,
        change_form(known, program, HELPER),
        HELPER,
        name="Leads",
        starts_on="2026-03-09",
        ends_on=None,
        joining="invitation",
        guests_may_join=["yes"],
        leads=[PEER, HELPER, ADMIN],
        channels=[HELP_CHANNEL, ELSE],
    )
    response = save_change(known, view, PEER)
    text = text_of(json.loads(response.body)["view"])
    for sentence in (
        "Ben changed the name to “Leads”",
        "Ben changed the first day to 9 March 2026",
        "Ben changed the last day to none",
        "Ben changed who may join to only people who are invited",
        "Ben changed “Guests may join” to yes",
        "Ben changed the leads to Ben, Chi and Eva",
        "Ben changed the channels to #c0else and #help",
    ):
        assert sentence in text


def test_a_change_by_oneself_in_another_window_is_named_too(known: Story):
    program = open_program(known)
    first, second = change_form(known, program), change_form(known, program)
    save_change(known, first, goal="Lead well")
    response = save_change(known, second, goal="Lead together")
    text = text_of(json.loads(response.body)["view"])
    assert "You changed the goal to “Lead well”" in text


@pytest.mark.deep
def test_a_forgotten_lead_is_someone_in_the_list_of_changes(known: Story):
    program = open_program(known, leads=[HELPER, PEER])
    view = change_form(known, program, PEER)
    save_change(known, change_form(known, program, HELPER), HELPER, goal="Lead well")
    forget(known, HELPER)
    response = save_change(known, view, PEER, goal="Lead together")
    assert "Someone changed the goal" in response.body


def test_channels_that_a_lead_does_not_see_stay(known: Story):
    meets_another_channel(known, DEN, ADMIN, is_private=True)
    program = open_program(known, leads=[HELPER], channels=[HELP_CHANNEL, DEN])
    view = to_last_page(known, change_form(known, program, HELPER), HELPER)
    assert form_values(view)["channels"] == [HELP_CHANNEL]
    assert "den" not in text_of(view).lower()
    meets_another_channel(known)
    save(known, view, {"channels": [ELSE]}, HELPER)
    with known.rt.read_session() as session:
        names = session.scalars(
            select(Channel.slack_id).join(ProgramChannel).order_by(Channel.slack_id)
        ).all()
    assert names == [DEN, ELSE]


def test_a_channel_that_the_bot_left_may_stay_or_go(known: Story):
    meets_another_channel(known)
    program = open_program(known, channels=[HELP_CHANNEL, ELSE])
    known.event({"type": "channel_left", "channel": ELSE})
    view = to_last_page(known, change_form(known, program))
    assert sorted(form_values(view)["channels"]) == [ELSE, HELP_CHANNEL]
    assert not save(known, view, {}).body
    assert change(known, program, channels=[HELP_CHANNEL]).version == 2


def test_a_lead_who_is_gone_is_not_shown(known: Story):
    program = open_program(known, leads=[HELPER, PEER])
    gone = user_object(HELPER, deleted=True)
    known.slack.people[HELPER] = gone
    known.event({"type": "user_change", "user": gone})
    page = press(known, "program_see", program.id)
    assert "Chi" in text_of(page)
    assert "Ben" not in text_of(page)
    view = to_last_page(known, change_form(known, program))
    assert form_values(view)["leads"] == [PEER]


def test_a_lead_may_hand_it_over(known: Story):
    meets_another_channel(known, DEN, ADMIN, HELPER, PEER, is_private=True)
    program = open_program(known, leads=[HELPER], channels=[DEN])
    known.slack.members_by_channel[DEN].remove(HELPER)
    known.clock.advance(hours=2)
    view = to_last_page(known, change_form(known, program, HELPER), HELPER)
    # He is not in the channel, so he sees the list afterwards.
    assert not save(known, view, {"leads": [PEER]}, HELPER).body
    assert shown(known)["title"]["text"] == "Programs"
    assert ABOUT["name"] not in text_of(shown(known))


# States


def test_it_ends_and_goes_on_and_goes_to_the_archive(known: Story):
    program = open_program(known)
    assert "Ended on 2 March 2026" in text_of(press(known, "program_end", program.id))
    # Its page stays readable.
    assert "Ended" in text_of(press(known, "program_see", program.id, ASKER))
    assert "Running" in text_of(press(known, "program_continue", program.id))
    view = press(known, "program_archive", program.id)
    assert "End “New managers” first." in text_of(view)
    press(known, "program_end", program.id)
    assert "Archived" in text_of(press(known, "program_archive", program.id))
    assert ABOUT["name"] not in text_of(open_list(known, ASKER))
    view = press(known, "program_see", program.id, ASKER)
    assert "That program is gone." in text_of(view)
    assert "Ended" in text_of(press(known, "program_restore", program.id))


def test_it_begins_and_ends_by_itself(known: Story):
    program = open_program(known, starts_on="2026-03-09", ends_on="2026-03-20")

    def state() -> str:
        return text_of(press(known, "program_see", program.id))

    assert "Open: it starts on 9 March 2026" in state()
    known.clock.advance(days=7)
    assert "Running until 20 March 2026" in state()
    known.clock.advance(days=11)
    assert "Running until 20 March 2026" in state()
    known.clock.advance(days=1)
    assert "Ended on 20 March 2026" in state()
    view = press(known, "program_continue", program.id)
    assert "Its last day is over." in text_of(view)
    change(known, program, ends_on="2026-04-20")
    assert "Running until 20 April 2026" in state()


def test_an_opening_can_be_taken_back_until_somebody_knows_of_it(known: Story):
    program = open_program(known)
    view = press(known, "program_back_to_draft", program.id)
    assert "It's a draft again." in text_of(view)
    press(known, "program_open", program.id)
    add_members(known, program, ASKER)
    view = press(known, "program_back_to_draft", program.id)
    assert "You can end it instead." in text_of(view)
    assert find(known, program.id).opened_at is not None
    assert "Back to draft" not in buttons(press(known, "program_see", program.id))


def test_a_press_that_comes_twice_changes_nothing_more(known: Story):
    program = open_program(known)
    press(known, "program_end", program.id)
    ended_at = find(known, program.id).ended_at
    known.clock.advance(days=1)
    press(known, "program_end", program.id)
    press(known, "program_open", program.id)
    assert find(known, program.id).ended_at == ended_at


def test_what_has_no_channel_or_is_over_is_not_opened(known: Story):
    program = make(known, ends_on="2026-03-04")
    known.event({"type": "channel_archive", "channel": HELP_CHANNEL})
    view = press(known, "program_open", program.id)
    assert "I'm in none of its channels." in text_of(view)
    known.event({"type": "channel_unarchive", "channel": HELP_CHANNEL})
    known.clock.advance(days=3)
    view = press(known, "program_open", program.id)
    assert "Its last day is over." in text_of(view)
    assert find(known, program.id).opened_at is None


ACTS = ("open", "end", "continue", "archive", "restore", "back_to_draft", "change")


@pytest.mark.parametrize("member", [ASKER, CHAMPION, GUEST])
def test_others_may_not_run_it(known: Story, member: str):
    program = open_program(known)
    known.slack.members_by_channel[HELP_CHANNEL] = [member]
    page = press(known, "program_see", program.id, member)
    assert set(buttons(page)) <= {"Join", "Ask Eva", "All programs"}
    for act in ACTS:
        view = press(known, f"program_{act}", program.id, member)
        assert "Only this program's leads" in text_of(view)
    assert "Only this program's leads" in text_of(
        press(known, "program_joined", program.id, member)
    )
    page = to_last_page(known, change_form(known, program))
    assert "Only this program's leads" in save(known, page, {}, member).body
    assert find(known, program.id).version == 1


def test_the_leads_of_the_workspace_run_all_of_them(known: Story):
    program = open_program(known)
    with known.rt.write(known.workspace) as tx:
        leads.set_program_leads(tx, [HELPER])
    assert change(known, program, HELPER, goal="Lead well").goal == "Lead well"


@pytest.mark.deep
def test_the_page_offers_each_person_what_they_can_do(known: Story):
    known.slack.members_by_channel[HELP_CHANNEL] = [ASKER, GUEST]
    program = open_program(known, leads=[HELPER])

    def offered(member: str) -> list[str]:
        return buttons(press(known, "program_see", program.id, member))[:-1]

    assert offered(ASKER) == ["Join", "Ask Ben"]
    assert offered(GUEST) == ["Ask Ben"]
    assert offered(HELPER)[:2] == ["Join", "Invite people"]
    add_members(known, program, ASKER)
    assert offered(ASKER) == ["Ask Ben", "Leave"]
    assert "You're in" in text_of(press(known, "program_see", program.id, ASKER))
    change(known, program, guests_may_join=["yes"])
    assert offered(GUEST) == ["Join", "Ask Ben"]
    change(known, program, joining="invitation")
    assert offered(PEER) == ["Ask Ben"]
    press(known, "program_end", program.id)
    assert offered(ASKER) == ["Leave"]
    assert offered(PEER) == []


# The workspace's own program


def own_program(story: Story) -> Program:
    with story.rt.read_session() as session:
        return session.scalars(select(Program).filter_by(is_workspace_wide=True)).one()


def test_the_workspaces_own_program_is_always_there_and_comes_first(known: Story):
    open_program(known, name="A first")
    text = text_of(open_list(known, ASKER))
    assert text.index("Peers") < text.index("A first")
    program = own_program(known)
    page = press(known, "program_see", program.id, ASKER)
    assert "Running" in text_of(page)
    assert "Ask early." in text_of(page)
    assert buttons(press(known, "program_see", program.id)) == [
        *("Join", "Invite people", "Change", "Who joined", "Champions", "All programs"),
    ]


def test_its_texts_can_be_changed_and_its_channels_and_end_can_not(known: Story):
    open_list(known)
    program = own_program(known)
    first = change_form(known, program)
    assert form_values(first) == {name: [] for name in ABOUT}
    page = next_page(known, first, {"name": "Friends"})
    assert set(form_values(page)) == {"time_needed", "rules", "guests_may_join"}
    last = next_page(known, page, {"rules": "Be kind."})
    assert form_values(last) == {}
    assert "Friends" in text_of(last)
    assert "Everyone who asks or helps" in text_of(last)
    forged = {
        **last,
        "blocks": [*last["blocks"], *last_page_fields(known)],
    }
    save(known, forged, PEOPLE)
    changed = own_program(known)
    assert (changed.name, changed.rules, changed.goal) == ("Friends", ["Be kind."], "")
    assert changed.rules_version == 2
    with known.rt.read_session() as session:
        assert session.scalars(select(ProgramChannel.channel_id)).all() == []
        assert session.scalars(select(ProgramLead.member)).all() == []
    for act in ("end", "archive", "back_to_draft"):
        view = press(known, f"program_{act}", program.id)
        assert "always runs" in text_of(view)
    change_back = next_page(known, change_form(known, program), {"name": None})
    save(known, next_page(known, change_back, {"rules": None}), {})
    assert "Peers" in text_of(open_list(known, ASKER))
    assert "Ask early." in text_of(press(known, "program_see", program.id))


def test_guests_may_join_it_if_its_leads_say_so(known: Story):
    open_list(known)
    known.slack.members_by_channel[HELP_CHANNEL] = [GUEST]
    program = own_program(known)
    assert "Join" not in buttons(press(known, "program_see", program.id, GUEST))
    page = next_page(known, change_form(known, program), {})
    save(known, next_page(known, page, {"guests_may_join": ["yes"]}), {})
    changed = own_program(known)
    assert changed.guests_may_join
    # They know the same rules.
    assert (changed.rules_version, changed.rules) == (1, [])
    joins_program(known, GUEST, program.id)
    row = membership_of(known, GUEST, program.id)
    assert row is not None
    assert row.is_joined
    page = next_page(known, change_form(known, changed), {})
    assert form_values(page)["guests_may_join"] == ["yes"]
    save(known, next_page(known, page, {"guests_may_join": []}), {})
    assert not own_program(known).guests_may_join


def last_page_fields(story: Story) -> list[dict[str, Any]]:
    page = last_page(story, press(story, "program_new"))
    return [block for block in page["blocks"] if block["type"] == "input"]


# Who joined


def add_members(story: Story, program: Program, *people: str, **values: Any) -> None:
    for person in people:
        user = story.slack.people.setdefault(person, user_object(person))
        story.event({"type": "user_change", "user": user})
    with story.rt.write(story.workspace) as tx:
        for number, person in enumerate(people):
            members.upsert_from_slack(
                tx, story.slack.people[person], team_id=story.team
            )
            row = {
                "program_id": program.id,
                "member": person,
                "is_joined": True,
                "event_micros": number,
                "joined_at": NOW,
                "rules_version": 1,
            }
            tx.session.add(ProgramMember(**row | values))


@pytest.mark.deep
def test_those_who_run_it_see_who_joined_by_name_with_dates(known: Story):
    program = open_program(known, leads=[HELPER])
    assert "Nobody joined" in text_of(press(known, "program_joined", program.id))
    add_members(known, program, PEER, ASKER)
    add_members(known, program, CHAMPION, is_joined=False)
    add_members(known, program, GUEST, paused_until=NOW.date())
    for member in (ADMIN, HELPER):
        view = press(known, "program_joined", program.id, member)
        text = text_of(view)
        assert "3 people joined New managers" in text
        assert text.index("Ana, 2 March 2026") < text.index("Chi, 2 March 2026")
        assert "Gus, 2 March 2026" in text
        # Dan left.
        assert "Dan" not in text
    gone = user_object(ASKER, deleted=True)
    known.event({"type": "user_change", "user": gone})
    forget(known, PEER)
    text = text_of(press(known, "program_joined", program.id, HELPER))
    assert "1 person joined" in text
    assert "Ana" not in text
    assert "Chi" not in text


def test_a_long_list_has_pages(known: Story):
    program = open_program(known)
    people = [f"U0N{number:02}" for number in range(45)]
    add_members(known, program, *people)
    view = press(known, "program_joined", program.id)
    assert "U0N19" in text_of(view)
    assert "U0N20" not in text_of(view)
    assert "1 to 20 of 45" in text_of(view)
    view = press(known, "program_joined_next", f"{program.id}:20")
    view = press(known, "program_joined_next", f"{program.id}:40")
    assert "41 to 45 of 45" in text_of(view)
    assert buttons(view) == ["Previous", "Back"]
    assert "45 people" in text_of(press(known, "program_joined", f"{program.id}:999"))


@pytest.mark.deep
def test_many_programs_have_pages(known: Story):
    for number in range(21):
        make(known, name=f"Group {number:02}")
    view = open_list(known)
    assert "1 to 20 of 22" in text_of(view)
    assert "Group 18" in text_of(view)
    assert "Group 19" not in text_of(view)
    view = press(known, "program_list_next", 20)
    assert "Group 20" in text_of(view)
    assert len(programs(known)) == 21


def test_the_longest_form_can_be_changed(known: Story):
    program = open_program(known, goal='"' * 140, rules="\n".join(["🎉" * 100] * 5))
    assert change(known, program, benefit="\\" * 140).version == 2
    assert RULES["time_needed"] == find(known, program.id).time_needed
