# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# podctl started under the name rkt, with the command lines and outputs that scripts for rkt count on.

fetch busybox.oci
mkdir -p bin
ln -sf "$(command -v podctl)" bin/rkt
PATH=$PWD/bin:$PATH

uuid='[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

# exited [STATUS]: the UUID of a pod that is over.
exited() {
        local status=0
        rkt run --uuid-file-save="$PWD/id" --net=none busybox --name=app --exec=/bin/sh -- -c "exit ${1-0}" || status=$?
        assert_eq "$status" "${1-0}"
        cat id
}

test_rkt_version() {
        rkt version >version
        assert_eq "$(cut -d: -f1 version | paste -sd,)" 'rkt Version,appc Version,Go Version,Go OS/Arch,Features'
        grep -E '^rkt Version: 1\.[0-9]+\.[0-9]+' version
        grep -xE 'appc Version: 0\.[0-9.]+' version
        grep -xE 'Go OS/Arch: linux/[a-z0-9]+' version
        grep -xE 'Features: [+-]TPM [+-]SDJOURNAL' version
        assert_eq "$(podctl version | wc -l)" 2
}

test_rkt_help() {
        rkt help >help
        assert_eq "$(grep -oE '^[A-Z ]+:$' help | tr -d '\n')" 'NAME:USAGE:VERSION:COMMANDS:DESCRIPTION:GLOBAL OPTIONS:'
        rkt help run | grep -oE '^[A-Z ]+:$' | tr -d '\n' >titles
        assert_eq "$(cat titles)" 'NAME:USAGE:DESCRIPTION:OPTIONS:GLOBAL OPTIONS:'
        assert_fails 2 rkt nonsense
        assert_fails 2 rkt
}

test_rkt_fetch_prints_the_hash() {
        rkt --insecure-options=image fetch "$IMAGES/busybox.oci" >id
        grep -xE 'sha(256|512)-[0-9a-f]{32}' id
        rkt --insecure-options=image fetch --full "$IMAGES/busybox.oci" >id
        grep -xE 'sha256-[0-9a-f]{64}' id
        rkt --insecure-options=image image fetch --full "$IMAGES/busybox.oci" | cmp - id
        # Flags of a command may stand before it, and names of commands may be shortened.
        rkt --insecure-options=image --full fet "$IMAGES/busybox.oci" | cmp - id
}

test_rkt_list() {
        local id
        id=$(exited)
        assert_eq "$(rkt list | head -n 1 | tr -s ' \t' ' ' | sed 's/ $//')" \
                'UUID APP IMAGE NAME STATE CREATED STARTED NETWORKS'
        assert_eq "$(rkt list --full | head -n 1 | tr -s ' \t' ' ' | sed 's/ $//')" \
                'UUID APP IMAGE NAME IMAGE ID STATE CREATED STARTED NETWORKS'
        rkt list --no-legend | grep -E "^${id:0:8}[[:space:]]+app[[:space:]]+busybox[[:space:]]+exited[[:space:]]"
        local sp='[[:space:]]+'
        local line="^$id${sp}app${sp}busybox${sp}sha256-[0-9a-f]{12}${sp}exited${sp}[0-9]{4}-[0-9]{2}-[0-9]{2} "
        rkt list --no-legend --full | grep -E "$line"
        rkt list --format=json | jq -e --arg id "$id" '.[] |
                select(.name == $id) | .state == "exited" and .app_names == ["app"] and
                .created_at <= .started_at and (.apps[0] | .state == "exited" and .exit_code == 0)'
}

test_rkt_status() {
        local id
        id=$(exited 3)
        rkt status "$id" >status
        assert_eq "$(cut -d= -f1 status | paste -sd,)" 'state,created,started,networks,exited,app-app'
        grep -x 'state=exited' status
        grep -x 'exited=true' status
        grep -x 'app-app=3' status
        rkt run --net=none busybox --name=app --exec=/bin/sleep -- 1000 &
        wait_until eval 'rkt list --no-legend | grep running'
        id=$(rkt list --full --no-legend | grep running | cut -f1)
        defer rkt stop --force "$id"
        # machined knows it as it knew rkt's.
        wait_until eval "machinectl show rkt-$id >/dev/null 2>&1"
        wait_until eval "rkt status $id | grep ^pid="
        assert_eq "$(rkt status "$id" | cut -d= -f1 | paste -sd,)" 'state,created,started,networks,pid,exited'
        assert_eq "$(rkt stop --force "$id")" "\"$id\""
        rkt status --wait "$id" | grep -x state=exited
        wait || true
}

