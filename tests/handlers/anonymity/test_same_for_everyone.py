"""Each endpoint answers the author of an ask without a name as it answers anyone."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_bolt import App, BoltResponse
from sqlalchemy import Engine, event

import handlers
from bot.anonymity import authors
from bot.features import FEATURES
from bot.runtime import Runtime
from handlers import payloads
from models import Answer, Ask, Base
from tests.factories import Story
from tests.handlers.anonymity import lives
from tests.handlers.anonymity.lives import FIRST, SECOND, World
from tests.slack_payloads import BOT, HELP_CHANNEL, HELPER

# For what is someone's, for a value that names nothing, and for a draft that is gone.
REFUSALS = (
    authors.ONLY_THE_ASKER,
    "That is gone.",
    "That ask is gone.",
    "It no longer waits.",
)

Way = Callable[[Story, str], BoltResponse]

COMMANDS = {
    "/ask": ("", "How do I mend the printer?"),
    "/find": ("", "customer printer"),
    "/kudos": ("", f"<@{HELPER}> for the help of today"),
    "/backswing": ("", "help", "me", "my data", "mentors", "workspace", "forget me"),
}
VERBS = ("edit", "close", "delete", "reopen", "worked", "restore", "report", "block")


# The options that listeners have read.
_read_options: list[str] = []


@pytest.fixture(autouse=True)
def _options_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    _read_options.clear()
    read = vars(payloads.Action)["option"].fget

    def note(action: payloads.Action) -> str:
        option: str = read(action)
        _read_options.append(option)
        return option

    monkeypatch.setattr(payloads.Action, "option", property(note))


class Registered:
    """Records the names of the registered listeners, by kind."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {}

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        def register(constraint: Any = None, *_: Any, **__: Any) -> Any:
            name = constraint
            if isinstance(constraint, dict):
                name = constraint.get("callback_id")
            self.names.setdefault(kind, set()).add(str(name))
            return lambda listener: listener

        return register


def registered() -> dict[str, list[str]]:
    found = Registered()
    handlers.register(
        cast("App", found), cast("Runtime", SimpleNamespace(features=FEATURES))
    )
    # What ends the membership of the actor comes last.
    return {
        kind: sorted(names, key=lambda name: ("forget" in name, "delete" in name, name))
        for kind, names in found.names.items()
    }


@dataclass(frozen=True)
class Target:
    """The ask without a name, and an answer to it."""

    ask: Ask
    answer: Answer

    @property
    def values(self) -> list[str]:
        """The forms of values in the bot's buttons."""
        ask, answer = self.ask, self.answer
        place = f"{ask.channel_id}:{ask.ts}"
        return ["", str(ask.id), str(answer.id), f"{ask.id}:{answer.id}", place, "0"]

    @property
    def view(self) -> dict[str, Any]:
        """A form about it, without any fields."""
        data = {"ask": self.ask.id, "answer": self.answer.id, "channel": HELP_CHANNEL}
        return {
            "type": "modal",
            "callback_id": "x",
            "private_metadata": json.dumps(data),
            "blocks": [],
            "state": {"values": {}},
        }


def target(story: Story) -> Target:
    return Target(
        next(ask for ask in story.asks() if ask.asker == "anonymous"),
        next(answer for answer in story.answers() if answer.author == HELPER),
    )


def is_own(name: str) -> bool:
    """Return True if the listener is for the author alone, who meets it in Home."""
    return name.startswith("asker_") or name == "answer_anonymously"


def ways(target: Target, *, own: bool) -> Iterator[tuple[str, Way]]:
    """Yield all that a member can press, send and type, about the ask and its answer.

    `own` are the acts for the author alone.
    """
    names = {
        kind: [name for name in found if is_own(name) is own]
        for kind, found in registered().items()
    }
    for name in names["action"]:
        yield from clicks(target, name)
    for name in names["view"]:
        view = {**target.view, "callback_id": name}
        yield f"view {name}", partial(submit, view=view)
    for name in names["shortcut"]:
        yield from shortcuts(target, name)
    if own:
        return
    for command, texts in COMMANDS.items():
        for text in texts:
            yield f"command {command} {text}", partial(type_in, command, text)
    for emoji in ("+1", "white_check_mark", "eyes", "raising_hand"):
        for ts in (target.ask.ts, target.answer.ts):
            yield f"reaction {emoji} to {ts}", reaction(emoji, ts or "")


def clicks(target: Target, name: str) -> Iterator[tuple[str, Way]]:
    for value in target.values:
        yield f"action {name} {value}", partial(click, action_id=name, value=value)
    for verb in VERBS:
        option, before = f"{verb}:{target.ask.id}", len(_read_options)
        yield f"action {name} {verb}", partial(click, action_id=name, option=option)
        if len(_read_options) == before:
            # It does not look at the option, so all are the same to it.
            break
    in_form = partial(click, action_id=name, value=str(target.ask.id), view=target.view)
    yield f"action {name} in a form", in_form


def click(story: Story, member: str, action_id: str, **more: Any) -> BoltResponse:
    return story.click(member, action_id, **more)


def shortcuts(target: Target, name: str) -> Iterator[tuple[str, Way]]:
    ask, answer = target.ask, target.answer
    yield (
        f"shortcut {name} on the ask",
        lambda story, member: story.message_shortcut(member, name, BOT, ask.ts or ""),
    )
    yield (
        f"shortcut {name} on the answer",
        lambda story, member: story.message_shortcut(
            member, name, HELPER, answer.ts, thread_ts=ask.ts
        ),
    )


