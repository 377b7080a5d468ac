# id [-u|-g|-un|-gn]
if [ -n "$MBENCH_SU" ]; then number=0 name=root; else number=2000 name=shell; fi
case $1 in
  -u | -g) echo "$number" ;;
  -un | -nu | -gn | -ng) echo "$name" ;;
  '')
    if [ "$number" = 0 ]; then
      echo 'uid=0(root) gid=0(root) groups=0(root) context=u:r:su:s0'
    else
      echo 'uid=2000(shell) gid=2000(shell) groups=2000(shell),1004(input),1007(log),1011(adb),1015(sdcard_rw),1028(sdcard_r),1078(ext_data_rw),1079(ext_obb_rw),3001(net_bt_admin),3002(net_bt),3003(inet),3006(net_bw_stats),3009(readproc),3011(uhid),3012(readtracefs) context=u:r:shell:s0'
    fi
    ;;
  *) echo "id: $1: No such user" >&2; exit 1 ;;
esac
