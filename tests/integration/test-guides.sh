# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The guides for users of rkt, podman and Kubernetes, as written.
# On any systemd, the same.

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

# There is no kubelet here: what it and its friends would do is left out, and its pod is there already.
test_podctl_kubernetes_node_7() {
        local id
        # shellcheck source=tests/integration/lib-cri.sh
        . "$HERE/lib-cri.sh"
        # shellcheck source=tests/integration/lib-network.sh
        . "$HERE/lib-network.sh"
        fetch busybox.oci
        plugins_leave cni0
        cri_service
        id=$(cri_sandbox web-node1)
        defer cri_end "$id"
        openssl ecparam -name prime256v1 -genkey -noout -out key.pem
        openssl ec -in key.pem -pubout -out /root/web.pub 2>/dev/null
        defer rm -rf /root/web.pub /var/lib/kubelet /etc/kubernetes
        defer rm -rf /etc/podctl/trustedkeys/prefix.d/registry.example.com
        defer systemctl disable --quiet --now podctl-cri.socket
        example podctl-kubernetes-node.7 '# kubectl drain node1 --ignore-daemonsets --delete-emptydir-data' \
                '# systemctl stop kubelet'
        assert_contains "$(cat out)" "web-node1-${id:0:8}"
        assert_contains "$(podctl network list --no-legend)" node
        # The network of the file is that of the next pod.
        cri_end "$id"
        id=$(cri_sandbox web-node1)
        defer cri_end "$id"
        [[ $(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" | jq -r .status.network.ip) == 10.85.* ]]
        cri_end "$id"
}
