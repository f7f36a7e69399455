# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Layers with all that others put into them.

# A base of two layers as others make them: hard links whose first name a later layer replaces, opaque directories and
# whiteouts, attributes, devices, and times that are not whole seconds.
foreign_base() {
        mkdir -p base/{lower,upper}/{dir,opaque/deep} base/lower/gone
        (
                cd base/lower
                echo linked >dir/a
                ln dir/a dir/b
                ln dir/a c
                setfattr -n user.note -v kept dir/b
                mknod null c 1 3
                mkfifo pipe
                touch gone/file opaque/old opaque/deep/old
                ln -s dir link
                truncate -s 1M sparse
                echo end >>sparse
                chmod 1777 opaque
                chown 5:6 c
                chmod 4755 c
                ln c dir-link
                touch -d '2001-02-03 04:05:06.789' link dir/b
                tar --xattrs --format=posix --sparse -cf ../lower.tar .
                cd ../upper
                echo other >dir/a
                touch opaque/new opaque/.wh..wh..opq .wh.gone
                rmdir opaque/deep
                tar --format=gnu -cf ../upper.tar ./dir/a opaque .wh.gone
        )
        jq -n --arg lower "sha256:$(sha256sum <base/lower.tar | cut -d' ' -f1)" \
                --arg upper "sha256:$(sha256sum <base/upper.tar | cut -d' ' -f1)" \
                '{ os: "linux", architecture: "amd64", created: "2001-02-03T04:05:06Z",
                   config: { Entrypoint: ["/bin/a", "b"], User: "6", ExposedPorts: {"80/tcp": {}},
                             Volumes: {"/data": {}} },
                   rootfs: { type: "layers", diff_ids: [$lower, $upper] } }' \
                >base/config.json
        jq -n '[{ Config: "config.json", RepoTags: ["example.com/foreign:7"], Layers: ["lower.tar", "upper.tar"] }]' \
                >base/manifest.json
        rm -r base/lower base/upper
        tar -cf base.tar -C base .
}

# Names, types, modes, owners, times, sizes, numbers of links and attributes.
listing() (
        cd "$1"
        find . -mindepth 1 -printf '%P %y %m %U:%G %T@ %s %n %l\n' | sed 's/^\(.* d .*\) [0-9]* [0-9]* $/\1/' | sort
        find . -type c -exec stat -c '%n %t:%T' {} +
        getfattr -R --absolute-names -d . | sort
)
