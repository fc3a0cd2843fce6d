"""The program `densehop`: it catches interrupts before anything slow is imported, then runs the command line."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130  # the shell's own exit code for Ctrl-C
TRACEBACK = "DENSEHOP_TRACEBACK"  # environment variable; if set, internal errors show their traceback


class Interrupt:
    """Handler of SIGINT and SIGTERM: the first signal raises KeyboardInterrupt, further ones are ignored."""

    def __init__(self) -> None:
        self.received = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self.received = True
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt


def main() -> None:
    """Run the command line; end with its exit code."""
    interrupt = Interrupt()
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        from densehop.apps.cli.program import run  # noqa: PLC0415 (slow: an interrupt may come before it is done)

        code = run(sys.argv[1:])
    except BaseException as error:
        if not interrupt.received:  # an interrupt in the middle of an import may end in any exception
            if not isinstance(error, Exception) or TRACEBACK in os.environ:
                raise
            sys.exit(
                f"densehop: internal error, please report it: {type(error).__name__}: {error} "
                f"(set {TRACEBACK}=1 to see where)"
            )
        code = INTERRUPTED
    if code == INTERRUPTED:
        print("densehop: interrupted; nothing was written", file=sys.stderr, flush=True)
        os._exit(code)  # at once: another Ctrl-C while Python shuts down would end it without this exit code
    sys.exit(code)


if __name__ == "__main__":
    main()
