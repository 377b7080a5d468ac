# mbench-benchmark ABI NAME ARGUMENTS: what an emulated benchmark_model file runs.
abi=$1 name=$2
shift 2
case " $ABIS " in
  *" $abi "*) ;;
  *)
    case $abi in *64*) bits=64 ;; *) bits=32 ;; esac
    echo "/system/bin/sh: $name: not executable: $bits-bit ELF file" >&2
    exit 126
    ;;
esac
if [ -n "$INVENTED" ]; then
  { echo "${name##*/}" >/proc/$$/comm; } 2>/dev/null
  . "$T/lines"
  ask benchmark "$PWD" "$name" "$@"
fi
exec $ENTER "$PYTHON" -P -X utf8 -S "$PROGRAM" benchmark "$HOOK" "$P" "$PWD" "$name" "$@"
