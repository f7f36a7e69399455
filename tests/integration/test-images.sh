# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images of every kind come in whole, come out as they were made, or do not come in at all.
# Most tests here have a store of their own (see `own`).
# On any systemd, the same.

# What is in the store, whatever it is called. The lock file is nothing one could lose.
store_state() {
        [[ ! -d data/images ]] || find data/images -mindepth 1 ! -name lock -printf '%P %y %s\n' |
                sed -E '/^(manifests|layers|names|remotes|partial|tmp) d /d' | sort
}

# refused_import WORDS FILE…: fetching fails with a line that has the words, and leaves the store as it was.
refused_import() {
        local words=$1 before
        shift
        before=$(store_state)
        assert_fails 254 own fetch "$@"
        assert_contains "$output" "$words"
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(store_state)" "$before"
        [[ ! -d data/images/tmp ]] || assert_eq "$(ls -A data/images/tmp)" ''
}

manifest_file() {
        echo "$1/blobs/sha256/$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' "$1/index.json")"
}

# replace_manifest LAYOUT <MANIFEST: the layout's only image from now on.
replace_manifest() {
        local digest type=application/vnd.oci.image.manifest.v1+json
        cat >manifest.new
        digest=$(sha256sum manifest.new | cut -d' ' -f1)
        jq -nc --arg type "${2:-$type}" --arg digest "sha256:$digest" --argjson size "$(stat -c %s manifest.new)" \
                '{schemaVersion: 2, manifests: [{mediaType: $type, digest: $digest, size: $size,
                  annotations: {"org.opencontainers.image.ref.name": "latest"}}]}' >"$1/index.json"
        mv manifest.new "$1/blobs/sha256/$digest"
}

# Layers in any compression, in a directory or an archive, in OCI's form or Docker's: the same files.
test_every_oci_and_docker_kind() {
        # The journal of systemd 252 drops the empty line that ls writes.
        local kind script='cat /data/second; ls -A /data /opaque; echo $GREETING'
        local expected='second
/data:
keep
second
/opaque:
new
hello world'
        for kind in busybox.oci busybox-zstd.oci busybox-plain.oci busybox-oci.tar busybox-docker.tar; do
                assert_eq "$(own_run "$(own fetch "$IMAGES/$kind")" "$script" | grep .)" "$expected"
        done
}

test_images_of_buildah() {
        defer own gc --grace-period=0
        own fetch "$IMAGES/built.oci" "$IMAGES/built.tar"
        assert_eq "$(own run built)" built
        assert_eq "$(own run example.com/built -- again)" 'built again'
}

# The layers are the same files in all those images, so they are unpacked once.
test_layers_are_shared() {
        own fetch "$IMAGES"/{busybox.oci,busybox-zstd.oci,busybox-plain.oci,busybox-docker.tar}
        assert_eq "$(find data/images/layers -mindepth 1 -maxdepth 1 -name 'sha256-*' | wc -l)" 5
}

test_every_aci_kind() {
        local kind first
        first=$(own fetch --full "$IMAGES/busybox.aci")
        assert_eq "$first" "sha512-$(sha512sum "$IMAGES/busybox.aci" | cut -d' ' -f1)"
        for kind in gz bz2 xz; do
                assert_eq "$(own fetch --full "$IMAGES/busybox.$kind.aci")" "$first"
        done
        defer own gc --grace-period=0
        assert_contains "$(own run example.com/busybox --name=app)" 'hello from app'
}

test_multi_platform_index() {
        local arch=amd64
        [[ $(uname -m) != aarch64 ]] || arch=arm64
        own fetch "$IMAGES/multi.oci"
        assert_eq "$(own image list --no-legend | wc -l)" 1
        assert_eq "$(own_run multi 'cat /etc/architecture')" $arch
}

test_index_without_this_platform() {
        cp -a "$IMAGES/multi.oci" other.oci
        jq -c '.manifests |= map(select(.platform.architecture == "arm"))' "$(manifest_file other.oci)" |
                replace_manifest other.oci application/vnd.oci.image.index.v1+json
        refused_import linux/ other.oci
}

