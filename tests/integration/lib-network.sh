# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Words about networks of pods.

# conf NAME TEXT: into the administrator's directory, for as long as the test runs.
conf() {
        mkdir -p /etc/podctl/net.d
        echo "$2" >"/etc/podctl/net.d/$1"
        defer rm "/etc/podctl/net.d/$1"
}

# address POD [N]: in the first of its networks, or in network N, counted from 0.
address() {
        podctl status --format=json "$1" | jq -r ".networks[${2-0}].ip"
}

# A second network namespace as the world outside, with this host as a neighbour that it has no
# route through: what gets there and back was masqueraded.
outside_up() {
        ip netns add outside
        defer ip netns del outside
        ip link add uplink type veth peer name eth0 netns outside
        defer ip link del uplink
        ip addr add 192.0.2.1/24 dev uplink
        ip addr add 2001:db8::1/64 dev uplink nodad
        ip link set uplink up
        ip -n outside addr add 192.0.2.2/24 dev eth0
        ip -n outside addr add 2001:db8::2/64 dev eth0 nodad
        ip -n outside link set eth0 up
        ip -n outside link set lo up
}

# server NAME [OPTION…]: a pod whose app answers "hello from NAME" on tcp 8080, on both families.
server() {
        local name=$1
        shift
        hello_manifest "$name" '[{"name":"http","protocol":"tcp","port":8080}]' >"$name.json"
        pod "$name" "$@" --pod-manifest="$name.json"
        wait_until answers "$name" "$(address "$name")"
}

answers() {
        [[ $(curl -s -m 2 "http://$2:8080/") == "hello from $1" ]]
}

# hello_manifest NAME PORTS [POD PORTS]
hello_manifest() {
        cat <<JSON
{ "acKind": "PodManifest", "acVersion": "0.8.11", "ports": ${3-[]},
  "apps": [ { "name": "app", "image": { "name": "busybox" }, "app": {
        "exec": [ "/bin/sh", "-c",
                "mkdir -p /www; echo hello from $1 >/www/index.html; exec httpd -f -p 8080 -h /www" ],
        "user": "0", "group": "0", "ports": $2 } } ] }
JSON
}

# forwarded NAME POD-PORTS [OPTION…]: the same, with ports of the host that lead to it.
forwarded() {
        local name=$1 ports=$2
        shift 2
        hello_manifest "$name" '[{"name":"http","protocol":"tcp","port":8080}]' "$ports" >"$name.json"
        pod "$name" "$@" --pod-manifest="$name.json"
        wait_until answers "$name" "$(address "$name")"
}

address6() {
        podctl status --format=json "$1" | jq -r '.networks[0].ip6'
}

get() {
        curl -s -g -m 5 "http://$1/"
}

outside() {
        ip netns exec outside "$@"
}

# world: a server in the world outside, on tcp 8000, which says who asked.
world() {
        mkdir -p cgi/cgi-bin
        printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n%%s\\n" "$REMOTE_ADDR"\n' >cgi/cgi-bin/who
        chmod +x cgi/cgi-bin/who
        ip netns exec outside busybox httpd -f -p 8000 -h "$PWD/cgi" &
        defer kill $!
        wait_until outside curl -s http://127.0.0.1:8000/cgi-bin/who
}

# Whatever plugins leave on purpose: bridges, leases' "last reserved", rules of iptables' own tables.
plugins_leave() {
        defer rm -rf /var/lib/cni/networks
        defer flush_iptables
        defer ip link del "$1" 2>/dev/null
}

flush_iptables() {
        local family table
        for family in ip ip6; do
                for table in nat filter mangle raw; do
                        nft delete table $family $table 2>/dev/null
                done
        done
        true
}
