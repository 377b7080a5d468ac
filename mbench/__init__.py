"""mbench builds MobileNet variants, times them on phones and on this host, and prints tables that can be believed."""

__version__ = "0.1.0"
