#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The host's systemd is upgraded under running pods, by the packages: from trixie's version to sid's, and from one point
# release to the next of bookworm's, whose security archive keeps an older one. On a host of its own, since there is no
# way back.
#
#   upgrade.sh HOST        HOST as `tools/host list` has it, with podctl installed
#
# Nothing for a host of sid, after which nothing comes. Prints TAP, for tools/test.

set -euo pipefail
host=${1:?HOST is missing}
tools=$(cd "$(dirname "$0")/../../../tools" && pwd)
tool=$tools/host
. "$tools/lib/common.sh"
. "$tools/lib/apt.sh"

suite=$(cat "/run/podctl-hosts/$host/suite")
case $suite in
bookworm)
        to=bookworm
        if ! apt_mirror bookworm-security >/dev/null 2>&1; then
                printf '1..1\nok 1 - upgrade/bookworm # SKIP apt has no bookworm-security on this machine\n'
                exit
        fi
        ;;
trixie) to=sid ;;
*) exit 0 ;;
esac
packages=(systemd systemd-sysv systemd-container libpam-systemd libnss-mymachines libsystemd0 libsystemd-shared
        libsystemd-dev libudev1)
upgraded=$host-upgrade
subject=$upgraded about=upgrade
. "$(dirname "$0")/../lib-outside.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"; "$tool" stop "$upgraded" >/dev/null 2>&1' EXIT

# What was built on the one serves the other, which is of the same suite.
prepare_host() {
        "$tool" boot "$suite" "$upgraded"
        "$tool" exec "$host" tar -C / -c usr/src/podctl var/tmp/podctl-build | "$tool" exec "$upgraded" tar -C / -x
        "$tool" exec "$upgraded" /usr/src/podctl/tools/hosts/install
}

# change_to SUITE: the packages as they are there.
change_to() {
        on_host 'cat /var/lib/dpkg/status' >"$work/status"
        rm -rf "$work/packages"
        download_upgrade "$1" "$work/status" "$work/packages" "${packages[@]}"
        tar -C "$work/packages" -c . |
                on_host 'rm -rf /var/tmp/packages; mkdir /var/tmp/packages && tar -C /var/tmp/packages -x'
        on_host 'DEBIAN_FRONTEND=noninteractive \
                apt-get -q -q --yes --allow-downgrades -o Dpkg::Options::=--force-confold \
                        install /var/tmp/packages/*.deb </dev/null'
}

echo 1..8
{
        prepare_host
        [[ $suite != bookworm ]] || change_to bookworm-security
        on_host '
                images=/var/lib/podctl-test-images
                podctl --insecure-options=image fetch $images/busybox.oci $images/httpd.oci
                podctl run --detach --name=web --port=8080-tcp:8080 httpd --name=web \
                        busybox --name=again --restart=always --exec=/bin/sleep -- 100000
                podctl create file busybox --name=app --exec=/bin/sleep -- 100000
                systemctl start pod@file
                podctl run --detach --name=ids --private-users=no --net=none \
                        busybox --name=app --exec=/bin/sleep -- 100000
                podctl status web | grep ^pid= >/var/tmp/pid
                systemctl --version | head -n 1 >/var/tmp/version'
        change_to "$to"
} >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; echo 'not ok 1 - upgrade/prepare'; exit 1; }

check systemd_is_another '
        version=$(systemctl --version | head -n 1)
        test "$version" != "$(cat /var/tmp/version)"
        systemctl is-system-running | grep -E "running|degraded"'
check pods_run_on '
        test "$(podctl list --all --format=json | jq -r ".[].state" | sort -u)" = running
        test "$(podctl status web | grep ^pid=)" = "$(cat /var/tmp/pid)"
        test "$(machinectl list --no-legend | wc -l)" = 3
        curl -sf http://127.0.0.1:8080/'
# The service does it, by itself; it may have to be tried again. The bound is only against hanging.
check pid_1_becomes_the_new_one '
        for pod in web file ids; do
                for ((i = 0; i < 1200; i++)); do
                        exe=$(readlink "/proc/$(machinectl show --property=Leader --value $pod)/exe")
                        [[ $exe == *deleted* ]] || break
                        sleep 0.1
                done
                test "$exe" = /usr/lib/systemd/systemd
                systemctl -M $pod --wait is-system-running || true
        done'
check exec_and_enter_work '
        test "$(podctl exec --app=again web echo hello)" = hello
        test "$(podctl enter --app=web web echo hello)" = hello
        test "$(podctl exec file echo hello)" = hello
        test "$(podctl exec ids echo hello)" = hello'
check apps_are_restarted '
        test "$(systemctl -M web is-active web.service again.service | sort -u)" = active
        before=$(systemctl -M web show -P MainPID again.service)
        podctl enter --app=again web sh -c "kill -9 \$(pidof sleep)" || true
        for ((i = 0; i < 300; i++)); do
                after=$(systemctl -M web show -P MainPID again.service)
                [[ $after == "$before" || $after == 0 ]] || break
                sleep 0.1
        done
        test "$after" != "$before" && test "$after" != 0'
check new_pods_start '
        test "$(podctl run busybox --exec=/bin/echo -- new)" = new'
check pods_stop_with_their_status '
        podctl stop web
        systemctl stop pod@file
        machinectl terminate ids
        podctl status --wait ids >/dev/null
        podctl status web | grep ^app-web=
        podctl status file | grep ^app-app='
check nothing_is_left '
        podctl gc --grace-period=0
        nothing podctl list --all --no-legend
        soon nothing machinectl list --no-legend
        ! ip -o link | grep pod- || exit 1'
((failures == 0))
