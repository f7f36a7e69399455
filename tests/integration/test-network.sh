# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Pods' networks, with traffic: the default one, forwarded ports, names, and that nothing of it stays.
# CNI plugins are in test-cni.sh.
# On any systemd, the same.

. "$HERE/lib-network.sh"
fetch busybox.oci httpd.oci debian.oci

# What is there of networks on this host.
network_state() {
        ip -o link | awk -F': ' '{ print "link", $2 }'
        ip route show
        ip -6 route show | sed '/^fe80/d'
        ip addr show | grep inet
        nft list ruleset
        find /run/podctl/network -type f ! -name lock ! -name subnet ! -name hosts
        lsns --noheadings --type net --output NS
}

is_as_before() {
        [[ $(network_state) == "$1" ]]
}

# --- The default network

test_default() {
        sh_run 'ip -o addr show eth0; ip route; ip -6 route; ls /sys/class/net' >out
        grep -E 'inet 172\.16\.[0-9.]+/32' out
        grep -E 'inet6 fd[0-9a-f:]+/128' out
        grep -E '^default via 172\.16\.0\.1 ' out
        grep -E '^default via fd[0-9a-f:]+::1 ' out
        assert_not_contains "$(cat out)" tentative$'\n'
        [[ $(sh_run 'readlink /proc/self/ns/net') != "$(readlink /proc/self/ns/net)" ]]
        assert_eq "$(sh_run 'ls /sys/class/net' --net)" $'eth0\nlo'
        assert_eq "$(sh_run 'ls /sys/class/net' --net=default --private-users=no)" $'eth0\nlo'
}

test_none_and_host() {
        assert_eq "$(sh_run 'ls /sys/class/net' --net=none)" lo
        assert_eq "$(sh_run 'ip -o addr show lo' --net=none | grep -c 127.0.0.1)" 1
        assert_eq "$(sh_run 'readlink /proc/self/ns/net' --net=host)" "$(readlink /proc/self/ns/net)"
        echo local >index.html
        busybox httpd -f -p 127.0.0.1:8123 -h "$PWD" &
        defer kill $!
        wait_until get 127.0.0.1:8123
        assert_eq "$(sh_run 'wget -qO- http://127.0.0.1:8123' --net=host)" local
}

# The host reaches the pod, pods reach each other and every address of the host.
test_pods_and_host() {
        server one
        server two
        outside_up
        assert_eq "$(get "$(address one):8080")" 'hello from one'
        assert_eq "$(get "[$(address6 one)]:8080")" 'hello from one'
        assert_eq "$(sh_run "wget -qO- http://$(address one):8080; wget -qO- 'http://[$(address6 two)]:8080'")" \
                $'hello from one\nhello from two'
        busybox httpd -f -p 8123 -h "$PWD" &
        defer kill $!
        echo from the host >index.html
        wait_until get 127.0.0.1:8123
        for to in 192.0.2.1 172.16.0.1 '[2001:db8::1]'; do
                assert_eq "$(sh_run "wget -qO- http://$to:8123")" 'from the host'
        done
        # Loopback addresses are everybody's own.
        assert_fails '*' sh_run 'wget -qO- http://127.0.0.1:8123'
        assert_contains "$output" refused
}

test_world_outside() {
        outside_up
        world
        assert_eq "$(sh_run 'wget -qO- http://192.0.2.2:8000/cgi-bin/who')" '[::ffff:192.0.2.1]'
        assert_contains "$(sh_run 'wget -qO- "http://[2001:db8::2]:8000/cgi-bin/who"')" 2001:db8::1
}

# From the first instruction on, without waiting for anything.
test_ready_before_the_app() {
        outside_up
        world
        podctl run busybox --exec=/bin/wget -- -qO- http://192.0.2.2:8000/cgi-bin/who >out
        assert_eq "$(cat out)" '[::ffff:192.0.2.1]'
        podctl run busybox --exec=/bin/wget -- -qO- 'http://[2001:db8::2]:8000/cgi-bin/who' >out
        assert_contains "$(cat out)" 2001:db8::1
}

# Low ports and pings need no privileges in there.
test_privileges() {
        sh_run 'nc -l -p 80 >/dev/null & sleep 0.2; netstat -tln' | grep -E ':80 '
        podctl run debian --user=1000 --exec=/bin/cat -- /proc/sys/net/ipv4/ip_unprivileged_port_start | grep '^0'
        assert_eq "$(podctl run debian --user=1000 --exec=/bin/cat -- /proc/sys/net/ipv4/ping_group_range)" $'0\t65535'
        local script='socket(S, PF_INET, SOCK_DGRAM, 1) or die "$!"'
        podctl run debian --user=1000 --exec=/usr/bin/perl -- -MSocket -e "$script"
        podctl run debian --user=1000 --private-users=no --exec=/usr/bin/perl -- -MSocket -e "$script"
        assert_eq "$(nsenter --net=/proc/self/ns/net cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 1024
}

test_restricted() {
        outside_up
        world
        server inner --net=default-restricted
        assert_eq "$(get "$(address inner):8080")" 'hello from inner'
        sh_run 'ip route' --net=default-restricted >out
        assert_not_contains "$(cat out)" default
        assert_fails '*' sh_run 'wget -qO- http://192.0.2.2:8000/cgi-bin/who' --net=default-restricted
        assert_contains "$output" unreachable
        # Nor from there to it, with a route and all.
        ip -n outside route add 172.16.0.0/12 via 192.0.2.1
        assert_fails '*' outside curl -s -m 3 "http://$(address inner):8080/"
        # Both networks at once.
        sh_run 'ls /sys/class/net; ip -o -4 addr show scope global | wc -l; ip route | grep -c default' \
                --net=default,default-restricted >out
        assert_eq "$(cat out)" $'eth0\neth1\nlo\n2\n1'
}

