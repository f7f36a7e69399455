# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What may be used without anybody saying "insecure", and what may not. Each test has a store and a configuration of
# its own.
# On any systemd, the same.

. "$HERE/lib-signatures.sh"

# trusting VERB…: podctl as it is meant to be used.
trusting() {
        podctl --dir="$DATA" --local-config="$PWD/config" --system-config="$PWD/system" "$@"
}

trust_key() {
        trusting trust --skip-fingerprint-review "$@" >/dev/null
}

# refused_fetch WORDS FILE…
refused_fetch() {
        local words=$1
        shift
        assert_fails 254 trusting fetch "$@"
        assert_contains "$output" "$words"
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(trusting image list --no-legend)" ''
}

trust_of() {
        trusting image list --full --no-legend --fields=trust
}

test_unsigned_aci_is_refused() {
        cp "$IMAGES/busybox.gz.aci" unsigned.aci
        refused_fetch 'no signature found at unsigned.aci.asc' unsigned.aci
        assert_contains "$output" '--insecure-options=image'
        assert_fails 254 trusting run ./unsigned.aci
        assert_contains "$output" 'no signature found'
        trusting --insecure-options=image fetch unsigned.aci
        assert_eq "$(trust_of)" none
}

test_unknown_key_is_refused_until_trusted() {
        refused_fetch 'podctl trust --prefix=example.com/busybox KEYFILE' "$IMAGES/busybox.aci"
        local key
        key=$(gpg --show-keys --with-colons "$IMAGES/signer.asc" 2>/dev/null |
                awk -F: '$1 == "fpr" { print tolower($10); exit }')
        assert_contains "$output" "$key"

        # What the message says is what helps.
        trust_key --prefix=example.com/busybox "$IMAGES/signer.asc"
        trusting fetch "$IMAGES/busybox.aci"
        assert_eq "$(trust_of)" "openpgp, key $key (podctl tests <tests@example.com>), for example.com/busybox"
        assert_eq "$(trusting image list --format=json | jq -r '.[0].trust | .how, .name, .prefix')" 'openpgp
example.com/busybox
example.com/busybox'
        # Others' columns stay as they are.
        assert_not_contains "$(trusting image list)" TRUST
}

# without MODULE VERB…: trusting, where that module is an empty file.
without() {
        local module=$1
        shift
        # shellcheck disable=SC2016
        unshare --mount bash -c 'mount --bind /dev/null "/usr/lib/podctl/$0" && exec "$@"' "$module" \
                podctl --dir="$DATA" --local-config="$PWD/config" --system-config="$PWD/system" "$@"
}

# Nothing passes for signed, or for another fault, because what would look at it is missing.
test_modules_are_missing() {
        cosign_key a ed25519
        trust_key --prefix=example.com "$IMAGES/signer.asc"
        assert_fails 254 without keys.so fetch "$IMAGES/busybox.aci"
        assert_contains "$output" 'cannot load /usr/lib/podctl/keys.so: '
        assert_fails 254 without keys.so trust --skip-fingerprint-review --root a.pub
        assert_contains "$output" 'cannot load /usr/lib/podctl/keys.so: '
        assert_fails 254 without archive.so --insecure-options=image fetch "$IMAGES/busybox.aci"
        assert_contains "$output" 'cannot load /usr/lib/podctl/archive.so: '
        assert_eq "$(trusting image list --no-legend)" ''
        trusting fetch "$IMAGES/busybox.aci"
}

test_prefixes() {
        trust_key --prefix=example.com/busy "$IMAGES/signer.asc"
        trust_key --prefix=example.org "$IMAGES/signer.asc"
        trust_key --prefix=example.com/busybox/x "$IMAGES/signer.asc"
        refused_fetch 'which is not trusted' "$IMAGES/busybox.aci"
        trust_key --prefix=example.com "$IMAGES/signer.asc"
        trusting fetch "$IMAGES/busybox.aci"
        assert_contains "$(trust_of)" 'for example.com'
}

test_root_key() {
        trust_key --root "$IMAGES/signer.asc"
        trusting fetch "$IMAGES/busybox.aci"
        assert_contains "$(trust_of)" 'for every image'
}

