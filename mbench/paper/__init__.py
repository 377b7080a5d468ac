"""The tables and figures of MobileNets (arXiv 1704.04861) as data, and the suites that reproduce them.

    tables/       a file per table: what is printed, how it was counted, what is wrong with it
    references/   accuracies and latencies that others published
    suites/       what `mbench run --suite NAME` runs

Facts only, each with its public source. Nothing here is counted or measured.
"""
