# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Images from registries. See test-aci.sh for those from web servers.
# On any systemd, the same.

. "$HERE/lib-servers.sh"

# nothing_kept: no image, and no layer that was wrong.
nothing_kept() {
        assert_eq "$(plain image list --no-legend)" ''
        assert_eq "$(find data/images/layers data/images/tmp data/images/partial -mindepth 1)" ''
}

# What layers have in them.
sums_of_layers() {
        (cd data/images/layers &&
                find . -path './top-*' -prune -o -type f ! -name layer -print0 | sort -z | xargs -0 sha256sum)
}

test_run_from_a_registry() {
        registry
        push "$IMAGES/busybox.oci:latest" test/busybox
        defer plain gc --grace-period=0
        assert_contains "$(plain run --net=none docker://127.0.0.1:5000/test/busybox --exec=/bin/echo -- it runs)" \
                'it runs'
        assert_contains "$(plain image list --no-legend --fields=name)" 127.0.0.1:5000/test/busybox:latest
}

# Everything of what others push comes out as from the layout it was pushed from.
test_same_as_from_the_layout() {
        local image
        registry
        for image in busybox.oci:latest busybox-zstd.oci:latest busybox-plain.oci:latest edge.oci:latest; do
                push "$IMAGES/$image" same
                plain fetch docker://127.0.0.1:5000/same >/dev/null
                skopeo copy --quiet --preserve-digests "oci:$IMAGES/$image" oci:copy:latest
                plain fetch --name=layout "$PWD/copy" >/dev/null
                assert_eq "$(plain image list --no-legend | wc -l)" 1
                assert_eq "$(plain image cat-manifest 127.0.0.1:5000/same)" "$(plain image cat-manifest layout)"
                rm -rf data copy
        done
}

test_docker_schema_2_and_lists() {
        registry
        skopeo copy --quiet --dest-tls-verify=false --format=v2s2 \
                "oci:$IMAGES/busybox.oci:latest" docker://127.0.0.1:5000/schema2
        plain fetch docker://127.0.0.1:5000/schema2
        skopeo copy --quiet --all --dest-tls-verify=false "oci:$IMAGES/multi.oci" docker://127.0.0.1:5000/list
        plain fetch docker://127.0.0.1:5000/list
        assert_contains "$(plain image list --no-legend --fields=name)" 127.0.0.1:5000/list:latest
}

test_built_and_pushed_by_buildah() {
        local container
        registry
        # A store of its own: podman on this host keeps its images in another way, and does not run beside this one.
        printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$PWD/store" "$PWD/run" >storage.conf
        export CONTAINERS_STORAGE_CONF=$PWD/storage.conf BUILDAH_ISOLATION=chroot
        container=$(buildah from scratch)
        buildah copy --quiet "$container" /usr/bin/busybox /bin/busybox >/dev/null
        buildah config --cmd '["/bin/busybox", "echo", "by buildah"]' "$container"
        buildah commit --quiet "$container" built >/dev/null
        buildah push --quiet --tls-verify=false built docker://127.0.0.1:5000/built >/dev/null
        defer plain gc --grace-period=0
        assert_contains "$(plain run --net=none docker://127.0.0.1:5000/built)" 'by buildah'
}

test_by_digest_without_a_signature() {
        local digest
        registry
        push "$IMAGES/busybox.oci:latest" pinned
        digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://127.0.0.1:5000/pinned)
        # http must be said, image need not.
        podctl --dir="$DATA" --insecure-options=http fetch "docker://127.0.0.1:5000/pinned@$digest"
        refused_by 'no key is trusted for 127.0.0.1:5000/pinned' \
                podctl --dir="$DATA" --insecure-options=http fetch docker://127.0.0.1:5000/pinned
        # What is there needs nobody to ask.
        plain run --pull-policy=never --net=none "docker://127.0.0.1:5000/pinned@$digest" --exec=/bin/true
        plain gc --grace-period=0
}

