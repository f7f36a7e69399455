# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Many pods with networks: each has an address of its own, and nothing is left of any of them.
# On any systemd, the same.

PODS=${PODCTL_TEST_PODS:-200}
AT_ONCE=4

fetch busybox.oci

# Counted, not named: links, leases, claims, rules and namespaces.
counts() {
        echo "links $(ip -o link | wc -l)"
        echo "routes $(($(ip route show table all | wc -l) + $(ip -6 route show table all | wc -l)))"
        echo "addresses $(ip -o addr | wc -l)"
        echo "rules $(nft list ruleset | wc -l)"
        echo "files $(find /run/podctl/network -type f ! -name lock ! -name subnet ! -name hosts | wc -l)"
        echo "names $(cat /run/podctl/network/networks/*/hosts 2>/dev/null | grep -vc localhost)"
        echo "namespaces $(lsns --noheadings --type net --output NS | wc -l)"
}

are_as_before() {
        [[ $(counts) == "$1" ]]
}

# in_parallel FUNCTION: with each number up to PODS, some at a time.
in_parallel() {
        local lane n
        for ((lane = 0; lane < AT_ONCE; lane++)); do
                for ((n = lane; n < PODS; n += AT_ONCE)); do
                        "$1" "$n"
                done &
        done
        wait_for_jobs
}

# A pod takes four of these, of which the kernel gives root 128; sysctl.d/podctl.conf is for that. It
# stays so: other test hosts on the same kernel may be counting on it.
enough_inotify() {
        local limit=/proc/sys/fs/inotify/max_user_instances was
        was=$(cat $limit)
        ((was < PODS * 6)) || return 0
        echo 65536 >$limit 2>/dev/null || skip "only $was inotify instances"
}

start() {
        podctl run --detach --name="scale-$1" "${options[@]}" busybox --exec=/bin/sleep -- 1000 >/dev/null
}

stop() {
        podctl stop --force "scale-$1" >/dev/null
}

kill_or_stop() {
        if ((${1} % 4 == 0)); then
                kill -9 "$(systemctl show --property=MainPID --value "podctl-scale-$1.service")"
        else
                stop "$1"
        fi
}

all_gone() {
        ! machinectl list --no-legend --no-pager | grep scale-
}

stop_all() {
        machinectl list --no-legend --no-pager | grep -o '^scale-[0-9]*' | xargs -r podctl stop --force >/dev/null
}

# Nothing is ever the same for two, however many start at once, and all of them answer.
test_addresses_and_leaks() {
        local before options=()
        enough_inotify
        ended_pods_first
        before=$(counts)
        defer stop_all
        in_parallel start
        podctl list --all --format=json | jq -r '.[] | select(.state == "running").networks[].ip' >addresses
        assert_eq "$(wc -l <addresses)" "$PODS"
        assert_eq "$(sort -u addresses | wc -l)" "$PODS"
        podctl list --all --format=json | jq -r '.[] | select(.state == "running").networks[].ip6' | sort -u >addresses6
        assert_eq "$(wc -l <addresses6)" "$PODS"
        xargs -P 8 -n 1 ping -c 1 -W 5 -q <addresses >/dev/null
        # Of each family a line for the pod, and one for its app.
        assert_eq "$(grep -c scale- /run/podctl/network/networks/default/hosts)" $((4 * PODS))
        in_parallel kill_or_stop
        WAIT_SECONDS=120 wait_until all_gone
        WAIT_SECONDS=120 wait_until are_as_before "$before"
}

# One of each: counts of what a host never had a pod on may differ by what stays on purpose.
ended_pods_first() {
        podctl run busybox --exec=/bin/true
        cleared
        wait_until networks_are_gone
}

# The table goes some moments after the last pod.
networks_are_gone() {
        ! ip -o link | grep -q pod- && ! nft list tables | grep -qx 'table inet podctl'
}