test_rkt_stop_and_rm() {
        local id
        id=$(exited)
        rkt stop "$id"
        echo "$id" >file
        assert_eq "$(rkt rm --uuid-file=file)" "\"$id\""
        assert_fails 254 rkt rm "$id"
        assert_contains "$output" 'no matches found'
        assert_fails 254 rkt rm ''
        assert_contains "$output" 'UUID cannot be empty'
        id=$(rkt prepare --quiet busybox --exec=/bin/true)
        assert_eq "$(rkt rm "$id")" "\"$id\""
}

test_rkt_gc() {
        local id other
        id=$(exited)
        other=$(rkt prepare --quiet busybox --exec=/bin/true)
        rkt gc --mark-only 2>gc
        assert_eq "$(cat gc)" "rkt: moving pod \"$id\" to garbage"
        rkt gc --grace-period=30m >out 2>gc
        assert_eq "$(cat gc)" "rkt: pod \"$id\" not removed: still within grace period (30m0s)"
        rkt gc --grace-period=0 --expire-prepared=0s >out 2>gc
        assert_eq "$(cat gc)" "rkt: moving expired prepared pod \"$other\" to garbage"
        assert_eq "$(sort out)" "$(printf 'Garbage collecting pod "%s"\n' "$id" "$other" | sort)"
}

test_rkt_prepare_and_run() {
        local id
        id=$(rkt prepare busybox --name=app --exec=/bin/sh -- -c 'hostname; exit 7' | tail -n 1)
        [[ $id =~ ^$uuid$ ]]
        rkt status "$id" | grep -x state=prepared
        assert_fails 7 rkt run-prepared --net=none "$id"
        assert_eq "$output" "rkt-$id"
        rkt cat-manifest "$id" | jq -e '.acKind == "PodManifest"'
        rkt export "$id" out.aci
        rkt --insecure-options=image fetch "$PWD/out.aci" --name=exported | grep -xE 'sha512-[0-9a-f]{32}'
        rkt image rm exported | grep -xE 'successfully removed aci for image: "sha512-[0-9a-f]+"'
}

test_rkt_image_list() {
        assert_eq "$(rkt image list | head -n 1 | tr -s ' \t' ' ' | sed 's/ $//')" 'ID NAME SIZE IMPORT TIME LAST USED'
        rkt image list --no-legend --fields=id,name | grep -E '^sha256-[0-9a-f]{12}[[:space:]]+[^ ]*busybox'
        rkt image list --format=json |
                jq -e '.[0] | has("id") and has("name") and has("size") and
                        has("import_time") and has("last_used_time")'
        rkt image cat-manifest busybox | jq -e .
}

