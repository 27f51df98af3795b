"""Answer an operator's tools: is the process alive, is it ready, how is it."""

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from handlers.metrics import CONTENT_TYPE, Metrics
from handlers.readiness import Readiness

# Whoever asks for readiness has to know by then; no answer is one, too.
READINESS_TIMEOUT_SECONDS = 5
# However many ask, they take no more of the process, nor of the database.
MAX_CONCURRENT = 2


class Health:
    """Knows no secrets, and yet is for the operator's own network only."""

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
        """200 where all is well, else 503; a line for each part in either case."""
        problems = None
        with move_on_after(self._timeout_seconds):
            problems = await to_thread.run_sync(
                self._readiness.check,
                limiter=self._readiness_limiter,
                abandon_on_cancel=True,
            )
        if problems is None:
            why = f"not ready\nno answer within {self._timeout_seconds} seconds\n"
            return PlainTextResponse(why, status_code=503)
        is_ready = not any(problems.values())
        lines = "".join(f"{part}: {why or 'ok'}\n" for part, why in problems.items())
        return PlainTextResponse(
            f"{'ready' if is_ready else 'not ready'}\n{lines}",
            status_code=200 if is_ready else 503,
        )

    async def metrics(self, _: Request) -> Response:
        page = await to_thread.run_sync(
            self._metrics.render, limiter=self._metrics_limiter
        )
        return Response(page, headers={"content-type": CONTENT_TYPE})
