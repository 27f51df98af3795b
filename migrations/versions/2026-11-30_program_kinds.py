"""Store which kinds of meetings a program has, as the workspace has them now.

Revision ID: a71f3c5e9d20
Revises: eb3ceace457e
"""

import sqlalchemy as sa
from alembic import op

revision = "a71f3c5e9d20"
down_revision = "eb3ceace457e"
branch_labels = None
depends_on = None

_KINDS = ("coffee", "exchange", "buddies")
# The number of people from which "auto" has begun.
_MIN_PEOPLE = 6
_WANTING = {
    "exchange": ["SELECT member FROM exchange_wishes WHERE is_in AND {where}"],
    "buddies": [
        "SELECT member FROM buddy_offers WHERE is_in AND {where}",
        "SELECT member FROM buddy_wishes WHERE wanted_at IS NOT NULL AND {where}",
    ],
}


def upgrade() -> None:
    with op.batch_alter_table("programs") as table:
        for kind in _KINDS:
            table.add_column(
                sa.Column(kind, sa.String(), nullable=False, server_default="auto")
            )
            table.create_check_constraint(kind, f"{kind} IN ('off', 'auto', 'on')")
        table.add_column(
            sa.Column("coffee_began_at", sa.DateTime(timezone=True), nullable=True)
        )
    for kind in _KINDS:
        op.execute(
            f"UPDATE programs SET {kind} = COALESCE((SELECT {kind}"  # noqa: S608
            " FROM workspace_settings WHERE workspace_settings.installation_id ="
            " programs.installation_id), 'auto')"
        )
    # What has begun in the workspace goes on in each of its programs.
    op.execute(
        "UPDATE programs SET coffee_began_at = (SELECT MIN(formed_at) FROM pair_rounds"
        " WHERE pair_rounds.installation_id = programs.installation_id)"
    )
    for kind, queries in _WANTING.items():
        for table_name in ("workspace_settings", "programs"):
            where = f"installation_id = {table_name}.installation_id"
            people = " UNION ALL ".join(each.format(where=where) for each in queries)
            mode = f"COALESCE({kind}, 'auto')"
            op.execute(
                f"UPDATE {table_name} SET {kind} = 'on' WHERE {mode} = 'auto'"  # noqa: S608
                f" AND (SELECT COUNT(*) FROM ({people}) AS wanting) >= {_MIN_PEOPLE}"
            )


def downgrade() -> None:
    with op.batch_alter_table("programs") as table:
        table.drop_column("coffee_began_at")
        for kind in _KINDS:
            table.drop_constraint(kind, type_="check")
            table.drop_column(kind)
