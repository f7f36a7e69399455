# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh, $server of lib-signatures.sh
#
# Images that begin with others of a registry, or copy from them, whoever builds: by root's store or without one.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
. "$HERE/lib-signatures.sh"

# A user who has no rights here but to the directory of the test.
as_stranger() { setpriv --reuid=12345 --regid=12345 --clear-groups env HOME="$PWD" TMPDIR="$PWD" "$@"; }

# by_root and by_user BUILD-WORD…: root with a store, and a user without one. As an array it is a process of its own in
# the background, that can be killed.
by_root() { podctl --dir="$DATA" --insecure-options=image,http build "$@"; }
BY_USER=(setpriv --reuid=12345 --regid=12345 --clear-groups env HOME="$PWD" TMPDIR="$PWD"
        podctl --insecure-options=image,http build)
by_user() { "${BY_USER[@]}" "$@"; }

# busybox_script NAME: of steps that need no root.
busybox_script() {
        cat >script <<END
begin --from=docker://$1
copy --from=docker://$1 /bin/busybox /added/
copy words /srv/words
rm /etc/passwd
env add A=b
END
        echo words >words
        chown 12345:12345 .
}

# Blobs that it was asked for since the last look.
fetched_blobs() {
        requests '^GET /v2/[^ ]*/blobs/.* 20[06]'
        : >requests
}

