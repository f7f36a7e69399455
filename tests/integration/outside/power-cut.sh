#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a power cut leaves: seen from outside the host, which is killed and restarted.
#
#   power-cut.sh HOST        HOST as `tools/host list` has it, with podctl installed
#
# Prints TAP, for tools/test.

set -euo pipefail
host=${1:?HOST is missing}
tool=$(dirname "$0")/../../../tools/host
images=/var/lib/podctl-test-images
subject=$host about=power-cut
. "$(dirname "$0")/../lib-outside.sh"

echo 1..10

# Settled things are on the disk; the image of the second fetch and the pods are of the last moment.
on_host "
        podctl --insecure-options=image fetch $images/busybox.oci
        mkdir -p /etc/podctl/pods.d
        echo '{\"acVersion\": \"0.8.11\", \"acKind\": \"PodManifest\",
                \"apps\": [{\"name\": \"app\", \"image\": {\"name\": \"busybox\"},
                \"app\": {\"exec\": [\"/bin/sleep\", \"1000\"], \"user\": \"0\", \"group\": \"0\"}}]}' \
                >/etc/podctl/pods.d/enabled.json
        systemctl enable pod@enabled.service
        podctl run --name=written busybox --name=app --exec=/bin/sh -- -c 'echo kept >/kept'
        sync
        podctl prepare --name=later busybox --name=app --exec=/bin/echo -- later >/dev/null
        systemctl start pod@enabled.service
        podctl run --name=over busybox --exec=/bin/echo -- said
        sync
        podctl run --detach --name=cut busybox --exec=/bin/sleep -- 1000
        podctl app sandbox --name=mutable --net=none
        podctl app add mutable busybox --name=first --exec=/bin/sleep -- 1000
        podctl app add mutable busybox --name=second --exec=/bin/true
        podctl app start mutable --app=first
        podctl app rm mutable --app=second
        podctl --insecure-options=image fetch $images/httpd.oci
" >/dev/null
"$tool" kill "$host"
"$tool" restart "$host"

check pods_are_not_taken_for_running '
        ! podctl status cut | grep state=running || exit 1
        podctl list --all'
# Its last change may be lost, but not what it was before that.
check mutable_pod_is_listed '
        podctl list --all | grep mutable
        podctl app list mutable | grep first
        podctl status mutable | grep state=exited'
check logs_are_still_there '
        test "$(podctl logs --output=cat over)" = said'
check enabled_pod_comes_back '
        systemctl is-active pod@enabled.service
        podctl status enabled | grep state=running'
# Prepared is on the disk.
check prepared_pod_can_be_run '
        podctl status later | grep -x state=prepared
        test "$(podctl run-prepared later)" = later'
check exited_pod_can_be_exported '
        podctl export written /tmp/written.aci
        test "$(tar -xzOf /tmp/written.aci rootfs/kept)" = kept
        rm /tmp/written.aci'
check collection_leaves_nothing '
        systemctl disable --now pod@enabled.service
        podctl gc --grace-period=0
        nothing podctl list --all --no-legend
        nothing find /var/lib/podctl/pods -mindepth 2 -maxdepth 2
        nothing find /var/log/journal -maxdepth 1 -type l
        # machined hears of it after the unit has stopped.
        soon nothing machinectl list --no-legend'
check the_same_name_starts_again '
        test "$(podctl run --name=cut busybox --exec=/bin/echo -- fine)" = fine'
check last_image_is_whole_or_not_there "
        if podctl image list --no-legend | grep -q httpd; then
                test \"\$(podctl run httpd --exec=/bin/cat -- /www/index.html)\" = '<p>hello from busybox</p>'
        fi
        podctl --insecure-options=image fetch $images/httpd.oci
        test \"\$(podctl run httpd --exec=/bin/cat -- /www/index.html)\" = '<p>hello from busybox</p>'
        test -z \"\$(ls -A /var/lib/podctl/images/tmp)\""
check nothing_failed '
        rm /etc/podctl/pods.d/enabled.json
        podctl gc --grace-period=0
        nothing systemctl --failed --no-legend --plain'
((failures == 0))
