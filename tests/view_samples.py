"""Every view and message that the bot can render, in all variants."""

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.home.row_blocks import RowList
from bot.slack import blocks as slack_blocks
from tests.samples import (
    anonymity,
    asks,
    buddies,
    checkins,
    circle_meetings,
    circles,
    exchange,
    knowledge,
    kudos,
    members,
    pairs,
    program_leads,
    program_members,
    programs,
    routing,
    worklist,
)
from tests.samples.types import Rendered, Samples
from tests.test_conventions import VIEW_MODULES

SAMPLES: Samples = (
    anonymity.SAMPLES
    | asks.SAMPLES
    | checkins.SAMPLES
    | circle_meetings.SAMPLES
    | circles.SAMPLES
    | knowledge.SAMPLES
    | kudos.SAMPLES
    | members.SAMPLES
    | pairs.SAMPLES
    | exchange.SAMPLES
    | buddies.SAMPLES
    | program_leads.SAMPLES
    | program_members.SAMPLES
    | programs.SAMPLES
    | routing.SAMPLES
    | worklist.SAMPLES
)


@cache
def view_samples() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return each as sent to Slack: a view, or a message's text and blocks."""
    return tuple(
        (
            f"{name_of(function)}-{number}",
            sample,
        )
        for function in SAMPLES
        for number, sample in enumerate(samples_of(function))
    )


def samples_of(function: Callable[..., Rendered]) -> list[dict[str, Any]]:
    """Return all that a function renders; a test of all of it is quickest so."""
    return [to_json(call()) for call in SAMPLES[function]]


def name_of(function: Callable[..., Rendered]) -> str:
    return f"{function.__module__.removeprefix('bot.')}.{function.__name__}"


def to_json(rendered: Rendered) -> dict[str, Any]:
    if isinstance(rendered, View):
        return rendered.to_dict()
    if isinstance(rendered, RowList):
        rendered = rendered.blocks
    text, shown = rendered if isinstance(rendered, tuple) else ("An ask", rendered)
    return {"text": text, "blocks": [block.to_dict() for block in shown]}


def render_functions() -> set[Callable[..., Rendered]]:
    """Return the functions that render a view or message, found by return type."""
    return {
        function
        for module in map(import_module, VIEW_MODULES)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation
        in {View, RowList, list[Block], slack_blocks.Note, tuple[str, list[Block]]}
    }
