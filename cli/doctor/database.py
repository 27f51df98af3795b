"""Check that the database works, is intact, and has this version's schema."""

from collections.abc import Generator, Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.config.many_workspaces import ManyWorkspaces
from bot.config.settings import Settings
from bot.db import engine as db_engine
from bot.db import schema, versions
from bot.slack.client import SlackClient
from cli.arguments import version
from cli.doctor import anonymity, contents, many_workspaces, search
from cli.doctor.findings import Finding, ok, warning, wrong
from models import Base

SUBJECT = "Database"
# Leases and due times come from the clocks of all replicas.
SKEW_WARNING_SECONDS = 5
# Connections of the server that should stay free for others.
MIN_FREE_CONNECTIONS = 20


def examine(
    settings: Settings,
    client: SlackClient | None,
    many: ManyWorkspaces | None = None,
    *,
    clock: Clock,
) -> Iterator[Finding]:
    """Run the checks; `client` is for comparisons with Slack, None without a token."""
    try:
        url = db_engine.parse_url(settings.database_url)
        file = db_engine.sqlite_file(url)
    except (ValueError, SQLAlchemyError):
        yield wrong(
            SUBJECT,
            "DATABASE_URL is not a valid address.",
            "Give postgresql://user:password@host/name, or sqlite:///path/to/file.db.",
        )
        return
    if file is not None and not file.exists():
        yield warning(
            SUBJECT,
            f"{file.name} does not exist yet.",
            ("The bot creates it when it first starts."),
        )
        return
    engine = db_engine.open_read_only(url)
    try:
        fits = yield from _check_schema(engine, url, clock=clock)
        if fits:
            with Session(engine) as session:
                if many is not None:
                    yield from many_workspaces.examine_key(session, many)
                yield from contents.examine(
                    session, client, clock=clock, is_many=many is not None
                )
                yield from search.examine(session, clock=clock)
                yield from anonymity.examine(session, settings, clock=clock)
    except SQLAlchemyError as error:
        yield wrong(
            SUBJECT,
            f"The database can't be read ({_error_code(error)}).",
            (
                "Check that it is running, and that DATABASE_URL and its permissions"
                " are correct."
            )
            if file is None
            else (
                "Check that the file belongs to this program. Otherwise restore a"
                " backup."
            ),
        )
    finally:
        engine.dispose()


def _check_schema(
    engine: Engine, url: URL, *, clock: Clock
) -> Generator[Finding, None, bool]:
    """Check the database; return True if its schema is current."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            yield _check_integrity(connection)
        else:
            yield from _check_server(connection, clock=clock)
        last = versions.last(connection)
    if last is not None:
        yield _last_version(*last)
    match schema.compare_revision(engine):
        case "same":
            yield ok("Schema", "The tables match this version.")
            return True
        case "empty":
            yield warning(
                "Schema",
                "There are no tables yet.",
                ("The bot creates it when it first starts."),
            )
        case "older":
            yield wrong(
                "Schema",
                "The tables are from an older version.",
                "The next start brings it up to date."
                if url.get_backend_name() == "sqlite"
                else "Stop all replicas, and run `uv run app.py migrate`.",
            )
        case "unknown":
            yield wrong(
                "Schema",
                "The tables are from a newer version or another program.",
                "Run that version, or restore a backup.",
            )
    return False


def _last_version(recorded: str, at: datetime) -> Finding:
    own = version()
    says = f"Backswing {recorded} wrote the database last; it started {at:%Y-%m-%d}."
    if recorded == own:
        return ok("Version", says)
    return warning(
        "Version",
        f"{says} This is {own}.",
        "If you have just changed the version, start the bot. See"
        " docs/operate/upgrade-notes.md.",
    )


def _check_integrity(connection: Connection) -> Finding:
    result = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    strays = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if result != "ok" or strays is not None:
        return wrong(
            SUBJECT,
            "The file is damaged.",
            "Stop the bot, keep the file, and restore a backup.",
        )
    return ok(SUBJECT, "SQLite: not damaged.")


def _check_server(connection: Connection, *, clock: Clock) -> Iterator[Finding]:
    before = clock()
    version, standby, used, most, at = connection.execute(
        text(
            "SELECT current_setting('server_version'), pg_is_in_recovery(),"
            " (SELECT count(*) FROM pg_stat_activity),"
            " current_setting('max_connections')::int, clock_timestamp()"
        )
    ).one()
    after = clock()
    if standby:
        says = "It is a standby server and accepts no changes."
        yield wrong(SUBJECT, says, "Give the primary's address.")
    elif not _may_write(connection):
        yield wrong(
            SUBJECT,
            "The user is not allowed to change the tables.",
            "Let the user own them, or grant SELECT, INSERT, UPDATE and DELETE.",
        )
    else:
        number = version.partition(" ")[0]
        yield ok(SUBJECT, f"PostgreSQL {number}: can be read and written.")
    if most - used < MIN_FREE_CONNECTIONS:
        yield warning(
            "Connections",
            f"{used} of {most} connections are in use.",
            f"Each replica uses up to {db_engine.MAX_CONNECTIONS}. Raise"
            " max_connections, or run fewer replicas.",
        )
    yield _skew(at, before=before, after=after)


def _may_write(connection: Connection) -> bool:
    """Return True if the user may change all of our tables that exist."""
    names = [table.name for table in Base.metadata.sorted_tables]
    allowed = connection.scalar(
        text(
            "SELECT bool_and(has_table_privilege(c.oid, r)) FROM pg_class c,"
            " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) r"
            " WHERE c.relname = ANY(:names) AND pg_table_is_visible(c.oid)"
        ),
        {"names": names},
    )
    return allowed is not False


def _skew(at: datetime, *, before: datetime, after: datetime) -> Finding:
    about = "Database clock"
    off = (before + (after - before) / 2 - at.astimezone(UTC)).total_seconds()
    if abs(off) < SKEW_WARNING_SECONDS:
        return ok(about, "The clock agrees with this machine's.")
    return warning(
        about,
        f"This machine's clock is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}.",
        "Set the time of every machine with NTP.",
    )


def _error_code(error: SQLAlchemyError) -> str:
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(
        driver, "sqlstate", None
    )
    return str(code or type(error).__name__)
