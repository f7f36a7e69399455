# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Newer images for pods of pods.d, and the way back from bad ones.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
. "$HERE/lib-examples.sh"

IMAGE=127.0.0.1:$REGISTRATION_PORT/updated
RECORDS=/var/lib/podctl/updates

# release NAME SCRIPT: pushes an image whose program is that script.
release() {
        skopeo copy --quiet "oci:$IMAGES/busybox.oci:latest" "oci:$1.oci:latest"
        umoci config --image "$1.oci:latest" --clear config.cmd --config.cmd /bin/sh --config.cmd -c --config.cmd "$2"
        push "$1.oci:latest" updated
}

good() { release "$1" "echo $1; exec sleep 1000"; }

# site [MANIFEST-FILTER]: the pod "site" of the first release, which asks for updates.
site() {
        registry
        registry_pid=$!
        mkdir -p /etc/podctl/registries.d
        defer rm -f /etc/podctl/registries.d/test-update.json
        echo '{"rktKind":"registries","rktVersion":"v1","registries":["'"${IMAGE%/*}"'"],"http":true}' \
                >/etc/podctl/registries.d/test-update.json
        forget_images_after
        defer rm -rf "$RECORDS/site"
        defer rm -f /etc/podctl/pods.d/site.json
        defer systemctl reset-failed --quiet pod@site
        defer systemctl stop pod@site
        good one
        podctl --insecure-options=image create --annotation=podctl/auto-update="${1:-restart}" site \
                "docker://$IMAGE" --name=app >/dev/null 2>&1
        systemctl start pod@site
}

update() {
        podctl --insecure-options=image update --watch=3s "$@"
}

# says WORD: that is what the pod writes which runs now.
says() { wait_until site_says "$1"; }

site_says() { podctl logs --output=cat site | grep -qx "$1"; }

state() { update --format=json "$@" | jq -r '.[].state'; }

# What the file changes of the image stays, and everything else is the newer image's.
test_newer_image_with_options() {
        site
        podctl --insecure-options=image create --replace --annotation=podctl/auto-update=restart site \
                "docker://$IMAGE" --name=app --environment=GREETING=hello --memory=64M >/dev/null 2>&1
        systemctl restart pod@site
        says one
        # shellcheck disable=SC2016  # for the pod
        release two 'echo two $GREETING; exec sleep 1000'
        assert_eq "$(state)" updated
        says 'two hello'
        assert_eq "$(podctl cat-manifest site | jq -c '.apps[0] | has("options")')" false
}

# What fetched is not left to the pod's supervisor, as children that nobody waits for.
test_start_that_fetches() {
        site
        podctl --insecure-options=image create --replace --annotation=podctl/pull-policy=update site \
                "docker://$IMAGE" --name=app >/dev/null 2>&1
        systemctl restart pod@site
        says one
        only_the_pod_is_below
        kill "$registry_pid"
        systemctl restart pod@site
        says one
        only_the_pod_is_below
}

only_the_pod_is_below() {
        assert_eq "$(pgrep --count --parent "$(systemctl show -p MainPID --value pod@site)")" 1
        assert_eq "$(podctl exec site echo inside)" inside
        podctl cp site:/etc/passwd - | tar -t
}

# Who writes the file anew means the image that podctl create has just looked at, unless that one has failed.
test_new_file_after_updates() {
        site
        assert_eq "$(state)" current
        good two
        podctl --insecure-options=image fetch --pull-policy=update "docker://$IMAGE" >/dev/null 2>&1
        podctl --insecure-options=image create --replace --annotation=podctl/auto-update=restart site \
                "docker://$IMAGE" --name=app >/dev/null 2>&1
        systemctl restart pod@site
        says two
        assert_eq "$(state)" current
        release three 'exit 1'
        assert_eq "$(state || true)" 'rolled back'
        podctl --insecure-options=image create --replace site "docker://$IMAGE" --name=app >out 2>&1
        assert_contains "$(cat out)" 'has failed in an update'
        assert_contains "$(cat out)" 'systemctl restart pod@site'
        systemctl restart pod@site
        wait_until systemctl is-active pod@site
        says two
}

image_of_site() { podctl cat-manifest site | jq -r '.apps[0].image.id'; }

# A bad night does not take the way back to what ran before.
test_back_after_a_failed_update() {
        site
        good two
        assert_eq "$(state)" updated
        release three 'exit 1'
        assert_eq "$(state || true)" 'rolled back'
        says two
        podctl image gc --grace-period=0s >/dev/null 2>&1
        update --rollback site >/dev/null
        says one
}

# What a pod starts with next time, or could go back to, goes only by force.
test_images_of_pods_stay() {
        local one two
        site
        one=$(image_of_site)
        podctl image tag "$one" alias:1
        podctl image rm alias:1
        assert_fails 254 podctl image rm "$IMAGE"
        assert_contains "$output" "pod 'site' starts with it"
        podctl stop site
        podctl gc --grace-period=0s >/dev/null 2>&1
        podctl image gc --grace-period=0s >/dev/null 2>&1
        systemctl start pod@site
        good two
        assert_eq "$(state)" updated
        two=$(image_of_site)
        # The name is not what the pod goes by now.
        assert_fails 254 podctl image rm "$two"
        podctl image rm --force "$two" >/dev/null
        podctl image rm --force "$one" >/dev/null
        assert_fails 254 update --rollback site
        assert_contains "$output" 'is not in the store any more'
        assert_eq "$(state)" current
        systemctl restart pod@site
        says two
}

