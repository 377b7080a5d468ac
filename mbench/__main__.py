"""`python -m mbench` is the `mbench` command."""

from mbench.cli.main import main

if __name__ == "__main__":
    main()