# Signed by somebody, but not by whom is trusted; and not what was signed.
test_wrong_signatures() {
        gpg_key mallory
        gpg_key alice
        cp "$IMAGES/busybox.gz.aci" app.aci
        trust_key --prefix=example.com alice.asc
        gpg_here --local-user mallory --detach-sign --armor --output app.aci.asc app.aci
        refused_fetch "$(gpg_fingerprint mallory)" app.aci
        # A signature of another file, and one of the contents instead of the file.
        echo other >other
        gpg_here --local-user alice --detach-sign --armor --output app.aci.asc other
        refused_fetch 'does not fit' app.aci
        gunzip <app.aci >app.tar
        gpg_here --local-user alice --detach-sign --armor --output app.aci.asc app.tar
        refused_fetch 'does not fit' app.aci
        echo nonsense >app.aci.asc
        refused_fetch 'no OpenPGP signature' app.aci
        : >app.aci.asc
        refused_fetch 'no OpenPGP signature' app.aci

        # Binary, and in another place.
        gpg_here --local-user alice --detach-sign --output elsewhere.sig app.aci
        rm app.aci.asc
        refused_fetch 'no signature found' app.aci
        assert_fails 254 trusting fetch --signature=missing app.aci
        assert_contains "$output" missing
        trusting fetch --signature=elsewhere.sig app.aci
        assert_contains "$(trust_of)" "alice"
}

test_tampered_aci() {
        gpg_key alice
        trust_key --root alice.asc
        cp "$IMAGES/busybox.aci" app.aci
        gpg_here --detach-sign --armor --output app.aci.asc app.aci
        printf x | dd of=app.aci conv=notrunc bs=1 seek=$(($(stat -c %s app.aci) / 2)) status=none
        refused_fetch 'does not fit' app.aci
}

test_key_rotation() {
        gpg_key old
        gpg_key new
        cp "$IMAGES/busybox.gz.aci" app.aci
        trust_key --prefix=example.com old.asc
        gpg_here --local-user new --detach-sign --armor --output app.aci.asc app.aci
        refused_fetch "$(gpg_fingerprint new)" app.aci
        trust_key --prefix=example.com new.asc
        trusting fetch app.aci
        # The old one goes, and with it what it signed.
        trusting trust --remove="$(gpg_fingerprint old | tr a-f A-F)"
        gpg_here --local-user old --detach-sign --armor --output app.aci.asc app.aci
        assert_fails 254 trusting fetch app.aci
        assert_contains "$output" "$(gpg_fingerprint old)"
}

test_masking() {
        local key
        gpg_key vendor
        key=$(gpg_fingerprint vendor)
        mkdir -p system/trustedkeys/prefix.d/example.com
        cp vendor.asc "system/trustedkeys/prefix.d/example.com/$key"
        cp "$IMAGES/busybox.gz.aci" app.aci
        gpg_here --detach-sign --armor --output app.aci.asc app.aci
        trusting fetch app.aci

        assert_contains "$(trusting trust --remove="$key")" Masked
        assert_eq "$(stat -c '%s %a' "config/trustedkeys/prefix.d/example.com/$key")" '0 644'
        assert_fails 254 trusting fetch app.aci
        assert_contains "$output" "$key"
        assert_contains "$(trusting trust --list)" masked
        assert_fails 254 trusting trust --remove="$key"
        assert_contains "$output" 'not trusted'
        # And back.
        trust_key --prefix=example.com vendor.asc
        trusting fetch app.aci
}

# Keys in the wrong file.
test_misnamed_key() {
        gpg_key alice
        gpg_key bob
        cp "$IMAGES/busybox.gz.aci" app.aci
        gpg_here --local-user bob --detach-sign --armor --output app.aci.asc app.aci
        trust_key --root alice.asc
        cp bob.asc "config/trustedkeys/root.d/$(gpg_fingerprint alice)"
        refused_fetch "$(gpg_fingerprint bob)" app.aci
        assert_contains "$(trusting trust --list)" "broken: holds another key, $(gpg_fingerprint bob)"
}

