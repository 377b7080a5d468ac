"""`mbench farm`: phones and hosts that measure at night."""

import typer

from mbench.cli import farm_nights

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Show and steer nights, and the phones that they are measured on."
)
farm_nights.register(app)
