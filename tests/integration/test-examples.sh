# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the manual pages and the README show, as written. A test has the name of its page; it makes what the page takes
# for granted, and looks at what came of it. What is left out says why.
# On any systemd, the same.

. "$HERE/lib-examples.sh"
. "$HERE/lib-signatures.sh"

sleeping() { pod "$1" busybox --name=app --exec=/bin/sleep -- 1000; }

# to_be_started NAME: what pod@NAME is about.
to_be_started() {
        defer rm -rf "/etc/podctl/pods.d/$1".{json,yaml} "/etc/systemd/system/pod@$1.service.d"
        defer systemctl disable --quiet --now "pod@$1.service"
}

# archive IMAGE FILE: as somebody would have it who got it from elsewhere.
archive() { skopeo copy --quiet "oci:$IMAGES/$1:latest" "oci-archive:$2"; }

# signed_aci FILE NAME: an ACI that can be run, and its signature by the key "author", whose public half is
# FILE without its ending and with -key.asc.
signed_aci() {
        mkdir aci
        tar -C aci -xf "$IMAGES/busybox.aci"
        jq --arg name "$2" '.name = $name | .app = {exec: ["/bin/echo", "hello"], user: "0", group: "0"}' \
                aci/manifest >manifest.json
        mv manifest.json aci/manifest
        tar -C aci -czf "$1" .
        gpg_key author
        cp author.asc "${1%.aci}-key.asc"
        gpg_here --armor --output "$1.asc" --detach-sign "$1"
}

# saying_yes: whoever sits at the terminal says yes, in the examples that follow.
saying_yes() {
        mkfifo keyboard
        KEYBOARD=$PWD/keyboard
        export KEYBOARD
        # shellcheck disable=SC2317  # the examples call it
        podctl() {
                if [[ $1 == trust && $* != *--list* ]]; then
                        # Nobody closes it, so that there is no end of the keys before the answer was read.
                        exec 7<>"$KEYBOARD"
                        echo yes >&7
                        script -qec "$(printf '%q ' "$(type -P podctl)" "$@")" /dev/null <"$KEYBOARD"
                else
                        command podctl "$@"
                fi
        }
        export -f podctl
        defer rm -rf /etc/podctl/trustedkeys
}

test_podctl_1() {
        forget_images_after
        archive httpd.oci web.tar
        defer end_pod web
        example podctl.1
        grep -qE '^web +container +podctl ' out
}

test_pod_at_service_8() {
        local name
        fetch busybox.oci
        for name in web db; do
                to_be_started $name
                podctl create $name busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1
        done
        printf '[Service]\nExecStart=/bin/sleep 1000\n' >/etc/systemd/system/needy.service
        defer systemctl daemon-reload
        defer rm -rf /etc/systemd/system/needy.service /etc/systemd/system/needy.service.d
        defer systemctl stop needy.service
        example pod@.service.8
        systemctl daemon-reload
        assert_eq "$(systemctl show -P MemoryMax -P CPUQuotaPerSecUSec -P Restart pod@web | paste -sd,)" \
                on-failure,1.500000s,536870912
        systemctl start needy.service
        systemctl is-active pod@db.service
}

test_podctl_cat_manifest_1() {
        fetch httpd.oci
        pod web httpd
        to_be_started web
        mkdir -p /etc/podctl/pods.d
        example podctl-cat-manifest.1
        systemctl is-active pod@web.service
}

test_podctl_check_1() {
        fetch busybox.oci
        to_be_started site
        podctl create site busybox >/dev/null 2>&1
        cat >draft.json <<'X'
{
  "acKind": "PodManifest",
  "acVersion": "0.8.11",
  "apps": [
    { "name": "web",
      "image": { "name": "busybox" },
      "mounts": [ { "volume": "www", "path": "/www" } ] }
  ]
}
X
        example podctl-check.1
}

test_podctl_completion_1() { example podctl-completion.1; }
test_podctl_config_1() { example podctl-config.1; }

test_podctl_cp_1() {
        fetch busybox.oci
        sleeping web
        podctl enter web mkdir -p /srv
        example podctl-cp.1
}

