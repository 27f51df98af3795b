"""Real exports: rejected with a sentence, or read without their broken parts."""

import json
import random
import struct
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bot.imports import export as reader
from bot.imports.entries import ExportMessage
from bot.imports.export import BadExport, Export
from tests import export_factory

DAY = "help/2021-01-01.json"
UNLISTED = "day/days of messages in {}, which channels.json does not list"
ROOM = {"id": "C1", "name": "help"}


def export_message(ts: Any = "1609459200.000100", **more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "ts": ts,
        "user": "U1",
        "text": "How is it done?",
        **more,
    }


def make(path: Path, **content: Any) -> Path:
    """Write an export with one message; `content` is by name without its ending."""
    files: dict[str, object] = {
        "users.json": [{"id": "U1", "team_id": "T1"}],
        "channels.json": [ROOM],
        DAY: [export_message()],
    }
    files |= {f"{name}.json": value for name, value in content.items()}
    present = {name: value for name, value in files.items() if value is not None}
    return export_factory.write(path / "export.zip", present)


def everything(path: Path) -> list[ExportMessage]:
    with Export(path) as export:
        return [m for day in export.days(export.channels) for m in export.messages(day)]


def skipped(path: Path) -> dict[tuple[str, str], int]:
    with Export(path) as export:
        for day in export.days(export.channels):
            # Read twice, as the loader does: each skip is reported once.
            assert export.messages(day) == export.messages(day)
        return dict(+export.skipped)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"users": None}, "users.json is missing"),
        ({"channels": None}, "has no channels.json"),
        ({"users": "{"}, "users.json is not JSON"),
        ({"users": b"\xff\xfe\xfa"}, "users.json is not JSON"),
        ({"users": "[" * 100_000}, "users.json is not JSON"),
        ({"channels": {"id": "C1"}}, "channels.json is not a list"),
        ({"channels": "7"}, "channels.json is not a list"),
    ],
)
def test_essential_files_must_be_there(tmp_path, content, reason):
    with pytest.raises(BadExport, match=reason):
        Export(make(tmp_path, **content))


