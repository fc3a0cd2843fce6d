"""The command line: one file for each group of commands; `program` puts them together and reports errors."""
