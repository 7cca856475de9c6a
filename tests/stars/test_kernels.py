"""Compiled kernels: nothing is compiled on import, and no cache folder is no error."""

import os
import subprocess
import sys

import numpy as np


def _run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_the_room_does_not_import_the_compiler():
    done = _run("import sys, focusbench.stars; print('numba' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_a_cache_folder_that_cannot_be_written_is_passed_over(tmp_path):
    blocked = tmp_path / "a file, no folder"
    blocked.write_text("")
    done = _run(
        "from focusbench.stars.kernel import KERNELS; print(KERNELS.cache_folder)",
        NUMBA_CACHE_DIR=str(blocked),
    )
    assert done.returncode == 0, done.stderr
    assert str(blocked) not in done.stdout


def test_without_any_cache_folder_a_kernel_is_compiled_in_the_process():
    code = """
import numba as nb
from focusbench.stars.kernel import KERNELS
KERNELS.cache_folder = None
@KERNELS.kernel(nb.f8(nb.f8))
def twice(x):
    return 2 * x
KERNELS.compile()
print(twice(3))
"""
    done = _run(code)
    assert done.stdout.strip() == "6.0", done.stderr


def test_what_was_compiled_once_is_known_to_be_compiled(tmp_path):
    code = """
import numba as nb
from focusbench.stars import is_compiled
from focusbench.stars.kernel import KERNELS
print(is_compiled())
KERNELS.compile()  # nothing is waiting, for no file with kernels was imported
print(is_compiled())
@KERNELS.kernel(nb.f8(nb.f8))
def twice(x):
    return 2 * x
KERNELS.compile()
print(is_compiled())
"""
    script = tmp_path / "script.py"  # the compiler keeps nothing of a function without a file
    script.write_text(code)
    command = f"import runpy; runpy.run_path({str(script)!r})"
    done = [_run(command, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2)]
    told = [d.stdout.split() for d in done]
    assert told == [["False", "False", "True"], ["True", "True", "True"]], done


def test_warming_leaves_nothing_to_compile():
    # Once it compiled nothing at all: kernels are only known when their files are imported.
    code = (
        "import sys; from focusbench.stars import warm; warm();"
        "from focusbench.stars.kernel import KERNELS;"
        "assert 'focusbench.stars.finding' in sys.modules;"
        "assert not KERNELS.waiting"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_kth_smallest_is_that_of_the_sorted_values():
    from focusbench.stars import warm
    from focusbench.stars.pixels import nth

    warm()
    rng = np.random.default_rng(1)
    for _ in range(200):
        n = int(rng.integers(1, 300))
        kinds = (
            rng.normal(0, 1, n),
            rng.normal(400, 5, n).round(),  # many are equal
            np.zeros(n),
            rng.normal(-3, 1, n) * 10.0 ** rng.integers(-30, 30, n),
        )
        values = kinds[rng.integers(4)].astype(np.float32)
        k = int(rng.integers(0, n))
        assert nth(values.copy(), n, k) == np.sort(values)[k]


def test_pixels_far_from_every_place():
    from focusbench.stars.detection import _far_from

    rng = np.random.default_rng(2)
    x, y = rng.uniform(-3, 43, (2, 12))
    rows, columns = np.mgrid[:30, :40]
    for radius in (0.3, 1.0, 4.6):
        nearest = np.hypot(columns[..., None] - x, rows[..., None] - y).min(axis=-1)
        assert np.array_equal(_far_from(x, y, radius, (30, 40)), nearest > radius)
