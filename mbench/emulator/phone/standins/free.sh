# free: from the phone's /proc/meminfo, in bytes.
awk '{ v[$1] = $2 * 1024 }
  END { print "                total        used        free      shared     buffers"
        t = v["MemTotal:"]; f = v["MemFree:"]
        printf "Mem:     %12d %11d %11d %11d %11d\n", t, t - f, f, v["Shmem:"], v["Buffers:"] }' "$P/proc/meminfo"
