# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images from web servers: by their URL and by appc's discovery.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
. "$HERE/lib-signatures.sh"

# web VERB…: podctl as it is meant to be used, with a store and a configuration of this test's own.
web() {
        podctl --dir="$DATA" --local-config="$PWD/config" --system-config="$PWD/system" "$@"
}

# unsigned VERB…: for images nobody signed.
unsigned() {
        web --insecure-options=image "$@"
}

# refused_download WORDS CMD…: the same as refused_by, and nothing is kept.
refused_download() {
        refused_by "$@"
        assert_eq "$(web image list --no-legend)" ''
}

web_names() { web image list --no-legend --fields=name; }

ids() { web image list --no-legend --full --fields=id; }

# id_of FILE: of an ACI.
id_of() { echo "sha512-$(zcat -f "$1" | sha512sum | cut -d' ' -f1)"; }

# sign KEY FILE…
sign() {
        local key=$1 file
        shift
        for file; do
                gpg_here --local-user "$key@example.com" --armor --detach-sign --output "$file.asc" "$file"
        done
}

# signer NAME PREFIX: a key that is trusted for these names.
signer() {
        gpg_key "$1"
        web trust --skip-fingerprint-review --prefix="$2" "$1.asc" >/dev/null
}

storage_requests() { grep -cE -- "$1" storage-requests || true; }

# By URL

test_url() {
        websites
        aci site/app.aci example.test/app
        unsigned fetch https://example.test/app.aci
        assert_eq "$(ids)" "$(id_of site/app.aci)"
        assert_eq "$(web_names)" example.test/app:1.0.0
        # Not verified, so the signature is not asked for.
        assert_eq "$(requests 'asc')" 0
        refused_urls
}

refused_urls() {
        rm -rf data
        refused_download 'not found' unsigned fetch https://example.test/other.aci
        refused_download 'is not a valid URL of an image' unsigned fetch https:///app.aci
        refused_download 'is not a valid URL of an image' unsigned fetch https://user:secret@example.test/app.aci
        refused_download 'pull-policy=never' unsigned fetch --pull-policy=never https://example.test/app.aci
        echo 'no image at all' >site/bad.aci
        refused_download 'https://example.test/bad.aci: ' unsigned fetch https://example.test/bad.aci
        : >site/empty.aci
        refused_download 'https://example.test/empty.aci: ' unsigned fetch https://example.test/empty.aci
        head -c 200 site/app.aci >site/short.aci
        refused_download 'https://example.test/short.aci: ' unsigned fetch https://example.test/short.aci
}

test_url_with_a_query_and_redirects() {
        websites
        aci storage/app.aci example.test/app
        rules '[{"path": "^/app.aci", "redirect": "https://storage.test"}]'
        unsigned fetch 'https://example.test/app.aci?a=b&c'
        assert_eq "$(ids)" "$(id_of storage/app.aci)"
        assert_eq "$(storage_requests '^GET /app.aci\?a=b&c 200')" 1
        rm -rf data
        rules '[{"path": "^/app.aci", "redirect": "https://example.test"}]'
        refused_download 'redirects' unsigned fetch https://example.test/app.aci
}

test_certificates_are_checked() {
        websites
        aci site/app.aci example.test/app
        rm -r config
        refused_download 'certificate' unsigned fetch https://example.test/app.aci
        web --insecure-options=image,tls fetch https://example.test/app.aci
        rm -rf data
        # The right authority, but the certificate of another host.
        echo '127.0.0.2 another.test' >>/etc/hosts
        configure registries.d web '{"rktKind":"registries","rktVersion":"v1",
                "registries":["another.test"],"ca":"'"$PWD"'/ours/ca.crt"}'
        refused_download "another.test" unsigned fetch https://another.test/app.aci
}

test_http_must_be_allowed() {
        mkdir site
        aci site/app.aci example.test/app
        serve 127.0.0.1:8080 "$HERE/web-server" --listen 127.0.0.1:8080 --directory site
        refused_download '--insecure-options=http' unsigned fetch http://127.0.0.1:8080/app.aci
        web --insecure-options=image,http fetch http://127.0.0.1:8080/app.aci
        assert_eq "$(web_names)" example.test/app:1.0.0
}

