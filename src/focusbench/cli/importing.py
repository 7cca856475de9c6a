"""The command `import`: runs of other programs become AF packages."""

import argparse
import json
import sys
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe what can be said after `focusbench import`."""
    parser.set_defaults(command="import_")  # the verb is a word of Python
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a file or folder of another program, or a folder with many of them",
    )
    parser.add_argument(
        "-o",
        "--output",
        default="af_packages",
        metavar="DIR",
        help="where the packages are made (default: af_packages)",
    )
    parser.add_argument(
        "--keep",
        choices=("frames", "stamps", "numbers"),
        default="frames",
        help="all pixels (default), those around the stars, or only what was measured",
    )
    parser.add_argument(
        "--log", metavar="FILE", help="an SGPro log that tells where frames were taken"
    )
    parser.add_argument(
        "--metric", default="hfr", help="how plain frames are measured (default: hfr)"
    )


def import_(arguments: argparse.Namespace) -> int:
    """Import runs; a file that cannot be read does not stop the others."""
    # Here, for the parser is made before the rest is loaded.
    from focusbench import api

    done = api.import_runs(
        arguments.source,
        arguments.output,
        keep=arguments.keep,
        log=arguments.log,
        metric=arguments.metric,
    )
    for run in done.runs:
        name = str(run.source) if run.run is None else f"{run.source}#{run.run}"
        if arguments.json:
            document: dict[str, Any] = {
                "source": str(run.source),
                "package": str(run.package),
                "n_points": run.n_points,
                **({} if run.run is None else {"run": run.run}),
            }
            print(json.dumps(document, ensure_ascii=False), flush=True)
        else:
            points = "1 point" if run.n_points == 1 else f"{run.n_points} points"
            print(f"{name}: {points}, {run.package}")
    for sentence in done.skipped:
        print(f"focusbench: {sentence}", file=sys.stderr)
    return 1 if done.skipped else 0
