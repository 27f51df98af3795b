"""The index of each process follows the database, whatever happens to either."""

import itertools
import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Executable, delete, select, text, update
from sqlalchemy.orm import Session

from bot.clock import datetime_to_micros
from bot.db.engine import Database
from bot.runtime import Runtime
from bot.search import changes, documents, service
from bot.search.follower import REPORT_EVERY, SearchFollower
from bot.search.index import Document, SearchIndex
from bot.search.query import SearchQuery
from bot.search.service import Search
from bot.search.snapshot import IndexBroken
from bot.workspace import sync, visibility
from models import (
    Answer,
    AnswerText,
    Ask,
    AskReference,
    Channel,
    ChannelMember,
    SearchChange,
    SearchRebuild,
    SearchReplica,
)
from tests.bot.search.conftest import damage
from tests.factories import Clock, Story
from tests.slack_payloads import ASKER, GUEST, HELP_CHANNEL, HELPER, PEER

VPN = "How do I renew the VPN certificate?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def follower(story: Story, folder: Path) -> Iterator[SearchFollower]:
    opened = SearchFollower(story.rt, folder)
    yield opened
    opened.close()


def found(story: Story, words: str, member: str = PEER) -> list[str]:
    """The titles that a member finds, the best first."""
    with story.rt.read(story.workspace) as tx:
        readable = visibility.readable_channels(tx, member)
        results = story.rt.search.find(
            tx.session, readable, SearchQuery(words), limit=5
        )
        assert results.is_complete
        return [tx.session.get_one(Ask, hit.ask_id).title for hit in results.hits]


def ask(story: Story, title: str = VPN) -> int:
    story.command(ASKER, "/ask", title)
    return story.asks()[-1].id


def keep_text(
    session: Session, story: Story, ask_id: int, words: str, *, is_findable: bool = True
) -> int:
    """Ben's answer, with its words."""
    channel_id = session.get_one(Ask, ask_id).channel_id
    answer = Answer(
        ask_id=ask_id,
        channel_id=channel_id,
        ts=story.ts(),
        author=HELPER,
        answered_at=story.clock(),
        helpful_count=1,
    )
    session.add(answer)
    session.flush()
    session.add(
        AnswerText(
            answer_id=answer.id,
            installation_id=story.workspace.id,
            ask_id=ask_id,
            author=HELPER,
            text=words,
            is_findable=is_findable,
            requested_at=story.clock(),
        )
    )
    return answer.id


@pytest.fixture
def known_peer(story: Story) -> None:
    """Chi has met the bot."""
    sync.refresh(story.rt, story.workspace, users=[PEER, GUEST])


pytestmark = pytest.mark.usefixtures("known_peer")


def test_an_ask_is_found_from_the_next_pass_on(story: Story, follower: SearchFollower):
    follower.follow()
    ask(story)
    assert found(story, "vpn certificates") == []
    follower.follow()
    assert found(story, "vpn certificates") == [VPN]


def test_every_statement_is_followed(
    story: Story, database: Database, follower: SearchFollower
):
    """Those of the ORM, of Core, and by hand."""
    ask_id = ask(story)
    follower.follow()
    with database.write_session.begin() as session:
        session.execute(update(Ask).values(title="Where is the coffee machine?"))
    follower.follow()
    assert found(story, "vpn certificate") == []
    assert found(story, "coffee") == ["Where is the coffee machine?"]
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE asks SET details = 'On the second floor'"))
    follower.follow()
    assert found(story, "floor") == ["Where is the coffee machine?"]
    with database.write_session.begin() as session:
        answer_id = keep_text(session, story, ask_id, "Next to the printer")
    follower.follow()
    assert found(story, "printer") == ["Where is the coffee machine?"]
    with database.write_session.begin() as session:
        session.get_one(AnswerText, answer_id).text = "Next to the scanner"
    follower.follow()
    assert found(story, "printer") == []
    assert found(story, "scanner") == ["Where is the coffee machine?"]
    with database.write_session.begin() as session:
        session.execute(delete(AnswerText))
    follower.follow()
    assert found(story, "scanner") == []
    with database.write_session.begin() as session:
        session.execute(update(Ask).values(deleted_at=story.clock()))
    follower.follow()
    assert found(story, "coffee") == []
    with database.write_session.begin() as session:
        session.execute(update(Ask).values(deleted_at=None))
    follower.follow()
    assert found(story, "coffee") == ["Where is the coffee machine?"]


