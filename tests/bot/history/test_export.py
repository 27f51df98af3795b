"""Exports as they come: refused with a sentence, or read but for what is broken."""

import json
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bot.history import export as reader
from bot.history.entries import Message
from bot.history.export import BadExport, Export
from tests import exports

DAY = "help/2021-01-01.json"
ROOM = {"id": "C1", "name": "help"}


def said(ts: Any = "1609459200.000100", **more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "ts": ts,
        "user": "U1",
        "text": "How is it done?",
        **more,
    }


def make(path: Path, **content: Any) -> Path:
    """An export with one message; `content` by name without its ending."""
    files: dict[str, object] = {
        "users.json": [{"id": "U1", "team_id": "T1"}],
        "channels.json": [ROOM],
        DAY: [said()],
    }
    files |= {f"{name}.json": value for name, value in content.items()}
    kept = {name: value for name, value in files.items() if value is not None}
    return exports.write(path / "export.zip", kept)


def everything(path: Path) -> list[Message]:
    with Export(path) as export:
        return [m for day in export.days(export.rooms) for m in export.messages(day)]


def skipped(path: Path) -> dict[tuple[str, str], int]:
    with Export(path) as export:
        for day in export.days(export.rooms):
            # Twice, as the loader does: it is told of once.
            assert export.messages(day) == export.messages(day)
        return dict(+export.skipped)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"users": None}, "users.json is missing"),
        ({"channels": None}, "has no channels.json"),
        ({"users": "{"}, "users.json is not JSON"),
        ({"users": b"\xff\xfe\xfa"}, "users.json is not JSON"),
        ({"users": "[" * 100_000}, "users.json is not JSON"),
        ({"channels": {"id": "C1"}}, "channels.json is not a list"),
        ({"channels": "null"}, "channels.json is not a list"),
    ],
)
def test_what_everything_rests_on_must_be_there(tmp_path, content, why):
    with pytest.raises(BadExport, match=why):
        Export(make(tmp_path, **content))


def test_what_is_no_zip(tmp_path):
    path = tmp_path / "export.zip"
    with pytest.raises(BadExport, match=r"export\.zip can't be opened \(No such file"):
        Export(path)
    path.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(BadExport, match="no zip file"):
        Export(path)
    with pytest.raises(BadExport, match="can't be opened"):
        Export(tmp_path)


def test_an_encrypted_zip(tmp_path):
    path = make(tmp_path)
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    while at >= 0:
        raw[at + 8] |= 1
        at = raw.find(b"PK\x01\x02", at + 4)
    path.write_bytes(raw)
    with pytest.raises(BadExport, match=r"users\.json is encrypted"):
        Export(path)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_zip_never_surprises(tmp_path, seed):
    dice = random.Random(seed)
    path = exports.write(tmp_path / "export.zip", exports.files(asks=1))
    raw = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 3, 30))):
        raw[dice.randrange(len(raw))] = dice.randrange(256)
    path.write_bytes(raw[: dice.choice((len(raw), len(raw) - 30, len(raw) // 2))])
    try:
        everything(path)
    except BadExport as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017 - either outcome is good


def test_a_list_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "LARGEST_LIST", 100)
    path = make(tmp_path, users="[" + " " * 1_000_000 + "]")
    assert path.stat().st_size < 5000
    with pytest.raises(BadExport, match=r"users\.json is larger than"):
        Export(path)


def test_a_day_that_would_fill_the_memory_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "LARGEST_DAY", 1024**2)
    path = make(tmp_path, **{"help/2021-01-02": "[" + " " * 2_000_000 + "]"})
    assert len(everything(path)) == 1
    assert skipped(path) == {
        ("help/2021-01-02.json", "file that is larger than 1 MiB"): 1
    }


def test_a_size_that_the_zip_lies_about_is_not_exceeded(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "LARGEST_DAY", 1000)
    path = make(tmp_path, **{"help/2021-01-02": "[" + " " * 100_000 + "]"})
    raw = bytearray(path.read_bytes())
    name = b"help/2021-01-02.json"
    at = raw.rindex(name) - 46
    raw[at + 24 : at + 28] = struct.pack("<I", 999)
    path.write_bytes(raw)
    assert len(everything(path)) == 1


def test_far_too_many_days_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "LARGEST_EXPORT", 10)
    with (
        Export(make(tmp_path)) as export,
        pytest.raises(BadExport, match="unpacks to more"),
    ):
        export.days(export.rooms)


def test_nothing_outside_the_export_is_read(tmp_path):
    day = json.dumps([said()])
    path = make(tmp_path)
    with zipfile.ZipFile(path, "a") as out:
        for name in (
            "../help/2021-01-02.json",
            "/help/2021-01-02.json",
            "help/../../2021-01-02.json",
            "help\\2021-01-02.json",
            "help/2021-13-45.json",
            "help/2021-01-02.json/",
            "help/readme.json",
        ):
            out.writestr(name, day)
    assert len(everything(path)) == 1
    assert skipped(path) == {}


@pytest.mark.parametrize("prefix", ["my export/", "a/b/"])
def test_a_zipped_folder_will_do(tmp_path, prefix):
    files = {f"{prefix}{name}": value for name, value in exports.files(asks=1).items()}
    files["__MACOSX/._channels.json"] = b"\x00"
    whole = exports.write(tmp_path / "whole.zip", exports.files(asks=1))
    assert everything(exports.write(tmp_path / "in.zip", files)) == everything(whole)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("{", "file that is not JSON"),
        ({"messages": []}, "file that is not a list"),
        ([None], "entry without a valid shape"),
        (["text"], "entry without a valid shape"),
        ([{}], "entry without a valid ts"),
        ([said(None)], "entry without a valid ts"),
        ([said(1609459200.0001)], "entry without a valid ts"),
        ([said("yesterday")], "entry without a valid ts"),
        ([said("999999999999.000000")], "entry without a valid ts"),
        ([said(user=["U1"])], "entry without a valid user"),
        ([said(user="<!channel>")], "entry without a valid user"),
        ([said(text={"a": 1})], "entry without a valid text"),
        ([said(text="x" * 1_000_001)], "entry without a valid text"),
        ('[{"ts": "1609459200.000100", "text": "\\ud800"}]', "entry without a valid t"),
        ([said(thread_ts="x")], "entry without a valid thread_ts"),
        ([said(subtype=5)], "entry without a valid subtype"),
        ([said(reactions={"name": "+1"})], "entry without a valid reactions"),
        ([said(reactions=[{"users": []}])], "entry without a valid reactions"),
        ([said(reactions=[{"name": "+1", "users": [7]}])], "entry without a valid r"),
    ],
)
def test_what_is_broken_is_skipped_and_named(tmp_path, day, why):
    path = make(tmp_path, **{"help/2021-01-02": day})
    assert len(everything(path)) == 1
    [((where, told), count)] = skipped(path).items()
    assert (where, count) == ("help/2021-01-02.json", 1)
    assert told.startswith(why)


