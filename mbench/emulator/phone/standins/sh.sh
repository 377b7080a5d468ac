# sh [-OPTIONS] FILE … | sh -c TEXT …: the host's shell, with the phone's paths rewritten. Rewriting view only.
rewritten() {
  if [ -n "$MBENCH_STATUS" ]; then
    sed -E -e "$EXPRESSION" -e "s#/proc/(self|[$][$])/status#$MBENCH_STATUS#g"
  else
    sed -E -e "$EXPRESSION"
  fi
}
options=
while :; do
  case $1 in
    -c)
      text=$2
      shift 2
      case $text in */*) text=$(printf '%s\n' "$text" | rewritten) ;; esac
      exec "$SHELL_PATH" $options -c "$text" "$@"
      ;;
    -*[!c]* | +*) options="$options $1"; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || exec "$SHELL_PATH" $options
if [ ! -r "$1" ] || [ -d "$1" ]; then exec "$SHELL_PATH" $options "$@"; fi
text=$(rewritten <"$1")
exec "$SHELL_PATH" $options -c "$text" "$@"