test_what_is_not_there() {
        registry
        push "$IMAGES/busybox.oci:latest" there
        refused_by 'not found' plain fetch docker://127.0.0.1:5000/nowhere
        refused_by 'not found' plain fetch docker://127.0.0.1:5000/there:other
        refused_by 'not found' plain fetch "docker://127.0.0.1:5000/there@sha256:$(printf '0%.0s' {1..64})"
        refused_by 'is not a valid name in a registry' plain fetch docker://127.0.0.1:5000/UPPER
        refused_by 'is not a valid name in a registry' plain fetch docker://
        refused_by 'connect to server' plain fetch docker://127.0.0.1:5999/there
        refused_by 'resolve host' plain fetch docker://nowhere.invalid/there
        refused_by 'pull-policy=never' plain fetch --pull-policy=never docker://127.0.0.1:5000/there
        nothing_kept
}

# TLS

test_tls() {
        certificates ours
        certificates others
        registry 5000 ours
        push "$IMAGES/busybox.oci:latest" busybox
        refused_by 'certificate' own fetch docker://127.0.0.1:5000/busybox
        refused_by 'certificate' plain fetch docker://127.0.0.1:5000/busybox
        describe 127.0.0.1:5000 '"ca":"'"$PWD"'/others/ca.crt"'
        refused_by 'certificate' plain fetch docker://127.0.0.1:5000/busybox
        describe 127.0.0.1:5000 '"ca":"'"$PWD"'/ours/ca.crt"'
        plain fetch docker://127.0.0.1:5000/busybox
        rm -rf data config
        describe 127.0.0.1:5000 '"tlsVerify":false'
        plain fetch docker://127.0.0.1:5000/busybox
        rm -rf data config
        podctl --dir="$DATA" --insecure-options=image,tls fetch docker://127.0.0.1:5000/busybox
}

test_authorities_where_docker_has_them() {
        certificates ours
        registry 5000 ours
        push "$IMAGES/busybox.oci:latest" busybox
        mkdir -p /etc/docker/certs.d/127.0.0.1:5000
        defer rm -r /etc/docker/certs.d/127.0.0.1:5000
        cp ours/ca.crt /etc/docker/certs.d/127.0.0.1:5000/
        own fetch docker://127.0.0.1:5000/busybox
}

test_plain_http_must_be_said() {
        registry
        push "$IMAGES/busybox.oci:latest" busybox
        refused_by '127.0.0.1:5000' own fetch docker://127.0.0.1:5000/busybox
        describe 127.0.0.1:5000 '"http":true'
        podctl --dir="$DATA" --local-config="$PWD/config" --insecure-options=image fetch docker://127.0.0.1:5000/busybox
}

# Credentials

test_basic_authentication() {
        private_registry
        refused_by 'requires a user name and a password' plain fetch docker://127.0.0.1:5000/private/busybox
        log_in 127.0.0.1:5000 wrong
        refused_by 'access denied to user' plain fetch docker://127.0.0.1:5000/private/busybox
        log_in 127.0.0.1:5000 secret
        plain fetch docker://127.0.0.1:5000/private/busybox
        # As podman and docker write it, the more precise one first.
        rm -rf data config/auth.d
        printf '{"auths":{"127.0.0.1:5000":{"auth":"%s"},"127.0.0.1:5000/private":{"auth":"%s"}}}' \
                "$(printf 'user:wrong' | base64)" "$(printf 'user:secret' | base64)" >auth.json
        REGISTRY_AUTH_FILE=$PWD/auth.json plain fetch docker://127.0.0.1:5000/private/busybox
}

# A pod's own Secret is for its images alone.
test_pull_secrets_of_a_pod() {
        private_registry
        cat >pod.yaml <<YAML
kind: Pod
metadata: {name: pulled}
spec:
  restartPolicy: Never
  imagePullSecrets: [{name: registry}]
  containers: [{name: a, image: "127.0.0.1:5000/private/busybox", command: [echo, here]}]
---
kind: Secret
metadata: {name: registry}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{"127.0.0.1:5000":{"auth":"$(printf 'user:secret' | base64)"}}}'
YAML
        defer plain gc --grace-period=0
        # Whatever the host itself says of that registry.
        log_in 127.0.0.1:5000 wrong
        assert_contains "$(plain run --kube pod.yaml)" here
        assert_eq "$(grep -rl "$(printf 'user:secret' | base64)" "$DATA" /run/podctl 2>/dev/null || true)" ''
        refused_by 'access denied to user' plain fetch --pull-policy=update docker://127.0.0.1:5000/private/busybox
        # An update fetches as the start does.
        defer rm -f /etc/podctl/pods.d/pulled.yaml
        mkdir -p /etc/podctl/pods.d
        cp pod.yaml /etc/podctl/pods.d/pulled.yaml
        plain update pulled
        sed -i 's/{"auth":/{"auth":5,"x":/' pod.yaml
        assert_fails 254 plain run --kube pod.yaml
        assert_contains "$output" "pod.yaml: Secret 'registry': auths"
}

