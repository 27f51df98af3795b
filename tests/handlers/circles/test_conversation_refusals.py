"""A circle's conversation when Slack refuses, or loses, what the bot sends there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.circles import conversation
from bot.privacy import service as privacy
from bot.slack.api import NotSent, OutcomeUnknown, Rejected
from models import CircleMeeting
from tests.circles import go_to, keep
from tests.factories import Story
from tests.handlers.circles.test_conversation import (
    CHANNEL,
    GROUP,
    REFUSED,
    channel_of,
    grant,
    hours_come_to,
    inside,
    place,
    texts,
)
from tests.handlers.circles.test_conversation_changes import COMPLETE, with_words
from tests.handlers.circles.test_merges import leave
from tests.handlers.circles.test_times import chooses_time
from tests.quiet import hours_come
from tests.rows import all_rows
from tests.seasons import circle_of, press


def refuse_post(story: Story, code: str) -> None:
    """Let Slack refuse the next message; or it is lost, and can't be looked up."""
    post, history = "chat.postMessage", "conversations.history"
    story.slack.fail[post] = [Rejected(post, code)]
    if code == "lost":
        story.slack.fail[post] = [OutcomeUnknown(post, "timeout")]
        story.slack.fail[history] = [Rejected(history, "missing_scope")]


def erase(story: Story, member: str) -> None:
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, member)


def due_times(story: Story) -> list[Any]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(CircleMeeting.due_at)))


@pytest.mark.deep
@pytest.mark.parametrize(
    ("failing", "scopes", "kind"),
    [
        ({"conversations.create": [REFUSED]}, (CHANNEL, GROUP), "group"),
        ({"conversations.create": [REFUSED]}, (CHANNEL,), "alone"),
        (
            {"conversations.create": [REFUSED], "conversations.open": [REFUSED]},
            (CHANNEL, GROUP),
            "alone",
        ),
        ({}, ("chat:write",), "alone"),
    ],
)
def test_without_a_channel_a_circle_has_a_group_or_direct_messages(
    story: Story,
    program: int,
    failing: dict[str, list[Any]],
    scopes: tuple[str, ...],
    kind: str,
) -> None:
    grant(story, *scopes)
    story.slack.fail |= {method: [*errors] for method, errors in failing.items()}
    _, _, people = circle_of(story, program, 5)
    hours_come(story)
    channel = place(story).channel
    for person in people:
        introduced = [t for t in texts(story, person) if "circle is complete" in t]
        assert len(introduced) == (kind == "alone")
    assert (channel is not None) is (kind == "group")
    if channel is not None:
        assert len(texts(story, channel)) == 1


@pytest.mark.deep
@pytest.mark.parametrize("method", ["conversations.create", "conversations.invite"])
def test_a_lost_answer_makes_no_second_channel(
    story: Story, program: int, method: str
) -> None:
    grant(story, CHANNEL)
    story.slack.uninvitable = {"U0C01"}
    story.slack.fail_after[method] = [OutcomeUnknown(method, "timeout")]
    _, _, people = circle_of(story, program, 5)
    hours_come(story)
    [channel] = [c for c in story.slack.channels if c.startswith("CCIRCLE")]
    assert channel_of(story) == channel
    assert inside(story, channel) == {*people} - {"U0C01"}
    assert len(texts(story, channel)) == 1
    # A person who can't be in it is introduced alone, with what this person may see.
    assert any("Your circle is complete" in each for each in texts(story, "U0C01"))


