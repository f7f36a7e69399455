# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Servers to fetch from, all on this host's loopback and gone with the test.

REGISTRATION_PORT=5000
FRONT_PORT=5001
FRONT=127.0.0.1:$FRONT_PORT

listening() { nc -z "${1%:*}" "${1##*:}"; }

stop_server() {
        kill "$1" 2>/dev/null
        wait "$1" 2>/dev/null
}

# serve ADDRESS CMD…: in the background, until the test is over.
serve() {
        local address=$1
        shift
        "$@" >>"server-${address##*:}.log" 2>&1 &
        defer stop_server $!
        wait_until listening "$address"
}

# registry [PORT [TLS-DIR [HTPASSWD]]]: Debian's docker-registry, with nothing in it. With a server in front of it, it
# leaves out its own name where it says how to go on.
registry() {
        local port=${1:-$REGISTRATION_PORT} tls=${2-} htpasswd=${3-}
        mkdir -p "registry-$port"
        {
                printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n'
                printf 'storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n' "$PWD/registry-$port"
                printf 'http:\n  addr: 127.0.0.1:%s\n' "$port"
                [[ -z ${BEHIND_FRONT-} ]] || echo '  relativeurls: true'
                [[ -z $tls ]] || echo "  tls: {certificate: $PWD/$tls/server.crt, key: $PWD/$tls/server.key}"
                [[ -z $htpasswd ]] || printf 'auth: {htpasswd: {realm: test, path: %s}}\n' "$PWD/$htpasswd"
        } >"registry-$port.yml"
        serve "127.0.0.1:$port" docker-registry serve "registry-$port.yml"
}

# push LAYOUT[:TAG] NAME [PORT]: as skopeo does it.
push() {
        skopeo copy --quiet --preserve-digests --dest-tls-verify=false \
                "oci:$1" "docker://127.0.0.1:${3:-$REGISTRATION_PORT}/$2"
}

# front [OPTION…]: the server that misbehaves by the rules in the file "rules", before the registry. What is asked of it
# is in the file "requests".
front() {
        rm -f requests
        : >requests
        serve "$FRONT" "$HERE/web-server" --listen "$FRONT" --rules rules --log requests "$@"
}

front_registry() {
        BEHIND_FRONT=1 registry
        front --upstream "http://127.0.0.1:$REGISTRATION_PORT" "$@"
}

# rules JSON: from the next request on.
rules() { printf '%s' "$1" >rules.new && mv rules.new rules; }

# requests PATTERN: how many there were, the pattern being of METHOD PATH STATUS AUTHORIZATION RANGE.
requests() { grep -cE -- "$1" requests || true; }

# certificates DIR: an authority, and a server's certificate by it for this host.
certificates() {
        mkdir -p "$1"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1/ca.key" -out "$1/ca.crt" \
                -subj "/CN=$1 authority" -days 2 2>/dev/null
        openssl req -newkey rsa:2048 -nodes -keyout "$1/server.key" -out "$1/server.csr" -subj /CN=localhost 2>/dev/null
        printf 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:example.test,DNS:storage.test\n' >"$1/extensions"
        openssl x509 -req -in "$1/server.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial \
                -out "$1/server.crt" -days 2 -extfile "$1/extensions" 2>/dev/null
}

# plain VERB…: podctl with a store of this test's own, for servers that do not speak TLS and images nobody signed.
# As an array it is a process of its own in the background, that can be killed.
PLAIN=(podctl --dir="$DATA" --local-config="$PWD/config" --insecure-options=image,http)
plain() { "${PLAIN[@]}" "$@"; }

# configure DIRECTORY NAME JSON: a file of configuration for these.
configure() {
        mkdir -p "config/$1"
        printf '%s' "$3" >"config/$1/$2.json"
}

# log_in REGISTRY PASSWORD: as "user".
log_in() {
        configure auth.d a '{"rktKind":"dockerAuth","rktVersion":"v1","registries":["'"$1"'"],
                "credentials":{"user":"user","password":"'"$2"'"}}'
}

