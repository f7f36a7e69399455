# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What tools/package looks at on its hosts, by the words of tests/integration/lib-outside.sh.

# As a build machine does it: not by root, from the source package.
BUILD='
        mkdir -p source packages/now packages/before
        cp -r /usr/src/podctl source/podctl
        version=$(sed -n "1s/.*(\(.*\)-.*).*/\1/p" source/podctl/debian/changelog)
        tar -C source --exclude=podctl/debian -czf "source/podctl_$version.orig.tar.gz" podctl
        cd source/podctl
        dpkg-buildpackage --no-sign -j2 >../log 2>&1 || { tail -n 60 ../log; exit 1; }
        mv ../*.deb ../*.dsc ../*.changes ../*.buildinfo ../*.orig.tar.gz ../*.debian.tar.* /home/builder/packages/now'

# In another place, language and time zone, with another umask, and without tests.
BUILD_AGAIN='
        mkdir -p again/elsewhere
        cp -r /usr/src/podctl again/elsewhere/tree
        cd again/elsewhere/tree
        umask 002
        export TZ=Pacific/Kiritimati LC_ALL=C DEB_BUILD_OPTIONS=nocheck
        dpkg-buildpackage --no-sign --build=binary -j2 --build-profiles=nocheck >../log 2>&1 ||
                { tail -n 60 ../log; exit 1; }
        for package in ../*.deb; do
                cmp "$package" "/home/builder/packages/now/${package##*/}"
        done'

BUILD_BEFORE='
        cd again/elsewhere/tree
        sed -i "1s/-[0-9]*)/-0)/" debian/changelog
        rm debian/files
        dpkg-buildpackage --no-sign --build=binary --no-pre-clean >../log 2>&1 || { tail -n 60 ../log; exit 1; }
        mv ../*-0_*.deb /home/builder/packages/before'

# as_builder SCRIPT: what `check` runs, by a user who is not root.
as_builder() {
        printf 'cd /home/builder; runuser -u builder -- bash -euo pipefail -c %q' "$1"
}

checks_of_build() {
        check builds_with_tests "$(as_builder "$BUILD")"
        check lintian "$(as_builder 'lintian --fail-on error,warning --tag-display-limit 0 \
                packages/now/*.changes')"
        check is_reproducible "$(as_builder "$BUILD_AGAIN")"
        check builds_a_release_before "$(as_builder "$BUILD_BEFORE")"
}

# What every script below may use. apt asks nobody.
WORDS='
        export DEBIAN_FRONTEND=noninteractive
        images=/var/lib/podctl-test-images packages=/var/tmp/packages others=/var/tmp/others
        apt() { apt-get -q -q --yes --no-install-recommends -o Dpkg::Use-Pty=0 "$@" </dev/null; }
        mine() { echo podctl podctl-api podctl-cri podctl-metadata podctl-metrics podctl-rkt; }
        install_release() { apt install "$packages/$1"/podctl{,-api,-cri,-metadata,-metrics,-rkt}_*.deb "${@:2}"; }
        pids() { systemctl show -P MainPID podctl-kept.service pod@file.service | grep -v "^$"; }
        is() { [[ $1 == "$2" ]] || { echo "\"$1\" instead of \"$2\""; exit 1; }; }
'

# try NAME SCRIPT
try() {
        check "$1" "$WORDS$2"
}

checks_of_life() {
        checks_of_installation
        checks_of_upgrade
        checks_of_removal
        checks_of_purge
}

# This host's systemd-sysctl must not change the machine's kernel; a unit of its name says that it was asked.
checks_of_installation() {
        try installs '
                printf "%s\n" "[Service]" Type=oneshot RemainAfterExit=yes \
                        "ExecStart=/usr/bin/touch /run/sysctl" >/run/systemd-sysctl.service
                mv /run/systemd-sysctl.service /etc/systemd/system/
                systemctl daemon-reload
                systemctl restart systemd-sysctl.service
                rm /run/sysctl
                install_release before $others/*.deb
                is "$(dpkg-query -W -f "\${db:Status-Status}\n" $(mine) | uniq)" installed'
        try units_are_as_preset '
                for unit in podctl-gc.timer podctl-image-gc.timer podctl-upgrade.path podctl-network.path \
                        podctl-group.socket; do
                        is "$unit $(systemctl is-enabled $unit) $(systemctl is-active $unit)" "$unit enabled active"
                done
                for unit in podctl-api.socket podctl-cri.socket podctl-metadata.socket podctl-metrics.socket; do
                        is "$unit $(systemctl is-enabled $unit || true)" "$unit disabled"
                        is "$unit $(systemctl is-active $unit || true)" "$unit inactive"
                done'
        try users_and_directories '
                getent passwd podctl-api podctl-fetch podctl-metadata podctl-metrics
                getent group podctl podctl-admin
                is "$(stat -c "%a %U:%G" /etc/podctl/pods.d)" 2775\ root:podctl-admin
                is "$(stat -c "%a %U:%G" /run/podctl/metadata)" 2750\ root:podctl-metadata
                is "$(stat -c "%a %U:%G" /run/podctl/group.sock)" 660\ root:podctl'
        try limits_bus_and_catalog '
                test -e /run/sysctl
                journalctl -u dbus.service -o cat | grep -i "reload"
                journalctl --list-catalog | grep -i podctl'
        try host_is_fit 'podctl check --host || { podctl check --host | grep -v good; exit 1; }'
        try pods_start '
                podctl --insecure-options=image fetch $images/busybox.oci
                podctl run --detach --name=kept busybox --name=app --exec=/bin/sleep -- 100000
                podctl create -p Nice=1 file busybox --name=app --exec=/bin/sleep -- 100000
                systemctl enable --now pod@file.service
                systemctl start podctl-metadata.socket
                pids >/var/tmp/pids
                is "$(rkt run busybox --exec=/bin/echo -- hello)" hello'
}

checks_of_upgrade() {
        try upgrades '
                systemctl show -P InvocationID podctl-metadata.socket >/var/tmp/socket
                install_release now
                version=$(dpkg-deb -f $packages/now/podctl_*.deb Version)
                is "$(dpkg-query -W -f "\${Version}\n" $(mine) | uniq)" "$version"'
        try pods_ran_on '
                is "$(pids)" "$(cat /var/tmp/pids)"
                is "$(podctl exec kept /bin/echo there)" there
                is "$(podctl enter file /bin/echo there)" there'
        try units_are_as_before '
                for unit in podctl-gc.timer podctl-image-gc.timer podctl-upgrade.path podctl-network.path \
                        podctl-group.socket podctl-metadata.socket; do
                        is "$unit $(systemctl is-active $unit)" "$unit active"
                done
                test "$(cat /var/tmp/socket)" != "$(systemctl show -P InvocationID podctl-metadata.socket)"
                systemctl stop podctl-metadata.socket'
        # This host is there to be changed, which `null` promises of itself only before Debian 13.
        try autopkgtest '
                autopkgtest --no-built-binaries --ignore-restrictions=isolation-machine \
                        --output-dir=/var/tmp/autopkgtest /usr/src/podctl/ -- null'
        try is_disabled_by_the_administrator_for_good '
                systemctl disable --now podctl-image-gc.timer
                apt install --reinstall $packages/now/podctl_*.deb
                is "$(systemctl is-enabled podctl-image-gc.timer || true)" disabled
                systemctl enable podctl-image-gc.timer'
}

checks_of_removal() {
        try removal_names_pods_and_leaves_them '
                apt remove $(mine) >/var/tmp/removal 2>&1 || { cat /var/tmp/removal; exit 1; }
                grep kept /var/tmp/removal
                grep "machinectl terminate" /var/tmp/removal
                test ! -e /usr/bin/podctl
                is "$(pids)" "$(cat /var/tmp/pids)"
                is "$(systemctl list-units --no-legend --plain "podctl-*.timer" "podctl-*.path" "podctl-*.socket")" ""'
        try purge_keeps_pods_that_run '
                echo "podctl podctl/remove-data boolean true" | debconf-set-selections
                dpkg --purge $(mine)
                is "$(pids)" "$(cat /var/tmp/pids)"
                ls /var/lib/podctl/pods/run/*/pid /etc/podctl/pods.d/file.json'
        try they_are_back_with_the_package '
                install_release now
                podctl list
                is "$(podctl exec kept /bin/echo there)" there
                is "$(podctl exec file /bin/echo there)" there
                is "$(pids)" "$(cat /var/tmp/pids)"'
        try removed_pods_can_be_stopped '
                apt remove $(mine)
                machinectl terminate kept
                systemctl stop pod@file.service
                for ((i = 0; i < 300; i++)); do
                        [[ $(machinectl list --no-legend) ]] || break
                        sleep 0.1
                done
                is "$(machinectl list --no-legend)" ""'
}

