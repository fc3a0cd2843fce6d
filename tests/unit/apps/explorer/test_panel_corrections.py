"""What the explorer corrects in Panel: whether each message reaches the browser."""

import asyncio
from types import SimpleNamespace

from bokeh.document import Document
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
