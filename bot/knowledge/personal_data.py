"""Personal data in the words of answers, and in messages about them."""

from bot.knowledge.message_kinds import KNOWLEDGE_FETCH_ANSWER, KNOWLEDGE_NOTICE
from bot.personal_data import MessagePolicy, TablePolicy
from models import AnswerText, AnswerTextNotice, AskSuggestion, EntryReview

PERSONAL_DATA = (
    TablePolicy(
        model=AnswerText,
        row_names=("text of an answer", "texts of answers"),
        contents="The words of answers that helped or solved an ask, up to"
        " 3,000 characters.",
        purpose="Let people with the same problem find what worked.",
        retention="With the last mark, the message or the ask, or if the author doesn't"
        " want them kept.",
        stays="One for each answer that helped.",
        owner_columns=("author",),
        text_columns={"text": "author"},
        on_erasure="delete",
    ),
    TablePolicy(
        model=AnswerTextNotice,
        contents="Who was told that the words of their answers are kept, and when.",
        purpose="Tell people once, before others can find their words.",
        stays="One for each person who was told.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=AskSuggestion,
        contents="The earlier asks that were suggested to an asker, and which of them"
        " were not theirs.",
        purpose="Show them in the ask's options and on the asker's Home tab.",
        stays="As long as its ask.",
    ),
    TablePolicy(
        model=EntryReview,
        row_names=("review", "reviews"),
        contents="Who said that an answer still works or is out of date, when, and what"
        " has changed.",
        purpose="Warn people of answers that are out of date.",
        stays="As long as its ask.",
        owner_columns=("member",),
        text_columns={"reason": "member"},
        non_personal=("verdict",),
        on_erasure="delete",
    ),
)

MESSAGES = (
    # To the author alone, about themselves.
    MessagePolicy(frozenset({KNOWLEDGE_FETCH_ANSWER, KNOWLEDGE_NOTICE})),
)

ERASURE_LINES = (
    (
        "I delete the words of your answers. Links to earlier asks that you posted"
        " stay, without your name."
    ),
)
