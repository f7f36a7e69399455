# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images that are made here, without root: from nothing and from others, the same everywhere, and readable by everyone.
# On any systemd, the same.

# A user who has no rights here but to the directory of the test.
as_builder() { setpriv --reuid=12345 --regid=12345 --clear-groups env HOME=/nonexistent "$@"; }

# A directory of files, and a script that makes an image of them.
build_sources() {
        mkdir -p rootfs/bin rootfs/srv
        cp /bin/busybox rootfs/bin/busybox
        ln -s busybox rootfs/bin/sh
        ln -s ../../../etc/shadow rootfs/srv/out
        echo 'from the build' >rootfs/srv/greeting
        cat >script <<'END'
# Everything that a shell and a greeting need.
begin
copy --exclude=greeting rootfs /
copy rootfs/srv/greeting /srv/text
layer
copy --chown=1:2 --chmod=0600 rootfs/srv/greeting '/srv/with space'
rm /srv/out
env add "GREETING=hello  world" PATH=/bin
label add org.example.test=yes
annotation add org.example.note=short
workdir set /srv
entrypoint set -- /bin/sh -c
cmd set -- 'echo "$GREETING"; cat text; echo *'
END
        chown -R 12345:12345 .
}

# In a pod of the image, by the user's own store.
what_it_says() {
        defer own gc --grace-period=0
        own run --net=none "$(own fetch "$1" | tail -n1)"
}

test_build_from_scratch() {
        build_sources
        as_builder podctl build script script
        as_builder podctl build write oci:image
        as_builder podctl build end
        assert_eq "$(ls -A)" $'image\nrootfs\nscript'
        assert_eq "$(what_it_says "$PWD/image")" 'hello  world
from the build
text with space'
}

tree() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %T@ %l\n' | sort); }

# Every form is the same image, and so is what others made of it.
test_build_for_everyone() {
        local file
        build_sources
        podctl build script script
        podctl build write oci:layout:v1 >id
        podctl build write archive.tar
        podctl build write --compression=zstd oci-archive:zstd.tar
        for file in Built UPPER/built example.com/built:2@3 built/ 'a b'; do
                assert_fails 254 podctl build write "docker-archive:no.tar:$file"
                assert_contains "$output" 'archive of docker'
        done
        [[ ! -e no.tar ]]
        podctl build write docker-archive:docker.tar:example.com/built:2
        assert_eq "$(skopeo inspect --raw oci:layout:v1 | sha256sum | cut -d' ' -f1)" "$(sed s/sha256:// id)"
        assert_eq "$(skopeo inspect docker-archive:docker.tar | jq -c '[.Labels, .Layers | length]')" '[1,2]'
        skopeo copy --quiet docker-archive:docker.tar oci:copied
        for file in archive.tar zstd.tar docker.tar copied; do
                assert_contains "$(what_it_says "$PWD/$file")" 'from the build'
        done
        podctl build end

        own image extract --rootfs-only "$(own fetch --full ./layout)" ours
        umoci unpack --image layout:v1 theirs >/dev/null 2>&1
        assert_eq "$(tree ours)" "$(tree theirs/rootfs)"
        assert_contains "$(tree ours)" 'srv/with space f 600 1:2 0.0000000000 '
        [[ ! -L ours/srv/out ]]
}

# The same for other people's tools.
test_build_is_read_by_buildah_and_podman() {
        local ours name
        command -v podman >/dev/null || skip 'there is no podman'
        build_sources
        podctl build script script
        # A directory that takes the place of another, in the same layer as the removal.
        mkdir -p before/below after/below
        touch before/gone before/below/gone after/below/new
        podctl build copy before /srv/replaced
        podctl build layer
        podctl build rm /srv/replaced
        podctl build copy after /srv/replaced
        podctl build write oci:layout:v1 >id
        podctl build end
        own image extract --rootfs-only "$(own fetch --full ./layout)" ours
        # In their storage, a directory in which something was hidden has the time of that.
        timeless() { tree "$1" | sed 's/ [0-9]*\.[0-9]* / /'; }
        ours=$(timeless ours)
        name=$(buildah from oci:layout:v1)
        defer buildah rm "$name"
        assert_eq "$(timeless "$(buildah mount "$name")")" "$ours"
        name=$(podman pull -q oci:layout:v1)
        defer podman rmi -f "$name"
        assert_eq "$(podman image inspect "$name" | jq -r '.[0].Digest')" "$(cat id)"
        assert_eq "$(timeless "$(podman image mount "$name")")" "$ours"
        podman image umount "$name"
}

# Digests that were written down: on every host, whatever its libraries.
test_build_is_the_same_everywhere() {
        local kind digest
        mkdir -p files/etc
        seq 20000 >files/etc/numbers
        printf '#!/bin/sh\n' >files/run
        ln -s run files/link
        podctl build begin --platform=linux/amd64
        podctl build copy --chmod=0755 files /
        podctl build env add A=b
        while read -r kind digest; do
                assert_eq "$kind $(podctl build write --compression="$kind" "oci:$kind")" "$kind sha256:$digest"
        done <<'END'
none 13f62bbed29ac369f34652066dced62976d8c046efd835b7f7f5a546d7145aa5
gzip 74b28d34e3c157d49308ffd093ced7e39c917711da197907ff06a2c6a41bd440
END
        podctl build end
}

# Each layer is packed once, however often it is written.
test_build_packs_once() {
        local packs
        build_sources
        podctl build script script
        podctl build write oci:first
        packs=$(cd .podctl-build/layers && stat -c '%n %i' -- *.tar.gz)
        assert_eq "$(wc -l <<<"$packs")" 2
        podctl build write archive.tar
        podctl build label add more=yes
        podctl build write oci:second
        assert_eq "$(cd .podctl-build/layers && stat -c '%n %i' -- *.tar.gz)" "$packs"
        podctl build end
}

