# whoami
[ -n "$MBENCH_SU" ] && echo root || echo shell
