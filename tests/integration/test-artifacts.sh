# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What registries have beside an image: bills of materials, provenance and the like, of their own store.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
. "$HERE/lib-signatures.sh"

# billed_site: a registry of files with the image app:1, and a bill of it; $server is its address, $id the digest of the
# image.
billed_site() {
        static_registry "$IMAGES/busybox.oci" www app 1
        id=$(jq -r '.manifests[0].digest' "$IMAGES/busybox.oci/index.json")
        bill "$id" bill
        static_push_referrer bill www app "$id"
        static_server www
}

own_plainly() { podctl --dir="$DATA" --insecure-options=image,http "$@"; }
kinds() { own_plainly image list --no-legend --fields=artifacts; }

test_artifacts_are_fetched_and_pushed() {
        local tag
        billed_site
        own_plainly fetch "docker://$server/app:1"
        assert_eq "$(kinds)" -
        own_plainly fetch --artifacts "docker://$server/app:1"
        assert_eq "$(kinds)" application/spdx+json
        assert_eq "$(own_plainly image list --format=json | jq -c '.[].artifacts')" '["application/spdx+json"]'
        # Debian's registry keeps no list: it is under a tag, once, and what is there stays.
        registry
        own_plainly image push "$id" "docker://127.0.0.1:$REGISTRATION_PORT/copy:1"
        tag=${id/:/-}
        get() { curl -sf -H 'Accept: application/vnd.oci.image.index.v1+json' \
                -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
                "http://127.0.0.1:$REGISTRATION_PORT/v2/copy/$1"; }
        get "manifests/$tag" >list
        assert_eq "$(jq -c '.mediaType, (.manifests[] | [.digest, .artifactType, .annotations[]])' list)" \
                "$(printf '"application/vnd.oci.image.index.v1+json"\n["%s","application/spdx+json","today"]' \
                        "$(oci_blob bill/manifest.json)")"
        get "manifests/$(oci_blob bill/manifest.json)" | cmp - bill/manifest.json
        get "blobs/$(oci_blob bill/bill)" | cmp - bill/bill
        own_plainly image push "$id" "docker://127.0.0.1:$REGISTRATION_PORT/copy:1"
        get "manifests/$tag" | cmp - list
        # One more, by somebody else; and from there again.
        bill "$id" other application/vnd.in-toto+json
        static_push_referrer other www app "$id"
        own_plainly fetch --artifacts "docker://$server/app:1"
        assert_eq "$(kinds)" application/vnd.in-toto+json
        own_plainly image push "$id" "docker://127.0.0.1:$REGISTRATION_PORT/copy:1"
        own_plainly fetch --artifacts "docker://127.0.0.1:$REGISTRATION_PORT/copy:1"
        assert_eq "$(kinds)" application/spdx+json,application/vnd.in-toto+json
        # None is there any more, and none is kept.
        rm "www/v2/app/referrers/$id"
        own_plainly fetch --artifacts "docker://$server/app:1"
        assert_eq "$(kinds)" -
        own_plainly image rm "$id"
        assert_eq "$(find "$DATA/images/manifests" -mindepth 1)" ''
}

# cosign before its third version keeps what is about an image under tags that its digest makes.
test_artifacts_of_cosign_tags() {
        local kinds tag
        billed_site
        cosign_key release
        cosign_sign release "$id" "$server/app" signature
        jq -c 'del(.subject, .artifactType)' signature/manifest.json >plain && mv plain signature/manifest.json
        static_push_tag signature www app "${id/:/-}.sig"
        kinds=application/spdx+json,application/vnd.dev.cosign.simplesigning.v1+json
        own_plainly fetch --artifacts "docker://$server/app:1"
        assert_eq "$(kinds)" "$kinds"
        registry
        push() { own_plainly image push "$id" "docker://127.0.0.1:$REGISTRATION_PORT/copy:1"; }
        tag=http://127.0.0.1:$REGISTRATION_PORT/v2/copy/manifests/${id/:/-}.sig
        push
        curl -sf -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$tag" | cmp - signature/manifest.json
        push
        own_plainly image export "$id" out.tar
        own_plainly image rm "$id"
        own_plainly fetch --artifacts ./out.tar
        assert_eq "$(kinds)" "$kinds"
        push
        own_plainly image rm "$id"
        own_plainly fetch --artifacts "docker://127.0.0.1:$REGISTRATION_PORT/copy:1"
        assert_eq "$(kinds)" "$kinds"
        # Signatures of others are not replaced.
        cosign_sign release "$id" "$server/other" other
        static_push_tag other www app "${id/:/-}.sig"
        own_plainly fetch --artifacts "docker://$server/app:1"
        assert_fails 254 push
        assert_contains "$output" "${id/:/-}.sig is there already, with something else"
}

