# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Networks of CNI plugins: Debian's containernetworking-plugins, with traffic, and one of the tests' own
# that writes down how it was called.
# On any systemd, the same.

. "$HERE/lib-network.sh"
fetch busybox.oci httpd.oci

leases() {
        find /var/lib/cni/networks -name '*.*.*.*' -printf '%P\n' 2>/dev/null | sort
}

# outside_with_httpd: the same, with a web server there.
outside_with_httpd() {
        outside_up
        echo from the world >world.html
        ip netns exec outside busybox httpd -f -p 8000 -h "$PWD" &
        defer kill $!
        wait_until ip netns exec outside curl -s http://127.0.0.1:8000/world.html
}

web_pod() {
        local name=$1
        shift
        pod "$name" "$@" httpd
        wait_until curl -s -m 2 "http://$(address "$name"):8080/"
}

BRIDGE='{ "cniVersion": "0.4.0", "name": "bridged", "type": "bridge", "bridge": "cni-test0",
  "isGateway": true, "ipMasq": true, "hairpinMode": true,
  "ipam": { "type": "host-local", "subnet": "10.22.0.0/24", "routes": [ { "dst": "0.0.0.0/0" } ] } }'

# A kubelet's pods have the node's first network, and give its addresses back at their end.
test_of_a_kubelet() {
        local id
        # shellcheck source=tests/integration/lib-cri.sh
        . "$HERE/lib-cri.sh"
        cri_service
        plugins_leave cni-test0
        mkdir -p /etc/cni/net.d
        defer rm -f /etc/cni/net.d/05-bridged.conf
        echo "$BRIDGE" >/etc/cni/net.d/05-bridged.conf
        id=$(cri_sandbox a)
        defer cri_end "$id"
        assert_contains "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" | jq -r .status.network.ip)" 10.22.0.
        assert_eq "$(leases | wc -l)" 1
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        assert_eq "$(leases)" ''
}

# Two pods talk, the host reaches them, they reach the world, and ports are forwarded.
test_bridge() {
        plugins_leave cni-test0
        conf 10-bridged.conf "$BRIDGE"
        outside_with_httpd
        web_pod one --net=bridged --port=8080-tcp:8095
        web_pod two --net=bridged
        assert_contains "$(address one)" 10.22.0.
        assert_eq "$(leases | wc -l)" 2
        podctl enter one /bin/wget -qO /dev/null "http://$(address two):8080/"
        assert_eq "$(sh_run 'wget -qO- http://192.0.2.2:8000/world.html' --net=bridged)" 'from the world'
        curl -s -f -m 5 http://127.0.0.1:8095/ >/dev/null
        ip netns exec outside curl -s -f -m 5 http://192.0.2.1:8095/ >/dev/null
        podctl enter one /bin/wget -qO /dev/null http://10.22.0.1:8095/
        podctl status --check-network one
        assert_contains "$(podctl list --full)" "bridged:ip4=$(address one)"
        assert_contains "$(machinectl list --no-pager)" "$(address two)"
        podctl stop --force one two
        assert_eq "$(leases)" ''
        assert_eq "$(ip -o link | grep -c ' veth')" 0
}

# Files as rkt had them, without a version: their results do not name the bridge.
test_localhost_without_version() {
        plugins_leave cni-test0
        conf 10-bridged.conf "${BRIDGE/\"cniVersion\": \"0.4.0\", /}"
        web_pod one --net=bridged --port=8080-tcp:8103
        curl -s -f -m 5 http://127.0.0.1:8103/ >/dev/null
}

# The bridge stays: what lets the host's loopback addresses out through it does so only while nothing gets in by that.
test_loopback_of_the_host_is_closed() {
        plugins_leave cni-test0
        conf 10-bridged.conf "$BRIDGE"
        greeter 127.0.0.1 8104 secret
        web_pod one --net=bridged --private-users=no --port=8080-tcp:8105
        assert_eq "$(cat /proc/sys/net/ipv4/conf/cni-test0/route_localnet)" 1
        nsenter -t "$(leader one)" -n ip addr del 127.0.0.1/8 dev lo
        nsenter -t "$(leader one)" -n ip route add 127.0.0.1/32 via 10.22.0.1 dev eth0 src "$(address one)"
        nsenter -t "$(leader one)" -n sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'
        assert_eq "$(nsenter -t "$(leader one)" -n nc -w 2 127.0.0.1 8104 </dev/null || true)" ''
        podctl stop --force one
        wait_until grep 0 /proc/sys/net/ipv4/conf/cni-test0/route_localnet
}

