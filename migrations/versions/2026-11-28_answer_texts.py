"""the words of answers that helped are kept

Answers that were marked before have no row. Their words are read when their author is
told, with the next answer of theirs that helps.

Revision ID: d9a378e46af6
Revises: c0a51d9e7b34
"""

import sqlalchemy as sa
from alembic import op

revision = "d9a378e46af6"
down_revision = "c0a51d9e7b34"
branch_labels = None
depends_on = None

DUE = sa.text("next_fetch_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "answer_texts",
        _int("answer_id"),
        _int("installation_id"),
        _int("ask_id"),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("is_findable", sa.Boolean(), nullable=False),
        _int("edited_at_micros"),
        sa.Column("next_fetch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT is_findable OR text IS NOT NULL",
            name=op.f("ck_answer_texts_findable"),
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_answer_texts_answer_id")
        ),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name=op.f("fk_answer_texts_ask_id")
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_answer_texts_installation_id"),
        ),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_answer_texts")),
    )
    op.create_index(op.f("ix_answer_texts_ask_id"), "answer_texts", ["ask_id"])
    op.create_index(
        op.f("ix_answer_texts_installation_id_author"),
        "answer_texts",
        ["installation_id", "author"],
    )
    op.create_index(
        "ix_answer_texts_due",
        "answer_texts",
        ["installation_id", "next_fetch_at"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )
    op.create_table(
        "answer_text_notices",
        _int("installation_id"),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_answer_text_notices_installation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "installation_id", "member", name=op.f("pk_answer_text_notices")
        ),
    )
    op.add_column(
        "member_settings",
        sa.Column(
            "keeps_answer_texts",
            sa.Boolean(),
            nullable=False,
            server_default=sa.true(),
        ),
    )


def downgrade() -> None:
    op.drop_column("member_settings", "keeps_answer_texts")
    op.drop_table("answer_text_notices")
    op.drop_table("answer_texts")


def _int(name: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, nullable=False)
