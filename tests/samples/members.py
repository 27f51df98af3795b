"""Views for members: Home, settings, mentors, onboarding and their data."""

import itertools
from dataclasses import replace
from functools import partial

from bot.features import FEATURES
from bot.home import blocks as home
from bot.home import notes as home_notes
from bot.home.rules import PAGES
from bot.mentors import forms as mentor_forms
from bot.mentors import notes as mentors
from bot.mentors.forms import OwnCredit
from bot.onboarding import blocks as onboarding
from bot.pairs import blocks as pair_blocks
from bot.pairs.blocks import LeadView
from bot.privacy import blocks as privacy
from bot.programs.defaults import DEFAULTS
from bot.settings import forms as settings
from bot.settings.blocks import unknown_emoji
from bot.workspace.member_settings import MemberSettings
from tests.samples.types import Samples
from tests.view_sample_data import (
    CONSENTS,
    FRIDAY,
    URL,
    credit_offer,
    credit_story,
    full_home,
    full_lead_page,
    full_settings_form,
    home_view,
    introduction,
    introduction_blocks,
    lead_page,
    listed,
    my_form,
    settings_form,
    summary,
    workspace_form,
)

SAMPLES: Samples = {
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
    mentor_forms.pending_credits: [
        lambda: mentor_forms.pending_credits(
            [OwnCredit(7, FRIDAY, 2, 2, "help", "asked")]
        ),
        lambda: mentor_forms.pending_credits([]),
    ],
    home.home_view: [
        lambda: home_view(is_new=True),
        lambda: home_view(pages=PAGES),
        home_view,
        full_home,
    ],
    home.page_modal: [
        lambda: home.page_modal(
            "people",
            [pair_blocks.lead_home(LeadView(12, "Tuesday", needs_people=False))] * 40,
        )
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
        lambda: onboarding.greeting("C0HELP", "help", DEFAULTS),
        lambda: onboarding.greeting("C0HELP", "help", DEFAULTS, joinable_program=10**9),
        lambda: onboarding.greeting(
            "C0HELP", "help", replace(DEFAULTS, name="W" * 90), joinable_program=1
        ),
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
