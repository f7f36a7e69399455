# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Files of Quadlet, run by podman and by podctl: whatever a container sees and does is the same.
# On any systemd, the same.

. "$HERE/lib-examples.sh"
QUADLET=/etc/containers/systemd

quadlet_here() {
        hub
        podman_works || skip "podman does not run here: $(tail -n 1 podman.log)"
        [[ -e /usr/libexec/podman/quadlet ]] || skip 'this podman has no Quadlet'
        podctl --insecure-options=image fetch docker://docker.io/library/busybox >/dev/null 2>&1
        podctl --insecure-options=image fetch docker://docker.io/library/nginx >/dev/null 2>&1
        defer systemctl daemon-reload
}

# quadlet FILE <TEXT: for both, gone with the test.
quadlet() {
        defer rm -rf "${QUADLET:?}/$1" "$QUADLET/$1.d"
        cat >"$QUADLET/$1"
}

# by_podctl NAME [OPTION…]: the pod of the files, which stops with the test.
by_podctl() {
        local name=$1
        shift
        defer rm -rf "/etc/podctl/pods.d/$name".{json,yaml} "/etc/systemd/system/pod@$name.service.d"
        defer systemctl stop "pod@$name"
        podctl create --from="$QUADLET" "$@"
}

stop_podman_unit() {
        systemctl stop "$1"
        systemctl reset-failed "$1"
} 2>/dev/null

# by_podman UNIT
by_podman() {
        systemctl daemon-reload
        defer stop_podman_unit "$1"
        systemctl start "$1"
}

# Says what it sees into /out, and lives on.
seeing='Exec=sh -c "{ id -u; id -g; pwd; echo $$A-$$B; cat /ro/file; touch /ro/x || echo read-only; ls -d /data; \
        stat -f -c %%T /scratch; grep CapEff /proc/self/status; ulimit -n; cat /etc/hostname; } 2>/dev/null \
        >/out/new; mv /out/new /out/seen; \
        exec sleep 1000"'

test_quadlet_sees_the_same() {
        quadlet_here
        mkdir -p ro out
        chmod 777 out
        echo content >ro/file
        defer podctl volume rm --force seen
        quadlet seen.volume <<<'[Volume]'
        quadlet seen.container <<END
[Container]
Image=docker.io/library/busybox
ContainerName=seen
HostName=there
User=0
WorkingDir=/tmp
Environment=A=1 "B=2 3"
Volume=$PWD/ro:/ro:ro
Volume=$PWD/out:/out
Volume=seen.volume:/data
Tmpfs=/scratch:size=8M
DropCapability=all
AddCapability=CHOWN DAC_OVERRIDE
Ulimit=nofile=512:512
$seeing
END
        by_podman seen.service
        wait_until test -s out/seen
        mv out/seen theirs
        stop_podman_unit seen.service
        by_podctl seen 2>log || fail "$(cat log)"
        defer podctl volume rm systemd-seen seen
        systemctl start pod@seen
        wait_until test -s out/seen
        diff theirs out/seen
}

restarted() { (($(systemctl show -P NRestarts "$1") > 0)); }

test_quadlet_ports_and_restarts() {
        quadlet_here
        quadlet qweb.container <<'END'
[Container]
Image=docker.io/library/nginx
PublishPort=127.0.0.1:8085:80

[Service]
Restart=always
RestartSec=100ms

[Install]
WantedBy=multi-user.target
END
        by_podman qweb.service
        wait_until curl -sf http://127.0.0.1:8085/
        curl -sf http://127.0.0.1:8085/ >theirs
        stop_podman_unit qweb.service
        by_podctl qweb 2>log || fail "$(cat log)"
        defer systemctl disable --quiet pod@qweb
        systemctl enable --quiet --now pod@qweb
        [[ -e /etc/systemd/system/multi-user.target.wants/pod@qweb.service ]]
        [[ ! -e /etc/systemd/system/machines.target.wants/pod@qweb.service ]]
        wait_until curl -sf http://127.0.0.1:8085/
        curl -sf http://127.0.0.1:8085/ >ours
        diff theirs ours
        systemctl kill --signal=KILL pod@qweb
        wait_until restarted pod@qweb
        wait_until curl -sf http://127.0.0.1:8085/
}

