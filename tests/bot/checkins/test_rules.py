"""Responses, reminders and celebrations."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.checkins import rules
from bot.checkins.rules import Membership, Response
from bot.errors import UserError

# A Wednesday.
OPENED = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
CLOSES = OPENED + timedelta(days=4)
EARLY, NOON, LATE = OPENED, OPENED + timedelta(hours=4), CLOSES + timedelta(hours=1)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def derived_state(
    membership: Membership,
    *,
    has_replied: bool = False,
    is_written: bool = False,
    is_open: bool = True,
    is_away: bool = False,
) -> str | None:
    return rules.derive_state(
        membership,
        has_text=is_written,
        has_replied=has_replied,
        is_open=is_open,
        closes_at=CLOSES,
        is_away=is_away,
    )


IN = Membership(is_active=True, joined_at=EARLY)
LEFT_AT_NOON = Membership(is_active=False, joined_at=EARLY, left_at=NOON)
JOINED_LATE = Membership(is_active=True, joined_at=LATE)


@pytest.mark.parametrize(
    "membership", [rules.NOT_A_PARTICIPANT, IN, LEFT_AT_NOON, JOINED_LATE]
)
@pytest.mark.parametrize("is_open", [True, False])
def test_a_form_response_counts_as_shared(membership: Membership, is_open: bool):
    assert derived_state(membership, is_written=True, is_open=is_open) == "shared"


@pytest.mark.parametrize(
    "membership", [rules.NOT_A_PARTICIPANT, IN, LEFT_AT_NOON, JOINED_LATE]
)
@pytest.mark.parametrize("is_open", [True, False])
def test_a_reply_counts_as_shared_joined_or_not(membership: Membership, is_open: bool):
    assert derived_state(membership, has_replied=True, is_open=is_open) == "shared"


@pytest.mark.parametrize(
    ("membership", "is_open", "is_away", "state"),
    [
        (IN, True, False, "pending"),
        (IN, True, True, "pending"),
        (IN, False, False, "missed"),
        (IN, False, True, "away"),
        (rules.NOT_A_PARTICIPANT, True, False, None),
        (rules.NOT_A_PARTICIPANT, False, False, None),
        (LEFT_AT_NOON, True, False, None),
        (LEFT_AT_NOON, False, False, None),
        (JOINED_LATE, False, False, None),
        (
            Membership(is_active=False, joined_at=EARLY, left_at=LATE),
            False,
            False,
            "missed",
        ),
    ],
)
def test_only_participants_can_miss_a_round(membership, is_open, is_away, state):
    assert derived_state(membership, is_open=is_open, is_away=is_away) == state


def test_a_response_is_stored_as_mrkdwn_up_to_the_fields_limit():
    response = rules.parse_response(" <b>\u202e & ", "", "x" * 1000)
    assert response.working_on == "&lt;b&gt; &amp;"
    assert response.proud_of == "x" * 1000


def test_a_too_long_response_is_rejected_rather_than_cut():
    with pytest.raises(UserError) as refused:
        rules.parse_response("x", "x" * 40_000, "x" * 1001)
    assert refused.value.field_errors.keys() == {"stuck_on", "proud_of"}


@pytest.mark.parametrize("nothing", ["", " \n", "\u200b\x00"])
def test_an_empty_response_is_rejected_beside_the_first_field(nothing: str):
    with pytest.raises(UserError) as refused:
        rules.parse_response(nothing, nothing, nothing, nothing)
    assert refused.value.field == "working_on"
    assert rules.parse_response(nothing, "x", nothing) == Response(stuck_on="x")


# Reminders


@pytest.mark.parametrize(
    ("latest", "is_silent"),
    [
        (["missed", "missed", "missed"], True),
        (["missed", "missed"], False),
        (["missed", "away", "missed", "away", "missed"], True),
        (["missed", "missed", "shared", "missed"], False),
        (["shared", "missed", "missed", "missed"], False),
        (["away", "away", "away"], False),
        ([], False),
    ],
)
def test_reminders_stop_after_three_missed_rounds(latest, is_silent: bool):
    assert rules.should_stop_reminders(latest) is is_silent


# Celebrations


@pytest.mark.parametrize(
    ("latest", "count"),
    [
        (["shared"] * 10, 10),
        (["shared", "away", "shared"], 2),
        (["shared", "missed", "shared"], 1),
        (["shared", None, "shared"], 1),
        (["missed", "shared"], 0),
        ([], 0),
    ],
)
def test_streaks_are_counted(latest, count: int):
    assert rules.streak(latest) == count


def test_each_ten_in_a_row_are_celebrated():
    assert [n for n in range(35) if rules.is_milestone(n)] == [10, 20, 30]


def test_reflection_questions_take_turns():
    questions = [rules.next_reflection(["a", "b"], n) for n in range(5)]
    assert questions == ["a", "b", "a", "b", "a"]
    assert rules.next_reflection([], 3) == ""
