# dumpsys SERVICE [ARGUMENTS]
awake() { read -r word <"$S/awake"; echo "$word"; }
# What is asked before and after every run is said without a program: each costs a phone's host a millisecond.
battery() {
  if [ $# -eq 0 ] && [ ! -e "$S/battery.stopped" ]; then
    echo 'Current Battery Service state:'
    . "$S/battery.said"
    return
  fi
  [ -e "$S/battery.stopped" ] || cat "$S/battery" >"$S/battery.shown"
  case $1 in
    set) sed -i "s/^  $2: .*/  $2: $3/" "$S/battery.shown"; : >"$S/battery.stopped" ;;
    unplug) sed -i 's/powered: true/powered: false/; s/^  status: .*/  status: 3/' "$S/battery.shown"; : >"$S/battery.stopped" ;;
    reset) rm -f "$S/battery.stopped" ;;
    '' | -a)
      echo 'Current Battery Service state:'
      [ -e "$S/battery.stopped" ] && echo "  (UPDATES STOPPED -- use 'reset' to restart)"
      cat "$S/battery.shown"
      ;;
    get) sed -n "s/^  $2: //p" "$S/battery.shown" ;;
    *) echo "Unknown get/set option: $1"; exit 255 ;;
  esac
}
thermal() {
  [ "$SDK" -ge 29 ] || missing thermalservice
  status=
  [ -e "$S/thermal.override" ] && read -r status <"$S/thermal.override"
  if [ -n "$status" ]; then
    sed "s/^IsStatusOverride: .*/IsStatusOverride: true/; s/^Thermal Status: .*/Thermal Status: $status/" "$S/thermal"
  else
    . "$S/thermal.said"
  fi
}
missing() { echo "Can't find service: $1" >&2; exit 0; }
power() {
  read -r word <"$S/awake"
  level=null powered=false stays=false shown=OFF fixed=false
  while IFS= read -r line; do
    case $line in stay_on_while_plugged_in=*) level=${line#*=} ;; esac
  done <"$S/settings/global"
  while IFS= read -r line; do
    case $line in *'powered: true'*) powered=true ;; esac
  done <"$S/battery"
  [ "$level" != 0 ] && [ "$level" != null ] && stays=true
  [ "$word" = Awake ] && shown=ON
  [ -e "$S/fixed_performance" ] && fixed=true
  printf '%s\n' 'POWER MANAGER (dumpsys power)' '' 'Power Manager State:' '  mDirty=0x0' "  mWakefulness=$word" \
    "  mIsPowered=$powered" "  mStayOn=$stays" '  mBootCompleted=true' "  mStayOnWhilePluggedInSetting=$level" \
    "  mFixedPerformanceModeEnabled=$fixed" "Display Power: state=$shown"
}
service=$1
[ $# -gt 0 ] && shift
[ -n "$service" ] && [ -e "$S/hidden.$service" ] && missing "$service"
case $service in
  -l) printf 'Currently running services:\n'; printf '  %s\n' battery cpuinfo deviceidle display meminfo power thermalservice user ;;
  battery) battery "$@" ;;
  thermalservice) thermal ;;
  power) power ;;
  deviceidle)
    case $1 in
      disable) echo 'Deep idle mode disabled'; echo 'Light idle mode disabled' ;;
      enable) echo 'Deep idle mode enabled'; echo 'Light idle mode enabled' ;;
      get) echo ACTIVE ;;
      *) printf '  Settings:\n    light_after_inactive_to=+4m0s0ms\n  mDeepEnabled=true mLightEnabled=true\n  mState=ACTIVE\n' ;;
    esac
    ;;
  cpuinfo)
    read -r one five fifteen rest </proc/loadavg
    echo "Load: $one / $five / $fifteen"
    echo 'CPU usage from 12034ms to 2011ms ago:'
    echo '  1.2% 1203/system_server: 0.8% user + 0.4% kernel / faults: 12 minor'
    echo '0.9% TOTAL: 0.5% user + 0.4% kernel'
    ;;
  meminfo) sed -n 's/MemTotal: */Total RAM: /p; s/MemAvailable: */ Free RAM: /p' "$P/proc/meminfo" ;;
  display) echo "  mScreenState=$([ "$(awake)" = Awake ] && echo ON || echo OFF)" ;;
  user)
    read -r state <"$S/user_state"
    printf '%s\n' 'Current user: 0' 'Users:' '  UserInfo{0:Owner:4c13} serialNo=0 isPrimary=true' "    State: $state"
    ;;
  window | activity | package | SurfaceFlinger | netstats | wifi | telephony.registry) ;;
  '') echo 'Currently running services:' ;;
  *) missing "$service" ;;
esac
