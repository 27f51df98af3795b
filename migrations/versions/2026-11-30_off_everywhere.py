"""Let a workspace switch a kind of meetings off in all of its programs.

Revision ID: c4e19b7d2f60
Revises: c5e08b41f7d3
"""

from alembic import op

revision = "c4e19b7d2f60"
down_revision = "c5e08b41f7d3"
branch_labels = None
depends_on = None

_KINDS = ("coffee", "exchange", "buddies")


def upgrade() -> None:
    _check("'off', 'auto', 'on', 'off_everywhere'")


def downgrade() -> None:
    # It stays off in each program.
    for kind in _KINDS:
        op.execute(
            f"UPDATE programs SET {kind} = 'off' WHERE installation_id IN (SELECT"  # noqa: S608
            f" installation_id FROM workspace_settings WHERE {kind} = 'off_everywhere')"
        )
        op.execute(
            f"UPDATE workspace_settings SET {kind} = 'off'"  # noqa: S608
            f" WHERE {kind} = 'off_everywhere'"
        )
    _check("'off', 'auto', 'on'")


def _check(values: str) -> None:
    with op.batch_alter_table("workspace_settings") as table:
        for kind in _KINDS:
            table.drop_constraint(op.f(f"ck_workspace_settings_{kind}"), type_="check")
            table.create_check_constraint(kind, f"{kind} IN ({values})")
