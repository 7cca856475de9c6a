import pytest

from tests.alpaca.alpaca_server import AlpacaServer


@pytest.fixture
def server():
    server = AlpacaServer()
    yield server
    server.close()
