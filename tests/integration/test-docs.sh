# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the manual pages show, and what the shells complete.
# On any systemd, the same.

ROOT=$HERE/../..

fetch_as() {
        podctl --insecure-options=image fetch --name="$1" "$IMAGES/$2" >/dev/null
}

# completions LINE, whose words have no '=' or ':'
completions() {
        local answers
        answers=$(bash -c '
                . "$1/shell-completion/bash/podctl"
                compopt() { :; }
                COMP_LINE=$2 COMP_POINT=${#2}
                read -ra COMP_WORDS <<<"$2"
                [[ $2 != *" " ]] || COMP_WORDS+=("")
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _podctl
                printf "%s\n" "${COMPREPLY[@]}"' - "$ROOT" "$1" | sort)
        echo "${answers//$'\n'/ }"
}

test_completes_live_names() {
        local verb
        fetch_as complete-image busybox-oci.tar
        podctl run --detach --name=complete-pod complete-image --exec=/bin/sleep -- 1000 >/dev/null
        defer podctl stop complete-pod
        assert_eq "$(completions 'podctl stop complete')" complete-pod
        assert_eq "$(completions 'podctl image rm complete')" complete-image:latest
        assert_contains "$(completions 'podctl run ')" complete-image:latest
        assert_eq "$(completions 'podctl enter --app web complete')" complete-pod
        for verb in logs exec export cat-manifest status rm; do
                assert_eq "$(completions "podctl $verb complete")" complete-pod
        done
        assert_contains "$(completions 'podctl create site ')" complete-image:latest
        assert_eq "$(completions 'podctl create ')" ''
        assert_eq "$(completions 'podctl exec complete-pod ')" ''
        # Only what that verb can do something with.
        assert_eq "$(completions 'podctl run-prepared complete')" ''
        podctl prepare --name=complete-later complete-image --exec=/bin/true >/dev/null
        defer podctl rm complete-later
        assert_eq "$(completions 'podctl run-prepared complete')" complete-later
        podctl create complete-file complete-image --exec=/bin/true >/dev/null 2>&1
        defer rm -f /etc/podctl/pods.d/complete-file.json
        assert_eq "$(completions 'podctl check complete')" complete-file
}

test_gc_service_collects() {
        local uuid
        fetch_as busybox busybox-oci.tar
        podctl run --uuid-file-save=uuid busybox --exec=/bin/true
        uuid=$(cat uuid)
        mkdir -p /run/systemd/system/podctl-gc.service.d
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/podctl-gc.service.d
        systemctl start podctl-gc.service
        assert_contains "$(podctl list --all --full)" "$uuid"
        printf '[Service]\nEnvironment=GRACE_PERIOD=0\n' >/run/systemd/system/podctl-gc.service.d/grace.conf
        systemctl daemon-reload
        systemctl start podctl-gc.service
        assert_not_contains "$(podctl list --all --full)" "$uuid"
        [[ ! -L /var/log/journal/${uuid//-/} ]] || fail "the link to the journal is still there"
}

shipped_units() {
        find /lib/systemd/system/ -maxdepth 1 -name 'podctl-*' -printf '%f\n'
        echo pod@.service
}

test_units_are_valid() {
        local unit
        for unit in $(shipped_units); do
                output=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F "${unit%%.*}" || true)
                assert_eq "$output" ''
        done
}

# What a unit of ours may do to the host, by systemd's own measure, 10 being all; lower when one gets better. The pod's
# own is as open as systemd-nspawn@.service, since it makes a container with user IDs, mounts and networks of its own.
test_units_are_confined() {
        local unit most exposure
        while read -r unit most; do
                exposure=$(systemd-analyze security --no-pager "$unit" |
                        sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p')
                echo "$unit: $exposure"
                awk -v e="$exposure" -v m="$most" 'BEGIN { exit !(e != "" && e <= m) }' ||
                        fail "$unit: $exposure is more than $most"
        done <<'UNITS'
podctl-metadata.service 0.5
podctl-api.service 1.4
podctl-metrics.service 0.2
podctl-metrics-collect@x.service 1.8
podctl-image-gc.service 1.2
podctl-upgrade.service 1.4
podctl-gc.service 2.7
podctl-group@x.service 4.5
podctl-cri.service 7.2
UNITS
}

# None that a package would leave out, and none that is on without having been asked for.
test_units_are_preset() {
        local unit
        for unit in podctl-gc.timer podctl-image-gc.timer podctl-upgrade.path podctl-network.path \
                podctl-group.socket; do
                assert_contains "$(systemctl list-unit-files --no-legend --no-pager "$unit")" 'enabled'
        done
        systemctl list-unit-files --no-legend --no-pager podctl-metadata.socket podctl-metrics.socket \
                podctl-api.socket podctl-cri.socket podctl-update.timer >presets
        assert_eq "$(awk '{ print $NF }' presets | sort | uniq -c | xargs)" '5 disabled'
        systemd-sysusers --dry-run /usr/lib/sysusers.d/podctl.conf
        systemd-tmpfiles --create --dry-run /usr/lib/tmpfiles.d/podctl.conf 2>/dev/null ||
                systemd-tmpfiles --create /usr/lib/tmpfiles.d/podctl.conf
        assert_eq "$(stat -c '%a %U:%G' /run/podctl/metadata)" '2750 root:podctl-metadata'
}
