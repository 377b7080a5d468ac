"""`mbench doctor`: what is wrong on this host and with its phones, and how to mend it."""
