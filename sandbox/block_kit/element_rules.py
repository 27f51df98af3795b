"""Slack's rules for buttons, menus, selects and inputs."""

import re
from typing import Any, Final

from sandbox.block_kit import elements
from sandbox.block_kit.block_rules import Checker
from sandbox.block_kit.rich_text_rules import check_rich_text
from sandbox.workspace.records import Json

_DATE_PATTERN: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
_TIME_PATTERN: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")


def check_element(checker: Checker, value: Any, pointer: str, block: str) -> None:
    element = checker.mapping(value, pointer)
    if element is None:
        return
    kind = element.get("type")
    if kind not in elements.ALLOWED_IN_BLOCK[block]:
        checker.report(f"unsupported type: {kind}", f"{pointer}/type")
        return
    if kind in ("plain_text", "mrkdwn"):
        checker.text_object(element, pointer)
        return
    if kind == "image":
        check_image(checker, element, pointer)
        return
    checker.string(element, "action_id", pointer, 255, min_length=1)
    checker.confirm(element, pointer)
    checker.boolean(element, "focus_on_load", pointer)
    if kind in elements.WITH_PLACEHOLDER:
        checker.text(element, "placeholder", pointer, 150, plain=True)
    if kind in elements.BUTTONS:
        _button(checker, element, pointer)
    if kind in elements.OPTION_LIMITS:
        _options(checker, element, pointer)
    if kind in elements.TEXT_INPUTS:
        _text_input(checker, element, pointer)
    _initial_value(checker, element, pointer)


def check_image(checker: Checker, image: Json, pointer: str) -> None:
    if "slack_file" not in image:
        checker.string(image, "image_url", pointer, 3000, required=True, min_length=1)
    checker.string(image, "alt_text", pointer, 2000, required=True)


def _button(checker: Checker, element: Json, pointer: str) -> None:
    checker.text(element, "text", pointer, 75, required=True, plain=True)
    checker.string(element, "value", pointer, 2000)
    checker.string(element, "url", pointer, 3000)
    checker.string(element, "accessibility_label", pointer, 75)
    if element.get("style") not in (None, "primary", "danger"):
        checker.report("must be one of: primary, danger", f"{pointer}/style")


def _options(checker: Checker, element: Json, pointer: str) -> None:
    kind = str(element["type"])
    least, most = elements.OPTION_LIMITS[kind]
    if "option_groups" in element and "static_select" in kind:
        if "options" in element:
            checker.report("only one of options, option_groups allowed", pointer)
        groups = checker.items(element, "option_groups", pointer, 1, 100)
        for number, group in enumerate(groups):
            place = f"{pointer}/option_groups/{number}"
            if isinstance(group, dict):
                checker.text(group, "label", place, 75, required=True, plain=True)
                _option_list(checker, kind, group, place, (least, most))
        return
    _option_list(checker, kind, element, pointer, (least, most))


def _option_list(
    checker: Checker, kind: str, parent: Json, pointer: str, bounds: tuple[int, int]
) -> None:
    values: set[str] = set()
    for number, option in enumerate(checker.items(parent, "options", pointer, *bounds)):
        place = f"{pointer}/options/{number}"
        if checker.mapping(option, place) is None:
            continue
        plain = kind not in elements.WITH_MRKDWN_OPTIONS
        checker.text(option, "text", place, 75, required=True, plain=plain)
        checker.text(option, "description", place, 75, plain=plain)
        value = checker.string(option, "value", place, 150, required=True)
        if value in values:
            checker.report("duplicate option value", f"{place}/value")
        values |= {value} if value else set()
        if "url" in option and kind != "overflow":
            checker.report("invalid additional property: url", place)


def _text_input(checker: Checker, element: Json, pointer: str) -> None:
    kind = element["type"]
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        for name, value in (("min_length", least), ("max_length", most)):
            if not isinstance(value, int) or not 0 <= value <= 3000:  # noqa: PLR2004  # Slack's limit.
                checker.report("must be an integer up to 3000", f"{pointer}/{name}")
        checker.string(element, "initial_value", pointer, 3000)
    if "dispatch_action_config" in element:
        _dispatch_action_config(checker, element, f"{pointer}/dispatch_action_config")
    if kind == "number_input" and not isinstance(
        element.get("is_decimal_allowed"), bool
    ):
        checker.report("missing required field: is_decimal_allowed", pointer)
    if kind == "rich_text_input" and "initial_value" in element:
        initial = checker.mapping(element["initial_value"], f"{pointer}/initial_value")
        check_rich_text(checker, (initial or {}).get("elements", []), pointer)


def _dispatch_action_config(checker: Checker, element: Json, pointer: str) -> None:
    config = checker.mapping(element["dispatch_action_config"], pointer)
    triggers = checker.items(config or {}, "trigger_actions_on", pointer, 1, 2)
    for number, trigger in enumerate(triggers):
        if trigger not in elements.ACTION_TRIGGERS:
            place = f"{pointer}/trigger_actions_on/{number}"
            checker.report("unsupported action trigger", place)


def _initial_value(checker: Checker, element: Json, pointer: str) -> None:
    """Check the initial value: an initial option must equal one of the options."""
    kind = str(element["type"])
    name = elements.INITIAL_KEYS.get(kind, "")
    value = element.get(name)
    if value is None:
        return
    place = f"{pointer}/{name}"
    if name == "initial_date" and not _DATE_PATTERN.match(str(value)):
        checker.report("must be a date like 2026-01-31", place)
    if name == "initial_time" and not _TIME_PATTERN.match(str(value)):
        checker.report("must be a time like 09:30", place)
    if name.endswith("s") and value == []:
        checker.report("no less than 1 items allowed", place)
    if kind in elements.OPTION_LIMITS:
        allowed = options_of(element)
        chosen = value if isinstance(value, list) else [value]
        if any(option not in allowed for option in chosen):
            checker.report("initial option is not one of the options", place)


def options_of(element: Json) -> list[Json]:
    groups = element.get("option_groups") or [element]
    return [
        option
        for group in groups
        if isinstance(group, dict)
        for option in group.get("options") or []
        if isinstance(option, dict)
    ]
