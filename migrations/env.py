"""Alembic's entry point: run within the connection that the caller has opened."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

import models
from bot.config.settings import Settings
from bot.db import engine
from models.base import UtcDateTime


def render(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write the database's types, since migrations outlive those of `models`."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection: Connection | None = context.config.attributes.get("connection")


def run(on: Connection) -> None:
    context.configure(
        connection=on,
        target_metadata=models.Base.metadata,
        render_as_batch=True,
        render_item=render,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if connection is not None:
    run(connection)
else:  # `alembic` on the command line
    with engine.connect(Settings().database_url).engine.begin() as opened:
        run(opened)
