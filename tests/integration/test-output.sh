# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What comes out is what went in: of an app's output on podctl's own, and in the journal. Files are compared, since $(…)
# drops what is at the end.

fetch busybox.oci

# said OUT ERR: podctl's standard output and error were exactly that (printf formats).
said() {
        # shellcheck disable=SC2059
        cmp out <(printf "$1") && cmp err <(printf "$2")
}

test_byte_for_byte() {
        podctl run busybox --exec=/bin/sh -- -c 'printf "\n\n a  \n\001\000x\nlast"; printf "warning" >&2' >out 2>err
        said '\n\n a  \n\001\000x\nlast' warning
        head -c 3000000 /dev/urandom >random
        podctl run --volume=v,kind=host,source="$PWD/random" \
                busybox --mount=volume=v,target=/random --exec=/bin/cat -- /random >out
        cmp out random
        printf abc | podctl run --interactive busybox --exec=/bin/cat >out
        cmp out <(printf abc)
        podctl run --interactive busybox --exec=/bin/cat <random >out
        cmp out random
        podctl run --interactive busybox --exec=/bin/sh -- -c 'echo out; echo err >&2' </dev/null >out 2>err
        said 'out\n' 'err\n'
}

# Nothing is dropped, however much it is, and whoever reads slowly is waited for.
test_all_of_it() {
        podctl run --name=many busybox --name=app --exec=/bin/seq -- 1 60000 >out
        cmp out <(seq 1 60000)
        podctl logs --output=cat many >logged
        cmp logged <(seq 1 60000)
        mkfifo slow
        # More than may be under way.
        local lines='i=0; while [ $i -lt 2000 ]; do printf "%01000d\n" $i; i=$((i + 1)); done'
        podctl run --name=slow busybox --name=app --exec=/bin/sh -- -c "$lines" >slow &
        exec 5<slow
        wait_until app_runs slow app
        cat <&5 >out
        cmp out <(sh -c "$lines")
        wait_for_jobs
}

# A stop signal that nothing can block must not reach the process that still has to pass on the last lines.
test_all_of_it_with_any_stop_signal() {
        local signal
        for signal in SIG{KILL,STOP,QUIT,KILL,STOP,KILL,STOP}; do
                podctl run busybox --name=app --stop-signal="$signal" --exec=/bin/seq -- 1 60000 >out
                cmp out <(seq 1 60000)
        done
        pod killed busybox --name=app --stop-signal=SIGKILL \
                --exec=/bin/sh -- -c 'trap "echo asked" TERM; while :; do sleep 1; done'
        podctl stop killed
        assert_contains "$(podctl status killed)" app-app=137
        assert_eq "$(podctl logs killed)" ''
}

test_several_apps() {
        podctl run busybox --name=a --exec=/bin/sh -- -c 'printf "one\ntwo"; echo bad >&2' --- \
                busybox --name=b --exec=/bin/sh -- -c 'printf "\nthree\n"' >out 2>err
        cmp <(sort out) <(printf 'a: one\na: two\nb: \nb: three\n' | sort)
        cmp err <(echo 'a: bad')
}

# However long the names of apps are.
test_long_names() {
        local name
        name=$(printf 'n%.0s' {1..120})
        podctl run busybox --name="$name" --exec=/bin/echo -- said >out
        cmp out <(echo said)
        local notifies=--annotation=appc.io/executor/supports-systemd-notify=true
        assert_fails 1 podctl run --detach busybox --name="$name" $notifies --exec=/bin/true
        podctl run busybox --name="$name" $notifies --exec=/bin/true 2>err || true
        assert_contains "$(cat err)" 'without having said that it is ready'
}

# The pod goes on.
test_reader_goes() {
        mkdir state
        chmod 777 state
        podctl run --volume=s,kind=host,source="$PWD/state" busybox --mount=volume=s,target=/s \
                --exec=/bin/sh -- -c 'seq 1 20000; touch /s/done' | head -n 1 >out
        assert_eq "$(cat out)" 1
        wait_until test -e state/done
}

test_output_that_cannot_be_written() {
        assert_fails 254 bash -c 'podctl run busybox --exec=/bin/echo -- hello >/dev/full'
        assert_contains "$output" 'No space left on device'
}

test_journal_tells_them_apart() {
        podctl run --name=levels busybox --name=app \
                --exec=/bin/sh -- -c 'echo out; echo err >&2; echo "<3>own" >&2; printf "no newline" >&2' \
                >/dev/null 2>&1
        podctl logs --output=json levels | jq -r '.PRIORITY + " " + .MESSAGE' >out
        cmp out <(printf '6 out\n4 err\n3 own\n4 no newline\n')
}

# What the launcher has to say comes before there is a process for the output; handlers and restarts have one as well.
test_others_that_speak() {
        assert_fails 203 podctl run busybox --working-dir=/none --readonly-rootfs --exec=/bin/true
        assert_contains "$output" 'cannot change to the working directory'
        jq -n '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{name: "app", image: {name: "busybox"},
                app: {exec: ["/bin/echo", "main"], user: "0", group: "0",
                        eventHandlers: [{name: "pre-start", exec: ["/bin/echo", "before"]}]}}]}' >pod.json
        podctl run --pod-manifest=pod.json >out
        cmp out <(printf 'before\nmain\n')
        local script='[ ! -e /run/again ] || { echo twice; exit 0; }; echo once; touch /run/again; exit 1'
        podctl run busybox --name=app --restart=on-failure --exec=/bin/sh -- -c "$script" >out
        cmp out <(printf 'once\ntwice\n')
}
