"""Every view and message that the bot can render, in all variants."""

import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.asks import blocks, forms, notes
from bot.asks.emoji_rules import DEFAULT_HELPFUL, DEFAULT_SOLVED
from bot.checkins import blocks as checkins
from bot.checkins import forms as checkin_forms
from bot.checkins import list_blocks
from bot.checkins import notes as checkin_notes
from bot.checkins.blocks import DigestEntry, RoundPrompt
from bot.checkins.rules import Response
from bot.features import FEATURES
from bot.home import blocks as home
from bot.home import notes as home_notes
from bot.home.row_blocks import RowList
from bot.knowledge import blocks as knowledge
from bot.knowledge import forms as knowledge_forms
from bot.knowledge import notes as knowledge_notes
from bot.knowledge.blocks import SuggestionsForAsk
from bot.kudos import blocks as kudos
from bot.kudos import forms as kudos_forms
from bot.kudos import notes as kudos_notes
from bot.mentors import forms as mentor_forms
from bot.mentors import notes as mentors
from bot.mentors.forms import OwnCredit
from bot.onboarding import blocks as onboarding
from bot.privacy import blocks as privacy
from bot.routing import notes as routing
from bot.settings import forms as settings
from bot.settings.blocks import unknown_emoji
from bot.slack import blocks as slack_blocks
from bot.slack.text import SOMEONE
from bot.workspace.member_settings import MemberSettings
from tests.test_conventions import VIEW_MODULES
from tests.view_sample_data import (
    ASK_LINE,
    BLOCKERS,
    CHECKIN_ITEMS,
    CLOSES_AT,
    CONSENTS,
    DUE_ROUND,
    ENTRY_VIEWS,
    FRIDAY,
    FULL_SCHEDULE_DRAFT,
    GIVEN_ROWS,
    PAST_ROUNDS,
    PREVIEW,
    QUESTION,
    REASONS,
    RECEIVED_ROWS,
    RESPONSE,
    ROUTING_STEPS,
    SCHEDULE_OVERVIEW,
    SHARE_PROMPT,
    SOLUTION,
    SOLVED_REASON,
    STATES,
    THANKS,
    TITLE,
    URL,
    ask,
    checkin_list,
    credit_offer,
    credit_story,
    digest_of,
    entry_view,
    found,
    full_ask,
    full_home,
    full_lead_page,
    full_settings_form,
    home_view,
    introduction,
    introduction_blocks,
    kudos_view,
    lead_page,
    listed,
    my_form,
    round_prompt,
    schedule_draft,
    settings_form,
    solved_note,
    summary,
    workspace_form,
)

Rendered = View | RowList | list[Block] | tuple[str, list[Block]]

