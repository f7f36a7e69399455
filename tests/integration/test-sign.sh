# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images that are signed where they are made, and accepted with nothing insecure.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
. "$HERE/lib-signatures.sh"

# with_keys NAME…: key pairs in a keyring that podctl uses, too.
with_keys() {
        local name
        export GNUPGHOME=$PWD/gnupg
        for name; do
                gpg_key "$name"
        done
}

# careful VERB…: with a store and keys of this test's own.
careful() { podctl --dir="$DATA" --local-config="$PWD/config" --system-config="$PWD/system" "$@"; }

careful_fails() {
        assert_fails 254 careful "${@:2}"
        assert_contains "$output" "$1"
}

# An ACI and an OCI image of one program.
signable() {
        podctl build begin
        podctl build copy /bin/busybox /bin/busybox
        podctl build cmd set -- /bin/busybox echo 'from a signed image'
        podctl build write aci:app.aci:example.com/app:1
        podctl build write oci-archive:app.oci >digest
        podctl build end
}

test_sign_aci() {
        with_keys alice
        signable
        assert_eq "$(podctl sign --key=alice@example.com app.aci)" app.aci.asc
        careful_fails 'podctl trust --prefix=example.com/app KEYFILE' fetch ./app.aci
        careful trust --skip-fingerprint-review --prefix=example.com/app alice.asc
        careful fetch ./app.aci
        defer careful gc --grace-period=0
        assert_eq "$(careful run --net=none example.com/app)" 'from a signed image'
        gpg_here --verify app.aci.asc app.aci

        refused_command 'app.aci.asc' sign --key=alice@example.com app.aci
        podctl sign --key="$(gpg_fingerprint alice)" --output=elsewhere app.aci
        podctl sign --key=alice --overwrite app.aci
        gpg_here --verify elsewhere app.aci

        # What was exported from the store is what was signed.
        careful sign --key=alice --output=stored.asc example.com/app
        gpg_here --verify stored.asc app.aci

        podctl build begin
        podctl build copy /etc/hostname /
        podctl build write --overwrite aci:app.aci:example.com/app:2
        careful_fails 'does not fit' fetch ./app.aci
}

# For an image that has a digest it does not take the image.
# Killed at whatever moment, a signature is the one before, or the new one, or none, and the next command makes it.
test_sign_survives_kills() {
        local n there
        with_keys alice
        signable
        there=$(duration podctl sign --key=alice app.aci)
        for n in {1..20}; do
                killed_at "$n" 20 "$there" podctl sign --key=alice --overwrite app.aci
                gpg_here --verify app.aci.asc app.aci
                killed_at "$n" 20 "$there" podctl sign --key=alice --output=new.asc app.aci
                [[ ! -e new.asc ]] || gpg_here --verify new.asc app.aci
                rm -f new.asc
                assert_eq "$(ls)" "$(printf '%s\n' alice.asc app.aci app.aci.asc app.oci digest gnupg gpg.log)"
        done
        podctl sign --key=alice --output=new.asc app.aci
        gpg_here --verify new.asc app.aci
}

test_sign_oci() {
        local name=registry.example.com/team/app signature
        with_keys alice
        signable
        signature=$(podctl sign --key=alice --store=store "$name:1@$(cat digest)")
        assert_eq "$signature" "store/team/app@$(tr : = <digest)/signature-1"
        use_store registry.example.com "$PWD/store"
        careful_fails 'KEYFILE' fetch --name="$name:1" ./app.oci
        careful trust --skip-fingerprint-review --prefix="$name" alice.asc
        careful_fails "$name:1" fetch --name="$name:2" ./app.oci
        careful fetch --name="$name:1" ./app.oci
        defer careful gc --grace-period=0
        assert_eq "$(careful run --net=none "$name:1")" 'from a signed image'

        # Others take it for what it is, too.
        tar -xOf app.oci "blobs/sha256/$(cut -d: -f2 digest)" >manifest
        skopeo standalone-verify manifest "$name:1" "$(gpg_fingerprint alice | tr a-f A-F)" "$signature"

        # One more beside it, by the name that the store knows.
        assert_eq "$(careful sign --key=alice --store=store "$name:1")" "${signature%1}2"
}

