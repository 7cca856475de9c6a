"""`focusbench tune`: the step size and the data points for a rig, from its own runs."""

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from focusbench.api import Study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument(
        "packages",
        nargs="+",
        metavar="PACKAGE",
        help="runs of one rig and filter: AF packages, files of other programs, or folders of them",
    )
    parser.add_argument(
        "--step-size", type=float, nargs="+", metavar="STEPS", help="what to try (default: six)"
    )
    parser.add_argument(
        "--data-points", type=float, nargs="+", metavar="N", help="what to try (default: 5 to 13)"
    )
    parser.add_argument(
        "--exposure", type=float, nargs="+", dest="exposure_s", metavar="SECONDS",
        help="what to try (default: that of the latest run)",
    )  # fmt: skip
    parser.add_argument(
        "--trials", type=int, default=200, help="simulated runs of each (default 200)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the simulated nights (default 0)")


def tune(arguments: argparse.Namespace) -> int:
    """Study the runs and say what to use; exit code 1 where nothing tried is good enough."""
    # Here, for the parser is made before the rest is loaded.
    from focusbench import api

    study = api.tune(
        arguments.packages,
        step_size=arguments.step_size,
        data_points=arguments.data_points,
        exposure_s=arguments.exposure_s,
        trials=arguments.trials,
        seed=arguments.seed,
    )
    if arguments.json:
        _print_json(study)
    else:
        _tell(study)
    return 0 if study.advice.reached else 1


def _print_json(study: "Study") -> None:
    chosen, advice = study.recommended, study.advice
    document = {
        "step_size": chosen.step_size,
        "data_points": chosen.data_points,
        "exposure_s": chosen.settings.exposure_s,
        "backlash": chosen.options.backlash,
        "position_error": chosen.position_error,
        "in_zone_rate": chosen.in_zone_rate,
        "failure_rate": chosen.failure_rate,
        "duration_s": chosen.duration_s,
        "intervals": {
            name: [estimate.low, estimate.high] for name, estimate in chosen.estimates.items()
        },
        "zone": advice.zone,
        "reached": advice.reached,
        "limited_by": advice.limited_by,
        "assumptions": list(study.rig.assumptions),
    }
    print(json.dumps(document, ensure_ascii=False), flush=True)


def _tell(study: "Study") -> None:
    advice, runs = study.advice, study.rig.n_runs
    print(f"Learned from {'1 run' if runs == 1 else f'{runs} runs'}, {study.rig.n_points} points.")
    for assumption in study.rig.assumptions:
        print(f"  {assumption}")
    print(advice.sentence)
    if advice.runner_up is not None:
        print(f"Runner-up: {advice.runner_up.sentence}.")
    print(f"The zone is ± {advice.zone:.3g} steps. {advice.limit}")
    for program, fields in advice.other_programs.items():
        print(f"{program}: {', '.join(f'{word} {value:g}' for word, value in fields.items())}")
