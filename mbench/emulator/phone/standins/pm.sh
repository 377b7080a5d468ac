# pm list packages|features, pm path
case "$1 $2" in
  'list packages') printf 'package:%s\n' android com.android.shell com.android.systemui com.google.android.gms ;;
  'list features') printf 'feature:%s\n' android.hardware.bluetooth android.hardware.vulkan.level=1 android.hardware.wifi ;;
  'path '*) exit 1 ;;
  'disable'* | 'enable'* | 'suspend'* | 'trim-caches'*) ;;
  *) echo "Unknown command: $1" >&2; exit 255 ;;
esac
