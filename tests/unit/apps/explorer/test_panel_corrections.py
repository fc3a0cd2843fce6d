"""What the explorer corrects in Panel and Bokeh: each message reaches the browser, each connection ends once."""

import asyncio
from types import SimpleNamespace

from bokeh.document import Document
from bokeh.server.connection import ServerConnection
from bokeh.server.views.ws import WSHandler
from panel.io import document

from densehop.apps.explorer.sessions.panel_corrections import correct_panel


class Connection:
    """A browser's connection, whose socket is free again when a test says so."""

    protocol = SimpleNamespace(create=lambda _, events: events)

    class Socket:
        """Where messages go."""

    _socket = Socket()


def test_a_message_that_comes_when_another_one_has_just_been_sent_is_sent(monkeypatch):
    correct_panel()
    sent, page = [], Document()

    async def send_two():
        free = asyncio.get_running_loop().create_future()

        def send(_, msg):
            sent.append(msg)
            return [free]

        monkeypatch.setitem(document.extra_socket_handlers, Connection.Socket, send)
        connection = Connection()
        document.schedule_write_events(page, [connection], "the last sweeps")
        await asyncio.sleep(0)  # they are being sent
        free.set_result(None)
        document.schedule_write_events(page, [connection], "the verdict")
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(send_two())
    assert sent == ["the last sweeps", "the verdict"]
    assert page not in document._WRITE_MSGS


def test_a_connection_that_a_ping_has_given_up_ends_without_a_complaint():
    correct_panel()
    done = []
    session = SimpleNamespace(
        subscribe=lambda _: None,
        unsubscribe=lambda _: None,
        notify_connection_lost=lambda: done.append("told the session"),
    )
    connection = ServerConnection(None, None, None, session)
    application = SimpleNamespace(client_lost=lambda lost: (done.append("given up"), lost.detach_session()))
    socket = SimpleNamespace(connection=connection, application=application, close_code=1001, close_reason="")
    for _ in range(2):
        WSHandler.on_close(socket)
    assert done == ["told the session", "given up"]