test_credentials_stay_off_plain_lines() {
        htpasswd htpasswd
        registry 5000 '' htpasswd
        log_in 127.0.0.1:5000 secret
        refused_by 'over https only' plain fetch docker://127.0.0.1:5000/private/busybox
}

test_bad_configuration_is_named() {
        configure auth.d a '{"rktKind":"auth","rktVersion":"v1","domains":["example.com"],"type":"basic",
                "credentials":{"user":"u"}}'
        refused_by 'config/auth.d/a.json: credentials.password' plain fetch docker://127.0.0.1:5000/x
        rm -r config
        configure registries.d a '{"rktKind":"registries","rktVersion":"v1","registries":["x"],"mirrors":["mirror"]}'
        refused_by "config/registries.d/a.json: mirrors[0]: 'mirror' is not a URL" plain fetch docker://127.0.0.1:5000/x
        configure registries.d a '{"rktKind":"registries","rktVersion":"v1","registries":["x"]}'
        configure registries.d b '{"rktKind":"registries","rktVersion":"v1","registries":["x"]}'
        refused_by "config/registries.d/b.json: registry 'x' is described in this directory already" \
                plain fetch docker://127.0.0.1:5000/x
}

test_tokens_for_anybody() {
        front_registry --token -
        push "$IMAGES/busybox.oci:latest" busybox
        plain fetch docker://$FRONT/busybox
        # One token does for everything of a repository.
        assert_eq "$(requests '^GET /token')" 1
}

test_tokens_for_users() {
        certificates ours
        front_registry --token user:secret --tls ours/server.crt ours/server.key
        push "$IMAGES/busybox.oci:latest" busybox
        describe "$FRONT" '"ca":"'"$PWD"'/ours/ca.crt"'
        refused_by 'token service 127.0.0.1:5001: access denied' plain fetch docker://$FRONT/busybox
        log_in "$FRONT" secret
        plain fetch docker://$FRONT/busybox
        # An identity token, as docker login keeps it.
        rm -rf data config/auth.d
        printf '{"auths":{"%s":{"auth":"%s","identitytoken":"refresh-user:secret"}}}' \
                "$FRONT" "$(printf '<token>:' | base64)" >auth.json
        REGISTRY_AUTH_FILE=$PWD/auth.json plain fetch docker://$FRONT/busybox
        assert_eq "$(requests '^POST /token 200')" 1
}

# What servers of the world answer, though the specifications know better.
test_odd_answers() {
        front_registry --token -
        push "$IMAGES/busybox.oci:latest" busybox
        serve 127.0.0.1:5002 "$HERE/web-server" --listen 127.0.0.1:5002 \
                --upstream http://127.0.0.1:5000 --rules elsewhere-rules
        # Compressed though nobody asked for it; a token that was "created" and ends in text.
        rules '[{"path": "/manifests/", "gzip": true}, {"path": "/token", "status": 201, "expires_in": "299.5"}]'
        plain fetch docker://$FRONT/busybox
        rm -rf data
        rules '[{"path": "/token", "expires_in": -1}]'
        plain fetch docker://$FRONT/busybox
        # A signed URL that has expired: there is a new one, once.
        rm -rf data
        rules '[{"path": "/blobs/", "redirect": "http://127.0.0.1:5002"}]'
        echo '[{"path": "/blobs/", "times": 1, "status": 403}]' >elsewhere-rules
        plain fetch docker://$FRONT/busybox
        rm -rf data
        echo '[{"path": "/blobs/", "status": 403}]' >elsewhere-rules
        refused_by 'access denied' plain fetch docker://$FRONT/busybox
}

