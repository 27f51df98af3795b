"""Slack's text: how a client escapes what is typed, and whom a text would notify."""

import re
from typing import Any

from sandbox.records import Json
from sandbox.workspace import Workspace

_TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>|]+)|(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]+\w)"
    r"|(?<![\w&])@(?P<person>[\w.-]*\w)|(?<![\w&])#(?P<channel>[\w-]+)"
)
_GROUPS = {"channel", "here", "everyone"}
_SPECIAL = re.compile(r"<!(channel|here|everyone|subteam\^(\w+))(?:[|^][^>]*)?>")
_MENTION = re.compile(r"<@(\w+)(?:\|[^>]*)?>")
_LINKED_NAME = re.compile(r"(?<![\w<&])@([\w.-]+)")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_typed(workspace: Workspace, text: str) -> str:
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
        if found["person"] in _GROUPS:
            return f"<!{found['person']}>"
        if found["channel"] and (channel := channels.get(found["channel"])):
            return f"<#{channel.id}|{channel.name}>"
        return escape(whole)

    parts, end = [], 0
    for found in _TOKEN.finditer(text):
        parts += [escape(text[end : found.start()]), entity(found)]
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def notified_by_text(text: str) -> set[str]:
    """Code and quotes are not looked at: a test should rather hear too much."""
    who = set(_MENTION.findall(text))
    for name, subteam in _SPECIAL.findall(text):
        who.add(f"subteam:{subteam}" if subteam else name)
    return who


def notified_by_names(workspace: Workspace, text: str) -> set[str]:
    """What `link_names` and `parse=full` make of plain names."""
    by_name = {p.name: p.id for p in workspace.people.values()}
    names = _LINKED_NAME.findall(text)
    return {n for n in names if n in _GROUPS} | {
        by_name[n] for n in names if n in by_name
    }


def notified_by_blocks(node: Any) -> set[str]:
    """Whom blocks, or anything in them, would notify."""
    who: set[str] = set()
    if isinstance(node, list):
        who = who.union(*map(notified_by_blocks, node))
    elif isinstance(node, dict):
        match node.get("type"):
            case "mrkdwn" | "markdown":
                who = notified_by_text(str(node.get("text", "")))
            case "user":
                who = {str(node.get("user_id"))}
            case "usergroup":
                who = {f"subteam:{node.get('usergroup_id')}"}
            case "broadcast":
                who = {str(node.get("range"))}
            case _:
                who = who.union(*map(notified_by_blocks, node.values()))
    return who


def notified(
    workspace: Workspace,
    text: str,
    blocks: list[Json],
    attachments: list[Json] | None = None,
    *,
    link_names: bool = False,
) -> set[str]:
    who = notified_by_text(text) | notified_by_blocks(blocks)
    for attachment in attachments or []:
        who |= notified_by_blocks(attachment.get("blocks") or [])
        for name in ("pretext", "text", "fallback"):
            who |= notified_by_text(str(attachment.get(name) or ""))
    if link_names:
        who |= notified_by_names(workspace, text)
    return who
