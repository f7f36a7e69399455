# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What every tool here needs: where things are, and how to say what happens.

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # for those who include this
SOURCE=$(dirname "$TOOLS")
# shellcheck disable=SC2034
CACHE=${PODCTL_CACHE:-/var/cache/podctl-tests}

# Whatever the caller's umask, images and hosts come out the same.
umask 022

log() {
        printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
        log "$*"
        exit 1
}

need_root() {
        [[ $EUID -eq 0 ]] || die "this needs root (namespaces, loop devices, mounts)"
}

# Prints the head comment of the script, which is its help text.
usage() {
        sed -n '/^# SPDX/d; 2,/^$/ { s/^# \{0,1\}//; /^$/ { H; d; }; H; }; ${ x; s/^\n*//; p; }' "$0"
}

# The lines of list files without comments, as words on one line each.
read_lists() {
        sed 's/#.*//' "$@" | tr -s ' \t' '\n' | sed '/^$/d'
}

# A key for a cache entry: changes whenever one of the named files does.
key_of() {
        cat "$@" | sha256sum | cut -c1-12
}

# drop_unused DIR KEEP: cache entries nobody has asked for in two days, except KEEP, whose turn it is.
# Not at once, since checkouts that differ share the cache.
drop_unused() {
        [[ ! -e $2 ]] || touch "$2"
        find "$1" -mindepth 1 -maxdepth 1 ! -name '.*' ! -path "$2" -mtime +1 -exec rm -rf --one-file-system {} +
}

# Polls COMMAND until it succeeds or SECONDS have passed.
wait_for() {
        local end=$((SECONDS + $1))
        shift
        until "$@"; do
                ((SECONDS < end)) || return 1
                sleep 0.1
        done
}

# Runs COMMAND while nobody else runs one under the same lock.
locked() {
        local lock=$1
        shift
        mkdir -p "$(dirname "$lock")"
        (
                flock 9
                "$@" 9>&-
        ) 9>"$lock"
}
