"""The focus module: from a moved slider to the new boxes, and what a view costs to send.

    python benchmarks/widgets.py
    python benchmarks/widgets.py --megapixels 16 --repeats 20

A simulated frame is shown in a focus module, with its own threads and pump and no page. Timed is
from the event that the page would send to the moment at which the last mark was written: a moved
minimum diameter, a zoom. Beside it stands one plain pass over the frame's pixels, `pixels.sum()`.
Bytes are those of the pictures that one view sends: a new frame, whole and in part, and every zoom
down to real pixels.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

import focusbench as fb

SHAPES = {1: (768, 1024), 16: (3460, 4624), 61: (6388, 9576)}


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=int, nargs="*", default=list(SHAPES), choices=SHAPES)
    parser.add_argument("--repeats", type=int, default=12)
    given = parser.parse_args()
    print("Mpx  event             median    worst   of 0.3 s   passes over the pixels")
    for megapixels in given.megapixels:
        one_size(megapixels, given.repeats)


def one_size(megapixels: int, repeats: int) -> None:
    """Print the lines of one size of frame."""
    shape = SHAPES[megapixels]
    n_stars = 180 * max(1, megapixels // 4)
    rig = fb.simulated_rig(best_focus=10_250, seed=1, shape=shape, n_stars=n_stars)
    module = fb.FocusModule(rig)
    view = module.view
    module.take_button.click()
    until(lambda: len(view.overlay.kept.x) > 0 and view.shown_as)
    pixels = module.manual.last.frames[-1].pixels
    one_pass = min(timed(lambda: np.asarray(pixels).sum()) for _ in range(5))
    slider = module.children[-1].children[1].children[6].children[0]
    assert slider.description == "Min. diameter"
    diameters = [2.0 + 0.5 * (n % 8) for n in range(repeats)]
    shares = [1.6 if n % 2 == 0 else 1 / 1.6 for n in range(repeats)]

    def moved(diameter: float) -> None:
        slider.value = diameter
        until(lambda: shown(module) == diameter)

    def zoomed(factor: float) -> None:
        before = view.overlay, view.shown_view
        view.zoom(factor)
        until(lambda: view.overlay is not before[0] and view.shown_view is not before[1])

    sizes = [view.bytes_sent]
    for name, act, values in (("min. diameter", moved, diameters), ("zoom", zoomed, shares)):
        times = []
        for value in values:
            time.sleep(0.25)  # as a person: the pump has gone back to its rest
            times.append(timed(lambda act=act, value=value: act(value)))
        median, worst = statistics.median(times), max(times)
        print(
            f"{megapixels:3d}  {name:15s} {1e3 * median:6.0f} ms {1e3 * worst:6.0f} ms   "
            f"{median / 0.3:5.2f}     {median / one_pass:6.1f}"
        )
    view.show_all()
    while view.view.width > 400:
        before = view.bytes_sent
        zoomed(1.6)
        sizes.append(view.bytes_sent - before)
        before, frame = view.bytes_sent, module.manual.last
        module.take_button.click()
        until(lambda frame=frame: module.manual.last is not frame)
        until(lambda before=before: view.bytes_sent > before)
        time.sleep(0.5)
        sizes.append(view.bytes_sent - before)
    print(f"{megapixels:3d}  largest view sends {max(sizes) / 1e3:.0f} kB")
    module.close()


def shown(module: fb.FocusModule) -> float | None:
    """Minimum diameter with which the boxes on the page were measured."""
    look = module.view.boxed
    return None if look is None else look.options.min_star_diameter_px


def timed(act: Callable[[], object]) -> float:
    """How long it takes, seconds."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def until(condition: Callable[[], object]) -> None:
    """Wait."""
    while not condition():
        time.sleep(0.001)


if __name__ == "__main__":
    main()
