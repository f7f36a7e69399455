# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# pods.d's short form: started, checked, created from, and changed in an editor.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
fetch busybox.oci httpd.oci
LOCAL=/etc/podctl/pods.d

# short NAME.SUFFIX: its file, of standard input, which goes with the test.
short() {
        local name=${1%.*}
        mkdir -p "$LOCAL"
        defer rm -f "$LOCAL/$1" "$LOCAL/.draft-$1"
        defer systemctl stop "pod@$name"
        cat >"$LOCAL/$1"
}

# by_editor SCRIPT: podctl edit runs it, with the draft in $1.
by_editor() {
        printf '#!/bin/bash\nset -e\n%s\n' "$1" >editor
        chmod +x editor
        export SYSTEMD_EDITOR=$PWD/editor
}

test_short_starts() {
        mkdir data
        echo 'hello from here' >data/words
        podctl --insecure-options=image fetch --name=own "$IMAGES/busybox.oci" >/dev/null
        defer podctl image untag own
        defer podctl volume rm --force kept
        short brief.yaml <<X
hostname: words
networks: none
apps:
  reader:
    image: own
    exec: [/bin/sh, -c]
    args: cat /data/words; hostname; echo "\$A"; sleep 1000
    env: {A: 5}
    memory: 64Mi
    user: 0
    volumes:
      - $PWD/data:/data:ro
      - kept:/kept
X
        assert_eq "$(podctl check brief)" "$LOCAL/brief.yaml: good"
        assert_fails '*' podctl image rm own
        assert_contains "$output" brief
        systemctl start pod@brief
        wait_until eval 'podctl logs --output=cat brief | grep -qx 5'
        podctl logs --output=cat brief >words
        assert_eq "$(cat words)" 'hello from here
words
5'
        assert_fails '*' podctl exec brief touch /data/x
        podctl exec brief touch /kept/x
}

test_short_is_created_from() {
        printf 'image: httpd\nports: 8080:8080\n' >web.yaml
        defer rm -f "$LOCAL/made.yaml"
        defer systemctl stop pod@made
        podctl create made web.yaml >path 2>messages
        assert_eq "$(cat path)" "$LOCAL/made.yaml"
        cmp web.yaml "$LOCAL/made.yaml"
        systemctl start pod@made
        assert_eq "$(page http://localhost:8080/)" '<p>hello from busybox</p>'
        systemctl stop pod@made
        cleared
        podctl run --pod-manifest=web.yaml --dry-run | grep -q 8080
}

test_short_mistakes_for_tools() {
        short wrong.yaml <<'X'
image: busybox
memry: 64Mi
ports: ["8080:80", "a:b"]
X
        assert_fails 254 podctl check wrong
        assert_eq "$output" "podctl: $LOCAL/wrong.yaml:2:1: memry: is not a known member; did you mean 'memory'?
podctl: $LOCAL/wrong.yaml:3:20: ports[1]: Option --port: 'b' is not a port number"
        assert_fails 254 podctl check --format=json wrong
        jq -e --arg file "$LOCAL/wrong.yaml" 'map([.file, .line, .column, .member, .severity]) ==
                [[$file, 2, 1, "memry", "error"], [$file, 3, 20, "ports[1]", "error"]]' <<<"$output"
        # What values mean is looked at in the same round, each with its place.
        cat >deep.yaml <<'X'
apps:
  web: {image: busybox, after: [wbe], caps-retain: [FOO]}
dns: bad
hosts: [nothing]
sysctls: {kernel.pid_max: 5}
ports: ["80:80", "80:81"]
nmae: x
X
        assert_fails 254 podctl check ./deep.yaml
        assert_eq "$(cut -d: -f3,4 <<<"$output" | tr '\n' ' ')" '7:1 3:1 4:9 2:33 2:53 6:18 5:11 '
        # The other forms, in one list; and nothing where nothing is wrong.
        printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: k}\nspec:\n  hostPID: true\n  containers: []\n' >kube.yaml
        printf '{\n  "acKind": "PodManifest",\n  "acVersion": "0.8.11", "apps": 5 }\n' >appc.json
        assert_fails 254 podctl check --format=json ./kube.yaml ./appc.json
        jq -e 'any(.[]; .file == "./kube.yaml" and .line == 5 and .member == "spec.hostPID") and
                any(.[]; .file == "./appc.json" and .line == 3 and .column == 26 and .member == "apps")' <<<"$output"
        echo 'image: busybox' >good.yaml
        assert_eq "$(podctl check --format=json ./good.yaml)" '[]'
        # A name of theirs is no message of ours, and a pipe is read once.
        jq -nc '{acKind: "PodManifest", acVersion: "0.8.11", apps: [], "x: all is well": 1}' >named.json
        assert_fails 254 podctl check --format=json <(cat named.json)
        jq -e 'any(.[]; [.member, .message, .line] == ["x: all is well", "is not a known member", 1])' <<<"$output"
        # Networks that are not there, with the line, before an image is.
        printf 'image: nosuchimage\nnetworks: [default, nosuchnet]\n' >net.yaml
        assert_fails 254 podctl check --format=json ./net.yaml
        jq -e 'map([.line, .column, .member]) == [[2, 21, "networks[1]"]]' <<<"$output" || fail "$output"
}

