# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# One name, everywhere the same image.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
fetch busybox.oci

LOCAL=/etc/podctl/pods.d
HOST=127.0.0.1:$REGISTRATION_PORT

# pushed NAME: busybox in the registry and, from there, in the host's store.
pushed() {
        push "$IMAGES/busybox.oci:latest" "$1"
        podctl --insecure-options=image,http fetch "docker://$HOST/$1" >/dev/null
        defer podctl image rm "$HOST/$1" '>/dev/null' '2>&1'
}

# create_pod NAME IMAGE…: a pod of pods.d, which goes with the test.
create_pod() {
        defer rm -f "$LOCAL/$1.json"
        podctl create "$@" 2>/dev/null
}

names() { podctl "$@" image list --no-legend --fields=name; }

# Whatever "image list" prints is taken everywhere, a port, an underscore and capitals in it or not.
test_the_name_that_is_listed() {
        local name
        registry
        for name in team/site:1 my_app:1.0_X site; do
                pushed "$name"
                [[ $name == *:* ]] || name+=:latest
                assert_contains "$(names)" "$HOST/$name"
                name=$HOST/$name
                podctl run --net=none "$name" --exec=/bin/true
                podctl run --net=none "docker://$name" --exec=/bin/true
                create_pod named "$name" --exec=/bin/true >/dev/null
                create_pod remote "docker://$name" --exec=/bin/true >/dev/null
                assert_eq "$(podctl check named remote)" "$LOCAL/named.json: good"$'\n'"$LOCAL/remote.json: good"
                rm "$LOCAL/named.json" "$LOCAL/remote.json"
                # As somebody writes it by hand.
                jq -n --arg name "$name" '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{
                        name: "site", image: {name: $name},
                        app: {exec: ["/bin/true"], user: "0", group: "0"}}]}' >by-hand.json
                assert_eq "$(podctl check "$PWD/by-hand.json")" "$PWD/by-hand.json: good"
                podctl run --net=none --pod-manifest=by-hand.json
                podctl image verify "$name" >/dev/null
                podctl image cat-manifest "$name" >/dev/null
                podctl image export --overwrite "$name" out.oci >/dev/null
        done
        # The name has gone, and the place is still known.
        podctl image untag "$name"
        create_pod again "docker://$name" --exec=/bin/true >/dev/null
        assert_contains "$(names)" "$name"
        podctl gc --grace-period=0
}

# Each pod of pods.d may know the image by a name of its own.
test_untag_what_another_pod_starts_with() {
        local pod
        podctl --insecure-options=image fetch --name=untag.example/first "$IMAGES/busybox.oci" >/dev/null
        podctl image tag untag.example/first untag.example/second >/dev/null
        for pod in first second; do
                defer rm -f "$LOCAL/$pod.json"
                jq -n --arg name "untag.example/$pod" '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{
                        name: "site", image: {name: $name},
                        app: {exec: ["/bin/true"], user: "0", group: "0"}}]}' >"$LOCAL/$pod.json"
        done
        for pod in first second; do
                assert_fails 254 podctl image untag "untag.example/$pod"
                assert_contains "$output" "pod '$pod' starts with it"
        done
        rm "$LOCAL/second.json"
        podctl image untag untag.example/second
        assert_fails 254 podctl image untag untag.example/first
        rm "$LOCAL/first.json"
        podctl image untag untag.example/first
}

# What cat-manifest prints finds its images again, by their names alone.
test_a_manifest_without_ids() {
        local uuid
        registry
        pushed my_app:1.0_X
        uuid=$(podctl prepare --quiet "$HOST/my_app:1.0_X" --exec=/bin/true)
        defer podctl rm "$uuid"
        podctl cat-manifest "$uuid" | jq 'del(.apps[].image.id)' >pod.json
        podctl run --net=none --pod-manifest=pod.json
        podctl gc --grace-period=0
}

# Two names that appc spells in one way.
test_a_spelling_of_two_images() {
        own fetch --name=reg.example:5000/a/x-Y "$IMAGES/busybox.oci" >/dev/null
        own fetch --name=reg.example:5000/a/X-y "$IMAGES/edge.oci" >/dev/null
        own fetch --name=reg.example:5000/a/only "$IMAGES/edge.oci" >/dev/null
        own image cat-manifest reg.example-5000/a/only >/dev/null
        own image untag reg.example-5000/a/only
        assert_fails 254 own image cat-manifest reg.example:5000/a/only
        jq -n '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{
                name: "x", image: {name: "reg.example-5000/a/x-y"}}]}' >pod.json
        assert_fails 254 own run --net=none --pod-manifest=pod.json
        assert_contains "$output" \
                "'reg.example-5000/a/x-y' may be 'reg.example:5000/a/X-y:latest' or 'reg.example:5000/a/x-Y:latest'"
}

