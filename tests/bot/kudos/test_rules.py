"""Kudos' rules: givers, recipients, limits and reasons."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.kudos.rules import (
    MAX_RECIPIENTS,
    KudosRequest,
    Recipient,
    reason_length,
    require_take_back,
    to_user_error,
    validate,
)
from bot.permissions import Role

REASON = "the answer on retries, which saved my day"
KNOWN = {
    "UANA": Recipient("Ana"),
    "UBEN": Recipient("Ben"),
    "UCHI": Recipient("Chi"),
    "UBOT": Recipient("Robo", is_bot=True),
    "UOLD": Recipient("Old Ben", is_deactivated=True),
    "UWHO": Recipient("someone", is_known=False),
    "UEXT": Recipient("Zed", is_external=True),
    "UTWO": Recipient("Dan", recent_count=2, next_allowed="Friday"),
}
MANY = {f"U{n}": Recipient(f"P{n}") for n in range(40)}


def kudos_request(*people: str, **more: Any) -> KudosRequest:
    values: dict[str, Any] = {
        "giver": "UANA",
        "recipients": KNOWN | MANY,
        "remaining": 5,
        "reason": REASON,
    }
    return KudosRequest(people=people, **(values | more))


def error_texts(asked: KudosRequest) -> list[str]:
    verdict = validate(asked)
    assert not verdict.recipients
    return [problem.text for problem in verdict.errors]


def warning_texts(asked: KudosRequest) -> list[str]:
    return [problem.text for problem in validate(asked).warnings]


def test_each_recipient_gets_kudos_and_costs_one():
    verdict = validate(kudos_request("UBEN", "UCHI", "UBEN"))
    assert verdict.recipients == ("UBEN", "UCHI")
    assert (verdict.cost, verdict.warnings, verdict.errors) == (2, (), ())


ALONE = [
    ("UANA", "can't thank yourself"),
    ("UBOT", "Robo is a bot"),
    ("UOLD", "Old Ben is no longer here"),
    ("UWHO", "don't recognise one of the people"),
    ("UEXT", "Zed is from another organisation"),
    ("UTWO", "thanked Dan twice in the last 7 days. You can again from Friday"),
]


@pytest.mark.parametrize(("person", "why"), ALONE)
def test_an_ineligible_recipient_is_rejected_alone_and_dropped_among_others(
    person, why
):
    [alone] = error_texts(kudos_request(person))
    assert why in alone
    among = kudos_request(person, "UBEN")
    assert validate(among).recipients == ("UBEN",)
    assert validate(among).cost == 1
    [left_out] = warning_texts(among)
    assert left_out == alone


def test_all_errors_are_reported_at_once():
    people = [person for person, _ in ALONE]
    said = error_texts(
        kudos_request(
            *people, reason="thx", has_group=True, tags=("a", "b", "c", "d", "e", "f")
        )
    )
    assert len(said) == len(ALONE) + 3
    for (_, why), text in zip(ALONE, said, strict=False):
        assert why in text
    assert "Pick people" in said[-3]
    assert "at least 20 characters" in said[-2]
    assert "Up to 5 tags, please. You gave 6." in said[-1]


def test_a_short_reason_rejects_all_and_reports_other_errors():
    said = error_texts(kudos_request("UBEN", "UBOT", reason="thx"))
    assert [text.split()[0] for text in said] == ["Robo", "Say"]


def test_a_group_is_reported_and_the_people_beside_it_get_kudos():
    verdict = validate(kudos_request("UBEN", has_group=True))
    assert verdict.recipients == ("UBEN",)
    assert "Groups and @channel" in verdict.warnings[0].text
    assert "Pick people" in error_texts(kudos_request(has_group=True))[0]


def test_an_error_for_several_people_is_reported_once():
    known = KNOWN | {"UXYZ": Recipient("someone", is_known=False)}
    assert warning_texts(kudos_request("UBEN", "UWHO", "UXYZ", recipients=known)) == [
        "I don't recognise one of the people you named."
    ]


def test_without_a_recipient_one_is_asked_for():
    assert error_texts(kudos_request()) == [
        "Who do you want to thank? Type @ and pick them from the list."
    ]


def test_of_too_many_recipients_the_first_ten_get_kudos():
    verdict = validate(kudos_request(*MANY, remaining=20))
    assert len(verdict.recipients) == MAX_RECIPIENTS
    assert verdict.warnings[0].text == (
        "Kudos go to up to 10 people. In yours, the last 30 got none."
    )
    assert warning_texts(kudos_request(*list(MANY)[:11], remaining=20))[0].endswith(
        "the last one got none."
    )


def test_an_external_member_gets_kudos_if_the_channel_allows_it():
    assert validate(kudos_request("UEXT", allow_external=True)).recipients == ("UEXT",)


def test_kudos_beyond_the_allowance_are_not_given_in_part():
    [said] = error_texts(kudos_request("UBEN", "UCHI", remaining=1))
    assert said == "That's 2 people, and you have 1 left today. Pick up to 1."
    [said] = error_texts(kudos_request("UBEN", remaining=0, daily_allowance=3))
    assert said == (
        "You've thanked 3 people today, which is the limit. You get more at midnight."
    )


def test_a_dropped_recipient_costs_nothing():
    assert validate(kudos_request("UBEN", "UBOT", "UANA", remaining=1)).recipients == (
        "UBEN",
    )


def test_a_reaction_needs_no_reason():
    assert validate(kudos_request("UBEN", reason="", method="reaction")).cost == 1


def test_joining_costs_one_regardless_of_recipients():
    verdict = validate(
        kudos_request("UBEN", "UCHI", reason="", method="join", remaining=1)
    )
    assert verdict.recipients == ("UBEN", "UCHI")
    assert verdict.cost == 1
    assert (
        "You get more at midnight"
        in error_texts(kudos_request("UBEN", method="join", remaining=0))[0]
    )


@given(
    people=st.lists(st.sampled_from([*KNOWN, *MANY])),
    left=st.integers(-2, 12),
    by=st.sampled_from(["words", "reaction", "join"]),
)
@pytest.mark.deep
def test_accepted_kudos_are_always_within_the_rules(people, left, by):
    verdict = validate(kudos_request(*people, remaining=left, method=by))
    assert bool(verdict.recipients) != bool(verdict.errors)
    assert len(set(verdict.recipients)) == len(verdict.recipients) <= MAX_RECIPIENTS
    assert not verdict.recipients or 0 < verdict.cost <= left
    assert not set(verdict.recipients) & {"UANA", *(p for p, _ in ALONE)}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("x" * 20, 20),
        ("<@U1|ana> <@U2> hi", 2),
        (":tada: :+1::skin-tone-2: wow", 3),
        ("🎉👩‍👩‍👧🇫🇮 wow", 3),
        (":tada:" * 2000, 0),
        ("a    \n   b", 3),
        ("e\u0301" * 3, 3),
        ("a\u200d\u200d\u200db", 2),
        ("&lt;&amp;&gt;", 3),
        ("<!subteam^S1|@the-whole-team> <!channel> <!here|here> hi", 2),
        ("\u3164\u2800\u115f\uffa0" * 9, 0),
        ("", 0),
        # These say the same as twenty letters of English.
        ("帮我修好了构建", 21),
        ("ありがとう", 15),
        ("コードレビュー", 21),
        ("빌드를 고쳐 주었다", 18),
        ("ساعدني في البناء", 20),
        ("עזר לי בבנייה", 16),
        ("ช่วยแก้ปัญหา", 10),
        ("बिल्ड ठीक किया", 13),
        ("ก" + "\u0e34" * 50, 2),
        ("a" + "\u0e34" * 50, 2),
    ],
)
def test_a_reason_counts_by_its_content(reason, expected):
    assert reason_length(reason) == expected


def test_an_error_lists_all_problems_and_those_of_each_field():
    verdict = validate(kudos_request("UANA", "UBOT", reason=""))
    refusal = to_user_error(verdict.errors)
    assert str(refusal).count("\n") == 2
    assert refusal.field_errors.keys() == {"people", "reason"}
    assert "Robo is a bot" in refusal.field_errors["people"]
    assert "Robo" not in refusal.field_errors["reason"]


GIVEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("held", "minutes", "may"),
    [
        ({Role.MEMBER, Role.AUTHOR}, 10, True),
        ({Role.MEMBER, Role.AUTHOR}, 10.1, False),
        ({Role.MEMBER}, 0, False),
        ({Role.MEMBER, Role.CHAMPION}, 0, False),
        ({Role.MEMBER, Role.ADMIN}, 99999, True),
        ({Role.MEMBER, Role.AUTHOR, Role.ADMIN}, 11, True),
        ({Role.ADMIN, Role.DEACTIVATED}, 0, False),
    ],
)
def test_permissions_and_time_limits_for_taking_kudos_back(held, minutes, may):
    now = GIVEN + timedelta(minutes=minutes)
    if may:
        require_take_back(frozenset(held), given_at=GIVEN, now=now)
        return
    with pytest.raises(UserError):
        require_take_back(frozenset(held), given_at=GIVEN, now=now)
