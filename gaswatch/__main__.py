"""`python -m gaswatch`: the command, for whoever has the interpreter but not the script."""

from gaswatch.cli import main

main()
