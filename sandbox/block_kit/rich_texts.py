"""Convert typed text to a rich_text block, as Slack does."""

import re

from sandbox.workspace.records import Json

_INLINE_PATTERN = re.compile(
    r"<@(?P<user>\w+)(?:\|[^>]*)?>"
    r"|<#(?P<channel>\w+)(?:\|[^>]*)?>"
    r"|<!subteam\^(?P<group>\w+)(?:\|[^>]*)?>"
    r"|<!(?P<range>channel|here|everyone)(?:\|[^>]*)?>"
    r"|<(?P<url>(?:https?|mailto|tel):[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|:(?P<emoji>[^\s:<>&A-Z]+)(?:::skin-tone-(?P<tone>[2-6]))?:"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\s](?:[^_\n]*[^_\s])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^~\s](?:[^~\n]*[^~\s])?)~(?![\w~])"
)
_STYLES = ("code", "bold", "italic", "strike")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


_ENTITIES = {
    "user": ("user", "user_id"),
    "channel": ("channel", "channel_id"),
    "group": ("usergroup", "usergroup_id"),
    "range": ("broadcast", "range"),
}


def _element(match: re.Match[str]) -> Json:
    for name, (kind, key) in _ENTITIES.items():
        if match[name]:
            return {"type": kind, key: match[name]}
    if url := match["url"]:
        link: Json = {"type": "link", "url": unescape(url)}
        return link | ({"text": unescape(match["label"])} if match["label"] else {})
    if emoji := match["emoji"]:
        tone = {"skin_tone": int(match["tone"])} if match["tone"] else {}
        return {"type": "emoji", "name": emoji, **tone}
    style = next(s for s in _STYLES if match[s] is not None)
    return {"type": "text", "text": unescape(match[style]), "style": {style: True}}


def _inline(text: str) -> list[Json]:
    elements: list[Json] = []
    end = 0
    for match in _INLINE_PATTERN.finditer(text):
        if match.start() > end:
            elements.append(
                {"type": "text", "text": unescape(text[end : match.start()])}
            )
        elements.append(_element(match))
        end = match.end()
    if end < len(text):
        elements.append({"type": "text", "text": unescape(text[end:])})
    return elements


def _paragraphs(text: str) -> list[Json]:
    """Split text into sections and quotes."""
    parts: list[Json] = []
    run: list[str] = []
    quoted = False

    def close() -> None:
        if inside := _inline("\n".join(run)):
            kind = "rich_text_quote" if quoted else "rich_text_section"
            parts.append({"type": kind, "elements": inside})
        run.clear()

    for line in text.split("\n"):
        is_quote = line.startswith("&gt;")
        if is_quote != quoted:
            close()
            quoted = is_quote
        run.append(line.removeprefix("&gt;").lstrip() if is_quote else line)
    close()
    return parts


def rich_text(text: str, block_id: str) -> Json:
    elements: list[Json] = []
    for number, part in enumerate(text.split("```")):
        if number % 2 and part:
            code = {"type": "text", "text": unescape(part.strip("\n"))}
            elements.append({"type": "rich_text_preformatted", "elements": [code]})
        elif part.strip("\n"):
            elements += _paragraphs(part.strip("\n"))
    return {"type": "rich_text", "block_id": block_id, "elements": elements}
