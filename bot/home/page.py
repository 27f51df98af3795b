"""Render a member's Home tab; the number of queries does not grow with its lists."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from slack_sdk.models.views import View

from bot.errors import UserError
from bot.home import blocks, memberships
from bot.home.blocks import SettingsSummary
from bot.home.rules import PAGES, HomePage
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.permissions import DENIED_ROLES, Role
from bot.runtime import Transaction
from bot.workspace import member_settings, members, roles
from models import Home, Member


@dataclass(frozen=True, slots=True)
class RenderedHome:
    """A Home tab to publish; `hash` is Slack's hash of the view that it replaces."""

    view: View
    hash: str | None


def render(tx: Transaction, member: str) -> RenderedHome:
    """Render a Home tab. Guests see only their own asks; external members nothing."""
    home = tx.session.get(Home, (tx.workspace.id, member))
    known_hash = home.view_hash if home else None
    profile = members.find(tx, member)
    member_roles = roles.of_member(tx, profile)
    if member_roles & DENIED_ROLES:
        return RenderedHome(blocks.denied_view(), known_hash)
    context = _context(tx, member, home, profile, member_roles)
    return RenderedHome(_render_sections(context), known_hash)


def in_modal(tx: Transaction, member: str, page: HomePage, *, empty: str) -> View:
    """Render a page of the Home tab as a modal.

    Raises UserError if there is nothing to do for the member.
    """
    profile = members.find(tx, member)
    member_roles = roles.of_member(tx, profile)
    if member_roles & DENIED_ROLES:
        raise UserError(blocks.MEMBERS_ONLY)
    home = tx.session.get(Home, (tx.workspace.id, member))
    context = _context(tx, member, home, profile, member_roles)
    plans = [
        plan
        for plan in tx.features.home_sections
        if plan.page == page and not plan.is_waiting
    ]
    if not any(plan.has_actions and plan.is_available(context) for plan in plans):
        raise UserError(empty)
    return blocks.page_modal(page, [plan.render(context).rows for plan in plans])


def _context(
    tx: Transaction,
    member: str,
    home: Home | None,
    profile: Member | None,
    member_roles: Collection[Role],
) -> HomeContext:
    return HomeContext(
        tx,
        member,
        home,
        members.profile_zone(profile),
        member_settings.get(tx, member),
        frozenset(memberships.visible_channels(tx, member)),
        sees_others=Role.MEMBER in member_roles,
    )


def _render_sections(context: HomeContext) -> View:
    features = context.tx.features
    pages = _available_pages(context)
    page = _chosen_page(context, pages)
    sections = [
        (plan, plan.render(context))
        for plan in features.home_sections
        if plan.is_waiting or plan.page == page
    ]
    is_new = page == "today" and not (
        any(section.has_activity for _, section in sections)
        or any(
            is_active(context.tx, context.member) for is_active in features.is_active
        )
    )
    visible = [
        (plan.is_waiting, section.rows)
        for plan, section in sections
        if not (is_new and section.is_hidden_from_new)
    ]
    return blocks.home_view(
        pages=pages,
        page=page,
        is_new=is_new,
        waiting=[rows for is_waiting, rows in visible if is_waiting],
        sections=[rows for is_waiting, rows in visible if not is_waiting],
        help_text=features.help_text(None),
    )


def _available_pages(context: HomeContext) -> list[HomePage]:
    """Return the pages on which there is something for the member."""
    plans = [plan for plan in context.tx.features.home_sections if not plan.is_waiting]
    return [
        page
        for page in PAGES
        if page == "today"
        or any(plan.page == page and plan.is_available(context) for plan in plans)
    ]


def _chosen_page(context: HomeContext, pages: Sequence[HomePage]) -> HomePage:
    """Return the page that the member chose last, if it is still available."""
    chosen = context.home.page if context.home else None
    return next((page for page in pages if page == chosen), "today")


class _SettingValues(dict[str, Any]):
    """A member's settings by name; others than the loaded ones are read if needed."""

    def __init__(self, context: HomeContext) -> None:
        super().__init__(asdict(context.settings))
        self._tx, self._member = context.tx, context.member

    def __missing__(self, name: str) -> Any:
        for setting in self._tx.features.member_settings:
            if setting.name == name:
                self[name] = setting.get(self._tx, self._member)
                return self[name]
        raise KeyError(name)


def _render_settings(context: HomeContext) -> RenderedSection:
    tx, zone = context.tx, context.zone
    settings = tx.features.member_settings
    values = _SettingValues(context)
    until = context.settings.paused_until
    is_paused = context.settings.is_paused(tx.now.astimezone(zone).date())
    summary = SettingsSummary(
        [
            setting.summarize(values, zone.key)
            for setting in settings
            if setting.summarize is not None
            and (setting.is_offered is None or setting.is_offered(tx, context.member))
        ],
        f"{until.day} {until:%B %Y}" if until and is_paused else "",
    )
    return RenderedSection(
        blocks.settings_summary(summary),
        has_activity=bool(context.settings.topics_known),
    )


SETTINGS_SECTION = HomeSection(render=_render_settings, position=900)
