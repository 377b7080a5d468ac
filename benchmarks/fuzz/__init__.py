"""`python -m benchmarks fuzz`: every reader of foreign bytes on what a bad disk or somebody hostile would give it.

A reader may take an input or refuse it with an error of mbench's own tree. Everything else is a finding: another
exception, a hang, memory beyond a bound, the end of the process. Readers run in a process of their own (`child`), so
that each of these is seen and has its input's name.
"""
