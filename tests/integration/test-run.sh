# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# `podctl run`: every option does in the pod what it says, and what cannot be done is refused
# before anything has started.

fetch busybox.oci httpd.oci debian.oci busybox.aci

# Everything that a refused pod could have left.
host_state() {
        podctl list --all --no-legend --full
        machinectl list --no-legend
        systemctl list-units --all --plain --no-legend 'podctl-*' | awk '!/^podctl-networks-/ { print $1 }'
        ls /var/log/journal /run/systemd/nspawn 2>/dev/null || true
        find /var/lib/podctl/pods -mindepth 2 -maxdepth 2
}

# refused_without_trace WORDS ARG…: `podctl run` fails with 254 and one line that has the words; nothing starts.
refused_without_trace() {
        local words=$1 before
        shift
        cleared
        before=$(host_state)
        assert_fails 254 podctl run "$@"
        assert_contains "$output" "$words"
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(host_state)" "$before"
}

# --- What comes back

test_output_and_status() {
        local out
        out=$(podctl run busybox --exec=/bin/echo -- hello world)
        assert_eq "$out" 'hello world'
        assert_eq "$(sh_run 'echo out; echo err >&2' 2>&1 | sort)" $'err\nout'
        assert_fails 3 sh_run 'echo three; exit 3'
        assert_contains "$output" three
        assert_fails 1 podctl run busybox --exec=/bin/false
        assert_fails 254 sh_run 'exit 254'
}

test_killed_app() {
        assert_fails 137 sh_run 'kill -9 $$'
        # One for real time, which has no name of its own.
        assert_fails 165 sh_run 'kill -37 $$'
        assert_fails 139 sh_run 'kill -SEGV $$'
}

# However soon the app ends after its last word.
test_last_lines_are_not_lost() {
        sh_run 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo "line $i"; done' >out
        cmp out <(seq -f 'line %g' 2000)
        assert_fails 7 sh_run 'seq 1 2000; exit 7'
        assert_eq "$output" "$(seq 1 2000)"
        podctl logs --output=cat "$(podctl list --all --no-legend | awk 'NR == 1 { print $1 }')" >logs
        assert_eq "$(wc -l <logs)" 2000
        # Which may be before there is a journal.
        for _ in {1..8}; do
                assert_fails 7 podctl run --net=none busybox --exec=/bin/sh -- -c 'echo last words; exit 7'
                assert_eq "$output" 'last words'
        done
}

