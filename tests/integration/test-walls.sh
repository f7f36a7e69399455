# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Nothing of an app outside of the app: what an image, or a user, gives an app as its environment reaches
# no process but those in the app's root, and decides nothing that others decide.

fetch busybox.oci

# Variables that decide something for whoever takes them for his own: the loader, libc, the service manager, systemctl.
HOSTILE=(
        --environment=LD_PRELOAD=/opt/stage2/app/rootfs/evil.so --environment=LD_AUDIT=/opt/stage2/app/rootfs/evil.so
        --environment=LD_LIBRARY_PATH=/opt/stage2/app/rootfs --environment=LD_DEBUG=all
        --environment=GLIBC_TUNABLES=glibc.malloc.check=3 --environment=EXIT_STATUS=0 --environment=EXIT_CODE=exited
        --environment=SERVICE_RESULT=success --environment=SYSTEMD_OFFLINE=1 --environment=SYSTEMD_IN_CHROOT=1
        --environment=CREDENTIALS_DIRECTORY=/data --environment=SYSTEMD_EXEC_PID=1
)
# In the value of one more, for whoever looks at all environments and command lines.
MARK=mark-of-the-app

# A library that writes down which program it was loaded into, wherever that is.
evil_library() {
        cat >evil.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
unsigned la_version(unsigned v) { return v; }
__attribute__((constructor)) static void loaded(void)
{
        char path[256] = {};
        FILE *f = fopen("/opt/stage2/app/rootfs/loaded", "a");
        if (f && readlink("/proc/self/exe", path, sizeof(path) - 1) > 0)
                fprintf(f, "%s\n", path);
}
C
        gcc -shared -fPIC -o evil.so evil.c
        chmod 755 . evil.so
}

# hostile_pod [OPTION…]: "wall" has an app that does all that an app can have done beside it, and ends with 7 when told.
hostile_pod() {
        evil_library
        cat >wall.json <<JSON
{"acKind": "PodManifest", "acVersion": "0.8.11",
 "volumes": [{"name": "evil", "kind": "host", "source": "$PWD/evil.so", "readOnly": true}],
 "apps": [{"name": "app", "image": {"name": "busybox"},
  "mounts": [{"volume": "evil", "path": "/evil.so"}],
  "app": {"exec": ["/bin/sh", "-c", "until [ -e /go ]; do sleep 0.1; done; exit 7"], "user": "33", "group": "33",
          "healthcheck": {"Test": ["CMD", "/bin/true"], "Interval": 100000000},
          "eventHandlers": [{"name": "pre-start", "exec": ["/bin/true"]}, {"name": "post-stop", "exec": ["/bin/true"]}],
          "environment": [$(printf '%s\n' "${HOSTILE[@]#--environment=}" "MARK=$MARK" |
                jq -Rc 'split("=") | {name: .[0], value: (.[1:] | join("="))}' | paste -sd,)]}},
  {"name": "other", "image": {"name": "busybox"}, "app": {"exec": ["/bin/sleep", "1000"], "user": "0", "group": "0"}}]}
JSON
        defer end_pod wall
        podctl run --detach --name=wall "$@" --pod-manifest=wall.json >/dev/null
}

# Each program that is executed in the pod, with its words and its whole environment.
watch_programs() {
        strace -f -v -s 100000 -e trace=execve -e signal=none -o executed -p "$(leader wall)" 2>strace.err &
        defer end_job $!
        wait_until grep -q attached strace.err
}

end_job() {
        kill "$1" 2>/dev/null || true
}

# Every process on the host that is not in the app's root: its program, command line, environment and loaded objects.
outside_processes() {
        python3 - "/proc/$(leader wall)/root/opt/stage2/app/rootfs" <<'PYTHON'
import glob, os, sys
app = os.stat(sys.argv[1])
for process in glob.glob("/proc/[0-9]*"):
    try:
        root = os.stat(process + "/root")
        if (root.st_dev, root.st_ino) == (app.st_dev, app.st_ino):
            continue
        for name in "comm", "cmdline", "environ", "maps":
            for line in open(f"{process}/{name}", "rb").read().replace(b"\0", b"\n").splitlines():
                print(process, name, line.decode(errors="replace"))
    except OSError:
        pass
PYTHON
}

