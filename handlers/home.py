"""Open the Home tab, turn its pages, and change the member's settings."""

import logging
from datetime import timedelta
from functools import partial
from typing import Any

from slack_bolt import App, BoltContext

from bot.clock import ts_to_micros
from bot.errors import UserError
from bot.home import page, rules
from bot.home import service as home
from bot.outbox import home_refresh
from bot.runtime import Runtime, Transaction
from bot.settings import service as settings
from bot.slack.actions import PublishHome
from bot.slack.api import HashConflict, Rejected, SlackError
from bot.workspace import contact_budget, members, workspace_settings
from handlers.interactions import (
    AfterAck,
    OpenView,
    Response,
    on_button,
    on_command,
    on_view,
    parse_id,
    reads,
    refresh_nobody,
    writes,
)
from handlers.payloads import AppHomeOpened, BlockAction, Interaction, ViewSubmission
from handlers.requests import Request, request_of

log = logging.getLogger(__name__)


def register(app: App, rt: Runtime) -> None:
    @app.event("app_home_opened")
    def opened(
        event: dict[str, Any], body: dict[str, Any], context: BoltContext
    ) -> None:
        open_home(AppHomeOpened.model_validate(event), request_of(rt, context, body))

    for home_page in rules.PAGES:
        action_id = f"home_page_{home_page}"
        on_button(app, rt, action_id, writes(choose_page, before=refresh_nobody))
    for action_id in ("home_previous", "home_next"):
        on_button(app, rt, action_id, writes(turn_list, before=refresh_nobody))
    on_button(app, rt, "home_end_pause", writes(end_pause))
    on_button(app, rt, "home_send_waiting", writes(send_waiting))
    on_command(
        app, rt, "/backswing", reads(open_settings), phrases=("me", "my settings")
    )
    on_button(app, rt, "my_settings", reads(open_settings))
    on_view(app, rt, "my_settings", writes(save_settings))


def open_home(opening: AppHomeOpened, request: Request) -> None:
    if opening.tab != "home":
        return
    member, at_micros = opening.user, ts_to_micros(opening.event_ts)
    with request.write() as tx:
        if members.is_before_erasure(tx, member, event_micros=at_micros):
            return
        # If people ask without a name, the time of a fetch would tell who was there.
        only_unknown = workspace_settings.get(tx).anonymous_asks
    try:
        request.refresh(users=[member], only_unknown=only_unknown)
    except UserError:
        # Members whose profile could not be fetched see a Home tab, too.
        log.warning("home rendered without memberships")
    with request.write() as tx:
        home.open_home(tx, member)
    show_home(request, member)


def choose_page(click: BlockAction, tx: Transaction) -> Response:
    home.choose_page(tx, click.actor, click.value)
    return AfterAck(partial(show_home, member=click.actor))


def turn_list(click: BlockAction, tx: Transaction) -> Response:
    home.set_list_page(tx, click.actor, click.value)
    return AfterAck(partial(show_home, member=click.actor))


def end_pause(click: BlockAction, tx: Transaction) -> None:
    settings.end_pause(tx, click.actor)


def send_waiting(click: BlockAction, tx: Transaction) -> None:
    contact_budget.send_now(tx, click.actor, parse_id(click.value))


def open_settings(interaction: Interaction, tx: Transaction) -> Response:
    return OpenView(settings.member_form(tx, interaction.actor))


def save_settings(form: ViewSubmission, tx: Transaction) -> None:
    settings.update_member(tx, form.view, member=form.actor)


def show_home(request: Request, member: str) -> None:
    """Render a member's Home tab and publish it at once.

    If another process has published a different one meanwhile, render it once more.
    """
    last_hash: str | None = None
    for is_again in (False, True):
        with request.read() as tx:
            rendered = page.render(tx, member)
        # Slack shows another view than the stored hash says, and no other process has
        # stored a new hash: our record is wrong.
        is_lost = is_again and rendered.hash == last_hash
        publish = PublishHome(member, rendered.view, rendered.hash, is_forced=is_lost)
        try:
            result = publish.send(request.slack, "")
        except HashConflict:
            last_hash = rendered.hash
        except SlackError as error:
            log.warning("home not shown", extra={"error": error.code})
            _show_later(request, member, error)
            return
        else:
            with request.write() as tx:
                home.on_published(tx, member, result)
            return
    _show_later(request, member, None)


def _show_later(request: Request, member: str, error: SlackError | None) -> None:
    """Enqueue a refresh, unless Slack has rejected the view for good."""
    with request.write() as tx:
        if isinstance(error, Rejected):
            home.on_rejected(tx, member, error.code)
            return
        home_refresh.refresh_homes(tx, [member], delay=timedelta())
