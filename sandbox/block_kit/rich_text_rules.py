"""Slack's rules for the contents of a rich_text block."""

from typing import Any, Final

from sandbox.block_kit.block_rules import Checker

_CONTAINERS: Final = {
    "rich_text_section",
    "rich_text_list",
    "rich_text_quote",
    "rich_text_preformatted",
}
# element type -> its required field
_REQUIRED_FIELDS: Final = {
    "text": "text",
    "link": "url",
    "user": "user_id",
    "usergroup": "usergroup_id",
    "channel": "channel_id",
    "broadcast": "range",
    "emoji": "name",
    "color": "value",
    "date": "timestamp",
    "team": "team_id",
}
_ALLOWED_IN_CODE: Final = {"text", "link"}
_MAX_INDENT: Final = 8


def check_rich_text(checker: Checker, elements: list[Any], pointer: str) -> None:
    for number, element in enumerate(elements):
        _container(checker, element, f"{pointer}/elements/{number}", _CONTAINERS)


def _container(checker: Checker, value: Any, pointer: str, kinds: set[str]) -> None:
    container = checker.mapping(value, pointer)
    if container is None:
        return
    kind = container.get("type")
    if kind not in kinds:
        checker.report(f"unsupported type: {kind}", f"{pointer}/type")
        return
    inside = checker.items(container, "elements", pointer, 0, 10_000)
    if "elements" not in container:
        checker.report("missing required field: elements", pointer)
    if kind == "rich_text_list":
        if container.get("style") not in ("bullet", "ordered"):
            checker.report("must be one of: bullet, ordered", f"{pointer}/style")
        if container.get("indent", 0) not in range(_MAX_INDENT + 1):
            checker.report("must be less than 9", f"{pointer}/indent")
    for number, element in enumerate(inside):
        place = f"{pointer}/elements/{number}"
        if kind == "rich_text_list":
            _container(checker, element, place, {"rich_text_section"})
        else:
            _inline(checker, element, place, in_code=kind == "rich_text_preformatted")


def _inline(checker: Checker, value: Any, pointer: str, *, in_code: bool) -> None:
    inline = checker.mapping(value, pointer)
    if inline is None:
        return
    kind = inline.get("type")
    allowed = _ALLOWED_IN_CODE if in_code else _REQUIRED_FIELDS.keys()
    if not isinstance(kind, str) or kind not in allowed:
        checker.report(f"unsupported type: {kind}", f"{pointer}/type")
        return
    needed = _REQUIRED_FIELDS[kind]
    if inline.get(needed) in (None, ""):
        checker.report(f"missing required field: {needed}", pointer)
    if kind == "broadcast" and inline.get("range") not in (
        "here",
        "channel",
        "everyone",
    ):
        checker.report("must be one of: here, channel, everyone", f"{pointer}/range")
    if "style" in inline:
        checker.mapping(inline["style"], f"{pointer}/style")
