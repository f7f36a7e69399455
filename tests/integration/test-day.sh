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

test_delete_leaves_nothing() {
        kept over --net=none -p MemoryMax=300M busybox --exec=/bin/sleep -- 1000
        systemctl enable --quiet --now pod@over
        refused_command "Pod 'over' is running; stop it first, or use --force" delete over
        [[ -e $PODS_D/over.json && -e /etc/systemd/system/pod@over.service.d/50-podctl.conf ]]
        assert_eq "$(systemctl is-enabled pod@over)" enabled
        assert_eq "$(podctl delete --force over)" "$PODS_D/over.json"
        assert_eq "$(systemctl show -P ActiveState pod@over)" inactive
        [[ ! -e $PODS_D/over.json && ! -e /etc/systemd/system/pod@over.service.d ]]
        [[ -z $(find /etc/systemd/system -name 'pod@over*') ]]
        assert_eq "$(systemctl show -P MemoryMax pod@over)" infinity
        assert_eq "$(systemctl show -P NeedDaemonReload pod@over)" no
        assert_eq "$(state_of over)" exited
        refused_command "There is no file $PODS_D/over.json; 'podctl rm'" delete over
}

test_delete_leaves_what_others_wrote() {
        local directory=/etc/systemd/system/pod@partly.service.d
        kept partly --net=none -p MemoryMax=300M busybox
        printf '[Service]\nCPUWeight=50\n' >$directory/mine.conf
        kept vendors --net=none -p MemoryMax=300M busybox
        # Since changed by hand.
        printf '[Service]\nCPUWeight=50\n' >/etc/systemd/system/pod@vendors.service.d/50-podctl.conf
        mkdir -p /usr/lib/podctl/pods.d
        defer rm -f /usr/lib/podctl/pods.d/vendors.json
        cp "$PODS_D/vendors.json" /usr/lib/podctl/pods.d/
        podctl delete partly vendors >out 2>err
        assert_eq "$(cat out)" "$PODS_D/partly.json
$PODS_D/vendors.json"
        grep -q "$directory/mine.conf stays" err
        grep -q "/pod@vendors.service.d/50-podctl.conf stays" err
        grep -q "Pod 'vendors' is now that of /usr/lib/podctl/pods.d/vendors.json" err
        [[ ! -e $directory/50-podctl.conf && -e $directory/mine.conf ]]
        refused_command "/usr/lib/podctl/pods.d/vendors.json stays, since" delete vendors
        [[ -e /usr/lib/podctl/pods.d/vendors.json ]]
        refused_command "cannot be the name of a pod" delete ../x
}
