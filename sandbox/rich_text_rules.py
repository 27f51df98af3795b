"""What Slack accepts inside a rich_text block."""

from typing import Any, Final

from sandbox.block_rules import Checker

_CONTAINERS: Final = {
    "rich_text_section",
    "rich_text_list",
    "rich_text_quote",
    "rich_text_preformatted",
}
# element type -> the field that it cannot do without
_INLINE: Final = {
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
_IN_CODE: Final = {"text", "link"}
_DEEPEST_INDENT: Final = 8


def check_rich_text(checker: Checker, elements: list[Any], where: str) -> None:
    for number, element in enumerate(elements):
        _container(checker, element, f"{where}/elements/{number}", _CONTAINERS)


def _container(checker: Checker, value: Any, where: str, kinds: set[str]) -> None:
    found = checker.mapping(value, where)
    if found is None:
        return
    kind = found.get("type")
    if kind not in kinds:
        checker.say(f"unsupported type: {kind}", f"{where}/type")
        return
    inside = checker.items(found, "elements", where, 0, 10_000)
    if "elements" not in found:
        checker.say("missing required field: elements", where)
    if kind == "rich_text_list":
        if found.get("style") not in ("bullet", "ordered"):
            checker.say("must be one of: bullet, ordered", f"{where}/style")
        if found.get("indent", 0) not in range(_DEEPEST_INDENT + 1):
            checker.say("must be less than 9", f"{where}/indent")
    for number, element in enumerate(inside):
        place = f"{where}/elements/{number}"
        if kind == "rich_text_list":
            _container(checker, element, place, {"rich_text_section"})
        else:
            _inline(checker, element, place, in_code=kind == "rich_text_preformatted")


def _inline(checker: Checker, value: Any, where: str, *, in_code: bool) -> None:
    found = checker.mapping(value, where)
    if found is None:
        return
    kind = found.get("type")
    allowed = _IN_CODE if in_code else _INLINE.keys()
    if not isinstance(kind, str) or kind not in allowed:
        checker.say(f"unsupported type: {kind}", f"{where}/type")
        return
    needed = _INLINE[kind]
    if found.get(needed) in (None, ""):
        checker.say(f"missing required field: {needed}", where)
    if kind == "broadcast" and found.get("range") not in (
        "here",
        "channel",
        "everyone",
    ):
        checker.say("must be one of: here, channel, everyone", f"{where}/range")
    if "style" in found:
        checker.mapping(found["style"], f"{where}/style")
