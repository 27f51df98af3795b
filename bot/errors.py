"""Errors with a message for the person concerned."""

from collections.abc import Mapping


class UserError(Exception):
    """A rule was broken. The message is for the member, and safe to show.

    `field` is the form's block with the error, if it came from a form; `field_errors`
    has the message for each field if several are wrong.
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