# Layers that are compressed side by side (tests/unit/test-build-pack.c): none gets what is another's.
test_build_packs_in_parallel() {
        local i one
        podctl build begin
        # Each takes another time.
        for i in 1 5 2 4 3; do
                seq $((i * 40000)) >"numbers-$i"
                podctl build copy "numbers-$i" /
                podctl build layer
        done
        cp -r .podctl-build before
        one=$(taskset -c 0 podctl build write oci:one:latest)
        rm -r .podctl-build
        mv before .podctl-build
        assert_eq "$(podctl build write oci:many:latest)" "$one"
        diff -r one many
        assert_eq "$(jq '.layers | length' "$(manifest_of many)")" 5
        umoci unpack --image many:latest there >/dev/null 2>&1
        for i in 1 2 3 4 5; do
                cmp "there/rootfs/numbers-$i" "numbers-$i"
        done
}

test_build_of_many_files() {
        mkdir files
        (cd files && seq -f 'f%06g' 100000 | xargs touch)
        podctl build begin
        (ulimit -v 600000 && podctl build copy files /many && podctl build write oci:image)
        podctl build end
        assert_eq "$(tar -tzf "image/blobs/sha256/$(jq -r '.layers[0].digest | ltrimstr("sha256:")' \
                "$(manifest_of image)")" | grep -c '^many/f')" 100000
}

# Files of other images, which are found as their own processes would find them, whoever builds.
test_build_copies_from_images() {
        local layer
        mkdir -p tree/usr/lib/sub tree/etc
        echo lib >tree/usr/lib/sub/f
        ln tree/usr/lib/sub/f tree/usr/lib/sub/hard
        chmod 4500 tree/usr/lib/sub/f
        chmod 0555 tree/usr/lib/sub
        ln -s usr/lib tree/lib
        ln -s /etc tree/out
        echo its own >tree/etc/shadow
        mknod tree/null c 1 3
        tar -C tree -cf tree.tar .
        cp -r "$IMAGES/busybox.oci" busybox.oci
        chmod -R a+rX busybox.oci
        cat >script <<'END'
begin
copy --from=busybox.oci /bin/busybox /bin/sh /bin/
copy --from=tree.tar --chown=3:4 /lib/sub /sub
copy-to-dir --from=tree.tar --exclude=f lib out/shadow /into
copy --from=oci:busybox.oci:latest --chmod=0600 /etc /etc
copy --from=tree.tar --exclude=null --exclude=usr /lib/.. /around
copy --from=tree.tar --exclude=null --exclude=usr / /top
write oci:image
END
        chown 12345:12345 .
        as_builder podctl build script script
        layer=image/blobs/sha256/$(jq -r '.layers[0].digest | ltrimstr("sha256:")' "$(manifest_of image)")
        tar -tvzf "$layer" >list
        assert_eq "$(sed 's/ \+/ /g' list | cut -d' ' -f1,2,6- | grep -E ' (bin/sh|sub|into)')" \
                'lrwxrwxrwx 0/0 bin/sh -> busybox
drwxr-xr-x 0/0 into/
lrwxrwxrwx 0/0 into/lib -> usr/lib
-rw-r--r-- 0/0 into/shadow
dr-xr-xr-x 3/4 sub/
-r-x------ 3/4 sub/f
-r-x------ 3/4 sub/hard'
        grep -q -- '-rw------- .* etc/passwd' list
        # ".." is behind the link.
        assert_eq "$(grep -o 'around/.*\|top/.*' list)" $'around/\naround/lib/\naround/lib/sub/\naround/lib/sub/f
around/lib/sub/hard\ntop/\ntop/etc/\ntop/etc/shadow\ntop/lib -> usr/lib\ntop/out -> /etc'
        assert_eq "$(tar -xOzf "$layer" into/shadow sub/f)" $'its own\nlib'
        as_builder podctl build copy --from=tree.tar / /whole 2>said && fail 'copied a device'
        assert_contains "$(cat said)" '/null is a device or a named pipe'
        refused_by 'Option --platform: it is for the image of --from=' \
                as_builder podctl build copy --platform=linux/amd64 tree /x
        refused_by '/none: the image has no such file' as_builder podctl build copy --from=tree.tar /etc /none /x
        refused_by '/: has no name of its own' as_builder podctl build copy-to-dir --from=busybox.oci / /x
        refused_by 'no.tar: No such file' as_builder podctl build copy --from=no.tar / /x
        assert_eq "$(ls -A .podctl-build)" $'base\nbuild.json\nlayers\nlock'
        as_builder podctl build end

        # A step is known again by what the other image consists of.
        as_builder env HOME="$PWD" podctl build script --cache script
        as_builder podctl build end
        as_builder env HOME="$PWD" podctl build script --cache script
        as_builder podctl build end
}

test_build_is_loaded_by_podman() {
        command -v podman >/dev/null || skip 'there is no podman'
        build_sources
        podctl build script script
        podctl build write docker-archive:docker.tar:localhost/podctl-built
        podctl build end
        defer podman rmi -f localhost/podctl-built
        podman load -q -i docker.tar
        assert_eq "$(podman image inspect localhost/podctl-built | jq -r '.[0].Config.Env[0]')" 'GREETING=hello  world'
}

