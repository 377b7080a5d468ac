# pgrep [-f] PATTERN: of the phone's own processes.
[ "$1" = -f ] && shift
found=1
for path in $(grep -lsz "^MBENCH_PHONE=$ID\$" /proc/[0-9]*/environ); do
  pid=${path%/environ} pid=${pid#/proc/}
  [ "$pid" = $$ ] && continue
  name=
  read -r name 2>/dev/null <"/proc/$pid/comm" || continue
  case $name in *"$1"*) echo "$pid"; found=0 ;; esac
done
exit $found
