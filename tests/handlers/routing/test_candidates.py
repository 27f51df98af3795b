"""The facts by which people are chosen, as they are stored."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.routing.candidates import Candidates
from bot.routing.peers import Peers, load_peers
from bot.routing.rules import Candidate, Person
from bot.workspace import channels, member_settings, sync
from models import (
    Answer,
    Ask,
    Channel,
    ExpectedExpert,
    HelpRequest,
    OutboxItem,
    UnaskedMessage,
)
from tests.conftest import NOW
from tests.factories import Story
from tests.handlers.routing.conftest import QUESTION, Routing
from tests.private_channel import DEN, NAME
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)

DAY = timedelta(days=1)
# Half past nine in Helsinki, a week after the first asks.
MONDAY = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)


def load(routing: Routing) -> Peers:
    with routing.story.rt.read(routing.story.workspace) as tx:
        return load_peers(tx)


def people(routing: Routing) -> dict[str, Person]:
    """Return those who may be asked about the last ask, by member."""
    return {member: each.person for member, each in candidates(routing).items()}


def candidates(routing: Routing) -> dict[str, Candidate]:
    with routing.story.rt.read(routing.story.workspace) as tx:
        ask = tx.session.scalars(select(Ask).order_by(Ask.id.desc()).limit(1)).one()
        channel = tx.session.get_one(Channel, ask.channel_id)
        found = Candidates(tx, tx.search, load_peers(tx), ask, channel)
        return {each.person.member: each for each in found.ranked}


def test_an_answer_counts_for_90_days(routing: Routing, story: Story):
    story.clock.now = NOW + 90 * DAY
    assert load(routing).answer_counts == {HELPER: 1, PEER: 1}
    story.clock.now += timedelta(hours=1)
    assert load(routing).answer_counts == {}


def test_each_answered_ask_counts_once_unless_the_answer_is_deleted(
    routing: Routing, story: Story
):
    ask = story.ask("Which room has a projector?")
    replies = [story.say(PEER, text, thread_ts=ask.ts) for text in ("B.", "No, C.")]
    assert load(routing).answer_counts == {HELPER: 1, PEER: 2}
    for reply in replies:
        story.delete(PEER, reply, thread_ts=ask.ts)
    assert load(routing).answer_counts == {HELPER: 1, PEER: 1}


def test_answers_in_a_private_channel_count_for_its_own_asks(
    routing: Routing, story: Story
):
    story.slack.channels[DEN] = conversation_object(DEN, NAME, is_private=True)
    story.slack.members_by_channel[DEN] = [ASKER, PEER]
    came = {"type": "member_joined_channel", "user": BOT, "channel": DEN}
    assert story.event({**came, "inviter": ADMIN}) == 200
    sync.refresh(story.rt, story.workspace, users=[ASKER, PEER], channel=DEN)
    story.command(ASKER, "/ask", "Who is invited?", channel=DEN)
    story.deliver()
    story.say(PEER, "All.", thread_ts=story.asks()[-1].ts, channel=DEN)
    peers = load(routing)
    with routing.write() as tx:
        den, public = (channels.get_or_create(tx, c).id for c in (DEN, HELP_CHANNEL))
    assert peers.counts_for(den) == Counter({PEER: 2, HELPER: 1})
    assert peers.counts_for(public) == Counter({PEER: 1, HELPER: 1})
    # It is part of their own pace.
    assert peers.answer_counts == Counter({PEER: 2, HELPER: 1})


@pytest.mark.parametrize("most", [None, 0, 2])
def test_someone_who_chose_to_be_asked_needs_no_answer(
    routing: Routing, story: Story, most: int | None
):
    sync.refresh(story.rt, story.workspace, users=[CHAMPION], channel=HELP_CHANNEL)
    with routing.write() as tx:
        member_settings.update(
            tx, CHAMPION, topics_known=["vpn"], max_requests_per_week=most
        )
    story.ask(QUESTION)
    assert (CHAMPION in people(routing)) == bool(most)


@pytest.mark.deep
def test_people_are_new_to_each_other_until_one_has_answered_the_other(
    routing: Routing, story: Story
):
    story.ask(QUESTION, member=PEER)
    assert people(routing)[HELPER].is_new_to_asker
    ask = story.ask("Which room has a projector?", member=HELPER)
    story.say(PEER, "B.", thread_ts=ask.ts)
    story.ask(QUESTION, member=PEER)
    assert not people(routing)[HELPER].is_new_to_asker
    story.ask(QUESTION, member=HELPER)
    assert not people(routing)[PEER].is_new_to_asker


def test_experts_are_those_on_the_list(routing: Routing, story: Story):
    with routing.write() as tx:
        expert = ExpectedExpert(installation_id=tx.workspace.id, member=HELPER)
        tx.session.add(expert)
    story.ask(QUESTION)
    found = people(routing)
    assert (found[HELPER].is_expert, found[PEER].is_expert) == (True, False)


@pytest.mark.deep
def test_requests_count_for_four_weeks(routing: Routing, story: Story):
    earlier = story.asks()[0].id
    with routing.write() as tx:
        request = HelpRequest(
            installation_id=tx.workspace.id,
            ask_id=earlier,
            member=PEER,
            step=1,
            reason="active",
            requested_at=MONDAY,
        )
        tx.session.add(request)
    for days, count in ((6, None), (7, 1), (27, 1), (28, 0)):
        story.clock.now = MONDAY + days * DAY
        story.ask(QUESTION)
        found = people(routing)
        assert HELPER in found
        if count is None:
            # They have had their request of the week.
            assert PEER not in found
        else:
            assert found[PEER].request_count == count
            assert found[PEER].last_requested_at == (MONDAY if count else None)


def test_deleted_answers_to_similar_asks_say_nothing(routing: Routing, story: Story):
    other = story.ask("Which room has a projector?")
    story.say(HELPER, "B.", thread_ts=other.ts)
    story.ask(QUESTION)
    assert candidates(routing)[HELPER].reason.kind == "solved"
    with routing.write() as tx:
        solution = select(Answer).filter_by(author=HELPER, is_solution=True)
        tx.session.scalars(solution).one().is_deleted = True
    assert candidates(routing)[HELPER].reason.kind == "active"


def test_who_answered_and_deleted_it_is_left_alone(routing: Routing, story: Story):
    ask = story.ask(QUESTION)
    answer = story.say(HELPER, "Wait.", thread_ts=ask.ts)
    assert HELPER not in people(routing)
    story.delete(HELPER, answer, thread_ts=ask.ts)
    assert set(people(routing)) == {PEER}


@pytest.mark.parametrize(("days", "is_free"), [(6, False), (7, True)])
def test_all_unasked_messages_of_a_week_count(
    routing: Routing, story: Story, days: int, *, is_free: bool
):
    story.set_up_workspace(unasked_per_week="1")
    story.clock.now = MONDAY
    with routing.write() as tx:
        items = select(OutboxItem).filter_by(state="sent")
        item = tx.session.scalars(items.limit(1)).one()
        tx.session.add(
            UnaskedMessage(
                item_id=item.id,
                version=item.version,
                installation_id=tx.workspace.id,
                member=HELPER,
                purpose="news",
                claimed_at=MONDAY - days * DAY,
            )
        )
    story.ask(QUESTION)
    assert (HELPER in people(routing)) == is_free
