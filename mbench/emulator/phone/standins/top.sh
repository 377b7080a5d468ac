# top -b -n 1: the head of the table.
cat <<END
Tasks: 4 total,   1 running,   3 sleeping,   0 stopped,   0 zombie
  Mem:  $MEMORY_KIB total
${CORES}00%cpu   1%user   0%nice   1%sys  $((CORES * 100 - 2))%idle   0%iow   0%irq   0%sirq   0%host
  PID USER         PR  NI VIRT  RES  SHR S[%CPU] %MEM     TIME+ ARGS
 1203 system       18  -2 9.1G 294M 180M S  1.0   5.2   0:41.12 system_server
END