test_address_argument() {
        plugins_leave cni-test0
        conf 10-bridged.conf "$BRIDGE"
        pod first --net=bridged:IP=10.22.0.42 busybox --exec=/bin/sleep -- 1000
        assert_eq "$(address first)" 10.22.0.42
        assert_fails 254 podctl run --net=bridged:IP=10.22.0.42 busybox
        assert_contains "$output" "network 'bridged': ADD of plugin 'bridge'"
        assert_contains "$output" 10.22.0.42
        assert_eq "$(leases)" bridged/10.22.0.42
}

test_ptp() {
        plugins_leave none
        conf 10-p.conf '{ "cniVersion": "0.3.1", "name": "p", "type": "ptp", "ipMasq": true,
          "ipam": { "type": "host-local", "subnet": "10.23.0.0/24", "routes": [ { "dst": "0.0.0.0/0" } ] },
          "dns": { "nameservers": ["10.23.0.53"], "search": ["p.example"] } }'
        outside_with_httpd
        sh_run 'cat /etc/resolv.conf; wget -qO- http://192.0.2.2:8000/world.html' --net=p >out
        assert_eq "$(cat out)" $'search p.example\nnameserver 10.23.0.53\nfrom the world'
        assert_eq "$(sh_run 'cat /etc/resolv.conf' --net=p --dns=192.0.2.1)" 'nameserver 192.0.2.1'
        assert_fails '*' sh_run 'cat /etc/resolv.conf' --net=p --dns=none
        web_pod one --net=p
        podctl enter one /bin/wget -qO- http://192.0.2.2:8000/world.html
}

test_macvlan_and_tuning() {
        plugins_leave none
        outside_with_httpd
        ip link add probe link uplink type macvlan 2>/dev/null || skip 'this kernel has no macvlan'
        ip link del probe
        conf 10-m.conflist '{ "cniVersion": "1.0.0", "name": "m", "plugins": [
          { "type": "macvlan", "master": "uplink", "mode": "bridge",
            "ipam": { "type": "host-local", "subnet": "192.0.2.0/24",
                      "rangeStart": "192.0.2.100", "rangeEnd": "192.0.2.120" } },
          { "type": "tuning", "sysctl": { "net.ipv4.conf.eth0.log_martians": "1" }, "mtu": 1400 } ] }'
        sh_run 'wget -qO- http://192.0.2.2:8000/world.html
                cat /proc/sys/net/ipv4/conf/eth0/log_martians /sys/class/net/eth0/mtu' --net=m >out
        assert_eq "$(cat out)" $'from the world\n1\n1400'
}

