#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A host whose bus is dbus-broker, with dbus-daemon beside it and without.
#
#   dbus-broker.sh HOST      HOST as `tools/host list` has it, with podctl installed
#
# Prints TAP, for tools/test. The host is as it was afterwards.

set -euo pipefail
host=${1:?HOST is missing}
tool=$(dirname "$0")/../../../tools/host
subject=$host about=dbus-broker
. "$(dirname "$0")/../lib-outside.sh"

give_back() {
        on_host '
                [[ ! -e /usr/bin/dbus-daemon.away ]] || mv /usr/bin/dbus-daemon.away /usr/bin/dbus-daemon
                systemctl disable --quiet dbus-broker.service
                sync'
        "$tool" restart "$host"
}

# restart: into a host with a bus. Without one there is nothing to see.
restart() {
        "$tool" restart "$host"
        on_host 'busctl status org.freedesktop.DBus >/dev/null' || { echo 'Bail out! the host has no bus'; exit 1; }
}

# passes PATTERN: the tests on the host that it matches.
passes() {
        echo "output=\$(/usr/src/podctl/tests/integration/run --filter '$1') ||
                { grep -v '^ok' <<<\"\$output\"; false; }"
}

# The host's own; and that of a pod, which has to be there before anybody can ask.
bus_is='test "$(cat "/proc/$(systemctl show -P MainPID dbus.service)/comm")" = dbus-broker-lau'
bus_of_pod() {
        echo "
                podctl --insecure-options=image fetch /var/lib/podctl-test-images/busybox.oci >/dev/null
                podctl run --detach --name=asked busybox --exec=/bin/sleep -- 1000 >/dev/null
                trap 'podctl stop asked; podctl gc --grace-period=0' EXIT
                systemctl -M asked is-active pod.target
                test \"\$(systemctl -M asked show -P Id dbus.service)\" = $1.service"
}

echo 1..9
on_host 'systemctl enable --quiet dbus-broker.service; sync'
trap give_back EXIT
restart
check it_is_the_bus "$bus_is"
check pods_have_what_there_is "$(bus_of_pod dbus-daemon)"

on_host 'mv /usr/bin/dbus-daemon /usr/bin/dbus-daemon.away; sync'
restart
check it_is_the_only_bus "$bus_is"
check pods_have_it_too "$(bus_of_pod dbus-broker)"
check commands_in_apps "$(passes services/exec)"
check shells_in_apps "$(passes lifecycle/enter)"
check tools_of_systemd "$(passes tools/)"
check units "$(passes units/re)"
check nothing_failed 'nothing systemctl --failed --no-legend --plain'
((failures == 0))
