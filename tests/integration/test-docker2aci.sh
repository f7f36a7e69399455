# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# podctl as docker2aci: images of Docker as ACIs, in one or a layer each.
# On any systemd, the same.

. "$HERE/lib-layers.sh"
. "$HERE/lib-servers.sh"

docker2aci() { (exec -a docker2aci podctl "$@"); }
as_guest() { setpriv --reuid=12345 --regid=12345 --clear-groups env "TMPDIR=$PWD" "$@"; }

unpack_aci() {
        mkdir "$2"
        tar --xattrs --warning=no-unknown-keyword -xpf "$1" -C "$2" --numeric-owner
}

# The whole image as one tree, by anybody; its manifest says where it came from.
test_docker2aci_squashed() {
        foreign_base
        chown 12345 .
        as_guest bash -c '(exec -a docker2aci podctl base.tar)' >said
        assert_eq "$(cat said)" $'\nGenerated ACI(s):\nforeign-7.aci'
        assert_eq "$(ls)" $'base\nbase.tar\nforeign-7.aci\nsaid'
        own image extract --rootfs-only "$(own fetch --full ./base.tar)" layers
        unpack_aci foreign-7.aci aci
        assert_eq "$(listing aci/rootfs)" "$(listing layers)"
        assert_eq "$(jq -c '[.name, (.labels | map(.name + "=" + .value))]' aci/manifest)" \
                '["example.com/foreign",["version=7","os=linux","arch=amd64"]]'
        assert_eq "$(jq -c '.app | [.exec, .user, .ports[0].name, .mountPoints[0].path]' aci/manifest)" \
                '[["/bin/a","b"],"6","80-tcp","/data"]'
        assert_eq "$(jq -r '.annotations[] | select(.name | endswith("created", "/entrypoint")).value' aci/manifest)" \
                $'2001-02-03T04:05:06Z\n["/bin/a","b"]'
        docker2aci -compression=none base.tar
        assert_eq "$(head -c 8 foreign-7.aci)" manifest
}

# Its name is the image's own choice, and stays a plain file name.
test_docker2aci_odd_name() {
        mkdir odd
        tar -xf "$IMAGES/busybox-docker.tar" -C odd
        jq -c '.[0].RepoTags = ["a.b/../hidden:1"]' odd/manifest.json >manifest
        mv manifest odd/manifest.json
        tar -C odd -cf odd.tar .
        assert_fails 1 docker2aci odd.tar
        assert_contains "$output" "image..-hidden-1.aci: name: 'a.b/../hidden' is not a valid name"
        assert_eq "$(ls -A)" $'odd\nodd.tar'
}

# Put together again, the layers are the same tree.
test_docker2aci_layers() {
        local file id
        foreign_base
        docker2aci --nosquash base.tar >said
        assert_eq "$(tail -n +3 said)" "$(printf '%s\n' *.aci)"
        assert_eq "$(tail -n +3 said | wc -l)" 2
        own image extract --rootfs-only "$(own fetch --full ./base.tar)" layers
        for file in *.aci; do
                id=$(own fetch --full "./$file")
        done
        own image render --rootfs-only "$id" ours
        assert_eq "$(listing ours | grep -v '^opaque d')" "$(listing layers | grep -v '^opaque d')"
        assert_eq "$(tar xzOf "${file/-2-*/-1-}"*.aci manifest | jq -c '[.app, .dependencies, .pathWhitelist]')" \
                '[null,null,null]'
}

test_docker2aci_registry() {
        registry
        push "$IMAGES/busybox.oci:latest" test/busybox:1
        chown 12345 .
        HOME=/nonexistent as_guest bash -c '(exec -a docker2aci podctl "$@")' _ --insecure-allow-http \
                "docker://127.0.0.1:$REGISTRATION_PORT/test/busybox:1"
        assert_eq "$(tar xzOf test-busybox-1.aci manifest | jq -r .name)" "127.0.0.1-$REGISTRATION_PORT/test/busybox"
        own image extract --rootfs-only "$(own fetch --full "$IMAGES/busybox.oci")" layers
        unpack_aci test-busybox-1.aci aci
        assert_eq "$(listing aci/rootfs)" "$(listing layers)"
        [[ -z $(find /var/tmp -name '.podctl-*') ]]
        assert_fails 1 docker2aci "docker://127.0.0.1:$REGISTRATION_PORT/test/none"
}

