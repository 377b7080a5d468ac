# Ask the emulator for something.
exec $ENTER "$PYTHON" -I -S "$PROGRAM" ask "$HOOK" "$@"
