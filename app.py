"""The command line, `uv run app.py`; the only reader of the environment."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

# The exit code of a process that Ctrl-C ended.
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    try:
        # Here, so that Ctrl-C is heard from the first moment.
        from cli.arguments import parser  # noqa: PLC0415

        return run(parser().parse_args(arguments))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED


def run(args: "Namespace") -> int:
    # Only here: who asks for help or the version need not wait for these.
    from cli.memory import collect_less_often  # noqa: PLC0415

    collect_less_often()
    from bot import errors, logs  # noqa: PLC0415
    from bot.config import settings as config_settings  # noqa: PLC0415
    from cli.errors import CommandError  # noqa: PLC0415

    if __name__ == "__main__":
        logs.log_uncaught_errors()
    try:
        settings = config_settings.load_settings(config_settings.Settings)
        logs.set_up(style=settings.log_format, level=settings.log_level)
        return int(args.run(settings, args))
    except (errors.SettingsError, CommandError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    # Characters that the terminal can't show are replaced; otherwise they would raise.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        sys.exit(main(sys.argv[1:]))
    except SystemExit as ended:
        from cli.exit import exit_soon

        exit_soon(ended.code)
        raise