test_podctl_create_1() {
        hub
        podctl --insecure-options=image fetch docker://nginx docker://busybox >/dev/null
        defer rm -rf /srv/www
        mkdir -p /srv/www
        echo mine >/srv/www/index.html
        to_be_started web
        example podctl-create.1
        assert_eq "$(page http://localhost:8080/)" mine
}

test_podctl_credential_helper_8() {
        private_registry
        forget_images_after
        mkdir -p /etc/podctl/registries.d /run/containers/0 \
                /etc/systemd/system/podctl-credential-helper@systemd.service.d
        defer rm -rf /etc/podctl/registries.d/private.json /etc/credstore.encrypted/registry \
                /var/lib/{,private/}podctl-credential-helper
        defer systemctl daemon-reload
        sed 's/127.0.0.1/localhost/' config/registries.d/r.json >/etc/podctl/registries.d/private.json
        example podctl-credential-helper.8 '{ "credHelpers": { "registry.example.com": "pass" },'
        podctl image cat-manifest localhost:5000/private/busybox >/dev/null
}

test_podctl_delete_1() {
        fetch busybox.oci
        to_be_started web
        podctl create web busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1
        systemctl enable --quiet --now pod@web
        example podctl-delete.1
        [[ ! -e /etc/podctl/pods.d/web.json ]]
}

test_podctl_attach_1() {
        fetch busybox.oci
        in_terminal 'podctl run --detach --name=workshop busybox --stdin=interactive --exec=/bin/sh
                podctl attach workshop'
        defer end_pod workshop
        printf 'echo $((6 * 7))\r' >&5
        wait_until grep -x 42.* screen
        defer end_pod calc
        podctl run --detach --name=calc busybox --stdin=stream --stdout=stream --exec=/bin/bc
        assert_eq "$(echo '6 * 7' | podctl attach --mode=stdin,stdout calc)" 42
}

test_podctl_enter_1() {
        fetch httpd.oci debian.oci
        pod web httpd
        pod site debian --name=db --exec=/bin/sleep -- 1000 --- httpd --name=web
        example podctl-enter.1
        assert_contains "$(cat out)" ./index.html
}

test_podctl_exec_1() {
        fetch httpd.oci busybox.oci
        printf '#!/bin/sh\necho "postgres=#"\n' >psql
        chmod 755 psql
        pod web httpd
        pod site --volume="psql,kind=host,source=$PWD/psql" httpd --name=web \
                busybox --name=db --exec=/bin/sleep --mount=volume=psql,target=/bin/psql -- 1000
        example podctl-exec.1
        assert_contains "$(cat out)" uid=33
        assert_contains "$(cat out)" 'postgres=#'
}

test_podctl_export_1() {
        fetch debian.oci
        forget_images_after
        example podctl-export.1
        assert_eq "$(podctl run mine --exec=/bin/echo -- exported)" exported
}

test_podctl_fetch_1() {
        hub
        saying_yes
        signed_aci app.aci example.com/app
        podman_works || skip "podman does not run here: $(tail -n 1 podman.log)"
        podman tag docker.io/library/busybox localhost/site
        example podctl-fetch.1
}

# It would stay in the foreground.
test_podctl_metadata_service_1() { example podctl-metadata-service.1 '# systemctl stop podctl-metadata.socket'; }

test_podctl_metadata_service_8() {
        fetch busybox.oci
        defer systemctl daemon-reload
        defer systemctl disable --quiet --now podctl-metadata.socket
        defer systemctl stop podctl-metadata.service
        example podctl-metadata.service.8
        systemctl daemon-reload
        assert_contains "$(systemctl show -P IPAddressAllow podctl-metadata.socket)" 172.16.0.0/16
}

test_podctl_gc_1() {
        fetch busybox.oci
        podctl run --name=over busybox --exec=/bin/true
        example podctl-gc.1
        assert_eq "$(podctl list --all --no-legend)" ''
}

test_podctl_gc_service_8() {
        defer systemctl daemon-reload
        example podctl-gc.service.8
        systemctl daemon-reload
        assert_eq "$(systemctl show -P Environment podctl-gc.service | grep -c GRACE_PERIOD=7d)" 1
}

