"""Updates of the Home tab, one view at a time."""

import pytest
from sqlalchemy import select

from bot.clock import ts_to_micros
from bot.slack.api import HashConflict, NotSent, Rejected
from models import ChannelMember, Home, OutboxItem
from tests.factories import Story
from tests.home import asks_in, links, opens, visible_home
from tests.slack_payloads import ASKER, HELPER, PEER


def publishes(story: Story) -> int:
    return story.slack.calls.count("views.publish")


@pytest.mark.deep
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


@pytest.mark.deep
def test_a_lost_hash_does_not_block_a_visit(peers: Story):
    opens(peers, ASKER)
    peers.slack.home_hashes[ASKER] = "someone else's"
    asks_in(peers, ASKER, "How do I fix x?")
    before = publishes(peers)
    peers.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    assert publishes(peers) == before + 2
    assert links(peers, ASKER) == ["How do I fix x?"]


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep
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


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
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


@pytest.mark.deep
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