test_list() {
        gpg_key alice
        cosign_key c ed25519
        assert_eq "$(trusting trust --list | wc -l)" 1
        trust_key --prefix=example.com alice.asc c.pub
        trust_key --root c.pub
        trusting trust --list --format=json | jq -c '.[] | [.fingerprint, .kind, .prefix, .from, .identity]' >listed
        assert_eq "$(cat listed)" \
                "[\"$(cosign_fingerprint c)\",\"cosign\",null,\"local\",\"Ed25519\"]
[\"$(gpg_fingerprint alice)\",\"openpgp\",\"example.com\",\"local\",\"alice <alice@example.com>\"]
[\"$(cosign_fingerprint c)\",\"cosign\",\"example.com\",\"local\",\"Ed25519\"]"
        assert_eq "$(trusting trust --list --root | wc -l)" 2
        assert_eq "$(trusting trust --list --prefix=example.com | wc -l)" 3
        trusting trust --remove="$(cosign_fingerprint c)" --prefix=example.com
        assert_eq "$(trusting trust --list | wc -l)" 3
        trusting trust --remove="$(cosign_fingerprint c)" --remove="$(gpg_fingerprint alice)"
        assert_eq "$(trusting trust --list | wc -l)" 1
        assert_eq "$(find config/trustedkeys -type f)" ''
}

test_trust_results_as_json() {
        local key
        gpg_key alice
        cosign_key c ed25519
        key=$(gpg_fingerprint alice)
        trusting trust --format=json --prefix=example.com --skip-fingerprint-review alice.asc missing >out 2>err &&
                return 1
        assert_contains "$(<err)" missing
        jq -e --arg key "$key" 'length == 1 and (.[0] | .action == "added" and .fingerprint == $key and
                .kind == "openpgp" and .prefix == "example.com" and (.path | endswith("example.com/" + $key)))' out
        trusting trust --format=json --root --skip-fingerprint-review c.pub |
                jq -e '.[0] | .kind == "cosign" and (has("prefix") | not)'
        trusting trust --format=json --remove="$key" |
                jq -e --arg key "$key" '. == [{action: "removed", fingerprint: $key, kind: "openpgp",
                        prefix: "example.com"}]'
        assert_fails 254 trusting trust --format=xml --list
}

test_trust_usage() {
        local key
        gpg_key alice
        key=$(gpg_fingerprint alice)
        gpg_here --armor --export-secret-keys --output secret.asc alice
        cosign_key c
        echo nonsense >nonsense

        trust_refuses() {
                local words=$1
                shift
                assert_fails 254 trusting trust "$@"
                assert_contains "$output" "$words"
                assert_eq "$(find config -type f 2>/dev/null)" ''
        }
        trust_refuses '--prefix' alice.asc
        trust_refuses 'exclude' --prefix=example.com --root alice.asc
        trust_refuses 'needs a key' --root
        trust_refuses "without 'https://'" --prefix=https://example.com alice.asc
        trust_refuses 'cannot be' --prefix=../example.com alice.asc
        trust_refuses 'cannot be' --prefix=example.com/app:latest/x@y alice.asc
        trust_refuses 'terminal' --prefix=example.com alice.asc </dev/null
        trust_refuses 'No such file' --prefix=example.com --skip-fingerprint-review missing
        trust_refuses 'no OpenPGP public key' --prefix=example.com --skip-fingerprint-review nonsense
        trust_refuses 'secret' --prefix=example.com --skip-fingerprint-review secret.asc
        trust_refuses 'private key' --prefix=example.com --skip-fingerprint-review c.key
        trust_refuses 'insecure-allow-http' --prefix=example.com --skip-fingerprint-review http://example.com/key
        trust_refuses 'not the fingerprint' --remove=abc
        trust_refuses 'is not trusted' --remove="$key"
        trust_refuses 'takes no keys' --list alice.asc
        gpg_here --quick-set-expire "$key" seconds=1
        gpg_here --armor --export --output expired.asc alice
        wait_until key_expired expired.asc
        trust_refuses 'expired' --prefix=example.com --skip-fingerprint-review expired.asc
}

key_expired() {
        gpg_here --show-keys --with-colons "$1" | grep -q '^pub:e:'
}

test_review() {
        local key
        gpg_key alice
        key=$(gpg_fingerprint alice)
        in_terminal "podctl --local-config=$PWD/config trust --prefix=example.com $PWD/alice.asc"
        wait_until grep -q 'yes/no' screen
        assert_contains "$(cat screen)" 'alice <alice@example.com>'
        assert_contains "$(tr -d ' ' <screen | tr A-F a-f)" "$key"
        echo perhaps >&5
        wait_until grep -q "Please enter 'yes' or 'no'" screen
        assert_eq "$(find config -type f 2>/dev/null)" ''
        echo no >&5
        wait_until is_over "$terminal"
        assert_contains "$(cat screen)" 'not trusted'
        assert_eq "$(find config -type f 2>/dev/null)" ''
}

test_review_yes() {
        gpg_key alice
        in_terminal "podctl --local-config=$PWD/config trust --prefix=example.com $PWD/alice.asc"
        wait_until grep -q 'yes/no' screen
        echo yes >&5
        wait_until is_over "$terminal"
        assert_eq "$(find config -type f)" "config/trustedkeys/prefix.d/example.com/$(gpg_fingerprint alice)"
}

