# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154  # variables of images-oci.sh
#
# appc images. No tool in Debian makes these, but a manifest, a root and tar are all there is to it.

# aci_manifest NAME [jq filter]
aci_manifest() {
        jq -n --arg name "$1" --arg path "$search_path" '{
                acKind: "ImageManifest", acVersion: "0.8.11", name: $name,
                labels: [
                        {name: "version", value: "1.0.0"},
                        {name: "os", value: "linux"},
                        {name: "arch", value: "amd64"}],
                app: {
                        exec: ["/bin/sh", "-c", "echo hello from $AC_APP_NAME"], user: "0", group: "0",
                        environment: [{name: "PATH", value: $path}],
                        mountPoints: [{name: "data", path: "/data"}],
                        ports: [{name: "http", port: 8080, protocol: "tcp"}]
                },
                annotations: [{name: "authors", value: "podctl tests"}]
        } | '"${2:-.}"
}

# aci_tar DIR FILE
aci_tar() {
        touch -d "$birthday" "$1/manifest" "$1/rootfs"
        tar -C "$1" --format=pax --pax-option=delete=atime,delete=ctime --sort=name --numeric-owner \
                -cf "$2" manifest rootfs
}

aci_images() {
        mkdir aci
        cp -a busybox aci/rootfs
        aci_manifest example.com/busybox >aci/manifest
        aci_tar aci "$out/busybox.aci"
        gzip -nc "$out/busybox.aci" >"$out/busybox.gz.aci"
        bzip2 -c "$out/busybox.aci" >"$out/busybox.bz2.aci"
        xz -c "$out/busybox.aci" >"$out/busybox.xz.aci"
        dependent_aci
        sign "$out/busybox.aci"
}

dependent_aci() {
        mkdir -p dependent/rootfs/etc
        echo dependent >dependent/rootfs/etc/dependent
        aci_manifest example.com/dependent '
                .dependencies = [{imageName: "example.com/busybox", labels: [{name: "version", value: "1.0.0"}]}]
                | .pathWhitelist =
                        ["/bin/busybox", "/bin/sh", "/bin/cat", "/bin/ls", "/etc/passwd", "/etc/dependent"]' \
                >dependent/manifest
        aci_tar dependent "$out/dependent.aci"
}

# With a key that exists for this alone. Old enough to be valid on a host whose clock is behind.
sign() {
        local home
        home=$(mktemp -d)
        gpg="gpg --homedir $home --batch --quiet --yes --pinentry-mode loopback --passphrase"
        $gpg '' --faked-system-time 20240229T120000 \
                --quick-generate-key 'podctl tests <tests@example.com>' rsa3072 sign never 2>/dev/null
        $gpg '' --armor --export >"$out/signer.asc"
        $gpg '' --armor --detach-sign --output "$1.asc" "$1"
        gpgconf --homedir "$home" --kill all
        rm -rf "$home"
}
