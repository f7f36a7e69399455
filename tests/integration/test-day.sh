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
        podctl restart --format=json own-unit >out
        [[ $(uuid_now own-unit) != "$before" ]]
        assert_eq "$(jq -c . out)" \
                "[{\"pod\":\"own-unit\",\"unit\":\"podctl-own-unit.service\",\"uuid\":\"$(uuid_now own-unit)\"}]"
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
        # What went well is told nevertheless, and as JSON.
        assert_eq "$(podctl restart --format=json why well 2>err | jq -r '.[].pod')" well
        assert_contains "$(cat err)" gone.example/away
        assert_eq "$(podctl restart --format=json why 2>/dev/null)" '[]'
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

test_delete_forgets_a_failure() {
        kept fails --net=none busybox --exec=/bin/false
        assert_fails '*' systemctl start --wait pod@fails
        systemctl is-failed pod@fails
        podctl delete fails
        ! systemctl is-failed pod@fails
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
        kept told --net=none busybox
        assert_eq "$(podctl delete --format=json ../x told 2>err | jq -c .)" \
                "[{\"pod\":\"told\",\"unit\":\"pod@told.service\",\"path\":\"$PODS_D/told.json\"}]"
        assert_contains "$(cat err)" 'cannot be the name of a pod'
        refused_command "cannot be the name of a pod" delete ../x
}

# A pod to copy from and to: with a volume of the host, and an app that is not root.
with_files() {
        mkdir -p volume
        pod files --net=none --volume=v,kind=host,source="$PWD/volume" "$@" \
                busybox --name=app --mount=volume=v,target=/volume --exec=/bin/sleep -- 1000
        podctl enter files mkdir -p /srv
}

test_cp_both_ways() {
        with_files
        mkdir -p tree/below
        echo hello >tree/below/file
        ln -s below/file tree/link
        chown 7:8 tree/below/file
        chmod 6751 tree/below/file
        touch -d @1000000000 tree/below/file
        podctl cp tree files:/srv
        assert_eq "$(podctl enter files stat -c '%u:%g %a %Y' /srv/tree/below/file)" '0:0 751 1000000000'
        assert_eq "$(podctl enter files readlink /srv/tree/link)" below/file
        podctl cp files:/srv/tree back
        assert_eq "$(stat -c '%u:%g %a %Y' back/below/file)" '0:0 751 1000000000'
        assert_eq "$(readlink back/link)" below/file
        podctl cp --preserve tree files:/srv/kept
        assert_eq "$(podctl enter files stat -c '%u:%g %a' /srv/kept/below/file)" '7:8 6751'
        podctl cp --preserve files:/srv/kept .
        assert_eq "$(stat -c '%u:%g %a' kept/below/file)" '7:8 6751'
        # Volumes are seen; a file replaces a file.
        podctl cp tree/below/file files:/volume/new
        assert_eq "$(cat volume/new)" hello
        echo other >volume/new
        podctl cp files:/volume/new new
        podctl cp files:/volume/new new
        assert_eq "$(cat new)" other
        podctl stop files >/dev/null
        podctl cp files:/srv/tree/below/file ended
        assert_eq "$(cat ended)" hello
        refused_command "Pod 'files' is not running, but exited" cp new files:/srv
}

test_cp_streams() {
        with_files
        mkdir -p tree/below
        echo hello >tree/below/file
        tar -c tree | podctl cp - files:/srv
        assert_eq "$(podctl enter files cat /srv/tree/below/file)" hello
        podctl cp files:/srv/tree - >tree.tar
        # Nothing of the directory in which somebody extracts it.
        assert_eq "$(tar -tf tree.tar | grep -v '^tree')" ''
        assert_fails 254 podctl cp files:/srv/. -
        assert_contains "$output" 'by its own name'
        assert_eq "$(tar -xOf tree.tar tree/below/file)" hello
        # All of an archive, or nothing.
        mkdir -p merged/aaa merged/tree
        touch merged/tree/new
        tar -C merged -c . >merged.tar
        assert_fails 254 podctl cp - files:/srv <merged.tar
        assert_contains "$output" "there is already something named 'tree' there"
        podctl enter files sh -c '[ ! -e /srv/aaa ] && [ ! -e /srv/tree/new ]'
        assert_fails 254 podctl cp - files:/srv <tree/below/file
        assert_contains "$output" 'Cannot read the archive: '
        [[ -z $(find /var/tmp -maxdepth 1 -name '.podctl-*') ]]
}

test_cp_of_holes() {
        with_files
        truncate -s 1G big
        echo end >>big
        podctl cp big files:/srv
        assert_eq "$(podctl enter files stat -c %s /srv/big)" 1073741828
        podctl cp files:/srv/big back
        cmp big back
        (($(stat -c %b back) < 1000)) || fail 'the holes are full'
}

