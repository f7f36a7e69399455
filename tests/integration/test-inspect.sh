# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# All that is known of pods.

fetch busybox.oci

# is POD FILTER: of the only object of podctl inspect.
is() {
        podctl inspect "$1" >object
        jq -e "length == 1 and (.[0] | $2)" object || fail "not $2: $(jq . object)"
}

test_inspect_of_a_running_pod() {
        mkdir -p data
        pod seen --port=8301:80 -p MemoryMax=300M --hostname=elsewhere --volume=v,kind=host,source="$PWD/data" \
                --user-label=tier=web \
                busybox --name=app --user=7 --group=8 --mount=volume=v,target=/data --environment=COLOUR=blue \
                --memory=100M --exec=/bin/sleep -- 1000
        is seen '.uuid == .name and .machine == "seen" and .state == "running" and .unit == "podctl-seen.service"'
        is seen '.unit_properties | .ActiveState == "active" and .SubState == "running" and .NRestarts == 0'
        is seen '.unit_properties | .MemoryMax == 314572800 and (has("MemoryHigh") or has("MemoryLow") | not)'
        is seen '.settings | .hostname == "elsewhere" and .properties == ["MemoryMax=300M"] and (has("ipc") | not)'
        is seen '(.networks | length) == 1 and (.networks[0].ip | test("^[0-9.]+$")) and .ports[0].host_port == 8301'
        is seen '.volumes[0].source == "'"$PWD"'/data" and .user_labels.tier == "web"'
        is seen '.apps[0] | .exec == ["/bin/sleep", "1000"] and .user == "7" and .group == "8"'
        is seen '.apps[0] | .mounts[0].container_path == "/data" and (.image_id | startswith("sha256"))'
        is seen '.apps[0] | has("trust") and .state == "running" and (.isolators[0].name == "resource/memory")'
        is seen 'any(.apps[0].environment[]; .name == "COLOUR" and .value == "blue")'
        is seen '.pid == '"$(podctl status seen | sed -n 's/^pid=//p')"
        [[ -d $(jq -r '.[0].directory' object)/status ]]
        # It is what status says, and more.
        podctl status seen --format=json >status
        jq -e --slurpfile status status \
                '.[0] as $i | all($status[0] | to_entries[]; $i[.key] == .value or .key == "apps")' object ||
                fail "$(cat status object)"
}

test_inspect_of_other_states() {
        local prepared
        podctl run --name=over --net=none busybox --name=app --exec=/bin/sh -- -c 'exit 3' || assert_eq $? 3
        is over '.state == "exited" and .exit_code == 3 and .finished_at >= .started_at and .apps[0].exit_code == 3'
        is over '(has("pid") or has("unit_properties")) | not'
        prepared=$(podctl prepare --quiet --name=later busybox --exec=/bin/true)
        defer podctl rm "$prepared"
        is later '.state == "prepared" and .uuid == "'"$prepared"'" and .apps[0].exec == ["/bin/true"]'
        is later '.unit == "" and (has("started_at") or has("unit_properties") or has("exit_code") | not)'
}

# What systemd knows of a unit is about the pod that is in there now.
test_inspect_of_a_unit_with_a_newer_pod() {
        local old
        defer systemctl daemon-reload
        defer rm -f /etc/podctl/pods.d/twice.json
        defer systemctl stop pod@twice
        podctl create twice --net=none busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1
        systemctl start pod@twice
        old=$(podctl inspect twice | jq -r '.[0].uuid')
        systemctl stop pod@twice
        is "$old" '.state == "exited" and .finished_at >= .started_at'
        systemctl start pod@twice
        is "$old" '.unit == "pod@twice.service" and (has("unit_properties") | not)'
        is twice '.uuid != "'"$old"'" and .unit_properties.ActiveState == "active"'
}

test_inspect_of_several() {
        pod one --net=none busybox --exec=/bin/sleep -- 1000
        pod two --net=none busybox --exec=/bin/sleep -- 1000
        assert_eq "$(podctl inspect two one | jq -r '.[].machine' | paste -sd,)" two,one
        podctl inspect one nobody two >object 2>err || assert_eq $? 254
        assert_eq "$(jq -r '.[].machine' object | paste -sd,)" one,two
        assert_contains "$(cat err)" "Pod 'nobody': no matches found"
        assert_fails 254 podctl inspect nobody
        assert_fails 254 podctl inspect
        assert_contains "$output" "'podctl inspect' needs"
        assert_fails 254 podctl inspect one --format=xml
        (($(podctl inspect one --format=json-pretty | wc -l) > 20))
}

test_inspect_of_a_damaged_pod() {
        pod broken --net=none busybox --exec=/bin/sleep -- 1000
        local directory
        directory=$(podctl inspect broken | jq -r '.[0].directory')
        mv "$directory/pod" pod.json
        defer mv "$PWD/pod.json" "$directory/pod"
        assert_fails 254 podctl inspect "$(basename "$directory")"
        assert_contains "$output" 'pod: No such file or directory'
        assert_contains "$output" '"state":"running"'
}