@pytest.mark.deep
@pytest.mark.parametrize(
    "code",
    [
        *("is_archived", "too_long", "lost"),
        # To the bot they are like an archived channel.
        pytest.param("not_in_channel", marks=pytest.mark.exhaustive),
        pytest.param("channel_not_found", marks=pytest.mark.exhaustive),
    ],
)
def test_what_slack_refuses_in_the_channel_goes_to_each(
    story: Story, program: int, code: str
) -> None:
    """A member archives the channel; or Slack refuses, or loses, only one message."""
    grant(story, CHANNEL, GROUP)
    _, circle, people = circle_of(story, program, 5)
    hours_come(story)
    channel = channel_of(story)
    at = chooses_time(story, people[0], circle)
    keep(story)
    refuse_post(story, code)
    [due] = due_times(story)
    go_to(story, at - timedelta(days=2, hours=1))
    hours_come_to(story, at - timedelta(hours=2))
    assert due < story.clock.now
    for person in people:
        assert len([t for t in texts(story, person) if "coming up" in t]) == 1
    now = channel_of(story)
    assert (now != channel) is (code not in {"too_long", "lost"})
    if now != channel:
        assert story.slack.groups[now] == sorted(people)
        assert len(texts(story, now)) == 1
    go_to(story, at - timedelta(minutes=10))
    keep(story)
    assert len([t for t in texts(story, now) if "meeting_start" in t]) == 1


@pytest.mark.deep
def test_people_whose_group_is_never_opened_are_introduced(
    story: Story, program: int
) -> None:
    """Someone leaves while Slack does not answer; then it refuses the group."""
    grant(story, GROUP)
    story.slack.fail["conversations.open"] = [
        NotSent("conversations.open", "x"),
        NotSent("conversations.open", "x"),
        REFUSED,
        REFUSED,
    ]
    _, circle, people = circle_of(story, program, 5)
    leave(story, circle, people[:1])
    hours_come(story)
    assert place(story).channel is None
    for person in people[1:]:
        assert len(with_words(story, person, COMPLETE)) == 1
    assert not with_words(story, people[0], COMPLETE)


@pytest.mark.deep
@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("code", ["too_long", "is_archived", "lost"])
def test_people_are_introduced_alone_if_slack_does_not_take_the_greeting(
    story: Story, program: int, code: str
) -> None:
    grant(story, GROUP)
    opens = "conversations.open"
    story.slack.fail[opens] = [NotSent(opens, "x")]
    _, circle, people = circle_of(story, program, 5)
    refuse_post(story, code)
    hours_come(story)
    for person in people:
        assert len(with_words(story, person, COMPLETE)) == 1
    assert (place(story).channel is None) is (code == "is_archived")
    with story.rt.read(story.workspace) as tx:
        assert not conversation.has_past(tx, circle)


@pytest.mark.deep
def test_what_changes_while_slack_makes_the_channel_is_shown_there(
    story: Story, program: int
) -> None:
    """One leaves before it is there, and one is forgotten while they are invited."""
    grant(story, CHANNEL)
    create = "conversations.create"
    story.slack.fail[create] = [NotSent(create, "x")]
    _, circle, people = circle_of(story, program, 7)
    acts: dict[str, Callable[[], object]] = {
        create: lambda: press(story, people[0], "leave", circle),
        "conversations.invite": lambda: erase(story, people[2]),
    }

    def act(method: str) -> None:
        if method in acts:
            acts.pop(method)()
            story.deliver()

    story.slack.on_call = act
    hours_come(story)
    assert acts == {}
    channel = channel_of(story)
    assert inside(story, channel) == {*people} - {people[0], people[2]}
    assert people[2] not in str(all_rows(story)["peer_places"])
    [greeting] = with_words(story, channel, "This is the conversation")
    assert "0 of 5 agreed." in greeting


@pytest.mark.deep
def test_what_changes_before_slack_confirms_the_greeting_is_shown(
    story: Story, program: int
) -> None:
    """Its answer is lost: until the bot finds it in Slack, there is nothing to edit."""
    grant(story, CHANNEL)
    create, post = "conversations.create", "chat.postMessage"
    story.slack.fail[create] = [NotSent(create, "x")]
    _, circle, people = circle_of(story, program, 5)
    story.slack.fail_after[post] = [OutcomeUnknown(post, "timeout")]
    story.advance(minutes=1)
    [greeting] = story.slack.messages_to(channel_of(story))
    press(story, people[1], "agree", circle)
    story.deliver()
    assert "0 of 5 agreed." in str(greeting.blocks)
    hours_come(story)
    assert "1 of 5 agreed." in str(greeting.blocks)
    assert len(texts(story, channel_of(story))) == 1
