"""An answer that helped, whose words can be found."""

from sqlalchemy import select

from models import AnswerText
from tests.factories import Story
from tests.slack_payloads import ASKER, HELPER

TITLE = "How do I renew the VPN certificate?"
WORDS = "Run vpnctl renew and log in again."


def solve_an_ask(
    story: Story,
    title: str = TITLE,
    words: str = WORDS,
    *,
    asker: str = ASKER,
    author: str = HELPER,
) -> str:
    """Somebody asks, and somebody's answer solves it; return the answer's ts."""
    ask = story.ask(title, member=asker)
    answer = story.say(author, words, thread_ts=ask.ts)
    story.react(asker, answer, "white_check_mark")
    story.deliver()
    make_findable(story, answer, words)
    return answer


def make_findable(story: Story, ts: str, words: str) -> None:
    """The bot has read an answer's words, and its author knows."""
    [answer] = (answer for answer in story.answers() if answer.ts == ts)
    with story.rt.write(story.workspace) as tx:
        kept = tx.session.scalar(select(AnswerText).filter_by(answer_id=answer.id))
        if kept is None:
            kept = AnswerText(
                answer_id=answer.id,
                installation_id=story.workspace.id,
                ask_id=answer.ask_id,
                author=answer.author,
                requested_at=story.clock(),
            )
            tx.session.add(kept)
        kept.text, kept.is_findable = words, True