test_mtu() {
        outside_up
        ip route add default via 192.0.2.2
        defer ip route del default via 192.0.2.2
        ip link set uplink mtu 1400
        assert_eq "$(sh_run 'cat /sys/class/net/eth0/mtu')" 1400
        # That of a network counts from its first pod to its last.
        cleared
        ip link set uplink mtu 9000
        assert_eq "$(sh_run 'cat /sys/class/net/eth0/mtu')" 9000
}

# A host without IPv6, as guides for hardening have it, has pods without: by either switch, and also when they joined
# before.
test_host_without_ipv6() {
        defer sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
        for switch in all default; do
                server before
                sysctl -qw net.ipv6.conf.$switch.disable_ipv6=1
                forwarded web '[{"name":"http","hostPort":8107}]' --net=default,default-restricted
                assert_eq "$(get 127.0.0.1:8107)" 'hello from web'
                assert_eq "$(podctl enter web /bin/wget -qO- "http://$(address before):8080")" 'hello from before'
                assert_eq "$(podctl status --format=json web | jq -r '.networks[].ip6')" ''
                podctl stop --force web
                refused "IPv6 is switched off on this host" --net=default:IP=fd00::7 busybox
                podctl stop --force before
                sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
        done
        [[ $(sh_run 'ip -6 addr show eth0') == *inet6* ]]
}

# The host begins to route. What it learned from a router on one of its links it goes on learning.
test_router_advertisements_are_kept() {
        outside_up
        echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
        echo 1 >/proc/sys/net/ipv6/conf/uplink/accept_ra
        sh_run true
        assert_eq "$(cat /proc/sys/net/ipv6/conf/all/forwarding)" 1
        assert_eq "$(cat /proc/sys/net/ipv6/conf/uplink/accept_ra)" 2
}

# --- Configuration

test_configured_subnet() {
        conf 10-lan.conf '{ "name": "lan", "type": "podctl",
                "subnet": "10.99.0.0/24", "subnet6": "fd00:99::/64", "mtu": 1300 }'
        sh_run 'ip -o addr show eth0; ip route; cat /sys/class/net/eth0/mtu' --net=lan:IP=10.99.0.77 >out
        grep 'inet 10.99.0.77/32' out
        grep 'inet6 fd00:99::4d/128' out
        grep '^1300$' out
        assert_contains "$(sh_run 'ip -o addr' --net='lan:IP=fd00:99::50')" 10.99.0.80/32
        conf 20-four.conf '{ "name": "four", "type": "podctl", "ipv6": false }'
        assert_not_contains "$(sh_run 'ip -o addr show eth0' --net=four)" 'scope global eth0'$'\n'*inet6
        assert_eq "$(sh_run 'ip -6 route' --net=four | grep -c default || true)" 0
        conf 30-default.conf '{ "name": "default", "type": "podctl", "subnet": "10.98.0.0/16" }'
        assert_contains "$(sh_run 'ip -o addr show eth0')" ' 10.98.'
}

test_address_is_taken() {
        pod first --net=default:IP=172.16.9.9 busybox --exec=/bin/sleep -- 1000
        assert_eq "$(address first)" 172.16.9.9
        assert_fails 254 podctl run --net=default:IP=172.16.9.9 busybox
        assert_contains "$output" 'has the address 172.16.9.9 already'
        podctl stop --force first
        assert_contains "$(sh_run 'ip -o addr' --net=default:IP=172.16.9.9)" 172.16.9.9/32
        for wrong in 10.0.0.1 172.16.0.1 172.16.255.255 172.16.0.0 nonsense; do
                assert_fails 254 podctl run --net=default:IP=$wrong busybox
                assert_contains "$output" "$wrong"
        done
        assert_fails 254 podctl run --net=default:MAC=x busybox
        assert_contains "$output" "'MAC=x'"
        conf 10-small.conf '{ "name": "small", "type": "podctl", "subnet": "10.97.0.0/30" }'
        pod only --net=small busybox --exec=/bin/sleep -- 1000
        assert_fails 254 podctl run --net=small busybox
        assert_contains "$output" 'all its addresses are taken'
}

test_subnet_avoids_routes() {
        ip link add elsewhere type bridge
        defer ip link del elsewhere
        ip addr add 172.16.200.1/24 dev elsewhere
        ip link set elsewhere up
        ip route add 172.16.0.0/12 dev elsewhere
        assert_contains "$(sh_run 'ip -o addr show eth0')" ' 10.128.'
}

# The networks of a pod that runs are left alone when the configuration changes.
test_configuration_changes() {
        conf 10-lan.conf '{ "name": "lan", "type": "podctl", "subnet": "10.96.0.0/24" }'
        pod early --net=lan busybox --exec=/bin/sleep -- 1000
        echo '{ "name": "lan", "type": "podctl", "subnet": "10.95.0.0/24" }' >/etc/podctl/net.d/10-lan.conf
        assert_fails 254 podctl run --net=lan busybox
        assert_contains "$output" 'pods still use it as it was'
        podctl stop --force early
        assert_contains "$(sh_run 'ip -o addr show eth0' --net=lan)" ' 10.95.0.'
}

test_mistakes() {
        local before
        before=$(network_state)
        assert_fails 254 podctl run --net=notavalid busybox
        assert_contains "$output" 'networks not found: notavalid'
        assert_fails 254 podctl run --net=a,default,b busybox
        assert_contains "$output" 'networks not found: a, b'
        for wrong in default,default host,default none:IP=1 default:IP all:A=b a/b; do
                assert_fails 254 podctl run "--net=$wrong" busybox
                assert_contains "$output" --net
        done
        conf 10-bad.conf '{ "name": "bad", "type": "podctl", "subnet": "10.1.2.3/16" }'
        assert_fails 254 podctl run --net=bad busybox
        assert_contains "$output" "10-bad.conf: plugins[0].subnet: '10.1.2.3/16' is not an IPv4 subnet"
        # What is broken does not matter to who does not ask for it.
        sh_run true
        wait_until is_as_before "$before"
}

