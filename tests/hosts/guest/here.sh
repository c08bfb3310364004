#!/bin/sh
# Runs the suite in containers of this host's own engines, as root: `unshare --mount --pid --fork --kill-child --mount-proc sh here.sh
# SUITE RESULTS`. This program and what it starts have a view of files and a list of processes of their own. What accounts are added,
# and everything that engines write, lies in memory and is gone with it, as every process is.
[ $$ = 1 ] || exit 1 # else this would be the host's own view
set -e
results=$2
mount -t tmpfs tmpfs /srv
overlay() { # a folder as it is, whose changes lie in memory; to where
  mkdir -p "/srv/changes$2" "/srv/work$2"
  mount -t overlay -o "lowerdir=$1,upperdir=/srv/changes$2,workdir=/srv/work$2" overlay "$2"
}
suite=/srv/suite
mkdir $suite
overlay "$1" $suite
# The image lies as in a container's own layers: on an overlay whose layers are of one file system.
mount -t overlay -o "ro,lowerdir=$1/home/images:$1/nothing" overlay $suite/home/images
for folder in /etc /var; do overlay $folder $folder; done
for folder in /home /root /run /tmp; do mount -t tmpfs tmpfs $folder; done
chmod 1777 /tmp
mkdir -p /var/lib/containers /etc/containers
mount -t tmpfs tmpfs /var/lib/containers
# crun refuses a host that has control groups of both versions.
[ ! -e /sys/fs/cgroup/unified/cgroup.controllers ] || printf '[engine]\nruntime = "runc"\n' > /etc/containers/containers.conf
# An ordinary user's engine opens this device, which is root's alone where no udev made it.
[ ! -c /dev/net/tun ] || { mknod -m 666 /srv/tun c 10 200 && mount --bind /srv/tun /dev/net/tun; }
# As systemd has it, and as Podman of an ordinary user wants it; it is this program's own view.
mount --make-rshared /
cd /
set +e
. $suite/guest/sessions.sh
