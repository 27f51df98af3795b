"""A story is played step by step; a step that can't be played is an error."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_bolt import BoltResponse
from slack_sdk import WebClient  # noqa: TID251  # Here it calls the sandbox.

from sandbox import Sandbox
from sandbox.scenarios.stories import DIRECT_MESSAGE, StoryError, play
from sandbox.workspace.clock import TravelClock
from tests.sandbox.conftest import RecordingApp

HERE = "#help-backend"


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": text(name),
        "element": {"type": kind, "action_id": name, **more},
    }


BUTTON = {"type": "button", "action_id": "nod", "text": text("Nod")}
DAYS = [{"text": text(day), "value": str(n)} for n, day in enumerate("MTWTFSS", 1)]
FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": text("Form"),
    "submit": text("Save"),
    "blocks": [
        field("words", "plain_text_input"),
        {**field("at", "timepicker"), "optional": True},
        {**field("days", "multi_static_select", options=DAYS), "optional": True},
        {**field("people", "multi_users_select"), "optional": True},
        {"type": "actions", "elements": [BUTTON]},
    ],
}


@pytest.fixture
def clock() -> TravelClock:
    """A clock at half an hour before Monday in Helsinki, where Aino is."""
    return TravelClock(datetime(2026, 6, 14, 20, 45, 30, tzinfo=UTC), running=False)


@pytest.fixture(autouse=True)
def app(recording_app: RecordingApp, client: WebClient) -> RecordingApp:
    """An app with a form that rejects a word, and a message with a button."""

    def answer(body: dict[str, Any]) -> BoltResponse | None:
        if body.get("command") == "/parrot":
            client.views_open(trigger_id=body["trigger_id"], view=FORM)
        elif body.get("command") == "/plain":
            there = body["user_id"] if body["text"] == "me" else body["channel_id"]
            blocks = [{"type": "actions", "elements": [BUTTON]}]
            client.chat_postMessage(channel=there, text="A nod?", blocks=blocks)
        elif body.get("type") == "view_submission":
            values = body["view"]["state"]["values"]
            if values["words"]["words"]["value"] == "rude":
                errors = {"words": "Say it nicely."}
                return BoltResponse(
                    status=200, body={"response_action": "errors", "errors": errors}
                )
        return None

    recording_app.answer = answer
    return recording_app


@pytest.fixture
def told(slack: Sandbox, tmp_path: Path) -> Callable[..., None]:
    def told(*steps: dict[str, Any]) -> None:
        file = tmp_path / "story.yml"
        file.write_text(yaml.safe_dump({"steps": [*steps]}), encoding="utf-8")
        play(slack, file)

    return told


def person(slack: Sandbox, name: str) -> str:
    return next(one.id for one in slack.workspace.people.values() if one.name == name)


OPENS = {"who": "aino", "types": "/parrot", "in": HERE}
ASKS = {"who": "maya", "types": "/plain you", "in": HERE, "called": "nod"}


def test_a_form_is_filled_in_with_people_and_future_times(
    told: Callable[..., None], app: RecordingApp, slack: Sandbox
):
    told(
        OPENS,
        {
            "who": "aino",
            "submits": {
                "words": "Hello",
                "people": ["@tomas", "@zoe"],
                "days": [{"ahead": 20, "as": "%u"}],
                "at": {"ahead": 20, "as": "%H:%M"},
            },
        },
    )
    values = app.interactions[-1]["view"]["state"]["values"]
    people = [person(slack, "tomas"), person(slack, "zoe")]
    assert values["people"]["people"]["selected_users"] == people
    # Twenty minutes later it is Monday, in her zone.
    assert values["at"]["at"]["selected_time"] == "00:05"
    assert [one["value"] for one in values["days"]["days"]["selected_options"]] == ["1"]
    assert slack.view(person(slack, "aino")) is None


def test_buttons_work_in_a_form_and_in_an_ephemeral_message(
    told: Callable[..., None], app: RecordingApp, slack: Sandbox
):
    told(
        OPENS,
        {"who": "aino", "presses": "nod"},
        {"who": "aino", "closes": "form"},
        {"who": "zoe", "types": "/plain me", "in": HERE},
        {"who": "zoe", "sees": "A nod", "in": DIRECT_MESSAGE, "called": "mine"},
        {"who": "zoe", "after": 3, "clicks": "nod", "at": "mine"},
    )
    pressed = [one for one in app.interactions if one.get("type") == "block_actions"]
    first, second = (one["container"]["type"] for one in pressed)
    assert (first, second) == ("view", "message")
    assert pressed[1]["channel"]["id"] == slack.dm_channel(person(slack, "zoe"))
    assert slack.view(person(slack, "aino")) is None


def test_a_person_joins_and_posts(told: Callable[..., None], slack: Sandbox):
    told(
        {"who": "noor", "joins": HERE},
        {"who": "noor", "says": "Hello", "in": HERE, "called": "hello"},
        {"who": "maya", "reacts": "wave", "to": "hello"},
    )
    room = next(
        one for one in slack.workspace.channels.values() if one.name == "help-backend"
    )
    said = slack.messages(room.id)[-1]
    assert (said.text, said.user) == ("Hello", person(slack, "noor"))
    assert said.reactions == {"wave": [person(slack, "maya")]}


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([{"who": "nobody", "says": "Hello", "in": HERE}], "nobody"),
        ([{"who": "zoe", "says": "Hello", "in": "#nowhere"}], "#nowhere"),
        ([{"who": "zoe", "says": "Hello", "in": "#leads"}], "zoe is not in leads"),
        ([{"who": "olga", "joins": "#nowhere"}], "#nowhere"),
        ([{"says": "Hello", "in": HERE}], "who"),
        ([{"who": "zoe", "sings": "Hello"}], "unknown step"),
        ([{"who": "zoe", "answers": "what", "with": "Yes."}], "what"),
        ([{"who": "zoe", "reacts": "eyes", "to": "what"}], "what"),
        ([{"who": "zoe", "types": "/sing", "in": HERE}], "/sing"),
        ([{"who": "zoe", "sees": "never said", "in": HERE}], "did not appear"),
        (
            [{"who": "zoe", "types": "/parrot", "in": HERE, "called": "x"}],
            "did not appear",
        ),
        ([{"who": "zoe", "submits": {}}], "no form is open"),
        ([{"who": "zoe", "presses": "save"}], "no form is open"),
        ([{"who": "zoe", "closes": "form"}], "no form is open"),
        ([OPENS, {"who": "zoe", "submits": {"words": "Hi"}}], "no form is open"),
        ([OPENS, {"who": "aino", "submits": {"hats": "two"}}], "hats"),
        ([OPENS, {"who": "aino", "submits": {"people": ["@x"]}}], "x"),
        ([OPENS, {"who": "aino", "submits": {}}], "required"),
        ([OPENS, {"who": "aino", "submits": {"words": "rude"}}], "Say it nicely"),
        ([OPENS, {"who": "aino", "presses": "shake"}], "shake"),
        ([ASKS, {"who": "zoe", "clicks": "shake", "at": "nod"}], "shake"),
    ],
)
def test_a_step_that_can_not_be_played_is_shown_in_the_error(
    told: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    steps: list[dict[str, Any]],
    why: str,
):
    monkeypatch.setattr("sandbox.scenarios.stories.TIMEOUT_SECONDS", 1)
    last = ", ".join(str(value) for value in steps[-1].values() if value == "zoe")
    with pytest.raises(StoryError, match=f"{why}.*{last}"):
        told(*steps)


def test_an_app_that_does_not_respond_is_an_error(
    told: Callable[..., None], app: RecordingApp
):
    app.answer = lambda _body: BoltResponse(status=500)
    with pytest.raises(StoryError, match="dispatch_failed"):
        told(OPENS)
