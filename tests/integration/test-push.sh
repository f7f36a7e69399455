# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images go from a build to a registry, by whoever built them, and once only.
# On any systemd, the same.

. "$HERE/lib-servers.sh"

# A build of two layers and a config: three blobs.
to_push() {
        mkdir -p rootfs/bin
        cp /bin/busybox rootfs/bin/busybox
        echo greeting >rootfs/greeting
        cat >script <<'END'
begin
copy rootfs/bin /bin
layer
copy rootfs/greeting /greeting
cmd set -- /bin/busybox cat /greeting
END
        podctl build script script
}

pushes() { podctl --local-config="$PWD/config" --insecure-options=http build push "$@"; }

# What is there is what `write` writes, to everybody who looks.
test_push_to_a_registry() {
        registry
        mkdir rootfs
        chown 12345:12345 .
        cp /bin/busybox rootfs/busybox
        set -- setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" HOME=/nonexistent \
                podctl --insecure-options=http build
        "$@" begin
        "$@" copy rootfs/busybox /bin/
        "$@" cmd set -- /bin/busybox echo pushed
        "$@" push docker://127.0.0.1:5000/team/app:1 >digest
        assert_eq "$("$@" write oci:layout)" "$(cat digest)"
        assert_eq "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://127.0.0.1:5000/team/app:1)" \
                "$(cat digest)"
        skopeo copy --quiet --src-tls-verify=false --preserve-digests docker://127.0.0.1:5000/team/app:1 oci:copied
        assert_eq "$(ls copied/blobs/sha256)" "$(ls layout/blobs/sha256)"
        defer plain gc --grace-period=0
        assert_eq "$(plain run --net=none "docker://127.0.0.1:5000/team/app@$(cat digest)")" pushed
        "$@" end
}

# A blob that is there is not sent again, to another tag neither.
test_push_sends_once() {
        front_registry
        to_push
        pushes docker://$FRONT/app >digest
        assert_eq "$(requests '^PUT /v2/app/blobs/')" 3
        assert_eq "$(requests '^PUT /v2/app/manifests/latest')" 1
        : >requests
        pushes docker://$FRONT/app:two >again
        cmp digest again
        assert_eq "$(requests '^PO|^PUT.*/blobs/')" 0
        # What the base has is taken from there.
        podctl build end
        plain build begin --from=docker://$FRONT/app
        podctl build copy rootfs/greeting /second
        : >requests
        pushes docker://$FRONT/other
        assert_eq "$(requests '^POST .*mount=.*from=app.* 201 ')" 2
        assert_eq "$(requests '^PUT /v2/other/blobs/')" 2
        podctl build end
        assert_eq "$(skopeo inspect --tls-verify=false --format '{{len .Layers}}' docker://127.0.0.1:5000/other)" 3
}

# A registry that cannot mount gets everything.
test_push_without_mounting() {
        front_registry
        push "$IMAGES/busybox.oci:latest" base
        plain build begin --from=docker://$FRONT/base
        rules '[{"path": "mount=", "method": "POST", "status": 403}]'
        podctl build copy /etc/hostname /etc/
        pushes docker://$FRONT/app
        (($(requests '^POST .*mount=.* 403 ') > 0))
        podctl build end
        skopeo copy --quiet --src-tls-verify=false docker://127.0.0.1:5000/app oci:copied
}

# The token is for pushing; without one there is nothing.
test_push_with_tokens() {
        certificates ours
        front_registry --token user:secret --tls ours/server.crt ours/server.key
        to_push
        describe "$FRONT" '"ca":"'"$PWD"'/ours/ca.crt"'
        pushes() { podctl --local-config="$PWD/config" build push "$@"; }
        refused_by "token service $FRONT: access denied" pushes docker://$FRONT/app
        log_in "$FRONT" secret
        : >requests
        pushes docker://$FRONT/app
        assert_eq "$(requests '^GET /token')" 1
        assert_eq "$(requests '^GET /token\?service=test&scope=repository%3Aapp%3Apull%2Cpush ')" 1
        # Where the registry says that uploads are elsewhere, they go there without the token.
        serve 127.0.0.1:5002 "$HERE/web-server" --listen 127.0.0.1:5002 --log elsewhere --rules elsewhere-rules \
                --tls ours/server.crt ours/server.key --directory .
        echo '[{"method": "PUT", "status": 201}]' >elsewhere-rules
        rules '[{"method": "POST", "status": 202, "headers": {"Location": "https://localhost:5002/up?x=y"}}]'
        podctl build copy rootfs/greeting /more
        refused_by 'blob unknown to registry' pushes docker://$FRONT/app
        assert_eq "$(grep -ciE '^PUT /up\?x=y&digest=sha256%3A[0-9a-f]{64} 201 - -$' elsewhere)" 2
        podctl build end
}