nothing_outside() {
        outside_processes >processes
        grep -qa systemd-nspawn processes || fail "the pod's own processes were not seen"
        if grep -aE "$MARK|evil\.so" processes; then
                fail "the app's environment is in a process outside of the app"
        fi
}

is_healthy() {
        podctl status wall | grep -q healthy
}

all_that_can_happen() {
        hostile_pod "$@"
        watch_programs
        nothing_outside
        wait_until is_healthy
        assert_contains "$(podctl exec --app=app wall env)" "MARK=$MARK"
        assert_contains "$(podctl enter --app=app wall env)" "MARK=$MARK"
        nothing_outside
        podctl exec --app=app wall env >env.out
        for variable in "${HOSTILE[@]#--environment=}"; do
                grep -qxF -- "$variable" env.out || fail "$variable did not arrive"
        done
        podctl enter --app=app wall touch /go
        podctl status --wait wall >status
        assert_contains "$(cat status)" app-app=7
        assert_contains "$(cat status)" exited
        # Whatever was executed with the mark was the app's own: its shell's programs, the handlers, the check.
        if grep -a "$MARK" executed | grep -avE 'execve\("/(bin/[a-z]+|proc/self/exe)"'; then
                fail "a program outside of the app was given the app's environment"
        fi
        grep -q app-exited executed || fail "nothing was seen of the end of an app"
        grep -q app-health executed || grep -q systemctl executed || fail "nothing was seen of the health check"
        local uuid
        uuid=$(podctl list --all --format=json | jq -r '.[] | select(.machine == "wall").name')
        test ! -e "/var/lib/podctl/pods/run/$uuid/apps/app/upper/loaded"
}

test_no_environment_outside() {
        all_that_can_happen
}

test_no_environment_outside_without_user_namespace() {
        all_that_can_happen --private-users=no
}

# --- Descriptors and mounts

# gate NAME: what makes a program of the pod say that it is there, and wait until it is let go.
gate() {
        echo "echo >/mark/$1; until [ -e /mark/$1-go ]; do sleep 0.1; done"
}

# A pod of two apps, of which one stops at each gate: before it starts, as itself, in its health check and after its
# end. It mounts wherever that could do others harm.
gated_pod() {
        local mounts='for d in /opt /usr /etc /run /proc/bus /sys/fs/cgroup /dev/shm; do
                        mkdir -p $d; busybox mount -t tmpfs app-made $d
                done
                busybox mount --bind /mark /var;'
        small_disk "$PWD/mark" 16M
        jq -n --arg mark "$PWD/mark" --arg before "$(gate before)" --arg main "$mounts $(gate main)" \
                --arg health "$(gate health)" --arg after "$(gate after)" '
                def handler: ["/bin/sh", "-c", .];
                {acKind: "PodManifest", acVersion: "0.8.11",
                volumes: [{name: "mark", kind: "host", source: $mark}], apps: [
                {name: "app", image: {name: "busybox"}, mounts: [{volume: "mark", path: "/mark"}],
                app: {exec: ($main | handler), user: "0", group: "0",
                        healthcheck: {
                                Test: (["CMD"] + ($health | handler)), Interval: 100000000, Timeout: 3600000000000},
                        eventHandlers: [
                                {name: "pre-start", exec: ($before | handler)},
                                {name: "post-stop", exec: ($after | handler)}],
                        ports: [{name: "http", protocol: "tcp", port: 8000, socketActivated: true}],
                        isolators: [{name: "os/linux/capabilities-retain-set", value: {set: [
                                "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE",
                                "CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_PTRACE"]}}]}},
                {name: "other", image: {name: "busybox"},
                app: {exec: ["/bin/sleep", "1000"], user: "0", group: "0"}}]}' >gated.json
        defer end_pod gated
        podctl run --name=gated "$@" --pod-manifest=gated.json >gated.out 2>&1 &
        pod_client=$!
}

