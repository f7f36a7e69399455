# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Keys and signatures for tests: OpenPGP's by gpg; cosign's, of which Debian has no tool, by openssl. All in the
# test's own directory.

# gpg_here ARG…: with a keyring of the test's own.
gpg_here() {
        [[ -d gnupg ]] || { mkdir -m 0700 gnupg; defer gpgconf --homedir "$PWD/gnupg" --kill all; }
        gpg --homedir gnupg --batch --quiet --yes --pinentry-mode loopback --passphrase '' "$@" 2>gpg.log ||
                fail "gpg $*: $(cat gpg.log)"
}

# gpg_key NAME: makes a key pair, exported as NAME.asc.
gpg_key() {
        gpg_here --quick-generate-key "$1 <$1@example.com>" ed25519 sign never
        gpg_here --armor --output "$1.asc" --export "$1@example.com"
}

# gpg_fingerprint NAME
gpg_fingerprint() {
        gpg_here --with-colons --list-keys "$1@example.com" | awk -F: '$1 == "fpr" { print tolower($10); exit }'
}

# simple_payload DIGEST REFERENCE [TYPE]: what simple signing, and cosign, sign.
simple_payload() {
        jq -nc --arg digest "$1" --arg reference "$2" --arg type "${3:-atomic container signature}" '{
                critical: {
                        type: $type,
                        image: {"docker-manifest-digest": $digest},
                        identity: {"docker-reference": $reference}
                },
                optional: {creator: "podctl tests", timestamp: 1700000000}
        }'
}

# simple_sign KEY DIGEST REFERENCE STORE: adds a signature to a directory that is a store of signatures (lookaside), for
# REFERENCE, HOST/PATH:TAG.
simple_sign() {
        local repository=${3#*/} n=1 directory
        directory=$4/${repository%:*}@${2/:/=}
        mkdir -p "$directory"
        while [[ -e $directory/signature-$n ]]; do
                n=$((n + 1))
        done
        simple_payload "$2" "$3" >payload
        gpg_here --local-user "$1@example.com" --sign --output "$directory/signature-$n" payload
}

# simple_signature_json KEY DIGEST REFERENCE: what a registry with the extension for signatures answers.
simple_signature_json() {
        simple_payload "$2" "$3" >payload
        gpg_here --local-user "$1@example.com" --sign --output payload.gpg payload
        jq -nc --arg name "$2@1" --arg content "$(base64 -w0 payload.gpg)" \
                '{signatures: [{schemaVersion: 2, name: $name, type: "atomic", content: $content}]}'
}

# use_store PREFIX STORE [DIRECTORY]: configures where signatures are.
use_store() {
        local directory=${3:-$PWD/config}
        mkdir -p "$directory/signatures.d"
        jq -n --arg prefix "$1" --arg store "$2" \
                '{rktKind: "signatures", rktVersion: "v1", prefixes: [$prefix], store: $store}' \
                >"$directory/signatures.d/${1//\//-}.json"
}

# cosign_key NAME [p256|p384|rsa|ed25519]: NAME.key and NAME.pub
cosign_key() {
        local -a what
        case ${2:-p256} in
        p256) what=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256) ;;
        p384) what=(-algorithm EC -pkeyopt ec_paramgen_curve:P-384) ;;
        rsa) what=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048) ;;
        ed25519) what=(-algorithm ed25519) ;;
        esac
        openssl genpkey "${what[@]}" -out "$1.key" 2>/dev/null
        openssl pkey -in "$1.key" -pubout -out "$1.pub"
}

# cosign_fingerprint NAME: as the keystore names it.
cosign_fingerprint() {
        echo "sha256-$(openssl pkey -pubin -in "$1.pub" -outform DER | sha256sum | cut -d' ' -f1)"
}

# openssl_sign KEY FILE: the signature, in base64.
openssl_sign() {
        if openssl pkey -in "$1.key" -noout -text | grep -qi ed25519; then
                openssl pkeyutl -sign -rawin -inkey "$1.key" -in "$2" -out openssl.sig
        else
                openssl dgst -sha256 -sign "$1.key" -out openssl.sig "$2"
        fi
        base64 -w0 openssl.sig
}

oci_blob() {
        echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"
}

# cosign_sign KEY DIGEST REPOSITORY DIRECTORY: the manifest that carries the signature, as DIRECTORY/manifest.json, and
# its blobs in DIRECTORY/blobs, named by their digests. It belongs under the tag of cosign_tag, or, pushed by its
# digest with the subject that is in it, among the referrers.
cosign_sign() {
        mkdir -p "$4/blobs"
        simple_payload "$2" "$3" 'cosign container image signature' >"$4/payload"
        echo -n '{}' >"$4/config"
        cp "$4/payload" "$4/blobs/$(oci_blob "$4/payload")"
        cp "$4/config" "$4/blobs/$(oci_blob "$4/config")"
        jq -nc --arg signature "$(openssl_sign "$1" "$4/payload")" --arg payload "$(oci_blob "$4/payload")" \
                --argjson size "$(stat -c %s "$4/payload")" --arg config "$(oci_blob "$4/config")" --arg subject "$2" '{
                schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
                artifactType: "application/vnd.dev.cosign.artifact.sig.v1+json",
                config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: 2},
                layers: [{
                        mediaType: "application/vnd.dev.cosign.simplesigning.v1+json", digest: $payload, size: $size,
                        annotations: {"dev.cosignproject.cosign/signature": $signature}
                }],
                subject: {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $subject, size: 1}
        }' >"$4/manifest.json"
}

