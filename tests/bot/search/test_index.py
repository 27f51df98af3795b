"""What the index finds, for whom, and what it survives. tantivy's traps are named."""

import ast
import inspect
import random
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tantivy

from bot.search import index as index_module
from bot.search import snapshot as search_snapshot
from bot.search import snapshot as snapshot_module
from bot.search.index import SCHEMA_VERSION, Document, IndexUnavailable, SearchIndex
from bot.search.query import SearchQuery, weigh_words
from bot.search.snapshot import CANDIDATES, IndexBroken
from tests.bot.search.conftest import damage

# Positions on PostgreSQL are transactions' numbers, of 64 bits.
LATE = 2**62
HELP, OPS = 1, 2


def ids(index: SearchIndex, words: str, readable=(HELP, OPS), limit=10, **options):
    found = index.search(SearchQuery(words), readable, limit, **options)
    return [hit.ask_id for hit in found]


def lock_ask(ask_id: int = 1, channel_id: int = HELP) -> Document:
    return Document(ask_id, channel_id, "Which lock does a migration wait for?")


def test_an_ask_is_found_by_its_title_its_details_and_its_answers(index):
    index.apply(
        [
            Document(1, HELP, "Deploying hangs", "since the <@U0ANA> upgrade"),
            Document(
                2, HELP, "Something else", "a lock", ["run `pg_locks`", "or wait"]
            ),
        ],
        followed=5,
    )
    assert ids(index, "deployed") == [1]
    assert ids(index, "upgrades") == [1]
    assert ids(index, "pg_locks") == [2]
    assert ids(index, "waiting") == [2]
    assert ids(index, "U0ANA") == []
    assert (index.count, index.followed) == (2, 5)


def test_words_of_the_title_come_before_words_of_the_details(index):
    index.apply(
        [
            Document(1, HELP, "Printer on the second floor", "It says lock"),
            Document(2, HELP, "Lock on the second floor", "It says printer"),
        ],
        followed=1,
    )
    assert ids(index, "lock") == [2, 1]
    assert ids(index, "printer") == [1, 2]


def test_an_edited_ask_is_found_by_its_new_words_only(index):
    index.apply([lock_ask()], followed=1)
    index.apply([Document(1, HELP, "A printer jams")], followed=2)
    assert ids(index, "lock") == []
    assert ids(index, "printer") == [1]
    assert index.count == 1


def test_of_an_ask_that_comes_twice_the_last_counts(index):
    index.apply(
        [lock_ask(), Document(1, HELP, "A printer jams")], deleted=[1, 1], followed=1
    )
    assert ids(index, "lock printer") == [1]
    assert ids(index, "lock") == []
    assert index.count == 1


def test_a_deleted_ask_is_not_found(index):
    """tantivy: to delete by a term of an unsigned field deletes nothing, silently."""
    index.apply([lock_ask(1), lock_ask(2)], followed=1)
    index.apply([], deleted=[1, 99], followed=2)
    assert ids(index, "lock") == [2]
    assert index.count == 1
    assert index.indexed([1, 2, 3]) == {2}
    assert index.indexed([]) == set()


def test_large_ids_and_positions_are_kept(index):
    index.apply([Document(LATE, LATE + 1, "lock")], followed=LATE + 2)
    assert ids(index, "lock", readable=[LATE + 1]) == [LATE]
    assert index.followed == LATE + 2
    index.apply([], deleted=[LATE], followed=LATE + 3)
    assert index.count == 0


def test_tantivy_ends_its_writer_for_a_value_of_another_type(tmp_path):
    """tantivy: `Document(field=5)` guesses the type, and the writer stops for good."""
    schema = tantivy.SchemaBuilder().add_unsigned_field("id", fast=True).build()
    writer = tantivy.Index(schema, path=str(tmp_path)).writer(15_000_000, 1)

    def add_some():
        for _ in range(10_000):
            writer.add_document(tantivy.Document(id=5))
        writer.commit()

    with pytest.raises(ValueError, match=r"U64|in a thread"):
        add_some()


def calls(name: str) -> list[ast.Call]:
    return [
        node
        for module in (index_module, snapshot_module)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name)
    ]


def test_values_are_added_by_methods_that_name_their_type():
    assert calls("tantivy.Document")
    assert not any(call.args or call.keywords for call in calls("tantivy.Document"))


def test_no_search_counts_all_matches():
    """tantivy: it does unless told not to."""
    assert calls("searcher.search")
    for call in calls("searcher.search"):
        assert "count=False" in ast.unparse(call)


