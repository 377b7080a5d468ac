# ps [-A|-e|-ef] [-p PID] [-o FIELDS]: the phone's own processes, and a few that every Android has.
fields= only=
while [ $# -gt 0 ]; do
  case $1 in
    -o) fields=$fields,$2; shift ;;
    -o*) fields=$fields,${1#-o} ;;
    -p) only=$2; shift ;;
  esac
  shift
done
fields=$(echo "${fields:-,USER,PID,PPID,VSZ,RSS,WCHAN,ADDR,S,NAME}" | tr 'a-z,' 'A-Z ')
show() {
  line=
  for field in $fields; do
    case ${field%%=*} in
      USER) value=$user ;; PID) value=$pid ;; PPID) value=$parent ;; VSZ | VSIZE) value=$size ;; RSS) value=$rss ;;
      WCHAN | ADDR) value=0 ;; S | STAT) value=$state ;; NAME | COMM | ARGS | CMD | CMDLINE) value=$name ;;
      %CPU | PCPU) value=0.0 ;; *) value=- ;;
    esac
    line="$line$value "
  done
  echo "${line% }"
}
heading=
for field in $fields; do heading="$heading${field%%=*} "; done
echo "${heading% }"
known() { user=$1 pid=$2 parent=$3 size=$4 rss=$5 state=S name=$6; [ -z "$only" ] || [ "$only" = "$pid" ] && show; }
known root 1 0 10912888 8756 init
known root 742 1 7128396 166340 zygote64
known system 1203 742 9612340 301220 system_server
known shell 611 1 6301212 5120 adbd
. "$T/processes"
own_processes
for pid in $pids; do
  path=/proc/$pid user=shell parent=0 size=0 rss=0 state=S name=
  [ -z "$only" ] || [ "$only" = "$pid" ] || continue
  while read -r key value rest; do
    case $key in
      Name:) name=$value ;; State:) state=$value ;; PPid:) parent=$value ;; VmSize:) size=$value ;; VmRSS:) rss=$value ;;
    esac
  done 2>/dev/null <"$path/status" || continue
  [ "$pid" = $$ ] && name=ps
  show
done
