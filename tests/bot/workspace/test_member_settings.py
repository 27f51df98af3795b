"""Members' settings, on both databases."""

from dataclasses import replace
from datetime import date, time

import pytest

from bot.runtime import Transaction
from bot.workspace import member_settings
from bot.workspace.member_settings import MemberSettings
from tests.conftest import NOW
from tests.slack_payloads import ASKER, HELPER, PEER

EVERYTHING = MemberSettings(
    topics_known=("python", "time"),
    topics_wanted=("retries",),
    wants_reminders=False,
    paused_until=date(2026, 4, 1),
    hours_from=time(8, 30),
    hours_to=time(12),
    public_naming="never",
    max_requests_per_week=0,
    is_greeted=True,
    wants_greetings=False,
)


@pytest.mark.deep_on_postgresql
def test_each_setting_is_stored_independently_and_per_member(database, workspace):
    with database.write_session.begin() as session:
        member_settings.update(
            Transaction(session, workspace, NOW), ASKER, greeted_at=NOW
        )
        member_settings.update(
            Transaction(session, workspace, NOW),
            ASKER,
            topics_known=["python", "time"],
            topics_wanted=["retries"],
            wants_reminders=False,
            paused_until=date(2026, 4, 1),
            hours_from=time(8, 30),
            hours_to=time(12),
            public_naming="never",
            max_requests_per_week=0,
            wants_greetings=False,
        )
        member_settings.update(
            Transaction(session, workspace, NOW), HELPER, public_naming="yes"
        )
    with database.read_session() as session:
        assert member_settings.get_many(
            Transaction(session, workspace, NOW), [ASKER, HELPER, PEER]
        ) == {
            ASKER: EVERYTHING,
            HELPER: MemberSettings(public_naming="yes"),
            PEER: MemberSettings(),
        }
        # The same id in another workspace is another member.
        assert (
            member_settings.get(
                Transaction(session, replace(workspace, id=workspace.id + 1), NOW),
                ASKER,
            )
            == MemberSettings()
        )


def test_a_value_that_is_reset_follows_the_default_again(database, workspace):
    with database.write_session.begin() as session:
        member_settings.update(
            Transaction(session, workspace, NOW), ASKER, max_requests_per_week=5
        )
        member_settings.update(
            Transaction(session, workspace, NOW), ASKER, max_requests_per_week=None
        )
        assert (
            member_settings.get(Transaction(session, workspace, NOW), ASKER)
            == MemberSettings()
        )
