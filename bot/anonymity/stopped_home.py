"""The note in a stopped author's own Home tab. Rendering it stores nothing."""

from bot.anonymity import limits, notes
from bot.anonymity.keyring import keys_of
from bot.home.row_blocks import RowList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from models import Channel


def _render(context: HomeContext) -> RenderedSection:
    tx, keys = context.tx, keys_of(context.tx)
    blocks = limits.blocks_of(tx, keys, context.member) if keys is not None else ()
    if not blocks:
        return RenderedSection()
    visible = set(tx.session.scalars(context.visible_channels))
    lines = []
    for block in blocks:
        place = "in this workspace"
        if block.channel_id is not None:
            channel = tx.session.get_one(Channel, block.channel_id)
            place = f"in #{channel.name}" if channel.id in visible else "in a channel"
        until = context.format_day(block.until)
        lines.append(notes.stopped(place, until, block.reason))
    return RenderedSection(RowList(lines))


STOPPED_SECTION = HomeSection(render=_render, position=101)
