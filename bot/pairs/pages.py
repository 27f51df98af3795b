"""Modals for leads: the pairs of the last round, and those of the next one."""

from collections.abc import Sequence

from slack_sdk.models.views import View

from bot.pairs import blocks, lead_rounds, opt_ins
from bot.pairs.home import format_day
from bot.pairs.lead_rounds import LeadRound
from bot.pairs.permissions import SEE_PAIRS
from bot.people import lead_scope
from bot.people.lead_scope import LeadScope
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.slack.blocks import message_modal
from bot.slack.text import truncate

_NO_ROUND = "There was no round of peer coffee yet."
_TOO_MANY = (
    "The next round is too large for a preview. You can see the pairs of the last"
    " round."
)


def _require(tx: Transaction, by: str) -> LeadScope:
    return lead_scope.require(tx, by, Kind.COFFEE, SEE_PAIRS)


def last_round(tx: Transaction, *, by: str) -> View:
    """Show a lead who was matched in the last round. Raises UserError."""
    scope = _require(tx, by)
    if not scope:
        return _modal("Last round", opt_ins.OFF)
    last = lead_rounds.last_round(tx, scope)
    if last is None:
        return _modal("Last round", _NO_ROUND)
    people = "" if scope.is_everyone else " of your programs"
    numbers = blocks.numbers(
        last.people, last.unmatched, nobody=f"nobody{people} took part"
    )
    text = f"{format_day(last.day)}: {numbers}."
    return _modal("Last round", text, _named(tx, scope, last))


def preview(tx: Transaction, *, by: str) -> View:
    """Show a lead whom the next round would match, as things are. Raises UserError."""
    scope = _require(tx, by)
    if not scope:
        return _modal("Next round", opt_ins.OFF)
    upcoming = lead_rounds.preview(tx, scope)
    if upcoming is None:
        return _modal("Next round", _TOO_MANY)
    numbers = blocks.numbers(
        upcoming.people, upcoming.unmatched, nobody="nobody takes part"
    )
    text = f"{format_day(upcoming.day)}, as things are now: {numbers}."
    return _modal("Next round", text, _named(tx, scope, upcoming))


def _named(
    tx: Transaction, scope: LeadScope, visible: LeadRound
) -> list[tuple[list[str], str]]:
    names = scope.names(tx, [group for group, _ in visible.groups])
    reasons = [reason for _, reason in visible.groups]
    return sorted(zip(names, reasons, strict=True))


def _modal(
    title: str, text: str, groups: Sequence[tuple[Sequence[str], str]] = ()
) -> View:
    text, shown = blocks.round_list(truncate(text, 300), groups)
    return message_modal(title, text, *shown)