@pytest.mark.deep
def test_the_words_of_the_same_problem_are_followed(
    story: Story, database: Database, follower: SearchFollower
):
    """A reference, and what happens to the later ask and to either channel."""
    earlier = ask(story)
    later = ask(story, "Tunnel refuses me since midnight")

    def change(statement: Executable) -> list[str]:
        with database.write_session.begin() as session:
            session.execute(statement)
        follower.follow()
        return [title for title in found(story, "midnight") if title == VPN]

    def move(**values: bool) -> list[str]:
        return change(
            update(Channel).where(Channel.slack_id == "C0OTHER").values(values)
        )

    with database.write_session.begin() as session:
        here = session.scalars(select(Channel)).first()
        assert here is not None
        other = Channel(
            installation_id=here.installation_id, slack_id="C0OTHER", is_joined=True
        )
        session.add(other)
        session.flush()
        other_id = other.id
        reference = AskReference(
            ask_id=later,
            earlier_ask_id=earlier,
            event_micros=1,
            recorded_at=story.clock(),
        )
        session.add(reference)
    follower.follow()
    assert VPN in found(story, "midnight")
    of_reference = update(AskReference)
    assert change(of_reference.values(is_present=False)) == []
    assert change(of_reference.values(is_present=True)) == [VPN]
    of_later = update(Ask).where(Ask.id == later)
    assert change(of_later.values(title="It refuses me since noon")) == []
    assert change(of_later.values(title="Not before midnight")) == [VPN]
    assert change(of_later.values(deleted_at=story.clock())) == []
    assert change(of_later.values(deleted_at=None)) == [VPN]
    # In another channel: only from a public one, and to one that is not shared.
    assert change(of_later.values(channel_id=other_id)) == [VPN]
    assert move(is_private=True) == []
    assert move(is_private=False) == [VPN]
    shared = update(Channel).where(Channel.slack_id == HELP_CHANNEL)
    assert change(shared.values(is_shared=True)) == []
    assert change(shared.values(is_shared=False)) == [VPN]
    assert change(delete(AskReference)) == []


def test_words_of_which_the_author_was_not_told_are_not_found(
    story: Story, database: Database, follower: SearchFollower
):
    ask_id = ask(story)
    with database.write_session.begin() as session:
        keep_text(session, story, ask_id, "Next to the printer", is_findable=False)
    follower.follow()
    assert found(story, "printer") == []
    with database.write_session.begin() as session:
        session.execute(update(AnswerText).values(is_findable=True))
    follower.follow()
    assert found(story, "printer") == [VPN]


def test_what_changes_nothing_in_the_index_is_not_followed(
    story: Story, database: Database, follower: SearchFollower
):
    """Reactions and replies come by the thousand."""
    message = story.ask(VPN)
    follower.follow()
    with database.read_session() as session:
        before = session.scalars(select(SearchChange.position)).all()
    answer = story.say(HELPER, "So.", thread_ts=message.ts)
    story.react(ASKER, answer, "heart")
    story.deliver()
    assert story.only_ask().state == "answered"
    with database.read_session() as session:
        assert session.scalars(select(SearchChange.position)).all() == before


@pytest.mark.deep_on_postgresql
def test_an_index_of_before_is_opened_and_goes_on(
    story: Story,
    folder: Path,
    follower: SearchFollower,
    monkeypatch: pytest.MonkeyPatch,
):
    ask(story)
    follower.follow()
    follower.close()
    ask(story, "Where is the coffee machine?")
    again = SearchFollower(story.rt, folder)
    monkeypatch.setattr(SearchIndex, "rebuild", None)
    again.follow()
    again.close()
    assert found(story, "coffee") == ["Where is the coffee machine?"]
    assert found(story, "vpn") == [VPN]


