# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What is shown of networks, the isolation of one from the other, and the names that pods of one give each other.
# On any systemd, the same.

. "$HERE/lib-network.sh"
fetch busybox.oci debian.oci

# --- What is shown

# shown NETWORK FILTER: what jq finds in the JSON of a network.
shown() {
        podctl network inspect --format=json "$1" | jq -cr ".[0] | $2"
}

test_networks_are_shown() {
        conf 10-lan.conf '{ "name": "lan", "type": "podctl", "subnet": "10.41.0.0/24", "subnet6": "fd00:41::/64",
                "mtu": 1300, "isolate": true }'
        conf 20-bridged.conflist '{ "cniVersion": "1.0.0", "name": "bridged", "plugins": [
                { "type": "bridge", "bridge": "br7", "ipam": { "type": "host-local", "subnet": "10.22.0.0/24" } },
                { "type": "portmap" } ] }'
        forwarded web '[{"name":"http","hostPort":8120}]' --net=lan,default
        podctl network list >list
        assert_contains "$(tr -s ' ' <list)" \
                "lan podctl 10.41.0.0/24,fd00:41::/64 yes /etc/podctl/net.d/10-lan.conf web"
        assert_contains "$(tr -s ' ' <list)" 'bridged bridge 10.22.0.0/24 no /etc/podctl/net.d/20-bridged.conflist -'
        # Its subnet is that of its pod.
        grep -E '^default +podctl +172\.16\.0\.0/16,fd[0-9a-f:]+/64 +no +built in +web$' list
        grep -E '^default-restricted +podctl +- +no +built in +-$' list
        podctl network inspect lan >text
        assert_eq "$(cat text)" "name=lan
type=podctl
plugins=podctl
file=/etc/podctl/net.d/10-lan.conf
hides=
subnets=10.41.0.0/24 fd00:41::/64
gateways=10.41.0.1 fd00:41::1
link=
mtu=1300
masquerade=yes
restricted=no
isolated=yes
pod-web=$(address web)/24 $(address6 web)/64
ports-web=8120->8080/tcp"
        assert_eq "$(shown bridged '[.type, .plugins[1], .link, .gateways[0], .mtu, (.pods | length)]')" \
                '["bridge","portmap","br7","10.22.0.1",null,0]'
        assert_eq "$(shown lan '.pods[0] | [.name, .interface, .addresses[0], .ports[0].host_port]')" \
                "[\"web\",\"eth0\",\"$(address web)/24\",8120]"
        # There may be networks of others on the host.
        podctl network list --format=json | jq -r '.[].name' >names
        assert_eq "$(grep -xE 'lan|bridged|default.*' names | xargs)" 'lan bridged default default-restricted'
        assert_eq "$(podctl network list --no-legend | wc -l)" "$(wc -l <names)"
        podctl network inspect lan default | grep -c '^name=' | grep -qx 2
        podctl stop --force web
        assert_eq "$(shown lan '.pods')" '[]'
        assert_fails 254 podctl network inspect
        assert_fails 254 podctl network list lan
}

# What is wrong is named, with the file, and hides nothing else; a network of the same name is no mistake.
test_networks_with_mistakes() {
        conf 10-lan.conf '{ "name": "lan", "type": "podctl", "subnet": "10.41.0.0/24" }'
        conf 20-lan.conf '{ "name": "lan", "type": "podctl", "subnet": "10.42.0.0/24" }'
        podctl network list >list 2>err
        assert_eq "$(cat err)" ''
        assert_eq "$(shown lan '[.subnets[0], .hides[0]]')" '["10.41.0.0/24","/etc/podctl/net.d/20-lan.conf"]'
        conf 30-half.conf '{ "name": "half"'
        conf 40-typo.conf '{ "name": "typo", "type": "podctl", "isolate": "strict" }'
        # A network that is not isolated is not taken for one that is.
        conf 50-typo.conf '{ "name": "shut", "type": "podctl", "isolated": true }'
        assert_fails 254 podctl run --net=shut busybox
        assert_contains "$output" "isolated: is not a known member; did you mean 'isolate'?"
        assert_fails 254 podctl network list --format=json
        assert_contains "$output" 'Network configuration /etc/podctl/net.d/30-half.conf: '
        assert_contains "$output" '40-typo.conf: plugins[0].isolate: expected'
        assert_fails 254 podctl network list
        assert_contains "$output" 10.41.0.0/24
        assert_fails 254 podctl network inspect lan typo
        assert_contains "$output" name=lan
        assert_contains "$output" "There is no network 'typo'"
        # Nobody but root sees pods of others.
        assert_fails 254 setpriv --reuid=65534 --clear-groups podctl network list
}

