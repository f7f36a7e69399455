# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Files of Kubernetes.
# On any systemd, the same.

. "$HERE/lib-kube.sh"

test_kube_environment() {
        kube_image
        cat >pod.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data:
  greeting: "hello there"
  site.ini: |
    [site]
    name = "x"
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {packed: cGFja2Vk}
stringData: {plain: open}
---
apiVersion: v1
kind: Pod
metadata:
  name: kube-env
  labels: {team: "blue"}
spec:
  restartPolicy: Never
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    workingDir: /tmp
    command: [/bin/sh, -c]
    args:
    - |
      echo "greeting=$GREETING arg=$(GREETING) escaped=$$(GREETING)"
      echo "packed=$PACKED plain=$K_plain both=$BOTH"
      echo "name=$NAME team=$TEAM cpus=$CPUS dir=$(pwd)"
      echo "node=$NODE uid=$SELF"
      cat /words/site.ini; cat /keys/deep/plain; ls -l /keys/deep/plain | cut -c1-10
      stat -c 'owner %u' /words/site.ini
      touch /words/x 2>/dev/null || echo read-only
      id -u; id -g; id -G
      exit 7
    env:
    - {name: GREETING, valueFrom: {configMapKeyRef: {name: words, key: greeting}}}
    - {name: BOTH, value: "<$(GREETING)>"}
    - {name: PACKED, valueFrom: {secretKeyRef: {name: keys, key: packed}}}
    - {name: NONE, valueFrom: {secretKeyRef: {name: keys, key: none, optional: true}}}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: SELF, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: TEAM, valueFrom: {fieldRef: {fieldPath: "metadata.labels['team']"}}}
    - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 100m}}}
    envFrom:
    - {prefix: K_, secretRef: {name: keys}}
    resources: {limits: {cpu: 500m, memory: 64Mi}}
    securityContext: {runAsUser: 1000, runAsGroup: 1001, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    volumeMounts:
    - {name: words, mountPath: /words}
    - {name: keys, mountPath: /keys}
  securityContext: {supplementalGroups: [2000]}
  volumes:
  - {name: words, configMap: {name: words}}
  - {name: keys, secret: {secretName: keys, items: [{key: plain, path: deep/plain}]}}
YAML
        assert_fails 7 podctl run --kube pod.yaml
        for line in 'greeting=hello there arg=hello there' 'packed=packed plain=open both=<hello there>' \
                'name=kube-env team=blue cpus=5 dir=/tmp' '[site]' 'name = "x"' 'open' '-rw-r--r--' \
                'read-only' '1000' '1001' '1001 2000'; do
                assert_contains "$output" "$line"
        done
        assert_contains "$output" "node=$(hostname) uid=$(podctl status --format=json kube-env | jq -r .name)"
        # A tmpfs can be mapped since Linux 6.3.
        [[ $(printf '6.3\n%s\n' "$(uname -r)" | sort -V | head -n 1) != 6.3 ]] || assert_contains "$output" 'owner 0'
        wait_until eval '[[ ! $(ls /run/podctl/files) ]]'
        # Secrets are in no manifest.
        assert_not_contains "$(cat /var/lib/podctl/pods/run/*/pod)" cGFja2Vk
        assert_not_contains "$(cat /var/lib/podctl/pods/run/*/pod)" packed,
}

# What only the running pod knows: its address, and its host's.
test_kube_addresses() {
        kube_image
        cat >addresses.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-addresses}
