# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What is said to who is mistaken: what was meant, and the remedy.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
fetch busybox.oci httpd.oci

# complains WORDS STATUS ARG…: podctl ends with that status and one line that has the words.
complains() {
        local words=$1 status=$2
        shift 2
        assert_fails "$status" podctl "$@"
        assert_contains "$output" "$words"
        assert_eq "$(wc -l <<<"$output")" 1
}

test_commands_of_other_tools() {
        local word
        for word in ps images pull rmi kill start login push save load tag; do
                complains "Unknown command '$word': " 2 "$word" x
        done
        for word in commit wait info pause "system prune" secret generate healthcheck \
                'image prune' 'image inspect' 'image pull' import container pod \
                'network create' 'network ls' 'network rm' 'network connect'; do
                # shellcheck disable=SC2086
                complains "Unknown command '$word': " 2 $word x
        done
        complains "'ps': podctl list does" 2 ps
}

test_misspelt_words() {
        complains "Unknown command 'lst'; did you mean 'podctl list'?" 2 lst
        complains "Unknown command 'statsu'; did you mean 'podctl status'?" 2 statsu
        complains "Unknown command 'image lst'; did you mean 'podctl image list'?" 2 image lst
        complains "Unknown command 'image frobnicate'; see 'podctl --help'" 2 image frobnicate
        complains "'podctl image' needs a command of its own" 2 image
        complains "'podctl network' needs a command of its own" 2 network
        complains "Unknown command 'network lst'; did you mean 'podctl network list'?" 2 network lst
        complains "Unknown command 'imgae'; did you mean 'podctl image'?" 2 imgae list
        complains "Command 'st' could be any of: status, stats, stop" 2 st
        complains "Command 'image e' could be any of: image export, image extract" 2 image e
        complains "Unknown command 'frobnicate'; see 'podctl --help'" 2 frobnicate
        complains "Unknown option '--prot'; did you mean '--port'?" 254 run --prot=80 busybox
        complains "Unknown option '--no-legnd'; did you mean '--no-legend'?" 254 list --no-legnd
        complains "Unknown option '--frobnicate'" 254 list --frobnicate
}

test_options_of_other_tools() {
        local option
        for option in -v --rm -it -u --ulimit=nofile=1 --init --secret=x --publish=80:80 --env=A=b \
                --privileged --cap-add=NET_ADMIN; do
                complains "Unknown option '${option%%=*}': " 254 run "$option" busybox
                complains "Unknown option '${option%%=*}': " 254 run busybox "$option"
        done
        complains "Unknown option '-c': options of the program go after --" 254 run busybox sh -c 'echo hi'
        complains 'all images are listed' 254 image list -a
        complains 'write --lines=N' 254 logs --tail=5 x
        complains '--no-legend' 254 list -q
        complains 'podctl enter as root' 254 exec --user=root x
        complains 'there is no such file' 254 run nowhere.oci
        complains "Option '--memory=64M' belongs after the image" 254 run --memory=64M busybox
        complains "Option '-e' belongs after the image" 254 run -e A=b busybox
}

test_values_of_options() {
        assert_fails 254 podctl run --port=http:80 httpd
        assert_contains "$output" "Option --port: no app has a port 'http'; there are 8080-tcp"
        complains 'no app has a port' 254 run --port=http:80 busybox
        complains "Option --property: '8080:80' is not NAME=VALUE of a unit; for a port write --port=PORT:PORT" 254 \
                run -p 8080:80 httpd
        complains 'write NAME,kind=host,source=PATH' 254 run --volume=/srv:/data busybox
}

# With its name, also where there are others on the line.
test_which_image() {
        front_registry
        push "$IMAGES/busybox.oci:latest" broken
        rules '[{"path": "/manifests/", "body": "<html>log in here</html>", "status": 200}]'
        assert_fails 254 plain fetch "docker://$FRONT/broken"
        assert_contains "$output" "$FRONT/broken"
}

test_what_a_registry_says() {
        certificates ours
        registry 5000 ours
        assert_fails 254 own fetch docker://127.0.0.1:5000/x
        assert_contains "$output" 'certificate'
        assert_contains "$output" '/etc/containers/certs.d/127.0.0.1:5000/ca.crt'
        front --upstream http://127.0.0.1:1
        assert_fails 254 own fetch "docker://$FRONT/x"
        assert_contains "$output" 'if it speaks plain http, give --insecure-options=http'
        rules '[{"status": 429, "headers": {"Retry-After": "1000"},
                "body": "{\"errors\":[{\"message\":\"slow down, you\"}]}"}]'
        assert_fails 254 plain fetch "docker://$FRONT/x"
        assert_contains "$output" 'slow down, you'
}

# Bytes are not columns.
test_help_and_tables_in_columns() {
        podctl run --help | sed -n 's/^\(  .\{33\}\) .*/\1/p' | grep -q -- '--net\[=NETWORK,…\]  *$'
        own fetch --name=größe "$IMAGES/busybox.oci" >/dev/null
        own fetch --name=other-one "$IMAGES/edge.oci" >/dev/null
        # The last column is not filled up, and all sizes are of six letters.
        assert_eq "$(own image list --no-legend --fields=name,size | while read -r line; do
                (LC_ALL=C.UTF-8; echo "${#line}")
        done | uniq | wc -l)" 1
}

test_tabs_for_scripts_of_rkt() {
        ln -s /usr/bin/podctl rkt
        own fetch --name=one "$IMAGES/busybox.oci" >/dev/null
        assert_eq "$(./rkt --dir="$DATA" image list --no-legend --fields=name,importtime | cut -f1)" one:latest
        assert_eq "$(own image list --no-legend --fields=name,size | grep -c $'\t' || true)" 0
}

test_export_to_standard_output() {
        own fetch --name=one "$IMAGES/busybox.oci" >/dev/null
        own image export one - | tar -t | grep -x index.json >/dev/null
        [[ ! -e - ]]
        own image export one out.tar
        own image export one - | cmp - out.tar
}