# --- Ports

test_ports() {
        outside_up
        forwarded web '[{"name":"http","hostPort":8081}]'
        for to in 127.0.0.1 '[::1]' localhost 192.0.2.1 172.16.0.1 '[2001:db8::1]'; do
                assert_eq "$(get "$to:8081")" 'hello from web'
        done
        assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8081/)" 'hello from web'
        assert_eq "$(outside curl -s -g -m 5 'http://[2001:db8::1]:8081/')" 'hello from web'
        # From another pod, and from the pod itself through the host.
        assert_eq "$(sh_run 'wget -qO- http://192.0.2.1:8081')" 'hello from web'
        assert_eq "$(podctl enter web /bin/wget -qO- http://192.0.2.1:8081)" 'hello from web'
        assert_eq "$(podctl enter web /bin/wget -qO- 'http://[2001:db8::1]:8081')" 'hello from web'
        assert_eq "$(podctl enter web /bin/wget -qO- http://172.16.0.1:8081)" 'hello from web'
        podctl stop --force web
        assert_fails '*' get 192.0.2.1:8081
}

test_port_options() {
        podctl run --detach --name=web --port=8080-tcp:8082 httpd >/dev/null
        defer end_pod web
        wait_until get 127.0.0.1:8082
        podctl run --dry-run --port=8080-tcp:127.0.0.1:8083 httpd | grep 'forward tcp port 127.0.0.1:8083'
        assert_fails 254 podctl run --port=nosuch:80 httpd
        assert_contains "$output" nosuch
        assert_fails 254 podctl run --port=8080-tcp:99999 httpd
        assert_fails 254 podctl run --port=8080-tcp httpd
        assert_fails 254 podctl run --port=8080-tcp:1.2.3:80 httpd
        for net in none host; do
                assert_fails 254 podctl run --net=$net --port=8080-tcp:80 httpd
                assert_contains "$output" --port
        done
        assert_fails 254 podctl run --port=8080-tcp:80 --port=8080-tcp:80 httpd
        assert_contains "$output" 'both want tcp port 80'
}

test_port_of_one_address() {
        outside_up
        ip addr add 192.0.2.9/24 dev uplink
        forwarded one '[{"name":"http","hostPort":8084,"hostIP":"192.0.2.9"}]'
        forwarded two '[{"name":"http","hostPort":8084,"hostIP":"192.0.2.1"}]'
        forwarded six '[{"name":"http","hostPort":8084,"hostIP":"2001:db8::1"}]'
        assert_eq "$(outside curl -s -m 5 http://192.0.2.9:8084/)" 'hello from one'
        assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8084/)" 'hello from two'
        assert_eq "$(outside curl -s -g -m 5 'http://[2001:db8::1]:8084/')" 'hello from six'
        assert_fails '*' get 127.0.0.1:8084
        forwarded lo '[{"name":"http","hostPort":8085,"hostIP":"127.0.0.1"}]'
        assert_eq "$(get 127.0.0.1:8085)" 'hello from lo'
        assert_fails '*' outside curl -s -m 3 http://192.0.2.1:8085/
}

test_port_is_taken() {
        forwarded first '[{"name":"http","hostPort":8086}]'
        hello_manifest second '[{"name":"http","protocol":"tcp","port":8080}]' \
                '[{"name":"http","hostPort":8086,"hostIP":"127.0.0.1"}]' >second.json
        assert_fails 254 podctl run --pod-manifest=second.json
        assert_contains "$output" "tcp port 127.0.0.1:8086 of the host is taken by pod 'first'"
        assert_eq "$(find /run/podctl/network -name '172.*' | wc -l)" 1
        # Another protocol is another port, and it is free once the pod is gone, however it went.
        hello_manifest udp '[{"name":"http","protocol":"udp","port":8080}]' \
                '[{"name":"http","hostPort":8086}]' >udp.json
        pod udp --pod-manifest=udp.json
        kill -9 "$(systemctl show --property=MainPID --value podctl-first.service)"
        wait_until gone first
        forwarded third '[{"name":"http","hostPort":8086}]'
        assert_eq "$(get 127.0.0.1:8086)" 'hello from third'
}

# Not from a program of the host either, of whatever kind and wherever it listens.
test_port_is_taken_by_the_host() {
        local port='[{"name":"http","hostPort":8110}]' pod
        pod='--pod-manifest=pod.json'
        hello_manifest pod '[{"name":"http","protocol":"tcp","port":8080}]' "$port" >pod.json
        greeter 127.0.0.1 8110 mine
        refused "tcp port 8110 of the host is taken by process 'perl' (PID $server)" $pod
        assert_eq "$(nc -w 3 127.0.0.1 8110 </dev/null)" mine
        assert_eq "$(find /run/podctl/network -name '172.*' | wc -l)" 0
        # At another address there is room, and beside another protocol.
        hello_manifest at '[{"name":"http","protocol":"tcp","port":8080}]' \
                '[{"name":"http","hostPort":8110,"hostIP":"::1"}]' >at.json
        pod at --pod-manifest=at.json
        wait_until get '[::1]:8110'
        assert_eq "$(nc -w 3 127.0.0.1 8110 </dev/null)" mine
        hello_manifest udp '[{"name":"http","protocol":"udp","port":8080}]' "$port" >udp.json
        pod udp --pod-manifest=udp.json
        # IPv6, UDP, and sockets of the service manager.
        systemd-run --quiet --unit=port-owner --socket-property='ListenStream=[::1]:8111' \
                --socket-property=ListenDatagram=8112 true
        defer systemctl stop port-owner.socket
        sed 's/8110/8111/' pod.json >six.json
        refused "tcp port 8111 of the host is taken by process 'systemd' (PID 1)" --pod-manifest=six.json
        sed 's/8110/8112/' udp.json >udp-taken.json
        refused "udp port 8112 of the host is taken by process 'systemd' (PID 1)" --pod-manifest=udp-taken.json
}

