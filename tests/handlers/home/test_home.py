"""The contents of the Home tab."""

import json
from typing import Any

import pytest
from sqlalchemy import event, select

from bot.db.engine import Database
from bot.home import blocks as home_blocks
from bot.home import page
from models import Kudos
from tests.checkins import visible_text
from tests.factories import Story
from tests.home import PRIVATE, asks_in, leaves, links, opens, visible_home
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER


@pytest.mark.deep
def test_an_empty_home_teaches_the_first_three_things(peers: Story):
    shown = opens(peers, ASKER)
    assert "Three things to start with" in shown
    for step in ("*1. Ask.*", "*2. Say what helped.*", "*3. Tell me what you know.*"):
        assert step in shown
    assert "Nobody else is waiting for an answer in your channels" in shown
    asks_in(peers, ASKER, "How do I fix x?")
    shown = opens(peers, ASKER)
    assert "Three things" not in shown
    assert "How do I fix x?" in shown


def test_a_person_without_a_common_channel_learns_how_to_invite_the_bot(peers: Story):
    assert "/invite @Backswing" in opens(peers, "U0EVA")


def test_unknown_memberships_are_not_shown_as_none(peers: Story):
    peers.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    assert "Checking your channels" in visible_home(peers, ASKER)
    assert "has an answer" not in visible_home(peers, ASKER)


@pytest.mark.deep
def test_my_open_asks_are_listed_with_their_state_and_pages(peers: Story):
    for n in range(10):
        peers.command(ASKER, "/ask", f"Question {n}?")
    peers.deliver()
    peers.say(HELPER, "So.", thread_ts=peers.slack.messages_to(HELP_CHANNEL)[9].ts)
    assert "  answered · #help · 2 Mar" in opens(peers, ASKER)
    assert links(peers, ASKER) == [f"Question {n}?" for n in range(9, 1, -1)]
    assert "1 to 8 of 10" in visible_home(peers, ASKER)
    view = peers.slack.homes[ASKER]
    assert peers.click(ASKER, "home_next", "asks:8", view=view).body == ""
    assert links(peers, ASKER) == ["Question 1?", "Question 0?"]
    # A change elsewhere does not reset the page.
    asks_in(peers, ASKER, "Question 10?")
    peers.advance(seconds=3)
    assert links(peers, ASKER) == ["Question 2?", "Question 1?", "Question 0?"]
    peers.click(ASKER, "home_previous", "asks:0", view=view)
    assert links(peers, ASKER)[0] == "Question 10?"
    # Opening the tab again starts at the first page.
    peers.click(ASKER, "home_next", "asks:8", view=view)
    opens(peers, ASKER)
    assert links(peers, ASKER)[0] == "Question 10?"


def test_on_a_full_tab_each_ask_can_be_reached(
    peers: Story, monkeypatch: pytest.MonkeyPatch
):
    for n in range(10):
        peers.command(ASKER, "/ask", f"Question {n}?")
    peers.deliver()
    # As if other sections took most of Slack's 100 blocks.
    monkeypatch.setattr(home_blocks, "MAX_BLOCKS", 20)
    opens(peers, ASKER)
    seen = [links(peers, ASKER)]
    while start := next_page(peers.slack.homes[ASKER]):
        peers.click(ASKER, "home_next", start, view=peers.slack.homes[ASKER])
        seen.append(links(peers, ASKER))
        assert len(peers.slack.homes[ASKER]["blocks"]) <= 20
    assert len(seen) > 2
    shown = [title for page in seen for title in page]
    assert shown == [f"Question {n}?" for n in range(9, -1, -1)]


def next_page(view: dict[str, Any]) -> str | None:
    """Return the value of the button "Next"; None on the last page."""
    buttons = [e for b in view["blocks"] for e in b.get("elements", [])]
    return next(
        (b["value"] for b in buttons if b.get("action_id") == "home_next"), None
    )


@pytest.mark.parametrize("value", ["", "asks", "asks:-1", "others:8", "asks:٣", "8"])
def test_a_forged_page_is_refused(peers: Story, value: str):
    opens(peers, ASKER)
    peers.click(ASKER, "home_next", value, view=peers.slack.homes[ASKER])
    assert "That list has changed" in str(peers.slack.views[-1][1])
    assert peers.slack.homes.keys() == {ASKER}