# about DIR: what a layout has beside its images, and says of it. Nothing of it is an entry of the index itself.
about() {
        assert_eq "$(jq -c '.manifests[] | select(.artifactType)' "$1/index.json")" ''
        jq -r '.manifests[].annotations."podctl/referrers" // empty' "$1/index.json" | sort -u |
                while read -r list; do
                        jq -c '.manifests[] | [.digest, .artifactType, .annotations[]]' "$1/blobs/${list/://}"
                done
}

# other_tools_take TRANSPORT:PATH…: those which are here take the image without being told its name.
other_tools_take() {
        local image
        for image; do
                if command -v skopeo >/dev/null; then
                        rm -rf by-skopeo && skopeo --insecure-policy copy -q "$image" dir:by-skopeo
                fi
                if command -v podman >/dev/null && [[ $image == oci-archive:* ]]; then
                        podman --storage-driver=vfs --root "$PWD/root" --runroot "$PWD/run" load -q -i \
                                "$(cut -d: -f2 <<<"$image")"
                fi
                if command -v buildah >/dev/null; then
                        buildah --storage-driver=vfs --root "$PWD/root" --runroot "$PWD/run" pull -q "$image"
                fi
        done
}

# From a registry into an archive and a layout, and from there into the store again.
test_artifacts_in_files() {
        local expected
        billed_site
        expected=$(printf '["%s","application/spdx+json","today"]' "$(oci_blob bill/manifest.json)")
        own_plainly fetch --artifacts "docker://$server/app:1"
        own_plainly image export "$id" out.tar
        mkdir layout && tar -C layout -xf out.tar
        assert_eq "$(about layout)" "$expected"
        other_tools_take oci:layout oci-archive:out.tar
        cmp "layout/blobs/sha256/$(oci_blob bill/bill | cut -d: -f2)" bill/bill
        # One image is in it, as it was before.
        own_plainly image rm "$id"
        assert_eq "$(own_plainly fetch --full ./layout)" "${id/:/-}"
        assert_eq "$(kinds)" -
        own_plainly fetch --artifacts oci:layout
        assert_eq "$(kinds)" application/spdx+json
        own_plainly image rm "$id"
        own_plainly fetch --artifacts ./out.tar
        assert_eq "$(kinds)" application/spdx+json
        own_plainly image export "$id" again.tar
        cmp again.tar out.tar
}

# What is known of a base goes where an image goes that was built on it.
test_artifacts_of_a_base() {
        local expected built
        billed_site
        expected=$(printf '["%s","application/spdx+json","today"]' "$(oci_blob bill/manifest.json)")
        # They come with a base that comes.
        own_plainly build begin --from="docker://$server/app:1"
        echo more >more
        podctl build copy more /more
        podctl build write oci:built
        assert_eq "$(about built)" "$expected"
        podctl build write archive.tar
        mkdir archive && tar -C archive -xf archive.tar
        assert_eq "$(about archive)" "$expected"
        other_tools_take oci:built oci-archive:archive.tar
        podctl build write oci-archive:named.tar:named
        other_tools_take oci-archive:named.tar
        # Again under another name: it is there once.
        podctl build write oci:built:other
        assert_eq "$(about built)" "$expected"
        registry
        podctl --insecure-options=http build push "docker://127.0.0.1:$REGISTRATION_PORT/built:1"
        podctl build end
        # On top of what is in files.
        podctl build begin --from=oci:built:other
        podctl build write oci:on-top
        assert_eq "$(about on-top)" ''
        podctl build end
        built=$(own_plainly fetch --full --artifacts oci:built:other)
        assert_eq "$(own_plainly image list --no-legend --fields=id,artifacts --full | grep -c spdx)" 2
        own_plainly image rm "$built"
        own_plainly fetch --artifacts "docker://127.0.0.1:$REGISTRATION_PORT/built:1"
        assert_eq "$(own_plainly image list --no-legend --fields=artifacts | grep -c spdx)" 2
        own_plainly image push "$built" "docker://127.0.0.1:$REGISTRATION_PORT/again:1"
        curl -sf "http://127.0.0.1:$REGISTRATION_PORT/v2/again/manifests/$(oci_blob bill/manifest.json)" \
                -H 'Accept: application/vnd.oci.image.manifest.v1+json' | cmp - bill/manifest.json
        # Who takes the annotation away does not want it to be known.
        podctl --dir="$DATA" build begin --from="$id"
        podctl build copy more /more
        podctl build annotation remove org.opencontainers.image.base.digest
        podctl build write oci:silent
        assert_eq "$(about silent)" ''
}