# As long as the pod runs nobody gets its port; what is not forwarded any more is refused, not swallowed.
test_port_is_held() {
        outside_up
        forwarded web '[{"name":"http","hostPort":8113},{"name":"http","hostPort":8114,"hostIP":"192.0.2.1"}]'
        for at in ':: 8113' '0.0.0.0 8113' '127.0.0.1 8113' '192.0.2.1 8114'; do
                # shellcheck disable=SC2086
                assert_fails '*' nc -l $at
                assert_contains "$output" 'in use'
        done
        greeter 127.0.0.1 8114 mine
        nft flush ruleset
        assert_fails 7 outside curl -s -m 5 http://192.0.2.1:8113/
        podctl network reload
        assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8113/)" 'hello from web'
        podctl stop --force web
        # Free at once, also while connections are still ending.
        forwarded again '[{"name":"http","hostPort":8113}]'
        podctl stop --force again
        greeter 0.0.0.0 8113 mine
}

pings() {
        [[ $(echo ping | outside nc -u -w 1 "$1" "$2") == ping ]]
}

test_port_range_and_udp() {
        outside_up
        cat >range.json <<'JSON'
{ "acKind": "PodManifest", "acVersion": "0.8.11",
  "ports": [ { "name": "many", "hostPort": 9000 }, { "name": "echo", "hostPort": 9053 } ],
  "apps": [
  { "name": "app", "image": { "name": "busybox" }, "app": {
        "exec": [ "/bin/sh", "-c",
                "for p in 7000 7005; do nc -ll -p $p -e echo port $p & done; exec nc -ll -p 7009 -e echo port 7009" ],
        "user": "0", "group": "0", "ports": [ { "name": "many", "protocol": "tcp", "port": 7000, "count": 10 } ] } },
  { "name": "echo", "image": { "name": "debian" }, "app": {
        "exec": [ "/usr/bin/perl", "-MSocket", "-e",
                "socket(S, PF_INET6, SOCK_DGRAM, 0); bind(S, sockaddr_in6(53, Socket::IN6ADDR_ANY())) or die;", "-e",
                "while (defined($a = recv(S, $b, 1500, 0))) { send(S, $b, 0, $a) }" ],
        "user": "1000", "group": "1000", "ports": [ { "name": "echo", "protocol": "udp", "port": 53 } ] } } ] }
JSON
        pod range --pod-manifest=range.json
        wait_until nc -z 127.0.0.1 9009
        for p in 0 5 9; do
                assert_eq "$(outside nc -w 3 192.0.2.1 900$p </dev/null)" "port 700$p"
        done
        wait_until pings 192.0.2.1 9053
        wait_until pings 2001:db8::1 9053
}

# --- Names and files

test_names() {
        server one
        server two --hostname=two.example
        sh_run 'wget -qO- http://one:8080; wget -qO- http://two:8080; wget -qO- http://two.example:8080' >out
        assert_eq "$(cat out)" $'hello from one\nhello from two\nhello from two'
        # Also of pods that came later, and no longer of those that went.
        server three
        assert_eq "$(podctl enter one /bin/wget -qO- http://three:8080)" 'hello from three'
        podctl stop --force three
        assert_fails '*' podctl enter one /bin/grep three /etc/hosts
        assert_eq "$(podctl enter one /bin/hostname)" one
        # The host, through nss-mymachines or resolved.
        assert_contains "$(getent ahosts one)" "$(address one)"
        assert_eq "$(get one:8080)" 'hello from one'
}

# A host of which nothing else knows pods finds them in its /etc/hosts, and only as long as there are any.
test_names_without_nss() {
        cp /etc/nsswitch.conf nsswitch
        cp /etc/hosts hosts
        defer cp "$PWD/nsswitch" /etc/nsswitch.conf
        sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
        server one
        assert_contains "$(getent ahosts one)" "$(address one)"
        podctl stop --force one
        wait_until diff hosts /etc/hosts
}

test_addresses_are_shown() {
        server web
        assert_contains "$(podctl list --full)" "default:ip4=$(address web)"
        podctl status web >shown
        assert_contains "$(cat shown)" "networks=default:ip4=$(address web)"
        assert_contains "$(cat shown)" "addresses=$(address web) $(address6 web)"
        assert_contains "$(machinectl list --no-pager)" "$(address web)"
        assert_contains "$(machinectl status --no-pager web)" "$(address6 web)"
        podctl status --check-network web
        podctl list --all --format=json |
                jq -e '.[0].networks[0] | .netName == "default" and .ifName == "eth0" and .mask == "255.255.0.0"'
}

