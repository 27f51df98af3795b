"""Texts for property tests: any text, and the worst that people have tried."""

from importlib.resources import files
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot import timezones

_ANY_CHARACTER = st.characters(exclude_categories=())
ANY_TEXT = st.text(_ANY_CHARACTER)

HARMFUL_SNIPPETS = [
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S0TEAM>",
    "<!subteam^S0TEAM|@team>",
    "<!date^1772442000^{date}|a day>",
    "&lt;!channel&gt;",
    "&amp;lt;!channel&amp;gt;",
    "@channel",
    "<@U0ANA>",
    "<@U0BEN|ben>",
    *(f"<@U{number}>" for number in range(8)),
    "<#C0HELP|help>",
    "<https://evil.example|https://bank.example>",
    "<https://evil.example/bank.example|bank.example>",
    "<https://a.example/b c>",
    "<https://a.example>",
    "<mailto:eve@evil.example|ana@peers.example>",
    "<javascript:alert(1)|https://bank.example>",
    *("`", "```", "```\n", "*", "_", "~", "&gt; ", ">", "<", "|", "&", ";", ":", "^"),
    ":+1:",
    ":wave::skin-tone-3:",
    ":" + "a" * 101 + ":",
    "\u202eevil",
    "\u2066",
    "\u200b",
    "\x00",
    "\ud83d",
    "\u0335" * 6,
    "\n",
    " ",
]
# Text that Slack might send as mrkdwn, and text that it never would.
HARMFUL_TEXT = st.lists(
    st.one_of(st.sampled_from(HARMFUL_SNIPPETS), ANY_TEXT), max_size=12
).map("".join)


def zones_that_differ() -> list[ZoneInfo]:
    """Return a zone for each set of rules: four names in ten are aliases."""
    data = files("tzdata.zoneinfo")
    names = sorted(timezones.known_names())
    rules = {data.joinpath(*name.split("/")).read_bytes(): name for name in names}
    return [ZoneInfo(name) for name in rules.values()]
