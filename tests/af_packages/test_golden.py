"""Packages written long ago open to the numbers that they held then."""

import json
from importlib import resources

import pytest

from focusbench.af_packages import import_runs, open_package
from focusbench.af_packages.manifest import SCHEMA_VERSION
from tests.af_packages.conftest import REPO
from tests.af_packages.test_import import FORMATS
from tests.golden.render import expected

GOLDEN = REPO / "tests" / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())


@pytest.fixture(scope="module")
def schema():
    jsonschema = pytest.importorskip("jsonschema")  # JupyterLab brings it
    text = resources.files("focusbench.af_packages").joinpath("af-package.schema.json").read_text()
    document = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_golden_package_opens_to_its_numbers(name):
    package = open_package(GOLDEN / name)
    assert expected(package) == EXPECTED[name]
    assert package.points.sizes["point"] == len(package.focus_points)


def test_there_is_a_golden_package_of_every_kind_and_version():
    for version in range(1, SCHEMA_VERSION + 1):
        for kind in ("run", "stamps", "killed", "imported"):
            assert f"{kind}_v{version}.zip" in EXPECTED
    assert sum(path.stat().st_size for path in GOLDEN.glob("*.zip")) < 100_000


def test_the_schema_describes_what_is_written(recorded, schema):
    document = json.loads((recorded / "manifest.json").read_text())
    schema.validate(document)
    assert document.keys() <= schema.schema["properties"].keys()
    point = schema.schema["$defs"]["point"]["properties"]
    assert document["points"][0].keys() == point.keys()


@pytest.mark.parametrize("make", FORMATS, ids=[make.__name__[5:] for make in FORMATS])
def test_the_schema_describes_imported_runs(tmp_path, schema, make):
    (run,) = import_runs(make(tmp_path), tmp_path / "out").runs
    document = json.loads((run.package / "manifest.json").read_text())
    schema.validate(document)
    assert document.keys() <= schema.schema["properties"].keys()
    assert (
        document["imported"].keys() == schema.schema["properties"]["imported"]["properties"].keys()
    )
