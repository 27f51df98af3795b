"""What the commands of the command line have in common."""


class CommandError(Exception):
    """A command can't be run; the message is a sentence for the operator."""
