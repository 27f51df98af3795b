"""Check the database's workspace, channels, time zones and deliveries."""

import os
import re
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import tzdata
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import monitoring, timezones
from bot.clock import Clock
from bot.monitoring import FailureCount
from bot.runtime import Transaction
from bot.slack.api import SlackApi, SlackError
from bot.workspace.installations import to_workspace, workspace_rows
from cli.doctor import many_workspaces
from cli.doctor.findings import Finding, ok, warning, wrong
from models import Channel, Installation, Member, Schedule

# Rate limits and checks for unconfirmed messages may delay one this long.
OVERDUE_AFTER = timedelta(minutes=5)
FAILED_WITHIN = timedelta(days=7)
MAX_NAMES = 5

_HINTS = {
    "channel_not_found": (
        "The channel is gone, or it is private and the bot is not in it."
    ),
    "is_archived": "The channel is archived.",
    "missing_scope": "Reinstall the app with the scopes of manifest.yml.",
    "not_in_channel": "Type `/invite @Backswing` in the channel.",
    "restricted_action": "Allow the bot to post in the channel's posting permissions.",
    "user_not_found": "The person has left the workspace.",
}


def examine(
    session: Session,
    client: SlackApi | None,
    *,
    clock: Clock,
    is_many: bool = False,
) -> Iterator[Finding]:
    """Check each workspace; `is_many` if they install the app themselves."""
    now = clock()
    about = "Workspace"
    known = workspace_rows(session)
    if is_many:
        yield from many_workspaces.examine_workspaces(session, known)
        yield from _zone_rules()
        present = [row for row in known if row.uninstalled_at is None]
        yield from _few_of_a_kind(_examine_each(session, present, None, now=now))
        return
    if not known:
        do = "Start the bot once with a token, and it asks Slack."
        yield warning(about, "The database has no workspace yet.", do)
        return
    team = _team(client)
    installation = next((row for row in known if row.team_id == team), known[0])
    if team and installation.team_id != team:
        yield wrong(
            about,
            "The database belongs to another workspace than the token.",
            "Give each workspace its own DATABASE_URL.",
        )
        return
    if len(known) == 1:
        yield from _examine_workspace(session, installation, client, now=now)
        return
    yield warning(
        about,
        f"The database has {len(known)} workspaces. Each process only sends"
        " messages of its own workspace.",
        "Give each workspace its own DATABASE_URL.",
    )
    yield from _zone_rules()
    yield from _examine_each(session, known, client, team, now=now)


