"""Personal data of mentor detection, and messages about it."""

from collections.abc import Iterable

from sqlalchemy import or_, select

from bot.mentors.message_kinds import (
    MENTOR_MARKER_NOTE,
    MENTOR_NOT_POSTED,
    MENTOR_OFFER,
    MENTOR_POST,
    MENTOR_RING_ALERT,
    MENTOR_UPDATE,
    MENTOR_UPDATE_OFFER,
)
from bot.personal_data import Erasure, MessagePolicy, TablePolicy, lists_member
from bot.runtime import Transaction
from models import (
    Credit,
    CreditEvidence,
    ExpectedExpert,
    Member,
    MentorRingAlert,
    MentorRun,
    MentorWorkspaceSettings,
    MessageCount,
)


def _find_credits(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """Return the ids of credits that name the member in any part."""
    member = erasure.member
    return tx.session.scalars(
        select(Credit.id)
        .outerjoin(CreditEvidence, CreditEvidence.credit_id == Credit.id)
        .where(
            Credit.installation_id == tx.workspace.id,
            or_(
                Credit.member == member,
                Credit.credited_by == member,
                CreditEvidence.asker == member,
                *(
                    lists_member(people, member)
                    for people in (
                        CreditEvidence.helped_members,
                        CreditEvidence.marked_by,
                    )
                ),
            ),
        )
        .distinct()
    )


def _find_ring_alerts(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """Return the ids of members whose ring alerts name this member."""
    return tx.session.scalars(
        select(Member.id)
        .join(
            MentorRingAlert,
            (MentorRingAlert.installation_id == Member.installation_id)
            & (MentorRingAlert.member == Member.slack_id),
        )
        .where(
            MentorRingAlert.installation_id == tx.workspace.id,
            or_(
                MentorRingAlert.member == erasure.member,
                lists_member(MentorRingAlert.ring, erasure.member),
            ),
        )
    )


PERSONAL_DATA = (
    TablePolicy(
        model=MessageCount,
        contents=(
            "How many messages each person wrote in a channel per day. Not the"
            " messages."
        ),
        purpose="Notice people who write little and help much.",
        retention="After a year.",
        owner_columns=("member",),
    ),
    TablePolicy(
        model=MentorWorkspaceSettings,
        contents="Whether the bot looks at the workspace or at each channel.",
        purpose="Look where the program leads want it.",
        stays="One for each workspace.",
        non_personal=("scope",),
    ),
    TablePolicy(
        model=ExpectedExpert,
        contents="People whose help is expected anyway.",
        purpose="Leave them out as unexpected mentors.",
        retention="When a program lead removes them.",
        stays="One for each person on the list.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=MentorRun,
        contents="The periods for which the bot looked for mentors, and how many it"
        " found.",
        purpose="Look once in each period.",
        stays="One for each period, about one a week.",
    ),
    TablePolicy(
        model=Credit,
        contents="Who was noticed, or credited by hand and why; their choice; where"
        " they were told.",
        purpose="Tell them first, respect their choice, and let them change it.",
        stays="Credits are meant to stay; their person decides who sees them.",
        owner_columns=("member",),
        mentioned_columns=("credited_by",),
        text_columns={
            "reason": "credited_by",
            # The id of a member's direct messages leads back to them.
            "notified_channel": "member",
            "notified_ts": "member",
        },
        non_personal=("consent", "post_ts"),
    ),
    TablePolicy(
        model=CreditEvidence,
        contents="The marks behind a credit: who asked, and whom it helped.",
        purpose="Show what a credit rests on.",
        stays="As long as the credit.",
        mentioned_columns=("asker",),
        json_columns=("helped_members", "marked_by"),
    ),
    TablePolicy(
        model=MentorRingAlert,
        contents="Alerts that most of a person's marks come from one small ring.",
        purpose="Tell the program leads once.",
        stays="At most one for each period and person; there are few.",
        owner_columns=("member",),
        json_columns=("ring",),
        on_erasure="delete",
    ),
)

MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                MENTOR_OFFER,
                MENTOR_UPDATE_OFFER,
                MENTOR_POST,
                MENTOR_UPDATE,
                MENTOR_MARKER_NOTE,
                MENTOR_NOT_POSTED,
            }
        ),
        _find_credits,
    ),
    MessagePolicy(frozenset({MENTOR_RING_ALERT}), _find_ring_alerts),
)
