"""`mbench farm`: nights, the phones of a laboratory, and the hosts that lend them."""

import typer

from mbench.cli.farm import farm_hosts, farm_nights, farm_phones

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Show and steer nights, and look after their phones."
)
farm_nights.register(app)
farm_phones.register(app)
farm_hosts.register(app)
