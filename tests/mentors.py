"""Help, detection and decisions about unexpected mentors."""

from typing import Any

from sqlalchemy import select

import jobs.mentors
from bot.workspace import member_settings
from models import Credit
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELPER, PEER, user_object

# From Monday, when the stories begin, to Friday at ten in Helsinki.
TO_FRIDAY = {"days": 3, "hours": 23}


def help_out(story: Story, *, helper: str = HELPER) -> None:
    """Let the helper solve an ask of one member and help with another's."""
    for asker, emoji in ((ASKER, "white_check_mark"), (PEER, "+1")):
        ask = story.ask(f"How does {asker} do it?", member=asker)
        reply = story.say(helper, "Like this.", thread_ts=ask.ts)
        story.react(asker, reply, emoji)
    for talker in (ADMIN, CHAMPION, ASKER):
        for _ in range(4):
            story.say(talker, "Good morning")
    story.advance(minutes=2)
    for member_id in (helper, ASKER, PEER, ADMIN, CHAMPION):
        meet(story, member_id)


def meet(story: Story, slack_id: str, **facts: Any) -> None:
    user = user_object(slack_id, **facts)
    story.slack.people[slack_id] = user
    assert story.event({"type": "user_change", "user": user}) == 200


def run_detection(story: Story) -> None:
    jobs.mentors.detect(story.rt, story.worker)
    story.deliver()


def on_friday(story: Story) -> None:
    story.clock.advance(**TO_FRIDAY)
    run_detection(story)


def credited(story: Story) -> list[Credit]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(Credit).order_by(Credit.id)))


def the_credit(story: Story) -> Credit:
    [credit] = credited(story)
    return credit


def last(story: Story, recipient: str) -> PostedMessage:
    return story.slack.messages_to(recipient)[-1]


def choose(story: Story, action: str, *, member: str = HELPER) -> None:
    assert story.click(member, action, str(the_credit(story).id)).status == 200
    story.deliver()


def prefer(story: Story, member: str, **choices: Any) -> None:
    with story.rt.write(story.rt.workspaces.only) as tx:
        member_settings.update(tx, member, **choices)