# A layout as registries of Docker's have them: schema 2 manifests.
test_docker_schema_2() {
        mkdir -p layout/blobs/sha256
        find "$IMAGES/busybox-v2s2.dir" -type f | while read -r blob; do
                cp "$blob" "layout/blobs/sha256/${blob##*/}"
        done
        echo '{"imageLayoutVersion": "1.0.0"}' >layout/oci-layout
        replace_manifest layout application/vnd.docker.distribution.manifest.v2+json \
                <"$IMAGES/busybox-v2s2.dir/manifest.json"
        own fetch layout
        assert_eq "$(own_run layout 'cat /data/second')" second
}

test_both_layouts_of_docker_archives() {
        local layer config
        mkdir old save
        tar -xf "$IMAGES/busybox-docker.tar" -C save
        config=$(jq -r '.[0].Config' save/manifest.json)
        cp "save/$config" old/
        for layer in $(jq -r '.[0].Layers[]' save/manifest.json); do
                mkdir "old/${layer%.tar}"
                cp -L "save/$layer" "old/${layer%.tar}/layer.tar"
        done
        jq '.[0].Layers |= map(rtrimstr(".tar") + "/layer.tar") | .[0].RepoTags = ["example.com/old:1"]' \
                save/manifest.json >old/manifest.json
        tar -cf old.tar -C old .
        own fetch old.tar
        assert_eq "$(own_run example.com/old:1 'cat /data/second')" second
}

test_unverified_image_is_refused() {
        assert_fails 254 podctl --dir="$PWD/data" fetch "$IMAGES/busybox.oci"
        assert_contains "$output" --insecure-options=image
        assert_fails 254 podctl --dir="$PWD/data" fetch "$IMAGES/busybox.gz.aci"
        assert_contains "$output" --insecure-options=image
        assert_fails 254 podctl --dir="$PWD/data" run "$IMAGES/busybox.oci"
        assert_contains "$output" --insecure-options=image
        assert_eq "$(store_state)" ''
}

test_one_image_under_two_names_can_have_a_third() {
        own fetch --name=third "$IMAGES/busybox.oci"
        assert_eq "$(own image list --no-legend --fields=name)" third:latest
}

test_list_has_columns() {
        own fetch "$IMAGES/busybox.oci" "$IMAGES/httpd.oci"
        assert_eq "$(own image list | head -n 1 | tr -s ' ')" 'ID NAME SIZE IMPORT TIME LAST USED'
        assert_eq "$(own image list --no-legend | wc -l)" 2
        assert_contains "$(own image list)" MiB
        assert_eq "$(own image list --no-legend --fields=name --sort=name)" $'busybox:1.0,busybox:latest\nhttpd:latest'
        assert_eq "$(own image list --no-legend --fields=name --sort=name --order=desc)" \
                $'httpd:latest\nbusybox:1.0,busybox:latest'
        assert_eq "$(own image list --fields=name,id | head -n 1 | tr -s ' ')" 'NAME ID'
        assert_fails 254 own image list --fields=colour
        assert_fails 254 own image list --sort=colour
}

# On a terminal, rows are as wide as it is, and the heading stands out. Nothing is cut elsewhere, or with --full.
test_list_on_a_terminal() {
        local name
        name=example.com/$(printf 'long%.0s' {1..20})
        own fetch --name="$name" "$IMAGES/busybox.oci"
        on_terminal() {
                TERM=xterm script -qec "stty cols 70; podctl --dir=$PWD/data image list $*" /dev/null | tr -d '\r'
        }
        on_terminal >out
        assert_eq "$(wc -l <out)" 2
        grep $'\033\\[1m' out
        ! grep "$name" out || fail 'its name is there'
        grep example.com/ out
        sed 's/\x1b\[[0-9;]*m//g' out >plain
        (($(wc -L <plain) <= 70))
        on_terminal --full | grep "$name"
        # Where that would leave single letters, nothing is cut.
        TERM=xterm script -qec "stty cols 30; podctl --dir=$PWD/data image list" /dev/null | grep "$name"
        NO_COLOR=1 on_terminal >out
        ! grep $'\033' out || fail 'there is an escape sequence'
        own image list >out
        grep "$name" out
        ! grep $'\033' out
}

