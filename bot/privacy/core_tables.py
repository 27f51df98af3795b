"""Personal data in tables that belong to no feature."""

from collections.abc import Sequence

from sqlalchemy import update

from bot.db.statements import table
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.privacy.message_kinds import PRIVACY_DATA_FILE, PRIVACY_REDACT
from bot.runtime import Transaction
from models import (
    Champion,
    Channel,
    Installation,
    JobRun,
    Member,
    OAuthState,
    OrganisationWorkspace,
    OutboxChannel,
    OutboxItem,
    ProgramVersion,
    RateLimit,
    UnaskedMessage,
    WorkspaceToken,
)


def _write_tombstone(tx: Transaction, erasure: Erasure) -> None:
    """Keep only the id and the time of the erasure, so that late events don't count."""
    member = table(Member)
    tx.session.execute(
        update(member)
        .where(
            member.c.installation_id == tx.workspace.id,
            member.c.slack_id == erasure.member,
        )
        .values(
            name="",
            first_name="",
            full_name="",
            handle="",
            tz=None,
            is_bot=False,
            is_deactivated=False,
            is_guest=False,
            is_external=False,
            is_admin=False,
            is_away=False,
            away_until=None,
            fetched_at=None,
            deactivated_at=None,
            erased_at=tx.now,
            erased_before=tx.now,
        )
    )


PERSONAL_DATA: Sequence[TablePolicy] = (
    TablePolicy(
        model=Member,
        contents="From people's Slack profiles: names, time zone, guest, admin or bot;"
        " when they were deactivated.",
        purpose="Name people without notifying them, and know who may do what.",
        stays="One for each person; their rows in other tables need the name.",
        owner_columns=("slack_id",),
        non_personal=("name", "first_name", "full_name", "handle", "tz"),
        on_erasure="tombstone",
        before_erasure=_write_tombstone,
    ),
    TablePolicy(
        model=Champion,
        row_names=(
            "channel that you look after as a champion",
            "channels that you look after as a champion",
        ),
        contents="Champions of a channel.",
        purpose="Let them close and solve others' asks, and change the channel's"
        " settings.",
        retention="When the role is removed.",
        stays="One for each champion.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=Channel,
        contents="Channels: name and state from Slack, and their settings.",
        purpose="Know where the bot may do what.",
        stays="One for each channel.",
        non_personal=(
            "event_micros",
            "slack_id",
            "name",
            "capture",
            "capture_indicator",
            "helpful_emoji",
            "solved_emoji",
            "kudos_emoji",
            "join_emoji",
            "topics",
            *("zone", "holidays_of", "days_off"),
            "anonymous_asks",
        ),
    ),
    TablePolicy(
        model=Installation,
        contents="The workspace: id, name, address, and the bot's ids and scopes there."
        " No token.",
        purpose="Make links to messages.",
        stays="One for each workspace.",
        non_personal=(
            "team_id",
            "enterprise_id",
            "bot_id",
            "bot_user_id",
            "team_name",
            "team_url",
            "scopes",
            "disabled_reason",
        ),
    ),
    TablePolicy(
        model=WorkspaceToken,
        contents="The token of a workspace that was installed through the install"
        " page, sealed with a key that is not in the database.",
        purpose="Act in the workspace.",
        retention="Until the app is removed from the workspace.",
        stays="One for each workspace.",
    ),
    TablePolicy(
        model=OrganisationWorkspace,
        contents="The workspaces that are served with the token of their organisation,"
        " and since when.",
        purpose="Act in these workspaces, and in no other ones.",
        retention="Until the organisation takes the app out of the workspace.",
        stays="One for each workspace.",
    ),
    TablePolicy(
        model=OAuthState,
        contents="Installations in progress: two hashes that say nothing.",
        purpose="Finish each only once, and in the browser where it began.",
        retention="10 minutes.",
        stays="Until the next installation begins, which deletes it.",
        non_personal=("state_hash", "browser_hash"),
    ),
    TablePolicy(
        model=OutboxItem,
        contents="Messages that were sent or wait: subject, recipient, state, details."
        " Not their text, which is rendered when they are sent.",
        purpose="Send nothing twice, and reword what was sent.",
        retention="The details, after 30 days.",
        stays="A message that was sent is found by its row, to reword or erase it.",
        owner_columns=("recipient",),
        json_columns=("payload",),
        key_columns=("dedup_key",),
        non_personal=(
            "kind",
            "state",
            "metadata_token",
            "error",
            "slack_channel",
            "ts",
        ),
    ),
    TablePolicy(
        model=OutboxChannel,
        contents="When the next message to a channel or person may be sent.",
        purpose="Send one a second, as Slack asks.",
        stays="One for each channel and person.",
        owner_columns=("recipient",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=UnaskedMessage,
        contents="Messages of the last 7 days that people did not ask for, and those"
        " that wait: recipient, purpose, time.",
        purpose="Write to nobody more often than the workspace allows.",
        retention="7 days after the sending.",
        owner_columns=("member",),
        non_personal=("purpose",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=RateLimit,
        contents="Slack's methods that must not be called for a while.",
        purpose="Respect Slack's rate limits.",
        stays="One for each of Slack's methods.",
        non_personal=("method",),
    ),
    TablePolicy(
        model=JobRun,
        contents="When each job works on the workspace next.",
        purpose="Do each thing once, whichever replica does it.",
        stays="One for each job and workspace.",
        non_personal=("job",),
    ),
    TablePolicy(
        model=ProgramVersion,
        contents="The versions of Backswing that have used the database, and when.",
        purpose="Show operators which version wrote it.",
        stays="One for each version.",
        non_personal=("version",),
    ),
)

# These messages name no member but their recipient.
MESSAGES: Sequence[MessagePolicy] = (
    MessagePolicy(frozenset({PRIVACY_DATA_FILE, PRIVACY_REDACT})),
)
