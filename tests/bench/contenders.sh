# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# How each kind of contender of tests/bench/life does what is measured. do_ACTION_KIND OPTION…: does it once, with the
# contender's options, records what it measured, and leaves nothing running. set_up_KIND is called once before. Both
# sides are used in the same way: names are given where a user would give them, and output goes where it always goes.

# What is run by took and quietly is not under set -e.

# The first instruction of a program, and the return of the command that runs it.
first_and_return() {
        local begin=${EPOCHREALTIME/[.,]/} end first
        first=$("$@" 2>"$work/said") || { cat "$work/said" >&2; die "failed: $*"; }
        end=${EPOCHREALTIME/[.,]/}
        first=${first//[^0-9]/}
        record first $((first / 1000 - begin))
        record return $((end - begin))
}

# record_took ROW COMMAND…
record_took() {
        took "${@:2}"
        record "$1" "$elapsed"
}

# ten COMMAND…: with the names of ten at once.
ten() {
        local i job
        local -a jobs=()
        for i in {1..10}; do
                "$@" "bench-$i" &
                jobs+=($!)
        done
        for job in "${jobs[@]}"; do
                wait "$job" || return
        done
}

# unit UNIT: a service that both have in a file is started, restarted and stopped.
unit() {
        record_took unit-start systemctl start "$1"
        settle_starts
        record_took unit-restart systemctl restart "$1"
        settle_starts
        record_took unit-stop systemctl stop "$1"
}

# --- podctl

set_up_podctl() {
        fetch_image
        quietly podctl create --replace bench "$APP_IMAGE" --exec=/app -- wait
}

end_podctl() {
        podctl delete --force bench
        podctl stop --force bench-pod bench-{1..10}
        podctl gc --grace-period=0
        podctl image rm "$APP_IMAGE"
} >/dev/null 2>&1

do_run_podctl() { first_and_return podctl run "$@" "$APP_IMAGE" --exec=/app; }

podctl_stays() { podctl run --detach --name="$1" "$APP_IMAGE" --exec=/app -- wait; }

do_detach_podctl() {
        record_took detach podctl_stays bench-1
        settle_starts
        record_took stop podctl stop bench-1
}

# podctl_pod N [ARGUMENT]: one of so many apps. With an argument they stay, and the command returns.
podctl_pod() {
        local i
        local -a apps=()
        for ((i = 1; i <= $1; i++)); do
                apps+=("$APP_IMAGE" "--name=app-$i" --exec=/app ${2:+-- "$2" ---})
        done
        podctl run --name=bench-pod ${2:+--detach} "${apps[@]}"
}

podctl_pod_to_removed() {
        podctl_pod "$1" &&
                podctl rm bench-pod
}

do_pod_podctl() { for_pod_sizes podctl_pod_to_removed; }

do_unit_podctl() { unit pod@bench.service; }

do_ten_podctl() {
        record_took ten ten podctl_stays
        podctl_away
}

podctl_units() { systemctl list-units --plain --no-legend 'podctl-bench*.service' | cut -d' ' -f1; }

podctl_processes() {
        local unit
        for unit in $(podctl_units); do
                find "/sys/fs/cgroup$(systemctl show -P ControlGroup "$unit")" -name cgroup.procs -exec cat {} +
        done
}

podctl_away() {
        # shellcheck disable=SC2046  # words
        quietly podctl stop $(podctl_units | sed 's/^podctl-//; s/\.service$//')
        quietly podctl gc --grace-period=0
}

do_memory_podctl() { record_memory podctl; }

# --- podman

set_up_podman_life() {
        # A Quadlet, which podman has from 4.4 on.
        [[ -e /usr/lib/systemd/system-generators/podman-system-generator ]] || return 0
        mkdir -p /etc/containers/systemd
        printf '[Container]\nImage=localhost/%s\nExec=/app wait\n' "$APP_IMAGE" \
                >/etc/containers/systemd/podctl-bench.container
        systemctl daemon-reload
}

end_podman() {
        systemctl stop podctl-bench.service
        rm -f /etc/containers/systemd/podctl-bench.container
        systemctl daemon-reload
        podman pod rm --force bench-pod
        podman rm --force --time 0 bench-{1..10}
} >/dev/null 2>&1

do_run_podman() { first_and_return podman run --rm "$@" "localhost/$APP_IMAGE" /app; }

podman_stays() { podman run --detach --name="$1" "localhost/$APP_IMAGE" /app wait; }

do_detach_podman() {
        record_took detach podman_stays bench-1
        settle_starts
        record_took stop podman stop bench-1
        quietly podman rm bench-1
}

# podman_pod N [ARGUMENT]: one of so many containers.
podman_pod() {
        local i
        podman pod create --name=bench-pod || return
        for ((i = 1; i <= $1; i++)); do
                podman run --detach --pod=bench-pod --name="bench-$i" "localhost/$APP_IMAGE" /app "${@:2}" ||
                        return
        done
}

podman_pod_to_removed() {
        local -a names
        mapfile -t names < <(seq -f 'bench-%g' "$1")
        podman_pod "$1" &&
                podman wait "${names[@]}" &&
                podman pod rm --force bench-pod
}

do_pod_podman() { for_pod_sizes podman_pod_to_removed; }

do_unit_podman() { unit podctl-bench.service; }

do_ten_podman() {
        record_took ten ten podman_stays
        podman_away
}

# Monitors of containers, and what they have started.
podman_processes() {
        local monitor
        for monitor in $(podman ps --quiet | xargs -r podman inspect --format '{{.State.ConmonPid}}'); do
                echo "$monitor"
                pgrep -P "$monitor"
        done
}

podman_away() {
        quietly podman stop --ignore bench-{1..10}
        quietly podman rm --ignore bench-{1..10}
        quietly podman pod rm --force --ignore bench-pod
}

do_memory_podman() { record_memory podman; }

# --- The floors: what podctl and podman start, alone

do_run_nspawn() {
        first_and_return systemd-nspawn --quiet --as-pid2 --private-network --console=pipe "$@" -D "$work/root" /app
}

# crun's own configuration of a container, without a terminal, and without limits that a host may not raise.
set_up_crun() {
        mkdir -p "$work/bundle"
        (cd "$work/bundle" && crun spec)
        jq --arg root "$work/root" \
                'del(.process.rlimits) | .process.terminal = false | .process.args = ["/app"] | .root.path = $root' \
                "$work/bundle/config.json" >"$work/bundle/new"
        mv "$work/bundle/new" "$work/bundle/config.json"
}

run_crun() { crun run --bundle="$work/bundle" bench-crun; }

do_run_crun() { first_and_return run_crun; }