test_errors_name_no_file_that_is_gone() {
        assert_fails 254 podctl create gone --port=nothere:80 busybox
        assert_not_contains "$output" .gone.new
        assert_fails 254 podctl create gone --annotation=podctl/autoupdate=restart busybox
        assert_contains "$output" "pod 'gone': annotations: this podctl does not know 'podctl/autoupdate'"
        assert_contains "$output" "pod 'gone'"
        [[ ! -e $LOCAL/gone.json && ! -e $LOCAL/.gone.new ]]
}

# Nobody is asked for what cannot be the name of a host.
test_a_name_that_is_nowhere() {
        local verb
        for verb in run prepare 'create nowhere' fetch; do
                # shellcheck disable=SC2086
                refused_command "no image 'nginxx' in the store; did you mean docker://nginxx?" $verb nginxx
                # shellcheck disable=SC2086
                refused_command "no image 'localhost:5000/x' in the store; did you mean docker://localhost:5000/x?" \
                        $verb localhost:5000/x
        done
        refused 'and --pull-policy=never keeps it' --pull-policy=never docker://nginxx
        # A host's name, as podman's users write it, and nobody there; a file; an ID.
        refused_command 'for a registry write docker://quay.invalid/x' fetch quay.invalid/x
        refused_command 'nowhere.tar: No such file or directory' fetch nowhere.tar
        assert_fails 254 podctl fetch sha256:0123
        assert_not_contains "$output" docker:
}

test_arguments_without_dashes() {
        refused "no image 'ls' in the store; if it is an argument of 'busybox', write -- before it: busybox -- ls" \
                busybox ls /
        refused "write -- before it: busybox -- /bin/ls" busybox /bin/ls
        refused "arguments of 'busybox' go after --" --interactive busybox sh
}

# --name is a name also of what is there already, and what has only that gets its own when it is fetched by it.
test_fetch_gives_names() {
        registry
        push "$IMAGES/busybox.oci:latest" named
        plain fetch docker://$HOST/named >/dev/null
        plain fetch --name=one docker://$HOST/named >/dev/null
        plain fetch --pull-policy=new --name=two docker://$HOST/named >/dev/null
        plain fetch --name=three "$(plain image list --no-legend --full --fields=id)" >/dev/null
        assert_eq "$(plain image list --no-legend --fields=name | tr ',' '\n' | tr -d ' ' | sort | xargs)" \
                "$HOST/named:latest one:latest three:latest two:latest"
        rm -rf data
        plain fetch --name=abc docker://$HOST/named >/dev/null
        plain fetch docker://$HOST/named >/dev/null
        assert_contains "$(plain image list --no-legend --fields=name)" "$HOST/named:latest"
}

# With a name of the store's the registry that it came from is asked.
test_update_by_the_name_that_is_listed() {
        registry
        push "$IMAGES/busybox.oci:latest" moved
        plain fetch "docker://$HOST/moved" >/dev/null
        push "$IMAGES/edge.oci:latest" moved
        plain fetch "$HOST/moved:latest" >/dev/null
        assert_eq "$(plain image list --no-legend | wc -l)" 2
}

# listed: all names of the test's own store, sorted.
listed() { own image list --no-legend --fields=name | tr ',' '\n' | tr -d ' ' | sort | xargs; }

test_tag_and_untag() {
        local id
        id=$(own fetch --name=one "$IMAGES/busybox.oci")
        assert_eq "$(own image tag one two)" two:latest
        assert_eq "$(own image tag "$id" docker://nginx)" docker.io/library/nginx:latest
        assert_eq "$(listed)" 'docker.io/library/nginx:latest one:latest two:latest'
        own run --net=none nginx --exec=/bin/true
        own fetch --name=other "$IMAGES/edge.oci" >/dev/null
        own image tag other two >/dev/null
        assert_eq "$(own image list --no-legend --fields=name | sort | xargs)" \
                'docker.io/library/nginx:latest,one:latest other:latest,two:latest'
        own image untag two other one nginx
        assert_eq "$(listed)" '- -'
        refused_command "no image 'two' in the store" --dir="$DATA" image untag two
        refused_command "is not a name in the store" --dir="$DATA" image untag "$id"
        refused_command "cannot be the name of an image" --dir="$DATA" image tag "$id" sha256-abc
        refused_command "cannot be the name of an image" --dir="$DATA" image tag "$id" http://x/y
        refused_command "cannot be the name of an image" --dir="$DATA" fetch --name=:latest "$IMAGES/busybox.oci"
        refused_command "cannot be the name of an image" --dir="$DATA" fetch "$IMAGES/busybox.oci" \
                --digest="x@sha256:aa@sha256:$(printf '%064d' 0)"
        refused_command "is not a valid name in a registry" --dir="$DATA" image tag "$id" docker://UPPER
        refused_command "no image 'one' in the store" --dir="$DATA" image tag one three
        own gc --grace-period=0
}