test_list_in_full() {
        local id
        id=$(own fetch --full "$IMAGES/httpd.oci")
        assert_eq "${#id}" 71
        assert_eq "$(own image list --full --no-legend --fields=id | tr -d ' ')" "$id"
        [[ $(own image list --full --no-legend --fields=size) =~ ^[0-9]+\ *$ ]]
        assert_eq "$(own image list --no-legend --fields=id | tr -d ' ')" "${id:0:19}"
}

test_list_as_json() {
        local id
        id=$(own fetch --full "$IMAGES/httpd.oci")
        own image list --format=json >list
        assert_eq "$(wc -l <list)" 1
        jq -e --arg id "$id" '.[0] | .id == $id and .name == "httpd:latest" and .size > 1000000 and
                .import_time > 1e18 and .last_used_time > 1e18' list
        own image list --format=json-pretty | jq -e length
}

test_list_of_nothing() {
        assert_eq "$(own image list --no-legend)" ''
        assert_eq "$(own image list --format=json | jq length)" 0
}

# What was fetched, byte for byte when not made pretty.
test_cat_manifest() {
        local id
        id=$(own fetch "$IMAGES/httpd.oci")
        cmp <(own image cat-manifest httpd | jq -S .) <(jq -S . "$(manifest_file "$IMAGES/httpd.oci")")
        jq -S . "$(manifest_file "$IMAGES/httpd.oci")" >theirs
        own image cat-manifest --pretty-print=no "$id" | jq -S . | cmp - theirs
        own fetch "$IMAGES/busybox.aci"
        assert_eq "$(own image cat-manifest example.com/busybox | jq -r .name)" example.com/busybox
        assert_fails 254 own image cat-manifest nothing
        assert_contains "$output" nothing
}

test_rm_by_name_and_by_id() {
        local id
        own fetch "$IMAGES/busybox.oci" "$IMAGES/httpd.oci"
        own image rm httpd
        assert_eq "$(own image list --no-legend | wc -l)" 1
        id=$(own image list --no-legend --fields=id)
        own image rm "${id:0:12}"
        assert_eq "$(store_state)" ''
}

test_results_as_json() {
        local id
        own fetch --format=json "$IMAGES/busybox.oci" "$IMAGES/nothing" >out 2>err && return 1
        assert_contains "$(<err)" nothing
        jq -e --arg path "$IMAGES/busybox.oci" 'length == 1 and (.[0] | .image == $path and (.id | length) == 71 and
                (.name | startswith("busybox")))' out
        id=$(jq -r '.[0].id' out)
        own image tag --format=json busybox other |
                jq -e --arg id "$id" '. == [{id: $id, name: "other:latest"}]'
        own image rm --format=json other nothing >out 2>err && return 1
        jq -e --arg id "$id" '. == [{action: "untagged", id: $id, name: "other:latest"}]' out
        own image tag busybox other
        own image untag --format=json other nothing >out 2>err && return 1
        jq -e --arg id "$id" '. == [{id: $id, name: "other:latest"}]' out
        own image rm --format=json "$id" | jq -e --arg id "$id" '. == [{action: "removed", id: $id}]'
        own fetch "$IMAGES/busybox.oci"
        own image gc --format=json --grace-period=0 | jq -e --arg id "$id" '. == [{action: "removed", id: $id}]'
        assert_eq "$(own image gc --format=json --grace-period=0)" '[]'
        local verb
        for verb in 'fetch x' 'image tag x y' 'image untag x' 'image rm x' 'image gc' 'image verify x' version; do
                # shellcheck disable=SC2086 # words
                assert_fails 254 own $verb --format=xml
                assert_contains "$output" --format
        done
        own version --format=json | jq -e 'keys == ["appc", "podctl"]'
}

