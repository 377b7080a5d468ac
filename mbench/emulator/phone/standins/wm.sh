# wm size|density|dismiss-keyguard
case $1 in
  size) echo 'Physical size: 1080x2280' ;;
  density) echo 'Physical density: 440' ;;
esac
