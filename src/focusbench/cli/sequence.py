"""`focusbench sequence`: a night from a file, kept in focus by its triggers."""

import argparse
import json
from typing import TYPE_CHECKING

from focusbench.cli.rigs import add_rig_arguments, rig_of

if TYPE_CHECKING:
    from focusbench.sequence import NightEvent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument("file", metavar="FILE", help="sequence, as save_sequence writes it")
    add_rig_arguments(parser)
    parser.add_argument(
        "--folder",
        default="night",
        help="gets journal, frames and AF packages; a night that was broken off there goes on "
        "(default: night)",
    )


def sequence(arguments: argparse.Namespace) -> int:
    """Do the sequence; exit code 1 where it did not end with all frames taken."""
    # Here, for the parser is made before the rest is loaded.
    from focusbench import api

    plan = api.load_sequence(arguments.file)
    watcher = None if arguments.json else _tell
    night = api.run_sequence(rig_of(arguments), plan, arguments.folder, watcher=watcher)
    if arguments.json:
        document = {
            "complete": night.complete,
            "why": night.ended_why,
            "n_frames": len(night.frames),
            "n_runs": len(night.runs),
            "n_focused": sum(run.focused for run in night.runs),
            "n_lost": night.lost,
            "folder": arguments.folder,
            "warnings": list(night.warnings),
        }
        print(json.dumps(document, ensure_ascii=False), flush=True)
    else:
        frames, runs = len(night.frames), len(night.runs)
        print(
            f"{frames} frame{'s' * (frames != 1)}, {runs} focus run{'s' * (runs != 1)}: "
            f"{night.ended_why}."
        )
        print(f"Kept in {arguments.folder}")
    return 0 if night.complete else 1


def _tell(event: "NightEvent") -> None:
    """Tell the night line by line."""
    from focusbench import sequence as night

    match event:
        case night.FrameTaken():
            frame = event.frame
            hfr = "no stars" if frame.hfr is None else f"{frame.hfr:5.2f} px"
            stars = "" if frame.n_stars is None else f"  {frame.n_stars} stars"
            print(f"{frame.number:4d}  {frame.kind}  {hfr}{stars}", flush=True)
        case night.FocusStarted():
            print(f"Focus ({event.words})", flush=True)
        case night.FocusEnded():
            print(f"  {event.run.outcome}: {event.run.diagnosis}", flush=True)
        case night.FrameLost():
            print(f"Lost a frame: {event.why}", flush=True)
        case night.Paused():
            print(f"Paused: {event.why}", flush=True)
        case night.NightWarned():
            print(f"Warning: {event.message}", flush=True)
