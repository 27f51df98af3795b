"""Serve /healthz, /readyz and /metrics to the operator's tools."""

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from handlers.metrics import CONTENT_TYPE, Metrics
from handlers.readiness import Readiness

# Checks that take longer count as failed.
READINESS_TIMEOUT_SECONDS = 5
# Limits the threads and database connections that requests here can take.
MAX_CONCURRENT = 2


class Health:
    """The endpoints. They show no secrets, but are meant for the operator's network."""

    def __init__(
        self,
        readiness: Readiness,
        metrics: Metrics,
        *,
        timeout_seconds: float = READINESS_TIMEOUT_SECONDS,
    ) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._timeout_seconds = timeout_seconds
        self._readiness_limiter = CapacityLimiter(MAX_CONCURRENT)
        self._metrics_limiter = CapacityLimiter(MAX_CONCURRENT)

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(self, _: Request) -> Response:
        """Return 200 if every part is ready, else 503, with one line per part."""
        problems = None
        with move_on_after(self._timeout_seconds):
            problems = await to_thread.run_sync(
                self._readiness.check,
                limiter=self._readiness_limiter,
                abandon_on_cancel=True,
            )
        if problems is None:
            text = f"not ready\nno answer within {self._timeout_seconds} seconds\n"
            return PlainTextResponse(text, status_code=503)
        is_ready = not any(problems.values())
        lines = "".join(
            f"{part}: {problem or 'ok'}\n" for part, problem in problems.items()
        )
        return PlainTextResponse(
            f"{'ready' if is_ready else 'not ready'}\n{lines}",
            status_code=200 if is_ready else 503,
        )

    async def metrics(self, _: Request) -> Response:
        page = await to_thread.run_sync(
            self._metrics.render, limiter=self._metrics_limiter
        )
        return Response(page, headers={"content-type": CONTENT_TYPE})
