# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images that are signed where they are made, and accepted with nothing insecure.

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
