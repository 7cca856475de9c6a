"""Fuzz the readers, guided by coverage: every file is a run or is refused with one sentence.

    pip install atheris
    python benchmarks/fuzz_readers.py [--minutes 30] [--corpus FOLDER] [--findings FOLDER]

The first byte of an input says which kind of file the rest is; the seeds are those of
`tests/af_packages/test_hostile.py`. What is instrumented: `focusbench.af_packages` and
`focusbench.frames`. A finding is any exception but the ones meant for people, a sentence of more
than one line, a file written, more than 10 s, or more than 2 GB; each is saved once for each place
it was raised at, and the session goes on. The figures are printed at the end.
"""

import argparse
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["focusbench.af_packages", "focusbench.frames"]):
    from focusbench.af_packages.reader import read_runs
    from focusbench.errors import FrameError, PackageError
    from focusbench.frames import read_frame

from tests.af_packages.test_hostile import NAMES, _seeds

FRAMES = ("frame.fits", "frame.fits.gz", "frame.xisf")
KINDS = (*NAMES, *FRAMES)
FOLDERS = (".fits", "manifest.json", "events.jsonl", ".ecsv", "result.json")
WORDS = (
    "NaN", "-1", "1e308", "null", "[]", "{}", "../", "true", "-Infinity", "position", "hfr",
    "AFSTART", "FOCPOS  =", "NAXIS1  =", "BITPIX  =", "SIMPLE  =", "ZIMAGE", "PK\\x03\\x04",
    "PK\\x01\\x02", "XISF0100", "attachment:", "lz4+sh:", "MeasurePoints", "FocuserPosition",
)  # fmt: skip

findings: dict[str, str] = {}


class Session:
    """One folder that every input is put into, and what came of the inputs."""

    def __init__(self, seeds: dict[str, bytes], folder: Path, findings: Path) -> None:
        self.manifest = seeds["manifest.json"]
        self.folder, self.findings = folder, findings
        self.n_runs = self.n_refused = 0

    def __call__(self, data: bytes) -> None:
        """Read one input as libFuzzer made it."""
        if not data:
            return
        name = KINDS[data[0] % len(KINDS)]
        try:
            (self._frame if name in FRAMES else self._file)(name, data[1:])
            self.n_runs += 1
        except (PackageError, FrameError) as error:
            self.n_refused += 1
            if "\n" in str(error):
                self._keep("more than one line", name, data, repr(error))
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            key = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
            self._keep(key, name, data, traceback.format_exc())

    def _frame(self, name: str, content: bytes) -> None:
        frame = read_frame(content, name)
        assert frame.pixels.ndim

    def _file(self, name: str, content: bytes) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        path = self.folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        if name == "stars.ecsv":
            (self.folder / "manifest.json").write_bytes(self.manifest)
        before = sorted(self.folder.rglob("*"))
        for package in read_runs(path.parent if name.endswith(FOLDERS) else path):
            # A run of ours may have been killed before its first point.
            assert package.focus_points or package.format == "focusbench"
            assert len(package.stars) >= 0
            assert repr(package)
        assert sorted(self.folder.rglob("*")) == before

    def _keep(self, key: str, name: str, data: bytes, told: str) -> None:
        if key not in findings:
            findings[key] = told
            self.findings.mkdir(parents=True, exist_ok=True)
            (self.findings / f"{len(findings):02d}-{Path(name).name}").write_bytes(data[1:])
            print(f"\nFINDING {key} ({name})\n{told}", flush=True)


def main() -> None:
    """Run one session and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--corpus", type=Path, help="kept from session to session")
    parser.add_argument("--findings", type=Path, default=Path("fuzz_findings"))
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="fuzz_readers_"))
    seeds = _seeds(work / "seeds") if (work / "seeds").mkdir() is None else {}
    corpus = given.corpus or work / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(KINDS):
        content = seeds.get(kind, seeds["a_100.fits"])
        (corpus / f"seed{number:02d}").write_bytes(bytes([number]) + content)
    words = work / "words"
    words.write_text("".join(f'"{word}"\n' for word in WORDS))
    session = Session(seeds, work / "input", given.findings)
    for path in sorted(corpus.glob("seed*")):
        session(path.read_bytes())  # compiles what measures stars, which takes more than 10 s
    largest = max(map(len, seeds.values())) + 1000
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-dict={words}",
        f"-max_total_time={round(60 * given.minutes)}",
        f"-max_len={largest}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        f"-artifact_prefix={work}/",
    ]

    def one(data: bytes) -> None:
        session(data)
        total = session.n_runs + session.n_refused
        if total and total % 20_000 == 0:
            print(
                f"{session.n_runs} read, {session.n_refused} refused, {len(findings)} findings",
                flush=True,
            )

    atheris.Setup(arguments, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
