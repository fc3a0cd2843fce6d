"""The command that starts the explorer."""

import socket
from typing import Annotated

import typer

from densehop.base import checks
from densehop.errors import InvalidInput, MissingPackage

LOOPBACK = "127.0.0.1"
MAX_PORT = 65535


def explore(
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 5006,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Open the explorer in a browser: phase diagram, cuts, restoration, attacks.

    The page can be reached from this machine only; Ctrl-C ends the server.
    """
    free_port = _free_port(checks.integer("port", port, 0, MAX_PORT))
    try:
        from densehop.apps.explorer.server import serve  # noqa: PLC0415 (an extra, and slow)
    except ImportError as error:
        raise MissingPackage.of_extra("densehop explore", "panel", "explorer", error) from error
    typer.echo(f"densehop explorer at http://{LOOPBACK}:{free_port} (Ctrl-C ends it)")
    serve(free_port, LOOPBACK, show=browser)


def _free_port(port: int) -> int:
    """Return a port after a check that it is free; 0 finds a free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise InvalidInput(
                f"port {port} cannot be used ({error.strerror}): choose another one with --port"
            ) from error
        return int(probe.getsockname()[1])
