"""Arguments that are lists: numbers separated by commas."""

from densehop.errors import InvalidInput


def numbers(name: str, text: str) -> list[float]:
    """Return the numbers of a list such as "0.1,0.2"; `name` is that of the option."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput(f"--{name} must be numbers separated by commas, like 0.1,0.2; got '{text}'") from error


def integers(name: str, text: str) -> list[int]:
    """Return the whole numbers of a list such as "2,3,6"; `name` is that of the option."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput(f"--{name} must be whole numbers separated by commas, like 2,3,6; got '{text}'") from error


def interval(name: str, text: str | None) -> tuple[float, float] | None:
    """Return the two ends of an interval such as "0,4"; None if the option was not given."""
    if text is None:
        return None
    ends = numbers(name, text)
    if len(ends) != 2:
        raise InvalidInput(f"--{name} must be LOW,HIGH; got '{text}'")
    return ends[0], ends[1]
