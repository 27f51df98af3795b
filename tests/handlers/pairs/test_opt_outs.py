"""Those who take part no longer: what is stored of it goes after a year."""

from typing import Any

import pytest
from sqlalchemy import select

from jobs import privacy
from models import BuddyOffer, ExchangeWish, PairOptIn
from tests import buddies, exchange
from tests.factories import Story
from tests.pairs import takes_part
from tests.slack_payloads import ASKER, HELPER


@pytest.mark.deep
def test_a_no_is_deleted_a_year_after_it(story: Story) -> None:
    """A yes stays, however old; and a new yes after the no counts."""
    buddies.begin(story, ASKER, HELPER)
    exchange.begin(story)
    takes_part(story, ASKER, HELPER)
    kinds = ("buddy", BuddyOffer), ("exchange", ExchangeWish), ("pair", PairOptIn)
    story.clock.advance(days=1)
    for kind, _ in kinds:
        story.click(HELPER, f"{kind}_stop", kind, view=buddies.HOME)

    def stored(model: Any) -> dict[str, bool]:
        privacy.purge_expired(story.rt, story.worker)
        with story.rt.read_session() as session:
            return {row.member: row.is_in for row in session.scalars(select(model))}

    for days, expected in (
        (364, {ASKER: True, HELPER: False}),
        (2, {ASKER: True}),
    ):
        story.clock.advance(days=days)
        for _, model in kinds:
            assert stored(model) == expected, model
    story.click(HELPER, "pair_join", "coffee", view=buddies.HOME)
    assert stored(PairOptIn) == {ASKER: True, HELPER: True}