test_tuning_of_a_bridge() {
        plugins_leave cni-test0
        conf 10-t.conflist "{ \"cniVersion\": \"1.0.0\", \"name\": \"t\", \"plugins\": [ $BRIDGE,
          { \"type\": \"tuning\", \"sysctl\": { \"net.ipv4.conf.eth0.log_martians\": \"1\" }, \"mtu\": 1400 } ] }"
        sed -i 's/"name": "bridged", //; s/"cniVersion": "0.4.0",//' /etc/podctl/net.d/10-t.conflist
        assert_eq "$(sh_run 'cat /proc/sys/net/ipv4/conf/eth0/log_martians /sys/class/net/eth0/mtu' --net=t)" $'1\n1400'
}

# A plugin that forwards ports itself is left to do it.
test_portmap() {
        plugins_leave cni-test0
        iptables -t nat -L >/dev/null 2>&1 || skip 'iptables does not work here'
        conf 10-pm.conflist "{ \"cniVersion\": \"1.0.0\", \"name\": \"pm\", \"plugins\": [ $BRIDGE,
          { \"type\": \"portmap\", \"capabilities\": { \"portMappings\": true } } ] }"
        sed -i 's/"name": "bridged", //; s/"cniVersion": "0.4.0",//' /etc/podctl/net.d/10-pm.conflist
        outside_with_httpd
        web_pod one --net=pm --port=8080-tcp:8096
        ip netns exec outside curl -s -f -m 5 http://192.0.2.1:8096/ >/dev/null
        assert_fails '*' nft list table inet podctl
        assert_contains "$(nft list ruleset)" 8096
        podctl stop --force one
        assert_not_contains "$(nft list ruleset)" 8096
}

test_several_networks() {
        plugins_leave cni-test0
        conf 10-bridged.conf "$BRIDGE"
        conf 20-second.conf '{ "cniVersion": "0.2.0", "name": "second", "type": "ptp",
          "ipam": { "type": "host-local", "subnet": "10.24.0.0/24" } }'
        sh_run 'ls /sys/class/net; ip -o -4 addr show eth1; ip -o -4 addr show eth2' \
                --net=default --net=bridged,second:IP=10.24.0.9 >out
        grep -x eth0 out
        grep 'eth1 .* 10.22.0.' out
        grep 'eth2 .* 10.24.0.9/' out
        podctl list --all --format=json | jq -e '[.[0].networks[].netName] == ["default", "bridged", "second"]'
        podctl list --all --format=json | jq -e '.[0].networks[2] |
                .args == "IP=10.24.0.9" and .ip == "10.24.0.9" and .mask == "255.255.255.0" and
                (.pluginPath | endswith("/ptp")) and (.netConf | fromjson | .name == "second")'
        # There may be networks of others on the host.
        defer ip link del cni-podman0 2>/dev/null
        sh_run 'ip -o -4 addr show' --net=all >out
        grep 'eth0 .* 10.22.0.' out
        grep 'eth1 .* 10.24.0.' out
        assert_not_contains "$(cat out)" 172.16.
        cleared
        assert_eq "$(leases)" ''
}

# spy CONFNAME [SCRIPT]: a plugin beside the configuration, as rkt looked for them first.
spy() {
        mkdir -p /etc/podctl/net.d
        cat >/etc/podctl/net.d/spy <<SH
#!/bin/sh
env | grep '^CNI_' | sort >$PWD/env-\$CNI_COMMAND
readlink /proc/self/ns/net >$PWD/ns-\$CNI_COMMAND
cat >$PWD/stdin-\$CNI_COMMAND
echo \$CNI_COMMAND >>$PWD/calls
[ \$CNI_COMMAND != ADD ] || echo '{ "cniVersion": "0.4.0", "ips": [ { "version": "4", "address": "10.25.0.2/24" } ] }'
${1-}
SH
        chmod +x /etc/podctl/net.d/spy
        defer rm /etc/podctl/net.d/spy
}

test_environment_and_pairs() {
        spy
        conf 10-spy.conf '{ "cniVersion": "0.4.0", "name": "spied", "type": "spy", "own": [ 1, { "x": null } ] }'
        podctl run --detach --name=spied --net='spied:A=1;B=two' busybox --exec=/bin/sleep -- 1000 >uuid
        defer end_pod spied
        grep -x CNI_COMMAND=ADD env-ADD
        grep -x "CNI_CONTAINERID=$(cat uuid)" env-ADD
        grep -x CNI_IFNAME=eth0 env-ADD
        grep -x 'CNI_ARGS=IgnoreUnknown=1;A=1;B=two' env-ADD
        grep -E '^CNI_PATH=/etc/podctl/net.d:.*:/usr/lib/cni' env-ADD
        grep -E '^CNI_NETNS=/proc/[0-9]+/ns/net$' env-ADD
        assert_eq "$(cat ns-ADD)" "$(readlink /proc/self/ns/net)"
        assert_eq "$(jq -S . stdin-ADD)" "$(jq -S . /etc/podctl/net.d/10-spy.conf)"
        podctl status --check-network spied
        jq -e '.prevResult.ips[0].address == "10.25.0.2/24"' stdin-CHECK
        # What was configured at the start counts, whatever it is by now.
        sed -i 's/"own"/"changed"/' /etc/podctl/net.d/10-spy.conf
        podctl stop spied
        wait_until grep -x DEL calls
        assert_eq "$(paste -sd' ' calls)" 'ADD CHECK DEL'
        assert_eq "$(grep -v CNI_COMMAND env-DEL | grep -v NETNS)" "$(grep -v CNI_COMMAND env-ADD | grep -v NETNS)"
        jq -e '.own and .prevResult.ips[0].address == "10.25.0.2/24"' stdin-DEL
        podctl gc --grace-period=0
        assert_eq "$(grep -c DEL calls)" 1
}

# Those of pods and plugins.
count_links() {
        ip -o link | grep -c ' pod-\| veth' || true
}

has_links() {
        [[ $(count_links) == "$1" ]]
}

# What was joined before is undone, and the plugin's words are told.
test_failure_undoes() {
        plugins_leave cni-test0
        spy 'echo "{ \"code\": 11, \"msg\": \"out of luck\" }"; exit 1'
        conf 10-bridged.conf "$BRIDGE"
        conf 20-spy.conf '{ "cniVersion": "0.4.0", "name": "spied", "type": "spy" }'
        local before
        before=$(count_links)
        assert_fails 254 podctl run --net=default,bridged,spied busybox
        assert_contains "$output" "network 'spied': ADD of plugin 'spy': "
        assert_eq "$(leases)" ''
        wait_until has_links "$before"
        assert_eq "$(find /run/podctl/network/networks/default -name '172*')" ''
        assert_contains "$(paste -sd' ' calls)" 'ADD DEL'
        conf 30-none.conf '{ "name": "none-such", "type": "no-such-plugin" }'
        assert_fails 254 podctl run --net=none-such busybox
        assert_contains "$output" 'containernetworking-plugins'
}

test_killed_pod_is_cleared() {
        plugins_leave cni-test0
        conf 10-bridged.conf "$BRIDGE"
        web_pod one --net=bridged
        kill -9 "$(systemctl show --property=MainPID --value podctl-one.service)"
        wait_until gone one
        wait_until eval '[[ -z $(leases) ]]'
}

# However a pod ends, the plugin's rules for its way out do not stay: they would be another pod's with its address.
test_masquerading_is_taken_down() {
        plugins_leave cni-test0
        iptables -t nat -L >/dev/null 2>&1 || skip 'iptables does not work here'
        conf 10-bridged.conf "$BRIDGE"
        conf 11-p.conf '{ "cniVersion": "0.3.1", "name": "p", "type": "ptp", "ipMasq": true,
          "ipam": { "type": "host-local", "subnet": "10.23.0.0/24" } }'
        for net in bridged p p,bridged,default; do
                web_pod one --net=$net
                nft list ruleset | grep -E 'CNI-[0-9a-f]'
                podctl stop --force one
                wait_until gone one
                assert_eq "$(nft list ruleset | grep -E 'CNI-[0-9a-f]')" ''
        done
        web_pod one --net=bridged
        kill -9 "$(systemctl show --property=MainPID --value podctl-one.service)"
        wait_until gone one
        assert_eq "$(nft list ruleset | grep -E 'CNI-[0-9a-f]')" ''
        assert_eq "$(leases)" ''
}

