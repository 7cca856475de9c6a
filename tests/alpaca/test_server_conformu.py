"""The server, asked everything that ASCOM's conformance checker ConformU asked a sample device.

Every line of the published transcript of its protocol check is asked of each of our devices that
has the member in question, and has to be answered as well.
"""

import re
from pathlib import Path

import pytest
import requests

from focusbench.alpaca import AlpacaServer
from tests.alpaca.rigs import small_rig

TRANSCRIPT = (
    Path(__file__).parents[3]
    / "shared"
    / "data"
    / "alpaca-api"
    / "conformu-protocol-transcript.txt"
)
if not TRANSCRIPT.is_file():
    pytest.skip("the transcript of ConformU is not there", allow_module_level=True)

COMMON = [
    *("Connect", "Connected", "Connecting", "Description", "DeviceState", "Disconnect"),
    *("DriverInfo", "DriverVersion", "InterfaceVersion", "Name", "SupportedActions"),
]
"""Members that all devices have."""

MEMBERS = {
    "camera": COMMON,
    "filterwheel": [*COMMON, "Position"],
    "focuser": [*COMMON, "Halt", "IsMoving", "Move", "Position", "StepSize"],
    "observingconditions": COMMON,
}

GOOD_VALUE = {"Connected": ("Connected", "True"), "Move": ("Position", "10200")}
BAD_VALUE = "asduio6fghZZ"
IDS = {"ClientID": "123", "ClientTransactionID": "67890"}

LINE = re.compile(r"^\S+ (GET|PUT|POST|DELETE) (\w+)\s+(?:OK|INFO) +(.+?)\s*$", re.MULTILINE)


def transcript_lines(device_type):
    """(verb, member) → what was noted about it."""
    noted = {}
    for verb, member, line in LINE.findall(TRANSCRIPT.read_text(encoding="utf-8")):
        is_ours = member in MEMBERS[device_type]
        only_read = (device_type, member) == ("filterwheel", "Position") and verb != "GET"
        if is_ours and not only_read and "==>" not in line:
            noted.setdefault((verb, member), []).append(line)
    return noted


CASES = [
    (device_type, verb, member, lines)
    for device_type in MEMBERS
    for (verb, member), lines in transcript_lines(device_type).items()
]


@pytest.fixture(scope="module")
def server():
    with AlpacaServer(small_rig(), port=0, discovery=False) as server:
        for device_type in MEMBERS:
            requests.put(
                f"http://{server.address}/api/v1/{device_type}/0/connected",
                data={"ClientID": 1, "Connected": True},
                timeout=5,
            )
        yield server


def split(line):
    """Which request a line is about, and what it says of the answer."""
    for start in ("Received HTTP", "The expected", "The returned", "The ServerTransactionID was"):
        head, found, tail = line.partition(start)
        if found:
            return head.strip(' -"'), found + tail
    return "", line


def address_of(device_type, member, subject):
    """Where a request goes."""
    api, version, kind, number, name = "api", "v1", device_type, "0", member.lower()
    bad = re.search(r"\((?:capitalised )?(.+?)\)?$", subject.removeprefix("Bad Alpaca URL "))
    if subject.startswith("Bad Alpaca URL"):
        what = bad[1]
        if "base element" in subject:
            api = "apx"
        elif "version" in subject:
            version = {"no v": "1", "no number": "v", "capital V": "V1", "v2": "v2"}[what]
        elif "device type" in subject:
            kind = device_type.upper() if what == "ROTATOR" else what
        elif "device number" in subject:
            number = what
        else:
            name = what
    return f"{api}/{version}/{kind}/{number}/{name}"


def parameters_of(member, subject):
    """What a request carries."""
    carried = dict([GOOD_VALUE[member]]) if member in GOOD_VALUE else {}
    ids = dict(IDS)
    id_name, _, how = subject.partition(" is ")
    if id_name in IDS and how:
        ids[id_name] = {
            "empty": "",
            "white space": "     ",
            "negative": "-12345",
            "not numeric": "NASDAQ",
            "a string": "qweqwe",
        }[how]
    elif re.match(r"(Different|Bad) Client\w+ casing", subject):
        id_name = subject.split()[1]
        ids[id_name.lower()] = ids.pop(id_name)
    elif "(Bad value)" in subject:
        carried = dict.fromkeys(carried, BAD_VALUE)
    elif "(Bad casing)" in subject:
        carried = {name.lower(): value for name, value in carried.items()}
    elif subject.startswith("Bad parameter value"):
        value = {"Empty string": "", "Number": "123456", "Meaningless string": BAD_VALUE}
        carried = {"Connected": value[subject.removeprefix("Bad parameter value - ")]}
    elif subject in ("Value empty", "Empty"):
        carried = {"Connected": ""}
    elif subject == "Number":
        carried = {"Connected": "123456"}
    elif subject == "False":
        carried = {"Connected": "False"}
    if "additional parameter" in subject or "extra parameter" in subject:
        carried["ExtraParameter"] = "ExtraValue"
    return carried | ids


def is_met(said, answer):
    """Whether an answer does what a line of the transcript says."""
    if "HTTP status" in said:
        status = int(re.search(r"HTTP status (\d+)", said)[1])
        invalid = "invalid value error" not in said or answer.json()["ErrorNumber"] == 0x401
        return answer.status_code == status and invalid
    reply = answer.json()
    if state := re.match(r"(\w+) - JSON (Name|Value) parameter found OK", said):
        # One of the states of a rotator: our devices have others, of the same form.
        return bool(reply["Value"]) and all(state[2] in one for one in reply["Value"])
    if said.endswith("is correctly cased"):
        return said.split()[0] in reply
    if said.startswith("JSON Value parameter found"):
        return "Value" in reply or reply["ErrorNumber"] == 0x400
    if said.startswith("The expected ClientTransactionID was returned"):
        return reply["ClientTransactionID"] == int(said.rsplit(" ", 1)[1])
    if said.startswith("The returned ClientTransactionID was 0"):
        return reply["ClientTransactionID"] == 0
    if said.startswith("The ServerTransactionID was 1 or greater"):
        return reply["ServerTransactionID"] >= 1
    raise AssertionError(f"A line that the test does not understand: {said}")


@pytest.mark.parametrize(
    ("device_type", "verb", "member", "lines"),
    CASES,
    ids=[f"{verb} {device_type}/{member}" for device_type, verb, member, _ in CASES],
)
def test_every_line_of_the_transcript_is_met(server, device_type, verb, member, lines):
    answers, unmet = {}, []
    with requests.Session() as session:
        for line in lines:
            subject, said = split(line)
            if subject not in answers:
                sent = parameters_of(member, subject)
                answers[subject] = session.request(
                    verb,
                    f"http://{server.address}/{address_of(device_type, member, subject)}",
                    timeout=5,
                    **({"params": sent} if verb == "GET" else {"data": sent}),
                )
            if not is_met(said, answers[subject]):
                unmet.append(f"{line}  ←  {answers[subject].status_code} {answers[subject].text}")
    assert unmet == []


def test_most_of_the_transcript_is_applicable_and_none_of_it_is_forgotten():
    all_lines = LINE.findall(TRANSCRIPT.read_text(encoding="utf-8"))
    asked = {member for _, _, member, _ in CASES}
    of_a_rotator = {
        *("CanReverse", "MechanicalPosition", "MoveAbsolute", "MoveMechanical", "Reverse", "Sync"),
        "TargetPosition",
    }
    assert {member for _, member, _ in all_lines} - asked == of_a_rotator
