# cmd SERVICE COMMAND …
service=$1
[ $# -gt 0 ] && shift
case "$service $1" in
  'power set-fixed-performance-mode-enabled')
    if [ "$SDK" -lt 30 ]; then echo 'Unknown command: set-fixed-performance-mode-enabled' >&2; exit 255; fi
    case $2 in
      true) : >"$S/fixed_performance" ;;
      false) rm -f "$S/fixed_performance" ;;
      *) echo 'Error: expected true or false' >&2; exit 255 ;;
    esac
    ;;
  'power '*) echo "Unknown command: $1" >&2; exit 255 ;;
  'thermalservice override-status')
    [ "$SDK" -ge 29 ] || { echo "cmd: Can't find service: thermalservice" >&2; exit 20; }
    case $2 in
      [0-6]) echo "$2" >"$S/thermal.override" ;;
      *) echo "Error: invalid status code" >&2; exit 255 ;;
    esac
    ;;
  'thermalservice reset') rm -f "$S/thermal.override" ;;
  'battery '*) exec "$P/system/bin/dumpsys" battery "$@" ;;
  'settings '*) exec "$P/system/bin/settings" "$@" ;;
  'package '*) exec "$P/system/bin/pm" "$@" ;;
  'activity '*) exec "$P/system/bin/am" "$@" ;;
  'stats '* | 'deviceidle '* | 'wifi '* | 'connectivity '* | 'notification '* | 'statusbar '* | 'uimode '* | 'jobscheduler '*) ;;
  ' ') echo 'cmd: No service specified; use -l to list all running services' >&2; exit 20 ;;
  *) echo "cmd: Can't find service: $service" >&2; exit 20 ;;
esac