test_podctl_image_gc_service_8() {
        defer systemctl daemon-reload
        example podctl-image-gc.service.8
        systemctl daemon-reload
        assert_eq "$(systemctl show -P Environment podctl-image-gc.service | grep -c MAX_SIZE=20G)" 1
}

test_podctl_network_list_1() { example podctl-network-list.1; grep -qx 'file=built in' out; }
test_podctl_network_reload_1() { defer nft flush ruleset; example podctl-network-reload.1; }
test_podctl_help_1() { example podctl-help.1; }
test_podctl_version_1() { example podctl-version.1; }
test_podctl_list_1() { fetch busybox.oci; sleeping one; example podctl-list.1; grep -qx one out; }

test_podctl_build_1() {
        forget_images_after
        defer end_pod site
        mkdir pages
        echo hello >pages/index.html
        echo no >pages/index.bak
        registry
        # Not every host of tests lets crun have its own control groups.
        BUILDAH_ISOLATION=chroot example podctl-build.1
        assert_eq "$(page http://localhost:8091/)" hello
        assert_fails '*' curl -sf http://localhost:8091/index.bak
}

test_podctl_sign_1() {
        forget_images_after
        export GNUPGHOME=$PWD/gnupg
        gpg_key alice
        rm alice.asc
        registry
        skopeo copy --quiet --dest-tls-verify=false "oci:$IMAGES/busybox.oci:latest" \
                docker://localhost:5000/site:1
        defer podctl trust --remove="$(gpg_fingerprint alice)" --prefix=example.com/hello
        defer forget_my_key
        example podctl-sign.1
}

forget_my_key() { podctl trust --remove="$(cosign_fingerprint my)" --prefix=localhost:5000/site; }

test_podctl_image_cat_manifest_1() { fetch httpd.oci; example podctl-image-cat-manifest.1; }
test_podctl_image_gc_1() { example podctl-image-gc.1; }
test_podctl_image_list_1() { fetch httpd.oci; example podctl-image-list.1; }
test_podctl_image_extract_1() { fetch busybox.oci; example podctl-image-extract.1; test -x busybox/bin/busybox; }

test_podctl_image_export_1() {
        forget_images_after
        podctl --insecure-options=image fetch --name=nginx "$IMAGES/httpd.oci" >/dev/null
        fetch busybox.oci
        example podctl-image-export.1
        tar -tf nginx.aci manifest
}

test_podctl_image_render_1() {
        forget_images_after
        signed_aci app.aci example.com/app
        podctl --insecure-options=image fetch --name=example.com/app:1.0 ./app.aci >/dev/null
        example podctl-image-render.1
        test -x tree/bin/busybox
}

test_podctl_image_push_1() {
        forget_images_after
        podctl --insecure-options=image fetch --name=site "$IMAGES/busybox.oci" >/dev/null
        registry
        example podctl-image-push.1
        skopeo inspect --tls-verify=false docker://localhost:5000/site:1 >/dev/null
}
test_podctl_image_tag_1() {
        forget_images_after
        podctl --insecure-options=image fetch --name=docker.io/library/busybox "$IMAGES/edge.oci" >/dev/null
        example podctl-image-tag.1
        podctl image list --no-legend --fields=id,name >list
        assert_contains "$(grep 41de8f40 list)" docker.io/library/busybox:latest
}

test_podctl_image_untag_1() {
        podctl image tag busybox old-name >/dev/null
        example podctl-image-untag.1
        refused "no image 'old-name' in the store" old-name
}

# The ID is that of an image its author had.
test_podctl_image_rm_1() { example podctl-image-rm.1 '# podctl image rm busybox sha256-41de8f40'; }

test_podctl_image_verify_1() {
        local file
        forget_images_after
        nginx_image
        podctl --insecure-options=image fetch --name=nginx "$PWD/nginx.oci" >/dev/null
        file=$(find /var/lib/podctl/images/layers -path '*/rootfs/usr/sbin/nginx')
        sed -i 's/own/OWN/' "$file"
        example podctl-image-verify.1
}

