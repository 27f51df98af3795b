"""Places where the bot writes to a few people; the scopes of a workspace's token.

Revision ID: 6d20b9f4c7a1
Revises: 3f8c15ad6e29
"""

import sqlalchemy as sa
from alembic import op

revision = "6d20b9f4c7a1"
down_revision = "3f8c15ad6e29"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "peer_places",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_peer_places_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_peer_places"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_peer_places_installation_id_subject",
        "peer_places",
        ["installation_id", "subject"],
    )
    op.add_column(
        "installations",
        sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"),
    )


def downgrade() -> None:
    op.drop_column("installations", "scopes")
    op.drop_table("peer_places")