# Whatever the user, the umask, the times and the place are.
test_build_is_reproducible() {
        local first second
        build_sources
        echo "write oci:image" >>script
        first=$(as_builder podctl build script script)
        mkdir other
        cp -a rootfs script other/
        find other -exec touch -h -d yesterday {} +
        chown -R 0:0 other
        cd other
        second=$(umask 077 && LC_ALL=C TZ=Asia/Tokyo podctl build script script)
        assert_eq "$first" "$second"
        podctl build end
        assert_contains "$(SOURCE_DATE_EPOCH=86400 podctl build begin; podctl build config)" '"1970-01-02T00:00:00Z"'
        podctl build end
        assert_fails 254 env SOURCE_DATE_EPOCH=now podctl build begin
        assert_contains "$output" SOURCE_DATE_EPOCH
}

# A layer more on an image of the store, whose own layers stay what they are.
on_a_base() {
        podctl "${OPTIONS[@]}" build begin --from="$1"
        echo added >added
        podctl build copy added /usr/new/
        podctl build rm /data/second
        podctl build env add GREETING=changed
        podctl build write "oci:$2"
        podctl build end
        assert_eq "$(own_run "$(own fetch "$PWD/$2" | tail -n1)" \
                'cat /usr/new/added; ls -A /data; echo $GREETING')" $'added\nkeep\nchanged'
        assert_eq "$(jq -c '[.layers[].digest]' "$(manifest_of "$2")")" \
                "$(jq -c --arg top "$(jq -r '.layers[-1].digest' "$(manifest_of "$2")")" \
                        '[.layers[].digest] + [$top]' "$(manifest_of "$IMAGES/busybox.oci")")"
}
manifest_of() { echo "$1/blobs/sha256/$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' "$1/index.json")"; }

test_build_on_a_base() {
        local OPTIONS=(--dir="$DATA" --insecure-options=image)
        on_a_base "$IMAGES/busybox.oci" from-layout
        on_a_base "$IMAGES/busybox-oci.tar" from-archive
        own fetch --name=base "$IMAGES/busybox.oci"
        on_a_base base from-store
        assert_eq "$(cat from-layout/index.json)" "$(cat from-store/index.json)"
        assert_eq "$(cat from-layout/index.json)" "$(cat from-archive/index.json)"
}

# base_of FROM: what an image says of the one it is on.
base_of() {
        rm -rf said
        podctl --dir="$DATA" build begin --from="$1"
        podctl build write oci:said >/dev/null
        podctl build end
        jq -cS '.annotations | with_entries(.key |= ltrimstr("org.opencontainers.image."))' \
                "$(manifest_of said)"
}

test_build_names_its_base() {
        local id
        id=$(jq -r '.manifests[0].digest' "$IMAGES/busybox.oci/index.json")
        own fetch --name=registry.example/base:1 "$IMAGES/busybox.oci"
        assert_eq "$(base_of registry.example/base:1)" \
                "{\"base.digest\":\"$id\",\"base.name\":\"registry.example/base:1\"}"
        assert_eq "$(base_of "$id")" "{\"base.digest\":\"$id\"}"
        # Elsewhere, these could be others.
        own image tag registry.example/base:1 base
        assert_eq "$(base_of base)" "{\"base.digest\":\"$id\"}"
        assert_eq "$(base_of "$IMAGES/busybox.oci")" "{\"base.digest\":\"$id\"}"
}

# What becomes of the image in the store is no concern of the build.
test_build_base_is_kept() {
        own fetch --name=base "$IMAGES/busybox.oci"
        podctl --dir="$DATA" build begin --from=base
        own image rm base
        own image gc --grace-period=0
        assert_eq "$(find "$DATA" -name '*blob*' -type f)" ''
        echo more >more
        podctl build copy more /data/
        podctl build write oci-archive:out.tar
        assert_eq "$(own_run "$(own fetch ./out.tar | tail -n1)" 'cat /data/more')" more
}

# Of several platforms, the one that is asked for.
test_build_platform_of_an_index() {
        local arch
        for arch in amd64 arm64 s390x; do
                podctl build begin --platform=linux/$arch
                echo $arch >arch
                podctl build copy arch /arch
                podctl build write oci:$arch
                podctl build end
                cp -r $arch/. all
        done
        jq -n '[inputs | .manifests[0]] | { schemaVersion: 2, manifests: . }' {amd64,arm64,s390x}/index.json >index
        for arch in amd64 arm64 s390x; do
                jq --arg arch $arch --arg digest "$(jq -r '.manifests[0].digest' $arch/index.json)" \
                        '(.manifests[] | select(.digest == $digest)).platform = { os: "linux", architecture: $arch }' \
                        index >index.new
                mv index.new index
        done
        mv index all/index.json
        podctl build begin --from=./all --platform=linux/s390x
        assert_eq "$(podctl build config | jq -r .architecture)" s390x
        podctl build end
        podctl build begin --from=./all --platform=linux/arm64/v8
        podctl build end
        refused_command 'no image for linux/mips, only for: linux/amd64' build begin --from=./all --platform=linux/mips
        refused_command "'linux' is not a platform" build begin --from=./all --platform=linux
}

# a_tree DIR: files of several owners, modes and names.
a_tree() {
        mkdir -p "$1/etc/keep" "$1/srv"
        echo text >"$1/etc/file"
        ln "$1/etc/file" "$1/srv/other"
        ln -s /etc/shadow "$1/srv/out"
        ln -s ../../.. "$1/srv/up"
        setfattr -n user.note -v kept "$1/etc/file"
        setfattr -n user.note -v of-a-directory "$1/etc/keep"
        cp /bin/true "$1/srv/able"
        setcap cap_net_raw=ep "$1/srv/able"
        chown 12345:12345 "$1/etc/keep"
        chmod 2750 "$1/etc/keep"
        cp /bin/true "$1/srv/set"
        chmod 4755 "$1/srv/set"
        # As debootstrap makes them.
        mkdir "$1/dev"
        mknod -m 666 "$1/dev/null" c 1 3
        mknod "$1/dev/loop0" b 7 0
        mkfifo "$1/dev/pipe"
}

