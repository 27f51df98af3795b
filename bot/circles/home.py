"""The Home tab's section of circles, and the work of the job."""

from collections.abc import Mapping

from bot.circles import forming, list_blocks, pages, places
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


def due_counts(tx: Transaction) -> Mapping[str, int]:
    return {
        "form-circles": len(forming.due(tx)),
        "pass-on-places": len(places.due(tx)),
    }
