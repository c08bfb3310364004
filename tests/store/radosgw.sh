#!/usr/bin/env bash
# A Ceph of one monitor, one store in memory and one gateway that speaks S3, in a temporary folder, until it is interrupted.
# Debian: apt-get install --no-install-recommends ceph-mon ceph-osd ceph-mgr radosgw. As root:
#   tests/store/radosgw.sh FOLDER PORT
# then, in another shell, what it prints.
set -euo pipefail
folder=${1:?a folder that is not there yet}
port=${2:-7480}
[ ! -e "$folder" ]
mkdir -p "$folder"/{mon,mgr,osd,run,log}
cd "$folder"
export CEPH_CONF="$folder/ceph.conf"
fsid=$(cat /proc/sys/kernel/random/uuid)
cat > ceph.conf <<CONF
[global]
fsid = $fsid
mon host = 127.0.0.1:$((port + 1))
mon initial members = a
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
osd objectstore = memstore
memstore device bytes = 2147483648
run dir = $folder/run
log file = $folder/log/\$name.log
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
keyring = $folder/keyring
mon data = $folder/mon
mgr data = $folder/mgr
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd data = $folder/osd
rgw frontends = beast endpoint=127.0.0.1:$port
CONF
ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *' > log/keyring
ceph-authtool keyring --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >> log/keyring
ceph-authtool keyring --gen-key -n osd.0 --cap mon 'allow profile osd' --cap mgr 'allow profile osd' --cap osd 'allow *' >> log/keyring
ceph-authtool keyring --gen-key -n mgr.x --cap mon 'allow profile mgr' --cap osd 'allow *' >> log/keyring
monmaptool --create --add a "127.0.0.1:$((port + 1))" --fsid "$fsid" monmap > log/monmap
ceph-mon --mkfs -i a --monmap monmap --keyring keyring
processes=()
trap 'kill -TERM "${processes[@]}" 2>/dev/null; wait; rm -rf "$folder"' EXIT
ceph-mon -f -i a > log/mon.out 2>&1 & processes+=($!)
until timeout 5 ceph -s > log/status 2>&1; do sleep 0.5; done
osd=$(cat /proc/sys/kernel/random/uuid)
ceph osd new "$osd" 0 > log/osd.new
ceph-osd -i 0 --mkfs --osd-uuid "$osd" > log/osd.mkfs 2>&1
ceph-mgr -f -i x > log/mgr.out 2>&1 & processes+=($!)
ceph-osd -f -i 0 > log/osd.out 2>&1 & processes+=($!)
until timeout 5 ceph osd stat 2>/dev/null | grep -q '1 up'; do sleep 0.5; done
radosgw -f -n client.admin > log/rgw.out 2>&1 & processes+=($!)
until curl -s -o log/answer "http://127.0.0.1:$port/"; do sleep 0.5; done
radosgw-admin user create --uid=test --display-name=test --access-key=test --secret=secret-of-a-test > log/user
cat <<TEXT
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=secret-of-a-test
export SAMESEED_TEST_S3='s3://rollouts?endpoint=http://127.0.0.1:$port'
npx vitest run tests/store
TEXT
wait
