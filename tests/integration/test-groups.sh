# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for others
#
# Who is not root: nobody, a member of the group podctl, and one of podctl-admin.

. "$HERE/lib-servers.sh"

fetch busybox.oci

as() {
        local groups=$1
        shift
        setpriv --reuid=12345 --regid=12345 --groups="$groups" env HOME=/nonexistent "$@"
}

member() { as "$(getent group podctl | cut -d: -f3)" "$@"; }
second_member() {
        setpriv --reuid=12347 --regid=12347 --groups="$(getent group podctl | cut -d: -f3)" env HOME=/nonexistent "$@"
}
admin() { as "$(getent group podctl-admin | cut -d: -f3)" "$@"; }
export BOTH
BOTH=$(getent group podctl | cut -d: -f3),$(getent group podctl-admin | cut -d: -f3)
both() { as "$BOTH" "$@"; }
nobody() { setpriv --reuid=12346 --regid=12346 --clear-groups env HOME=/nonexistent "$@"; }

group_socket() {
        defer systemctl stop podctl-group.socket
        systemctl start podctl-group.socket
        chmod 755 .
}

# Of a table, all but how long ago something was, which is another thing a moment later.
timeless() {
        "$@" | sed -E 's/now|[0-9]+ [a-z]+ ago/T/g; s/  +/  /g'
}

test_member_looks() {
        group_socket
        pod seen --set-env=SECRET=hunter2 busybox --name=app --exec=/bin/sleep -- 1000
        assert_eq "$(timeless member podctl list --all)" "$(timeless podctl list --all)"
        assert_eq "$(member podctl list --all --format=json | jq -r '.[].name')" \
                "$(podctl status --format=json seen | jq -r .name)"
        member podctl status seen >told
        assert_contains "$(cat told)" state=running
        member podctl status --format=json seen >>told
        assert_eq "$(timeless member podctl image list)" "$(timeless podctl image list)"
        assert_eq "$(member podctl image cat-manifest busybox)" "$(podctl image cat-manifest busybox)"
        # What it says, and how it ends, is as for root.
        assert_fails 254 member podctl status no-such-pod
        assert_contains "$output" 'no matches found'
        assert_not_contains "$(cat told)" hunter2
        ln -s /usr/bin/podctl rkt
        assert_eq "$(timeless member ./rkt list)" "$(timeless ./rkt list)"
}

test_member_fetches() {
        local digest
        group_socket
        # shellcheck disable=SC2119
        registry
        random_layout image latest 1 1000
        push image:latest grouped:latest
        mkdir -p /etc/podctl/registries.d
        defer rm -r /etc/podctl/registries.d
        echo '{ "rktKind": "registries", "rktVersion": "v1", "registries": ["127.0.0.1:5000"], "http": true }' \
                >/etc/podctl/registries.d/test.json
        digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://127.0.0.1:5000/grouped)
        defer podctl image rm "127.0.0.1:5000/grouped@$digest"
        # Verified as root's are.
        assert_fails 254 member podctl fetch docker://127.0.0.1:5000/grouped
        assert_contains "$output" 'no signature found'
        member podctl fetch --full "docker://127.0.0.1:5000/grouped@$digest" >id
        assert_eq "$(cat id)" "${digest/:/-}"
        podctl image cat-manifest "$(cat id)"
}

