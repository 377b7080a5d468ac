"""`python -m mbench` is the `mbench` command; worker processes import this too, and nothing by it."""

from mbench.core.processes.search_path import leave_out_working_directory

if __name__ == "__main__":
    leave_out_working_directory()
    from mbench.cli.main import main  # looks for modules, which is why it comes second

    main()
