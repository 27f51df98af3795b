"""The Home tab: pending items, own activity, and visibility."""

import itertools
import json
from typing import Any

import pytest
from sqlalchemy import event, select

from bot.clock import ts_to_micros
from bot.db.engine import Database
from bot.slack.api import HashConflict, NotSent, Rejected
from models import ChannelMember, Home, Kudos, OutboxItem, Participant
from tests.checkins import visible_text
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import (
    ASKER,
    BOT,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    conversation_object,
    form_values,
    user_object,
)

PRIVATE = "C0CLOSED"


@pytest.fixture
def peers(story: Story) -> Story:
    """Make the bot and people members of a public and a private channel."""
    for slack_id, name in (
        (HELP_CHANNEL, "help"),
        (PRIVATE, "closed"),
        ("C0ELSE", "else"),
    ):
        story.slack.channels[slack_id] = conversation_object(
            slack_id, name, is_private=slack_id == PRIVATE
        )
        joins(story, BOT, slack_id)
        story.slack.members_by_channel[slack_id] = []
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER, GUEST]
    story.slack.members_by_channel[PRIVATE] = [HELPER]
    return story


def joins(story: Story, member: str, channel: str, **more: Any) -> None:
    joined = {"type": "member_joined_channel", "user": member, "channel": channel}
    assert story.event(joined | more) == 200


def leaves(story: Story, member: str, channel: str, **more: Any) -> None:
    leave = {"type": "member_left_channel", "user": member, "channel": channel}
    assert story.event(leave | more) == 200


def opens(story: Story, member: str) -> str:
    """Open the Home tab when everything has been fetched; return it."""
    opened = {"type": "app_home_opened", "user": member, "tab": "home"}
    assert story.event(opened) == 200
    story.deliver()
    return visible_home(story, member)


def visible_home(story: Story, member: str) -> str:
    return json.dumps(story.slack.homes[member], ensure_ascii=False)


def links(story: Story, member: str) -> list[str]:
    """Return the text of each link on the Home tab, from top to bottom."""
    return [
        part["text"]
        for block in story.slack.homes[member]["blocks"]
        if block["type"] == "rich_text"
        for part in block["elements"][0]["elements"]
        if part["type"] == "link"
    ]


def asks_in(story: Story, member: str, text: str, channel: str = HELP_CHANNEL) -> None:
    assert story.command(member, "/ask", text, channel=channel).body == ""
    story.deliver()


def publishes(story: Story) -> int:
    return story.slack.calls.count("views.publish")


# Contents


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


@pytest.mark.parametrize("value", ["", "asks", "asks:-1", "others:8", "asks:٣", "8"])
def test_a_forged_page_is_refused(peers: Story, value: str):
    opens(peers, ASKER)
    peers.click(ASKER, "home_next", value, view=peers.slack.homes[ASKER])
    assert "That list has changed" in str(peers.slack.views[-1][1])
    assert peers.slack.homes.keys() == {ASKER}


