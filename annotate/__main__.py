"""`python -m annotate` is `acre`."""

from annotate.cli import main

if __name__ == "__main__":
    main()
