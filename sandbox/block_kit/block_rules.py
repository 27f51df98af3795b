"""Basic rules of the block checker, in Slack's wording."""

from typing import Any

from sandbox.workspace.records import Json


class Checker:
    """Collects problems in Slack's wording, each with a JSON pointer."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def report(self, problem: str, pointer: str) -> None:
        self.problems.append(f"[ERROR] {problem} [json-pointer:{pointer}]")

    def mapping(self, value: Any, pointer: str) -> Json | None:
        if isinstance(value, dict):
            return value
        self.report("must provide an object", pointer)
        return None

    def items(
        self, parent: Json, name: str, pointer: str, min_items: int, max_items: int
    ) -> list[Any]:
        value = parent.get(name)
        if value is None:
            if min_items:
                self.report(f"missing required field: {name}", pointer)
            return []
        if not isinstance(value, list):
            self.report("must provide an array", f"{pointer}/{name}")
            return []
        if len(value) < min_items:
            self.report(f"no less than {min_items} items allowed", f"{pointer}/{name}")
        if len(value) > max_items:
            self.report(f"no more than {max_items} items allowed", f"{pointer}/{name}")
        return value

    def string(
        self,
        parent: Json,
        name: str,
        pointer: str,
        max_length: int,
        *,
        required: bool = False,
        min_length: int = 0,
    ) -> str | None:
        value = parent.get(name)
        if value is None:
            if required:
                self.report(f"missing required field: {name}", pointer)
            return None
        if not isinstance(value, str):
            self.report("must provide a string", f"{pointer}/{name}")
            return None
        if len(value) > max_length:
            self.report(
                f"must be less than {max_length + 1} characters", f"{pointer}/{name}"
            )
        if len(value) < min_length:
            self.report(
                f"must be more than {min_length - 1} characters", f"{pointer}/{name}"
            )
        return value

    def boolean(self, parent: Json, name: str, pointer: str) -> None:
        if not isinstance(parent.get(name, False), bool):
            self.report("must provide a boolean", f"{pointer}/{name}")

    def text(
        self,
        parent: Json,
        name: str,
        pointer: str,
        max_length: int = 3000,
        *,
        required: bool = False,
        plain: bool = False,
    ) -> None:
        if parent.get(name) is None:
            if required:
                self.report(f"missing required field: {name}", pointer)
            return
        self.text_object(parent[name], f"{pointer}/{name}", max_length, plain=plain)

    def text_object(
        self, value: Any, pointer: str, max_length: int = 3000, *, plain: bool = False
    ) -> None:
        text = self.mapping(value, pointer)
        if text is None:
            return
        kind = text.get("type")
        kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if kind not in kinds:
            self.report(f"must be one of: {', '.join(kinds)}", f"{pointer}/type")
        self.string(text, "text", pointer, max_length, required=True, min_length=1)
        foreign = "verbatim" if kind == "plain_text" else "emoji"
        if foreign in text:
            self.report(f"invalid additional property: {foreign}", pointer)
        self.allow_only(text, pointer, "type", "text", "emoji", "verbatim")

    def allow_only(self, parent: Json, pointer: str, *names: str) -> None:
        for name in parent:
            if name not in names:
                self.report(f"invalid additional property: {name}", pointer)

    def confirm(self, parent: Json, pointer: str) -> None:
        if "confirm" not in parent:
            return
        dialog = self.mapping(parent["confirm"], f"{pointer}/confirm")
        if dialog is None:
            return
        place = f"{pointer}/confirm"
        self.text(dialog, "title", place, 100, required=True, plain=True)
        self.text(dialog, "text", place, 300, required=True)
        self.text(dialog, "confirm", place, 30, plain=True)
        self.text(dialog, "deny", place, 30, plain=True)
        if dialog.get("style") not in (None, "primary", "danger"):
            self.report("must be one of: primary, danger", f"{place}/style")