test_podctl_events_1() {
        fetch busybox.oci
        podctl run --name=web --net=none busybox --exec=/bin/sh -- -c 'exit 7' || assert_eq $? 7
        journalctl --sync
        example podctl-events.1
        grep -q '  failed           web  ' out
        grep -qx "  \"exit_code\": 7,\?" out
}

test_podctl_inspect_1() {
        fetch busybox.oci
        pod web --net=none -p MemoryMax=300M busybox --name=server --exec=/bin/sleep -- 1000
        example podctl-inspect.1
        grep -q '^server: .*busybox' out
        grep -qx 314572800 out
}

test_podctl_logs_1() {
        fetch busybox.oci
        mkfifo end
        defer end_pod site
        pod site --volume="end,kind=host,source=$PWD/end" busybox --name=web --mount=volume=end,target=/end \
                --exec=/bin/sh -- -c 'echo served; read -r x </end'
        (wait_until grep -q 'podctl logs' out && echo >end) &
        example podctl-logs.1
        assert_eq "$(grep -c '^served$' out)" 1
}

test_podctl_port_1() {
        fetch busybox.oci
        pod web --port=8080:80 busybox --exec=/bin/httpd -- -f -p 80 -h /etc
        wait_until curl -s -o /dev/null http://127.0.0.1:8080/passwd
        example podctl-port.1
        grep -qx '80/tcp -> 0.0.0.0:8080' out
}

test_podctl_prepare_1() { fetch busybox.oci; example podctl-prepare.1; grep -qx 'done' out; }

test_podctl_app_sandbox_1() {
        fetch busybox.oci httpd.oci
        defer end_pod changing
        example podctl-app-sandbox.1
        grep -qx 'web *running' out
}

test_podctl_app_reopen_log_1() {
        mkdir -p /srv/logs
        defer rm -rf /srv/logs
        fetch busybox.oci
        defer end_pod web
        podctl run --detach --name=web busybox --name=app --log-file=/srv/logs/web.log --exec=/bin/sh -- \
                -c 'echo first; sleep 1000' >/dev/null
        wait_until grep -q first /srv/logs/web.log
        example podctl-app-reopen-log.1
        grep -q first /srv/logs/web.log.1
        [[ -e /srv/logs/web.log && ! -s /srv/logs/web.log ]]
}

test_podctl_rm_1() {
        fetch busybox.oci
        podctl run --name=web busybox --exec=/bin/true
        podctl run --uuid-file-save=/run/web.uuid busybox --exec=/bin/true
        defer rm -f /run/web.uuid
        example podctl-rm.1
        assert_eq "$(podctl list --all --no-legend)" ''
}

# The UUID is that of a pod its author had.
test_podctl_run_prepared_1() { example podctl-run-prepared.1 '[Service]'; }

test_podctl_run_1() {
        hub
        podctl --insecure-options=image fetch --pull-policy=new docker://nginx >/dev/null
        fetch busybox.oci httpd.oci
        defer rm -rf /srv/www
        mkdir -p /srv/www
        defer end_pod web
        # "server" understands sockets: one that only says that it got one.
        podctl --insecure-options=image fetch --name=server "$IMAGES/httpd.oci" >/dev/null
        defer systemctl daemon-reload
        printf '[Socket]\nListenStream=8080\n' >/etc/systemd/system/web.socket
        defer rm -f /etc/systemd/system/web.socket
        defer systemctl stop site.service
        example podctl-run.1
        grep -qx 'hello' out || grep -q 'reader.*hello' out
        podctl stop --force web >/dev/null
        systemctl daemon-reload
        sed 's/--name=web/--name=site/' /etc/systemd/system/site.service >/run/site.service
        mv /run/site.service /etc/systemd/system/site.service
        systemctl daemon-reload
        systemctl start site.service
        assert_eq "$(machinectl show --property=Unit --value site)" site.service
        systemctl stop site.service
        systemd-analyze verify --man=no web.service 2>&1 | tee verified
        assert_eq "$(grep -F web. verified || true)" ''
}

test_podctl_cri_service_8() {
        defer rm -rf /var/lib/kubelet
        mkdir -p /var/lib/kubelet
        systemd-sysusers podctl-cri.conf
        defer systemctl stop podctl-cri.service
        defer systemctl disable --quiet --now podctl-cri.socket
        example podctl-cri.service.8
        assert_eq "$("$HERE/grpc-client" --proto=cri/runtime.proto --package=runtime.v1 \
                --address=unix:/run/podctl/cri.sock Version | jq -r .runtimeApiVersion)" v1
}

