"""Entries and the newer ones beside them are only of channels that one may read."""

from sqlalchemy import update

from bot.knowledge import entries
from bot.workspace import sync
from models import Ask, AskReference, Channel
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER


def solved(story: Story, title: str) -> int:
    posted = story.ask(title, member=ASKER)
    answer = story.say(HELPER, "Like this.", thread_ts=posted.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    return story.asks()[-1].id


def test_what_is_in_a_private_channel_is_neither_an_entry_nor_newer(story: Story):
    sync.refresh(story.rt, story.workspace, users=[PEER], channel=HELP_CHANNEL)
    earlier, later = solved(story, "How do I fix x?"), solved(story, "How to fix x?")
    with story.rt.write(story.workspace) as tx:
        tx.session.add(
            AskReference(
                ask_id=later,
                earlier_ask_id=earlier,
                event_micros=1,
                recorded_at=tx.now,
            )
        )
    with story.rt.read(story.workspace) as tx:
        [entry] = entries.load(tx, PEER, [earlier])
        assert entry.newer is not None
        assert len(entries.load(tx, PEER, [earlier, later])) == 2
    with story.rt.write(story.workspace) as tx:
        den = Channel(
            installation_id=story.workspace.id,
            slack_id="C0DEN",
            is_private=True,
            is_joined=True,
        )
        tx.session.add(den)
        tx.session.flush()
        tx.session.execute(update(Ask).where(Ask.id == later).values(channel_id=den.id))
    with story.rt.read(story.workspace) as tx:
        [entry] = entries.load(tx, PEER, [earlier, later])
        assert (entry.ask_id, entry.newer) == (earlier, None)
