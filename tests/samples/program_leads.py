"""Messages to program leads, and their section of the Home tab."""

from functools import partial

from bot.programs import lead_blocks
from bot.programs.lead_blocks import LeadRow
from tests.samples.types import Samples

LONGEST = "&amp;" * 60

SAMPLES: Samples = {
    lead_blocks.lead_prompt: [
        partial(lead_blocks.lead_prompt, 10**9, name) for name in ("Peers", LONGEST)
    ],
    lead_blocks.leads_to_ask: [
        partial(lead_blocks.leads_to_ask, 10**9, names)
        for names in (["Ana"], ["Ana", "Ben"], ["é" * 80] * 5)
    ],
    lead_blocks.lead_prompt_skipped: [lead_blocks.lead_prompt_skipped],
    lead_blocks.lead_prompts_off: [lead_blocks.lead_prompts_off],
    lead_blocks.lead_left: [
        partial(lead_blocks.lead_left, name, others)
        for name, others in (("Peers", 0), ("New managers", 1), (LONGEST, 4))
    ],
    lead_blocks.without_lead: [
        partial(lead_blocks.without_lead, name, is_workspace_wide=is_workspace_wide)
        for name, is_workspace_wide in (("Peers", True), (LONGEST, False))
    ],
    lead_blocks.unseen_without_lead: [lead_blocks.unseen_without_lead],
    lead_blocks.leads_who_asked: [
        lambda: lead_blocks.leads_who_asked(
            [LeadRow(1, "New managers", 1, 3), LeadRow(10**9, LONGEST, 0, 5)]
        )
    ],
}
