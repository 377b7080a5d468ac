"""An emulated phone's processes: namespaces, process table, pinning and the benchmark that it runs."""