test_sign_refused() {
        with_keys alice mallory
        signable
        refused_command "needs --key=KEY" sign app.aci
        refused_command "Cannot sign with key 'nobody': gpg has no secret key of that name" sign --key=nobody app.aci
        refused_command 'gpg has several secret keys of that name' sign --key=example.com app.aci
        refused_command 'it is not an ACI' sign --key=alice app.oci
        refused_command 'Cannot sign ./digest: damaged archive' sign --key=alice ./digest
        refused_command 'Cannot read ./none' sign --key=alice ./none
        refused_command 'Cannot read none.aci' sign --key=alice none.aci
        mkfifo pipe
        refused_command 'it is not an ACI' sign --key=alice ./pipe
        refused_command "is not a digest" sign --key=alice --store=store example.com/app@sha256:1
        refused_command "not the full name" sign --key=alice --store=store "app@$(cat digest)"
        refused_command 'needs --store=DIR' sign --key=alice "example.com/app@$(cat digest)"
        refused_command 'needs --output=FILE' --insecure-options=image --dir="$DATA" sign --key=alice \
                "$(own fetch --full ./app.aci)"
        # Nothing half-made is left behind.
        assert_eq "$(find . -name '*.asc' -newer digest) $(find . -name store)" ' '
        gpg_here --quick-set-expire "$(gpg_fingerprint alice)" seconds=1
        wait_until expired_key alice
        refused_command "Cannot sign with key 'alice': it has expired" sign --key=alice app.aci
}
expired_key() { gpg_here --with-colons --list-keys "$1@example.com" | grep -q '^pub:e:'; }

# With a key in PEM the signature is beside the image, as cosign has it: we and others verify it.
test_sign_in_a_registry() {
        local name=127.0.0.1:5000/team/app kind at signers=()
        registry
        signable
        skopeo copy --quiet --dest-tls-verify=false oci-archive:app.oci docker://$name:1
        at=sha256-$(cut -d: -f2 digest).sig
        http() { careful --insecure-options=http "$@"; }
        for kind in p256 p384 rsa ed25519; do
                cosign_key $kind $kind
        done
        assert_fails 254 http fetch docker://$name:1
        assert_eq "$(http sign --key=p256.key docker://$name:1)" "docker://$name:$at"
        assert_fails 254 http fetch docker://$name:1
        careful trust --skip-fingerprint-review --prefix=$name p256.pub
        http fetch docker://$name:1
        defer careful gc --grace-period=0
        assert_eq "$(careful run --net=none $name:1)" 'from a signed image'
        if skopeo_can_read; then
                skopeo_reads p256 $name:1
                assert_fails '*' skopeo_reads rsa $name:1
        fi
        # The tag is signed too: what was signed as one is not accepted as another.
        skopeo copy --quiet --src-tls-verify=false --dest-tls-verify=false docker://$name:1 docker://$name:next
        assert_fails 254 http fetch docker://$name:next
        assert_contains "$output" "is for the name '$name:1', not for this one"

        # Others beside it: all are found.
        http sign --key=p384.key "docker://$name@$(cat digest)"
        http sign --key=rsa.key "$name:1@$(cat digest)"
        http sign --key=ed25519.key "$name:1"
        # Nothing is added by those who have signed it.
        http sign --key=ed25519.key "$name:1"
        skopeo inspect --tls-verify=false --raw "docker://$name:$at" >signatures
        assert_eq "$(jq '.layers | length' signatures)" 4
        for kind in p256 p384 rsa ed25519; do
                rm -r config system/trustedkeys 2>/dev/null || true
                careful trust --skip-fingerprint-review --prefix=$name $kind.pub
                http fetch --no-store docker://$name:1
        done
        ! skopeo_can_read || skopeo_reads rsa $name:1
        # Side by side, none is lost.
        for kind in p256 p384 rsa ed25519; do
                http sign --key=$kind.key "docker://$name:next" >/dev/null &
                signers+=("$!")
        done
        wait "${signers[@]}"
        skopeo inspect --tls-verify=false --raw "docker://$name:$at" >signatures
        assert_eq "$(jq '.layers | length' signatures)" 8
        # That of another image fits nothing.
        podctl build begin
        podctl build copy /etc/hostname /
        podctl --insecure-options=http build push docker://$name:2
        podctl build end
        assert_fails 254 http fetch docker://$name:2
}

