"""`python -m densehop` is the command line."""

from densehop.cli import main

main()
