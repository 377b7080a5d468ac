# am: nothing is running, so there is nothing to stop.
case $1 in
  force-stop | kill | kill-all | broadcast | set-inactive) ;;
  start | start-activity) echo 'Starting: Intent { act=android.intent.action.MAIN }'; echo 'Error: Activity class does not exist.' >&2; exit 1 ;;
  *) echo "Unknown command: $1" >&2; exit 255 ;;
esac