# A line that is not ended, and bytes that are no text.
test_output_of_any_kind() {
        assert_eq "$(sh_run 'printf unfinished')" unfinished
        assert_contains "$(sh_run 'printf "gr\303\274n \033[1mbold\033[0m\n"')" $'gr\303\274n'
        sh_run 'printf "%s\n" "$(head -c 6000 /dev/zero | tr "\0" x)"' | tr -d '\n' >out
        assert_contains "$(cat out)" "$(printf 'x%.0s' {1..6000})"
}

# --- What is run

test_program_of_the_image() {
        assert_contains "$(podctl run debian)" 'uid=1000(app) gid=1000(app)'
        assert_contains "$(podctl run debian)" 'APP_MODE=a "quoted" $value'
        assert_contains "$(podctl run example.com/busybox --name=app)" 'hello from app'
}

# Behind an entry point as with Docker: they replace the command. Without one they are all there is.
test_arguments() {
        assert_contains "$(podctl run debian -- 'echo "over $0"; pwd' 2>/dev/null)" /srv/app
        podctl run busybox -- /bin/echo 'a  b' '' '$HOME' '%n' "it's" 'c"d' '\e' ';' >out
        assert_eq "$(cat out)" 'a  b  $HOME %n it'\''s c"d \e ;'
        assert_eq "$(podctl run httpd --exec=/bin/echo -- -x y)" '-x y'
}

test_program_is_looked_up() {
        assert_eq "$(podctl run busybox --exec=echo -- found)" found
        assert_eq "$(podctl run busybox --exec=/bin/uname 2>/dev/null)" Linux
}

test_missing_program() {
        refused_without_trace /no/such busybox --exec=/no/such
        refused_without_trace nosuch busybox --exec=nosuch
}

test_environment() {
        printf '%s\n' '# comment' '; comment' '' FROM_FILE=file A=file B=file C=file >env
        export INHERITED=host GREETING=host A=host
        sh_run env --set-env-file=env --set-env=A=set --set-env=B=set >out
        assert_contains "$(cat out)" $'GREETING=hello world\n'
        assert_contains "$(cat out)" A=set
        assert_contains "$(cat out)" B=set
        assert_contains "$(cat out)" C=file
        assert_contains "$(cat out)" FROM_FILE=file
        assert_contains "$(cat out)" AC_APP_NAME=app
        assert_not_contains "$(cat out)" INHERITED
        podctl run --set-env=A=set --set-env-file=env \
                busybox --environment=A=app --environment='S=a b "c" $d %n \x' --exec=/bin/env >out
        assert_contains "$(cat out)" A=app
        assert_contains "$(cat out)" B=file
        assert_contains "$(cat out)" 'S=a b "c" $d %n \x'
        sh_run env --inherit-env >out
        assert_contains "$(cat out)" INHERITED=host
        assert_contains "$(cat out)" 'GREETING=hello world'
        assert_contains "$(cat out)" A=host
}

test_environment_mistakes() {
        echo broken >env
        refused_without_trace --set-env --set-env=novalue busybox
        refused_without_trace --environment busybox --environment==x
        refused_without_trace --set-env-file --set-env-file=env busybox
        refused_without_trace nowhere --set-env-file=nowhere busybox
        refused_without_trace A --set-env=A=1 --set-env=A=2 busybox
        refused_without_trace A busybox --environment=A=1 --environment=A=2
}

test_user_and_group() {
        local ids='uid=33(www-data) gid=50(staff) groups=50(staff)'
        assert_eq "$(podctl run busybox --user=33 --group=50 --exec=/bin/id)" "$ids"
        assert_eq "$(podctl run busybox --user=www-data --group=staff --exec=/bin/id)" "$ids"
        assert_eq "$(podctl run busybox --user=www-data --exec=/bin/sh -- -c 'id -u; id -g')" $'33\n33'
        assert_eq "$(podctl run debian --user=/srv/app --group=/srv/app -- 'id -u; id -g')" $'1000\n1000'
        assert_eq "$(podctl run busybox --user=4711 --group=815 --exec=/bin/sh -- -c 'id -u; id -g')" $'4711\n815'
        assert_contains "$(podctl run busybox --user=33 --supplementary-gids=50,4242 --exec=/bin/id)" 4242
        assert_contains "$(podctl run httpd --exec=/bin/id)" 'uid=33(www-data) gid=50(staff)'
}

test_unknown_user_and_group() {
        refused_without_trace nosuch busybox --user=nosuch
        refused_without_trace nosuch busybox --group=nosuch
        refused_without_trace /nosuch busybox --user=/nosuch
        refused_without_trace 65536 busybox --user=65536
}

test_working_directory() {
        assert_eq "$(podctl run busybox --exec=/bin/pwd)" /
        assert_eq "$(podctl run busybox --working-dir=/var --exec=/bin/pwd)" /var
        assert_eq "$(podctl run httpd --exec=/bin/pwd)" /www
        refused_without_trace relative busybox --working-dir=relative
}

# --- The pod

test_name_is_machine_and_host_name() {
        pod first busybox --exec=/bin/sleep -- 1000
        machinectl show first
        assert_contains "$(podctl list --all --no-legend)" first
        assert_eq "$(podctl run --name=second busybox --exec=/bin/hostname)" second
        assert_eq "$(podctl run --name=third --hostname=other busybox --exec=/bin/hostname)" other
}

# Their lines begin with their names.
test_several_apps() {
        podctl run busybox --name=a --exec=/bin/echo -- hello --- busybox --name=b --exec=/bin/echo -- world \
                --- httpd --name=c --exec=/bin/pwd >out
        assert_eq "$(sort out)" $'a: hello\nb: world\nc: /www'
}

# Apps that end well leave the others alone; the pod ends with the last one.
test_last_one_out_ends_the_pod() {
        podctl run busybox --name=short --exec=/bin/true \
                busybox --name=long --exec=/bin/sh -- -c 'sleep 1; echo still here' >out
        assert_eq "$(cat out)" 'long: still here'
}

test_first_failure_ends_the_pod() {
        assert_fails 5 podctl run --name=failing busybox --name=long --exec=/bin/sleep -- 1000 --- \
                busybox --name=bad --exec=/bin/sh -- -c 'exit 5'
        assert_contains "$(podctl status failing)" app-bad=5
        gone failing
}

test_failure_is_not_covered_by_later_ones() {
        assert_fails 5 podctl run busybox --name=bad --exec=/bin/sh -- -c 'exit 5' --- \
                busybox --name=worse --exec=/bin/sh -- -c 'trap "exit 6" TERM; sleep 1000 & wait'
}

test_network() {
        assert_eq "$(sh_run 'ls /sys/class/net')" $'eth0\nlo'
        assert_eq "$(sh_run 'ls /sys/class/net' --net=none)" lo
        ip link add podctl-test0 type veth peer name podctl-test1
        defer ip link del podctl-test0
        assert_contains "$(sh_run 'ip -o link; cat /proc/net/dev' --net=host)" podctl-test0
        assert_eq "$(sh_run 'readlink /proc/self/ns/net' --net=host)" "$(readlink /proc/self/ns/net)"
        [[ $(sh_run 'readlink /proc/self/ns/net') != "$(readlink /proc/self/ns/net)" ]]
        assert_eq "$(sh_run 'ip -o addr show lo' | grep -c 127.0.0.1)" 1
        refused_without_trace --net --net=sideways busybox
}

# Two apps share network, host name and IPC, but neither files nor mounts.
test_apps_share_what_a_pod_shares() {
        # It lasts a while, so that the number of one's mount namespace is not the other's when that is over.
        local script='for i in net uts ipc pid mnt; do readlink /proc/self/ns/$i; done; touch /only-here; ls /; sleep 1'
        podctl run busybox --name=a --exec=/bin/sh -- -c "$script" --- \
                busybox --name=b --exec=/bin/sh -- -c "$script" >out
        sed -i 's/^[ab]: //' out
        assert_eq "$(grep -cE '^(net|uts|ipc|pid):' out)" 8
        assert_eq "$(grep -E '^(net|uts|ipc):' out | sort -u | wc -l)" 3
        assert_eq "$(grep '^pid:' out | sort -u | wc -l)" 2
        assert_eq "$(grep '^mnt:' out | sort -u | wc -l)" 2
        assert_eq "$(grep -c only-here out)" 2
}

test_detach() {
        local uuid
        defer end_pod detached
        uuid=$(podctl run --detach --name=detached busybox --exec=/bin/sleep -- 1000)
        [[ $uuid =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]]
        assert_contains "$(podctl status "$uuid")" state=running
        assert_eq "$(systemctl show --property=ActiveState --value podctl-detached.service)" active
}

test_dry_run_starts_nothing() {
        local before
        before=$(host_state)
        podctl run --dry-run --name=dry --property=MemoryMax=100M busybox --name=app --exec=/bin/echo -- words >plan
        grep -q words plan
        grep -q MemoryMax=100M plan
        assert_eq "$(host_state)" "$before"
}

test_uuid_file() {
        podctl run --uuid-file-save=uuid --name=saved busybox --exec=/bin/true
        assert_contains "$(podctl status --uuid-file=uuid)" name=saved
        assert_eq "$(stat -c %a uuid)" 644
        refused_without_trace --uuid-file-save --uuid-file-save=/nowhere/uuid busybox
}

test_pod_manifest() {
        local id
        id=$(podctl image list --full --format=json | jq -r '.[] |
                select(.name | contains("busybox:latest")) |
                select(.id | startswith("sha256")) | .id | sub("sha256-"; "sha256:")')
        local reader='until test -s /in/file; do sleep 0.1; done; cat /in/file; touch /x || echo read-only'
        jq -n --arg id "$id" --arg reader "$reader" '{
                acVersion: "0.8.11", acKind: "PodManifest",
                apps: [
                        {name: "writer", image: {name: "busybox", id: $id},
                         app: {exec: ["/bin/sh", "-c", "echo $WHO >/out/file; stat -c \"%a %u %g\" /out"],
                               user: "7", group: "8",
                               environment: [{name: "WHO", value: "writer"}]},
                         mounts: [{volume: "shared", path: "/out"}]},
                        {name: "reader", image: {name: "busybox", id: $id}, readOnlyRootFS: true,
                         app: {exec: ["/bin/sh", "-c", $reader],
                               user: "0", group: "0", workingDirectory: "/tmp"},
                         mounts: [{volume: "shared", path: "/in"}]}
                ],
                volumes: [{name: "shared", kind: "empty", mode: "0770", uid: 7, gid: 8}],
                annotations: [{name: "example.com/note", value: "kept"}],
                "example.com/unknown": {ignored: true}
        }' >manifest
        podctl run --name=from-manifest --pod-manifest=manifest >out 2>/dev/null
        assert_contains "$(cat out)" '770 7 8'
        assert_contains "$(cat out)" writer
        assert_contains "$(cat out)" read-only
        assert_contains "$(podctl cat-manifest from-manifest)" example.com/note
}

test_pod_manifest_mistakes() {
        echo '{"acVersion": "0.8.11", "acKind": "PodManifest", "apps": []}' >empty
        echo '{"acVersion": "0.8.11", "acKind": "PodManifest", "apps": [{"name": 7}]}' >wrong
        echo '{' >cut
        refused_without_trace apps --pod-manifest=empty
        # All mistakes at once, a line each.
        assert_fails 254 podctl run --pod-manifest=wrong
        assert_contains "$output" wrong
        refused_without_trace cut --pod-manifest=cut
        refused_without_trace nowhere --pod-manifest=nowhere
        refused_without_trace 'conflicting flags set with --pod-manifest' --pod-manifest=empty busybox
        refused_without_trace 'conflicting flags set with --pod-manifest' --pod-manifest=empty --set-env=A=1
        refused_without_trace 'conflicting flags set with --pod-manifest' --pod-manifest=empty --volume=v,kind=empty
}

test_unit_properties() {
        pod limited --property=MemoryMax=100M --property=TasksMax=99 --property='Description=Limited pod' \
                busybox --exec=/bin/sleep -- 1000
        assert_eq "$(systemctl show --property=MemoryMax --value podctl-limited.service)" 104857600
        assert_eq "$(systemctl show --property=TasksMax --value podctl-limited.service)" 99
        assert_eq "$(systemctl show --property=Description --value podctl-limited.service)" 'Limited pod'
        refused_without_trace MemoryMax --property=MemoryMax=many busybox
        refused_without_trace Colour --property=Colour=blue busybox
}

test_slice() {
        pod plain busybox --exec=/bin/sleep -- 1000
        assert_eq "$(systemctl show --property=Slice --value podctl-plain.service)" machine.slice
        pod sliced --slice=pods-test.slice busybox --exec=/bin/sleep -- 1000
        assert_eq "$(systemctl show --property=Slice --value podctl-sliced.service)" pods-test.slice
        assert_contains "$(systemctl show --property=ControlGroup --value podctl-sliced.service)" \
                /pods.slice/pods-test.slice/podctl-sliced.service
}

# --- Volumes

test_host_volume() {
        mkdir volume
        echo 'from the host' >volume/in
        chmod 755 volume
        chown 12:34 volume/in
        sh_run 'cat /v/in; stat -c %u:%g /v/in; echo written >/v/out; mkdir /v/dir; chown 33:50 /v/dir' \
                --volume=v,kind=host,source="$PWD/volume" --mount=volume=v,target=/v >out
        assert_eq "$(cat out)" $'from the host\n12:34'
        assert_eq "$(cat volume/out)" written
        assert_eq "$(stat -c %u:%g volume/out)" 0:0
        assert_eq "$(stat -c %u:%g volume/dir)" 33:50
}

test_read_only_volume() {
        mkdir -p volume/below
        mount -t tmpfs tmpfs volume/below
        defer umount "$PWD/volume/below"
        assert_eq "$(sh_run 'touch /v/x || echo no; touch /v/below/x || echo no' \
                --volume=v,kind=host,source="$PWD/volume",readOnly=true --mount=volume=v,target=/v 2>/dev/null |
                grep -c '^no')" 2
        [[ ! -e volume/x && ! -e volume/below/x ]]
}

# What is mounted below the source is there as well, unless asked otherwise.
test_recursive_volume() {
        mkdir -p volume/below
        mount -t tmpfs tmpfs volume/below
        defer umount "$PWD/volume/below"
        echo deep >volume/below/file
        local volume=v,kind=host,source=$PWD/volume
        assert_eq "$(sh_run 'cat /v/below/file' --volume="$volume" --mount=volume=v,target=/v)" deep
        assert_eq "$(sh_run 'ls -A /v/below' --volume="$volume,recursive=false" --mount=volume=v,target=/v)" ''
}

test_file_as_volume() {
        echo alone >file
        sh_run 'cat /some/where/file; echo more >>/some/where/file' \
                --volume=f,kind=host,source="$PWD/file" --mount=volume=f,target=/some/where/file >out
        assert_eq "$(cat out)" alone
        assert_eq "$(cat file)" $'alone\nmore'
}

# Two apps exchange data through an empty volume, which is the pod's and goes with it.
test_empty_volume() {
        local a='stat -c "%a %u %g" /two; echo ping >/two/ping
                until test -e /two/pong; do sleep 0.1; done; cat /two/pong'
        local b='until test -e /one/ping; do sleep 0.1; done; cat /one/ping; echo pong >/one/tmp; mv /one/tmp /one/pong'
        podctl run --volume=v,kind=empty,mode=0750,uid=33,gid=50 --mount=volume=v,target=/one \
                busybox --name=a --mount=volume=v,target=/two --exec=/bin/sh -- -c "$a" --- \
                busybox --name=b --exec=/bin/sh -- -c "$b" >out
        assert_eq "$(sort out)" $'a: 750 33 50\na: pong\nb: ping'
}

# Links in the image lead no mount out of the app's root.
test_mount_target_stays_inside() {
        mkdir volume
        echo here >volume/file
        assert_eq "$(sh_run 'cat /etc/file' \
                --volume=v,kind=host,source="$PWD/volume" --mount=volume=v,target=/../../../etc)" here
        assert_not_contains "$(findmnt -rn -o TARGET)" "$PWD"
}

test_volume_mistakes() {
        refused_without_trace /nowhere --volume=v,kind=host,source=/nowhere busybox --mount=volume=v,target=/v
        refused_without_trace relative --volume=v,kind=host,source=relative busybox
        refused_without_trace kind --volume=v,kind=other busybox
        refused_without_trace v --volume=v,kind=empty --volume=v,kind=empty busybox
        refused_without_trace undeclared busybox --mount=volume=undeclared,target=/v
        refused_without_trace colour --volume=v,kind=empty,colour=blue busybox
}

test_read_only_root() {
        local script='touch /x 2>/dev/null || echo read-only; touch /v/x && echo writable'
        assert_eq "$(sh_run 'touch /x && echo writable')" writable
        assert_eq "$(sh_run 'touch /x 2>/dev/null || echo read-only' --readonly-rootfs)" read-only
        assert_eq "$(sh_run "$script" --volume=v,kind=empty --mount=volume=v,target=/v --readonly-rootfs)" \
                $'read-only\nwritable'
}

# --- The terminal

test_interactive_with_piped_input() {
        assert_eq "$(printf 'one\ntwo\n' | podctl run --interactive busybox --exec=/bin/cat)" $'one\ntwo'
        assert_eq "$(head -c 300000 /dev/zero | podctl run --interactive busybox --exec=/bin/wc -- -c)" 300000
        assert_fails 4 podctl run --interactive busybox --exec=/bin/sh -- -c 'exit 4'
}

test_interactive_with_terminal() {
        local status=0
        defer end_pod terminal
        local script='tty; stty size; read x; echo got:\$x; exit 5'
        in_terminal "stty rows 33 cols 111
                podctl run --interactive --name=terminal busybox --exec=/bin/sh -- -c \"$script\""
        wait_until grep 33 screen
        echo hello >&5
        wait "$terminal" || status=$?
        assert_eq $status 5
        assert_contains "$(cat screen)" /dev/
        assert_contains "$(cat screen)" '33 111'
        assert_contains "$(cat screen)" got:hello
}

# Ctrl-C at the terminal is the app's.
test_interrupt_from_terminal() {
        local status=0
        defer end_pod terminal
        local script='trap \"echo caught; exit 6\" INT; echo waiting; while :; do sleep 0.1; done'
        in_terminal "podctl run --interactive --name=terminal busybox --exec=/bin/sh -- -c \"$script\""
        wait_until grep waiting screen
        printf '\003' >&5
        wait "$terminal" || status=$?
        assert_eq $status 6
        assert_contains "$(cat screen)" caught
        gone terminal
}

test_interactive_mistakes() {
        refused_without_trace --interactive --interactive busybox --name=a busybox --name=b
        refused_without_trace --detach --interactive --detach busybox
}

test_input_is_empty_without_interactive() {
        assert_eq "$(echo unread | sh_run 'cat; echo end')" end
}

# Ctrl-C ends the pod in good order: the app hears of it, and nothing is left.
test_interrupt_stops_the_pod() {
        local signal pid script='trap "echo asked; exit 0" TERM; echo waiting; while :; do sleep 0.1; done'
        for signal in INT TERM; do
                rm -f out
                podctl run --name=stopped busybox --exec=/bin/sh -- -c "$script" >out 2>&1 &
                pid=$!
                defer end_pod stopped
                wait_until grep waiting out
                kill -s $signal $pid
                wait $pid || true
                assert_contains "$(cat out)" asked
                gone stopped
                assert_contains "$(podctl status stopped)" state=exited
        done
}

# A client that is killed takes nothing along: the pod is a unit of its own.
test_killed_client_leaves_the_pod() {
        local pid
        podctl run --name=orphan busybox --exec=/bin/sleep -- 1000 &
        pid=$!
        defer end_pod orphan
        wait_until podctl status --wait-ready orphan
        kill -9 $pid
        wait $pid || true
        machinectl show orphan
        podctl stop orphan
        wait_until gone orphan
}

# --- What keeps pods apart

test_user_namespace() {
        local base first second
        read -r _ base _ <<<"$(sh_run 'cat /proc/self/uid_map')"
        ((base >= 524288 && base % 65536 == 0)) || fail "base is $base"
        pod one busybox --name=app --exec=/bin/sleep -- 1000
        pod two busybox --name=app --exec=/bin/sleep -- 1000
        first=$(awk '{ print $2, $3 }' "/proc/$(leader one)/uid_map")
        second=$(awk '{ print $2, $3 }' "/proc/$(leader two)/uid_map")
        [[ $first != "$second" && $first != 0* && $second != 0* ]] || fail "$first and $second"
        assert_eq "${first#* }" 65536
        assert_eq "$(stat -c %u "/proc/$(app_pid one app)")" "${first% *}"
        assert_eq "$(awk '{ print $2 }' "/proc/$(leader one)/gid_map")" "${first% *}"
}

test_private_users_can_be_turned_off() {
        assert_eq "$(sh_run 'cat /proc/self/uid_map' --private-users=no | tr -s ' ')" ' 0 0 4294967295'
        assert_eq "$(sh_run 'echo ok >/new; cat /new' --private-users=no)" ok
}

# Fourteen capabilities, and only those asked for.
test_capabilities() {
        caps() {
                podctl run busybox "$@" --exec=/bin/grep -- CapBnd /proc/self/status | awk '{ print $2 }'
        }
        assert_eq "$(caps)" 00000000a80425fb
        assert_eq "$(caps --caps-retain=NET_RAW)" 0000000000002000
        assert_eq "$(caps --caps-remove=CAP_NET_RAW,CAP_MKNOD)" 00000000a00405fb
        podctl --insecure-options=capabilities run busybox --exec=/bin/grep -- CapBnd /proc/self/status >out
        assert_not_contains "$(cat out)" a80425fb
        refused_without_trace NOSUCH busybox --caps-retain=NOSUCH
        refused_without_trace exclude busybox --caps-retain=KILL --caps-remove=KILL
        refused_without_trace "there is no capability 'CAP_CHOWNN'" busybox --caps-remove=CAP_CHOWNN
        assert_eq "$(caps --caps-remove=all)" 0000000000000000
        refused_without_trace "'podctl run' is not started again" -p Restart=always busybox
}

# A program with file capabilities gets them. It is a busybox, which goes by the name of its link.
test_privileged_files_work() {
        fetch edge.oci
        podctl run edge --user=33 \
                --exec=/bin/sh -- -c 'ln -s /edge/capable /tmp/grep; /tmp/grep CapEff /proc/self/status' >out
        assert_contains "$(cat out)" 2400
}

test_host_is_out_of_reach() {
        sh_run 'ls /proc | grep -c "^[0-9]*$"
                cat /proc/1/comm
                ls /proc/1/root 2>&1
                echo x >/proc/sysrq-trigger
                mount -t tmpfs x /mnt
                echo 1 >/proc/sys/kernel/panic
                mknod /tmp/sda b 8 0
                cat /proc/kcore | head -c 1
                ls -A /sys/firmware /sys/fs' >out 2>&1 || true
        assert_not_contains "$(cat out)" vmlinuz
        assert_eq "$(grep -cE "can't create|denied|not permitted|Read-only" out | awk '{ print ($1 >= 4) }')" 1
}

test_names_are_checked() {
        refused_without_trace Bad_Name --name=Bad_Name busybox
        refused_without_trace --name --name= busybox
        refused_without_trace --caps-retain busybox --caps-retain=
        refused_without_trace --name "--name=$(printf 'x%.0s' {1..100})" busybox
        refused_without_trace ../up --name=../up busybox
        refused_without_trace 'a b' '--hostname=a b' busybox
        refused_without_trace same busybox --name=same busybox --name=same
        refused_without_trace Upper busybox --name=Upper
}

test_usage_mistakes() {
        refused_without_trace image
        refused_without_trace nosuch nosuch
        refused_without_trace --exec --exec=/bin/true busybox
        refused_without_trace --colour --colour=blue busybox
        refused_without_trace nowhere.oci ./nowhere.oci
        refused_without_trace -- -- arguments
}

# Nothing of a pod is ever mounted where the host can see it, and nspawn's own files go with the pod.
test_host_sees_no_mounts() {
        local before during
        mounts() {
                findmnt -rn -o TARGET,SOURCE,FSTYPE | grep -v '^/run/systemd/nspawn/' | sort
        }
        before=$(mounts)
        mkdir volume
        pod mounts --volume=v,kind=host,source="$PWD/volume" --mount=volume=v,target=/v \
                busybox --exec=/bin/sleep -- 1000
        during=$(mounts)
        assert_eq "$during" "$before"
        podctl stop mounts
        wait_until gone mounts
        assert_eq "$(findmnt -rn -o TARGET | grep -c nspawn || true)" 0
        assert_eq "$(mounts)" "$before"
}
