# uptime
read -r started <"$S/boot_time"
minutes=$((($(date +%s) - started) / 60))
read -r one five fifteen rest </proc/loadavg
echo " $(date +%T) up $minutes min,  0 users,  load average: $one, $five, $fifteen"
