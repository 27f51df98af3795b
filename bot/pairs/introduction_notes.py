"""The message that introduces two or three people, with its reasons. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, InteractiveElement

from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    quoted,
)
from bot.slack.rich_text import Part, bold, fallback_text, link
from bot.slack.text import Token, full_stop, truncate

_MAX_TOPIC_LENGTH = 40
Sentence = Sequence[Part]
# Members don't know what the other likes to talk about; each begins easily.
QUESTIONS = (
    "What are you working on that you would like to talk about more?",
    "What did you learn lately that you wish you had known a year ago?",
    "Which decision of this month was harder than it looked?",
    "What do people often ask you about?",
    "What would you like to get better at this year?",
    "What is slower in your work than it should be?",
    "Which assumption of yours turned out to be wrong?",
    "Who helped you lately, and with what?",
    "What do you do differently from most people in your team?",
    "What is the best question that you were asked this month?",
    "What are you stuck on, if only a little?",
    "Which tool or habit would you miss most?",
)


@dataclass(frozen=True, slots=True)
class Mate:
    """A member whom the reader is to meet."""

    id: str
    name: str

    @property
    def mention(self) -> Token:
        return Token("person", self.name, self.id)


@dataclass(frozen=True, slots=True)
class AskLink:
    """An ask that the reader may see; the title is mrkdwn."""

    title: str
    url: str

    @property
    def part(self) -> Token:
        return link(self.url, quoted(self.title))

    @property
    def end(self) -> str:
        """The end of a sentence that ends with it."""
        return full_stop(quoted(self.title))


@dataclass(frozen=True, slots=True)
class Wish:
    """A topic that a member wants, and the other knows; "" is the reader.

    `asked` is an ask of the member about it; without it, the member named the topic.
    The other solved `count` asks, or helped with them; with 0, they named the topic.
    """

    member: str
    other: str
    topic: str
    asked: AskLink | None = None
    count: int = 0
    has_solved: bool = False
    answered: AskLink | None = None

    @property
    def parts(self) -> Sentence:
        topic = truncate(self.topic, _MAX_TOPIC_LENGTH)
        if self.asked:
            wish: Sentence = [
                f"{_subject(self.member)} asked about {topic}: ",
                self.asked.part,
                f"{self.asked.end} ",
            ]
        else:
            verb = "wants" if self.member else "want"
            wish = [f"{_subject(self.member)} {verb} to learn about {topic}. "]
        if self.answered is None:
            verb = "knows" if self.other else "know"
            return [*wish, f"{_subject(self.other)} {verb} about it."]
        did = "solved" if self.has_solved else "helped with"
        if self.count == 1:
            return [
                *wish,
                f"{_subject(self.other)} {did} ",
                self.answered.part,
                self.answered.end,
            ]
        return [
            *wish,
            f"{_subject(self.other)} {did} {self.count} asks on it, such as ",
            self.answered.part,
            self.answered.end,
        ]


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """An open ask of a member like one that the other solved; "" is the reader."""

    member: str
    other: str
    ask: AskLink
    solved: AskLink

    @property
    def parts(self) -> Sentence:
        owner = f"{self.member}'s ask" if self.member else "Your ask"
        return [
            f"{owner} ",
            self.ask.part,
            f" is open. {_subject(self.other)} solved ",
            self.solved.part,
            ", which is similar.",
        ]


def _subject(name: str) -> str:
    return name or "You"


@dataclass(frozen=True, slots=True)
class Introduction:
    """A match, as one of its members reads it."""

    match_id: int
    mates: Sequence[Mate]
    reasons: Sequence[Sentence]
    question: Sentence
    # Each time is a date for the reader, and the others' times in words.
    times: Sequence[tuple[Token, str]]
    # The name of the one who is asked to write first; "" is the reader.
    first_writer: str


def introduction(view: Introduction) -> Note:
    """Introduce the members of a match to one of them."""
    head: Sentence = ["Peer coffee: meet ", *mentions(view.mates), "."]
    why: list[Part] = [bold("Why you two: " if len(view.mates) == 1 else "Why you: ")]
    for reason in view.reasons:
        why += [*reason, " "]
    blocks: list[Block] = [
        rich_text.inline(*head),
        rich_text.inline(*why),
        rich_text.inline(bold("To begin with: "), *view.question),
    ]
    if view.times:
        times: list[Part] = [bold("Times that suit you all: ")]
        if len(view.mates) == 1:
            times = [bold("Times that suit you both: ")]
        for number, (at, others) in enumerate(view.times):
            times += [" or " if number else "", at, f" ({others})" if others else ""]
        blocks.append(rich_text.inline(*times, "."))
    writer = view.first_writer
    blocks.append(
        rich_text.inline(f"{writer} writes first." if writer else "You write first.")
    )
    return fallback_text(*head), [
        *blocks,
        answer_row(view.match_id, has_stop=True),
        context_line(
            "If you can't, the other learns that you can't this time, and nothing else."
        ),
    ]


def mentions(mates: Sequence[Mate]) -> Sentence:
    """Return the mentions of members: "@Ana and @Ben"."""
    parts: list[Part] = []
    for number, mate in enumerate(mates):
        separator = " and " if number == len(mates) - 1 else ", "
        parts += [separator if number else "", mate.mention]
    return parts


def answer_row(match_id: int, *, has_stop: bool) -> Block:
    """Build the buttons of an open match."""
    buttons: list[InteractiveElement] = [
        button("We have a time", "pair_time", match_id, style="primary"),
        button("Can't this round", "pair_cant", match_id),
    ]
    if has_stop:
        buttons.append(button("Stop", "pair_stop", match_id))
    return button_row(*buttons)