# Each of several is tried, whatever becomes of the others.
test_rm_goes_on_after_errors() {
        own fetch "$IMAGES/busybox.oci"
        assert_fails 254 own image rm nothing busybox busybox:1.0
        assert_contains "$output" nothing
        assert_eq "$(own image list --no-legend)" ''
}

test_ambiguous_id_is_refused() {
        own fetch "$IMAGES/busybox.oci" "$IMAGES/httpd.oci"
        assert_fails 254 own image rm sha256-
        assert_eq "$(own image list --no-legend | wc -l)" 2
}

# What a pod uses stays as long as the pod does, and goes with it.
test_rm_of_a_used_image() {
        own fetch "$IMAGES/busybox.oci"
        mkdir go
        defer own gc --grace-period=0
        own run --detach --name=used --volume=go,kind=host,source="$PWD/go" busybox --name=app \
                --mount=volume=go,target=/go \
                --exec=/bin/sh -- -c 'until test -e /go/on; do sleep 0.1; done; cat /data/second >/go/out'
        defer own stop --force used
        own image rm busybox busybox:1.0
        assert_eq "$(own image list --no-legend)" ''
        assert_fails 254 own run busybox
        touch go/on
        own status --wait used
        assert_eq "$(cat go/out)" second
        own gc --grace-period=0
        own fetch "$IMAGES/httpd.oci"
        own image rm httpd
        assert_eq "$(store_state)" ''
}

# The image edge.oci lists its own files; a reader in the pod's user namespace has to find just those.
test_files_come_out_as_they_went_in() {
        local part pid
        own fetch "$IMAGES/edge.oci"
        defer own gc --grace-period=0
        own run --detach --name=edge edge --name=app --exec=/bin/sleep -- 1000
        defer own stop --force edge
        pid=$(app_pid edge app)
        [[ $(awk '{ print $2 }' "/proc/$pid/uid_map") != 0 ]]
        for part in edge edge-gnu; do
                (
                        cd "/proc/$pid/root"
                        nsenter -t "$pid" -U -S 0 -G 0 find $part -mindepth 1 ! -type d ! -path "$part/expected" \
                                -exec stat -c '%N|%F|%a|%u|%g|%s|%Y|%h' {} + | sort
                ) >found
                diff <(sort "/proc/$pid/root/$part/expected") found
        done
        cd "/proc/$pid/root/edge"
        assert_eq "$(stat -c %a sticky closed)" $'3777\n0'
        assert_eq "$(getfattr --only-values -n user.colour xattr)" blue
        assert_eq "$(getfattr -e hex -n user.binary xattr | grep "=")" user.binary=0x00ff00
        assert_contains "$(nsenter -t "$pid" -U -S 0 -G 0 getcap capable)" cap_net_bind_service,cap_net_raw
        assert_eq "$(stat -c %.9Y fraction)" 1000000000.123456789
        assert_eq "$(stat -c %Y link-time)" 1000000000
        assert_eq "$(cat second elsewhere/third)" $'linked\nlinked'
        assert_eq "$(stat -c %i first)" "$(stat -c %i elsewhere/third)"
        (($(stat -c %b sparse) * 512 < 1 << 20)) || fail "the hole was filled"
        cmp <(head -c 6 sparse) <(echo start)
        cmp <(tail -c 4 sparse) <(echo end)
}

# Owners beyond the pod's 64K exist in the store, and are nobody inside.
test_owners_beyond_the_range() {
        own fetch "$IMAGES/big-ids.oci"
        assert_eq "$(find data/images/layers -name big-owner -exec stat -c %u:%g {} +)" 100000:2000000
        assert_eq "$(own_run big-ids 'stat -c %u:%g /big-owner; cat /big-owner')" $'65534:65534\nbig'
}

test_fetching_twice_changes_nothing() {
        local before id
        id=$(own fetch "$IMAGES/busybox.oci")
        before=$(store_state)
        assert_eq "$(own fetch "$IMAGES/busybox.oci")" "$id"
        assert_eq "$(own fetch "$IMAGES/busybox.oci" "$IMAGES/busybox.oci" | uniq)" "$id"
        assert_eq "$(store_state)" "$before"
}

