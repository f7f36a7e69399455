# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Which pods list shows, and the ports of the host that lead into them.
# On any systemd, the same.

fetch busybox.oci httpd.oci

# sleeper NAME [OPTION…]: a pod that runs.
sleeper() {
        pod "$@" busybox --name=app --exec=/bin/sleep -- 1000
}

# ended NAME [STATUS [OPTION…]]: a pod that is over.
ended() {
        podctl run --name="$1" --net=none "${@:3}" busybox --name=app --exec=/bin/sh -- -c "exit ${2-0}" ||
                assert_eq $? "$2"
        cleared
}

# shown_by OPTION…: the names of those pods.
shown_by() {
        podctl list --format=json "$@" | jq -r '.[].machine' | sort | tr '\n' ' '
}

test_list_shows_what_runs() {
        sleeper runs --net=none
        ended over 3
        podctl prepare --name=waits busybox --exec=/bin/true >/dev/null
        assert_eq "$(shown_by)" 'runs '
        assert_eq "$(podctl list --no-legend | awk '{ print $1 }')" runs
        assert_eq "$(shown_by --all)" 'over runs waits '
        assert_eq "$(podctl list -a --no-legend | awk '{ print $1 }' | sort | tr '\n' ' ')" 'over runs waits '
        # In the order in which they were made.
        assert_eq "$(podctl list -a --format=json | jq -r '.[].machine' | grep -xE 'over|runs|waits' | xargs)" \
                'runs over waits'
        # Under the name of rkt, as rkt's.
        ln -s "$(command -v podctl)" rkt
        assert_eq "$(./rkt list --no-legend | wc -l)" 3
        assert_eq "$(./rkt list | head -n 1)" "$(printf 'UUID\tAPP\tIMAGE NAME\tSTATE\tCREATED\tSTARTED\tNETWORKS')"
}

test_filters() {
        sleeper front --net=none --user-label=tier=web --user-label=zone=a
        sleeper back --net=none --user-label=tier=db
        ended over 0 --user-label=tier=web
        assert_eq "$(shown_by --state=exited)" 'over '
        assert_eq "$(shown_by --state=exited,running)" 'back front over '
        podctl gc --mark-only
        assert_eq "$(shown_by --state=exited)" 'over '
        assert_eq "$(shown_by --label=tier)" 'back front '
        assert_eq "$(shown_by --label=tier=web)" 'front '
        assert_eq "$(shown_by --label=tier=web --all)" 'front over '
        assert_eq "$(shown_by --label=tier=web --label=zone)" 'front '
        assert_eq "$(shown_by --label=tie)" ''
        assert_eq "$(shown_by --name='*ont')" 'front '
        assert_eq "$(shown_by --image=busybox)" 'back front '
        assert_eq "$(shown_by --image='busy*:latest')" 'back front '
        assert_eq "$(shown_by --image=busy)" ''
        assert_eq "$(shown_by --name=front --label=tier=db)" ''
        assert_fails 254 podctl list --state=sleeping
        assert_contains "$output" "Option --state: 'sleeping' is not a state"
        assert_fails 254 podctl list --label==x
        assert_fails 254 podctl list --state=
}

# --- Ports

test_ports_by_number() {
        # httpd listens on 8080, which its image exposes; the last one is exposed by nobody.
        pod web --port=8201:8080 --port=127.0.0.1:8202:8080/tcp --port=8203-8204:8080-8081 \
                --port='[::1]:8205:9/udp' httpd
        for to in 127.0.0.1:8201 '[::1]:8201' 127.0.0.1:8202 127.0.0.1:8203; do
                wait_until curl -sfg -m 5 -o /dev/null "http://$to/"
        done
        assert_fails 7 curl -sfg -m 5 'http://[::1]:8202/'
        assert_eq "$(podctl port web)" '8080/tcp -> 0.0.0.0:8201
8080/tcp -> 127.0.0.1:8202
8080/tcp -> 0.0.0.0:8203
8081/tcp -> 0.0.0.0:8204
9/udp -> [::1]:8205'
        assert_eq "$(podctl port web 8081)" 0.0.0.0:8204
        assert_eq "$(podctl port web 9/udp)" '[::1]:8205'
        assert_fails 254 podctl port web 9/tcp
        assert_contains "$output" "No port of the host leads to port 9/tcp of pod 'web'"
        assert_fails 254 podctl port web http
        podctl port web --format=json |
                jq -e 'length == 4 and (.[2] | .host_ip == "" and .host_port == 8203 and .port == 8080 and .count == 2)'
        podctl status web --format=json | jq -e '.ports[3] | .host_ip == "::1" and .protocol == "udp"'
        assert_contains "$(podctl status web)" \
                'ports=8201->8080/tcp, 127.0.0.1:8202->8080/tcp, 8203-8204->8080-8081/tcp, [::1]:8205->9/udp'
        assert_contains "$(podctl list)" '8201->8080/tcp, '
}

# A port that was named in digits keeps its meaning.
test_port_named_by_a_number() {
        cat >pod.json <<'JSON'
{ "acKind": "PodManifest", "acVersion": "0.8.11", "ports": [ { "name": "81", "hostPort": 8206 } ],
  "apps": [ { "name": "app", "image": { "name": "busybox" }, "app": {
        "exec": [ "/bin/httpd", "-f", "-p", "8080" ], "user": "0", "group": "0",
        "ports": [ { "name": "81", "protocol": "tcp", "port": 8080 } ] } } ] }
JSON
        pod named --pod-manifest=pod.json
        assert_eq "$(podctl port named)" '8080/tcp -> 0.0.0.0:8206'
}

test_ports_of_other_networks() {
        sleeper alone --net=none
        assert_eq "$(podctl port alone)" ''
        assert_eq "$(podctl port alone --format=json)" '[]'
        assert_fails 254 podctl port nosuch
        # One that is over had them.
        podctl run --name=over --port=8207:80 busybox --exec=/bin/true
        assert_eq "$(podctl port over 80)" 0.0.0.0:8207
}

# It may come later, but most likely it will not.
test_port_at_an_address_that_is_not_there() {
        sleeper misplaced-$$ --port=192.0.2.77:8095:80
        assert_contains "$(journalctl --no-pager -o cat -u podctl-misplaced-$$)" \
                'Port 8095: this host does not have the address 192.0.2.77 at present'
        sleeper placed-$$ --port=127.0.0.1:8096:80
        assert_not_contains "$(journalctl --no-pager -o cat -u podctl-placed-$$)" 'at present'
}

test_wrong_ports() {
        refused 'Option --port: expected [IP:]PORT' --port=8080 busybox
        refused "Option --port: '8080:80-81': the ranges have 1 and 2 ports" --port=8080:80-81 busybox
        refused "both want tcp port 8080" --port=8080:80 --port=8079-8081:1-3 busybox
        refused 'needs a network' --net=host --port=8080:80 busybox
}