spec:
  restartPolicy: Never
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c]
    args: ['echo "pod=$POD_IP all=$POD_IPS url=$URL word=$(POD_IP) host=$HOST_IP;"']
    env:
    - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: POD_IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}
    - {name: HOST_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
    - {name: URL, value: "http://$(POD_IP):80/"}
YAML
        output=$(podctl run --kube addresses.yaml)
        local ip
        ip=$(podctl status --format=json kube-addresses | jq -r '.networks[0].ip')
        [[ $ip =~ ^[0-9.]+$ ]] || fail "no address: $ip"
        assert_contains "$output" "pod=$ip all=$ip"
        assert_contains "$output" "url=http://$ip:80/ word=$ip"
        # An address of this host, which the pod's own network gives it where there is no other.
        local host
        host=$(sed -n 's/.* host=\([^;]*\);.*/\1/p' <<<"$output")
        [[ $host == "${ip%.*.*}".*.1 || " $(hostname -I)" == *" $host "* ]] ||
                fail "'$host' is not an address of the host"
        podctl rm kube-addresses

        # With the host's network they are the same; without one there is none.
        sed -e 's/^spec:/spec:\n  hostNetwork: true/' -e "s/args:.*/args: ['[ \"\$POD_IP\" = \"\$HOST_IP\" ]']/" \
                addresses.yaml >host.yaml
        podctl run --kube host.yaml
        podctl rm kube-addresses
        assert_fails 254 podctl run --net=none --kube addresses.yaml
        assert_contains "$output" "app 'one': variable 'POD_IP' is an address, and the pod has none; see --net"
        [[ ! $(podctl list --quiet) ]] || podctl rm --all
}

test_kube_init_containers() {
        kube_image
        cat >init.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-init}
spec:
  restartPolicy: Never
  initContainers:
  - name: first
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "sleep 0.3; echo first >>/work/order"]
    volumeMounts: [{name: work, mountPath: /work}]
  - name: second
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "echo second >>/work/order; exit ${STATUS:-0}"]
    env: [{name: STATUS, value: "0"}]
    volumeMounts: [{name: work, mountPath: /work}]
  containers:
  - name: main
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "echo main >>/work/order; echo $(echo $(cat /work/order))"]
    volumeMounts: [{name: work, mountPath: /work}]
  volumes: [{name: work, emptyDir: {}}]
YAML
        assert_contains "$(podctl run --kube init.yaml)" 'first second main'
        # The next does not start when one fails, and the pod ends with its status.
        sed -i 's/value: "0"/value: "9"/' init.yaml
        assert_fails 9 podctl run --kube init.yaml
        assert_not_contains "$output" main
}

# What agents look at: as a whole, it has file systems that cannot map user IDs.
test_kube_host_as_a_whole() {
        local path
        kube_image
        for path in / /proc /sys /run; do
                cat >whole.yaml <<END
kind: Pod
metadata: {name: whole}
spec:
  restartPolicy: Never
  containers:
  - name: a
    image: localhost/busybox:1
    command: [sh, -c, "ls /host | wc -l; touch /host/new 2>/dev/null && echo written; exit 0"]
    volumeMounts: [{name: h, mountPath: /host, readOnly: true}]
  volumes: [{name: h, hostPath: {path: $path}}]
END
                podctl run --kube whole.yaml >out 2>err || fail "$path: $(cat err)"
                [[ $(head -n 1 out) -gt 3 ]] || fail "$path is empty: $(cat out err)"
                ! grep -q written out || fail "$path was written to"
                assert_contains "$(journalctl --unit=podctl-whole --output=cat)" \
                        "volume 'h': the file system of $path, or one below it, cannot map user IDs"
                podctl rm whole
        done
        sed -i 's/, readOnly: true//; s/path: .run}/path: \/proc}/' whole.yaml
        assert_fails 254 podctl run --kube whole.yaml
        assert_contains "$output" 'the file system of /proc cannot map user IDs; move it to another one, make the'
}

