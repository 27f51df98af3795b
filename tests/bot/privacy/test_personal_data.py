"""Every column of every table is declared: the people and texts in it."""

import pytest
from sqlalchemy import JSON, String

from bot.features import FEATURES
from bot.privacy.person_rows import replace_member
from models import Base

DECLARED = {kept.model: kept for kept in FEATURES.personal_data}


def test_each_table_declares_its_personal_data_once():
    mapped = {mapper.class_ for mapper in Base.registry.mappers}
    undeclared = {model.__name__ for model in mapped - DECLARED.keys()}
    assert undeclared == set(), "declare these in their feature's feature.py"
    assert len(FEATURES.personal_data) == len(DECLARED)


def test_each_table_says_when_its_rows_go_or_why_they_stay():
    neither = {
        kept.model.__tablename__
        for kept in FEATURES.personal_data
        if not kept.retention and not kept.stays
    }
    assert neither == set(), "say it in `retention` or `stays`"


@pytest.mark.parametrize(
    "kept", FEATURES.personal_data, ids=lambda kept: kept.model.__tablename__
)
def test_each_column_that_can_contain_names_or_texts_is_declared(kept):
    can_hold = {
        column.name
        for column in kept.model.__table__.columns
        if isinstance(column.type, String | JSON)
    }
    declared = [
        *kept.person_columns,
        *kept.people_lists,
        *kept.key_columns,
        *kept.text_columns,
        *kept.non_personal,
    ]
    assert sorted(declared) == sorted(can_hold)
    assert set(kept.placeholders) <= set(kept.text_columns)
    assert set(kept.text_columns.values()) <= set(kept.person_columns)


@pytest.mark.parametrize(
    "kept", FEATURES.personal_data, ids=lambda kept: kept.model.__tablename__
)
def test_a_column_called_after_a_person_is_declared_to_name_one(kept):
    names = {"asker", "author", "by", "giver", "lead", "member", "owner", "recipient"}
    called = {
        column.name
        for column in kept.model.__table__.columns
        if isinstance(column.type, String)
        and names & set(column.name.rstrip("s").split("_"))
    }
    assert called <= {*kept.person_columns, *kept.people_lists}


def test_each_kind_of_message_declares_whom_it_can_name():
    declared = [kind for told in FEATURES.message_policies for kind in told.kinds]
    assert sorted(declared) == sorted(FEATURES.message_types)


@pytest.mark.parametrize(
    ("value", "then"),
    [
        ({"by": "U1", "n": 3}, {"by": "f", "n": 3}),
        ({"U1": ["U2", {"whom": ["U1"]}]}, {"f": ["U2", {"whom": ["f"]}]}),
        ("ask.joiner_solved:7:U1", "ask.joiner_solved:7:f"),
        ("ask.joiner_solved:7:U12", "ask.joiner_solved:7:U12"),
        ([None, True, 1.5, "U1 says"], [None, True, 1.5, "U1 says"]),
    ],
)
def test_a_name_is_replaced_wherever_it_is_a_word(value, then):
    assert replace_member(value, "U1", "f") == then
