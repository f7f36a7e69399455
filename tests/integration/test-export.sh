# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What an app of a pod has written, as an image.
# On any systemd, the same.

fetch busybox.oci

# wrote NAME [OPTION…]: a pod that is over and has left something.
wrote() {
        podctl run --name="$1" "${@:2}" --net=none busybox --name=app --exec=/bin/sh -- -c '
                mkdir /mine && echo written >/mine/file && chown 1234:5678 /mine/file && chmod 640 /mine/file
                ln -s file /mine/link && rm /bin/wget && ln /mine/file /mine/other && mkfifo /mine/fifo &&
                echo more >>/etc/group'
}

# has_data FILE.aci: fetches it, runs it, and looks.
has_data() {
        podctl --insecure-options=image fetch --name=exported "$1" >id
        defer podctl image rm exported
        podctl run --name=again --net=none exported --name=app --exec=/bin/sh -- -c '
                cat /mine/link; stat -c "%u %g %a" /mine/file
                test -p /mine/fifo && ! test -e /bin/wget && test -x /bin/ls &&
                test /mine/file -ef /mine/other && tail -n 1 /etc/group' >out
        assert_eq "$(cat out)" $'written\n1234 5678 640\nmore'
}

test_export() {
        wrote over
        podctl export over out.aci
        assert_eq "$(head -c 2 out.aci | od -An -tx1 | tr -d ' ')" 1f8b
        tar -tzf out.aci | sort >files
        grep -x manifest files
        # What only the pod's start made is no part of it.
        ! grep -E '^rootfs/(run/.|etc/(hosts|hostname|mtab|resolv.conf)$)' files || fail "places of mounts are exported"
        assert_eq "$(grep -v '^rootfs\(/\|$\)' files)" manifest
        tar -xzOf out.aci manifest | jq -e '.acKind == "ImageManifest" and
                (.labels | map(.name) | contains(["arch", "os"])) and
                (.app.exec | length > 0)'
        # Owned as in the pod, not by the user IDs it had.
        tar --numeric-owner -tvzf out.aci rootfs/mine/file rootfs/bin/ls >owners
        grep -E '^-rw-r----- 1234/5678' owners
        grep -E ' 0/0 .*bin/ls' owners
        has_data "$PWD/out.aci"
}

# The pod is as it was, and may be exported again.
test_export_overwrites_when_told() {
        wrote over
        podctl export over out.aci
        assert_fails 254 podctl export over out.aci
        assert_contains "$output" --overwrite
        echo rubbish >out.aci
        podctl export --overwrite over out.aci
        # Also to a file system of its own, while the pod's files are mounted where only podctl sees them.
        defer rm -f /tmp/exported.aci
        podctl export over /tmp/exported.aci
        # The second export is the same file, whenever it is made.
        assert_eq "$(od -An -tx1 -j4 -N4 out.aci)" ' 00 00 00 00'
        cmp out.aci /tmp/exported.aci
        tar -tzf out.aci >/dev/null
        podctl gc
        podctl export --overwrite "$(podctl status --format=json over | jq -r .name)" out.aci
        has_data "$PWD/out.aci"
}

test_export_of_one_app_of_many() {
        podctl run --name=over --net=none busybox --name=one --exec=/bin/sh -- -c 'echo 1 >/number' --- \
                busybox --name=two --exec=/bin/sh -- -c 'echo 2 >/number'
        assert_fails 254 podctl export over out.aci
        assert_contains "$output" --app
        assert_fails 254 podctl export --app=three over out.aci
        assert_contains "$output" three
        [[ ! -e out.aci ]]
        podctl export --app=two over out.aci
        assert_eq "$(tar -xzOf out.aci rootfs/number)" 2
}

test_export_without_user_ids_of_its_own() {
        wrote over --private-users=no
        podctl export over out.aci
        has_data "$PWD/out.aci"
}

# Volumes are not part of an app's files.
test_export_leaves_volumes_out() {
        mkdir volume
        echo host >volume/secret
        podctl run --name=over --net=none --volume=v,kind=host,source="$PWD/volume" \
                busybox --name=app --mount=volume=v,target=/v --exec=/bin/sh -- -c 'cat /v/secret; echo own >/own'
        podctl export over out.aci
        assert_eq "$(tar -tzf out.aci | grep -c secret || true)" 0
        assert_eq "$(tar -xzOf out.aci rootfs/own)" own
}

