# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# The files of images as volumes: what apps see of them, what keeps them, and images that mean harm.
# On any systemd, the same.

fetch busybox.oci

# image_of NAME <PYTHON: in the host's store under that name, as long as the test runs; see make-image.
image_of() {
        "$HERE/make-image" "$1.oci"
        podctl --insecure-options=image fetch --name="$1" "$PWD/$1.oci" >"$1.id"
        defer forget_files "$(tail -n 1 "$1.id")"
}

forget_files() {
        podctl gc --grace-period=0 --expire-prepared=0 >/dev/null 2>&1
        podctl image rm "$1" >/dev/null 2>&1
}

# Two layers, of which the upper one replaces and removes what is in the lower one.
files_image() {
        image_of "${1:-files}" <<'PYTHON'
image([layer(d("dir", 0o750, uid=33, gid=44), f("dir/x", "deep", uid=33, gid=44), f("a", "one"), f("gone", "x"),
             f("tool", "#!/bin/sh\necho ran\n", 0o755), ln("link", "/dir"), ln("up", "../../../dir/x")),
       layer(f("a", "two"), f(".wh.gone"))], {})
PYTHON
}

# seen_in_app SCRIPT [OPTION…]: what it prints in an app that has the image "files" at /files.
seen_in_app() {
        podctl run --volume=files,kind=image,image=files "${@:2}" busybox --name=app \
                --mount=volume=files,target="/files${part:+,subPath=$part}" --exec=/bin/sh -- -c "$1"
}
part=

# --- What apps see

facts='cd /files; cat a; stat -c "%n %u:%g %a" dir dir/x; ls; ./tool; cat link/x 2>/dev/null; touch a 2>&1; rm -f a 2>&1
        grep " /files " /proc/mounts | cut -d" " -f3,4 | cut -d, -f1-3'
wanted=$'twodir 33:44 750\ndir/x 33:44 644\na\ndir\nlink\ntool\nup\nran\ntouch: a: Read-only file system
rm: can\'t remove \'a\': Read-only file system\noverlay ro,nosuid,nodev'

test_files_of_an_image() {
        local how
        files_image
        for how in --net=none --private-users=no --stage1=fly; do
                assert_eq "$(seen_in_app "$facts" "$how")" "$wanted"
        done
}

test_root_cannot_change_them_and_users_can_read_them() {
        image_of files <<<'image([layer(d("", 0o700), f("a", "text"))], {})'
        assert_eq "$(podctl run --net=none --volume=files,kind=image,image=files busybox --user=33 --group=44 \
                --mount=volume=files,target=/files --exec=/bin/cat -- /files/a)" text
        # busybox has no mount; what root could do with one is seen in test_late_apps.
        assert_contains "$(seen_in_app 'touch /files/b 2>&1')" 'Read-only file system'
        [[ ! -e $(layer_of files)/rootfs/b ]]
}

# layer_of NAME: the directory of its only layer.
layer_of() {
        echo "/var/lib/podctl/images/layers/sha256-$(gzip -dc "$1".oci/blobs/sha256/"$(jq -r \
                '.layers[0].digest | ltrimstr("sha256:")' "$1".oci/blobs/sha256/"$(jq -r \
                '.manifests[0].digest | ltrimstr("sha256:")' "$1.oci/index.json")")" | sha256sum | cut -d' ' -f1)"
}

test_two_apps_and_two_places() {
        files_image
        podctl run --net=none --volume=files,kind=image,image=files \
                busybox --name=one --mount=volume=files,target=/x --mount=volume=files,target=/y,subPath=dir \
                        --exec=/bin/sh -- -c 'cat /x/a; cat /y/x' --- \
                busybox --name=two --mount=volume=files,target=/etc/files --exec=/bin/cat -- /etc/files/a >out
        assert_eq "$(sort out)" $'one: twodeep\ntwo: two'
}

test_part_of_an_image() {
        files_image
        part=dir
        assert_eq "$(seen_in_app 'ls /files; cat /files/x')" $'x\ndeep'
        part=dir/x
        assert_eq "$(seen_in_app 'cat /files')" deep
        # Links take the image for the root.
        part="link"
        assert_eq "$(seen_in_app 'cat /files/x')" deep
        part=up
        assert_eq "$(seen_in_app 'cat /files')" deep
        part=none
        assert_fails 254 seen_in_app 'true'
        assert_contains "$output" "volume 'files': its image has no none: No such file or directory"
        part=gone
        assert_fails 254 seen_in_app 'true'
        part=../dir
        refused "'../dir' is not a path below the volume" --net=none --volume=files,kind=image,image=files busybox \
                --mount=volume=files,target=/x,subPath=../dir
}