# Whatever else a member may think of is refused by root's side, not by his own.
test_member_is_kept_to_it() {
        local words
        group_socket
        cp "$IMAGES/busybox.aci" a.aci
        for words in 'fetch --insecure-options=image docker://x/y' 'fetch --name=busybox docker://x/y' \
                'fetch --signature=/etc/shadow https://x/y.aci' 'fetch /etc/passwd' 'fetch ./a.aci' \
                'fetch file:///etc/passwd' 'fetch etc/passwd' 'status --uuid-file=/etc/shadow' \
                'fetch --user-config=/tmp docker://x/y' 'fetch --trust-keys-from-https x.example/y' \
                'image fetch /etc/passwd' 'list --local-config=/tmp' 'status --check-network x' 'stop x' 'restart x' \
                'logs x' 'stop --uuid-file=/etc/shadow'; do
                # shellcheck disable=SC2086
                assert_fails 254 member podctl $words
                assert_contains "$output" ' root'
        done
        assert_fails 254 member podctl status $'x\ny'
        for words in 'run busybox' 'rm x' 'gc' 'image rm busybox' 'image gc' 'enter x' 'exec x true' \
                'export x y' 'prepare busybox'; do
                # shellcheck disable=SC2086
                assert_fails 254 member podctl $words
                assert_contains "$output" 'become root'
        done
        # No client of ours is needed to ask; neither the verb, nor what is no command, gets through.
        cat >ask.py <<'PY'
import socket, sys, array
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/run/podctl/group.sock")
fds = array.array("i", [1, 2] if len(sys.argv) < 3 else [])
try:
    s.sendmsg([eval(sys.argv[1])], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)] if fds else [])
    answer = s.recv(1)
except ConnectionError:
    answer = b""
print("answer", answer)
PY
        for words in 'b"podctl\0run\0busybox\0"' 'b"podctl\0trust\0--root\0/x\0"' 'b"podctl\0list\0--dir=/tmp\0"' \
                'b"podctl\0list\0--\0x\0"' 'b"podctl\0serve-group\0"'; do
                output=$(member python3 ask.py "$words" 2>&1)
                assert_contains "$output" 'for root, not for the group'
                assert_contains "$output" "answer b'\\xfe'"
        done
        for words in 'b"podctl"' 'b"podctl\0"' 'b"\0"' 'b"x" * 60000'; do
                assert_contains "$(member python3 ask.py "$words" 2>&1)" "answer b''"
        done
        assert_contains "$(member python3 ask.py 'b"podctl\0list\0"' without 2>&1)" "answer b''"
        wait_until eval '! systemctl list-units --plain --no-legend "podctl-group@*" | grep -q running'
}

# Those of podctl-admin, who are members of podctl as well.
test_admin_acts() {
        group_socket
        pod acted busybox --name=app --exec=/bin/sh -- -c 'echo a-word; exec sleep 1000'
        wait_until eval '[[ $(podctl logs acted --output=cat) == a-word ]]'
        assert_eq "$(both podctl logs acted --output=cat)" a-word
        # No pager of root's on the terminal of another user.
        script --quiet --return --command 'setpriv --reuid=12345 --regid=12345 --groups="$BOTH" \
                env HOME=/nonexistent PAGER="sh -c id" SYSTEMD_PAGER="sh -c id" podctl logs acted' \
                /dev/null </dev/null >said
        assert_contains "$(cat said)" a-word
        assert_not_contains "$(cat said)" uid=
        assert_eq "$(both podctl stats acted --format=json | jq -r '.[].pod')" acted
        assert_contains "$(both podctl events acted)" acted
        both podctl stop acted
        assert_contains "$(podctl status acted)" state=exited
        defer rm -rf /etc/podctl/pods.d/kept.json
        defer systemctl stop pod@kept
        podctl create kept busybox --exec=/bin/sleep -- 1000
        both podctl restart kept
        assert_eq "$(state_of kept)" running
        assert_fails 254 both podctl restart --local-config=/tmp kept
        assert_contains "$output" 'is for root'
}

test_helper_ends_with_its_caller() {
        group_socket
        pod seen busybox --name=app --exec=/bin/sleep -- 1000
        setpriv --reuid=12345 --regid=12345 --groups="$(getent group podctl | cut -d: -f3)" podctl status --wait seen &
        wait_until eval 'systemctl list-units --plain --no-legend "podctl-group@*" | grep -q running'
        kill $!
        wait_until eval '! systemctl list-units --plain --no-legend "podctl-group@*" | grep -q running'
        assert_contains "$(podctl status seen)" state=running
}

