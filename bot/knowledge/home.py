"""The Home tab's section of earlier asks that have perhaps solved a member's own."""

from sqlalchemy import exists, select

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.knowledge import blocks, finding, presentation
from bot.knowledge.blocks import SuggestionsForAsk
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
    shown = blocks.suggestions_for_asks(
        [
            SuggestionsForAsk(
                ask.id,
                members.text_with_names(tx, ask.title),
                presentation.views(tx, context.member, finding.suggested(tx, ask)),
            )
            for ask in asks
        ]
    )
    return RenderedSection(shown, has_activity=bool(shown.rows))


SUGGESTIONS = HomeSection(render=_render, position=105)