# The pod runs what its file says if what was decided for it is gone, and an update knows that.
test_decided_image_is_gone() {
        site
        good two
        assert_eq "$(state)" updated
        podctl image rm --force "$(image_of_site)" >/dev/null
        good three
        podctl --insecure-options=image fetch "docker://$IMAGE" >/dev/null 2>&1
        systemctl restart pod@site
        says three
        assert_eq "$(state)" current
        assert_eq "$(jq -r '.items[0].current' $RECORDS/site)" "$(image_of_site)"
}

test_update_to_a_newer_image() {
        local event
        site
        printf '[Unit]\nBindsTo=pod@site.service\nAfter=pod@site.service\n[Service]\nExecStart=/bin/sleep 1000\n' \
                >/run/systemd/system/needs-site.service
        defer systemctl daemon-reload
        defer rm /run/systemd/system/needs-site.service
        defer systemctl stop needs-site
        systemctl daemon-reload
        systemctl start needs-site
        assert_eq "$(state --check)" current
        good two
        assert_eq "$(state --dry-run)" newer
        says one
        assert_eq "$(state)" updated
        says two
        wait_until systemctl is-active needs-site
        assert_eq "$(state)" current
        # And back by hand, for good.
        update --rollback site >/dev/null
        says one
        assert_eq "$(state)" 'failed before'
        systemctl restart pod@site
        says one
        assert_contains "$(podctl events --format=json site)" 'was told to go back and runs the image before again'
        # Unless somebody says that it was not the image's fault.
        assert_eq "$(state --retry --check site)" newer
        assert_eq "$(state)" 'failed before'
        assert_eq "$(state --retry site)" updated
        says two
        assert_eq "$(state)" current
        # The next release is another matter.
        good three
        assert_eq "$(state)" updated
        says three
        podctl events --format=json site | jq -r .event >events
        for event in updated rolled-back; do
                grep -qx "$event" events
        done
}

# bad WORD: the release that was just pushed is tried, is left for the one before, and is not tried again.
bad() {
        assert_fails 1 update
        assert_contains "$output" "$1"
        assert_contains "$output" 'rolled back'
        says one
        assert_eq "$(state)" 'failed before'
        systemctl is-active pod@site
}

# second: a pod beside the site, from the same image.
second() {
        defer rm -rf "$RECORDS/second"
        defer rm -f /etc/podctl/pods.d/second.json
        defer systemctl reset-failed --quiet pod@second
        defer systemctl stop pod@second
        podctl --insecure-options=image create --annotation=podctl/auto-update=restart second "docker://$IMAGE" \
                --name=app "$@" >/dev/null 2>&1
        systemctl start pod@second
}

# Nobody waits for the watch of another: both have started before the first is through.
test_updates_side_by_side() {
        site
        second
        good two
        local cursor
        cursor=$(journalctl --show-cursor --lines=0 | sed -n 's/^-- cursor: //p')
        update --watch=10s --format=json >out 2>err
        assert_eq "$(jq -r '.[] | .pod + " " + .app + " " + .state' out)" $'second app updated\nsite app updated'
        assert_contains "$(cat err)" "podctl: second: Pod 'second' has started with the newer image"
        assert_contains "$(cat err)" "podctl: site: Pod 'site' has started with the newer image"
        journalctl --after-cursor="$cursor" --output=cat | grep -oE '^Pod (site|second) (starts|was updated)' >told
        assert_eq "$(sed 's/^Pod [a-z]* //' told | uniq -c | tr -s ' ')" $' 2 starts\n 2 was updated'
        says two
}

# What is wrong with one, the others do not notice.
test_updates_beside_a_bad_one() {
        site
        second
        assert_fails 254 update site no-such-pod second
        assert_contains "$output" "no-such-pod: There is no file of pod 'no-such-pod' in pods.d"
        assert_eq "$(update --format=json site no-such-pod second 2>/dev/null | jq -r '.[] | .pod + " " + .state')" \
                $'site current\nsecond current'
        good two
        rm /etc/podctl/pods.d/second.json
        assert_eq "$(update --format=json site second 2>/dev/null | jq -r '.[] | .pod + " " + .state')" 'site updated'
}

test_update_that_does_not_start() {
        site
        skopeo copy --quiet "oci:$IMAGES/busybox.oci:latest" oci:broken.oci:latest
        umoci config --image broken.oci:latest --clear config.cmd --config.cmd /no/such/program
        push broken.oci:latest updated
        bad "Pod 'site'"
}

test_update_that_ends_soon() {
        site
        release short 'sleep 1; exit 3'
        bad 'soon after its update'
}

