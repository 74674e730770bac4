"""`python -m gateway` is `callmark`."""

from gateway.cli import main

main()