test_podctl_api_service_1() {
        [[ -x /usr/lib/podctl/podctl-api ]] || skip "podctl was built without the service"
        defer systemctl stop api.service
        example podctl-api-service.1
        wait_until nc -z 127.0.0.1 15442
}

test_podctl_api_service_8() {
        defer systemctl daemon-reload
        defer systemctl disable --quiet --now podctl-api.socket
        defer systemctl stop podctl-api.service
        [[ -x /usr/lib/podctl/podctl-api ]] || skip "podctl was built without the service"
        systemd-sysusers podctl-api.conf
        example podctl-api.service.8
        systemctl daemon-reload
        systemctl restart podctl-api.socket
        assert_eq "$("$HERE/grpc-client" --proto=api/api.proto --address=127.0.0.1:15442 GetInfo |
                jq -r .info.apiVersion)" 1.0.0-alpha
}

test_podctl_metrics_1() {
        defer rm -rf /var/lib/prometheus/node-exporter
        fetch busybox.oci
        sleeping web
        example podctl-metrics.1
        grep -qx 'podctl_app_running{pod="web",app="[a-z]*"} 1' /var/lib/prometheus/node-exporter/podctl.prom
        grep -q 'SUCCESS: 4 rules found' out
}

test_podctl_metrics_service_8() {
        defer systemctl daemon-reload
        defer systemctl disable --quiet --now podctl-metrics.socket
        defer systemctl stop podctl-metrics.service
        example podctl-metrics.service.8
        grep -q '^podctl_pods{state="running"} ' out
        grep -q 'SUCCESS: .* is valid prometheus config' out
        systemctl daemon-reload
        systemctl restart podctl-metrics.socket
        curl -sS -m 20 http://127.0.0.1:9999/metrics | promtool check metrics
}

test_podctl_system_df_1() { fetch busybox.oci; sleeping web; example podctl-system-df.1; grep -q '^Images ' out; }
test_podctl_stats_1() { fetch busybox.oci; sleeping web; example podctl-stats.1; grep -q '^web  *app ' out; }

test_podctl_status_1() {
        fetch busybox.oci
        sleeping web
        pod batch busybox --name=batch --exec=/bin/sh -- -c 'exit 3' || true
        example podctl-status.1
        grep -qx 3 out
}

test_podctl_restart_1() {
        hub
        podctl --insecure-options=image fetch docker://nginx >/dev/null
        to_be_started site
        podctl create site nginx >/dev/null 2>&1
        example podctl-restart.1
        systemctl is-active pod@site
}

test_podctl_update_1() {
        hub
        defer systemctl disable --quiet --now podctl-update.timer
        to_be_started site
        example podctl-update.1
        grep -q current out
        systemctl is-active pod@site podctl-update.timer
}

test_podctl_stop_1() { fetch busybox.oci; sleeping web; example podctl-stop.1; }

# The fingerprint is that of a key its author had.
test_podctl_top_1() { fetch busybox.oci; sleeping web; example podctl-top.1; }

test_podctl_trust_1() {
        saying_yes
        signed_aci app.aci example.com/app
        cosign_key cosign
        mkdir site
        cp cosign.pub site/
        openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -subj /CN=registry -days 2 \
                -addext subjectAltName=DNS:registry.example.com 2>/dev/null
        cp /etc/hosts hosts
        defer cp "$PWD/hosts" /etc/hosts
        echo '127.0.0.2 registry.example.com' >>/etc/hosts
        mkdir -p /etc/podctl/registries.d
        echo '{"rktKind": "registries", "rktVersion": "v1", "registries": ["registry.example.com"],
               "ca": "'"$PWD"'/tls.crt"}' >/etc/podctl/registries.d/trust.json
        defer rm -f /etc/podctl/registries.d/trust.json
        serve 127.0.0.2:443 "$HERE/web-server" --listen 127.0.0.2:443 --directory site --tls tls.crt tls.key
        # What is signed by hand is signed by this key.
        gpg_key me
        rm -f me.asc app.aci.asc
        export GNUPGHOME=$PWD/gnupg
        echo 'default-key me@example.com' >"$GNUPGHOME/gpg.conf"
        printf 'batch\npinentry-mode loopback\npassphrase ""\n' >>"$GNUPGHOME/gpg.conf"
        forget_images_after
        example podctl-trust.1 '# podctl trust --remove=8b86de38890ddb7291867b025210bd8888182190'
        grep -qx hello out
}