test_resolv_conf() {
        if [[ ! -e /etc/resolv.conf ]]; then
                printf 'nameserver 192.0.2.200\n' >/etc/resolv.conf
                defer rm /etc/resolv.conf
        fi
        assert_eq "$(sh_run 'cat /etc/resolv.conf' --dns=192.0.2.53)" 'nameserver 192.0.2.53'
        sh_run 'cat /etc/resolv.conf' --dns=192.0.2.53,2001:db8::53 --dns=192.0.2.54 \
                --dns-search=a.example --dns-search=b.example \
                --dns-opt=ndots:2 --dns-opt=rotate --dns-domain=example >out
        assert_eq "$(cat out)" 'search a.example b.example
nameserver 192.0.2.53
nameserver 2001:db8::53
nameserver 192.0.2.54
options ndots:2 rotate
domain example'
        sh_run 'cat /etc/resolv.conf' --dns=host >out
        cmp out /etc/resolv.conf
        sh_run 'cat /etc/resolv.conf' --dns=host --net=host >out
        cmp out /etc/resolv.conf
        conf 10-dns.conf '{ "name": "dns", "type": "podctl",
                "dns": { "nameservers": ["192.0.2.99"], "search": ["net.example"] } }'
        assert_eq "$(sh_run 'cat /etc/resolv.conf' --net=dns)" $'search net.example\nnameserver 192.0.2.99'
        assert_eq "$(sh_run 'cat /etc/resolv.conf' --net=dns --dns=192.0.2.1)" 'nameserver 192.0.2.1'
        assert_fails '*' sh_run 'cat /etc/resolv.conf' --net=dns --dns=none
        # A volume there: what is asked for goes before it, and so does the network's.
        echo 'nameserver 192.0.2.7' >volume
        assert_eq "$(sh_run 'cat /etc/resolv.conf' --volume=r,kind=host,source="$PWD/volume" \
                --mount=volume=r,target=/etc/resolv.conf)" 'nameserver 192.0.2.7'
        assert_eq "$(podctl run --dns=192.0.2.1 --volume=r,kind=host,source="$PWD/volume" busybox --exec=/bin/cat \
                --mount=volume=r,target=/etc/resolv.conf -- /etc/resolv.conf)" 'nameserver 192.0.2.1'
        for wrong in --dns=nonsense --dns=host,1.1.1.1 '--dns=none --dns-search=x' '--dns=host --dns-opt=x'; do
                # shellcheck disable=SC2086
                assert_fails 254 podctl run $wrong busybox
                assert_contains "$output" --dns
        done
}

# resolv TEXT: the host's file, replaced as programs do it, until the test ends.
resolv() {
        if [[ ! -e resolv.saved ]]; then
                cp -P /etc/resolv.conf resolv.saved 2>/dev/null || touch resolv.saved
                defer rm -rf /run/systemd/resolve /run/elsewhere
                defer cp -P --remove-destination "$PWD/resolv.saved" /etc/resolv.conf
        fi
        printf '%b' "$1" >/etc/.resolv.conf
        mv -f /etc/.resolv.conf "${2-/etc/resolv.conf}"
}

# Names resolve in pods as they do on the host.
test_name_servers_of_the_host() {
        resolv '# a comment\nnameserver 192.0.2.7\nnameserver ::1\nsearch a.example\noptions ndots:2\n'
        local plain=$'nameserver 192.0.2.7\nsearch a.example\noptions ndots:2'
        assert_eq "$(sh_run 'cat /etc/resolv.conf')" "$plain"
        assert_eq "$(sh_run 'cat /etc/resolv.conf' --net=default-restricted --private-users=no)" "$plain"
        sh_run 'cat /etc/resolv.conf' --net=host >out
        cmp out /etc/resolv.conf
        # In place of the image's, whatever that is; but not of a volume.
        assert_eq "$(podctl run debian --user=0 --exec=/bin/cat -- /etc/resolv.conf)" "$plain"
        mkdir etc
        echo mine >etc/hosts
        assert_eq "$(sh_run 'cat /etc/hosts; ls /etc' --volume=e,kind=host,source="$PWD/etc" \
                --mount=volume=e,target=/etc)" $'mine\nhosts'
        # systemd-resolved's stub, and others on loopback.
        mkdir -p /run/systemd/resolve
        resolv 'nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n'
        resolv 'nameserver 192.0.2.8\nnameserver fe80::1%uplink\nsearch b.example\n' /run/systemd/resolve/resolv.conf
        assert_eq "$(sh_run 'cat /etc/resolv.conf')" $'nameserver 192.0.2.8\nsearch b.example'
        resolv 'nameserver ::1\n'
        sh_run 'cat /etc/resolv.conf; echo so' >out 2>err
        assert_eq "$(cat out)" so
        assert_contains "$(cat err)" "Pods do not reach the host's name servers in /etc/resolv.conf"
        sh_run 'cat /etc/resolv.conf' --dns=192.0.2.9 >out 2>err
        assert_eq "$(cat out) $(cat err)" 'nameserver 192.0.2.9 '
        rm /etc/resolv.conf
        assert_eq "$(sh_run 'cat /etc/resolv.conf' 2>&1)" ''
}

resolves_name() {
        [[ $(podctl exec --app=busybox "$1" nslookup name.example) == *192.0.2.33* ]]
}

# A name server on the host's loopback answers pods as it answers the host; nothing else there does.
test_name_server_on_loopback() {
        resolv 'nameserver 192.0.2.7\n'
        systemctl start podctl-network.path
        pod before busybox --exec=/bin/sleep -- 1000
        dnsmasq --keep-in-foreground --conf-file=/dev/null --listen-address=127.0.0.1 --bind-interfaces \
                --no-resolv --no-hosts --address=/name.example/192.0.2.33 --user=root --pid-file &
        defer kill $!
        greeter 127.0.0.1 54 open
        resolv 'nameserver 127.0.0.1\n'
        wait_until resolves_name before
        pod after busybox --exec=/bin/sleep -- 1000
        resolves_name after
        conf 10-apart.conf '{ "name": "apart", "type": "podctl", "subnet": "10.45.0.0/24", "isolate": true }'
        pod isolated --net=apart busybox --exec=/bin/sleep -- 1000
        resolves_name isolated
        pod restricted --net=default-restricted busybox --exec=/bin/sleep -- 1000
        local gateway
        gateway=$(podctl exec --app=busybox after sed -n 's/^nameserver //p' /etc/resolv.conf)
        assert_fails '*' podctl exec --app=busybox restricted timeout 3 nslookup name.example "$gateway"
        assert_fails '*' podctl exec --app=busybox after nc -w 1 "$gateway" 54
        assert_fails '*' podctl exec --app=busybox after nc -w 1 127.0.0.1 53
}

