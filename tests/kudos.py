"""People's kudos, and their visible results."""

import json
from typing import Any

from sqlalchemy import select

from bot.kudos import allowance
from models import Kudos, KudosThanks
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER

FOR = "for the answer on retries, which saved my day"
REASON = FOR.removeprefix("for ")
BEN, CHI = f"<@{HELPER}|ben>", f"<@{PEER}|chi>"


def answered(response: Any) -> str:
    """Return the command's private response."""
    assert response.status == 200
    return str(json.loads(response.body)["text"])


def thanks(story: Story) -> set[tuple[str, str]]:
    """Return the pairs of giver and recipient in the database."""
    with story.rt.read_session() as session:
        return {
            (row.giver, row.recipient) for row in session.scalars(select(KudosThanks))
        }


def kudos(story: Story) -> list[Kudos]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(Kudos).order_by(Kudos.id)))


def give(
    story: Story, text: str = f"{BEN} {FOR}", giver: str = ASKER, **more: Any
) -> str:
    receipt = answered(story.command(giver, "/kudos", text, **more))
    story.deliver()
    return receipt


def form(story: Story, giver: str = ASKER, **more: Any) -> dict[str, Any]:
    """Open the form by the command with these arguments; return it."""
    assert story.command(giver, "/kudos", **more).body == ""
    return dict(story.slack.views[-1][1])


def filled(**more: Any) -> dict[str, Any]:
    return {
        "people": [HELPER],
        "reason": REASON,
        "visibility": "public",
        "channel": HELP_CHANNEL,
        **more,
    }


def admins_allowance(story: Story, a_day: int) -> None:
    with story.rt.write(story.rt.workspaces.only) as tx:
        allowance.set_daily(tx, a_day)
