"""Numbers that stand typed in a lesson because no cell can compute them, each with its source."""

FACTS: dict[str, dict[str, str]] = {
    "03_the_v_curve_and_its_fits": {
        "3.1": "SGPro's version with the quadratic fit (its forum, T10278)"
    },
}
