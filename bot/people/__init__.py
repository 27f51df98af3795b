"""People as far as matching needs them: facts, meetings, and whom not to match."""
