"""the bot shows that somebody's own message is an ask

Revision ID: 7c1e9a4f62d8
Revises: c27b90e4f518
"""

import sqlalchemy as sa
from alembic import op

revision = "7c1e9a4f62d8"
down_revision = "c27b90e4f518"
branch_labels = None
depends_on = None

asks = sa.table(
    "asks",
    sa.column("id"),
    sa.column("sign"),
    sa.column("is_signed", sa.Boolean),
    sa.column("is_own_message", sa.Boolean),
)
outbox = sa.table(
    "outbox", sa.column("kind"), sa.column("key"), sa.column("subject_id")
)


def upgrade() -> None:
    op.add_column(
        "channels",
        sa.Column(
            "captured_sign", sa.String(), nullable=False, server_default="reaction"
        ),
    )
    for name in ("sign", "line_ts", "removed_by"):
        op.add_column("asks", sa.Column(name, sa.String(), nullable=True))
    op.add_column("asks", _no("is_captured"))
    op.execute(asks.update().where(asks.c.is_signed).values(sign="white_check_mark"))
    # SQLite, too, drops a column without making the table anew, to which others refer.
    op.drop_column("asks", "is_signed")
    _rename("ask.show", "ask.sign")


def downgrade() -> None:
    op.add_column("asks", _no("is_signed"))
    op.execute(
        asks.update()
        .where(asks.c.sign == "white_check_mark")
        .values(is_signed=sa.true())
    )
    # What shows lines, which nobody will keep up to date any more.
    op.execute(outbox.delete().where(outbox.c.kind == "ask.show", _own()))
    _rename("ask.sign", "ask.show")
    for name in ("is_captured", "removed_by", "line_ts", "sign"):
        op.drop_column("asks", name)
    op.drop_column("channels", "captured_sign")


def _no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _own() -> sa.ColumnElement[bool]:
    """Select what was promised about people's own messages."""
    own = sa.select(asks.c.id).where(asks.c.is_own_message)
    return outbox.c.subject_id.in_(own)


def _rename(old: str, new: str) -> None:
    op.execute(
        outbox.update()
        .where(outbox.c.kind == old, _own())
        .values(kind=new, key=sa.literal(new) + sa.func.substr(outbox.c.key, 9))
    )
