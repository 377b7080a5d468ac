# pgrep [-f] PATTERN: of the phone's own processes.
[ "$1" = -f ] && shift
found=1
. "$T/processes"
own_processes
for pid in $pids; do
  [ "$pid" = $$ ] && continue
  name=
  read -r name 2>/dev/null <"/proc/$pid/comm" || continue
  case $name in *"$1"*) echo "$pid"; found=0 ;; esac
done
exit $found