# A name goes alone where there are others; rkt knew but one.
test_remove_a_name() {
        local id
        id=$(own fetch --full --name=one "$IMAGES/busybox.oci")
        own image tag one two >/dev/null
        own image rm two two >/dev/null
        assert_eq "$(listed)" one:latest
        own image tag one two >/dev/null
        own image rm two one >/dev/null
        assert_eq "$(listed)" ''
        own fetch --full --name=one "$IMAGES/busybox.oci" >/dev/null
        own image tag one two >/dev/null
        own image rm one "$id" >/dev/null
        assert_eq "$(listed)" ''
        own fetch --full --name=one "$IMAGES/busybox.oci" >/dev/null
        own image tag one two >/dev/null
        ln -s /usr/bin/podctl rkt
        ./rkt --dir="$DATA" image rm one >/dev/null
        assert_eq "$(listed)" ''
}

# Back to an older image by the name of the registry's, which is what is run by it until it is fetched again.
test_back_to_an_older_image() {
        local old
        registry
        push "$IMAGES/edge.oci:latest" back
        old=$(plain fetch docker://$HOST/back 2>/dev/null)
        push "$IMAGES/busybox.oci:latest" back
        plain fetch docker://$HOST/back >/dev/null 2>&1
        plain image tag "$old" docker://$HOST/back >/dev/null
        assert_eq "$(plain fetch --pull-policy=new docker://$HOST/back)" "$old"
        [[ $(plain fetch docker://$HOST/back) != "$old" ]]
        [[ $(plain fetch --pull-policy=new docker://$HOST/back) != "$old" ]]
}

# A file says what it is called, and cannot be believed where somebody is trusted to say so.
test_a_file_with_the_name_of_a_registry() {
        local trusting=(podctl --dir="$DATA" --local-config="$PWD/config")
        skopeo copy --quiet "oci:$IMAGES/busybox.oci:latest" oci-archive:posing.tar:registry.example/web:1
        mkdir -p config/trustedkeys/prefix.d/registry.example
        echo key >config/trustedkeys/prefix.d/registry.example/0123456789abcdef0123456789abcdef01234567
        assert_fails 254 "${trusting[@]}" --insecure-options=image fetch posing.tar
        assert_contains "$output" "calls itself 'registry.example/web:1', for which a key is trusted"
        assert_eq "$("${trusting[@]}" image list --no-legend)" ''
        # By hand it can be called anything, and what is run by it says so.
        "${trusting[@]}" --insecure-options=image fetch --name=registry.example/web:1 posing.tar
        local web=registry.example/web:1
        assert_contains "$("${trusting[@]}" run --net=none docker://$web --exec=/bin/true 2>&1)" 'was never verified'
        assert_contains "$("${trusting[@]}" run --net=none $web --exec=/bin/true 2>&1)" 'was never verified'
        # An ACI says itself what it is called, in a file or at an address.
        mkdir -p config/trustedkeys/prefix.d/example.com
        cp config/trustedkeys/prefix.d/registry.example/* config/trustedkeys/prefix.d/example.com
        assert_fails 254 "${trusting[@]}" --insecure-options=image fetch "$IMAGES/busybox.aci"
        assert_contains "$output" "calls itself 'example.com/busybox', for which a key is trusted"
        "${trusting[@]}" --insecure-options=image fetch --name=mine "$IMAGES/busybox.aci"
        "${trusting[@]}" image rm mine
        rm -r config/trustedkeys
        assert_contains "$("${trusting[@]}" run --net=none docker://$web --exec=/bin/true 2>&1)" \
                'did not come from its registry'
        assert_eq "$("${trusting[@]}" run --net=none registry.example/web:1 --exec=/bin/true 2>&1)" ''
        own gc --grace-period=0
}
