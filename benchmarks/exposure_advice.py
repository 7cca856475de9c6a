"""Whether the exposure advice foretells the scatter of frames at other exposures.

    python benchmarks/exposure_advice.py                    some minutes
    python benchmarks/exposure_advice.py --frames 30

From single frames of one exposure the error at others is predicted, and how many stars there will
be; then frames of other fields of the same kind are rendered at those exposures, binned by the
camera where it says so, and measured. Scatter: standard deviation of their values, in per cent of
the mean; stated: the median of their own errors. The last line has the ratios of all rows.
"""

import argparse

import numpy as np

import focusbench as fb
from focusbench.errors import MeasurementError
from focusbench.frames import Frame
from focusbench.simulator import Optics, Sensor, random_sky, render_frame

SENSOR = Sensor(shape=(480, 640))
KINDS = {
    # stars, sky in electrons per second, µm out of focus, exposure of the frame in seconds
    "in focus": (100, 20.0, 0.0, 3.0),
    "bright sky": (60, 200.0, 0.0, 4.0),
    "half way": (60, 20.0, 200.0, 2.0),
    "donuts": (120, 20.0, 420.0, 4.0),
    "dark sky": (200, 2.0, 200.0, 1.0),
}


def frame(kind: str, seed: int, exposure_s: float, binning: int = 1) -> Frame:
    """A frame of its own stars and noise."""
    n_stars, sky, defocus_um, _ = KINDS[kind]
    stars = random_sky(
        np.random.default_rng([seed, 1]), SENSOR.shape, n_stars, background_e_per_s=sky
    )
    pixels = render_frame(
        stars,
        Optics(7.0, 0.3),
        SENSOR,
        defocus_um=defocus_um,
        fwhm_px=3.0,
        exposure_s=exposure_s,
        binning=binning,
        rng=np.random.default_rng([seed, 2, round(1000 * exposure_s)]),
    )
    header = {"EGAIN": SENSOR.gain_e_per_adu, "RDNOISE": SENSOR.read_noise_e}
    return Frame(pixels, exposure_s=exposure_s, binning=binning, header=header)


def seen(kind: str, exposure_s: float, binning: int, n_frames: int, seed: int):
    """Scatter, median stated error (shares of the value) and stars of frames of other fields."""
    found = []
    for k in range(n_frames):
        try:
            found.append(fb.measure_frame(frame(kind, seed + 1000 + k, exposure_s, binning)))
        except MeasurementError:
            continue
    if len(found) < n_frames / 2:
        return None
    values = np.array([m.value for m in found])
    stated = np.median([m.error / m.value for m in found if m.error])
    return values.std(ddof=1) / values.mean(), stated, np.median([m.n_stars for m in found])


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--seed", type=int, default=None, help="drawn anew unless given")
    args = parser.parse_args()
    seed = args.seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0] >> 8)
    print(f"Seed {seed}, {args.frames} frames a row\n")
    print(
        "| kind | taken s | at s | binning | predicted % | scatter % | stated % | / scatter ",
        end="",
    )
    print("| / stated | stars predicted | seen |")
    print("|---" * 11 + "|")
    ratios = []
    for kind, (*_, taken_s) in KINDS.items():
        advice = [
            fb.advise_exposure(frame(kind, seed + k, taken_s), min_stars=2, binnings=(1, 2))
            for k in range(8)
        ]
        for binning, factor in ((1, 0.25), (1, 1), (1, 4), (2, 1)):
            exposure_s = min(
                advice[0].dataset.exposure_s.values, key=lambda s: abs(np.log(s / taken_s / factor))
            )
            rows = [
                a.dataset.sel(binning=binning, exposure_s=exposure_s)
                for a in advice
                if binning in a.dataset.binning
            ]
            there = seen(kind, float(exposure_s), binning, args.frames, seed)
            if there is None:
                continue
            scatter, stated, n_stars = there
            predicted = np.nanmedian([float(r.relative_error) for r in rows])
            ratios.append((predicted / scatter, predicted / stated))
            print(
                f"| {kind} | {taken_s:g} | {exposure_s:g} | {binning}×{binning} "
                f"| {100 * predicted:.2f} | {100 * scatter:.2f} | {100 * stated:.2f} "
                f"| {ratios[-1][0]:.2f} | {ratios[-1][1]:.2f} "
                f"| {np.median([int(r.n_stars) for r in rows]):.0f} | {n_stars:.0f} |",
                flush=True,
            )
    for words, column in zip(("scatter", "stated error"), np.array(ratios).T, strict=True):
        print(
            f"\nPredicted over {words}: median {np.median(column):.2f}, "
            f"{column.min():.2f} to {column.max():.2f}"
        )


if __name__ == "__main__":
    main()
