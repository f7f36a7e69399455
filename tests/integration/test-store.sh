# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# The store: what goes in comes out again, what is damaged is found and mended, what nobody needs goes, and nothing
# else.
# On any systemd, the same.

. "$HERE/lib-servers.sh"

layer_count() {
        find data/images/layers -mindepth 1 -maxdepth 1 -name 'sha*' | wc -l
}

# The space that files take, as they are counted once.
used_space() {
        du -sk data/images | cut -f1
}

# Everything about a tree that one can see.
tree_of() {
        (cd "$1" && find . -printf '%P %y %m %U %G %T@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# pack_aci NAME MANIFEST-FILTER: packs ./NAME into NAME.aci with that manifest.
pack_aci() {
        jq -n --arg name "example.com/$1" '{acKind: "ImageManifest", acVersion: "0.8.11", name: $name,
                labels: [{name: "os", value: "linux"}, {name: "arch", value: "amd64"}],
                app: {exec: ["/bin/sh", "-c", "cat /etc/who"], user: "0", group: "0"}} | '"${2:-.}" >manifest
        mkdir -p "$1"
        tar --transform="s,^$1,rootfs," -cf "$1.aci" manifest "$1"
}

# To a host without a network: several images in one file, of which the digests are known by another way.
test_images_in_one_file() {
        local one two
        random_layout one latest 2 1000
        random_layout two latest 2 1000
        one=$(own fetch --full --name=one:1 "$PWD/one")
        two=$(own fetch --full --name=two:1 "$PWD/two")
        own image export one:1 two:1 one:1 both.tar
        assert_eq "$(tar -tf both.tar | sort | uniq -d)" ''
        assert_eq "$(skopeo inspect --raw oci-archive:both.tar:one:1 | sha256sum | cut -d' ' -f1)" "${one#sha256-}"
        there() { podctl --dir="$PWD/there" "$@"; }
        assert_fails 254 there fetch both.tar
        assert_fails 254 there fetch both.tar --digest="$one"
        assert_contains "$output" "contains image ${two/-/:}, which --digest does not name"
        assert_fails 254 there fetch both.tar --digest="$one" --digest="$two" --digest="sha256:${one:7:60}0000"
        assert_contains "$output" 'does not contain image'
        assert_eq "$(there image list --no-legend)" ''
        # Whatever the file calls them: that is not covered by the digests.
        assert_eq "$(there fetch --full both.tar --digest="first@${one/-/:}" --digest="$two")" "$one"$'\n'"$two"
        assert_eq "$(there image list --no-legend --fields=name | sort | xargs)" '- first:latest'
        there image verify first "$two"
        there fetch --full --name=x/y:2 "$PWD/two" --digest="$two"
        assert_contains "$(there image list --no-legend --fields=name)" x/y:2
        # Bits that are another image's, an archive that has no digest, what is not a file.
        assert_fails 254 there fetch "$PWD/one" --digest="$two"
        skopeo copy --quiet "oci:$PWD/one:latest" docker-archive:one.docker.tar
        assert_fails 254 there fetch one.docker.tar --digest="$one"
        assert_contains "$output" 'docker archive does not keep'
        assert_fails 254 there --insecure-options=image fetch one.docker.tar --digest="$one"
        assert_fails 254 there fetch docker://127.0.0.1:1/x --digest="$one"
        assert_contains "$output" 'write docker://NAME@sha256:'
        assert_fails 254 there fetch one two --digest="$one"
        assert_fails 254 there fetch one --digest=latest
        assert_fails 254 own image export one:1 no-such-image x.tar
        assert_fails 254 own image export --format=aci one:1 two:1 x.aci
        test ! -e x.tar && test ! -e x.aci
}

# An ACI, whose name is one that a key is trusted for: the digest stands for the name in it, too.
test_digest_of_an_aci() {
        local id
        there() { podctl --dir="$PWD/there" "$@"; }
        cp "$IMAGES/busybox.aci" a.aci
        id=$(own fetch --full --name=example.com/own a.aci)
        assert_fails 254 there fetch a.aci --digest="sha512:$(printf '0%.0s' {1..128})"
        assert_contains "$output" "is image sha512"
        assert_eq "$(there fetch --full a.aci --digest="$id")" "$id"
        defer podctl trust --remove="$(gpg --show-keys --with-colons "$IMAGES/signer.asc" 2>/dev/null |
                awk -F: '$1 == "fpr" { print tolower($10); exit }')" --prefix=example.com/busybox
        podctl trust --skip-fingerprint-review --prefix=example.com/busybox "$IMAGES/signer.asc"
        podctl --dir="$PWD/elsewhere" fetch a.aci --digest="$id"
}

