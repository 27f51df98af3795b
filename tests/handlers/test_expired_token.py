"""A person opens a form while the workspace's token has expired."""

from datetime import timedelta
from functools import partial

import pytest

from bot.outbox.refusals import TokenVersion
from bot.slack.api import Rejected
from bot.workspace import tokens
from models import WorkspaceToken
from tests.factories import Story
from tests.slack_payloads import ASKER
from tests.workspace import add_other_workspace

VERSION = 7


def store_token(story: Story, installation_id: int, *, hours_left: float) -> None:
    with story.rt.write_session.begin() as session:
        session.add(
            WorkspaceToken(
                installation_id=installation_id,
                access_token=b"sealed",
                refresh_token=b"sealed",
                expires_at=story.clock() + timedelta(hours=hours_left),
                version=VERSION,
                installed_at=story.clock(),
            )
        )


def next_renewals(story: Story) -> list[int]:
    """Claim each token that is to be renewed; return the installations in order."""
    now = story.clock()
    with story.rt.write_session.begin() as session:
        claim = partial(tokens.claim_refresh, session, begun_at=now, now=now)
        return list(iter(claim, None))


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize(
    ("used", "typed", "refused", "is_first"),
    [
        (VERSION, "", "views.open", True),
        # A rule needs the person's profile, and says no without it.
        (VERSION, "How is it done?", "users.info", True),
        # It was replaced meanwhile.
        (VERSION - 1, "", "views.open", False),
    ],
)
def test_its_token_is_renewed_before_all_others(
    story: Story, used: int, typed: str, refused: str, is_first: bool
):
    mine = story.rt.workspaces.only
    with story.rt.write_session.begin() as session:
        other = add_other_workspace(session).id
    # Each has expired, the other one earlier; here the clock was wrong.
    store_token(story, other, hours_left=-9)
    store_token(story, mine.id, hours_left=9)
    served = (mine, story.slack, TokenVersion(mine.id, used))
    story.rt.workspaces.add_all([served])
    story.slack.fail[refused] = [Rejected(refused, "token_expired")]
    answer = story.command(ASKER, "/ask", typed)
    assert "try again" in str(answer.body)
    assert next_renewals(story) == ([mine.id, other] if is_first else [other])
