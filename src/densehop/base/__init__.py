"""Used by all other packages: checks of arguments, random streams, files, threads, progress, types of arrays."""
