#!/bin/sh
# Runs inside the machine, as root: runs the suite once for each session, and switches off.
suite=/srv/suite
# What is told goes through a port of QEMU's, or into a folder of the host's that the kernel's command line names.
results=$(ls /dev/vport*p1 2>/dev/null)
folder=$(sed -n 's/.*sameseed\.told=\([^ ]*\).*/\1/p' /proc/cmdline)
[ -z "$folder" ] || { mkdir -p /srv/told && mount -t hostfs -o "$folder" none /srv/told && results=/srv/told/results.jsonl; }

restrict() { # 1 or 0: whether AppArmor lets programs without a profile have user namespaces
  setting=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
  [ ! -e $setting ] || echo "$1" > $setting
}

# Ubuntu restricts from the start. Sessions that are not about it are on a machine that took the fix.
restrict 0
. $suite/guest/sessions.sh
sync
systemctl poweroff --force --force 2>/dev/null || busybox poweroff -f
