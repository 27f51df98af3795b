"""What Slack accepts in a button, a menu, a select and an input."""

import re
from typing import Any, Final

from sandbox import elements
from sandbox.block_rules import Checker
from sandbox.records import Json
from sandbox.rich_text_rules import check_rich_text

_DATE: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")


def check_element(checker: Checker, value: Any, where: str, block: str) -> None:
    found = checker.mapping(value, where)
    if found is None:
        return
    kind = found.get("type")
    if kind not in elements.ALLOWED[block]:
        checker.say(f"unsupported type: {kind}", f"{where}/type")
        return
    if kind in ("plain_text", "mrkdwn"):
        checker.text_object(found, where)
        return
    if kind == "image":
        check_image(checker, found, where)
        return
    checker.string(found, "action_id", where, 255, least=1)
    checker.confirm(found, where)
    checker.flag(found, "focus_on_load", where)
    if kind in elements.PLACEHOLDERS:
        checker.text(found, "placeholder", where, 150, plain=True)
    if kind in elements.BUTTONS:
        _button(checker, found, where)
    if kind in elements.OPTIONS:
        _options(checker, found, where)
    if kind in elements.TYPED:
        _typed(checker, found, where)
    _initial(checker, found, where)


def check_image(checker: Checker, found: Json, where: str) -> None:
    if "slack_file" not in found:
        checker.string(found, "image_url", where, 3000, needed=True, least=1)
    checker.string(found, "alt_text", where, 2000, needed=True)


def _button(checker: Checker, found: Json, where: str) -> None:
    checker.text(found, "text", where, 75, needed=True, plain=True)
    checker.string(found, "value", where, 2000)
    checker.string(found, "url", where, 3000)
    checker.string(found, "accessibility_label", where, 75)
    if found.get("style") not in (None, "primary", "danger"):
        checker.say("must be one of: primary, danger", f"{where}/style")


def _options(checker: Checker, found: Json, where: str) -> None:
    kind = str(found["type"])
    least, most = elements.OPTIONS[kind]
    if "option_groups" in found and "static_select" in kind:
        if "options" in found:
            checker.say("only one of options, option_groups allowed", where)
        groups = checker.items(found, "option_groups", where, 1, 100)
        for number, group in enumerate(groups):
            place = f"{where}/option_groups/{number}"
            if isinstance(group, dict):
                checker.text(group, "label", place, 75, needed=True, plain=True)
                _option_list(checker, kind, group, place, (least, most))
        return
    _option_list(checker, kind, found, where, (least, most))


def _option_list(
    checker: Checker, kind: str, found: Json, where: str, bounds: tuple[int, int]
) -> None:
    values: set[str] = set()
    for number, option in enumerate(checker.items(found, "options", where, *bounds)):
        place = f"{where}/options/{number}"
        if checker.mapping(option, place) is None:
            continue
        plain = kind not in elements.MRKDWN_OPTIONS
        checker.text(option, "text", place, 75, needed=True, plain=plain)
        checker.text(option, "description", place, 75, plain=plain)
        value = checker.string(option, "value", place, 150, needed=True)
        if value in values:
            checker.say("duplicate option value", f"{place}/value")
        values |= {value} if value else set()
        if "url" in option and kind != "overflow":
            checker.say("invalid additional property: url", place)


def _typed(checker: Checker, found: Json, where: str) -> None:
    kind = found["type"]
    if kind == "plain_text_input":
        least, most = found.get("min_length", 0), found.get("max_length", 3000)
        for name, value in (("min_length", least), ("max_length", most)):
            if not isinstance(value, int) or not 0 <= value <= 3000:  # noqa: PLR2004  # Slack's limit.
                checker.say("must be an integer up to 3000", f"{where}/{name}")
        checker.string(found, "initial_value", where, 3000)
    if kind == "number_input" and not isinstance(found.get("is_decimal_allowed"), bool):
        checker.say("missing required field: is_decimal_allowed", where)
    if kind == "rich_text_input" and "initial_value" in found:
        initial = checker.mapping(found["initial_value"], f"{where}/initial_value")
        check_rich_text(checker, (initial or {}).get("elements", []), where)


def _initial(checker: Checker, found: Json, where: str) -> None:
    """An initial option must be one of the options, letter by letter."""
    kind = str(found["type"])
    name = elements.INITIAL.get(kind, "")
    value = found.get(name)
    if value is None:
        return
    place = f"{where}/{name}"
    if name == "initial_date" and not _DATE.match(str(value)):
        checker.say("must be a date like 2026-01-31", place)
    if name == "initial_time" and not _TIME.match(str(value)):
        checker.say("must be a time like 09:30", place)
    if name.endswith("s") and value == []:
        checker.say("no less than 1 items allowed", place)
    if kind in elements.OPTIONS:
        allowed = options_of(found)
        chosen = value if isinstance(value, list) else [value]
        if any(option not in allowed for option in chosen):
            checker.say("initial option is not one of the options", place)


def options_of(element: Json) -> list[Json]:
    groups = element.get("option_groups") or [element]
    return [
        option
        for group in groups
        if isinstance(group, dict)
        for option in group.get("options") or []
        if isinstance(option, dict)
    ]