test_several_fetch_the_same_at_once() {
        local i alone
        own fetch "$IMAGES/debian.oci"
        alone=$(store_state)
        rm -rf data
        for i in {1..4}; do
                own fetch "$IMAGES/debian.oci" >"id.$i" &
        done
        wait_for_jobs
        assert_eq "$(cat id.? | sort -u | wc -l)" 1
        assert_eq "$(store_state)" "$alone"
        assert_eq "$(ls data/images/tmp)" ''
}

# Each tag of hostile.oci tries another way out of the tree it is unpacked into. What means something below the top of
# it is taken as that.
test_hostile_layers() {
        local inside='^(absolute|symlink-dir|symlink-dir-relative|whiteout-symlink|opaque-symlink)$' tag id
        own fetch "$IMAGES/busybox.oci"
        cp -a "$IMAGES/hostile.oci" hostile.oci
        while read -r tag; do
                jq --arg tag "$tag" \
                        '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] == $tag))' \
                        "$IMAGES/hostile.oci/index.json" >hostile.oci/index.json
                if [[ $tag =~ $inside ]]; then
                        id=$(own fetch hostile.oci)
                        own image rm "$id" >/dev/null
                else
                        refused_import hostile.oci hostile.oci
                        assert_contains "$output" layer
                fi
                [[ ! -e /podctl-was-here ]] || fail "$tag got out"
        done < <(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$IMAGES/hostile.oci/index.json")
}

# Ext4 says of them that there is no space left, and no collection would help.
test_attributes_too_large_for_the_store() {
        small_disk "$PWD/disk" 16M
        DATA=$PWD/disk/data
        "$HERE/make-image" layout <<'EOF'
file = f("big")
file[0].pax_headers = {"SCHILY.xattr.user.big": "x" * 5000}
image([layer(file)], {"Cmd": ["/big"]})
EOF
        assert_fails 254 own fetch ./layout
        assert_contains "$output" "attribute 'user.big' cannot be set: it is too large for the file system of the store"
        assert_not_contains "$output" 'image gc'
}

test_truncated_archives() {
        local file size share
        for file in busybox-oci.tar busybox-docker.tar busybox.aci busybox.gz.aci busybox.bz2.aci busybox.xz.aci; do
                size=$(stat -c %s "$IMAGES/$file")
                for share in 0 1 30 70 99; do
                        head -c $((size * share / 100)) "$IMAGES/$file" >"cut-$file"
                        refused_import "cut-$file" "cut-$file"
                done
        done
}

# corrupt FILE: changes some bytes in its middle.
corrupt() {
        printf 'corrupt!' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") / 2)) conv=notrunc status=none
}

test_corrupt_blobs() {
        local blob number=0
        for blob in "$IMAGES"/busybox.oci/blobs/sha256/*; do
                rm -rf bad.oci
                cp -a "$IMAGES/busybox.oci" bad.oci
                corrupt "bad.oci/blobs/sha256/${blob##*/}"
                refused_import bad.oci bad.oci
                rm "bad.oci/blobs/sha256/${blob##*/}"
                refused_import "${blob##*/}" bad.oci
                number=$((number + 1))
        done
        ((number >= 7))
}

test_corrupt_archives() {
        local file
        for file in busybox-docker.tar busybox.gz.aci busybox.bz2.aci busybox.xz.aci; do
                cp "$IMAGES/$file" "bad-$file"
                corrupt "bad-$file"
                refused_import "bad-$file" "bad-$file"
        done
}

