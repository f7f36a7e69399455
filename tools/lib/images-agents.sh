# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $out is of images-oci.sh
#
# Programs of others that have to see the host.

# Debian's program with the libraries that it needs, unpacked and not installed: nothing else is in there.
exporter_image() {
        local image=exporter.oci:latest
        make_root trixie exporter.tar --variant=extract --include=base-files,prometheus-node-exporter \
                --customize-hook='cd "$1" && rm -rf etc/apt usr/share usr/sbin usr/lib/systemd usr/lib/python3*' \
                --customize-hook='cd "$1" && rm -rf var boot'
        new_image $image
        add_tar $image exporter.tar
        configure $image --clear config.cmd --config.entrypoint /usr/bin/prometheus-node-exporter
        finish exporter.oci
}