# What an app has prepared leads nowhere but into its own root.
test_cp_stays_in_the_root() {
        with_files
        mkdir -p /etc/podctl-test-outside
        defer rm -rf /etc/podctl-test-outside
        echo secret >/etc/podctl-test-outside/secret
        echo hello >file
        podctl enter files sh -c 'mkdir -p /etc/podctl-test-outside; ln -s /etc/podctl-test-outside /srv/absolute
                ln -s ../../../../../../etc/podctl-test-outside /srv/up; ln -s /proc/1/root/etc /srv/magic
                ln -s /etc/podctl-test-outside/secret /srv/secret; mkfifo /srv/fifo'
        podctl cp file files:/srv/absolute
        podctl cp file files:/srv/up/again
        assert_eq "$(ls /etc/podctl-test-outside)" secret
        assert_eq "$(podctl enter files ls /etc/podctl-test-outside | paste -sd,)" again,file
        assert_fails 254 podctl cp files:/srv/absolute/secret stolen
        assert_fails 254 podctl cp files:/srv/magic/hostname stolen
        assert_fails 254 podctl cp file files:/srv/magic/x
        [[ ! -e stolen ]]
        podctl cp files:/srv/secret link
        assert_eq "$(readlink link)" /etc/podctl-test-outside/secret
        # A link that is a target is replaced, and not followed.
        podctl cp file files:/srv/secret
        assert_eq "$(podctl enter files cat /srv/secret)" hello
        assert_eq "$(cat /etc/podctl-test-outside/secret)" secret
        refused_command 'it is a device, a socket or a FIFO' cp files:/srv/fifo x
        refused_command 'fifo: it is a device, a socket or a FIFO' cp files:/srv whole
        [[ ! -e x && ! -e whole && -z $(find . -name '*.tmp') ]]
}

# An app that goes on swapping a directory for a link to the outside.
test_cp_while_the_app_swaps() {
        mkdir -p /etc/podctl-test-outside
        defer rm -rf /etc/podctl-test-outside
        echo secret >/etc/podctl-test-outside/file
        pod swaps --net=none busybox --name=app --exec=/bin/sh -- -c '
                mkdir -p /srv/a/d /srv/b; echo own >/srv/a/d/file; ln -s /etc/podctl-test-outside /srv/b/d
                while :; do mv /srv/a/d /srv/x; mv /srv/b/d /srv/a/d; mv /srv/a/d /srv/b/d; mv /srv/x /srv/a/d; done'
        wait_until podctl enter swaps test -e /srv/b
        local i
        for i in $(seq 30); do
                podctl cp swaps:/srv/a "out$i" 2>/dev/null || true
                podctl cp "$IMAGES/busybox.oci/index.json" swaps:/srv/a/d/written 2>/dev/null || true
        done
        assert_eq "$(ls /etc/podctl-test-outside)" file
        ! grep -rq secret out* || fail 'a file of the host was copied'
}

test_cp_leaves_nothing_half_done() {
        small_disk "$PWD/small" 8M
        pod full --net=none --volume=v,kind=host,source="$PWD/small" \
                busybox --name=app --mount=volume=v,target=/volume --exec=/bin/sleep -- 1000
        defer podctl stop --force full
        head -c 20M /dev/urandom >big
        mkdir tree
        head -c 20M /dev/urandom >tree/big
        refused_command 'No space left on device' cp big full:/volume
        refused_command 'No space left on device' cp tree full:/volume
        refused_command 'No space left on device' cp big full:/volume/lost+found
        assert_eq "$(ls -A small)" lost+found
        podctl cp big full:/big
        assert_fails 254 podctl cp full:/big small
        assert_eq "$(ls -A small)" lost+found
        mkdir -p other
        touch other/x
        podctl cp other full:/other
        refused_command 'there is something else of that name already' cp other full:/
        refused_command 'Cannot open full:/none/x' cp big full:/none/x
        refused_command 'Copy from a pod or into one' cp big other
        refused_command 'has no name that the copy could have' cp full:/ .
        assert_fails 254 podctl cp full: x
}

test_top_lists_the_apps() {
        pod processes --net=none \
                busybox --name=one --user=7 --group=7 --exec=/bin/sleep -- 1000 --- \
                busybox --name=two --exec=/bin/sh -- -c 'sleep 2000 & sleep 3000'
        local pid
        pid=$(app_pid processes one)
        all_three() { podctl top processes --format=json | jq -e 'length == 3'; }
        wait_until all_three
        podctl top processes --format=json-pretty >list
        jq -e --argjson pid "$pid" 'any(.app == "one" and .pid == $pid and .user == 7 and .memory > 0 and
                (.cpu | type) == "number" and .command == "/bin/sleep 1000")' list || fail "$(cat list)"
        assert_eq "$(jq -r '.[] | select(.app == "two" and .user == 0).command' list | sort | paste -sd,)" \
                'sleep 2000,sleep 3000'
        podctl top processes >table
        assert_eq "$(sed -n 1p table | tr -s ' ')" 'APP PID USER CPU% MEMORY COMMAND'
        assert_eq "$(grep -c '^two ' table)" 2
        podctl stop processes >/dev/null
        refused_command "Pod 'processes' is not running, but exited" top processes
}
