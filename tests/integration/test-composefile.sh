# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Files of Compose: their services are the apps of one pod.
# On any systemd, the same.

. "$HERE/lib-examples.sh"

shop_gone() {
        rm -rf /etc/podctl/pods.d/site.json /etc/systemd/system/pod@site.service.d
        systemctl daemon-reload
        podctl rm site
        podctl volume rm site-files
}

# shop [OPTION…]: the pod of the file, which goes with the test.
shop() {
        defer shop_gone
        defer systemctl stop pod@site
        podctl create --from=compose.yaml "$@" 2>log || fail "$(cat log)"
        systemctl start pod@site
}

# Web starts when db is healthy and setup has ended; it finds db by its name, and its files in a volume that stays.
test_composefile_services() {
        hub
        podctl --insecure-options=image fetch docker://docker.io/library/busybox >/dev/null 2>&1
        echo hidden >secret.txt
        echo 'WHO=env file' >.env
        printf 'FROM_FILE="1 $WHO"\n' >app.env
        cat >compose.yaml <<'END'
name: site
services:
  web:
    image: docker.io/library/busybox
    command: sh -c 'cat /ready/done; wget -qO- http://db:8000/greeting; exec httpd -f -p 80 -h /srv'
    ports: ["127.0.0.1:8077:80"]
    environment: {WHO: "${WHO}", YES: yes}
    env_file: app.env
    depends_on:
      db: {condition: service_healthy}
      setup: {condition: service_completed_successfully}
    volumes: ["files:/srv", "files:/ready:ro"]
  db:
    image: docker.io/library/busybox
    command: [sh, -c, "sleep 3; mkdir /w; cp /run/secrets/key /w/greeting; exec httpd -f -p 8000 -h /w"]
    secrets: [{source: file, target: key}]
    healthcheck:
      test: ["CMD", "wget", "-qO-", "http://localhost:8000/greeting"]
      start_interval: 1s
      start_period: 1m
  setup:
    image: docker.io/library/busybox
    command: sh -c 'env >/out/env; sleep 2; echo set up >/out/done'
    volumes: [{type: volume, source: files, target: /out}]
volumes: {files: {name: site-files}}
secrets: {file: {file: ./secret.txt}}
END
        shop
        assert_eq "$(page http://127.0.0.1:8077/done)" 'set up'
        assert_eq "$(podctl exec --app=web site sh -c 'echo "$WHO, $YES, $FROM_FILE"')" 'env file, yes, 1 env file'
        wait_until eval "podctl logs --app=web site | grep -q hidden"
        assert_eq "$(podctl logs --app=web --output=cat site | head -n 2)" $'set up\nhidden'
}

# What stands in the file, or in a variable, is there when the pod starts, and goes with it.
test_composefile_content() {
        hub
        podctl --insecure-options=image fetch docker://docker.io/library/busybox >/dev/null 2>&1
        cat >compose.yaml <<'END'
name: held
services:
  web:
    image: docker.io/library/busybox
    command: sh -c 'cat /etc/site.conf /word /run/secrets/key; echo; exec sleep 1000'
    configs: [{source: site, target: /etc/site.conf}, word]
    secrets: [key]
configs:
  site: {content: "greeting $WORD\n"}
  word: {environment: WORD}
secrets: {key: {environment: KEY}}
END
        defer rm -rf /etc/podctl/files/held /etc/podctl/pods.d/held.json /etc/systemd/system/pod@held.service.d
        defer systemctl stop pod@held
        WORD=hello KEY=hidden podctl create --check --from=compose.yaml >table || fail "$(cat table)"
        WORD=hello KEY=hidden podctl create --dry-run --from=compose.yaml >plan 2>log || fail "$(cat log)"
        [[ ! -e /etc/podctl/files/held ]]
        WORD=hello KEY=hidden podctl create --from=compose.yaml 2>log || fail "$(cat log)"
        # The app's users read it, and the host's do not get there.
        assert_eq "$(stat -c %a /etc/podctl/files{,/held/{secrets/key,configs/word}} | xargs)" '700 600 644'
        ! grep -q hidden /etc/podctl/pods.d/held.json || fail 'the file of the pod has the secret'
        systemctl start pod@held
        wait_until eval 'podctl logs --output=cat held | grep -q hellohidden'
        assert_contains "$(podctl logs --output=cat held)" 'greeting hello'
        # What another file of that name does not have goes.
        sed -i '/secrets:/d; s, /run/secrets/key,,' compose.yaml
        WORD=hello podctl create --replace --from=compose.yaml 2>log || fail "$(cat log)"
        [[ ! -e /etc/podctl/files/held/secrets/key && -e /etc/podctl/files/held/configs/word ]]
        podctl delete --force held >/dev/null
        [[ ! -e /etc/podctl/files/held ]]
}

