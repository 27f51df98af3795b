"""Store the private channels of circles, and who is in a channel or a group.

Revision ID: eb3ceace457e
Revises: 5b1e7d40c9a6
"""

import sqlalchemy as sa
from alembic import op

revision = "eb3ceace457e"
down_revision = "5b1e7d40c9a6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    with op.batch_alter_table("peer_places") as table:
        table.add_column(
            sa.Column("name", sa.String(), nullable=False, server_default="")
        )
        for name in ("inside", "outside"):
            table.add_column(
                sa.Column(name, sa.JSON(), nullable=False, server_default="[]")
            )
        table.add_column(sa.Column("requested_at", time, nullable=True))
        table.add_column(sa.Column("lost_at", time, nullable=True))
        table.create_index(
            "ix_peer_places_installation_id_channel", ["installation_id", "channel"]
        )
    # All people are in the groups that were opened.
    op.execute("UPDATE peer_places SET inside = people WHERE channel IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("peer_places") as table:
        table.drop_index("ix_peer_places_installation_id_channel")
        for name in ("lost_at", "requested_at", "outside", "inside", "name"):
            table.drop_column(name)
