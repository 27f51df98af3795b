"""The buttons of the notice that the words of answers are kept."""

from slack_bolt import App

from bot.knowledge import settings
from bot.runtime import Runtime, Transaction
from handlers.interactions import Reply, Response, on_button, writes
from handlers.payloads import BlockAction


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "answer_texts_off", writes(dont_keep))
    on_button(app, rt, "answer_texts_on", writes(keep))


def dont_keep(click: BlockAction, tx: Transaction) -> Response:
    note = settings.keep_words(tx, is_kept=False, by=click.actor)
    return Reply(*note, replace=True)


def keep(click: BlockAction, tx: Transaction) -> Response:
    note = settings.keep_words(tx, is_kept=True, by=click.actor)
    return Reply(*note, replace=True)