has_dns() {
        [[ $(podctl enter "$1" /bin/cat /etc/resolv.conf) == "nameserver $2" ]]
}

# Pods that run follow, however the host's file is changed, unless one has changed its own.
test_name_servers_change() {
        systemctl start podctl-network.path
        resolv 'nameserver 192.0.2.1\n'
        pod own busybox --exec=/bin/sleep -- 1000
        pod hosts --net=host busybox --exec=/bin/sleep -- 1000
        pod asked --dns=192.0.2.99 busybox --exec=/bin/sleep -- 1000
        pod itself --private-users=no \
                busybox --exec=/bin/sh -- -c 'echo nameserver 192.0.2.66 >/etc/resolv.conf; exec sleep 1000'
        wait_until has_dns itself 192.0.2.66
        has_dns own 192.0.2.1
        local new=192.0.2.20
        echo "nameserver $new" >/etc/resolv.conf
        wait_until has_dns own $new
        wait_until has_dns hosts $new
        resolv 'nameserver 192.0.2.3\n'
        wait_until has_dns own 192.0.2.3
        mkdir -p /run/elsewhere
        resolv 'nameserver 192.0.2.4\n' /run/elsewhere/resolv.conf
        ln -sfn /run/elsewhere/resolv.conf /etc/resolv.conf
        wait_until has_dns own 192.0.2.4
        resolv 'nameserver 192.0.2.5\n' /run/elsewhere/resolv.conf
        wait_until has_dns own 192.0.2.5
        resolv 'nameserver 192.0.2.6\n'
        podctl network reload
        has_dns own 192.0.2.6
        has_dns hosts 192.0.2.6
        has_dns asked 192.0.2.99
        has_dns itself 192.0.2.66
}

# What an image has there is no obstacle to the pod's names; as "rkt" it is left, and there are no name servers.
test_image_with_files_in_etc() {
        mkdir -p image/rootfs/etc bin
        cp /bin/busybox image/rootfs/
        echo '127.0.0.1 of-the-image' >image/rootfs/etc/hosts
        echo of-the-image >image/rootfs/etc/hostname
        echo 'nameserver 192.0.2.13' >image/rootfs/etc/resolv.conf
        echo '{ "acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/etc",
          "labels": [ { "name": "os", "value": "linux" }, { "name": "arch", "value": "amd64" } ],
          "app": { "exec": [ "/busybox", "true" ], "user": "0", "group": "0" } }' >image/manifest
        tar -C image -cf etc.aci manifest rootfs
        ln -s /usr/bin/podctl bin/rkt
        resolv 'nameserver 192.0.2.14\n'
        local files=(/etc/resolv.conf /etc/hostname /etc/hosts)
        podctl --insecure-options=image run --name=me etc.aci --exec=/busybox -- cat "${files[@]}" >out
        assert_eq "$(sed 2q out)" $'nameserver 192.0.2.14\nme'
        grep -E '^172\.16\.[0-9.]+ me *$' out
        assert_not_contains "$(cat out)" of-the-image
        bin/rkt --insecure-options=image run etc.aci --exec=/busybox -- cat "${files[@]}" >out
        assert_eq "$(cat out)" $'nameserver 192.0.2.13\nof-the-image\n127.0.0.1 of-the-image'
        assert_fails '*' bin/rkt run busybox --exec=/bin/cat -- /etc/resolv.conf
        podctl image rm example.com/etc >/dev/null || true
}

test_hosts() {
        sh_run 'cat /etc/hosts' --net=none --hostname=me.example >out
        grep -E '^127\.0\.0\.1 .*me\.example' out
        grep -E '^::1 .*me\.example' out
        sh_run 'cat /etc/hosts' --hosts-entry=192.0.2.1=a,192.0.2.2=b --hosts-entry=2001:db8::1=c >out
        grep -x '192.0.2.1 a # entry' out
        grep -x '192.0.2.2 b # entry' out
        grep -x '2001:db8::1 c # entry' out
        sh_run 'cat /etc/hosts' --net=none --hosts-entry=192.0.2.1=a >out
        grep -x '192.0.2.1 a' out
        # The host as the pod reaches it.
        sh_run 'cat /etc/hosts; ip route' --hosts-entry=host-gateway=me >out
        grep -x "$(sed -n 's/^default via \([^ ]*\) .*/\1/p' out) me # entry" out
        assert_eq "$(sh_run 'grep me$ /etc/hosts' --net=host --hosts-entry=host-gateway=me)" '127.0.0.1 me'
        assert_fails 254 sh_run true --net=none --hosts-entry=host-gateway=me
        assert_contains "$output" "'me' cannot have the host's address: no network of the pod has one"
        sh_run 'cat /etc/hosts' --hosts-entry=host --hosts-entry=host >out
        cmp out /etc/hosts
        echo '192.0.2.8 volume' >volume
        assert_eq "$(sh_run 'cat /etc/hosts' --volume=h,kind=host,source="$PWD/volume" \
                --mount=volume=h,target=/etc/hosts)" '192.0.2.8 volume'
        for wrong in host,192.0.2.1=a nonsense=a 192.0.2.1 192.0.2.1=; do
                assert_fails 254 podctl run --hosts-entry=$wrong busybox
                assert_contains "$output" --hosts-entry
        done
        assert_fails 254 podctl run --hosts-entry=host --hosts-entry=192.0.2.1=a busybox
}

