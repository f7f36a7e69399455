# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What tests of files of Kubernetes share.

# kube_image: an image that files can name, without a registry.
kube_image() {
        podctl --insecure-options=image fetch --name=localhost/busybox:1 "$IMAGES/busybox-docker.tar" >/dev/null
}
