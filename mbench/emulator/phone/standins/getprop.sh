# getprop [NAME [DEFAULT]]: the last assignment wins, as in the property service.
if [ $# -eq 0 ]; then
  cat "$S/props" "$S/setprops" | awk '{ i = index($0, "="); v[substr($0, 1, i - 1)] = substr($0, i + 1) }
    END { for (k in v) print "[" k "]: [" v[k] "]" }' | sort
  exit 0
fi
found=
for file in "$S/props" "$S/setprops"; do
  while IFS= read -r line; do
    case $line in "$1="*) found=${line#*=} ;; esac
  done <"$file"
done
echo "${found:-$2}"
