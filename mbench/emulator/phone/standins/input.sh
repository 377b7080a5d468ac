# input keyevent KEY: the keys that turn the screen on and off; others do nothing.
[ "$1" = keyevent ] || exit 0
case $2 in
  224 | KEYCODE_WAKEUP) echo Awake >"$S/awake" ;;
  223 | KEYCODE_SLEEP) echo Asleep >"$S/awake" ;;
  26 | KEYCODE_POWER)
    read -r word <"$S/awake"
    if [ "$word" = Awake ]; then echo Asleep; else echo Awake; fi >"$S/awake.new"
    mv "$S/awake.new" "$S/awake"
    ;;
esac