# random_layout DIR TAG FILES SIZE…: an image with a layer of so many files of that size for each SIZE, of noise, so
# that they compress badly and differ each time.
random_layout() {
        local layout=$1 tag=$2 files=$3 size i n=0
        shift 3
        [[ -e $layout/oci-layout ]] || umoci init --layout "$layout"
        umoci new --image "$layout:$tag"
        for size; do
                n=$((n + 1))
                mkdir -p "tree-$n"
                for ((i = 0; i < files; i++)); do
                        head -c "$size" /dev/urandom >"tree-$n/$tag-$n-$i"
                done
                umoci insert --image "$layout:$tag" "tree-$n" "/layer-$n"
                rm -r "tree-$n"
        done
}

# blobs LAYOUT TAG: digests of its layers, from below.
blobs() {
        local manifest
        local of_tag='.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag).digest'
        manifest=$(jq -r --arg tag "$2" "$of_tag" "$1/index.json")
        jq -r '.layers[].digest' "$1/blobs/${manifest/://}"
}

# websites: example.test, which serves the directory "site" by "rules" to "requests", and storage.test with "storage",
# "storage-rules" and "storage-requests". Both speak TLS, as servers that everybody trusts.
websites() {
        certificates ours
        mkdir -p site storage
        : >requests
        : >storage-requests
        cp /etc/hosts hosts
        defer cp "$PWD/hosts" /etc/hosts
        printf '127.0.0.2 example.test\n127.0.0.3 storage.test\n' >>/etc/hosts
        configure registries.d web '{"rktKind":"registries","rktVersion":"v1",
                "registries":["example.test","storage.test"], "ca":"'"$PWD"'/ours/ca.crt"}'
        serve 127.0.0.2:443 "$HERE/web-server" --listen 127.0.0.2:443 --directory site --rules rules --log requests \
                --tls ours/server.crt ours/server.key
        serve 127.0.0.3:443 "$HERE/web-server" --listen 127.0.0.3:443 --directory storage --rules storage-rules \
                --log storage-requests --tls ours/server.crt ours/server.key
}

# aci FILE NAME [NOISE [JQ-FILTER]]: an ACI with so many bytes that do not compress, and its manifest changed by the
# filter.
aci() {
        local tree
        tree=$(mktemp -d "$PWD/aci.XXXXXX")
        mkdir "$tree/rootfs"
        head -c "${3:-100}" /dev/urandom >"$tree/rootfs/noise"
        jq -n --arg name "$2" '{
                acKind: "ImageManifest", acVersion: "0.8.11", name: $name, labels: [
                        {name: "version", value: "1.0.0"}, {name: "os", value: "linux"}, {name: "arch", value: "amd64"}
                ]
        }' | jq "${4:-.}" >"$tree/manifest"
        tar -czf "$1" --owner=0 --group=0 -C "$tree" manifest rootfs
        rm -r "$tree"
}

# describe REGISTRY MEMBERS: how it is reached, from now on.
describe() {
        configure registries.d r '{"rktKind":"registries","rktVersion":"v1","registries":["'"$1"'"],'"$2"'}'
}

# htpasswd FILE: of user "user" with password "secret".
htpasswd() {
        perl -e 'print "user:", crypt("secret", q($2y$05$abcdefghijklmnopqrstuu)), "\n"' >"$1"
}

# private_registry: https://127.0.0.1:5000, with an image private/busybox that is for that user.
private_registry() {
        certificates ours
        htpasswd htpasswd
        registry 5000 ours htpasswd
        skopeo copy --quiet --dest-tls-verify=false --dest-creds=user:secret "oci:$IMAGES/busybox.oci:latest" \
                docker://127.0.0.1:5000/private/busybox
        describe 127.0.0.1:5000 '"ca":"'"$PWD"'/ours/ca.crt"'
}
