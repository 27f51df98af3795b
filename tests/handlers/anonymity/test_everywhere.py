"""An ask without a name in the rest of the product: someone's, and no one's."""

import json
from typing import Any

import pytest
from sqlalchemy import select

import jobs.routing
from bot.anonymity import authors
from bot.errors import UserError
from bot.exports import service as exports
from bot.workspace import channels
from models import AnonymousDraft, AnonymousLink, HelpRequest
from tests.factories import Story
from tests.handlers.anonymity.conftest import QUESTION, Anonymity, known_authors, set_up
from tests.home import leaves
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    NAMES,
    PEER,
    conversation_object,
    user_object,
)
from tests.two_workspaces import serve_two

NAME = NAMES[ASKER]


def links(story: Story) -> list[AnonymousLink]:
    with story.rt.read_session() as session:
        return [*session.scalars(select(AnonymousLink))]


def drafts(story: Story) -> list[AnonymousDraft]:
    with story.rt.read_session() as session:
        return [*session.scalars(select(AnonymousDraft))]


def wait(anonymity: Anonymity, title: str = QUESTION) -> None:
    """Press Post, and do not wait until the ask is posted."""
    anonymity.press_post(anonymity.preview(title))


def shown(story: Story) -> str:
    """Return everything that the bot has written to people and channels."""
    return json.dumps([[m.channel, m.text, m.blocks] for m in story.slack.messages])


# Routing


@pytest.mark.deep
def test_people_who_are_asked_read_that_someone_asks(
    anonymity: Anonymity, story: Story
) -> None:
    """The author is asked as anyone: leaving them out would tell who it is."""
    with story.rt.write(story.workspace) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        channel.routes_asks = True
    for number in range(3):
        ask = story.ask(
            f"How do I tell the customer about delay {number}?", member=PEER
        )
        for member in (ASKER, HELPER):
            story.react(
                PEER, story.say(member, "So, like this.", thread_ts=ask.ts), "+1"
            )
    story.deliver()
    # Nine on a Monday, hours after the ask; nobody has answered it.
    anonymity.ask("How do I tell the customer about another delay?")
    before = len(story.slack.messages)
    for _ in range(60):
        story.clock.advance(hours=1)
        jobs.routing.route_asks(story.rt, story.worker)
        story.deliver()
    with story.rt.read_session() as session:
        asked = {row.member for row in session.scalars(select(HelpRequest))}
    assert {ASKER, HELPER} <= asked
    requests = [m for m in story.slack.messages[before:] if m.channel in asked]
    assert requests
    assert all("omeone asks in" in json.dumps(m.blocks) for m in requests)
    assert NAME not in json.dumps([m.blocks for m in requests if m.channel != ASKER])


# Marks and numbers


def test_the_author_s_own_check_mark_counts_as_anyone_s(
    anonymity: Anonymity, story: Story
) -> None:
    ask = anonymity.ask()
    reply = story.say(HELPER, "Tell them today.", thread_ts=ask.ts)
    story.react(ASKER, reply, "white_check_mark")
    story.advance(minutes=2)
    assert story.only_ask().state == "answered"
    by_author = story.answers()[0].helpful_count, shown(story)
    story.react(ASKER, reply, "white_check_mark", added=False)
    story.react(PEER, reply, "white_check_mark")
    assert story.answers()[0].helpful_count == by_author[0] == 1
    assert story.only_ask().state == "answered"


def test_a_champion_may_mark_the_solution_of_someone_s_ask(
    anonymity: Anonymity, story: Story
) -> None:
    ask = anonymity.ask()
    reply = story.say(HELPER, "Tell them today.", thread_ts=ask.ts)
    story.message_shortcut(ADMIN, "mark_solved", HELPER, reply, thread_ts=ask.ts)
    story.advance(minutes=2)
    assert story.only_ask().state == "solved"
    told = json.dumps([m.blocks for m in story.slack.messages_to(HELPER)])
    assert "someone" in told.lower()
    assert NAME not in shown(story)
    with story.rt.read(story.workspace) as tx:
        rows = json.dumps([*exports.asks(tx), *exports.people(tx)])
    assert NAME not in rows
    assert '"asker": "someone"' in rows.lower()


def test_it_is_not_the_author_s_first_ask(anonymity: Anonymity, story: Story) -> None:
    anonymity.ask()
    story.ask("How do I fix it with my name?")
    first, second = story.asks()
    assert (first.is_first_ask, second.is_first_ask) == (False, True)


@pytest.mark.deep
def test_my_data_of_all_people_has_no_trace_of_it(
    anonymity: Anonymity, story: Story
) -> None:
    """Also the author's: the file is in a direct message, which others may export."""
    anonymity.ask()
    for member in (ASKER, HELPER, ADMIN):
        story.command(member, "/backswing", "my data")
        story.advance(minutes=1)
    contents = [file.content.decode() for file in story.slack.files.values()]
    assert len(contents) == 3
    assert not any(QUESTION in text for text in contents)


# People and channels that change


def test_a_deactivated_author_s_link_is_cut(anonymity: Anonymity, story: Story) -> None:
    anonymity.ask()
    before = shown(story)
    gone = user_object(ASKER, deleted=True, team_id=story.team)
    story.event({"type": "user_change", "user": gone})
    anonymity.run()
    assert known_authors(story) == []
    assert shown(story) == before
    assert story.only_ask().state == "open"


