"""`python -m emitter` is `kip-emitter`."""

from emitter.cli import main

main()