# A layer replaces what the one before said, thing by thing; anybody may ask.
test_rkt_config() {
        mkdir -p system/auth.d local/auth.d local/paths.d user/auth.d user/paths.d
        echo '{"rktKind": "auth", "rktVersion": "v1", "domains": ["tectonic.com", "coreos.com"], "type": "basic",
                "credentials": {"user": "user", "password": "userPassword"}}' >system/auth.d/basic.json
        echo '{"rktKind": "auth", "rktVersion": "v1", "domains": ["tectonic.com"], "type": "oauth",
                "credentials": {"token": "someToken"}}' >user/auth.d/basic.json
        echo '{"rktKind": "dockerAuth", "rktVersion": "v1", "registries": ["quay.io", "gcr.io"],
                "credentials": {"user": "docker", "password": "dockerPassword"}}' >local/auth.d/docker.json
        echo '{"rktKind": "paths", "rktVersion": "v1",
                "data": "/usr/lib/rkt/data", "stage1-images": "/usr/lib/rkt/stage1-images"}' >local/paths.d/paths.json
        echo "{\"rktKind\": \"paths\", \"rktVersion\": \"v1\", \"data\": \"$PWD/data\"}" >user/paths.d/paths.json
        echo 'not JSON' >user/paths.d/README
        mkdir user/paths.d/more.json
        chmod -R go+rX . ..
        local layers=(--system-config="$PWD/system" --local-config="$PWD/local" --user-config="$PWD/user")
        setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent \
                rkt --debug "${layers[@]}" --pretty-print=false config >config
        assert_eq "$(wc -l <config)" 1
        jq -e --arg data "$PWD/data" '.stage0 | length == 5 and
                any(.domains == ["tectonic.com"] and .type == "oauth" and
                        .credentials == {"token": "someToken"} and .rktVersion == "v1") and
                any(.domains == ["coreos.com"] and .credentials.user == "user") and
                any(.registries == ["gcr.io"] and .rktKind == "dockerAuth") and any(.registries == ["quay.io"]) and
                any(.rktKind == "paths" and .data == $data and ."stage1-images" == "/usr/lib/rkt/stage1-images")' config

        # And that is where things are then, unless somebody says otherwise.
        rkt "${layers[@]}" --insecure-options=image fetch "$IMAGES/busybox.oci"
        [[ -d data/images/manifests ]]
        assert_eq "$(rkt "${layers[@]}" run --net=none busybox --name=app --exec=/bin/echo -- here)" here
        assert_eq "$(rkt "${layers[@]}" list --no-legend | wc -l)" 1
        assert_eq "$(rkt "${layers[@]}" --dir="$PWD/other" list --no-legend | wc -l)" 0
        rkt "${layers[@]}" gc --grace-period=0

        echo '{"rktKind": "paths", "rktVersion": "v1", "data": "data"}' >user/paths.d/paths.json
        assert_fails 254 rkt "${layers[@]}" config
        assert_eq "$output" "rkt: $PWD/user/paths.d/paths.json: data: 'data' is not an absolute path"
        assert_fails 254 rkt "${layers[@]}" list
        assert_eq "$(wc -l <<<"$output")" 1
}

# Of all pods that say nothing else: those of build commands do.
test_rkt_stage1_of_the_configuration() {
        local with=(--local-config="$PWD/local")
        mkdir -p local/stage1.d
        echo '{"rktKind": "stage1", "rktVersion": "v1",
                "name": "coreos.com/rkt/stage1-fly", "version": "1.30.0"}' >local/stage1.d/a.json
        assert_eq "$(rkt "${with[@]}" run busybox --exec=/bin/readlink -- /proc/self/ns/net)" \
                "$(readlink /proc/self/ns/net)"
        rkt "${with[@]}" cat-manifest "$(rkt "${with[@]}" prepare --quiet busybox)" |
                jq -e 'any(.annotations[]; .name == "podctl/stage1" and .value == "fly")'
        assert_fails 254 rkt "${with[@]}" run --net=none busybox --exec=/bin/true
        assert_contains "$output" "engine 'fly'"
        rkt "${with[@]}" run --stage1-name=coreos.com/rkt/stage1-coreos --net=none busybox --exec=/bin/true
        sed -i s/stage1-fly/stage1-kvm/ local/stage1.d/a.json
        assert_fails 254 rkt "${with[@]}" run --net=none busybox --exec=/bin/true
        assert_contains "$output" "stage1.d, wants the engine 'coreos.com/rkt/stage1-kvm'"
        assert_eq "$(wc -l <<<"$output")" 1
        rkt "${with[@]}" run --stage1-name=coreos.com/rkt/stage1-coreos --net=none busybox --exec=/bin/true
}

test_completion_is_the_one_that_is_installed() {
        rkt completion bash | cmp - /usr/share/bash-completion/completions/podctl
        podctl completion zsh | cmp - /usr/share/zsh/site-functions/_podctl
        podctl completion fish | cmp - /usr/share/fish/vendor_completions.d/podctl.fish
        assert_fails 254 podctl completion tcsh
        assert_contains "$output" tcsh
}