test_image_of_another_machine_and_without_a_program() {
        local other=arm64
        [[ $(uname -m) != aarch64 ]] || other=amd64
        "$HERE/make-image" files.oci <<<"platform.machine = lambda: '$other'; image([layer(f('a', 'text'))], {})"
        podctl --insecure-options=image fetch --name=files "$PWD/files.oci" >id
        defer forget_files "$(tail -n 1 id)"
        assert_eq "$(seen_in_app 'cat /files/a')" text
}

test_appc_image_with_its_dependencies() {
        mkdir -p aci/rootfs
        echo 'of appc' >aci/rootfs/a
        jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/files"}' >aci/manifest
        tar -C aci -cf files.aci manifest rootfs
        podctl --insecure-options=image fetch "$PWD/files.aci" >id
        defer forget_files "$(tail -n 1 id)"
        assert_eq "$(podctl run --net=none --volume=files,kind=image,image=example.com/files busybox \
                --mount=volume=files,target=/files --exec=/bin/cat -- /files/a)" 'of appc'
}

# --- Images that mean harm

test_hostile_image_gives_nothing() {
        image_of files <<'PYTHON'
def dev(name, major, minor):
    info, data = member(name, tarfile.CHRTYPE, 0o666)
    info.devmajor, info.devminor = major, minor
    return info, data
image([layer(f("su", open("/usr/bin/busybox", "rb").read(), 0o4755), dev("mem", 1, 1), dev("null", 1, 3),
             member("fifo", tarfile.FIFOTYPE, 0o666), ln("host", "/proc/1/root/etc/shadow"), ln("loop", "loop"),
             ln("out", "../../../../../../etc/hostname"), d("d"), ln("d/self", "../../.."))], {})
PYTHON
        assert_eq "$(podctl run --net=none --volume=files,kind=image,image=files busybox --user=33 --group=44 \
                --mount=volume=files,target=/files --exec=/bin/sh -- -c 'cp /bin/busybox /tmp/id; cd /files
                ./su 2>&1; cat null 2>&1; cat host 2>&1 | grep -c .; cat loop 2>&1 || true')" \
                "su: must be suid to work properly
cat: can't open 'null': Permission denied
1
cat: can't open 'loop': Too many levels of symbolic links"
        for part in null fifo; do
                assert_fails 254 seen_in_app true
                assert_contains "$output" "$part in its image is neither a directory nor a file"
        done
        for part in host out loop d/self/etc/passwd; do
                assert_fails 254 seen_in_app true
                assert_contains "$output" "volume 'files': its image has no $part"
        done
        part=d/self
        assert_eq "$(seen_in_app 'ls -d /files/d /files/su')" $'/files/d\n/files/su'
        part=
        [[ $(seen_in_app 'cat /files/mem >/dev/null 2>&1 || echo refused' --private-users=no) == refused ]]
}

test_bad_input() {
        files_image
        local volume='--volume=files,kind=image'
        refused 'an image volume needs the name of an image' $volume busybox
        refused 'an image volume needs the name of an image' $volume,image= busybox
        refused 'the files of an image cannot be written to' $volume,image=files,readOnly=false busybox
        refused 'only empty and tmpfs volumes have this' $volume,image=files,mode=0755 busybox
        refused "no image 'none'" $volume,image=none busybox
        refused 'only image volumes have this' --volume=files,kind=empty,image=files busybox
        refused_by "Volume 'files': $PWD/files.oci: files:latest: no signature found" \
                podctl run --net=none "$volume,image=$PWD/files.oci" busybox
}

# has_printed POD TEXT
has_printed() {
        podctl logs --output=cat "$1" 2>/dev/null | grep -q "$2"
}

# --- What keeps them

test_image_is_kept_by_the_pod() {
        local uuid layer
        files_image
        layer=$(layer_of files)
        uuid=$(podctl prepare --quiet --volume=files,kind=image,image=files busybox \
                --mount=volume=files,target=/files --exec=/bin/sh -- -c 'cat /files/a; sleep 1')
        assert_contains "$(podctl cat-manifest "$uuid" | jq -r '.volumes[0].imageID' | tr : -)" "$(tail -n 1 files.id)"
        podctl image gc --grace-period=0 >/dev/null
        podctl image list --no-legend --full | grep -q "$(tail -n 1 files.id)" || fail 'it was collected'
        # The layers stay, as those of an app do.
        podctl image rm files >/dev/null
        podctl image gc --grace-period=0 >/dev/null
        [[ -d $layer ]] || fail 'its layer is gone'
        assert_eq "$(podctl run-prepared --net=none "$uuid")" two
        podctl gc --grace-period=0 >/dev/null
        podctl image gc --grace-period=0 >/dev/null
        [[ ! -e $layer ]] || fail 'its layer stays'
}