def test_a_page_beyond_the_end_is_the_last(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    opens(peers, ASKER)
    peers.click(ASKER, "home_next", "asks:8000", view=peers.slack.homes[ASKER])
    assert links(peers, ASKER) == ["How do I fix x?"]


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
    event.listen(engine, "before_cursor_execute", run)
    peers_see = {"type": "app_home_opened", "user": member, "tab": "home"}
    story.event(peers_see)
    event.remove(engine, "before_cursor_execute", run)
    return len([one for one in ran if one.startswith("SELECT")])


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
    assert few <= 40


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


# Check-ins


def press(story: Story, member: str, action: str) -> Any:
    """Press the first button with this action."""
    view = story.slack.homes[member]
    buttons = [
        button
        for block in view["blocks"]
        for button in [*block.get("elements", []), block.get("accessory", {})]
        if button.get("action_id") == action
    ]
    return story.click(member, action, buttons[0]["value"], view=view)


def test_check_ins_are_joined_shared_in_and_left_from_home(peers: Story):
    peers.add_schedule()
    assert "Three things" in opens(peers, HELPER)
    press(peers, HELPER, "home_checkin_join")
    peers.deliver()
    assert "“What are you working on this week?” · #help" in visible_home(peers, HELPER)
    assert "Three things" not in visible_home(peers, HELPER)
    assert "Waiting for you" not in visible_home(peers, HELPER)
    peers.post_round()
    peers.advance(seconds=3)
    assert "Waiting for you" in visible_home(peers, HELPER)
    # It closes at nine in Berlin, which is ten in Helsinki.
    visible = visible_text(peers.slack.homes[HELPER])
    assert "#help · until Friday 13 March at 10:00 EET" in visible
    press(peers, HELPER, "checkin_share")
    form = peers.slack.views[-1][1]
    assert peers.submit(HELPER, form, {"working_on": "A parser"}).body == ""
    peers.advance(seconds=3)
    assert "Waiting for you" not in visible_home(peers, HELPER)
    press(peers, HELPER, "checkin_leave")
    peers.deliver()
    assert "home_checkin_join" in visible_home(peers, HELPER)
    assert "checkin_leave" not in visible_home(peers, HELPER)


def test_a_check_in_joined_elsewhere_is_listed_too(peers: Story):
    shown = peers.post_round()
    opens(peers, HELPER)
    peers.click(HELPER, "checkin_join", str(shown.id))
    peers.deliver()
    assert "Waiting for you" in visible_home(peers, HELPER)
    peers.close_rounds()
    peers.advance(seconds=3)
    assert "Waiting for you" not in visible_home(peers, HELPER)


def test_stopped_reminders_are_resumed_from_home(peers: Story):
    schedule = peers.add_schedule()
    opens(peers, HELPER)
    press(peers, HELPER, "home_checkin_join")
    with peers.rt.write_session.begin() as session:
        participant = session.get_one(Participant, (schedule, HELPER))
        participant.reminders_stopped_at = peers.clock()
    assert "reminders stopped" in opens(peers, HELPER)
    press(peers, HELPER, "checkin_go_on")
    peers.deliver()
    assert "reminders stopped" not in visible_home(peers, HELPER)


def test_check_ins_of_private_channels_are_for_their_members(peers: Story):
    schedule = peers.add_schedule(channel=PRIVATE)
    assert "What are you working on" in opens(peers, HELPER)
    assert "What are you working on" not in opens(peers, PEER)
    # They can't join a check-in that they were not shown either.
    peers.click(PEER, "home_checkin_join", str(schedule), view=peers.slack.homes[PEER])
    assert "That list has changed" in str(peers.slack.views[-1][1])
    assert "checkin_leave" not in opens(peers, PEER)
    press(peers, HELPER, "home_checkin_join")
    # Without the event of their leaving, they see no more than how to leave the
    # check-in.
    peers.slack.members_by_channel[PRIVATE] = []
    peers.clock.advance(hours=2)
    assert "What are you working on" not in opens(peers, HELPER)
    assert "A check-in in a private channel that you left" in visible_home(
        peers, HELPER
    )
    press(peers, HELPER, "checkin_leave")
    peers.deliver()
    assert "private channel" not in visible_home(peers, HELPER)


# Visibility


def test_asks_of_private_channels_are_for_their_current_members(peers: Story):
    asks_in(peers, ASKER, "A great secret?", channel=PRIVATE)
    assert "A great secret?" in opens(peers, HELPER)
    assert "A great secret?" not in opens(peers, PEER)
    peers.slack.members_by_channel[PRIVATE] = [PEER]
    leaves(peers, HELPER, PRIVATE)
    joins(peers, PEER, PRIVATE)
    peers.advance(seconds=3)
    assert "A great secret?" not in visible_home(peers, HELPER)
    assert "A great secret?" in visible_home(peers, PEER)


def test_private_content_waits_until_the_membership_is_known(peers: Story):
    asks_in(peers, ASKER, "A great secret?", channel=PRIVATE)
    asks_in(peers, ASKER, "How do I fix x?")
    opens(peers, HELPER)
    # The event about it was lost.
    peers.slack.members_by_channel[PRIVATE] = []
    peers.clock.advance(hours=2)
    peers.event({"type": "app_home_opened", "user": HELPER, "tab": "home"})
    assert links(peers, HELPER) == ["How do I fix x?"]
    peers.deliver()
    assert links(peers, HELPER) == ["How do I fix x?"]


def test_joins_and_leaves_count_in_the_order_of_their_times(peers: Story):
    opens(peers, HELPER)

    def is_in() -> bool:
        with peers.rt.read_session() as session:
            latest = (
                select(ChannelMember.is_member)
                .where(ChannelMember.member == HELPER)
                .order_by(ChannelMember.event_micros.desc())
            )
            return bool(session.scalar(latest.limit(1)))

    for join_order, leave_order in itertools.permutations([1, 2]):
        now = peers.ts().partition(".")[0]
        events = [
            (joins, f"{now}.00000{join_order}"),
            (leaves, f"{now}.00000{leave_order}"),
        ]
        for send, at in (*events, *reversed(events)):
            send(peers, HELPER, "C0ELSE", event_ts=at)
        assert is_in() is (join_order > leave_order)
        peers.clock.advance(seconds=1)


def test_a_late_response_of_slack_does_not_undo_newer_events(peers: Story):
    asks_in(peers, ASKER, "A great secret?", channel=PRIVATE)

    def meanwhile(method: str) -> None:
        if method == "users.conversations":
            peers.slack.on_call = lambda _: None
            peers.clock.advance(seconds=1)
            leaves(peers, HELPER, PRIVATE)

    peers.slack.on_call = meanwhile
    assert "A great secret?" not in opens(peers, HELPER)


def test_memberships_of_people_without_a_home_are_not_stored(peers: Story):
    joins(peers, PEER, "C0ELSE")
    leaves(peers, PEER, "C0ELSE")
    with peers.rt.read_session() as session:
        assert session.scalars(select(ChannelMember)).all() == []


def test_a_channel_that_the_bot_joins_is_fetched_for_all(peers: Story):
    opens(peers, HELPER)
    peers.slack.channels["C0NEW"] = conversation_object("C0NEW", "new")
    peers.slack.members_by_channel["C0NEW"] = [HELPER]
    joins(peers, BOT, "C0NEW")
    asks_in(peers, ASKER, "Who is new here?", channel="C0NEW")
    assert "Who is new here?" in opens(peers, HELPER)


def test_guests_see_only_their_own_content(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    asks_in(peers, GUEST, "A guest asks this?")
    opens(peers, GUEST)
    assert links(peers, GUEST) == ["A guest asks this?"]


@pytest.mark.parametrize(
    "facts", [{"team_id": "T0OTHER"}, {"is_bot": True}, {"deleted": True}]
)
def test_a_person_without_permissions_sees_nothing(peers: Story, facts: dict[str, Any]):
    asks_in(peers, ASKER, "How do I fix x?")
    peers.slack.people["U0ODD"] = user_object("U0ODD", "Odd", **facts)
    peers.slack.members_by_channel[HELP_CHANNEL].append("U0ODD")
    opens(peers, "U0ODD")
    [block] = peers.slack.homes["U0ODD"]["blocks"]
    assert "for members of the workspace" in block["text"]["text"]
    with peers.rt.read_session() as session:
        assert session.scalars(select(Home)).all() == []


def test_a_person_whom_slack_does_not_return_now_sees_their_own_content(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    peers.slack.people["U0NEW"] = user_object("U0NEW", "New")
    peers.slack.members_by_channel[HELP_CHANNEL].append("U0NEW")
    peers.slack.fail["users.info"] = [NotSent("users.info", "not_connected")]
    peers.event({"type": "app_home_opened", "user": "U0NEW", "tab": "home"})
    assert links(peers, "U0NEW") == []
    opens(peers, "U0NEW")
    assert links(peers, "U0NEW") == ["How do I fix x?"]


# Updates


def test_many_changes_are_one_view(peers: Story):
    ask = peers.ask()
    opens(peers, ASKER)
    before = publishes(peers)
    for n in range(4):
        peers.say(HELPER, f"So, {n}.", thread_ts=ask.ts)
        peers.react(ASKER, peers.ts(), "eyes")
    peers.command(ASKER, "/ask", "And how do I fix y?")
    peers.advance(seconds=3)
    assert publishes(peers) == before + 1
    assert links(peers, ASKER) == ["And how do I fix y?", "How do I fix x?"]
    assert "answered" in visible_home(peers, ASKER)


def test_a_home_that_was_never_opened_is_not_published(peers: Story):
    ask = peers.ask()
    peers.react(ASKER, peers.say(HELPER, "So.", thread_ts=ask.ts), "+1")
    peers.advance(minutes=5)
    assert publishes(peers) == 0


def test_the_messages_tab_is_no_home(peers: Story):
    peers.event({"type": "app_home_opened", "user": PEER, "tab": "messages"})
    assert peers.slack.homes == {}


def test_a_second_visit_replaces_the_first_view(peers: Story):
    opens(peers, ASKER)
    with peers.rt.read_session() as session:
        assert (
            session.scalars(select(Home.view_hash)).one()
            == peers.slack.home_hashes[ASKER]
        )
    opens(peers, ASKER)
    assert "None at the moment" not in visible_home(peers, ASKER)


def test_a_lost_hash_does_not_block_a_visit(peers: Story):
    opens(peers, ASKER)
    peers.slack.home_hashes[ASKER] = "someone else's"
    asks_in(peers, ASKER, "How do I fix x?")
    before = publishes(peers)
    peers.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    assert publishes(peers) == before + 2
    assert links(peers, ASKER) == ["How do I fix x?"]


def test_a_lost_hash_does_not_block_a_delivery(peers: Story):
    opens(peers, ASKER)
    peers.slack.home_hashes[ASKER] = "someone else's"
    before = publishes(peers)
    asks_in(peers, ASKER, "How do I fix x?")
    peers.advance(seconds=3)
    peers.advance(seconds=3)
    assert publishes(peers) == before + 2
    assert links(peers, ASKER) == ["How do I fix x?"]


def test_of_two_replicas_the_first_to_render_renders_again(peers: Story):
    opens(peers, ASKER)

    def another(method: str) -> None:
        """Publish and store another view before our call."""
        if method == "views.publish":
            peers.slack.on_call = lambda _: None
            peers.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})

    before = publishes(peers)
    peers.slack.on_call = another
    peers.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    assert publishes(peers) == before + 3
    with peers.rt.read_session() as session:
        assert (
            session.scalars(select(Home.view_hash)).one()
            == peers.slack.home_hashes[ASKER]
        )


def test_an_older_view_published_last_is_rendered_again(peers: Story):
    """At the first visit there is no hash yet that could detect it."""
    asks_in(peers, ASKER, "How do I fix x?")

    def overtaking(method: str) -> None:
        """Publish the view of a delivery first."""
        if method == "views.publish":
            peers.slack.on_call = lambda _: None
            peers.deliver()
            assert links(peers, HELPER) == ["How do I fix x?"]

    peers.slack.on_call = overtaking
    peers.event({"type": "app_home_opened", "user": HELPER, "tab": "home"})
    assert "Checking your channels" in visible_home(peers, HELPER)
    peers.advance(seconds=3)
    assert links(peers, HELPER) == ["How do I fix x?"]


def test_a_view_overtaken_twice_is_published_by_a_delivery(peers: Story):
    opens(peers, ASKER)
    conflict = HashConflict("views.publish", "hash_conflict")
    peers.slack.fail["views.publish"] = [conflict, conflict, conflict]
    before = publishes(peers)
    peers.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    assert publishes(peers) == before + 2
    peers.advance(seconds=1)
    assert publishes(peers) == before + 3
    peers.advance(seconds=5)
    assert publishes(peers) == before + 4


def test_without_home_tabs_the_attempts_end(
    peers: Story, caplog: pytest.LogCaptureFixture
):
    opens(peers, ASKER)
    opens(peers, HELPER)
    off = Rejected("views.publish", "not_enabled")
    peers.slack.fail["views.publish"] = [off] * 10
    ask = peers.ask()
    peers.event({"type": "app_home_opened", "user": PEER, "tab": "home"})
    assert caplog.text.count("home not shown") == 1
    before = publishes(peers)
    caplog.clear()
    reply = peers.say(HELPER, "So.", thread_ts=ask.ts)
    peers.react(ASKER, reply, "white_check_mark")
    peers.advance(minutes=5)
    peers.advance(days=1)
    assert publishes(peers) == before
    assert "not shown" not in caplog.text
    assert "not delivered" not in caplog.text
    with peers.rt.read_session() as session:
        waiting = session.scalars(
            select(OutboxItem).where(
                OutboxItem.kind == "home.publish", OutboxItem.state == "pending"
            )
        )
        assert waiting.all() == []
    # A member opens the Home tab: the app has them again.
    peers.slack.fail.clear()
    opens(peers, ASKER)
    assert links(peers, ASKER) == []


def test_a_view_that_cannot_be_published_at_once_is_published_later(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    peers.slack.fail["views.publish"] = [NotSent("views.publish", "not_connected")]
    peers.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    assert peers.slack.homes == {}
    peers.deliver()
    assert links(peers, ASKER) == ["How do I fix x?"]


def test_an_erased_member_disappears_from_all_home_tabs(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    peers.command(ASKER, "/kudos", f"<@{HELPER}> for the answer on retries, thanks")
    opens(peers, ASKER)
    assert "How do I fix x?" in opens(peers, HELPER)
    assert "Ana" in visible_home(peers, HELPER)
    peers.command(ASKER, "/backswing", "forget me")
    peers.submit(ASKER, peers.slack.views[-1][1], {})
    assert "How do I fix x?" not in visible_home(peers, ASKER)
    assert "Three things" in visible_home(peers, ASKER)
    peers.advance(seconds=3)
    assert "Ana" not in visible_home(peers, HELPER)
    assert "How do I fix x?" not in visible_home(peers, HELPER)
    with peers.rt.read_session() as session:
        assert session.scalars(select(Home.member)).all() == [HELPER]
        assert ASKER not in session.scalars(select(ChannelMember.member)).all()
    # Late deliveries do not bring them back.
    late = f"{ts_to_micros(peers.ts()) // 1_000_000 - 60}.000100"
    publish_count = publishes(peers)
    opened = {"type": "app_home_opened", "user": ASKER, "tab": "home"}
    peers.event(opened | {"event_ts": late})
    assert publishes(peers) == publish_count


def test_the_button_on_home_opens_the_form(peers: Story):
    peers.click(PEER, "home_ask", view={"type": "home"})
    assert peers.slack.views[-1][1]["callback_id"] == "ask"


def log_capture(story: Story, text: str, **more: Any) -> PostedMessage:
    """Return the bot's replies to a direct message."""
    before = len(story.slack.messages_to(PEER))
    ts = story.say(PEER, text, channel="D0CHI", channel_type="im", **more)
    story.say(PEER, text, channel="D0CHI", channel_type="im", ts=ts)
    story.deliver()
    [answer] = story.slack.messages_to(PEER)[before:]
    return answer


def test_a_direct_message_gets_one_line_of_help(peers: Story):
    for text in ("hello?", ":wave:", "Thank you, that was very kind!"):
        answer = log_capture(peers, text)
        assert "/ask" in answer.text
        assert "actions" not in json.dumps(answer.blocks)


@pytest.mark.parametrize(
    "text", ["help", "Help!", "  HELP ME. ", "*help*", "help？", "?"]
)
def test_a_direct_message_asking_for_help_gets_all_of_it(peers: Story, text: str):
    assert log_capture(peers, text).text == peers.command(PEER, "/ask", "help").body


QUESTIONS = (
    "Why does my build fail?",
    "My build fails &amp; I can't see why",
    "为什么构建失败？",
)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_in_a_direct_message_becomes_an_ask_in_one_click(
    peers: Story, text: str
):
    ts = peers.ts()
    answer = log_capture(peers, text, ts=ts)
    peers.slack.thread_messages["D0CHI", ts] = [{"ts": ts, "user": PEER, "text": text}]
    with peers.rt.read_session() as session:
        assert text not in str(session.scalars(select(OutboxItem.payload)).all())
    peers.click(PEER, *button(answer, "Ask your peers"), channel="D0CHI")
    view = peers.slack.views[-1][1]
    assert form_values(view)["title"] == text.replace("&amp;", "&")
    assert (
        peers.submit(PEER, view, form_values(view) | {"channel": HELP_CHANNEL}).body
        == ""
    )
    assert peers.only_ask().asker == PEER


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"ts": "1772442000.000100", "user": ASKER, "text": "A great secret?"}],
        [{"ts": "1772442000.000200", "user": PEER, "text": "A great secret?"}],
    ],
)
def test_only_ones_own_text_is_filled_in(peers: Story, messages: list[dict[str, str]]):
    peers.slack.thread_messages["D0CHI", "1772442000.000100"] = messages
    peers.click(PEER, "ask_written", "1772442000.000100", channel="D0CHI")
    assert not form_values(peers.slack.views[-1][1])["title"]


def test_a_text_that_slack_does_not_return_leaves_the_form_empty(peers: Story):
    peers.slack.fail["conversations.replies"] = [
        Rejected("conversations.replies", "thread_not_found")
    ]
    peers.click(PEER, "ask_written", "1772442000.000100", channel="D0CHI")
    assert peers.slack.views[-1][1]["callback_id"] == "ask"


@pytest.mark.parametrize("value", ["", "x", "1", "1772442000.000100 OR 1"])
def test_a_forged_message_id_is_refused(peers: Story, value: str):
    peers.click(PEER, "ask_written", value, channel="D0CHI")
    assert peers.slack.views == []
    assert "conversations.replies" not in peers.slack.calls