test_quadlet_exit_status() {
        local unit
        quadlet_here
        quadlet ends.container <<'END'
[Container]
Image=docker.io/library/busybox
Exec=sh -c "exit 7"
END
        by_podctl ends 2>log || fail "$(cat log)"
        by_podman ends.service || true
        systemctl start pod@ends || true
        for unit in ends pod@ends; do
                wait_until systemctl is-failed --quiet "$unit"
                assert_eq "$(systemctl show -P ExecMainStatus "$unit")" 7
        done
        systemctl reset-failed pod@ends
}

test_quadlet_pod() {
        quadlet_here
        quadlet qsite.pod <<'END'
[Pod]
PublishPort=8086:80
END
        quadlet qsite-web.container <<'END'
[Container]
Image=docker.io/library/nginx
Pod=qsite.pod
END
        quadlet qsite-probe.container <<'END'
[Unit]
After=qsite-web.service
[Container]
Image=docker.io/library/busybox
Pod=qsite.pod
Exec=sleep 1000
END
        by_podctl qsite 2>log || fail "$(cat log)"
        systemctl start pod@qsite
        wait_until curl -sf http://localhost:8086/
        curl -sf http://localhost:8086/ >ours
        podctl exec --app=qsite-probe qsite wget -qO- http://localhost/ >inside
        diff ours inside
        jq -e '[.apps[].name] == ["qsite-probe", "qsite-web"]' /etc/podctl/pods.d/qsite.json
}

# A container that fails does not take the others with it, and the pod ends with the last one.
test_quadlet_pod_goes_on() {
        quadlet_here
        quadlet qon.pod <<<'[Pod]'
        quadlet qon-fails.container <<<$'[Container]\nImage=docker.io/library/busybox\nPod=qon.pod\nExec=sh -c "exit 3"'
        quadlet qon-stays.container <<'END'
[Container]
Image=docker.io/library/busybox
Pod=qon.pod
Exec=sh -c "until test -e /end; do sleep 0.2; done"
END
        by_podctl qon 2>log || fail "$(cat log)"
        systemctl start pod@qon
        wait_until systemctl -M qon is-failed --quiet qon-fails.service
        podctl exec --app=qon-stays qon touch /end
        wait_until eval '[[ $(systemctl is-active pod@qon) != active ]]'
        assert_eq "$(systemctl show -P ExecMainStatus pod@qon)" 3
        systemctl reset-failed pod@qon
        podctl status qon | grep -qx app-qon-fails=3
}

test_quadlet_network() {
        quadlet_here
        quadlet qnet.network <<'END'
[Network]
Subnet=10.98.7.0/24
END
        quadlet inside.container <<'END'
[Container]
Image=docker.io/library/busybox
Network=qnet.network
IP=10.98.7.9
Exec=sleep 1000
END
        defer rm -f /etc/podctl/net.d/qnet.conf
        by_podctl inside 2>log || fail "$(cat log)"
        systemctl start pod@inside
        podctl exec inside ip -4 -o addr | grep -q ' 10\.98\.7\.9/'
}

# The file of Kubernetes is the pod's as it is, and what the .kube file says of the unit is the unit's.
test_quadlet_kube() {
        quadlet_here
        cat >qk.yaml <<'END'
apiVersion: v1
kind: Pod
metadata: {name: other}
spec:
  containers:
  - name: one
    image: docker.io/library/nginx
    ports: [{containerPort: 80, hostPort: 8087}]
    envFrom: [{configMapRef: {name: words}}]
END
        printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words}\ndata: {GREETING: hello}\n' >words.yaml
        quadlet qk.kube <<END
