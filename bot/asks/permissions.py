"""The permissions of asks and answers."""

from bot.permissions import AUTHOR, MEMBERS_AND_GUESTS, MODERATORS, Permission, Role

# Not for admins: only the author and the channel's champions decide about a message.
MAKE_ASK = Permission(
    "turn a message into an ask",
    roles=AUTHOR | {Role.CHAMPION},
    denial=(
        "Only its author or one of the channel's champions can make this message an"
        " ask. To ask your peers yourself, type /ask."
    ),
)
OFFER_HELP = Permission(
    "offer help with an ask",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't offer help here.",
)
SAME_PROBLEM = Permission(
    "join an ask with “Same here”",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't join this ask.",
)
MARK_HELPFUL = Permission(
    "mark an answer helpful",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't mark answers here.",
)
MARK_SOLUTION = Permission(
    "mark an answer as the solution",
    roles=AUTHOR | MODERATORS,
    denial=(
        "Only the person who asked, a champion or an admin can say what solved it."
        " You can mark it helpful instead. That counts too."
    ),
)
SOLVE_BY_REFERENCE = Permission(
    "say that an earlier ask solved one's own",
    roles=AUTHOR,
    denial="Only the person who asked can say that an earlier ask solved it.",
)
EDIT = Permission(
    "edit an ask",
    roles=AUTHOR,
    denial="Only the person who asked can edit the ask.",
)
SET_WHAT_WORKED = Permission(
    "add what worked",
    roles=AUTHOR,
    denial="Only the person who asked can add what worked.",
)
CLOSE = Permission(
    "close an ask",
    roles=AUTHOR | MODERATORS,
    denial="Only the person who asked, a champion or an admin can close it.",
)
REOPEN = Permission(
    "reopen an ask",
    roles=AUTHOR | MODERATORS,
    denial="Only the person who asked, a champion or an admin can reopen it.",
)
DELETE = Permission(
    "delete an ask",
    roles=AUTHOR | MODERATORS,
    denial="Only the person who asked, a champion or an admin can delete it.",
)
REMOVE_CAPTURED_ASK = Permission(
    "mark a captured message without an answer as not an ask",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't do that here.",
)

PERMISSIONS = (
    MAKE_ASK,
    OFFER_HELP,
    SAME_PROBLEM,
    MARK_HELPFUL,
    MARK_SOLUTION,
    SOLVE_BY_REFERENCE,
    EDIT,
    SET_WHAT_WORKED,
    CLOSE,
    REOPEN,
    DELETE,
    REMOVE_CAPTURED_ASK,
)
