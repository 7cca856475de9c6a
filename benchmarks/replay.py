"""Whether replayed sweeps of a real run scatter as their error bars say, and what a replay costs.

    python benchmarks/replay.py                         the 62 frames of a Newtonian
    python benchmarks/replay.py my_run.zip --no-cost                a densely sampled run

For each step size and number of points: the sweeps that share no frame and straddle best focus, the
scatter of their best focus about that of all points, and what their error bars and the formula of
`position_scatter` predicted of it, both less the error of all points (see `replay_scatter`).
`chance` is where 95 % of the ratios would lie if the error bars were exact. The last lines pool all
sweeps; as predicted within a factor 1.5 is 0.67 to 1.50. Cells of
unlike step size are of the same frames: the pooled ratio is surer than one cell's by less than the
number of sweeps suggests.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.stats import chi2

import focusbench as fb
from focusbench.tuning import ReplayPoints, every_sweep, pooled_ratio, replay_scatter, what_if

NEWTONIAN = Path(__file__).resolve().parents[2] / "shared" / "data" / "newton-through-focus"


def scatter(package) -> None:
    """Print the table of scatter and predictions."""
    table = replay_scatter(package)
    told = table.attrs
    print(
        f"All {len(package.focus_points)} points: {told['best_position']:.2f} ± "
        f"{told['best_position_error']:.2f} steps, b {told['b']:.1f} steps, a point scatters by "
        f"{100 * told['relative_scatter']:.1f} %, κ {told['kappa']:+.3f}\n"
    )
    print(
        "| step | points | sweeps | scatter | error bars | formula | / bars | chance | / formula |"
    )
    print("|---" * 9 + "|")
    for k in range(table.sizes["cell"]):
        row = {name: table[name].values[k] for name in (*table.data_vars, *table.coords)}
        low, high = np.sqrt(chi2.ppf([0.025, 0.975], row["n_focused"]) / row["n_focused"])
        formula, by_formula = row["formula"], row["scatter"] / row["formula"]
        cells = [
            f"{row['step_size']:.0f}",
            f"{row['data_points']:.0f}",
            f"{row['n_focused']} of {row['n_sweeps']}",
            f"{row['scatter']:.2f}",
            f"{row['stated']:.2f}",
            "–" if np.isnan(formula) else f"{formula:.2f}",
            f"{row['scatter'] / row['stated']:.2f}",
            f"{low:.2f} to {high:.2f}",
            "–" if np.isnan(formula) else f"{by_formula:.2f}",
        ]
        print("| " + " | ".join(cells) + " |")
    print(f"\nScatter over what the error bars predict:   {pooled_ratio(table, 'stated'):.2f}")
    print(f"Scatter over what the formula says:  {pooled_ratio(table, 'formula'):.2f}")


def cost() -> None:
    """Print what replays of a run of 9 frames of a megapixel cost."""
    import tempfile

    rig = fb.simulated_rig(best_focus=10_250, seed=3, shape=(880, 1172))
    with tempfile.TemporaryDirectory() as folder:
        options = fb.AutofocusOptions(validation_frame=False)
        record = fb.autofocus(rig, options, save_packages_to=folder)
        points = ReplayPoints(fb.open_package(record.package_path))
        changes = [
            ("as it was", {}),
            ("crop 10 %", {"crop_percent": 10.0}),
            ("the same again", {"crop_percent": 10.0}),
            ("a third of the exposure", {"exposure_s": 1.0}),
            ("2×2", {"binning": 2}),
        ]
        print("\nA run of 9 frames of 1 Mpx, replayed:")
        for words, change in changes:
            began_s = time.process_time()
            fb.replay(points, **change)
            print(f"  {words:24} {1000 * (time.process_time() - began_s):6.0f} ms of CPU")
        sweeps = every_sweep(points, data_points=range(5, 10))
        began_s = time.process_time()
        what_if(points, sweeps * 10)
        each_ms = 1000 * (time.process_time() - began_s) / (10 * len(sweeps))
        print(f"  {'each of many sweeps':24} {each_ms:6.1f} ms of CPU")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", nargs="?", type=Path, default=NEWTONIAN)
    parser.add_argument("--no-cost", action="store_true", help="only the scatter")
    args = parser.parse_args()
    if args.package.exists():
        scatter(fb.open_package(args.package))
    else:
        print(f"{args.package} is not there: no scatter to compare.")
    if not args.no_cost:
        cost()


if __name__ == "__main__":
    main()
