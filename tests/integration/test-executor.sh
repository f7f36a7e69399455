# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What the appc specification asks of an executor (ace.md, OS-SPEC.md) and what pod manifests say, in
# few pods of many apps each: a case is an app, whose lines begin with its name.

fetch busybox.oci debian.oci busybox.aci

# app NAME SCRIPT [JQ-FILTER]: an app of the pod manifest pod.json, to be changed by the filter.
app() {
        [[ -e pod.json ]] || echo '{"acKind": "PodManifest", "acVersion": "0.8.11", "apps": []}' >pod.json
        jq --arg name "$1" --arg script "$2" '.apps += [{name: $name, image: {name: "busybox"},
                app: {exec: ["/bin/sh", "-c", $script], user: "0", group: "0"}} | '"${3:-.}"']' pod.json >changed
        mv changed pod.json
}

# pod_says: the lines of pod.json's apps, sorted: by `run`, and the same by `prepare` and `run-prepared`.
pod_says() {
        local uuid
        podctl run --net=none --pod-manifest=pod.json 2>/dev/null | sort >by-run
        uuid=$(podctl prepare --pod-manifest=pod.json 2>/dev/null)
        podctl run-prepared --net=none "$uuid" 2>/dev/null | sort >by-run-prepared
        cat by-run
        cmp by-run by-run-prepared
}

# --- Pod manifests (rkt: run_pod_manifest)

test_manifests() {
        mkdir volume
        chmod 755 volume
        echo 'of the host' >volume/file
        app a-special '' \
                '.app.exec = ["/bin/printf", "%s|", "$HOME", "a  b", "%n", "\\x", "'\''\"", ";", "$$", "", "\u00fc"]'
        app b-directory pwd '.app.workingDirectory = "/etc"'
        app c-writable 'echo yes >/new; cat /new'
        app d-read-only 'echo x 2>/dev/null >/new || echo no' '.readOnlyRootFS = true'
        app e-empty 'echo x >/v/new && cat /v/new; stat -c "%a %u %g" /v' '.mounts = [{volume: "empty", path: "/v"}]'
        app f-empty-in-read-only 'echo y >/v/new && cat /v/new' \
                '.readOnlyRootFS = true | .mounts = [{volume: "other", path: "/v"}]'
        app g-empty-of-somebody 'stat -c "%a %u %g" /v' '.mounts = [{volume: "owned", path: "/v"}]'
        app h-host 'cat /v/file; echo of the app >/v/out' '.mounts = [{volume: "host", path: "/v"}]'
        app i-point-read-only 'echo x 2>/dev/null >/v/no || echo no' \
                '.app.mountPoints = [{name: "host", path: "/v", readOnly: true}]
                        | .mounts = [{volume: "host", path: "/v"}]'
        app j-volume-read-only 'echo x 2>/dev/null >/v/no || echo no' \
                '.app.mountPoints = [{name: "ro", path: "/v", readOnly: false}]
                        | .mounts = [{volume: "ro", path: "/v"}]'
        app k-volume-writable 'echo x >/v/yes && echo yes' \
                '.app.mountPoints = [{name: "rw", path: "/v", readOnly: true}] | .mounts = [{volume: "rw", path: "/v"}]'
        app l-read-only-too 'echo x 2>/dev/null >/v/no || echo no' '.mounts = [{volume: "ro", path: "/v"}]'
        app m-own-volume 'cat /v/file' '.mounts = [{
                volume: "mine", path: "/v", appVolume: {name: "mine", kind: "host", source: "'"$PWD/volume"'"}}]'
        app n-ids 'echo $(id -u) $(id -g)' '.app.user = "4711" | .app.group = "815"'
        app o-names 'echo $(id -u) $(id -g)' '.app.user = "www-data" | .app.group = "staff"'
        app p-path 'echo $(id -u) $(id -g)' '.app.user = "/bin/busybox" | .app.group = "/etc/passwd"'
        app q-capabilities 'grep CapBnd /proc/self/status' '.app.isolators = [{
                name: "os/linux/capabilities-retain-set", value: {set: ["CAP_NET_BIND_SERVICE"]}}]'
        app r-of-the-image '' \
                'del(.app) | .image.name = "example.com/busybox" | .mounts = [{volume: "host", path: "/data"}]'
        app s-environment 'echo "$A|$B"' \
                '.app.environment = [{name: "A", value: "1 \"2\" $B \\ %n"}, {name: "B", value: ""}]'
        app t-shared-1 'until [ -s /v/to ]; do sleep 0.1; done; cat /v/to; echo pong >/v/back' \
                '.mounts = [{volume: "shared", path: "/v"}]'
        app u-shared-2 'echo ping >/w/to; until [ -s /w/back ]; do sleep 0.1; done; cat /w/back' \
                '.mounts = [{volume: "shared", path: "/w"}]'
        jq --arg source "$PWD/volume" '.volumes = [
                {name: "empty", kind: "empty"}, {name: "other", kind: "empty"}, {name: "shared", kind: "empty"},
                {name: "owned", kind: "empty", mode: "0710", uid: 33, gid: 34},
                {name: "host", kind: "host", source: $source},
                {name: "ro", kind: "host", source: $source, readOnly: true},
                {name: "rw", kind: "host", source: $source, readOnly: false},
                {name: "unused", kind: "host", source: $source}]' pod.json >changed
        mv changed pod.json
        pod_says >out
        cat >expected <<'EXPECTED'
