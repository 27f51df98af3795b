"""Interactive elements: the blocks that allow them, and Slack's limits."""

from typing import Final

BUTTONS: Final = {"button", "workflow_button"}
CLICKABLE: Final = BUTTONS | {"overflow", "icon_button", "feedback_buttons"}
SELECTS: Final = {
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
}
MULTI_SELECTS: Final = {f"multi_{name}" for name in SELECTS}
CHOICES: Final = {"radio_buttons", "checkboxes"}
PICKERS: Final = {"datepicker", "timepicker", "datetimepicker"}
# Events in a text input that an app can be told of before the form is submitted.
ACTION_TRIGGERS: Final = {"on_enter_pressed", "on_character_entered"}
TEXT_INPUTS: Final = {
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
}
STATEFUL: Final = (
    SELECTS | MULTI_SELECTS | CHOICES | PICKERS | TEXT_INPUTS | {"file_input"}
)

ALLOWED_IN_BLOCK: Final = {
    "section": BUTTONS
    | SELECTS
    | MULTI_SELECTS
    | CHOICES
    | PICKERS - {"datetimepicker"}
    | {"overflow", "image"},
    "actions": BUTTONS
    | SELECTS
    | MULTI_SELECTS
    | CHOICES
    | PICKERS
    | {"overflow", "rich_text_input"},
    "input": SELECTS | MULTI_SELECTS | CHOICES | PICKERS | TEXT_INPUTS | {"file_input"},
    "context": {"image", "plain_text", "mrkdwn"},
    "context_actions": {"feedback_buttons", "icon_button"},
}

# element type -> (fewest, most) options
OPTION_LIMITS: Final = {
    "static_select": (1, 100),
    "multi_static_select": (1, 100),
    "radio_buttons": (1, 10),
    "checkboxes": (1, 10),
    "overflow": (1, 5),
}
WITH_PLACEHOLDER: Final = SELECTS | MULTI_SELECTS | PICKERS | TEXT_INPUTS
# Only these render mrkdwn in option texts.
WITH_MRKDWN_OPTIONS: Final = CHOICES
INITIAL_KEYS: Final = {
    "static_select": "initial_option",
    "external_select": "initial_option",
    "radio_buttons": "initial_option",
    "checkboxes": "initial_options",
    "multi_static_select": "initial_options",
    "multi_external_select": "initial_options",
    "users_select": "initial_user",
    "multi_users_select": "initial_users",
    "conversations_select": "initial_conversation",
    "multi_conversations_select": "initial_conversations",
    "channels_select": "initial_channel",
    "multi_channels_select": "initial_channels",
    "datepicker": "initial_date",
    "timepicker": "initial_time",
    "datetimepicker": "initial_date_time",
    "plain_text_input": "initial_value",
    "email_text_input": "initial_value",
    "url_text_input": "initial_value",
    "number_input": "initial_value",
    "rich_text_input": "initial_value",
}
VALUE_KEYS: Final = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
