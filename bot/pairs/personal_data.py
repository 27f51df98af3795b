"""Personal data about pairs: who wants to be matched, and who was."""

from bot.personal_data import TablePolicy
from models import PairMatch, PairMatchMember, PairOptIn, PairRound

PERSONAL_DATA = (
    TablePolicy(
        model=PairRound,
        contents="Rounds of peer coffee: the day, and how many people took part.",
        purpose="Form each round once.",
        retention="A year after the round.",
        non_personal=("kind",),
    ),
    TablePolicy(
        model=PairOptIn,
        row_names=("wish to be matched", "wishes to be matched"),
        contents="People who take part in peer coffee, or did.",
        purpose="Match those who want it, and first those who waited.",
        owner_columns=("member",),
        non_personal=("kind",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=PairMatch,
        contents="Pairs of a round, and who of them was asked to write first.",
        purpose="Introduce them to each other, and take turns.",
        retention="A year after the round.",
        mentioned_columns=("first_writer",),
    ),
    TablePolicy(
        model=PairMatchMember,
        row_names=("match for a coffee", "matches for a coffee"),
        contents="The people of each pair, and what they answered: whether they can"
        " come, whether they met, whether it was a good match.",
        purpose="Ask nobody again, and match nobody again who doesn't want it.",
        retention="A year after the round.",
        owner_columns=("member",),
        non_personal=("answer", "outcome", "fit"),
        on_erasure="delete",
    ),
)
