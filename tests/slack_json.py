"""Slack's JSON for the parts of views, so that tests show a view at a glance."""

from typing import Any

Json = dict[str, Any]


def plain(text: str, *, emoji: bool = True) -> Json:
    return {"type": "plain_text", "text": text, "emoji": emoji}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def context(*texts: Json) -> Json:
    return {"type": "context", "elements": list(texts)}


def text(words: str, *, bold: bool = False) -> Json:
    style = {"style": {"bold": True}} if bold else {}
    return {"type": "text", "text": words, **style}


def link(url: str, words: str) -> Json:
    return {"type": "link", "url": url, "text": words}


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def code_block(code: str) -> Json:
    return {"type": "rich_text_preformatted", "elements": [text(code)]}


def rich_text(*sections: Json) -> Json:
    return {"type": "rich_text", "elements": list(sections)}


def sentence(*elements: Json | str) -> Json:
    parts = [text(part) if isinstance(part, str) else part for part in elements]
    return rich_text(section(*parts))


def title(words: str) -> Json:
    return rich_text(section(text(words, bold=True)))


def button(label: str, action_id: str, value: str | None = None, **more: Any) -> Json:
    valued = {} if value is None else {"value": value}
    payload = {"type": "button", "text": plain(label), "action_id": action_id}
    return {**payload, **valued, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def option(label: str, value: str, description: str | None = None) -> Json:
    more = {} if description is None else {"description": plain(description)}
    return {"text": plain(label), "value": value, **more}


def input_block(
    block_id: str, label: str, element: Json, hint: str | None = None, **more: Any
) -> Json:
    hinted = {} if hint is None else {"hint": plain(hint)}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element,
        **hinted,
        **more,
    }


def text_input(
    action_id: str, longest: int, placeholder: str = "", **more: Any
) -> Json:
    payload = {"placeholder": plain(placeholder)} if placeholder else {}
    return {
        "type": "plain_text_input",
        "action_id": action_id,
        "max_length": longest,
        **payload,
        **more,
    }


def modal(name: str, *blocks: Json, close: str, **more: Any) -> Json:
    submit = {"submit": plain(more.pop("submit"))} if "submit" in more else {}
    return {
        "type": "modal",
        "title": plain(name),
        "close": plain(close),
        "blocks": list(blocks),
        **submit,
        **more,
    }
