"""Numbers that stand typed in a lesson because no cell can compute them, each with its source."""

FACTS: dict[str, dict[str, str]] = {}
