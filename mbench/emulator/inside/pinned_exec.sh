# Runs a command whose /proc/self/status says what taskset asked for. Namespace view: by a mount that only it sees.
file=$S/status/$$
"$P/system/bin/sed" -e "s/^Cpus_allowed_list:.*/Cpus_allowed_list:	$MBENCH_CPUS/" -e "s/^Cpus_allowed:.*/Cpus_allowed:	$MBENCH_MASK/" \
  /proc/$$/status >"$file"
if [ -n "$P" ]; then
  export MBENCH_STATUS="$file"
  exec "$@"
fi
if [ "$1" = sh ]; then shift; set -- /system/bin/sh "$@"; fi
case $PATH in "$T/pinned":*) ;; *) PATH=$T/pinned:$PATH ;; esac
exec "$UNSHARE" -m --propagation unchanged /system/bin/sh -c '"$0" --bind "$1" /proc/$$/status 2>/dev/null; shift; exec "$@"' "$MOUNT" "$file" "$@"
