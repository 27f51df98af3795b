"""The agreement: two who edit at the same time, bad input, and who may see it."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from jobs import exchange as jobs
from models import Member
from tests.exchange import (
    AGREEMENT,
    HOME,
    agree_all,
    agrees,
    asks,
    begin,
    exchange,
    looks_back,
    opens_agreement,
    opens_up,
    presses,
    row_of,
    writes,
)
from tests.factories import Story
from tests.home import visible_home
from tests.pairs import people_page, runs, takes_part, texts_to, words
from tests.people import choose, join_program, workspace_program
from tests.programs import change_program, make_program, program_page
from tests.seasons import text_of
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELPER,
    PEER,
    form_values,
)

MODAL: dict[str, Any] = {"type": "modal", "blocks": []}


@pytest.fixture
def draft(story: Story) -> Story:
    begin(story)
    asks(story)
    presses(story, HELPER, "yes")
    return story


@pytest.mark.on_postgresql
@pytest.mark.deep
def test_two_who_edit_at_once_lose_nothing(draft: Story) -> None:
    of_ana, of_ben = (opens_agreement(draft, each) for each in (ASKER, HELPER))
    writes(draft, ASKER, of_ana, how_we_meet="Every call at nine")
    mine = {"how_we_meet": "Walks", "hopes": "Indexes.", "brings": "Patience."}
    answer = writes(draft, HELPER, of_ben, **mine)
    form = answer["view"]
    shown = text_of(form)
    # Ben sees both: nothing of his is lost, and nothing of Ana's is replaced yet.
    assert "This has changed meanwhile." in shown
    assert "Every call at nine" in shown
    assert form_values(form)["how_we_meet"] == "Walks"
    assert form_values(form)["hopes"] == "Indexes."
    assert exchange(draft).how_we_meet == "Every call at nine"
    assert row_of(draft, HELPER).hopes == ""
    writes(draft, HELPER, form, **mine)
    assert exchange(draft).how_we_meet == "Walks"
    assert row_of(draft, ASKER).hopes == "How to test retries."


def test_own_lines_do_not_collide(draft: Story) -> None:
    of_ana, of_ben = (opens_agreement(draft, each) for each in (ASKER, HELPER))
    assert not draft.submit(ASKER, of_ana, form_values(of_ana) | AGREEMENT).body
    mine = AGREEMENT | {"hopes": "Indexes.", "brings": "Patience."}
    assert not draft.submit(HELPER, of_ben, form_values(of_ben) | mine).body
    assert row_of(draft, ASKER).hopes == "How to test retries."
    assert row_of(draft, HELPER).hopes == "Indexes."


def test_a_change_asks_both_again(draft: Story) -> None:
    writes(draft, ASKER)
    writes(draft, HELPER, hopes="Indexes.", brings="Patience.")
    version = exchange(draft).version
    agrees(draft, HELPER)
    form = opens_agreement(draft, ASKER)
    writes(draft, ASKER, form, how_we_meet="In writing")
    # Ana's form has new words; Ben's old yes is to other ones.
    assert "Read it again" in agrees(draft, HELPER, version)
    agrees(draft, ASKER)
    assert exchange(draft).agreed_at is None
    agrees(draft, HELPER)
    assert exchange(draft).agreed_at is not None
    # Once agreed, neither changes it.
    draft.click(ASKER, "exchange_change", str(exchange(draft).id), view=MODAL)
    assert "You two have agreed." in text_of(draft.slack.views[-1][1])
    late = draft.submit(ASKER, form, form_values(form) | AGREEMENT)
    assert "You two have agreed." in str(late.body)
    assert exchange(draft).how_we_meet == "In writing"


@pytest.mark.on_postgresql
@pytest.mark.deep
def test_agreed_twice_is_agreed_once(draft: Story) -> None:
    agree = [ASKER, HELPER]
    writes(draft, ASKER)
    writes(draft, HELPER, hopes="Indexes.", brings="Patience.")
    for person in (*agree, *agree):
        agrees(draft, person)
    assert len(texts_to(draft, ASKER, "have agreed")) == 1
    assert texts_to(draft, HELPER, "have agreed") == []


BAD = {
    "hopes": ["", "   ", "\u202e\u0007", "x" * 3001],
    "how_we_meet": ["x" * 40_000],
    "until": ["", "2026-03-11", "2031-01-01", "no day"],
    "weeks_between": ["", "9", "x"],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, each) for field in BAD for each in BAD[field]]
)
def test_bad_input_is_said_at_its_field(draft: Story, field: str, value: str) -> None:
    form = opens_agreement(draft, ASKER)
    answer = writes(draft, ASKER, form, **{field: value})
    assert list(answer["errors"]) == [field]
    assert exchange(draft).version == 0


@pytest.mark.parametrize(
    "text", ["<!channel> hello", "<!subteam^S1|all>", "<https://evil.test|bank>", "😀"]
)
def test_harmful_text_is_shown_as_it_was_written(draft: Story, text: str) -> None:
    writes(draft, ASKER, hopes=text, how_we_meet=text, stays_between=text)
    draft.click(HELPER, "exchange_see", str(exchange(draft).id), channel="D0X")
    page = draft.slack.views[-1][1]
    assert text.split(maxsplit=1)[0] in text_of(page)
    for block in page["blocks"]:
        if block["type"] == "section":
            assert "<!" not in block["text"]["text"]


@pytest.mark.parametrize("by", [PEER, ADMIN])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_nobody_else_sees_or_does_anything(story: Story, by: str) -> None:
    begin(story)
    agree_all(story)
    opens_up(story, PEER)
    number = exchange(story).id
    before = (exchange(story).version, exchange(story).ends_at)
    shown = len(story.slack.views)
    actions = (
        *("yes", "not_now", "not_this", "take_back", "see", "change", "end", "look"),
        *("first_good", "first_not_for_me", "first_later", "midpoint_good"),
    )
    for action in actions:
        for value in (str(number), "", "x", "0", "9" * 30, "99999"):
            story.click(by, f"exchange_{action}", value, channel="D0X")
    for value in (f"{number}:2", f"{number}", "1:2:3", ":"):
        story.click(by, "exchange_agree", value, channel="D0X")
    for callback in ("exchange_agreement", "exchange_look"):
        metadata = json.dumps({"exchange": number, "version": 0})
        view = {**MODAL, "callback_id": callback, "private_metadata": metadata}
        story.submit(by, view, {})
    assert (exchange(story).version, exchange(story).ends_at) == before
    assert all("retries" not in text_of(view) for _, view in story.slack.views[shown:])


def test_forged_people_are_not_asked(story: Story) -> None:
    begin(story)
    for peer in ("", "U0NOBODY", ASKER, "x" * 400, "<@U1>", "USLACKBOT"):
        assert story.click(ASKER, "exchange_ask", peer, view=MODAL).status == 200
        assert "I can't ask them now." in text_of(story.slack.views[-1][1])


@pytest.mark.deep
def test_leads_see_a_number_and_nothing_else(story: Story) -> None:
    begin(story)
    agree_all(story)
    page = program_page(story, ADMIN)
    assert "1 exchange is going on. Only the two know more." in page
    assert "How to test retries." not in page
    # Leads of single programs count those of their people.
    for lead, person, count in (
        (PEER, HELPER, "1 exchange is"),
        (CHAMPION, GUEST, "0 exchanges are"),
    ):
        program = make_program(story, leads=(lead,))
        join_program(story, person, program_id=program)
        assert f"{count} going on." in program_page(story, lead)
        change_program(story, program, exchange="off")
        assert "going on" not in program_page(story, lead)
    story.click(ASKER, "exchange_end", str(exchange(story).id), view=HOME)
    assert "0 exchanges are going on." in program_page(story, ADMIN)
    assert "going on" not in program_page(story, PEER)


def test_the_two_are_not_introduced_as_strangers(story: Story) -> None:
    begin(story)
    agree_all(story)
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    for _ in range(15):
        story.advance(days=1)
        runs(story)
    introductions = [
        words(message)
        for message in story.slack.messages_to(ASKER)
        if message.text.startswith("Peer coffee: meet")
    ]
    assert introductions
    assert all("haven't met" not in each for each in introductions)


@pytest.mark.parametrize(("at_night", "minutes"), [(False, 1), (True, 12 * 60)])
def test_of_several_changes_one_message_tells(
    draft: Story, at_night: bool, minutes: int
) -> None:
    draft.clock.advance(hours=12 * at_night)
    for hope in ("Retries.", "Backoff."):
        writes(draft, ASKER, hopes=hope)
    assert texts_to(draft, HELPER, "wrote in your agreement") == []
    draft.advance(minutes=minutes)
    assert len(texts_to(draft, HELPER, "wrote in your agreement")) == 1


def test_someone_who_is_of_another_organisation_now_ends_it(story: Story) -> None:
    begin(story)
    agree_all(story)
    with story.rt.write(story.workspace) as tx:
        tx.session.query(Member).filter_by(slack_id=HELPER).one().is_external = True
    jobs.end_exchanges(story.rt, story.worker)
    story.deliver()
    assert len(texts_to(story, ASKER, "Your exchange with Ben has ended")) == 1


def test_a_last_day_that_came_near_is_not_agreed_to(draft: Story) -> None:
    near = (draft.clock.now.date() + timedelta(days=15)).isoformat()
    writes(draft, ASKER, until=near)
    writes(draft, HELPER, hopes="Indexes.", brings="Patience.", until=near)
    draft.advance(days=5)
    assert "Choose a day from 2 to 26 weeks from now." in agrees(draft, ASKER)
    assert row_of(draft, ASKER).agreed_version is None


def test_a_vacation_or_a_pause_ends_nothing(story: Story) -> None:
    begin(story)
    agree_all(story)
    choose(story, HELPER, paused_until=story.clock.now.date().replace(month=4))
    jobs.end_exchanges(story.rt, story.worker)
    story.advance(days=10, minutes=9)
    assert texts_to(story, HELPER, "How was your first meeting") == []
    assert texts_to(story, ASKER, "How was your first meeting")
    story.advance(days=24)
    assert texts_to(story, HELPER, "How was your first meeting")


def test_after_an_absence_only_the_next_meeting_is_announced(story: Story) -> None:
    begin(story)
    agree_all(story)
    choose(story, HELPER, paused_until=date(2026, 5, 8))
    for _ in range(60):
        story.advance(days=1)
    texts = texts_to(story, HELPER, "do you two have a time")
    assert [text.split()[1] for text in texts] == ["5"]
    assert len(texts_to(story, ASKER, "do you two have a time")) == 4


def test_someone_who_was_deactivated_ends_it(story: Story) -> None:
    begin(story)
    agree_all(story)
    user = {**story.slack.people[HELPER], "deleted": True}
    story.slack.people[HELPER] = user
    story.event({"type": "user_change", "user": user})
    for _ in range(2):
        jobs.end_exchanges(story.rt, story.worker)
        story.deliver()
    assert len(texts_to(story, ASKER, "has ended")) == 1
    assert "Your exchange with Ben is over." in people_page(story, ASKER)


def test_someone_who_leaves_the_program_ends_it(story: Story) -> None:
    begin(story)
    agree_all(story)
    page = program_page(story, HELPER)
    assert "Leave" in page
    with story.rt.read(story.workspace) as tx:
        program = workspace_program(tx).id
    story.click(HELPER, "program_leave", str(program), view=HOME)
    story.deliver()
    assert len(texts_to(story, ASKER, "Your exchange with Ben has ended")) == 1


def test_it_goes_on_after_the_program(story: Story) -> None:
    begin(story)
    agree_all(story)
    with story.rt.write(story.workspace) as tx:
        program = workspace_program(tx)
        program.is_workspace_wide = False
        program.opened_at = program.ended_at = tx.now
    jobs.end_exchanges(story.rt, story.worker)
    story.deliver()
    page = people_page(story, ASKER)
    assert "You and Ben" in page
    assert '"End it"' in page
    assert '"Stop"' not in page
    story.click(ASKER, "exchange_end", str(exchange(story).id), view=HOME)
    story.deliver()
    assert len(texts_to(story, HELPER, "has ended")) == 1
    assert "Your exchange with Ben is over." in people_page(story, ASKER)


@pytest.mark.deep
def test_only_they_see_what_they_got(story: Story) -> None:
    begin(story)
    agree_all(story)
    for _ in range(12):
        story.advance(days=7)
    looks_back(story, HELPER, got="Indexes, at last!", goes_on="no")
    assert row_of(story, HELPER).got == "Indexes, at last!"
    people_page(story, ASKER)
    seen = [visible_home(story, ASKER), text_of([str(m) for m in story.slack.messages])]
    assert all("at last!" not in text for text in seen)
    story.advance(days=40)
    story.click(HELPER, "exchange_look", str(exchange(story).id), channel="D0X")
    assert "some time ago" in story.slack.responses[-1][1]
