"""Personal data about circles: who signed up, what they bring, and their places."""

from bot.personal_data import TablePolicy
from models import Circle, CircleMember, CircleSeason, CircleSignup

PERSONAL_DATA = (
    TablePolicy(
        model=CircleSeason,
        contents="Seasons of circles: theme, dates, and the lead who opened it.",
        purpose="Form circles, and invite people to them.",
        mentioned_columns=("opened_by",),
        non_personal=("source", "theme", "language"),
    ),
    TablePolicy(
        model=CircleSignup,
        row_names=("sign-up for circles", "sign-ups for circles"),
        contents="People who signed up for circles: the question that they bring, how"
        " they want to meet, and the times that never work.",
        purpose="Form circles. Only the circle sees the question.",
        retention="The question: 90 days after the season.",
        owner_columns=("member",),
        text_columns={"brings": "member"},
        non_personal=("way", "never"),
        on_erasure="delete",
    ),
    TablePolicy(
        model=Circle,
        contents="Circles: their times, goal and call link, and the reasons for them as"
        " kinds, members and topics.",
        purpose="Bring the people together, and tell them why.",
        retention="The goal, the link and the reasons: 90 days after the season.",
        json_columns=("reasons",),
        non_personal=("goal", "call_link", "zone"),
    ),
    TablePolicy(
        model=CircleMember,
        row_names=("place in a circle", "places in circles"),
        contents="Places in circles: when invited, taken, agreed, ended. Not why.",
        purpose="Know who is in a circle.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)
