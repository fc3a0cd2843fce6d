"""Exit codes of the program, and how it ends when a campaign is interrupted."""

import os
import sys
from pathlib import Path
from typing import NoReturn

FAILED = 1  # something could not be computed or written
BAD_INPUT = 2
INTERRUPTED = 130  # the shell's own code for Ctrl-C


def leave_interrupted_campaign(folder: Path) -> NoReturn:
    """Say what stays in the folder of a campaign, and end the program at once.

    Raising KeyboardInterrupt instead would lead to the message of `__main__`, that nothing was written.
    """
    print(
        f"densehop: interrupted; finished cells stay in '{folder}', the same command resumes the others",
        file=sys.stderr,
        flush=True,
    )
    os._exit(INTERRUPTED)
