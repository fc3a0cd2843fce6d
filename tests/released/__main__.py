"""Write what the present version promises and the files that it writes: run once, for its release."""

import sys
from pathlib import Path

from densehop.base.version import __version__
from tests.released.files import write
from tests.released.signatures import signatures

FOLDER = Path(__file__).parent / __version__

if __name__ == "__main__":
    if (FOLDER / "run.nc").exists():
        sys.exit(f"{FOLDER.name} is there: what was released does not change")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "signatures.txt").write_text("".join(f"{name} {text}\n" for name, text in signatures().items()))
    write(FOLDER)
    print(*sorted(path.name for path in FOLDER.iterdir()))