# Under the name that was asked for; and what is wrong is told with one name, by a line, and leaves no file.
test_docker2aci_names() {
        local image layer
        skopeo copy -q "oci:$IMAGES/busybox.oci:latest" docker-archive:two.tar:a/b:1 --additional-tag a/c:2
        assert_eq "$(docker2aci -image a/c:2 two.tar | tail -n1)" a-c-2.aci
        assert_eq "$(tar xzOf a-c-2.aci manifest | jq -c '[.name, .labels[0].value]')" '["docker.io/a/c","2"]'
        rm a-c-2.aci
        docker2aci_fails() {
                assert_fails 1 docker2aci "${@:2}"
                assert_eq "$output" "docker2aci: Cannot convert $1"
        }
        docker2aci_fails 'none.tar: No such file or directory' none.tar
        docker2aci_fails "none.tar: No such file or directory" --nosquash none.tar
        docker2aci_fails "two.tar: no image 'a/d' in it" -image a/d two.tar
        cp -a "$IMAGES/busybox.oci" layout
        layer=$(blobs layout latest | tail -n1)
        echo broken >"layout/blobs/${layer/://}"
        assert_fails 1 docker2aci layout
        assert_contains "$output" 'docker2aci: Cannot convert layout: layer sha256:'
        registry
        push "$IMAGES/busybox.oci:latest" base:1
        image=docker://127.0.0.1:$REGISTRATION_PORT/base:2
        docker2aci_fails "$image: not found: manifest unknown" --insecure-allow-http "$image"
        assert_eq "$(ls -- *.aci 2>/dev/null)" ''
}

# Layers are of no use without those below.
test_docker2aci_full_disk() {
        random_layout layout big 1 100000 100000 3000000
        small_disk small 2M
        (
                cd small
                assert_fails 1 docker2aci -nosquash ../layout
                assert_contains "$output" 'No space left'
        )
        assert_eq "$(ls -A small)" lost+found
}

# What a killed one leaves is removed by the next one of the same user.
test_docker2aci_killed() {
        local left
        front_registry
        push "$IMAGES/busybox.oci:latest" base:1
        rules '[{"path": "/blobs/", "until": "'"$PWD"'/go"}]'
        left() { find "$PWD" -maxdepth 1 -name '.podctl-*'; }
        (export TMPDIR=$PWD && exec -a docker2aci podctl --insecure-allow-http "docker://$FRONT/base:1") &
        wait_until eval '[[ -n $(left) ]]'
        left=$(left)
        # As long as it is used, it stays.
        TMPDIR=$PWD assert_fails 1 docker2aci none.tar
        assert_eq "$(left)" "$left"
        kill -KILL $!
        wait $! || true
        TMPDIR=$PWD assert_fails 1 docker2aci none.tar
        assert_eq "$(left)" ''
        touch go
}

test_docker2aci_refused() {
        assert_fails 1 docker2aci none.tar
        assert_contains "$output" 'Cannot convert none.tar: No such file'
        assert_fails 1 docker2aci "$IMAGES/busybox.aci"
        assert_contains "$output" 'neither an OCI layout nor a docker archive'
        foreign_base
        assert_fails 1 docker2aci --image=other base.tar
        assert_contains "$output" "no image 'other' in it"
        printf x | dd of=base/upper.tar bs=1 seek=600 conv=notrunc status=none
        tar -cf bad.tar -C base .
        assert_fails 1 docker2aci bad.tar
        assert_contains "$output" 'is damaged'
        assert_fails 2 docker2aci
        assert_fails 2 docker2aci a b
        assert_fails 2 docker2aci --compression=zstd base.tar
        [[ -z $(find . /var/tmp -name '.podctl-*' -o -name '*.aci') ]]
        assert_eq "$(docker2aci -version)" 'docker2aci version 0.17.2'
}
