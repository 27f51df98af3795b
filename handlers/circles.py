"""Open seasons of circles, sign up, look at circles, and be in one."""

from functools import partial

from slack_bolt import App
from slack_sdk.models.views import View

from bot.circles import (
    decisions,
    endings,
    free_places,
    from_asks,
    page_blocks,
    pages,
    places,
    proposals,
    roster,
    season_blocks,
    seasons,
    service,
    signups,
    started,
    starting,
    times,
)
from bot.circles.rules import State
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import message_modal
from handlers.interactions import (
    AfterAck,
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    on_command,
    on_view,
    parse_id,
    reads,
    refresh_nobody,
    show,
    show_note,
    writes,
)
from handlers.payloads import BlockAction, SlashCommand, ViewSubmission
from handlers.programs import show_beneath
from models import Circle, CircleSeason

_INVITED = "They get their invitations in their hours."
_ENDED = "The season has ended."


def register(app: App, rt: Runtime) -> None:
    on_command(app, rt, "/backswing", reads(open_list), phrases=("circle", "circles"))
    on_button(app, rt, "circle_new_season", reads(open_new))
    on_view(app, rt, "circle_season", writes(submit_season))
    on_button(app, rt, "circle_start", reads(open_start))
    on_button(app, rt, "circle_from_ask", reads(open_from_ask))
    on_button(app, rt, "circle_again", reads(open_again))
    on_button(app, rt, "circle_new_people", reads(show_list))
    on_button(app, rt, "circle_enough", reads(say_enough, before=refresh_nobody))
    on_view(app, rt, "circle_start", writes(submit_start))
    on_button(app, rt, "circle_end_season", writes(end_season))
    on_button(app, rt, "circle_sign_up", reads(open_signup))
    on_view(app, rt, "circle_signup", writes(submit_signup))
    on_button(app, rt, "circle_withdraw", writes(withdraw))
    # Nothing is stored, not even the profile of the person who pressed.
    on_button(app, rt, "circle_not_for_me", reads(not_for_me, before=refresh_nobody))
    for action_id in (
        *("circle_preview", "circle_preview_back", "circle_preview_next"),
    ):
        on_button(app, rt, action_id, reads(show_preview))
    on_button(app, rt, "circle_move", reads(open_move))
    on_view(app, rt, "circle_move", writes(submit_move))
    on_button(app, rt, "circle_invite", writes(invite))
    on_button(app, rt, "circle_take", writes(take))
    on_button(app, rt, "circle_decline", writes(decline))
    on_button(app, rt, "circle_see", reads(show_circle))
    on_button(app, rt, "circle_agree", writes(agree))
    on_button(app, rt, "circle_change", reads(open_change))
    on_view(app, rt, "circle_change", writes(submit_change))
    on_button(app, rt, "circle_calendar", writes(send_calendar))
    on_button(app, rt, "circle_leave", writes(leave))
    for action_id, is_yes in (("circle_merge_yes", True), ("circle_merge_no", False)):
        on_button(app, rt, action_id, writes(partial(answer_merge, is_yes=is_yes)))


def open_list(command: SlashCommand, tx: Transaction) -> Response:
    return OpenView(pages.circle_list(tx, by=command.actor))


# Seasons