def test_only_the_index_imports_tantivy():
    root = Path(__file__).parents[3]
    sources = [
        file
        for folder in ("bot", "cli", "handlers", "jobs", "models")
        for file in (root / folder).rglob("*.py")
        if "import tantivy" in file.read_text()
    ]
    folder = root / "bot" / "search"
    assert sorted(sources) == [folder / "index.py", folder / "snapshot.py"]


# Who may read what.


def test_nothing_is_found_in_channels_that_are_not_readable(index):
    index.apply([lock_ask(1, HELP), lock_ask(2, OPS)], followed=1)
    assert ids(index, "lock", [HELP]) == [1]
    assert ids(index, "lock", [OPS]) == [2]
    assert ids(index, "lock", [HELP, OPS]) == [2, 1]
    assert ids(index, "lock", [3]) == []
    assert ids(index, "lock", []) == []


def words_of(number: int) -> str:
    """Words of which some are frequent, and some rare; many asks share a score."""
    draw = random.Random(number)
    return " ".join(f"word{int(60 * draw.random() ** 2)}x" for _ in range(6))


# Of 3,000 asks; channel 1 has the most, channel 40 few.
CHANNELS = [1 + int(40 * random.Random(f"c{n}").random() ** 3) for n in range(3000)]
MEMBERSHIPS = {
    "one small channel": {40},
    "one large channel": {1},
    "many small channels": set(range(30, 41)),
    "half": set(range(5, 41)),
    "all": set(range(1, 41)),
}


@pytest.fixture(scope="module")
def large_index(tmp_path_factory):
    index = SearchIndex(tmp_path_factory.mktemp("large") / "search")
    with index.rebuild() as rebuild:
        for start in range(0, 3000, 1000):
            rebuild.add(
                Document(n + 1, CHANNELS[n], words_of(n), words_of(-n))
                for n in range(start, start + 1000)
            )
        rebuild.finish(3000)
    yield index
    index.close()


@pytest.mark.parametrize("membership", MEMBERSHIPS)
def test_results_are_as_if_all_were_searched_and_then_filtered(large_index, membership):
    """The k best of the readable ones, whichever way they are found."""
    readable = MEMBERSHIPS[membership]
    share = sum(channel in readable for channel in CHANNELS) / len(CHANNELS)
    assert (share < 0.15) is ("small" in membership)
    for number in range(5000, 5040):
        query = SearchQuery(words_of(number), words_of(number + 1000))
        snapshot = large_index._live.snapshot
        weighted = weigh_words(query, snapshot)
        everything = snapshot._best(search_snapshot._any_of(weighted), 3000)
        channels = snapshot._values("channel", everything)
        exact = [
            score
            for (score, _), channel in zip(everything, channels, strict=True)
            if channel in readable
        ]
        hits = large_index.search(query, readable, 10)
        assert [hit.score for hit in hits] == pytest.approx(exact[:10])
        assert all(CHANNELS[hit.ask_id - 1] in readable for hit in hits)
        assert len({hit.ask_id for hit in hits}) == len(hits)


@pytest.mark.parametrize("others", [CANDIDATES - 1, CANDIDATES, 3 * CANDIDATES])
def test_a_readable_ask_is_found_behind_any_number_of_others(index, others):
    """Its channel is large enough not to be searched by itself first."""
    secret = [Document(n, OPS, "lock") for n in range(1, others + 1)]
    mine = [Document(1000 + n, HELP, "printer") for n in range(others)]
    weak = Document(9000, HELP, "printer jams", "a word of many, and a lock")
    index.apply([*secret, *mine, weak], followed=1)
    assert ids(index, "lock", [HELP]) == [9000]


def test_an_ask_can_be_excluded_and_others_fill_its_place(index):
    index.apply([lock_ask(n) for n in range(1, 6)], followed=1)
    assert ids(index, "lock", limit=3, excluded=[5]) == [4, 3, 2]
    assert ids(index, "lock", limit=3, excluded=[5, 4, 77]) == [3, 2, 1]


def test_a_correction_from_a_private_channel_finds_nothing_there(index):
    index.apply([Document(1, OPS, "zookeeper"), Document(2, HELP, "lock")], followed=1)
    assert ids(index, "zookeper", [HELP]) == []
    assert ids(index, "zookeper", [OPS]) == [1]


