"""Places where the bot writes to a few people, in Slack and in the database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot import features as bot_features
from bot.feature import Feature, Features
from bot.people import places
from bot.privacy import service as privacy
from bot.runtime import Transaction
from bot.slack.api import NotSent, OutcomeUnknown, RateLimited, Rejected, SlackError
from bot.slack.client import SlackClient
from bot.workspace import installations
from cli.manifest import manifest
from models import Installation, PeerPlace
from sandbox import Sandbox
from tests.factories import Story
from tests.people import choose, join_program
from tests.rows import all_rows
from tests.slack_payloads import ADMIN, ASKER, BOT, HELPER, PEER, TEAM, user_object

SUBJECT = "pair:7"


class Opened:
    """A feature that remembers the places that were opened."""

    def __init__(self) -> None:
        self.places: list[tuple[str, str | None, list[str]]] = []

    def on_place_opened(self, _tx: Transaction, place: PeerPlace) -> None:
        self.places.append((place.subject, place.channel, [*places.recipients(place)]))


@pytest.fixture
def opened() -> Opened:
    return Opened()


@pytest.fixture
def features(opened: Opened) -> Features:
    feature = Feature(name="listening", on_place_opened=opened.on_place_opened)
    return Features((*bot_features.FEATURES, feature))


def grant(story: Story, *scopes: str) -> None:
    with story.rt.write(story.workspace) as tx:
        tx.session.get_one(Installation, story.workspace.id).scopes = [*scopes]


def open_place(story: Story, *people: str) -> None:
    with story.rt.write(story.workspace) as tx:
        places.open_place(tx, SUBJECT, people)


def test_people_get_a_group_where_the_workspace_allows_it(
    story: Story, opened: Opened
) -> None:
    grant(story, "chat:write", "mpim:write")
    open_place(story, HELPER, ASKER, HELPER)
    assert opened.places == []
    story.deliver()
    [(group, members)] = story.slack.groups.items()
    assert members == sorted([ASKER, HELPER])
    assert opened.places == [(SUBJECT, group, [group])]
    with story.rt.read(story.workspace) as tx:
        place = places.latest(tx, SUBJECT)
        assert place is not None
        assert places.readers(place, group) == sorted([ASKER, HELPER])


@pytest.mark.parametrize(
    ("scopes", "people"),
    [
        ((), (ASKER, HELPER)),
        (("chat:write", "im:write"), (ASKER, HELPER)),
        (("mpim:write",), (ASKER,)),
        (("mpim:write",), tuple(f"U0MANY{n}" for n in range(9))),
    ],
)
def test_others_are_written_to_alone(
    story: Story, opened: Opened, scopes: tuple[str, ...], people: tuple[str, ...]
) -> None:
    grant(story, *scopes)
    open_place(story, *people)
    assert opened.places == [(SUBJECT, None, sorted(people))]
    story.deliver()
    assert "conversations.open" not in story.slack.calls
    with story.rt.read(story.workspace) as tx:
        place = places.latest(tx, SUBJECT)
        assert place is not None
        assert [places.readers(place, each) for each in people] == [[p] for p in people]


@pytest.mark.parametrize("code", ["missing_scope", "user_disabled", "restricted"])
def test_people_whose_group_slack_refuses_are_written_to_alone(
    story: Story, opened: Opened, code: str
) -> None:
    grant(story, "mpim:write")
    story.slack.fail["conversations.open"] = [Rejected("conversations.open", code)]
    open_place(story, ASKER, HELPER)
    story.deliver()
    assert opened.places == [(SUBJECT, None, [ASKER, HELPER])]


@pytest.mark.parametrize(
    "error",
    [
        NotSent("conversations.open", "connection"),
        OutcomeUnknown("conversations.open", "timeout"),
        RateLimited("conversations.open", 30),
    ],
)
@pytest.mark.parametrize("is_done", [False, True])
def test_a_lost_answer_makes_no_second_group(
    story: Story, opened: Opened, error: SlackError, is_done: bool
) -> None:
    grant(story, "mpim:write")
    failing = story.slack.fail_after if is_done else story.slack.fail
    failing["conversations.open"] = [error]
    open_place(story, ASKER, HELPER)
    story.deliver()
    assert opened.places == []
    story.advance(minutes=1)
    [group] = story.slack.groups
    assert opened.places == [(SUBJECT, group, [group])]


def test_somebody_who_was_forgotten_meanwhile_is_left_out(
    story: Story, opened: Opened
) -> None:
    grant(story, "mpim:write")
    open_place(story, ASKER, HELPER, PEER)
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, ASKER)
    story.deliver()
    assert [*story.slack.groups.values()] == [sorted([HELPER, PEER])]
    [(_, group, _)] = opened.places
    with story.rt.read(story.workspace) as tx:
        place = places.latest(tx, SUBJECT)
        assert place is not None
        assert group is not None
        assert places.readers(place, group) == sorted([HELPER, PEER])


def test_a_later_place_replaces_an_earlier_one(story: Story, opened: Opened) -> None:
    grant(story, "mpim:write")
    open_place(story, ASKER, HELPER, PEER)
    story.deliver()
    open_place(story, ASKER, PEER)
    story.deliver()
    with story.rt.read(story.workspace) as tx:
        place = places.latest(tx, SUBJECT)
        assert place is not None
        assert place.people == sorted([ASKER, PEER])
        assert places.latest(tx, "pair:8") is None
    assert len(opened.places) == 2


def test_people_who_come_back_are_invited_again(story: Story, opened: Opened) -> None:
    """One could not be invited, as a guest; one had left the channel."""
    grant(story, places.CHANNELS_SCOPE)
    people = [ASKER, HELPER, PEER]
    story.slack.uninvitable = {HELPER}
    with story.rt.write(story.workspace) as tx:
        assert len(places.open_place(tx, "pair:6", people, name="x" * 90).name) == 80
        places.open_place(tx, SUBJECT, people, name="circle")
    story.deliver()
    [_, (_, channel, _)] = opened.places
    assert channel is not None

    def set_people(*wanted: str) -> list[str]:
        with story.rt.write(story.workspace) as tx:
            place = places.latest(tx, SUBJECT)
            assert place is not None
            places.set_people(tx, place, wanted)
        story.deliver()
        with story.rt.read(story.workspace) as tx:
            place = places.latest(tx, SUBJECT)
            assert place is not None
            return [*places.recipients(place)]

    story.slack.members_by_channel[channel].remove(PEER)
    left = {"type": "member_left_channel", "user": PEER, "channel": channel}
    assert story.event(left) == 200
    assert set_people(*people) == [channel, HELPER, PEER]
    assert set_people(*people, ADMIN) == [channel, HELPER, PEER]
    assert PEER not in story.slack.members_by_channel[channel]
    # They leave the circle, and come back: nobody has to be taken out.
    assert set_people(ASKER, HELPER, ADMIN) == [channel, HELPER]
    assert set_people(*people, ADMIN) == [channel, HELPER]
    assert set_people(ASKER) == [channel]
    assert set_people(*people) == [channel, HELPER]
    # Later the guest may be there: someone who is in the channel invites them.
    joined = {"type": "member_joined_channel", "user": HELPER, "channel": channel}
    assert story.event(joined | {"inviter": ASKER, "channel_type": "G"}) == 200
    assert set_people(*people) == [channel]


def recipients(story: Story) -> list[str]:
    with story.rt.read(story.workspace) as tx:
        place = places.latest(tx, SUBJECT)
        assert place is not None
        return [*places.recipients(place)]


def channel_for(story: Story, opened: Opened, *people: str) -> str:
    grant(story, places.CHANNELS_SCOPE, places.GROUPS_SCOPE)
    with story.rt.write(story.workspace) as tx:
        places.open_place(tx, SUBJECT, people, name="circle")
    story.deliver()
    [(_, channel, _)] = opened.places
    assert channel is not None
    return channel


def membership_event(
    story: Story, kind: str, channel: str, seconds: int, *, member: str = HELPER
) -> None:
    """Let Slack deliver that a person left or joined, so long after now."""
    at = int(story.clock().timestamp()) + seconds
    event = {"user": member, "channel": channel, "event_ts": f"{at}.000001"}
    assert story.event(event | {"type": f"member_{kind}_channel"}) == 200


@pytest.mark.deep_on_postgresql
def test_the_last_event_of_a_person_counts_in_whatever_order(
    story: Story, opened: Opened
) -> None:
    people = (ASKER, HELPER, PEER)
    channel = channel_for(story, opened, *people)

    def event(kind: str, seconds: int, **more: str) -> list[str]:
        membership_event(story, kind, channel, seconds, **more)
        return recipients(story)

    # They left another time, before the bot invited them again.
    assert event("left", -60) == [channel]
    assert event("left", 20) == [channel, HELPER]
    assert event("joined", 10) == [channel, HELPER]
    assert event("joined", 30) == [channel]
    assert event("left", 25) == [channel]
    assert event("left", 40) == [channel, HELPER]
    assert event("left", 40) == [channel, HELPER]
    assert event("left", 50, member=ADMIN) == [channel, HELPER]
    assert ADMIN not in str(all_rows(story)["peer_places"])
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, HELPER)
    assert HELPER not in str(all_rows(story)["peer_places"])


@pytest.mark.parametrize(
    ("events", "alone"),
    [
        ((("joined", 1), ("left", 2)), [PEER]),
        ((("left", 2), ("joined", 1)), [PEER]),
        # They had been in the channel before.
        ((("left", -5),), []),
        ((("left", -5), ("joined", 1)), []),
    ],
)
@pytest.mark.deep_on_postgresql
def test_who_leaves_while_the_bot_invites_them_reads_alone(
    story: Story, opened: Opened, events: tuple[tuple[str, int], ...], alone: list[str]
) -> None:
    channel = channel_for(story, opened, ASKER, HELPER)

    def deliver(method: str) -> None:
        if method == "conversations.invite":
            for kind, seconds in events:
                membership_event(story, kind, channel, seconds, member=PEER)

    story.slack.on_call = deliver
    with story.rt.write(story.workspace) as tx:
        place = places.latest(tx, SUBJECT)
        assert place is not None
        places.set_people(tx, place, [ASKER, HELPER, PEER])
    story.deliver()
    assert recipients(story) == [channel, *alone]


def test_people_can_leave_a_group_that_one_of_them_made_a_channel(
    story: Story, opened: Opened
) -> None:
    grant(story, places.GROUPS_SCOPE)
    open_place(story, ASKER, HELPER, PEER)
    story.deliver()
    [(_, group, _)] = opened.places
    assert group is not None
    moved = {"old_channel_id": group, "new_channel_id": "C0MADE"}
    assert story.event({"type": "channel_id_changed", **moved}) == 200
    assert recipients(story) == ["C0MADE"]
    membership_event(story, "left", "C0MADE", 5)
    assert recipients(story) == ["C0MADE", HELPER]


def test_a_channel_that_nobody_can_be_in_becomes_a_group(
    story: Story, opened: Opened
) -> None:
    story.slack.uninvitable = {ASKER, HELPER}
    group = channel_for(story, opened, ASKER, HELPER)
    assert story.slack.groups == {group: [ASKER, HELPER]}
    assert recipients(story) == [group]


@pytest.mark.deep_on_postgresql
def test_the_scopes_follow_slack(story: Story) -> None:
    def scopes() -> list[str]:
        with story.rt.read_session() as session:
            return session.scalars(select(Installation.scopes)).one()

    identity = {
        "team_id": TEAM,
        "bot_id": "B0",
        "user_id": BOT,
        "url": "https://peers.slack.test/",
        "scopes": "mpim:write,chat:write",
    }
    story.slack.bot_identity = identity
    sessions = story.rt.write_session
    installations.install(sessions, story.slack, now=story.clock())
    assert scopes() == ["chat:write", "mpim:write"]
    story.slack.bot_identity = identity | {"scopes": "chat:write"}
    installations.check_token(
        sessions, story.slack, [story.workspace], token=None, now=story.clock()
    )
    assert scopes() == ["chat:write"]


class TestTimes:
    """Nine in the morning, UTC, on a Monday, is eleven in Helsinki."""

    def times(self, story: Story, *people: str) -> datetime:
        with story.rt.read(story.workspace) as tx:
            at = story.clock().replace(hour=9, minute=0, second=0, microsecond=0)
            return places.contact_time(replace(tx, now=at), people)

    def test_a_time_suits_all(self, story: Story) -> None:
        story.slack.people[HELPER] = user_object(HELPER, tz="America/New_York")
        join_program(story, ASKER, HELPER)
        at = self.times(story, ASKER, HELPER)
        # Nine in New York is four in the afternoon in Helsinki.
        assert (at.hour, at.date()) == (14, story.clock().date())
        assert self.times(story, ASKER).hour == 9

    def test_without_a_common_hour_it_suits_somebody(self, story: Story) -> None:
        story.slack.people[HELPER] = user_object(HELPER, tz="America/Los_Angeles")
        join_program(story, ASKER, HELPER)
        morning = story.clock().replace(hour=9, minute=0, second=0, microsecond=0)
        # Working hours in Helsinki; then an hour before those in Los Angeles.
        for now, hours in ((morning, 0), (morning + timedelta(hours=7), 1)):
            with story.rt.read(story.workspace) as tx:
                at = places.contact_time(replace(tx, now=now), [ASKER, HELPER])
                assert at == now + timedelta(hours=hours)
                # Nobody waits for ever.
                assert places.contact_time(replace(tx, now=at), [ASKER, HELPER]) == at

    @pytest.mark.deep_on_postgresql
    def test_own_hours_count(self, story: Story) -> None:
        join_program(story, ASKER, HELPER, ADMIN)
        choose(story, HELPER, hours_from=time(15), hours_to=time(18))
        assert self.times(story, ASKER, HELPER, ADMIN).astimezone(UTC).hour == 13


@pytest.fixture
def pretend() -> Iterator[Sandbox]:
    sandbox = Sandbox(manifest())
    sandbox.start()
    yield sandbox
    sandbox.stop()


def test_slack_finds_the_bots_own_channel_again_and_no_other(pretend: Sandbox) -> None:
    client = SlackClient(pretend.bot_token, base_url=pretend.api_url)
    pretend.workspace.scopes |= {places.CHANNELS_SCOPE}
    bot = pretend.bot_user_id
    channel = client.open_channel("circle-1", creator=bot)
    assert client.open_channel("circle-1", creator=bot) == channel
    ana = pretend.add_person("ana")
    pretend.add_channel("circle-2", ana, creator=ana, is_private=True)
    with pytest.raises(Rejected, match="name_taken"):
        client.open_channel("circle-2", creator=bot)


def test_slack_takes_those_who_can_be_in_the_channel(pretend: Sandbox) -> None:
    client = SlackClient(pretend.bot_token, base_url=pretend.api_url)
    pretend.workspace.scopes |= {places.CHANNELS_SCOPE}
    channel = client.open_channel("circle-1", creator=pretend.bot_user_id)
    ana, ben = pretend.add_person("ana").id, pretend.add_person("ben").id
    guest = pretend.add_person("gus", is_ultra_restricted=True).id
    for _ in range(2):
        assert client.invite(channel, [ana, guest, ben]) == [ana, ben]
    assert {*client.conversation_members(channel)} == {ana, ben, pretend.bot_user_id}


def test_slack_opens_the_same_group_again(pretend: Sandbox) -> None:
    client = SlackClient(pretend.bot_token, base_url=pretend.api_url)
    pretend.workspace.scopes |= {places.GROUPS_SCOPE}
    people = [pretend.add_person(name).id for name in ("ana", "ben", "chi")]
    group = client.open_group(people)
    assert client.open_group(people[::-1]) == group
    client.post(group, "Hello", [], metadata_token="t")
    assert [m.text for m in pretend.messages(group)] == ["Hello"]
    assert "mpim:write" in client.auth_test()["scopes"]