# looks DIR: what there is to see of them.
looks() {
        (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U %G %n %l\n' | sort && stat -c '%n %t,%T' dev/* &&
                getfattr -R -d -m '^user' . &&
                getcap -r .)
}

test_build_on_a_tree_of_files() {
        local id
        a_tree tree
        podctl build begin --from=./tree
        assert_eq "$(podctl build config | jq -c '.history[].created_by')" \
                '"podctl build: begin /"'
        podctl build write oci:out
        podctl build end
        own fetch ./out >id
        own image extract --rootfs-only "$(tail -n1 id)" out-tree
        assert_eq "$(looks out-tree)" "$(looks tree)"
        assert_eq "$(stat -c %i out-tree/etc/file)" "$(stat -c %i out-tree/srv/other)"
        # The same from a tar of it, but for the times.
        tar -C tree --xattrs --xattrs-include='*' -cf tree.tar .
        podctl build begin --from=./tree.tar
        podctl build write oci:of-tar
        own fetch ./of-tar >id
        own image extract --rootfs-only "$(tail -n1 id)" tar-tree
        assert_eq "$(looks tar-tree)" "$(looks tree)"
        # From a link to it, with something on top, and without a part of it.
        podctl build end
        ln -s tree link
        echo top >top
        podctl build begin --from=./link --exclude=srv --platform=linux/arm64
        podctl build copy top /etc/file
        podctl build write oci:less
        assert_eq "$(podctl build config | jq -r .architecture)" arm64
        podctl build end
        podctl build begin --from=oci:less --platform=linux/arm64
        assert_eq "$(tar -tf less/blobs/sha256/"$(jq -r '.layers[0].digest[7:]' "$(manifest_of less)")")" \
                $'dev/\ndev/loop0\ndev/null\ndev/pipe\netc/\netc/file\netc/keep/'
}

# A layer of which no file system can be made is none, wherever it comes from.
test_build_refuses_a_tar_that_cannot_be_unpacked() {
        local file words
        mkdir -p t/below
        echo text >t/f
        ln t/f t/g
        tar -C t -cf twice.tar f
        tar -C t -rf twice.tar f
        tar -C t -cf lonely.tar f g
        tar --delete -f lonely.tar f
        tar -C t --format=pax --pax-option='uid:=4294967295' -cf owner.tar f
        tar -C t --format=pax --pax-option='gid:=1099511627776' -cf group.tar f
        tar -C t/below -P -cf outside.tar ../f
        ln -s /etc t/l
        tar -C t -cf through.tar l
        rm t/l
        mkdir t/l
        echo text >t/l/x
        tar -C t -rf through.tar l/x
        truncate -s 8T t/holes
        tar -C t -Scf holes.tar holes
        rm t/holes
        while IFS='|' read -r file words; do
                refused_command "$words" build begin --from="./$file.tar"
                [[ ! -e .podctl-build ]]
        done <<'END'
twice|entry 'f': occurs twice
lonely|is a hard link to 'f', which does not come before it
owner|belongs to 4294967295, which no user can be
group|belongs to 1099511627776, which no user can be
outside|entry '../f': leaves the tree
holes|entry 'holes': has 8.0TiB, and there is room for
through|entry 'l/x': has a symbolic link as parent that leads to nothing in the archive
END
}

# A user's own files are root's in the image, so that nobody has to be root to make it.
test_build_on_a_tree_of_a_user() {
        mkdir -p tree/bin
        echo text >tree/bin/own
        ln tree/bin/own tree/bin/same
        chown -R 12345:12345 .
        echo text >tree/bin/of-root
        as_builder podctl build begin --from=./tree
        as_builder podctl build write --compression=none oci:by-user
        tar --numeric-owner -tvf "by-user/blobs/sha256/$(jq -r '.layers[0].digest[7:]' "$(manifest_of by-user)")" |
                awk '{ print $1, $2, $6, $7, $8, $9 }' >list
        assert_eq "$(sed 's/ *$//' list)" 'drwxr-xr-x 0/0 bin/
-rw-r--r-- 0/0 bin/of-root
-rw-r--r-- 0/0 bin/own
hrw-r--r-- 0/0 bin/same link to bin/own'
        as_builder podctl build end
        # The same by root, with the same digest.
        chown -R 0:0 tree
        podctl build begin --from=./tree
        podctl build write --compression=none oci:by-root
        assert_eq "$(cat by-root/index.json)" "$(cat by-user/index.json)"
}

# Files that are made when they are read do not say how large they are.
test_build_copies_made_files() {
        podctl build begin
        podctl build copy /proc/sys/kernel/ostype /ostype
        podctl build copy /sys/kernel/fscaps /fscaps
        : >empty
        podctl build copy empty /empty
        podctl build write oci:made
        podctl build end
        mkdir out
        tar -xf "made/blobs/sha256/$(jq -r '.layers[0].digest[7:]' "$(manifest_of made)")" -C out
        assert_eq "$(cat out/ostype)" Linux
        cmp out/fscaps /sys/kernel/fscaps
        assert_eq "$(stat -c '%s %F' out/empty)" '0 regular empty file'
}

