"""The texts that people read in Slack and at the terminal, docstrings, comments, names.

`uv run --group dev python -m tests.ui_strings` prints the texts, to be read aloud.
"""

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.view_samples import view_samples

ROOT = Path(__file__).parent.parent
FOLDERS = ("bot", "cli", "handlers", "jobs", "models", "sandbox")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def rendered() -> Iterator[tuple[str, str]]:
    """Yield each text of each view and message once, with its sample's name."""
    seen_texts: set[str] = set()
    for name, view in view_samples():
        for text in _texts(view):
            if text not in seen_texts:
                seen_texts.add(text)
                yield name, text


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        if part.get("type") == "rich_text_section":
            shown = "".join(
                str(item.get("text") or item.get("name") or item.get("url") or "…")
                for item in part["elements"]
            )
            yield shown
            return
        for key, value in part.items():
            if key in {"text", "title", "label", "hint"} and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)


def written() -> Iterator[tuple[str, str]]:
    """Yield each string of words in the code, with its file and line."""
    for file in sources():
        tree = ast.parse(file.read_text())
        skipped = {id(node) for node, _ in _documented(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                skipped |= {id(inner) for inner in ast.walk(node) if inner is not node}
        for node in ast.walk(tree):
            if id(node) in skipped or not isinstance(node, ast.expr):
                continue
            text = _string(node)
            if text is not None and " " in text.strip():
                yield f"{_name(file)}:{node.lineno}", text


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield each docstring, with its file and line."""
    for file in sources():
        for node, text in _documented(ast.parse(file.read_text())):
            yield f"{_name(file)}:{node.lineno}", text


def comments() -> Iterator[tuple[str, str]]:
    """Yield each comment in one line, with its file and first line.

    Comments on consecutive lines are one comment.
    """
    for file in sources():
        lines: list[str] = []
        end = 0
        with file.open("rb") as source:
            for token in tokenize.tokenize(source.readline):
                if token.type != tokenize.COMMENT:
                    continue
                line = token.start[0]
                if lines and (
                    line != end + 1 or not token.line.lstrip().startswith("#")
                ):
                    yield f"{_name(file)}:{end - len(lines) + 1}", " ".join(lines)
                    lines = []
                lines.append(token.string.lstrip("# "))
                end = line
        if lines:
            yield f"{_name(file)}:{end - len(lines) + 1}", " ".join(lines)


def names() -> Iterator[tuple[str, str]]:
    """Yield each name that the code defines, with its file and line."""
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case (
                    ast.FunctionDef(name=name)
                    | ast.AsyncFunctionDef(name=name)
                    | ast.ClassDef(name=name)
                    | ast.arg(arg=name)
                    | ast.Name(id=name, ctx=ast.Store())
                ):
                    yield f"{_name(file)}:{node.lineno}", name
                case ast.alias(asname=str(name)):
                    yield f"{_name(file)}:{node.lineno}", name


def sources() -> list[Path]:
    files = [ROOT / "app.py"]
    for folder in FOLDERS:
        files += sorted((ROOT / folder).rglob("*.py"))
    return files


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _documented(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, _DOCUMENTED) or not node.body:
            continue
        first = node.body[0]
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            yield first.value, first.value.value


def _string(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "…"
                for part in parts
            )
    return None


if __name__ == "__main__":
    for location, text in (*rendered(), *written()):
        print(f"{location}  {text}")  # noqa: T201
