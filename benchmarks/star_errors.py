"""Whether the standard error of a value is honest.

    python benchmarks/star_errors.py                    200 fields of each kind; half an hour
    python benchmarks/star_errors.py --fields 40 --stars 15 --covered 0.2

Fields of the same optics under a plain sky, each with new stars, fluxes and noise. The values of an
honest measurement scatter as its errors say: `seen / stated` is 1. Then one field of each kind with
new noise alone, which may only scatter less.

Columns: the scatter of the values and the mean of the stated errors, in per cent of the truth;
their ratio; how often the truth of the ensemble (the mean of all values) lies within one and two
stated errors; what the values are off on the whole; stars used.
"""

import argparse

import numpy as np
from fields import Optics
from scene import noisy, scene_of, spots

KINDS = {"focus": 0.0, "mid": 8.0, "donut": 30.0}
OBSTRUCTION = 0.35


def shape_for(radius: float, n_stars: int, covered: float) -> tuple[int, int]:
    """A frame 4:3 of which the stars cover a part; at least 0.5 Mpx."""
    area = max(5e5, n_stars * np.pi * (radius + 6.0) ** 2 / covered)
    return round((0.75 * area) ** 0.5), round((area / 0.75) ** 0.5)


def frames(
    radius: float, n_stars: int, n_fields: int, seed: int, covered: float = 0.1, *, same_stars: bool
):
    """Yield frames, with the half-flux radius of their stars."""
    for k in range(n_fields):
        light_rng = np.random.default_rng([seed, n_stars, int(radius), 0 if same_stars else k])
        if k == 0 or not same_stars:
            optics = Optics(radius, OBSTRUCTION)
            scene = scene_of(shape_for(radius, n_stars, covered), optics, light_rng)
            scene.stars(n_stars)
        scene.rng = np.random.default_rng([seed, n_stars, int(radius), k, 1])
        yield spots(noisy(scene), scene.rng), scene.truth[0]


def row(
    radius: float, n_stars: int, n_fields: int, seed: int, covered: float, *, same_stars: bool
) -> str:
    """One line of the table."""
    from focusbench.stars import measure

    values, errors, used, low = [], [], [], 0
    for pixels, truth in frames(radius, n_stars, n_fields, seed, covered, same_stars=same_stars):
        measured = measure(pixels)
        low += measured.confidence == "low"
        values.append(measured.value / truth)
        errors.append(np.nan if measured.error is None else measured.error / truth)
        used.append(measured.n_stars)
    value, error = np.array(values), np.array(errors)
    seen, stated = np.std(value, ddof=1), np.nanmean(error)
    away = np.abs(value - value.mean()) / error
    cells = [
        f"{100 * seen:.2f}",
        f"{100 * stated:.2f}",
        f"{seen / stated:.2f} ± {seen / stated / (2 * (len(value) - 1)) ** 0.5:.2f}",
        f"{100 * np.mean(away < 1):.0f} %",
        f"{100 * np.mean(away < 2):.0f} %",
        f"{100 * (value.mean() - 1):+.2f}",
        f"{np.median(used):.0f}",
        f"{low}",
    ]
    return " | ".join(cells)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fields", type=int, default=200)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--stars", nargs="+", type=int, default=[15, 60, 300])
    parser.add_argument("--covered", type=float, default=0.1, help="part of the frame under stars")
    parser.add_argument("--seed", type=int, default=None, help="drawn anew unless given")
    args = parser.parse_args()
    seed = args.seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"Seed {seed}, {args.fields} fields of each kind")
    for same_stars in (False, True):
        print(f"\n### {'The same stars, new noise' if same_stars else 'New stars and new noise'}\n")
        print(
            "| stars | seen % | stated % | seen / stated | within 1 | within 2 | off % | used "
            "| low confidence |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for kind in args.kinds:
            for n in args.stars:
                line = row(KINDS[kind], n, args.fields, seed, args.covered, same_stars=same_stars)
                print(f"| {kind}, {n} | {line} |", flush=True)


if __name__ == "__main__":
    main()
