"""Do real asks live a whole life without their author's name? Replay 30 in the browser.

    uv run --group dev python -m benchmarks.anonymous_replay EXPORT.zip
    uv run --group dev python -m benchmarks.anonymous_replay EXPORT.zip \
        --asks 30 --output FOLDER

Questions of the export that others answered are chosen by chance. In the sandbox, as
`uv run app.py` starts it, its people play the export's: one asks through the form, with
the checkbox and the preview; others reply in the thread; the author marks what solved
it on the Home tab, and thanks without a name; at last time travels to the cut. A typed
mention of a person is left out only if the bot refuses it.

Then all that each other person sees of an ask, its rows in the exports, and the log are
searched for the id and the names of its author. `--output` keeps the database, the log,
the exports and some screenshots. These quote people.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.anonymous_asks import AUTHORS, ReplayedAsk, choose, prepare, threads
from benchmarks.anonymous_page import SandboxPage, open_sandbox
from bot.config.settings import Settings
from bot.imports.export import Export
from cli import export_tables
from tests.browser.conftest import DATABASE

CUT_AFTER_DAYS = 32


def find_names(html: str, names: Sequence[str]) -> list[str]:
    return [
        name
        for name in names
        if re.search(rf"\b{re.escape(name)}\b", html, re.IGNORECASE)
    ]


def exported(folder: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of `app.py export`."""
    settings = Settings(_env_file=None, database_url=f"sqlite:///{folder / DATABASE}")
    target = folder / name
    export_tables.write(settings, argparse.Namespace(folder=target, format="json"))
    return {file.stem: json.loads(file.read_text()) for file in target.iterdir()}


def play(sandbox: SandboxPage, asks: Sequence[ReplayedAsk]) -> None:
    """Play the lives of all asks, some each day."""
    window = sandbox.window
    for start in range(0, len(asks), len(AUTHORS)):
        of_day = asks[start : start + len(AUTHORS)]
        for ask in of_day:
            sandbox.ask(ask)
            _say(f"asked: {ask.author}")
        window.travel("+1 hour")
        for ask in of_day:
            sandbox.answer(ask)
        window.travel("+1 hour")
        for ask in of_day:
            sandbox.mark(ask)
        _say(f"marked: {start + len(of_day)}")
        window.travel("+1 day")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(slots=True)
class Leaks:
    """Names of authors: in pages, exports and the log, and what was searched."""

    parts: int = 0
    names: list[str] = field(default_factory=list)

    def search(self, where: str, text: str, names: Sequence[str]) -> None:
        self.parts += 1
        for name in find_names(text, names):
            self.names.append(f"{where}: {name}")


def search(
    sandbox: SandboxPage,
    asks: Sequence[ReplayedAsk],
    before: Any,
    viewers: Sequence[str] = (*AUTHORS, "gus"),
) -> dict[str, Leaks]:
    """Search for the authors in all that others have of their asks."""
    leaks = {name: Leaks() for name in ("pages", "exports", "log")}
    for viewer in viewers:
        for ask, html in sandbox.pages(viewer, asks):
            names = [*sandbox.names(ask.author)]
            leaks["pages"].search(f"{viewer} sees {ask.key!r}", html, names)
    after = exported(sandbox.folder, "export")
    for ask in asks:
        [row] = [row for row in after["asks"] if ask.key in row["title"]]
        names = sandbox.names(ask.author)
        leaks["exports"].search(ask.key, json.dumps(row), names)
    asked = {row["name"]: (row["asks"], row["kudos_given"]) for row in after["people"]}
    for row in before["people"]:
        leaks["exports"].parts += 1
        if asked[row["name"]] != (row["asks"], row["kudos_given"]):
            leaks["exports"].names.append(f"numbers of {row['name']}")
    everyone = [name for author in AUTHORS for name in sandbox.names(author)]
    for line in (sandbox.folder / "log").read_text().splitlines():
        leaks["log"].search("log", line, everyone)
    return leaks


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", type=Path, metavar="EXPORT.zip")
    parser.add_argument("--asks", type=int, default=30, help="how many to replay")
    parser.add_argument("--output", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    with Export(args.export) as export:
        chosen = choose(threads(export), args.asks)
    asks = [
        prepare(thread, AUTHORS[number % len(AUTHORS)])
        for number, thread in enumerate(chosen)
    ]
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.output or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with open_sandbox(folder) as sandbox:
            sandbox.add_people()
            before = exported(folder, "export-before")
            play(sandbox, asks)
            before_cut = sandbox.rendered_asks(asks)
            sandbox.picture("channel")
            credit = sum(
                (sandbox.credits(name) for name in (*AUTHORS, "gus")), Counter[str]()
            )
            listed = sum(map(sandbox.own_list, AUTHORS))
            leaks = search(sandbox, asks, before)
            sandbox.travel_to((sandbox.now + timedelta(days=CUT_AFTER_DAYS)).date())
            still = sum(map(sandbox.own_list, AUTHORS))
            after_cut = sandbox.rendered_asks(asks)
            changed = sum(a != b for a, b in zip(before_cut, after_cut, strict=True))
            later = search(sandbox, asks, before, viewers=AUTHORS[:2])
    lines = {
        "asks posted": sum(ask.is_posted for ask in asks),
        "refused first": sum(bool(ask.refused) for ask in asks),
        "asks with hints": sum(bool(ask.hints) for ask in asks),
        "hints shown": sum(ask.hints for ask in asks),
        "replies": sum(len(ask.helpers) for ask in asks),
        "marked as what solved it": sum(ask.is_marked for ask in asks),
        "thanked without a name": sum(ask.is_thanked for ask in asks),
        "thanks that helpers read": credit["thanks"],
        "credits that helpers read": credit["credits"],
        "authors whose Home tab lists their asks": listed,
        "the same after the cut": still,
        "asks that look different after the cut": changed,
    }
    for name, number in lines.items():
        print(f"{name:<42}{number:>6}")
    for when, result in (("", leaks), (" after the cut", later)):
        for name, each in result.items():
            text = f"names in {name}{when}"
            print(f"{text:<42}{len(each.names):>6}   searched: {each.parts}")
    for ask in asks:
        for refusal in ask.refused:
            print(f"  refused: {refusal}")
    for each in (*leaks.values(), *later.values()):
        for name in dict.fromkeys(each.names):
            print(f"  found: {name}")


if __name__ == "__main__":
    main()
