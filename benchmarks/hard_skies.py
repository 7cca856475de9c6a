"""Hard skies: whether the value is right, and where not, whether it says so.

    python benchmarks/hard_skies.py                     every sky, drawn anew; some minutes
    python benchmarks/hard_skies.py --skies nebula galaxy --fields 2 --seed 7

Each sky is rendered at every defocus, unobstructed and with a shadow of 0.35, under seeing of 2.2,
3.5 or 5 px, and measured. Tables:
error of the frame's value in per cent of the truth; in brackets where the measurement itself says
that its confidence is low; `none` where it says that there are too few stars; `!` where it is more
than 5 % off and does not say so. Then the rates, and the reasons given.

The skies are those of `skies.py`.
"""

import argparse
from collections import Counter
from dataclasses import dataclass

import numpy as np
from skies import SKIES, render

RADII = (0, 2, 4, 6, 8, 12, 16, 24, 32, 48)
OBSTRUCTIONS = (0.0, 0.35)
LARGEST_ERROR = 0.05


@dataclass(frozen=True)
class Answer:
    """What was measured of one field.

    Attributes
    ----------
    error : float
        Of the frame's value, as a share of the truth; NaN where nothing was measured.
    reason : str
        Why the confidence is low; empty where it is good.
    """

    error: float
    reason: str

    @property
    def wrong(self) -> bool:
        """Whether it misleads: off, and not said."""
        return not self.reason and not abs(self.error) <= LARGEST_ERROR

    def __str__(self) -> str:
        if np.isnan(self.error):
            return "none"
        number = f"{100 * self.error:+.1f}"
        return f"({number})" if self.reason else number + ("!" if self.wrong else "")


def ask(pixels: np.ndarray, header: dict[str, object], truth: float) -> Answer:
    """Measure a field."""
    from focusbench.errors import MeasurementError
    from focusbench.frames import Frame
    from focusbench.stars import measure

    try:
        measured = measure(Frame(pixels, header=header))
    except MeasurementError as error:
        return Answer(np.nan, str(error))
    return Answer(measured.value / truth - 1, measured.confidence_reason)


def report(answers: dict[tuple[str, float, float], list[Answer]]) -> None:
    """Print the tables and the rates."""
    for obstruction in OBSTRUCTIONS:
        print(f"\n### Error of the frame value, %; obstruction {obstruction:g}\n")
        print("| sky | " + " | ".join(f"R {r:g}" for r in RADII) + " |")
        print("|---" * (len(RADII) + 1) + "|")
        for sky in dict.fromkeys(key[0] for key in answers):
            cells = (answers.get((sky, r, obstruction), []) for r in RADII)
            print(f"| {sky} | " + " | ".join(" ".join(map(str, c)) for c in cells) + " |")
    print("\n| sky | fields | wrong and not said | low confidence | right, yet low confidence |")
    print("|---|---|---|---|---|")
    rows = {sky: [] for sky in dict.fromkeys(key[0] for key in answers)}
    for (sky, _, _), some in answers.items():
        rows[sky] += some
    rows["all but plain"] = [a for sky, some in rows.items() if sky != "plain" for a in some]
    for sky, some in rows.items():
        low = [a for a in some if a.reason]
        right = [a for a in low if abs(a.error) <= LARGEST_ERROR]
        wrong = sum(a.wrong for a in some)
        share = f"{len(low)} ({100 * len(low) / max(len(some), 1):.0f} %)"
        print(f"| {sky} | {len(some)} | {wrong} | {share} | {len(right)} |")
    print("\n| why the confidence is low | fields | of them off by more than 5 % |\n|---|---|---|")
    counts = Counter(a.reason for a in rows["all but plain"] + rows.get("plain", []) if a.reason)
    everyone = [a for some in answers.values() for a in some]
    for reason, n in counts.most_common():
        off = sum(a.reason == reason and not abs(a.error) <= LARGEST_ERROR for a in everyone)
        print(f"| {reason} | {n} | {off} |")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skies", nargs="+", choices=SKIES, default=list(SKIES))
    parser.add_argument("--radii", nargs="+", type=float, default=list(RADII))
    parser.add_argument("--fields", type=int, default=1, help="of each kind")
    parser.add_argument("--seed", type=int, default=None, help="drawn anew unless given")
    args = parser.parse_args()
    seed = args.seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"Seed {seed}")
    answers: dict[tuple[str, float, float], list[Answer]] = {}
    for sky in args.skies:
        for radius in args.radii:
            for obstruction in OBSTRUCTIONS:
                answers[sky, radius, obstruction] = [
                    ask(*render(sky, radius, obstruction, seed + k)) for k in range(args.fields)
                ]
    report(answers)


if __name__ == "__main__":
    main()
