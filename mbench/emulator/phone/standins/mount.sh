# mount: what is mounted, as far as anyone asks.
cat <<END
/dev/block/dm-4 on / type ext4 (ro,seclabel,nodev,relatime)
/dev/block/dm-9 on /data type f2fs (rw,seclabel,nosuid,nodev,noatime)
/dev/fuse on /storage/emulated type fuse (rw,lazytime,nosuid,nodev,noexec,noatime)
END