test_composefile_check() {
        cat >compose.yaml <<'END'
services:
  web:
    image: busybox
    runtime: runsc
    port: ["80:80"]
    logging: {driver: syslog}
END
        assert_fails 1 podctl create site --from=. --check
        assert_contains "$output" "compose.yaml:4  services.web.runtime  lost"
        assert_contains "$output" "there is no such member; did you mean 'ports'?"
        assert_fails 254 podctl create site --from=compose.yaml
        assert_contains "$output" 'would lose 2 of its lines'
        assert_fails '*' ls /etc/podctl/pods.d/site.json
        printf 'services:\n  web: {tty: true}\n' >compose.override.yml
        assert_fails 1 podctl create site --from=. --check
        assert_contains "$output" './compose.override.yml:2  services.web.tty      carried'
        assert_fails 1 podctl create site --from=compose.yaml --check
        assert_contains "$output" 'it is not read, since a file was named'
        : >compose.override.yml
        refused_command 'compose.override.yml: there is nothing in it' create site --from=.
        rm compose.override.yml
        printf 'services: {s: {image: busybox, networks: [n]}}\nnetworks: {n: {external: true, name: nosuchnet}}\n' \
                >compose.yaml
        assert_fails 1 podctl create site --from=. --check
        assert_contains "$output" "there is no network 'nosuchnet' in /etc/podctl/net.d"
        echo 'kind: Pod' >pod.yaml
        refused_command "there is no 'services' in it" create site --from=pod.yaml
}

# COMPOSE_FILE, files that others include or extend, and a network of the file, for a pod that starts.
test_composefile_several() {
        hub
        podctl --insecure-options=image fetch docker://docker.io/library/busybox >/dev/null 2>&1
        mkdir -p project/common
        cat >project/base.yaml <<'END'
name: site
include: [common/net.yaml]
services:
  web:
    extends: {file: common/base.yaml, service: base}
    environment: {OF: base}
    networks: {back: {ipv4_address: 10.98.9.7}}
networks: {back: {internal: true, ipam: {config: [{subnet: 10.98.9.0/24}]}}}
END
        cat >project/prod.yaml <<'END'
services:
  web:
    environment: {OF: prod, TAG: "${TAG}"}
    tmpfs: !reset []
END
        printf 'COMPOSE_FILE=base.yaml:prod.yaml\nTAG=3\n' >project/.env
        cat >project/common/base.yaml <<'END'
services: {base: {image: docker.io/library/busybox, command: sleep 1000, env_file: [one.env], tmpfs: /x}}
END
        echo ONE=1 >project/common/one.env
        printf 'services: {two: {image: docker.io/library/busybox, command: sleep 1000, networks: [back]}}' \
                >project/common/net.yaml
        defer rm -f /etc/podctl/net.d/site_back.conf
        defer shop_gone
        defer systemctl stop pod@site
        podctl create --from=project 2>log || fail "$(cat log)"
        jq -e '.subnet == "10.98.9.0/24" and .isDefaultGateway == false' /etc/podctl/net.d/site_back.conf
        systemctl start pod@site
        assert_eq "$(podctl exec --app=web site sh -c 'echo $OF $TAG $ONE')" 'prod 3 1'
        podctl exec --app=two site ip -4 -o addr | grep -q ' 10\.98\.9\.7/'
        assert_fails '*' podctl exec --app=web site ls /x
        # The same by their names
        TAG=4 podctl create other --from=project/base.yaml:project/prod.yaml --dry-run >plan 2>log || fail "$(cat log)"
        grep -q '"OF=prod"' plan
        grep -q '"TAG=4"' plan
}

# What create would refuse is told first, in JSON too; nothing that is named is dropped or waited for.
test_composefile_refused_early() {
        mkdir data other
        cat >compose.yaml <<'EOF'
name: "-rf"
services:
  web:
    image: busybox
    volumes: ["v:/v", "./nothing:/n"]
volumes: {v: {name: /etc}}
EOF
        assert_fails 1 podctl create --from=. --check --format=json
        assert_contains "$output" '"line":1,"column":null,"member":"name","severity":"error","message":"'"'-rf' is not"
        assert_contains "$output" "'/etc' is not a valid name of a volume"
        assert_contains "$output" 'nothing makes it by itself'
        assert_fails '*' grep -q 'directories within' <<<"$output"
        assert_fails 254 podctl create --from=. --force
        assert_contains "$output" "'-rf' cannot be the name of a pod"
        printf 'services: {a: {image: busybox}}\n' >other/compose.yaml
        sed -i 's/"-rf"/first/; /volumes:/d' compose.yaml
        podctl create --from=. --from=other --check >table
        assert_eq "$(grep -c 'image  *carried' table)" 2
        refused_command "'x' cannot be the name of 2 pods" create x --from=. --from=other
        podctl create x --check -- podman run -p 80:80 --log-driver json-file docker.io/library/busybox >table
        assert_contains "$(cat table)" 'podman run  -p 80:80'
        assert_contains "$(cat table)" '--log-driver json-file'
        mkfifo pipe.yaml pipe.container
        refused_command 'not a regular file' create --from=pipe.yaml
        refused_command 'not a regular file' create --from=pipe.container
        refused_command 'not a regular file' run --kube=pipe.yaml
        refused_command 'not a regular file' check "$PWD/pipe.yaml"
        COMPOSE_ENV_FILES=pipe.yaml refused_command 'pipe.yaml: not a regular file' create --from=compose.yaml
}
