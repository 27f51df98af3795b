"""The Home tab's section with what a champion could do."""

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.worklist import blocks, items


def _render(context: HomeContext) -> RenderedSection:
    own = items.open_items(context.tx, context.member)
    return RenderedSection(
        blocks.open_items([(item.id, item.view) for item in own]),
        has_activity=bool(own),
    )


WORK_LIST = HomeSection(render=_render, position=60)