# Exported and fetched again, an image is the same one.
test_export_oci() {
        local id kind
        for kind in busybox-oci.tar busybox-zstd.oci busybox-plain.oci busybox-docker.tar; do
                rm -rf data
                id=$(own fetch --full --name=it:1 "$IMAGES/$kind")
                own image export it:1 "$kind.out"
                assert_eq "$(tar -xOf "$kind.out" index.json | jq -r '.manifests[0].digest')" "${id/-/:}"
                rm -rf data
                assert_eq "$(own fetch --full "$kind.out")" "$id"
                assert_eq "$(own image list --no-legend --fields=name)" it:1
        done
        assert_fails 254 own image export it:1 "$kind.out"
        assert_contains "$output" --overwrite
        own image export --overwrite it:1 "$kind.out"
        own image export it:1 /dev/stdout | cat >piped
        cmp piped "$kind.out"
        assert_fails 254 own image export no-such-image x
        assert_eq "$(find . -maxdepth 1 -name '.*.out*')" ''
}

# Others read it too.
test_export_is_read_by_skopeo() {
        command -v skopeo >/dev/null || skip 'no skopeo here'
        local id
        id=$(own fetch --full --name=it:1 "$IMAGES/busybox-oci.tar")
        own image export it:1 it.tar
        assert_eq "$(skopeo inspect --format '{{.Digest}}' oci-archive:it.tar)" "${id/-/:}"
        skopeo copy --quiet oci-archive:it.tar dir:copied
        # And the other way round, as it writes the place.
        skopeo copy --quiet --additional-tag=busybox:two oci-archive:it.tar docker-archive:both.tar:busybox:one
        skopeo copy --quiet oci-archive:it.tar oci:layout:it
        own image rm "$id"
        own fetch docker-archive:both.tar:busybox:two oci:layout:it "oci-archive:$PWD/it.tar:it:1"
        assert_fails 254 own fetch docker-archive:both.tar:busybox:three
        assert_contains "$output" "no image 'busybox:three' in it"
}

# A layer that came with another image, compressed there and here not, or the other way round.
test_export_of_shared_layers() {
        own fetch --name=gz "$IMAGES/busybox-oci.tar"
        own fetch --name=plain "$IMAGES/busybox-plain.oci"
        own fetch --name=zstd "$IMAGES/busybox-zstd.oci"
        own image export plain plain.tar
        # Nowhere to fetch it from: the same image in the form that is there, which others read.
        own image export zstd zstd.tar 2>said
        assert_contains "$(cat said)" 'has a new ID'
        own image extract --rootfs-only zstd as-kept
        rm -rf data
        own fetch plain.tar
        own image verify plain
        own fetch zstd.tar
        own image verify zstd
        own image extract --rootfs-only zstd as-written
        diff -r --no-dereference as-kept as-written
        ! command -v skopeo >/dev/null || skopeo copy --quiet oci-archive:zstd.tar dir:copied
}

# Byte for byte, so that its signature still fits.
test_export_aci() {
        local kind
        for kind in busybox.aci busybox.gz.aci busybox.xz.aci; do
                rm -rf data
                own fetch "$IMAGES/$kind"
                own image export example.com/busybox out.aci --overwrite
                cmp "$IMAGES/$kind" out.aci
        done
        assert_fails 254 own image export --format=oci example.com/busybox x
        assert_contains "$output" 'as an ACI only'
}

