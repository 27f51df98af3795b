"""Ask without a name: the preview, the random time, and the message."""

import json

from sqlalchemy import select

from models import AnonymousDraft, AnonymousLink
from tests.asks import rendered
from tests.factories import Story
from tests.handlers.anonymity.conftest import QUESTION, Anonymity
from tests.slack_payloads import ASKER, HELP_CHANNEL


def test_an_ask_without_a_name_is_somebodys(anonymity: Anonymity, story: Story) -> None:
    preview = anonymity.preview()
    assert "This is how it will look in #help" in json.dumps(preview)
    done = anonymity.press_post(preview)
    assert done["response_action"] == "update"
    assert story.asks() == []
    anonymity.run()
    assert "Asked by somebody" in rendered(story)
    assert ASKER not in rendered(story)
    assert story.only_ask().asker == "somebody"


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
