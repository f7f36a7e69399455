# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What podctl metrics prints of pods, and what the service for Prometheus answers: that Prometheus can read it, and that
# it is true.
# On any systemd, the same.

fetch busybox.oci

# metrics [OPTION…]: into the file "metrics", once promtool has read them. It knows the format of Prometheus.
metrics() {
        podctl metrics "$@" >metrics
        promtool check metrics <metrics || fail "promtool: $(cat metrics)"
}

# figure SAMPLE: its value.
figure() { awk -v sample="$1" '$1 == sample { print $2 }' metrics; }

# An app that ends well does not end the pod.
test_metrics_of_a_pod() {
        local before
        pod counted --net=none busybox --name=busy --exec=/bin/sh -- -c 'while :; do :; done' --- \
                busybox --name=brief --exec=/bin/sh -- -c 'exit 0'
        app_pid counted busy >/dev/null
        ended() { podctl metrics | grep -qxF 'podctl_app_exit_status{pod="counted",app="brief"} 0'; }
        wait_until ended
        metrics
        assert_eq "$(figure 'podctl_pod_state{pod="counted",state="running"}')" 1
        assert_eq "$(figure 'podctl_pod_state{pod="counted",state="exited"}')" 0
        assert_eq "$(figure 'podctl_app_running{pod="counted",app="busy"}')" 1
        assert_eq "$(figure 'podctl_app_running{pod="counted",app="brief"}')" 0
        assert_eq "$(figure 'podctl_pod_restarts_total{pod="counted"}')" 0
        grep -q "^podctl_pod_info{pod=\"counted\",uuid=\"[0-9a-f-]*\",unit=\"$(pod_unit counted)\"} 1$" metrics
        before=$(figure 'podctl_app_cpu_seconds_total{pod="counted",app="busy"}')
        moved() {
                podctl metrics >metrics
                awk -v before="$before" -v now="$(figure 'podctl_app_cpu_seconds_total{pod="counted",app="busy"}')" \
                        'BEGIN { exit !(now + 0 > before + 0) }'
        }
        wait_until moved
        # The pod's own network is none.
        assert_eq "$(figure 'podctl_pod_network_sent_bytes_total{pod="counted"}')" ''
}

# The name's newest pod is the one that counts: names occur once, or Prometheus refuses all of it.
test_metrics_of_pods_with_one_name() {
        podctl run --name=again --net=none busybox --exec=/bin/sh -- -c 'exit 4' || true
        podctl run --name=again --net=none busybox --exec=/bin/sh -- -c 'exit 5' || true
        metrics
        assert_eq "$(figure 'podctl_pod_exit_status{pod="again"}')" 5
        assert_eq "$(grep -c '^podctl_pod_info{pod="again"' metrics)" 1
        (($(figure 'podctl_pods{state="exited"}') >= 2))
        pod again --net=none busybox --name=app --exec=/bin/sleep -- 1000
        app_pid again app >/dev/null
        metrics
        assert_eq "$(figure 'podctl_pod_exit_status{pod="again"}')" ''
        assert_eq "$(figure 'podctl_pod_state{pod="again",state="running"}')" 1
}

test_metrics_of_health() {
        pod ill --net=none busybox --name=app --health-cmd=false --health-interval=50ms --health-retries=2 \
                --exec=/bin/sleep -- 1000
        unhealthy() { podctl metrics | grep -qxF 'podctl_app_health{pod="ill",app="app",health="unhealthy"} 1'; }
        wait_until unhealthy
        metrics
        assert_eq "$(figure 'podctl_app_health{pod="ill",app="app",health="healthy"}')" 0
}