# But for those that are: what a Docker image's own volumes were given is not lost.
test_export_keeps_volumes_of_the_image() {
        podctl run --name=over --net=none --volume=v,kind=empty,fromImage=true \
                busybox --name=app --mount=volume=v,target=/etc --exec=/bin/sh -- -c 'echo written >/etc/new' --- \
                busybox --name=other --mount=volume=v,target=/v --exec=/bin/true
        podctl export --app=app over out.aci
        assert_eq "$(tar -xzOf out.aci rootfs/etc/new)" written
        assert_contains "$(tar -xzOf out.aci rootfs/etc/passwd)" root
        podctl export --app=other over other.aci
        assert_eq "$(tar -tzf other.aci | grep -c '^rootfs/v/.' || true)" 0
}

# Without the image, of which the pod keeps the layers but not the manifest.
test_export_when_the_image_is_gone() {
        wrote over
        remove_image_of over
        defer podctl --insecure-options=image fetch "$IMAGES/busybox.oci"
        podctl export over out.aci
        has_data "$PWD/out.aci"
}

test_export_refuses() {
        local uuid
        pod running busybox --exec=/bin/sleep -- 1000
        uuid=$(podctl prepare busybox --exec=/bin/true)
        assert_fails 254 podctl export running out.aci
        assert_contains "$output" 'is running'
        assert_fails 254 podctl export "$uuid" out.aci
        assert_contains "$output" 'is prepared'
        podctl rm "$uuid"
        assert_fails 254 podctl export nosuch out.aci
        wrote over
        assert_fails 254 podctl export over out.tar
        assert_contains "$output" .aci
        assert_fails 254 podctl export over
        assert_fails 254 podctl export over no/such/directory/out.aci
        mkdir dir.aci
        assert_fails 254 podctl export --overwrite over dir.aci
        [[ -z $(find . -name '*.aci*' -type f) ]]
}

test_export_to_a_full_disk() {
        wrote over
        small_disk small 1M
        head -c 4M /dev/urandom >small/fill 2>/dev/null || true
        assert_fails 254 podctl export over small/out.aci
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(find small -name '*out*')" ''
}

# For everybody else.
test_export_as_oci() {
        wrote over
        podctl export --format=oci over out.oci.tar
        skopeo inspect --config "oci-archive:$PWD/out.oci.tar" >config
        jq -e '.os == "linux" and (.rootfs.diff_ids | length == 1) and (has("history") | not)' config
        # What the image said of itself.
        skopeo inspect --config "oci-archive:$IMAGES/busybox-oci.tar" >theirs
        assert_eq "$(jq -cS .config config)" "$(jq -cS .config theirs)"
        has_data "$PWD/out.oci.tar"

        remove_image_of over
        defer podctl --insecure-options=image fetch "$IMAGES/busybox.oci"
        podctl export --format=oci --overwrite over out.oci.tar
        skopeo inspect --config "oci-archive:$PWD/out.oci.tar" |
                jq -e '.config.Entrypoint[0] == "/bin/sh" and .architecture != ""'
        assert_fails 254 podctl export --format=tar over out
}

# An appc image says what it said, but for what it took its files from: they are all there.
test_export_of_an_appc_image() {
        podctl --insecure-options=image fetch --name=appc "$IMAGES/busybox.aci" >/dev/null
        defer podctl image rm appc
        podctl run --name=over --net=none appc --name=app --exec=/bin/sh -- -c 'echo new >/new' 2>/dev/null
        podctl export over out.aci
        podctl image cat-manifest appc | jq -S 'del(.dependencies, .pathWhitelist)' >expected
        tar -xzOf out.aci manifest | jq -S . | diff expected -
        assert_eq "$(tar -xzOf out.aci rootfs/new)" new
        podctl export --format=oci over out.tar
        skopeo inspect --config "oci-archive:$PWD/out.tar" | jq -e '.architecture != "" and .os == "linux"'
}