def submit(story: Story, member: str, view: dict[str, Any]) -> BoltResponse:
    return story.submit(member, view, {}, view_id=f"V{view['callback_id']}")


def type_in(command: str, text: str, story: Story, member: str) -> BoltResponse:
    return story.command(member, command, text)


def reaction(emoji: str, ts: str) -> Way:
    def react(story: Story, member: str) -> BoltResponse:
        story.react(member, ts, emoji)
        return BoltResponse(status=200)

    return react


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Record all statements of the context, without their values."""
    engines = {
        world.story.rt.autocommit,
        world.story.rt.write_session.kw["bind"],
        world.story.rt.read_session.kw["bind"],
    }
    seen: list[str] = []

    def record(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    for engine in engines:
        event.listen(cast("Engine", engine), "before_cursor_execute", record)
    yield seen
    for engine in engines:
        event.remove(cast("Engine", engine), "before_cursor_execute", record)


# `/backswing forget me` deletes the author's rows in them: the bot keeps its word.
OWN = {"anonymous_links", "anonymous_counts"}


def text(observed: object) -> str:
    # An erased member gets a random name.
    return re.sub(
        r"forgotten-[0-9a-f]+", "FORGOTTEN", json.dumps(observed, default=str)
    )


_CHANGED = re.compile(r"(?:INTO|UPDATE) (\w+)")
READS = ("SELECT", "WITH", "PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")


class Observer:
    """Does things in a world, and returns all that each causes, as text."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._rows = lives.rows(world.story)
        self._row_texts = self._shown_rows()
        self._messages = self._read_messages()

    def _read_rows(self, statements: Sequence[str]) -> None:
        """Read the tables again that these statements may have changed."""
        changed = {name for each in statements for name in _CHANGED.findall(each)}
        if any("DELETE" in each for each in statements):
            # The rows of other tables may go with these.
            changed = {*self._rows}
        tables = [
            table for table in Base.metadata.sorted_tables if table.name in changed
        ]
        self._rows |= lives.rows(self.world.story, tables)
        self._row_texts = self._shown_rows()

    def _shown_rows(self) -> dict[str, str]:
        return {
            "rows": text({n: rows for n, rows in self._rows.items() if n not in OWN}),
            "own rows": text({name: self._rows[name] for name in sorted(OWN)}),
        }

    def _read_messages(self) -> str:
        return text([(m.text, m.blocks) for m in self.world.story.slack.messages])

    def observe(self, way: Way) -> dict[str, str]:
        story, slack = self.world.story, self.world.story.slack
        notices: tuple[list[Any], ...] = (
            *(slack.views, slack.responses, slack.ephemeral_messages),
            *(slack.replaced_texts, slack.calls, self.world.lines),
        )
        for each in notices:
            each.clear()
        with statements(self.world) as seen:
            answer = way(story, FIRST)
        # Only after a write or a call, because to read them all takes most of the time.
        if not all(statement.startswith(READS) for statement in seen):
            self._read_rows(seen)
        if slack.calls:
            self._messages = self._read_messages()
        return {
            "answer": text([answer.status, answer.body]),
            "statements": text(seen),
            "calls": text([*slack.calls]),
            "shown": text([*slack.views, *slack.responses, *slack.ephemeral_messages]),
            "messages": self._messages,
            **self._row_texts,
            "logs": text(lives.logged(self.world)),
        }


def answered(world: World, author: str) -> None:
    """Play the ask's life until it has answers."""
    for part in lives.live(world, author):
        if part == "seen":
            return


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_each_endpoint_does_the_same_for_the_author_and_for_anyone(
    tmp_path: Path, migrated_file: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers, statements, calls, rows and log lines are the same.

    In both worlds the same person does everything in turn. In one they are the author.
    """
    observations: list[dict[str, dict[str, str]]] = []
    tried = 0
    for author in (FIRST, SECOND):
        with (
            monkeypatch.context() as patched,
            lives.world(tmp_path / author, migrated_file, clock.now) as world,
        ):
            lives.be_predictable(patched)
            answered(world, author)
            observer, seen = Observer(world), {}
            for name, way in ways(target(world.story), own=False):
                seen[name] = observer.observe(way)
                tried += 1
            observations.append(seen)
    as_author, as_other = observations
    assert as_author.keys() == as_other.keys()
    is_forgotten = False
    for name, observed in as_author.items():
        is_forgotten = is_forgotten or name == "view forget_me"
        for kind, value in observed.items():
            # The author's own drafts and links are changed then, and nothing else.
            is_own = (name, kind) == ("view forget_me", "statements")
            if not (is_own or (is_forgotten and kind == "own rows")):
                assert value == as_other[name][kind], (name, kind)
    assert tried > 1000
    assert {option.partition(":")[0] for option in _read_options} >= {*VERBS}


@pytest.mark.deep
def test_acts_of_the_author_are_refused_with_the_same_words(
    tmp_path: Path, migrated_file: Path, clock: Any
) -> None:
    """Another member who forges them changes nothing, and learns nothing."""
    with lives.world(tmp_path / "bot", migrated_file, clock.now) as world:
        answered(world, SECOND)
        before = text(lives.rows(world.story))
        observer = Observer(world)
        for name, way in ways(target(world.story), own=True):
            observed = observer.observe(way)
            assert text(lives.rows(world.story)) == before, name
            read = observed["answer"] + observed["shown"]
            assert SECOND not in read, name
            [words] = [refusal for refusal in REFUSALS if refusal in read]
            if name.startswith(("view", "shortcut")):
                assert words == authors.ONLY_THE_ASKER, name
