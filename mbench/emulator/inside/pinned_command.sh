# A command below taskset, by this file's name: run as taskset's own command is. Namespace view only.
exec "$T/pinned/exec" "/system/bin/${0##*/}" "$@"
