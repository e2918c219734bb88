"""`python -m cli`: the `footfall` command where its script is not on the path."""

from cli.main import main

main()