# All of an app's /run cannot be read-only: whoever checks the file is told, as whoever runs it.
test_kube_read_only_run() {
        kube_image
        cat >run.yaml <<END
kind: Pod
metadata: {name: run}
spec:
  restartPolicy: Never
  containers:
  - {name: a, image: localhost/busybox:1, command: [cat, /run/k], volumeMounts: [{name: m, mountPath: /run}]}
  volumes: [{name: m, configMap: {name: c}}]
---
kind: ConfigMap
metadata: {name: c}
data: {k: word}
END
        assert_fails '*' podctl check run.yaml
        assert_contains "$output" "run.yaml:6:"
        assert_contains "$output" "cannot be all of the container's /run"
        assert_fails 254 podctl run --kube run.yaml
        assert_contains "$output" "cannot be all of the container's /run"
        refused "cannot be all of the app's /run" --volume=v,kind=empty,readOnly=true localhost/busybox:1 \
                --mount=volume=v,target=/run
        sed -i 's,mountPath: /run,mountPath: /run/m,; s,/run/k,/run/m/k,' run.yaml
        podctl check run.yaml
        assert_eq "$(podctl run --kube run.yaml)" word
        podctl rm run
}

test_kube_pod_of_pods_d() {
        kube_image
        cat >site.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: site}
spec:
  replicas: 1
  selector: {matchLabels: {app: site}}
  template:
    metadata: {labels: {app: site}}
    spec:
      containers:
      - name: web
        image: localhost/busybox:1
        imagePullPolicy: Never
        command: [/bin/sh, -c, "echo up >/data/mark; cat /conf/word; exec sleep 1000"]
        volumeMounts:
        - {name: data, mountPath: /data}
        - {name: conf, mountPath: /conf/word, subPath: word}
        readinessProbe: {exec: {command: [cat, /data/mark]}, periodSeconds: 1}
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: kube-site}}
      - {name: conf, configMap: {name: conf}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {word: "from the map\n"}
YAML
        defer podctl volume rm --force kube-site
        defer podctl delete --force kube-site
        podctl create kube-site site.yaml
        assert_eq "$(cat /etc/podctl/pods.d/kube-site.yaml)" "$(cat site.yaml)"
        assert_contains "$(podctl check kube-site)" good
        systemctl start pod@kube-site
        defer systemctl stop pod@kube-site
        wait_until test -e /var/lib/podctl/volumes/kube-site/data/mark
        wait_until eval 'podctl logs kube-site | grep -q "from the map"'
        assert_eq "$(find /run/podctl/files -name word -type f | wc -l)" 1
        systemctl stop pod@kube-site
        wait_until eval '[[ ! $(ls /run/podctl/files) ]]'
        # The other form takes its place.
        podctl create --replace kube-site localhost/busybox:1
        assert_eq "$(ls /etc/podctl/pods.d/kube-site.*)" /etc/podctl/pods.d/kube-site.json
}

# What stands in pods.d is looked at for the images that it uses.
test_kube_file_that_cannot_be_read() {
        kube_image
        cat >/etc/podctl/pods.d/kube-odd.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-odd}
spec:
  nodeSelector: {disk: ssd}
  containers: [{name: one, image: localhost/busybox:1, envFrom: [{secretRef: {name: odd}}]}]
---
apiVersion: v1
kind: Secret
metadata: {name: odd}
data: {broken: "!"}
YAML
        defer rm -f /etc/podctl/pods.d/kube-odd.yaml
        assert_contains "$(podctl image gc 2>&1)" "data.broken: is not valid base64"
        assert_fails 254 podctl check kube-odd
        assert_contains "$output" "kube-odd.yaml:11:8: data.broken: is not valid base64"
}

test_kube_mistakes() {
        kube_image
        cat >bad.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  hostPID: true
  nodeSelector: {disk: ssd}
  containers:
  - name: one
    image: localhost/busybox:1
    imagepullpolicy: Never
    livenessProbe: {exec: {command: [a]}, terminationGracePeriodSeconds: 1}
    volumeMounts: [{name: nope, mountPath: /x}]
YAML
        assert_fails 254 podctl check ./bad.yaml
        assert_contains "$output" './bad.yaml:5:3: spec.hostPID: not supported'
        assert_contains "$output" './bad.yaml:6:3: spec.nodeSelector: has no effect'
        assert_contains "$output" "./bad.yaml:10:5: spec.containers[0].imagepullpolicy: is not a known member;"
        assert_contains "$output" \
                './bad.yaml:11:43: spec.containers[0].livenessProbe.terminationGracePeriodSeconds: not supported'
        assert_fails 254 podctl run --kube bad.yaml
        assert_fails 254 podctl create kube-bad bad.yaml
        assert_fails 1 test -e /etc/podctl/pods.d/kube-bad.yaml
        printf 'a: &x [*x]\n' >loop.yaml
        assert_fails 254 podctl check ./loop.yaml
        assert_contains "$output" 'not valid YAML at line 1, column 8: the alias is within what it stands for'
        assert_eq "$(ls /run/podctl/files 2>/dev/null)" ''
}