test_build_on_a_tree_refused() {
        mkdir tree
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
        refused_command 'tree/socket: is a socket' build begin --from=./tree
        rm tree/socket
        mknod tree/gone c 0 0
        refused_command 'tree/gone: is a device' build begin --from=./tree
        rm tree/gone
        touch tree/.wh.file
        refused_command 'has a name by which layers hide files' build begin --from=./tree
        refused_command '--exclude is for the files of a directory' build begin --from=scratch --exclude=x
        refused_command '--exclude is for the files of a directory' build begin --from=docker://nobody/has --exclude=x
        cp -r "$IMAGES/busybox.oci" layout
        refused_command '--exclude is for the files of a directory' build begin --from=./layout --exclude=x
        rm layout/oci-layout
        refused_command 'lacks the file oci-layout' build begin --from=./layout
        echo text >text
        refused_command 'neither an image, nor a directory or tar of files' build begin --from=./text
        refused_command 'neither an image, nor a directory or tar of files' build begin --from=/dev/null
        head -c 3000 "$IMAGES/busybox.aci" >short
        refused_command short build begin --from=./short
        [[ ! -e .podctl-build ]]
}

test_build_base_refused() {
        refused_command "neither an OCI layout nor a docker archive; 'acbuild begin' begins with an ACI" \
                build begin --from="$IMAGES/busybox.aci"
        refused_command 'No such file' build begin --from=./none
        refused_command 'is for linux/' build begin --from="oci:$IMAGES/busybox.oci:latest" --platform=linux/mips
        assert_eq "$(ls -A)" ''
}

# with_config EXPRESSION DIR: the image of busybox with its config so changed.
with_config() {
        local document=index.json digest expression
        cp -a "$IMAGES/busybox.oci" "$2"
        jq -c '.manifests |= [.[0] | del(.platform)]' "$2/index.json" >index
        digest=$(jq -r '.config.digest | ltrimstr("sha256:")' "$(manifest_of "$2")")
        jq -c "$1" "$2/blobs/sha256/$digest" >config
        for document in config manifest; do
                digest=$(sha256sum $document | cut -d' ' -f1)
                cp $document "$2/blobs/sha256/$digest"
                expression=".config.digest = \"sha256:$digest\" | .config.size = $(stat -c %s $document)"
                [[ $document == manifest ]] || jq -c "$expression" "$(manifest_of "$2")" >manifest
        done
        jq -c ".manifests[0].digest = \"sha256:$digest\" | .manifests[0].size = $(stat -c %s manifest)" index \
                >"$2/index.json"
        rm index config manifest
}

# What nobody knows where to run is no base. Under acbuild's name, an image need not be for this host.
test_build_base_without_architecture() {
        local member form
        for member in os architecture; do
                with_config "del(.$member)" without
                refused_command "missing member '$member'" build begin --from=./without
                with_config ".$member = \"\"" empty
                refused_command "./empty: config: $member: is empty" build begin --from=./empty
                refused_command "./empty: config: $member: is empty" build begin --from=./empty --platform=linux/arm64
                rm -r without empty
        done
        with_config '.architecture = ""' empty
        for form in oci appc; do
                (exec -a acbuild podctl begin --build-mode=oci ./empty)
                (exec -a acbuild podctl write $form)
                (exec -a acbuild podctl end)
        done
        assert_eq "$(ls -A)" $'appc\nempty\noci'
}

# What becomes of a base is seen at the latest when the image is written.
test_build_base_damaged() {
        local layer damage target
        cp -a "$IMAGES/busybox.oci" base
        layer=base/blobs/sha256/$(jq -r '.layers[0].digest | ltrimstr("sha256:")' "$(manifest_of base)")
        podctl build begin --from=./base
        mv "$layer" elsewhere
        refused_command 'end the build, and begin again' build write oci:out
        # Another file, one that breaks off, and one with another byte in it.
        for damage in 'cp base/index.json' 'head -c 100000 elsewhere >' 'sed s/a/b/1 elsewhere >'; do
                eval "$damage $layer"
                for target in oci:out oci-archive:archive docker-archive:archive aci:archive:a.b/c; do
                        refused_command "$PWD/$layer has changed since the build began; end it, and begin again" \
                                build write "$target"
                done
        done
        [[ ! -e out/index.json && ! -e archive ]]
        refused_command "$PWD/$layer has changed" build push --insecure-options=http docker://127.0.0.1:5999/a
        podctl build end
        refused_command 'layer sha256:' build begin --from=./base
        mv elsewhere "$layer"
        podctl build begin --from=./base
}

# A full disk is said so, nothing is left on it, and the build goes on.
test_build_on_a_full_disk() {
        small_disk "$PWD/small" 8M
        dd if=/dev/urandom of=large bs=1M count=12 status=none
        dd if=/dev/urandom of=more bs=1M count=5 status=none
        echo small >file
        (
                cd small
                podctl build begin
                podctl build copy ../file /
                refused_command 'No space left on device' build copy ../large /
                assert_eq "$(ls .podctl-build/layers)" 0000.tar
                podctl build copy ../file /other
                podctl build write ../image.tar
                podctl build copy ../more /
                refused_command 'No space left on device' build write --compression=none oci:layout
                assert_eq "$(find layout -name '*.tmp')" ''
        )
        own image extract --rootfs-only "$(own fetch --full ./image.tar)" tree
        assert_eq "$(ls tree)" $'file\nother'
}

