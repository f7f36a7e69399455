# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Pods as files: written from a command line, looked over before a start, fetched for at the start.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
fetch busybox.oci httpd.oci
LOCAL=/etc/podctl/pods.d

# created NAME WORD…: which goes with the test.
created() {
        local name=$1
        shift
        defer rm -rf "$LOCAL/$name.json" "/etc/systemd/system/pod@$name.service.d"
        defer systemctl stop "pod@$name"
        podctl create "$name" "$@"
}

test_next_thing_to_type() {
        created site --port=8080-tcp:8080 httpd >path 2>&1
        grep -qx "$LOCAL/site.json" path
        defer systemctl disable --quiet --now pod@site
        systemctl enable --quiet --now pod@site
        assert_eq "$(page http://localhost:8080/)" '<p>hello from busybox</p>'
        assert_eq "$(podctl status site | grep ^state)" state=running
}

# They are not passed over, in a directory or alone.
test_create_from_several_units_in_a_file() {
        mkdir units
        printf '# FileName=one\n[Container]\nImage=busybox\n---\n# FileName=two\n[Volume]\n' >units/all.quadlets
        for from in units units/all.quadlets; do
                assert_fails 1 podctl create --check --from="$from"
                assert_contains "$output" 'several units in one file are not read; write each into a file of its own'
                assert_fails 254 podctl create --from="$from"
        done
}

test_create_as_json() {
        created site --format=json busybox >out
        jq -e --arg path "$LOCAL/site.json" '. == [{pod: "site", unit: "pod@site.service", path: $path}]' out
        assert_fails 254 podctl create site --format=json busybox
        assert_contains "$output" --replace
        assert_fails 254 podctl create other --format=xml busybox
        [[ ! -e $LOCAL/other.json ]]
}

test_file_says_what_the_command_line_says() {
        local pod=(--net=none --hostname=host --dns=192.0.2.1 --volume=v,kind=empty --journal-size=10M)
        created full "${pod[@]}" --private-users=no \
                busybox --name=app --mount=volume=v,target=/v --memory=64Mi --environment=A=b \
                --exec=/bin/sh -- -c 'hostname; sleep 1000' >/dev/null 2>&1
        jq -e '.apps[0].options == {exec: "/bin/sh", arguments: ["-c", "hostname; sleep 1000"],
                        environment: ["A=b"], memory: "64Mi"} and (.apps[0] | has("app") | not) and
                .apps[0].mounts[0].path == "/v" and
                (.annotations | map({key: .name, value: .value}) | from_entries |
                        .["podctl/net"] == "none" and .["podctl/hostname"] == "host" and
                        .["podctl/private-users"] == "no")' "$LOCAL/full.json"
        systemctl start pod@full
        assert_eq "$(podctl exec full hostname)" host
        assert_eq "$(podctl exec full cat /proc/self/uid_map | tr -s ' ')" ' 0 0 4294967295'
        assert_eq "$(podctl exec full ip -o link | wc -l)" 1
        grep -qx 'nameserver 192.0.2.1' <(podctl exec full cat /etc/resolv.conf)
}

# What only the image says is the image's, also when that becomes another.
# What is on the command line may be secret, and nobody reads that but root.
test_nobody_else_reads_it() {
        created private busybox --environment=PASSWORD=x >/dev/null 2>&1
        assert_eq "$(stat -c %a "$LOCAL/private.json")" 640
        created private --replace busybox --environment=PASSWORD=y >/dev/null 2>&1
        assert_eq "$(stat -c %a "$LOCAL/private.json")" 640
}

test_follows_its_image() {
        created plain busybox >/dev/null 2>&1
        jq -e '.apps[0] | has("app") or (.image | has("id")) | not' "$LOCAL/plain.json"
        local id
        id=$(podctl image list --no-legend --full --fields=id,name | awk '$2 ~ /busybox:latest$/ { print $1 }')
        created pinned "$id" --exec=/bin/true >/dev/null 2>&1 || skip 'no such ID'
        jq -e '.apps[0].image.id' "$LOCAL/pinned.json"
}

# Longer than the unit has time to start, as long as something comes.
test_long_fetch_at_the_start() {
        local digest
        front_registry
        push "$IMAGES/busybox.oci:latest" fetched
        local image=127.0.0.1:$REGISTRATION_PORT/fetched
        digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$image")
        mkdir -p /etc/podctl/registries.d
        defer rm -f /etc/podctl/registries.d/test-create.json
        echo '{"rktKind":"registries","rktVersion":"v1","registries":["'$FRONT'"],"http":true}' \
                >/etc/podctl/registries.d/test-create.json
        created late "docker://$FRONT/fetched@$digest" --exec=/bin/sleep -- 1000 >/dev/null 2>&1
        jq -e '.apps[0].annotations | any(.name == "podctl/image")' "$LOCAL/late.json"
        # As after "image rm", or on another host.
        podctl image rm --force "$digest" busybox >/dev/null
        defer fetch busybox.oci
        mkdir -p /etc/systemd/system/pod@late.service.d
        printf '[Service]\nTimeoutStartSec=4s\n' >/etc/systemd/system/pod@late.service.d/time.conf
        systemctl daemon-reload
        rules '[{"path": "/blobs/", "method": "GET", "slow": 14000}]'
        systemctl start pod@late
        assert_eq "$(podctl status late | grep ^state)" state=running
}

