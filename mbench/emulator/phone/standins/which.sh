# which NAME …
status=0
for name; do
  found=
  [ -x "$P/system/bin/$name" ] && found=/system/bin/$name
  if [ -n "$found" ]; then echo "$found"; else status=1; fi
done
exit $status
