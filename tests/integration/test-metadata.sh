# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# The metadata service: what apps are told, from every network that leads to the host, and what becomes of it when the
# service, the pod or everything ends. What it answers to which path is tested in tests/unit/test-metadata-api.c.
# On any systemd, the same.

fetch busybox.oci

BASE=/acMetadata/v1
CNI_ETC=/etc/cni/net.d

start_service() {
        defer systemctl stop podctl-metadata.socket podctl-metadata.service
        systemctl start podctl-metadata.socket
}

# ask_in_pod SCRIPT [OPTION…]: what an app of a registered pod of its own prints.
ask_in_pod() {
        local script=$1
        shift
        podctl run --mds-register "$@" busybox --name=app --exec=/bin/sh -- -c "$script"
}

# url POD: where its apps find the service.
url() {
        podctl exec "$1" /bin/sh -c 'echo $AC_METADATA_URL'
}

uuid() {
        podctl status --format=json "$1" | jq -r .name
}

get_metadata() {
        curl -s -g -m 5 "$1$BASE/$2"
}

status_of() {
        curl -s -g -m 5 -o /dev/null -w '%{http_code}' "$@"
}

stop_job() {
        kill "$1"
        wait "$1" 2>/dev/null || true
}

registered() {
        find /run/podctl/metadata/{pods,tokens,addresses} -mindepth 1 -maxdepth 1 | wc -l
}

test_app_learns_of_its_pod() {
        start_service
        ask_in_pod "for p in pod/uuid pod/annotations apps/app/annotations apps/app/image/id; do
                      wget -q -O - \$AC_METADATA_URL$BASE/\$p; echo; done" \
                --annotation=example.com/where=here --uuid-file-save=uuid >answers
        assert_eq "$(sed -n 1p answers)" "$(cat uuid)"
        assert_eq "$(sed -n 2p answers)" '[{"name":"example.com/where","value":"here"}]'
        sed -n 3p answers | jq -e '.[] | select(.name == "created")'
        assert_eq "$(sed -n 4p answers)" "$(podctl cat-manifest "$(cat uuid)" | jq -r '.apps[0].image.id')"
        # It is gone with the pod.
        assert_eq "$(registered)" 0
}

