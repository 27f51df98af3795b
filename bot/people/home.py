"""The Home tab: the peers of a member, whom only they see."""

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.people import blocks, peers


def _is_available(context: HomeContext) -> bool:
    return context.sees_others and peers.has_any(context)


def _render(context: HomeContext) -> RenderedSection:
    if not context.sees_others:
        return RenderedSection()
    return RenderedSection(blocks.peers(peers.load(context)))


HOME_SECTIONS = (
    HomeSection(
        render=_render,
        position=340,
        page="people",
        is_available=_is_available,
        has_actions=False,
    ),
)
