# setprop NAME VALUE: lost at the next start, unless persist.*; ro.* is refused.
[ $# -eq 2 ] || { echo "usage: setprop NAME VALUE" >&2; exit 1; }
case $1 in
  ro.*) printf "Failed to set property '%s' to '%s'.\nSee dmesg for error reason.\n" "$1" "$2" >&2; exit 1 ;;
  persist.*) echo "$1=$2" >>"$S/props" ;;
  *) echo "$1=$2" >>"$S/setprops" ;;
esac