# What a layout had stays there, but for the image of the same name.
test_build_adds_to_a_layout() {
        local digest
        podctl build begin
        echo 1 >file
        podctl build copy file /
        podctl build write oci:layout:a
        podctl build write oci:layout:b
        echo 2 >file
        podctl build copy file /
        digest=$(podctl build write oci:layout:a)
        assert_eq "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' layout/index.json | sort)" \
                $'a\nb'
        assert_eq "$(skopeo inspect --raw oci:layout:a | sha256sum | cut -d' ' -f1)" "${digest#sha256:}"
        mkdir full
        touch full/file
        refused_command 'is neither an image layout nor empty' build write oci:full
        # But what a write had made when it was killed.
        mkdir -p half/blobs/sha256
        touch half/.0123456789abcdef.tmp half/blobs/sha256/.fedcba9876543210.tmp
        podctl build write oci:half:a
        assert_eq "$(find half -name '*.tmp')" ''
        podctl build end
        refused_command 'has several images' build begin --from=./layout
        podctl build begin --from=oci:layout:b
}

# Killed at whatever moment, a build goes on: in the end the image has the files of one that nobody disturbed, and no
# file of the build is left that it does not need.
killed_after() { (timeout --signal=KILL "$(printf 0.%03d "$1")" podctl build "${@:2}") >/dev/null 2>&1 || true; }
test_build_survives_kills() {
        local n
        build_sources
        dd if=/dev/urandom of=rootfs/srv/large bs=1M count=4 status=none
        # Every step is one that can be made again.
        sed -i -e '/^begin/d' -e '/^rm/d' script
        podctl build begin
        podctl build script script
        podctl build write oci:undisturbed
        podctl build end
        podctl build begin
        for n in {1..30}; do
                killed_after $((n * 7)) script script
                killed_after $((n * 11)) write --overwrite killed.tar
        done
        podctl build script script
        podctl build write oci:disturbed
        podctl build config >/dev/null
        assert_eq "$(ls .podctl-build/layers)" \
                "$(jq -r '.layers[] | .path, .packs[]?.path | ltrimstr("layers/")' .podctl-build/build.json | sort)"
        podctl build end
        for n in undisturbed disturbed; do
                own image extract --rootfs-only "$(own fetch --full "./$n")" "$n.tree"
        done
        diff -r --no-dereference undisturbed.tree disturbed.tree
}

# What the image has is not somebody's, or closed, because a tree is copied over it.
test_build_copy_keeps_directories() {
        mkdir -p tree/tmp tree/etc/new
        chmod 700 tree/tmp tree/etc tree/etc/new
        podctl build begin --from="$IMAGES/busybox.oci"
        podctl build run -- /bin/sh -c 'mkdir -p /tmp && chmod 1777 /tmp && chown 33:33 /etc'
        podctl build copy tree /
        podctl build copy --chown=7:7 --chmod=600 tree/etc /etc
        assert_eq "$(podctl build run -- /bin/stat -c '%a %u:%g %n' /tmp /etc /etc/new)" \
                $'1777 0:0 /tmp\n755 33:33 /etc\n700 0:0 /etc/new'
        podctl build end
}

# A link that somebody has planted in the sources leads nowhere else.
test_build_copy_links_in_sources() {
        mkdir -p cx/in/deep sub
        echo inside >cx/in/deep/file
        ln -s /etc cx/out
        ln -s in/deep cx/inner
        podctl build begin --from="$IMAGES/busybox.oci"
        refused_command 'cx/out/: a link or '\''..'\'' on the way leads elsewhere' build copy cx/out/ /x
        refused_command 'cx/out/passwd: a link or '\''..'\'' on the way leads elsewhere' build copy cx/out/passwd /x
        podctl build copy cx/out /out
        podctl build copy cx/inner/ /inner
        # What is written leads there.
        podctl build copy "$PWD/cx/out/hostname" /hostname
        assert_eq "$(podctl build run -- /bin/sh -c 'readlink /out; cat /inner/file /hostname')" \
                $'/etc\ninside\n'"$(cat /etc/hostname)"
        podctl build end
        cd sub
        podctl build begin --from="$IMAGES/busybox.oci"
        podctl build copy ../cx/in/deep/file ./../cx/inner/file /up/
        podctl build copy .. /all
        refused_command 'a link or '\''..'\'' on the way leads elsewhere' build copy ../cx/out/passwd /x
        assert_eq "$(podctl build run -- /bin/sh -c 'cat /up/file /all/cx/in/deep/file; readlink /all/cx/out')" \
                $'inside\ninside\n/etc'
        podctl build end
}

# A copy, too, from this host and from another image.
test_build_copy_survives_kills() {
        local n there
        mkdir many
        (cd many && seq 300 | xargs touch)
        dd if=/dev/urandom of=many/large bs=1M count=3 status=none
        cp -a "$IMAGES/busybox.oci" other
        copy_many() { podctl build copy many /many; }
        copy_other() { podctl build copy --from=./other /bin /etc /from/; }
        podctl build begin
        copy_many
        copy_other
        podctl build layer
        podctl build config | jq -c .rootfs >undisturbed
        (shopt -s dotglob && cd .podctl-build && printf '%s\n' *) >parts
        podctl build end
        podctl build begin
        there=$(duration copy_other)
        for n in {1..20}; do
                killed_at "$n" 20 "$there" podctl build copy many /many
                wait_until podctl build config
                killed_at "$n" 20 "$there" podctl build copy --from=./other /bin /etc /from/
                # Processes of the one that was killed may hold the build's lock for another moment.
                wait_until podctl build config
                assert_eq "$(ls .podctl-build/layers)" \
                        "$(jq -r '.changes[]?.path | ltrimstr("layers/")' .podctl-build/build.json | sort)"
        done
        copy_many
        copy_other
        podctl build layer
        podctl build config | jq -c .rootfs | diff undisturbed -
        (shopt -s dotglob && cd .podctl-build && printf '%s\n' *) | diff parts -
        assert_eq "$(ls -A)" $'.podctl-build\nmany\nother\nparts\nundisturbed'
}

