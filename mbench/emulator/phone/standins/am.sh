# am: nothing is running, so there is nothing to stop; one user has started.
case $1 in
  get-started-user-state) [ "$2" = 0 ] && exec cat "$S/user_state"; echo "User is not started: $2" ;;
  force-stop | kill | kill-all | broadcast | set-inactive) ;;
  start | start-activity) echo 'Starting: Intent { act=android.intent.action.MAIN }'; echo 'Error: Activity class does not exist.' >&2; exit 1 ;;
  *) echo "Unknown command: $1" >&2; exit 255 ;;
esac