test_build_registry_by_anybody() {
        local id
        front_registry
        push "$IMAGES/busybox.oci:latest" base:1
        busybox_script "$FRONT/base:1"
        by_root script script
        by_root write oci:of-root
        by_root end
        by_user script script
        assert_eq "$(jq -r .baseName .podctl-build/build.json)" "$FRONT/base:1"
        by_user write oci:of-user
        by_user end
        assert_eq "$(cat of-user/index.json)" "$(cat of-root/index.json)"
        id=$(jq -r '.manifests[0].digest' of-user/index.json)
        assert_eq "$(jq -c '.annotations | keys' "of-user/blobs/sha256/${id#*:}")" \
                '["org.opencontainers.image.base.digest","org.opencontainers.image.base.name"]'
        # With --dir=, too, which is nothing but a name here.
        as_stranger podctl --dir="$PWD/store" --insecure-options=image,http build script script
        assert_eq "$(as_stranger podctl build write oci:with-store)" "$id"
        as_stranger podctl build end
        assert_eq "$(ls)" "$(printf '%s\n' data of-root of-user registry-5000 registry-5000.yml requests script \
                server-5000.log server-5001.log with-store words)"
}

# Layers come side by side, and the user sees them come. One that was not whole when its process was killed is gone on
# with in the next build, and is fetched anew if what is there is wrong.
test_build_registry_goes_on() {
        local pid offset blobs
        front_registry
        random_layout layout big 1 3000000 3000000 3000000
        push layout:big big:1
        mapfile -t blobs < <(blobs layout big)
        chown 12345:12345 .
        rules '[{"path": "/blobs/('"${blobs[0]}|${blobs[1]}"')", "until": "go"}]'
        "${BY_USER[@]}" begin --from=docker://$FRONT/big:1 2>said &
        pid=$!
        defer stop_server $pid
        partial() { stat -c %s ".cache/podctl/build/partial/${blobs[$1]/:/-}"; }
        wait_until eval '(($(partial 0) > 0 && $(partial 1) > 0))'
        assert_contains "$(cat said)" "docker://$FRONT/big:1: fetching layer ${blobs[0]:0:19}, 2.9MiB"
        kill -9 $pid
        wait $pid || true
        wait_until flock -n ".cache/podctl/build/partial/${blobs[0]/:/-}" true
        wait_until flock -n ".cache/podctl/build/partial/${blobs[1]/:/-}" true
        defer touch go
        rules '[]'
        rm -rf .podctl-build
        : >requests
        offset=$(partial 1)
        printf wrong | dd of=".cache/podctl/build/partial/${blobs[0]/:/-}" conv=notrunc status=none
        by_user begin --from=docker://$FRONT/big:1
        grep -q "^GET .*/blobs/${blobs[1]} 206 - bytes=$offset-$" requests || fail "not gone on: $(cat requests)"
        assert_eq "$(requests "^GET .*/blobs/${blobs[0]} 20[06]")" 2
        assert_eq "$(ls -A .cache/podctl/build/partial)" ''
        by_user write oci:out:latest
        by_user end
        umoci unpack --image out:latest of-user
        umoci unpack --image layout:big of-layout
        diff -r of-user/rootfs of-layout/rootfs
}

# Two of one user, and one without a place for a cache; and a cache that is on another disk than the build.
test_build_registry_side_by_side() {
        local pid
        front_registry
        random_layout layout big 1 3000000
        push layout:big big:1
        small_disk .cache 20M
        chown 12345:12345 . .cache
        rules '[{"path": "/blobs/'"$(blobs layout big)"'", "times": 1, "until": "go"}]'
        "${BY_USER[@]}" begin --from=docker://$FRONT/big:1 2>said &
        pid=$!
        defer stop_server $pid
        wait_until test -s ".cache/podctl/build/partial/$(blobs layout big | tr : -)"
        mkdir other homeless
        chown 12345:12345 other homeless
        (cd other && by_user begin --from=docker://$FRONT/big:1)
        (cd homeless && as_stranger env -u HOME podctl --insecure-options=image,http \
                build begin --from=docker://$FRONT/big:1)
        touch go
        wait $pid || fail "$(cat said)"
        for dir in . other homeless; do
                assert_eq "$(cd $dir && by_user write --overwrite oci:out)" "$(by_user write --overwrite oci:out)"
        done
        assert_eq "$(ls -A .cache/podctl/build/partial)" ''
}

# As acbuild, too, in both of its modes.
test_build_registry_as_acbuild() {
        local mode
        front_registry
        push "$IMAGES/busybox.oci:latest" base:1
        ln -s "$(command -v podctl)" acbuild
        chown 12345:12345 .
        echo words >words
        for mode in appc oci; do
                ./acbuild begin --insecure --build-mode=$mode docker://$FRONT/base:1
                ./acbuild copy words /srv/words
                ./acbuild write of-root.$mode
                ./acbuild end
                as_stranger ./acbuild begin --insecure --build-mode=$mode docker://$FRONT/base:1
                as_stranger ./acbuild copy words /srv/words
                as_stranger ./acbuild write of-user.$mode
                as_stranger ./acbuild end
                cmp of-root.$mode of-user.$mode
        done
        assert_eq "$(tar -xzOf of-user.appc rootfs/srv/words)" words
        assert_fails 1 as_stranger ./acbuild begin docker://$FRONT/base:1
        assert_contains "$output" "begin: $FRONT/base:1: "
        assert_fails 1 as_stranger ./acbuild begin example.com/app
        assert_eq "$output" "begin: example.com/app: only root can read images in the store; write docker://NAME for \
one in a registry"
        [[ ! -e .acbuild ]]
}

# A step is known by what the image is: only its documents are asked for.
test_build_registry_is_cached() {
        local first
        front_registry
        push "$IMAGES/busybox.oci:latest" base:1
        busybox_script "$FRONT/base:1"
        : >requests
        by_user script --cache script
        [[ $(fetched_blobs) -gt 2 ]]
        first=$(by_user write oci:first)
        by_user end
        : >requests
        by_user --script=script
        assert_eq "$(by_user write oci:second)" "$first"
        by_user end
        # Its config, for either step.
        assert_eq "$(fetched_blobs)" 2
        push "$IMAGES/busybox-plain.oci:latest" base:1
        by_user --script=script
        [[ $(by_user write oci:third) != "$first" ]]
        by_user end
}

# Of several platforms, the one that is asked for, also by root, whose store has those of this host only.
test_build_registry_platforms() {
        local arch by other
        for arch in amd64 s390x; do
                podctl build begin --platform=linux/$arch
                echo $arch >arch
                podctl build copy arch /arch
                podctl build write oci:$arch
                podctl build end
                cp -r $arch/. all
        done
        other=$(jq -r '.manifests[0].digest' s390x/index.json)
        jq -n '{ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [inputs |
                .manifests[0] | .platform = { os: "linux", architecture: (input_filename | split("/")[0]) } |
                del(.annotations)] }' {amd64,s390x}/index.json >index
        cp index "all/blobs/sha256/$(sha256sum index | cut -d' ' -f1)"
        jq -n --arg digest "sha256:$(sha256sum index | cut -d' ' -f1)" --argjson size "$(stat -c %s index)" \
                '{ schemaVersion: 2, manifests: [{ mediaType: "application/vnd.oci.image.index.v1+json",
                digest: $digest, size: $size,
                annotations: { "org.opencontainers.image.ref.name": "all" } }] }' >all/index.json
        registry
        skopeo copy --all --quiet --preserve-digests --dest-tls-verify=false oci:all:all \
                "docker://127.0.0.1:$REGISTRATION_PORT/many:1"
        chown 12345:12345 .
        for by in by_root by_user; do
                $by begin --from=docker://127.0.0.1:$REGISTRATION_PORT/many:1 --platform=linux/s390x
                assert_eq "$($by config | jq -r .architecture)" s390x
                $by copy --from=docker://127.0.0.1:$REGISTRATION_PORT/many:1 --platform=linux/amd64 /arch /of-amd64
                $by write oci:out-$by
                $by end
                refused_by 'no image for linux/mips, only for: linux/amd64, linux/s390x' \
                        $by begin --from=docker://127.0.0.1:$REGISTRATION_PORT/many:1 --platform=linux/mips
                refused_by "is for linux/s390x, not for this host; --platform=linux/s390x takes it" \
                        $by begin --from="docker://127.0.0.1:$REGISTRATION_PORT/many@$other"
                $by begin --from="docker://127.0.0.1:$REGISTRATION_PORT/many@$other" --platform=linux/s390x
                $by end
        done
        refused_by 'is for linux/s390x, not for this host' by_user begin --from=./s390x
        assert_eq "$(cat out-by_user/index.json)" "$(cat out-by_root/index.json)"
}

