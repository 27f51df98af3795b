"""`app.py` without a command: serve a real workspace, or a pretend one."""

import argparse

from bot.config.settings import Settings, refuse_accidental_sandbox


def start(settings: Settings, args: argparse.Namespace) -> int:
    """Serve the tokens' workspace, or the sandbox without tokens.

    Raises SettingsError.
    """
    # Imports take a second or two, so only the command's are done.
    if settings.mode != "sandbox":
        from cli.serve import serve  # noqa: PLC0415

        return serve(settings)
    refuse_accidental_sandbox(settings)
    from cli.sandbox import play  # noqa: PLC0415

    return play(settings, args)
