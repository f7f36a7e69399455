# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What an app finds when it wakes up, and when it does.

fetch busybox.oci debian.oci

# sh_manifest SCRIPT MEMBERS: a pod manifest of one app, with more members of it.
sh_manifest() {
        cat <<JSON
{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},
"app":{"exec":["/bin/sh","-c","$1"],"user":"0","group":"0"$2}}]}
JSON
}

# --- Environment

# Names that a shell cannot have are as good as others.
test_any_name_of_a_variable() {
        sh_manifest env ',"environment":[{"name":"a.b","value":"dot = 1"},
                {"name":"a-b","value":"%n $HOME \"q\""},{"name":"C_1","value":"x"}]' >pod.json
        sed -i 's|"/bin/sh","-c","env"|"/bin/env"|' pod.json
        podctl run --pod-manifest=pod.json >out
        assert_contains "$(cat out)" 'a.b=dot = 1'
        assert_contains "$(cat out)" 'a-b=%n $HOME "q"'
        assert_contains "$(cat out)" C_1=x
        assert_contains "$(cat out)" container=podctl
        assert_contains "$(podctl run busybox --environment=x.y=z --exec=/bin/env)" x.y=z
}

test_groups() {
        assert_eq "$(sh_run 'id -G' --user=33 --group=50 --supplementary-gids=7,4711)" '50 7 4711'
}

# --- Programs that cannot be executed

test_missing_interpreter_is_named() {
        mkdir -p volume
        printf '#!/no/interpreter -x\n' >volume/script
        chmod 755 volume volume/script
        assert_fails 203 podctl run --volume="v,kind=host,source=$PWD/volume" \
                busybox --mount=volume=v,target=/v --exec=/v/script
        assert_contains "$output" /no/interpreter
        printf '#!/no/\033[31mred\n' >volume/script
        assert_fails 203 podctl run --volume="v,kind=host,source=$PWD/volume" \
                busybox --mount=volume=v,target=/v --exec=/v/script
        assert_contains "$output" '/no/?[31mred: No such file'
        # A real program of a Debian, in an image without its loader.
        cp /bin/true volume/true
        assert_fails 203 podctl run --volume="v,kind=host,source=$PWD/volume" \
                busybox --mount=volume=v,target=/v --exec=/v/true
        assert_contains "$output" /lib
        assert_contains "$output" ld
        refused '/no such/program' busybox --exec='/no such/program' -- -x
}

# --- Event handlers

test_event_handlers() {
        sh_manifest 'id -u; cat /pre; echo main' ',"eventHandlers":[
                {"name":"pre-start","exec":["/bin/sh","-c","id -u >/pre"]},
                {"name":"post-stop","exec":["sh","-c","echo post of $AC_APP_NAME"]}]' |
                sed 's/"user":"0"/"user":"33"/' >pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json)" $'33\n0\nmain\npost of app'
}

test_post_stop_comes_after_a_failure_too() {
        sh_manifest 'exit 7' ',"eventHandlers":[
                {"name":"post-stop","exec":["/bin/sh","-c","echo post; exit 3"]}]' >pod.json
        assert_fails 7 podctl run --pod-manifest=pod.json
        assert_contains "$output" post
}

test_failing_pre_start_ends_the_pod() {
        sh_manifest 'echo never' ',"eventHandlers":[
                {"name":"pre-start","exec":["/bin/sh","-c","echo before; exit 9"]}]' >pod.json
        assert_fails 9 podctl run --pod-manifest=pod.json
        assert_contains "$output" before
        assert_not_contains "$output" never
}

# One that never ran has no end.
test_app_that_never_ran_has_no_record() {
        sh_manifest 'echo never' ',"eventHandlers":[{"name":"pre-start","exec":["/bin/sh","-c","exit 9"]}]' >pod.json
        assert_fails 9 podctl run --pod-manifest=pod.json --uuid-file-save=uuid
        assert_not_contains "$(podctl status "$(cat uuid)")" 'app-app='
        podctl rm --uuid-file=uuid
}

test_missing_handler() {
        sh_manifest true ',"eventHandlers":[{"name":"pre-start","exec":["/no/handler"]}]' >pod.json
        refused /no/handler --pod-manifest=pod.json
        assert_contains "$output" pre-start
}

# --- Order and restarts

test_order() {
        pod ordered busybox --name=b --after=a --exec=/bin/sleep -- 1000 --- busybox --name=a --exec=/bin/sleep -- 1000
        assert_contains "$(systemctl -M ordered show -p After --value b.service)" a.service
        assert_not_contains "$(systemctl -M ordered show -p After --value a.service)" b.service
        podctl run --net=none busybox --name=b --requires=a --exec=/bin/echo -- b --- \
                busybox --name=a --exec=/bin/echo -- a >out
        assert_contains "$(cat out)" b
}

test_order_mistakes() {
        refused nosuch busybox --name=a --after=nosuch
        refused "'a'" busybox --name=a --after=a
        refused wait busybox --name=a --after=b busybox --name=b --requires=c busybox --name=c --after=a
        refused ponies busybox --restart=ponies
}

restarted_twice() {
        (($(systemctl -M "$1" show --property=NRestarts --value app.service) >= 2))
}

test_restart() {
        mkdir v
        podctl run --volume="v,kind=host,source=$PWD/v" \
                busybox --name=app --mount=volume=v,target=/v --restart=on-failure \
                --exec=/bin/sh -- -c 'echo x >>/v/count; [ "$(wc -l </v/count)" -ge 3 ]'
        assert_eq "$(wc -l <v/count)" 3
        pod always busybox --name=app --restart=always --exec=/bin/true
        wait_until restarted_twice always
        podctl stop always
        gone always
        assert_fails 5 podctl run busybox --name=app --restart=on-failure --exec=/bin/sleep -- 1000 --- \
                busybox --name=bad --exec=/bin/sh -- -c 'exit 5'
}

# --- Output

# As nginx's image has its logs, for root and for others.
test_standard_output_can_be_opened() {
        local script='echo one >/dev/stdout
                echo two >>/dev/stderr
                ln -s /dev/stdout /tmp/log
                echo three >/tmp/log
                echo four >/proc/self/fd/1'
        for user in 0 33; do
                sh_run "$script" --user=$user >out 2>&1
                assert_eq "$(sort out)" $'four\none\nthree\ntwo'
        done
        # What carries it is neither a child of the app nor anything it could take privileges from. It takes its name
        # while the app starts.
        sh_run 'until grep -qs podctl-output /proc/[0-9]*/comm; do sleep 0.1; done
                for p in /proc/[0-9]*; do
                grep -q podctl-output $p/comm 2>/dev/null && grep -E "CapEff|PPid" $p/status
        done; true' --pids=shared >out
        assert_eq "$(cat out)" $'PPid:\t1\nCapEff:\t0000000000000000'
}

# systemd calls the control groups of these otherwise.
test_apps_called_like_controllers() {
        local app apps=()
        for app in cpu memory devices cgroup; do
                apps+=(--- busybox "--name=$app" --exec=/bin/sleep -- 1000)
        done
        pod called "${apps[@]:1}" --- busybox --name=looks --pids=app:memory --exec=/bin/sleep -- 1001
        for app in cpu memory devices cgroup; do
                podctl exec --app=$app called ps -o args | grep -q 'sleep 1000'
                assert_eq "$(podctl stats --format=json called | jq -r --arg app $app \
                        '.[].apps[] | select(.app == $app) | .cpu_usec > 0')" true
        done
        podctl exec --app=looks called ps -o args | grep -q 'sleep 1000'
        end_pod called
}