# For each render function, calls that cover all of its branches.
SAMPLES: dict[Callable[..., Rendered], list[Callable[[], Rendered]]] = {
    blocks.message: [
        *(partial(blocks.message, ask(state)) for state in STATES),
        *(partial(blocks.message, full_ask(state)) for state in STATES),
        lambda: blocks.message(ask(origin_url=URL)),
    ],
    blocks.thread_line: [
        *(
            partial(blocks.thread_line, ask(state, is_captured=True))
            for state in STATES
        ),
        *(partial(blocks.thread_line, full_ask(state)) for state in STATES),
    ],
    blocks.disclaimed_line: [lambda: blocks.disclaimed_line(7)],
    forms.ask_form: [
        forms.ask_form,
        lambda: forms.ask_form(
            similar=knowledge.similar(ENTRY_VIEWS[:3]), looks={"words": ["vpn"]}
        ),
        lambda: forms.ask_form(use_current_channel=True),
        lambda: forms.ask_form(channel="C0HELP", channel_topics=("python", "time")),
        lambda: forms.ask_form(reports_typing=True),
        lambda: forms.ask_form(
            channel="C0HELP", hint=slack_blocks.NOT_IN_CHANNEL_CHOOSE
        ),
        lambda: forms.ask_form(
            ask_id=7,
            title=TITLE,
            details="Long\nstory",
            channel_topics=("python", "time"),
            topics=("time", "spring"),
        ),
    ],
    knowledge_forms.solved_unasked: [
        lambda: knowledge_forms.solved_unasked("C0HELP", "1772442000.000100")
    ],
    forms.close_form: [lambda: forms.close_form(7, TITLE, "Ana")],
    forms.delete_form: [lambda: forms.delete_form(7, TITLE)],
    forms.what_worked_form: [
        lambda: forms.what_worked_form(7, TITLE, None),
        lambda: forms.what_worked_form(7, TITLE, "Freezing the clock."),
    ],
    forms.options_modal: [
        partial(
            forms.options_modal,
            7,
            TITLE,
            state,
            possible,
            joined=joined,
            is_own_message=own,
        )
        for state, possible, joined, own in itertools.product(
            STATES,
            ((), ("looking", "same"), tuple(forms.OPTION_LABELS)),
            ((), ("looking", "same")),
            (False, True),
        )
    ],
    slack_blocks.form_about: [
        lambda: slack_blocks.form_about(
            "close_ask", ("ask", 7), TITLE, title="Close this ask", submit="Close it"
        )
    ],
    slack_blocks.sentence_note: [
        lambda: slack_blocks.sentence_note(f"{SOMEONE} says that ", "it's solved.")
    ],
    slack_blocks.message_modal: [
        lambda: slack_blocks.message_modal("Not possible", "It's already solved."),
        lambda: slack_blocks.message_modal(
            "Done", blocks.NOT_AN_ASK, blocks.undo_button(7)
        ),
    ],
    notes.ask_answered: [lambda: notes.ask_answered(TITLE, URL, "Ben")],
    notes.ask_captured: [lambda: notes.ask_captured(7, TITLE, URL, "100")],
    notes.ask_converted: [
        lambda: notes.ask_converted(TITLE, URL, "Dan", "100", is_first=True),
        lambda: notes.ask_converted(TITLE, URL, "Dan", "100", is_first=False),
    ],
    notes.ask_closed: [
        partial(notes.ask_closed, 7, TITLE, URL, "Dan", "Asked twice", state=state)
        for state in STATES
    ],
    notes.ask_reopened: [lambda: notes.ask_reopened(TITLE, URL)],
    notes.ask_deleted: [
        lambda: notes.ask_deleted(7, TITLE, "Dan", is_own_message=False),
        lambda: notes.ask_deleted(7, TITLE, "Dan", is_own_message=True),
    ],
    notes.disclaim_receipt: [lambda: notes.disclaim_receipt(7)],
    notes.ask_not_posted: [
        lambda: notes.ask_not_posted(TITLE, "", "help", "is_archived"),
        lambda: notes.ask_not_posted(TITLE, "Details", "help", "some_new_error"),
    ],
    notes.ask_solved: [
        solved_note,
        lambda: solved_note(by="Dan"),
        lambda: solved_note(by="Dan", solutions=[SOLUTION]),
        lambda: solved_note(solutions=[SOLUTION, ("Chi", URL)]),
        lambda: solved_note(candidates=[(1, "Ben, 02 Mar 09:00 UTC")]),
        lambda: solved_note(by="Dan", has_what_worked=True),
        lambda: solved_note(
            candidates=[(1, "Ben, 02 Mar 09:00 UTC")], has_what_worked=True
        ),
        lambda: solved_note(has_what_worked=True),
    ],
    notes.solved_for_joiner: [
        lambda: notes.solved_for_joiner(TITLE, URL, None),
        lambda: notes.solved_for_joiner(TITLE, URL, SOLUTION),
    ],
    notes.solution_suggestion: [
        lambda: notes.solution_suggestion(7, [(1, "Ben", False)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True), (2, "Chi", False)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True), (2, "Chi", True)]),
    ],
    notes.mark_receipt: [
        lambda: notes.mark_receipt("helpful", "C0HELP", "1772442000.000100"),
        lambda: notes.mark_receipt("solved", "C0HELP", "1772442000.000100"),
    ],
    notes.answer_helped: [
        lambda: notes.answer_helped(TITLE, URL, "Ana", ["Chi", "Dan"])
    ],
    notes.answer_solved: [
        lambda: notes.answer_solved(TITLE, URL, "Ana", []),
        lambda: notes.answer_solved(TITLE, URL, "Ana", ["Chi"]),
    ],
    notes.answer_helped_again: [
        lambda: notes.answer_helped_again(URL, "March", "Ana", "today")
    ],
    knowledge.suggestion: [
        lambda: knowledge.suggestion(7, [entry_view()]),
        lambda: knowledge.suggestion(7, ENTRY_VIEWS[:3]),
    ],
    knowledge.suggestions_in_options: [
        lambda: knowledge.suggestions_in_options(7, ENTRY_VIEWS[:3])
    ],
    knowledge.suggestions_for_asks: [
        lambda: knowledge.suggestions_for_asks([]),
        lambda: knowledge.suggestions_for_asks(
            [SuggestionsForAsk(n, TITLE, ENTRY_VIEWS[:3]) for n in range(3)]
        ),
    ],
    knowledge.similar: [lambda: knowledge.similar(ENTRY_VIEWS[:3])],
    knowledge.results: [
        lambda: found(ENTRY_VIEWS),
        lambda: found(ENTRY_VIEWS[:5], next_start=5),
        lambda: found(ENTRY_VIEWS[:5], start=5, next_start=10, includes_open=True),
        lambda: found([]),
        lambda: found([], is_complete=False),
    ],
    knowledge_forms.find_form: [
        knowledge_forms.find_form,
        lambda: knowledge_forms.find_form("VPN"),
    ],
    knowledge_forms.results_modal: [
        lambda: knowledge_forms.results_modal(found(ENTRY_VIEWS, next_start=5)[1])
    ],
    knowledge_forms.outdated_form: [lambda: knowledge_forms.outdated_form(7, TITLE)],
    knowledge_notes.outdated_question: [
        lambda: knowledge_notes.outdated_question(7, TITLE, URL, []),
        lambda: knowledge_notes.outdated_question(7, TITLE, URL, ["vpnctl is gone"]),
    ],
    knowledge_forms.pointer_form: [
        lambda: knowledge_forms.pointer_form(7, TITLE, []),
        lambda: knowledge_forms.pointer_form(7, TITLE, ENTRY_VIEWS[:3]),
    ],
    knowledge_notes.pointer: [
        lambda: knowledge_notes.pointer(
            "Dan", TITLE, URL, asker="Chi", solved_emoji="white_check_mark"
        )
    ],
    knowledge_notes.hidden_pointer: [
        lambda: knowledge_notes.hidden_pointer("Dan"),
        lambda: knowledge_notes.hidden_pointer("Dan", is_deleted=True),
    ],
    knowledge_notes.pointer_helped: [
        lambda: knowledge_notes.pointer_helped(TITLE, URL, ["Chi"]),
        lambda: knowledge_notes.pointer_helped(TITLE, URL, ["Chi", "Ana"]),
    ],
    knowledge_notes.pointer_not_posted: [
        lambda: knowledge_notes.pointer_not_posted(TITLE, URL)
    ],
    knowledge_notes.withdrawn: [lambda: knowledge_notes.withdrawn(7)],
    knowledge_notes.solved: [lambda: knowledge_notes.solved(7)],
    routing.request: [
        lambda: routing.request(
            7, ASK_LINE, SOLVED_REASON, is_one_of_two=True, is_first=True
        ),
        *(
            partial(
                routing.request,
                7,
                ASK_LINE,
                reason,
                is_one_of_two=False,
                is_first=False,
            )
            for reason in REASONS
        ),
    ],
    routing.request_accepted: [lambda: routing.request_accepted(ASK_LINE)],
    routing.request_declined: [
        lambda: routing.request_declined(7, ASK_LINE, topics=(), is_waiting=False),
        lambda: routing.request_declined(
            7, ASK_LINE, topics=("vpn", "laptops", "wifi", "build"), is_waiting=True
        ),
    ],
    routing.request_over: [
        lambda: routing.request_over(None, has_answer=False),
        lambda: routing.request_over(ASK_LINE, has_answer=False),
        lambda: routing.request_over(ASK_LINE, has_answer=True),
    ],
    routing.request_answered: [
        lambda: routing.request_answered(ASK_LINE, has_helped=False),
        lambda: routing.request_answered(ASK_LINE, has_helped=True),
    ],
    routing.notice: [
        partial(routing.notice, 7, ASK_LINE, steps) for steps in ROUTING_STEPS
    ],
    routing.champions: [
        lambda: routing.champions(("C0HELP", "help"), [(ASK_LINE, 0)], 0),
        lambda: routing.champions(
            ("C0HELP", "help"), [(ASK_LINE, count) for count in range(5)], 3
        ),
    ],
    mentors.credit_offer: [
        credit_offer,
        *(
            partial(
                credit_offer,
                consent=consent,
                channel=channel,
                url=url,
                asks_first=False,
            )
            for consent, channel, url in itertools.product(
                CONSENTS, ("help", ""), (URL, "")
            )
        ),
        lambda: credit_offer(share=None, story=credit_story(7)),
        lambda: credit_offer(share=0.001, story=credit_story(1)),
        lambda: credit_offer(story=credit_story(0)),
        lambda: credit_offer(
            story=credit_story(0, nominated_by="Eva", reason="For all that welcome")
        ),
    ],
    mentors.post: [
        lambda: mentors.post("U0BEN", "Ben", credit_story()),
        lambda: mentors.post("U0BEN", "Ben", credit_story(9)),
        lambda: mentors.post("U0BEN", "Ben", credit_story(0)),
        lambda: mentors.post(
            "U0BEN", "Ben", credit_story(0, nominated_by="Eva", reason="For it all")
        ),
    ],
    mentors.withdrawn_post: [mentors.withdrawn_post],
    mentors.marker_note: [
        lambda: mentors.marker_note(
            "Ben", credit_story().contributions[0], "help", URL
        ),
        lambda: mentors.marker_note("Ben", credit_story().contributions[0], "", ""),
    ],
    mentors.not_posted: [
        lambda: mentors.not_posted("help", "unknown"),
        lambda: mentors.not_posted("help", "is_archived"),
    ],
    mentors.ring_alert: [
        lambda: mentors.ring_alert("Ben", ["Ana", "Ben", "Chi"], 5, 4)
    ],
    mentor_forms.overview: [
        lambda: lead_page(0),
        lambda: lead_page(8, older_start=8),
        lambda: lead_page(
            8,
            scope="off",
            newer_start=0,
            older_start=16,
            rings=["Ben"],
            experts=["Dan", "Eva"],
        ),
        lambda: lead_page(2, scope="channels"),
        full_lead_page,
    ],
    mentor_forms.past_credits: [
        lambda: mentor_forms.past_credits([]),
        lambda: mentor_forms.past_credits(
            [
                OwnCredit(7, FRIDAY, answers, 2, channel, consent)
                for consent, channel, answers in itertools.product(
                    CONSENTS, ("help", ""), (0, 2)
                )
            ]
        ),
    ],
    mentor_forms.credit_form: [mentor_forms.credit_form],
    mentor_forms.settings_form: [
        lambda: mentor_forms.settings_form("workspace", []),
        lambda: mentor_forms.settings_form("channels", ["U0DAN"]),
    ],
    checkins.round_post: [
        lambda: checkins.round_post(round_prompt()),
        lambda: checkins.round_post(
            round_prompt(), checkins.PreviousRound(URL, shared_count=5, solved_count=1)
        ),
        lambda: checkins.round_post(
            round_prompt(),
            checkins.PreviousRound(URL, shared_count=50, solved_count=12),
        ),
        lambda: checkins.round_post(
            round_prompt(hint="", question="What &lt;now&gt;?" * 20)
        ),
        lambda: checkins.round_post(
            round_prompt(reflection="What would you do again? " * 7)
        ),
    ],
    checkin_forms.plan_form: [
        lambda: checkin_forms.plan_form("C0HELP", None, schedule_draft()),
        lambda: checkin_forms.plan_form(
            "C0HELP", 7, FULL_SCHEDULE_DRAFT, hint="Too late."
        ),
    ],
    checkin_forms.preview: [
        lambda: checkin_forms.preview("C0HELP", None, schedule_draft(), PREVIEW),
        lambda: checkin_forms.preview(
            "C0HELP", 7, FULL_SCHEDULE_DRAFT, replace(PREVIEW, hint="", excluded=[])
        ),
    ],
    list_blocks.overview: [
        lambda: list_blocks.overview("help", []),
        lambda: list_blocks.overview("help", PAST_ROUNDS * 2),
    ],
    list_blocks.due_round: [lambda: list_blocks.due_round(DUE_ROUND)],
    list_blocks.checkins: [
        lambda: list_blocks.checkins(checkin_list([])),
        lambda: list_blocks.checkins(checkin_list(CHECKIN_ITEMS)),
    ],
    list_blocks.schedule_list: [
        lambda: list_blocks.schedule_list([], may_add=True),
        lambda: list_blocks.schedule_list(
            [
                SCHEDULE_OVERVIEW,
                replace(
                    SCHEDULE_OVERVIEW,
                    pause_note="Paused.",
                    missed=[],
                    excluded=[],
                    next_times=[],
                ),
                replace(SCHEDULE_OVERVIEW, next_times=[]),
            ],
            may_add=False,
        ),
    ],
    checkin_notes.schedule_paused: [
        partial(checkin_notes.schedule_paused, QUESTION, "help", because)
        for because in ("archived", "away", "made private", "made public", "some_error")
    ],
    checkin_notes.schedule_paused_elsewhere: [
        partial(checkin_notes.schedule_paused_elsewhere, because)
        for because in ("archived", "away", "made private", "not_in_channel")
    ],
    checkin_notes.rounds_skipped: [
        partial(
            checkin_notes.rounds_skipped,
            QUESTION,
            "help",
            first=FRIDAY,
            last=date(2026, 3, 20),
            count=count,
            reason=reason,
        )
        for count, reason in ((1, "down"), (3, "down"), (1, "unsent"), (1, "unknown"))
    ],
    mentor_forms.pending_credits: [
        lambda: mentor_forms.pending_credits(
            [OwnCredit(7, FRIDAY, 2, 2, "help", "asked")]
        ),
        lambda: mentor_forms.pending_credits([]),
    ],
    checkin_forms.share_form: [
        lambda: checkin_forms.share_form(
            7,
            SHARE_PROMPT,
            RESPONSE,
            channel="help",
            until=CLOSES_AT,
            is_participant=True,
        ),
        lambda: checkin_forms.share_form(
            7,
            RoundPrompt("Well?"),
            Response("x" * 1000),
            channel="help",
            until=CLOSES_AT,
            is_participant=False,
        ),
    ],
    checkins.response_message: [
        *(
            partial(
                checkins.response_message,
                "U0ANA",
                "Ana",
                SHARE_PROMPT,
                RESPONSE,
                blocker,
            )
            for blocker in [None, *BLOCKERS]
        ),
        lambda: checkins.response_message(
            "U0ANA",
            "Ana",
            RoundPrompt("Well?"),
            Response(*[":a: x" * 200] * 4),
            BLOCKERS[0],
        ),
    ],
    checkins.digest: [
        lambda: digest_of(0),
        lambda: digest_of(1),
        lambda: digest_of(200),
        lambda: checkins.digest(
            SHARE_PROMPT.question,
            [DigestEntry("Ana"), DigestEntry("Ben", URL, "", "Tests", BLOCKERS[1])],
        ),
    ],
    checkin_notes.reminder: [
        lambda: checkin_notes.reminder(
            7, 3, SHARE_PROMPT.question, channel="help", url=URL, until=CLOSES_AT
        )
    ],
    checkin_notes.reminders_stopped: [
        lambda: checkin_notes.reminders_stopped(
            3, SHARE_PROMPT.question, channel="help"
        )
    ],
    checkin_notes.invitation: [
        lambda: checkin_notes.invitation(7, SHARE_PROMPT.question, channel="help")
    ],
    checkin_notes.response_not_posted: [
        partial(
            checkin_notes.response_not_posted,
            "help",
            checkins.response_message("U0ANA", "Ana", SHARE_PROMPT, RESPONSE, None)[1],
            error,
        )
        for error in ("is_archived", "unknown")
    ],
    checkin_notes.ask_offer: [
        lambda: checkin_notes.ask_offer(7, "Why is `a < b`? " * 60)
    ],
    checkin_notes.ask_created: [
        lambda: checkin_notes.ask_created(TITLE, URL),
        lambda: checkin_notes.ask_created(TITLE, ""),
    ],
    checkin_notes.join_receipt: [
        lambda: checkin_notes.join_receipt(3, SHARE_PROMPT.question, channel="help")
    ],
    checkin_notes.leave_receipt: [
        lambda: checkin_notes.leave_receipt(SHARE_PROMPT.question, channel="help")
    ],
    checkin_notes.leave_receipt_elsewhere: [checkin_notes.leave_receipt_elsewhere],
    checkin_notes.resume_receipt: [
        lambda: checkin_notes.resume_receipt(SHARE_PROMPT.question, channel="help")
    ],
    home.home_view: [
        lambda: home_view(is_new=True),
        home_view,
        full_home,
    ],
    home.denied_view: [home.denied_view],
    home.item_list: [
        lambda: home.item_list("Your open asks", listed("asks", 8, 8, 300)),
        lambda: home.item_list("Your open asks", listed("asks", 0, 0, 0), "None."),
    ],
    home.pager: [
        lambda: home.pager("Your open asks", listed("asks", 8, 8, 300), 8),
        lambda: home.pager("Your open asks", listed("asks", 8, 0, 8), 3),
        lambda: home.pager("Your open asks", listed("asks", 8, 0, 8), 0),
    ],
    home.settings_summary: [
        lambda: home.settings_summary(
            summary(MemberSettings(), "Asia/Kolkata", "6 March 2026")
        )
    ],
    home.waiting_messages: [
        lambda: home.waiting_messages([(1, "Ana asks. " * 60), (2, "Ben asks.")], 3)
    ],
    home_notes.help_hint: [home_notes.help_hint],
    home_notes.help_message: [lambda: home_notes.help_message("*Ask your peers.*")],
    home_notes.offer_to_ask: [lambda: home_notes.offer_to_ask("1772442000.000100")],
    knowledge_notes.notice: [
        lambda: knowledge_notes.notice(
            knowledge_notes.channel_part("C0HELP", "help"), URL
        ),
        lambda: knowledge_notes.notice(knowledge_notes.HIDDEN_CHANNEL, None),
    ],
    knowledge_notes.kept: [knowledge_notes.kept],
    knowledge_notes.not_kept: [knowledge_notes.not_kept],
    kudos.message: [
        lambda: kudos.message(kudos_view()),
        lambda: kudos.message(
            kudos_view(
                recipients=tuple(f"U0P{n}" for n in range(10)),
                reason="word " * 400,
                tags=("teamwork", "ops"),
                join_count=2,
                subject_url=URL,
            )
        ),
        lambda: kudos.message(kudos_view(taken_back_by="Ana")),
    ],
    kudos.history: [
        lambda: kudos.history([], [], remaining=5, daily_allowance=5),
        lambda: kudos.history(
            RECEIVED_ROWS * 3,
            GIVEN_ROWS * 2,
            remaining=0,
            daily_allowance=5,
            next_received="1772442000000100:7",
            next_given="1772442000000100:7",
        ),
    ],
    kudos.page: [
        lambda: kudos.page("received", RECEIVED_ROWS, next_cursor="1772442000000100:7"),
        lambda: kudos.page("given", GIVEN_ROWS),
        lambda: kudos.page("given", []),
    ],
    kudos.recent: [lambda: kudos.recent([]), lambda: kudos.recent(RECEIVED_ROWS)],
    kudos.thank_button_row: [
        lambda: kudos.thank_button_row("U0BEN"),
        lambda: kudos.thank_button_row("U0BEN", 'A "reason"\n' * 300),
    ],
    kudos_forms.kudos_form: [
        kudos_forms.kudos_form,
        lambda: kudos_forms.kudos_form(use_current_channel=True),
        lambda: kudos_forms.kudos_form(
            people=["U0BEN", "U0CHI"],
            reason=THANKS,
            tags=("teamwork", "x" * 30),
            channel="C0HELP",
            about={"channel": "C0HELP", "ts": "1772442000.000100"},
            about_url=URL,
            hint=kudos_forms.INVITE_BOT_FIRST,
        ),
    ],
    kudos_notes.receipt: [
        lambda: kudos_notes.receipt(7, ["Ben"], remaining=3),
        lambda: kudos_notes.receipt(
            7,
            ["Ben", "Chi"],
            remaining=0,
            warnings=["Robo is a bot. Kudos are for people."],
            is_private=True,
        ),
    ],
    kudos_notes.final_receipt: [
        lambda: kudos_notes.final_receipt(["Ben"], is_private=True)
    ],
    kudos_notes.taken_back_receipt: [kudos_notes.taken_back_receipt],
    kudos_notes.received: [
        lambda: kudos_notes.received("Ana", THANKS),
        lambda: kudos_notes.received(
            "Ana", THANKS, tags=("ops",), url=URL, channel="#help", subject_url=URL
        ),
        lambda: kudos_notes.received("Ana", THANKS, channel="a private channel"),
    ],
    kudos_notes.received_by_reaction: [
        lambda: kudos_notes.received_by_reaction("Ana", "tada::skin-tone-2", URL),
        lambda: kudos_notes.received_by_reaction("Ana", "tada", None),
    ],
    kudos_notes.taken_back_received: [lambda: kudos_notes.taken_back_received("Ana")],
    kudos_notes.limit_reached: [
        lambda: kudos_notes.limit_reached(
            ["You've thanked 5 people today, which is the limit."]
        )
    ],
    kudos_notes.not_posted: [
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "is_archived"),
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "unknown"),
    ],
    onboarding.introduction: [introduction],
    onboarding.preview: [
        lambda: onboarding.preview(7, "C0HELP", "help", introduction_blocks())
    ],
    onboarding.posted: [lambda: onboarding.posted("C0HELP", "help")],
    onboarding.already_posted: [lambda: onboarding.already_posted("C0HELP", "")],
    onboarding.not_now: [lambda: onboarding.not_now(7, "C0HELP", "help")],
    onboarding.not_posted: [
        lambda: onboarding.not_posted("C0HELP", "help", "unknown"),
        lambda: onboarding.not_posted("C0HELP", "help", "restricted_action"),
    ],
    onboarding.settings_offer: [lambda: onboarding.settings_offer(7)],
    onboarding.preview_modal: [
        lambda: onboarding.preview_modal(7, introduction_blocks())
    ],
    onboarding.greeting: [
        lambda: onboarding.greeting("C0HELP", "help", DEFAULT_HELPFUL, DEFAULT_SOLVED)
    ],
    onboarding.greetings_off: [onboarding.greetings_off],
    privacy.forget_form: [
        lambda: privacy.forget_form([], FEATURES.erasure_lines),
        lambda: privacy.forget_form(
            [(("ask", "asks"), 3), (("answer", "answers"), 1), (None, 2)],
            FEATURES.erasure_lines,
        ),
    ],
    privacy.erased_view: [privacy.erased_view],
    privacy.redacted_message: [privacy.redacted_message],
    settings.channel_form: [
        settings_form,
        lambda: settings_form(
            capture="questions",
            champions=("U0DAN",),
            topics=("python", "time"),
            guests_may_ask=False,
        ),
        lambda: settings_form(capture="all"),
        full_settings_form,
    ],
    settings.member_form: [
        my_form,
        lambda: my_form(
            topics_known=("python", "time"),
            topics_wanted=("rust",),
            wants_reminders=False,
            paused_until=FRIDAY,
            public_naming="never",
            max_requests_per_week=0,
        ),
    ],
    settings.saved_view: [
        lambda: settings.saved_view(unknown_emoji(["white_tick"])),
        lambda: settings.saved_view(unknown_emoji(["x" * 100] * 60)),
    ],
    settings.workspace_form: [
        workspace_form,
        lambda: workspace_form(program_leads=["U0DAN"], default_capture="all"),
    ],
}


def view_samples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each as sent to Slack: a view, or a message's text and blocks."""
    for function, calls in SAMPLES.items():
        name = f"{function.__module__.removeprefix('bot.')}.{function.__name__}"
        for number, call in enumerate(calls):
            yield f"{name}-{number}", to_json(call())


def to_json(rendered: Rendered) -> dict[str, Any]:
    if isinstance(rendered, View):
        return rendered.to_dict()
    if isinstance(rendered, RowList):
        rendered = rendered.blocks
    text, shown = rendered if isinstance(rendered, tuple) else ("An ask", rendered)
    return {"text": text, "blocks": [block.to_dict() for block in shown]}


def render_functions() -> set[Callable[..., Rendered]]:
    """Return the functions that render a view or message, found by return type."""
    return {
        function
        for module in map(import_module, VIEW_MODULES)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation
        in {View, RowList, list[Block], slack_blocks.Note, tuple[str, list[Block]]}
    }