# What an app of a pod sees: its variables, user, and mounts, without what each program has of its own. HOME is that of
# the user's entry in the image, else / here, as with Kubernetes, and podman's is the working directory.
kube_seen() {
        local own='AC_APP_NAME|HOME|HOSTNAME|INVOCATION_ID|OLDPWD|PWD|SHELL|SHLVL|SYSTEMD_EXEC_PID|TERM'

        grep -vE "^($own|container|container_uuid|_)=" | sort || true
}

test_kube_same_as_podman() {
        type -P podman >/dev/null || skip 'there is no podman'
        kube_image
        # These hosts have no controllers to limit tasks with.
        mkdir -p /etc/containers
        printf '[containers]\npids_limit = 0\n' >/etc/containers/containers.conf
        defer rm -f /etc/containers/containers.conf
        defer forget_podman
        podman load --quiet --input "$IMAGES/busybox-docker.tar" >loaded
        podman tag "$(sed -n 's/^Loaded image: //p' loaded | head -n 1)" localhost/busybox:1
        mkdir host; echo content >host/file
        cat >same.yaml <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {a: "1", b: "two words"}
---
apiVersion: v1
kind: Pod
metadata: {name: kube-same}
spec:
  restartPolicy: Never
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c]
    args: ["env; id -u; id -g; pwd; cat /conf/b /host/file; echo; echo '\$(FROM)'"]
    workingDir: /tmp
    env:
    - {name: FROM, valueFrom: {configMapKeyRef: {name: words, key: a}}}
    - {name: SAID, value: "said"}
    envFrom: [{configMapRef: {name: words}}]
    securityContext: {runAsUser: 1000, runAsGroup: 1001}
    volumeMounts: [{name: conf, mountPath: /conf}, {name: host, mountPath: /host, readOnly: true}]
  volumes:
  - {name: conf, configMap: {name: words}}
  - {name: host, hostPath: {path: $PWD/host, type: Directory}}
YAML
        podctl run --kube same.yaml | kube_seen >ours
        # A pod that ends by itself takes podman a minute and a half where it lacks controllers.
        sed "s/echo '.*'\"/&; exec sleep 1000\"/; s/\"; exec sleep/; exec sleep/" same.yaml >long.yaml
        podman kube play --network=none long.yaml >/dev/null || skip 'podman plays nothing here'
        wait_until eval 'podman logs kube-same-one | grep -qx 1001'
        wait_until eval '[[ $(podman logs kube-same-one | tail -n 1) == 1 ]]'
        podman logs kube-same-one | kube_seen >theirs
        diff theirs ours
}

test_kube_init_is_not_repeated() {
        kube_image
        cat >again.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-again}
spec:
  restartPolicy: OnFailure
  initContainers:
  - name: first
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "echo first >>/work/order"]
    volumeMounts: [{name: work, mountPath: /work}]
  containers:
  - name: main
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c]
    args: ["echo main >>/work/order; [ $(wc -l </work/order) -ge 3 ] || exit 1; echo `echo $(cat /work/order)`"]
    volumeMounts: [{name: work, mountPath: /work}]
  volumes: [{name: work, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]
YAML
        assert_contains "$(podctl run --kube again.yaml)" 'first main main'
}

test_kube_sidecar() {
        kube_image
        cat >side.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-side}