# Blobs are often somewhere else. That somebody must not learn what we show to the registry.
test_redirects_do_not_leak_credentials() {
        certificates ours
        front_registry --token user:secret --tls ours/server.crt ours/server.key
        push "$IMAGES/busybox.oci:latest" busybox
        serve 127.0.0.1:5002 "$HERE/web-server" --listen 127.0.0.1:5002 \
                --upstream http://127.0.0.1:5000 --log elsewhere --tls ours/server.crt ours/server.key
        rules '[{"path": "/blobs/", "redirect": "https://localhost:5002"}]'
        describe "$FRONT" '"ca":"'"$PWD"'/ours/ca.crt"'
        log_in "$FRONT" secret
        plain fetch docker://$FRONT/busybox
        grep -q '^GET /v2/busybox/blobs/.* 200 - -$' elsewhere
        ! grep -E 'Bearer|Basic' elsewhere || fail "credentials went elsewhere"
        # Nor is there a way from https to http.
        rm -rf data
        rules '[{"path": "/blobs/", "redirect": "http://127.0.0.1:5000"}]'
        assert_fails 254 podctl --dir="$DATA" --local-config="$PWD/config" --insecure-options=image \
                fetch docker://$FRONT/busybox
}

# Lines and servers that fail

test_busy_servers_are_asked_again() {
        front_registry
        push "$IMAGES/busybox.oci:latest" busybox
        rules '[{"path": "/manifests/", "method": "GET", "times": 1, "status": 429, "headers": {"Retry-After": "1"}},
                {"path": "/blobs/", "times": 2, "status": 503},
                {"path": "/blobs/", "skip": 3, "times": 1, "status": 500}]'
        plain fetch docker://$FRONT/busybox
        assert_eq "$(requests ' 429 ')" 1
        assert_eq "$(requests ' 503 ')" 2
}

test_servers_that_stay_busy() {
        front_registry
        rules '[{"path": "/manifests/", "method": "GET", "status": 429, "headers": {"Retry-After": "86400"}}]'
        refused_by 'accepts a retry only after 86400 s' plain fetch docker://$FRONT/busybox
        assert_eq "$(requests '^GET .* 429 ')" 1
}

# Cut here, cut there: what was got is not asked for again.
test_broken_transfers_go_on() {
        front_registry
        random_layout layout big 1 3000000 2000000
        push layout:big big
        rules '[{"path": "/blobs/", "cut": 700000, "times": 6}]'
        plain fetch docker://$FRONT/big
        (($(requests '^GET .*/blobs/.* 206 - bytes=[0-9]+-$') >= 3)) || fail "not gone on: $(cat requests)"
        plain fetch --name=copy "$PWD/layout"
        assert_eq "$(plain image cat-manifest copy)" "$(plain image cat-manifest $FRONT/big)"
}

test_servers_without_ranges() {
        front_registry
        random_layout layout big 1 3000000
        push layout:big big
        rules '[{"path": "/blobs/", "cut": 900000, "times": 2, "no_range": true},
                {"path": "/blobs/", "no_range": true}]'
        plain fetch docker://$FRONT/big
        assert_eq "$(requests '/blobs/.* 206 ')" 0
}

test_slow_servers() {
        front_registry
        push "$IMAGES/httpd.oci:latest" slow
        rules '[{"path": "/blobs/", "slow": 20000}]'
        plain fetch docker://$FRONT/slow
}

test_wrong_contents() {
        front_registry
        random_layout layout big 1 300000 300000
        push layout:big big
        rules '[{"path": "/blobs/'"$(blobs layout big | tail -n 1)"'", "corrupt": 123456}]'
        refused_by 'layer sha256:' plain fetch docker://$FRONT/big
        assert_eq "$(plain image list --no-legend)" ''
        assert_eq "$(find data/images/partial -name "$(blobs layout big | tail -n 1 | tr : -)")" ''
        # Once it is mended it is fetched anew.
        rules '[]'
        : >requests
        plain fetch docker://$FRONT/big
        assert_eq "$(requests "/blobs/$(blobs layout big | tail -n 1)")" 1
}

test_manifests_of_another_digest() {
        local digest
        front_registry
        push "$IMAGES/busybox.oci:latest" busybox
        digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://127.0.0.1:5000/busybox)
        echo '{"schemaVersion": 2}' >other
        rules '[{"path": "/manifests/sha256:", "replace": "'"$PWD"'/other"}]'
        refused_by 'has the digest sha256:' plain fetch "docker://$FRONT/busybox@$digest"
        rules '[{"path": "/manifests/", "replace": "'"$PWD"'/other"}]'
        refused_by 'neither an image nor an index' plain fetch "docker://$FRONT/busybox"
        echo '<html>' >other
        refused_by 'manifest: ' plain fetch "docker://$FRONT/busybox"
        head -c 5000000 /dev/zero >other
        refused_by 'is larger than' plain fetch "docker://$FRONT/busybox"
        nothing_kept
}

