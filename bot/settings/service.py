"""Channel settings: read for the form, checked, recorded."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.answers import registers
from bot.asks.rules import topic_name
from bot.channels import rules
from bot.channels import service as channels
from bot.errors import Refusal
from bot.members import service as members
from bot.members.rules import Action, check
from bot.settings import blocks
from models import Channel


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings form as it was sent: emoji and topics as typed."""

    capture: str
    champions: list[str]
    topics: str
    helpful: str
    solved: str
    guests_may_ask: bool


def may_set_up(session: Session, channel: Channel, by: str) -> None:
    """Raises Refusal for anybody but the channel's champions and admins."""
    check(Action.SET_UP, members.roles(session, channel, by))


def change(session: Session, channel: Channel, chosen: Chosen, *, by: str) -> None:
    """Record the settings; raises Refusal, with the field, for what makes no sense."""
    may_set_up(session, channel, by)
    helpful = _emoji(chosen.helpful, "helpful")
    solved = _emoji(chosen.solved, "solved")
    both = {rules.same_emoji(e) for e in helpful} & {
        rules.same_emoji(e) for e in solved
    }
    if both:
        raise Refusal("One emoji can't mean both helpful and solved.", field="solved")
    taken = {rules.same_emoji(e) for e in (*rules.LOOKING, *rules.SAME)}
    if taken & {rules.same_emoji(e) for e in solved}:
        raise Refusal(
            ":eyes: and :raising_hand: mean something else on an ask.", field="solved"
        )
    if chosen.capture not in {value for value, _, _ in blocks.CAPTURE}:
        raise Refusal("Choose one of the three.", field="capture")
    topics = list(
        dict.fromkeys(filter(None, map(topic_name, chosen.topics.split(","))))
    )
    if len(topics) > blocks.MOST_TOPICS:
        raise Refusal(f"At most {blocks.MOST_TOPICS} topics.", field="topics")
    _check_length(blocks.listed(topics), blocks.LONGEST_TOPICS, "topics")
    for slack_id in chosen.champions:
        _check_champion(session, channel, slack_id)
    if chosen.capture == "off" and channel.capture != "off":
        registers.forget(session, channel.id)
    channel.capture = chosen.capture
    channel.helpful_emoji = None if helpful == list(rules.HELPFUL) else helpful
    channel.solved_emoji = None if solved == list(rules.SOLVED) else solved
    channel.topics = topics
    channel.guests_may_ask = chosen.guests_may_ask
    channels.set_champions(session, channel.id, chosen.champions)


def _emoji(typed: str, field: str) -> list[str]:
    names, bad = rules.emoji_names(typed)
    if bad:
        raise Refusal(f"No name of an emoji: {', '.join(bad[:3])}", field=field)
    if not names:
        raise Refusal("Name at least one emoji, such as :+1:", field=field)
    _check_length(blocks.named(names), blocks.LONGEST_EMOJI, field)
    return names


def _check_length(shown: str, limit: int, field: str) -> None:
    """The form shows the settings written out, which can be longer than was typed."""
    if len(shown) > limit:
        raise Refusal("That is more than fits here; take some out.", field=field)


def _check_champion(session: Session, channel: Channel, slack_id: str) -> None:
    member = members.find(session, channel.installation_id, slack_id)
    if member is not None and (
        member.is_bot or member.is_deactivated or member.is_stranger
    ):
        raise Refusal(
            f"{member.name or 'One of them'} can't be a champion: choose people of"
            " your workspace.",
            field="champions",
        )
