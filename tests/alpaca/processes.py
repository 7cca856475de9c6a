"""Alpaca servers in processes of their own: ours, and one that others wrote."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import requests
import yaml

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def our_server(**rig):
    """Address of a small rig; the arguments are those of `simulated_rig`."""
    paths = [str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.alpaca.rigs", json.dumps(rig)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    try:
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.communicate()


@contextlib.contextmanager
def alpaca_simulators(folder, shape=(384, 512)):
    """Address of the PyPI package alpaca-simulators, under a sky of our own.

    Its camera would ask a catalogue on the internet for stars; it takes a file as well.
    """
    catalogue, config = folder / "stars.sqlite", folder / "simulators.yaml"
    _write_catalogue(catalogue)
    _write_config(config, catalogue, shape)
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                *("-c", "from alpaca_simulators.run_simulator import main; main()"),
                *("--host", "127.0.0.1", "--port", str(port), "--config", str(config)),
            ],
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/v1/focuser/0/name")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()  # asked to end, it would wait for its clients
            process.wait(10)


def _write_catalogue(path):
    """4000 stars around right ascension 10 h, declination 20°."""
    rng = np.random.default_rng(7)
    ra, dec = 150 + rng.uniform(-0.6, 0.6, 4000), 20 + rng.uniform(-0.6, 0.6, 4000)
    magnitude = 16 - rng.exponential(1.6, 4000)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "create table gaia_sources"
            "(ra real, dec real, pmra real, pmdec real, phot_g_mean_mag real)"
        )
        database.executemany(
            "insert into gaia_sources values (?, ?, 0, 0, ?)",
            np.c_[ra, dec, magnitude].tolist(),
        )


def _write_config(path, catalogue, shape):
    template = files("alpaca_simulators") / "config" / "template.yaml"
    config = yaml.safe_load(template.read_text(encoding="utf-8"))
    config["tap_source"] = str(catalogue)
    devices = config["devices"]
    devices["telescope"][0] |= {
        "rightascension": 10.0,
        "declination": 20.0,
        "tracking": True,
        "aperturediameter": 0.2,
        "focallength": 1.0,
    }
    devices["camera"][0] |= {
        "cameraxsize": shape[1],
        "cameraysize": shape[0],
        "numx": shape[1],
        "numy": shape[0],
        "pixelsizex": 3.76,
        "pixelsizey": 3.76,
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


def _wait_for(url, timeout_s=60.0):
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=2).ok:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer.")