@pytest.mark.deep_on_postgresql
def test_the_link_of_an_author_who_leaves_the_channel_is_cut(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    before = shown(story)
    leaves(story, PEER, HELP_CHANNEL)
    assert known_authors(story) == [ASKER]
    leaves(story, ASKER, HELP_CHANNEL)
    anonymity.run()
    assert known_authors(story) == []
    assert shown(story) == before


def test_an_ask_whose_author_has_left_has_a_link_like_any_other(
    anonymity: Anonymity, story: Story
) -> None:
    """Without one, a copy of the database would tell who: few people leave."""
    anonymity.ask()
    before = links(story)
    wait(anonymity, "How do I wait?")
    leaves(story, ASKER, HELP_CHANNEL)
    anonymity.ask("How do I say no?", member=PEER)
    rows = links(story)
    assert len(rows) == len(story.asks()) == 3
    assert known_authors(story) == [PEER]
    assert {(len(row.author), len(row.blind_index)) for row in rows} == {
        (len(before[0].author), 64)
    }
    assert len({row.blind_index for row in [*before, *rows]}) == 4
    assert rows[0].cut_at == before[0].cut_at
    assert before[0].author not in {row.author for row in rows}


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_forgotten_author_s_link_is_cut_and_the_ask_stays(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    before = shown(story)
    story.command(ASKER, "/backswing", "forget me")
    form = story.slack.views[-1][1]
    story.submit(ASKER, form, {})
    story.advance(minutes=1)
    assert known_authors(story) == []
    assert story.only_ask().title == QUESTION
    assert story.slack.messages_to(HELP_CHANNEL)[0].text in before


@pytest.mark.parametrize(
    "change", [{"is_restricted": True}, {"is_admin": True}], ids=["guest", "admin"]
)
def test_another_role_of_the_author_changes_nothing(
    anonymity: Anonymity, story: Story, change: dict[str, Any]
) -> None:
    anonymity.ask()
    before = shown(story)
    story.event(
        {"type": "user_change", "user": user_object(ASKER, team_id=story.team) | change}
    )
    story.advance(minutes=10)
    assert known_authors(story) == [ASKER]
    assert shown(story) == before


@pytest.mark.parametrize(
    ("event", "is_posted"),
    [
        ({"type": "channel_archive", "channel": HELP_CHANNEL, "user": ADMIN}, False),
        ({"type": "channel_shared", "channel": HELP_CHANNEL}, False),
        (
            {
                "type": "channel_rename",
                "channel": {"id": HELP_CHANNEL, "name": "aid", "created": 1},
            },
            True,
        ),
    ],
    ids=["archived", "shared", "renamed"],
)
def test_a_channel_that_changes_before_the_post(
    anonymity: Anonymity, story: Story, event: dict[str, Any], *, is_posted: bool
) -> None:
    wait(anonymity)
    changes = {"channel_shared": {"is_ext_shared": True, "is_shared": True}}
    story.slack.channels[HELP_CHANNEL] |= changes.get(event["type"], {})
    story.event(event)
    anonymity.run()
    assert bool(story.asks()) is is_posted
    if not is_posted:
        [draft] = drafts(story)
        assert draft.state == "refused"
        assert known_authors(story) == []


def test_a_channel_that_becomes_private_keeps_it(
    anonymity: Anonymity, story: Story
) -> None:
    wait(anonymity)
    private = conversation_object(HELP_CHANNEL, "help", is_private=True)
    story.slack.channels[HELP_CHANNEL] = private
    story.clock.advance(hours=2)
    anonymity.run()
    assert story.only_ask().asker == "anonymous"


def test_a_guest_asks_only_where_guests_may(anonymity: Anonymity, story: Story) -> None:
    with story.rt.write(story.workspace) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        channel.guests_may_ask = False
    assert "errors" in json.dumps(anonymity.preview(member=GUEST))
    with story.rt.write(story.workspace) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        channel.guests_may_ask = True
    anonymity.ask(member=GUEST)
    assert known_authors(story) == [GUEST]


# Workspaces


@pytest.mark.deep
def test_the_same_ids_in_another_workspace_are_other_people(
    anonymity: Anonymity, story: Story
) -> None:
    pair = serve_two(story.rt, story.clock)
    alpha, beta = (set_up(each) for each in (pair.alpha, pair.beta))
    alpha.ask("How do I tell Zinnober customers?")
    beta.ask("How do I tell Quitten customers?", member=PEER)
    [in_alpha], [in_beta] = pair.alpha.asks(), pair.beta.asks()
    with pair.rt.read(pair.alpha.workspace) as tx:
        assert [row.ask_id for row in authors.own_links(tx, ASKER)] == [in_alpha.id]
        assert authors.own_links(tx, PEER) == []
        with pytest.raises(UserError, match="Only the person who asked"):
            authors.require_author(tx, in_beta, PEER)
    with pair.rt.write(pair.beta.workspace) as tx:
        assert [row.ask_id for row in authors.own_links(tx, PEER)] == [in_beta.id]
        authors.cut_own(tx, ASKER)
    assert len(links(story)) == 2