test_push_with_a_password() {
        private_registry
        to_push
        pushes() { podctl --local-config="$PWD/config" build push "$@"; }
        refused_by 'requires a user name and a password' pushes docker://127.0.0.1:5000/private/app
        log_in 127.0.0.1:5000 secret
        pushes docker://127.0.0.1:5000/private/app
        podctl build end
}

# Credentials of root are not those of a user, who may have others.
test_push_by_users() {
        private_registry
        log_in 127.0.0.1:5000 secret
        chmod 0600 config/auth.d/a.json
        mkdir rootfs home
        cp /bin/busybox rootfs/busybox
        chown 12345:12345 . rootfs home
        by_user() {
                setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" HOME="$PWD/home" \
                        podctl --local-config="$PWD/config" build "$@"
        }
        by_user begin
        by_user copy rootfs/busybox /bin/
        refused_by 'requires a user name and a password' by_user push docker://127.0.0.1:5000/private/app
        mkdir -p home/.config/containers
        printf '{"auths":{"127.0.0.1:5000":{"auth":"%s"}}}' "$(printf user:secret | base64)" \
                >home/.config/containers/auth.json
        by_user push docker://127.0.0.1:5000/private/app
        by_user end
}

# A connection that breaks is one more attempt; the upload begins anew.
test_push_over_a_bad_line() {
        front_registry
        to_push
        rules '[{"method": "PUT", "path": "/blobs/", "times": 1, "drop": 10},
                {"method": "POST", "times": 1, "status": 503}, {"method": "HEAD", "times": 1, "status": 429}]'
        pushes docker://$FRONT/app
        assert_eq "$(requests '^POST .* 202 ')" 4
        skopeo copy --quiet --src-tls-verify=false docker://127.0.0.1:5000/app oci:copied
        rules '[{"method": "PUT", "path": "/blobs/", "drop": 10}]'
        : >requests
        podctl build copy rootfs/greeting /more
        refused_by "push: 127.0.0.1:5001/app@sha256:" pushes docker://$FRONT/app
        assert_eq "$(requests '^POST ')" 2
        podctl build end
}

# A large blob goes in parts, and what is there of it when a connection breaks is not sent again.
test_push_in_parts() {
        front_registry
        mkdir rootfs
        head -c 75000000 /dev/urandom >rootfs/large
        podctl build begin
        podctl build copy rootfs/large /
        rules '[{"method": "PATCH", "skip": 1, "times": 1, "drop": 10}, {"method": "PATCH", "skip": 1, "times": 1,
                "status": 503}, {"method": "PATCH", "skip": 1, "times": 1, "status": 413}]'
        pushes --compression=none docker://$FRONT/large >digest
        # One upload, in parts of 32 MiB, and of 16 after the refusal; the config is small.
        assert_eq "$(requests '^POST ')" 2
        assert_eq "$(requests '^PATCH .* 202 ')" 4
        assert_eq "$(requests '^GET .*/blobs/uploads/.* 204 ')" 3
        skopeo copy --quiet --src-tls-verify=false docker://127.0.0.1:5000/large oci:copied
        podctl build end
        # This registry gives up an upload of which it has a part that it did not answer for: it begins anew.
        podctl build begin
        head -c 70000000 /dev/urandom >rootfs/large
        podctl build copy rootfs/large /
        rules '[{"method": "PATCH", "times": 1, "part": 1000000}]'
        : >requests
        pushes --compression=none docker://$FRONT/large
        assert_eq "$(requests '^POST ')" 3
        podctl build end
        # A registry that says nowhere is asked no more often than it has patience for.
        podctl build begin
        head -c 70000000 /dev/urandom >rootfs/large
        podctl build copy rootfs/large /
        rules '[{"method": "PATCH", "drop": 10}]'
        : >requests
        refused_by "push: 127.0.0.1:5001/large@sha256:" pushes --compression=none docker://$FRONT/large
        rules '[{"method": "PATCH", "status": 202, "headers": {"Range": "0-900000000"}}]'
        refused_by "the registry says that it has '0-900000000' of it" pushes --compression=none docker://$FRONT/large
        podctl build end
}