test_layers_longer_than_they_say() {
        front_registry
        push "$IMAGES/busybox.oci:latest" busybox
        head -c 3000000 /dev/urandom >other
        rules '[{"path": "/blobs/'"$(blobs "$IMAGES/busybox.oci" latest | head -n 1)"'", "replace": "'"$PWD"'/other"}]'
        refused_by 'layer sha256:' plain fetch docker://$FRONT/busybox
        assert_eq "$(plain image list --no-legend)" ''
}

test_mirrors_first() {
        front_registry
        push "$IMAGES/busybox.oci:latest" busybox
        push "$IMAGES/httpd.oci:latest" httpd
        describe 127.0.0.1:5000 '"mirrors":["http://127.0.0.1:5999","http://'$FRONT'"],"http":true'
        plain fetch docker://127.0.0.1:5000/busybox
        (($(requests '/v2/busybox/') > 0))
        # One that does not have it.
        rules '[{"path": "/httpd/", "status": 404}]'
        plain fetch docker://127.0.0.1:5000/httpd
        assert_contains "$(plain image list --no-legend --fields=name)" 127.0.0.1:5000/httpd:latest
}

test_proxy_variables() {
        front_registry
        push "$IMAGES/busybox.oci:latest" busybox
        describe registry.invalid '"mirrors":["http://registry.invalid"]'
        http_proxy=http://$FRONT plain fetch docker://registry.invalid/busybox
        (($(requests '^GET http://registry.invalid/v2/busybox/') > 0))
}

# Nothing twice

test_update_of_what_is_current() {
        front_registry
        push "$IMAGES/busybox.oci:latest" busybox
        plain fetch docker://$FRONT/busybox
        : >requests
        plain fetch docker://$FRONT/busybox
        assert_eq "$(wc -l <requests)" 1
        assert_eq "$(requests '^HEAD /v2/busybox/manifests/latest 200')" 1
        : >requests
        plain fetch --pull-policy=new docker://$FRONT/busybox
        assert_eq "$(wc -l <requests)" 0
}

test_only_what_changed() {
        front_registry
        random_layout layout one 1 100000 200000
        push layout:one changing
        plain fetch docker://$FRONT/changing
        umoci tag --image layout:one two
        echo more >more.txt
        umoci insert --image layout:two more.txt /more
        push layout:two changing
        : >requests
        plain fetch docker://$FRONT/changing
        # The config and the one layer.
        assert_eq "$(requests '^GET .*/blobs/')" 2
        assert_eq "$(requests "/blobs/$(blobs layout two | tail -n 1)")" 1
}

test_layers_are_shared_by_images() {
        front_registry
        random_layout layout one 1 100000
        umoci tag --image layout:one two
        echo more >more.txt
        umoci insert --image layout:two more.txt /more
        push layout:one first
        push layout:two second
        plain fetch docker://$FRONT/first docker://$FRONT/second
        assert_eq "$(requests "^GET .*/blobs/$(blobs layout one)")" 1
}

test_two_fetch_the_same_at_once() {
        local i
        front_registry
        random_layout layout big 1 2000000 1000000
        push layout:big big
        rules '[{"path": "/blobs/", "slow": 400000}]'
        for i in 1 2 3; do
                plain fetch docker://$FRONT/big >"out-$i" 2>&1 &
        done
        wait -n && wait -n && wait -n
        for i in $(blobs layout big); do
                assert_eq "$(requests "^GET .*/blobs/$i")" 1
        done
}

# Whoever comes after it waits a while, then fetches for himself.
test_stuck_fetch_holds_up_nobody() {
        local pid
        front_registry
        random_layout layout big 2 200000
        push layout:big big
        rules '[{"path": "/blobs/'"$(blobs layout big | tail -n 1)"'", "until": "'"$PWD"'/go"}]'
        defer touch go
        plain fetch docker://$FRONT/big >out 2>&1 &
        pid=$!
        wait_until partial_files
        timeout 120 "${PLAIN[@]}" fetch --name=mine "$PWD/layout"
        plain image verify mine
        touch go
        wait $pid
        plain image verify $FRONT/big
        assert_eq "$(find data/images/partial data/images/tmp -mindepth 1)" ''
}

