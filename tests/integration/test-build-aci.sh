# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# ACIs that are made here: the settings that only they have, and all layers as one tree, unpacked by nobody.
# On any systemd, the same.

. "$HERE/lib-layers.sh"

# A build of two layers, of which the second takes back what the first has.
aci_sources() {
        mkdir -p rootfs/bin rootfs/data
        cp /bin/busybox rootfs/bin/busybox
        ln -s busybox rootfs/bin/sh
        echo first >rootfs/data/file
        echo second >second
        cat >script <<'END'
begin
copy rootfs /
layer
copy second /data/other
rm /data/file
env add PATH=/bin
pre-start set -- /bin/sh -c 'echo before >/data/event'
mount add state=/state,ro
isolator add 'os/linux/capabilities-retain-set={"set":["CAP_CHOWN"]}'
supplementary-groups set 4711
cmd set -- /bin/sh -c 'cd /data; echo *; cat /data/event; id -G; grep CapBnd /proc/self/status'
END
}

# The archive has what the pod needs, and any two are the same.
test_build_aci_runs() {
        local id
        aci_sources
        podctl build script script
        id=$(podctl build write aci:one.aci:example.com/built:3)
        podctl build write --compression=none aci:two.aci:example.com/built:3
        podctl build end
        assert_eq "$id" "sha512-$(zcat one.aci | sha512sum | cut -d' ' -f1)"
        zcat one.aci | cmp - two.aci
        defer own gc --grace-period=0
        own fetch ./one.aci
        assert_eq "$(own run --net=none --volume=state,kind=empty example.com/built)" 'event other
before
0 4711
CapBnd:	0000000000000001'
}

# What an OCI image cannot say is said to be lost.
test_build_aci_settings_in_oci() {
        aci_sources
        podctl build script script
        podctl build write oci:out 2>lost
        podctl build end
        assert_eq "$(sed 's/.*only an ACI can have \([a-zA-Z]*\), .*/\1/' lost)" \
                $'eventHandlers\nisolators\nmountPoints\nsupplementaryGIDs'
}

test_build_aci_refused() {
        podctl build begin
        refused_command 'write aci:FILE:NAME' build write aci:out.aci
        refused_command "'Big' is not the name of an image" build write aci:out.aci:Big
        refused_command 'an ACI is compressed with gzip, or not at all' build write --compression=zstd aci:out.aci:a.b
        refused_command 'app.isolators[0].value.limit' build isolator add 'resource/cpu={"limit":"much"}'
        refused_command "mount 'x': the image has none to remove" build mount remove x
        assert_eq "$(ls)" ''
}

# The tree of the ACI is the one that its layers give when they are unpacked.
test_build_aci_of_foreign_layers() {
        foreign_base
        podctl build begin --from=./base.tar
        podctl build write oci-archive:out.tar
        podctl build write aci:out.aci:example.com/foreign
        podctl build end
        own image extract --rootfs-only "$(own fetch --full ./out.tar)" layers
        mkdir unpacked
        tar --xattrs --warning=no-unknown-keyword -xpf out.aci -C unpacked --numeric-owner
        assert_eq "$(listing unpacked/rootfs)" "$(listing layers)"
        assert_contains "$(listing layers)" 'dir/b f 4755 5:6 981173106.789'
        own image extract --rootfs-only "$(own fetch --full ./out.aci)" ours
        assert_eq "$(listing ours)" "$(listing layers)"
        assert_eq "$(ls layers/opaque)" new
}

# A layer that is not what it was when the build began is found before anything is written.
test_build_aci_of_damaged_layers() {
        foreign_base
        podctl build begin --from=./base.tar
        printf x | dd of=.podctl-build/base/files/lower.tar bs=1 seek=600 conv=notrunc status=none
        refused_command 'end it, and begin again' build write aci:out.aci:a.b
        truncate -s 1000 .podctl-build/base/files/upper.tar
        refused_command 'layer sha256:' build write aci:out.aci:a.b
        assert_eq "$(ls)" $'base\nbase.tar'
}
