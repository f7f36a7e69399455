# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Limits of named volumes, which take a kernel with quotas: run in a virtual machine, by outside/virtual-machine.sh.

# quota_disk DIR: a new ext4 with project quotas, mounted there for as long as the test runs.
quota_disk() {
        modprobe -a loop quota_v2
        truncate -s 200M "$1.img"
        mkfs.ext4 -q -m 0 -O quota,project "$1.img"
        mkdir -p "$1"
        mount -o loop,prjquota "$1.img" "$1"
        defer umount "$1"
}

# in_volumes ARG…: podctl run with the store on such a disk, which is empty of pods when it is unmounted.
in_volumes() { own run --net=none "$@"; }

used() { own volume inspect "$1" | sed -n 's/^size=//p'; }

test_size_of_a_volume() {
        local script first
        quota_disk data
        defer own gc --grace-period=0
        own fetch "$IMAGES/busybox.oci" >/dev/null
        own volume create --size=8M small
        own volume create other
        own volume inspect small | grep -x limit=8388608
        assert_contains "$(own volume list --no-legend)" 8.0MiB
        own volume list --format=json | jq -e 'map(.limit) == [null, 8388608]'
        # In a pod, not even root writes more; the other volume has no limit.
        script='dd if=/dev/zero of=/data/a bs=1M count=4 && ! dd if=/dev/zero of=/data/b bs=1M count=6 &&
                dd if=/dev/zero of=/other/c bs=1M count=12'
        in_volumes --volume=small,kind=named --volume=other,kind=named busybox \
                --mount=volume=small,target=/data --mount=volume=other,target=/other --exec=/bin/sh -- -c "$script"
        (($(used small) > 4194304 && $(used small) <= 8388608)) || fail "$(used small)"
        assert_fails 254 own volume create --size=9M small
        assert_contains "$output" "there is a volume 'small' already"
        own gc --grace-period=0
        # What is removed leaves no limit behind.
        own volume rm small
        own volume create --size=100M small
        head -c 30000000 /dev/urandom >data/volumes/small/data/file
        own volume export small small.tar
        assert_fails 254 own volume import --size=8M copy small.tar
        assert_contains "$output" 'Disk quota exceeded'
        assert_fails '*' test -e data/volumes/copy
        own volume import --size=40M copy small.tar
        # Each has a project of its own, and none that is somebody else's.
        jq -s -e '[.[].project | select(.)] | unique | length == 2' data/volumes/*/volume
        first=$(jq -s '[.[].project | select(.)] | max + 1' data/volumes/*/volume)
        echo "mine:$first" >/etc/projid
        defer rm /etc/projid
        own volume create --size=1M third
        assert_eq "$(jq .project data/volumes/third/volume)" $((first + 1))
}

# One that is gone with the pod is limited as well, as Kubernetes says it.
test_size_of_an_empty_volume() {
        quota_disk data
        defer own gc --grace-period=0
        own fetch --name=localhost/busybox:1 "$IMAGES/busybox.oci" >/dev/null
        cat >pod.yaml <<'YAML'
kind: Pod
metadata: {name: sized}
spec:
  restartPolicy: Never
  volumes: [{name: v, emptyDir: {sizeLimit: 8Mi}}]
  containers:
  - {name: a, image: "localhost/busybox:1", imagePullPolicy: Never, volumeMounts: [{name: v, mountPath: /v}],
     command: [sh, -c, "dd if=/dev/zero of=/v/a bs=1M count=4 && ! dd if=/dev/zero of=/v/b bs=1M count=6"]}
YAML
        own run --kube pod.yaml >out 2>&1
        assert_not_contains "$(cat out)" 'not limited'
}

# What the image has there has to fit, too.
test_size_of_a_volume_that_is_filled() {
        quota_disk data
        defer own gc --grace-period=0
        own fetch "$IMAGES/busybox.oci" >/dev/null
        own volume create --size=100K tiny
        own volume create --size=20M roomy
        in_volumes --volume=roomy,kind=named busybox --mount=volume=roomy,target=/bin --exec=/bin/true
        own volume inspect roomy | grep -x limit=20971520
        (($(used roomy) > 500000)) || fail "$(used roomy)"
        assert_fails 254 in_volumes --volume=tiny,kind=named busybox --mount=volume=tiny,target=/bin --exec=/bin/true
        assert_contains "$output" 'Disk quota exceeded'
}
