"""A progress that counts, for the tests of whatever reports how far it is."""


class CountingProgress:
    """Counts the steps that were announced and those that were reported."""

    def __init__(self):
        self.announced, self.done = 0, 0

    def total(self, steps):
        self.announced = steps

    def advance(self, steps=1):
        self.done += steps