# A layout is not trusted either.
test_artifacts_in_files_refused() {
        local bill list what words
        billed_site
        own_plainly fetch --artifacts "docker://$server/app:1"
        own_plainly image export "$id" out.tar
        bill=blobs/sha256/$(oci_blob bill/bill | cut -d: -f2)
        list=blobs/$(tar -xOf out.tar index.json | jq -r '.manifests[0].annotations."podctl/referrers"' | tr : /)
        while IFS='|' read -r what words; do
                rm -rf layout && mkdir layout && tar -C layout -xf out.tar
                (cd layout && bash -c "$what")
                assert_fails 254 own_plainly fetch --artifacts ./layout
                assert_contains "$output" 'is in the store, but not its artifacts: '
                assert_contains "$output" "$words"
                own_plainly fetch ./layout
        done <<END
echo x >>$bill|bytes long
sed -i s/bill/bull/ $bill|is damaged
rm $bill|is missing
rm $bill; ln -s /etc/passwd $bill|$bill
echo x >>blobs/sha256/$(oci_blob bill/manifest.json | cut -d: -f2)|is damaged
echo >>$list|is damaged
rm $list|is missing
sed -i 's/"podctl.referrers":"sha256:/&x/' index.json|is not a valid digest
END
}

# Other tools have them as entries, or in a list under a tag, as registries do.
test_artifacts_of_other_tools() {
        local list
        billed_site
        own_plainly fetch --artifacts "docker://$server/app:1"
        own_plainly image export "$id" out.tar
        mkdir layout && tar -C layout -xf out.tar
        list=$(jq -r '.manifests[0].annotations."podctl/referrers"' layout/index.json)
        cp layout/index.json with-annotation
        jq -c 'del(.manifests[0].annotations."podctl/referrers")' with-annotation >without
        for added in "$(jq -c '.manifests[0]' "layout/blobs/${list/://}")" \
                "$(jq -nc --arg list "$list" --arg tag "${id/:/-}" \
                        --argjson size "$(stat -c %s "layout/blobs/${list/://}")" '{
                        mediaType: "application/vnd.oci.image.index.v1+json", digest: $list, size: $size,
                        annotations: {"org.opencontainers.image.ref.name": $tag}}')"; do
                jq -c --argjson added "$added" '.manifests += [$added]' without >layout/index.json
                own_plainly image rm "$id"
                own_plainly fetch --artifacts oci:layout
                assert_eq "$(kinds)" application/spdx+json
        done
}

# What is not what it says, or is too large, is refused, and the image is there.
test_artifacts_refused() {
        local file words
        billed_site
        cp -r www good
        while IFS='|' read -r file words; do
                rm -rf www/v2
                cp -r good/v2 www/
                bash -c "$file"
                assert_fails 254 own_plainly fetch --artifacts "docker://$server/app:1"
                assert_contains "$output" "is in the store, but not its artifacts: "
                assert_contains "$output" "$words"
                assert_eq "$(kinds)" -
        done <<END
echo x >>www/v2/app/manifests/$(oci_blob bill/manifest.json)|the registry sent something else
echo xxxxxxxx >www/v2/app/blobs/$(oci_blob bill/bill)|the registry sent something else
rm www/v2/app/blobs/$(oci_blob bill/bill)|not found
echo '{' >www/v2/app/referrers/$id|what is about $id
END
        refused_by 'is for images of registries and files' own_plainly fetch --artifacts "$id"
        # About another image.
        bill "sha256:$(printf '0%.0s' {1..64})" wrong
        rm -rf www/v2
        cp -r good/v2 www/
        static_push_referrer wrong www app "$id"
        assert_fails 254 own_plainly fetch --artifacts "docker://$server/app:1"
        assert_contains "$output" 'is not about the image'
        # Larger than it may be.
        bill "$id" huge
        jq -c '.layers[0].size = 100000000' huge/manifest.json >huge.json && mv huge.json huge/manifest.json
        static_push_referrer huge www app "$id"
        assert_fails 254 own_plainly fetch --artifacts "docker://$server/app:1"
        assert_contains "$output" 'has more than'
}
