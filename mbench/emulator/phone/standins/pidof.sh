# pidof NAME …: of the phone's own processes.
alive() {
  while read -r key value; do
    case $key in State:) case $value in Z* | X*) return 1 ;; *) return 0 ;; esac ;; esac
  done 2>/dev/null <"/proc/$1/status"
  return 1
}
found=
. "$T/processes"
own_processes
for pid in $pids; do
  [ "$pid" = $$ ] && continue
  name=
  read -r name 2>/dev/null <"/proc/$pid/comm" || continue
  for wanted; do
    wanted=${wanted##*/}
    [ ${#wanted} -le 15 ] || wanted=$(printf %.15s "$wanted")
    [ "$name" = "$wanted" ] && alive "$pid" && found="$found $pid"
  done
done
[ -n "$found" ] || exit 1
echo "${found# }"