@pytest.mark.deep
def test_a_page_beyond_the_end_is_the_last(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    opens(peers, ASKER)
    peers.click(ASKER, "home_next", "asks:8000", view=peers.slack.homes[ASKER])
    assert links(peers, ASKER) == ["How do I fix x?"]


@pytest.mark.deep
def test_unanswered_asks_of_my_channels_are_listed_my_topics_first(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    peers.clock.advance(days=1)
    asks_in(peers, ASKER, "Why is Python so slow here?")
    asks_in(peers, ASKER, "Where is the door?", channel="C0ELSE")
    asks_in(peers, HELPER, "My own question?")
    opens(peers, HELPER)
    assert links(peers, HELPER) == [
        "My own question?",
        "How do I fix x?",
        "Why is Python so slow here?",
    ]
    assert "  Ana · #help · 2 Mar" in visible_home(peers, HELPER)
    peers.change_my_settings(HELPER, topics_known="python, doors")
    opens(peers, HELPER)
    assert links(peers, HELPER)[1:] == [
        "Why is Python so slow here?",
        "How do I fix x?",
    ]
    assert "  Ana · #help · 3 Mar · in your topics" in visible_home(peers, HELPER)
    peers.say(PEER, "So.", thread_ts=peers.slack.messages_to(HELP_CHANNEL)[0].ts)
    opens(peers, HELPER)
    assert links(peers, HELPER)[1:] == ["Why is Python so slow here?"]


def test_my_activity_is_listed_with_links(peers: Story):
    ask = peers.ask()
    reply = peers.say(HELPER, "So.", thread_ts=ask.ts)
    peers.react(PEER, reply, "+1")
    peers.command(ASKER, "/kudos", f"<@{HELPER}> for the answer on retries, thanks")
    peers.advance(minutes=2)
    assert "  helped 1 person, asked by Ana · #help · 2 Mar" in opens(peers, HELPER)
    assert f"thread_ts={ask.ts}" in visible_home(peers, HELPER)
    assert "the answer on retries" in visible_home(peers, HELPER)
    peers.react(ASKER, reply, "heart")
    peers.advance(seconds=3)
    assert "  helped 2 people, asked by Ana" in visible_home(peers, HELPER)
    peers.unreact(ASKER, reply, "heart")
    peers.react(ASKER, reply, "white_check_mark")
    peers.advance(seconds=3)
    assert "  solved it for Ana" in visible_home(peers, HELPER)
    # Undone activity disappears.
    with peers.rt.read_session() as session:
        kudos = session.scalars(select(Kudos.id)).one()
    peers.click(ASKER, "kudos_take_back", str(kudos))
    peers.unreact(ASKER, reply, "white_check_mark")
    peers.unreact(PEER, reply, "+1")
    peers.advance(seconds=3)
    assert "Your answers that helped" not in visible_home(peers, HELPER)
    assert "the answer on retries" not in visible_home(peers, HELPER)


@pytest.mark.deep
def test_the_fullest_home_is_accepted_by_slack(peers: Story):
    title = "Ω" * 150
    for n in range(30):
        peers.command(ASKER, "/ask", f"{n} {title}")
        peers.command(HELPER, "/ask", f"{n} {title}")
    peers.deliver()
    peers.advance(minutes=1)
    peers.deliver()
    opens(peers, ASKER)
    view = peers.slack.homes[ASKER]
    assert "1 to 8 of 30" in visible_home(peers, ASKER)
    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view)) < 250_000


def statements(story: Story, database: Database, member: str) -> int:
    ran: list[str] = []

    def run(*args: Any) -> None:
        ran.append(args[2])

    engine = story.rt.read_session.kw["bind"]
    with story.rt.read(story.workspace) as tx:
        event.listen(engine, "before_cursor_execute", run)
        page.render(tx, member)
        event.remove(engine, "before_cursor_execute", run)
    return len([sql for sql in ran if sql.startswith("SELECT")])


@pytest.mark.deep
def test_the_number_of_queries_does_not_grow_with_the_contents(
    peers: Story, database: Database
):
    def more() -> None:
        for member, other in ((ASKER, HELPER), (HELPER, ASKER)):
            ask = peers.ask(member=member)
            peers.react(member, peers.say(other, "So.", thread_ts=ask.ts), "+1")
            peers.command(member, "/ask", "And how do I fix y?")
        peers.deliver()

    more()
    opens(peers, HELPER)
    few = statements(peers, database, HELPER)
    for _ in range(3):
        more()
    assert statements(peers, database, HELPER) == few
    assert few <= 45


# Joined asks


def listed(story: Story, member: str) -> list[str]:
    """Return the lines below "Asks that you joined", as a reader sees them."""
    visible = opens(story, member) and visible_text(story.slack.homes[member])
    _, _, after = visible.partition("Asks that you joined\n")
    return [
        line
        for line in after.splitlines()
        if "you offered to help" in line or "you have this too" in line
    ]


@pytest.mark.deep
def test_asks_joined_to_help_or_with_the_same_problem_are_listed(peers: Story):
    x, y = peers.ask("How do I fix x?"), peers.ask("How do I fix y?")
    peers.react(HELPER, x.ts, "eyes")
    peers.react(HELPER, y.ts, "raising_hand")
    assert listed(peers, HELPER) == [
        "How do I fix y?  you have this too · asked by Ana · #help · open",
        "How do I fix x?  you offered to help · asked by Ana · #help · open",
    ]
    assert listed(peers, ASKER) == []
    answer = peers.say(PEER, "So.", thread_ts=x.ts)
    peers.react(ASKER, answer, "white_check_mark")
    peers.react(HELPER, y.ts, "raising_hand", added=False)
    peers.advance(seconds=3)
    # The tab is updated without being opened.
    assert "Asks that you joined" not in visible_home(peers, HELPER)


def test_asks_of_a_private_channel_that_they_left_are_not_listed(peers: Story):
    peers.slack.members_by_channel[PRIVATE] = [ASKER, HELPER]
    peers.command(ASKER, "/ask", "How do I hide x?", channel=PRIVATE)
    peers.deliver()
    [ask] = peers.slack.messages_to(PRIVATE)
    peers.react(HELPER, ask.ts, "eyes", channel=PRIVATE)
    assert len(listed(peers, HELPER)) == 1
    leaves(peers, HELPER, PRIVATE)
    peers.advance(seconds=3)
    assert "hide x" not in visible_home(peers, HELPER)
