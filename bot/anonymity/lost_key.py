"""The note in everyone's Home tab after the key was lost."""

from datetime import timedelta

from bot.anonymity import notes
from bot.anonymity.key_check import NAME
from bot.anonymity.keyring import keys_of
from bot.home.row_blocks import RowList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.slack.blocks import context_line
from models import SecretKey

SHOWN_FOR = timedelta(days=14)


def _render(context: HomeContext) -> RenderedSection:
    tx = context.tx
    if keys_of(tx) is None:
        return RenderedSection()
    recorded = tx.session.get(SecretKey, NAME)
    lost_at = recorded.lost_at if recorded else None
    if lost_at is None or tx.now - lost_at >= SHOWN_FOR:
        return RenderedSection()
    # Everyone reads it: a note to the authors alone would name them.
    return RenderedSection(RowList([context_line(notes.links_cut(lost_at))]))


LOST_KEY_SECTION = HomeSection(render=_render, position=95)
