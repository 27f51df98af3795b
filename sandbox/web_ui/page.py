"""The page in the browser: one document, and the bundle built from web/."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

_SANDBOX: Final = Path(__file__).parent.parent
# The page shows people's text, which must neither run nor load anything.
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: https:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _page(_request: Request) -> Response:
    return FileResponse(_SANDBOX / "page.html", headers=_HEADERS)


def routes() -> list[BaseRoute]:
    return [
        Route("/", _page),
        # Permalinks, as `chat.getPermalink` returns them.
        Route("/archives/{channel}/{message}", _page),
        Mount("/static", StaticFiles(directory=_SANDBOX / "static")),
    ]