# In the section where systemd looks for them.
test_properties_of_both_sections() {
        created needy -p Requires=pod@needed.service -p After=pod@needed.service -p StartLimitIntervalSec=0 \
                -p StartLimitBurst=7 -p Restart=always busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1
        created needed busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1
        assert_eq "$(systemctl show -P StartLimitIntervalUSec pod@needy) $(systemctl show -P Restart pod@needy)" \
                '0 always'
        assert_eq "$(systemctl show -P StartLimitBurst pod@needy)" 7
        systemctl start pod@needy
        systemctl is-active --quiet pod@needed
        assert_not_contains "$(journalctl --no-pager --lines=200 -o cat _PID=1)" 'needy.service.d/50-podctl.conf:'
}

# By its name in the store alone, nothing newer can be found.
test_updates_need_a_place() {
        created placeless --annotation=podctl/auto-update=restart busybox >out 2>&1
        assert_contains "$(cat out)" "App 'busybox' will not be updated"
}

test_port_without_a_network() {
        assert_fails 254 podctl create portless --net=none --port=8022:22 busybox
        assert_contains "$output" '--port needs a network'
        [[ ! -e $LOCAL/portless.json ]]
}

test_dry_run() {
        podctl create --dry-run none busybox --exec=/bin/true | jq -e '.acKind == "PodManifest"'
        [[ ! -e $LOCAL/none.json ]]
}

test_properties_are_a_drop_in() {
        created limited -p MemoryMax=300M --slice=machine.slice \
                busybox --device=/dev/fuse --exec=/bin/sleep -- 1000 >/dev/null 2>&1
        systemctl start pod@limited
        assert_contains "$(systemctl show -P DeviceAllow pod@limited)" /dev/fuse
        assert_eq "$(systemctl show -P MemoryMax pod@limited)" 314572800
        # And go when they are not wanted any more.
        podctl create --replace limited busybox --exec=/bin/true >/dev/null 2>&1
        [[ ! -e /etc/systemd/system/pod@limited.service.d/50-podctl.conf ]]
        assert_eq "$(systemctl show -P MemoryMax pod@limited)" infinity
        assert_eq "$(systemctl show -P NeedDaemonReload pod@limited)" no
}

# Its apps have the time that they were given, and the unit has more.
test_create_gives_time_to_end() {
        created slow busybox --stop-timeout=2m --exec=/bin/sleep -- 1000 >/dev/null
        assert_eq "$(systemctl show --property=TimeoutStopUSec --value pod@slow)" '2min 15s'
        created slow --replace busybox --stop-timeout=20s --exec=/bin/sleep -- 1000 >/dev/null
        assert_eq "$(systemctl show --property=TimeoutStopUSec --value pod@slow)" '1min 30s'
}

test_misspelt_annotations() {
        cat >draft.json <<'JSON'
{"acKind": "PodManifest", "acVersion": "0.8.11",
 "apps": [{"name": "app", "image": {"name": "busybox"},
  "annotations": [{"name": "podctl/restrat", "value": "always"}]}],
 "annotations": [{"name": "podctl/nett", "value": "none"}]}
JSON
        assert_fails 254 podctl check ./draft.json
        local known="apps[0].annotations: this podctl does not know 'podctl/restrat'; did you mean 'podctl/restart'?"
        assert_eq "$output" "podctl: ./draft.json:3:3: $known
podctl: ./draft.json:4:2: annotations: this podctl does not know 'podctl/nett'; did you mean 'podctl/net'?"
}

# systemd would go on without them, and say so to nobody.
test_values_of_properties() {
        local word
        for word in Restart=sometimes KillMode=proces Slice=web MemoryMax=lots; do
                assert_fails 254 podctl create -p $word odd busybox --exec=/bin/true
                assert_contains "$output" "unit property ${word%%=*} "
        done
        assert_fails 254 podctl create --slice=web odd busybox --exec=/bin/true
        assert_contains "$output" "Option --slice takes the name of a slice, such as web.slice, not 'web'"
        [[ ! -e $LOCAL/odd.json ]]
}