# at_gate NAME: everything is where it should be while the program waits there.
at_gate() {
        wait_until test -e "mark/$1"
        looks_right app "$PWD/mark" 3
        [[ $1 == before ]] || looks_right other /dev/shm
}

# looks_right APP DIRECTORY [DESCRIPTOR…]
looks_right() {
        "$HERE/look-around" "$(leader gated)" "$@" >seen
        [[ ! -s seen ]] || fail "of $1: $(cat seen)"
}

walls_hold() {
        local verb
        gated_pod "$@"
        at_gate before
        touch mark/before-go
        at_gate main
        at_gate health
        for verb in exec enter; do
                podctl $verb --app=app gated /bin/sh -c "$(gate $verb)" </dev/null >/dev/null 2>&1 &
                at_gate $verb
                touch mark/$verb-go
                wait $!
        done
        touch mark/health-go mark/main-go
        at_gate after
        touch mark/after-go
        podctl stop gated
        wait "$pod_client"
}

test_no_descriptors_and_mounts_outside() {
        walls_hold
}

test_no_descriptors_and_mounts_outside_without_user_namespace() {
        walls_hold --private-users=no
}

# Who joins an app that is only just being started would be where PID 1 is, or where nothing is hidden yet; and the
# image says who that is, in its health check.
test_joining_waits_for_the_app() {
        local early tracer
        gated_pod
        wait_until test -e mark/before
        strace -f -P /proc/driver/app-exec -e trace=execve -e inject=execve:signal=SIGSTOP \
                -o stopped -p "$(leader gated)" 2>strace.err &
        tracer=$!
        defer end_job $tracer
        wait_until grep -q attached strace.err
        touch mark/before-go
        wait_until is_stopped
        podctl exec --app=app gated cat /proc/fs/environment >early.out 2>&1 &
        early=$!
        wait_until joins_or_is_over $early
        kill $tracer
        wait_until not_traced
        # Some end in the meantime.
        # shellcheck disable=SC2038  # they have numbers in them
        find "$(pod_cgroup gated)" -name cgroup.procs -exec cat {} + | xargs kill -CONT || true
        ! wait $early || fail "found a file of the launcher: $(cat early.out)"
        assert_contains "$(cat early.out)" 'No such file'
        touch mark/{health,main,after}-go
        podctl stop gated
        wait "$pod_client" || true
}

is_stopped() {
        local group
        group=$(pod_cgroup gated)
        # shellcheck disable=SC2046  # a file for each process
        grep -Eqs '^State:[[:space:]]*[tT]' \
                $(find "$group" -path '*/app.service/cgroup.procs' -exec sed 's|.*|/proc/&/status|' {} +)
}

not_traced() {
        # shellcheck disable=SC2038  # they have names of files in them
        find "$(pod_cgroup gated)" -name cgroup.procs -exec sed 's|.*|/proc/&/status|' {} + |
                xargs -r grep -h ^TracerPid >tracers 2>/dev/null || true
        ! grep -Eqv '^TracerPid:[[:space:]]*0' tracers
}

joins_or_is_over() {
        is_over "$1" || grep -aq -e --join /proc/[0-9]*/cmdline
}

# --- Devices