spec:
  initContainers:
  - name: side
    image: localhost/busybox:1
    imagePullPolicy: Never
    restartPolicy: Always
    command: [/bin/sh, -c, "touch /work/side; exec sleep 1000"]
    volumeMounts: [{name: work, mountPath: /work}]
  - name: init
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "until [ -e /work/side ]; do sleep 0.1; done; touch /work/init"]
    volumeMounts: [{name: work, mountPath: /work}]
  containers:
  - name: main
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "[ -e /work/init ] && echo ready && exec sleep 1000"]
    ports: [{containerPort: 80, hostPort: 18765}]
    volumeMounts: [{name: work, mountPath: /work}]
  volumes: [{name: work, emptyDir: {}}]
YAML
        podctl run --detach --kube side.yaml
        defer end_pod kube-side
        wait_until eval 'podctl logs kube-side | grep -q ready'
        assert_contains "$(podctl port kube-side)" 18765
        # The first start is over, and nothing is repeated.
        assert_contains "$(systemctl -M kube-side is-active side main | sort -u)" active
}

# A Job in a List, whose volume has files of three kinds.
test_kube_job_projected() {
        kube_image
        cat >job.yaml <<'YAML'
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: words}
  data: {greeting: hello}
- apiVersion: v1
  kind: Secret
  metadata: {name: keys}
  stringData: {key: secret}
- apiVersion: batch/v1
  kind: Job
  metadata: {name: kube-job}
  spec:
    template:
      metadata: {labels: {team: blue, "app": "a\"b"}}
      spec:
        restartPolicy: Never
        containers:
        - name: one
          image: localhost/busybox:1
          imagePullPolicy: Never
          command: [/bin/sh, -c]
          args: ["cd /all; for f in *; do echo $f=`cat $f`; done; ls -l key | cut -c1-10; exit 3"]
          resources: {limits: {memory: 64Mi}}
          volumeMounts: [{name: all, mountPath: /all}]
        volumes:
        - name: all
          projected:
            sources:
            - configMap: {name: words}
            - secret: {name: keys, items: [{key: key, path: key, mode: 0444}]}
            - downwardAPI:
                items:
                - {path: labels, fieldRef: {fieldPath: metadata.labels}}
                - {path: memory, resourceFieldRef: {containerName: one, resource: limits.memory, divisor: 1Mi}}
YAML
        assert_fails 3 podctl run --kube job.yaml
        for line in greeting=hello key=secret 'labels=app="a\"b" team="blue"' memory=64 '-r--r--r--'; do
                assert_contains "$output" "$line"
        done
}

test_kube_non_root() {
        kube_image
        cat >root.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-root}
spec:
  restartPolicy: Never
  securityContext: {runAsNonRoot: true}
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "echo started as $(id -u)"]
YAML
        # The image says nothing of a user.
        assert_fails 254 podctl run --kube root.yaml
        assert_contains "$output" "app 'one': its user is root, and 'podctl/non-root' is 'true'"
        assert_not_contains "$output" started
        sed -i 's/runAsNonRoot: true/&, runAsUser: 5/' root.yaml
        assert_contains "$(podctl run --kube root.yaml)" 'started as 5'
}

# A pod of podctl is played by podman, and a pod of podman that it describes by podctl.
test_kube_generate() {
        . "$HERE/lib-examples.sh"
        hub
        podman_works || skip "podman does not run here: $(tail -n 1 podman.log)"
        podctl --insecure-options=image fetch docker://docker.io/library/busybox >/dev/null 2>&1
        mkdir -p data
        defer podctl delete gen
        defer podctl rm gen
        podctl create gen docker://docker.io/library/busybox --name=app --environment='A=$B {x}' --working-dir=/tmp \
                --caps-retain=KILL --readonly-rootfs --user=33 --exec=/bin/sh \
                -- -c 'echo "$A"; pwd; id -u; grep CapBnd /proc/self/status; cat /data/file; touch /x 2>&1 || :' \
                --- --volume=data,kind=host,source="$PWD/data",readOnly=true --mount=volume=data,target=/data >/dev/null
        echo content >data/file
        podctl generate kube gen >pod.yaml
        # All of its name, which others take to mean something else.
        assert_contains "$(cat pod.yaml)" 'image: docker.io/library/busybox'
        podctl run --kube pod.yaml --name=again >ours 2>/dev/null
        defer podman kube down pod.yaml
        podman kube play --quiet pod.yaml >/dev/null || skip 'podman plays nothing here'
        wait_until eval 'podman logs gen-app 2>/dev/null | grep -q touch:'
        podman logs gen-app 2>/dev/null >theirs
        diff ours theirs
        assert_eq "$(head -n 1 ours)" '$B {x}'
}

