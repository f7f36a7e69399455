# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Running what manual pages show, as written. The names in there work: a registry of this host answers for Docker Hub
# and quay.io, to podctl, podman and skopeo alike.

. "$HERE/lib-servers.sh"
ROOT=$(cd "$HERE/../.." && pwd)
EXAMPLES=$ROOT/tests/docs/examples.py

# example PAGE [LINE…]: but for the blocks that begin with these lines. What it printed is in the file "out".
example() {
        local page=$1 file
        shift
        [[ $page == *.md ]] || page=man/$page.rst
        "$EXAMPLES" script "$ROOT/$page" "$@" >script || fail "no script of $page"
        while read -r file; do
                [[ ! -e $file ]] || fail "$file is somebody else's"
                defer rm -f "$file"
        done < <("$EXAMPLES" files "$ROOT/$page")
        bash -eu -o pipefail script >out 2>&1 || fail "$(cat out)"
}

# Images that a test fetches under the names of others go with it.
forget_images_after() {
        podctl image list --no-legend --full --fields=id >images.before
        defer forget_images
}

forget_images() {
        local id
        podctl gc --grace-period=0 >/dev/null 2>&1
        podctl image list --no-legend --full --fields=id | while read -r id; do
                grep -qxF "$id" images.before || podctl image rm "$id"
        done
}

# What nginx is on the hub: a server on port 80. This one is busybox's.
nginx_image() {
        skopeo copy --quiet "oci:$IMAGES/busybox.oci:latest" oci:nginx.oci:latest
        mkdir -p nginx/usr/share/nginx/html nginx/usr/sbin
        echo '<h1>Welcome to nginx!</h1>' >nginx/usr/share/nginx/html/index.html
        echo "not nginx's own" >nginx/usr/sbin/nginx
        umoci insert --image nginx.oci:latest nginx /
        umoci config --image nginx.oci:latest --clear config.cmd --config.cmd /bin/httpd --config.cmd -f \
                --config.cmd -h --config.cmd /usr/share/nginx/html \
                --config.exposedports 80/tcp --config.stopsignal SIGKILL
}

# hub: with nginx, busybox, and prometheus, which is busybox.
hub() {
        registry
        nginx_image
        push nginx.oci:latest library/nginx
        push "$IMAGES/busybox.oci:latest" library/busybox
        push "$IMAGES/busybox.oci:latest" prometheus/prometheus:v3.0.0
        mkdir -p /etc/podctl/registries.d /etc/containers/registries.conf.d
        defer rm -f /etc/podctl/registries.d/hub.json /etc/containers/registries.conf.d/hub.conf
        echo '{"rktKind": "registries", "rktVersion": "v1", "registries": ["docker.io", "quay.io"],
               "mirrors": ["http://127.0.0.1:5000"]}' >/etc/podctl/registries.d/hub.json
        printf '[[registry]]\nprefix = "%s"\nlocation = "127.0.0.1:5000"\ninsecure = true\n' docker.io quay.io \
                >/etc/containers/registries.conf.d/hub.conf
        forget_images_after
}

# podman_works: these hosts have no controllers to limit tasks with, which podman does unless told otherwise.
podman_works() {
        mkdir -p /etc/containers/systemd
        printf '[containers]\npids_limit = 0\n' >/etc/containers/containers.conf
        defer rm -f /etc/containers/containers.conf
        defer forget_podman
        podman run --rm --network=none docker.io/library/busybox true >podman.log 2>&1 && return
        # An old one does only without any.
        printf '[containers]\npids_limit = 0\ncgroups = "disabled"\n' >/etc/containers/containers.conf
        podman run --rm --network=none docker.io/library/busybox true >podman.log 2>&1
}
