"""Two programs: one has peer coffee, the other has not."""

import json
from collections import Counter

import pytest

from bot.programs import service
from models import PairOptIn
from tests.factories import Story
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
    texts_to,
)
from tests.people import join_program
from tests.programs import change_program, last_reply, make_program
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELPER,
    PEER,
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


@pytest.mark.deep_on_postgresql
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


@pytest.mark.deep_on_postgresql
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
        own = service.workspace_program(tx).id
    page = next_page(story, press(story, "program_change", own), {})
    assert "coffee" not in {block.get("block_id") for block in page["blocks"]}
    assert find(story, program.id).coffee == "off"
