"""What every room leans on: checks of input, random streams, files, threads, types of arrays."""
