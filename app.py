"""The command line, `uv run app.py`; the only reader of the environment."""

import argparse
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from bot import logs
from bot.config import Settings, SettingsError, refuse_to_pretend
from commands import backup, doctor, exports, history, migrate, sandbox
from commands.parsing import CommandError
from commands.sandbox import play
from commands.serve import serve


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="app.py", description="A Slack bot for peer problem-solving channels."
    )
    made.set_defaults(run=run, replay=None, speed=None, empty=False, database=None)
    commands = made.add_subparsers(title="commands", metavar="")
    for command in (sandbox, doctor, history, migrate, backup, exports):
        command.add(commands)
    return made


def run(settings: Settings, args: argparse.Namespace) -> int:
    if settings.mode != "sandbox":
        return serve(settings)
    refuse_to_pretend(settings)
    return play(settings, args)


def main(arguments: Sequence[str]) -> int:
    args = parser().parse_args(arguments)
    try:
        try:
            settings = Settings()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsError(f"{name} is not valid: {first['msg']}.") from None
        logs.set_up(form=settings.log_format, level=settings.log_level)
        return int(args.run(settings, args))
    except (SettingsError, CommandError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    logs.take_uncaught()
    sys.exit(main(sys.argv[1:]))
