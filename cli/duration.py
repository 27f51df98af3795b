"""Write durations for a person at a terminal."""


def duration(seconds: float) -> str:
    """Return the duration in its largest fitting unit, such as "3 hours"."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
