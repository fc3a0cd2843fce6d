"""What an installation takes, package by package: `python packaging/sizes.py ENVIRONMENT`."""

import sys
from collections import Counter
from pathlib import Path

LARGEST_PACKAGES = 8  # that are named with their sizes


def sizes(place: Path) -> str:
    """Return the size of an environment, and of its largest packages."""
    files, byte_code = by_package(place)
    largest = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in files.most_common(LARGEST_PACKAGES))
    compiled = f" and {byte_code.total() / 1e6:.0f} MB of byte code" if byte_code else ""
    return f"{files.total() / 1e6:.0f} MB{compiled} ({largest})"


def by_package(place: Path) -> tuple[Counter[str], Counter[str]]:
    """Return the bytes of each package with the libraries that it brings along, and those of its byte code."""
    files, byte_code = Counter[str](), Counter[str]()
    for path in place.rglob("*"):
        if path.is_file() and not path.is_symlink():
            inside = path.parts[path.parts.index("site-packages") + 1 :] if "site-packages" in path.parts else ("rest",)
            name = inside[0].removesuffix(".libs").split("-")[0]
            (byte_code if path.suffix == ".pyc" else files)[name] += path.stat().st_size
    return files, byte_code


def print_sizes(place: Path) -> None:
    """Print the packages of an environment in the order of their sizes."""
    files, byte_code = by_package(place)
    print(f"{'MB':>24}  byte code")
    for name, size in [("all", files.total()), *files.most_common(2 * LARGEST_PACKAGES)]:
        compiled = byte_code.total() if name == "all" else byte_code[name]
        print(f"{name:18} {size / 1e6:5.0f}  {compiled / 1e6:9.0f}")


if __name__ == "__main__":
    print_sizes(Path(sys.argv[1]))
