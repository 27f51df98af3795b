"""The permissions of circles."""

from bot.permissions import MEMBERS_AND_GUESTS, PROGRAM_LEADS, Permission

# Towards a program, its leads have the role of program leads, too.
RUN_SEASON = Permission(
    "open a season of circles, look at its circles, move people and invite them",
    roles=PROGRAM_LEADS,
    denial="Only this program's leads and the workspace's admins can do that.",
)
# People who joined the season's program.
SIGN_UP = Permission(
    "sign up for circles",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't sign up for circles.",
)
# People who are in the circle.
MEET = Permission(
    "take part in their circle's meetings",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't take part in circles.",
)

# People who joined the program that it belongs to.
START_CIRCLE = Permission(
    "start a circle, and take a place in one",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't start a circle.",
)

PERMISSIONS = (RUN_SEASON, SIGN_UP, START_CIRCLE, MEET)
