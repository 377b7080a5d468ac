# /bin/sh, to which execvp and dash give a file that the kernel does not run. One that is run as benchmark_model goes on
# in this very process; a foreign ELF file is refused as mksh does.
case $1 in
  -* | '') ;;
  *)
    read -r line 2>/dev/null <"$1"
    case $line in
      '#mbench-emulated-binary '*)
        P=
        . /mnt/mbench/variables
        set -- "${line#* }" "$@"
        . "$T/benchmark"
        ;;
      "$(printf '\177ELF\001')"*) echo "/system/bin/sh: $1: not executable: 32-bit ELF file" >&2; exit 126 ;;
      "$(printf '\177ELF')"*) echo "/system/bin/sh: $1: not executable: 64-bit ELF file" >&2; exit 126 ;;
    esac
    ;;
esac
exec /system/bin/sh "$@"
