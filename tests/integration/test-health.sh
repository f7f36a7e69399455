# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Health checks of apps, and what an app that fails them leads to.

fetch busybox.oci

# health POD [APP]
health() {
        podctl status "$1" --format=json | jq -r ".apps[] | select(.name == \"${2-app}\") | .health.status"
}

has_failed() {
        [[ $(podctl status "$1" --format=json | jq '.apps[0].health.exit_code') == 1 ]]
}

has_health() {
        [[ $(health "$1") == "$2" ]]
}

# checked_manifest TEST MEMBERS: a pod of an app that is well while its file /run/well is there.
checked_manifest() {
        cat <<JSON
{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},
"app":{"exec":["/bin/sleep","1000"],"user":"33","group":"33","environment":[{"name":"FILE","value":"/run/well"}],
"healthcheck":{"Test":$1,"Interval":50000000$2}}}]}
JSON
}

# health_events POD: what became of its apps' health, each with a priority.
health_events() {
        journalctl --no-pager --quiet -o json "_SYSTEMD_UNIT=podctl-$1.service" SYSLOG_IDENTIFIER=podctl \
                PODCTL_POD_UUID="$(podctl status --format=json "$1" | jq -r .name)" |
                jq -rj 'select(.PODCTL_HEALTH) | .PODCTL_HEALTH + " " + .PRIORITY + " "'
}

test_health() {
        local check='[ $(id -u) = 33 ] && [ -e $FILE ] && grep -q app.service /proc/self/cgroup'
        check+=' && grep -q a80425fb /proc/self/status'
        checked_manifest '["CMD-SHELL","'"$check"'"]' ',"Retries":2' >pod.json
        pod checked --pod-manifest=pod.json
        wait_until has_health checked unhealthy
        podctl status checked --format=json |
                jq -e '.apps[0].health | .failing_streak >= 2 and .exit_code == 1' >/dev/null
        assert_contains "$(podctl status checked)" health-app=unhealthy
        podctl enter checked touch /run/well
        wait_until has_health checked healthy
        podctl status checked --format=json |
                jq -e '.apps[0].health | .failing_streak == 0 and .exit_code == 0' >/dev/null
        # Checks leave nothing in any journal, but the host's has an entry for each change.
        podctl enter checked rm /run/well
        wait_until has_health checked unhealthy
        ! podctl logs checked | grep -i 'health\|app-exec' || fail 'its journal has something of a check'
        health_events checked >events
        assert_eq "$(cat events)" 'unhealthy 4 healthy 6 unhealthy 4 '
        podctl stop checked
        gone checked
}

test_health_of_an_image() {
        image_with checked.oci \
                '.config.Healthcheck = {Test: ["CMD", "test", "-e", "/run/well"], Interval: 50000000, Retries: 1}'
        podctl --insecure-options=image fetch "$PWD/checked.oci" >id
        pod checked "$(cat id)" --name=app --exec=/bin/sleep -- 1000
        wait_until has_health checked unhealthy
        podctl enter checked touch /run/well
        wait_until has_health checked healthy
        podctl image rm "$(cat id)" >/dev/null

        image_with none.oci '.config.Healthcheck = {Test: ["NONE"]}'
        podctl --insecure-options=image fetch "$PWD/none.oci" >id
        pod unchecked "$(cat id)" --name=app --exec=/bin/sleep -- 1000
        assert_eq "$(health unchecked)" null
        ! systemctl -M unchecked list-units --all --plain --no-legend | grep podctl-health || fail 'there is a check'
        podctl image rm "$(cat id)" >/dev/null

        image_with bad.oci '.config.Healthcheck = {Test: ["PONY"]}'
        podctl --insecure-options=image fetch "$PWD/bad.oci" >/dev/null 2>err
        assert_contains "$(cat err)" Healthcheck
}