# Of a unit of one's own; the name's series goes on with the next pod.
test_metrics_of_restarts() {
        defer systemctl reset-failed counts-restarts.service 2>/dev/null
        defer systemctl stop counts-restarts.service
        systemd-run --quiet --unit=counts-restarts --property=Restart=always --property=RestartSec=100ms \
                --property=KillMode=mixed podctl run --name=restarted --net=none \
                busybox --name=app --exec=/bin/sleep -- 1000
        wait_until machinectl show restarted
        metrics
        assert_eq "$(figure 'podctl_pod_restarts_total{pod="restarted"}')" 0
        kill -9 "$(systemctl show --property=MainPID --value counts-restarts.service)"
        restarted_once() {
                podctl metrics >metrics
                [[ $(figure 'podctl_pod_restarts_total{pod="restarted"}') == 1 ]] &&
                        [[ $(figure 'podctl_app_running{pod="restarted",app="app"}') == 1 ]]
        }
        wait_until restarted_once
        grep -q '^podctl_pod_info{pod="restarted",.*,unit="counts-restarts.service"} 1$' metrics
}

# Of an app in a pod, counted by the pod.
test_metrics_of_app_restarts() {
        pod cycles --net=none busybox --name=job --restart=always --exec=/bin/true --- \
                busybox --name=calm --restart=on-failure --exec=/bin/sleep -- 1000 --- \
                busybox --name=plain --exec=/bin/sleep -- 1000
        restarted_twice() {
                podctl metrics >metrics
                (($(figure 'podctl_app_restarts_total{pod="cycles",app="job"}') >= 2))
        }
        wait_until restarted_twice
        metrics
        assert_eq "$(figure 'podctl_app_restarts_total{pod="cycles",app="calm"}')" 0
        podctl status --format=json cycles | jq -e '.apps | map({(.name): .restarts}) | add |
                .job >= 2 and .calm == 0 and .plain == null'
        assert_eq "$(figure 'podctl_app_restarts_total{pod="cycles",app="plain"}')" ''
        # The pod can write anything there.
        echo nonsense >"/var/lib/podctl/pods/run/$(podctl status --format=json cycles |
                jq -r .name)/status/.restarts-calm"
        metrics
        assert_eq "$(figure 'podctl_app_restarts_total{pod="cycles",app="calm"}')" ''
}

test_metrics_of_images() {
        podctl image list --no-legend >listed
        metrics
        assert_eq "$(figure podctl_images)" "$(wc -l <listed)"
        assert_eq "$(figure podctl_image_store_bytes)" "$(podctl system df --format=json | jq '.[0].size')"
        pod using --net=none busybox --name=app --exec=/bin/sleep -- 1000
        metrics
        grep -q '^podctl_image_import_time_seconds{image=".*busybox.*"} [1-9]' metrics
}

# Pods that come and go meanwhile take nothing from what is printed of the others.
test_metrics_while_pods_go() {
        local i
        pod stays --net=none busybox --name=app --exec=/bin/sleep -- 1000
        app_pid stays app >/dev/null
        for i in 1 2 3; do
                podctl run --name="goes-$i" --net=none busybox --exec=/bin/sleep -- 1 &
        done
        while [[ $(jobs -pr) ]]; do
                metrics
                assert_eq "$(figure 'podctl_pod_state{pod="stays",state="running"}')" 1
        done
}

test_metrics_of_no_pods() {
        podctl --dir="$PWD/empty" metrics >metrics
        promtool check metrics <metrics
        assert_eq "$(figure 'podctl_pods{state="running"}')" 0
        assert_eq "$(grep -c '^podctl_pod_info{' metrics)" 0
}

test_metrics_as_openmetrics() {
        podctl metrics --format=openmetrics >metrics
        assert_eq "$(tail -n 1 metrics)" '# EOF'
        grep -qx '# UNIT podctl_pod_cpu_seconds seconds' metrics
        assert_fails 254 podctl metrics --format=json
}

test_metrics_are_for_root() {
        assert_fails 254 setpriv --reuid=65534 --regid=65534 --clear-groups podctl metrics
}

# The service, for Prometheus

METRICS=http://127.0.0.1:18113/metrics

start_metrics() {
        defer systemctl stop podctl-metrics.socket podctl-metrics.service
        systemctl start podctl-metrics.socket
}

