# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images and pods that older versions of podctl left (tests/data/store), in the hands of this one.
# On any systemd, the same.

STORES=$HERE/../data/store

# for_all FUNCTION: with own() working on each of the stores, in the place where it was, since pods name their layers.
for_all() {
        local store top=$PWD
        for store in "$STORES"/*.tar.gz; do
                echo "-- ${store##*/}"
                DATA=$(tar -xzOf "$store" --wildcards './pods/*/apps/*/lower' | sed -n 's|/images/.*||p' | sort -u)
                [[ $DATA == /var/tmp/* && ! -e $DATA ]] || fail "the store cannot be put to '$DATA'"
                defer rm -rf "$DATA"
                defer podctl "--dir=$DATA" gc --grace-period=0 --expire-prepared=0
                mkdir -p "$DATA" "$top/${store##*/}.d"
                tar -C "$DATA" --numeric-owner -xzf "$store"
                cd "$top/${store##*/}.d" || return
                "$1"
        done
}

pods_of_old_are_read() {
        own list --all --format=json >list
        jq -e 'map({key: .machine, value: .state}) | from_entries | .over == "exited" and .networked == "exited"' list
        jq -e '.[] | select(.machine == "over") | .apps[0] | .name == "greeter" and .exit_code == 0' list
        own status over >status
        grep -qx state=exited status
        grep -qx app-greeter=0 status
        assert_eq "$(own logs --output=cat --app=greeter over)" hello
        own cat-manifest over | jq -e '.apps[0].image.name == "example.com/hello"'
        own export over over.aci
        tar -tzf over.aci rootfs/hello
        own rm over
        own gc --grace-period=0
        assert_eq "$(own list --all --format=json | jq -r '.[] | select(.state != "prepared") | .name')" ''
}

images_of_old_are_used() {
        [[ $(uname -m) == x86_64 ]] || return 0
        assert_eq "$(own image list --no-legend --fields=name)" example.com/hello:1.0
        own image verify example.com/hello:1.0
        assert_eq "$(own run --net=none example.com/hello:1.0)" hello
        if own status later >/dev/null 2>&1; then
                assert_eq "$(own run-prepared --net=none later)" hello
        fi
        own gc --grace-period=0 >/dev/null
        own image rm example.com/hello:1.0
        own image gc --grace-period=0 >/dev/null
        assert_eq "$(find "$DATA/images/layers" -mindepth 1 | wc -l)" 0
}

test_pods_of_older_versions() { for_all pods_of_old_are_read; }
test_images_of_older_versions() { for_all images_of_old_are_used; }

# A pod that runs on while podctl is upgraded has files of the older one for its launcher, and the new programs.
test_launcher_of_an_older_version() {
        local files
        fetch busybox.oci
        pod old --net=none busybox --name=app --exec=/bin/sh --health-cmd=true --health-interval=50ms \
                --health-on-failure=fail -- -c 'echo started; exec sleep 1000'
        wait_until has_started old 1
        files=/proc/$(leader old)/root/etc/podctl/launch/app
        python3 - "$files" <<'PYTHON'
import sys
start, health = (open(sys.argv[1] + name, "r+b") for name in ("/start", "/health"))
words = [b"--relay=journal" if w.startswith(b"--relay=") else w
         for w in start.read().split(b"\0") if not w.startswith(b"--fields=")]
start.seek(0), start.truncate(), start.write(b"\0".join(words))
words = health.read().split(b"\0")
del words[6:11]
health.seek(0), health.truncate(), health.write(b"\0".join(words))
PYTHON
        systemctl -M old restart app.service
        wait_until has_started old 2
        wait_until has_been_checked old
}

has_started() {
        [[ $(podctl logs -o cat "$1" | grep -c '^started$') == "$2" ]]
}

has_been_checked() {
        podctl status --format=json "$1" | jq -e '.apps[0].health.status == "healthy"'
}
