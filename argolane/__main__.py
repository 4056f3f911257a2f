"""`python -m argolane` is the command `argolane`."""

from argolane.cli import main

main()
