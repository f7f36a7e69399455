# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What podctl metrics prints of pods: that Prometheus can read it, and that it is true.

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
