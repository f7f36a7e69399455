# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Two podctls on one host, of which one at a time is in place: programs, units and all. Their trees, $trees/before/root
# and $trees/after/root, are put there as hard links, so that the files are the same each time, and in the page cache.
# Each has its own images, pods and configuration, as one may not read what the other wrote.

own_places=(/etc/podctl /run/podctl /var/lib/podctl /var/cache/podctl)
in_place='' started=0

# files_of SIDE: what it installs.
files_of() { [[ ! $1 ]] || find "$trees/$1/root" ! -type d -printf '%P\n' | sort; }

# Renamed where they are, since not all are on one file system. The host's own are those of the side without a name.
put_aside() {
        local place
        for place in "${own_places[@]}"; do
                [[ ! -e $place ]] || mv "$place" "$place.bench-$1"
        done
}
put_back() {
        local place
        for place in "${own_places[@]}"; do
                [[ -e $place.bench-$1 ]] || continue
                rm -rf "$place"
                mv "$place.bench-$1" "$place"
        done
}

# put_in_place SIDE: over what is there, without what only the other side has.
put_in_place() {
        comm -23 <(files_of "$in_place") <(files_of "$1") | sed 's,^,/,' | xargs -r -d '\n' rm -f
        cp --archive --link --force "$trees/$1/root/." /
}

start_once() { quietly podctl run "$APP_IMAGE" --exec=/app; }

# become SIDE. The start that is not measured is for what the change made cold.
become() {
        [[ $in_place != "$1" ]] || return 0
        settle
        [[ -z $in_place ]] || quietly podctl gc --grace-period=0
        put_aside "$in_place"
        put_in_place "$1"
        put_back "$1"
        in_place=$1
        systemctl daemon-reload
        quietly systemd-sysusers podctl.conf
        quietly systemd-tmpfiles --create podctl.conf
        ((!started)) || start_once
}

# What is left installed is what `after` is; what the host had of images, pods and configuration comes back.
end_trees() {
        local side
        started=0
        end_podctl
        for side in before after; do
                become $side
                end_podctl
        done
        settle
        put_aside after
        put_back ''
        for side in before after; do
                rm -rf "${own_places[@]/%/.bench-$side}"
        done
}

set_up_trees() {
        local side
        at_end end_trees
        for side in before after; do
                become "$side"
                set_up_podctl
        done
        started=1
}
