"""The command of the explorer."""

import socket
from typing import Annotated

import typer

from densehop.base import checks
from densehop.errors import InvalidInput, MissingPackage

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65535


def explore(
    port: Annotated[int, typer.Option(help="Where the page is; 0 takes a free one.")] = 5006,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Explore in a browser: phase diagram, cuts, restoration, attacks. On this machine only; Ctrl-C ends it."""
    place = _free(checks.integer("port", port, 0, HIGHEST_PORT))
    try:
        from densehop.apps.explorer.server import serve  # noqa: PLC0415 (an extra, and slow)
    except ImportError as error:
        raise MissingPackage(
            f"the explorer needs Panel: pip install 'densehop[explorer]' ({error.name} is missing)"
        ) from error
    typer.echo(f"densehop explorer at http://{LOOPBACK}:{place} (Ctrl-C ends it)")
    serve(place, LOOPBACK, show=browser)


def _free(port: int) -> int:
    """Return the port if it is free; 0 finds one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise InvalidInput(
                f"port {port} cannot be used ({error.strerror}): choose another one with --port"
            ) from error
        return int(probe.getsockname()[1])
