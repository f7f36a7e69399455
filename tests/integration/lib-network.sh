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