test_headers_and_codes() {
        start_service
        pod told --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        at=$(url told)
        assert_contains "$(curl -s -i "$at$BASE/pod/uuid")" 'Content-Type: text/plain; charset=us-ascii'
        assert_contains "$(curl -s -i "$at$BASE/pod/manifest")" 'Content-Type: application/json'
        assert_eq "$(get_metadata "$at" pod/manifest | jq -r '.apps[0].name')" app
        assert_eq "$(get_metadata "$at" apps/app/image/manifest | jq -r .acKind)" ImageManifest
        assert_eq "$(status_of "$at$BASE/pod/none")" 404
        assert_eq "$(status_of "$at$BASE/pod/uuid%00x")" 404
        assert_eq "$(status_of "${at%/*}/0123456789abcdef0123456789abcdef$BASE/pod/uuid")" 401
        assert_eq "$(status_of "${at%/*}/%2e%2e%2fpods$BASE/pod/uuid")" 404
        assert_eq "$(status_of -X DELETE "$at$BASE/pod/uuid")" 405
        assert_contains "$(curl -s -i -X PUT -d x "$at$BASE/pod/uuid")" 'Allow: GET'
        assert_eq "$(status_of -H 'Metadata-Flavor: AppContainer' "$at$BASE/pod/uuid")" 200
        assert_eq "$(status_of -H 'Metadata-Flavor: Other' "$at$BASE/pod/uuid")" 403
        assert_eq "$(status_of -d content= "$at$BASE/pod/hmac/sign")" 400
        head -c 2000000 /dev/zero | tr '\0' a >long
        assert_eq "$(status_of -H Expect: -d @long "$at$BASE/pod/hmac/sign")" 413
        assert_eq "$(status_of -F content=multipart "$at$BASE/pod/hmac/sign")" 200
        # Registering is not for pods.
        assert_eq "$(status_of -X PUT -d '{}' "${at%/*}/pods/$(uuid told)?token=0123456789abcdef0123456789abcdef")" 404
        # What is no HTTP, and a client that says nothing, do not get in others' way.
        printf 'nonsense\r\n\r\n' | timeout 5 nc -N 127.0.0.1 18112 >/dev/null || true
        assert_contains "$(printf 'GET / HTTP/9.9\r\n\r\n' | timeout 5 nc -N 127.0.0.1 18112)" ' 505 '
        exec 9<>/dev/tcp/127.0.0.1/18112
        assert_eq "$(get_metadata "$at" pod/uuid)" "$(uuid told)"
        exec 9>&-
}

# Signed in one pod, verified in another; nobody else's words pass as its.
test_identity() {
        start_service
        pod one --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        pod two --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        one=$(url one) two=$(url two)
        [[ $one != "$two" ]] || fail 'two pods have one token'
        signature=$(curl -s --data-urlencode 'content=a & b' "$one$BASE/pod/hmac/sign")
        verify() {
                status_of --data-urlencode "content=$2" --data-urlencode "uuid=$(uuid "$1")" \
                        --data-urlencode "signature=$signature" "$two$BASE/pod/hmac/verify"
        }
        assert_eq "$(verify one 'a & b')" 200
        assert_eq "$(verify one 'a & c')" 403
        assert_eq "$(verify two 'a & b')" 403
        # Also after the service began anew, and the host's memory of it is only on disk.
        systemctl stop podctl-metadata.service
        assert_eq "$(verify one 'a & b')" 200
        assert_eq "$(get_metadata "$one" pod/uuid)" "$(uuid one)"
        kill -9 "$(systemctl show -P MainPID podctl-metadata.service)"
        wait_until eval '[[ $(get_metadata "$one" pod/uuid) == "$(uuid one)" ]]'
        podctl stop one
        wait_until eval '[[ $(status_of "$one$BASE/pod/uuid") == 401 ]]'
        assert_eq "$(get_metadata "$two" pod/uuid)" "$(uuid two)"
        # What a pod that is over has signed, it has.
        assert_eq "$(verify one 'a & b')" 200
}

test_every_network() {
        start_service
        local ask="wget -q -O - \$AC_METADATA_URL$BASE/pod/uuid" net
        for net in default default-restricted host; do
                ask_in_pod "$ask" --net=$net --uuid-file-save=uuid >answer
                assert_eq "$(cat answer)" "$(cat uuid)"
        done
        assert_contains "$(ask_in_pod 'echo $AC_METADATA_URL' --net=host)" http://127.0.0.1:18112/
        assert_fails 254 ask_in_pod true --net=none
        assert_contains "$output" '--mds-register needs a network'
        cleared
        assert_eq "$(registered)" 0
}

test_cni_networks() {
        start_service
        mkdir -p $CNI_ETC
        defer rm -rf $CNI_ETC/10-mds.conf $CNI_ETC/20-mds.conf /var/lib/cni/networks
        echo '{ "cniVersion": "0.4.0", "name": "pointed", "type": "ptp",
                "ipam": { "type": "host-local", "subnet": "10.47.0.0/24" } }' >$CNI_ETC/10-mds.conf
        ask_in_pod "wget -q -O - \$AC_METADATA_URL$BASE/pod/uuid; echo; echo \$AC_METADATA_URL" \
                --net=pointed --uuid-file-save=uuid >answer
        assert_eq "$(head -n 1 answer)" "$(cat uuid)"
        assert_contains "$(cat answer)" http://10.47.0.1:
        # The gateway is another machine: no way to the host.
        defer ip link del mds-test
        ip link add mds-test type bridge
        echo '{ "cniVersion": "0.4.0", "name": "apart", "type": "bridge", "bridge": "mds-test",
                "ipam": { "type": "host-local", "subnet": "10.48.0.0/24", "gateway": "10.48.0.7" } }' \
                >$CNI_ETC/20-mds.conf
        assert_fails 254 ask_in_pod true --net=apart
        assert_contains "$output" "none of the pod's networks (apart) leads to an address of the host"
        ask_in_pod "wget -q -O - \$AC_METADATA_URL$BASE/pod/uuid" \
                --net=apart,default-restricted --uuid-file-save=uuid >answer
        assert_eq "$(cat answer)" "$(cat uuid)"
}

test_without_the_service() {
        assert_fails 254 ask_in_pod true
        assert_contains "$output" 'systemctl enable --now podctl-metadata.socket'
        assert_eq "$(podctl list --all --no-legend)" ''
        assert_eq "$(podctl run busybox --exec=/bin/sh -- -c 'echo ${AC_METADATA_URL-none}')" none
}

# A default for all pods, from which single ones may differ.
test_configured() {
        start_service
        mkdir -p /etc/podctl/metadata.d
        defer rm -r /etc/podctl/metadata.d
        echo '{ "rktKind": "metadata", "rktVersion": "v1", "register": true }' >/etc/podctl/metadata.d/10.json
        podctl config | jq -e '.stage0[] | select(.rktKind == "metadata").register'
        local ask='echo ${AC_METADATA_URL-none}'
        assert_contains "$(podctl run busybox --exec=/bin/sh -- -c "$ask")" :18112/
        assert_eq "$(podctl run --mds-register=no busybox --exec=/bin/sh -- -c "$ask")" none
        assert_eq "$(podctl run --net=none busybox --exec=/bin/sh -- -c "$ask")" none
        echo '{ "rktKind": "metadata", "rktVersion": "v1", "register": 1 }' >/etc/podctl/metadata.d/10.json
        assert_fails 254 podctl run busybox
        assert_contains "$output" metadata.d/10.json
}

test_prepared_and_created() {
        start_service
        prepared=$(podctl prepare busybox --name=app \
                --exec=/bin/sh -- -c "wget -q -O - \$AC_METADATA_URL$BASE/pod/uuid")
        assert_eq "$(podctl run-prepared --mds-register "$prepared")" "$prepared"
        defer rm -f /etc/podctl/pods.d/told.json
        podctl create told --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        assert_contains "$(cat /etc/podctl/pods.d/told.json)" podctl/mds-register
        defer systemctl stop pod@told
        systemctl start pod@told
        assert_eq "$(get_metadata "$(url told)" pod/uuid)" "$(uuid told)"
        systemctl stop pod@told
        wait_until eval '[[ $(registered) == 0 ]]'
}

# The main process of somebody else's unit, without a network of its own.
test_in_place() {
        start_service
        systemd-run --quiet --collect --pipe --wait \
                podctl run --mds-register --net=host --uuid-file-save="$PWD/uuid" \
                busybox --exec=/bin/sh -- -c "wget -q -O - \$AC_METADATA_URL$BASE/pod/uuid"
        assert_contains "$(podctl logs "$(cat uuid)")" "$(cat uuid)"
        wait_until eval '[[ $(registered) == 0 ]]'
}

# Killed with nobody to clear away: gc does it.
test_crash() {
        start_service
        pod killed --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        token=$(url killed)
        token=${token##*/}
        uuid=$(uuid killed)
        cp -a "/run/podctl/metadata/pods/$uuid" copy
        podctl stop killed
        wait_until eval '[[ $(registered) == 0 ]]'
        cp -a copy "/run/podctl/metadata/pods/$uuid"
        ln -s "../pods/$uuid" "/run/podctl/metadata/tokens/$token"
        # Its own address of the host is gone by now.
        assert_eq "$(get_metadata "http://127.0.0.1:18112/$token" pod/uuid)" "$uuid"
        podctl gc --grace-period=0 >/dev/null
        assert_eq "$(registered)" 0
}