def open_new(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(seasons.open_form(tx, by=click.actor))


def submit_season(form: ViewSubmission, tx: Transaction) -> Response:
    seasons.open_season(tx, form.view, source=f"form:{form.view.id}", by=form.actor)
    tx.session.flush()
    return _show_below(form, pages.circle_list(tx, by=form.actor))


def open_start(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(starting.open_form(tx, by=click.actor))


def open_from_ask(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(from_asks.open_form(tx, parse_id(click.value), by=click.actor))


def open_again(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(endings.open_form(tx, parse_id(click.value), by=click.actor))


def show_list(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(pages.circle_list(tx, by=click.actor))


def say_enough(click: BlockAction, _tx: Transaction) -> Response:
    return Reply(*page_blocks.enough(), replace=click.is_in_direct_message)


def submit_start(form: ViewSubmission, tx: Transaction) -> Response:
    by, origin = form.actor, form.view.metadata()
    ask = earlier = None
    if origin.get("ask") is not None:
        ask = from_asks.require_took_part(tx, parse_id(origin["ask"]), by)
    if origin.get("circle") is not None:
        earlier = endings.require_was_in(tx, parse_id(origin["circle"]), by)
    circle = starting.start(tx, form.view, source=f"form:{form.view.id}", by=by)
    if circle is not None and ask is not None:
        from_asks.invite(tx, circle, ask, by=by)
    if circle is not None and earlier is not None:
        endings.invite(tx, circle, earlier, by=by)
    return _show_below(form, pages.circle_list(tx, by=form.actor))


def _show_below(form: ViewSubmission, shown: View) -> Response:
    """Close the form, and show a view in the modal beneath it, if there is one."""
    root = form.view.root_view_id
    if root in {None, form.view.id}:
        return UpdateView(shown)
    return AfterAck(partial(show_beneath, view_id=str(root), view=shown))


def end_season(click: BlockAction, tx: Transaction) -> Response:
    season = seasons.lock(tx, parse_id(click.value))
    seasons.require_runs(tx, season, click.actor)
    endings.end(tx, season)
    return show(click, message_modal("Ended", _ENDED))


# Sign-up


def _season(click: BlockAction, tx: Transaction) -> CircleSeason:
    return seasons.get(tx, parse_id(click.value))


def open_signup(click: BlockAction, tx: Transaction) -> Response:
    season = _season(click, tx)
    build = signups.form if season.places is None else started.form
    return OpenView(build(tx, season, by=click.actor))


def submit_signup(form: ViewSubmission, tx: Transaction) -> Response:
    season = seasons.lock(tx, parse_id(form.view.metadata().get("season")))
    if season.places is not None:
        return UpdateView(started.take_place(tx, season, form.view, by=form.actor))
    shown = signups.sign_up(tx, season, form.view, by=form.actor)
    if seasons.state(tx, season) is State.RUNNING:
        free_places.pass_on(tx, season)
    return UpdateView(shown)


def withdraw(click: BlockAction, tx: Transaction) -> Response:
    season = seasons.lock(tx, parse_id(click.value))
    signups.withdraw(tx, season, by=click.actor, event_micros=click.at_micros)
    roster.remove_withdrawn(tx, season)
    return show_note(click, "Taken back", season_blocks.withdrawn())


def not_for_me(click: BlockAction, _tx: Transaction) -> Response:
    note = season_blocks.not_for_me(parse_id(click.value))
    return Reply(*note, replace=click.is_in_direct_message)


# The preview


def show_preview(click: BlockAction, tx: Transaction) -> Response:
    season_id, _, start = click.value.partition(":")
    season = seasons.get(tx, parse_id(season_id))
    view = pages.preview(
        tx, season, by=click.actor, start=parse_id(start) if start else 0
    )
    return show(click, view)


def open_move(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(pages.move_form(tx, _season(click, tx), by=click.actor))


def submit_move(form: ViewSubmission, tx: Transaction) -> Response:
    season = seasons.lock(tx, parse_id(form.view.metadata().get("season")))
    seasons.require_runs(tx, season, form.actor)
    proposals.move_by_form(tx, season, form.view)
    return _show_below(form, pages.preview(tx, season, by=form.actor))


def invite(click: BlockAction, tx: Transaction) -> Response:
    season = seasons.lock(tx, parse_id(click.value))
    seasons.require_runs(tx, season, click.actor)
    proposals.invite(tx, season)
    return show(click, pages.preview(tx, season, by=click.actor, notice=_INVITED))


# A circle


def _locked(click: BlockAction, tx: Transaction) -> Circle:
    return service.lock(tx, parse_id(click.value))


def take(click: BlockAction, tx: Transaction) -> Response:
    return show_note(
        click, "Your place", places.take(tx, _locked(click, tx), by=click.actor)
    )


def decline(click: BlockAction, tx: Transaction) -> Response:
    note = places.decline(tx, _locked(click, tx), by=click.actor)
    return show_note(click, "Not this time", note)


def show_circle(click: BlockAction, tx: Transaction) -> Response:
    circle = service.get(tx, parse_id(click.value))
    return _show_circle(click, tx, circle)


def _show_circle(
    click: BlockAction, tx: Transaction, circle: Circle, notice: str = ""
) -> Response:
    page = service.page(tx, circle, by=click.actor, notice=notice)
    return show(click, page_blocks.circle_page(page))


def agree(click: BlockAction, tx: Transaction) -> Response:
    circle = _locked(click, tx)
    places.agree(tx, circle, by=click.actor)
    return _show_circle(click, tx, circle, "You agreed.")


def open_change(click: BlockAction, tx: Transaction) -> Response:
    circle = service.get(tx, parse_id(click.value))
    return OpenView(times.form(tx, circle, by=click.actor))


def submit_change(form: ViewSubmission, tx: Transaction) -> Response:
    opened = form.view.metadata()
    circle = service.lock(tx, parse_id(opened.get("circle")))
    times.change(tx, circle, form.view, by=form.actor, shown=opened.get("shown"))
    page = service.page(tx, circle, by=form.actor, notice="Saved.")
    return _show_below(form, page_blocks.circle_page(page))


def send_calendar(click: BlockAction, tx: Transaction) -> Response:
    circle = service.get(tx, parse_id(click.value))
    times.request_calendar(
        tx, circle, by=click.actor, occurrence=f"again:{click.action.action_ts}"
    )
    return _show_circle(click, tx, circle, "I send you the file.")


def leave(click: BlockAction, tx: Transaction) -> Response:
    circle = _locked(click, tx)
    places.leave(tx, circle, by=click.actor)
    return show(click, page_blocks.left())


def answer_merge(click: BlockAction, tx: Transaction, *, is_yes: bool) -> Response:
    note = decisions.answer_merge(
        tx,
        parse_id(click.value),
        by=click.actor,
        is_yes=is_yes,
        event_micros=click.at_micros,
    )
    return show_note(click, "Your answer", note)
