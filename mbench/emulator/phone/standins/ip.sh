# ip addr|route: one wireless interface.
case $1 in
  a | addr | address)
    cat <<END
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    inet 127.0.0.1/8 scope host lo
24: wlan0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 3000
    inet 127.0.0.1/8 brd 127.255.255.255 scope global wlan0
END
    ;;
  r | route) echo '127.0.0.0/8 dev wlan0 proto kernel scope link src 127.0.0.1' ;;
esac