def restore_backup(database: Database) -> None:
    """The database is as it was before anybody asked."""
    with database.engine.begin() as connection:
        for table in ("search_changes", "asks", "search_replicas"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608


@pytest.mark.parametrize("damage", ["restored", "other database", "truncated", "gone"])
def test_an_index_that_does_not_fit_is_built_anew(
    story: Story,
    database: Database,
    folder: Path,
    follower: SearchFollower,
    damage: str,
):
    ask(story, "Where is the coffee machine?")
    follower.follow()
    follower.close()
    match damage:
        case "restored":
            restore_backup(database)
        case "other database":
            with database.write_session.begin() as session:
                session.execute(update(SearchReplica).values(name="another"))
        case "truncated":
            for file in folder.rglob("*.term"):
                file.write_bytes(b"")
        case _:
            shutil.rmtree(folder)
    story.rt.search.__init__()  # type: ignore[misc]
    ask(story)
    again = SearchFollower(story.rt, folder)
    again.follow()
    again.close()
    assert found(story, "vpn") == [VPN]
    is_there = damage != "restored"
    assert found(story, "coffee") == ["Where is the coffee machine?"] * is_there


@pytest.mark.deep_on_postgresql
def test_a_backup_of_a_running_bot_is_restored(
    story: Story, database: Database, folder: Path, follower: SearchFollower
):
    """It knows this index, which has followed an edit that the backup has not."""
    ask(story)
    follower.follow()
    with database.write_session.begin() as session:
        backup = [
            (row.name, row.followed_at)
            for row in session.scalars(select(SearchReplica))
        ]
        before = session.scalar(select(SearchChange.position))
        session.execute(update(Ask).values(title="Where is the coffee machine?"))
    story.clock.now += timedelta(minutes=2)
    follower.follow()
    follower.close()
    with database.write_session.begin() as session:
        session.execute(update(Ask).values(title=VPN))
        session.execute(update(SearchChange).values(position=before))
        for name, followed_at in backup:
            values = {"followed_at": followed_at}
            session.execute(update(SearchReplica).filter_by(name=name).values(values))
    again = SearchFollower(story.rt, folder)
    again.follow()
    again.close()
    assert found(story, "coffee") == []
    assert found(story, "vpn") == [VPN]


def test_a_change_that_an_index_has_missed_is_noticed_at_the_start(
    story: Story, database: Database, folder: Path, follower: SearchFollower
):
    ask(story)
    follower.follow()
    follower.close()
    with database.write_session.begin() as session:
        session.execute(update(Ask).values(deleted_at=story.clock()))
        session.execute(update(SearchChange).values(position=0))
    again = SearchFollower(story.rt, folder)
    again.follow()
    again.close()
    assert story.rt.search.count == 0


@pytest.mark.deep
def test_an_index_with_wrong_bytes_is_built_anew(
    story: Story, folder: Path, follower: SearchFollower
):
    """A disk has changed some; no file is missing or too short."""
    for n in range(20):
        ask(story, f"{VPN} Number {n}")
    follower.follow()
    follower.close()
    damage(folder)
    again = SearchFollower(story.rt, folder)
    again.follow()
    again.close()
    assert len(found(story, "vpn certificate")) == 5


def test_an_index_that_fails_a_search_is_built_anew(
    story: Story, follower: SearchFollower, monkeypatch: pytest.MonkeyPatch
):
    """Only a search for some word comes by the wrong bytes."""
    ask(story)
    follower.follow()
    story.clock.now += timedelta(hours=1)
    follower.follow()
    broken = follower._rt.search._index
    assert broken is not None
    snapshot = broken._live.snapshot
    monkeypatch.setattr(snapshot, "search", fail)
    with story.rt.read(story.workspace) as tx:
        readable = visibility.readable_channels(tx, PEER)
        query = SearchQuery("vpn certificate")
        results = story.rt.search.find(tx.session, readable, query, limit=5)
    assert (len(results.hits), results.is_complete) == (1, False)
    follower.follow()
    assert found(story, "vpn certificate") == [VPN]


def fail(*_: object) -> None:
    raise IndexBroken("index out of bounds")


def test_a_request_rebuilds_every_index_once(
    story: Story, database: Database, folder: Path, follower: SearchFollower
):
    other_rt = _replica(story.rt)
    other = SearchFollower(other_rt, folder)
    ask(story)
    for each in (follower, other):
        each.follow()
    with database.write_session.begin() as session:
        session.add(SearchRebuild(requested_at=story.clock(), reason="operator"))
    for each in (follower, other):
        each.follow()
    with database.read_session() as session:
        [wanted] = session.scalars(select(SearchRebuild.id))
        replicas = session.scalars(select(SearchReplica)).all()
    assert [replica.rebuild_id for replica in replicas] == [wanted, wanted]
    assert [replica.documents for replica in replicas] == [1, 1]
    other.close()


def test_while_it_is_built_anew_changes_are_found(
    story: Story,
    database: Database,
    follower: SearchFollower,
    monkeypatch: pytest.MonkeyPatch,
):
    """To build the index of a large workspace takes minutes."""
    ask(story)
    follower.follow()
    with database.write_session.begin() as session:
        session.add(SearchRebuild(requested_at=story.clock(), reason="operator"))
    found_meanwhile: list[list[str]] = []
    newest_before = documents.newest_before

    def ask_meanwhile(session: Session, before: int | None) -> Sequence[int]:
        ask_ids = newest_before(session, before)
        if before is None:
            ask(story, "Where is the coffee machine?")
        else:
            found_meanwhile.append(found(story, "coffee"))
        return ask_ids

    monkeypatch.setattr(documents, "newest_before", ask_meanwhile)
    follower.follow()
    assert found_meanwhile == [["Where is the coffee machine?"]]
    assert found(story, "coffee") == ["Where is the coffee machine?"]
    assert found(story, "vpn") == [VPN]


def test_what_fails_halfway_is_followed_in_the_next_pass(
    story: Story, follower: SearchFollower, monkeypatch: pytest.MonkeyPatch
):
    follower.follow()
    monkeypatch.setattr(documents, "BATCH_SIZE", 1)
    titles = [VPN, "Where is the coffee machine?", "Which printer is the best?"]
    for title in titles:
        ask(story, title)
    load, loads = documents.load, itertools.count()

    def fail_once(session: Session, ask_ids: Sequence[int]) -> list[Document]:
        if next(loads) == 1:
            raise OSError("the database is away")
        return load(session, ask_ids)

    monkeypatch.setattr(documents, "load", fail_once)
    with pytest.raises(OSError, match="away"):
        follower.follow()
    follower.follow()
    for title in titles:
        assert found(story, title)[:1] == [title]


def _replica(rt: Runtime) -> Runtime:
    """Another process with the same database."""
    return Runtime(
        rt.workspaces,
        rt.write_session,
        rt.read_session,
        rt.autocommit,
        rt.clock,
        rt.features,
        search=Search(),
    )


def is_on_disk(follower: SearchFollower, word: str) -> bool:
    """Whether the word is in the index's files, be it of a document that is deleted."""
    index = follower._index
    assert index is not None
    [generation] = (path for path in index._folder.iterdir() if path.is_dir())
    assert generation == index._live.folder
    return index._live.snapshot.frequency(word) > 0


def test_deleted_words_leave_the_disk_within_a_day(
    story: Story,
    database: Database,
    folder: Path,
    follower: SearchFollower,
    clock: Clock,
):
    canary = ask(story, "Zanzibar is my canary")
    ask(story)
    follower.follow()
    with database.write_session.begin() as session:
        session.execute(update(Ask).where(Ask.id == canary).values(title="Gone"))
    follower.follow()
    # The other ask is in the same files.
    assert is_on_disk(follower, "zanzibar")
    clock.advance(hours=24)
    follower.follow()
    assert not is_on_disk(follower, "zanzibar")


@pytest.mark.deep
def test_erased_words_leave_the_disk_at_once(
    story: Story, folder: Path, follower: SearchFollower
):
    ask(story, "Zanzibar is my canary")
    story.command(PEER, "/ask", VPN)
    follower.follow()
    assert is_on_disk(follower, "zanzibar")
    story.command(ASKER, "/backswing", "forget me")
    view = story.slack.views[-1][1]
    story.submit(ASKER, view, {})
    follower.follow()
    assert story.asks()[0].title != "Zanzibar is my canary"
    assert not is_on_disk(follower, "zanzibar")
    assert found(story, "vpn") == [VPN]


@pytest.mark.deep_on_postgresql
def test_a_replica_reports_each_minute_and_is_forgotten_after_a_week(
    story: Story,
    database: Database,
    folder: Path,
    follower: SearchFollower,
    clock: Clock,
):
    other = SearchFollower(_replica(story.rt), folder)
    for each in (follower, other):
        each.follow()
    other.close()
    start = clock()
    clock.advance(seconds=REPORT_EVERY.total_seconds() - 1)
    follower.follow()
    with database.read_session() as session:
        reported = session.scalars(select(SearchReplica.followed_at)).all()
    assert reported == [start, start]
    clock.advance(days=7)
    follower.follow()
    with database.read_session() as session:
        assert session.scalars(select(SearchReplica.followed_at)).all() == [clock()]


@pytest.mark.deep_on_postgresql
def test_a_later_transaction_that_commits_first_hides_no_earlier_one(
    story: Story, database: Database, follower: SearchFollower
):
    """Numbers of a sequence would: the earlier one is passed over for ever."""
    first, second = ask(story), ask(story, "Where is the coffee machine?")
    follower.follow()
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    early, late = database.write_session(), database.write_session()
    early.get_one(Ask, first).title = "Early bird"
    early.flush()
    late.get_one(Ask, second).title = "Late bird"
    late.flush()
    late.commit()
    follower.follow()
    early.commit()
    follower.follow()
    assert sorted(found(story, "bird")) == ["Early bird", "Late bird"]


@pytest.mark.deep_on_postgresql
def test_positions_of_another_server_are_followed_from_the_start(
    story: Story, database: Database, folder: Path, follower: SearchFollower
):
    """A dump is restored on a server that has run fewer transactions."""
    ask(story)
    follower.follow()
    follower.close()
    with database.write_session.begin() as session:
        session.execute(update(SearchChange).values(position=10**12))
    again = SearchFollower(story.rt, folder)
    again.follow()
    ask(story, "Where is the coffee machine?")
    again.follow()
    again.close()
    assert found(story, "coffee") == ["Where is the coffee machine?"]
    with database.read_session() as session:
        if database.engine.dialect.name == "postgresql":
            assert changes.read(session, after=0).ask_ids


def test_guests_and_private_channels(
    story: Story, database: Database, follower: SearchFollower
):
    ask(story)
    with database.read_session() as session:
        channel_id = session.scalars(select(Channel.id)).one()
    follower.follow()
    assert found(story, "vpn", PEER) == [VPN]
    assert found(story, "vpn", GUEST) == []
    assert found(story, "vpn", "U0NOBODY") == []
    with database.write_session.begin() as session:
        session.add(
            ChannelMember(
                channel_id=channel_id,
                member=GUEST,
                is_member=True,
                event_micros=datetime_to_micros(story.clock()),
            )
        )
    assert found(story, "vpn", GUEST) == [VPN]
    with database.write_session.begin() as session:
        session.execute(update(Channel).values(is_private=True))
    assert found(story, "vpn", PEER) == []
    assert found(story, "vpn", GUEST) == [VPN]
    story.clock.now += timedelta(hours=2)
    assert found(story, "vpn", GUEST) == []


def test_what_the_index_has_not_followed_yet_is_checked_in_the_database(
    story: Story, database: Database, follower: SearchFollower
):
    ask(story)
    follower.follow()
    with database.write_session.begin() as session:
        session.execute(update(Ask).values(deleted_at=story.clock()))
    assert found(story, "vpn") == []
    with database.write_session.begin() as session:
        den = Channel(
            installation_id=story.workspace.id,
            slack_id="C0DEN",
            is_joined=True,
            is_private=True,
        )
        session.add(den)
        session.flush()
        session.execute(update(Ask).values(deleted_at=None, channel_id=den.id))
    assert found(story, "vpn") == []


def test_without_an_index_asks_in_private_hide_none(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    """Only so many are looked through, and they are those that one may read."""
    monkeypatch.setattr(service, "MAX_SCANNED", 1)
    ask(story)
    newer = ask(story)
    with story.rt.write_session.begin() as session:
        den = Channel(
            installation_id=story.workspace.id,
            slack_id="C0DEN",
            is_joined=True,
            is_private=True,
        )
        session.add(den)
        session.flush()
        session.get_one(Ask, newer).channel_id = den.id
    with story.rt.read(story.workspace) as tx:
        readable = visibility.readable_channels(tx, PEER)
        query = SearchQuery("vpn")
        results = story.rt.search.find(tx.session, readable, query, limit=5)
    assert [hit.ask_id for hit in results.hits] == [newer - 1]


def test_without_an_index_the_newest_asks_are_looked_through(story: Story):
    ask(story)
    ask(story, "Where is the coffee machine?")
    with story.rt.read(story.workspace) as tx:
        readable = visibility.readable_channels(tx, PEER)
        query = SearchQuery("the vpn?")
        results = story.rt.search.find(tx.session, readable, query, limit=5)
        titles = [tx.session.get_one(Ask, hit.ask_id).title for hit in results.hits]
    assert (titles, results.is_complete) == ([VPN], False)