partial_files() {
        find data/images/partial -type f -size +0 | grep -q .
}

# However long it takes: what the fetch counts on stays, all else can be removed.
test_slow_fetch_holds_up_nobody() {
        local shared slow pid
        front_registry
        random_layout layout one 1 200000
        head -c 200000 /dev/urandom >more
        umoci tag --image layout:one two
        umoci insert --image layout:two more /more
        push layout:one one
        push layout:two two
        shared=$(blobs layout one)
        slow=$(blobs layout two | tail -n 1)
        plain fetch docker://$FRONT/one
        assert_eq "$(find data/images/layers -mindepth 1 -maxdepth 1 -name 'sha*' | wc -l)" 1
        rules '[{"path": "/blobs/'"$slow"'", "until": "'"$PWD"'/go"}]'
        defer touch go
        plain fetch docker://$FRONT/two >out 2>&1 &
        pid=$!
        wait_until test -s "data/images/partial/${slow/:/-}"
        timeout 20 "${PLAIN[@]}" image rm $FRONT/one
        timeout 20 "${PLAIN[@]}" image gc --grace-period=0
        timeout 20 "${PLAIN[@]}" gc --grace-period=0
        [[ -s data/images/partial/${slow/:/-} ]]
        touch go
        wait $pid
        plain image verify $FRONT/two
        assert_eq "$(requests "^GET .*/blobs/$shared")" 1
        assert_eq "$(find data/images/partial data/images/tmp -mindepth 1)" ''
        # What a fetch that failed counted on goes like anything else.
        plain image rm $FRONT/two
        plain image gc --grace-period=0
        assert_eq "$(find data/images/layers -mindepth 1)" ''
}

# lie_about LAYOUT NEW-LAYOUT: the same layers, of which the configuration says another digest than they have.
lie_about() {
        cp -r "$1" "$2"
        python3 - "$2" <<'EOF'
import hashlib, json, sys

def blob(descriptor):
    return sys.argv[1] + "/blobs/" + descriptor["digest"].replace(":", "/")

def write(descriptor, value):
    data = json.dumps(value).encode()
    descriptor.update(digest="sha256:" + hashlib.sha256(data).hexdigest(), size=len(data))
    with open(blob(descriptor), "wb") as file:
        file.write(data)

with open(sys.argv[1] + "/index.json") as file:
    index = json.load(file)
for entry in index["manifests"]:
    with open(blob(entry)) as file:
        manifest = json.load(file)
    with open(blob(manifest["config"])) as file:
        config = json.load(file)
    config["rootfs"]["diff_ids"] = ["sha256:" + "0" * 64 for _ in manifest["layers"]]
    write(manifest["config"], config)
    write(entry, manifest)
with open(sys.argv[1] + "/index.json", "w") as file:
    json.dump(index, file)
EOF
}

# An image that has another's blob as something else, at the same time: neither's transfer is the other's.
test_blob_of_another_image() {
        local blob pid
        front_registry
        random_layout layout big 1 2000000
        lie_about layout lies
        push layout:big big
        push lies:big lies
        blob=$(blobs layout big)
        rules '[{"path": "/v2/big/blobs/'"$blob"'", "until": "'"$PWD"'/go"}]'
        defer touch go
        plain fetch docker://$FRONT/big >out 2>&1 &
        pid=$!
        wait_until test -s "data/images/partial/${blob/:/-}"
        refused_by 'uncompressed contents' plain fetch docker://$FRONT/lies
        touch go
        wait $pid || fail "$(cat out)"
        plain image verify $FRONT/big
        assert_eq "$(find data/images/partial data/images/tmp -mindepth 1)" ''
}

# A little comes each time, and never an end.
test_servers_that_never_come_to_an_end() {
        front_registry
        random_layout layout big 1 3000000
        push layout:big big
        rules '[{"path": "/blobs/'"$(blobs layout big)"'", "cut": 1000}]'
        refused_by 'layer sha256:' plain fetch docker://$FRONT/big
        (($(requests '^GET .*/blobs/') < 10)) || fail "asked $(requests '^GET .*/blobs/') times"
}

