"""`python -m authstream.cli`: the command line without the installed script."""

from authstream.cli import main

main()