# A network is there as long as pods have it.
test_network_without_its_file() {
        mkdir -p /etc/podctl/net.d
        echo '{ "name": "lan", "type": "podctl", "subnet": "10.41.0.0/24" }' >/etc/podctl/net.d/10-gone.conf
        defer rm -f /etc/podctl/net.d/10-gone.conf
        server one --net=lan
        rm /etc/podctl/net.d/10-gone.conf
        podctl network list | grep -E '^lan +podctl +10\.41\.0\.0/24,.* +removed +one$'
        assert_eq "$(shown lan '[.configured, .file]')" '[false,null]'
        podctl stop --force one
        assert_fails 254 podctl network inspect lan
}

# Rules of a firewall that name a subnet open the same network after a reboot, which leaves nothing in /run.
test_subnets_stay_after_a_reboot() {
        local first second
        conf 10-back.conf '{ "name": "back", "type": "podctl" }'
        rm -rf /run/podctl/network/networks/{default,back}
        server one
        server two --net=back
        first=$(shown default .subnets) second=$(shown back .subnets)
        podctl stop --force one two
        rm -rf /run/podctl/network/networks
        server two --net=back
        server one
        assert_eq "$(shown default .subnets)" "$first"
        assert_eq "$(shown back .subnets)" "$second"
        # A damaged file is as if there were none.
        podctl stop --force one two
        rm -rf /run/podctl/network/networks
        echo '{ "subnet"' >/var/lib/podctl/networks/default
        server one
        [[ $(shown default .subnets) != "$second" ]]
}

# --- Isolation

# three_networks: a and b are isolated, c is not; with pods a1, a2, b1 and c1, and a port of a1 and of c1.
three_networks() {
        outside_up
        conf 10-a.conf '{ "name": "a", "type": "podctl", "subnet": "10.41.0.0/24", "isolate": true }'
        conf 20-b.conf '{ "name": "b", "type": "podctl", "subnet": "10.42.0.0/24", "isolate": true }'
        conf 30-c.conf '{ "name": "c", "type": "podctl", "subnet": "10.43.0.0/24" }'
        forwarded a1 '[{"name":"http","hostPort":8121}]' --net=a
        server a2 --net=a
        server b1 --net=b
        forwarded c1 '[{"name":"http","hostPort":8122}]' --net=c
}

# reaches POD AT WHOM: what answers there says that it is this pod.
reaches() {
        assert_eq "$(podctl enter "$1" /bin/wget -qO- "http://$2/" 2>&1)" "hello from $3"
}

# is_refused POD AT: at once, and not by silence.
is_refused() {
        assert_fails '*' podctl enter "$1" /bin/wget -qO- "http://$2/"
        assert_contains "$output" "can't connect"
        assert_not_contains "$output" 'timed out'
}

nothing_gets_across() {
        local pair from to
        for pair in 'a1 b1' 'b1 a1' 'a1 c1' 'c1 a1' 'b1 c1' 'c1 b1'; do
                read -r from to <<<"$pair"
                is_refused "$from" "$(address "$to"):8080"
                is_refused "$from" "[$(address6 "$to")]:8080"
        done
        # Nor by the ports of the host.
        is_refused c1 192.0.2.1:8121
        is_refused c1 '[2001:db8::1]:8121'
        is_refused b1 10.41.0.1:8121
        is_refused a1 192.0.2.1:8122
        is_refused a1 '[2001:db8::1]:8122'
}