checks_of_purge() {
        try purge_keeps_data_by_default '
                install_release now
                apt purge $(mine)
                test -d /var/lib/podctl/images/manifests
                test -e /etc/podctl/pods.d/file.json
                test ! -e /etc/systemd/system/timers.target.wants/podctl-gc.timer'
        try kept_data_is_used_again '
                install_release now
                is "$(podctl run busybox --exec=/bin/echo -- again)" again
                systemctl start pod@file.service
                systemctl stop pod@file.service'
        # The dialogue itself, on a terminal.
        try purge_asks '
                for answer in no yes; do
                        install_release now
                        podctl --insecure-options=image fetch $images/busybox.oci
                        echo $answer | DEBIAN_FRONTEND=readline TERM=xterm script -qec "dpkg --purge $(mine)" \
                                /var/tmp/dialogue
                        grep "Remove the images and pods of podctl too" /var/tmp/dialogue
                        is "$([[ -e /var/lib/podctl ]] && echo no || echo yes)" $answer
                done
                install_release now
                podctl --insecure-options=image fetch $images/busybox.oci'
        try purge_removes_data_if_told '
                echo "podctl podctl/remove-data boolean true" | debconf-set-selections
                apt purge $(mine)
                test ! -e /var/lib/podctl
                test ! -e /etc/podctl
                test ! -e /run/podctl'
        try nothing_is_left '
                find / -xdev \( -path /usr/src -o -path /var/tmp -o -path "$images" \) -prune -o \
                        \( -name "*podctl*" -o -name "*pod@*" -o -name rkt -o -name acbuild \) -print >/var/tmp/left
                find /run -xdev \( -name "*podctl*" -o -name "*pod@*" \) -print >>/var/tmp/left
                is "$(cat /var/tmp/left)" ""
                is "$(find /var/log/journal -type l)" ""
                is "$(debconf-show podctl)" ""
                is "$(ip -o link | grep pod- || true)" ""
                is "$(systemctl --failed --no-legend --plain)" ""'
        try an_unused_package_leaves_nothing '
                install_release now
                apt purge $(mine)
                test ! -e /var/lib/podctl
                test ! -e /etc/podctl
                test ! -e /run/podctl'
}
