# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154  # variables of images-oci.sh
#
# An image of files that are hard to unpack right. /edge/expected lists what has to come out:
# "PATH|type|mode|uid|gid|size|mtime|links" a line, as `stat` prints it.

edge_image() {
        local image=edge.oci:latest
        new_image $image
        add_tree $image busybox
        mkdir -p pax/edge gnu/edge-gnu
        edge_links pax/edge
        edge_modes pax/edge
        edge_names pax/edge
        edge_nodes pax/edge
        edge_times pax/edge
        edge_sparse pax/edge
        edge_names gnu/edge-gnu
        edge_expected pax edge
        edge_expected gnu edge-gnu

        tar -C pax --format=pax --sparse --xattrs --xattrs-include='*' --sort=name -cf pax.tar edge
        tar -C gnu --format=gnu --sort=name -cf gnu.tar edge-gnu
        add_tar $image pax.tar
        add_tar $image gnu.tar
        finish edge.oci
}

edge_expected() {
        (cd "$1" && find "$2" -mindepth 1 ! -type d -exec stat -c '%N|%F|%a|%u|%g|%s|%Y|%h' {} +) | sort >expected
        mv expected "$1/$2/expected"
}

edge_links() {
        echo linked >"$1/first"
        ln "$1/first" "$1/second"
        mkdir "$1/elsewhere"
        ln "$1/first" "$1/elsewhere/third"
        ln -s /etc/passwd "$1/absolute"
        ln -s ../../../../../../etc/passwd "$1/upwards"
        ln -s nowhere "$1/dangling"
        ln -s "$(printf 'x%.0s' {1..300})" "$1/long-target"
        ln -s absolute "$1/chain"
}

edge_modes() {
        cp /bin/busybox "$1/setuid"
        chmod 4755 "$1/setuid"
        cp /bin/busybox "$1/setgid"
        chown 0:33 "$1/setgid"
        chmod 2755 "$1/setgid"
        cp /bin/busybox "$1/capable"
        setcap cap_net_raw,cap_net_bind_service+ep "$1/capable"
        echo tagged >"$1/xattr"
        setfattr -n user.colour -v blue "$1/xattr"
        setfattr -n user.binary -v 0x00ff00 "$1/xattr"
        mkdir "$1/sticky" "$1/closed"
        chmod 3777 "$1/sticky"
        echo hidden >"$1/closed/file"
        chmod 000 "$1/closed/file" "$1/closed"
        echo owned >"$1/owned"
        chown 12345:54321 "$1/owned"
        echo nobody >"$1/nobody"
        chown 65534:65534 "$1/nobody"
        : >"$1/empty"
}

edge_names() {
        local part
        part=$(printf 'n%.0s' {1..120})
        echo long >"$1/$part"
        echo longest >"$1/$(printf 'm%.0s' {1..255})"
        mkdir -p "$1/$part-1/$part-2/$part-3"
        echo deep >"$1/$part-1/$part-2/$part-3/file"
        echo space >"$1/with space"
        echo newline >"$1/with"$'\n'"newline"
        echo umlaut >"$1/grüße"
        echo latin >"$1/"$'latin-\xe9'
        echo dash >"$1/-dash"
        echo backslash >"$1/back\\slash"
        echo dots >"$1/...dots"
        echo wh >"$1/not.wh.a-whiteout"
}

edge_nodes() {
        mknod "$1/null" c 1 3
        chmod 666 "$1/null"
        mknod "$1/loop" b 7 200
        mkfifo "$1/fifo"
}

edge_times() {
        echo epoch >"$1/epoch"
        touch -d @0 "$1/epoch"
        echo before >"$1/before"
        touch -d @-86400 "$1/before"
        echo future >"$1/future"
        touch -d @5000000000 "$1/future"
        echo fraction >"$1/fraction"
        touch -d @1000000000.123456789 "$1/fraction"
        ln -s epoch "$1/link-time"
        touch -h -d @1000000000 "$1/link-time"
}

# A hole of 64 MiB with a little at both ends.
edge_sparse() {
        echo start >"$1/sparse"
        truncate -s 64M "$1/sparse"
        echo end >>"$1/sparse"
}

big_ids_image() {
        local image=big-ids.oci:latest
        new_image $image
        add_tree $image busybox
        mkdir ids
        echo big >ids/big-owner
        chown 100000:2000000 ids/big-owner
        settle_times ids
        add_tree $image ids
        finish big-ids.oci
}

# One layout with a tag for each way out; the layer that tries it lies on busybox.
hostile_image() {
        local layer
        mkdir hostile
        python3 "$TOOLS/lib/images-hostile.py" hostile
        new_image hostile.oci:base
        add_tree hostile.oci:base busybox
        for layer in hostile/*.tar; do
                umoci raw add-layer --image hostile.oci:base --history.created "$birthday" \
                        --tag "$(basename "$layer" .tar)" "$layer"
        done
        umoci rm --image hostile.oci:base
        finish hostile.oci
}