test_isolated_networks() {
        three_networks
        world
        nothing_gets_across
        # The network itself, also by a port of the host, the host, the world, and ports from there.
        reaches a1 "$(address a2):8080" a2
        reaches a2 "[$(address6 a1)]:8080" a1
        reaches a2 192.0.2.1:8121 a1
        reaches a1 '[2001:db8::1]:8121' a1
        assert_contains "$(podctl enter a1 /bin/wget -qO- http://192.0.2.2:8000/cgi-bin/who)" 192.0.2.1
        assert_contains "$(podctl enter a1 /bin/wget -qO- 'http://[2001:db8::2]:8000/cgi-bin/who')" 2001:db8::1
        for to in "$(address a1):8080" "[$(address6 a1)]:8080" 127.0.0.1:8121 '[::1]:8121' 192.0.2.1:8121; do
                assert_eq "$(get "$to")" 'hello from a1'
        done
        assert_eq "$(outside curl -s -m 5 http://192.0.2.1:8121/)" 'hello from a1'
        assert_eq "$(outside curl -s -g -m 5 'http://[2001:db8::1]:8121/')" 'hello from a1'
        # Other networks go on as before, and a pod of both is in both.
        server d1
        reaches c1 "$(address d1):8080" d1
        reaches d1 "[$(address6 c1)]:8080" c1
        reaches d1 192.0.2.1:8122 c1
        server both --net=c,a
        reaches both "$(address a1):8080" a1
        reaches a1 "[$(podctl status --format=json both | jq -r '.networks[1].ip6')]:8080" both
        reaches c1 "$(address both):8080" both
        is_refused c1 "$(address both 1):8080"
        is_refused a1 "$(address both):8080"
}

isolated_groups() {
        nft list set inet podctl isolated | grep -oE '[0-9]{9,}' | wc -l
}

test_isolation_comes_back() {
        three_networks
        defer systemctl stop nftables
        for how in 'nft flush ruleset; podctl network reload' 'systemctl restart nftables' 'systemctl stop nftables'; do
                eval "$how"
                nothing_gets_across
                reaches a1 "$(address a2):8080" a2
        done
        # With the last pod of a network its rules go, and what it is may be decided again.
        assert_eq "$(isolated_groups)" 2
        podctl stop --force b1
        assert_eq "$(isolated_groups)" 1
        echo '{ "name": "a", "type": "podctl", "subnet": "10.41.0.0/24" }' >/etc/podctl/net.d/10-a.conf
        assert_fails 254 podctl run --net=a busybox
        assert_contains "$output" 'pods still use it as it was'
        podctl stop --force a1 a2
        assert_eq "$(isolated_groups)" 0
        server a3 --net=a
        reaches c1 "$(address a3):8080" a3
}