def test_a_file_that_is_no_zip(tmp_path):
    path = tmp_path / "export.zip"
    with pytest.raises(BadExport, match=r"export\.zip can't be opened \(No such file"):
        Export(path)
    path.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(BadExport, match="isn't a zip file"):
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
def test_a_damaged_zip_is_read_or_rejected_cleanly(tmp_path, seed):
    dice = random.Random(seed)
    path = export_factory.write(
        tmp_path / "export.zip", export_factory.export_files(asks=1)
    )
    raw = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 3, 30))):
        raw[dice.randrange(len(raw))] = dice.randrange(256)
    path.write_bytes(raw[: dice.choice((len(raw), len(raw) - 30, len(raw) // 2))])
    try:
        everything(path)
    except BadExport as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017 - either outcome is good


def test_a_list_that_would_fill_the_memory_is_rejected(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_LIST_BYTES", 100)
    path = make(tmp_path, users="[" + " " * 1_000_000 + "]")
    assert path.stat().st_size < 5000
    with pytest.raises(BadExport, match=r"users\.json is larger than"):
        Export(path)


def test_a_day_that_would_fill_the_memory_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_DAY_BYTES", 1024**2)
    path = make(tmp_path, **{"help/2021-01-02": "[" + " " * 2_000_000 + "]"})
    assert len(everything(path)) == 1
    assert skipped(path) == {
        ("help/2021-01-02.json", "file/files can't be read: {} is larger than 1 MiB"): 1
    }


def test_a_wrong_size_in_the_zip_is_not_exceeded(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_DAY_BYTES", 1000)
    path = make(tmp_path, **{"help/2021-01-02": "[" + " " * 100_000 + "]"})
    raw = bytearray(path.read_bytes())
    name = b"help/2021-01-02.json"
    at = raw.rindex(name) - 46
    raw[at + 24 : at + 28] = struct.pack("<I", 999)
    path.write_bytes(raw)
    assert len(everything(path)) == 1


def test_far_too_many_days_are_rejected(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_EXPORT_BYTES", 10)
    with (
        Export(make(tmp_path)) as export,
        pytest.raises(BadExport, match="unpacks to more"),
    ):
        export.days(export.channels)


def test_nothing_outside_the_export_is_read(tmp_path):
    day = json.dumps([export_message()])
    path = make(tmp_path)
    with zipfile.ZipFile(path, "a") as out:
        for name in (
            "../help/2021-01-02.json",
            "/help/2021-01-02.json",
            "help/../../2021-01-02.json",
            "..\\..\\help\\2021-01-02.json",
            "help/2021-13-45.json",
            "help/2021-01-02.json/",
            "help/readme.json",
        ):
            out.writestr(name, day)
    assert len(everything(path)) == 1
    assert skipped(path) == {}


@pytest.mark.parametrize("prefix", ["my export/", "a/b/"])
def test_a_zipped_folder_is_accepted(tmp_path, prefix):
    files = {
        f"{prefix}{name}": value
        for name, value in export_factory.export_files(asks=1).items()
    }
    files["__MACOSX/._channels.json"] = b"\x00"
    whole = export_factory.write(
        tmp_path / "whole.zip", export_factory.export_files(asks=1)
    )
    assert everything(export_factory.write(tmp_path / "in.zip", files)) == everything(
        whole
    )


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("{", "file/files can't be read: {} is not JSON"),
        ({"messages": []}, "file/files can't be read: {} is not a list"),
        ([None], "entry/entries in {} without a valid shape"),
        (["text"], "entry/entries in {} without a valid shape"),
        ([{}], "entry/entries in {} without a valid ts"),
        ([export_message(None)], "entry/entries in {} without a valid ts"),
        ([export_message(1609459200.0001)], "entry/entries in {} without a valid ts"),
        ([export_message("yesterday")], "entry/entries in {} without a valid ts"),
        (
            [export_message("999999999999.000000")],
            "entry/entries in {} without a valid ts",
        ),
        ([export_message(user=["U1"])], "entry/entries in {} without a valid user"),
        (
            [export_message(user="<!channel>")],
            "entry/entries in {} without a valid user",
        ),
        ([export_message(text={"a": 1})], "entry/entries in {} without a valid text"),
        (
            [export_message(text="x" * 1_000_001)],
            "entry/entries in {} without a valid text",
        ),
        (
            '[{"ts": "1609459200.000100", "text": "\\ud800"}]',
            "entry/entries in {} without a valid t",
        ),
        (
            [export_message(thread_ts="x")],
            "entry/entries in {} without a valid thread_ts",
        ),
        ([export_message(subtype=5)], "entry/entries in {} without a valid subtype"),
        (
            [export_message(reactions={"name": "+1"})],
            "entry/entries in {} without a valid reactions",
        ),
        (
            [export_message(reactions=[{"users": []}])],
            "entry/entries in {} without a valid reactions",
        ),
        (
            [export_message(reactions=[{"name": "+1", "users": [7]}])],
            "entry/entries in {} without a valid r",
        ),
    ],
)
def test_broken_parts_are_skipped_and_named(tmp_path, day, reason):
    path = make(tmp_path, **{"help/2021-01-02": day})
    assert len(everything(path)) == 1
    [((place, skip_reason), count)] = skipped(path).items()
    assert (place, count) == ("help/2021-01-02.json", 1)
    assert skip_reason.startswith(reason)


def test_fields_that_slack_omits_are_no_errors(tmp_path):
    bare = {"ts": "1609459201.000100", "text": None, "reactions": None, "user": None}
    present = export_message(
        "1609459202.000100", reactions=[{"name": "+1", "count": 2}]
    )
    path = make(tmp_path, **{"help/2021-01-02": [bare, present]})
    assert [m.text for m in everything(path)] == [
        "How is it done?",
        "",
        "How is it done?",
    ]
    assert skipped(path) == {}


def test_messages_are_in_order_of_time_and_unique(tmp_path):
    later, sooner = (
        export_message("1609459300.000000"),
        export_message("1609459299.000000"),
    )
    path = make(tmp_path, **{"help/2021-01-02": [later, sooner, later]})
    assert [m.ts for m in everything(path)][1:] == [sooner["ts"], later["ts"]]
    assert skipped(path) == {
        ("help/2021-01-02.json", "duplicate/duplicates of messages in {}"): 1
    }


def test_invalid_people_and_channels_are_skipped(tmp_path):
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
        assert [user.id for user in export.users] == ["U1"]
        assert [room.name for room in export.channels] == ["help"]
    assert skipped(path) == {
        ("users.json", "entry/entries in {} without a valid id"): 1,
        ("users.json", "entry/entries in {} without a valid tz"): 1,
        ("users.json", "entry/entries in {} without a valid shape"): 1,
        ("channels.json", "duplicate/duplicates of channels in {}"): 2,
        ("channels.json", "entry/entries in {} without a valid name"): 2,
    }


def test_private_channels_are_read_and_direct_messages_are_not(tmp_path):
    path = make(
        tmp_path,
        groups=[{"id": "G1", "name": "leads"}],
        **{
            "leads/2021-01-01": [export_message()],
            "D024BE91L/2021-01-01": [export_message()],
            "mpdm-ana--ben-1/2021-01-01": [export_message()],
            "forgotten/2021-01-01": [export_message()],
        },
    )
    with Export(path) as export:
        assert {room.name: room.is_private for room in export.channels} == {
            "help": False,
            "leads": True,
        }
    assert len(everything(path)) == 2
    assert skipped(path) == {
        ("D024BE91L/", "day/days of direct messages in {}"): 1,
        ("mpdm-ana--ben-1/", "day/days of direct messages in {}"): 1,
        ("forgotten/", UNLISTED): 1,
    }


def test_a_name_in_the_zip_can_not_print_control_characters(tmp_path):
    path = make(tmp_path, **{"\x1b[31mred\n/2021-01-01": [export_message()]})
    assert list(skipped(path)) == [("[31mred /", UNLISTED)]


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


def test_channels_are_selected_by_name(tmp_path):
    with Export(
        export_factory.write(tmp_path / "e.zip", export_factory.export_files(asks=1))
    ) as export:
        assert [room.name for room in export.select(["#help", "lounge", "help"])] == [
            "help",
            "lounge",
        ]
        assert len(export.select(None)) == 3
        with pytest.raises(BadExport, match="no channel x; it has help, lounge, tran"):
            export.select(["help", "x"])


# Zips as people's tools make them.


@pytest.mark.parametrize(
    "name", ["質問", "größe", "질문", "вопросы", "🚀-help", "café"]
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("slash", ["/", "\\"])
@pytest.mark.parametrize("has_flag", [True, False])
def test_names_of_folders_in_any_script(tmp_path, name, form, slash, has_flag):
    folder = unicodedata.normalize(form, name)
    path = make(
        tmp_path,
        channels=[{"id": "C1", "name": name}],
        **{
            DAY.removesuffix(".json"): None,
            f"{folder}{slash}2021-01-01": [export_message()],
        },
    )
    path = path if has_flag else export_factory.without_utf8_flag(path)
    assert [message.text for message in everything(path)] == ["How is it done?"]
    assert skipped(path) == {}
    with Export(path) as export:
        # The name as typed in macOS's terminal.
        assert len(export.select([unicodedata.normalize("NFD", name)])) == 1


def test_a_name_that_is_not_utf_8_is_reported_as_unknown(tmp_path):
    """Such a name comes from an old zip program on Windows."""
    path = make(tmp_path, **{"gr\u00f6\u00dfe/2021-01-01": [export_message()]})
    raw = export_factory.without_utf8_flag(path).read_bytes()
    path.write_bytes(raw.replace("größe".encode(), b"gr\x94\xe1e  "))
    assert skipped(path) == {("größe /", UNLISTED): 1}


def test_a_file_listed_twice_is_read_once(tmp_path):
    path = make(tmp_path, **{"help\\2021-01-01": [export_message(text="Again?")]})
    assert [message.text for message in everything(path)] == ["How is it done?"]
    assert skipped(path) == {(DAY, "duplicate/duplicates of {}"): 1}


def test_folders_may_be_named_by_channel_ids(tmp_path):
    path = make(tmp_path, **{"C1/2021-01-02": [export_message("1609545600.000100")]})
    assert len(everything(path)) == 2
    assert skipped(path) == {}


def test_the_people_of_an_enterprise_grid(tmp_path):
    grid = [
        {"id": "W1", "team_id": "E1", "enterprise_user": {"id": "W1"}},
        {"id": "U1", "team_id": "T1", "name": "again"},
        {"id": "W2", "team_id": "E1"},
    ]
    with Export(make(tmp_path, users=None, org_users=grid)) as export:
        assert [person.id for person in export.users] == ["W1", "U1", "W2"]
        assert export.team_id == "T1"
    with Export(make(tmp_path, org_users=grid)) as export:
        assert [person.id for person in export.users] == ["U1", "W1", "W2"]
        assert export.users[0].name is None


@pytest.mark.parametrize("field", ["reactions", "replies", "reply_users", "files"])
def test_null_is_an_empty_list(tmp_path, field):
    null = export_message("1609459201.000100", **{field: None})
    path = make(
        tmp_path, users="null", groups="null", **{"help/2021-01-02": [null]},
        **{"help/2021-01-03": "null"},
    )  # fmt: skip
    assert len(everything(path)) == 2
    assert skipped(path) == {}
    with Export(path) as export:
        assert export.users == []


def test_nulls_are_accepted_in_lists_and_instead_of_channels(tmp_path):
    reactions = [None, {"name": "+1", "users": [None, "U2"]}, {"name": "eyes"}]
    path = make(
        tmp_path,
        channels=[ROOM | {"is_archived": None, "is_private": None, "members": None}],
        **{
            DAY.removesuffix(".json"): [
                export_message(reactions=reactions, user_profile=7)
            ]
        },
    )
    [message] = everything(path)
    assert [(r.name, r.users) for r in message.reactions] == [
        ("+1", ["U2"]),
        ("eyes", []),
    ]
    assert skipped(path) == {}


@pytest.mark.parametrize("seed", range(60))
def test_any_value_in_any_field_is_handled(tmp_path, seed):
    """Each field may contain any JSON value."""
    dice = random.Random(seed)
    odd: tuple[Any, ...] = (
        None,
        0,
        -1.5,
        True,
        "",
        "x" * 300,
        "\ud800",
        [],
        [None],
        {},
        {"a": []},
        10**30,
    )

    def spoil(value: Any) -> Any:
        if dice.random() < 0.02:
            return dice.choice(odd)
        if isinstance(value, list):
            return [spoil(entry) for entry in value]
        if isinstance(value, dict):
            return {key: spoil(entry) for key, entry in value.items()}
        return value

    files = {
        name: json.dumps(spoil(value))
        for name, value in export_factory.export_files(seed, asks=2).items()
    }
    path = export_factory.write(tmp_path / "export.zip", files)
    try:
        everything(path)
    except BadExport as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017 - either outcome is good