# However often the app was started before it stayed.
test_health_of_an_app_that_restarts() {
        image_with checked.oci '.config.Healthcheck = {Test: ["CMD", "true"], Interval: 50000000, Retries: 1}'
        podctl --insecure-options=image fetch "$PWD/checked.oci" >id
        pod restarts --net=none "$(cat id)" --name=app --restart=always --exec=/bin/sh -- -c \
                'echo >>/run/starts; [ "$(wc -l </run/starts)" -gt 6 ] || exit 1; echo >/run/stays; sleep 1000'
        wait_until podctl exec restarts test -e /run/stays
        wait_until has_health restarts healthy
        podctl status restarts --format=json | jq -e '.apps[0] | .state == "running" and (has("exit_code") | not)'
        podctl stop restarts
        podctl status restarts --format=json | jq -e '.apps[0] | .state == "exited" and has("exit_code")'
        podctl image rm "$(cat id)" >/dev/null
}

# Checks are bound to the app, which is started again by nothing but the end of the pause.
test_health_leaves_pauses_alone() {
        pod crashes --net=none busybox --name=app --exec=/bin/sh --restart=always --health-cmd=true -- -c \
                'echo run; exit 1'
        wait_until restarted_by_systemd 3
        runs=$(podctl logs crashes | grep -c 'run$')
        ((runs <= $(restarts) + 1)) || fail "$runs runs, $(restarts) restarts"
}

restarts() { systemctl -M crashes show --property=NRestarts --value app.service; }
restarted_by_systemd() { (($(restarts) >= $1)); }

# A program that hangs is killed, one that is not there is a failure, and the time to start is given.
test_health_that_cannot_be_told() {
        checked_manifest '["CMD","sleep","3000"]' ',"Timeout":100000000,"Retries":1' >pod.json
        pod slow --pod-manifest=pod.json
        wait_until has_health slow unhealthy
        podctl status slow --format=json | jq -e '.apps[0].health.exit_code == -1' >/dev/null
        checked_manifest '["CMD","nosuch"]' ',"Retries":1' >pod.json
        pod missing --pod-manifest=pod.json
        wait_until has_health missing unhealthy
        checked_manifest '["CMD","test","-e","/run/well"]' \
                ',"Retries":1,"StartPeriod":3600000000000,"StartInterval":50000000' >pod.json
        pod patient --pod-manifest=pod.json
        wait_until has_failed patient
        assert_eq "$(health patient)" starting
        podctl enter patient touch /run/well
        wait_until has_health patient healthy
        # From the first success on, failures count.
        podctl enter patient rm /run/well
        wait_until has_health patient unhealthy
}

# checked POD [OPTION…]: a pod that is well while /run/well is there, looked at often.
checked() {
        podctl run --detach --name="$1" --net=none busybox --name=app --exec=/bin/sleep \
                --health-cmd='test -e /run/well' --health-interval=50ms --health-retries=2 "${@:2}" -- 1000
}

restarted_until() {
        [[ $(podctl exec "$1" cat /run/starts 2>/dev/null) == "$2" ]] && has_health "$1" "$3"
}

test_health_by_options() {
        defer end_pod looked
        checked looked
        wait_until has_health looked unhealthy
        assert_contains "$(podctl list)" unhealthy
        podctl enter looked touch /run/well
        wait_until has_health looked healthy
        podctl run --dry-run busybox --exec=/bin/true --health-cmd='a b' --health-timeout=5s >/dev/null
        # The image's can be taken away, or its times be changed.
        image_with timed.oci '.config.Healthcheck = {Test: ["CMD", "false"], Interval: 3600000000000}'
        podctl --insecure-options=image fetch "$PWD/timed.oci" >id
        pod timed --net=none "$(cat id)" --name=app --exec=/bin/sleep --health-interval=50ms -- 1000
        wait_until has_health timed unhealthy
        pod none --net=none "$(cat id)" --name=app --exec=/bin/sleep --health-cmd=none -- 1000
        assert_eq "$(health none)" null
        podctl image rm "$(cat id)" >/dev/null
}

