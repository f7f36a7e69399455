# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# The tools every systemd host has know a pod as what it is, with nothing of podctl's in between.

fetch busybox.oci httpd.oci

serving_pod() {
        pod serving httpd --name=web \
                busybox --name=talker --exec=/bin/sh -- -c 'echo hello from talker; exec sleep 1000'
}

has_entries() {
        journalctl --no-pager --quiet "$@" | grep -q .
}

test_machinectl_list() {
        serving_pod
        assert_eq "$(machinectl list --no-legend --no-pager | awk '{ print $1, $2, $3 }')" 'serving container podctl'
        assert_eq "$(machinectl show --property=Class --value serving)" container
        assert_eq "$(machinectl show --property=Service --value serving)" podctl
        assert_eq "$(machinectl show --property=Unit --value serving)" podctl-serving.service
        local uuid
        uuid=$(podctl status --format=json serving | jq -r .name)
        assert_eq "$(machinectl show --property=Id --value serving)" "${uuid//-/}"
}

test_machinectl_status() {
        serving_pod
        wait_until has_line '/bin/httpd -f -p 8080' machinectl status --no-pager serving
        machinectl status --no-pager serving >status
        assert_contains "$(cat status)" 'podctl; class container'
        assert_contains "$(cat status)" podctl-serving.service
}

# dbus-daemon lets root have 256 connections: they would be the limit for pods.
test_no_connection_to_the_bus() {
        serving_pod
        assert_eq "$(busctl list --unique --no-legend | grep nspawn)" ''
        podctl stop serving >/dev/null
        assert_eq "$(machinectl list --no-legend --no-pager)" ''
}

test_systemctl_status_shows_the_tree() {
        serving_pod
        wait_until has_line '/bin/httpd -f -p 8080' systemctl status --no-pager --full podctl-serving.service
        systemctl status --no-pager --full podctl-serving.service >status
        assert_contains "$(cat status)" 'Active: active (running)'
        assert_contains "$(cat status)" '(systemd-nspawn)'
        assert_contains "$(cat status)" web.service
        assert_contains "$(cat status)" talker.service
}

test_machinectl_poweroff() {
        serving_pod
        machinectl poweroff serving
        wait_until gone serving
        assert_contains "$(podctl status serving)" state=exited
        systemctl reset-failed podctl-serving.service 2>/dev/null || true
}

test_machinectl_terminate() {
        serving_pod
        machinectl terminate serving
        wait_until gone serving
        assert_contains "$(podctl status serving)" state=exited
}

# Without waiting for anything that never comes: the bound is the one the pods promise, with room.
test_systemctl_stop() {
        local begin
        serving_pod
        begin=${EPOCHREALTIME/./}
        systemctl stop podctl-serving.service
        echo "took $(((${EPOCHREALTIME/./} - begin) / 1000)) ms" >&2
        gone serving
        ! systemctl is-failed podctl-serving.service || fail 'it failed'
        assert_contains "$(podctl status serving)" state=exited
}

test_machinectl_shell() {
        serving_pod
        machinectl --quiet shell serving /bin/true </dev/null
        assert_contains "$(machinectl --quiet shell serving /bin/hostname </dev/null)" serving
        # machinectl shell has no exit status of its own to give; this way it comes through.
        systemd-run --machine=serving --quiet --wait --collect /bin/true
        assert_fails 9 systemd-run --machine=serving --quiet --wait --collect --pipe /bin/sh -c 'exit 9'
        assert_eq "$(systemd-run --machine=serving --quiet --wait --collect --pipe /bin/cat /etc/machine-id)" \
                "$(podctl status --format=json serving | jq -r .name | tr -d -)"
}

test_machinectl_copies_files() {
        serving_pod
        echo 'to and fro' >there
        machinectl copy-to serving "$PWD/there" /opt/stage2/talker/rootfs/tmp/here
        assert_eq "$(podctl enter --app=talker serving cat /tmp/here)" 'to and fro'
        assert_eq "$(podctl enter --app=talker serving stat -c %u /tmp/here)" 0
        machinectl copy-from serving /opt/stage2/talker/rootfs/tmp/here "$PWD/back"
        cmp there back
}

test_systemctl_of_the_machine() {
        serving_pod
        assert_contains "$(systemctl -M serving list-units --no-pager --plain --no-legend)" web.service
        assert_contains "$(systemctl -M serving status --no-pager web.service)" 'active (running)'
        assert_eq "$(systemctl -M serving is-system-running)" running
        assert_eq "$(systemctl -M serving --failed --no-legend --plain)" ''
        assert_eq "$(systemctl -M serving show --property=ActiveState --value talker.service)" active
}

# Restarting one app is a thing between the pod's systemd and who may talk to it.
test_systemctl_restarts_an_app() {
        local before
        serving_pod
        before=$(app_pid serving web)
        systemctl -M serving kill --signal=KILL --kill-whom=main nosuch.service 2>/dev/null || true
        systemctl -M serving restart web.service
        [[ $(app_pid serving web) != "$before" ]]
        assert_contains "$(podctl status serving)" state=running
}

test_journal_of_the_machine() {
        serving_pod
        wait_until has_entries -M serving -u talker
        assert_contains "$(journalctl --no-pager -M serving -u talker)" 'hello from talker'
        assert_eq "$(journalctl --no-pager -M serving -u talker -t talker -o cat)" 'hello from talker'
}

test_journal_after_the_end() {
        local uuid
        serving_pod
        uuid=$(podctl status --format=json serving | jq -r .name | tr -d -)
        podctl stop serving
        wait_until gone serving
        assert_contains "$(journalctl --no-pager -D "/var/log/journal/$uuid" -u talker)" 'hello from talker'
        assert_contains "$(journalctl --no-pager -m "_MACHINE_ID=$uuid" -u talker)" 'hello from talker'
        podctl rm serving
        assert_fails '*' ls "/var/log/journal/$uuid"
}

# The host's own journal has when the unit came and went, and nothing of the apps.
test_journal_of_the_host() {
        podctl run --name=quiet --log=pod busybox --exec=/bin/echo -- only-for-the-pod >/dev/null
        wait_until has_entries -u podctl-quiet.service
        assert_not_contains "$(journalctl --no-pager -o cat -u podctl-quiet.service)" only-for-the-pod
}

test_loginctl_and_others_see_no_users() {
        serving_pod
        assert_eq "$(loginctl list-sessions --no-legend | wc -l)" 0
        assert_contains "$(systemd-cgls --no-pager --unit podctl-serving.service)" httpd
}
