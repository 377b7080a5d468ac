# own_processes: put the phone's processes into $pids: all that its first process has started, and what they have.
own_processes() {
  read -r todo <"$S/init"
  pids=
  if [ ! -e "/proc/$todo/task/$todo/children" ]; then # a kernel without such lists
    for one in $(grep -lsz "^MBENCH_PHONE=$ID\$" /proc/[0-9]*/environ); do one=${one%/environ} pids="$pids ${one#/proc/}"; done
    return
  fi
  while [ -n "$todo" ]; do
    one=${todo%% *} todo=${todo#"${todo%% *}"} todo=${todo# }
    for one in /proc/"$one"/task/*/children; do
      children=
      { read -r children <"$one"; } 2>/dev/null
      [ -z "$children" ] || todo="$todo${todo:+ }${children% }" pids="$pids ${children% }"
    done
  done
}