test_mistakes() {
        created there busybox --exec=/bin/true >/dev/null 2>&1
        cp "$LOCAL/there.json" before
        assert_fails 254 podctl create there busybox --exec=/bin/false
        assert_contains "$output" '--replace'
        assert_fails 254 podctl create --replace there busybox --mount=volume=no,target=/x
        assert_fails 254 podctl create --replace --net=nosuch there busybox
        assert_contains "$output" nosuch
        cmp before "$LOCAL/there.json"
        assert_fails 254 podctl create 'a/b' busybox
        assert_fails 254 podctl create --detach there busybox
        assert_fails 254 podctl create there
        assert_contains "$output" "'podctl create' needs NAME IMAGE"
        assert_fails 254 podctl create
        assert_contains "$output" "'podctl create' needs NAME IMAGE"
        assert_eq "$(find "$LOCAL" -mindepth 1 ! -name '*there*')" ''
}

# A writer that is killed leaves the file that it was to rename.
test_unfinished_files_go_at_boot() {
        touch /etc/podctl/pods.d/.0123456789abcdef.tmp /etc/podctl/pods.d/.notes.tmp
        defer rm -f /etc/podctl/pods.d/.0123456789abcdef.tmp /etc/podctl/pods.d/.notes.tmp
        systemd-tmpfiles --remove --boot --prefix=/etc/podctl
        [[ ! -e /etc/podctl/pods.d/.0123456789abcdef.tmp && -e /etc/podctl/pods.d/.notes.tmp ]]
}

# --- check

test_check_names_file_line_and_member() {
        local newer='acVersion: 0.9.0 is newer than 0.8.11, which is what this podctl knows'
        local update='bring podctl up to date' misspelt='it is misspelt, or from a newer podctl'
        mkdir -p "$LOCAL"
        defer rm -f "$LOCAL/checked.json"
        wrong() {
                echo "$1" >"$LOCAL/checked.json"
                assert_fails 254 podctl check checked
                assert_eq "$output" "podctl: $2"
                assert_fails '*' systemctl start pod@checked
                # Of a process that was gone at once journald may not know the unit.
                told() { journalctl --no-pager --output=cat --lines=200 | grep -F "$1"; }
                wait_until told "${2#*: }"
                systemctl reset-failed pod@checked
        }
        wrong '{"acKind": "PodManifest",
 "acVersion": "0.8.11",
 "apps": [
  {"name": "app",
   "image": {"name": 7}}]}' "$LOCAL/checked.json:5:14: apps[0].image.name: expected a string"
        wrong '{"acKind": "PodManifest",
 "acVersion": "0.9.0",
 "apps": [{"name": "app", "image": {"name": "busybox"}}]}' \
                "$LOCAL/checked.json:2:2: $newer; $update"
        wrong '{"acKind": "PodManifest", "acVersion": "0.8.11",
 "annotations": [{"name": "podctl/levitate", "value": "yes"}],
 "apps": [{"name": "app", "image": {"name": "busybox"}}]}' \
                "$LOCAL/checked.json:2:2: annotations: this podctl does not know 'podctl/levitate'; $misspelt"
        wrong '{"acKind": "PodManifest", "acVersion": "0.8.11",
 "apps": [{"name": "app", "image": {"name": "busybox"},
  "mounts": [{"volume": "no", "path": "/x"}]}]}' \
                "$LOCAL/checked.json:3:15: apps[0].mounts[0].volume: no volume 'no' is declared"
        wrong '{"acKind": "PodManifest", "acVersion": "0.8.11",
 "apps": [{"name": "app", "image": {"name": "busybox"},
  "options": {"memory": "64M", "mem-ory": "64M"}}]}' \
                "$LOCAL/checked.json:3:32: apps[0].options.mem-ory: is not a known member; did you mean 'memory'?"
        wrong '{"acKind": "PodManifest", "acVersion": "0.8.11",
 "apps": [{"name": "app", "image": {"name": "busybox"},
  "options": {"memory": "much"}}]}' \
                "$LOCAL/checked.json: app 'app': Option --memory: value.limit: \"much\" is not a quantity like \
\"512Mi\" or \
\"250m\""
        echo '{"acKind": "PodManifest", "acVersion": "0.8.11", "apps": [{"name": "app", "image": {"name": "busybox"},
                "credentials": [{"name": "key", "source": "/nowhere/key"}]}]}' >"$LOCAL/checked.json"
        assert_fails 254 podctl check checked
        assert_contains "$output" 'apps[0].credentials[0].source: /nowhere/key: No such file or directory'
        echo '{' >"$LOCAL/checked.json"
        assert_fails 254 podctl check checked
        assert_contains "$output" "$LOCAL/checked.json: not valid JSON at line"
}