# One that calls itself ends as well.
test_build_script_of_itself() {
        printf '\xef\xbb\xbfscript other\n' >script
        printf 'label add a=b\nscript script\n' >other
        podctl build begin
        refused_command 'other:2: script is called by 16 scripts that call each other' build script script
        refused_command 'called by 16 scripts' build script --cache script
        podctl build end
}

# What a layer of the base is said to be, it is, as when it is fetched.
test_build_checks_sizes_of_a_base() {
        local manifest
        cp -a "$IMAGES/busybox.oci" layout
        manifest=$(manifest_of layout)
        jq -c '.layers[0].size += 1' "$manifest" >changed
        cp changed "layout/blobs/sha256/$(sha256sum changed | cut -d' ' -f1)"
        jq -c --arg digest "sha256:$(sha256sum changed | cut -d' ' -f1)" --argjson size "$(stat -c %s changed)" \
                '.manifests[0] += {$digest, $size}' layout/index.json >index
        mv index layout/index.json
        refused_command 'bytes long, not' build begin --from=./layout
}

test_build_says_what_is_wrong() {
        refused_command 'no build has begun in this directory' build config
        refused_command "did you mean 'layer'" build layr
        podctl build begin
        refused_command "'a b' is not a name that an image in a layout can have" build write 'oci:out:a b'
        refused_command "'podctl build push' sends it there" build write docker://example.com/x
        refused_command "'foo:' is not a kind of target" build write foo:bar
        [[ ! -e out && ! -e foo:bar ]]
        refused_command 'a build has begun here already' build begin
        refused_command "'build layer' does not take --chown" build layer --chown=1
        refused_command "Unknown option '-l'; write -- before a command that is set: podctl build cmd set -- ls -l" \
                build cmd set -l
        refused_command "Unknown option '-c'; write -- before the command that is run" build run -c true
        refused_command "'build entrypoint' does not take --user; write -- before" build entrypoint set --user=1 su
        refused_command 'in numbers' build copy --chown=root . /
        refused_command 'in octal' build copy --chmod=u+x . /
        refused_command 'the image has no files yet' build write oci:out
        refused_command 'no file has changed' build layer
        printf 'env add A=b\n\ncopy none "/x\n' >script
        refused_command 'script:3' build script script
        assert_contains "$(podctl build config)" '"A=b"'
}

# A command's own options look like those of podctl, and stay the command's from its first word on.
test_build_command_lines() {
        podctl build begin
        podctl build cmd set grep -f x --user=1 -- --help
        podctl build entrypoint set -- -x -f
        podctl build health set busybox wget --file --debug
        podctl build pre-start set sh -c --target
        podctl build post-stop set --  sh -f
        assert_eq "$(podctl build config | jq -c '.config | .Cmd, .Entrypoint, .Healthcheck.Test')" \
                '["grep","-f","x","--user=1","--","--help"]
["-x","-f"]
["CMD","busybox","wget","--file","--debug"]'
        printf 'cmd set ls -f --overwrite\n' >script
        podctl build script script
        assert_eq "$(podctl build config | jq -c .config.Cmd)" '["ls","-f","--overwrite"]'
        assert_eq "$(jq -c '[.appc.app.eventHandlers[].exec]' .podctl-build/build.json)" \
                '[["sh","-c","--target"],["sh","-f"]]'
        podctl build end
}

# A record that came with somebody's files, or that others could write to.
test_build_forged() {
        mkdir precious
        touch precious/file
        echo x >file
        podctl build begin
        assert_eq "$(stat -c %a .podctl-build)" 700
        podctl build copy file /
        podctl build layer
        cp .podctl-build/build.json good.json
        local path
        jq '.config.history = "x"' good.json >.podctl-build/build.json
        podctl build copy file /2
        podctl build layer
        for path in ../../precious/file ../precious/file layers/link layers/pipe; do
                ln -sf /etc/shadow .podctl-build/layers/link
                [[ -e .podctl-build/layers/pipe ]] || mkfifo .podctl-build/layers/pipe
                jq --arg path "$path" '.layers[0].path = $path' good.json >.podctl-build/build.json
                refused_command 'end the build, and begin again' build write oci:out
        done
        # Of a base it is anywhere, but nobody has the digest of what he may not read.
        jq '.layers[0].path = "/etc/shadow"' good.json >.podctl-build/build.json
        refused_command 'changed since the build began' build write oci:out
        ! grep -rq root: out || fail 'it has a file of the host'
        podctl build end

        podctl build begin
        rmdir .podctl-build/base
        ln -s "$PWD/precious" .podctl-build/base
        refused_command 'base is not a directory' build config
        podctl build end
        [[ -e precious/file ]]
        podctl build begin
        chmod 0770 .podctl-build
        refused_command 'others may write to it' build config
}

# What cannot be ended goes on.
test_build_end_of_what_stays() {
        chown 12345 .
        as_builder podctl build begin
        as_builder podctl build label add a=b
        chmod a-w .
        refused_by 'cannot be removed: Permission denied' as_builder podctl build end
        chmod u+w .
        assert_eq "$(as_builder podctl build config | jq -r .config.Labels.a)" b
        as_builder podctl build end
}

# Several may add to one layout; a layer that has changed since is no layer of the image.
test_build_layout_of_several() {
        local i
        for i in {1..6}; do
                mkdir "$i"
                (
                        cd "$i"
                        podctl build begin
                        echo "$i" >file
                        podctl build copy file /
                        podctl build write "oci:../shared:r$i"
                ) >/dev/null &
        done
        wait
        assert_eq "$(jq '.manifests | length' shared/index.json)" 6
        cd 1
        printf x | dd of=".podctl-build/$(jq -r '.layers[-1].path' .podctl-build/build.json)" \
                bs=1 seek=520 conv=notrunc status=none
        refused_command 'changed since the build began' build write --compression=zstd oci:other
}