test_unhealthy_app_restarts() {
        defer end_pod phoenix
        podctl run --detach --name=phoenix --net=none busybox --name=app --exec=/bin/sh --health-interval=50ms \
                --health-cmd='test -e /run/well' --health-on-failure=restart -- -c \
                'echo -n x >>/run/starts; [ "$(cat /run/starts)" != xxx ] || touch /run/well; exec sleep 1000'
        wait_until restarted_until phoenix xxx healthy
        assert_eq "$(health_events phoenix)" 'unhealthy 4 unhealthy 4 healthy 6 '
}

# However often, and not as a success of the pod.
test_unhealthy_app_restarts_again_and_again() {
        pod sisyphus --net=none busybox --name=app --exec=/bin/sh --health-interval=50ms --health-retries=1 \
                --health-cmd=false --health-on-failure=restart -- -c 'echo -n x >>/run/starts; exec sleep 1000'
        wait_until started_often sisyphus
}

started_often() {
        (($(podctl exec "$1" stat -c %s /run/starts 2>/dev/null || echo 0) >= 8))
}

test_unhealthy_app_ends_the_pod() {
        checked stops --health-on-failure=stop
        wait_until gone stops
        assert_eq "$(podctl status stops --format=json | jq .exit_code)" 0
        checked fails --health-on-failure=fail
        wait_until gone fails
        assert_eq "$(podctl status fails --format=json | jq .exit_code)" 254
}

# The start waits, and fails where it waits in vain.
test_started_when_healthy() {
        defer end_pod waits
        podctl run --detach --name=waits --net=none busybox --name=app --exec=/bin/sh --health-ready \
                --health-cmd='test -e /run/well' --health-interval=1h --health-start-interval=50ms -- -c \
                'sleep 1; touch /run/well; exec sleep 1000'
        assert_eq "$(health waits)" healthy
        podctl exec waits test -e /run/well
        assert_eq "$(health_events waits)" 'healthy 6 '
        assert_fails '*' podctl run --detach --name=never --net=none busybox --name=app --exec=/bin/sleep \
                --health-ready --health-cmd=false --health-interval=100ms --health-retries=2 \
                --health-start-interval=50ms -- 1000
        assert_contains "$output" "Pod 'never' ended before it was ready"
        assert_eq "$(health_events never)" 'unhealthy 4 '
        assert_eq "$(podctl status never --format=json | jq .exit_code)" 254
}

test_wrong_options_of_health() {
        refused 'has no health check' busybox --exec=/bin/true --health-interval=5s
        refused 'has no health check' busybox --exec=/bin/true --health-on-failure=fail
        refused 'has no health check' busybox --exec=/bin/true --health-ready
        refused '--health-interval takes a time' busybox --exec=/bin/true --health-cmd=true --health-interval=0
        refused '--health-timeout takes a time' busybox --exec=/bin/true --health-cmd=true --health-timeout=soon
        refused '--health-retries takes a number' busybox --exec=/bin/true --health-cmd=true --health-retries=0
        refused '--health-cmd needs a command' busybox --exec=/bin/true --health-cmd=
        refused "is 'none', 'restart', 'stop' or 'fail'" busybox --exec=/bin/true --health-cmd=true \
                --annotation=podctl/on-unhealthy=panic
}

test_health_mistakes() {
        checked_manifest '["CMD"]' '' >pod.json
        refused 'healthcheck.Test' --pod-manifest=pod.json
        checked_manifest '["CMD","true"]' ',"Timeout":-1' >pod.json
        refused 'healthcheck.Timeout' --pod-manifest=pod.json
        checked_manifest '["CMD","true"]' ',"Retries":-1' >pod.json
        refused 'healthcheck.Retries' --pod-manifest=pod.json
}

# --- The start, and readiness

# readiness POD: "true" or "false", and the failures in a row.
readiness() {
        podctl status "$1" --format=json | jq -r '.apps[0].health.readiness | "\(.ready) \(.failing_streak)"'
}

is_ready() {
        [[ $(readiness "$1") == "true 0" ]]
}

is_not_ready() {
        [[ $(readiness "$1") == false\ [2-9]* ]]
}

has_begun() {
        podctl exec "$1" test -e "/run/$2-begun"
}

