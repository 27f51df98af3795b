"""Slack's text: how a client escapes what is typed, and whom a text would notify."""

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
    """What `should_escape` makes of a command's text: entities instead of names."""
    people = {p.name: p for p in workspace.people.values()}
    channels = {c.name: c for c in workspace.channels.values() if not c.is_im}

    def entity(found: re.Match[str]) -> str:
        whole = found[0]
        if found["url"]:
            return f"<{escape(whole)}>"
        if found["mail"]:
            return f"<mailto:{whole}|{whole}>"
        if found["person"] and (person := people.get(found["person"])):
            return f"<@{person.id}|{person.name}>"
        if found["person"] in GROUP_MENTIONS:
            return f"<!{found['person']}>"
        if found["channel"] and (channel := channels.get(found["channel"])):
            return f"<#{channel.id}|{channel.name}>"
        return escape(whole)

    parts, end = [], 0
    for found in _ENTITY_PATTERN.finditer(text):
        parts += [escape(text[end : found.start()]), entity(found)]
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def mentions_in_text(text: str) -> set[str]:
    """Code and quotes are not looked at: a test should rather hear too much."""
    who = set(_MENTION.findall(text))
    for name, subteam in _SPECIAL_MENTION.findall(text):
        who.add(f"subteam:{subteam}" if subteam else name)
    return who


def mentions_by_name(workspace: Workspace, text: str) -> set[str]:
    """What `link_names` and `parse=full` make of plain names."""
    by_name = {p.name: p.id for p in workspace.people.values()}
    names = _LINKED_NAME.findall(text)
    return {n for n in names if n in GROUP_MENTIONS} | {
        by_name[n] for n in names if n in by_name
    }


def mentions_in_blocks(node: Any) -> set[str]:
    """Whom blocks, or anything in them, would notify."""
    who: set[str] = set()
    if isinstance(node, list):
        who = who.union(*map(mentions_in_blocks, node))
    elif isinstance(node, dict):
        match node.get("type"):
            case "mrkdwn" | "markdown":
                who = mentions_in_text(str(node.get("text", "")))
            case "user":
                who = {str(node.get("user_id"))}
            case "usergroup":
                who = {f"subteam:{node.get('usergroup_id')}"}
            case "broadcast":
                who = {str(node.get("range"))}
            case _:
                who = who.union(*map(mentions_in_blocks, node.values()))
    return who


def mentions(
    workspace: Workspace,
    text: str,
    blocks: list[Json],
    attachments: list[Json] | None = None,
    *,
    link_names: bool = False,
) -> set[str]:
    who = mentions_in_text(text) | mentions_in_blocks(blocks)
    for attachment in attachments or []:
        who |= mentions_in_blocks(attachment.get("blocks") or [])
        for name in ("pretext", "text", "fallback"):
            who |= mentions_in_text(str(attachment.get(name) or ""))
    if link_names:
        who |= mentions_by_name(workspace, text)
    return who
