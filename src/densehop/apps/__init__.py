"""The programs that people run: the command line and the explorer in the browser."""
