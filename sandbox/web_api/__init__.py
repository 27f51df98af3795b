"""The Web API's table of methods."""

from collections.abc import Mapping
from typing import Final

from sandbox.web_api import (
    channel_people,
    chat,
    conversations,
    files,
    reactions,
    users,
    views,
    workspaces,
)
from sandbox.web_api.methods import Method

METHODS: Final[Mapping[str, Method]] = {
    **channel_people.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **reactions.METHODS,
    **users.METHODS,
    **views.METHODS,
    **workspaces.METHODS,
}