# What its command line said of the network and the engine is not forgotten.
test_kube_generate_of_run() {
        kube_image
        podctl run --detach --net=host --name=onhost localhost/busybox:1 --exec=/bin/sleep -- 1000 >/dev/null
        defer end_pod onhost
        assert_contains "$(podctl generate kube onhost)" 'hostNetwork: true'
        podctl run --detach --stage1=fly --name=flown localhost/busybox:1 --exec=/bin/sleep -- 1000 >/dev/null
        defer podctl rm flown
        defer podctl stop flown
        assert_contains "$(podctl generate kube flown 2>&1)" 'its engine fly'
}

# What podman writes down of a container of its own, with its names for volumes.
test_kube_of_podman() {
        . "$HERE/lib-examples.sh"
        hub
        podman_works || skip "podman does not run here: $(tail -n 1 podman.log)"
        podctl --insecure-options=image fetch docker://docker.io/library/busybox >/dev/null 2>&1
        mkdir -p data
        echo content >data/file
        defer podman rm --force of_podman
        podman run --quiet --name of_podman --volume="$PWD/data:/data:ro" --env=A=1 --workdir=/data \
                docker.io/library/busybox sh -c 'echo $A; pwd; cat file; id' >theirs
        # Otherwise it would be started again and again, as Kubernetes does.
        podman kube generate of_podman | sed 's/^spec:/&\n  restartPolicy: Never/' >pod.yaml
        podctl run --kube pod.yaml 2>log >ours || fail "$(cat log pod.yaml)"
        diff theirs ours
}

# What one container writes another reads only.
test_kube_reader_of_empty_dir() {
        kube_image
        cat >pod.yaml <<'YAML'
kind: Pod
metadata: {name: kube-reader}
spec:
  restartPolicy: Never
  volumes: [{name: shared, emptyDir: {}}]
  initContainers:
  - {name: writer, image: "localhost/busybox:1", imagePullPolicy: Never, command: [sh, -c, "echo text >/w/file"],
     volumeMounts: [{name: shared, mountPath: /w}]}
  containers:
  - {name: reader, image: "localhost/busybox:1", imagePullPolicy: Never,
     command: [sh, -c, "cat /r/file; touch /r/x 2>/dev/null || echo read-only"],
     volumeMounts: [{name: shared, mountPath: /r, readOnly: true}]}
YAML
        assert_eq "$(podctl run --kube pod.yaml)" $'reader: text\nreader: read-only'
}