# An image of several layers as one ACI runs like the image itself, and has the same files.
test_export_as_aci() {
        local script='cat /data/second; ls -A /data /opaque; echo $GREETING' before
        own fetch --name=registry.example.com/a/busybox:1.2 "$IMAGES/busybox-oci.tar"
        before=$(own_run registry.example.com/a/busybox:1.2 "$script")
        own image export --format=aci registry.example.com/a/busybox:1.2 out.aci
        tar -xOf out.aci manifest >manifest
        local arch
        arch=$(jq -r '.labels[] | select(.name == "arch").value' manifest)
        assert_eq "$(jq -r '.name, (.labels[] | .name + "=" + .value)' manifest | paste -sd' ')" \
                "registry.example.com/a/busybox version=1.2 os=linux arch=$arch"
        assert_eq "$(jq -r '.annotations[] | select(.name == "appc.io/docker/tag").value' manifest)" 1.2
        own image render --rootfs-only registry.example.com/a/busybox:1.2 rendered
        rm -rf data
        own fetch out.aci
        assert_eq "$(own_run registry.example.com/a/busybox "$script")" "$before"
        own image render --rootfs-only registry.example.com/a/busybox again
        # But for the links that were added to /dev, and that directory's time therefore.
        assert_eq "$(diff <(tree_of rendered | grep -v ^dev) <(tree_of again | grep -v ^dev))" ''
}

test_extract_and_render() {
        mkdir -p base/etc
        echo base >base/etc/who
        echo gone >base/etc/gone
        ln -s /etc/who base/link
        pack_aci base
        mkdir -p top/etc
        chmod 711 top/etc
        touch -d 2001-01-01 top/etc
        echo top >top/etc/top
        pack_aci top '.dependencies = [{imageName: "example.com/base"}]
                | .pathWhitelist = ["/etc/who", "/etc/top", "/link"]'
        own fetch top.aci base.aci 2>warnings
        assert_not_contains "$(<warnings)" 'not in the store'

        own image extract example.com/top extracted
        assert_eq "$(cd extracted && find . | sort | paste -sd' ')" \
                '. ./manifest ./rootfs ./rootfs/etc ./rootfs/etc/top'
        own image render example.com/top rendered
        assert_eq "$(cd rendered/rootfs && find . | sort | paste -sd' ')" '. ./etc ./etc/top ./etc/who ./link'
        assert_eq "$(stat -c '%a %Y' rendered/rootfs/etc)" "$(stat -c '%a %Y' top/etc)"
        cmp rendered/manifest <(tar -xOf top.aci manifest)
        # Whoever else there is on this host gets at none of it, set-user-ID programs and devices least of all.
        assert_eq "$(stat -c %a extracted rendered | paste -sd' ')" '700 700'

        assert_fails 254 own image render example.com/top rendered
        assert_contains "$output" --overwrite
        own image render --overwrite --rootfs-only example.com/top rendered
        assert_eq "$(readlink rendered/link)" /etc/who
        assert_eq "$(stat -c %a rendered)" 700
        assert_fails 254 own image render --overwrite example.com/top /
        assert_fails 254 own image extract --overwrite example.com/top /..
        assert_contains "$output" 'root directory'
        assert_fails 254 own image extract example.com/top "$PWD/none/x"
        assert_eq "$(find . -maxdepth 1 -name '.rendered*' -o -maxdepth 1 -name '.extracted*')" ''
}

