"""Personal data of buddies: files, forgetting, leaving, retention, what never leaks."""

import json

import pytest

from bot.programs import membership
from jobs import privacy
from models import Channel, MemberAttributes
from tests.buddies import (
    BUDDY,
    NEWCOMER,
    all_shown,
    begin,
    clicks,
    comes,
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
from tests.pairs import people_page, presses, texts_to
from tests.people import workspace_program
from tests.personal_data import everything_in, file_of, forget
from tests.slack_payloads import HELP_CHANNEL, PEER


@pytest.mark.deep
def test_the_newcomers_file_has_no_answer(story: Story) -> None:
    begin(story, BUDDY, PEER)
    wants(story)
    first = questions(story)[0].buddy
    presses(story, first, "Not now")
    runs(story)
    text = json.dumps(file_of(story, NEWCOMER))
    for secret in ("not_now", first, questions(story)[1].buddy, "answer_micros"):
        assert secret not in text, secret
    assert "not_now" in json.dumps(file_of(story, first))


@pytest.mark.parametrize("by", [NEWCOMER, BUDDY])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_forgetting_ends_it(story: Story, by: str) -> None:
    other = {NEWCOMER: BUDDY, BUDDY: NEWCOMER}[by]
    pairs_up(story)
    forget(story, by)
    assert len(texts_to(story, other, "has ended")) == 1
    assert by not in {pair(story).newcomer, pair(story).buddy}
    assert by not in {
        person for row in questions(story) for person in (row.newcomer, row.buddy)
    }
    passes(story, 30)
    assert texts_to(story, other, "Week 2") == []
    people_page(story, other)


@pytest.mark.parametrize("by", [NEWCOMER, BUDDY])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_forgetting_during_the_question(story: Story, by: str) -> None:
    begin(story)
    wants(story)
    forget(story, by)
    if by == NEWCOMER:
        assert "would like a buddy" not in people_page(story, BUDDY)
        assert wish(story) is None
        presses_again(story)
        assert pairs(story) == []
    else:
        passes(story, 30)
        assert len(texts_to(story, NEWCOMER, "I found no buddy")) == 1
        assert "Ben" not in all_shown(story, NEWCOMER)


def presses_again(story: Story) -> None:
    clicks(story, BUDDY, "accept", questions(story)[0].id)


@pytest.mark.parametrize("by", [NEWCOMER, BUDDY])
@pytest.mark.deep_on_postgresql
def test_leaving_the_program_ends_it(story: Story, by: str) -> None:
    other = {NEWCOMER: BUDDY, BUDDY: NEWCOMER}[by]
    pairs_up(story)
    with story.rt.write(story.workspace) as tx:
        program = workspace_program(tx)
        membership.leave(tx, program, by, event_micros=10**17)
    runs(story)
    assert len(texts_to(story, other, "has ended")) == 1
    assert texts_to(story, by, "has ended") == []


def test_old_rows_are_deleted(story: Story) -> None:
    pairs_up(story)
    for days, counts in ((95, (0, 1)), (300, (0, 0))):
        story.clock.advance(days=days)
        privacy.purge_expired(story.rt, story.worker)
        assert (len(questions(story)), len(pairs(story))) == counts
    assert wish(story) is None
    assert BUDDY not in [
        line for line in everything_in(story).splitlines() if "buddy_pairs" in line
    ]


def set_private(story: Story, is_private: bool) -> None:
    with story.rt.write(story.workspace) as tx:
        channel = tx.session.query(Channel).filter_by(slack_id=HELP_CHANNEL).one()
        channel.is_private = is_private


@pytest.mark.deep
def test_no_reason_comes_from_a_private_channel_or_a_hidden_team(story: Story) -> None:
    """Nor does a buddy learn of an ask in a channel that they can't see."""
    begin(story)
    comes(story)
    ask = story.ask("How do I stop the Xylophone?", member=BUDDY)
    answer = story.say(NEWCOMER, "Do it so.", thread_ts=ask.ts)
    story.react(BUDDY, answer, "white_check_mark")
    story.deliver()
    for member, team in ((NEWCOMER, "Payments"), (BUDDY, "Search")):
        with story.rt.write(story.workspace) as tx:
            row = {"member": member, "team": team, "source": "file"}
            tx.session.add(MemberAttributes(installation_id=tx.workspace.id, **row))
    story.change_my_settings(NEWCOMER, hidden_attributes=["team"])
    set_private(story, True)
    before = {
        person: len(story.slack.messages_to(person)) for person in (NEWCOMER, BUDDY)
    }
    clicks(story, NEWCOMER, "yes")
    runs(story)
    presses(story, BUDDY, "Yes")
    for person, count in before.items():
        sent = story.slack.messages_to(person)[count:]
        text = json.dumps([[each.text, each.blocks] for each in sent])
        assert "buddy" in text
        for secret in ("Xylophone", "helped", "solved", "Payments", "Search", "teams"):
            assert secret not in text, secret
    set_private(story, False)
    story.ask("How do I find the Zither?", member=NEWCOMER)
    set_private(story, True)
    story.clock.advance(hours=3)
    runs(story)
    assert pair(story).told_of_ask_at is not None
    assert texts_to(story, BUDDY, "has no answer yet") == []
    # They are told once, as soon as they can see the channel, if it still waits.
    set_private(story, False)
    for _ in range(3):
        story.clock.advance(hours=1)
        runs(story)
    assert len(texts_to(story, BUDDY, "has no answer yet")) == 1
