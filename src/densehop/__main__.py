"""The program `densehop`: interrupts are caught from the first moment on, then the command line is imported and run."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130  # the shell's own exit code for Ctrl-C
TRACEBACK = "DENSEHOP_TRACEBACK"  # environment variable


class Interrupt:
    """Stops the run once, in order; further signals are ignored while the work under way winds down."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self.came = True
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
        if not interrupt.came:  # else whatever it is: a half-done import turns an interrupt into an ImportError
            if not isinstance(error, Exception) or TRACEBACK in os.environ:
                raise
            sys.exit(
                f"densehop: internal error, please report it: {type(error).__name__}: {error} "
                f"(set {TRACEBACK}=1 to see where)"
            )
        code = INTERRUPTED
    if code == INTERRUPTED:
        print("densehop: interrupted; nothing was written", file=sys.stderr, flush=True)
        os._exit(code)  # at once: while Python winds down, one more Ctrl-C would kill it without an exit code
    sys.exit(code)


if __name__ == "__main__":
    main()
