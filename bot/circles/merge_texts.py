"""The question whether two circles merge, as one of their people reads it."""

from bot.circles import conversation, merging, service
from bot.circles.merge_blocks import MergeText
from bot.matching.circles import STAYS
from bot.runtime import Transaction
from bot.workspace import members
from models import CircleMerge, CircleSeason


def text(tx: Transaction, merge: CircleMerge, reader: str) -> MergeText | None:
    """Return the question as one of the two circles reads it; None if it is over."""
    season = tx.session.get_one(CircleSeason, merge.season_id)
    small, partner = merging.circles_of(tx, merge)
    own = [service.people_in(tx, circle) for circle in (small, partner)]
    plan = merging.find(tx, season, [small, partner])
    if merge.is_accepted is not None or plan is None:
        return None
    movers = merging.movers_of(plan, own)
    future = next((each for each in plan.circles if reader in each), None)
    if future is None:
        return None
    names = members.first_names(tx, {*own[0], *own[1]})
    is_one = len(plan.circles) == 1
    moves_to = partner if is_one and reader in own[0] else None
    if not is_one and reader in movers:
        moves_to = small
    return MergeText(
        merge.id,
        is_small=reader in own[0],
        remaining=len(own[0]),
        moving=sorted(names[each] for each in movers - {reader}),
        is_moving=reader in movers,
        together=sorted(names[each] for each in future if each != reader),
        until=merge.answer_until,
        meets_at=service.next_meeting(tx, moves_to) if moves_to else None,
        is_wish=len(own[0]) >= STAYS,
        shows_past=reader in own[is_one]
        and conversation.has_past(tx, (small, partner)[is_one].id),
    )
