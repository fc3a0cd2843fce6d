"""The version of densehop; it is defined only here."""

__version__ = "1.0.0"
