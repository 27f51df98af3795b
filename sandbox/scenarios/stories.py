"""Play a story in the sandbox: a file of people's messages, commands and clicks."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from sandbox.sandbox import Sandbox
from sandbox.scenarios.seed import populate
from sandbox.workspace.clock import TravelClock
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Ack, Message

# Seconds for an app to show the effect of a step.
TIMEOUT_SECONDS = 10
# The place of a person's messages with the app.
DIRECT_MESSAGE = "direct message"


class StoryError(Exception):
    """A step can't be played: no such person or message, or an action is rejected."""


def duration(file: Path) -> timedelta:
    """Return the story's length: set the clock back by it to end in the present."""
    steps = yaml.safe_load(file.read_text(encoding="utf-8"))["steps"]
    return sum((_delay(step) for step in steps), timedelta())


def _delay(step: dict[str, Any]) -> timedelta:
    return timedelta(minutes=step.get("after", 0))


def play(sandbox: Sandbox, file: Path) -> None:
    """Populate the workspace and play the steps.

    Each waits for the message that it is about. Raises StoryError for the first step
    that can't be played.
    """
    script = yaml.safe_load(file.read_text(encoding="utf-8"))
    sandbox.hints = script.get("hints", [])
    cast = populate(sandbox)
    _StoryPlayer(sandbox, {name: record.id for name, record in cast.items()}).play(
        script["steps"]
    )


class _StoryPlayer:
    def __init__(self, sandbox: Sandbox, ids: dict[str, str]) -> None:
        self._sandbox = sandbox
        self._ids = ids
        # Messages by the names that later steps use.
        self._messages: dict[str, tuple[str, str]] = {}

    def play(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            self._wait(_delay(step))
            try:
                self._play_step(step)
            except (LookupError, PermissionError, SlackError) as error:
                raise StoryError(f"{error}, in the step {step}") from error

    def _wait(self, time_between: timedelta) -> None:
        """Move the clock, if it can be moved; the app's work is run on the way."""
        clock = self._sandbox.clock
        self._sandbox.wait_for_deliveries()
        if time_between and isinstance(clock, TravelClock):
            clock.advance(time_between)

    def _play_step(self, step: dict[str, Any]) -> None:
        person = self._ids[step["who"]]
        match step:
            case {"types": line, "in": place}:
                self._type_command(
                    person, line, self._channel_id(place, person), step.get("called")
                )
            case {"says": text, "in": place}:
                channel = self._channel_id(place, person)
                self._name_message(
                    step, channel, self._sandbox.say(person, channel, text)
                )
            case {"answers": name, "with": text}:
                channel, ts = self._messages[name]
                reply = self._sandbox.say(person, channel, text, thread_ts=ts)
                self._name_message(step, channel, reply)
            case {"reacts": emoji, "to": name}:
                self._sandbox.react(person, *self._messages[name], emoji)
            case {"joins": place}:
                self._sandbox.join(self._ids[place], person)
            case {"sees": text, "in": place}:
                channel = self._channel_id(place, person)
                self._name_message(step, channel, self._wait_for_text(channel, text))
            case {"clicks": action, "at": name}:
                _check(self._sandbox.click(person, *self._messages[name], action))
            case _:
                self._play_form_step(person, step)
        self._sandbox.wait_for_deliveries()

    def _play_form_step(self, person: str, step: dict[str, Any]) -> None:
        match step:
            case {"presses": action}:
                view = self._view(person)
                _check(self._sandbox.click_view(person, view, action))
            case {"submits": values}:
                filled = {n: self._value(v, person) for n, v in values.items()}
                _check(self._sandbox.submit(person, self._view(person), filled))
            case {"closes": "form"}:
                self._sandbox.close_view(person, self._view(person))
            case _:
                raise StoryError(f"unknown step: {step}")

    def _name_message(self, step: dict[str, Any], channel: str, ts: str) -> None:
        if name := step.get("called"):
            self._messages[name] = channel, ts

    def _channel_id(self, name: str, person: str) -> str:
        return (
            self._sandbox.dm_channel(person)
            if name == DIRECT_MESSAGE
            else self._ids[name]
        )

    def _type_command(
        self, person: str, line: str, channel: str, name: str | None
    ) -> None:
        command, _, text = line.partition(" ")
        before = {message.ts for message in self._sandbox.messages(channel)}
        _check(self._sandbox.command(person, channel, command, text))
        if name:
            ts = self._wait_for_message(
                channel, lambda message: message.ts not in before
            )
            self._messages[name] = channel, ts

    def _wait_for_text(self, channel: str, text: str) -> str:
        return self._wait_for_message(
            channel, lambda message: text in f"{message.text} {message.blocks}"
        )

    def _wait_for_message(
        self, channel: str, matches: Callable[[Message], bool]
    ) -> str:
        """Return the ts of the latest matching message, waiting for one."""
        for _ in range(TIMEOUT_SECONDS * 20):
            for message in reversed(self._sandbox.messages(channel)):
                if matches(message):
                    return message.ts
            time.sleep(0.05)
        raise LookupError("the message did not appear")

    def _view(self, person: str) -> str:
        view = self._sandbox.view(person)
        if view is None:
            raise LookupError("no form is open")
        return str(view["id"])

    def _value(self, value: Any, person: str) -> Any:
        """Return a field's value:

        "@ana" is a person's id, `ahead` are minutes from now.
        """
        match value:
            case list():
                return [self._value(item, person) for item in value]
            case {"ahead": minutes, "as": form}:
                zone = ZoneInfo(self._sandbox.workspace.person(person).tz or "UTC")
                at = self._sandbox.clock() + timedelta(minutes=minutes)
                return at.astimezone(zone).strftime(form)
            case str() if value.startswith("@"):
                return self._ids[value.removeprefix("@")]
        return value


def _check(ack: Ack) -> None:
    if not ack.ok:
        raise LookupError(ack.failed or f"refused: {ack.errors or ack.status}")
