# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Probes and hooks of Kubernetes.
# On any systemd, the same.

. "$HERE/lib-kube.sh"

# An app that answers HTTP as told, on the port 8080.
kube_probed() {
        cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  containers:
  - name: web
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "mkdir -p /www; echo hi >/www/index.html; exec httpd -f -p 8080 -h /www"]
    ports: [{name: http, containerPort: 8080}]
    $2
YAML
}

test_kube_probes() {
        kube_image
        kube_probed kube-live 'startupProbe: {tcpSocket: {port: http}, periodSeconds: 1}
    livenessProbe: {httpGet: {path: /, port: http, httpHeaders: [{name: X-A, value: b}]}, periodSeconds: 1}' >live.yaml
        podctl run --detach --kube live.yaml
        defer end_pod kube-live
        wait_until eval '[[ $(podctl status kube-live) == *healthy* && $(podctl status kube-live) != *unhealthy* ]]'
        # A page that is not there is a failure, which ends a pod that does not restart.
        kube_probed kube-dead 'livenessProbe:
      {httpGet: {path: /nothing, port: 8080}, periodSeconds: 1, failureThreshold: 2}' >dead.yaml
        assert_fails '*' podctl run --kube dead.yaml
        # Nobody listens.
        kube_probed kube-deaf 'livenessProbe: {tcpSocket: {port: 9}, periodSeconds: 1, failureThreshold: 1}' >deaf.yaml
        assert_fails '*' podctl run --kube deaf.yaml
        kube_probed kube-odd 'livenessProbe: {httpGet: {path: /, port: nope, scheme: HTTPS}}' >odd.yaml
        assert_fails 254 podctl check odd.yaml
        # As whoever writes the file sees it, too.
        chmod 755 . && chmod 644 odd.yaml
        local seen=$output
        assert_fails 254 setpriv --reuid=12345 --regid=12345 --clear-groups podctl check odd.yaml
        assert_eq "$output" "$seen"
        assert_contains "$output" "odd.yaml:12:5: spec.containers[0].livenessProbe: 'nope' is not a valid port"
}

# What is not on this host is told with its line, by its type; what the start makes is not missed.
test_kube_checks_look_at_the_host() {
        local seen
        mkdir there
        cat >host.yaml <<YAML
apiVersion: v1
kind: Pod
metadata: {name: host}
spec:
  containers:
  - name: a
    image: localhost/busybox:1
    securityContext: {seccompProfile: {type: Localhost, localhostProfile: none.json}}
    volumeMounts:
    - {name: missing, mountPath: /missing}
    - {name: any, mountPath: /any}
    - {name: other, mountPath: /other}
    - {name: made, mountPath: /made}
    - {name: there, mountPath: /there}
  volumes:
  - {name: missing, hostPath: {path: $PWD/none, type: Directory}}
  - {name: any, hostPath: {path: $PWD/neither}}
  - {name: other, hostPath: {path: $PWD/there, type: File}}
  - {name: made, hostPath: {path: $PWD/made, type: DirectoryOrCreate}}
  - {name: there, hostPath: {path: $PWD/there, type: Directory}}
YAML
        seen=$(podctl check host.yaml 2>&1) || true
        assert_contains "$seen" "host.yaml:8:"
        assert_contains "$seen" "there is no /var/lib/kubelet/seccomp/none.json on this host"
        assert_contains "$seen" "host.yaml:16:"
        assert_contains "$seen" "there is no $PWD/none on this host"
        assert_contains "$seen" "there is no $PWD/neither on this host"
        assert_contains "$seen" "$PWD/there is not a file, without which"
        assert_eq "$(grep -c 'without which the pod does not start' <<<"$seen")" 4
}

# An app that answers as a server of gRPC does: settings, and a message, whose last byte is the status.
kube_grpc() {
        cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  containers:
  - name: server
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c]
    args:
    - |
      while :; do
        printf '\\0\\0\\0\\4\\0\\0\\0\\0\\0\\0\\0\\7\\0\\1\\0\\0\\0\\1\\0\\0\\0\\0\\2\\10\\$2' |
          nc -l -p 8080 >/dev/null
      done
    $3
YAML
}

test_kube_grpc() {
        kube_image
        kube_grpc kube-serves 1 'livenessProbe: {grpc: {port: 8080, service: a.b}, periodSeconds: 1}' >serves.yaml
        podctl run --detach --kube serves.yaml
        defer end_pod kube-serves
        wait_until eval '[[ $(podctl status kube-serves) == *healthy* && $(podctl status kube-serves) != *unhealthy* ]]'
        kube_grpc kube-refuses 2 'livenessProbe: {grpc: {port: 8080}, periodSeconds: 1, failureThreshold: 2}' \
                >refuses.yaml
        assert_fails '*' podctl run --kube refuses.yaml
}

