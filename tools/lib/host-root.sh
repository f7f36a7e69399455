# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The disks hosts boot from: one ext4 image a suite, made once and copied for each host.
# A disk and not an overlay, since an overlay cannot be ID-mapped and pods map /usr.

# shellcheck disable=SC2034  # for those who include this
SUITES=(bookworm trixie sid)
DISK_SIZE=16G

ROOT_LISTS=("$TOOLS/hosts/packages" "$TOOLS/lib/packages-build")

root_image() {
        echo "$CACHE/roots/$1-$(key_of <(read_lists "${ROOT_LISTS[@]}") "$TOOLS/hosts/customize").img"
}

make_disk() {
        local tree=$1 disk=$2
        truncate -s "$DISK_SIZE" "$disk"
        mke2fs -q -t ext4 -E lazy_itable_init=1,root_owner=0:0 -m 0 -d "$tree" "$disk"
}

# Made beside its final place and renamed into it, so that half an image is never used.
# Runs in a shell of its own and under a lock, so whatever else lies around is of runs that were killed.
build_root() {
        local suite=$1 image
        image=$(root_image "$suite")
        rm -rf --one-file-system "$CACHE/roots/.$suite".??????
        drop_unused "$CACHE/roots" "$image"
        [[ ! -e $image ]] || return 0
        log "building a $suite root, about a minute"
        work=$(mktemp -d "$CACHE/roots/.$suite.XXXXXX")
        trap 'rm -rf --one-file-system "$work"' EXIT
        make_root "$suite" "$work/tree" \
                --include="$(read_lists "${ROOT_LISTS[@]}" | paste -sd,)" \
                --customize-hook="$TOOLS/hosts/customize"
        make_disk "$work/tree" "$work/disk"
        mv "$work/disk" "$image"
}

build_root_once() {
        locked "$CACHE/roots/.$1.lock" build_root "$1"
}

# The copy takes only the space of what the host changes where the file system can share blocks.
copy_disk() {
        cp --reflink=auto --sparse=always "$1" "$2.new"
        mv "$2.new" "$2"
}