# The timer's service, sandboxed as it is, can do it as well.
test_gc_service_deletes() {
        plugins_leave cni-test0
        conf 10-bridged.conf "$BRIDGE"
        mkdir -p /run/systemd/system/podctl-one.service.d
        printf '[Service]\nExecStopPost=\n' >/run/systemd/system/podctl-one.service.d/none.conf
        defer rm -r /run/systemd/system/podctl-one.service.d
        defer systemctl daemon-reload
        web_pod one --net=bridged,default --port=8080-tcp:8097
        kill -9 "$(systemctl show --property=MainPID --value podctl-one.service)"
        wait_until gone one
        [[ -n $(leases) ]]
        mkdir -p /run/systemd/system/podctl-gc.service.d
        printf '[Service]\nEnvironment=GRACE_PERIOD=0\n' >/run/systemd/system/podctl-gc.service.d/now.conf
        defer rm -r /run/systemd/system/podctl-gc.service.d
        systemctl daemon-reload
        systemctl start podctl-gc.service
        assert_eq "$(leases)" ''
        assert_eq "$(nft list ruleset | grep -E 'CNI-[0-9a-f]')" ''
        assert_fails '*' nft list table inet podctl
}

test_directories() {
        mkdir -p /etc/cni/net.d
        spy
        echo '{ "cniVersion": "0.4.0", "name": "elsewhere", "type": "spy" }' >/etc/cni/net.d/90-elsewhere.conf
        defer rm /etc/cni/net.d/90-elsewhere.conf
        sh_run true --net=elsewhere
        grep -x ADD calls
        mkdir -p here/net.d
        echo '{ "cniVersion": "0.4.0", "name": "local", "type": "spy", "mine": 1 }' >here/net.d/10.conf
        cp /etc/podctl/net.d/spy here/net.d
        podctl --local-config="$PWD/here" run --net=local busybox --exec=/bin/true
        jq -e .mine stdin-ADD
}
