"""Write the page of the command line."""

import argparse

from reference.markdown import code, page, sentence, table

from cli import arguments


def command_line() -> str:
    parser = arguments.parser()
    [subparsers] = [
        action
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    helps = {action.dest: action.help or "" for action in subparsers._choices_actions}
    return page(
        "Command line",
        "cli/arguments.py",
        f"{parser.description}\n",
        "```\nuv run app.py\n```\n",
        f"{sentence(parser.epilog or '')}\n",
        *(_command(name, helps[name], sub) for name, sub in subparsers.choices.items()),
        "## Exit codes\n",
        table(
            ("Code", "Meaning"),
            (
                ("0", "Done, or ended by SIGTERM."),
                ("1", "Something is wrong: the message or the log says what."),
                (
                    "2",
                    "A setting or an argument is missing or wrong: it is named.",
                ),
                ("130", "Interrupted with Ctrl-C."),
            ),
        ),
    )


def _command(name: str, summary: str, parser: argparse.ArgumentParser) -> str:
    usage = parser.format_usage().removeprefix("usage: ")
    words = " ".join(usage.split()).replace("[-h] ", "").replace("[-h]", "").strip()
    rows = [
        (code(_argument(action)), sentence(action.help or ""))
        for action in parser._actions
        if "--help" not in action.option_strings
    ]
    parts = [f"## {name}\n", f"```\nuv run {words}\n```\n"]
    parts.append(f"{sentence(parser.description or summary)}\n")
    if rows:
        parts.append(table(("Argument", "Meaning"), rows))
    return "\n".join(parts)


def _argument(action: argparse.Action) -> str:
    value = action.metavar or "|".join(action.choices or ())
    return " ".join(filter(None, [*action.option_strings[-1:], str(value or "")]))
