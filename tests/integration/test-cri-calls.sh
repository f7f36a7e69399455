# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# podctl-cri: calls that a kubelet makes now and then, and what each says when it cannot.
# On any systemd, the same.

# shellcheck source=tests/integration/lib-cri.sh
. "$HERE/lib-cri.sh"

fetch busybox.oci

STREAM_CLIENT=/usr/src/podctl/tests/integration/stream-client

# cri_fails CODE WORDS CALL JSON
cri_fails() {
        assert_fails 1 cri "${@:3}"
        assert_contains "$output" "$1: "
        assert_contains "$output" "$2"
}

# --- Streams

# cri_stream CALL JSON STREAMS PROTOCOL [OPTION…]: at the URL of the answer.
cri_stream() {
        "$STREAM_CLIENT" "$(cri "$1" "$2" | jq -r .url)" "$4" --streams="$3" "${@:5}" 2>&1
}

test_cri_exec_streams() {
        local id c protocol words
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'exec sleep 1000')
        words=$(jq -cn --arg c "$c" '{container_id: $c, cmd: ["sh", "-c", "head -n 1; echo err >&2; exit 7"],
                stdin: true, stdout: true, stderr: true}')
        cri_fails FAILED_PRECONDITION "container '$c' is not running" Exec "$words"
        cri_start "$c"
        for protocol in v4.channel.k8s.io ws:v5.channel.k8s.io ws:v4.channel.k8s.io; do
                output=$(cri_stream Exec "$words" ioe "$protocol" <<<hello)
                assert_contains "$output" hello
                assert_contains "$output" err
                assert_contains "$output" '"reason":"ExitCode","message":"7"'
        done
        output=$(cri_stream Exec "{\"container_id\": \"$c\", \"cmd\": [\"tty\"], \"tty\": true, \"stdin\": true,
                \"stdout\": true}" ior ws:v5.channel.k8s.io --size=80x25 </dev/null)
        assert_contains "$output" /dev/pts/
        cri_fails INVALID_ARGUMENT 'with tty, stderr is a part of stdout' Exec \
                "{\"container_id\": \"$c\", \"cmd\": [\"sh\"], \"tty\": true, \"stdout\": true, \"stderr\": true}"
        cri_fails INVALID_ARGUMENT 'one of stdin, stdout and stderr' Exec \
                "{\"container_id\": \"$c\", \"cmd\": [\"sh\"]}"
        cri_fails INVALID_ARGUMENT 'the command has no words' Exec "{\"container_id\": \"$c\", \"stdout\": true}"
        cri_fails NOT_FOUND none Exec '{"container_id": "none", "cmd": ["sh"], "stdout": true}'
}

test_cri_attach_streams() {
        local id c once
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'while read -r line; do echo "said $line"; done; sleep 1000' '"stdin": true')
        once=$(cri_container "$id" once 'while read -r line; do echo "said $line"; done; echo over; sleep 1000' \
                '"stdin": true, "stdin_once": true, "log_path": "once.log"')
        cri_start "$c"
        cri_start "$once"
        output=$(cri_stream Attach "{\"container_id\": \"$c\", \"stdin\": true, \"stdout\": true}" io \
                v4.channel.k8s.io --leave <<<one)
        assert_contains "$output" 'said one'
        # Its input goes on, for the next.
        output=$(cri_stream Attach "{\"container_id\": \"$c\", \"stdin\": true, \"stdout\": true}" io \
                ws:v5.channel.k8s.io --leave <<<two)
        assert_contains "$output" 'said two'
        # This one ends with the first that leaves.
        cri_stream Attach "{\"container_id\": \"$once\", \"stdin\": true, \"stdout\": true}" io \
                v4.channel.k8s.io --leave <<<one
        wait_until grep -q 'F over' logs/once.log
        c=$(cri_container "$id" plain 'sleep 1000')
        cri_start "$c"
        cri_fails INVALID_ARGUMENT "has no standard input; it was made without stdin" Attach \
                "{\"container_id\": \"$c\", \"stdin\": true}"
        cri_fails NOT_FOUND none Attach '{"container_id": "none", "stdout": true}'
}

test_cri_port_forward_streams() {
        local id c protocol
        cri_service
        id=$(cri_sandbox a)
        c=$(cri_container "$id" c 'mkdir -p /tmp/www; echo page >/tmp/www/index.html; httpd -f -p 8080 -h /tmp/www')
        cri_start "$c"
        wait_until cri_exec "$c" 'wget -q -O - http://127.0.0.1:8080/'
        for protocol in portforward.k8s.io ws:v4.channel.k8s.io; do
                output=$(printf 'GET / HTTP/1.0\r\n\r\n' | cri_stream PortForward \
                        "{\"pod_sandbox_id\": \"$id\", \"port\": [8080]}" '' "$protocol" --port=8080 --leave)
                assert_contains "$output" 'HTTP/1.1 200 OK'
        done
        cri_fails INVALID_ARGUMENT 'there is no port 70000' PortForward \
                "{\"pod_sandbox_id\": \"$id\", \"port\": [70000]}"
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}" >/dev/null
        cri_fails FAILED_PRECONDITION "sandbox '$id' is not running" PortForward \
                "{\"pod_sandbox_id\": \"$id\", \"port\": [80]}"
        cri_end "$id"
}

# --- What a kubelet asks at its start

test_cri_runtime_config() {
        cri_service
        assert_eq "$(cri RuntimeConfig | jq -r .linux.cgroupDriver)" null # SYSTEMD, the first
        assert_eq "$(cri UpdateRuntimeConfig '{"runtime_config": {"network_config": {"pod_cidr": "10.1.0.0/16"}}}')" {}
        for call in CheckpointContainer CheckpointPod RestorePod; do
                cri_fails UNIMPLEMENTED '' "$call" '{}'
        done
}

