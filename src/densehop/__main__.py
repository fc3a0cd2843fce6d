"""The program `densehop`: interrupts are caught from the first moment on, then the command line is imported and run."""

import signal
import sys
from types import FrameType

INTERRUPTED = 130  # the shell's own exit code for Ctrl-C


def main() -> None:
    """Run the command line; end with its exit code."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from densehop.cli import run  # noqa: PLC0415 (slow: an interrupt may come before it is done)

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        print("densehop: interrupted; nothing was written", file=sys.stderr)
    sys.exit(code)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Stop once, in order; further signals are ignored while the work under way winds down."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
