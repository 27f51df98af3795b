"""Change the key of asks without a name, lose it, or start with another one."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.anonymity import authors, drafts, key_check, limits, rotation
from bot.anonymity.keys import AnonymityKey, AnonymityKeys
from bot.config.mentors import SMALL_WORKSPACE
from bot.errors import SettingsError, UserError
from bot.features import load_features
from bot.runtime import Runtime
from models import (
    AnonymousBlock,
    AnonymousCount,
    AnonymousDraft,
    AnonymousLink,
    Channel,
    SecretKey,
)
from tests.factories import Story
from tests.handlers.anonymity.conftest import CROWD, Anonymity
from tests.handlers.anonymity.keys import KEYS
from tests.home import leaves, opens
from tests.slack_payloads import ASKER, HELP_CHANNEL, PEER

NEW = AnonymityKey(bytes(range(100, 132)))
OLD = KEYS
BOTH = AnonymityKeys(NEW, OLD.current)
ONLY_NEW = AnonymityKeys(NEW)


@pytest.fixture(autouse=True)
def recorded(story: Story) -> None:
    """Start with the old key, so that the database has it."""
    assert key_check.usable_keys(story.rt.write_session, OLD) is OLD


def started(story: Story, keys: AnonymityKeys | None) -> Runtime:
    """Return the runtime of a process that starts with the keys."""
    usable = key_check.usable_keys(story.rt.write_session, keys)
    features = load_features(SMALL_WORKSPACE, anonymity_keys=usable)
    return replace(story.rt, features=features)


def rotate(story: Story, keys: AnonymityKeys = BOTH) -> rotation.Resealed:
    return rotation.rotate(story.rt.write_session, keys, now=story.clock())


def own_asks(rt: Runtime, story: Story, member: str = ASKER) -> list[int]:
    with rt.read(story.workspace) as tx:
        return [link.ask_id for link in authors.own_links(tx, member)]


def found_authors(rt: Runtime, story: Story) -> list[str | None]:
    with rt.read(story.workspace) as tx:
        return [authors.author_of(tx, ask) for ask in story.asks()]


def recorded_key(story: Story) -> SecretKey:
    with story.rt.read_session() as session:
        return session.scalars(select(SecretKey)).one()


def test_another_key_turns_the_feature_off_and_is_named(
    anonymity: Anonymity, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    anonymity.ask()
    rt = started(story, ONLY_NEW)
    with rt.read(story.workspace) as tx:
        channel = tx.session.scalars(select(Channel)).first()
        assert channel is not None
        assert not drafts.is_offered(tx, channel)
    assert own_asks(rt, story) == []
    [record] = [line for line in caplog.records if line.name.endswith("key_check")]
    assert vars(record)["configured"] == NEW.fingerprint
    assert vars(record)["recorded"] == OLD.current.fingerprint
    assert recorded_key(story).fingerprint == OLD.current.fingerprint


def test_the_new_key_alone_opens_everything_after_a_rotation(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask("How do I say no?")
    anonymity.ask("How do I say yes?", member=PEER)
    waiting = anonymity.preview("How do I wait?", member=CROWD[0])
    anonymity.press_post(waiting, member=CROWD[0])
    assert rotate(story) == rotation.Resealed(count=3)
    rt = started(story, ONLY_NEW)
    assert found_authors(rt, story) == [ASKER, PEER]
    assert len(own_asks(rt, story)) == len(own_asks(rt, story, PEER)) == 1
    with rt.write(story.workspace) as tx:
        [draft] = drafts.own_drafts(tx, CROWD[0])
        ask = drafts.publish(tx, draft)
        assert ask is not None
        assert authors.author_of(tx, ask) == CROWD[0]


@pytest.mark.deep_on_postgresql
def test_what_an_author_has_seen_is_known_after_a_rotation(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    [ask] = story.asks()
    with story.rt.write(story.workspace) as tx:
        authors.set_seen(tx, ask.id, 3)
    rotate(story)
    with started(story, ONLY_NEW).read(story.workspace) as tx:
        [link] = authors.own_links(tx, ASKER)
        assert authors.seen_count(tx, link) == 3


@pytest.mark.deep_on_postgresql
def test_a_rotation_can_run_twice(anonymity: Anonymity, story: Story) -> None:
    anonymity.ask()
    rotate(story)
    story.clock.advance(days=1)
    assert rotate(story) == rotation.Resealed(count=1)
    until = recorded_key(story).previous_until
    assert until is not None
    assert until - story.clock() <= timedelta(days=29)
    assert found_authors(started(story, ONLY_NEW), story) == [ASKER]


def test_links_to_no_one_look_like_others_after_a_rotation(
    anonymity: Anonymity, story: Story
) -> None:
    """Equal indexes would tell that both authors have left."""
    anonymity.ask()
    anonymity.ask("How do I say no?", member=PEER)
    for member in (ASKER, PEER):
        leaves(story, member, HELP_CHANNEL)
    rotate(story)
    assert found_authors(started(story, BOTH), story) == [None, None]
    with story.rt.read_session() as session:
        assert len({*session.scalars(select(AnonymousLink.blind_index))}) == 2


def test_a_rotation_that_was_killed_goes_on(
    anonymity: Anonymity, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        anonymity.ask(f"How do I do {number}?")
    monkeypatch.setattr(rotation, "BATCH_SIZE", 1)
    real, calls = rotation._reseal, []

    def killed(*args: object, **named: object) -> rotation.Resealed:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(rotation, "_reseal", killed)
    with pytest.raises(KeyboardInterrupt):
        rotate(story)
    # A process with both keys serves in between.
    assert found_authors(started(story, BOTH), story) == [ASKER, ASKER]
    assert len(own_asks(started(story, BOTH), story)) == 2
    assert found_authors(started(story, ONLY_NEW), story).count(None) == 1
    monkeypatch.setattr(rotation, "_reseal", real)
    assert rotate(story) == rotation.Resealed(count=2)
    assert found_authors(started(story, ONLY_NEW), story) == [ASKER, ASKER]


def test_numbers_and_blocks_count_under_the_previous_key(
    anonymity: Anonymity, story: Story
) -> None:
    for number in range(2):
        anonymity.ask(f"How do I do {number}?")
    rotate(story)
    channel_id = story.asks()[0].channel_id
    with started(story, BOTH).read(story.workspace) as tx:
        with pytest.raises(UserError, match="2 times a day"):
            limits.require_may_post(tx, BOTH, ASKER, channel_id)
        limits.require_may_post(tx, BOTH, PEER, channel_id)
        # Without the previous key they are not found.
        limits.require_may_post(tx, ONLY_NEW, ASKER, channel_id)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (OLD, "has this key already"),
        (ONLY_NEW, "Set ANONYMITY_KEY_PREVIOUS to it"),
        (AnonymityKeys(NEW, AnonymityKey(b"x" * 32)), OLD.current.fingerprint),
    ],
)
def test_a_rotation_without_the_right_key_is_refused(
    anonymity: Anonymity, story: Story, keys: AnonymityKeys, says: str
) -> None:
    anonymity.ask()
    with pytest.raises(SettingsError, match=says):
        rotate(story, keys)
    assert found_authors(started(story, OLD), story) == [ASKER]


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_lost_key_cuts_all_links_and_everyone_reads_so(
    anonymity: Anonymity, story: Story
) -> None:
    message = anonymity.ask()
    before = [opens(story, member) for member in (ASKER, PEER)]
    assert not any("Links to asks without a name" in home for home in before)
    assert rotation.lose(story.rt.write_session, ONLY_NEW, now=story.clock()) == 1
    with story.rt.read_session() as session:
        for model in (AnonymousLink, AnonymousDraft, AnonymousCount, AnonymousBlock):
            assert session.scalars(select(model)).all() == []
    rt = started(story, ONLY_NEW)
    assert found_authors(rt, story) == [None]
    assert story.only_ask().asker == "anonymous"
    assert story.slack.messages_to(message.channel)[-1].ts == message.ts
    note = "Links to asks without a name were cut"
    assert all(note in opens(story, member) for member in (ASKER, PEER))
    story.clock.advance(days=14)
    assert note not in opens(story, PEER)


@pytest.mark.parametrize("keys", [OLD, BOTH])
def test_a_key_that_is_there_is_not_lost(
    anonymity: Anonymity, story: Story, keys: AnonymityKeys
) -> None:
    anonymity.ask()
    with pytest.raises(SettingsError, match="No key is lost"):
        rotation.lose(story.rt.write_session, keys, now=story.clock())
    assert found_authors(started(story, OLD), story) == [ASKER]


def test_an_old_backup_is_read_with_the_key_of_its_time(
    anonymity: Anonymity, story: Story
) -> None:
    """The restored copy has the old key; the operator has the new one."""
    anonymity.ask()
    assert own_asks(started(story, ONLY_NEW), story) == []
    assert own_asks(started(story, BOTH), story) == []
    rotate(story)
    assert len(own_asks(started(story, ONLY_NEW), story)) == 1


def test_keys_show_no_secret() -> None:
    shown = f"{BOTH!r} {NEW} {json.dumps(NEW.fingerprint)}"
    assert "AnonymityKey(…)" in shown
    assert bytes(range(100, 132)).hex()[:8] not in shown
