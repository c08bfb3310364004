# The sessions of a suite, one after the other, as root: installs what was brought and runs the suite once for each.
# A script that has named the suite's folder and the file of `results` reads this one.
home=$suite/home
[ "$(cat $suite/imports)" = yes ] && home=/srv/home
export SAMESEED_HOME=$home HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
node=$suite/node
profiles="--security-opt seccomp=$suite/seccomp.json --security-opt apparmor=unconfined"
flags="$profiles --security-opt unmask=/proc/*"
docker_flags="$profiles --security-opt systempaths=unconfined"
groups="--cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw"

tell() { printf '{"session":"%s","step":"%s","ok":%s,"detail":"%s"}\n' "$1" "$2" "$3" "$4" >> "$results"; }

login() { # user, command…: in a login session of that user; where there is no systemd, as that user
  user=$1
  shift
  if [ ! -d /run/systemd/system ]; then
    own=/run/user/$(id -u "$user")
    install -d -m 700 -o "$user" "$own"
    setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/home/$user" XDG_RUNTIME_DIR="$own" "$@"
    return
  fi
  systemd-run --wait --pipe --quiet -p PAMName=login -p "User=$user" -E SAMESEED_HOME=$SAMESEED_HOME -- "$@"
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

archive() { # what images of containers are made of: this host's own files without /usr, which containers get by a mount
  tar -C / --one-file-system -c bin sbin lib lib64 etc root --no-recursion home home/tester tmp var run srv
}

ids() { # as the Containerfile makes them: with set bits the two programs would need CAP_SYS_ADMIN in a container
  [ ! -d /srv/ids ] || return 0
  mkdir /srv/ids && cp /usr/bin/newuidmap /usr/bin/newgidmap /srv/ids
  chmod u-s /srv/ids/*
  setcap cap_setuid=ep /srv/ids/newuidmap && setcap cap_setgid=ep /srv/ids/newgidmap
  # For a container that has few ids, as with `--build-arg IDS=2000:60000`.
  echo tester:2000:60000 > /srv/ids/few
}
mapped="-v /srv/ids/newuidmap:/usr/bin/newuidmap:ro -v /srv/ids/newgidmap:/usr/bin/newgidmap:ro"
# Podman mounts so that file capabilities count for nothing, unless it is told otherwise.
mapped_podman=$(echo "$mapped" | sed 's/:ro/:ro,suid/g')
few="-v /srv/ids/few:/etc/subuid:ro -v /srv/ids/few:/etc/subgid:ro"

words="--rm --network none -v /usr:/usr:ro -v $suite:$suite -e SAMESEED_HOME=$SAMESEED_HOME"
container() { # user, session, flags…: in a container of Podman's that this user starts
  who=$1 name=$2
  shift 2
  as="login $who"
  [ "$who" != root ] || as=
  ids
  $as podman image exists machine || archive | $as podman import --quiet - machine > /dev/null || return
  $as podman run $words "$@" machine $node $suite/guest/session.mjs "$name"
}

engine() { # Docker's, once
  [ ! -S /run/docker.sock ] || return 0
  mkdir -p /var/lib/docker && mount -t tmpfs tmpfs /var/lib/docker
  # Without a network of its own: containers are given none, and not every kernel here has bridges.
  dockerd="dockerd --bridge=none --iptables=false"
  if [ -d /run/systemd/system ]; then
    systemd-run --quiet --unit=engine -p Delegate=yes $dockerd
  else
    $dockerd > /tmp/dockerd.log 2>&1 &
  fi
  for _ in $(seq 60); do
    docker version > /dev/null 2>&1 && break
    sleep 1
  done
  archive | docker import - machine > /dev/null
}

docked() { # session, flags…: in a container of Docker's
  name=$1
  shift
  ids
  engine && docker run $words "$@" $mapped machine $node $suite/guest/session.mjs "$name"
}

own_docked() { # session, flags…: in a container of Docker's whose engine an ordinary user runs
  name=$1
  shift
  ids
  socket=/run/user/$(id -u tester)/docker.sock
  docker="login tester docker -H unix://$socket"
  if [ ! -S "$socket" ]; then
    script=/usr/share/docker.io/contrib/dockerd-rootless.sh
    login tester env PATH=$PATH sh $script --bridge=none --iptables=false > /tmp/rootless.log 2>&1 &
    for _ in $(seq 60); do
      $docker version > /dev/null 2>&1 && break
      sleep 1
    done
    archive | $docker import - machine > /dev/null
  fi
  $docker run $words "$@" machine $node $suite/guest/session.mjs "$name"
}

served() { # owner, how root is seen, command…: with SAMESEED_HOME on NFS that this machine serves to itself, as a cluster serves accounts
  owner=$1 squash=$2
  shift 2
  mkdir -p /srv/served "/srv/export/$owner"
  cp -a $home/. "/srv/export/$owner" && chown -R "$owner:" "/srv/export/$owner" || return
  systemctl start nfs-server && exportfs -o "rw,no_subtree_check,$squash" "127.0.0.1:/srv/export/$owner" || return
  mount -t nfs4 "127.0.0.1:/srv/export/$owner" /srv/served || return
  SAMESEED_HOME=/srv/served
  "$@"
  code=$?
  SAMESEED_HOME=$home
  umount /srv/served
  return $code
}

shared() { # command…: while this machine has a queue and serves a folder
  mkdir -p /srv/store /srv/shared
  systemctl start nfs-server redis-server && exportfs -o rw,no_subtree_check,no_root_squash 127.0.0.1:/srv/shared && "$@"
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
    nfs-root) served root no_root_squash $program ;;
    nfs-user) served tester root_squash login tester $program ;;
    nfs-fleet) shared $program ;;
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
    podman-mounted) container root "$1" $flags $groups ;;
    podman-user) container root "$1" $flags --user tester $mapped_podman ;;
    podman-rootless) container tester "$1" ;;
    podman-rootless-flags) container tester "$1" $flags ;;
    podman-rootless-groups) container tester "$1" $flags --security-opt unmask=/sys/fs/cgroup ;;
    podman-rootless-mounted) container tester "$1" $flags $groups ;;
    podman-rootless-user) container tester "$1" $flags --user tester $mapped_podman $few ;;
    docker-default) docked "$1" ;;
    docker-flags) docked "$1" $docker_flags ;;
    docker-user) docked "$1" $docker_flags --user tester ;;
    docker-groups) docked "$1" $docker_flags $groups ;;
    docker-rootless-flags) own_docked "$1" $docker_flags ;;
    docker-rootless-groups) own_docked "$1" $docker_flags $groups ;;
    docker-rootless-user) own_docked "$1" $docker_flags --user tester $mapped $few ;;
    docker-powers) docked "$1" $docker_flags --cap-add SYS_ADMIN $groups ;;
  esac
}

id tester >/dev/null 2>&1 || ! command -v useradd >/dev/null || useradd -m -s /bin/sh tester
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
