"""`densehop explore` behind a tunnel or a proxy: which pages may use it, and under which path."""

import asyncio
import re
import socket
import sys
import time
import urllib.request
from types import SimpleNamespace

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.command_line import error_line


@pytest.fixture
def served(monkeypatch):
    """What the command asks the server for, without a server."""
    asked = {}
    fake = SimpleNamespace(serve=lambda *places, **options: asked.update(options, places=places))
    monkeypatch.setitem(sys.modules, "densehop.apps.explorer.server", fake)  # the real one takes long to import
    return asked


def test_addresses_of_proxies_and_tunnels_reach_the_server(densehop, served):
    options = (
        "--allow-origin",
        "https://my.server/densehop/",
        "--allow-origin",
        "localhost:8000",
        "--allow-origin",
        "[::1]:8",
    )
    told = densehop("explore", "--port", 0, *options, "--prefix", "tools/densehop/")
    assert told.returncode == 0, told.stderr
    assert served["origins"] == ["my.server", "localhost:8000", "[::1]:8"]
    assert served["prefix"] == "/tools/densehop"
    assert served["places"][1] == "127.0.0.1"
    assert "/tools/densehop (Ctrl-C ends it)" in told.stdout
    assert "pages at my.server, localhost:8000, [::1]:8 may use it, too" in told.stdout
    densehop("explore", "--port", 0)
    assert (served["origins"], served["prefix"]) == ([], "")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--allow-origin", "a b", "--allow-origin must be HOST or HOST:PORT, like localhost:8000; got 'a b'"),
        ("--allow-origin", "*", "--allow-origin must name a host: '*' would let any page use the explorer"),
        ("--prefix", "/a?b", "--prefix must be a path like /densehop; got '/a?b'"),
    ],
)
def test_wrong_addresses_are_one_line(option, value, message, densehop, served):
    assert message in error_line(densehop("explore", "--port", 0, option, value))
    assert served == {}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # Panel's own
def test_a_page_of_an_allowed_address_opens_a_session_and_another_does_not():
    from densehop.apps.explorer import server  # noqa: PLC0415 (slow)
    from densehop.apps.explorer.workers.worker_pool import WorkerPool  # noqa: PLC0415 (as above)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pool = WorkerPool()
    serving = server.serve(port, show=False, pool=pool, block=False, origins=["my.server:8000"], prefix="/densehop")
    try:
        for _ in range(100):
            try:
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/densehop/").read().decode()
                break
            except OSError:
                time.sleep(0.2)
        token = re.search(r'"token":"([^"]+)"', page)[1]

        async def opened(origin):
            request = HTTPRequest(f"ws://127.0.0.1:{port}/densehop/ws", headers={"Origin": origin})
            connection = await websocket_connect(request, subprotocols=["bokeh", token])
            answer = await connection.read_message()
            connection.close()
            while await connection.read_message() is not None:
                pass
            return "ACK" in answer

        assert asyncio.run(opened("http://my.server:8000"))
        with pytest.raises(HTTPClientError, match="403"):
            asyncio.run(opened("http://my.server:8001"))
    finally:
        serving.stop()
        pool.close()