test_https_does_not_become_http() {
        websites
        aci site/app.aci example.test/app
        serve 127.0.0.1:8080 "$HERE/web-server" --listen 127.0.0.1:8080 --directory site --log clear
        rules '[{"redirect": "http://127.0.0.1:8080"}]'
        refused_download 'https://example.test/app.aci: ' unsigned fetch https://example.test/app.aci
        [[ ! -e clear ]] || fail "asked in the clear: $(cat clear)"
}

# Signatures

test_signature_beside_the_image() {
        websites
        signer alice example.test
        aci site/app.aci example.test/app
        refused_download 'no signature found at https://example.test/app.aci.asc' web fetch https://example.test/app.aci
        # Nothing large is fetched in vain.
        assert_eq "$(requests '^GET /app.aci ')" 0
        sign alice site/app.aci
        web fetch https://example.test/app.aci
        assert_contains "$(web image list --full --no-legend --fields=trust)" 'for example.test'
}

test_wrong_signatures() {
        websites
        signer alice example.test
        gpg_key mallory
        aci site/app.aci example.test/app
        aci site/other.aci example.test/other
        sign mallory site/app.aci
        refused_download 'which is not trusted' web fetch https://example.test/app.aci
        sign alice site/other.aci
        cp site/other.aci.asc site/app.aci.asc
        refused_download 'signature' web fetch https://example.test/app.aci
        echo nonsense >site/app.aci.asc
        refused_download 'signature' web fetch https://example.test/app.aci
        : >site/app.aci.asc
        refused_download 'signature' web fetch https://example.test/app.aci
        # Larger than any signature.
        head -c 2000000 /dev/zero >site/app.aci.asc
        refused_download 'is larger than' web fetch https://example.test/app.aci
        # Signed, but by who may sign other names.
        aci site/elsewhere.aci example.invalid/app
        sign alice site/elsewhere.aci
        refused_download 'example.invalid/app' web fetch https://example.test/elsewhere.aci
}

test_signature_elsewhere() {
        websites
        signer alice example.test
        aci site/app.aci example.test/app
        sign alice site/app.aci
        mv site/app.aci.asc storage/signature
        web fetch --signature=https://storage.test/signature https://example.test/app.aci
        assert_eq "$(requests asc)" 0
        assert_eq "$(storage_requests '^GET /signature 200')" 1
        rm -rf data
        refused_download 'no signature found at https://storage.test/none' \
                web fetch --signature=https://storage.test/none https://example.test/app.aci
}

test_deferred_signatures() {
        websites
        signer alice example.test
        aci site/app.aci example.test/app
        sign alice site/app.aci
        rules '[{"path": "asc$", "times": 1, "status": 202}]'
        web fetch https://example.test/app.aci
        assert_eq "$(requests 'asc 202')" 1
        assert_eq "$(requests 'asc 200')" 1
        rm -rf data
        rules '[{"path": "asc$", "status": 202}]'
        refused_download 'has not made the signature yet' web fetch https://example.test/app.aci
        rules '[{"path": "asc$", "times": 1, "status": 202, "body": ""}, {"path": "asc$", "status": 404}]'
        refused_download 'no signature found' web fetch https://example.test/app.aci
}

# What was taken without a signature is not what one asks for who wants it verified.
test_unverified_is_not_verified_later() {
        websites
        aci site/app.aci example.test/app
        unsigned fetch https://example.test/app.aci
        signer alice example.test
        assert_fails 254 web fetch https://example.test/app.aci
        assert_contains "$output" 'no signature found'
        sign alice site/app.aci
        web fetch https://example.test/app.aci
        assert_contains "$(web image list --full --no-legend --fields=trust)" openpgp
}

# What has been fetched before

test_unchanged() {
        local first
        websites
        aci site/app.aci example.test/app
        unsigned fetch https://example.test/app.aci
        first=$(ids)
        : >requests
        unsigned fetch https://example.test/app.aci
        assert_eq "$(cut -d' ' -f1-3 requests)" 'HEAD /app.aci 304'
        # And changed.
        aci site/app.aci example.test/app
        : >requests
        unsigned fetch https://example.test/app.aci
        assert_eq "$(requests '^GET /app.aci 200')" 1
        assert_eq "$(ids | wc -l)" 2
        assert_eq "$(unsigned fetch --full --pull-policy=never https://example.test/app.aci)" "$(id_of site/app.aci)"
        [[ $first != "$(id_of site/app.aci)" ]]
}

