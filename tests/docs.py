"""Read the docs for tests."""

import re
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
# The first pages that a stranger reads.
FRONT = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")]
CHANGELOG = ROOT / "CHANGELOG.md"
_CODE_BLOCK = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


@cache
def generator() -> ModuleType:
    """Import `.ci/docs`, which writes the reference."""
    loader = SourceFileLoader("ci_docs", str(ROOT / ".ci" / "docs"))
    spec = spec_from_loader("ci_docs", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def section(page: Path, heading: str) -> str:
    _, title, rest = page.read_text().partition(f"\n{heading}\n")
    assert title, f"no heading {heading!r}"
    return re.split(r"\n#+ ", rest)[0]


def rows(text: str) -> dict[str, list[str]]:
    """Return the table in the text: a mapping of its first column to the others."""
    lines = re.findall(r"^\| ((?!---).*) \|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines[1:]]
    table = {row[0]: row[1:] for row in cells}
    assert len(table) == len(cells), "a row stands twice"
    return table


def paragraphs(page: Path) -> list[str]:
    """Return the page's paragraphs and items, each in one line, without code."""
    prose = _CODE_BLOCK.sub("", page.read_text())
    parts = re.split(
        r"\n\s*\n|\n(?= *(?:[-*|] |\d+\. ))|^#.*$", prose, flags=re.MULTILINE
    )
    lines = (" ".join(part.split()) for part in parts)
    return [re.sub(r"`[^`]+`", "", line.removeprefix("- ")) for line in lines]


def targets(page: Path) -> list[str]:
    """Return the files that a page links to or shows, but no URLs."""
    prose = _CODE_BLOCK.sub("", page.read_text())
    title = re.findall(r"\]\(([^)#]+)", prose)
    title += re.findall(r'(?:src|srcset)="([^"]+)"', prose)
    return [target for target in title if "://" not in target]
