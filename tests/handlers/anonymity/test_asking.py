"""Ask without a name: the preview, the random time, and the message."""

import json
from typing import Any

from sqlalchemy import select

import jobs.anonymity
import jobs.workspace
from bot.anonymity.forms import FIELD
from bot.slack.api import Rejected
from bot.workspace import channels, workspace_settings
from models import AnonymousDraft, AnonymousLink, Member
from tests.ask_forms import block_ids, open_form, with_typed
from tests.asks import rendered
from tests.factories import Story
from tests.handlers.anonymity.conftest import PEOPLE, QUESTION, Anonymity
from tests.home import opens
from tests.rows import all_rows
from tests.slack_payloads import ASKER, HELP_CHANNEL, PEER, user_object

NEWCOMERS = ["U0NEW1", "U0NEW2", "U0NEW3"]


def members_stored(story: Story) -> list[tuple[str, Any]]:
    """Return the ids of all members, and when their profiles were fetched."""
    with story.rt.read_session() as session:
        rows = session.execute(
            select(Member.slack_id, Member.fetched_at).order_by(Member.id)
        )
        return [(slack_id, fetched_at) for slack_id, fetched_at in rows]


def test_an_ask_without_a_name_is_by_someone(
    anonymity: Anonymity, story: Story
) -> None:
    preview = anonymity.preview()
    assert "This is how it will look in #help" in json.dumps(preview)
    done = anonymity.press_post(preview)
    assert done["response_action"] == "update"
    assert story.asks() == []
    anonymity.run()
    assert "Asked by someone" in rendered(story)
    assert ASKER not in rendered(story)
    assert story.only_ask().asker == "anonymous"


def test_it_is_posted_at_a_random_time_within_five_minutes(
    anonymity: Anonymity, story: Story
) -> None:
    pressed_at = story.clock.now
    anonymity.press_post(anonymity.preview())
    with story.rt.read_session() as session:
        draft = session.scalars(select(AnonymousDraft)).one()
    assert 0 <= (draft.due_at - pressed_at).total_seconds() <= 300
    anonymity.run()
    with story.rt.read_session() as session:
        assert session.scalars(select(AnonymousDraft)).all() == []
        assert session.scalars(select(AnonymousLink)).one().ask_id


def test_a_repeated_press_posts_once(anonymity: Anonymity, story: Story) -> None:
    preview = anonymity.preview()
    for _ in range(2):
        anonymity.press_post(preview, view_id="V7")
    anonymity.run()
    anonymity.press_post(preview, view_id="V7")
    anonymity.run()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1
    assert story.only_ask().title == QUESTION


def errors(body: dict[str, Any]) -> dict[str, str]:
    assert body["response_action"] == "errors", body
    return dict(body["errors"])


def test_a_channel_that_does_not_take_them_refuses_it(
    anonymity: Anonymity, story: Story
) -> None:
    view = open_form(story)
    assert "anonymous" in block_ids(view)
    story.set_up_channel(anonymous_asks="off")
    assert "does not take" in errors(anonymity.preview(view=view))["channel"]
    assert "anonymous" not in block_ids(open_form(story))
    story.set_up_channel(anonymous_asks="on")
    story.set_up_workspace(anonymous_asks=[])
    assert "does not take" in errors(anonymity.preview(view=view))["channel"]
    assert "anonymous" not in block_ids(open_form(story))
    anonymity.run()
    assert story.asks() == []


def test_people_who_are_not_in_the_channel_are_refused(
    anonymity: Anonymity, story: Story
) -> None:
    preview = anonymity.preview()
    story.slack.members_by_channel[HELP_CHANNEL].remove(ASKER)
    assert "not in that channel" in errors(anonymity.preview())["channel"]
    assert "not in that channel" in json.dumps(anonymity.press_post(preview))
    anonymity.run()
    assert story.asks() == []


def test_too_small_a_channel_is_refused(anonymity: Anonymity, story: Story) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = PEOPLE[:7]
    assert "too few people" in errors(anonymity.preview())["channel"]
    story.slack.members_by_channel[HELP_CHANNEL] = PEOPLE[:8]
    assert "Could people find out" in json.dumps(anonymity.preview())


