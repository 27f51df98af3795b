"""An erased member vanishes from kudos, check-ins and mentor credits as well."""

import json

import pytest
from sqlalchemy import func, select

from bot.privacy import service as privacy
from models import KudosThanks
from tests import mentors
from tests.checkins import share
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    form_values,
)

NAMES = {ASKER: "Ana", HELPER: "Ben", PEER: "Chi", CHAMPION: "Dan"}
REASON = "the answer on retries, it saved my week"


def forget(story: Story, member: str) -> None:
    with story.rt.write(story.rt.workspaces.only) as tx:
        privacy.erase(tx, member)
    for _ in range(3):
        story.advance(minutes=1)


def visible_text(story: Story) -> str:
    """Return the visible text of all of the bot's messages."""
    return json.dumps(
        [[m.text, m.blocks] for m in story.slack.messages], ensure_ascii=False
    )


def is_named(story: Story, member: str) -> bool:
    return NAMES[member] in visible_text(story) or member in visible_text(story)


def thanks(story: Story) -> int:
    with story.rt.read_session() as session:
        return session.scalar(select(func.count()).select_from(KudosThanks)) or 0


@pytest.mark.parametrize("member", [ASKER, HELPER, CHAMPION])
def test_kudos_name_neither_giver_recipient_nor_joiners(story: Story, member: str):
    story.command(ASKER, "/kudos", f"<@{HELPER}> <@{PEER}> for {REASON}")
    story.deliver()
    [post] = story.slack.messages_to(HELP_CHANNEL)
    story.react(CHAMPION, post.ts, "raised_hands", author=BOT)
    story.advance(minutes=2)
    before = thanks(story)
    assert before == 4
    # The number of joiners is shown, and no name.
    assert is_named(story, member) is (member != CHAMPION)
    forget(story, member)
    assert not is_named(story, member)
    assert (REASON in visible_text(story)) is (member != ASKER)
    assert thanks(story) == before
    # Other people are still named.
    assert is_named(story, PEER)


@pytest.mark.parametrize("member", [ASKER, HELPER])
def test_private_kudos_are_redacted_or_deleted(story: Story, member: str):
    story.command(ASKER, "/kudos")
    view = story.slack.views[-1][1]
    values = form_values(view)
    values |= {"people": [HELPER], "reason": REASON}
    [visible] = [name for name in values if "private" in name or name == "visibility"]
    options = next(b for b in view["blocks"] if b.get("block_id") == visible)
    [private] = [
        option["value"]
        for option in options["element"]["options"]
        if "rivate" in str(option)
    ]
    kind = options["element"]["type"]
    values[visible] = private if kind == "radio_buttons" else [private]
    assert not story.submit(ASKER, view, values).body
    story.advance(minutes=2)
    assert REASON in visible_text(story)
    forget(story, member)
    assert not is_named(story, member)
    assert REASON not in visible_text(story)


def test_a_check_in_response_is_deleted(story: Story):
    round_ = story.post_round()
    share(story, ASKER, round_, working_on="The parser", stuck_on="Types")
    share(story, HELPER, round_, working_on="The printer")
    story.advance(minutes=1)
    assert is_named(story, ASKER)
    forget(story, ASKER)
    assert not is_named(story, ASKER)
    assert "The parser" not in visible_text(story)
    assert "Types" not in visible_text(story)
    assert "The printer" in visible_text(story)


@pytest.mark.parametrize("member", [HELPER, ASKER])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_a_credit_names_neither_the_mentor_nor_the_people_helped(
    story: Story, member: str
):
    mentors.help_out(story)
    mentors.on_friday(story)
    mentors.choose(story, "mentor_tell")
    story.advance(minutes=2)
    assert "Thank you, Ben!" in visible_text(story)
    forget(story, member)
    assert not is_named(story, member)
    assert ("Thank you, Ben!" in visible_text(story)) is (member != HELPER)
