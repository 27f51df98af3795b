"""The form to choose another channel for an ask. Pure."""

from slack_sdk.models.views import View

from bot.slack.blocks import channel_input, context_line, form_about


def channel_form(ask_id: int, title: str) -> View:
    """Ask in which channel to post a link; `title` is the ask's, as mrkdwn."""
    return form_about(
        "route_elsewhere",
        ("ask", ask_id),
        title,
        channel_input("Channel"),
        context_line("I post your name, the title and a link there, once."),
        title="Ask elsewhere",
        submit="Post the link",
    )
