# reboot: adbd goes, and so does this shell.
"$T/ask" reboot
sleep 30