# Pods that podctl did not start, as rkt registered them.
test_registration_by_others() {
        start_service
        local at=http://127.0.0.1:18112/0123456789abcdef0123456789abcdef uuid=11111111-2222-4333-8444-555555555555
        local id
        id=sha512-$(printf 'ab%.0s' {1..64})
        put() {
                curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/podctl/metadata-svc.sock "$@"
        }
        manifest='{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"id":"'$id'"}}]}'
        image='{"acKind":"ImageManifest","acVersion":"0.8.11","name":"example.com/app"}'
        assert_eq "$(put -X PUT -d "$manifest" "http://x/pods/$uuid?token=${at##*/}")" 200
        assert_eq "$(put -X PUT -d "$image" "http://x/pods/$uuid/app")" 200
        assert_eq "$(put -X PUT -d '{' "http://x/pods/$uuid?token=${at##*/}")" 400
        assert_eq "$(get_metadata $at pod/uuid)" $uuid
        systemctl stop podctl-metadata.service
        assert_eq "$(get_metadata $at apps/app/image/manifest)" "$image"
        assert_eq "$(put -X DELETE "http://x/pods/$uuid")" 200
        assert_eq "$(put -X DELETE "http://x/pods/$uuid")" 404
        assert_eq "$(status_of $at$BASE/pod/uuid)" 401
        # Nobody but root.
        assert_eq "$(stat -c '%a %U' /run/podctl/metadata-svc.sock)" '660 root'
}

