"""Slack's text: escaping of typed text, and mentions that notify."""

import re
from typing import Any

from sandbox.workspace.records import Json
from sandbox.workspace.workspace import Workspace

_ENTITY_PATTERN = re.compile(
    r"(?P<url>https?://[^\s<>|]+)|(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]+\w)"
    r"|(?<![\w&])@(?P<person>[\w.-]*\w)|(?<![\w&])#(?P<channel>[\w-]+)"
)
GROUP_MENTIONS = {"channel", "here", "everyone"}
_SPECIAL_MENTION = re.compile(
    r"<!(channel|here|everyone|subteam\^(\w+))(?:[|^][^>]*)?>"
)
_MENTION = re.compile(r"<@(\w+)(?:\|[^>]*)?>")
_LINKED_NAME = re.compile(r"(?<![\w<&])@([\w.-]+)")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def encode_entities(workspace: Workspace, text: str) -> str:
    """Convert a command's text as `should_escape` does: entities instead of names."""
    people = {p.name: p for p in workspace.people.values()}
    channels = {c.name: c for c in workspace.channels.values() if not c.is_im}

    def entity(match: re.Match[str]) -> str:
        whole = match[0]
        if match["url"]:
            return f"<{escape(whole)}>"
        if match["mail"]:
            return f"<mailto:{whole}|{whole}>"
        if match["person"] and (person := people.get(match["person"])):
            return f"<@{person.id}|{person.name}>"
        if match["person"] in GROUP_MENTIONS:
            return f"<!{match['person']}>"
        if match["channel"] and (channel := channels.get(match["channel"])):
            return f"<#{channel.id}|{channel.name}>"
        return escape(whole)

    parts, end = [], 0
    for match in _ENTITY_PATTERN.finditer(text):
        parts += [escape(text[end : match.start()]), entity(match)]
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def mentions_in_text(text: str) -> set[str]:
    """Return mentions in mrkdwn, code and quotes included.

    In tests, too many reported mentions are better than too few.
    """
    mentioned = set(_MENTION.findall(text))
    for name, subteam in _SPECIAL_MENTION.findall(text):
        mentioned.add(f"subteam:{subteam}" if subteam else name)
    return mentioned


def mentions_by_name(workspace: Workspace, text: str) -> set[str]:
    """Return the mentions that `link_names` and `parse=full` make of plain names."""
    by_name = {p.name: p.id for p in workspace.people.values()}
    names = _LINKED_NAME.findall(text)
    return {n for n in names if n in GROUP_MENTIONS} | {
        by_name[n] for n in names if n in by_name
    }


def mentions_in_blocks(node: Any) -> set[str]:
    """Return mentions in blocks, at any depth."""
    mentioned: set[str] = set()
    if isinstance(node, list):
        mentioned = mentioned.union(*map(mentions_in_blocks, node))
    elif isinstance(node, dict):
        match node.get("type"):
            case "mrkdwn" | "markdown":
                mentioned = mentions_in_text(str(node.get("text", "")))
            case "user":
                mentioned = {str(node.get("user_id"))}
            case "usergroup":
                mentioned = {f"subteam:{node.get('usergroup_id')}"}
            case "broadcast":
                mentioned = {str(node.get("range"))}
            case _:
                mentioned = mentioned.union(*map(mentions_in_blocks, node.values()))
    return mentioned


def mentions(
    workspace: Workspace,
    text: str,
    blocks: list[Json],
    attachments: list[Json] | None = None,
    *,
    link_names: bool = False,
) -> set[str]:
    mentioned = mentions_in_text(text) | mentions_in_blocks(blocks)
    for attachment in attachments or []:
        mentioned |= mentions_in_blocks(attachment.get("blocks") or [])
        for name in ("pretext", "text", "fallback"):
            mentioned |= mentions_in_text(str(attachment.get(name) or ""))
    if link_names:
        mentioned |= mentions_by_name(workspace, text)
    return mentioned