# That of bookworm was built without it.
skopeo_can_read() {
        [[ $(skopeo --version) != *' 1.9.'* ]]
}

# skopeo_reads KEY NAME: it demands a signature by that key.
skopeo_reads() {
        mkdir -p registries
        echo 'docker: { "127.0.0.1:5000": { use-sigstore-attachments: true } }' >registries/here.yaml
        jq -n --arg key "$PWD/$1.pub" '{default: [{type: "sigstoreSigned", keyPath: $key}]}' >policy.json
        rm -rf copied
        skopeo --policy policy.json --registries.d registries copy --quiet --remove-signatures \
                --src-tls-verify=false "docker://$2" oci:copied
}

test_sign_in_a_registry_refused() {
        registry
        signable
        cosign_key ours
        skopeo copy --quiet --dest-tls-verify=false oci-archive:app.oci docker://127.0.0.1:5000/app
        refused_command 'no secret key in PEM' sign --key=ours.pub docker://127.0.0.1:5000/app
        refused_command 'goes to the registry' sign --key=ours.key --store=store docker://127.0.0.1:5000/app
        refused_command 'needs --key=FILE' sign --key=alice docker://127.0.0.1:5000/app
        refused_command 'not found' --insecure-options=http sign --key=ours.key docker://127.0.0.1:5000/other
        # Whatever there is of the same name.
        mkdir nosuch
        refused_command "no image 'nosuch'" sign --key=ours.key nosuch
        refused_command './app.oci is a file: a key in PEM signs images of registries' sign --key=ours.key ./app.oci
        cp "$COSIGN_KEYS/cosign.key" .
        COSIGN_PASSWORD=another refused_command 'not the right passphrase' sign --key=cosign.key \
                docker://127.0.0.1:5000/app
        openssl pkcs8 -topk8 -in ours.key -passout pass:secret -out closed.key
        COSIGN_PASSWORD=another refused_command 'not the right passphrase' sign --key=closed.key \
                docker://127.0.0.1:5000/app
        without_terminal() { setsid --wait podctl "$@" </dev/null; }
        refused_by 'give the passphrase in the variable COSIGN_PASSWORD' without_terminal sign --key=closed.key \
                docker://127.0.0.1:5000/app
}
COSIGN_KEYS=$HERE/../data/cosign-key

# Keys that cosign, or openssl, has encrypted: the passphrase is in the variable, or is asked for.
test_sign_with_an_encrypted_key() {
        local name=127.0.0.1:5000/app
        registry
        signable
        skopeo copy --quiet --dest-tls-verify=false oci-archive:app.oci docker://$name:1
        COSIGN_PASSWORD='a passphrase' careful --insecure-options=http sign --key="$COSIGN_KEYS/cosign.key" \
                docker://$name:1
        careful trust --skip-fingerprint-review --prefix=$name "$COSIGN_KEYS/cosign.pub"
        careful --insecure-options=http fetch docker://$name:1

        cosign_key ours
        openssl pkcs8 -topk8 -in ours.key -passout pass:secret -out closed.key
        mkfifo typed
        script -qec "podctl --insecure-options=http sign --key=closed.key docker://$name:1" /dev/null \
                <typed >said 2>&1 &
        exec {typing}>typed
        wait_until grep -q 'Passphrase of closed.key: ' said
        echo secret >&"$typing"
        wait $!
        exec {typing}>&-
        assert_contains "$(cat said)" "docker://$name:sha256-"
        assert_eq "$(grep -c secret said)" 0
        rm -r config system/trustedkeys 2>/dev/null || true
        careful trust --skip-fingerprint-review --prefix=$name ours.pub
        careful --insecure-options=http fetch --no-store docker://$name:1
}
