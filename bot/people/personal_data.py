"""Personal data about teams, meetings, and whom members do not want to meet."""

from sqlalchemy import delete

from bot.people.message_kinds import (
    PEOPLE_OPEN_CHANNEL,
    PEOPLE_OPEN_PLACE,
    PEOPLE_SET_CHANNEL,
)
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import DoNotPair, MemberAttributes, PeerMeeting, PeerPlace


def _remove_from_lists(tx: Transaction, erasure: Erasure) -> None:
    """Delete the member from others' lists, of which their own data say nothing."""
    tx.session.execute(
        delete(DoNotPair).where(
            DoNotPair.installation_id == tx.workspace.id,
            DoNotPair.other == erasure.member,
        )
    )


PERSONAL_DATA = (
    TablePolicy(
        model=MemberAttributes,
        row_names=("entry of your team and level", "entries of your team and level"),
        contents="People's teams, levels and managers, from a file or from Slack's"
        " profile, and how people corrected or hid them.",
        purpose="Match people from different teams, and nobody with their manager.",
        retention="When a newer file leaves the person out, or profiles are no longer"
        " read.",
        stays="One for each person.",
        owner_columns=("member",),
        mentioned_columns=("manager",),
        non_personal=("team", "level", "source", "own_team", "own_level"),
        on_erasure="delete",
    ),
    TablePolicy(
        model=DoNotPair,
        row_names=(
            "person you're not matched with",
            "people you're not matched with",
        ),
        contents="The people with whom a person doesn't want to be matched. Nobody else"
        " can see them.",
        purpose="Never match them.",
        retention="When the person removes them from the list.",
        stays="At most 20 for each person's own list, and one for each bad match.",
        owner_columns=("member",),
        # The other's data say nothing of it; see `before_erasure`.
        non_personal=("other", "source"),
        on_erasure="delete",
        before_erasure=_remove_from_lists,
    ),
    TablePolicy(
        model=PeerMeeting,
        row_names=("meeting with a peer", "meetings with peers"),
        contents="Which two people met in a pair or a circle, and when they last did.",
        purpose="Match people who haven't met.",
        stays="One for each two people who have met.",
        owner_columns=("member", "other"),
        on_erasure="delete",
    ),
    TablePolicy(
        model=PeerPlace,
        contents="Groups of direct messages and private channels that the bot opened"
        " for a pair or a circle, and the people for whom it did. Nothing that they"
        " write there.",
        purpose="Write to all of them at the same place.",
        retention="A year after the round, or after the circle's season.",
        stays="The places of circles that go on.",
        reader_columns=("people", "inside", "outside"),
        json_columns=("changed_micros",),
        non_personal=("subject", "name", "channel"),
    ),
)

# They open a place, or let people into it, and say nothing.
MESSAGES = (
    MessagePolicy(
        frozenset({PEOPLE_OPEN_CHANNEL, PEOPLE_OPEN_PLACE, PEOPLE_SET_CHANNEL})
    ),
)