test_image_of_a_pod_of_pods_d() {
        files_image
        defer podctl delete --force filed
        podctl create filed --net=none --volume=files,kind=image,image=files busybox \
                --mount=volume=files,target=/files \
                --exec=/bin/sh -- -c 'echo "$(cat /files/a)"; exec sleep 1000' >/dev/null 2>&1
        assert_eq "$(jq -c '.volumes[0]' /etc/podctl/pods.d/filed.json)" \
                '{"name":"files","kind":"image","image":"files"}'
        podctl check filed
        assert_fails 254 podctl image rm files
        assert_contains "$output" "pod 'filed' starts with it"
        systemctl start pod@filed
        wait_until has_printed filed two
        assert_eq "$(podctl inspect filed | jq -c '.. | .mounts? // empty | .[0] | [.name, .image_name, .read_only]' |
                head -n 1)" '["files","files",true]'
        # A newer image comes with the next start.
        "$HERE/make-image" newer.oci <<<'image([layer(f("a", "three"))], {})'
        podctl --insecure-options=image fetch --name=files "$PWD/newer.oci" >newer.id
        defer forget_files "$(tail -n 1 newer.id)"
        systemctl restart pod@filed
        wait_until has_printed filed three
        assert_contains "$(podctl system df --verbose)" filed
}

# --- Apps that come later

test_late_apps() {
        local directory
        files_image
        files_image other
        defer end_pod late
        podctl app sandbox --name=late --volume=files,kind=image,image=files >uuid
        directory=/var/lib/podctl/pods/run/$(cat uuid)
        assert_eq "$(find "$directory/images" -type f | wc -l)" 1
        podctl image rm files >/dev/null
        # What did not come leaves nothing.
        assert_fails 254 podctl app add late busybox --name=b \
                --mnt-volume=name=own,kind=image,image=other,target=/own --mount=volume=files,target=/f,subPath=none
        assert_contains "$output" "volume 'files': its image has no none"
        assert_eq "$(find "$directory/images" -type f | wc -l)" 1
        podctl app add late busybox --name=a --mount=volume=files,target=/files,subPath=dir \
                --mnt-volume=name=own,kind=image,image=other,target=/own \
                --exec=/bin/sh -- -c 'touch /own/a; echo "$(cat /files/x)$(cat /own/a)"; exec sleep 1000' >/dev/null
        podctl app start late --app=a
        wait_until has_printed late deeptwo
        assert_contains "$(podctl enter --app=a late /bin/mount)" '/own type overlay (ro,nosuid,nodev'
        # Root of the pod cannot loosen it.
        assert_fails '*' systemd-run --quiet --machine=late --pipe --wait --collect -- \
                mount -o remount,bind,rw /opt/stage2/a/rootfs/own
        assert_fails 254 podctl app add late busybox --name=b \
                --mnt-volume=name=own,kind=image,image=other,target=/own --mount=volume=files,target=/f,subPath=none
        assert_contains "$output" "volume 'files': its image has no none"
        podctl app rm late --app=a >/dev/null
        assert_eq "$(find "$directory/images" -type f | wc -l)" 1
        ! grep -q /own "/proc/$(leader late)/mountinfo" || fail 'it is still mounted'
}

# --- Files of others

test_kubernetes() {
        "$HERE/make-image" files.oci <<<'image([layer(d("d"), f("d/a", "text"))], {})'
        podctl --insecure-options=image fetch --name=docker.io/library/files:1 "$PWD/files.oci" >id
        podctl --insecure-options=image fetch --name=docker.io/library/busybox:1 "$IMAGES/busybox.oci" >/dev/null
        defer podctl image rm docker.io/library/busybox:1
        defer forget_files "$(tail -n 1 id)"
        cat >pod.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: files}
spec:
  restartPolicy: Never
  containers:
  - name: c
    image: busybox:1
    imagePullPolicy: Never
    command: [/bin/cat, /files/a]
    volumeMounts: [{name: v, mountPath: /files, subPath: d}]
  volumes: [{name: v, image: {reference: "files:1", pullPolicy: Never}}]
YAML
        assert_eq "$(podctl run --net=none --kube pod.yaml)" text
        sed -i 's/files:1/gone:1/' pod.yaml
        assert_fails 254 podctl run --net=none --kube pod.yaml
        assert_contains "$output" "Volume 'v': no image 'docker://gone:1' in the store, and --pull-policy=never"
}