# As configuration that is read, the store of images and pods moving elsewhere with it.
test_podctl_files_5() {
        defer rm -rf /srv/podctl
        example podctl-files.5
        podctl config >config
        jq -e '.stage0 | map(.rktKind) | contains(["auth", "dockerAuth", "paths", "registries"])' config ||
                jq -e '.stage0 | map(.rktKind) | contains(["auth", "dockerAuth", "paths"])' config
        assert_fails 254 podctl fetch docker://example.com/app
}

test_podctl_net_d_5() {
        fetch busybox.oci
        if ip link add eth0 type veth peer name eth0-peer 2>/dev/null; then
                defer ip link del eth0
        fi
        ip link set eth0 up
        mkdir -p /etc/podctl/net.d
        defer rm -f /etc/podctl/net.d/{10-lan,20-default,30-shop}.conf
        example podctl-net.d.5
        [[ $(podctl run --net=lan busybox --exec=/bin/ip -- -o addr) =~ 192\.168\.7\.[0-9]+/24 ]]
        podctl run busybox --exec=/bin/sh -- -c 'ip -o addr; cat /etc/resolv.conf' >inside
        assert_contains "$(cat inside)" 'inet 10.40.'
        assert_contains "$(cat inside)" 'nameserver 10.0.0.53'
}

test_podctl_edit_1() {
        fetch busybox.oci
        to_be_started web
        mkdir -p /etc/podctl/pods.d
        printf 'image: busybox\nhostname: old\n' >/etc/podctl/pods.d/web.yaml
        example podctl-edit.1
        grep -qx 'hostname: new' /etc/podctl/pods.d/web.yaml
}

test_podctl_pods_d_5() {
        forget_images_after
        archive httpd.oci httpd.tar
        archive busybox.oci busybox.tar
        defer podctl volume rm --force pages
        to_be_started site
        to_be_started shop
        example podctl-pods.d.5
        wait_until sh -c 'podctl enter --app=clock site cat /www/index.html | grep -q UTC'
        podctl enter --app=web site wget -qO- http://127.0.0.1:8080/ | grep -q UTC
        assert_contains "$(systemctl -M site is-active web clock | sort -u)" active
        systemctl start pod@shop
        wait_until sh -c 'curl -sf http://127.0.0.1:8090/ | grep -q UTC'
        systemctl stop pod@shop
        cleared
}

test_podctl_kube_5() {
        forget_images_after
        cp "$IMAGES/busybox-docker.tar" busybox.tar
        to_be_started greeter
        example podctl-kube.5
        wait_until eval 'podctl logs greeter | grep -q hello'
}

test_podctl_generate_kube_1() {
        hub
        podctl --insecure-options=image fetch docker://docker.io/library/nginx
        to_be_started web
        example podctl-generate-kube.1
}

test_podctl_compose_5() {
        hub
        forget_images_after
        podctl --insecure-options=image fetch docker://docker.io/library/nginx docker://docker.io/library/busybox
        defer podctl volume rm shop-data
        defer podctl rm shop
        to_be_started shop
        example podctl-compose.5
}

# There is neither alice nor that digest; other tests have users of their own.
test_podctl_group_socket_8() { example podctl-group.socket.8 '# systemctl enable --now podctl-group.socket'; }

test_podctl_upgrades_7() {
        fetch busybox.oci
        sleeping web
        example podctl-upgrades.7
        wait_until podctl exec web true
}

