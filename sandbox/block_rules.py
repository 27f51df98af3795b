"""Small rules from which the block checker is made, in Slack's own words."""

from typing import Any

from sandbox.records import Json


class Checker:
    """Collects complaints as Slack words them, each with where it is."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, what: str, where: str) -> None:
        self.said.append(f"[ERROR] {what} [json-pointer:{where}]")

    def mapping(self, value: Any, where: str) -> Json | None:
        if isinstance(value, dict):
            return value
        self.say("must provide an object", where)
        return None

    def items(
        self, holder: Json, name: str, where: str, least: int, most: int
    ) -> list[Any]:
        value = holder.get(name)
        if value is None:
            if least:
                self.say(f"missing required field: {name}", where)
            return []
        if not isinstance(value, list):
            self.say("must provide an array", f"{where}/{name}")
            return []
        if len(value) < least:
            self.say(f"no less than {least} items allowed", f"{where}/{name}")
        if len(value) > most:
            self.say(f"no more than {most} items allowed", f"{where}/{name}")
        return value

    def string(  # The limits are the rule.
        self,
        holder: Json,
        name: str,
        where: str,
        most: int,
        *,
        needed: bool = False,
        least: int = 0,
    ) -> str | None:
        value = holder.get(name)
        if value is None:
            if needed:
                self.say(f"missing required field: {name}", where)
            return None
        if not isinstance(value, str):
            self.say("must provide a string", f"{where}/{name}")
            return None
        if len(value) > most:
            self.say(f"must be less than {most + 1} characters", f"{where}/{name}")
        if len(value) < least:
            self.say(f"must be more than {least - 1} characters", f"{where}/{name}")
        return value

    def flag(self, holder: Json, name: str, where: str) -> None:
        if not isinstance(holder.get(name, False), bool):
            self.say("must provide a boolean", f"{where}/{name}")

    def text(  # The limits are the rule.
        self,
        holder: Json,
        name: str,
        where: str,
        most: int = 3000,
        *,
        needed: bool = False,
        plain: bool = False,
    ) -> None:
        if holder.get(name) is None:
            if needed:
                self.say(f"missing required field: {name}", where)
            return
        self.text_object(holder[name], f"{where}/{name}", most, plain=plain)

    def text_object(
        self, value: Any, where: str, most: int = 3000, *, plain: bool = False
    ) -> None:
        found = self.mapping(value, where)
        if found is None:
            return
        kind = found.get("type")
        kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if kind not in kinds:
            self.say(f"must be one of: {', '.join(kinds)}", f"{where}/type")
        self.string(found, "text", where, most, needed=True, least=1)
        foreign = "verbatim" if kind == "plain_text" else "emoji"
        if foreign in found:
            self.say(f"invalid additional property: {foreign}", where)
        self.only(found, where, "type", "text", "emoji", "verbatim")

    def only(self, holder: Json, where: str, *names: str) -> None:
        for name in holder:
            if name not in names:
                self.say(f"invalid additional property: {name}", where)

    def confirm(self, holder: Json, where: str) -> None:
        if "confirm" not in holder:
            return
        dialog = self.mapping(holder["confirm"], f"{where}/confirm")
        if dialog is None:
            return
        place = f"{where}/confirm"
        self.text(dialog, "title", place, 100, needed=True, plain=True)
        self.text(dialog, "text", place, 300, needed=True)
        self.text(dialog, "confirm", place, 30, plain=True)
        self.text(dialog, "deny", place, 30, plain=True)
        if dialog.get("style") not in (None, "primary", "danger"):
            self.say("must be one of: primary, danger", f"{place}/style")