# Nor does what comes with a refusal, a challenge or a redirect, of which nobody wants the body.
test_bodies_nobody_wants() {
        front_registry
        push "$IMAGES/busybox.oci:latest" busybox
        rules '[{"path": "/manifests/", "status": 404, "endless": true}]'
        refused_by 'not found' timeout 60 "${PLAIN[@]}" fetch docker://$FRONT/busybox
        rules '[{"path": "/manifests/", "redirect": "http://127.0.0.1:'$REGISTRATION_PORT'", "endless": true}]'
        refused_by 'body that does not end' timeout 60 "${PLAIN[@]}" fetch docker://$FRONT/busybox
        rules '[{"path": "/manifests/", "times": 1, "status": 401, "endless": true,
                 "headers": {"WWW-Authenticate": "Bearer realm=\"http://'$FRONT'/tokens\""}},
                {"path": "/tokens", "status": 200, "body": "{\"token\": \"t\"}"}]'
        timeout 60 "${PLAIN[@]}" fetch docker://$FRONT/busybox
}

# A registry that is restarted in the midst of it.
test_refused_connections_in_the_midst() {
        local blob pid
        front_registry
        random_layout layout big 1 3000000
        push layout:big big
        blob=$(blobs layout big)
        rules '[{"path": "/blobs/'"$blob"'", "cut": 700000, "times": 1}]'
        nft add table ip test_refused
        defer nft delete table ip test_refused
        nft add chain ip test_refused output '{ type filter hook output priority 0; }'
        plain fetch docker://$FRONT/big >out 2>&1 &
        pid=$!
        wait_until grep -q "^GET .*/blobs/$blob" requests
        nft add rule ip test_refused output tcp dport $FRONT_PORT tcp flags '&' '(syn|ack)' == syn \
                counter reject with tcp reset
        wait_until eval 'nft list table ip test_refused | grep -qE "packets ([2-9]|1[0-9])"'
        nft flush chain ip test_refused output
        wait $pid
        plain image verify $FRONT/big
}

# Of an image that is refused nothing is left to go on with.
test_refused_image_leaves_no_blobs() {
        local bad
        front_registry
        random_layout layout big 1 200000 200000 200000
        push layout:big big
        bad=$(blobs layout big | sed -n 2p)
        rules '[{"path": "/blobs/'"$bad"'", "corrupt": 1000}, {"path": "/blobs/sha256:[0-9a-f]*$", "slow": 20000}]'
        refused_by 'layer sha256:' plain fetch docker://$FRONT/big
        assert_eq "$(ls -A data/images/partial)" ''
}

# Interrupted

test_killed_fetch_goes_on() {
        local i pid killed=0
        front_registry
        random_layout layout big 20 50000 100000 30000
        push layout:big big
        plain fetch docker://$FRONT/big >/dev/null 2>&1
        sums_of_layers >whole
        rm -rf data
        rules '[{"path": "/blobs/", "slow": 150000}]'
        for ((i = 0; i < 50; i++)); do
                : >requests
                "${PLAIN[@]}" fetch docker://$FRONT/big >/dev/null 2>&1 &
                pid=$!
                sleep "0.$(printf '%03d' $((RANDOM % 400)))"
                ! kill -9 $pid 2>/dev/null || killed=$((killed + 1))
                wait $pid 2>/dev/null || true
                plain image list >/dev/null
                # Once in a while from nothing.
                ((i % 10 != 9)) || rm -rf data
        done
        ((killed > 10)) || fail "only $killed were killed"
        rules '[]'
        plain fetch docker://$FRONT/big
        plain image verify $FRONT/big
        sums_of_layers |
                diff whole -
        assert_eq "$(find data/images/partial data/images/tmp -mindepth 1)" ''
}

test_killed_fetch_fetches_nothing_again() {
        local pid offset
        front_registry
        random_layout layout big 1 4000000
        push layout:big big
        rules '[{"path": "/blobs/'"$(blobs layout big)"'", "slow": 100000}]'
        "${PLAIN[@]}" fetch docker://$FRONT/big >/dev/null 2>&1 &
        pid=$!
        wait_until eval '(($(stat -c %s data/images/partial/* 2>/dev/null || echo 0) > 1000000))'
        kill -9 $pid
        wait $pid || true
        rules '[]'
        : >requests
        plain fetch docker://$FRONT/big
        offset=$(sed -nE 's/^GET .*\/blobs\/.* 206 - bytes=([0-9]+)-$/\1/p' requests)
        ((offset > 900000)) || fail "went on at '$offset'"
}

