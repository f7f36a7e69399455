# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the manual pages show, and what the shells complete.

ROOT=$HERE/../..

fetch() {
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
        fetch complete-image busybox-oci.tar
        podctl run --detach --name=complete-pod complete-image --exec=/bin/sleep -- 1000 >/dev/null
        defer podctl stop complete-pod
        assert_eq "$(completions 'podctl stop complete')" complete-pod
        assert_eq "$(completions 'podctl image rm complete')" complete-image:latest
        assert_contains "$(completions 'podctl run ')" complete-image:latest
        assert_eq "$(completions 'podctl enter --app web complete')" complete-pod
}

test_gc_service_collects() {
        local uuid
        fetch busybox busybox-oci.tar
        podctl run --uuid-file-save=uuid busybox --exec=/bin/true
        uuid=$(cat uuid)
        mkdir -p /run/systemd/system/podctl-gc.service.d
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/podctl-gc.service.d
        systemctl start podctl-gc.service
        assert_contains "$(podctl list --full)" "$uuid"
        printf '[Service]\nEnvironment=GRACE_PERIOD=0\n' >/run/systemd/system/podctl-gc.service.d/grace.conf
        systemctl daemon-reload
        systemctl start podctl-gc.service
        assert_not_contains "$(podctl list --full)" "$uuid"
        [[ ! -L /var/log/journal/${uuid//-/} ]] || fail "the link to the journal is still there"
}

test_units_are_valid() {
        local unit
        for unit in pod@.service podctl-gc.service podctl-gc.timer; do
                output=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F "${unit%%.*}" || true)
                assert_eq "$output" ''
        done
}
