"""The Home tab's section of earlier asks that have perhaps solved a member's own."""

from slack_sdk.models.blocks import Block, HeaderBlock
from sqlalchemy import exists, select

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.knowledge import blocks, finding, presentation
from bot.workspace import members
from models import Ask, AskSuggestion

# The newest open asks for which there is something to show.
MAX_ASKS = 3


def _render(context: HomeContext) -> RenderedSection:
    tx = context.tx
    asks = tx.session.scalars(
        select(Ask)
        .where(
            Ask.installation_id == tx.workspace.id,
            Ask.asker == context.member,
            Ask.state.in_(("open", "answered")),
            exists().where(
                AskSuggestion.ask_id == Ask.id,
                AskSuggestion.is_dismissed.is_(False),
            ),
        )
        .order_by(Ask.id.desc())
        .limit(MAX_ASKS)
    ).all()
    shown: list[Block] = []
    for ask in asks:
        entries = finding.suggested(tx, ask)
        views = presentation.views(tx, context.member, entries)
        title = members.text_with_names(tx, ask.title)
        shown += blocks.suggestions_for(ask.id, title, views)
    if not shown:
        return RenderedSection()
    return RenderedSection(
        [HeaderBlock(text="Perhaps already solved"), *shown], has_activity=True
    )


SUGGESTIONS = HomeSection(render=_render, position=105)