test_full_disk() {
        front_registry
        random_layout layout big 10 300000 300000
        push layout:big big
        small_disk data 6M
        refused_by 'No space left' plain fetch docker://$FRONT/big
        assert_eq "$(plain image list --no-legend)" ''
        assert_eq "$(ls -A data/images/partial)" ''
        # With some of it free again.
        push "$IMAGES/httpd.oci:latest" small
        plain gc --grace-period=0
        rm -rf data/images/layers/*
        plain fetch docker://$FRONT/small
}

# A layer of any size takes the same memory.
test_memory() {
        registry
        umoci init --layout layout
        umoci new --image layout:big
        mkdir tree
        head -c 300M /dev/zero >tree/zeros
        head -c 60M /dev/urandom >tree/noise
        umoci insert --image layout:big tree /tree
        push layout:big big
        python3 - "$DATA" <<'P'
import resource, subprocess, sys
subprocess.run(["podctl", "--dir", sys.argv[1], "--insecure-options=image,http",
                "fetch", "docker://127.0.0.1:5000/big"], check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
assert peak < 64 * 1024, f"{peak} KiB"
P
}

# Signed

# push_signature SIGNATURE REPOSITORY TAG CA: what cosign_sign left, by the registry's own protocol.
push_signature() {
        local file location url=https://127.0.0.1:5000/v2/$2
        for file in "$1"/blobs/*; do
                location=$(curl -fsS --cacert "$4" -X POST -o /dev/null -D - "$url/blobs/uploads/" | tr -d '\r' |
                        sed -n 's/^[Ll]ocation: //p')
                curl -fsS --cacert "$4" -X PUT -H 'Content-Type: application/octet-stream' --data-binary @"$file" \
                        "$location&digest=sha256:$(sha256sum "$file" | cut -d' ' -f1)"
        done
        curl -fsS --cacert "$4" -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
                --data-binary @"$1/manifest.json" "$url/manifests/$3"
}

# The whole way as it is in the world: TLS, a registry that keeps signatures of cosign's as tags, a key for a prefix.
test_signed_image_of_a_registry() {
        local digest
        . "$HERE/lib-signatures.sh"
        certificates ours
        registry 5000 ours
        push "$IMAGES/busybox.oci:latest" team/busybox
        describe 127.0.0.1:5000 '"ca":"'"$PWD"'/ours/ca.crt"'
        digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://127.0.0.1:5000/team/busybox)
        cosign_key release p256
        cosign_key other p256
        verified() { podctl --dir="$DATA" --local-config="$PWD/config" "$@"; }
        verified trust --prefix=127.0.0.1:5000/team --skip-fingerprint-review release.pub

        refused_by 'no signature found' verified fetch docker://127.0.0.1:5000/team/busybox
        cosign_sign other "$digest" 127.0.0.1:5000/team/busybox wrong
        push_signature wrong team/busybox "$(cosign_tag "$digest")" ours/ca.crt
        refused_by '127.0.0.1:5000/team/busybox' verified fetch docker://127.0.0.1:5000/team/busybox
        assert_eq "$(verified image list --no-legend)" ''
        cosign_sign release "$digest" 127.0.0.1:5000/team/busybox right
        push_signature right team/busybox "$(cosign_tag "$digest")" ours/ca.crt
        verified run --net=none docker://127.0.0.1:5000/team/busybox --exec=/bin/true
        assert_contains "$(verified image list --full --no-legend)" cosign
        verified gc --grace-period=0
}

# A layer is kept as it came first; an image that has it in another form is exported as it is all the same.
test_export_of_shared_layers() {
        registry
        push "$IMAGES/busybox.oci:latest" gz
        push "$IMAGES/busybox-zstd.oci:latest" zstd
        plain fetch docker://127.0.0.1:5000/gz docker://127.0.0.1:5000/zstd
        plain image export 127.0.0.1:5000/zstd zstd.tar
        assert_eq "$(skopeo inspect --raw oci-archive:zstd.tar | sha256sum)" \
                "$(skopeo inspect --raw --tls-verify=false docker://127.0.0.1:5000/zstd | sha256sum)"
        rm -rf data
        plain fetch zstd.tar
        plain image verify 127.0.0.1:5000/zstd
}