test_hostname() {
        assert_eq "$(sh_run 'cat /etc/hostname; hostname' --hostname=some.name)" $'some.name\nsome.name'
        assert_eq "$(podctl run --name=called busybox --exec=/bin/cat -- /etc/hostname)" called
        assert_eq "$(podctl run --name=other debian --user=0 --exec=/bin/cat -- /etc/hostname)" other
        assert_eq "$(sh_run 'ls -l /etc/hostname' | cut -c1-10)" -rw-r--r--
}

# --- Manifests and units

test_manifest_and_unit() {
        mkdir -p /etc/podctl/pods.d
        hello_manifest unit '[{"name":"http","protocol":"tcp","port":8080}]' '[{"name":"http","hostPort":8087}]' |
                jq '.annotations = [
                        { name: "podctl/net", value: "default:IP=172.16.7.7" },
                        { name: "podctl/dns", value: "192.0.2.1" } ]' >/etc/podctl/pods.d/unit.json
        defer rm /etc/podctl/pods.d/unit.json
        defer systemctl stop pod@unit
        systemctl start pod@unit
        wait_until get 127.0.0.1:8087
        assert_eq "$(address unit)" 172.16.7.7
        assert_eq "$(podctl enter unit /bin/cat /etc/resolv.conf)" 'nameserver 192.0.2.1'
        systemctl restart pod@unit
        wait_until get 127.0.0.1:8087
        assert_eq "$(address unit)" 172.16.7.7
        systemctl stop pod@unit
        assert_fails '*' get 127.0.0.1:8087
}

test_in_place() {
        systemd-run --quiet --unit=own-unit --slice=machine.slice -p Delegate=yes -p Type=notify \
                podctl run --name=own busybox --exec=/bin/sleep -- 1000
        defer systemctl stop own-unit
        assert_contains "$(address own)" 172.16.
        nft list table inet podctl >/dev/null
}

# --- Others on the host

ruleset_is() {
        [[ $(nft list ruleset) == "$1" ]]
}

test_others_are_left_alone() {
        nft -f - <<'NFT'
table inet firewalld {
        chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept; ct state established accept
        }
}
table ip nat {
        chain DOCKER { return
        }
        chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept; ip saddr 172.17.0.0/16 masquerade
        }
}
table ip filter {
        chain ufw-user-forward {
        }
        chain FORWARD { type filter hook forward priority filter; policy accept; jump ufw-user-forward
        }
}
NFT
        defer nft delete table inet firewalld
        defer nft delete table ip nat
        defer nft delete table ip filter
        local before
        before=$(nft list ruleset)
        outside_up
        world
        forwarded web '[{"name":"http","hostPort":8088}]'
        assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8088/)" 'hello from web'
        assert_eq "$(nft list ruleset | sed '/^table inet podctl/,/^}/d')" "$before"
        podctl stop --force web
        wait_until ruleset_is "$before"
}

# `systemctl reload nftables` and the like flush everything: the next start makes it all again.
test_flushed_rules_come_back() {
        outside_up
        forwarded one '[{"name":"http","hostPort":8089}]'
        rules_are() { podctl check --host --format=json | jq -r '.[] | select(.name == "network rules") | .state'; }
        assert_eq "$(rules_are)" good
        nft flush ruleset
        assert_fails '*' outside curl -s -m 2 http://192.0.2.1:8089/
        assert_eq "$(rules_are)" less
        server two
        assert_eq "$(rules_are)" good
        assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8089/)" 'hello from one'
}

# Or by hand, and with nftables.service whatever is done with it.
test_rules_are_brought_back() {
        outside_up
        forwarded web '[{"name":"http","hostPort":8106}]'
        server inner --net=default-restricted
        ip -n outside route add 172.16.0.0/12 via 192.0.2.1
        defer systemctl stop nftables
        for how in 'nft flush ruleset; podctl network reload' 'systemctl start nftables' 'systemctl reload nftables' \
                'systemctl restart nftables' 'systemctl stop nftables' 'podctl network reload'; do
                sysctl -qw net.ipv4.ip_forward=0
                eval "$how"
                assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8106/)" 'hello from web'
                assert_fails '*' outside curl -s -m 1 "http://$(address inner):8080/"
        done
        podctl network reload --format=json | jq -e '.[0].action == "rules"'
        podctl stop --force web inner
        wait_until ruleset_is ''
        assert_eq "$(podctl network reload --format=json)" '[]'
        assert_fails 254 podctl network reload --format=xml
        assert_eq "$(nft list ruleset)" ''
        assert_fails 2 podctl network
}

# A host that forged packets from a pod could fool: its own loopback addresses.
test_loopback_of_the_host_is_closed() {
        greeter 127.0.0.1 8124 secret
        forwarded web '[{"name":"http","hostPort":8090}]' --private-users=no
        nsenter -t "$(leader web)" -n ip addr del 127.0.0.1/8 dev lo
        nsenter -t "$(leader web)" -n ip route add 127.0.0.1/32 via 172.16.0.1 dev eth0 src "$(address web)"
        nsenter -t "$(leader web)" -n sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'
        assert_eq "$(nsenter -t "$(leader web)" -n nc -w 2 127.0.0.1 8124 </dev/null || true)" ''
}

# A port forwarded at 127.0.0.1 is for the host's programs: a neighbour that sends there, as nobody should, is not
# answered.
test_loopback_port_from_outside() {
        outside_up
        forwarded web '[{"name":"http","hostPort":8099,"hostIP":"127.0.0.1"}]'
        ip -n outside addr del 127.0.0.1/8 dev lo
        ip -n outside route add 127.0.0.1/32 via 192.0.2.1 dev eth0 src 192.0.2.2
        outside sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'
        assert_eq "$(get 127.0.0.1:8099)" 'hello from web'
        assert_fails '*' outside curl -s -m 2 http://127.0.0.1:8099/
}

