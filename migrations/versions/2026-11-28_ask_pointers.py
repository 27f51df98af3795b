"""earlier asks that members point to, and search by the words of the same problem

Revision ID: c5d81e7f3a92
Revises: a7e02f4d9c18
"""

import sqlalchemy as sa
from alembic import op

revision = "c5d81e7f3a92"
down_revision = "a7e02f4d9c18"
branch_labels = None
depends_on = None

# The statements that change the same problems of an ask, and the ids of such asks. As
# for the other triggers, a later migration that makes one of these tables anew on
# SQLite has to create its triggers again.
TRIGGERS = (
    ("references_inserted", "INSERT ON ask_references", "NEW.earlier_ask_id"),
    (
        "references_updated",
        "UPDATE OF earlier_ask_id, is_present ON ask_references",
        "OLD.earlier_ask_id, NEW.earlier_ask_id",
    ),
    ("references_deleted", "DELETE ON ask_references", "OLD.earlier_ask_id"),
    (
        "newer_asks_updated",
        "UPDATE OF title, channel_id, deleted_at ON asks",
        "SELECT earlier_ask_id FROM ask_references WHERE ask_id = NEW.id",
    ),
    # Words of a channel that became private leave the asks of others.
    (
        "channels_updated",
        "UPDATE OF is_private, is_shared ON channels",
        (
            "SELECT earlier_ask_id FROM ask_references WHERE ask_id IN"
            " (SELECT id FROM asks WHERE channel_id = NEW.id)"
            " UNION SELECT earlier_ask_id FROM ask_references WHERE earlier_ask_id IN"
            " (SELECT id FROM asks WHERE channel_id = NEW.id)"
        ),
    ),
)
SQLITE_POSITION = "(SELECT coalesce(max(position), 0) + 1 FROM search_changes)"
POSTGRESQL_POSITION = "pg_current_xact_id()::text::bigint"
CHANGE = "UPDATE search_changes SET position = {position} WHERE ask_id IN ({asks})"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ask_pointers",
        sa.Column("id", number, nullable=False),
        sa.Column("ask_id", number, nullable=False),
        sa.Column("earlier_ask_id", number, nullable=False),
        sa.Column("answer_id", number, nullable=True),
        sa.Column("channel_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("pointed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('posting', 'posted', 'failed', 'deleted')",
            name="ck_ask_pointers_state",
        ),
        sa.ForeignKeyConstraint(["ask_id"], ["asks.id"], name="fk_ask_pointers_ask_id"),
        sa.ForeignKeyConstraint(
            ["earlier_ask_id"], ["asks.id"], name="fk_ask_pointers_earlier_ask_id"
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name="fk_ask_pointers_answer_id"
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_ask_pointers_channel_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ask_pointers"),
        sa.UniqueConstraint(
            "ask_id", "earlier_ask_id", name="uq_ask_pointers_ask_id_earlier_ask_id"
        ),
        sa.UniqueConstraint("channel_id", "ts", name="uq_ask_pointers_channel_id_ts"),
    )
    for column in ("earlier_ask_id", "answer_id", "member"):
        op.create_index(f"ix_ask_pointers_{column}", "ask_pointers", [column])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    position = SQLITE_POSITION if is_sqlite else POSTGRESQL_POSITION
    for name, event, asks in TRIGGERS:
        _create(name, event, CHANGE.format(position=position, asks=asks), is_sqlite)
    op.execute(
        CHANGE.format(
            position=position, asks="SELECT earlier_ask_id FROM ask_references"
        )
    )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, event, _ in TRIGGERS:
        table = event.rpartition(" ")[2]
        op.execute(
            f"DROP TRIGGER search_{name}" + ("" if is_sqlite else f" ON {table}")
        )
        if not is_sqlite:
            op.execute(f"DROP FUNCTION search_{name}()")
    op.drop_table("ask_pointers")


def _create(name: str, event: str, body: str, is_sqlite: bool) -> None:
    if is_sqlite:
        op.execute(f"CREATE TRIGGER search_{name} AFTER {event} BEGIN {body}; END")
        return
    op.execute(
        f"CREATE FUNCTION search_{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER search_{name} AFTER {event}"
        f" FOR EACH ROW EXECUTE FUNCTION search_{name}()"
    )