# A layer that is not what the configuration says it is, though its blob has the digest it should have.
test_wrong_diff_id() {
        local config digest
        cp -a "$IMAGES/busybox.oci" bad.oci
        config=$(jq -r '.config.digest | ltrimstr("sha256:")' "$(manifest_file bad.oci)")
        jq -c '.rootfs.diff_ids[0] = "sha256:" + ("0" * 64)' "bad.oci/blobs/sha256/$config" >config
        digest=$(sha256sum config | cut -d' ' -f1)
        cp config "bad.oci/blobs/sha256/$digest"
        jq -c --arg digest "sha256:$digest" --argjson size "$(stat -c %s config)" \
                '.config.digest = $digest | .config.size = $size' "$(manifest_file bad.oci)" | replace_manifest bad.oci
        refused_import digest bad.oci
}

test_manifest_of_another_size() {
        cp -a "$IMAGES/busybox.oci" bad.oci
        jq -c '.manifests[].size += 1' "$IMAGES/busybox.oci/index.json" >bad.oci/index.json
        refused_import '964 bytes' bad.oci
}

test_json_of_100_megabytes() {
        cp -a "$IMAGES/busybox.oci" big.oci
        (
                echo '{"schemaVersion": 2, "filling": "'
                head -c 100M /dev/zero | tr '\0' x
                echo '", "manifests": []}'
        ) >big.oci/index.json
        refused_import index.json big.oci
        (
                echo '{"schemaVersion": 2, "filling": ['
                head -c 20M /dev/zero | sed 's/\x00/"x",\n/g'
                echo '"x"], "config": {}, "layers": []}'
        ) | replace_manifest big.oci
        refused_import big.oci big.oci
        tar -cf big.tar -C big.oci .
        refused_import big.tar big.tar
}

test_json_nested_deep() {
        cp -a "$IMAGES/busybox.oci" deep.oci
        python3 -c 'print("{\"schemaVersion\": 2, \"manifests\": " + "[" * 10000 + "]" * 10000 + "}")' \
                >deep.oci/index.json
        refused_import index.json deep.oci
        python3 -c 'print("{\"schemaVersion\": 2, \"unknown\": " + "{\"a\": " * 10000 + "1" + "}" * 10000 + "}")' |
                replace_manifest deep.oci
        refused_import deep.oci deep.oci
}

# As the specifications ask.
test_unknown_members_are_ignored() {
        cp -a "$IMAGES/busybox.oci" more.oci
        jq -c '. + {"x-more": {"deep": [1, 2, {}]}} | .layers[].extra = true' "$(manifest_file more.oci)" |
                replace_manifest more.oci
        own fetch more.oci
}

test_wrong_types() {
        cp -a "$IMAGES/busybox.oci" bad.oci
        jq -c '.layers[1].size = "many"' "$(manifest_file bad.oci)" | replace_manifest bad.oci
        refused_import size bad.oci
        jq -c '.layers = {}' "$(manifest_file "$IMAGES/busybox.oci")" | replace_manifest bad.oci
        refused_import layers bad.oci
        echo '{"schemaVersion": 2, "manifests": 7}' >bad.oci/index.json
        refused_import manifests bad.oci
        echo 'not json' >bad.oci/index.json
        refused_import index.json bad.oci
}

test_what_is_no_image() {
        mkdir empty
        refused_import empty empty
        echo text >text
        refused_import text text
        refused_import nowhere ./nowhere
        mkfifo fifo
        refused_import fifo ./fifo
        tar -cf other.tar text
        refused_import other.tar other.tar
}

# A fetch can be killed at any moment. Nothing it leaves keeps the next one from being whole.
test_killed_fetch() {
        local i pid
        own fetch "$IMAGES/debian.oci"
        store_state >whole
        rm -rf data
        for i in {1..12}; do
                podctl --dir="$DATA" --insecure-options=image fetch "$IMAGES/debian.oci" >/dev/null 2>&1 &
                pid=$!
                sleep "$(printf '0.%02d' $((i * 3)))"
                kill -9 $pid 2>/dev/null || true
                wait $pid 2>/dev/null || true
                own image list >/dev/null
                [[ -z $(own image list --no-legend) ]] || own image rm debian
        done
        own fetch "$IMAGES/debian.oci"
        store_state | diff whole -
        assert_eq "$(ls data/images/tmp)" ''
}
