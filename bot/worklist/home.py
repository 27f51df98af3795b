"""The Home tab's section with what a champion could do."""

from sqlalchemy import select

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.worklist import blocks, items
from models import WorkItem


def _render(context: HomeContext) -> RenderedSection:
    own = items.open_items(context.tx, context.member)
    return RenderedSection(
        blocks.open_items([(item.id, item.view) for item in own]),
        has_activity=bool(own),
    )


def _is_available(context: HomeContext) -> bool:
    """Return True if the member has suggestions."""
    return (
        context.tx.session.scalar(
            select(WorkItem.id)
            .filter_by(
                installation_id=context.tx.workspace.id,
                champion=context.member,
                outcome="open",
            )
            .limit(1)
        )
        is not None
    )


WORK_LIST = HomeSection(
    render=_render, position=60, page="program", is_available=_is_available
)