# arrivals: how many packets for udp port 7777 got to programs of the host.
arrivals() {
        nft list counter inet probe arrivals | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# No pod sends with another's address, whatever it is allowed to do.
test_forged_source() {
        nft -f - <<'NFT'
table inet probe {
        counter arrivals { }
        chain in { type filter hook input priority 0; udp dport 7777 counter name arrivals; }
}
NFT
        defer nft delete table inet probe
        server other
        server forger --private-users=no
        local pod other gateway6
        pod=$(leader forger)
        other=$(address other)
        gateway6=$(nsenter -t "$pod" -n ip -6 route show default | awk '{ print $3 }')
        nsenter -t "$pod" -n sh -c "echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
                ip addr add $other/32 dev eth0; ip addr add 198.51.100.1/32 dev eth0; ip addr add 127.0.0.2/32 dev eth0
                ip -6 addr add $(address6 other)/128 dev eth0 nodad"
        for source in "$other" 198.51.100.1 127.0.0.2; do
                nsenter -t "$pod" -n nc -u -w 1 -s "$source" 172.16.0.1 7777 <<<x || true
                assert_eq "$source $(arrivals)" "$source 0"
        done
        nsenter -t "$pod" -n nc -u -w 1 -s "$(address6 other)" "$gateway6" 7777 <<<x || true
        assert_eq "$(arrivals)" 0
        nsenter -t "$pod" -n nc -u -w 1 -s "$(address forger)" 172.16.0.1 7777 <<<x || true
        nsenter -t "$pod" -n nc -u -w 1 -s "$(address6 forger)" "$gateway6" 7777 <<<x || true
        assert_eq "$(arrivals)" 2
        assert_eq "$(cat /proc/sys/net/ipv[46]/conf/pod-*/accept_redirects | sort -u)" 0
}

# A pod of two networks answers what came in by the one through the other, where its default route is.
test_answer_by_the_other_network() {
        outside_up
        conf 10-plain.conf '{ "name": "plain", "type": "podctl", "subnet": "10.48.0.0/16", "ipMasq": false }'
        ip -n outside route add 10.48.0.0/16 via 192.0.2.1
        server two --net=default,plain
        assert_eq "$(outside curl -s -m 5 "http://$(address two 1):8080/")" 'hello from two'
}

# Neither do forwarded ports lead out of a restricted network, nor from one to the other.
test_restricted_and_ports() {
        outside_up
        conf 10-inner.conf '{ "name": "inner", "type": "podctl", "subnet": "10.49.0.0/16", "isDefaultGateway": false }'
        forwarded open '[{"name":"http","hostPort":8100}]'
        forwarded shut '[{"name":"http","hostPort":8101}]' --net=default-restricted
        local ask='wget -qO- http://$(ip route | sed -n "s/.* via \([0-9.]*\) .*/\1/p" | head -n 1):'
        assert_fails '*' sh_run "${ask}8100" --net=default-restricted
        assert_contains "$output" "can't connect"
        assert_fails '*' sh_run "${ask}8100" --net=inner
        assert_contains "$output" "can't connect"
        assert_fails '*' sh_run "${ask}8101" --net=inner
        assert_contains "$output" "can't connect"
        assert_eq "$(sh_run "${ask}8101" --net=default-restricted)" 'hello from shut'
        assert_eq "$(sh_run "${ask}8101")" 'hello from shut'
        assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8101/)" 'hello from shut'
}

# --- Ends

test_killed_supervisor() {
        local before
        before=$(network_state)
        forwarded web '[{"name":"http","hostPort":8091}]'
        kill -9 "$(systemctl show --property=MainPID --value podctl-web.service)"
        wait_until gone web
        wait_until is_as_before "$before"
}

# Nobody is there to tear down: the next one to have the port, and gc, do it.
test_killed_tear_down() {
        local before uuid
        before=$(network_state)
        mkdir -p /run/systemd/system/podctl-web.service.d
        printf '[Service]\nExecStopPost=\n' >/run/systemd/system/podctl-web.service.d/none.conf
        defer rm -r /run/systemd/system/podctl-web.service.d
        defer systemctl daemon-reload
        forwarded web '[{"name":"http","hostPort":8092}]'
        uuid=$(podctl list --all --format=json | jq -r '.[0].name')
        kill -9 "$(systemctl show --property=MainPID --value podctl-web.service)"
        wait_until gone web
        # The last pod that ends takes the address of this one along, and its names stay its own to remove.
        podctl run busybox --exec=/bin/true
        cleared
        wait_until eval '! ls /run/podctl/network/networks/default/172.* 2>/dev/null'
        podctl gc --grace-period=0
        wait_until is_as_before "$before"
        assert_not_contains "$(cat /run/podctl/network/networks/default/hosts)" web
        podctl tear-down "$uuid"
}

test_failed_start() {
        local before
        before=$(network_state)
        assert_fails 254 podctl run busybox --exec=/no/such/program
        wait_until is_as_before "$before"
}

# However many start at once, no two have the same address.
test_many_at_once() {
        local i before
        before=$(network_state)
        for i in {1..16}; do
                podctl run --detach --name="many-$i" busybox --exec=/bin/sleep -- 1000 >/dev/null &
        done
        wait_for_jobs
        for i in {1..16}; do
                defer end_pod "many-$i"
        done
        podctl list --all --format=json | jq -r '.[].networks[].ip' >addresses
        assert_eq "$(wc -l <addresses)" 16
        assert_eq "$(sort -u addresses | wc -l)" 16
        for i in {1..16}; do
                podctl stop --force "many-$i" >/dev/null &
        done
        wait_for_jobs
        wait_until is_as_before "$before"
}