def test_what_slack_leaves_out_is_no_fault(tmp_path):
    bare = {"ts": "1609459201.000100", "text": None, "reactions": None, "user": None}
    kept = said("1609459202.000100", reactions=[{"name": "+1", "count": 2}])
    path = make(tmp_path, **{"help/2021-01-02": [bare, kept]})
    assert [m.text for m in everything(path)] == [
        "How is it done?",
        "",
        "How is it done?",
    ]
    assert skipped(path) == {}


def test_messages_come_by_their_time_and_once(tmp_path):
    later, sooner = said("1609459300.000000"), said("1609459299.000000")
    path = make(tmp_path, **{"help/2021-01-02": [later, sooner, later]})
    assert [m.ts for m in everything(path)][1:] == [sooner["ts"], later["ts"]]
    assert skipped(path) == {
        ("help/2021-01-02.json", "message that stands there twice"): 1
    }


def test_people_and_channels_that_make_no_sense_are_skipped(tmp_path):
    path = make(
        tmp_path,
        users=[{"id": "U1"}, {"name": "nobody"}, {"id": "U2", "tz": "a\0b"}, 7],
        channels=[
            ROOM,
            {"id": "C1", "name": "again"},
            {"id": "C2", "name": "help"},
            {"id": "C3", "name": "a/b"},
            {"id": "C4"},
        ],
    )
    with Export(path) as export:
        assert [one.id for one in export.people] == ["U1"]
        assert [room.name for room in export.rooms] == ["help"]
    assert skipped(path) == {
        ("users.json", "entry without a valid id"): 1,
        ("users.json", "entry without a valid tz"): 1,
        ("users.json", "entry without a valid shape"): 1,
        ("channels.json", "channel that is listed twice"): 2,
        ("channels.json", "entry without a valid name"): 2,
    }


def test_private_channels_are_read_and_direct_messages_are_not(tmp_path):
    path = make(
        tmp_path,
        groups=[{"id": "G1", "name": "leads"}],
        **{
            "leads/2021-01-01": [said()],
            "D024BE91L/2021-01-01": [said()],
            "mpdm-ana--ben-1/2021-01-01": [said()],
            "forgotten/2021-01-01": [said()],
        },
    )
    with Export(path) as export:
        assert {room.name: room.is_private for room in export.rooms} == {
            "help": False,
            "leads": True,
        }
    assert len(everything(path)) == 2
    assert skipped(path) == {
        ("D024BE91L/", "day of direct messages"): 1,
        ("mpdm-ana--ben-1/", "day of direct messages"): 1,
        ("forgotten/", "day of a channel that is not listed"): 1,
    }


def test_a_name_in_the_zip_can_not_paint_the_terminal(tmp_path):
    path = make(tmp_path, **{"\x1b[31mred\n/2021-01-01": [said()]})
    assert list(skipped(path)) == [("[31mred /", "day of a channel that is not listed")]


def test_the_team_is_that_of_most_people(tmp_path):
    cases: list[tuple[list[str | None], str | None]] = [
        (["T1", "T2", "T2", None], "T2"),
        (["T1", "T2"], "T2"),
        ([None], None),
        ([], None),
    ]
    for teams, expected in cases:
        users = [{"id": f"U{n}", "team_id": t} for n, t in enumerate(teams)]
        with Export(make(tmp_path, users=users)) as export:
            assert export.team_id == expected


def test_channels_are_chosen_by_name(tmp_path):
    with Export(exports.write(tmp_path / "e.zip", exports.files(asks=1))) as export:
        assert [room.name for room in export.select(["#help", "lounge", "help"])] == [
            "help",
            "lounge",
        ]
        assert len(export.select(None)) == 3
        with pytest.raises(BadExport, match="no channel x; it has help, lounge, tran"):
            export.select(["help", "x"])
