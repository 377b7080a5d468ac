# ask WORD…: ask the phone's first process, and obey what it says, line by line as it comes; see lines.py.
ask() {
  line=0
  set -C # a file that is there is not opened again: who makes it has the line
  until { printf '%s\0' "$$" "$@" >"$S/lines/$line.taken"; } 2>/dev/null; do
    line=$((line + 1))
    [ "$line" -lt "$LINES_THERE" ] || { line=0; echo + >|"$S/asks"; sleep 0.05; }
  done
  set +C
  echo "$line" >"$S/asks"
  # dash obeys a sourced pipe as it comes, and reads it in blocks; other shells wait for its end.
  if [ -n "$DASH" ]; then . "$S/lines/$line"; return; fi
  while IFS= read -r text; do eval "$text"; done <"$S/lines/$line"
}