def _few_of_a_kind(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what is right, and most of what is said alike of many workspaces."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        kind = finding.level, finding.about, finding.do
        if finding.level != "ok":
            counts[kind] += 1
            if counts[kind] <= MAX_NAMES:
                yield finding
    for (level, about, do), count in counts.items():
        if more := max(0, count - MAX_NAMES):
            says = f"The same in {more:,} more workspace{'s' * (more > 1)}."
            yield (wrong if level == "wrong" else warning)(about, says, do)


def _examine_each(
    session: Session,
    known: Iterable[Installation],
    client: SlackApi | None,
    team: str | None = None,
    *,
    now: datetime,
) -> Iterator[Finding]:
    """Check the workspaces one after the other; `client` has the token of `team`."""
    for row in known:
        label = f"{row.team_name} ({row.team_id})" if row.team_name else row.team_id
        own_client = client if row.team_id == team else None
        for finding in _examine_workspace(session, row, own_client, now=now):
            # Those are of the machine.
            if finding.about != "Zone rules":
                yield replace(finding, says=f"{label}: {finding.says}")


def _examine_workspace(
    session: Session,
    installation: Installation,
    client: SlackApi | None,
    *,
    now: datetime,
) -> Iterator[Finding]:
    """Check one workspace; `client` has its token, and is None without one."""
    if installation.disabled_reason:
        yield wrong(
            "Workspace",
            "The bot sends nothing, because Slack said"
            f" {installation.disabled_reason}.",
            "Install the app again. If its token is in SLACK_BOT_TOKEN, set the new"
            " one, and start the bot again.",
        )
    yield from _channels(session, installation, client)
    yield from _zones(session, installation)
    tx = Transaction(session, to_workspace(installation), now)
    yield from _deliveries(
        monitoring.overdue(tx, before=now - OVERDUE_AFTER),
        monitoring.failed(tx, since=now - FAILED_WITHIN),
    )


def _team(client: SlackApi | None) -> str | None:
    """Return the token's workspace id; None without a token, or if Slack fails."""
    if client is None:
        return None
    try:
        return str(client.auth_test().get("team_id"))
    except SlackError:
        return None


def _channels(
    session: Session, installation: Installation, client: SlackApi | None
) -> Iterator[Finding]:
    about = "Channels"
    rows = session.scalars(
        select(Channel)
        .filter_by(installation_id=installation.id, is_joined=True, is_archived=False)
        .order_by(Channel.name)
    ).all()
    if not rows:
        yield warning(
            about,
            "The bot is in no channels.",
            "Type `/invite @Backswing` in a channel.",
        )
    else:
        public = [row.name for row in rows if not row.is_private]
        shown = [f"#{name}" for name in public if name][:MAX_NAMES]
        if more := len(public) - len(shown):
            shown.append(f"{more} more" if shown else f"{more} public")
        if private := len(rows) - len(public):
            shown.append(f"{private} private")
        yield ok(about, f"The bot is in {', '.join(shown)}.")
    if client is None:
        return
    try:
        joined = {
            str(conversation["id"])
            for conversation in client.own_conversations()
            if not conversation.get("is_archived")
            # The private channels that the bot made for circles have no row.
            and not (
                conversation.get("is_private")
                and conversation.get("creator") == installation.bot_user_id
            )
        }
    except SlackError:
        # The finding on the bot's token explains Slack's error.
        return
    if joined ^ {row.slack_id for row in rows}:
        yield warning(
            about,
            f"Slack says that the bot is in {len(joined)} channels, but the database"
            f" says {len(rows)}.",
            "Start the bot again. It asks Slack at each start, and twice a day.",
        )


def _zones(session: Session, installation: Installation) -> Iterator[Finding]:
    about = "Time zones"
    if timezones.get("Europe/Berlin") is None:
        yield wrong(about, "No time zones are known.", "Install the package tzdata.")
        return
    people = session.execute(
        select(Member.tz, func.count())
        .where(
            Member.installation_id == installation.id,
            Member.tz.is_not(None),
            Member.is_bot.is_(False),
            Member.is_deactivated.is_(False),
        )
        .group_by(Member.tz)
    ).all()
    schedules = session.execute(
        select(Schedule.zone, func.count())
        .where(Schedule.installation_id == installation.id, Schedule.state == "on")
        .group_by(Schedule.zone)
    ).all()
    unknown = {str(tz): n for tz, n in people if timezones.get(tz) is None}
    if unknown:
        yield warning(
            about,
            f"People in time zones that are unknown here: {sum(unknown.values())}"
            f" ({', '.join(sorted(unknown))}).",
            "Update the package tzdata. Until then the bot uses UTC for them.",
        )
    lost = sorted(name for name, _ in schedules if timezones.get(name) is None)
    if lost:
        yield wrong(
            about,
            f"Some check-ins use time zones that are unknown here: {', '.join(lost)}.",
            "Update the package tzdata, or choose another zone in the channel.",
        )
    yield from _zone_rules()
    if not unknown and not lost:
        yield ok(
            about, f"All time zones in use are known (tzdata {tzdata.__version__})."
        )


def _zone_rules() -> Iterator[Finding]:
    """Compare the package's rules with the system's; they concern every workspace."""
    package, system = tzdata.IANA_VERSION, _system_zones(_ZONE_FOLDERS)
    if system is not None and system > package:
        yield warning(
            "Zone rules",
            f"The system has {system}, but the bot uses the package tzdata, which has"
            f" {package}.",
            "Update the package tzdata.",
        )


# The folders that Python would search first.
_ZONE_FOLDERS = tuple(
    map(Path, (sysconfig.get_config_var("TZPATH") or "").split(os.pathsep))
)


def _system_zones(folders: Iterable[Path]) -> str | None:
    """Return the edition of the system's zones, such as 2026a; None if unknown."""
    for folder in folders:
        for name in ("tzdata.zi", "+VERSION"):
            try:
                with (folder / name).open(encoding="utf-8", errors="replace") as file:
                    edition = re.match(
                        r"(?:# version )?(\d{4}[a-z]+)\b", file.readline()
                    )
            except OSError:
                continue
            if edition:
                return edition[1]
    return None


def _deliveries(
    overdue: Sequence[FailureCount], failed: Sequence[FailureCount]
) -> Iterator[Finding]:
    about = "Deliveries"
    if overdue:
        yield wrong(
            about,
            f"Waiting for over {OVERDUE_AFTER.seconds // 60} minutes:"
            f" {_kinds(overdue)}.",
            "Check that the bot is running and ready, and read its log.",
        )
    for state, says, do in (
        ("rejected", "Refused by Slack", "The bot does not send them again."),
        (
            "lost",
            "Perhaps not received by Slack",
            "Look for them in Slack. The bot does not send them again.",
        ),
    ):
        failures = [trouble for trouble in failed if trouble.state == state]
        if failures:
            hints = sorted({_HINTS[t.error] for t in failures if t.error in _HINTS})
            yield warning(
                about,
                f"{says} in the last {FAILED_WITHIN.days} days: {_kinds(failures)}.",
                " ".join([*hints, do]),
            )
    if not overdue and not failed:
        yield ok(about, "No messages are late, and none failed recently.")


def _kinds(troubles: Sequence[FailureCount]) -> str:
    return ", ".join(
        f"{t.count} {t.kind}{f' ({t.error})' if t.error else ''}" for t in troubles
    )