# /dev of an app is its own, whatever it does there: the pod's is also that of its PID 1 and of the other apps.
own_devices() {
        local before
        pod devices --net=none "$@" busybox --name=app --exec=/bin/sleep -- 1000 --- \
                busybox --name=other --exec=/bin/sleep -- 1000
        before=$(all_devices)
        podctl exec --app=app devices sh -c '
                for d in null zero full random urandom tty pts/ptmx; do [ -c /dev/$d ] || exit 1; done
                echo x >/dev/null && [ ! -s /dev/null ] && [ -p /dev/fd/1 ] &&
                        echo y >/dev/shm/y && rm /dev/shm/y' | cat
        podctl exec --app=app devices sh -c '
                echo own >/dev/new; mkdir /dev/more; ln -s /etc/passwd /dev/link; mknod /dev/pipe p
                rm -rf /dev/log /dev/ptmx /dev/fd /dev/core /dev/net
                for d in null zero full tty urandom; do mv /dev/$d /dev/moved; rm -f /dev/$d; done
                true' 2>/dev/null
        assert_eq "$(podctl exec --app=app devices cat /dev/new)" own
        assert_eq "$(all_devices)" "$before"
}

all_devices() {
        ls -l "/proc/$(leader devices)/root/dev"
        podctl exec --app=other devices ls -l /dev
}

test_own_devices() {
        own_devices
}

test_own_devices_without_user_namespace() {
        own_devices --private-users=no
}

# What systemd mounts, and where the launcher is executed from, is not where a link of the image leads: what is on the
# way there could be something else a moment later.
test_links_in_place_of_the_kernels_file_systems() {
        local links script='for d in proc sys dev run; do [ ! -L /$d ] || echo $d is a link; done'
        script+='; ls -d /proc/self/fd /sys/class /dev/null; stat -f -c %T /proc'
        for links in 'ln("proc", "q/proc"), ln("sys", "q/sys"), ln("dev", "q/dev")' \
                'ln("proc", "/dev"), ln("sys", "proc"), ln("dev", "nowhere")' \
                'ln("run", "proc")' 'ln("run", "/")' 'ln("run", "dev"), ln("dev", "/sys"), ln("sys", "sys")'; do
                rm -rf links
                "$HERE/make-image" links <<<"image([base($links)], {'Cmd': ['/bin/sh', '-c', '$script']})"
                podctl --insecure-options=image fetch "$PWD/links" >id
                defer podctl image rm "$(cat id)"
                podctl run --net=none "$(cat id)" --name=app >out
                assert_eq "$(cat out)" $'/dev/null\n/proc/self/fd\n/sys/class\nproc'
        done
}

# Looked into before it is executed, a program may be anything.
test_programs_that_are_none() {
        pod none --net=none busybox --name=app \
                --exec=/bin/sh -- -c 'mkfifo /pipe; chmod 755 /pipe; mkdir /directory; touch /made; sleep 1000'
        wait_until podctl exec none test -e /made
        assert_fails '*' podctl exec none /pipe
        assert_fails '*' podctl exec none /directory
        assert_fails '*' podctl exec none /dev/null
}

# --- What an app is given arrives

test_any_variable_arrives() {
        local variables=('1A=2' '2FA_KEY=x' 'A B=3' 'É=4' 'A$B=5' 'BASH_FUNC_f%%=() { :; }' 'a.b-c=6')
        variables+=($'LINES=1\n2\t3' 'EMPTY=' 'Q="\\"%n$HOME')
        local options=() variable
        for variable in "${variables[@]}"; do
                options+=("--environment=$variable")
        done
        podctl run --interactive busybox "${options[@]}" --exec=/bin/cat -- /proc/self/environ </dev/null >got
        for variable in "${variables[@]}"; do
                line=$(tr '\n' '\001' <<<"$variable" | sed 's/\o001$//')
                tr '\n\0' '\001\n' <got | grep -qxF -- "$line" || fail "'$variable' did not arrive"
        done
}

