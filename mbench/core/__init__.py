"""Ground floor: values, plan expansion, statistics, errors and ports; no module in here reads or writes anything."""