# As in R: who is not root is told so, and may look where the modes let him.
test_rkt_needs_root() {
        local as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        local command
        chmod go+rx .
        for command in 'run busybox' 'prepare busybox' 'run-prepared x' gc 'rm x' 'enter x' 'export x x.aci' \
                'image gc'; do
                # shellcheck disable=SC2086  # several words
                assert_fails 254 "${as_nobody[@]}" rkt $command
                assert_contains "$output" 'as unprivileged user'
                assert_eq "$(wc -l <<<"$output")" 1
        done
        "${as_nobody[@]}" rkt version
        "${as_nobody[@]}" rkt help >/dev/null
        "${as_nobody[@]}" env HOME=/nonexistent rkt config
}

# Docker's ways are for podctl; podctl-from-rkt(7) has the table.
test_rkt_users_of_oci_images() {
        local script='echo $(id -u):$(id -g) $HOME $USER'
        "$HERE/make-image" users <<<"image([base(d('home/web'))],
                {'Cmd': ['/bin/sh', '-c', '$script'], 'User': '1001'})"
        podctl --insecure-options=image fetch "$PWD/users" >id
        defer podctl image rm "$(cat id)"
        assert_eq "$(podctl run --net=none "$(cat id)" --name=app)" '1001:0 /'
        assert_eq "$(podctl run --net=none "$(cat id)" --name=app --user=web)" '33:44 /var/www web'
        assert_eq "$(rkt run --net=none "$(cat id)" --name=app)" '1001:1001 /root root'
        assert_eq "$(rkt run --net=none "$(cat id)" --name=app --user=1002)" '1002:1002 /root root'
        assert_eq "$(rkt run-prepared --net=none "$(rkt prepare "$(cat id)" --name=app)")" '1001:1001 /root root'
        pod users "$(cat id)" --name=app --user=web --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec users sh -c "$script")" '33:44 /var/www web'
        podctl stop users
}

# aci_of FILE MANIFEST: an ACI of a shell and a directory, with these members of the manifest; its ID is in id.
aci_of() {
        mkdir -p aci/rootfs/data aci/rootfs/bin
        cp /usr/bin/busybox aci/rootfs/bin/sh
        echo 'of the image' >aci/rootfs/data/file
        jq -n --argjson more "$2" '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app", labels: [
                {name: "os", value: "linux"}, {name: "arch", value: "amd64"}]} + $more' >aci/manifest
        tar -cf "$1" --owner=0 --group=0 -C aci manifest rootfs
        podctl --insecure-options=image fetch "$PWD/$1" >id
        defer podctl image rm "$(cat id)"
}

test_rkt_image_without_an_app() {
        aci_of bare.aci '{}'
        rkt run --net=none "$(cat id)" --exec=/bin/sh -- -c 'echo $HOME; echo >/root-can-write && echo yes' >out
        assert_eq "$(cat out)" $'/root\nyes'
        assert_fails 254 podctl run --net=none "$(cat id)"
        assert_contains "$output" --exec
}

test_rkt_volumes_of_docker2aci() {
        local app='{"app": {"exec": ["/bin/sh", "-c", "cat /data/file"], "user": "0", "group": "0",
                    "mountPoints": [{"name": "data", "path": "/data"}]}'
        aci_of converted.aci "$app"', "annotations": [{"name": "appc.io/docker/repository", "value": "library/app"}]}'
        assert_eq "$(rkt run --net=none "$(cat id)" 2>err)" 'of the image'
        aci_of plain.aci "$app}"
        assert_fails 1 rkt run --net=none "$(cat id)"
}

test_rkt_relative_target() {
        mkdir volume
        rkt run --net=none --volume=v,kind=host,source="$PWD/volume" busybox --mount=volume=v,target=a/b \
                --exec=/bin/sh -- -c 'grep -c " /a/b " /proc/self/mountinfo' >out
        assert_eq "$(cat out)" 1
}