test_aci_with_dependencies() {
        defer own gc --grace-period=0
        output=$(own fetch "$IMAGES/dependent.aci" 2>&1)
        assert_contains "$output" "depends on 'example.com/busybox:1.0.0'"
        assert_fails 254 own run example.com/dependent
        assert_contains "$output" "depends on 'example.com/busybox:1.0.0'"
        own fetch "$IMAGES/busybox.aci"
        assert_contains "$(own run example.com/dependent --name=app)" 'hello from app'
        # What is on the whitelist, and the app's own links.
        assert_eq "$(own_run example.com/dependent 'ls /bin; cat /etc/dependent' | paste -sd' ')" \
                'busybox cat ls sh dependent'
        # Nothing was copied.
        [[ $(find data/images/layers/top-* -type f -size +0 ! -name lower -links 1) == '' ]]
}

# A pod keeps what its image depends on, also when no image is left.
test_dependencies_stay_while_pods_need_them() {
        own fetch "$IMAGES/busybox.aci" "$IMAGES/dependent.aci"
        defer own gc --grace-period=0
        own run --detach --net=none --name=store-dependent example.com/dependent \
                --exec=/bin/sh -- -c 'while :; do /bin/ls >/dev/null; done' >/dev/null
        defer own stop --force store-dependent
        own image rm example.com/dependent example.com/busybox
        own image gc --grace-period=0
        assert_eq "$(own enter store-dependent /bin/cat /etc/dependent)" dependent
        own stop store-dependent
        wait_until gone store-dependent
        own gc --grace-period=0
        assert_eq "$(ls -A data/images/layers)" ''
}

test_cycles_of_dependencies() {
        pack_aci one '.dependencies = [{imageName: "example.com/two"}]'
        pack_aci two '.dependencies = [{imageName: "example.com/one"}]'
        own fetch one.aci two.aci
        assert_fails 254 own run example.com/one
        assert_contains "$output" 'depends on itself'
        assert_fails 254 own image render example.com/one out
        assert_contains "$output" 'depends on itself'
}

test_verify_and_repair() {
        local layer file
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        assert_contains "$(own image verify it)" 'successfully verified'
        layer=$(find data/images/layers -path '*/rootfs/data/second' | cut -d/ -f4)
        file=data/images/layers/$layer/rootfs/data/second
        echo evil >"$file"
        assert_fails 254 own image verify it
        assert_contains "$output" "layer ${layer/-/:}: /data/second: size"
        assert_contains "$output" 'fetch it again'
        # Not run before that.
        assert_fails 254 own run it
        assert_contains "$output" 'is damaged; try podctl image verify --repair, or fetch the image again'
        assert_contains "$(own image verify --repair it)" 'repaired image'
        assert_contains "$(own image verify it)" 'successfully verified'
        assert_eq "$(<"$file")" second

        # With its archive damaged, too, only another fetch helps.
        echo evil >"$file"
        echo evil >>"data/images/layers/$layer/blob"
        assert_fails 254 own image verify --repair it
        assert_contains "$output" "Image 'it' cannot be repaired: layer"
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        own image verify it
        assert_eq "$(own_run it 'cat /data/second')" second
        # Another kind of file in the place of the archive, which must not be waited for.
        local blob=data/images/layers/$layer/blob kind
        for kind in 'mkfifo' 'ln -s /etc/passwd' 'ln -s /nonexistent' 'mkdir'; do
                rm "$blob"
                $kind "$blob"
                assert_fails 254 own image verify it
                assert_contains "$output" "layer ${layer/-/:}: blob: type"
                assert_fails 254 own run it
                rm -d "$blob"
                own fetch --name=it "$IMAGES/busybox-oci.tar"
        done
        # A layer that is not there at all, one without what is noted of it, and a name that is no line of its own.
        rm "data/images/layers/$layer/layer"
        assert_fails 254 own image verify it
        assert_contains "$output" "layer ${layer/-/:}: layer: missing"
        rm -r "data/images/layers/$layer"
        assert_fails 254 own image verify --repair it
        assert_contains "$output" "cannot be repaired: layer ${layer/-/:}: missing"
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        touch "data/images/layers/$layer/rootfs/"$'evil\nname\e[31m'
        assert_fails 254 own image verify it
        assert_contains "$output" "/evil?name?[31m: extra"
        own image verify --repair it >/dev/null
        # Of several, each is told of.
        assert_fails 254 own image verify it no-such-image
        assert_contains "$output" 'successfully verified'
        assert_contains "$output" 'no-such-image'
}