# The same file whatever form the key came in.
test_forms_of_keys() {
        gpg_key alice
        gpg_here --export --output alice.gpg alice
        umask 0077
        trust_key --prefix=a alice.asc
        trust_key --prefix=b alice.gpg
        cmp "config/trustedkeys/prefix.d/"{a,b}"/$(gpg_fingerprint alice)"
        assert_eq "$(stat -c %a "config/trustedkeys/prefix.d/a/$(gpg_fingerprint alice)")" 644
        assert_contains "$(head -n1 "config/trustedkeys/prefix.d/b/$(gpg_fingerprint alice)")" 'PUBLIC KEY BLOCK'
}

# An OCI image is signed for a name, in a store of signatures.
test_oci_by_simple_signing() {
        local digest name=registry.example.com/busybox
        digest=$(jq -r '.manifests[0].digest' "$IMAGES/busybox-plain.oci/index.json")
        gpg_key alice
        refused_fetch 'no signature found' --name=$name:1 "$IMAGES/busybox-plain.oci"
        use_store registry.example.com "$PWD/store"
        refused_fetch "$PWD/store" --name=$name:1 "$IMAGES/busybox-plain.oci"
        simple_sign alice "$digest" $name:1 store
        refused_fetch "podctl trust --prefix=$name KEYFILE" --name=$name:1 "$IMAGES/busybox-plain.oci"
        trust_key --prefix=registry.example.com alice.asc
        refused_fetch 'is for the name' --name=$name:2 "$IMAGES/busybox-plain.oci"
        trusting fetch --name=$name:1 "$IMAGES/busybox-plain.oci"
        assert_eq "$(trust_of)" \
                "simple-signing, key $(gpg_fingerprint alice) (alice <alice@example.com>), for registry.example.com"
        # The same from an archive of it.
        trusting image rm $name:1
        tar -C "$IMAGES/busybox-plain.oci" -cf archive.tar .
        trusting fetch --name=$name:1 archive.tar
        assert_contains "$(trust_of)" simple-signing
}

# What skopeo signs, podctl takes.
test_oci_signed_by_skopeo() {
        local name=registry.example.com/busybox
        gpg_key alice
        trust_key --prefix=registry.example.com alice.asc
        use_store registry.example.com "$PWD/store"
        skopeo --insecure-policy copy --quiet "oci:$IMAGES/busybox-plain.oci" "dir:$PWD/copy"
        GNUPGHOME=$PWD/gnupg skopeo standalone-sign copy/manifest.json $name:1 "$(gpg_fingerprint alice)" -o signature-1
        local digest
        digest=$(jq -r '.manifests[0].digest' "$IMAGES/busybox-plain.oci/index.json")
        mkdir -p "store/busybox@${digest/:/=}"
        mv signature-1 "store/busybox@${digest/:/=}/"
        trusting fetch --name=$name:1 "$IMAGES/busybox-plain.oci"
        assert_contains "$(trust_of)" simple-signing
}

# The index of an image for several machines is what is signed as a rule.
test_oci_index_signed() {
        local name=registry.example.com/multi
        gpg_key alice
        trust_key --root alice.asc
        use_store registry.example.com "$PWD/store"
        simple_sign alice "$(jq -r '.manifests[0].digest' "$IMAGES/multi.oci/index.json")" $name:1 store
        trusting fetch --name=$name:1 "$IMAGES/multi.oci"
        assert_contains "$(trust_of)" simple-signing
}

test_docker_archive_cannot_be_verified() {
        refused_fetch 'does not keep what was signed' "$IMAGES/busybox-docker.tar"
}

test_broken_configuration() {
        mkdir -p config/signatures.d
        echo '{' >config/signatures.d/broken.json
        refused_fetch broken.json --name=registry.example.com/x:1 "$IMAGES/busybox-plain.oci"
        echo '{"rktKind": "auth", "rktVersion": "v1"}' >config/signatures.d/broken.json
        refused_fetch rktKind --name=registry.example.com/x:1 "$IMAGES/busybox-plain.oci"
}

# Why an image was taken is told of what was verified, even if it is fetched again without asking.
test_trust_is_kept() {
        trusting --insecure-options=image fetch "$IMAGES/busybox.aci"
        assert_eq "$(trust_of)" none
        trust_key --root "$IMAGES/signer.asc"
        trusting fetch "$IMAGES/busybox.aci"
        assert_contains "$(trust_of)" openpgp
        trusting --insecure-options=image fetch "$IMAGES/busybox.aci"
        assert_contains "$(trust_of)" openpgp
}

