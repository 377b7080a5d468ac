# taskset MASK COMMAND … | taskset -p [MASK] PID: the mask (hexadecimal) is checked against the phone's cores and shown
# in /proc/self/status (see views.py); the host's scheduler is not asked for cores that it has not.
all=$(((1 << CORES) - 1))
bad() { echo "taskset: $1" >&2; exit 1; }
number() {
  case ${1#0x} in '' | *[!0-9a-fA-F]*) bad "bad mask '$1'" ;; esac
  mask=$((0x${1#0x} & all))
}
ranges() {
  list= start= core=0 count=0
  while [ "$core" -le "$CORES" ]; do
    if [ "$core" -lt "$CORES" ] && [ $((mask >> core & 1)) = 1 ]; then
      [ -z "$start" ] && start=$core
      count=$((count + 1))
    elif [ -n "$start" ]; then
      last=$((core - 1))
      if [ "$start" = "$last" ]; then part=$start; else part=$start-$last; fi
      list=${list:+$list,}$part start=
    fi
    core=$((core + 1))
  done
}
if [ "$1" = -p ] || [ "$1" = -ap ]; then
  shift
  if [ $# -eq 2 ]; then
    number "$1"
    [ -d "/proc/$2" ] || bad "failed to set $2's affinity: No such process"
    [ "$mask" = 0 ] && bad "failed to set $2's affinity: Invalid argument"
    mkdir -p "$S/masks"
    printf '%x\n' "$mask" >"$S/masks/$2"
    exit 0
  fi
  [ -d "/proc/$1" ] || bad "failed to get $1's affinity: No such process"
  shown=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | sed -n 's/^MBENCH_MASK=//p')
  [ -e "$S/masks/$1" ] && read -r shown <"$S/masks/$1"
  echo "pid $1's current affinity mask: ${shown:-$(printf %x "$all")}"
  exit 0
fi
[ $# -ge 2 ] || bad 'Needs 2 arguments'
number "$1"
[ "$mask" = 0 ] && bad "failed to set $$'s affinity: Invalid argument"
shift
ranges
MBENCH_MASK=$(printf %x "$mask")
export MBENCH_MASK MBENCH_CPUS="$list" MBENCH_CPU_COUNT="$count"
exec "$T/pinned/exec" "$@"
