"""Words for settings in errors."""

from collections.abc import Mapping
from typing import Any

MAX_QUOTED_LENGTH = 30


def expected_value(name: str, schema: Mapping[str, Any]) -> str:
    """Describe the values that a setting can have, by its JSON Schema."""
    if "$ref" in schema:
        return f"set by its parts, such as {name}__HOUR"
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if schema["type"] == "array":
        return f"a list of numbers such as {schema['default']}"
    least, most = schema.get("minimum"), schema.get("maximum")
    if (above := schema.get("exclusiveMinimum")) is not None:
        return f"a number above {above:g}, up to {most:g}"
    if least is None:
        return "a number"
    to = "on" if most is None else f"to {most:g}"
    return f"a number from {least:g} {to}"


def quoted(value: object) -> str:
    """Quote a value, unless it is long or looks like a misplaced token."""
    text = str(value)
    if not text.strip():
        return "empty"
    is_token = "xox" in text or "xapp" in text
    if is_token or len(text) > MAX_QUOTED_LENGTH:
        return "something else"
    return f"“{text}”"