test_status_shows_trust() {
        defer trusting gc --grace-period=0
        trust_key --root "$IMAGES/signer.asc"
        trusting run --name=signed --net=none "$IMAGES/busybox.aci"
        local uuid
        uuid=$(trusting list --all --full --no-legend | awk '{ print $2; exit }')
        assert_contains "$(trusting status "$uuid")" 'trust-busybox=openpgp, key '
        assert_eq "$(trusting status --format=json "$uuid" | jq -r '.apps[0].trust.how')" openpgp
}

# with_gpg PROGRAM CMD…: with that in gpg's place.
with_gpg() {
        unshare --mount bash -c 'mount --bind "$1" /usr/bin/gpg && shift && exec "$@"' - "$@"
}

# A gpg that ends without having read what it is given is an error, not a wait.
test_gpg_that_dies() {
        trust_key --root "$IMAGES/signer.asc"
        cp /usr/bin/gpg real-gpg
        printf '#!/bin/sh\ncase "$*" in *--verify*) exit 2 ;; esac\nexec %s/real-gpg "$@"\n' "$PWD" >dying
        chmod 0755 . dying real-gpg
        assert_fails 254 with_gpg dying \
                timeout 60 podctl --dir="$DATA" --local-config="$PWD/config" fetch "$IMAGES/busybox.aci"
        assert_contains "$output" example.com/busybox
}

