"""Functions whose statements need no condition on the workspace, with the reason."""

_ONE_INDEX = (
    "A process has one search index for all its workspaces. This reads ids for it; each"
    " search is for one workspace."
)
_ONE_CLOCK = "The clock was wrong for all workspaces; no text is read."
_ALL_WORKSPACES = "It lists the workspaces, for work in each of them."
_ALL_TOKENS = "It is about the tokens of all workspaces, which no message shows."
_OPERATOR = "Only the operator runs it, for the whole database."

_EITHER_CHANNEL = "The rows are joined, so either of the two channels binds both."
_HEALTH = "It checks that the database can be written, and changes nothing that lasts."

UNBOUND = {
    "bot/anonymity/rotation.py lose": _OPERATOR,
    "bot/anonymity/rotation.py rotate": _OPERATOR,
    "bot/imports/service.py _find_workspace": _OPERATOR,
    "bot/knowledge/pointers.py hide_words": _EITHER_CHANNEL,
    "bot/outbox/clock_correction.py apply": _ONE_CLOCK,
    "bot/outbox/clock_correction.py is_needed": _ONE_CLOCK,
    "bot/outbox/queue.py release_leases": "The process before this one has ended.",
    "bot/routing/links.py hide": _EITHER_CHANNEL,
    "bot/search/changes.py horizon": _ONE_INDEX,
    "bot/search/changes.py read": _ONE_INDEX,
    "bot/search/changes.py reset_foreign_positions": _ONE_INDEX,  # After a restore.
    "bot/search/documents.py count": _ONE_INDEX,
    "bot/search/documents.py newest_before": _ONE_INDEX,
    "bot/workspace/installations.py ids_with": _ALL_WORKSPACES,
    "bot/workspace/installations.py install": _ALL_WORKSPACES,
    "bot/workspace/installations.py workspace_rows": _ALL_WORKSPACES,
    "bot/workspace/job_runs.py ask_all_again": _ALL_WORKSPACES,
    "bot/workspace/organisations.py clients": _ALL_TOKENS,
    "bot/workspace/token_keys.py lose": _OPERATOR,
    "bot/workspace/token_keys.py rotate": _OPERATOR,
    "bot/workspace/tokens.py claim_refresh": _ALL_TOKENS,
    "bot/workspace/tokens.py versions": _ALL_TOKENS,
    "bot/workspace/workspace_erasure.py due": _ALL_WORKSPACES,
    "cli/doctor/many_workspaces.py _that_expire": _OPERATOR,
    "cli/doctor/many_workspaces.py examine_key": _OPERATOR,
    "cli/many_workspaces.py ManyServing.follow_organisations": _ALL_WORKSPACES,
    "cli/sandbox_copy.py clear_tables": "It empties a database of the sandbox.",
    "handlers/readiness.py database_writes": _HEALTH,
    "jobs/in_turn.py InTurn.__call__": _ALL_WORKSPACES,
    "jobs/privacy.py purge_short_lived": _ALL_WORKSPACES,
}
