"""The pages in a browser on which a person installs the app in a workspace."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.config.many_workspaces import INSTALL_PATH, REDIRECT_PATH
from bot.workspace import oauth_states
from bot.workspace.oauth_install import Installed, Installer, NotInstalled, Reason

log = logging.getLogger(__name__)

COOKIE = "backswing_install"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
# Threads for people who install the app; each may wait for Slack.
MAX_CONCURRENT = 4
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    # The address has the code in it.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    text: str
    # The label of the link to the next step.
    next_step: str = "Start again"
    status: int = 403


PAGES: Mapping[Reason, Page] = {
    "too_many_tries": Page(
        "Too many tries",
        "Many links did not work. Reload this page in a minute.",
        status=429,
    ),
    "stale_link": Page(
        "This link no longer works",
        "It is older than ten minutes, it was used already, or it is from another"
        " browser.",
        status=400,
    ),
    "used_code": Page(
        "This link no longer works",
        "Slack accepts each link only once, and for ten minutes.",
        status=400,
    ),
    "cancelled": Page(
        "Backswing was not installed",
        "You pressed Cancel in Slack. Nothing was stored.",
    ),
    "refused_by_slack": Page(
        "Slack did not allow it",
        "Your workspace may need an admin's approval for new apps. Ask an admin, and"
        " then start again.",
    ),
    "not_allowed": Page(
        "This workspace can't install Backswing",
        "The people who run this bot choose the workspaces that may install it. Ask"
        " them to add yours.",
        "Choose another workspace",
    ),
    "missing_scopes": Page(
        "Some permissions are missing",
        "Backswing can't work without them, so nothing was changed. Start again, and"
        " allow everything that Slack does not call optional.",
    ),
    "misconfigured": Page(
        "This bot is not set up correctly",
        "Slack does not accept the bot's own settings. Tell the people who run it:"
        " their log has the reason.",
        "Try again",
        500,
    ),
    "slack_down": Page("Slack did not answer", "Nothing was stored.", "Try again", 502),
}
_NOT_STORED = Page(
    "Something went wrong",
    "Backswing could not store the installation.",
    "Try again",
    503,
)


class InstallPages:
    """The pages; they show nothing of any workspace but the name of the new one."""

    def __init__(self, installer: Installer) -> None:
        self._installer = installer
        self._limiter = CapacityLimiter(MAX_CONCURRENT)

    def routes(self) -> list[Route]:
        return [
            Route(INSTALL_PATH, self.install, methods=["GET"]),
            Route(REDIRECT_PATH, self.redirected, methods=["GET"]),
        ]

    async def install(self, request: Request) -> Response:
        """Send the browser to Slack, and recognise it by a cookie when it is back."""
        browser = request.cookies.get(COOKIE, "")
        # Two windows of a browser have the same cookie, and each can finish.
        if not _COOKIE_VALUE.fullmatch(browser):
            browser = oauth_states.new_secret()
        try:
            url = await to_thread.run_sync(
                self._installer.begin, browser, limiter=self._limiter
            )
        except SQLAlchemyError:
            log.exception("installation not begun")
            return _render(_NOT_STORED)
        response = RedirectResponse(url, 302, _HEADERS)
        response.set_cookie(
            COOKIE,
            browser,
            max_age=int(oauth_states.LIFETIME.total_seconds()),
            path="/slack",
            secure=self._installer.many.public_url.startswith("https:"),
            httponly=True,
            # Slack sends the browser back by a link, for which `strict` has no cookie.
            samesite="lax",
        )
        return response

    async def redirected(self, request: Request) -> Response:
        """Finish the installation after Slack has sent the browser back."""

        def finish() -> Installed:
            query = request.query_params
            return self._installer.finish(
                state=query.get("state", ""),
                browser=request.cookies.get(COOKIE, ""),
                code=query.get("code", ""),
                error=query.get("error", ""),
            )

        try:
            installed = await to_thread.run_sync(finish, limiter=self._limiter)
        except NotInstalled as refusal:
            return _render(PAGES[refusal.reason])
        except SQLAlchemyError:
            log.exception("installation not stored")
            return _render(_NOT_STORED)
        title = f"Backswing is in {installed.name}"
        if installed.is_organisation:
            text = "An admin now adds it to the workspaces that want it."
            page = Page(title, text, "Add it to workspaces", 200)
        else:
            text = "Type /invite @Backswing in a channel, and then /ask."
            page = Page(title, text, "Open Slack", 200)
        return _render(page, installed.next_url)


def _render(page: Page, link: str = INSTALL_PATH) -> Response:
    title, text, label = map(escape, (page.title, page.text, page.next_step))
    html = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem;
         margin: 15vh auto; padding: 0 1.5rem; color: #1d1c1d; background: #fff }}
  h1 {{ font-size: 1.6rem; line-height: 1.25 }}
  a {{ color: #0b4c8c }}
</style>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{escape(link)}">{label}</a></p>
</main>
</html>
"""
    return HTMLResponse(html, page.status, _HEADERS)
