"""Store the languages, the holidays and the pace that members choose.

Revision ID: 4b9e27d1c603
Revises: 5d9b3c60e7a2
"""

import sqlalchemy as sa
from alembic import op

revision = "4b9e27d1c603"
down_revision = "5d9b3c60e7a2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("member_settings") as table:
        table.add_column(
            sa.Column("languages", sa.JSON(), nullable=False, server_default="[]")
        )
        table.add_column(sa.Column("holidays_of", sa.String(), nullable=True))
        table.add_column(sa.Column("coffee_weeks", number, nullable=True))
        table.create_check_constraint(
            op.f("ck_member_settings_coffee_weeks"), "coffee_weeks > 0"
        )


def downgrade() -> None:
    with op.batch_alter_table("member_settings") as table:
        table.drop_constraint(op.f("ck_member_settings_coffee_weeks"), type_="check")
        for name in ("coffee_weeks", "holidays_of", "languages"):
            table.drop_column(name)
