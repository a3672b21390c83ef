"""`python -m filmrestore_core`: the command line where the console script is not on the path."""

from filmrestore_core.cli.main import main

if __name__ == "__main__":
    main()
