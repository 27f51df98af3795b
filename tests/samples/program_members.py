"""Views of people who join programs, ask their leads, and leave."""

from dataclasses import replace
from functools import partial

from bot.programs import join_blocks, member_blocks, question_blocks
from bot.programs.member_blocks import Counts, JoinableProgram, Others, OwnProgram
from tests.samples.programs import INVITATION, LONGEST
from tests.samples.types import Samples

NAME = "New managers"
LONGEST_INVITATION = replace(INVITATION, texts=LONGEST)
LONG_QUESTION = "Is it for me? &amp; " * 150
OWN = OwnProgram(
    3,
    NAME,
    INVITATION.texts.goal,
    leads=["Dan"],
    others=Others(["Ben", "Chi"], 2),
    counts=Counts(2, 3),
    can_invite=True,
)
PROGRAMS = [
    OWN,
    OwnProgram(
        4,
        LONGEST.name,
        LONGEST.goal,
        leads=["Dan", "Eva"],
        others=Others(["Ben", "Chi", "Dan", "Eva"], 40),
        paused_until="3 June 2026",
        is_paused_by_silence=True,
    ),
    OwnProgram(5, "Writers", paused_until="3 June 2026"),
    OwnProgram(6, "Writers of 2025", is_over=True, leads=["Dan"]),
    OwnProgram(7),
]
JOINABLE = [
    JoinableProgram(8, NAME, INVITATION.texts.audience, has_leads=True),
    JoinableProgram(9, LONGEST.name, LONGEST.audience, has_leads=False),
]

SAMPLES: Samples = {
    join_blocks.invitation: [
        lambda: join_blocks.invitation(3, INVITATION),
        lambda: join_blocks.invitation(3, LONGEST_INVITATION),
    ],
    join_blocks.accepted: [
        lambda: join_blocks.accepted(3, "Reviewers"),
        lambda: join_blocks.accepted(3, "the program"),
    ],
    join_blocks.invitation_over: [join_blocks.invitation_over],
    join_blocks.declined: [partial(join_blocks.declined, 3)],
    join_blocks.not_posted: [lambda: join_blocks.not_posted(NAME, "C0HELP", "help")],
    join_blocks.invite_form: [
        lambda: join_blocks.invite_form(3, INVITATION, has_channel=True),
        lambda: join_blocks.invite_form(3, INVITATION, has_channel=False),
    ],
    join_blocks.done_modal: [
        lambda: join_blocks.done_modal("Invited", join_blocks.INVITED)
    ],
    join_blocks.join_form: [
        partial(
            join_blocks.join_form,
            3,
            program,
            rules_version=2,
            topics_known=["rust"],
            topics_wanted=[],
            participation="either",
            max_requests=most,
        )
        for program, most in ((LONGEST_INVITATION, None), (INVITATION, 2))
    ],
    join_blocks.joined: [
        partial(
            join_blocks.joined,
            NAME,
            join_blocks.what_is_next(channel, starts),
            is_new=is_new,
        )
        for channel, starts, is_new in (("help", "", True), ("", "1 March", False))
    ],
    question_blocks.question_form: [
        lambda: question_blocks.question_form(3, NAME, ["Dan", "Eva"])
    ],
    question_blocks.question_sent: [lambda: question_blocks.question_sent(["Dan"])],
    question_blocks.question: [
        lambda: question_blocks.question(7, "Ana", NAME, LONG_QUESTION),
        lambda: question_blocks.question(7, "Ana", NAME, "Is it?", answered_by="Dan"),
        lambda: question_blocks.question(
            7, "Ana", NAME, LONG_QUESTION, answered_by="Dan", answer=LONG_QUESTION
        ),
    ],
    question_blocks.reply_form: [lambda: question_blocks.reply_form(7, LONG_QUESTION)],
    question_blocks.answer: [
        partial(
            question_blocks.answer,
            3,
            NAME,
            lead="Dan",
            question_text=LONG_QUESTION,
            text=LONG_QUESTION,
            is_joined=not can_join,
            can_join=can_join,
        )
        for can_join in (True, False)
    ],
    member_blocks.own_programs: [
        lambda: member_blocks.own_programs([], []),
        lambda: member_blocks.own_programs(PROGRAMS, JOINABLE),
        lambda: member_blocks.own_programs([], JOINABLE),
    ],
    member_blocks.left: [lambda: member_blocks.left(3, NAME)],
    member_blocks.changed_rules: [
        lambda: member_blocks.changed_rules([(3, 2, NAME, INVITATION.texts.rules)])
    ],
    member_blocks.stay_question: [lambda: member_blocks.stay_question(3, NAME)],
    member_blocks.stayed: [lambda: member_blocks.stayed(1, NAME)],
    member_blocks.paused: [lambda: member_blocks.paused(1, NAME, "3 June 2026")],
}
