"""Write the page of the personal data."""

from itertools import groupby

from reference.markdown import code, filled, page

from bot.features import FEATURES
from bot.personal_data import TablePolicy


def personal_data() -> str:
    def module(policy: TablePolicy) -> str:
        return str(policy.model.__module__).removeprefix("models.")

    def heading(name: str) -> str:
        return name.replace("_", " ").replace("checkins", "check-ins").capitalize()

    groups = groupby(sorted(FEATURES.personal_data, key=module), key=module)
    return page(
        "Personal data",
        "each feature's personal_data.py",
        "Every table, with its purpose and its retention."
        " [My data](../guides/my-data.md) tells people how to see and erase their"
        " own.\n",
        "- **If forgotten** says what goes when a person asks to be forgotten, or some"
        " time after they were deactivated. Rows that lose only a name or text stay,"
        " because other people's totals depend on them.\n"
        "- **Also removed** says what goes without that, within a day after the time"
        " has come; what is kept for hours, and what leads to the author of an ask"
        " without a name, within an hour. 7 and 30 days are the defaults of the"
        " [workspace's settings](../guides/workspace-settings.md).\n"
        "- **Stays** says why the rest stays until you delete the database, or how much"
        " of it there can be.\n",
        *(
            f"## {heading(name)}\n\n"
            + filled(
                (
                    *("Table", "Contents", "Purpose"),
                    *("If forgotten", "Also removed", "Stays"),
                ),
                (
                    (
                        code(policy.model.__tablename__),
                        policy.contents,
                        policy.purpose,
                        _erased(policy),
                        policy.retention,
                        policy.stays,
                    )
                    for policy in tables
                ),
            )
            for name, tables in groups
        ),
    )


def _erased(policy: TablePolicy) -> str:
    if not policy.has_personal_data:
        return ""
    match policy.on_erasure:
        case "delete":
            return "The row."
        case "tombstone":
            return "All but the id, which goes after 7 days: it keeps late data out."
        case "pseudonym":
            return "Name and text." if policy.text_columns else "The name."