a-special: $HOME|a  b|%n|\x|'"|;|$$||ü|
b-directory: /etc
c-writable: yes
d-read-only: no
e-empty: 755 0 0
e-empty: x
f-empty-in-read-only: y
g-empty-of-somebody: 710 33 34
h-host: of the host
i-point-read-only: no
j-volume-read-only: no
k-volume-writable: yes
l-read-only-too: no
m-own-volume: of the host
n-ids: 4711 815
o-names: 33 50
p-path: 0 0
q-capabilities: CapBnd:	0000000000000400
r-of-the-image: hello from r-of-the-image
s-environment: 1 "2" $B \ %n|
t-shared-1: ping
u-shared-2: pong
EXPECTED
        assert_eq "$(cat out)" "$(cat expected)"
        assert_eq "$(cat volume/out)" 'of the app'
        assert_eq "$(ls volume)" $'file\nout\nyes'
}

# Who somebody is in an image is found out by the start; the rest also by `prepare`.
test_manifests_that_are_refused() {
        local filter words uuid
        while IFS=: read -r words filter; do
                rm -f pod.json
                app app true "$filter"
                refused_command "$words" run --pod-manifest=pod.json
                if [[ $filter == .app.user* || $filter == .app.group* ]]; then
                        uuid=$(podctl prepare --pod-manifest=pod.json)
                        refused_command "$words" run-prepared "$uuid"
                        podctl rm "$uuid"
                else
                        refused_command "$words" prepare --pod-manifest=pod.json
                fi
        done <<'CASES'
nosuch:.app.user = "nosuch"
nosuch:.app.group = "nosuch"
/no/such:.app.user = "/no/such"
/no/such:.app.group = "/no/such"
exec:.app.exec = []
workingDirectory:.app.workingDirectory = "relative"
nosuch:.mounts = [{volume: "nosuch", path: "/v"}]
apps[0].mounts[0].path:.mounts = [{volume: "v", path: "v", appVolume: {name: "v", kind: "empty"}}]
mountPoints:.app.mountPoints = [{name: "m", path: "/m"}, {name: "m", path: "/n"}]
value.set:.app.isolators = [{name: "os/linux/capabilities-retain-set", value: {set: []}}]
nosuchimage:.image.name = "nosuchimage"
CASES
}

# Nothing beside it that would have to change it (rkt: run, prepare).
test_manifest_takes_no_options() {
        local option
        app app true
        for option in --volume=v,kind=empty --mount=volume=v,target=/v --port=http:80 \
                --inherit-env --set-env=A=b --set-env-file=pod.json busybox; do
                refused_command 'conflicting flags set with --pod-manifest' run --pod-manifest=pod.json $option
                refused_command 'conflicting flags set with --pod-manifest' prepare --pod-manifest=pod.json $option
        done
}

# --- What an app finds (ace.md "Execution Environment", OS-SPEC.md "Linux")

# No variable but the specification's, the image's, and two that say which unit it is. systemd-nspawn mounts less below
# /sys where there is no network.
test_mandatory_environment() {
        local script='for d in null zero full random urandom tty console; do stat -Lc "%n %F" /dev/$d; done
                stat -c "%n %F %a" /dev/pts /dev/shm /dev/pts/ptmx; readlink /dev/ptmx; pwd
                grep -E " (/proc|/sys|/dev/pts|/dev/shm) " /proc/mounts | cut -d" " -f2,3'
        SHOULD_NOT=be podctl run busybox --name=app --readonly-rootfs --exec=/bin/env |
                grep -vE '^(INVOCATION_ID|SYSTEMD_EXEC_PID)=' >out
        assert_eq "$(sort out)" "$(sort <<'EXPECTED'
AC_APP_NAME=app
HOME=/root
LOGNAME=root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
SHELL=/bin/sh
USER=root
container=podctl
GREETING=hello world
EXPECTED
)"
        podctl run busybox --name=app --readonly-rootfs --exec=/bin/sh -- -c "$script" >out
        assert_eq "$(sort out)" "$(sort <<'EXPECTED'
