"""How a rule says no."""

from collections.abc import Mapping


class UserError(Exception):
    """A rule said no. The message is worded for the member and safe to show.

    `field` is the block of the form that it is about, if it came from a form; where
    several fields are wrong, `fields` says of each of them what.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        field_errors: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.field = field
        self.field_errors = dict(field_errors or {})


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it, and never shows a secret."""
