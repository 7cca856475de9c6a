"""Numbers that stand typed in a lesson because no cell can compute them, each with its source."""

FACTS: dict[str, dict[str, str]] = {
    "03_the_v_curve_and_its_fits": {
        "3.1": "SGPro's version with the quadratic fit (its forum, T10278)"
    },
    "04_step_size_and_data_points": {
        "2.44": "critical focus zone; formula of `focusbench.curve.classic_zone`",
        "4": "SGPro's tuning page: ends at 3 to 4 times the minimum",
        "5": "zone_tolerance of AutofocusOptions, 0.05",
        "95": "IN_ZONE of tuning_game, 0.95",
        "100": "points of a rig; runs of a hundred",
        "2.5": "RATIO of focusbench.tuning.running: what the advisor aims at",
    },
    "05_backlash": {"95": "per cent; interval_95 of Backlash"},
    "09_how_sure": {
        "68": "per cent; best_position_error is half the 68 % interval",
        "95": "per cent; interval_95",
        "100": "runs of a hundred",
        "5": "zone_tolerance of AutofocusOptions, 0.05",
    },
}
