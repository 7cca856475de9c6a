"""The server, held to ASCOM's own OpenAPI files by schemathesis."""

import copy
from pathlib import Path

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from focusbench.alpaca import AlpacaServer
from tests.alpaca.rigs import small_rig

STANDARD = Path(__file__).parents[3] / "shared" / "data" / "alpaca-api"
if not STANDARD.is_dir():
    pytest.skip("ASCOM's OpenAPI files are not there", allow_module_level=True)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

DEVICE_TYPES = ("camera", "filterwheel", "focuser", "observingconditions")

ALLOWED_BESIDE_THE_FILES = {
    "ClientTransactionID may be 0 in an answer": (
        "AlpacaResponse.ClientTransactionID: 'Zero indicates that a valid value was not supplied.' "
        "(beside minimum: 1)"
    ),
    "404 for a device number that is no number": (
        "ConformU: 'Bad Alpaca URL device number (A) - Received HTTP status 404 (NotFound) as "
        "expected.'"
    ),
}
"""Each with the sentence of the standard, or of ASCOM's conformance checker, that forces it."""

NO_NUMBER = {"description": "No such address.", "content": {"text/plain": {"schema": {}}}}


def device_api():
    """The files' operations of our four device types, on devices 0 (there) and 7 (not there)."""
    api = yaml.safe_load((STANDARD / "AlpacaDeviceAPI_v1.yaml").read_text(encoding="utf-8"))
    number = {"type": "integer", "enum": [0, 0, 0, 7]}
    api["components"]["parameters"]["device_number"]["schema"] = number
    answer = api["components"]["schemas"]["AlpacaResponse"]["properties"]
    answer["ClientTransactionID"]["minimum"] = 0
    paths = {}
    for path, operations in api["paths"].items():
        for device_type in DEVICE_TYPES:
            is_common = "{device_type}" in path
            if not is_common and not path.startswith(f"/{device_type}/"):
                continue
            these = copy.deepcopy(operations)
            for operation in these.values():
                operation["responses"]["404"] = NO_NUMBER
                operation["parameters"] = [
                    parameter
                    for parameter in operation.get("parameters", [])
                    if not parameter.get("$ref", "").endswith("/device_type")
                ]
            paths[path.replace("{device_type}", device_type)] = these
    return api | {"paths": paths}


def management_api():
    """The files' operations of the management interface."""
    api = yaml.safe_load((STANDARD / "AlpacaManagementAPI_v1.yaml").read_text(encoding="utf-8"))
    parameters = api["components"]["parameters"]
    parameters["device_type"]["schema"] = {"type": "string", "enum": [*DEVICE_TYPES, "telescope"]}
    parameters["device_number"]["schema"] = {"type": "integer", "enum": [0, 7]}
    for path, operations in api["paths"].items():
        if path.startswith("/setup/v1"):
            operations["get"]["responses"]["404"] = NO_NUMBER
    return api


@pytest.fixture(scope="module")
def server():
    # So fast that the longest exposure that can be asked for is over within half a second.
    with AlpacaServer(small_rig(speed=10_000.0), port=0, discovery=False) as server:
        for device_type in DEVICE_TYPES:
            requests.put(
                f"http://{server.address}/api/v1/{device_type}/0/connected",
                data={"ClientID": 1, "Connected": True},
                timeout=5,
            ).raise_for_status()
        yield server


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


bounded = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.openapi.from_dict(device_api()).parametrize()
@bounded
def test_devices_answer_as_the_standard_says(case, server, session):
    case.call_and_validate(
        base_url=f"http://{server.address}/api/v1", session=session, checks=CHECKS, timeout=10
    )


@schemathesis.openapi.from_dict(management_api()).parametrize()
@bounded
def test_management_answers_as_the_standard_says(case, server, session):
    case.call_and_validate(
        base_url=f"http://{server.address}", session=session, checks=CHECKS, timeout=10
    )