# scrape FORMAT [OPTION…]: into the files "headers" and "metrics".
scrape() {
        local accept=text/plain
        [[ $1 != openmetrics ]] || accept='application/openmetrics-text;version=1.0.0'
        shift
        curl -sS -m 20 -D headers -o metrics -H "Accept: $accept;q=0.9,*/*;q=0.1" "$@" $METRICS
}

# asked [OPTION…] URL: the status.
asked() { curl -sS -m 20 -o answer -w '%{http_code}' "$@"; }

test_metrics_are_served() {
        pod served --net=none busybox --name=app --exec=/bin/sleep -- 1000
        app_pid served app >/dev/null
        start_metrics
        scrape prometheus
        promtool check metrics <metrics
        grep -qi $'^content-type: text/plain; version=0.0.4; charset=utf-8\r$' headers
        assert_eq "$(figure 'podctl_app_running{pod="served",app="app"}')" 1
        # All that root sees, also through the sandbox.
        podctl metrics | cut -d ' ' -f 1 | grep -v '^#' >expected
        cut -d ' ' -f 1 metrics | grep -v '^#' | diff expected -
        [[ $(figure 'podctl_app_cpu_seconds_total{pod="served",app="app"}') ]] || fail "$(cat metrics)"
        scrape openmetrics
        grep -qi $'^content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r$' headers
        assert_eq "$(tail -n 1 metrics)" '# EOF'
        assert_eq "$(figure 'podctl_app_running{pod="served",app="app"}')" 1
        # Starts and ends of what collects are not told.
        journalctl --sync
        assert_not_contains "$(journalctl -b -o cat -u 'podctl-metrics-collect@*')" Started
        curl -sS -m 20 -I $METRICS | grep -q '^HTTP/1.1 200'
        systemctl stop podctl-metrics.socket
        inactive() { [[ $(systemctl show -P ActiveState podctl-metrics-collect.socket) == inactive ]]; }
        wait_until inactive
        [[ ! -e /run/podctl/metrics.sock ]]
}

# A network of the pod's own has figures that root reads of its processes.
test_metrics_of_networks_are_served() {
        pod networked busybox --name=app --exec=/bin/sleep -- 1000
        pod shared --net=host busybox --name=app --exec=/bin/sleep -- 1000
        app_pid networked app >/dev/null
        app_pid shared app >/dev/null
        start_metrics
        scrape prometheus
        [[ $(figure 'podctl_pod_network_sent_bytes_total{pod="networked"}') ]] || fail "$(cat metrics)"
        assert_eq "$(figure 'podctl_pod_network_sent_bytes_total{pod="shared"}')" ''
}

