"""A Slack export, replayed live and as a list of envelopes."""

import json
import threading
import zipfile

import pytest

from sandbox.scenarios import replay
from sandbox.scenarios.exports import Export, ExportError
from tests import export_factory

USERS = [
    {"id": "U1", "name": "ana", "profile": {"real_name": "Ana"}, "tz": "Asia/Tokyo"},
    {"id": "U2", "name": "ben", "is_bot": False},
]
CHANNELS = [{"id": "C1", "name": "help", "created": 1, "members": ["U1"]}]


def said(ts, user, text, **more):
    return {"type": "message", "ts": ts, "user": user, "text": text, **more}


DAYS = {
    "help/2021-01-02.json": [
        said("1609545600.000200", "U2", "An answer", thread_ts="1609459200.000100"),
    ],
    "help/2021-01-01.json": [
        said("1609459201.000100", "U3", "By somebody unknown"),
        said(
            "1609459200.000100",
            "U1",
            "A question?",
            thread_ts="1609459200.000100",
            reactions=[{"name": "+1", "users": ["U2", "U1"], "count": 2}],
        ),
        said(
            "1609459202.000100",
            "USLACKBOT",
            "Deleted",
            subtype="tombstone",
            thread_ts="1609459202.000100",
        ),
    ],
    "forgotten/2021-01-01.json": [
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B9",
            "text": "beep",
            "ts": "1609459200.500000",
        }
    ],
}


def make(path, files, prefix=""):
    with zipfile.ZipFile(path, "w") as out:
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            out.writestr(prefix + name, text)
    return path


@pytest.fixture
def export(tmp_path):
    files = {"users.json": USERS, "channels.json": CHANNELS, **DAYS}
    return make(tmp_path / "export.zip", files)


def test_envelopes_are_in_order_and_the_same_each_time(export):
    row = list(replay.envelopes(export, team_id="T1"))
    assert row == list(replay.envelopes(export, team_id="T1"))
    kinds = [(e["event"]["type"], e["event"].get("text")) for e in row]
    assert kinds == [
        ("message", "A question?"),
        ("reaction_added", None),
        ("reaction_added", None),
        ("message", "beep"),
        ("message", "By somebody unknown"),
        ("message", "An answer"),
    ]
    assert len({e["event_id"] for e in row}) == len(row)
    first, reacted = row[0]["event"], row[1]["event"]
    assert first["event_ts"] == first["ts"] < reacted["event_ts"]
    assert reacted["item"] == {
        "type": "message",
        "channel": "C1",
        "ts": first["ts"],
    }
    assert row[1]["event"]["event_ts"] < row[2]["event"]["event_ts"]


def test_only_the_selected_channels_are_replayed(export):
    row = list(replay.envelopes(export, ["forgotten"], team_id="T1"))
    assert [e["event"]["text"] for e in row] == ["beep"]
    with pytest.raises(ExportError, match="no channel nowhere"):
        list(replay.envelopes(export, ["nowhere"], team_id="T1"))


def test_a_live_replay_posts_and_sends_events(export, slack, recording_app):
    played = replay.replay(slack, export, ["help"])
    slack.wait_for_deliveries()
    assert (played.messages, played.replies, played.reactions) == (3, 1, 2)
    thread = slack.thread("C1", "1609459200.000100")
    assert [m.text for m in thread] == ["A question?", "An answer"]
    assert thread[0].reactions == {"+1": ["U2", "U1"]}
    told = [m["text"] for m in recording_app.events("message")]
    assert told == ["A question?", "By somebody unknown", "An answer"]
    assert recording_app.events("team_join") == []
    assert slack.workspace.person("U1").tz == "Asia/Tokyo"
    assert slack.message("C1", "1609459202.000100").subtype == "tombstone"


def test_a_second_replay_posts_nothing(export, slack):
    replay.replay(slack, export)
    assert replay.replay(slack, export).messages == 0


def test_pauses_are_shortened_and_limited(export, slack):
    pauses: list[float] = []
    replay.replay(slack, export, ["help"], speed=2, max_pause=10, sleep=pauses.append)
    assert pauses == [0.5, 0.5, 10]


def test_it_can_be_stopped(export, slack):
    stop = threading.Event()
    played = replay.replay(
        slack, export, stop=stop, on_message=lambda _played: stop.set()
    )
    assert played.messages == 1


def test_a_zipped_folder_is_accepted(tmp_path):
    files = {"users.json": USERS, "channels.json": CHANNELS, **DAYS}
    path = make(tmp_path / "folder.zip", files, prefix="my export/")
    assert len(list(replay.envelopes(path, team_id="T1"))) == 6


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"channels.json": []}, "users.json is missing"),
        ({"users.json": []}, "no channels.json"),
        ({"users.json": "{", "channels.json": []}, "not JSON"),
        ({"users.json": {}, "channels.json": []}, "not a list"),
        ({"users.json": [], "channels.json": [{"name": "x"}]}, "without 'id'"),
        ({"users.json": [], "channels.json": [], "a/2021-01-01.json": "["}, "not JSON"),
        (
            {"users.json": [], "channels.json": [], "a/2021-01-01.json": [{}]},
            "without a ts",
        ),
    ],
)
def test_invalid_exports_are_reported(tmp_path, files, why):
    path = make(tmp_path / "bad.zip", files)
    with pytest.raises(ExportError, match=why):
        list(replay.envelopes(path, team_id="T1"))


@pytest.mark.parametrize("folder", ["質問", "C1"])
@pytest.mark.parametrize("slash", ["/", "\\"])
def test_a_real_zip(tmp_path, folder, slash):
    files = {
        "org_users.json": USERS,
        "channels.json": [CHANNELS[0] | {"name": "質問"}],
        "groups.json": "null",
        f"{folder}{slash}2021-01-01.json": [
            said("1609459200.000100", "U1", "A question?", reactions=None, files=None)
        ],
    }
    path = export_factory.without_utf8_flag(make(tmp_path / "export.zip", files))
    with Export(path) as export:
        [room] = export.channels
        assert [m["text"] for m in export.messages(room)] == ["A question?"]
        assert [person["id"] for person in export.people] == ["U1", "U2"]


def test_a_file_that_is_no_zip(tmp_path):
    path = tmp_path / "not.zip"
    with pytest.raises(ExportError, match=r"not\.zip"):
        Export(path)
    path.write_text("no")
    with pytest.raises(ExportError, match=r"not\.zip"):
        Export(path)


def test_a_damaged_zip(tmp_path, export):
    data = bytearray(export.read_bytes())
    at = data.find(b"An answer")
    data[at : at + 9] = b"A" * 9
    export.write_bytes(data)
    with pytest.raises(ExportError, match="cannot be read"):
        list(replay.envelopes(export, team_id="T1"))
