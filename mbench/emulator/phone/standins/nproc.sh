# nproc
echo "${MBENCH_CPU_COUNT:-$CORES}"
