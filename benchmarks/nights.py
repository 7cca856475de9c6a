"""How sets of triggers keep focus through simulated nights, and what they cost.

Run by hand::

    python benchmarks/nights.py                 # a hundred nights, fresh seed, printed
    python benchmarks/nights.py --nights 20 --seed 7
    python benchmarks/nights.py --all           # other sets, skies and compensation as well

The reference night (`SimulatedNight.reference`): 8 h, 8 °C fall, 20 steps/°C, zone ± 22 steps,
seeing that changes by 10 %, two clouds of 10 to 30 minutes, three filters; each night is lived
through by the sequence's own loop with the engine's own focus runs. Asked for with the reference
triggers (every 1 °C, filter change, before the first frame, image history 20 %): in the zone for
95 % of all frames, no night below 60 %, a hundred nights in 60 s.

`--replay` judges the laboratory itself: a night lived through with the reference triggers is
replayed with other ones, and compared with living it through with those.
"""

import argparse
import os
import time

# Many small matrices: threads would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import focusbench as fb

REFERENCE = fb.TriggerOptions(every_c=1, history="hfr", history_percent=20)
NO_HISTORY = REFERENCE.replace(history="off")
HISTORY = REFERENCE.replace(every_c=None)
OTHERS = {
    "reference": REFERENCE,
    "every 1 °C": NO_HISTORY,
    "every 0.5 °C": NO_HISTORY.replace(every_c=0.5),
    "every 2 °C": NO_HISTORY.replace(every_c=2),
    "every 60 min": NO_HISTORY.replace(every_c=None, every_minutes=60),
    "history 20 %": HISTORY,
    "history 10 %": HISTORY.replace(history_percent=10),
    "history 10 %, 4 frames": HISTORY.replace(history_percent=10, history_frames=4),
    "history 20 %, sinking ignored": HISTORY.replace(history_sinking="ignored"),
    "first frame and filters": NO_HISTORY.replace(every_c=None),
}


def reference(nights: list[fb.SimulatedNight]) -> None:
    """What was asked for."""
    began, cpu = time.perf_counter(), time.process_time()
    compared = fb.compare_triggers(nights, {"reference": REFERENCE})
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    rows = compared.nights["reference"]
    off = np.abs(np.concatenate([night.off_focus for night in rows]))
    shares = np.array([night.in_zone for night in rows])
    zone = nights[0].zone
    print(compared.table)
    error = shares.std(ddof=1) / np.sqrt(shares.size) if shares.size > 1 else np.nan
    print(f"\n{len(rows)} nights in {took:.1f} s ({cpu:.1f} s of CPU); asked: 100 in 60 s")
    print(
        f"in the zone: {100 * np.mean(off <= zone):.1f} ± {100 * error:.1f} % "
        f"of {off.size} frames; asked: 95 %"
    )
    print(f"worst night {100 * shares.min():.1f} %; asked: none below 60 %")
    deciles = ", ".join(f"{value:.1f}" for value in np.quantile(off, (0.5, 0.9, 0.95, 0.99)))
    print(f"off focus at 50, 90, 95 and 99 % of frames: {deciles} steps; furthest {off.max():.0f}")


def others(nights: list[fb.SimulatedNight]) -> None:
    """Other sets on the same nights, other nights, and temperature compensation."""
    print("\nOther sets\n" + fb.compare_triggers(nights, OTHERS).table)
    kinds = {
        "without clouds": lambda n: n.replace(clouds=()),
        "seeing changes by 20 %": lambda n: n.replace(seeing_rms=0.2),
        "focus drifts by 5 steps an hour besides": lambda n: n.replace(drift_per_h=5.0),
        "focus jumps by 60 steps after five hours": lambda n: n.replace(jumps=((5.0, 60.0),)),
        "focus follows the thermometer 30 minutes later": lambda n: n.replace(follows_h=0.5),
        "temperature falls fast at first (lag 1.5 h)": lambda n: n.replace(lag_h=1.5),
    }
    some = {name: OTHERS[name] for name in ("reference", "every 1 °C", "history 20 %")}
    for name, change in kinds.items():
        print(f"\n{name}\n" + fb.compare_triggers([change(n) for n in nights], some).table)
    for per_c in (20, 16):
        follows = fb.SequenceOptions(steps_per_c=per_c)
        print(
            f"\ncompensated with {per_c} steps/°C between runs (true: 20)\n"
            + fb.compare_triggers(nights, some, options=follows).table
        )


def replayed(nights: list[fb.SimulatedNight]) -> None:
    """The laboratory against living through."""
    names = [name for name in OTHERS if name != "reference"]
    sets = {name: OTHERS[name] for name in names}
    asked, truly = [], []
    for night in nights:
        lived = night.live(REFERENCE).progress
        history = lived.history
        compared = fb.compare_triggers(history, sets, zone=night.zone)
        asked.append(compared.dataset.sel(trigger_set=names))
        truly.append(fb.compare_triggers(night, sets).dataset)
    print("\nReplayed, less lived through: mean and rms of the nights")
    print(f"{'set of triggers':32}{'runs':>16}{'false alarms':>16}{'in zone, %':>16}")
    for name in names:
        cells = []
        for key, scale in (("runs", 1), ("false_alarms", 1), ("in_zone", 100)):
            a, t = (
                np.array([float(d[key].sel(trigger_set=name).squeeze()) for d in which]) * scale
                for which in (asked, truly)
            )
            cells.append(f"{np.mean(a - t):+.2f}, {np.sqrt(np.mean((a - t) ** 2)):.2f}")
        print(f"{name:32}" + "".join(f"{cell:>16}" for cell in cells))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nights", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--replay", action="store_true")
    given = parser.parse_args()
    seed = given.seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0]) // 1000
    print(f"seed {seed}\n")
    nights = [fb.SimulatedNight.reference(seed + i) for i in range(given.nights)]
    reference(nights)
    if given.all:
        others(nights)
    if given.replay:
        replayed(nights)


if __name__ == "__main__":
    main()