test_metrics_refuse() {
        start_metrics
        assert_eq "$(asked "${METRICS%/*}/")" 404
        assert_eq "$(asked "$METRICS%00x")" 404
        # As a proxy asks for it.
        assert_eq "$(asked --request-target http://a.example/metrics $METRICS)" 200
        assert_eq "$(asked --request-target http://a.example/other $METRICS)" 404
        assert_eq "$(asked --request-target http://a.example $METRICS)" 404
        assert_eq "$(asked -X POST -d x "${METRICS%/*}/other")" 404
        assert_eq "$(asked -X POST -d x $METRICS)" 405
        assert_contains "$(curl -sS -i -m 20 -X DELETE $METRICS)" 'Allow: GET, HEAD'
        assert_contains "$(printf 'GET / HTTP/9.9\r\n\r\n' | timeout 20 nc -N 127.0.0.1 18113)" ' 505 '
        printf 'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\nmuch' |
                timeout 20 nc -N 127.0.0.1 18113 >answer || true
        assert_not_contains "$(cat answer)" ' 200 '
        assert_eq "$(asked "$METRICS")" 200
}

test_metrics_are_served_without_privileges() {
        local main
        start_metrics
        assert_eq "$(asked "$METRICS")" 200
        main=$(systemctl show -P MainPID podctl-metrics.service)
        assert_eq "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$main/status" | tr ' ' '\n' | sort -u)" \
                "$(id -u podctl-metrics)"
        assert_eq "$(grep -c $'^Cap.*:\t0000000000000000$' "/proc/$main/status")" 5
        grep -q $'^NoNewPrivs:\t1$' "/proc/$main/status"
        grep -q $'^Seccomp:\t2$' "/proc/$main/status"
        [[ $(readlink "/proc/$main/ns/net") != "$(readlink /proc/self/ns/net)" ]]
        # Nobody else asks root.
        assert_eq "$(stat -c '%a %U' /run/podctl/metrics.sock)" '600 podctl-metrics'
        assert_fails '*' setpriv --reuid=65534 --regid=65534 --clear-groups \
                nc -U -N /run/podctl/metrics.sock </dev/null
        assert_contains "$output" 'Permission denied'
}

# Root reads one letter, and of what is none it says so.
test_metrics_collector_reads_a_letter() {
        start_metrics
        assert_eq "$(printf o | timeout 20 nc -U -N /run/podctl/metrics.sock | tr '\0' '!' | tail -n 1)" '!'
        assert_eq "$(printf 'GET /metrics HTTP/1.1\r\n\r\n' | timeout 20 nc -U -N /run/podctl/metrics.sock)" ''
        told() { journalctl -b -o cat -u 'podctl-metrics-collect@*' | grep -q 'Nothing was asked by podctl-metrics'; }
        wait_until told
        assert_fails 254 podctl serve-metrics
        assert_contains "$output" podctl-metrics-collect.socket
}

# Nobody answers, or too late: Prometheus is told so, and nothing is passed off as metrics.
test_metrics_that_fail() {
        start_metrics
        defer systemctl stop 'podctl-metrics-collect@*.service'
        mkdir -p /run/systemd/system/podctl-metrics-collect@.service.d
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/podctl-metrics-collect@.service.d
        printf '[Service]\nExecStart=\nExecStart=/bin/sleep 60\n' \
                >/run/systemd/system/podctl-metrics-collect@.service.d/late.conf
        systemctl daemon-reload
        assert_eq "$(asked "$METRICS")" 503
        assert_contains "$(cat answer)" podctl-metrics.service
        journalctl --sync
        assert_contains "$(journalctl -b -o cat -u podctl-metrics.service)" 'There were no metrics from'
        printf '[Service]\nExecStart=\nExecStart=/bin/false\n' \
                >/run/systemd/system/podctl-metrics-collect@.service.d/late.conf
        systemctl daemon-reload
        ended_early() {
                assert_eq "$(asked "$METRICS")" 503
                journalctl -b -o cat -u podctl-metrics.service |
                        grep -q 'There were no metrics.*\(reset by peer\|pipe\)'
        }
        wait_until ended_early
        rm /run/systemd/system/podctl-metrics-collect@.service.d/late.conf
        systemctl daemon-reload
        served() { [[ $(asked "$METRICS") == 200 ]]; }
        wait_until served
}

# Connections that trickle, of anybody on this host, keep Prometheus from nothing.
test_metrics_beside_slow_clients() {
        local slow
        start_metrics
        chmod 777 .
        setpriv --reuid=65534 --clear-groups "$HERE/slow-clients" 18113 600 ready &
        slow=$!
        defer kill $slow
        wait_until test -e ready
        # They are of the same host as we, and come anew all at once: a request may be cut off for their sake.
        answers() { [[ $(asked "$METRICS") == 200 ]]; }
        for _ in 1 2 3; do
                wait_until answers
        done
        kill -0 $slow
}

test_metrics_service_ends_when_idle() {
        mkdir -p /run/systemd/system/podctl-metrics.service.d
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/podctl-metrics.service.d
        printf '[Service]\nEnvironment=PODCTL_METRICS_IDLE=1\n' \
                >/run/systemd/system/podctl-metrics.service.d/idle.conf
        systemctl daemon-reload
        start_metrics
        assert_eq "$(asked "$METRICS")" 200
        over() { [[ $(systemctl show -P ActiveState podctl-metrics.service) == inactive ]]; }
        wait_until over
        assert_eq "$(systemctl show -P Result podctl-metrics.service)" success
        assert_eq "$(asked "$METRICS")" 200
}
