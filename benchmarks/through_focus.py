"""Whether the half-flux radius rises with defocus, for pupils and seeing of every kind.

    python benchmarks/through_focus.py                  300 stars a field; some minutes
    python benchmarks/through_focus.py --seeing 6 --obstruction 0.5

Per pupil and seeing: the truth, what is measured of a single star without noise, and what is
measured of a field of 300 stars, in per cent of the truth. `step` is by how many standard errors of
the two the field stands above the one before, and in brackets how many of them the truth does:
where seeing hides the first steps of the focuser that is little, whoever measures.
"""

import argparse

import numpy as np
from fields import Optics
from scene import bank_of, noisy, scene_of, spots

RADII = (0, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def alone(optics: Optics) -> np.ndarray:
    """One star without noise."""
    stamp = bank_of(optics)[0][1, 2]
    return 100.0 + 1e6 * np.pad(stamp.astype(np.float64), 40)


def field(optics: Optics, n_stars: int, seed: int) -> np.ndarray:
    """Stars that cover a fifth of the frame."""
    rng = np.random.default_rng([seed, int(optics.radius), int(100 * optics.obstruction)])
    area = max(4e6, 5 * n_stars * np.pi * (optics.radius + 2 * optics.seeing) ** 2)
    scene = scene_of((round((0.75 * area) ** 0.5), round((area / 0.75) ** 0.5)), optics, rng)
    scene.stars(n_stars)
    return spots(noisy(scene), rng)


def main() -> None:
    """Run what the command line asks for."""
    from focusbench.stars import measure

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--obstruction", nargs="+", type=float, default=[0.0, 0.35, 0.5])
    parser.add_argument("--seeing", nargs="+", type=float, default=[1.8, 3.5, 6.0])
    parser.add_argument("--stars", type=int, default=300)
    parser.add_argument("--seed", type=int, default=None, help="drawn anew unless given")
    args = parser.parse_args()
    seed = args.seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"Seed {seed}, {args.stars} stars\n")
    print("| obstruction, seeing | | " + " | ".join(f"R {r}" for r in RADII) + " |")
    print("|---" * (len(RADII) + 2) + "|")
    for obstruction in args.obstruction:
        for seeing in args.seeing:
            lines: dict[str, list[str]] = {"truth px": [], "alone %": [], "field %": [], "step": []}
            before = None
            falls = 0
            for radius in RADII:
                optics = Optics(radius, obstruction, seeing)
                truth = bank_of(optics)[1]
                single = measure(alone(optics)).value
                seen = measure(field(optics, args.stars, seed))
                lines["truth px"].append(f"{truth:.2f}")
                lines["alone %"].append(f"{100 * (single / truth - 1):+.1f}")
                low = "*" if seen.confidence == "low" else ""
                lines["field %"].append(f"{100 * (seen.value / truth - 1):+.1f}{low}")
                if before is None:
                    lines["step"].append("")
                else:
                    error = np.hypot(seen.error, before[2])
                    steps = (seen.value - before[1]) / error
                    lines["step"].append(f"{steps:.0f} ({(truth - before[0]) / error:.0f})")
                    falls += single <= before[3]
                before = (truth, seen.value, seen.error, single)
            for name, cells in lines.items():
                print(f"| {obstruction:g}, {seeing:g} | {name} | " + " | ".join(cells) + " |")
            if falls:
                print(f"| | without noise it falls {falls} times |" + " |" * len(RADII), flush=True)


if __name__ == "__main__":
    main()