test_verify_as_json() {
        local file layer
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        own image verify --format=json it | jq -e '.[0] | .image == "it" and .state == "intact" and .differences == []'
        layer=$(find data/images/layers -path '*/rootfs/data/second' | cut -d/ -f4)
        file=data/images/layers/$layer/rootfs/data/second
        echo evil >"$file"
        own image verify --format=json it nothing >out 2>err && return 1
        assert_contains "$(<err)" nothing
        assert_contains "$(<err)" 'is damaged'
        jq -e --arg layer "layer ${layer/-/:}" 'length == 1 and .[0].state == "damaged" and
                (.[0].differences | any(. == {where: $layer, path: "/data/second", what: "size"}))' out
        own image verify --format=json --repair it | jq -e '.[0] | .state == "repaired" and .differences != []'
        own image verify --format=json it | jq -e '.[0].state == "intact"'
}

# While a pod has the damaged files mounted they stay where it sees them.
test_repair_beside_a_pod() {
        local file
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        defer own gc --grace-period=0
        own run --detach --net=none --name=store-repair it --exec=/bin/sleep -- 1000 >/dev/null
        defer own stop --force store-repair
        file=$(find data/images/layers -path '*/rootfs/data/keep')
        chmod 4755 "$file"
        assert_fails 254 own image verify it
        assert_contains "$output" '/data/keep: mode'
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        own image verify it
        own image gc --grace-period=0
        assert_eq "$(own enter store-repair /bin/cat /data/second)" second
        own stop store-repair
        wait_until gone store-repair
        own gc --grace-period=0
        assert_eq "$(find data/images/layers -maxdepth 1 -name 'aside-*')" ''
}

# The space is free when the command returns.
test_rm_gives_space_back() {
        local empty
        own image list >/dev/null
        own fetch --name=other "$IMAGES/busybox.aci" >/dev/null
        own image rm other
        empty=$(used_space)
        own fetch --name=a "$IMAGES/busybox-oci.tar"
        own fetch --name=b "$IMAGES/busybox-plain.oci"
        (($(used_space) > empty + 100))
        assert_eq "$(own image rm a)" "removed image \"$(own fetch --full --name=a "$IMAGES/busybox-oci.tar")\""
        own image rm a a
        own image verify b
        assert_fails 254 own image rm no-such-image b
        assert_contains "$output" 'removed image'
        assert_eq "$(used_space)" "$empty"
        assert_eq "$(layer_count)" 0
}

# age_image PATTERN: it was used last long ago.
age_image() {
        local id
        id=$(own image list --full --no-legend --fields=id,name | awk -v name="$1" '$2 ~ name { print $1 }')
        touch -d '40 days ago' "data/images/manifests/$id"
}

test_gc_by_age() {
        own fetch --name=old "$IMAGES/busybox-oci.tar"
        own fetch --name=new "$IMAGES/built.oci"
        age_image old
        own image gc
        own image gc --grace-period=30d
        assert_eq "$(own image list --no-legend --fields=name)" new:latest
        own image verify new
        own image gc --grace-period=0
        assert_eq "$(own image list --no-legend)" ''
        assert_eq "$(ls -A data/images/layers)" ''
}

