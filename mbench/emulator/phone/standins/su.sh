# su [0|root] [-c TEXT | COMMAND …]
case $1 in 0 | root | shell) shift ;; esac
export MBENCH_SU=1
case $1 in
  -c) shift; exec "$P/system/bin/sh" -c "$*" ;;
  '') exec "$P/system/bin/sh" ;;
esac
exec "$@"
