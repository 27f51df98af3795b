"""Facts that the models of payloads derive."""

import pytest

from handlers.payloads import ChannelRef, SlashCommand, View


@pytest.mark.parametrize(
    ("channel_id", "name", "is_direct_message"),
    [
        ("C0HELP", "help", False),
        ("G0HELP", "privategroup", False),
        ("D0ANA", "directmessage", True),
        # Slack may give any name, or none.
        ("D0ANA", "ana", True),
        ("C0HELP", "directmessage", True),
    ],
)
def test_a_direct_message_is_recognised_by_its_id_or_name(
    channel_id: str, name: str, is_direct_message: bool
):
    command = SlashCommand(
        user_id="U0ANA", channel_id=channel_id, channel_name=name, trigger_id="1"
    )
    assert command.is_in_channel is not is_direct_message
    channel = ChannelRef(id=channel_id, name=name)
    assert channel.is_direct_message is is_direct_message


@pytest.mark.parametrize("stored", ["", "{}", "[1]", '"text"', "null"])
def test_metadata_that_is_no_object_is_empty(stored: str):
    assert View(id="V1", private_metadata=stored).metadata() == {}
