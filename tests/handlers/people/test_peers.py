"""*Your peers* on the Home tab: who they are, and what nobody else may learn."""

import json

from bot.people import exclusions, meetings
from models import Channel
from tests.factories import Story
from tests.home import opens
from tests.pairs import people_page
from tests.people import join_program
from tests.personal_data import forget
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
)


def solves(story: Story, title: str, asker: str, author: str) -> None:
    ask = story.ask(title, member=asker)
    answer = story.say(author, "So.", thread_ts=ask.ts)
    story.react(asker, answer, "white_check_mark")
    story.deliver()


def set_private(story: Story, is_private: bool) -> None:
    with story.rt.write(story.workspace) as tx:
        channel = tx.session.query(Channel).filter_by(slack_id=HELP_CHANNEL).one()
        channel.is_private = is_private


def lines(story: Story, member: str) -> list[str]:
    """Return the lines below *Your peers*, with people by their ids."""
    people_page(story, member)
    blocks = story.slack.homes[member]["blocks"]
    heads = [block.get("text", {}).get("text") for block in blocks]
    if "Your peers" not in heads:
        return []
    return [
        "".join(
            part.get("text") or part["user_id"]
            for part in block["elements"][0]["elements"]
        )
        for block in blocks[heads.index("Your peers") + 2 :]
        if block["type"] == "rich_text"
    ]


def test_peers_are_shown_by_topic_to_the_member_alone(story: Story) -> None:
    assert "home_page_people" not in opens(story, ASKER)
    story.change_my_settings(ASKER, topics_known="dbt", topics_wanted="Kafka")
    solves(story, "How do I restart Kafka?", ASKER, HELPER)
    solves(story, "Is dbt slow?", PEER, ASKER)
    solves(story, "Why is the door shut?", ASKER, PEER)
    # An answer that did not help is none.
    ask = story.ask("How do I paint?", member=ASKER)
    story.say("U0LATE", "No idea.", thread_ts=ask.ts)
    with story.rt.write(story.workspace) as tx:
        meetings.record(tx, {ASKER, "U0MET", "U0GONE"}, met_at=tx.now)
    join_program(story, "U0MET", "U0GONE", "U0LATE")
    story.slack.people["U0GONE"]["deleted"] = True
    story.event({"type": "user_change", "user": story.slack.people["U0GONE"]})
    assert lines(story, ASKER) == [
        f"dbt: {PEER}",
        f"Kafka: {HELPER}",
        "Met: U0MET",
    ]
    assert lines(story, HELPER) == [f"Through an ask: {ASKER}"]
    assert "U0MET" not in json.dumps(story.slack.homes[HELPER])
    # The command is about what they can do; for that they join a program first.
    refused = story.command(ASKER, "/backswing", "pairs").body
    assert "program" in refused
    assert "Your peers" not in refused
    # Someone whom they don't want to meet is left out, and sees no difference.
    with story.rt.write(story.workspace) as tx:
        exclusions.exclude(tx, ASKER, HELPER, source="own")
    assert f"Kafka: {HELPER}" not in lines(story, ASKER)
    assert lines(story, HELPER) == [f"Through an ask: {ASKER}"]


def test_nothing_comes_from_where_the_member_can_not_look(story: Story) -> None:
    solves(story, "How do I stop the Xylophone?", ASKER, HELPER)
    assert lines(story, ASKER) == [f"Through an ask: {HELPER}"]
    set_private(story, True)
    assert lines(story, HELPER) == []
    set_private(story, False)
    assert lines(story, HELPER) == [f"Through an ask: {ASKER}"]
    # Guests see only their own things.
    story.slack.people[HELPER]["is_restricted"] = True
    story.event({"type": "user_change", "user": story.slack.people[HELPER]})
    assert lines(story, HELPER) == []
    # Who is forgotten is nobody's peer.
    forget(story, HELPER)
    assert lines(story, ASKER) == []
