# A command below taskset, by this file's name; it is shown taskset's cores, if it looks. Namespace view only.
name=${0##*/}
case $name in
  sh)
    # A text that opens no file for reading does not look itself; what it starts comes by here again.
    case $1 in -c) case $2 in *'<'* | *'. '*) ;; *) exec /system/bin/sh "$@" ;; esac ;; esac
    ;;
  *) case $* in *status*) ;; *) exec "/system/bin/$name" "$@" ;; esac ;;
esac
. "$T/lines"
ask pin "$MBENCH_MASK" "$$"
exec "/system/bin/$name" "$@"
