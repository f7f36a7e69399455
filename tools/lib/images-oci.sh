# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016  # what is quoted is for other shells and for jq
#
# OCI and Docker images. Functions work in a scratch directory and write to ../out.

out=../out
birthday=2024-02-29T12:00:00Z
search_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

quiet_skopeo() {
        skopeo --insecure-policy "$@" >/dev/null
}

# The same files always get the same digest.
settle_times() {
        find "$1" -depth -exec touch -h -d $birthday {} +
}

# busybox_tree DIR: a root with all that a shell user expects.
busybox_tree() {
        local applet
        mkdir -p "$1"/{bin,etc,root,tmp,var,www,data,opaque}
        chmod 1777 "$1/tmp"
        cp /bin/busybox "$1/bin/busybox"
        for applet in $(/bin/busybox --list); do
                [[ $applet == busybox ]] || ln -s busybox "$1/bin/$applet"
        done
        printf '%s\n' root:x:0:0:root:/root:/bin/sh www-data:x:33:33::/www:/bin/false >"$1/etc/passwd"
        printf '%s\n' root:x:0: www-data:x:33: staff:x:50:www-data >"$1/etc/group"
        echo '<p>hello from busybox</p>' >"$1/www/index.html"
        echo keep >"$1/data/keep"
        echo removed >"$1/data/removed"
        mkdir "$1/data/removed-dir"
        echo inside >"$1/data/removed-dir/file"
        echo old >"$1/opaque/old"
        settle_times "$1"
}

# new_image IMAGE: an empty one, with the configuration they have in common.
new_image() {
        [[ -d ${1%%:*} ]] || umoci init --layout "${1%%:*}"
        umoci new --image "$1"
        configure "$1" --created $birthday --author 'podctl tests' --os linux --architecture amd64 \
                --config.env "PATH=$search_path" --config.cmd /bin/sh \
                --config.label org.example.kind=test
}

configure() {
        umoci config --no-history --image "$@"
}

# add_tree IMAGE TREE [TARGET] [umoci option…]
add_tree() {
        local image=$1 tree=$2 target=${3:-/}
        shift $(($# < 3 ? $# : 3))
        umoci insert --image "$image" --history.created $birthday "$@" "$tree" "$target"
}

add_whiteout() {
        umoci insert --image "$1" --history.created $birthday --whiteout "$2"
}

# add_tar IMAGE TAR: a layer exactly as it is in the archive.
add_tar() {
        umoci raw add-layer --image "$1" --history.created $birthday "$2"
}

finish() {
        umoci gc --layout "$1"
        mv "$1" "$out/"
}

# put_blob LAYOUT MEDIA_TYPE <BLOB: prints its descriptor.
put_blob() {
        local blob digest
        blob=$(mktemp blob.XXXXXX)
        cat >"$blob"
        chmod 644 "$blob"
        digest=$(sha256sum "$blob" | cut -d' ' -f1)
        jq -nc --arg type "$2" --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$blob")" \
                '{mediaType: $type, digest: $digest, size: $size}'
        mv "$blob" "$1/blobs/sha256/$digest"
}

# tag_only LAYOUT <DESCRIPTOR: makes it all that the layout is about.
tag_only() {
        jq -c '{schemaVersion: 2, manifests: [. + {annotations: {"org.opencontainers.image.ref.name": "latest"}}]}' \
                >index.json
        mv index.json "$1/index.json"
}

busybox_images() {
        local image=busybox.oci:latest
        busybox_tree busybox
        new_image $image
        add_tree $image busybox

        mkdir -p second/{data,opaque}
        echo second >second/data/second
        echo old >second/opaque/older
        settle_times second
        add_tree $image second

        add_whiteout $image /data/removed
        add_whiteout $image /data/removed-dir

        mkdir opaque
        echo new >opaque/new
        settle_times opaque
        add_tree $image opaque /opaque --opaque

        configure $image --config.label org.example.layers=5 --config.env GREETING='hello world'
        umoci tag --image $image 1.0
        finish busybox.oci
        busybox_variants "$out/busybox.oci:latest"
        plain_image
}

busybox_variants() {
        quiet_skopeo copy --dest-compress-format zstd "oci:$1" "oci:$out/busybox-zstd.oci:latest"
        quiet_skopeo copy "oci:$1" "oci-archive:$out/busybox-oci.tar:latest"
        quiet_skopeo copy "oci:$1" "docker-archive:$out/busybox-docker.tar:example.com/busybox:latest"
        quiet_skopeo copy --format v2s2 "oci:$1" "dir:$out/busybox-v2s2.dir"
}

# skopeo would leave the layers compressed.
plain_image() {
        local layout=plain.oci blobs=plain.oci/blobs/sha256 manifest layer
        cp -a "$out/busybox.oci" $layout
        manifest=$blobs/$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' $layout/index.json)
        for layer in $(jq -r '.layers[].digest | ltrimstr("sha256:")' "$manifest"); do
                gzip -dc "$blobs/$layer" | put_blob $layout application/vnd.oci.image.layer.v1.tar
        done | jq -sc --slurpfile manifest "$manifest" '$manifest[0] * {layers: .}' |
                put_blob $layout application/vnd.oci.image.manifest.v1+json | tag_only $layout
        finish $layout
        mv "$out/$layout" "$out/busybox-plain.oci"
}

# umoci tags one manifest a platform; the index over them replaces the tags.
multi_image() {
        local arch image index_type=application/vnd.oci.image.index.v1+json
        for arch in amd64 arm64 arm; do
                image=multi.oci:$arch
                new_image $image
                add_tree $image busybox
                mkdir -p "$arch/etc"
                echo $arch >"$arch/etc/architecture"
                settle_times $arch
                add_tree $image $arch
                configure $image --architecture $arch
        done
        umoci gc --layout multi.oci
        jq -c --arg type $index_type '{schemaVersion: 2, mediaType: $type, manifests: [.manifests[] | {
                        mediaType, digest, size,
                        platform: ({os: "linux", architecture: .annotations["org.opencontainers.image.ref.name"]}
                                | if .architecture == "arm" then .variant = "v7" else . end)}]}' \
                multi.oci/index.json | put_blob multi.oci $index_type | tag_only multi.oci
        mv multi.oci "$out/"
}