[Kube]
Yaml=$PWD/qk.yaml
ConfigMap=$PWD/words.yaml
[Service]
Restart=always
END
        by_podctl qk 2>log || fail "$(cat log)"
        (cat qk.yaml; echo; echo ---; cat words.yaml) | cmp - /etc/podctl/pods.d/qk.yaml
        assert_eq "$(systemctl show -P Restart pod@qk)" always
        systemctl start pod@qk
        wait_until curl -sf http://localhost:8087/
}

# What its unit publishes is in the copy of its file, where the file does not say it.
test_quadlet_kube_ports() {
        quadlet_here
        cat >qkp.yaml <<'END'
# A site.
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec:
  template:
    spec:
      containers:
      - name: one
        image: docker.io/library/nginx
        ports: [{containerPort: 80, name: web}]
        env: [{name: "ON", value: "yes"}]
END
        quadlet qkp.kube <<END
[Kube]
Yaml=$PWD/qkp.yaml
PublishPort=8086:80
PublishPort=127.0.0.1:5300-5301:53-54/udp
END
        by_podctl qkp 2>log || fail "$(cat log)"
        assert_fails 1 grep '#' /etc/podctl/pods.d/qkp.yaml
        assert_eq "$(podctl create --dry-run qkp /etc/podctl/pods.d/qkp.yaml 2>/dev/null |
                jq -c '[.ports[] | [.hostIP, .hostPort, .podPort.port, .podPort.protocol]]')" \
                '[[null,8086,80,"tcp"],["127.0.0.1",5300,53,"udp"],["127.0.0.1",5301,54,"udp"]]'
        systemctl start pod@qkp
        wait_until curl -sf http://localhost:8086/
        echo 'apps: {one: {image: docker.io/library/nginx}}' >short.yaml
        refused_command '--port is for files of Kubernetes' create --port=1:1 qkq ./short.yaml
        refused_command 'Option --port' create --port=x:1 qkq ./qkp.yaml
}

# An image of a .build file is the one that was fetched under its name; before that, nothing is written.
test_quadlet_build() {
        quadlet_here
        quadlet qbuilt.build <<<$'[Build]\nImageTag=localhost/qbuilt:1\nSetWorkingDirectory=unit'
        quadlet qbuilt.container <<<$'[Container]\nImage=qbuilt.build\nExec=sleep 1000'
        assert_fails 254 podctl create --from="$QUADLET/qbuilt.container"
        [[ ! -e /etc/podctl/pods.d/qbuilt.json ]]
        podctl --insecure-options=image fetch --name=localhost/qbuilt:1 "$IMAGES/busybox-docker.tar" >/dev/null 2>&1
        defer podctl image rm localhost/qbuilt:1
        by_podctl qbuilt 2>log || fail "$(cat log)"
        jq -e '.apps[0].image.name == "localhost/qbuilt"' /etc/podctl/pods.d/qbuilt.json
        systemctl start pod@qbuilt
}

# Variables of one container's file are not its neighbour's, and its own ones win.
test_quadlet_environment_file_of_one() {
        quadlet_here
        printf 'A=of file\n# comment\nB="quoted"\n' >variables
        quadlet qenv.pod <<<'[Pod]'
        quadlet qenv-a.container <<END
[Container]
Image=docker.io/library/busybox
Pod=qenv.pod
Environment=A=own
EnvironmentFile=$PWD/variables
END
        quadlet qenv-b.container <<<$'[Container]\nImage=docker.io/library/busybox\nPod=qenv.pod'
        by_podctl qenv 2>log || fail "$(cat log)"
        jq -e '[.apps[] | .options.environment // []] == [["A=own", "B=\"quoted\""], []]' \
                /etc/podctl/pods.d/qenv.json || fail "$(cat /etc/podctl/pods.d/qenv.json)"
}

# Whatever cannot be carried over is named, and nothing is written.
test_quadlet_lost() {
        local status=0
        quadlet_here
        quadlet lost.container <<'END'
[Container]
Image=docker.io/library/busybox
Mask=/proc/x
Exec=true
END
        podctl create --check --from="$QUADLET/lost.container" >table || status=$?
        assert_eq "$status" 1
        grep -q "lost.container:3 .*Mask .*lost " table
        assert_fails 254 podctl create --from="$QUADLET/lost.container"
        [[ ! -e /etc/podctl/pods.d/lost.json ]]
        by_podctl lost --force 2>log || fail "$(cat log)"
        [[ -e /etc/podctl/pods.d/lost.json ]]
}