# What fetch refuses is refused.
test_build_registry_is_verified() {
        local id name
        static_registry "$IMAGES/busybox.oci" www app 1
        id=$(jq -r '.manifests[0].digest' "$IMAGES/busybox.oci/index.json")
        static_server www
        name=$server/app:1
        chown 12345:12345 .
        trusting() { as_stranger podctl --insecure-options=http --local-config="$PWD/config" "$@"; }
        refused_by "$server/app:1" trusting build begin --from="docker://$name"
        assert_contains "$output" 'no signature found'
        [[ ! -e .podctl-build ]]
        trusting build begin --from="docker://$server/app@$id"
        trusting build end
        cosign_key alice
        cosign_sign alice "$id" "$server/app" signature
        static_push_tag signature www app "$(cosign_tag "$id")"
        podctl --local-config="$PWD/config" trust --prefix="$server/app" --skip-fingerprint-review alice.pub
        trusting build begin --from="docker://$name"
        assert_eq "$(jq -r .baseDigest .podctl-build/build.json)" "$id"
        trusting build end
        gpg_key bob
        podctl --local-config="$PWD/config" trust --prefix="$server/app/deep" --skip-fingerprint-review bob.asc
        mkdir -p www/v2/app/deep
        cp -r www/v2/app/{blobs,manifests,referrers} www/v2/app/deep/
        refused_by "$server/app/deep:1" trusting build begin --from="docker://$server/app/deep:1"
        use_store "$server/app/deep" "file://$PWD/signatures"
        simple_sign bob "$id" "$server/app/deep:1" signatures
        chmod -R a+rX signatures config
        trusting build begin --from="docker://$server/app/deep:1"
        trusting build end
}

# What is beside it comes along, and what is not what it says it is does not.
test_build_registry_artifacts_and_damage() {
        local id by layer
        static_registry "$IMAGES/busybox.oci" www app 1
        id=$(jq -r '.manifests[0].digest' "$IMAGES/busybox.oci/index.json")
        bill "$id" bill
        static_push_referrer bill www app "$id"
        static_server www
        chown 12345:12345 .
        echo more >more
        for by in by_root by_user; do
                $by begin --from="docker://$server/app:1"
                $by copy more /more
                $by write oci:out-$by
                $by end
        done
        assert_eq "$(cat out-by_user/index.json)" "$(cat out-by_root/index.json)"
        [[ -e out-by_user/blobs/sha256/$(sha256sum bill/manifest.json | cut -d' ' -f1) ]]
        # A build begins without them, if need be.
        echo '{"bad' >"www/v2/app/blobs/$(oci_blob bill/bill)"
        by_user begin --from="docker://$server/app:1" 2>said
        assert_contains "$(cat said)" 'begins without its artifacts'
        by_user end
        layer=www/v2/app/blobs/$(jq -r '.layers[0].digest' "www/v2/app/manifests/$id")
        dd if=/dev/zero of="$layer" bs=1 count=4 seek=30 conv=notrunc status=none
        refused_by 'the registry sent something else' by_user begin --from="docker://$server/app:1"
        assert_contains "$output" "docker://$server/app:1"
        [[ ! -e .podctl-build ]]
}