test_edit_takes_over_what_is_good() {
        short brief.yaml <<<'image: busybox'
        by_editor 'echo "hostname: other" >>"$1"'
        assert_eq "$(podctl edit brief 2>messages)" "$LOCAL/brief.yaml"
        grep -q 'systemctl enable --now pod@brief' messages
        assert_eq "$(cat "$LOCAL/brief.yaml")" 'image: busybox
hostname: other'
        [[ ! -e $LOCAL/.draft-brief.yaml ]]
        by_editor :
        assert_contains "$(podctl edit brief 2>&1)" unchanged
        [[ ! -e $LOCAL/.draft-brief.yaml ]]
        assert_fails 254 podctl edit nobody
        assert_contains "$output" 'no file of pod'
}

test_edit_keeps_a_draft_with_a_mistake() {
        short brief.yaml <<<'image: busybox'
        by_editor 'echo "hostnme: other" >>"$1"'
        assert_fails 254 podctl edit brief </dev/null
        assert_contains "$output" ".draft-brief.yaml:2:1: hostnme: is not a known member; did you mean 'hostname'?"
        assert_eq "$(cat "$LOCAL/brief.yaml")" 'image: busybox'
        by_editor 'sed -i s/hostnme/hostname/ "$1"'
        podctl edit brief >/dev/null 2>messages
        grep -q 'draft of an earlier edit' messages
        grep -qx 'hostname: other' "$LOCAL/brief.yaml"
        by_editor 'echo lost >>"$1"; false'
        assert_fails 254 podctl edit brief
        grep -qx lost "$LOCAL/.draft-brief.yaml"
}

# Where nobody has typed anything there is no draft, and what somebody else put in its place is not followed.
test_edit_draft_of_nothing() {
        short brief.yaml <<<'image: busybox'
        by_editor false
        assert_fails 254 podctl edit brief
        [[ ! -e $LOCAL/.draft-brief.yaml ]]
        echo mine >elsewhere
        ln -s "$PWD/elsewhere" "$LOCAL/.draft-brief.yaml"
        by_editor 'echo more >>"$1"'
        assert_fails 254 podctl edit brief
        assert_contains "$output" 'is not a file that podctl edit left'
        assert_eq "$(cat elsewhere)" mine
}

test_edit_writes_to_etc() {
        mkdir -p /usr/lib/podctl/pods.d
        echo 'image: busybox' >/usr/lib/podctl/pods.d/vendor.yaml
        defer rm -f /usr/lib/podctl/pods.d/vendor.yaml "$LOCAL/vendor.yaml"
        by_editor 'echo "hostname: mine" >>"$1"'
        assert_eq "$(podctl edit vendor 2>/dev/null)" "$LOCAL/vendor.yaml"
        assert_eq "$(cat /usr/lib/podctl/pods.d/vendor.yaml)" 'image: busybox'
}

# Neither somebody else's change is lost, nor what was typed; and a link stays one.
test_edit_beside_others() {
        short brief.yaml <<<'image: busybox'
        by_editor 'echo "# other" >>'"$LOCAL"'/brief.yaml; echo "# mine" >>"$1"'
        assert_fails 254 podctl edit brief
        assert_contains "$output" 'was changed while it was being edited'
        grep -qx '# other' "$LOCAL/brief.yaml"
        grep -qx '# mine' "$LOCAL/.draft-brief.yaml"
        touch -d '1 hour ago' "$LOCAL/.draft-brief.yaml"
        by_editor 'echo "# more" >>"$1"'
        assert_fails 254 podctl edit brief
        assert_contains "$output" 'was changed after the draft of an earlier edit'
        rm "$LOCAL/.draft-brief.yaml"
        by_editor 'podctl edit brief 2>inner || echo "# mine" >>"$1"'
        podctl edit brief >/dev/null 2>&1
        grep -q 'is being edited by another' inner
        grep -qx '# mine' "$LOCAL/brief.yaml"
        mv "$LOCAL/brief.yaml" real.yaml
        ln -s "$PWD/real.yaml" "$LOCAL/brief.yaml"
        by_editor 'echo "# linked" >>"$1"'
        podctl edit brief >/dev/null 2>&1
        [[ -L $LOCAL/brief.yaml ]]
        grep -qx '# linked' real.yaml
}

# At a terminal there is somebody to ask.
test_edit_asks_again() {
        short brief.yaml <<<'image: busybox'
        by_editor 'grep -q oops "$1" && echo "image: httpd" >"$1" || echo oops >"$1"'
        in_terminal 'podctl edit brief'
        wait_until grep -q 'Edit the draft again' screen
        echo yes >&5
        wait_until is_over "$terminal"
        grep -qx 'image: httpd' "$LOCAL/brief.yaml"
}