# cosign_tag DIGEST
cosign_tag() {
        echo "${1/:/-}.sig"
}

# cosign_bundle KEY DIGEST DIRECTORY [PREDICATE]: the same as cosign 3 makes it, a bundle among the referrers.
cosign_bundle() {
        local type=application/vnd.in-toto+json
        mkdir -p "$3/blobs"
        jq -nc --arg hex "${2#*:}" --arg predicate "${4:-https://sigstore.dev/cosign/sign/v1}" '{
                _type: "https://in-toto.io/Statement/v1", subject: [{digest: {sha256: $hex}}],
                predicateType: $predicate, predicate: {}
        }' >"$3/statement"
        {
                printf 'DSSEv1 %d %s %d ' ${#type} $type "$(stat -c %s "$3/statement")"
                cat "$3/statement"
        } >"$3/signed"
        jq -nc --arg payload "$(base64 -w0 "$3/statement")" --arg type $type \
                --arg sig "$(openssl_sign "$1" "$3/signed")" '{
                mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
                verificationMaterial: {publicKey: {hint: ""}},
                dsseEnvelope: {payload: $payload, payloadType: $type, signatures: [{sig: $sig}]}
        }' >"$3/bundle"
        echo -n '{}' >"$3/config"
        cp "$3/bundle" "$3/blobs/$(oci_blob "$3/bundle")"
        cp "$3/config" "$3/blobs/$(oci_blob "$3/config")"
        jq -nc --arg bundle "$(oci_blob "$3/bundle")" --argjson size "$(stat -c %s "$3/bundle")" --arg subject "$2" \
                --arg config "$(oci_blob "$3/config")" '{
                schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
                artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
                config: {mediaType: "application/vnd.oci.empty.v1+json", digest: $config, size: 2},
                layers: [{mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", digest: $bundle, size: $size}],
                subject: {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $subject, size: 1}
        }' >"$3/manifest.json"
}

# bill SUBJECT DIRECTORY [TYPE]: an artifact about the digest, in the form of cosign_sign.
bill() {
        mkdir -p "$2/blobs"
        printf '{"bill of": "%s"}' "$1" >"$2/bill"
        echo -n '{}' >"$2/config"
        cp "$2/bill" "$2/blobs/$(oci_blob "$2/bill")"
        cp "$2/config" "$2/blobs/$(oci_blob "$2/config")"
        jq -nc --arg subject "$1" --arg bill "$(oci_blob "$2/bill")" --argjson size "$(stat -c %s "$2/bill")" \
                --arg config "$(oci_blob "$2/config")" --arg type "${3-application/spdx+json}" '{
                schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: $type,
                config: {mediaType: "application/vnd.oci.empty.v1+json", digest: $config, size: 2},
                layers: [{mediaType: $type, digest: $bill, size: $size}],
                subject: {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $subject, size: 1},
                annotations: {"org.example.made": "today"}
        }' >"$2/manifest.json"
}

# static_server DIRECTORY: serves its files; $server is HOST:PORT.
static_server() {
        python3 -u -m http.server --bind 127.0.0.1 --directory "$1" 0 >server.log 2>&1 &
        defer kill $!
        wait_until grep -q 'port [0-9]' server.log
        # shellcheck disable=SC2034  # for the test
        server=127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log)
}

# static_registry LAYOUT DIRECTORY REPOSITORY TAG: the files of a registry that has the layout's image and can be read,
# not written.
static_registry() {
        local repository=$2/v2/$3 digest blob
        mkdir -p "$repository"/{blobs,manifests,referrers}
        for blob in "$1"/blobs/sha256/*; do
                cp "$blob" "$repository/blobs/sha256:${blob##*/}"
        done
        digest=$(jq -r '.manifests[0].digest' "$1/index.json")
        cp "$repository/blobs/$digest" "$repository/manifests/$digest"
        cp "$repository/blobs/$digest" "$repository/manifests/$4"
}

# static_push_tag SIGNATURE DIRECTORY REPOSITORY TAG: what cosign_sign left in SIGNATURE, under a tag.
static_push_tag() {
        cp "$1"/blobs/* "$2/v2/$3/blobs/"
        cp "$1/manifest.json" "$2/v2/$3/manifests/$4"
}

# static_push_referrer SIGNATURE DIRECTORY REPOSITORY DIGEST: the same, or what cosign_bundle left, among what refers to
# DIGEST.
static_push_referrer() {
        local digest
        digest=$(oci_blob "$1/manifest.json")
        static_push_tag "$1" "$2" "$3" "$digest"
        jq -nc --arg digest "$digest" --argjson size "$(stat -c %s "$1/manifest.json")" \
                --arg type "$(jq -r .artifactType "$1/manifest.json")" '{
                schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
                manifests: [{
                        mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: $size,
                        artifactType: $type
                }]
        }' >"$2/v2/$3/referrers/$4"
}
