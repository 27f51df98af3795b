"""Tell a story in the sandbox: a file of what people say, type, mark and click."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.clock import TravelClock
from sandbox.people import populate
from sandbox.records import Message
from sandbox.sandbox import Sandbox

# How long an app may take to show what somebody's step has caused.
PATIENCE_SECONDS = 10
# Before time moves on: what was on its way then would come too late.
PAUSE_SECONDS = 0.3


class StoryError(Exception):
    """A step can't be told: nobody of that name, or no such message."""


def span(file: Path) -> timedelta:
    """How long the story takes: a clock set back by it ends up at the present."""
    steps = yaml.safe_load(file.read_text(encoding="utf-8"))["steps"]
    return sum((_after(step) for step in steps), timedelta())


def _after(step: dict[str, Any]) -> timedelta:
    return timedelta(minutes=step.get("after", 0))


def tell(sandbox: Sandbox, file: Path) -> None:
    """Populate the workspace and act the steps out, each after what it waits for."""
    script = yaml.safe_load(file.read_text(encoding="utf-8"))
    sandbox.hints = script.get("hints", [])
    cast = populate(sandbox)
    _Teller(sandbox, {name: one.id for name, one in cast.items()}).tell(script["steps"])


class _Teller:
    def __init__(self, sandbox: Sandbox, ids: dict[str, str]) -> None:
        self._sandbox = sandbox
        self._ids = ids
        # Messages by the name that a later step calls them by.
        self._messages: dict[str, tuple[str, str]] = {}

    def tell(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            self._wait(_after(step))
            self._act(step)

    def _wait(self, time_between: timedelta) -> None:
        """Where the clock can be moved, after a moment for the app to finish."""
        clock = self._sandbox.clock
        if time_between and isinstance(clock, TravelClock):
            time.sleep(PAUSE_SECONDS)
            self._sandbox.settle()
            clock.advance(time_between)

    def _act(self, step: dict[str, Any]) -> None:
        who = self._ids[step["who"]]
        match step:
            case {"types": line, "in": place}:
                command, _, text = line.partition(" ")
                before = {message.ts for message in self._shown(place)}
                self._sandbox.command(who, self._ids[place], command, text)
                if name := step.get("called"):
                    self._messages[name] = self._await_new(place, before)
            case {"says": text, "in": place}:
                ts = self._sandbox.say(who, self._ids[place], text)
                self._messages[step.get("called", "")] = (self._ids[place], ts)
            case {"answers": name, "with": text}:
                channel, ts = self._messages[name]
                reply = self._sandbox.say(who, channel, text, thread_ts=ts)
                self._messages[step.get("called", "")] = (channel, reply)
            case {"reacts": emoji, "to": name}:
                self._sandbox.react(who, *self._messages[name], emoji)
            case {"clicks": action_id, "on": name}:
                self._sandbox.click(who, *self._messages[name], action_id)
            case _:
                raise StoryError(f"a step that nobody understands: {step}")
        self._sandbox.settle()

    def _shown(self, place: str) -> list[Message]:
        return self._sandbox.messages(self._ids[place])

    def _await_new(self, place: str, before: set[str]) -> tuple[str, str]:
        for _ in range(PATIENCE_SECONDS * 20):
            for message in self._shown(place):
                if message.ts not in before:
                    return self._ids[place], message.ts
            time.sleep(0.05)
        raise StoryError(f"nothing new came up in {place}")
