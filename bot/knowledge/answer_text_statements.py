"""The statements that request and delete the words of answers."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    false,
    literal,
    not_,
    or_,
    select,
    text,
)

from bot.db.statements import prepare_insert, table
from bot.slack.text import ERASED_PREFIX
from models import (
    Answer,
    AnswerText,
    Ask,
    Member,
    MemberSettingsRow,
)
from models.asks import HAS_HELPED
from models.base import UtcDateTime

_answers, _asks, _texts = table(Answer), table(Ask), table(AnswerText)
_members, _settings = table(Member), table(MemberSettingsRow)


def may_be_kept() -> ColumnElement[bool]:
    """Return the condition on an answer and its ask for its words to be kept."""
    is_no_member = (
        select(_members.c.id)
        .where(
            _members.c.installation_id == _asks.c.installation_id,
            _members.c.slack_id == _answers.c.author,
            or_(_members.c.is_bot, _members.c.is_external, _members.c.is_deactivated),
        )
        .exists()
    )
    disagrees = (
        select(_settings.c.member)
        .where(
            _settings.c.installation_id == _asks.c.installation_id,
            _settings.c.member == _answers.c.author,
            not_(_settings.c.keeps_answer_texts),
        )
        .exists()
    )
    return and_(
        text(f"({HAS_HELPED})"),
        not_(_answers.c.is_deleted),
        _asks.c.deleted_at.is_(None),
        not_(_answers.c.author.startswith(ERASED_PREFIX)),
        not_(is_no_member),
        not_(disagrees),
    )


def _select_new(*where: ColumnElement[bool]) -> Select[Any]:
    now = bindparam("now", type_=UtcDateTime)
    return (
        select(
            _answers.c.id,
            _asks.c.installation_id,
            _asks.c.id,
            _answers.c.author,
            false(),
            literal(0),
            now,
            now,
        )
        .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
        .where(may_be_kept(), *where)
    )


def _insert(*where: ColumnElement[bool]) -> Any:
    columns = (
        "answer_id",
        "installation_id",
        "ask_id",
        "author",
        "is_findable",
        "edited_at_micros",
        "next_fetch_at",
        "requested_at",
    )
    return prepare_insert(
        AnswerText,
        lambda insert: insert.from_select(
            columns, _select_new(*where)
        ).on_conflict_do_nothing(),
    )


REQUEST = _insert(_answers.c.id.in_(bindparam("answer_ids", expanding=True)))


REQUEST_ALL_OF = _insert(
    _asks.c.installation_id == bindparam("of_installation"),
    _answers.c.author == bindparam("of_author"),
)


DELETE = delete(_texts).where(
    _texts.c.answer_id.in_(bindparam("answer_ids", expanding=True))
)
