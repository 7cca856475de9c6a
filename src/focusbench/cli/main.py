"""The program: its commands, their arguments, and its exit codes.

0 success, 1 the run or the analysis failed, 2 bad usage.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from focusbench.cli import importing, sequence, tuning
from focusbench.cli.rigs import add_rig_arguments
from focusbench.errors import FocusbenchError, OptionsError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; `sys.argv` where not given.
    """
    arguments = _parser().parse_args(argv)
    try:
        # Loaded once the words are known to be right, for it loads everything else.
        commands = importlib.import_module(f"focusbench.cli.{arguments.module}")
        return int(getattr(commands, arguments.command)(arguments))
    except OptionsError as error:
        print(f"focusbench: {error}", file=sys.stderr)
        return 2
    except FocusbenchError as error:
        print(f"focusbench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        # The reader went away (`… | head`): no traceback, and nothing more to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="focusbench",
        description="Telescope auto focus: run it, measure frames, analyse saved runs.",
        epilog="Every command has its own --help with an example.",
    )
    parser.add_argument(
        "--version", action="version", version=f"focusbench {version('focusbench')}"
    )
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    lab = _command(verbs, "lab", "open JupyterLab on the notebooks", "focusbench lab", json=False)
    lab.add_argument("folder", nargs="?", help="folder to open (default: the notebooks)")
    lab.add_argument("jupyter", nargs=argparse.REMAINDER, help="further arguments go to JupyterLab")

    run = _command(
        verbs,
        "run",
        "run auto focus once and save a package",
        "focusbench run --simulate --step-size 60 --data-points 9",
    )
    add_rig_arguments(run)
    run.add_argument("--step-size", type=float, metavar="STEPS")
    run.add_argument("--data-points", type=float, metavar="N")
    run.add_argument("--exposure", type=float, dest="exposure_s", metavar="SECONDS")
    run.add_argument("--filter", dest="focus_filter", metavar="NAME", help="focus with this filter")
    run.add_argument("--curve", metavar="CURVE", help="auto, two_lines, parabola or hyperbola")
    run.add_argument("--no-smart-focus", action="store_false", dest="smart_focus", default=None)
    run.add_argument(
        "--as-sgpro", action="store_true", help="to the letter of SGPro's help page: two lines"
    )
    run.add_argument(
        "--profile",
        metavar="FILE",
        help="options from a JSON file; what its rig's runs tell is kept beside it (.rig.json)",
    )
    run.add_argument(
        "--save-to", default="af_packages", metavar="FOLDER", help="default: af_packages"
    )
    run.add_argument(
        "--keep",
        choices=("frames", "stamps", "numbers"),
        default="frames",
        help="save all pixels (default), those around the stars, or only what was measured",
    )

    _command(
        verbs,
        "cancel",
        "cancel the runs that other processes have going",
        "focusbench cancel",
    )

    measure = _command(
        verbs,
        "measure",
        "measure the focus metric of frames",
        "focusbench measure frame.fits --metric hfr",
    )
    measure.add_argument("frames", nargs="+", metavar="FRAME")
    measure.add_argument(
        "--metric", default="hfr", help="hfr (default), hfr_mean_radius, hfr:photutils"
    )

    analyze = _command(
        verbs,
        "analyze",
        "fit saved or foreign runs and say what they show",
        "focusbench analyze af_packages/2026-11-22T20-15-03Z --curve hyperbola",
    )
    analyze.add_argument(
        "packages",
        nargs="+",
        metavar="PACKAGE",
        help="AF package, or any file or folder that import takes",
    )
    analyze.add_argument(
        "--curve", help="auto, two_lines, parabola or hyperbola (default: the run's, or auto)"
    )
    analyze.add_argument("--metric", help="another metric than the run's own")
    analyze.add_argument(
        "--common-stars",
        action="store_true",
        help="measure each point by the stars that all frames share",
    )

    tuning.add_arguments(
        _command(
            verbs,
            "tune",
            "find the cheapest settings that keep a rig in focus, from its runs",
            "focusbench tune af_packages --data-points 5 7 9",
            module="tuning",
        )
    )

    importing.add_arguments(
        _command(
            verbs,
            "import",
            "make AF packages of the runs of other programs",
            "focusbench import AutoFocus -o af_packages",
            module="importing",
        )
    )

    sequence.add_arguments(
        _command(
            verbs,
            "sequence",
            "take a night's frames and keep them in focus",
            "focusbench sequence night.json --simulate --folder 2026-11-25",
            module="sequence",
        )
    )

    simulator = _command(
        verbs,
        "simulator",
        "offer the simulated rig as an Alpaca server until Ctrl-C",
        "focusbench simulator --seed 1 --speed 10",
        module="simulator",
    )
    simulator.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this computer alone)"
    )
    simulator.add_argument(
        "--port", type=int, help="default 11111, or any that is free; 0: any that is free"
    )
    simulator.add_argument("--seed", type=int, help="of the simulated rig, to repeat a night")
    simulator.add_argument(
        "--speed", type=float, default=1.0, help="seconds of the rig in a real one (default 1)"
    )
    simulator.add_argument("--best-focus", type=float, metavar="STEPS")
    simulator.add_argument("--backlash", type=int, metavar="STEPS")
    simulator.add_argument(
        "--focus-steps-per-c", type=float, metavar="STEPS", help="0: best focus does not drift"
    )

    samples = _command(
        verbs,
        "samples",
        "render the sample packages with the simulator",
        "focusbench samples data/sample_packages",
    )
    samples.add_argument("folder")
    return parser


def _command(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    help: str,
    example: str,
    *,
    json: bool = True,
    module: str = "commands",
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", epilog=f"Example: {example}"
    )
    if json:
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a line, nothing else on stdout"
        )
    parser.set_defaults(command=name, module=module)
    return parser
