"""Modals for leads: the pairs of the last round, and those of the next one."""

from collections.abc import Iterable, Mapping, Sequence

from slack_sdk.models.views import View
from sqlalchemy import select

from bot import permissions
from bot.matching.cost import pair_parts
from bot.matching.reasons import summary
from bot.pairs import blocks, opt_ins, rounds
from bot.pairs.home import format_day
from bot.pairs.permissions import SEE_PAIRS
from bot.runtime import Transaction
from bot.slack.blocks import message_modal
from bot.slack.text import truncate
from bot.workspace import members, roles
from models import PairMatchMember

# With more people, forming a round takes longer than Slack waits.
MAX_PREVIEWED = 120

_NO_ROUND = "There was no round of peer coffee yet."
_TOO_MANY = (
    f"More than {MAX_PREVIEWED} people take part: that's too many for a preview. You"
    " can see the pairs of the last round."
)


def _require(tx: Transaction, by: str) -> None:
    permissions.require(SEE_PAIRS, roles.in_workspace(tx, by))


def last_round(tx: Transaction, *, by: str) -> View:
    """Show who was matched in the last round, for leads. Raises UserError."""
    _require(tx, by)
    last = rounds.last_round(tx)
    if last is None:
        return _modal("Last round", _NO_ROUND)
    groups: dict[int, list[str]] = {}
    for match_id, member in tx.session.execute(
        select(PairMatchMember.match_id, PairMatchMember.member)
        .filter_by(round_id=last.id)
        .order_by(PairMatchMember.match_id, PairMatchMember.member)
    ):
        groups.setdefault(match_id, []).append(member)
    # A second match of the same person would tell that someone couldn't come.
    listed: set[str] = set()
    first = []
    for group in groups.values():
        if listed.isdisjoint(group):
            first.append(group)
            listed.update(group)
    text = f"{format_day(last.day)}: {_numbers(last.people, last.unmatched)}"
    return _modal("Last round", text, _named(tx, first, {}))


def preview(tx: Transaction, *, by: str) -> View:
    """Show whom the next round would match, as things are. Raises UserError."""
    _require(tx, by)
    if not opt_ins.is_offered(tx):
        return _modal("Next round", opt_ins.OFF)
    draft = rounds.preview(tx, MAX_PREVIEWED)
    if draft is None:
        return _modal("Next round", _TOO_MANY)
    formed = draft.form()
    people = {person.id: person for person in draft.people}
    reasons = {
        group: summary(pair_parts(people[group[0]], people[group[1]], tx.now))
        for group in formed.groups
    }
    numbers = _numbers(len(people), len(formed.left_out))
    text = f"{format_day(draft.round.day)}, as things are now: {numbers}"
    return _modal("Next round", text, _named(tx, formed.groups, reasons))


def _numbers(people: int, unmatched: int) -> str:
    return f"{people} people, {unmatched} unmatched."


def _named(
    tx: Transaction,
    groups: Iterable[Sequence[str]],
    reasons: Mapping[tuple[str, ...], str],
) -> list[tuple[list[str], str]]:
    groups = list(groups)
    names = members.names(tx, {member for group in groups for member in group})
    rows = [
        (
            sorted(names[member] for member in group),
            reasons.get(tuple(group), ""),
        )
        for group in groups
    ]
    return sorted(rows)


def _modal(
    title: str, text: str, groups: Sequence[tuple[Sequence[str], str]] = ()
) -> View:
    text, shown = blocks.round_list(truncate(text, 300), groups)
    return message_modal(title, text, *shown)