# The server is the host's, whose network the pod has; its certificate is nobody's.
test_kube_https() {
        local port=18443 server
        kube_image
        openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=nobody 2>/dev/null
        mkdir www && echo hi >www/good
        (cd www && exec openssl s_server -accept 127.0.0.1:$port -key ../key -cert ../cert -WWW) &>/dev/null &
        server=$!
        defer kill $server
        wait_until eval "(: </dev/tcp/127.0.0.1/$port) 2>/dev/null"
        cat >pod.yaml <<YAML
kind: Pod
metadata: {name: kube-https}
spec:
  hostNetwork: true
  restartPolicy: Never
  containers:
  - name: web
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [sleep, "1000"]
    startupProbe: {httpGet: {port: $port, path: /good, scheme: HTTPS}, periodSeconds: 1, failureThreshold: 30}
    readinessProbe: {httpGet: {port: $port, path: /good, scheme: HTTPS}, periodSeconds: 1}
    lifecycle: {postStart: {httpGet: {port: $port, path: /good, scheme: HTTPS}}}
YAML
        defer podctl stop --force kube-https
        podctl run --detach --kube pod.yaml
        wait_until eval '[[ $(podctl events --format=json kube-https | jq -r .event) == *ready* ]]'
        kill $server
        wait_until eval '[[ $(podctl events --format=json kube-https | jq -r .event) == *not-ready* ]]'
}

# kube_hooked NAME LIFECYCLE: a pod whose app writes down that it was asked to end.
kube_hooked() {
        cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 20
  volumes: [{name: said, hostPath: {path: $PWD/said, type: DirectoryOrCreate}}]
  containers:
  - name: web
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "trap 'echo asked >>/said/log; exit 0' TERM; sleep 1000 & wait"]
    volumeMounts: [{name: said, mountPath: /said}]
    lifecycle: $2
YAML
}

test_kube_hooks() {
        kube_image
        # After the start, before anybody is told that it is up; and before the signal, with the app's own variables.
        kube_hooked kube-hooked '{postStart: {exec: {command: [/bin/sh, -c, "sleep 0.3; echo started >>/said/log"]}},
      preStop: {exec: {command: [/bin/sh, -c, "echo $AC_APP_NAME stops >>/said/log; sleep 0.3"]}}}' >hooked.yaml
        mkdir -m 777 said
        podctl run --detach --kube hooked.yaml
        assert_eq "$(cat said/log)" started
        podctl inspect kube-hooked | jq -e '[.. | .pre_stop? // empty][0][0] == "CMD"' >/dev/null
        podctl stop kube-hooked
        assert_eq "$(tr '\n' ',' <said/log)" 'started,web stops,asked,'
        # The time of a hook is limited, and an app that has ended needs none.
        rm said/log
        kube_hooked kube-slow '{preStop: {sleep: {seconds: 1000}}}' | sed 's/Seconds: 20/Seconds: 1/' >slow.yaml
        podctl run --detach --kube slow.yaml
        podctl stop kube-slow
        assert_eq "$(cat said/log)" asked
        # What it has used is not there for the app, which then has two seconds.
        rm said/log
        kube_hooked kube-long '{preStop: {sleep: {seconds: 5}}}' >long.yaml
        sed -i "s/Seconds: 20/Seconds: 6/; s|; exit 0'|; sleep 4; echo late >>/said/log'|" long.yaml
        podctl run --detach --kube long.yaml
        podctl stop kube-long
        assert_eq "$(cat said/log)" asked
        # One that fails after the start is the app's failure, with its reason among the events.
        kube_hooked kube-unlucky '{postStart: {httpGet: {port: 9, path: /}}}' >unlucky.yaml
        assert_fails '*' podctl run --kube unlucky.yaml
        cleared
        podctl events kube-unlucky >events
        assert_contains "$(cat events)" hook-failed
        assert_contains "$(cat events)" 'Hook post-start of app web failed, status 1: port 9: Connection refused.'
}

# What is privileged may do all within the pod, and what is beside it stays confined; the host's IPC is there.
test_kube_privileged() {
        kube_image
        cat >open.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-open}
spec:
  restartPolicy: Never
  hostIPC: true
  containers:
  - name: open
    image: localhost/busybox:1
    imagePullPolicy: Never
    command:
    - /bin/sh
    - -c
    - |
      grep CapEff /proc/self/status
      readlink /proc/self/ns/ipc
      cat /proc/self/uid_map
    securityContext: {privileged: true, runAsUser: 0}
  - name: closed
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [grep, CapEff, /proc/self/status]
    securityContext: {runAsUser: 0}
YAML
        defer podctl gc --grace-period=0
        podctl run --kube open.yaml >said 2>&1
        assert_contains "$(cat said)" 'its root is not the host'
        assert_eq "$(grep -cF "$(readlink /proc/self/ns/ipc)" said)" 1
        assert_eq "$(grep -c 'CapEff:' said)" 2
        assert_eq "$(grep -c 'CapEff:[[:space:]]*0*1ffffffffff' said)" 1
        # The first user of the pod is not that of the host.
        assert_eq "$(grep -cE '\b0 +[1-9][0-9]+ +65536' said)" 1
}
