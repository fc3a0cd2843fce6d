"""The command that starts the explorer."""

import re
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
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Address in the browser's address bar, behind a proxy or through a tunnel; may be repeated.",
            metavar="HOST[:PORT]",
        ),
    ] = None,
    prefix: Annotated[str, typer.Option(help="Path of the page behind a proxy, like /densehop.", metavar="PATH")] = "",
) -> None:
    """Open the explorer in a browser: phase diagram, cuts, restoration, attacks.

    The page can be reached from this machine only; Ctrl-C ends the server. From elsewhere: an SSH tunnel,
    `ssh -L 8000:127.0.0.1:5006 HOST`, with `--allow-origin localhost:8000` here, or a proxy that runs on this machine.
    """
    origins = [_origin(address) for address in allow_origin or ()]
    path = _path(prefix)
    free_port = _free_port(checks.integer("port", port, 0, MAX_PORT))
    try:
        from densehop.apps.explorer.server import serve  # noqa: PLC0415 (an extra, and slow)
    except ImportError as error:
        raise MissingPackage.of_extra("densehop explore", "panel", "explorer", error) from error
    typer.echo(f"densehop explorer at http://{LOOPBACK}:{free_port}{path} (Ctrl-C ends it)")
    if origins:
        typer.echo(f"pages at {', '.join(origins)} may use it, too")
    serve(free_port, LOOPBACK, show=browser, origins=origins, prefix=path)


def _origin(address: str) -> str:
    """Return HOST or HOST:PORT of an address, which may be pasted as the browser shows it."""
    host = address.strip().removeprefix("http://").removeprefix("https://").split("/")[0]
    if not re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.*_-]+)(:\d{1,5}|:\*)?", host):
        raise InvalidInput(f"--allow-origin must be HOST or HOST:PORT, like localhost:8000; got '{address}'")
    if host.startswith("*"):
        raise InvalidInput("--allow-origin must name a host: '*' would let any page use the explorer")
    return host


def _path(prefix: str) -> str:
    """Return a path that begins with a slash and does not end with one, or nothing."""
    parts = [part for part in prefix.split("/") if part]
    if not all(re.fullmatch(r"[A-Za-z0-9._~-]+", part) for part in parts):
        raise InvalidInput(f"--prefix must be a path like /densehop; got '{prefix}'")
    return "".join(f"/{part}" for part in parts)


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
