"""A channel of ten people that takes asks without a name."""

import json
from typing import Any

import pytest
from sqlalchemy import select

import jobs.anonymity
from bot.anonymity import authors
from bot.config.mentors import SMALL_WORKSPACE
from bot.feature import Features
from bot.features import load_features
from bot.workspace import channels, sync, workspace_settings
from models import Ask
from tests.ask_forms import open_form
from tests.factories import Story
from tests.handlers.anonymity.keys import KEYS
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

CROWD = [f"U0C{number:02}" for number in range(6)]
PEOPLE = [ASKER, HELPER, PEER, ADMIN, *CROWD]
QUESTION = "How do I tell a customer that we are late?"


@pytest.fixture
def features() -> Features:
    return load_features(SMALL_WORKSPACE, anonymity_keys=KEYS)


class Anonymity:
    """Asks without a name, as a member does."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def preview(
        self,
        title: str = QUESTION,
        details: str = "",
        *,
        member: str = ASKER,
        channel: str = HELP_CHANNEL,
        view: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Fill in the form without a name; return the page that follows, or errors."""
        view = view or open_form(self.story)
        values = {
            "title": title,
            "details": details,
            "channel": channel,
            "anonymous": ["yes"],
        }
        body = json.loads(self.story.submit(member, view, values).body)
        return dict(body["view"] if body["response_action"] == "push" else body)

    def press_post(
        self, preview: dict[str, Any], *, member: str = ASKER, view_id: str = ""
    ) -> dict[str, Any]:
        body = self.story.submit(member, preview, {}, view_id=view_id or None).body
        return dict(json.loads(body))

    def run(self, **duration: float) -> None:
        """Let the time pass until a draft is due, and post it."""
        self.story.clock.advance(**(duration or {"minutes": 5}))
        jobs.anonymity.post_asks(self.story.rt, self.story.worker)
        self.story.deliver()

    def ask(self, title: str = QUESTION, *, member: str = ASKER) -> Any:
        """Ask without a name, and return the bot's message."""
        self.press_post(self.preview(title, member=member), member=member)
        self.run()
        return self.story.slack.messages_to(HELP_CHANNEL)[-1]


def known_authors(story: Story) -> list[str]:
    """Return the authors to whom links lead, in the order of their asks."""
    with story.rt.read(story.workspace) as tx:
        asks = tx.session.scalars(select(Ask).order_by(Ask.id)).all()
        return [author for ask in asks if (author := authors.author_of(tx, ask))]


def set_up(story: Story) -> Anonymity:
    story.slack.people |= {member: user_object(member) for member in CROWD}
    everyone = [*PEOPLE, CHAMPION, GUEST]
    story.slack.members_by_channel[HELP_CHANNEL] = everyone
    sync.refresh(story.rt, story.workspace, users=everyone, channel=HELP_CHANNEL)
    with story.rt.write(story.workspace) as tx:
        workspace_settings.update(tx, anonymous_asks=True)
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        channel.anonymous_asks = "on"
    return Anonymity(story)


@pytest.fixture
def anonymity(story: Story) -> Anonymity:
    return set_up(story)
