"""The page on which a person lets the app into a workspace."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

_PATH: Final = "/oauth/v2/authorize"
# No `form-action`: browsers would hold the address after the redirect to it, too.
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class Hub(Protocol):
    """The workspaces, and the app that they may install."""

    @property
    def workspaces(self) -> Mapping[str, Any]: ...
    @property
    def organisations(self) -> Mapping[str, Any]: ...
    def check_request(self, query: Mapping[str, str]) -> None: ...
    def allow(self, query: Mapping[str, str], owner_id: str) -> str: ...
    def cancel(self, query: Mapping[str, str]) -> str: ...


def routes(hub: Hub) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        try:
            hub.check_request(request.query_params)
        except ValueError as error:
            return HTMLResponse(f"<p>{escape(str(error))}</p>", 400, _HEADERS)
        names = {
            team_id: str(sandbox.workspace.team_name)
            for team_id, sandbox in hub.workspaces.items()
        } | {
            organisation_id: f"{organisation.name} (whole organisation)"
            for organisation_id, organisation in hub.organisations.items()
        }
        chosen = request.query_params.get("team")
        return HTMLResponse(_page(names, chosen, request.query_params), 200, _HEADERS)

    async def answer(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        try:
            if form.get("answer") == "allow":
                url = hub.allow(form, form.get("workspace", ""))
            else:
                url = hub.cancel(form)
        except (KeyError, ValueError) as error:
            return HTMLResponse(f"<p>{escape(str(error))}</p>", 400, _HEADERS)
        return RedirectResponse(url, 302, _HEADERS)

    return [
        Route(_PATH, show, methods=["GET"]),
        Route(_PATH, answer, methods=["POST"]),
    ]


def _page(
    names: Mapping[str, str], chosen: str | None, query: Mapping[str, str]
) -> str:
    options = "".join(
        f'<option value="{escape(team_id)}"{" selected" * (team_id == chosen)}>'
        f"{escape(name)}</option>"
        for team_id, name in names.items()
    )
    scopes = _items(query.get("scope", "").split(","))
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(query.get(name, ""))}">'
        for name in ("client_id", "scope", "redirect_uri", "state")
    )
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Backswing asks for permission</title>
<main>
<h1>Backswing asks for permission to access a workspace</h1>
<form method="post" action="{_PATH}">
{hidden}
<p><label>Workspace <select name="workspace">{options}</select></label></p>
<ul>{scopes}</ul>
<p><button name="answer" value="cancel">Cancel</button>
<button name="answer" value="allow">Allow</button></p>
</form>
</main>
</html>
"""


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)