# By its date only, or by nothing at all.
test_servers_without_validators() {
        websites
        aci site/app.aci example.test/app
        rules '[{"no_validators": true}]'
        unsigned fetch https://example.test/app.aci
        unsigned fetch https://example.test/app.aci
        assert_eq "$(requests '^GET /app.aci 200')" 2
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

test_head_is_not_understood() {
        websites
        aci site/app.aci example.test/app
        rules '[{"method": "HEAD", "status": 405}]'
        unsigned fetch https://example.test/app.aci
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

test_max_age() {
        websites
        aci site/app.aci example.test/app
        rules '[{"headers": {"Cache-Control": "public, max-age=3600"}}]'
        unsigned fetch https://example.test/app.aci
        : >requests
        unsigned fetch https://example.test/app.aci
        assert_eq "$(wc -l <requests)" 0
        # The image gone, what is known of it counts no more.
        web image rm "$(ids)"
        unsigned fetch https://example.test/app.aci
        assert_eq "$(requests '^GET /app.aci 200')" 1
        # Told not to keep it.
        rm -rf data
        rules '[{"headers": {"Cache-Control": "no-store, max-age=3600"}}]'
        unsigned fetch https://example.test/app.aci
        : >requests
        unsigned fetch https://example.test/app.aci
        assert_eq "$(cut -d' ' -f1-3 requests)" 'HEAD /app.aci 304'
}

test_pull_policy() {
        websites
        aci site/app.aci example.test/app
        refused_download 'pull-policy=never' unsigned fetch --pull-policy=never https://example.test/app.aci
        assert_eq "$(wc -l <requests)" 0
        unsigned fetch --pull-policy=new https://example.test/app.aci
        aci site/app.aci example.test/app
        : >requests
        unsigned fetch --pull-policy=new https://example.test/app.aci
        unsigned fetch --pull-policy=never https://example.test/app.aci
        assert_eq "$(wc -l <requests)" 0
        unsigned fetch --pull-policy=update https://example.test/app.aci
        assert_eq "$(requests '^GET /app.aci 200')" 1
        assert_eq "$(unsigned fetch --full --pull-policy=new https://example.test/app.aci)" "$(id_of site/app.aci)"
}

# Interrupted

test_cut_and_gone_on() {
        websites
        aci site/app.aci example.test/app 3000000
        rules '[{"method": "GET", "cut": 700000, "times": 4}]'
        unsigned fetch https://example.test/app.aci
        (($(requests '^GET /app.aci 206 - bytes=[0-9]+-$') >= 4)) || fail "$(cat requests)"
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

# kill_halfway URL: a fetch that is killed when a good deal is there.
kill_halfway() {
        local pid
        # Of a function in the background it would be a shell that is killed.
        podctl --dir="$DATA" --local-config="$PWD/config" --insecure-options=image fetch "$1" >/dev/null 2>&1 &
        pid=$!
        wait_until eval '(($(stat -c %s data/images/partial/* 2>/dev/null | head -n 1 || echo 0) > 1000000))'
        kill -9 $pid
        wait $pid || true
        : >requests
}

test_killed_and_gone_on() {
        local offset
        websites
        aci site/app.aci example.test/app 4000000
        rules '[{"method": "GET", "slow": 100000}]'
        kill_halfway https://example.test/app.aci
        assert_eq "$(web_names)" ''
        rules '[]'
        unsigned fetch https://example.test/app.aci
        assert_eq "$(ids)" "$(id_of site/app.aci)"
        offset=$(sed -nE 's/^GET .* 206 - bytes=([0-9]+)-$/\1/p' requests)
        ((offset > 900000)) || fail "went on at '$offset': $(cat requests)"
        assert_eq "$(ls -A data/images/partial)" ''
}

# Who comes second waits, and has what the first one got.
test_two_fetch_the_same_at_once() {
        local i
        websites
        aci site/app.aci example.test/app 2000000
        rules '[{"method": "GET", "slow": 200000}]'
        for i in 1 2 3; do
                unsigned fetch https://example.test/app.aci >"out-$i" 2>&1 &
        done
        # Not all jobs: the servers are some, too.
        wait -n && wait -n && wait -n
        assert_eq "$(requests '^GET /app.aci ')" 1
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

# Of another content the beginning is of no use.
test_killed_and_changed() {
        websites
        aci site/app.aci example.test/app 4000000
        rules '[{"method": "GET", "slow": 100000}]'
        kill_halfway https://example.test/app.aci
        aci site/app.aci example.test/app 3500000
        rules '[]'
        unsigned fetch https://example.test/app.aci
        assert_eq "$(requests ' 206 ')" 0
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

# While it is being fetched, even: what is there may neither be mixed nor be taken for the whole.
test_changed_in_the_middle() {
        websites
        aci site/app.aci example.test/app 3000000
        aci other.aci example.test/app 3000000
        rules '[{"method": "GET", "times": 1, "cut": 1000000}, {"method": "GET", "replace": "'"$PWD"'/other.aci"}]'
        refused_download 'different content' unsigned fetch https://example.test/app.aci
        rules '[]'
        unsigned fetch https://example.test/app.aci
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

test_no_validator_no_going_on() {
        websites
        aci site/app.aci example.test/app 4000000
        rules '[{"method": "GET", "times": 1, "cut": 1000000, "no_validators": true}, {"no_validators": true}]'
        refused_download 'example.test' unsigned fetch https://example.test/app.aci
        assert_eq "$(requests 'bytes=')" 0
        unsigned fetch https://example.test/app.aci
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

test_busy_server() {
        websites
        aci site/app.aci example.test/app
        rules '[{"times": 2, "status": 503},
                {"method": "GET", "times": 1, "status": 429, "headers": {"Retry-After": "1"}}]'
        unsigned fetch https://example.test/app.aci
        assert_eq "$(ids)" "$(id_of site/app.aci)"
}

# Credentials

basic='{"rktKind":"auth","rktVersion":"v1","domains":["example.test"],"type":"basic",
        "credentials":{"user":"user","password":"secret"}}'
oauth='{"rktKind":"auth","rktVersion":"v1","domains":["storage.test"],"type":"oauth",
        "credentials":{"token":"sesame"}}'

# system NAME JSON: as the vendor's.
system() {
        mkdir -p system/auth.d
        printf '%s' "$2" >"system/auth.d/$1"
}

test_credentials_by_domain() {
        local encoded
        websites
        encoded=$(printf user:secret | base64)
        aci site/app.aci example.test/app
        aci storage/app.aci storage.test/app
        configure auth.d basic "$basic"
        configure auth.d oauth "$oauth"
        unsigned fetch https://example.test/app.aci https://storage.test/app.aci
        assert_eq "$(cut -d' ' -f1,4 requests | sort -u)" "GET Basic:$encoded
HEAD Basic:$encoded"
        assert_eq "$(cut -d' ' -f1,4 storage-requests | sort -u)" 'GET Bearer:sesame
HEAD Bearer:sesame'
}

test_credentials_do_not_follow_redirects() {
        websites
        aci storage/app.aci example.test/app
        configure auth.d basic "$basic"
        rules '[{"redirect": "https://storage.test"}]'
        unsigned fetch https://example.test/app.aci
        assert_eq "$(cut -d' ' -f4 storage-requests | sort -u)" -
        # Bearer tokens neither.
        rm -rf data config/auth.d
        : >storage-requests
        configure auth.d oauth "${oauth/storage/example}"
        unsigned fetch https://example.test/app.aci
        (($(requests 'Bearer:sesame') > 0))
        assert_eq "$(cut -d' ' -f4 storage-requests | sort -u)" -
}

test_credentials_stay_off_plain_lines() {
        mkdir site
        : >clear
        aci site/app.aci example.test/app
        serve 127.0.0.1:8080 "$HERE/web-server" --listen 127.0.0.1:8080 --directory site --log clear
        configure auth.d basic "${basic/example.test/127.0.0.1:8080}"
        web --insecure-options=image,http fetch http://127.0.0.1:8080/app.aci
        rm -rf data config
        configure auth.d oauth "${oauth/storage.test/127.0.0.1:8080}"
        web --insecure-options=image,http fetch http://127.0.0.1:8080/app.aci
        assert_eq "$(cut -d' ' -f4 clear | sort -u)" -
        # Nor for discovery.
        rules '[]'
        assert_fails 254 web --insecure-options=image,http fetch 127.0.0.1:8080/app
        assert_eq "$(cut -d' ' -f4 clear | sort -u)" -
}

test_local_credentials_over_vendor_ones() {
        websites
        aci site/app.aci example.test/app
        system a.json "${basic/secret/old}"
        unsigned fetch https://example.test/app.aci
        assert_eq "$(cut -d' ' -f4 requests | sort -u)" "Basic:$(printf user:old | base64)"
        configure auth.d a "$basic"
        rm -rf data
        : >requests
        unsigned fetch https://example.test/app.aci
        assert_eq "$(cut -d' ' -f4 requests | sort -u)" "Basic:$(printf user:secret | base64)"
        # What is not called *.json is not configuration, nor what lies deeper.
        rm -rf config/auth.d system data
        mkdir -p config/auth.d/deeper.json
        printf '%s' "$basic" >config/auth.d/a.json~
        printf 'not JSON' >config/auth.d/readme
        printf '%s' "$basic" >config/auth.d/deeper.json/a.json
        : >requests
        unsigned fetch https://example.test/app.aci
        assert_eq "$(cut -d' ' -f4 requests | sort -u)" -
}

test_credentials_are_wanted() {
        websites
        rules '[{"status": 401, "headers": {"WWW-Authenticate": "Basic realm=\"x\""}}]'
        refused_download 'status 401' unsigned fetch https://example.test/app.aci
        rules '[{"status": 403}]'
        refused_download 'status 403' unsigned fetch https://example.test/app.aci
}

# Discovery

# pages [PATH HTML]…: what example.test answers to discovery; PATH is a regular expression. Anything else is 404.
pages() {
        local json='[]'
        while (($#)); do
                json=$(jq -c --arg path "^$1\\?ac-discovery=1\$" --arg html "$2" \
                        '. + [{path: $path, status: 200, body: $html}]' <<<"$json")
                shift 2
        done
        rules "$json"
}

# meta NAME CONTENT
meta() { printf '<meta name="%s" content="%s">' "$1" "$2"; }

template='https://storage.test/{name}-{version}-{os}-{arch}.{ext}'

# stored_app VERSION [NAME [JQ]]: an ACI where the template says.
stored_app() {
        mkdir -p "storage/$(dirname "${2:-example.test/app}")"
        aci "storage/${2:-example.test/app}-$1-linux-amd64.aci" "${2:-example.test/app}" 100 \
                "(.labels[] | select(.name == \"version\")).value = \"1.0.0\" | ${3:-.}"
}

test_discovery() {
        websites
        stored_app 1.0.0
        stored_app latest
        pages /app "<html><head>$(meta ac-discovery "example.test/app $template")</head></html>"
        unsigned fetch example.test/app:1.0.0
        assert_eq "$(ids)" "$(id_of storage/example.test/app-1.0.0-linux-amd64.aci)"
        assert_eq "$(web_names)" example.test/app:1.0.0
        # Without a version it is called latest.
        unsigned fetch example.test/app
        assert_eq "$(storage_requests '^GET /example.test/app-latest-linux-amd64.aci 200')" 1
        # There is no such version, nor such a name.
        assert_fails 254 unsigned fetch example.test/app:2.0.0
        assert_contains "$output" 'not found'
        assert_fails 254 unsigned fetch example.test/other
        assert_contains "$output" 'docker://example.test/other'
}

test_discovery_walks_up() {
        websites
        stored_app 1.0.0 example.test/deep/er/app
        pages '/?' "<html><head>$(meta ac-discovery "example.test $template")</head></html>"
        unsigned fetch example.test/deep/er/app:1.0.0
        assert_eq "$(web_names)" example.test/deep/er/app:1.0.0
        assert_eq "$(cut -d' ' -f1-3 requests)" 'GET /deep/er/app?ac-discovery=1 404
GET /deep/er?ac-discovery=1 404
GET /deep?ac-discovery=1 404
GET /?ac-discovery=1 200'
        # A page about others is as good as none; one that is broken is passed over, too.
        rm -rf data
        : >requests
        pages /deep/er/app "<html><head>$(meta ac-discovery "example.invalid $template")</head></html>" \
                /deep/er '<html><head><meta name="ac-disc' \
                /deep "<html><head>$(meta ac-discovery "example.test/deep $template")</head></html>"
        unsigned fetch example.test/deep/er/app:1.0.0
        assert_eq "$(web_names)" example.test/deep/er/app:1.0.0
}

test_discovery_tries_all_endpoints() {
        websites
        stored_app 1.0.0
        pages /app "<html><head>
                $(meta ac-discovery "example.test/app https://storage.test/nowhere/{name}-{version}.{ext}")
                $(meta ac-discovery "example.test/app https://nowhere.invalid/{name}.{ext}")
                $(meta ac-discovery "example.test/app hdfs://storage.test/{name}-{version}.{ext}")
                $(meta ac-discovery "example.test/app https://storage.test/{name}-{flavour}.{ext}")
                $(meta ac-discovery "example.test/app $template")</head></html>"
        unsigned fetch example.test/app:1.0.0
        assert_eq "$(ids)" "$(id_of storage/example.test/app-1.0.0-linux-amd64.aci)"
        assert_eq "$(head -n 1 storage-requests | cut -d' ' -f2-3)" '/nowhere/example.test/app-1.0.0.aci 404'
}

test_discovery_labels() {
        websites
        stored_app 1.0.0 example.test/app '.labels += [{name: "flavour", value: "mint"}]'
        cp storage/example.test/app-1.0.0-linux-amd64.aci storage/mint.aci
        local by_flavour='https://storage.test/{flavour}.{ext}'
        pages /app "<html><head>$(meta ac-discovery "example.test/app $by_flavour")</head></html>"
        unsigned fetch example.test/app:1.0.0,flavour=mint
        assert_eq "$(web_names)" example.test/app:1.0.0
        rm -rf data
        refused_download 'discovery finds no location for an image with these labels' \
                unsigned fetch example.test/app:1.0.0
        # It is not what was asked for, whatever the file is called.
        cp storage/mint.aci storage/other.aci
        refused_download 'the image does not have the label flavour=other' \
                unsigned fetch example.test/app:1.0.0,flavour=other
        refused_download 'the image does not have the label version=1.0.1' \
                unsigned fetch example.test/app:1.0.1,flavour=mint
        refused_download 'the image does not have the label arch=aarch64' \
                unsigned fetch example.test/app,arch=aarch64,flavour=mint
}

test_discovery_finds_another_name() {
        websites
        stored_app 1.0.0 example.test/app '.name = "example.test/other"'
        pages /app "<html><head>$(meta ac-discovery "example.test/app $template")</head></html>"
        refused_download "the image calls itself 'example.test/other', not 'example.test/app'" \
                unsigned fetch example.test/app:1.0.0
}

test_discovery_in_the_clear() {
        websites
        stored_app 1.0.0
        serve 127.0.0.2:80 "$HERE/web-server" --listen 127.0.0.2:80 --directory site --rules clear-rules --log clear
        jq -n --arg html "<html><head>$(meta ac-discovery "example.test/app $template")</head></html>" \
                '[{path: "ac-discovery", status: 200, body: $html}]' >clear-rules
        refused_download 'example.test/app' unsigned fetch example.test/app:1.0.0
        [[ ! -e clear ]] || fail "asked in the clear: $(cat clear)"
        web --insecure-options=image,http fetch example.test/app:1.0.0
        assert_eq "$(web_names)" example.test/app:1.0.0
        assert_eq "$(cut -d' ' -f1-3 clear)" 'GET /app?ac-discovery=1 200'
        # A bad certificate is no reason for it, either.
        rm -rf data config
        : >clear
        assert_fails 254 web --insecure-options=image,http fetch example.test/app:1.0.0
        assert_contains "$output" certificate
        assert_eq "$(cat clear)" ''
        configure registries.d web '{"rktKind":"registries","rktVersion":"v1",
                "registries":["example.test","storage.test"],"ca":"'"$PWD"'/ours/ca.crt"}'
        # Nor may a page lead there.
        rm -rf data
        pages /app "<html><head>$(meta ac-discovery 'example.test/app http://example.test/{name}.{ext}')</head></html>"
        refused_download '--insecure-options=http' unsigned fetch example.test/app:1.0.0
}

test_discovery_and_signature() {
        websites
        signer alice example.test
        stored_app 1.0.0
        pages /app "<html><head>$(meta ac-discovery "example.test/app $template")</head></html>"
        refused_download 'no signature found at https://storage.test/example.test/app-1.0.0-linux-amd64.aci.asc' \
                web fetch example.test/app:1.0.0
        sign alice storage/example.test/app-1.0.0-linux-amd64.aci
        web fetch example.test/app:1.0.0
        assert_contains "$(web image list --full --no-legend --fields=trust)" 'for example.test'
}

test_discovery_and_pull_policy() {
        websites
        stored_app 1.0.0
        pages /app "<html><head>$(meta ac-discovery "example.test/app $template")</head></html>"
        refused_download 'pull-policy=never' unsigned fetch --pull-policy=never example.test/app:1.0.0
        unsigned fetch --pull-policy=new example.test/app:1.0.0
        : >requests
        : >storage-requests
        unsigned fetch --pull-policy=new example.test/app:1.0.0
        unsigned fetch --pull-policy=never example.test/app:1.0.0
        assert_eq "$(cat requests storage-requests)" ''
        unsigned fetch example.test/app:1.0.0
        assert_eq "$(cut -d' ' -f1,3 storage-requests)" 'HEAD 304'
}

# A diamond, of which the top is named: what it needs is found in the same way, each once.
test_dependencies_by_discovery() {
        websites
        mkdir -p storage/example.test
        needs() {
                jq -nc '{dependencies: [$ARGS.positional[] | {
                        imageName: ("example.test/" + .), labels: [{name: "version", value: "1.0.0"}]}]}' --args "$@"
        }
        stored_app 1.0.0 example.test/base
        stored_app 1.0.0 example.test/left ". + $(needs base)"
        stored_app 1.0.0 example.test/right ". + $(needs base)"
        stored_app 1.0.0 example.test/top ". + $(needs left right)"
        pages '/?' "<html><head>$(meta ac-discovery "example.test $template")</head></html>"
        unsigned fetch example.test/top:1.0.0
        assert_eq "$(web_names | sort)" 'example.test/base:1.0.0
example.test/left:1.0.0
example.test/right:1.0.0
example.test/top:1.0.0'
        assert_eq "$(storage_requests '^GET .*/base-.* 200')" 1
        # One that is nowhere to be found is told; the image is there, but does not run.
        stored_app 1.0.0 example.test/lonely ". + $(needs nobody)"
        output=$(unsigned fetch example.test/lonely:1.0.0 2>&1)
        assert_contains "$output" "depends on 'example.test/nobody:1.0.0'"
        assert_fails 254 unsigned run --net=none example.test/lonely:1.0.0 --exec=/x
        assert_contains "$output" example.test/nobody
}

# The whole of it: a name, a page, a server, a key, a pod.
test_run_by_discovery() {
        websites
        mkdir -p storage/example.test
        gpg_key alice
        web trust --skip-fingerprint-review --prefix=example.test alice.asc >/dev/null
        mkdir tree
        tar -xf "$IMAGES/busybox.aci" -C tree
        jq '.name = "example.test/busybox"' tree/manifest >manifest
        mv manifest tree/manifest
        tar -czf storage/example.test/busybox-latest-linux-amd64.aci -C tree manifest rootfs
        sign alice storage/example.test/busybox-latest-linux-amd64.aci
        pages '/?' "<html><head>$(meta ac-discovery "example.test $template")</head></html>"
        defer web gc --grace-period=0
        assert_contains "$(web run --net=none example.test/busybox --exec=/bin/echo -- it runs)" 'it runs'
}