# One member keeps the others out neither by silence nor by asking too much.
test_members_do_not_block_each_other() {
        local hog
        group_socket
        cat >hog.py <<'END'
import socket, time
sockets = []
for _ in range(100):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("/run/podctl/group.sock")
    sockets.append(s)
open("ready", "w").close()
time.sleep(1000)
END
        chmod 777 .
        member python3 hog.py &
        hog=$!
        defer kill $hog
        wait_until test -e ready
        wait_until second_member podctl list --all
        assert_eq "$(second_member podctl list --all)" "$(podctl list --all)"
        # Their own time is over soon, too.
        wait_until member podctl list --all
}

test_commands_of_one_member() {
        local i jobs=()
        group_socket
        rm -rf /run/podctl/commands
        pod seen busybox --name=app --exec=/bin/sleep -- 1000
        for i in {1..8}; do
                setpriv --reuid=12345 --regid=12345 --groups="$(getent group podctl | cut -d: -f3)" \
                        podctl status --wait seen >/dev/null &
                jobs+=($!)
                defer kill $! 2>/dev/null
        done
        running() {
                systemctl list-units --plain --no-legend 'podctl-group@*' | grep -c running
        }
        # Each has its turn by now.
        wait_until test -e /run/podctl/commands/12345.7
        assert_fails 254 member podctl list --all
        assert_contains "$output" 'commands running already'
        second_member podctl list --all
        kill "${jobs[0]}"
        wait_until eval '[[ $(running) == 7 ]]'
        member podctl list --all
}

# Nobody else, and a member neither without the socket: the way the files are, however podctl was first used.
test_others() {
        assert_fails 254 member podctl list --all
        assert_contains "$output" 'a member of the group podctl'
        group_socket
        assert_fails 254 nobody podctl list --all
        assert_contains "$output" 'a member of the group podctl'
        assert_fails '*' nobody python3 -c 'import socket
socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("/run/podctl/group.sock")'
        nobody podctl version
        nobody podctl config
        nobody podctl help
        nobody podctl run --help | grep -q -e --port
        nobody podctl list --help
        # A place of one's own is nobody's affair.
        chmod 777 .
        assert_eq "$(nobody podctl --dir=own list --no-legend)" ''
        assert_eq "$(stat -c %u own)" 12346
}

# Root was first, and left its own modes: what tmpfiles.d says is so from then on, also in new directories.
test_admin_trusts() {
        local key
        key=$(gpg --show-keys --with-colons "$IMAGES/signer.asc" 2>/dev/null |
                awk -F: '$1 == "fpr" { print tolower($10); exit }')
        defer rm -rf /etc/podctl/trustedkeys/prefix.d/example.com /etc/podctl/trustedkeys/prefix.d/example.org
        rm -rf /etc/podctl/trustedkeys
        podctl trust --skip-fingerprint-review --prefix=example.com/by-root "$IMAGES/signer.asc"
        systemd-tmpfiles --create /usr/lib/tmpfiles.d/podctl.conf
        podctl trust --skip-fingerprint-review --prefix=example.org/by-root "$IMAGES/signer.asc"
        chmod 755 .
        cp "$IMAGES/signer.asc" .
        admin podctl trust --skip-fingerprint-review --prefix=example.org/by-admin ./signer.asc
        admin podctl trust --skip-fingerprint-review --prefix=example.org/by-root/below ./signer.asc
        podctl trust --list | grep by-admin
        admin podctl trust --remove="$key" --prefix=example.org/by-root
        assert_not_contains "$(podctl trust --list)" 'example.org/by-root '
        admin sh -c 'umask 077; podctl trust --skip-fingerprint-review --prefix=example.net ./signer.asc'
        defer rm -rf /etc/podctl/trustedkeys/prefix.d/example.net
        nobody podctl trust --list --prefix=example.net | grep -q "$key"
        assert_fails 254 nobody podctl trust --skip-fingerprint-review --prefix=example.net/x ./signer.asc
        assert_fails 254 member podctl trust --skip-fingerprint-review --root ./signer.asc
}