test_nobody_else_reads() {
        start_service
        pod told --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        get_metadata "$(url told)" pod/uuid
        assert_fails '*' setpriv --reuid=65534 --clear-groups ls /run/podctl/metadata
        assert_fails '*' setpriv --reuid=65534 --clear-groups ls /var/lib/podctl/metadata
        main=$(systemctl show -P MainPID podctl-metadata.service)
        assert_eq "$(ps -o user= -p "$main" | cut -c 1-8)" "$(printf %.8s podctl-metadata)"
        assert_contains "$(cat "/proc/$main/status")" $'CapBnd:\t0000000000000000'
        assert_eq "$(stat -c '%a %U' /var/lib/podctl/metadata/hmac-key)" '600 podctl-metadata'
}

test_in_the_foreground() {
        podctl metadata-service 2>log &
        defer kill $!
        wait_until grep -q 'Serving metadata on port 18112' log
        assert_eq "$(ask_in_pod "wget -q -O - \$AC_METADATA_URL$BASE/pod/uuid" --uuid-file-save=uuid)" "$(cat uuid)"
        assert_fails 254 podctl metadata-service
        assert_contains "$output" 'running already'
        assert_fails 254 podctl metadata-service --listen-port=70000
        assert_contains "$output" '--listen-port'
}

# Connections that trickle, of anybody on this host, keep no pod from its answers.
test_slow_clients() {
        local slow
        start_service
        pod told --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        chmod 777 .
        setpriv --reuid=65534 --clear-groups "$HERE/slow-clients" 18112 600 ready &
        slow=$!
        defer stop_job $slow
        wait_until test -e ready
        for _ in 1 2 3; do
                assert_eq "$(podctl exec told /bin/sh -c "wget -q -O - \$AC_METADATA_URL$BASE/pod/uuid")" "$(uuid told)"
        done
        kill -0 $slow
}

# Nobody is served but who may know something.
test_only_pods_are_served() {
        local at
        start_service
        pod told --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        pod other busybox --name=app --exec=/bin/sleep -- 1000
        at=$(url told)
        podctl exec told /bin/wget -q -O /dev/null "$at$BASE/pod/uuid"
        assert_fails '*' podctl exec other /bin/wget -q -O - "$at$BASE/pod/uuid"
        assert_not_contains "$output" "$(uuid told)"
        assert_eq "$(status_of "$at$BASE/pod/uuid")" 200
        podctl stop told
        wait_until test -z "$(ls -A /run/podctl/metadata/addresses)"
}

# It goes when nobody asks, and comes back.
test_ends_when_idle() {
        mkdir -p /run/systemd/system/podctl-metadata.service.d
        printf '[Service]\nEnvironment=PODCTL_METADATA_IDLE=1\n' \
                >/run/systemd/system/podctl-metadata.service.d/idle.conf
        systemctl daemon-reload
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/podctl-metadata.service.d
        start_service
        pod told --mds-register busybox --name=app --exec=/bin/sleep -- 1000
        at=$(url told)
        get_metadata "$at" pod/uuid
        wait_until eval '[[ $(systemctl show -P ActiveState podctl-metadata.service) == inactive ]]'
        assert_eq "$(systemctl show -P Result podctl-metadata.service)" success
        assert_eq "$(get_metadata "$at" pod/uuid)" "$(uuid told)"
}