# What reads the signature is nobody: a program in gpg's place tells what it may do.
test_gpg_has_no_rights() {
        trust_key --root "$IMAGES/signer.asc"
        mkfifo told
        chmod 0666 told
        cp /usr/bin/gpg real-gpg
        cat >spy <<-EOF
		#!/bin/bash
		exec {told}>$PWD/told
		grep -E '^(Uid|Gid|Groups|CapEff|CapPrm|CapBnd|NoNewPrivs):' /proc/self/status >&\$told
		echo "net \$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' \n')" >&\$told
		echo "tmp \$(ls -A /tmp | grep -v '^[.]podctl-gpg-')" >&\$told
		touch $PWD/written 2>/dev/null && echo "wrote" >&\$told
		exec {told}>&-
		exec -a gpg $PWD/real-gpg "\$@"
		EOF
        chmod 0755 spy real-gpg
        chmod 0777 .
        # The directory and those above it have to let it through.
        local d=$PWD
        while [[ $d != / ]]; do
                chmod o+x "$d"
                d=${d%/*}
                d=${d:-/}
        done
        touch /tmp/secret
        defer rm -f /tmp/secret
        cat told >heard &
        exec 8>told
        with_gpg spy podctl --dir="$DATA" --local-config="$PWD/config" fetch "$IMAGES/busybox.aci"
        exec 8>&-
        wait_for_jobs
        local uid
        uid=$(id -u podctl-fetch)
        assert_contains "$(cat heard)" "Uid:	$uid	$uid	$uid	$uid"
        assert_contains "$(cat heard)" 'NoNewPrivs:	1'
        assert_contains "$(cat heard)" 'CapEff:	0000000000000000'
        assert_contains "$(cat heard)" 'CapPrm:	0000000000000000'
        # Left over from becoming nobody; worth nothing to who can gain no privileges.
        assert_contains "$(cat heard)" 'CapBnd:	00000000000000c0'
        assert_eq "$(grep '^net ' heard | sort -u)" 'net lo'
        assert_eq "$(grep '^tmp ' heard | sort -u)" 'tmp '
        assert_not_contains "$(cat heard)" wrote
}

# From registries

# registry_image: serves one as $server/app:1, whose digest is $digest.
registry_image() {
        static_registry "$IMAGES/busybox-plain.oci" www app 1
        digest=$(jq -r '.manifests[0].digest' "$IMAGES/busybox-plain.oci/index.json")
        static_server www
}

from_registry() {
        trusting --insecure-options=http "$@"
}

registry_refuses() {
        assert_fails 254 from_registry fetch "docker://$server/app:1"
        assert_contains "$output" "$1"
        assert_eq "$(trusting image list --no-legend)" ''
}

test_registry_by_digest() {
        registry_image
        registry_refuses 'no signature found'
        from_registry fetch "docker://$server/app@$digest"
        assert_eq "$(trust_of)" digest
}

test_registry_cosign_by_tag() {
        local kind
        registry_image
        for kind in p256 p384 rsa ed25519; do
                cosign_key $kind $kind
                cosign_key other-$kind $kind
                cosign_sign $kind "$digest" "$server/app" signature
                static_push_tag signature www app "$(cosign_tag "$digest")"
                registry_refuses "podctl trust --prefix=$server/app KEYFILE"
                trust_key --prefix="$server" other-$kind.pub
                registry_refuses "podctl trust --prefix=$server/app KEYFILE"
                trust_key --prefix="$server" $kind.pub
                from_registry fetch "docker://$server/app:1"
                assert_contains "$(trust_of)" "cosign, key $(cosign_fingerprint $kind)"
                trusting image rm "$server/app:1"
                trusting trust --remove="$(cosign_fingerprint $kind)" --remove="$(cosign_fingerprint other-$kind)"
        done
}

test_registry_cosign_refused() {
        registry_image
        cosign_key a
        trust_key --root a.pub
        cosign_sign a "$(oci_blob /etc/hostname)" "$server/app" signature
        static_push_tag signature www app "$(cosign_tag "$digest")"
        registry_refuses 'is of the image'
        cosign_sign a "$digest" "$server/other" signature
        static_push_tag signature www app "$(cosign_tag "$digest")"
        registry_refuses 'is for the name'
        # Another payload in the place of what was signed.
        echo '{}' >"www/v2/app/blobs/$(oci_blob signature/payload)"
        registry_refuses 'its digest is not'
        # What was signed is how it was built, not that it is good.
        rm "www/v2/app/manifests/$(cosign_tag "$digest")"
        cosign_bundle a "$digest" bundle https://slsa.dev/provenance/v1
        static_push_referrer bundle www app "$digest"
        registry_refuses 'does not approve'
}

test_registry_cosign_by_referrers() {
        registry_image
        cosign_key a
        trust_key --root a.pub
        cosign_sign a "$digest" "$server/app" signature
        static_push_referrer signature www app "$digest"
        from_registry fetch "docker://$server/app:1"
        assert_contains "$(trust_of)" cosign
        trusting image rm "$server/app:1"
        cosign_bundle a "$digest" bundle
        static_push_referrer bundle www app "$digest"
        from_registry fetch "docker://$server/app:1"
        assert_contains "$(trust_of)" cosign
}

test_registry_simple_signing() {
        registry_image
        gpg_key alice
        trust_key --root alice.asc
        use_store "$server" "http://$server/store"
        simple_sign alice "$digest" "$server/app:2" www/store
        registry_refuses 'is for the name'
        simple_sign alice "$digest" "$server/app:1" www/store
        from_registry fetch "docker://$server/app:1"
        assert_contains "$(trust_of)" simple-signing
        trusting image rm "$server/app:1"

        # And kept by the registry itself.
        rm -r www/store
        registry_refuses 'no signature found'
        mkdir -p www/extensions/v2/app/signatures
        simple_signature_json alice "$digest" "$server/app:1" >"www/extensions/v2/app/signatures/$digest"
        from_registry fetch "docker://$server/app:1"
        assert_contains "$(trust_of)" simple-signing
}

test_trust_from_url() {
        mkdir www
        gpg_key alice
        cosign_key c
        cp alice.asc c.pub www
        static_server www
        assert_fails 254 trusting trust --prefix=a --skip-fingerprint-review "http://$server/alice.asc"
        assert_contains "$output" --insecure-allow-http
        local from_server=(trust --prefix=a --skip-fingerprint-review --insecure-allow-http)
        trusting "${from_server[@]}" "http://$server/alice.asc" "http://$server/c.pub"
        assert_eq "$(trusting trust --list --prefix=a | wc -l)" 3
        assert_fails 254 trusting "${from_server[@]}" "http://$server/missing"
        assert_contains "$output" missing
}

test_trust_by_discovery() {
        gpg_key alice
        mkdir -p www/app
        cp alice.asc www
        static_server www
        echo "<html><head>
                <meta name='ac-discovery-pubkeys' content='$server/app http://$server/alice.asc'></head></html>" \
                >www/app/index.html
        assert_fails 254 trusting trust --prefix="$server/app" --skip-fingerprint-review
        trusting trust --prefix="$server/app" --skip-fingerprint-review --insecure-allow-http
        assert_contains "$(trusting trust --list --prefix="$server/app")" "$(gpg_fingerprint alice)"
        assert_fails 254 trusting trust --prefix="$server/other" --skip-fingerprint-review --insecure-allow-http
}
