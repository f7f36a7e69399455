# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the benchmarks share: the clock, medians, a program and its image, and podman as users run it. A script that
# includes this calls start_work, has a directory $work then, and gives at_end what is to be undone.

# shellcheck disable=SC2034  # for those who include this
IMAGES=/var/lib/podctl-test-images
APP_IMAGE=bench-app

die() {
        echo "${0##*/}: $*" >&2
        exit 1
}

endings=()
# at_end COMMAND: evaluated when the script ends, however it does; the last one first.
at_end() { endings=("$1" "${endings[@]}"); }
end_all() {
        local ending
        for ending in "${endings[@]}"; do
                (eval "$ending") || true
        done
        rm -rf "$work"
}

# On the disk: what is measured are not file systems in memory.
start_work() {
        work=$(mktemp -d -p /var/tmp bench-XXXXXX)
        trap end_all EXIT
        trap 'exit 130' INT TERM
}

# --- Time

# quietly COMMAND…: what it says is in $work/said, and shown if it fails, which ends the benchmark.
quietly() {
        "$@" >"$work/said" 2>&1 || {
                cat "$work/said" >&2
                die "failed: $*"
        }
}

# took COMMAND…: leaves in $elapsed how many microseconds it took. No process is started for the clock.
took() {
        local begin=${EPOCHREALTIME/[.,]/}
        quietly "$@"
        elapsed=$((${EPOCHREALTIME/[.,]/} - begin))
}

# ms MICROSECONDS
ms() { printf '%d.%03d\n' $(($1 / 1000)) $(($1 % 1000)); }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# take FILE COMMAND…: adds to that file of $work, a line each, how many milliseconds it took.
take() {
        took "${@:2}"
        ms "$elapsed" >>"$work/$1"
}

median_of() { median <"$work/$1"; }

systemd_version() { systemctl --version | head -n 1; }

# --- What is run

# A static program of which nothing but its start is measured: it writes the time of day in nanoseconds, and with an
# argument it stays until SIGTERM, which it obeys. All containers share the host's clock.
make_program() {
        cat >"$work/app.c" <<'C'
#include <signal.h>
#include <stdio.h>
#include <time.h>
int main(int argc, char *argv[])
{
        struct timespec t;
        sigset_t set;
        int signal;
        (void) argv;
        clock_gettime(CLOCK_REALTIME, &t);
        printf("%lld%09ld\n", (long long) t.tv_sec, t.tv_nsec);
        fflush(stdout);
        if (argc == 1)
                return 0;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        return sigwait(&set, &signal);
}
C
        gcc -O2 -static -o "$1" "$work/app.c"
}

blob() {
        local digest
        digest=$(sha256sum "$1" | cut -d' ' -f1)
        cp "$1" "$work/layout/blobs/sha256/$digest"
        printf '"digest":"sha256:%s","size":%d' "$digest" "$(stat -c %s "$1")"
}

# make_image [ARGUMENTS]: the program in a root, $work/root, in a layer, $work/layer.tar, and in an OCI layout of that
# layer, $work/layout (image-spec, image-layout.md), whose command has these arguments, ', "stays"'.
make_image() {
        local diff_id
        mkdir -p "$work/root"/{etc,usr,proc,sys,dev,tmp,run} "$work/layout/blobs/sha256"
        touch "$work/root/etc/os-release"
        make_program "$work/root/app"
        tar -C "$work/root" -cf "$work/layer.tar" app
        diff_id=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
        cat >"$work/config.json" <<JSON
{"architecture":"$(dpkg --print-architecture)","os":"linux","config":{"Cmd":["/app"${1:-}]},
 "rootfs":{"type":"layers","diff_ids":["sha256:$diff_id"]}}
JSON
        cat >"$work/manifest.json" <<JSON
{"schemaVersion":2,
 "config":{"mediaType":"application/vnd.oci.image.config.v1+json",$(blob "$work/config.json")},
 "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",$(blob "$work/layer.tar")}]}
JSON
        printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",%s}]}' \
                "$(blob "$work/manifest.json")" >"$work/layout/index.json"
        printf '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"
}

fetch_image() { quietly podctl --insecure-options=image fetch --name="$APP_IMAGE" "$work/layout"; }

# --- podman, as users run it

# What podman's configuration has while it is measured.
PODMAN_SETTINGS=/etc/containers/containers.conf.d/90-podctl-bench.conf
podman_settings() {
        mkdir -p "${PODMAN_SETTINGS%/*}"
        printf '%s\n' '[containers]' "$@" >"$PODMAN_SETTINGS"
}

podman_once() { podman run --rm "localhost/$APP_IMAGE" /app >"$work/said" 2>&1; }

# Whether podman can start the program here, after make_image; $work/said has why not. It limits the processes of each
# container, which fails on a host without that controller: then the limit is turned off, and containers have their
# control groups all the same. Without these it would be spared what podctl does, so they are given up only where they
# are impossible (crun of Debian 12 raises a limit for them, which a host may not be allowed to), and $podman_lacks says
# why.
podman_lacks=''
podman_runs() {
        [[ $(command -v podman) ]] || { echo 'there is none' >"$work/said"; return 1; }
        at_end 'podman rmi --force "localhost/$APP_IMAGE" >/dev/null 2>&1; rm -f "$PODMAN_SETTINGS"'
        podman import --quiet "$work/layer.tar" "localhost/$APP_IMAGE" >"$work/said" 2>&1 || return
        grep -qw pids /sys/fs/cgroup/cgroup.controllers || podman_settings 'pids_limit = 0'
        ! podman_once || return 0
        podman_lacks=$(tail -n 1 "$work/said")
        podman_settings 'pids_limit = 0' 'cgroups = "disabled"'
        podman_once
}

# --- containerd, one of its own

CONTAINERD=/run/podctl-bench
# containerd_starts [CONFIGURATION]: with all that it keeps in $work/containerd; it listens at $CONTAINERD/socket.
# containerd_form: the version of its configuration file; 3 from containerd 2 on.
containerd_form() { [[ $(containerd --version) == *' '?(v)1.* ]] && echo 2 || echo 3; }
containerd_starts() {
        mkdir -p "$CONTAINERD"
        printf '%s\n' "version = $(containerd_form)" "root = \"$work/containerd\"" "state = \"$CONTAINERD/state\"" \
                '[grpc]' "address = \"$CONTAINERD/socket\"" "$@" >"$CONTAINERD/config.toml"
        quietly systemd-run --collect --unit=podctl-bench-containerd.service --property=Type=notify \
                --property=Delegate=yes --property=KillMode=process containerd --config="$CONTAINERD/config.toml"
}
containerd_stops() {
        systemctl stop podctl-bench-containerd.service
        rm -rf "$CONTAINERD" "$work/containerd"
}
containerd_is_there() { [[ $(command -v containerd) && $(command -v runc) ]]; }
ctr_of_bench() { ctr --address="$CONTAINERD/socket" --namespace=k8s.io "$@"; }

# --- What processes take

# memory <PROCESSES: their proportional set size in KiB, all together: what is shared counts by parts.
memory() {
        local pid
        while read -r pid; do
                cat "/proc/$pid/smaps_rollup"
        done | awk '/^Pss:/ { sum += $2 } END { print sum + 0 }'
}

# inotify_instances <PROCESSES: descriptors of them.
inotify_instances() {
        local pid
        while read -r pid; do
                find "/proc/$pid/fd" -lname anon_inode:inotify
        done | wc -l
}