# Each with its line and the name that was meant; and no start passes over what a check refuses.
test_misspelt_members_are_refused() {
        mkdir -p "$LOCAL"
        defer rm -f "$LOCAL/typo.json"
        cat >"$LOCAL/typo.json" <<'END'
{"acKind": "PodManifest", "acVersion": "0.8.11",
 "volums": [],
 "apps": [{"name": "app",
   "image": {"name": "busybox"},
   "readOnlyRootFs": true,
   "app": {"exec": ["/bin/true"], "user": "0", "group": "0", "isolators": [
     {"name": "os/linux/no-new-privilegs", "value": true}]}}]}
END
        local typo=$LOCAL/typo.json
        local member="apps[0].readOnlyRootFs: is not a known member; did you mean 'readOnlyRootFS'?"
        local isolator="apps[0].app.isolators[0].name: there is no isolator 'os/linux/no-new-privilegs'"
        for start in 'podctl check typo' "podctl run --pod-manifest=$typo" "podctl prepare --pod-manifest=$typo"; do
                # shellcheck disable=SC2086
                assert_fails 254 $start
                assert_contains "$output" "$typo:2:2: volums: is not a known member; did you mean 'volumes'?"
                assert_contains "$output" "$typo:5:4: $member"
                assert_contains "$output" "$typo:7:7: $isolator; did you mean 'os/linux/no-new-privileges'?"
        done
        assert_fails '*' systemctl start pod@typo
        systemctl reset-failed pod@typo
        assert_eq "$(podctl list --all --no-legend)" ''
}

test_members_of_extensions_are_passed_over() {
        mkdir -p "$LOCAL"
        defer rm -f "$LOCAL/extended.json"
        cat >"$LOCAL/extended.json" <<'END'
{"acKind": "PodManifest", "acVersion": "0.8.11",
 "example.com/team": "web",
 "apps": [{"name": "app", "image": {"name": "busybox"},
   "app": {"exec": ["/bin/echo", "went on"], "user": "0", "group": "0",
     "x.owner": {"any": ["thing"]}}}]}
END
        assert_eq "$(podctl check extended)" "$LOCAL/extended.json:2:2: example.com/team: ignored (extension)
$LOCAL/extended.json:5:6: apps[0].app.x.owner: ignored (extension)
$LOCAL/extended.json: good"
        assert_eq "$(podctl run --pod-manifest="$LOCAL/extended.json")" 'went on'
}

# What podctl and rkt write has none.
test_written_manifests_are_read_again() {
        created written busybox --exec=/bin/true >/dev/null 2>&1
        podctl prepare --name=kept busybox --exec=/bin/true >/dev/null
        defer podctl rm kept
        podctl cat-manifest kept >again.json
        assert_eq "$(podctl check ./again.json)" './again.json: good'
}

test_check_of_several() {
        created good busybox --exec=/bin/true >/dev/null 2>&1
        echo '{}' >"$LOCAL/bad.json"
        defer rm -f "$LOCAL/bad.json"
        assert_eq "$(podctl check good)" "$LOCAL/good.json: good"
        assert_eq "$(podctl check "$LOCAL/good.json")" "$LOCAL/good.json: good"
        assert_fails 254 podctl check
        assert_contains "$output" "$LOCAL/bad.json:1:1: image: missing"
        assert_contains "$output" "$LOCAL/good.json: good"
        assert_fails 254 podctl check nosuch
        assert_contains "$output" nosuch
        assert_eq "$(podctl list --all --no-legend)" ''
}

# A disk that is full when the unit's drop-in is written: no pod is left that would start without its limits.
test_create_without_room() {
        local at=/etc/systemd/system/pod@cramped.service.d
        mkdir $at
        defer rmdir $at
        mount -t tmpfs -o size=4k tmpfs $at
        defer umount $at
        head -c 4096 /dev/zero >$at/full.txt
        assert_fails 254 podctl create cramped busybox --property=MemoryMax=5M
        assert_contains "$output" 'No space left on device'
        [[ ! -e /etc/podctl/pods.d/cramped.json ]]
        assert_eq "$(find /etc/podctl/pods.d -name '*cramped*')" ''
}

# Whatever the caller's umask, the group podctl-admin reads it.
test_create_for_the_group() {
        defer podctl delete shared
        (umask 077 && podctl create shared busybox --property=TasksMax=50 >/dev/null)
        assert_eq "$(stat -c %a /etc/podctl/pods.d/shared.json)" 640
        assert_eq "$(stat -c %a /etc/systemd/system/pod@shared.service.d/50-podctl.conf)" 644
}

# What a create that was killed has left goes with the pod.
test_create_was_killed() {
        podctl create remains busybox --property=MemoryMax=50M >/dev/null
        touch /etc/systemd/system/pod@remains.service.d/.3986e7e4338ec8d8.tmp
        podctl delete remains >/dev/null 2>messages
        [[ ! -e /etc/systemd/system/pod@remains.service.d ]]
        assert_not_contains "$(cat messages)" stays
}