/
/dev/null character special file
/dev/zero character special file
/dev/full character special file
/dev/random character special file
/dev/urandom character special file
/dev/tty character special file
/dev/console character special file
/dev/pts directory 755
/dev/shm directory 1777
/dev/pts/ptmx character special file 666
pts/ptmx
/dev/pts devpts
/dev/shm tmpfs
/proc proc
/sys sysfs
EXPECTED
)"
}

# Each of rkt's cases, for the app and for who joins it (rkt: env).
test_environment_of_run_and_enter() {
        local case=0 options expected
        local path=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        echo 'FROM=file' >file
        echo 'PATH=/file:/bin' >path
        while read -r expected options; do
                expected=${expected/PATH=-/$path}
                # shellcheck disable=SC2086
                FROM=host TERM=of-the-host pod env$((++case)) $options busybox --name=app --exec=/bin/sleep -- 1000
                app_variable() {
                        tr '\0' '\n' <"/proc/$(app_pid env$case app)/environ" |
                                grep -E '^(FROM|GREETING|PATH|TERM)=' | sort | tr '\n ' ',_'
                }
                assert_eq "$case $(app_variable)" "$case $expected,"
                FROM=entering TERM=entering podctl enter env$case env |
                        grep -E '^(FROM|GREETING|PATH)=' | sort | tr '\n ' ',_' >entered
                assert_eq "$case $(cat entered)" \
                        "$case $(grep -o '^.*PATH=[^,]*' <<<"$expected"),"
                podctl stop --force env$case
        done <<'CASES'
GREETING=hello_world,PATH=-
FROM=set,GREETING=hello_world,PATH=- --set-env=FROM=set
GREETING=set,PATH=- --set-env=GREETING=set
FROM=host,GREETING=hello_world,PATH=-,TERM=of-the-host --inherit-env
FROM=file,GREETING=hello_world,PATH=-,TERM=of-the-host --inherit-env --set-env-file=file
FROM=set,GREETING=hello_world,PATH=- --set-env-file=file --set-env=FROM=set
GREETING=hello_world,PATH=/file:/bin --set-env-file=path
GREETING=hello_world,PATH=-,TERM=set --set-env=TERM=set
CASES
        # The terminal is that of who joins.
        pod entered --set-env=TERM=set busybox --name=app --exec=/bin/sleep -- 1000
        assert_eq "$(TERM=entering podctl enter entered sh -c 'echo $TERM')" entering
        assert_eq "$(env -u TERM podctl enter entered sh -c 'echo $TERM')" vt100
}

# One app's capabilities are not another's, and those of who is not root are bounded by them (rkt: caps).
test_capabilities_of_apps() {
        local retain='{name: "os/linux/capabilities-retain-set", value: {set: ["CAP_NET_ADMIN"]}}'
        app default 'grep -E "Cap(Bnd|Eff)" /proc/self/status | tr "\n\t" ", "'
        app retain 'grep -E "Cap(Bnd|Eff)" /proc/self/status | tr "\n\t" ", "' ".app.isolators = [$retain]"
        app remove 'grep -E "Cap(Bnd|Eff)" /proc/self/status | tr "\n\t" ", "' '.app.isolators = [{
                name: "os/linux/capabilities-remove-set", value: {set: ["CAP_MKNOD", "CAP_SYS_ADMIN"]}}]'
        app user 'grep -E "Cap(Bnd|Eff)" /proc/self/status | tr "\n\t" ", "' \
                ".app.user = \"33\" | .app.isolators = [$retain]"
        podctl run --net=none --pod-manifest=pod.json | sort >out
        assert_eq "$(cat out)" "default: CapEff: 00000000a80425fb,CapBnd: 00000000a80425fb,
remove: CapEff: 00000000a00425fb,CapBnd: 00000000a00425fb,
retain: CapEff: 0000000000001000,CapBnd: 0000000000001000,
user: CapEff: 0000000000000000,CapBnd: 0000000000001000,"
}

# --- What the host sees of it

# Files belong to root inside and to nobody of the host outside, whatever made them (rkt: userns).
test_owners_outside() {
        local root base
        pod owned busybox --name=app --exec=/bin/sh -- -c 'touch /new /root/new
                stat -c %u:%g / /root /etc/hosts /etc/hostname /new /root/new
                sleep 1000'
        wait_until podctl exec owned test -e /root/new
        root=/proc/$(app_pid owned app)/root
        base=$(awk '{ print $2 }' "/proc/$(leader owned)/uid_map")
        assert_eq "$(podctl logs --output=cat owned | sort -u)" 0:0
        assert_eq "$(stat -c %u:%g "$root/" "$root/root" "$root/new" "$root/root/new" | sort -u)" "$base:$base"
}

