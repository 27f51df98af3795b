"""Write the pages of the metrics and of the doctor."""

from reference.markdown import code, page, table

from cli import doctor
from handlers import collectors, metrics


def metrics_page() -> str:
    declared = [
        *((f"{name}_total", about) for name, about in metrics.COUNTERS.items()),
        *metrics.GAUGES.items(),
        *collectors.GAUGES.items(),
    ]
    return page(
        "Metrics",
        "handlers/metrics.py and handlers/collectors.py",
        "At `/metrics`, for Prometheus. [Monitor](../operate/monitor.md) says which are"
        " worth an alert.\n",
        table(
            ("Metric", "Labels", "Meaning"),
            (
                (code(name), ", ".join(map(code, about.labels)), about.documentation)
                for name, about in sorted(declared, key=lambda pair: pair[0])
            ),
        ),
        "There are also the usual `process_…`: CPU time, memory, open files, start"
        " time.\n",
    )


def doctor_page() -> str:
    return page(
        "Doctor",
        "cli/doctor/",
        "The rows of `uv run app.py doctor`. Each is *ok*, a *warning* (it works, but"
        " not as it should) or *wrong*, with what to do. See"
        " [Troubleshoot](../operate/troubleshoot.md).\n",
        table(
            ("Row", "Checks"), ((name, checks) for name, checks in doctor.ROWS.items())
        ),
    )
