#!/bin/sh
# Runs inside the machine, as root: installs what was brought, runs the suite once for each session, and switches off.
suite=/srv/suite
# What is told goes through a port of QEMU's, or into a folder of the host's that the kernel's command line names.
results=$(ls /dev/vport*p1 2>/dev/null)
folder=$(sed -n 's/.*sameseed\.told=\([^ ]*\).*/\1/p' /proc/cmdline)
[ -z "$folder" ] || { mkdir -p /srv/told && mount -t hostfs -o "$folder" none /srv/told && results=/srv/told/results.jsonl; }
home=$suite/home
[ "$(cat $suite/imports)" = yes ] && home=/srv/home
export SAMESEED_HOME=$home HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
node=$suite/node
profiles="--security-opt seccomp=$suite/seccomp.json --security-opt apparmor=unconfined"
flags="$profiles --security-opt unmask=/proc/*"
docker_flags="$profiles --security-opt systempaths=unconfined"

tell() { printf '{"session":"%s","step":"%s","ok":%s,"detail":"%s"}\n' "$1" "$2" "$3" "$4" >> "$results"; }

login() { # user, command…: in a login session of that user
  user=$1
  shift
  systemd-run --wait --pipe --quiet -p PAMName=login -p "User=$user" -E SAMESEED_HOME=$SAMESEED_HOME -- "$@"
}

restrict() { # 1 or 0: whether AppArmor lets programs without a profile have user namespaces
  setting=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
  [ ! -e $setting ] || echo "$1" > $setting
}

rules="file, network, mount, remount, umount, pivot_root, signal, ptrace, unix,"
confine() { # a profile, session's program…: in a login session while AppArmor has that profile for bubblewrap
  profile="$1"
  shift
  echo "$profile" | apparmor_parser --replace --skip-cache && login tester "$@"
  code=$?
  echo "$profile" | apparmor_parser --remove
  return $code
}

unit() { # properties… -- command…: in a service of root's own
  systemd-run --wait --pipe --quiet -E SAMESEED_HOME=$SAMESEED_HOME "$@"
}

archive() { # what images of containers are made of: this machine's own files without /usr, which containers get by a mount
  tar -C / --one-file-system -c bin sbin lib lib64 etc root --no-recursion home home/tester tmp var run srv
}

words="--rm --network none -v /usr:/usr:ro -v $suite:$suite -e SAMESEED_HOME=$SAMESEED_HOME"
container() { # user, session, flags…: in a container of Podman's that this user starts
  who=$1 name=$2
  shift 2
  as="login $who"
  [ "$who" != root ] || as=
  $as podman image exists machine || archive | $as podman import --quiet - machine > /dev/null || return
  $as podman run $words "$@" machine $node $suite/guest/session.mjs "$name"
}

engine() { # Docker's, once
  [ ! -S /run/docker.sock ] || return 0
  mkdir -p /var/lib/docker && mount -t tmpfs tmpfs /var/lib/docker
  # Without a network of its own: containers are given none, and not every kernel here has bridges.
  systemd-run --quiet --unit=engine -p Delegate=yes dockerd --bridge=none --iptables=false
  for _ in $(seq 60); do
    docker version > /dev/null 2>&1 && break
    sleep 1
  done
  # As in the Containerfile: with set bits these would need CAP_SYS_ADMIN in the container.
  mkdir -p /srv/ids && cp /usr/bin/newuidmap /usr/bin/newgidmap /srv/ids
  chmod u-s /srv/ids/*
  setcap cap_setuid=ep /srv/ids/newuidmap && setcap cap_setgid=ep /srv/ids/newgidmap
  archive | docker import - machine > /dev/null
}

docked() { # session, flags…: in a container of Docker's
  name=$1
  shift
  engine && docker run $words "$@" \
    -v /srv/ids/newuidmap:/usr/bin/newuidmap:ro -v /srv/ids/newgidmap:/usr/bin/newgidmap:ro \
    machine $node $suite/guest/session.mjs "$name"
}

session() {
  program="$node $suite/guest/session.mjs $1"
  case $1 in
    service) $program ;;
    service-limited) unit -p MemoryMax=600M -p CPUQuota=150% -- $program ;;
    service-delegated) unit -p MemoryMax=600M -p Delegate=yes -- $program ;;
    login-root) login root $program ;;
    login-user) login tester $program ;;
    plain-user) setpriv --reuid tester --regid tester --clear-groups env HOME=/home/tester $program ;;
    apparmor-restricted)
      restrict 1
      login tester $program
      restrict 0
      ;;
    apparmor-denied)
      confine "abi <abi/4.0>, profile bubblewrap /usr/bin/bwrap flags=(attach_disconnected) { $rules capability, deny userns, }" $program
      ;;
    apparmor-powerless)
      confine "profile bubblewrap /usr/bin/bwrap flags=(attach_disconnected) { $rules deny capability, }" $program
      ;;
    apparmor-powers)
      confine "profile bubblewrap /usr/bin/bwrap flags=(attach_disconnected) { $rules capability, }" $program
      ;;
    apparmor-profile)
      restrict 1
      confine 'abi <abi/4.0>, profile bubblewrap /usr/bin/bwrap flags=(unconfined) { userns, }' $program
      restrict 0
      ;;
    user-scope) login tester systemd-run --user --scope --quiet -p Delegate=yes $program ;;
    podman-default) container root "$1" ;;
    podman-flags) container root "$1" $flags ;;
    podman-groups) container root "$1" $flags --security-opt unmask=/sys/fs/cgroup ;;
    podman-rootless) container tester "$1" ;;
    podman-rootless-flags) container tester "$1" $flags ;;
    podman-rootless-groups) container tester "$1" $flags --security-opt unmask=/sys/fs/cgroup ;;
    docker-default) docked "$1" ;;
    docker-flags) docked "$1" $docker_flags ;;
    docker-user) docked "$1" $docker_flags --user tester ;;
    docker-groups) docked "$1" $docker_flags --cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw ;;
  esac
}

id tester >/dev/null 2>&1 || ! command -v useradd >/dev/null || useradd -m -s /bin/sh tester
# Ubuntu restricts from the start. Sessions that are not about it are on a machine that took the fix.
restrict 0
tell machine kernel true "$(uname -r)"
if [ $home = $suite/home ]; then
  :
elif $node $suite/node_modules/sameseed/bin/sameseed.js image import $suite/image.tar.zst >/dev/null 2>/tmp/import; then
  tell machine import true ""
else
  tell machine import false "$(tr '\n"\\' '   ' < /tmp/import)"
fi
while read -r name; do
  session "$name" >> "$results" 2>/tmp/said < /dev/null
  code=$?
  tell "$name" end "$([ $code = 0 ] && echo true || echo false)" "exit $code: $(tail -c 600 /tmp/said | tr '\n"\\\t\033' '     ')"
done < $suite/sessions
tell machine end true ""
sync
systemctl poweroff --force --force 2>/dev/null || busybox poweroff -f
