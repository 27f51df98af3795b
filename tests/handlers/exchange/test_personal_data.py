"""Personal data of exchanges: files, forgetting, retention, and what never leaks."""

import json
from datetime import date

import pytest

from jobs import privacy
from models import Channel, Exchange, MemberAttributes
from tests.exchange import (
    agree_all,
    asks,
    begin,
    exchange,
    exchanges,
    looks_back,
    presses,
    row_of,
    sees,
    writes,
)
from tests.factories import Story
from tests.pairs import people_page, texts_to, words
from tests.personal_data import everything_in, file_of, forget, visible_messages
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER

SECRET = "Canary of the two."


@pytest.mark.deep
def test_each_file_has_only_own_answers(story: Story) -> None:
    begin(story)
    agree_all(story)
    for _ in range(11):
        story.advance(days=7)
    looks_back(story, HELPER, got=SECRET, goes_on="no")
    looks_back(story, ASKER, got="Something else", goes_on="yes")
    assert SECRET in json.dumps(file_of(story, HELPER))
    own = json.dumps(file_of(story, ASKER))
    assert [own.count(f'"{each}"') for each in ("goes_on", "first_meeting")] == [1, 1]
    assert SECRET not in own
    assert "Something else" in own
    assert "Indexes." not in own


@pytest.mark.parametrize("by", [ASKER, HELPER])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_forgetting_ends_it_and_takes_the_words(story: Story, by: str) -> None:
    other = {ASKER: HELPER, HELPER: ASKER}[by]
    begin(story)
    agree_all(story)
    row = exchange(story)
    assert row.edited_by == HELPER
    forget(story, by)
    assert len(texts_to(story, other, "has ended")) == 1
    assert by not in people_of_exchanges(story)
    kept = {ASKER: "How to test retries.", HELPER: "Indexes."}
    text = everything_in(story)
    assert kept[by] not in text
    assert kept[other] in text
    assert exchange(story).ends_at <= story.clock.now
    for _ in range(90):
        story.advance(days=1)
    assert texts_to(story, other, "do you two have a time") == []
    people_page(story, other)


@pytest.mark.parametrize("by", [ASKER, HELPER])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_forgetting_takes_words_that_the_other_saved_again(
    story: Story, by: str
) -> None:
    begin(story)
    asks(story)
    presses(story, HELPER, "yes")
    for member in (ASKER, HELPER):
        writes(story, member, how_we_meet=SECRET, stays_between=SECRET)
    forget(story, by)
    assert SECRET not in everything_in(story)


def people_of_exchanges(story: Story) -> set[str | None]:
    return {
        member
        for row in exchanges(story)
        for member in (row.asker, row.peer, row.edited_by)
    }


@pytest.mark.parametrize("by", [ASKER, HELPER])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_forgetting_during_the_question(story: Story, by: str) -> None:
    begin(story)
    asks(story)
    forget(story, by)
    if by == ASKER:
        assert "would like to learn together" not in people_page(story, HELPER)
        shown = presses(story, HELPER, "yes")
        assert shown.startswith("It didn't work out this time.")
    else:
        story.advance(days=14)
        [text] = texts_to(story, ASKER, "didn't work out")
        assert "Ben" not in text
    assert [row.begun_at for row in exchanges(story)] == [None]


def test_texts_are_deleted_ninety_days_after_the_end(story: Story) -> None:
    begin(story)
    agree_all(story)
    looks_back(story, ASKER, got=SECRET)
    presses(story, ASKER, "end")
    for days, is_kept in ((89, True), (2, False)):
        story.clock.advance(days=days)
        privacy.purge_expired(story.rt, story.worker)
        row = row_of(story, ASKER)
        assert bool(row.hopes) is bool(row.got) is is_kept
        assert bool(exchange(story).how_we_meet) is is_kept
    assert SECRET not in everything_in(story)


def test_a_running_exchange_keeps_its_texts(story: Story) -> None:
    begin(story)
    agree_all(story)
    with story.rt.write(story.workspace) as tx:
        row = tx.session.get_one(Exchange, exchange(story).id)
        row.until = date(2027, 6, 2)
        row.ends_at = row.ends_at.replace(year=2027)
    story.clock.advance(days=200)
    privacy.purge_expired(story.rt, story.worker)
    assert row_of(story, ASKER).hopes


@pytest.mark.deep
def test_no_reason_comes_from_a_private_channel_or_a_hidden_team(story: Story) -> None:
    begin(story)
    ask = story.ask("How do I stop the retries?", member=ASKER)
    answer = story.say(HELPER, "Do it so.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    for member, team in ((ASKER, "Payments"), (HELPER, "Search")):
        with story.rt.write(story.workspace) as tx:
            row = {"member": member, "team": team, "source": "file"}
            tx.session.add(MemberAttributes(installation_id=tx.workspace.id, **row))
    shown = sees(story, ASKER)
    assert "helped with your ask on retries" in shown
    assert "You are in different teams" in shown
    with story.rt.write(story.workspace) as tx:
        channel = tx.session.query(Channel).filter_by(slack_id=HELP_CHANNEL).one()
        channel.is_private = True
    story.change_my_settings(HELPER, hidden_attributes=["team"])
    asks(story)
    [question] = story.slack.messages_to(HELPER)[-1:]
    for text in (sees(story, ASKER), words(question), people_page(story, HELPER)):
        assert "helped with" not in text
        assert "asked about" not in text
        assert "different teams" not in text
        assert "Payments" not in text
        assert "Search" not in text
    assert "would like to learn together" in question.text


def test_the_agreement_is_in_no_message(story: Story) -> None:
    begin(story)
    asks(story)
    presses(story, HELPER, "yes")
    writes(story, ASKER, hopes=SECRET, how_we_meet=SECRET, stays_between=SECRET)
    for _ in range(30):
        story.advance(days=1)
    assert SECRET not in visible_messages(story)
    outbox = [line for line in everything_in(story).splitlines() if SECRET in line]
    assert {line.partition(":")[0] for line in outbox} == {
        "exchanges",
        "exchange_members",
    }
