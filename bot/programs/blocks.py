"""Programs as people see them. Values in, blocks out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, RichTextBlock

from bot.programs.rules import (
    MAX_LINE_LENGTH,
    MAX_NAME_LENGTH,
    MAX_TIME_LENGTH,
    Texts,
)
from bot.slack import rich_text
from bot.slack.blocks import name_list
from bot.slack.rich_text import Part, bold
from bot.slack.text import Token, unescape

# The limit for each text: Slack refuses messages with too many.
_MAX_ELEMENTS = 8
# A default rule names the channel's emoji, so it may be longer than those of leads.
_MAX_RULE_ELEMENTS = 16
_MAX_DRAWN_RULE = 1000
_LEAD = re.compile(r"\*(?=[^*\s])([^*<>`:\n]*[^*<>`:\s])\*(?!\w)")


@dataclass(frozen=True, slots=True)
class Invitation:
    """The content of an invitation to a program. `texts` are mrkdwn."""

    texts: Texts
    # Plain names, which notify nobody; only of leads who are there.
    leads: Sequence[str]
    # Such as "1 March 2026 to 30 June 2026"; "" for the workspace's own program.
    dates: str


def invitation(program: Invitation) -> list[Block]:
    """Build an invitation without its buttons, also for the page of a program."""
    texts = program.texts
    blocks: list[Block] = [
        rich_text.user_text(
            texts.name,
            limit=MAX_NAME_LENGTH,
            is_bold=True,
            max_elements=_MAX_ELEMENTS,
        ),
        _lines(program),
    ]
    if texts.rules:
        blocks.append(rule_list("Rules", texts.rules))
    return blocks


def rule_list(title: str, rules: Sequence[str]) -> RichTextBlock:
    """Build a numbered list of rules (mrkdwn); `*words*` at their start are bold."""
    return rich_text.numbered([bold(title)], list(map(_rule, rules)))


def _rule(rule: str) -> Sequence[Part]:
    match = _LEAD.match(rule)
    lead: list[Part] = [bold(unescape(match[1]))] if match else []
    shown = rich_text.tokens(
        rule[match.end() :] if match else rule,
        limit=_MAX_DRAWN_RULE,
        max_elements=_MAX_RULE_ELEMENTS,
        has_code_spans=True,
    )
    return [*lead, *map(_without_mention, shown)]


def _lines(program: Invitation) -> RichTextBlock:
    texts = program.texts
    lines: list[tuple[str, Sequence[Part]]] = [
        ("For", _text(texts.audience, MAX_LINE_LENGTH)),
        ("Goal", _text(texts.goal, MAX_LINE_LENGTH)),
        ("It takes", _text(texts.time_needed, MAX_TIME_LENGTH)),
        ("You get", _text(texts.benefit, MAX_LINE_LENGTH)),
        ("When", [program.dates]),
        ("Led by", [name_list(program.leads)] if program.leads else []),
    ]
    parts: list[Part] = []
    for label, text in lines:
        if any(text):
            parts += ["\n" if parts else "", bold(f"{label}: "), *text]
    return rich_text.inline(*parts)


def _text(text: str, limit: int) -> Sequence[Part]:
    shown = rich_text.tokens(text, limit=limit, max_elements=_MAX_ELEMENTS)
    return list(map(_without_mention, shown))


def _without_mention(token: Token) -> Token:
    """Turn a mention into a plain name, which notifies nobody."""
    return Token("text", token.text) if token.kind == "person" else token
