"""Ask without one's name: the preview, and the post."""

from collections.abc import Collection

from slack_bolt import App

from bot.anonymity import delay, drafts, forms
from bot.asks import rules
from bot.asks.service import AskDraft
from bot.errors import UserError
from bot.runtime import Runtime
from bot.slack.api import SlackError
from bot.workspace import channels, members, visibility
from handlers import ask_form
from handlers.interactions import (
    OpenView,
    Response,
    UpdateView,
    on_view,
)
from handlers.payloads import ViewSubmission
from handlers.requests import Request


def register(app: App, rt: Runtime) -> None:
    on_view(app, rt, "ask_anonymously", post)


def preview(form: ViewSubmission, request: Request) -> Response:
    """Show how the ask will look without its asker's name, and who could find out."""
    view = form.view
    channel_id, draft = ask_form.chosen_channel(view), ask_form.draft(view)
    people = _people(form, request, channel_id)
    with request.read() as tx:
        channel = channels.get_joined(tx, channel_id, field="channel")
        shown = drafts.preview(tx, channel, draft, member=form.actor, people=people)
        title, details = (
            members.text_with_names(tx, text) for text in (draft.title, draft.details)
        )
    return OpenView(
        forms.preview(
            channel_id=channel_id,
            channel=shown.channel,
            title=view.text("title"),
            details=view.text("details"),
            topics=list(draft.topics),
            title_text=title,
            details_text=details,
            hints=shown.hints,
            help_line=shown.help_line,
            is_reviewed=shown.is_reviewed,
            link_days=shown.link_days,
            minutes=shown.minutes,
        )
    )


def post(form: ViewSubmission, request: Request) -> Response:
    """Store the ask, to be posted at a random time."""
    data = form.view.metadata()
    channel_id = str(data.get("channel") or "")
    title, details = rules.from_form(
        str(data.get("title") or ""), str(data.get("details") or "")
    )
    topics = rules.parse_topics(map(str, data.get("topics") or []), "")
    people = _people(form, request, channel_id)
    with request.write() as tx:
        channel = channels.get_joined(tx, channel_id)
        minutes = delay.minutes_of_press(tx, data.get("minutes"))
        drafts.submit(
            tx,
            channel,
            AskDraft(title, details, topics),
            member=form.actor,
            people=people,
            source=form.view.id,
            minutes=minutes,
        )
        done = forms.on_its_way(
            is_reviewed=channel.anonymous_asks == drafts.REVIEWED,
            minutes=minutes,
        )
    return UpdateView(done)


def _people(form: ViewSubmission, request: Request, channel_id: str) -> Collection[str]:
    """Return the channel's members, as Slack says now.

    The actor's profile is fetched only if there is none: the time of a fetch would tell
    who was about to ask.
    """
    request.refresh(users=[form.actor], only_unknown=True)
    try:
        return frozenset(request.slack.conversation_members(channel_id))
    except SlackError as error:
        raise UserError(visibility.SLACK_UNREACHABLE, field="channel") from error
