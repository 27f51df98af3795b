"""Errors of the command line."""


class CommandError(Exception):
    """A command can't be run; the message is a sentence for the operator."""
