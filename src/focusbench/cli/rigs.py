"""Which rig a command works on: the simulated one, or Alpaca devices."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from focusbench.devices import Rig


def add_rig_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a command the arguments that name its rig."""
    rig = parser.add_mutually_exclusive_group(required=True)
    rig.add_argument("--simulate", action="store_true", help="on the simulated rig, no waiting")
    rig.add_argument("--alpaca", metavar="HOST:PORT", help="on ASCOM Alpaca devices")
    parser.add_argument("--camera", type=int, default=0, help="Alpaca camera number (default 0)")
    parser.add_argument("--focuser", type=int, default=0, help="Alpaca focuser number (default 0)")
    parser.add_argument(
        "--filter-wheel", type=int, help="Alpaca filter wheel number (default: none)"
    )
    parser.add_argument("--seed", type=int, help="of the simulated rig, to repeat a run exactly")


def rig_of(arguments: argparse.Namespace) -> "Rig":
    """Make or connect the rig that the arguments name."""
    # Here, since what simulates, and what speaks to the network, takes its time to import.
    if arguments.simulate:
        from focusbench.api import simulated_rig

        return simulated_rig(seed=arguments.seed)
    from focusbench.alpaca import connect_alpaca

    return connect_alpaca(
        arguments.alpaca,
        camera=arguments.camera,
        focuser=arguments.focuser,
        filter_wheel=arguments.filter_wheel,
    )