def test_hits_say_how_many_words_of_the_titles_are_shared(index):
    index.apply(
        [
            Document(1, HELP, "Which lock blocks a migration?"),
            Document(2, OPS, "Printers", "a migration and a lock that blocks"),
            Document(3, HELP, "Blocking the migrations"),
        ],
        followed=1,
    )
    query = SearchQuery("Migration blocked; lock, zoo")
    found = index.search(query, [HELP, OPS], 3)
    assert {hit.ask_id: hit.shared_title_words for hit in found} == {1: 3, 3: 2, 2: 0}
    assert {hit.ask_id: hit.channel_id for hit in found} == {1: HELP, 3: HELP, 2: OPS}
    # `lock` is the rarest, and nobody wrote of a zoo.
    shares = {hit.ask_id: hit.title_share for hit in found}
    assert 1 > shares[1] > 2 * shares[3] > shares[2] == 0
    # A corrected word is only a guess.
    found = index.search(SearchQuery("migraton"), [HELP], 3)
    assert {hit.shared_title_words for hit in found} == {0}


def test_parts_of_a_name_and_of_an_address_are_no_shared_words(index):
    index.apply(
        [
            Document(1, HELP, "Reviewers of en_GB"),
            Document(2, HELP, "See <https://a.example/acme/portal/issues>"),
        ],
        followed=1,
    )
    query = SearchQuery("the en_GB glossary https://b.example/acme/portal/12")
    shared = {h.ask_id: h.shared_title_words for h in index.search(query, [HELP], 9)}
    assert shared == {1: 1, 2: 0}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "help!!!",
        "hello",
        "🎉 :tada: <@U0ANA>",
        '"',
        '"lock',
        "lock*",
        "+lock -migration",
        "title:lock",
        "lock AND (",
        "lock NEAR/2 migration",
        "NOT lock",
        "[a TO b] lock",
        "lock^1e999",
        "\\lock /lo.*/",
        "\x00\ud83d lock",
        "lock " * 2000,
        "שלום مرحبا lock",
    ],
)
def test_whatever_is_typed_is_words(index, query):
    index.apply([lock_ask()], followed=1)
    assert ids(index, query) == ([1] if "lock" in query else [])
    assert ids(index, f"printer {query}") == ([1] if "lock" in query else [])


# Where the index lies, and whose it is.


