"""Nothing that the published client offers goes untested."""

import importlib.metadata
import pathlib
import re

import pytest

import autx_client
from clients import CLASSES, public_methods
from conftest import promised

HERE = pathlib.Path(__file__).parent


def test_it_is_the_published_client():
    distribution = importlib.metadata.distribution("autx-client")
    assert distribution.version == autx_client.__version__ == "0.4.1"
    assert set(CLASSES) == {name for name in autx_client.__all__ if "Client" in name or name == "AsyncChatSession"}


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_method_has_a_test(request, name):
    """Which test drives which method is said by its marker, and the marker is checked against what the test really called."""
    modules = {item.path for item in request.session.items}
    options = request.config.option
    if options.keyword or options.markexpr or modules != set(HERE.glob("test_*.py")):
        pytest.skip("only part of the suite was asked for")
    tested = set().union(*(promised(item) for item in request.session.items))
    methods = public_methods(name)

    assert len(methods) == {"AutxClient": 27, "AutxAsyncClient": 29, "AsyncChatSession": 2}[name]
    assert {method for method in methods if f"{name}.{method}" not in tested} == set()
    unknown = {entry for entry in tested if entry.startswith(f"{name}.")} - {f"{name}.{method}" for method in methods}
    assert unknown == set(), "markers that name a method which the client does not have"


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_method_has_its_place_in_the_guide(name):
    """The guide for those who know the SDK leaves no method out, and names none that is not there."""
    guide = (HERE.parents[1] / "templates/guides/sdk.md").read_text()
    rows = re.findall(r"^\| (.*?) \|", guide, flags=re.MULTILINE)
    told = {method for row in rows for method in re.findall(r"`(\w+)`", row)}

    assert public_methods(name) - told == set()
    assert told - set().union(*(public_methods(cls) for cls in CLASSES)) == set()
