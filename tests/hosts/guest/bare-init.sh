#!/bin/sh
# The first program of a machine without systemd, whose packages are unpacked and not configured: what the suite needs, and the suite.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts /srv/suite
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# As systemd does: groups below the top can count and bound.
echo '+cpu +memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
printf 'root:x:0:0:root:/root:/bin/sh\ntester:x:1000:1000::/home/tester:/bin/sh\n' > /etc/passwd
printf 'root:x:0:\ntester:x:1000:\n' > /etc/group
echo 'tester:100000:65536' | tee /etc/subuid > /etc/subgid
mkdir -p /home/tester && chown 1000:1000 /home/tester
mount /dev/vdb /srv/suite && sh /srv/suite/guest/start.sh
busybox poweroff -f
