"""`focusbench sequence`: a night from a file, kept in focus by its triggers."""

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from focusbench.sequence import NightEvent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument("file", metavar="FILE", help="sequence, as save_sequence writes it")
    rig = parser.add_mutually_exclusive_group(required=True)
    rig.add_argument("--simulate", action="store_true", help="on the simulated rig, no waiting")
    rig.add_argument("--alpaca", metavar="HOST:PORT", help="on ASCOM Alpaca devices")
    parser.add_argument("--camera", type=int, default=0, help="Alpaca camera number (default 0)")
    parser.add_argument("--focuser", type=int, default=0, help="Alpaca focuser number (default 0)")
    parser.add_argument("--filter-wheel", type=int, help="Alpaca wheel number (default: none)")
    parser.add_argument("--seed", type=int, help="of the simulated rig, to repeat a night exactly")
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
    from focusbench.devices import Rig

    plan = api.load_sequence(arguments.file)
    rig: Rig
    if arguments.simulate:
        rig = api.simulated_rig(seed=arguments.seed)
    else:
        from focusbench.alpaca import connect_alpaca

        rig = connect_alpaca(
            arguments.alpaca,
            camera=arguments.camera,
            focuser=arguments.focuser,
            filter_wheel=arguments.filter_wheel,
        )
    watcher = None if arguments.json else _tell
    night = api.run_sequence(rig, plan, arguments.folder, watcher=watcher)
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
        print(f"{len(night.frames)} frames, {len(night.runs)} focus runs: {night.ended_why}.")
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
