"""Errors with a message for a member or an operator."""

from collections.abc import Mapping


class UserError(Exception):
    """A rule was broken. The message is for the member, and safe to show.

    `field` is the block id of the form's field with the error, if any; `field_errors`
    has a message for each field if several are wrong.
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