# An app that is not ready is well, and goes on.
test_not_ready_goes_on() {
        pod unready-$$ --net=none busybox --name=app --exec=/bin/sleep --health-cmd=true --health-interval=50ms \
                --health-on-failure=fail --health-readiness-cmd='test -e /run/ready' --health-readiness-interval=50ms \
                --health-readiness-retries=2 -- 1000
        wait_until is_not_ready unready-$$
        wait_until has_health unready-$$ healthy
        assert_contains "$(podctl list)" not-ready
        assert_contains "$(podctl status unready-$$)" health-app=not-ready
        assert_contains "$(podctl metrics)" "podctl_app_ready{pod=\"unready-$$\",app=\"app\"} 0"
        podctl enter unready-$$ touch /run/ready
        wait_until is_ready unready-$$
        assert_contains "$(podctl list)" healthy
        podctl enter unready-$$ rm /run/ready
        wait_until is_not_ready unready-$$
        assert_eq "$(health unready-$$)" healthy
        assert_eq "$(health_events unready-$$ | sed 's/healthy 6 //')" 'ready 6 not-ready 4 '
        podctl events --format=json unready-$$ >events
        assert_eq "$(jq -r .event events | grep ready | paste -sd' ')" 'ready not-ready'
}

# What checks have written is in the pod's log of them, and why an app is unhealthy in the journal; however much it is.
test_output_of_checks() {
        local check='{ printf "no \033[1m\nanswer\n"; head -c 300000 /dev/zero; exit 3; } >&2'
        pod says-$$ --net=none busybox --name=app --exec=/bin/sleep --health-interval=50ms --health-retries=2 \
                --health-cmd="test -e /run/well || $check" -- 1000
        wait_until has_health says-$$ unhealthy
        podctl inspect says-$$ >inspected
        jq -e '.[0].apps[0].health.log | length <= 5 and all(.check == "health" and .exit_code == 3 and
                .time > 0 and (.output | test("^no .*answer")))' inspected
        journalctl --no-pager -o cat "_SYSTEMD_UNIT=podctl-says-$$.service" SYSLOG_IDENTIFIER=podctl >events
        grep 'App app is unhealthy: 2 checks failed, the last with exit status 3: no .*answer' events
        podctl enter says-$$ touch /run/well
        wait_until has_health says-$$ healthy
        podctl inspect says-$$ | jq -e '.[0].apps[0].health.log | .[-1].exit_code == 0 and .[0].exit_code == 3'
}

# The other checks begin when the startup check has succeeded, however long that takes.
test_check_that_writes_without_end() {
        pod flood-$$ --net=none busybox --name=app --exec=/bin/sleep --health-interval=50ms --health-retries=1 \
                --health-timeout=200ms --health-cmd='yes & yes & yes & yes' -- 1000
        wait_until has_health flood-$$ unhealthy
}

test_startup_check_comes_first() {
        pod slowly --net=none busybox --name=app --exec=/bin/sleep --health-cmd='touch /run/health-begun' \
                --health-interval=50ms --health-readiness-cmd='touch /run/ready-begun' \
                --health-startup-cmd='touch /run/startup-begun; test -e /run/started' --health-startup-interval=50ms \
                --health-startup-retries=1000000 -- 1000
        wait_until has_begun slowly startup
        assert_eq "$(health slowly)" starting
        ! has_begun slowly health || fail 'its health is checked'
        ! has_begun slowly ready || fail 'its readiness is checked'
        podctl enter slowly touch /run/started
        wait_until has_health slowly healthy
        wait_until is_ready slowly
        podctl enter slowly rm /run/startup-begun
        podctl enter slowly rm /run/health-begun
        wait_until has_begun slowly health
        ! has_begun slowly startup
}

