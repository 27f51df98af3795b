"""The Home tab's section of circles, and the work of the job."""

from collections.abc import Mapping

from bot.circles import (
    endings,
    forming,
    list_blocks,
    pages,
    places,
    quiet,
    seasons,
    started,
    started_blocks,
    starting,
    votes,
)
from bot.feature.due_rows import DueCounts
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.runtime import Transaction


def _render(context: HomeContext) -> RenderedSection:
    tx, member = context.tx, context.member
    rows = list_blocks.home_circles(
        pages.circle_rows(tx, member),
        pages.season_rows(tx, member, is_exact=False),
        context.zone,
    )
    return RenderedSection(rows, has_activity=bool(rows.rows))


def _is_available(context: HomeContext) -> bool:
    return bool(
        pages.circle_rows(context.tx, context.member)
        or pages.season_rows(context.tx, context.member, is_exact=False)
    )


OWN_CIRCLES = HomeSection(
    render=_render, position=330, page="program", is_available=_is_available
)


def _render_started(context: HomeContext) -> RenderedSection:
    tx, member = context.tx, context.member
    rows = started_blocks.home_started(
        started.rows(tx, member, is_exact=False),
        context.zone,
        may_start=bool(starting.startable_programs(tx, member)),
    )
    return RenderedSection(rows)


def _can_start(context: HomeContext) -> bool:
    return bool(starting.startable_programs(context.tx, context.member))


STARTED_CIRCLES = HomeSection(
    render=_render_started, position=325, page="people", is_available=_can_start
)


def _due_counts(tx: Transaction) -> Mapping[str, int]:
    return {
        "form-circles": len(forming.due(tx)),
        "pass-on-places": len(places.due(tx)),
        "end-seasons": len(endings.due(tx)),
        "check-circles": len(quiet.due(tx)) + len(votes.due(tx)),
    }


DUE_COUNTS = DueCounts(
    ("form-circles", "pass-on-places", "end-seasons", "check-circles"),
    _due_counts,
    (forming.unformed, seasons.unended, quiet.due_in, votes.due_in),
)
