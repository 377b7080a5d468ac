# df [-k|-h] [PATH …]: /data, in toybox' columns.
[ "$1" = -k ] || [ "$1" = -h ] && { form=$1; shift; }
for path; do
  [ -e "$path" ] || { echo "df: $path: No such file or directory" >&2; exit 1; }
done
read -r total limit <"$S/storage"
[ -z "$OWN_STORAGE" ] || limit=$(stat -f -c '%a %S' "$P/data/local" | { read -r blocks size; echo $((blocks * size / 1024)); })
used=$(du -sk "$P/data" "$P/storage" 2>/dev/null | awk '{ n += $1 } END { print n }')
free=$((total - used))
[ -n "$limit" ] && [ "$free" -gt "$limit" ] && free=$limit
[ "$free" -lt 0 ] && free=0
used=$((total - free))
percent=$((used * 100 / total))
if [ "$form" = -h ]; then
  echo 'Filesystem      Size  Used Avail Use% Mounted on'
  printf '%-15s %4s %5s %5s %3s%% %s\n' /dev/block/dm-9 "$((total >> 20))G" "$((used >> 20))G" "$((free >> 20))G" "$percent" /data
else
  echo 'Filesystem      1K-blocks     Used Available Use% Mounted on'
  printf '%-15s %9s %8s %9s %3s%% %s\n' /dev/block/dm-9 "$total" "$used" "$free" "$percent" /data
fi
