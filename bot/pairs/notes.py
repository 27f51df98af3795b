"""The messages to members about their matches. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, ButtonElement, InteractiveElement

from bot.pairs.rules import (
    ASK_AGAIN_AFTER,
    SILENT_ROUNDS,
    Fit,
    State,
)
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    name_list,
    quoted,
    sentence_note,
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


@dataclass(frozen=True, slots=True)
class Status:
    """A match after the introduction, as one of its members sees it."""

    match_id: int
    # Those whom the reader meets or met, or who can't come.
    names: Sequence[str]
    state: State
    answer: str | None = None
    outcome: str | None = None
    fit: str | None = None
    # True if they were asked again whether they met.
    is_asked_again: bool = False


def status(view: Status) -> Note:
    """Build what stands in place of a message about a match after an answer."""
    names = name_list(view.names)
    if view.state is State.MET:
        return _met(view, names)
    if view.answer == "cant":
        text = (
            "All right, not this round. I say only that you can't this time. You're in"
            " again next time."
        )
        return _with_buttons(text, button("Stop", "pair_stop", view.match_id))
    if view.state is State.CANCELLED:
        return sentence_note(f"{names} can't this time.")
    if view.state is State.OVER:
        return sentence_note(
            f"You won't meet {names} this time. It doesn't count as a meeting, so I may"
            " match you again."
        )
    if view.outcome == "not_yet":
        days = ASK_AGAIN_AFTER.days
        text = f"You haven't met {names} yet."
        if not view.is_asked_again:
            text += f" I'll ask once more in {days} days."
        return _with_buttons(text, *_outcome_buttons(view.match_id, has_not_yet=False))
    return _with_buttons(
        f"You have a time with {names}. Enjoy it.",
        button("Can't after all", "pair_cant", view.match_id),
    )


def _met(view: Status, names: str) -> Note:
    thanks = button("Say thanks", "pair_thank", view.match_id)
    if view.fit == Fit.NO:
        return sentence_note(
            f"I won't match you with {names} again, and nobody learns of it. You can"
            " change that in My settings."
        )
    if view.fit is not None:
        return _with_buttons(f"You met {names}. Thank you for telling me.", thanks)
    text, blocks = sentence_note(f"You met {names}. Was it a good match?")
    return text, [
        *blocks,
        button_row(
            button("Yes", "pair_fit_yes", view.match_id),
            button("So-so", "pair_fit_so_so", view.match_id),
            button("No", "pair_fit_no", view.match_id),
            thanks,
        ),
        context_line(
            "Only you see your answer. After a no I won't match you with each other"
            " again."
        ),
    ]


def _with_buttons(text: str, *buttons: ButtonElement) -> Note:
    note, blocks = sentence_note(text)
    return note, [*blocks, button_row(*buttons)]


def _outcome_buttons(match_id: int, *, has_not_yet: bool) -> Sequence[ButtonElement]:
    buttons = [button("We met", "pair_met", match_id, style="primary")]
    if has_not_yet:
        buttons.append(button("Not yet", "pair_not_yet", match_id))
    return [*buttons, button("It won't happen", "pair_wont", match_id)]


def outcome_question(match_id: int, names: Sequence[str]) -> Note:
    """Ask a member whether they met."""
    return _with_buttons(
        f"Did you meet {name_list(names)}?",
        *_outcome_buttons(match_id, has_not_yet=True),
    )


def reminder(match_id: int, names: Sequence[str], first_writer: str) -> Note:
    """Remind a member of a match that nobody has answered."""
    people = name_list(names)
    text, blocks = sentence_note(
        f"Do you and {people} have a time for your coffee?"
        f" {f'{first_writer} writes' if first_writer else 'You write'} first."
    )
    return text, [
        *blocks,
        answer_row(match_id, has_stop=True),
        context_line("I remind you only once."),
    ]


def cancelled(leavers: Sequence[str], still_met: Sequence[str]) -> Note:
    """Tell a member that others can't come; they still meet the others, if any."""
    text = f"{name_list(leavers)} can't this time."
    if still_met:
        return sentence_note(f"{text} You still meet {name_list(still_met)}.")
    return sentence_note(
        f"{text} If someone else has nobody to meet in this round, I'll introduce you."
        " Else you come first next time."
    )


def left_out() -> Note:
    return sentence_note(
        "I found nobody for you in this round of peer coffee. If someone becomes free,"
        " I'll introduce you. Else you come first next time."
    )


def paused() -> Note:
    text, blocks = sentence_note(
        f"I heard nothing from you in {SILENT_ROUNDS} rounds of peer coffee, so I've"
        " paused it for you. Nobody else is told."
    )
    return text, [*blocks, button_row(button("Take part again", "pair_join", "coffee"))]


def joined(day: str) -> Note:
    return _with_buttons(
        f"You're in. The next round of peer coffee is on {day}.",
        button("Stop", "pair_stop", "coffee"),
    )


def stopped() -> Note:
    return _with_buttons(
        "You no longer take part in peer coffee. Nobody is told; someone you were to"
        " meet learns only that you can't this time.",
        button("Take part again", "pair_join", "coffee"),
    )


def gone() -> Note:
    """Build what stands in place of a match that is no longer stored."""
    return sentence_note("This round of peer coffee is over.")
