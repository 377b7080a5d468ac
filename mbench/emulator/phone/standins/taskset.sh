# taskset MASK COMMAND … | taskset -p [MASK] PID. The mask (hexadecimal) is the phone's; the scheduler is given host cores
# for it, counted round, as the host has others; /proc/PID/status shows what was asked for. See pinning.py.
all=$(((1 << CORES) - 1))
bad() { echo "taskset: $1" >&2; exit 1; }
number() {
  case ${1#0x} in '' | *[!0-9a-fA-F]*) bad "bad mask '$1'" ;; esac
  mask=$((0x${1#0x} & all)) bad=
}
if [ "$1" = -p ] || [ "$1" = -ap ]; then
  shift
  if [ $# -eq 2 ]; then
    number "$1"
    [ -d "/proc/$2" ] || bad "failed to set $2's affinity: No such process"
    [ "$mask" = 0 ] && bad "failed to set $2's affinity: Invalid argument"
    mask=$(printf %x "$mask")
    . "$T/lines"
    ask pin "$mask" "$2"
    [ -z "$bad" ] || bad "failed to set $2's affinity: $bad"
    echo "$mask" >"$S/masks/$2"
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
. "$T/lines"
ask pin "$(printf %x "$mask")" "$$"
[ -z "$bad" ] || bad "failed to set $$'s affinity: $bad"
export MBENCH_MASK MBENCH_CPUS MBENCH_CPU_COUNT
if [ -n "$P" ]; then
  export MBENCH_STATUS
  exec "$@"
fi
if [ "$1" = sh ]; then shift; set -- /system/bin/sh "$@"; fi
case $PATH in "$T/pinned":*) ;; *) PATH=$T/pinned:$PATH ;; esac
exec "$@"
