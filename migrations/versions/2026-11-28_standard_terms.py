"""rename tables, columns, states and kinds of messages to standard terms

Constraints keep their old names, except those of the outbox.

Revision ID: c0a51d9e7b34
Revises: 1f6d80c2b7ae
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

revision = "c0a51d9e7b34"
down_revision = "1f6d80c2b7ae"
branch_labels = None
depends_on = None

TABLES = {
    "checkin_seats": "checkin_participants",
    "evidence": "credit_evidence",
    "experts": "expected_experts",
    "givers": "kudos_giver_locks",
    "homes": "home_views",
    "lanes": "outbox_channels",
    "mentor_rounds": "mentor_runs",
    "mentoring": "mentor_settings",
    "pauses": "rate_limits",
    "policies": "workspace_settings",
    "preferences": "member_settings",
    "ring_notes": "mentor_ring_alerts",
    "sightings": "unmatched_messages",
    "thanks": "kudos_thanks",
}

# By the table's new name.
COLUMNS = {
    "installations": {
        "paused_because": "disabled_reason",
        "kudos_a_day": "daily_kudos_allowance",
    },
    "channels": {
        "looked_up_at": "fetched_at",
        "captured_sign": "capture_indicator",
        "second_emoji": "join_emoji",
        "strangers_get_kudos": "allow_external_kudos",
        "looks_for_mentors": "detects_mentors",
        "arrived_at": "bot_joined_at",
    },
    "home_views": {
        "hash": "view_hash",
        "starts": "page_offsets",
        "channels_read_at": "memberships_fetched_at",
    },
    "outbox_channels": {"free_at": "available_at"},
    "members": {
        "is_stranger": "is_external",
        "looked_up_at": "fetched_at",
        "forgotten_at": "erased_at",
        "counts_from": "erased_before",
    },
    "mentor_runs": {"looked_at": "ran_at"},
    "outbox": {
        "key": "dedup_key",
        "detail": "payload",
        "drawn": "sent_version",
        "operation": "metadata_token",
        "looks": "verify_attempts",
        "emptied_at": "redacted_at",
    },
    "rate_limits": {"until": "retry_at"},
    "workspace_settings": {
        "sent_days": "sent_retention_days",
        "sightings_days": "unmatched_retention_days",
        "departed_days": "deactivated_retention_days",
    },
    "member_settings": {
        "wants_nudges": "wants_reminders",
        "may_be_named": "public_naming",
        "asks_a_week": "max_requests_per_week",
    },
    "asks": {
        "is_own_message": "is_users_message",
        "sign": "bot_reaction",
        "line_ts": "thread_line_ts",
        "is_first": "is_first_ask",
        "origin": "origin_url",
        "edited_us": "edited_at_micros",
        "closed_us": "closed_at_micros",
        "reopened_us": "reopened_at_micros",
        "worked": "what_worked",
    },
    "channel_members": {"is_in": "is_member", "at_us": "event_micros"},
    "checkin_schedules": {
        "nudge_after": "remind_after",
        "paused_because": "pause_reason",
    },
    "credits": {
        "told_at": "notified_at",
        "told_channel": "notified_channel",
        "told_ts": "notified_ts",
        "posts": "post_count",
    },
    "kudos": {"receivers": "recipients"},
    "kudos_reactions": {"at_us": "event_micros", "is_waiting": "is_undecided"},
    "unmatched_messages": {"seen_at": "recorded_at"},
    "answers": {"helped": "helpful_count"},
    "checkin_rounds": {"post_before": "post_deadline"},
    "checkin_participants": {
        "is_in": "is_active",
        "is_asked": "is_invited",
        "counted_from": "streak_from",
        "nudges_stopped_at": "reminders_stopped_at",
    },
    "reactions": {
        "at_us": "event_micros",
        "is_lead": "can_moderate",
        "seen_at": "recorded_at",
    },
    "kudos_thanks": {"receiver": "recipient", "is_second": "is_join"},
    "checkins": {"nudge_at": "remind_at"},
    "credit_evidence": {"helped": "helped_members"},
}

# Old name, new name, the table's new name, columns by their new names.
INDEXES = [
    ("ix_members_looked_up_at", "ix_members_fetched_at", "members", ["fetched_at"]),
    ("ix_checkins_nudge_at", "ix_checkins_remind_at", "checkins", ["remind_at"]),
    (
        "ix_checkin_seats_member",
        "ix_checkin_participants_member",
        "checkin_participants",
        ["member"],
    ),
    (
        "ix_sightings_channel_id_thread_ts",
        "ix_unmatched_messages_channel_id_thread_ts",
        "unmatched_messages",
        ["channel_id", "thread_ts"],
    ),
    (
        "ix_sightings_seen_at",
        "ix_unmatched_messages_recorded_at",
        "unmatched_messages",
        ["recorded_at"],
    ),
    (
        "ix_thanks_installation_id_given_at",
        "ix_kudos_thanks_installation_id_given_at",
        "kudos_thanks",
        ["installation_id", "given_at"],
    ),
    (
        "ix_thanks_installation_id_giver_given_at",
        "ix_kudos_thanks_installation_id_giver_given_at",
        "kudos_thanks",
        ["installation_id", "giver", "given_at"],
    ),
    (
        "ix_thanks_installation_id_receiver_given_at",
        "ix_kudos_thanks_installation_id_recipient_given_at",
        "kudos_thanks",
        ["installation_id", "recipient", "given_at"],
    ),
]

# For the outbox: old name, new name and columns by their new names.
UNIQUE = {
    "uq_outbox_installation_id_key": (
        "uq_outbox_installation_id_dedup_key",
        ["installation_id", "dedup_key"],
    ),
    "uq_outbox_operation": ("uq_outbox_metadata_token", ["metadata_token"]),
}

# Old and new values.
OUTBOX_STATES = (
    ("unverified", "withdrawn", "parked", "unknown"),
    ("unconfirmed", "cancelled", "rejected", "lost"),
)
CHECKIN_STATES = (("waiting", "silent"), ("pending", "missed"))

KINDS = {
    "ask.made": "ask.converted",
    "ask.offer": "ask.suggest_solution",
    "ask.retell": "ask.update_direct_message",
    "ask.same": "ask.joiner_solved",
    "ask.show": "ask.update",
    "ask.sign": "ask.update_reaction",
    "thread.read": "ask.sync_thread",
    "checkin.answer": "checkin.response",
    "checkin.asked": "checkin.ask_created",
    "checkin.nudge": "checkin.reminder",
    "checkin.read": "checkin.sync_thread",
    "checkin.reword": "checkin.update_response",
    "checkin.show": "checkin.digest",
    "checkin.stopped": "checkin.reminders_stopped",
    "checkin.stuck": "checkin.offer_ask",
    "home.help": "home.reply",
    "home.places": "home.fetch_memberships",
    "home.show": "home.publish",
    "kudos.given": "kudos.receipt",
    "kudos.retell": "kudos.update_recipient",
    "kudos.settled": "kudos.update_receipt",
    "kudos.show": "kudos.update",
    "kudos.spent": "kudos.limit_reached",
    "mentor.choice": "mentor.update_offer",
    "mentor.helped": "mentor.marker_note",
    "mentor.ring": "mentor.ring_alert",
    "mentor.show": "mentor.update",
    "mentor.told": "mentor.offer",
    "newcomer.greeting": "onboarding.greeting",
    "newcomer.introduction": "onboarding.introduction",
    "newcomer.not_posted": "onboarding.not_posted",
    "newcomer.preview": "onboarding.preview",
    "newcomer.previewed": "onboarding.update_preview",
    "privacy.my_data": "privacy.data_file",
    "privacy.reword": "privacy.redact",
}

# A workspace's defaults for channel settings, by their names in JSON.
CHANNEL_SETTINGS = {
    "captured_sign": "capture_indicator",
    "strangers_get_kudos": "allow_external_kudos",
    "looks_for_mentors": "detects_mentors",
}


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO "{new}"')
    for old, new, table, indexed in INDEXES:
        op.drop_index(old, table_name=table)
        op.create_index(new, table, indexed)
    change_outbox(*OUTBOX_STATES, UNIQUE)
    change_checkins(*CHECKIN_STATES)
    rename_kinds(KINDS)
    rename_channel_defaults(CHANNEL_SETTINGS)


def downgrade() -> None:
    rename_channel_defaults(reverse(CHANNEL_SETTINGS))
    rename_kinds(reverse(KINDS))
    change_checkins(*CHECKIN_STATES[::-1])
    change_outbox(
        *OUTBOX_STATES[::-1], {new: (old, c) for old, (new, c) in UNIQUE.items()}
    )
    for _, new, table, _ in INDEXES:
        op.drop_index(new, table_name=table)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f'ALTER TABLE {table} RENAME COLUMN "{new}" TO "{old}"')
    for old, _, table, indexed in INDEXES:
        names = reverse(COLUMNS.get(table, {}))
        op.create_index(old, table, [names.get(name, name) for name in indexed])
    for old, new in TABLES.items():
        op.rename_table(new, old)


def reverse(names: Mapping[str, str]) -> dict[str, str]:
    return {new: old for old, new in names.items()}


def change_outbox(
    before: Sequence[str],
    after: Sequence[str],
    unique: Mapping[str, tuple[str, Sequence[str]]],
) -> None:
    with op.batch_alter_table("outbox") as batch:
        batch.drop_constraint(op.f("ck_outbox_state"), type_="check")
        batch.drop_constraint(op.f("ck_outbox_finished"), type_="check")
        for old, (new, columns) in unique.items():
            batch.drop_constraint(op.f(old), type_="unique")
            batch.create_unique_constraint(op.f(new), columns)
    rename_states("outbox", before, after)
    unconfirmed, cancelled, rejected, lost = after
    with op.batch_alter_table("outbox") as batch:
        batch.create_check_constraint(
            op.f("ck_outbox_state"),
            f"state IN ('pending', 'sending', '{unconfirmed}', 'sent',"
            f" '{cancelled}', '{rejected}', '{lost}')",
        )
        batch.create_check_constraint(
            op.f("ck_outbox_finished"),
            "(finished_at IS NULL) ="
            f" (state IN ('pending', 'sending', '{unconfirmed}'))",
        )


def change_checkins(before: Sequence[str], after: Sequence[str]) -> None:
    with op.batch_alter_table("checkins") as batch:
        batch.drop_constraint(op.f("ck_checkins_state"), type_="check")
    rename_states("checkins", before, after)
    pending, missed = after
    with op.batch_alter_table("checkins") as batch:
        batch.create_check_constraint(
            op.f("ck_checkins_state"),
            f"state IN ('{pending}', 'shared', '{missed}', 'away')",
        )


def rename_states(table: str, before: Sequence[str], after: Sequence[str]) -> None:
    for old, new in zip(before, after, strict=True):
        op.execute(
            sa.update(sa.table(table, sa.column("state")))
            .where(sa.column("state") == old)
            .values(state=new)
        )


def rename_kinds(kinds: Mapping[str, str]) -> None:
    """Rename the kinds, also at the start of messages' dedup keys."""
    outbox = sa.table("outbox", sa.column("kind"), sa.column("dedup_key"))
    for old, new in kinds.items():
        rest = sa.func.substr(outbox.c.dedup_key, len(old) + 1)
        op.execute(
            sa.update(outbox)
            .where(outbox.c.kind == old)
            .values(kind=new, dedup_key=sa.literal(new, sa.String) + rest)
        )


def rename_channel_defaults(names: Mapping[str, str]) -> None:
    settings = sa.table(
        "workspace_settings",
        sa.column("installation_id", sa.BigInteger),
        sa.column("channel_defaults", sa.JSON),
    )
    connection = op.get_bind()
    for installation_id, defaults in connection.execute(sa.select(settings)).all():
        renamed = {names.get(name, name): value for name, value in defaults.items()}
        if renamed != defaults:
            connection.execute(
                settings.update()
                .where(settings.c.installation_id == installation_id)
                .values(channel_defaults=renamed)
            )
