#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A week of a server in some minutes: twenty pods of pods.d, which are asked for a page all the time, go through good
# and bad images, a registry that is away, a full disk, an upgrade of podctl, a reboot and a power cut. Says how many
# did not answer, and for how long.
#
#   week.sh HOST        HOST as `tools/host list` has it, with podctl installed
#
# Only on trixie, so that it costs one suite the time. Prints TAP, for tools/test.

set -euo pipefail
host=${1:?HOST is missing}
tool=$(dirname "$0")/../../../tools/host
subject=$host about=week
. "$(dirname "$0")/../lib-outside.sh"

[[ $(cat "/run/podctl-hosts/$host/suite") == trixie ]] || exit 0
echo 1..9

# What the checks share, on the host.
on_host 'mkdir -p /var/tmp/week && cat >/var/tmp/week/lib' <<'LIB'
cd /var/tmp/week
PODS=20
images=/var/lib/podctl-test-images

# day NAME: what the failures are counted under from now on.
day() { echo "$1" >day.new && mv day.new day; }

# release VERSION COMMAND: pushes an image whose program is that.
release() {
        rm -rf release.oci
        skopeo copy --quiet "oci:$images/busybox.oci:latest" oci:release.oci:latest
        umoci config --image release.oci:latest --clear config.cmd --config.cmd /bin/sh --config.cmd -c \
                --config.cmd "$2"
        skopeo copy --quiet --dest-tls-verify=false oci:release.oci:latest docker://127.0.0.1:5000/week
}

serving() { echo "mkdir -p /www && echo $1 >/www/index.html && exec /bin/httpd -f -p 80 -h /www"; }

# all_serve VERSION: each pod, in the end.
all_serve() {
        local i tries=0
        for ((i = 1; i <= PODS; i++)); do
                until [[ $(curl --silent --max-time 2 http://127.0.0.1:$((9000 + i))/) == "$1" ]]; do
                        ((tries++ < 300)) || { echo "pod w$i does not serve $1"; return 1; }
                        sleep 0.2
                done
        done
}

update() { podctl --insecure-options=image update --watch=1s "$@"; }

# refused DAY: how many pods refused to answer that day.
refused() { python3 count "$1" | tee /dev/stderr | sed -n 's/^.* \([0-9]*\) pods.*/\1/p'; }
LIB

on_host 'cat >/var/tmp/week/probe' <<'PROBE'
# Asks each pod in turn, and writes down who was not answered: DAY PORT TIME. A slow answer is an answer.
import socket, sys, time
pods = range(9001, 9001 + int(sys.argv[1]))
while True:
    day = open("day").read().strip()
    for port in pods:
        try:
            with socket.create_connection(("127.0.0.1", port), 60) as s:
                s.settimeout(60)
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answered = b"200 OK" in s.recv(4096)
        except OSError:
            answered = False
        with open("answers", "a") as f:
            print(day, port, "%.3f" % time.time(), int(answered), file=f)
    time.sleep(0.2)
PROBE

# How long: from a pod's last answer before to the first one after it.
on_host 'cat >/var/tmp/week/count' <<'COUNT'
import sys
down, last, failing = {}, {}, {}
for line in open("answers"):
    day, port, t, answered = line.split()
    if answered == "1":
        if failing.pop(port, None) == sys.argv[1]:
            down.setdefault(port, []).append(float(t) - last.get(port, float(t)))
        last[port] = float(t)
    else:
        failing.setdefault(port, day)
for port, day in failing.items():
    if day == sys.argv[1]:
        down.setdefault(port, []).append(float("inf"))
times = [t for all in down.values() for t in all]
print("%s: %d pods, %.1f s at most, %.1f s in all" % (sys.argv[1], len(down), max(times, default=0), sum(times)))
COUNT

on_host 'cat >/etc/systemd/system/week-registry.service' <<'UNIT'
[Service]
ExecStart=docker-registry serve /var/tmp/week/registry.yml
[Install]
WantedBy=multi-user.target
UNIT
on_host 'cat >/etc/systemd/system/week-probe.service' <<'UNIT'
[Service]
WorkingDirectory=/var/tmp/week
ExecStart=python3 probe 20
Restart=always
[Install]
WantedBy=multi-user.target
UNIT

report() {
        local said
        said=$(on_host ". /var/tmp/week/lib; python3 count $1" 2>&1 || true)
        echo "# $said"
}

# weekday NAME SCRIPT: a check that counts.
weekday() {
        check "$1" ". /var/tmp/week/lib; day $1; $2"
        report "$1"
}

weekday twenty_pods_are_up '
        mkdir -p registry /etc/podctl/registries.d
        {
                echo "{version: 0.1, log: {level: error}, http: {addr: \"127.0.0.1:5000\"},"
                echo " storage: {filesystem: {rootdirectory: /var/tmp/week/registry}}}"
        } >registry.yml
        echo "{\"rktKind\":\"registries\",\"rktVersion\":\"v1\",\"registries\":[\"127.0.0.1:5000\"],\"http\":true}" \
                >/etc/podctl/registries.d/week.json
        systemctl daemon-reload
        systemctl enable --quiet --now week-registry
        until curl --silent --fail http://127.0.0.1:5000/v2/; do sleep 0.2; done
        release one "$(serving one)"
        for ((i = 1; i <= PODS; i++)); do
                podctl --insecure-options=image create --annotation=podctl/auto-update=restart \
                        --port=$((9000 + i)):80 -p Restart=always w$i docker://127.0.0.1:5000/week --name=app
                systemctl enable --quiet --now pod@w$i
        done
        all_serve one
        systemctl enable --quiet --now week-probe'
weekday a_good_image '
        release two "$(serving two)"
        update
        all_serve two'
# It crashes: each pod is back at the image before, and the exit status says so.
weekday a_bad_image '
        release three "exit 3"
        status=0
        update || status=$?
        test $status = 1
        all_serve two
        update
        all_serve two'
weekday the_registry_is_away '
        systemctl stop week-registry
        if update; then exit 1; fi
        test "$(refused the_registry_is_away)" = 0
        systemctl start week-registry
        until curl --silent --fail http://127.0.0.1:5000/v2/; do sleep 0.2; done
        update
        all_serve two'
weekday a_full_disk '
        release four "$(serving four)"
        fallocate -l $(($(df --output=avail -B1 /var/lib/podctl | tail -n 1) - 65536)) filler || true
        dd if=/dev/zero of=filler2 bs=4096 2>/dev/null || true
        if update; then exit 1; fi
        rm -f filler filler2
        test "$(refused a_full_disk)" = 0
        all_serve two
        update
        all_serve four'
weekday a_new_podctl '
        /usr/src/podctl/tools/hosts/install
        systemctl start podctl-upgrade.service || true
        test "$(refused a_new_podctl)" = 0
        all_serve four'
on_host '. /var/tmp/week/lib; day a_reboot; sync'
"$tool" restart "$host"
weekday a_reboot 'all_serve four'
on_host '. /var/tmp/week/lib; day a_power_cut; sync'
"$tool" kill "$host"
"$tool" restart "$host"
weekday a_power_cut 'all_serve four'
check nothing_is_left '
        . /var/tmp/week/lib
        systemctl disable --quiet --now week-probe week-registry
        for ((i = 1; i <= PODS; i++)); do podctl delete --force w$i >/dev/null; done
        podctl gc --grace-period=0
        podctl image gc --grace-period=0 >/dev/null
        nothing podctl list --all --no-legend
        soon nothing machinectl list --no-legend
        rm -rf /var/tmp/week /etc/podctl/registries.d/week.json /etc/systemd/system/week-*.service'
((failures == 0))
