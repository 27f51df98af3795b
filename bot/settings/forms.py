"""The settings forms. Pure."""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    DividerBlock,
    InputBlock,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.slack.text import escape


def channel_form(
    channel: str, name: str, fields: Sequence[InputBlock], sections: Sequence[Block]
) -> View:
    """Build a channel's form; `sections` are features' blocks below the fields.

    `channel` is Slack's id.
    """
    return View(
        type="modal",
        callback_id="settings",
        title="Channel settings",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"channel": channel}),
        blocks=[
            SectionBlock(text=f"How Backswing works in *#{escape(name)}*."),
            *fields,
            *sections,
        ],
    )


def saved_view(text: str) -> View:
    """Build the view that replaces a saved form, with a note on the values."""
    return View(
        type="modal", title="Saved", close="OK", blocks=[SectionBlock(text=text)]
    )


def member_form(fields: Sequence[InputBlock], zone: str) -> View:
    """Build the form of a member's own settings; `zone` is their IANA zone."""
    return View(
        type="modal",
        callback_id="my_settings",
        title="My settings",
        submit="Save",
        close="Cancel",
        blocks=[
            SectionBlock(
                text=PlainTextObject(
                    text=(
                        f"Only you see this. Days and hours are in {zone}, your time"
                        " zone in Slack."
                    ),
                    emoji=False,
                )
            ),
            *fields,
        ],
    )


def workspace_form(
    fields: Sequence[InputBlock], channel_defaults: Sequence[InputBlock]
) -> View:
    """Build the workspace's form; `channel_defaults` are for new channels."""
    return View(
        type="modal",
        callback_id="workspace_settings",
        title="Workspace settings",
        submit="Save",
        close="Cancel",
        blocks=[
            SectionBlock(text="How Backswing works in *all channels*."),
            *fields,
            DividerBlock(),
            SectionBlock(
                text="*New channels start with these settings.* Champions can change"
                " them."
            ),
            *channel_defaults,
        ],
    )