# Whatever the words are, the next command can go on, and a build can be ended.
test_build_words_of_any_bytes() {
        podctl build begin
        echo x >$'\xff'
        podctl build copy $'\xff' $'/\xfe'
        podctl build rm $'/\xfe'
        refused_command 'is not right' build env add $'A=\xff'
        refused_command "Cannot build: env: 'A' is not right" build env add A
        refused_command 'no path in the image is given' build copy $'\xff' ''
        podctl build copy $'\xff' /kept
        refused_command 'is not UTF-8' build write "aci:x.aci:a.b/c,l="$'\xff'
        [[ ! -e x.aci ]]
        podctl build write oci:out
        assert_contains "$(podctl build config)" 'copy /?; rm /?'
        echo '{' >.podctl-build/build.json
        refused_command 'end the build, and begin again' build config
        podctl build end
        [[ ! -e .podctl-build ]]
        assert_fails 254 env SOURCE_DATE_EPOCH=253402300800 podctl build begin
        refused_command 'there is no such directory' build begin --from=oci:nope
}

# A script is one command: nobody comes between its lines.
test_build_script_keeps_the_lock() {
        local script
        mkfifo more
        printf 'begin\nenv add A=b\nscript more\nenv add C=d\n' >script
        podctl build script script &
        script=$!
        wait_until test -e .podctl-build/build.json
        refused_command "another command of this build is running, process $script" build config
        printf 'begin\n' >more
        wait $script && fail 'a build began within a build'
        assert_contains "$(podctl build config)" '"A=b"'
        printf 'env add E=f\nend\nbegin\nenv add G=h\n' >script
        podctl build script script
        assert_eq "$(podctl build config | jq -c .config)" '{"Env":["G=h"]}'
}

# What a server has comes in if it is what it should be, with any directory, name and mode.
test_build_add() {
        local sum
        . "$HERE/lib-servers.sh"
        mkdir files
        head -c 300000 /dev/urandom >files/noise
        sum=sha256:$(sha256sum files/noise | cut -d' ' -f1)
        front --directory files
        add() { podctl --insecure-options=http build add "$@"; }
        podctl build begin
        rules '[{"path": "noise", "times": 1, "cut": 100000}]'
        add --checksum="$sum" "http://$FRONT/noise?a=b" /srv/
        add --checksum="$sum" --chown=1:2 --chmod=0755 "http://$FRONT/noise" /bin/tool
        add --checksum="sha512:$(sha512sum files/noise | cut -d' ' -f1)" "http://$FRONT/noise" /srv
        rules '[{"path": "^/$", "replace": "files/noise"}]'
        add --checksum="$sum" "http://$FRONT/" /named
        podctl build write --compression=none oci:layout:latest
        podctl build end
        umoci unpack --image layout:latest tree
        cmp files/noise tree/rootfs/srv/noise
        cmp files/noise tree/rootfs/bin/tool
        cmp files/noise tree/rootfs/named
        assert_eq "$(cd tree/rootfs && find . -type f -printf '%p %m %U:%G %T@\n' | LC_ALL=C sort)" \
                $'./bin/tool 755 1:2 0.0000000000\n./named 644 0:0 0.0000000000\n./srv/noise 644 0:0 0.0000000000'
        # By a script, of files beside it, it is the same image.
        {
                echo begin
                echo copy files/noise /srv/
                echo copy --chown=1:2 --chmod=0755 files/noise /bin/tool
                echo copy files/noise /named
        } >script
        chmod 0644 files/noise
        podctl build script script
        podctl build write --compression=none oci:other
        podctl build end
        assert_eq "$(jq -c .rootfs.diff_ids "$(config_of other)")" "$(jq -c .rootfs.diff_ids "$(config_of layout)")"
}

# config_of LAYOUT: the file.
config_of() {
        local manifest
        manifest=$(jq -r '.manifests[0].digest' "$1/index.json")
        echo "$1/blobs/sha256/$(jq -r '.config.digest[7:]' "$1/blobs/sha256/${manifest#sha256:}")"
}

# Nothing is left of what was not the file.
test_build_add_refused() {
        local zeros before
        . "$HERE/lib-servers.sh"
        zeros=sha256:$(printf '%064d' 0)
        mkdir files
        echo text >files/text
        front --directory files
        podctl build begin
        before=$(find .podctl-build | LC_ALL=C sort)
        add() { refused_by "$1" podctl --insecure-options=http build add "${@:2}"; }
        add "'build add' needs --checksum=" "http://$FRONT/text" /x
        add 'it is not a digest' --checksum=abc "http://$FRONT/text" /x
        add "is not the file that the checksum is of, but sha256:$(sha256sum files/text | cut -d' ' -f1)" \
                --checksum="$zeros" "http://$FRONT/text" /x
        add "http://$FRONT/none: not found" --checksum="$zeros" "http://$FRONT/none" /x
        add "'files/text' is not a URL" --checksum="$zeros" files/text /x
        add 'does not say what the file is called' --checksum="$zeros" "http://$FRONT/" /x/
        add 'does not say what the file is called' --checksum="$zeros" "http://$FRONT/.." /x/
        refused_by 'is not https; give --insecure-options=http' podctl build add --checksum="$zeros" \
                "http://$FRONT/text" /x
        assert_eq "$(podctl build config | jq '.history | length')" 0
        assert_eq "$(find .podctl-build | LC_ALL=C sort)" "$before"
        podctl build end
}
