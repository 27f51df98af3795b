"""What an operator's tools ask the process: does it live, is it ready, how is it."""

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from handlers.metrics import KIND, Metrics
from handlers.readiness import Readiness

# Whoever asks for readiness has to know by then; no answer is one, too.
PATIENCE_SECONDS = 5
# However many ask, they take no more of the process, nor of the database.
LOOKERS = 2


class Health:
    """Knows no secrets, and yet is for the operator's own network only."""

    def __init__(
        self,
        readiness: Readiness,
        metrics: Metrics,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._patience = patience_seconds
        self._lookers = CapacityLimiter(LOOKERS)
        self._readers = CapacityLimiter(LOOKERS)

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.lives, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def lives(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(self, _: Request) -> Response:
        """200 where all is well, else 503; a line for each part in either case."""
        found = None
        with move_on_after(self._patience):
            found = await to_thread.run_sync(
                self._readiness.look, limiter=self._lookers, abandon_on_cancel=True
            )
        if found is None:
            why = f"not ready\nno answer within {self._patience} seconds\n"
            return PlainTextResponse(why, status_code=503)
        is_ready = not any(found.values())
        said = "".join(f"{part}: {why or 'ok'}\n" for part, why in found.items())
        return PlainTextResponse(
            f"{'ready' if is_ready else 'not ready'}\n{said}",
            status_code=200 if is_ready else 503,
        )

    async def metrics(self, _: Request) -> Response:
        page = await to_thread.run_sync(self._metrics.page, limiter=self._readers)
        return Response(page, headers={"content-type": KIND})