# Parts of volumes, of which no link leads out, and a claim that is the group's.
test_kube_parts_of_volumes() {
        kube_image
        mkdir -p shared/there
        echo secret >secret
        ln -s "$PWD/secret" shared/out
        ln -s ../../../../etc shared/up
        ln -s there shared/link
        chown 5:6 shared
        chmod 2775 shared
        defer podctl volume rm --force kube-parts
        podctl volume create kube-parts
        mkdir -p /var/lib/podctl/volumes/kube-parts/data/deep/er
        touch /var/lib/podctl/volumes/kube-parts/data/deep/file
        cat >pod.yaml <<YAML
kind: Pod
metadata: {name: kube-parts}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1000, fsGroup: 7}
  volumes:
  - {name: host, hostPath: {path: $PWD/shared}}
  - {name: empty, emptyDir: {sizeLimit: 10Mi}}
  - {name: memory, emptyDir: {medium: Memory}}
  - {name: claim, persistentVolumeClaim: {claimName: kube-parts}}
  - {name: secret, secret: {secretName: words, defaultMode: 0400}}
  initContainers:
  - name: writer
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [sh, -c, "echo one >/a/file; echo two >/m/file; touch /c/deep/file /c/deep/er/new"]
    volumeMounts:
    - {name: empty, mountPath: /a, subPath: a}
    - {name: memory, mountPath: /m}
    - {name: claim, mountPath: /c}
  containers:
  - name: reader
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [sh, -c, "cat /whole/a/file; cat /m/file; (touch /m/x) 2>/dev/null || echo read-only;
      stat -c '%g %a' /c/er/new; cat /secret/word; ls -A /link /made | tr '\\n' ' '"]
    volumeMounts:
    - {name: secret, mountPath: /secret}
    - {name: empty, mountPath: /whole}
    - {name: memory, mountPath: /m, readOnly: true}
    - {name: claim, mountPath: /c, subPath: deep}
    - {name: host, mountPath: /link, subPath: link}
    - {name: host, mountPath: /made, subPath: up/x/y}
---
kind: Secret
metadata: {name: words}
stringData: {word: "hush\n"}
YAML
        touch shared/there/inside
        podctl run --kube pod.yaml >out
        # This kernel has no quotas.
        assert_contains "$(journalctl --unit=podctl-kube-parts --output=cat)" "volume 'empty': its size is not limited"
        assert_eq "$(sed 's/^reader: //' out | paste -sd, -)" 'one,two,read-only,7 644,hush,/link: inside  /made: '
        # The directories that were missing are as the volume.
        assert_eq "$(stat -c '%u %g %a' shared/etc/x{,/y} | paste -sd,)" '5 6 2775,5 6 2775'
        assert_eq "$(stat -c '%g %a' /var/lib/podctl/volumes/kube-parts/data/deep{,/er,/file} | paste -sd,)" \
                  '7 2775,7 2775,7 664'
        # To a link, the volume is all there is: it means a directory in there.
        sed -i 's/subPath: link/subPath: out/' pod.yaml
        podctl run --kube pod.yaml >out
        assert_contains "$(cat out)" '/link:  /made:'
        test -d "shared$PWD/secret"
}

# The limit counts restarts: with 2 of them, the third failure is the pod's.
test_kube_backoff_limit() {
        kube_image
        cat >job.yaml <<'YAML'
apiVersion: batch/v1
kind: Job
metadata: {name: kube-backoff}
spec:
  backoffLimit: 2
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: main
        image: localhost/busybox:1
        imagePullPolicy: Never
        command: [/bin/sh, -c, "echo tried; exit 5"]
YAML
        assert_fails 5 podctl run --kube job.yaml
        assert_eq "$(grep -c tried <<<"$output")" 3
        # None of them is needed by an app that succeeds meanwhile.
        sed -i 's/echo tried; exit 5/test -e x || { touch x; exit 5; }; echo done/' job.yaml
        assert_contains "$(podctl run --kube job.yaml)" 'done'
}

# The pauses grow, and an app that runs for long enough begins anew. Before 254, systemd knows no such pauses.
test_kube_backoff() {
        (($(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p') >= 254)) || skip "no RestartSteps= here"
        property() { systemctl -M kube-pauses show --property="$1" --value "${2-main}.service"; }
        restarted() { (($(property NRestarts) >= $1)) && [[ $(property SubState) == running ]]; }
        crashed() { (($(property NRestarts crashes) >= $1)); }
        kube_image
        cat >pauses.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube-pauses}
spec:
  containers:
  - name: main
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "test -e /x || { touch /x; exit 1; }; exec sleep 1000"]
  - name: crashes
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, "echo run; exit 1"]
YAML
        podctl run --detach --kube pauses.yaml
        defer podctl stop kube-pauses
        wait_until restarted 1
        # Nothing but the end of a pause starts it again.
        wait_until crashed 2
        runs=$(podctl logs --app=crashes kube-pauses | grep -c 'run$')
        ((runs <= $(property NRestarts crashes) + 1)) || fail "$runs runs, $(property NRestarts crashes) restarts"
        assert_eq "$(property RestartSteps) $(property RestartUSec) $(property RestartMaxDelayUSec)" '8 1s 5min'
        assert_eq "$(systemctl -M kube-pauses is-active podctl-steady@main.timer)" active
        systemctl -M kube-pauses start podctl-steady@main.service
        assert_eq "$(property NRestarts) $(property ActiveState)" '0 active'
        systemctl -M kube-pauses kill --signal=KILL main.service
        wait_until restarted 1
        assert_eq "$(systemctl -M kube-pauses is-active podctl-steady@main.timer)" active
}

