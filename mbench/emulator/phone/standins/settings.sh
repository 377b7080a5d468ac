# settings get|put|delete|list system|secure|global [NAME [VALUE]]
verb=$1 space=$2 name=$3
case $space in
  system | secure | global) file=$S/settings/$space ;;
  *) echo "Invalid namespace '$space'" >&2; exit 255 ;;
esac
without() { grep -v "^$name=" "$file" >"$file.$$"; mv "$file.$$" "$file"; }
case $verb in
  get)
    found=null
    while IFS= read -r line; do case $line in "$name="*) found=${line#*=} ;; esac; done <"$file"
    echo "$found"
    ;;
  put) without; echo "$name=$4" >>"$file" ;;
  delete)
    count=$(grep -c "^$name=" "$file")
    without
    echo "Deleted $count rows"
    ;;
  list) sort "$file" ;;
  *) echo "Invalid command: $verb" >&2; exit 255 ;;
esac
