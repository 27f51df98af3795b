"""search indexes follow the words of asks and answers

Revision ID: 4be8d20c61f7
Revises: 83f1c6b0d92a
"""

import sqlalchemy as sa
from alembic import op

revision = "4be8d20c61f7"
down_revision = "83f1c6b0d92a"
branch_labels = None
depends_on = None

# The statements whose effect an index follows, and the ask that each is about. SQLite
# drops a table's triggers with the table: a later migration that makes one of these
# tables anew (`batch_alter_table`) has to create its triggers again.
UPDATES = (
    (
        "asks_updated",
        "UPDATE OF title, details, channel_id, deleted_at ON asks",
        "",
        "NEW.id",
    ),
    (
        "answer_texts_inserted",
        "INSERT ON answer_texts",
        "NEW.is_findable",
        "NEW.ask_id",
    ),
    (
        "answer_texts_updated",
        "UPDATE OF text, is_findable ON answer_texts",
        "OLD.is_findable OR NEW.is_findable",
        "NEW.ask_id",
    ),
    ("answer_texts_deleted", "DELETE ON answer_texts", "OLD.is_findable", "OLD.ask_id"),
)
INSERT = ("asks_inserted", "INSERT ON asks", "", "NEW.id")

SQLITE_POSITION = "(SELECT coalesce(max(position), 0) + 1 FROM search_changes)"
POSTGRESQL_POSITION = "pg_current_xact_id()::text::bigint"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "search_changes",
        sa.Column("ask_id", number, autoincrement=False, nullable=False),
        sa.Column("position", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_search_changes_ask_id"
        ),
        sa.PrimaryKeyConstraint("ask_id", name="pk_search_changes"),
    )
    op.create_index("ix_search_changes_position", "search_changes", ["position"])
    op.create_table(
        "search_rebuilds",
        sa.Column("id", number, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_rebuilds"),
    )
    op.create_table(
        "search_replicas",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rebuild_id", number, nullable=False),
        sa.Column("documents", number, nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_search_replicas"),
    )
    op.execute("INSERT INTO search_changes (ask_id, position) SELECT id, 0 FROM asks")
    inserted = (
        "INSERT INTO search_changes (ask_id, position) VALUES ({ask}, {position})"
    )
    changed = "UPDATE search_changes SET position = {position} WHERE ask_id = {ask}"
    _create_trigger(*INSERT, inserted)
    for trigger in UPDATES:
        _create_trigger(*trigger, changed)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, event, _, _ in (INSERT, *UPDATES):
        table = event.rpartition(" ")[2]
        op.execute(
            f"DROP TRIGGER search_{name}" + ("" if is_sqlite else f" ON {table}")
        )
        if not is_sqlite:
            op.execute(f"DROP FUNCTION search_{name}()")
    for table in ("search_replicas", "search_rebuilds", "search_changes"):
        op.drop_table(table)


def _create_trigger(
    name: str, event: str, condition: str, ask: str, statement: str
) -> None:
    when = f" WHEN ({condition})" if condition else ""
    if op.get_bind().dialect.name == "sqlite":
        body = statement.format(ask=ask, position=SQLITE_POSITION)
        op.execute(
            f"CREATE TRIGGER search_{name} AFTER {event}{when} BEGIN {body}; END"
        )
        return
    body = statement.format(ask=ask, position=POSTGRESQL_POSITION)
    op.execute(
        f"CREATE FUNCTION search_{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER search_{name} AFTER {event} FOR EACH ROW{when}"
        f" EXECUTE FUNCTION search_{name}()"
    )
