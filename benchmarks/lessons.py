"""How long each lesson takes from top to bottom, kernel included; the bound is 20 s on two cores.

python benchmarks/lessons.py
"""

import resource
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

LESSONS = Path(__file__).resolve().parents[1] / "notebooks" / "lessons"
MOST_S = 20


def main() -> None:
    """Print a row for each lesson."""
    print(f"{'lesson':40} {'seconds':>8} {'of CPU':>8} {'of 20 s':>8}")
    for path in sorted(LESSONS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        before, start = cpu_s(), time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            where = {"metadata": {"path": folder}}
            NotebookClient(notebook, timeout=300, resources=where).execute()
        took = time.perf_counter() - start
        print(f"{path.stem:40} {took:8.1f} {cpu_s() - before:8.1f} {100 * took / MOST_S:7.0f}%")


def cpu_s() -> float:
    """CPU of the kernels that have ended, seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