# An app's mounts are not its pod's, and what it mounts below a shared place nobody else sees (rkt: mountns).
test_mount_namespaces() {
        pod mounts busybox --name=a --caps-retain=SYS_ADMIN,SYS_CHROOT --exec=/bin/sleep -- 1000 --- \
                busybox --name=b --exec=/bin/sleep -- 1000
        [[ $(readlink "/proc/$(app_pid mounts a)/ns/mnt") != "$(readlink "/proc/$(leader mounts)/ns/mnt")" ]]
        [[ $(readlink "/proc/$(app_pid mounts a)/ns/mnt") != "$(readlink "/proc/$(app_pid mounts b)/ns/mnt")" ]]
        grep -E ' / / .* shared:[0-9]+ master:[0-9]+ ' "/proc/$(app_pid mounts a)/mountinfo"
        podctl exec --app=a mounts mount -t tmpfs inside-a /tmp
        podctl exec --app=a mounts grep -q inside-a /proc/mounts
        cat "/proc/$(leader mounts)/mounts" "/proc/$(app_pid mounts b)/mounts" >others
        assert_not_contains "$(cat others)" inside-a
}

# overlayfs has its own idea of ':' and ',' (rkt: mount_overlay).
test_names_that_overlays_could_mistake() {
        local data
        data=$PWD/'a:b,c\d e'
        mkdir "$data"
        podctl --dir="$data" --insecure-options=image fetch "$IMAGES/busybox.oci" >/dev/null
        defer podctl --dir="$data" gc --grace-period=0
        assert_eq "$(podctl --dir="$data" run --net=none busybox --exec=/bin/sh -- -c 'echo x >/new; cat /new')" x
        mkdir 'vol:u,me'
        echo hello >'vol:u,me/f'
        echo '{"name": "v", "kind": "host", "source": "'"$PWD"'/vol:u,me"}' >volume
        app app 'cat "/a:b,c/f"' '.mounts = [{volume: "v", path: "/a:b,c"}]'
        jq --slurpfile v volume '.volumes = $v' pod.json >changed
        assert_eq "$(podctl run --net=none --pod-manifest=changed)" hello
}

# --- Images that do not fit, and programs that lack something

# (rkt: os_arch) Images that do not say what they are for are for everybody, and another architecture may be emulated.
test_images_for_other_machines() {
        local id
        other() {
                mkdir -p image/rootfs
                jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/other",
                        labels: [{name: "version", value: "1"}'"$1"'],
                        dependencies: [{imageName: "example.com/busybox"}],
                        app: {exec: ["/bin/echo", "runs"], user: "0", group: "0"}}' >image/manifest
                tar -C image -cf other.aci manifest rootfs
        }
        other ', {name: "os", value: "freebsd"}, {name: "arch", value: "amd64"}'
        refused_command "app 'other': the image is for freebsd/amd64, and this host is linux/" \
                --insecure-options=image run ./other.aci
        id=$(podctl --insecure-options=image fetch ./other.aci)
        refused_command 'the image is for freebsd/amd64' run "$id"
        refused_command 'the image is for freebsd/amd64' prepare "$id"
        other ', {name: "os", value: "linux"}, {name: "arch", value: "ppc64"}'
        assert_eq "$(podctl --insecure-options=image run --net=none ./other.aci 2>err)" runs
        assert_contains "$(cat err)" "app 'other': the image is for linux/ppc64, and this host is linux/"
        other ''
        assert_eq "$(podctl --insecure-options=image run --net=none ./other.aci 2>err)" runs
        assert_eq "$(cat err)" ''
}

# A library is named by the loader, and that goes to the user as all the app says does (rkt: diagnostic).
test_missing_library_is_named() {
        mkdir volume
        echo 'int gone(void) { return 0; }' >gone.c
        echo 'int gone(void); int main(void) { return gone(); }' >program.c
        gcc -shared -o libgone.so gone.c
        gcc -o volume/program program.c ./libgone.so
        sed -i 's|\./libgone\.so|libgone.so\x00\x00|' volume/program
        chmod 755 volume volume/program
        assert_fails 127 podctl run --volume="v,kind=host,source=$PWD/volume" \
                debian --name=app --user=0 --mount=volume=v,target=/v --exec=/v/program
        assert_contains "$output" libgone.so
}