httpd_image() {
        local image=httpd.oci:latest
        new_image $image
        add_tree $image busybox
        configure $image --clear config.cmd --config.entrypoint /bin/httpd --config.entrypoint -f \
                --config.cmd -p --config.cmd 8080 --config.workingdir /www --config.user www-data:staff \
                --config.exposedports 8080/tcp --config.volume /data --config.stopsignal SIGINT
        finish httpd.oci
}

# As buildah writes them: an OCI layout and a docker archive, with Docker's media types.
buildah_images() {
        local container b
        b="buildah --storage-driver=vfs --root=$PWD/buildah/root --runroot=$PWD/buildah/run"
        container=$($b from scratch)
        $b add --quiet "$container" /bin/busybox /bin/busybox >/dev/null
        $b config --entrypoint '["/bin/busybox", "echo", "built"]' --workingdir /srv --label made=here "$container"
        $b commit --quiet --format docker "$container" "oci:$out/built.oci:latest" >/dev/null
        $b commit --quiet --format docker "$container" \
                "docker-archive:$out/built.tar:example.com/built:latest" >/dev/null
        $b rm --all >/dev/null
        rm -rf buildah
}


debian_image() {
        local image=debian.oci:latest
        make_root trixie debian.tar --dpkgopt='path-exclude=/usr/share/doc/*' \
                --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
                --customize-hook='chroot "$1" useradd --uid 1000 --create-home --home-dir /srv/app app' \
                --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/etc/apt/apt.conf.d/99mmdebstrap' \
                --customize-hook='rm -rf "$1"/var/cache/apt/*.bin "$1"/etc/apt/sources.list'
        new_image $image
        add_tar $image debian.tar
        configure $image --clear config.cmd --config.entrypoint /bin/sh --config.entrypoint -c \
                --config.cmd 'id; pwd; env' --config.user app:app --config.workingdir /srv/app \
                --config.env LANG=C.UTF-8 --config.env 'APP_MODE=a "quoted" $value' \
                --config.volume /srv/app/data
        finish debian.oci
}
