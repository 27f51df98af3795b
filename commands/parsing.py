"""What the commands of the command line have in common."""

from argparse import ArgumentParser
from typing import Protocol


class CommandError(Exception):
    """A command can't be run; the message is a sentence for the operator."""


class Commands(Protocol):
    """Where a command says what it is called and takes, and sets its `run`."""

    def add_parser(self, name: str, *, help: str) -> ArgumentParser: ...  # noqa: A002 - argparse's name
