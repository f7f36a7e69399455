# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What is done with pods from day to day: restarting them, removing them.

fetch busybox.oci
PODS_D=/etc/podctl/pods.d

# kept NAME [OPTION…] IMAGE…: a pod of pods.d, which goes with the test. Its own words are of no interest here.
kept() {
        defer systemctl daemon-reload
        defer rm -rf "$PODS_D/$1.json" "/etc/systemd/system/pod@$1.service.d"
        defer systemctl disable --quiet --now "pod@$1"
        podctl create "$@" >/dev/null 2>&1
}

uuid_now() {
        podctl status "$1" --format=json | jq -r .name
}

test_restart_of_a_kept_pod() {
        kept again --net=none busybox --exec=/bin/sleep -- 1000
        printf '[Unit]\nBindsTo=pod@again.service\nAfter=pod@again.service\n[Service]\nExecStart=/bin/sleep 1000\n' \
                >/run/systemd/system/needs-again.service
        defer systemctl daemon-reload
        defer rm /run/systemd/system/needs-again.service
        defer systemctl stop needs-again
        systemctl daemon-reload
        # One that never ran is started.
        local first second
        first=$(podctl restart again)
        assert_eq "$first" "\"$(uuid_now again)\""
        systemctl start needs-again
        second=$(podctl restart again)
        [[ $first != "$second" ]]
        assert_eq "$second" "\"$(uuid_now again)\""
        assert_eq "$(state_of again)" running
        wait_until systemctl is-active needs-again
        # By the UUID, and after its end.
        podctl stop again >/dev/null
        podctl restart "$(tr -d \" <<<"$second")" >/dev/null
        assert_eq "$(state_of again)" running
}

test_restart_in_a_unit_of_ones_own() {
        printf '[Service]\nType=notify\nNotifyAccess=all\nDelegate=yes\nKillMode=mixed\nExecStart=%s\n' \
                '/usr/bin/podctl run --net=none --name=own-unit busybox --exec=/bin/sleep -- 1000' \
                >/run/systemd/system/podctl-own-unit.service
        defer systemctl daemon-reload
        defer rm /run/systemd/system/podctl-own-unit.service
        defer systemctl stop podctl-own-unit
        systemctl daemon-reload
        systemctl start podctl-own-unit
        local before
        before=$(uuid_now own-unit)
        podctl restart own-unit
        [[ $(uuid_now own-unit) != "$before" ]]
}

test_restart_that_cannot_be() {
        pod once --net=none busybox --exec=/bin/sleep -- 1000
        refused_command "Pod 'once' was started by 'podctl run' and cannot be restarted; 'podctl create'" restart once
        assert_eq "$(state_of once)" running
        podctl stop once >/dev/null
        refused_command "Pod 'once' was started by 'podctl run'" restart once
        refused_command "Pod 'nobody': no matches found" restart nobody
        local prepared
        prepared=$(podctl prepare --quiet --name=later busybox)
        defer podctl rm "$prepared"
        refused_command "is not running, but prepared" restart "$prepared"
}

test_restart_says_why_not() {
        kept why --net=none busybox --exec=/bin/sleep -- 1000
        kept well --net=none busybox --exec=/bin/sleep -- 1000
        systemctl start pod@why
        # Since then its image is gone.
        jq '.apps[0].image = {name: "gone.example/away"}' "$PODS_D/why.json" >changed.json
        cp changed.json "$PODS_D/why.json"
        assert_fails 254 podctl restart why well
        assert_contains "$output" gone.example/away
        assert_eq "$(state_of well)" running
        mkdir -p /etc/systemd/system/pod@well.service.d
        printf '[Service]\nExecStartPre=/bin/false\n' >/etc/systemd/system/pod@well.service.d/false.conf
        systemctl daemon-reload
        assert_fails 254 podctl restart well
        assert_contains "$output" "Pod 'well' did not run: unit pod@well.service ended with 'exit-code'"
        systemctl reset-failed pod@why pod@well
}
