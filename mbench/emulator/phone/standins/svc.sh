# svc power stayon true|false|usb|ac|wireless; the others are taken and do nothing.
case "$1 $2" in
  'power stayon')
    case $3 in
      true) value=7 ;;
      false) value=0 ;;
      ac) value=1 ;;
      usb) value=2 ;;
      wireless) value=4 ;;
      *) echo 'usage: svc power stayon [true|false|usb|ac|wireless]' >&2; exit 1 ;;
    esac
    exec "$P/system/bin/settings" put global stay_on_while_plugged_in "$value"
    ;;
  'power reboot') exec "$P/system/bin/reboot" ;;
  power* | wifi* | data* | bluetooth* | nfc* | usb*) ;;
  *) echo 'Available commands:'; printf '    %s\n' help power data wifi usb nfc bluetooth; exit 1 ;;
esac
