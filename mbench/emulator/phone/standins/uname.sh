# uname [-a|-m|-n|-r|-s|-v]
case ${1:--s} in
  -m) echo "$MACHINE" ;;
  -n) echo localhost ;;
  -r) echo "$KERNEL" ;;
  -s) echo Linux ;;
  -v) echo '#1 SMP PREEMPT' ;;
  -o) echo Toybox ;;
  -a) echo "Linux localhost $KERNEL #1 SMP PREEMPT $MACHINE Toybox" ;;
  *) echo "uname: Unknown option '${1#-}'" >&2; exit 1 ;;
esac