# Values that podctl's own options do not take, all at once, and without the image.
test_quadlet_bad_values() {
        cat >bad.container <<'END'
[Container]
Image=docker.io/library/nosuchimage
Ulimit=bogus=1
Sysctl=kernel.bogus=1
StopTimeout=abc
WorkingDir=rel
END
        assert_fails 1 podctl create --check --from=bad.container
        grep -q "^bad.container:3  *\[Container\] Ulimit  *lost  *'bogus=1' is not a valid limit" <<<"$output" ||
                fail "$output"
        for place in '4  *\[Container\] Sysctl' '5  *\[Container\] StopTimeout' '6  *\[Container\] WorkingDir'; do
                grep -q -e "^bad.container:$place  *lost  *[A-Z]" <<<"$output" || fail "$place is not in: $output"
        done
        sed -i 's/=.*=1/=nofile=5/; /Sysctl/d; s/abc/5/; s/rel/\/rel/' bad.container
        podctl create --check --from=bad.container
        podctl create x --check -- podman run -p 8401:80 --read-only --tmpfs /tmp docker.io/library/busybox >table
        grep -q -e '--read-only .*carried' table
        printf '[Kube]\nYaml=bad.yaml\n' >bad.kube
        printf 'kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n' >bad.yaml
        assert_fails 1 podctl create --check --from=bad.kube
        assert_contains "$output" "missing member 'image'"
}

# What --from= writes as well, or reads beside the file, is as good as there.
test_quadlet_check_of_several() {
        echo '[Network]' >own.network
        printf '[Container]\nImage=docker.io/library/busybox\nNetwork=own.network\nNetwork=default\n' \
                >c.container
        podctl create --check --from=own.network --from=c.container
        printf '[Kube]\nYaml=pod.yaml\nConfigMap=map.yaml\n' >k.kube
        printf 'kind: ConfigMap\nmetadata: {name: m}\ndata: {K: v}\n' >map.yaml
        cat >pod.yaml <<'END'
kind: Pod
metadata: {name: a}
spec:
  containers:
  - {name: a, image: busybox, env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: K}}}]}
END
        podctl create --check --from=k.kube
        sed -i 's/key: K/key: no/' pod.yaml
        assert_fails 1 podctl create --check --from=k.kube
        assert_contains "$output" "$PWD/pod.yaml:5 "
        # What a network of the host leaves out; two apps of one name.
        printf '[Container]\nImage=docker.io/library/busybox\nNetwork=host\nSysctl=net.ipv4.ip_default_ttl=77\n' \
                >s.container
        assert_fails 1 podctl create --check --from=s.container
        assert_contains "$output" 's.container:4  [Container] Sysctl   lost'
        echo '[Pod]' >two.pod
        printf '[Container]\nImage=docker.io/library/busybox\nPod=two.pod\n' | tee A_b.container >a-b.container
        assert_fails 1 podctl create --check --from=two.pod
        assert_contains "$output" "the app's name, 'a-b', is that of another container of the pod, too"
        # What is wrong with the other file has its name and its line.
        sed -i 's/key: no/key: K/' pod.yaml
        echo 'binaryData: {B: "!"}' >>map.yaml
        assert_fails 1 podctl create --check --from=k.kube
        assert_contains "$output" "$PWD/map.yaml:4 "
}