# In a pod that starts its app again, and so never ends.
test_update_that_crashes_again_and_again() {
        site
        jq '.apps[0].annotations += [{ name: "podctl/restart", value: "on-failure" }]' \
                /etc/podctl/pods.d/site.json >new.json
        cp new.json /etc/podctl/pods.d/site.json
        systemctl restart pod@site
        release crashing 'sleep 0.5; exit 3'
        bad "app 'app' ended with exit status 3 soon after its update"
}

test_update_that_becomes_unhealthy() {
        site
        podctl --insecure-options=image create --replace --annotation=podctl/auto-update=restart site \
                "docker://$IMAGE" --name=app --health-cmd='test ! -e /sick' --health-interval=200ms \
                --health-retries=1 >/dev/null 2>&1
        systemctl restart pod@site
        mkdir tree
        touch tree/sick
        umoci insert --image one.oci:latest tree /
        push one.oci:latest updated
        bad 'became unhealthy'
}

# Killed between its decision and the restart; the next one goes on from there.
test_update_that_was_interrupted() {
        site
        good two
        state --check >/dev/null
        podctl --insecure-options=image fetch "docker://$IMAGE" >/dev/null
        # The pod is not bound by a decision yet: it gets one for what it runs.
        assert_eq "$(state --fetch-only)" fetched
        says one
        local new old
        old=$(jq -r '.items[0].current' "$RECORDS/site")
        new=$(podctl image list --no-legend --full --fields=id,name | awk '$2 ~ "/updated:latest$" { print $1 }')
        new=${new/-/:}
        [[ $old != "$new" ]]
        systemctl restart pod@site
        says one
        jq --arg new "$new" '.items[0] += { previous: .items[0].current, current: $new, untested: true }' \
                "$RECORDS/site" >record
        cp record "$RECORDS/site"
        assert_eq "$(state)" updated
        says two
        jq -e '.items[0].untested | not' "$RECORDS/site"
        # What is needed for the way back is not collected.
        podctl gc --grace-period=0 >/dev/null 2>&1
        podctl image gc --grace-period=0 >/dev/null 2>&1
        podctl image list --no-legend --full --fields=id | grep -qxF "${old/:/-}"
}

# Who stops or restarts a pod while it is watched does not speak against its image.
test_update_beside_somebody() {
        local process
        site
        good two
        update --watch=20s site >out 2>&1 &
        process=$!
        says two
        podctl restart site >/dev/null
        wait "$process" || fail "$(cat out)"
        assert_contains "$(cat out)" updated
        says two
        good three
        update --watch=100s site >out 2>&1 &
        process=$!
        says three
        podctl stop site >/dev/null
        wait "$process" || fail "$(cat out)"
        assert_contains "$(cat out)" 'at next start'
        assert_eq "$(systemctl is-active pod@site || true)" inactive
        # It is not settled: the next update tests it.
        systemctl start pod@site
        assert_eq "$(state)" updated
        # One that was killed while the pod starts.
        release four 'sleep 3; echo four; exec sleep 1000'
        podctl --insecure-options=image update --watch=100s site >/dev/null 2>&1 &
        process=$!
        wait_until eval '[[ $(systemctl is-active pod@site) == activating ]]'
        kill -9 "$process"
        assert_eq "$(state)" updated
        assert_eq "$(jq -c '[.. | .failed? // empty] | add // []' $RECORDS/site 2>/dev/null)" '[]'
}

test_update_by_fetching_alone() {
        site fetch
        good two
        assert_eq "$(state)" fetched
        says one
        systemctl restart pod@site
        says two
}

test_update_without_a_registry() {
        site
        good two
        stop_server "$registry_pid" || true
        assert_fails 254 update
        assert_contains "$output" "$IMAGE"
        says one
        systemctl is-active pod@site
        assert_fails 254 podctl update other
        # A pod that is to look for a newer image at its start starts all the same.
        jq '.annotations += [{ name: "podctl/pull-policy", value: "update" }]' /etc/podctl/pods.d/site.json >new.json
        cp new.json /etc/podctl/pods.d/site.json
        rm "$RECORDS/site"
        systemctl restart pod@site
        says one
        journalctl -u pod@site -o cat | grep -F 'could not be updated; the one in the store is used'
}

test_update_unsigned() {
        site
        good two
        assert_fails 254 podctl update --watch=1s
        says one
        systemctl is-active pod@site
}

test_update_misuse() {
        refused_command 'exclude each other' update --check --rollback site
        refused_command 'needs the names of pods' update --rollback
        refused_command 'needs the names of pods' update --retry
        refused_command 'exclude each other' update --retry --rollback site
        refused_command "no file of pod 'nobody'" update nobody
        fetch busybox.oci
        defer rm -f /etc/podctl/pods.d/odd.json
        refused_command "not 'nightly'" create --annotation=podctl/auto-update=nightly odd busybox
        test ! -e /etc/podctl/pods.d/odd.json
        podctl create --annotation=podctl/auto-update=check odd busybox >/dev/null 2>&1
        sed -i 's/"check"/"nightly"/' /etc/podctl/pods.d/odd.json
        refused_command "off, check, fetch or restart, not 'nightly'" check odd
        refused_command "off, check, fetch or restart, not 'nightly'" update
}
