"""Two programs: one has peer coffee, the other has not."""

import json
from collections import Counter

import pytest

from bot.programs import membership, service
from models import PairOptIn
from tests.factories import Story
from tests.home import opens, visible_home
from tests.making_programs import (
    change_form,
    find,
    last_page,
    next_page,
    open_program,
    press,
    save,
    text_of,
    to_last_page,
)
from tests.pairs import (
    DUE,
    groups,
    next_round,
    opt_in,
    people_page,
    rounds,
    runs,
    takes_part,
    texts_to,
)
from tests.pairs import presses as pair_presses
from tests.people import join_program, workspace_program
from tests.private_channel import DEN
from tests.programs import (
    change_program,
    last_reply,
    make_program,
    program_page,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELPER,
    PEER,
    conversation_object,
    form_values,
    user_object,
)

COFFEE = [f"U0C{number}" for number in range(6)]
NONE = [f"U0N{number}" for number in range(6)]


def meets(story: Story, *people: str, program: int) -> None:
    """Let people join a program and press the button of peer coffee."""
    for person in people:
        story.slack.people.setdefault(person, user_object(person))
    join_program(story, *people, program_id=program)
    for person in people:
        story.click(person, "pair_join", "coffee", channel="D0X")


def test_an_open_match_stays_on_the_home_tab_when_coffee_is_off(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    runs(story)
    story.set_up_workspace(coffee="off")
    for person in (ASKER, HELPER):
        page = people_page(story, person)
        assert "This round you meet" in page
        assert "We have a time" in page
        assert "Take part" not in page
    pair_presses(story, ASKER, "Can't this round")
    for person in (ASKER, HELPER):
        assert "This round you meet" not in people_page(story, person)


@pytest.mark.deep
def test_only_people_of_a_program_with_it_are_matched(story: Story) -> None:
    story.set_up_workspace(coffee="off")
    with_it = make_program(story, "With", coffee="auto")
    without = make_program(story, "Without", coffee="off")
    meets(story, *NONE, program=without)
    assert last_reply(story) == "Peer coffee is for people in a program that has it."
    assert "Peer coffee" not in people_page(story, NONE[0])
    # The button of the others' Home tab, pressed all the same, stores nothing.
    with story.rt.read_session() as session:
        assert session.query(PairOptIn).count() == 0

    meets(story, *COFFEE[:5], program=with_it)
    story.clock.now = DUE
    runs(story)
    assert rounds(story) == []
    assert "5 people take part now." in people_page(story, COFFEE[0])
    # Someone of both programs takes part, and is the sixth.
    meets(story, NONE[0], program=with_it)
    next_round(story, 7)
    people = Counter(member for group in groups(story) for member in group)
    assert people == Counter([*COFFEE[:5], NONE[0]])
    assert len(texts_to(story, NONE[0], "Peer coffee")) == 1
    assert find(story, with_it).coffee_began_at is not None
    assert find(story, without).coffee_began_at is None

    # In a program where too few want it, nobody is matched with those of others.
    change_program(story, without, coffee="auto")
    meets(story, NONE[1], program=without)
    assert "2 people take part now." in people_page(story, NONE[1])
    # Where it has begun, those who wait elsewhere don't count.
    assert "6 people take part. The next round is on" in program_page(story, ADMIN)
    next_round(story)
    assert len(rounds(story)) == 2
    assert NONE[1] not in {member for group in groups(story) for member in group}

    # Its lead switches it off: nobody else is matched, and what has begun goes on.
    change_program(story, with_it, coffee="off")
    story.advance(days=10)
    assert texts_to(story, COFFEE[0], "Did you meet")
    next_round(story)
    assert len(rounds(story)) == 2
    assert opt_in(story, COFFEE[0]).is_in
    # With the switch on, the two programs meet in one round.
    for program in (with_it, without):
        change_program(story, program, coffee="on")
    next_round(story)
    assert len(rounds(story)) == 3
    assert NONE[1] in {member for group in groups(story) for member in group}


def test_its_leads_choose_its_kinds_and_see_each_others_choice(story: Story) -> None:
    story.ask()
    for person in (HELPER, PEER):
        story.command(person, "/backswing", "program")
    program = open_program(story, leads=[HELPER, PEER], coffee="on")
    assert (program.coffee, program.buddies) == ("on", "auto")
    first, second = (change_form(story, program, lead) for lead in (HELPER, PEER))
    page = to_last_page(story, first, HELPER, coffee="off", exchange="on")
    assert not save(story, page, {}, HELPER).body
    page = to_last_page(story, second, PEER, buddies="on")
    answer = json.loads(save(story, page, {}, PEER).body)["view"]
    assert "Ben changed “Peer coffee” to off" in text_of(answer)
    assert "Ben changed “Learning together” to on" in text_of(answer)
    assert not save(story, answer, {}, PEER).body
    saved = find(story, program.id)
    assert (saved.coffee, saved.exchange, saved.buddies) == ("off", "on", "on")


def test_forged_kinds_and_people_change_nothing(story: Story) -> None:
    story.ask()
    program = open_program(story, coffee="off")
    form = change_form(story, program)
    rules = next_page(story, form, {})
    # A value that the form doesn't have.
    forged = form_values(rules) | {"coffee": "always"}
    answer = json.loads(story.submit(ADMIN, rules, forged).body)
    assert answer["errors"] == {"coffee": "Choose one of these."}
    # Someone who doesn't lead it, with a lead's form.
    last = last_page(story, form, coffee="on")
    assert "Only this program's leads" in json.dumps(
        json.loads(save(story, last, {}, ASKER).body), ensure_ascii=False
    )
    # The workspace's own program has no such fields in its form.
    with story.rt.write(story.workspace) as tx:
        own = workspace_program(tx).id
    page = next_page(story, press(story, "program_change", own), {})
    assert "coffee" not in {block.get("block_id") for block in page["blocks"]}
    assert find(story, program.id).coffee == "off"


def test_an_admin_switches_it_off_in_all_programs(story: Story) -> None:
    story.ask()
    on = dict.fromkeys(("coffee", "exchange", "buddies"), "on")
    program = open_program(story, **on)
    join_program(story, ASKER, program_id=program.id)
    titles = ("Peer coffee", "Learn together", "Be a buddy for someone new")
    assert all(title in people_page(story, ASKER) for title in titles)
    story.set_up_workspace(**dict.fromkeys(on, "off_everywhere"))
    opens(story, ASKER)
    assert not any(title in visible_home(story, ASKER) for title in titles)
    assert "for you as a lead" not in program_page(story, ADMIN)
    story.click(ASKER, "pair_join", "coffee", channel="D0X")
    off = "There's no peer coffee in this workspace now."
    assert last_reply(story) == off
    # An admin presses buttons of the Home tab of before.
    for action in ("pair_preview", "pair_last_round"):
        story.click(ADMIN, action, "coffee", view={"type": "home"})
        assert off in text_of(story.slack.views[-1][1])
    story.click(ADMIN, "buddy_see", "buddy", view={"type": "home"})
    buddies = text_of(story.slack.views[-1][1])
    assert "There are no buddies in this workspace now." in buddies
    # The program's form says so, and keeps what its leads chose.
    page = next_page(story, change_form(story, program), {})
    assert text_of(page).count("switch it off in all programs now.") == 3
    page = next_page(story, page, {})
    assert not save(story, page, {}).body
    saved = find(story, program.id)
    assert (saved.coffee, saved.exchange, saved.buddies) == ("on", "on", "on")
    # Back to the choice of each program.
    story.set_up_workspace(**dict.fromkeys(on, "off"))
    assert all(title in people_page(story, ASKER) for title in titles)


@pytest.mark.deep
def test_a_lead_sees_the_people_of_her_programs_only(story: Story) -> None:
    story.set_up_workspace(coffee="off")
    hers = make_program(story, "Hers", leads=(HELPER,), coffee="on")
    other = make_program(story, "Other", leads=(PEER,), coffee="on")
    for number, person in enumerate((*COFFEE[:3], *NONE[:3])):
        name = f"Hers{number}" if person in COFFEE else f"Other{number}"
        story.slack.people[person] = user_object(person, name)
    meets(story, *COFFEE[:3], program=hers)
    meets(story, *NONE[:3], program=other)
    for lead, count in ((HELPER, 3), (PEER, 3), (ADMIN, 6)):
        assert f"{count} people take part. The next" in program_page(story, lead)
    join_program(story, ASKER, program_id=hers)
    assert "3 people take part now." in people_page(story, ASKER)

    def shown(lead: str, action: str) -> str:
        story.click(lead, f"pair_{action}", "coffee", view={"type": "home"})
        return text_of(story.slack.views[-1][1])

    def is_private(text: str) -> bool:
        names = [f"Hers{number}" for number in range(3)]
        return all(each in text for each in names) and text.count("Other") == 0

    preview = shown(HELPER, "preview")
    assert "as things are now: 3 people, 0 unmatched." in preview
    assert is_private(preview)
    story.clock.now = DUE
    runs(story)
    assert len(groups(story)) == 3
    last = shown(HELPER, "last_round")
    assert "Tuesday, 10 March: 3 people, 0 unmatched." in last
    assert is_private(last)
    # Hers are three: one of them meets someone of the other program.
    assert "someone outside your programs" in last
    assert "Last round, Tuesday, 10 March: 3 people." in program_page(story, HELPER)
    assert "Tuesday, 10 March: 6 people, 0 unmatched." in shown(ADMIN, "last_round")
    assert "outside your programs" not in shown(ADMIN, "last_round")

    # Someone who left since has no name there, and is in no other program.
    with story.rt.write(story.workspace) as tx:
        program = service.get(tx, hers)
        membership.leave(tx, program, COFFEE[0], event_micros=10**17)
    last = shown(HELPER, "last_round")
    assert "Hers0" not in last
    assert "someone outside your programs" in last

    change_program(story, hers, coffee="off")
    assert "Peer coffee, for you as a lead" not in program_page(story, HELPER)
    for action in ("preview", "last_round"):
        story.click(HELPER, f"pair_{action}", "coffee", channel="D0X")
        assert "can see the pairs" in last_reply(story)
    # Of people whom she doesn't lead, she learns not even that there was a round.
    empty = make_program(story, "Empty", leads=(HELPER,), coffee="on")
    assert "Last round" not in program_page(story, HELPER)
    assert "nobody of your programs took part." in shown(HELPER, "last_round")
    assert find(story, empty).coffee == "on"


@pytest.mark.deep_on_postgresql
def test_an_admin_sees_nobody_of_a_program_that_she_may_not_see(story: Story) -> None:
    """Its channels are private, and she is in none of them."""
    story.set_up_workspace(coffee="on")
    story.slack.channels[DEN] = conversation_object(DEN, "den", is_private=True)
    hidden = make_program(story, "Hidden", leads=(PEER,), in_channels=(DEN,))
    change_program(story, hidden, coffee="on")
    meets(story, *NONE[:2], program=hidden)
    assert "0 people take part. The next" in program_page(story, ADMIN)
    assert "2 people take part. The next" in program_page(story, PEER)
    takes_part(story, HELPER)
    story.click(ADMIN, "pair_preview", "coffee", view={"type": "home"})
    preview = text_of(story.slack.views[-1][1])
    assert "as things are now: 1 person, 0 unmatched." in preview
    assert "Ben" in preview
    assert "someone outside your programs" in preview
    assert not any(person in preview for person in NONE)


def test_leaving_a_program_without_it_ends_no_match(story: Story) -> None:
    story.set_up_workspace(coffee="off")
    with_it = make_program(story, "With", coffee="on")
    without = make_program(story, "Without", coffee="off")
    second = make_program(story, "Second", coffee="on")
    meets(story, ASKER, HELPER, program=with_it)
    for program in (without, second):
        join_program(story, ASKER, program_id=program)
    story.clock.now = DUE
    runs(story)

    def leaves(program_id: int) -> list[tuple[str, ...]]:
        with story.rt.write(story.workspace) as tx:
            program = service.get(tx, program_id)
            membership.leave(tx, program, ASKER, event_micros=10**17)
        return groups(story)

    # Another program of theirs has it.
    assert leaves(second) == [(ASKER, HELPER)]
    # What has begun goes on where it was switched off.
    change_program(story, with_it, coffee="off")
    assert leaves(without) == [(ASKER, HELPER)]
    join_program(story, ASKER, program_id=without)
    change_program(story, with_it, coffee="on")
    assert leaves(with_it) == []
    assert opt_in(story, ASKER).is_in
