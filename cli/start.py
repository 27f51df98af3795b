"""`app.py` without a command: serve a real workspace, or a pretend one."""

import argparse
import gc
from functools import partial

from bot.config.sandbox_guard import refuse_accidental_sandbox
from bot.config.settings import Settings


def start(settings: Settings, args: argparse.Namespace) -> int:
    """Serve the tokens' workspace, or the sandbox without tokens.

    Raises SettingsError.
    """
    is_sandbox = settings.mode == "sandbox"
    if is_sandbox:
        refuse_accidental_sandbox(settings)
    # Imports take a second or two, so only the command's are done. Modules are no
    # garbage: to look for it among them takes a sixth of the time.
    gc.disable()
    if is_sandbox:
        from cli.sandbox import play  # noqa: PLC0415

        command = partial(play, settings, args)
    else:
        from cli.serve import serve  # noqa: PLC0415

        command = partial(serve, settings)
    gc.enable()
    return command()
