# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The guides for users of rkt and of podman, as written.

. "$HERE/lib-examples.sh"

test_from_rkt() {
        hub
        mkdir -p /etc/rkt/auth.d
        echo '{"rktKind": "dockerAuth", "rktVersion": "v1", "registries": ["guide.example.com"],
               "credentials": {"user": "me", "password": "secret"}}' >/etc/rkt/auth.d/guide.json
        defer rm -rf /etc/rkt /etc/podctl/auth.d/guide.json /usr/local/bin/rkt
        defer rm -rf /etc/podctl/pods.d/site.json /etc/systemd/system/pod@site.service.d
        defer systemctl disable --quiet --now pod@site.service
        defer end_pod web
        example podctl-from-rkt.7
        assert_contains "$(cat out)" guide.example.com
}

# Of podman before 4.4 there is no Quadlet: its commands are left out there.
test_from_podman() {
        local -a left_out=()
        hub
        podman_works || skip "podman does not run here: $(tail -n 1 podman.log)"
        if [[ ! -e /usr/libexec/podman/quadlet ]]; then
                left_out=('# systemctl daemon-reload' '[Container]'
                        '# podctl create --check --from=/etc/containers/systemd/web.container')
        fi
        defer rm -rf /srv/www /etc/podctl/pods.d/web.json /etc/systemd/system/pod@web.service.d
        defer systemctl daemon-reload
        # podman's exit status on being stopped
        defer systemctl reset-failed web.service 2>/dev/null
        defer systemctl disable --quiet --now pod@web.service
        defer end_pod site
        defer end_pod web
        example podctl-from-podman.7 "${left_out[@]}"
}