# Linux takes 2 MB of all words together; a line of a unit file one.
test_long_command_line() {
        local word words control
        word=$(printf '%0100000d' 0)
        control=$(printf '\001%.0s' {1..100000})
        mapfile -t words < <(yes "$word" | head -n 11)
        assert_eq "$(podctl run busybox --exec=/bin/sh -- -c 'echo $#' x "${words[@]}")" 11
        assert_eq "$(podctl run busybox --exec=/bin/sh -- -c 'echo $# ${#3}' x "$control" "$control" "$control")" \
                '3 100000'
}

# A kernel limit is told, by its name, and is no success.
test_too_large_for_the_kernel() {
        local file
        printf 'HUGE=%0140000d\n' 0 >one
        for file in {1..400}; do printf 'SERVICE_%d=%010000d\n' "$file" 0; done >many
        assert_fails 203 podctl run --set-env-file="$PWD/one" busybox --exec=/bin/true
        assert_contains "$output" 'a variable of 140006 bytes (HUGE=0000'
        head -c 900000 many >some
        sed -i '$d' some
        podctl run --set-env-file="$PWD/some" busybox --exec=/bin/true
        jq -Rn '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{name: "app", image: {name: "busybox"}, app: {
                exec: ["/bin/true"], user: "0", group: "0",
                environment: [inputs | split("=") | {name: .[0], value: .[1]}]}}]}' <many >many.json
        assert_fails 203 podctl run --pod-manifest=many.json
        assert_contains "$output" 'more than the kernel takes'
}

# Also where root of the pod is the host's.
test_variables_do_not_decide_the_status() {
        local option
        for option in --private-users=yes --private-users=no; do
                assert_fails 7 podctl run $option busybox "${HOSTILE[@]}" --environment=LD_TRACE_LOADED_OBJECTS=1 \
                        --exec=/bin/sh -- -c 'exit 7'
        done
}

# The pod gets the bytes of standard input and output, and none of the caller's descriptors: no terminal, no file that
# it could open again, and nothing of ours where the caller has nothing.
test_exec_hands_over_nothing() {
        local look='for i in 0 1 2; do readlink /proc/$$/fd/$i; done | sed "s/:.*//"'
        pod given busybox --private-users=no --net=none --exec=/bin/sleep -- 1000
        podctl exec given sh -c "x=\$($look); echo \"\$x\" >/given" <&- >&- 2>&-
        assert_eq "$(podctl exec given cat /given)" $'/dev/null\npipe\npipe'
        in_terminal "podctl exec given sh -c '$look; echo told' </dev/null"
        wait_until grep -q told screen
        assert_eq "$(grep -c '^pipe' screen)" 2
        podctl exec given sh -c "$look" </ >out
        assert_eq "$(cat out)" $'pipe\npipe\npipe'
        echo words >in
        assert_eq "$(podctl exec given sh -c "$look; cat" <in)" $'pipe\npipe\npipe\nwords'
}

test_exec_passes_on_all() {
        local line
        pod passes busybox --net=none --exec=/bin/sleep -- 1000
        podctl exec passes seq 200000 >out
        seq 200000 | cmp - out
        seq 200000 | podctl exec passes cat | cmp - out
        podctl exec passes sh -c 'echo a; echo b >&2; echo c' >out 2>&1
        assert_eq "$(cat out)" $'a\nb\nc'
        podctl exec passes sh -c 'echo out; echo err >&2' >out 2>err
        assert_eq "$(cat out err)" $'out\nerr'
        in_terminal 'podctl exec passes echo lines >lines; echo told'
        wait_until grep -q told screen
        assert_eq "$(od -An -c lines | tr -d ' ')" 'lines\n'
        # Who reads no more ends what writes.
        assert_eq "$(podctl exec passes yes | head -n 1)" y
        # A loop around it keeps its input.
        seq 3 >list
        while read -r line; do
                podctl exec passes true
                echo "$line"
        done <list >out
        assert_eq "$(cat out)" $'1\n2\n3'
        # What stays behind keeps nobody waiting.
        assert_eq "$(podctl exec passes sh -c 'sleep 1000 & echo left')" left
}
