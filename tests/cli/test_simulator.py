"""`focusbench simulator` as a person or a script uses it."""

import json
import signal
import socket
import subprocess
import sys

import pytest
import requests

import focusbench as fb
from focusbench.cli import main


@pytest.fixture
def start():
    """Start the command; gives its process, which is over after the test."""
    processes = []

    def start(*words):
        command = [sys.executable, "-m", "focusbench", "simulator", *words]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_run_over_the_simulator_is_the_run_in_this_process(start, capsys, tmp_path):
    words = ("--seed", "3", "--speed", "30", "--focus-steps-per-c", "0")
    simulator = start("--json", "--port", "0", *words)
    place = json.loads(simulator.stdout.readline())
    assert set(place) == {"host", "port"}
    assert place["host"] == "127.0.0.1"

    options = ["--step-size", "80", "--data-points", "5", "--no-smart-focus", "--json"]
    address = f"{place['host']}:{place['port']}"
    code = main(["run", "--alpaca", address, *options, "--save-to", str(tmp_path)])
    over_alpaca = json.loads(capsys.readouterr().out)
    here = fb.autofocus(
        fb.simulated_rig(seed=3, focus_steps_per_c=0),
        fb.AutofocusOptions(step_size=80, data_points=5, smart_focus=False),
        save_packages_to=None,
    )
    points = fb.open_package(over_alpaca["package"]).focus_points
    assert code == 0
    assert [p.position for p in points] == [p.position for p in here.points]
    assert [p.metric for p in points] == pytest.approx([p.metric for p in here.points], abs=1e-6)
    assert over_alpaca["best_position"] == pytest.approx(here.best_position, abs=1e-6)
    assert over_alpaca["final_position"] == here.final_position

    simulator.send_signal(signal.SIGINT)
    out, err = simulator.communicate(timeout=10)
    assert (simulator.returncode, out, err) == (0, "", "")


def test_people_are_told_where_it_is_and_who_reaches_it(start):
    simulator = start("--port", "0")
    where, who, what = (simulator.stdout.readline() for _ in range(3))
    address = where.split()[-1].rstrip(".")
    assert "only this computer" in who.lower()
    assert f"focusbench run --alpaca {address}" in what
    reply = requests.get(f"http://{address}/management/v1/description", timeout=5)
    assert reply.json()["Value"]["ServerName"] == "Simulated rig"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--port", "{taken}"], "{taken}: Address already in use"),
        (["--port", "70000"], "port is a whole number from 0 to 65535; got 70000"),
        (["--host", "192.0.2.1"], "192.0.2.1"),
        (["--speed", "0"], "speed is a number from 0.01"),
    ],
)
def test_where_it_cannot_listen_it_says_so_in_one_sentence(capsys, words, says):
    with socket.create_server(("127.0.0.1", 0)) as held:
        taken = held.getsockname()[1]
        code = main(["simulator", *(word.format(taken=taken) for word in words)])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert says.format(taken=taken) in err
    assert len(err.splitlines()) == 1
