# pkill [-SIGNAL] [-f] PATTERN, killall [-SIGNAL] NAME: the phone's own processes alone.
signal=-TERM
while :; do
  case $1 in -f | -l) shift ;; -s) signal=-$2; shift 2 ;; -*) signal=$1; shift ;; *) break ;; esac
done
pids=$("$P/system/bin/pgrep" "$1") || exit 1
kill "$signal" $pids