# counted NAME: packets that a probe of the host has seen.
counted() {
        nft list counter inet probe "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# converse POD PORT TO PORT: a datagram of the pod, by which it is in conversation with whom it is sent to.
converse() {
        nsenter -t "$(leader "$1")" -n nc -u -w 1 -p "$2" "$3" "$4" <<<hello || true
}

# forge_answer POD AS PORT TO PORT: a datagram of a pod that does as it likes, which looks like an answer in a
# conversation of others. It gets as far as to be taken for one, and no further.
forge_answer() {
        local tried arrived ns as=$2/32
        ns=$(leader "$1")
        tried=$(counted tried) arrived=$(counted arrived)
        [[ $2 != *:* ]] || as="$2/128 nodad"
        # shellcheck disable=SC2086
        nsenter -t "$ns" -n ip addr add $as dev eth0
        nsenter -t "$ns" -n nc -u -w 1 -s "$2" -p "$3" "$4" "$5" <<<forged || true
        nsenter -t "$ns" -n ip addr del "${as% *}" dev eth0
        (($(counted tried) > tried)) || fail "nothing came of $*"
        assert_eq "$* $(counted arrived)" "$* $arrived"
}

host_link() {
        podctl status --format=json "$1" | jq -r '.networks[0].hostInterface'
}

# Whoever has raw sockets and addresses as they like sends as whoever they like: in a conversation of a pod with the
# world, of two pods of one network, and out of an isolated network as well as into it.
test_isolation_and_forged_answers() {
        three_networks
        server c2 --net=c
        server inner --net=a --private-users=no
        server outer --net=c --private-users=no
        nft -f - <<NFT
table inet probe {
        counter tried { }
        counter arrived { }
        chain before { type filter hook forward priority -10;
                iifname { "$(host_link inner)", "$(host_link outer)" } meta l4proto udp counter name tried
        }
        chain after { type filter hook forward priority 10;
                iifname { "$(host_link inner)", "$(host_link outer)" } meta l4proto udp counter name arrived
        }
}
NFT
        defer nft delete table inet probe
        converse a1 5000 192.0.2.2 7000
        forge_answer outer 192.0.2.2 7000 192.0.2.1 5000
        converse a1 5001 2001:db8::2 7001
        forge_answer outer 2001:db8::2 7001 2001:db8::1 5001
        converse a1 5002 "$(address a2)" 7002
        forge_answer outer "$(address a2)" 7002 "$(address a1)" 5002
        converse a1 5003 "$(address6 a2)" 7003
        forge_answer outer "$(address6 a2)" 7003 "$(address6 a1)" 5003
        converse c1 5004 "$(address c2)" 7004
        forge_answer inner "$(address c2)" 7004 "$(address c1)" 5004
        converse c1 5005 "$(address6 c2)" 7005
        forge_answer inner "$(address6 c2)" 7005 "$(address6 c1)" 5005
        # Each in its own name, into the other network.
        for pair in 'inner c1' 'outer a1'; do
                read -r from to <<<"$pair"
                converse "$from" 5006 "$(address "$to")" 7006
                converse "$from" 5006 "$(address6 "$to")" 7006
        done
        assert_eq "$(counted arrived)" 0
        # What it may do, the probe sees.
        converse outer 5007 "$(address c1)" 7007
        (($(counted arrived) > 0))
}

# --- Names

# answered POD NAME: who answers when this pod asks for that name.
answered() {
        podctl enter "$1" /bin/wget -qO- "http://$2:8080/" 2>&1
}

# A pod that started earlier has them, and as long as the other runs.
test_aliases() {
        server early
        server web --net-alias=shop,Shop-2 --net-alias=shop.example --hostname=www
        for name in web shop SHOP shop-2 shop.example app.web www; do
                assert_eq "$name: $(answered early "$name")" "$name: hello from web"
        done
        assert_eq "$(podctl exec --app=app web cat /etc/hosts)" "$(podctl exec --app=app early cat /etc/hosts)"
        assert_eq "$(shown default '.pods[] | select(.name == "web") | .aliases | join(" ")')" \
                'shop Shop-2 shop.example'
        assert_contains "$(podctl network inspect default)" 'aliases-web=shop Shop-2 shop.example'
        assert_eq "$(podctl inspect web | jq -c '.[0].settings.net_aliases')" '["shop","Shop-2","shop.example"]'
        # Not on the host, whose names these are not.
        assert_fails '*' getent hosts shop
        podctl stop --force web
        for name in web shop app.web www; do
                assert_fails '*' podctl enter early /bin/wget -qO- "http://$name:8080/"
        done
        assert_not_contains "$(podctl exec --app=app early cat /etc/hosts)" shop
        # Neither does a pod leave them that nobody tears down.
        server killed --net-alias=shop
        kill -9 "$(systemctl show --property=MainPID --value podctl-killed.service)"
        wait_until gone killed
        wait_until no_name early shop
}

no_name() {
        ! podctl exec --app=app "$1" grep -q "$2" /etc/hosts
}

# addresses POD NAME: all that the pod's file answers for the name, in IPv4.
addresses_of() {
        podctl exec --app=app "$1" sed -n "s/^\([0-9.]*\) $2\( .*\)*\$/\1/p" /etc/hosts | sort
}

# Two pods have the same alias, and either answers alone when the other is gone.
test_alias_of_two_pods() {
        server early
        server one --net-alias=both
        server two --net-alias=both
        assert_eq "$(addresses_of early both)" "$(printf '%s\n' "$(address one)" "$(address two)" | sort)"
        assert_contains "$(answered early both)" 'hello from '
        # glibc answers both as well.
        podctl run debian --exec=/usr/bin/getent -- ahostsv4 both 2>/dev/null >ahosts
        assert_eq "$(awk '{ print $1 }' ahosts | sort -u)" "$(addresses_of early both)"
        podctl stop --force one
        assert_eq "$(answered early both)" 'hello from two'
}

# No pod takes another's name: not by an alias, not by its host name, not by the name of an app; whoever comes first.
test_names_are_not_taken() {
        server early
        server thief --net-alias=web,app.web,EARLY --hostname=db
        assert_eq "$(answered early web)" 'hello from thief'
        assert_eq "$(answered thief early)" 'hello from early'
        server web
        server db
        for name in web db app.web Early; do
                assert_not_contains "$(answered early "$name")" thief
                assert_eq "$name $(addresses_of early "$name" | wc -l)" \
                        "$name $([[ $name == Early ]] && echo 0 || echo 1)"
        done
        assert_eq "$(answered early db)" 'hello from db'
        assert_eq "$(answered early app.web)" 'hello from web'
        server late --net-alias=web,db
        assert_eq "$(answered early web)" 'hello from web'
        podctl stop --force web
        assert_contains "$(answered early web)" 'hello from '
        podctl stop --force late
        assert_eq "$(answered early web)" 'hello from thief'
}

# In each of its networks, and by a file of pods.d.
test_alias_in_pods_d() {
        conf 10-lan.conf '{ "name": "lan", "type": "podctl", "subnet": "10.44.0.0/24", "isolate": true }'
        server inner --net=lan
        server outer
        mkdir -p /etc/podctl/pods.d
        defer rm -f /etc/podctl/pods.d/shop.json
        podctl create shop --net=default,lan --net-alias=store busybox --exec=/bin/sh -- \
                -c 'mkdir /www; echo hello from shop >/www/index.html; exec httpd -f -p 8080 -h /www'
        jq -c .annotations /etc/podctl/pods.d/shop.json | grep -F '{"name":"podctl/net-alias","value":"store"}'
        podctl check
        defer systemctl stop pod@shop
        systemctl start pod@shop
        wait_until answers shop "$(address shop)"
        assert_eq "$(answered inner store)" 'hello from shop'
        assert_eq "$(answered outer store)" 'hello from shop'
        assert_eq "$(answered outer busybox.shop)" 'hello from shop'
        jq '.annotations |= map(if .name == "podctl/net-alias" then .value = "a b" else . end)' \
                /etc/podctl/pods.d/shop.json >wrong.json
        cp wrong.json /etc/podctl/pods.d/shop.json
        assert_fails '*' podctl check
        assert_contains "$output" "'a b' is not a valid name"
}

# A pod in two networks finds the pods of both, those that come later too, and has entries of its own besides.
test_names_of_several_networks() {
        conf 10-lan.conf '{ "name": "lan", "type": "podctl", "subnet": "10.45.0.0/24" }'
        server inner --net=lan --net-alias=both
        server outer --net-alias=both
        server between --net=lan,default --hosts-entry=192.0.2.9=mirror --hosts-entry="$(address inner)"=old
        server own --hosts-entry=192.0.2.8=mirror
        for name in inner outer app.inner between; do
                assert_eq "$(answered between $name)" "hello from ${name#app.}"
        done
        assert_eq "$(addresses_of between both)" "$(printf '%s\n' "$(address inner)" "$(address outer)" | sort)"
        assert_eq "$(addresses_of between mirror) $(addresses_of own mirror)" '192.0.2.9 192.0.2.8'
        assert_eq "$(answered own outer)" 'hello from outer'
        assert_eq "$(addresses_of inner outer)" ''
        # What comes and goes.
        server late --net=lan
        assert_eq "$(answered between late)" 'hello from late'
        podctl stop --force inner
        assert_eq "$(addresses_of between inner)" ''
        assert_eq "$(answered between both)" 'hello from outer'
        # An entry is the user's.
        [[ -n $(addresses_of between old) ]]
        podctl stop --force between own
        [[ -z $(ls /run/podctl/network/views) ]]
}

test_wrong_aliases() {
        for wrong in -x x- a..b 'a b' a/b 10.0.0.7 7 localhost a.localhost ''; do
                refused --net-alias "--net-alias=$wrong" busybox || fail "$wrong"
        done
        for net in none host; do
                refused 'Option --net-alias needs a network' --net=$net --net-alias=x busybox
        done
        assert_fails 254 podctl run --network-alias=x busybox
        assert_contains "$output" 'write --net-alias=NAME'
}
