"""Build pages, tables and code in Markdown."""

from collections.abc import Iterable, Sequence

GENERATED = "<!-- Written by .ci/docs from {source}: change it there. -->\n"


def page(title: str, source: str, *parts: str) -> str:
    return "\n".join([f"# {title}\n", GENERATED.format(source=source), *parts])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n"
        for line in lines
    )


def filled(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table without the columns that are empty in every row."""
    columns = list(zip(head, *rows, strict=True))
    kept = [column for column in columns if any(column[1:])]
    [first, *others] = zip(*kept, strict=True)
    return table(first, others)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def sentence(text: str) -> str:
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")