test_start_that_fails() {
        podctl run --detach --name=fails-to-start --net=none busybox --name=app --exec=/bin/sleep \
                --health-startup-cmd=false --health-startup-interval=50ms --health-startup-retries=3 \
                --health-on-failure=fail -- 1000
        wait_until gone fails-to-start
        assert_eq "$(podctl status fails-to-start --format=json | jq .exit_code)" 254
        assert_eq "$(health_events fails-to-start)" 'unhealthy 4 '
        # Each start of the app is checked anew.
        defer end_pod again
        podctl run --detach --name=again --net=none busybox --name=app --exec=/bin/sh --health-on-failure=restart \
                --health-startup-cmd='test -e /run/started' --health-startup-interval=50ms --health-startup-retries=2 \
                -- -c 'echo -n x >>/run/starts; [ "$(cat /run/starts)" != xxx ] || touch /run/started; exec sleep 1000'
        wait_until restarted_until again xxx healthy
}

# A check that hangs does not keep the others from being made.
test_checks_beside_one_another() {
        pod hangs --net=none busybox --name=app --exec=/bin/sleep --health-cmd='test -e /run/well' \
                --health-interval=50ms --health-readiness-cmd='touch /run/ready-begun; sleep 3000' -- 1000
        wait_until has_begun hangs ready
        podctl enter hangs touch /run/well
        wait_until has_health hangs healthy
        podctl enter hangs rm /run/well
        wait_until has_health hangs unhealthy
        assert_eq "$(readiness hangs)" 'false 0'
}

test_started_when_ready() {
        defer end_pod readily
        podctl run --detach --name=readily --net=none busybox --name=app --exec=/bin/sh --health-ready \
                --health-cmd=true --health-readiness-cmd='test -e /run/ready' --health-readiness-interval=50ms -- -c \
                'sleep 1; touch /run/ready; exec sleep 1000'
        podctl exec readily test -e /run/ready
        is_ready readily
        assert_fails '*' podctl run --detach --name=never-ready --net=none busybox --name=app --exec=/bin/sleep \
                --health-ready --health-readiness-cmd=false --health-readiness-interval=100ms \
                --health-readiness-retries=2 -- 1000
        assert_contains "$output" "Pod 'never-ready' ended before it was ready"
}

# Of an app in a manifest, with the members that options do not have.
test_readiness_of_a_manifest() {
        checked_manifest '["CMD","true"]' '},
                "startupcheck":{"Test":["CMD","test","-e","/run/started"],"Interval":50000000,"Retries":1000000},
                "readinesscheck":{"Test":["CMD-SHELL","echo >>/tmp/looks"],"Interval":50000000,"Successes":3,
                        "InitialDelay":50000000' >pod.json
        pod thrice --pod-manifest=pod.json
        podctl enter thrice touch /run/started
        wait_until is_ready thrice
        (($(podctl exec thrice cat /tmp/looks | wc -l) >= 3)) || fail 'ready too early'
}

test_wrong_options_of_readiness() {
        refused '--health-readiness-interval takes a time' busybox --exec=/bin/true --health-readiness-cmd=true \
                --health-readiness-interval=0
        refused '--health-startup-retries takes a number' busybox --exec=/bin/true --health-startup-cmd=true \
                --health-startup-retries=no
        refused '--health-startup-cmd needs a command' busybox --exec=/bin/true --health-startup-cmd=
        refused '--health-readiness-cmd=COMMAND' busybox --exec=/bin/true --health-cmd=true \
                --health-readiness-retries=3
        checked_manifest '["CMD","true"]' '},"readinesscheck":{"Test":["CMD","true"],"Successes":-1' >pod.json
        refused 'readinesscheck.Successes' --pod-manifest=pod.json
}

# What is done once an app runs, and before it is asked to end.
test_hooks_of_options() {
        mkdir -m 0777 said
        pod hooked --net=none --volume=said,kind=host,source="$PWD/said" --mount=volume=said,target=/said busybox \
                --name=app --user=0 --post-start='echo "$AC_APP_NAME is up" >>/said/log' \
                --pre-stop='echo stops >>/said/log' --exec=/bin/sleep -- 1000
        assert_eq "$(cat said/log)" 'app is up'
        podctl stop hooked
        assert_eq "$(cat said/log)" $'app is up\nstops'
        assert_fails '*' podctl run --net=none busybox --user=0 --post-start='exit 3' --exec=/bin/sleep -- 1000
        refused_command 'Option --pre-stop needs a command' run busybox --exec=/bin/true --pre-stop=
}