def test_only_its_owner_may_look_into_the_folder(folder, index):
    for path in (folder, folder / str(SCHEMA_VERSION), index._live.folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_folder_that_was_open_to_all_is_closed(folder, opener):
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    opener.open()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_one_process_at_a_time_has_the_index(index, opener, folder):
    """tantivy: a second writer gets a lock error."""
    with pytest.raises(IndexUnavailable, match="another process"):
        SearchIndex(folder)
    program = (
        "import sys; from pathlib import Path; from bot.search.index import *\n"
        "try: SearchIndex(Path(sys.argv[1]))\n"
        "except IndexUnavailable as error: print(error)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "another process" in result.stdout
    index.apply([lock_ask()], followed=1)
    assert opener.open().count == 1


def test_a_folder_that_cannot_be_made_means_no_index(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexUnavailable):
        SearchIndex(tmp_path / "file" / "search")


def test_without_tantivy_everything_but_the_index_works(tmp_path):
    program = (
        "import sys; sys.modules['tantivy'] = None\n"
        "from pathlib import Path; from bot.search import index\n"
        "assert not index.IS_INSTALLED\n"
        "try: index.SearchIndex(Path(sys.argv[1]))\n"
        "except index.IndexUnavailable as error: print(error)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "search")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert result.stdout == "tantivy is not installed\n"
    assert not (tmp_path / "search").exists()


# What needs a rebuild, and what it does.


def test_a_new_index_needs_a_rebuild(opener):
    index = opener.open()
    assert (index.followed, index.count) == (None, 0)
    assert ids(index, "lock") == []


def test_the_first_rebuild_is_searched_while_it_goes_on(opener):
    index = opener.open()
    with index.rebuild() as rebuild:
        rebuild.add([lock_ask(2)])
        assert ids(index, "lock") == [2]
        rebuild.add([lock_ask(1)])
        assert ids(index, "lock") == [2, 1]
        assert (index.followed, index.count) == (None, 2)
        rebuild.finish(7)
    assert (index.followed, index.count) == (7, 2)


def test_a_later_rebuild_takes_over_when_it_is_finished(index):
    index.apply([lock_ask(1)], followed=1)
    with index.rebuild() as rebuild:
        rebuild.add([lock_ask(3)])
        index.apply([lock_ask(2)], followed=2)
        assert ids(index, "lock") == [2, 1]
        rebuild.finish(1)
    # What changed meanwhile is followed once more.
    assert (ids(index, "lock"), index.followed) == ([3], 1)


def test_a_rebuild_that_fails_changes_nothing(index, opener):
    index.apply([lock_ask(1)], followed=1)

    def fails():
        with index.rebuild() as rebuild:
            rebuild.add([lock_ask(3)])
            raise LookupError("the database is gone")

    with pytest.raises(LookupError):
        fails()
    assert (ids(index, "lock"), index.followed) == ([1], 1)
    opener.close()
    assert ids(opener.open(), "lock") == [1]


def test_a_first_rebuild_that_fails_begins_anew(opener):
    index = opener.open()

    def fails():
        with index.rebuild() as rebuild:
            rebuild.add([lock_ask(3)])
            raise LookupError("the database is gone")

    with pytest.raises(LookupError):
        fails()
    assert index.followed is None
    with index.rebuild() as rebuild:
        assert index.count == 0
        rebuild.add([lock_ask(1)])
        rebuild.finish(1)
    assert ids(index, "lock") == [1]


def test_asks_that_cannot_be_read_leave_the_index_as_it_is(index):
    index.apply([lock_ask(1)], followed=1)

    def documents():
        yield lock_ask(2)
        raise LookupError("the database is gone")

    with pytest.raises(LookupError):
        index.apply(documents(), deleted=[1], followed=2)
    index.apply([], followed=3)
    assert (ids(index, "lock"), index.followed) == ([1], 3)


def test_an_index_is_as_it_was_when_it_is_opened_again(index, opener):
    index.apply([lock_ask(1), lock_ask(2)], followed=4)
    index.apply([], deleted=[2], followed=5)
    opener.close()
    again = opener.open()
    assert (ids(again, "lock"), again.followed, again.count) == ([1], 5, 1)


def test_an_index_that_was_still_being_built_needs_a_rebuild(opener, folder):
    index = opener.open()
    with index.rebuild() as rebuild:
        rebuild.add([lock_ask(1)])
    opener.close()
    assert index.followed is None
    again = opener.open()
    assert (again.followed, again.count) == (None, 0)


def test_a_second_generation_without_its_marker_is_deleted(index, opener, folder):
    """Killed while it was built anew: the former one counts."""
    index.apply([lock_ask(1)], followed=1)
    with index.rebuild() as rebuild:
        rebuild.add([Document(2, HELP, "xyzzy")])
        shutil.copytree(rebuild._generation.folder, folder / "1" / "9")
    opener.close()
    again = opener.open()
    assert (ids(again, "lock"), again.followed) == ([1], 1)
    assert not (folder / "1" / "9").exists()


def test_an_index_of_another_version_is_deleted(index, opener, folder):
    index.apply([lock_ask(1)], followed=1)
    opener.close()
    (folder / str(SCHEMA_VERSION)).rename(folder / str(SCHEMA_VERSION + 1))
    assert opener.open().followed is None
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [
        str(SCHEMA_VERSION)
    ]


@pytest.fixture(scope="module")
def closed_folder(tmp_path_factory):
    """An index that nobody has opened, with a deletion."""
    folder = tmp_path_factory.mktemp("closed") / "search"
    index = SearchIndex(folder)
    index.apply([lock_ask(n) for n in range(1, 20)], followed=1)
    index.apply([], deleted=[3], followed=2)
    index.close()
    return folder


@pytest.mark.parametrize("how", ["missing", "empty", "truncated"])
@pytest.mark.parametrize(
    "suffix", ["term", "idx", "fast", "fieldnorm", "store", "del", "meta.json"]
)
def test_a_damaged_index_needs_a_rebuild(closed_folder, opener, suffix, how):
    shutil.copytree(closed_folder, opener.folder)
    files = list(opener.folder.rglob(f"*{suffix}"))
    assert files
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] if how == "truncated" else b"")
        if how == "missing":
            file.unlink()
    again = opener.open()
    assert (again.followed, again.count) == (None, 0)


def test_where_a_file_has_wrong_bytes_a_search_fails_in_order(closed_folder, opener):
    """Tantivy panics, which no handler of exceptions would catch."""
    shutil.copytree(closed_folder, opener.folder)
    damage(opener.folder)
    again = opener.open()
    assert again.followed == 2
    with pytest.raises(IndexBroken):
        again.search(SearchQuery("lock"), [HELP], 10)


def test_an_index_that_is_whole_needs_none(closed_folder, opener):
    shutil.copytree(closed_folder, opener.folder)
    again = opener.open()
    assert (again.followed, again.count) == (2, 18)


def test_a_damaged_index_is_built_anew(closed_folder, opener):
    shutil.copytree(closed_folder, opener.folder)
    for file in opener.folder.rglob("*.idx"):
        file.unlink()
    again = opener.open()
    with again.rebuild() as rebuild:
        rebuild.add([lock_ask(1)])
        rebuild.finish(3)
    assert (ids(again, "lock"), again.followed) == ([1], 3)


def test_a_missing_folder_needs_a_rebuild(index, opener, folder):
    index.apply([lock_ask()], followed=1)
    opener.close()
    shutil.rmtree(folder)
    assert opener.open().followed is None


def test_files_of_a_commit_that_never_was_do_not_stop_the_next(index, opener, tmp_path):
    """tantivy: after a crash the next commit fails until files are collected.

    The process is killed when the deletions are on disk, and before the commit counts.
    """
    index.apply([lock_ask(n) for n in range(1, 50)], followed=1)
    opener.close()
    meta = index._live.folder / "meta.json"
    before = meta.read_bytes()
    killed = opener.open()
    killed.apply([], deleted=[3], followed=2)
    opener.close()
    assert list(meta.parent.glob("*.del"))
    meta.write_bytes(before)
    again = opener.open()
    assert (again.count, again.followed) == (49, 1)
    again.apply([], deleted=[3], followed=2)
    assert (again.count, again.followed) == (48, 2)


def test_an_index_that_fails_is_opened_anew(index, opener):
    index.apply([lock_ask()], followed=1)
    shutil.rmtree(index._live.folder)
    with pytest.raises(IndexBroken):
        index.apply([lock_ask(2)], followed=2)
    again = opener.open()
    assert (again.followed, again.count) == (None, 0)


# Whose words are to be gone.


def contents(folder: Path) -> list[bytes]:
    """Return every file in the folder whose name is not always the same.

    Words are not as such on disk, but as the branches of a tree: see which files are.
    """
    files = [f for f in folder.rglob("*") if f.is_file() and len(f.name) > 32]
    return sorted(f.read_bytes() for f in files)


def test_a_deleted_asks_words_are_gone_from_disk_after_a_rebuild(
    index, folder, tmp_path
):
    """tantivy: words stay in the files after a deletion, and there is no merge()."""
    secret = Document(1, HELP, "quetzalcoatl", "tenochtitlan", ["popocatepetl"])
    others = [lock_ask(n) for n in range(2, 20)]
    never_had_it = SearchIndex(tmp_path / "other")
    with never_had_it.rebuild() as rebuild:
        rebuild.add(others)
        rebuild.finish(2)
    never_had_it.close()
    index.apply([secret, *others], followed=1)
    with_secret = set(contents(folder)) - set(contents(tmp_path / "other"))
    index.apply([], deleted=[1], followed=2)
    assert ids(index, "quetzalcoatl") == []
    assert with_secret & set(contents(folder))
    with index.rebuild() as rebuild:
        rebuild.add(others)
        rebuild.finish(2)
    assert len(ids(index, "lock", limit=50)) == 18
    assert contents(folder) == contents(tmp_path / "other")


def test_no_text_is_stored(index, folder):
    """Nor where a word stands: with the same words in any order, files are the same."""
    texts = ["quick brown fox", "fox quick brown", "Brown, the QUICK foxes!"]
    found = set()
    for text in texts:
        with index.rebuild() as rebuild:
            rebuild.add([Document(1, HELP, text)])
            rebuild.finish(1)
        found.add(tuple(contents(folder)))
    assert len(found) == 1


# Several at once.


@pytest.mark.deep
def test_many_search_while_it_changes_and_is_built_anew(index):
    index.apply([lock_ask(n) for n in range(1, 20)], followed=1)

    def change():
        for position in range(2, 6):
            index.apply([lock_ask(position)], deleted=[position - 1], followed=position)
            with index.rebuild() as rebuild:
                rebuild.add([lock_ask(n) for n in range(1, 20)])
                rebuild.finish(position)

    with ThreadPoolExecutor() as threads:
        changing = threads.submit(change)
        found = set()
        while not changing.done():
            found.add(len(ids(index, "lock", limit=50)))
        changing.result()
    assert found <= {18, 19}
    assert index.followed == 5
