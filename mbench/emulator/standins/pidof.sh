# pidof NAME …: of the phone's own processes.
found=
for path in $(grep -lsz "^MBENCH_PHONE=$ID\$" /proc/[0-9]*/environ); do
  pid=${path%/environ} pid=${pid#/proc/}
  [ "$pid" = $$ ] && continue
  name=
  read -r name 2>/dev/null <"/proc/$pid/comm" || continue
  state=
  while read -r key value; do case $key in State:) state=$value; break ;; esac; done 2>/dev/null <"/proc/$pid/status"
  case $state in Z* | X*) continue ;; esac
  for wanted; do
    wanted=${wanted##*/}
    [ "$name" = "$(printf %.15s "$wanted")" ] && found="$found $pid"
  done
done
[ -n "$found" ] || exit 1
echo "${found# }"
