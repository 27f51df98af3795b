"""Views of people who are asked."""

from functools import partial

from bot.routing import asker_notes, forms
from bot.routing import notes as routing
from tests.samples.types import Samples
from tests.view_sample_data import ASK_LINE, REASONS, ROUTING_STEPS, SOLVED_REASON

SAMPLES: Samples = {
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
    routing.open_requests: [
        lambda: routing.open_requests([(7, ASK_LINE, SOLVED_REASON)], more=0),
        lambda: routing.open_requests(
            [(n, ASK_LINE, reason) for n, reason in enumerate(REASONS)], more=2
        ),
    ],
    asker_notes.own_ask: [
        lambda: asker_notes.own_ask(7, ASK_LINE.title, None),
        *(partial(asker_notes.own_ask, 7, ASK_LINE.title, count) for count in range(3)),
    ],
    asker_notes.confirmation: [lambda: asker_notes.confirmation(7)],
    asker_notes.confirmed: [lambda: asker_notes.confirmed(ASK_LINE)],
    asker_notes.offer: [
        lambda: asker_notes.offer(7, []),
        lambda: asker_notes.offer(7, [("solved", "in March")]),
        lambda: asker_notes.offer(
            7, [("helped", "in March"), ("answered", "on 2 Mar")]
        ),
    ],
    routing.request_accepted: [lambda: routing.request_accepted(ASK_LINE)],
    routing.request_declined: [
        lambda: routing.request_declined(7, ASK_LINE, topics=()),
        lambda: routing.request_declined(
            7, ASK_LINE, topics=("vpn", "laptops", "wifi", "build")
        ),
    ],
    routing.request_over: [
        lambda: routing.request_over(None, has_answer=False),
        lambda: routing.request_over(ASK_LINE, has_answer=False),
        lambda: routing.request_over(ASK_LINE, has_answer=True),
    ],
    routing.request_expired: [routing.request_expired],
    asker_notes.notice_over: [asker_notes.notice_over],
    routing.request_answered: [
        lambda: routing.request_answered(ASK_LINE, has_helped=False),
        lambda: routing.request_answered(ASK_LINE, has_helped=True),
    ],
    asker_notes.notice: [
        partial(asker_notes.notice, 7, ASK_LINE, steps, is_own_message=is_own)
        for steps in ROUTING_STEPS
        for is_own in (False, True)
    ],
    routing.link_elsewhere: [lambda: routing.link_elsewhere(ASK_LINE)],
    routing.link_failed: [lambda: routing.link_failed(ASK_LINE, ("C0OPS", "ops"))],
    forms.channel_form: [lambda: forms.channel_form(7, ASK_LINE.title)],
    asker_notes.champions: [
        lambda: asker_notes.champions(("C0HELP", "help"), [(ASK_LINE, 0)], 0),
        lambda: asker_notes.champions(
            ("C0HELP", "help"), [(ASK_LINE, count) for count in range(5)], 3
        ),
    ],
}