# What was saved is there again, with a line of the pod that was started after that.
test_podctl_backup_7() {
        fetch busybox.oci
        to_be_started shop
        defer podctl volume rm --force shop-data
        defer systemctl disable --quiet --now pod@shop.service
        example podctl-backup.7
        local saved
        saved=$(tar -xOf shop-data.tar sales 2>/dev/null | wc -l || true)
        wait_until lines_of_shop $((saved + 1))
        assert_contains "$(tar -tzf podctl.tar.gz)" etc/podctl/pods.d/shop.json
}

# Not what earlier tests have written, which takes minutes.
upload_from_now() {
        local state=/var/lib/private/systemd/journal-upload
        install -d -m 0700 /var/lib/private
        install -d "$state"
        journalctl --quiet --lines=1 --show-cursor --output=cat | sed -n 's/^-- cursor: /LAST_CURSOR=/p' >"$state/state"
        defer rm -rf "$state"
}

# Where the logs go: this host stands for the other one, too. The proxy is the registry's front. Nomad is not here.
test_podctl_guides_7() {
        hub
        forget_images_after
        front --upstream http://127.0.0.1:5000
        mkdir /srv/site received
        defer rm -rf /srv/site
        defer end_pod own
        defer systemctl daemon-reload
        defer rm -rf /etc/systemd/system/podctl-update.service.d
        sed -i '$a 127.0.0.1 logs.example.com' /etc/hosts
        defer sed -i '/logs.example.com/d' /etc/hosts
        defer systemctl stop systemd-journal-upload
        systemd-run --quiet --unit=podtest-receiver --property=Type=exec \
                /usr/lib/systemd/systemd-journal-remote --listen-http=19532 --output="$PWD/received"
        defer systemctl stop podtest-receiver
        upload_from_now
        example podctl-guides.7 'task "site" {'
        pod site busybox --name=app --exec=/bin/sh -- -c 'echo to-be-seen-elsewhere; exec sleep 1000'
        wait_until received_line to-be-seen-elsewhere
        assert_contains "$(page http://127.0.0.1:8090/)" hello
        # The proxy of that page is asked for the image.
        echo '{"rktKind": "registries", "rktVersion": "v1", "registries": ["proxied.example.com"], "http": true}' \
                >/etc/podctl/registries.d/proxied.json
        defer rm /etc/podctl/registries.d/proxied.json
        to_be_started proxied
        http_proxy=http://$FRONT podctl --insecure-options=image create proxied --pull-policy=update \
                docker://proxied.example.com/library/busybox --exec=/bin/sleep -- 1000 >/dev/null
        sed -i "s|//proxy.example.com:3128|//$FRONT|; /no_proxy/d" /etc/systemd/system/pod@.service.d/proxy.conf
        systemctl daemon-reload
        : >requests
        systemctl start pod@proxied
        (($(requests '^HEAD http://proxied.example.com/v2/') > 0))
}

received_line() {
        journalctl --directory=received --output=cat PODCTL_POD_NAME=site 2>/dev/null | grep -qx "$1"
}

lines_of_shop() {
        [[ $(wc -l </var/lib/podctl/volumes/shop-data/data/sales) == "$1" ]]
}

# Left out: what makes a server, and what installs.
test_readme() {
        hub
        defer rm -f /usr/local/bin/rkt
        defer end_pod web
        defer end_pod site
        defer rm -f "/etc/podctl/pods.d/site.json"
        example README.md '# sudo tools/demo     # a minute, the first time three' \
                '# sudo apt install build-essential' \
                '# sudo apt install gcc libc6-dev meson pkg-config python3-docutils systemd-container \' \
                '# sudo systemctl disable --now podctl-gc.timer podctl-image-gc.timer podctl-upgrade.path \' \
                "# $(sed -n 's/^    \(command line ──.*\)/\1/p' "$ROOT/README.md")"
        assert_contains "$(cat out)" "UTC"
}

# Every page that shows something has its test here, the guides in test-guides.sh.
test_pages_have_tests() {
        local page name
        for page in "$ROOT"/man/*.rst; do
                [[ -n $("$EXAMPLES" list "$page") && $page != */podctl-from-* ]] || continue
                name=${page##*/} name=${name%.rst} name=${name/@./-at.}
                grep -q "^test_${name//[-.]/_}()" "$HERE"/test-{examples,guides}.sh ||
                        fail "$page has examples and no test"
        done
}