# As Quadlet reads its own directories. One of Compose is a project, whatever is below it.
test_quadlet_directories() {
        mkdir -p q/a/deep q/b/x.container.d q/containers/systemd/users
        printf '[Container]\nImage=docker.io/library/busybox\nNetwork=n.network\n' >q/a/deep/x.container
        printf '[Container]\nUser=1\n' >q/b/x.container.d/no.container
        cp q/a/deep/x.container q/containers/systemd/users/y.container
        ln -s ../.. q/a/deep/up
        assert_fails 1 podctl create --check --from=q
        assert_contains "$output" 'no file n.network'
        echo '[Network]' >q/b/n.network
        podctl create --check --from=q >out
        assert_eq "$(grep -c carried out)" 2
        cp q/a/deep/x.container q/b/
        assert_fails 1 podctl create --check --from=q
        assert_contains "$output" 'q/a/deep/x.container  file'
        assert_contains "$output" 'another file of this name was read before it'
        echo 'services: {web: {image: busybox}}' >q/compose.yaml
        assert_contains "$(podctl create --check --from=q)" services.web.image
        mkdir -p many/{0..1000}
        assert_fails 254 podctl create --check --from=many
        assert_contains "$output" 'directories below it; give --from the one with the files'
}

# The second pod cannot be made: nothing is left of the first, nor of the network.
test_quadlet_all_or_nothing() {
        quadlet_here
        quadlet qa.network <<<'[Network]'
        quadlet qa.container <<<$'[Container]\nImage=docker.io/library/busybox\nNetwork=qa.network'
        quadlet qb.container <<<$'[Container]\nImage=docker.io/library/nosuchimage'
        assert_fails 254 podctl create --from="$QUADLET"
        assert_contains "$output" nosuchimage
        assert_contains "$output" 'taken back'
        [[ ! -e /etc/podctl/pods.d/qa.json && ! -e /etc/systemd/system/pod@qa.service.d ]]
        [[ ! -e /etc/podctl/net.d/qa.conf ]]
}

# A job: who starts it waits for its end. Its variables are those of the unit.
test_quadlet_oneshot() {
        quadlet_here
        quadlet qjob.container <<END
[Container]
Image=docker.io/library/busybox
Exec=sh -c "echo \$\$0 >/out/done; sleep 1; exit \$\$1" \${WORD1} \${CODE}
Volume=\${PLACE}:/out
[Service]
Type=oneshot
Environment=CODE=0 PLACE=$PWD/out WORD1=x
EnvironmentFile=$PWD/more
END
        echo WORD1=word >more
        mkdir -m 0777 out
        by_podctl qjob >/dev/null
        systemctl start pod@qjob
        assert_eq "$(cat out/done)" word
        assert_eq "$(systemctl show -P ActiveState pod@qjob)" inactive
}

# Whatever is beside the file that was asked for. Not where podman's generator would wait for a writer of the FIFO.
test_quadlet_beside() {
        printf '[Container]\nImage=docker.io/library/busybox\nVolume=broken.volume:/v\n' >beside.container
        echo '[Volume' >broken.volume
        ln -s loop.container loop.container
        mkfifo pipe.container
        assert_fails 1 podctl create --check --from=beside.container
        assert_contains "$output" 'loop.container is passed over'
        assert_contains "$output" 'there is no file broken.volume among those that were given'
}

# A command line as it stands in somebody's notes.
test_quadlet_command_line() {
        local status=0 words=(sudo podman run -d --rm --name noted -e 'A=b $c' -w /tmp --cap-drop=all --restart=always
                docker.io/library/busybox sh -c 'echo "$A $PWD"; sleep 1000')
        quadlet_here
        defer rm -rf /etc/podctl/pods.d/noted.json /etc/systemd/system/pod@noted.service.d
        defer systemctl stop pod@noted
        podctl create noted -- "${words[@]}" >log 2>&1 || fail "$(cat log)"
        systemctl start pod@noted
        wait_until has_said noted 'b $c /tmp'
        assert_eq "$(systemctl show -P Restart pod@noted)" always
        podctl create other --check -- podman run --cgroupns=host busybox >table || status=$?
        assert_eq "$status" 1
        grep -q -e '--cgroupns.*lost ' table
}

has_said() { podctl logs "$1" | grep -qF "$2"; }

test_quadlet_excludes() {
        assert_fails 254 podctl create --from=/nosuch
        assert_fails 254 podctl create --from=/etc --port=80:80
        assert_fails 254 podctl create --from=/etc web busybox
        assert_fails 254 podctl create --check web busybox
}