# A registry that does not take a whole, or has somebody before it who does not, gets parts.
test_push_in_parts_on_demand() {
        local status
        front_registry
        for status in 400 405 413 416 501; do
                echo $status >greeting
                podctl build begin
                podctl build copy greeting /greeting
                rules '[{"method": "PUT", "path": "/blobs/", "times": 1, "status": '$status'},
                        {"method": "POST", "headers": {"OCI-Chunk-Min-Length": "1000"}}]'
                : >requests
                pushes docker://$FRONT/app:$status
                assert_eq "$(requests '^PATCH .* 202 ')" 1
                podctl build end
        done
}

# Nothing is there under a name before it is complete, and what is refused is said in words.
test_push_refused() {
        local status words
        front_registry
        podctl build begin
        refused_by 'the image has no files yet' pushes docker://$FRONT/app
        podctl build end
        to_push
        refused_by "'./app' is not in a registry" pushes ./app
        refused_by "'oci:me/app' is the name of a directory" pushes oci:me/app
        refused_by 'write a tag' pushes "docker://$FRONT/app@sha256:$(printf '%064d' 0)"
        while read -r status words; do
                rules '[{"method": "PUT", "path": "/blobs/", "status": '"$status"'}]'
                refused_by "$words" pushes docker://$FRONT/app
                assert_eq "$(requests '/manifests/')" 0
        done <<'END'
401 refuses access without saying how to get it
403 access denied
405 the registry cannot be written to (status 405)
413 the registry does not accept anything so large (status 413)
429 is still busy (status 429)
500 keeps failing (status 500)
418 status 418
END
        rules '[{"method": "POST", "status": 202}]'
        refused_by 'the registry does not say where to send it' pushes docker://$FRONT/app
        rules '[{"method": "PUT", "path": "/manifests/", "status": 201,
                 "headers": {"Docker-Content-Digest": "sha256:'"$(printf '%064d' 0)"'"}}]'
        refused_by 'the registry has made another image of it, sha256:0000' pushes docker://$FRONT/app
        # What was changed after it was compressed.
        podctl build write oci:layout
        printf x | dd of="$(echo .podctl-build/layers/*.gz | cut -d" " -f1)" bs=1 seek=20 conv=notrunc status=none
        refused_by 'has changed since the build began; end it, and begin again' pushes docker://$FRONT/second
        podctl build end
}

# An image of the store is the same there, and what is there already is not sent again.
test_push_of_the_store() {
        local id
        front_registry
        id=$(plain fetch --full "$IMAGES/busybox.oci" | tail -n1)
        assert_eq "$(plain image push "$id" docker://$FRONT/app:1)" "${id/-/:}"
        assert_eq "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://127.0.0.1:5000/app:1)" \
                "${id/-/:}"
        : >requests
        plain image push "$id" docker://$FRONT/app
        assert_eq "$(requests '^PO|^PUT.*/blobs/')" 0
        # Another repository takes the layers from the one that has them.
        plain image tag "$id" docker://$FRONT/app:1
        : >requests
        plain image push "$id" docker://$FRONT/other
        assert_eq "$(requests '^PUT /v2/other/blobs/')" 1
        assert_eq "$(requests '^POST .*mount=.*from=app.* 201 ')" \
                "$(skopeo inspect --tls-verify=false --format '{{len .Layers}}' docker://127.0.0.1:5000/other)"
        refused_by 'is not in a registry' plain image push "$id" ./file
        refused_by 'the digest is what comes of it' plain image push "$id" "docker://$FRONT/app@${id/-/:}"
        refused_by 'cannot be in a registry' plain image push \
                "$(plain fetch --full "$IMAGES/busybox.aci" | tail -n1)" docker://$FRONT/aci
}

# Of layers that were compressed otherwise first, the registry that an image came from has the right ones.
test_push_of_shared_layers() {
        local first second
        front_registry
        to_push
        podctl build write --compression=none oci:plain:latest
        podctl build write oci:packed:latest
        podctl build end
        plain fetch ./plain >/dev/null
        first=$(plain fetch --full ./packed | tail -n1)
        second=$(plain image push "$first" docker://$FRONT/one 2>warning)
        assert_contains "$(cat warning)" 'what was pushed has a new ID'
        [[ $second != "${first/-/:}" ]]
        assert_eq "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://127.0.0.1:5000/one)" "$second"
        # From where it is as it was.
        skopeo copy --quiet --dest-tls-verify=false oci:packed docker://127.0.0.1:5000/packed
        plain fetch docker://$FRONT/packed >/dev/null
        assert_eq "$(plain image push "$first" docker://$FRONT/two)" "${first/-/:}"
}