# --- The sandbox's own

# What its processes find, and others see of it.
test_cri_sandbox_settings() {
        local id c
        cri_service
        id=$(cri_sandbox a '"dns_config": {"servers": ["192.0.2.1"], "searches": ["s.example"], "options": ["ndots:5"]},
                "linux": {"cgroup_parent": "/kubepods.slice/kubepods-test.slice",
                        "sysctls": {"net.ipv4.ip_unprivileged_port_start": "80"},
                        "security_context": {"namespace_options": {"ipc": "NODE"}}}')
        defer cri_end "$id"
        c=$(cri_container "$id" c 'trap "echo by USR1; exit 3" USR1; while sleep 0.1; do :; done' \
                '"stop_signal": "SIGNAL_SIGUSR1", "log_path": "c.log", "linux": {"resources": {"oom_score_adj": 500},
                 "security_context": {"supplemental_groups": [4242], "supplemental_groups_policy": "Strict"}}')
        cri_start "$c"
        cri_exec "$c" 'cat /etc/resolv.conf' >resolv.conf
        assert_eq "$(grep -c -e '^nameserver 192.0.2.1$' -e '^search s.example$' -e '^options ndots:5$' resolv.conf)" 3
        assert_eq "$(cri_exec "$c" 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start')" 80
        assert_eq "$(cri_exec "$c" 'readlink /proc/self/ns/ipc')" "$(readlink /proc/1/ns/ipc)"
        assert_eq "$(cri_exec "$c" 'cat /proc/self/oom_score_adj')" 500
        assert_contains "$(cri_exec "$c" 'id -G')" 4242
        assert_contains "$(systemctl show -P ControlGroup "podctl-a-${id:0:8}.service")" \
                /kubepods.slice/kubepods-test.slice/
        cri_stop "$c" 20
        grep -q 'F by USR1' logs/c.log
        assert_eq "$(cri_status "$c" .exitCode)" 3
}

# Networks go with the stop, not only with the removal.
test_cri_stop_frees_the_network() {
        local id ip
        cri_service
        id=$(cri_sandbox a '"port_mappings": [{"container_port": 80, "host_port": 18099}]')
        ip=$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" | jq -r .status.network.ip)
        assert_contains "$(nft list ruleset)" 18099
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}" >/dev/null
        # A "!" alone would not end the test.
        ! nft list ruleset | grep -e 18099 -e "$ip" || fail 'the network is still there'
        cri_end "$id"
}

test_cri_stats_of_a_sandbox() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000')
        cri_start "$c"
        assert_eq "$(cri PodSandboxStats "{\"pod_sandbox_id\": \"$id\"}" |
                jq -r '[.stats.attributes.id, .stats.linux.containers[0].attributes.id] | join(" ")')" "$id $c"
        cri_fails NOT_FOUND none PodSandboxStats '{"pod_sandbox_id": "none"}'
        assert_eq "$(cri ListContainers '{"filter": {"state": {"state": "CONTAINER_RUNNING"}}}' |
                jq -r '.containers[].id')" "$c"
        assert_eq "$(cri ListContainers '{"filter": {"state": {"state": "CONTAINER_EXITED"}}}')" {}
        cri UpdatePodSandboxResources "{\"pod_sandbox_id\": \"$id\", \"resources\": {\"cpu_shares\": 512}}"
        cri_fails NOT_FOUND none UpdatePodSandboxResources '{"pod_sandbox_id": "none"}'
}

# --- Images

# With a password, and without; and one that nobody waits for any more leaves nothing.
test_cri_pulls() {
        local image='"image": {"image": "127.0.0.1:5000/private/busybox:1"}'
        # shellcheck source=tests/integration/lib-servers.sh
        . "$HERE/lib-servers.sh"
        cri_service
        certificates ours
        mkdir -p /etc/containers/certs.d/127.0.0.1:5000
        defer rm -rf /etc/containers/certs.d/127.0.0.1:5000
        cp ours/ca.crt /etc/containers/certs.d/127.0.0.1:5000/ca.crt
        htpasswd htpasswd
        registry 5000 ours htpasswd
        skopeo copy --quiet --dest-creds=user:secret --dest-tls-verify=false "oci:$IMAGES/busybox.oci:latest" \
                docker://127.0.0.1:5000/private/busybox:1
        assert_fails 1 cri PullImage "{$image}"
        assert_fails 1 cri PullImage "{$image, \"auth\": {\"username\": \"user\", \"password\": \"wrong\"}}"
        assert_fails 1 cri --cancel=0.001 PullImage \
                "{$image, \"auth\": {\"username\": \"user\", \"password\": \"secret\"}}"
        cri PullImage "{$image, \"auth\": {\"auth\": \"$(printf 'user:secret' | base64)\"}}" >/dev/null
        cri RemoveImage "{$image}"
        assert_eq "$(cri ImageStatus "{$image}")" {}
        # A password is for no other server than its own.
        assert_fails 1 cri PullImage "{$image, \"auth\": {\"username\": \"user\", \"password\": \"secret\",
                \"server_address\": \"https://example.com\"}}"
        cri PullImage "{$image, \"auth\": {\"username\": \"user\", \"password\": \"secret\",
                \"server_address\": \"https://127.0.0.1:5000/v2/\"}}" >/dev/null
        cri RemoveImage "{$image}"
        cri RemoveImage "{$image}"
}