# The source has to be what the type says.
test_kube_host_types() {
        kube_image
        mkdir -p /srv/kube-types
        defer rm -rf /srv/kube-types
        touch /srv/kube-types/file
        kube_of_type /srv/kube-types Directory
        kube_of_type /srv/kube-types/file File
        kube_of_type /srv/kube-types/new FileOrCreate
        assert_fails 254 kube_of_type /srv/kube-types File
        assert_contains "$output" "/srv/kube-types is not a file, as its type says"
        assert_fails 254 kube_of_type /srv/kube-types/file DirectoryOrCreate
        assert_fails 254 kube_of_type /srv/kube-types/file Socket
        assert_contains "$output" "/srv/kube-types/file is not a socket, as its type says"
        podctl gc --grace-period=0 >/dev/null
}

# The file is what somebody else writes.
kube_of_type() {
        podctl run --kube=- <<YAML
apiVersion: v1
kind: Pod
metadata: {name: kube-types}
spec:
  restartPolicy: Never
  containers:
  - {name: one, image: 'localhost/busybox:1', imagePullPolicy: Never, command: ['true'],
     volumeMounts: [{name: v, mountPath: /v}]}
  volumes:
  - {name: v, hostPath: {path: $1, type: $2}}
YAML
}

# Values that only this host can decrypt, so that the file may be shown to others.
test_kube_encrypted_secret() {
        kube_image
        local value
        value=$(echo -n 'top secret' | systemd-creds encrypt --with-key=host --name=keys.word - - | tr -d '\n')
        cat >encrypted.yaml <<YAML
apiVersion: v1
kind: Secret
metadata: {name: keys, annotations: {podctl/encrypted: "true"}}
data: {word: $value}
---
apiVersion: v1
kind: Pod
metadata: {name: kube-encrypted}
spec:
  restartPolicy: Never
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [/bin/sh, -c, 'echo "\$WORD, \$(cat /keys/word), \$(stat -c %a /keys/word)"']
    env: [{name: WORD, valueFrom: {secretKeyRef: {name: keys, key: word}}}]
    volumeMounts: [{name: keys, mountPath: /keys}]
  volumes:
  - {name: keys, secret: {secretName: keys, defaultMode: 256}}
YAML
        output=$(podctl run --kube encrypted.yaml)
        assert_contains "$output" 'top secret, top secret, 400'
        wait_until eval '[[ ! $(ls /run/podctl/files) ]]'
        podctl rm kube-encrypted

        # Text that was encrypted for another key of the Secret, and text that was not encrypted.
        sed 's/keys.word/keys.other/; s/word: /other: /; s/key: word/key: other/' encrypted.yaml >other.yaml
        assert_fails 254 podctl run --kube other.yaml
        assert_contains "$output" "cannot decrypt Secret 'keys.other': "
        sed 's/^data: .*/stringData: {word: plain}/' encrypted.yaml >plain.yaml
        assert_fails 254 podctl run --kube plain.yaml
        assert_contains "$output" "cannot decrypt Secret 'keys.word': "
        [[ ! $(podctl list --quiet) && ! $(ls /run/podctl/files) ]]
}