def test_a_third_ask_of_the_day_is_refused(anonymity: Anonymity, story: Story) -> None:
    for number in range(2):
        anonymity.ask(f"How do I mend the build {number}?")
    refusal = errors(anonymity.preview())
    assert "2 times a day" in json.dumps(refusal)
    anonymity.ask("How do I mend it as another person?", member=PEER)
    story.clock.advance(days=1)
    anonymity.ask("How do I mend the build today?")
    assert len(story.asks()) == 4


def test_names_of_people_are_refused(anonymity: Anonymity) -> None:
    refusal = errors(anonymity.preview("How do I tell @Ben about it?"))
    assert "Leave out the names" in refusal["title"]
    refusal = errors(anonymity.preview(details="See what @chi did."))
    assert "Leave out the names" in refusal["details"]
    assert "type" in anonymity.preview("How do I use @property in Python?")


# Where the same words stand under one's name


def test_a_question_written_to_the_bot_is_asked_with_a_name(
    anonymity: Anonymity, story: Story
) -> None:
    """The direct message stays in Slack, and the bot's reply in the outbox."""
    ts = "1772442000.000100"
    written = {"ts": ts, "user": ASKER, "text": QUESTION}
    story.slack.thread_messages["D0ANA", ts] = [written]
    story.click(ASKER, "ask_written", ts, channel="D0ANA")
    form = story.slack.views[-1][1]
    assert QUESTION in json.dumps(form)
    assert FIELD not in block_ids(form)
    choice: dict[str, Any] = {"view": form, "selected_conversation": HELP_CHANNEL}
    with story.rt.write(story.workspace) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        channel.topics = ["printers"]
    story.click(ASKER, "ask_channel", **choice)
    redrawn = story.slack.views[-1][1]
    assert "printers" in json.dumps(redrawn)
    assert FIELD not in block_ids(redrawn)


# People who are new to the bot


def test_nothing_about_a_newcomer_is_stored_when_they_ask(
    anonymity: Anonymity, story: Story
) -> None:
    """The bot meets everyone in the channel before, all at the same time."""
    for member in NEWCOMERS:
        story.slack.people[member] = user_object(member, team_id=story.team)
    story.slack.members_by_channel[HELP_CHANNEL] += NEWCOMERS
    jobs.anonymity.add_channel_members(story.rt, story.worker)
    jobs.workspace.fetch_new_users(story.rt, story.worker)
    before = members_stored(story)
    assert {*NEWCOMERS} <= {slack_id for slack_id, _ in before}
    story.advance(hours=3)
    anonymity.ask(member=NEWCOMERS[1])
    assert story.only_ask().asker == "anonymous"
    assert members_stored(story) == before


def test_only_where_such_asks_are_taken_the_bot_meets_everyone(
    anonymity: Anonymity, story: Story
) -> None:
    before = members_stored(story)
    story.slack.members_by_channel[HELP_CHANNEL] += NEWCOMERS
    with story.rt.write(story.workspace) as tx:
        workspace_settings.update(tx, anonymous_asks=False)
    jobs.anonymity.add_channel_members(story.rt, story.worker)
    assert members_stored(story) == before


def test_a_channel_that_slack_refuses_is_tried_again(
    anonymity: Anonymity, story: Story
) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] += NEWCOMERS
    error = Rejected("conversations.members", "internal_error")
    story.slack.fail["conversations.members"] = [error]
    jobs.anonymity.add_channel_members(story.rt, story.worker)
    assert NEWCOMERS[0] not in dict(members_stored(story))
    story.clock.advance(minutes=10)
    jobs.anonymity.add_channel_members(story.rt, story.worker)
    assert NEWCOMERS[0] in dict(members_stored(story))


def test_the_form_stores_nothing_in_a_private_channel(
    anonymity: Anonymity, story: Story
) -> None:
    """Slack's answer, who is in the channel, would have the time of the typing."""
    with story.rt.write(story.workspace) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        channel.is_private, channel.topics = True, ["printers"]
    form = with_typed(open_form(story), QUESTION)
    before = all_rows(story, but=())
    typed: dict[str, Any] = {"view": form, "selected_conversation": HELP_CHANNEL}
    assert story.click(ASKER, "ask_channel", **typed).status == 200
    assert story.click(ASKER, "ask_title", QUESTION, view=form).status == 200
    anonymity.preview(view=form)
    assert all_rows(story, but=()) == before
    opens(story, ASKER)
    story.click(ASKER, "ask_channel", **typed)
    assert "printers" in json.dumps(story.slack.views[-1][1])