# Least recently used first, and what pods use not at all.
test_gc_by_size() {
        local size
        own fetch --name=first "$IMAGES/busybox-oci.tar"
        own fetch --name=second "$IMAGES/built.oci"
        own fetch --name=third "$IMAGES/busybox.aci"
        defer own gc --grace-period=0
        own image gc --max-size=1T
        assert_eq "$(own image list --no-legend | wc -l)" 3
        # Used last.
        own run --net=none --name=store-size first --exec=/bin/true
        own image gc --max-size=0
        assert_eq "$(own image list --no-legend --fields=name)" first:latest
        own image verify first
        own gc --grace-period=0
        own image gc --max-size=0
        assert_eq "$(own image list --no-legend)" ''

        own fetch --name=first "$IMAGES/busybox-oci.tar"
        own fetch --name=third "$IMAGES/busybox.aci"
        size=$(cat data/images/layers/*/layer | jq -s 'map(.size + .blobSize) | add')
        own image gc --max-size="$size"
        assert_eq "$(own image list --no-legend | wc -l)" 2
        own image gc --max-size=$((size - 1))
        assert_eq "$(own image list --no-legend --fields=name)" third
        assert_fails '*' own image gc --max-size=much
        assert_contains "$output" '500M or 20G'
}

# A dependency is as fresh as what needs it.
test_gc_keeps_dependencies() {
        own fetch "$IMAGES/busybox.aci" "$IMAGES/dependent.aci"
        age_image busybox
        own image gc --grace-period=30d
        assert_eq "$(own image list --no-legend | wc -l)" 2
        assert_contains "$(own run example.com/dependent)" hello
        own gc --grace-period=0
}

# On a full disk as well: removing needs no space.
test_rm_on_a_full_disk() {
        small_disk "$PWD/disk" 64M
        podctl --dir="$PWD/disk" --insecure-options=image fetch --name=it "$IMAGES/busybox-oci.tar"
        cat /dev/zero >disk/fill 2>/dev/null || true
        podctl --dir="$PWD/disk" image rm it
        assert_eq "$(find disk/images/{layers,manifests,tmp} -mindepth 1)" ''
}

# full_store: a store with one image, "it", and no pods, where not even an empty file can be made any more.
full_store() {
        local n=0
        mkdir -p disk
        mount -t tmpfs -o size=64M,nr_inodes=2000 none disk
        # shellcheck disable=SC2034  # for `own`
        DATA=$PWD/disk/data
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        mkdir disk/fill
        while : 2>/dev/null >"disk/fill/$n"; do
                n=$((n + 1))
        done
}

test_removal_without_inodes() {
        local command
        defer umount -q disk
        for command in 'image rm it' 'image gc --grace-period=0'; do
                full_store
                # shellcheck disable=SC2086
                own $command
                assert_eq "$(find disk/data/images/{layers,manifests,names,tmp} -mindepth 1)" ''
                umount disk
        done
        full_store
        assert_eq "$(own list --all --no-legend)" ''
        own gc --grace-period=0
        assert_fails 254 own prepare it
        assert_contains "$output" 'No space left'
}

# What of it fails is said as the kernel says it.
test_export_to_a_full_disk() {
        own fetch --name=it "$IMAGES/busybox-oci.tar"
        own fetch "$IMAGES/busybox.aci"
        mkdir disk
        mount -t tmpfs -o size=64K none disk
        defer umount disk
        assert_fails 254 own image export it disk/it.tar
        assert_contains "$output" 'No space left on device'
        assert_fails 254 own image export example.com/busybox disk/it.aci
        assert_contains "$output" 'No space left on device'
        assert_eq "$(ls -A disk)" ''
}

# An image of its own: what a pod has been made from stays.
test_timer() {
        systemctl cat podctl-image-gc.timer >/dev/null
        podctl build begin --from="$IMAGES/busybox.oci"
        podctl build label add test=store-timer
        podctl build write it.oci
        podctl --insecure-options=image fetch --name=store-timer it.oci >/dev/null
        systemctl start podctl-image-gc.service
        podctl image cat-manifest store-timer >/dev/null
        mkdir -p /run/systemd/system/podctl-image-gc.service.d
        printf '[Service]\nEnvironment=GRACE_PERIOD=365d MAX_SIZE=1\n' \
                >/run/systemd/system/podctl-image-gc.service.d/test.conf
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/podctl-image-gc.service.d
        systemctl daemon-reload
        systemctl start podctl-image-gc.service
        assert_fails 254 podctl image cat-manifest store-timer
}
