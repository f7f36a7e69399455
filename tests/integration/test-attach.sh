# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output and $terminal are of lib.sh; scripts in quotes are for the pods
#
# Apps with terminals and streams, and who is attached to them.

fetch busybox.oci

# attachable_pod NAME SCRIPT OPTION…: a pod whose app runs the script.
attachable_pod() {
        defer end_pod "$1"
        podctl run --detach --net=none --name="$1" busybox --name=app "${@:3}" --exec=/bin/sh -- -c "$2" >/dev/null
}

# attached_beside FILE OPTION…: attached in the background, with its process in $beside, standard output in FILE, and
# what it says itself and the app's standard error in FILE.err.
attached_beside() {
        podctl --debug attach "${@:2}" at </dev/null >"$1" 2>"$1.err" &
        beside=$!
        defer kill -KILL $beside 2>/dev/null
        wait_until grep -q 'attached to channels' "$1.err"
}

# logged POD TEXT: its journal has a line that is the text.
logged() {
        podctl logs --output=cat "$1" | grep -qxF -- "$2"
}

# attached_terminal POD OPTION…: attached in a terminal of its own, see in_terminal.
attached_terminal() {
        in_terminal "stty rows 33 cols 111; podctl attach ${*:2} $1; echo left:\$?"
}

# on_screen TEXT
on_screen() {
        grep -qF -- "$1" screen
}

# type_line TEXT
type_line() {
        printf '%s\r' "$1" >&5
}

# --- Terminals

# Its "read" ends when a signal is caught meanwhile.
SHELL_SCRIPT='PS1=; export PS1; trap "echo interrupted" INT
        while :; do read -r line && eval "$line" || sleep 0.1; done'

test_attach_terminal() {
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        attached_terminal at
        type_line 'tty; stty size; echo $TERM'
        wait_until on_screen '33 111'
        wait_until on_screen /dev/pts/
        wait_until on_screen xterm
        # It is the app's own terminal: Ctrl-C is a signal to it.
        type_line 'echo own >/dev/tty'
        wait_until on_screen own
        printf '\003' >&5
        type_line ''
        wait_until on_screen interrupted
        # Maybe in the line of what the terminal shows for the key.
        wait_until eval 'podctl logs --output=cat at | grep -q interrupted'
        printf '\020\021' >&5
        wait_until on_screen left:0
        assert_eq "$(state_of at)" running
}

# Whoever comes later gets what comes then; what was before is in the log.
test_attach_again_and_together() {
        attachable_pod at "$SHELL_SCRIPT" --stdin=tty --stdout=tty --stderr=tty
        attached_terminal at
        type_line 'echo first''; echo err >&2'
        wait_until on_screen first
        attached_beside beside --mode=tty-out
        type_line 'echo sec""ond'
        wait_until on_screen second
        wait_until grep -q second beside
        printf '\020\021' >&5
        wait_until on_screen left:0
        printf 'echo th""ird\necho fou""rth\n' | podctl attach --mode=tty-in at >none
        wait_until grep -q fourth beside
        assert_eq "$(cat none)" ''
        podctl logs --output=cat at >log
        for word in first second third fourth err; do
                grep -qx $word log || fail "not in the log: $word"
        done
}

test_attach_detach_keys() {
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        attached_terminal at --detach-keys=ctrl-],x
        printf '\035' >&5
        printf 'x' >&5
        wait_until on_screen left:0
        assert_fails 254 podctl attach --detach-keys=ctrl-pp at
        assert_contains "$output" 'takes keys such as'
}

test_attach_resize() {
        attachable_pod at 'trap "stty size" WINCH; while :; do sleep 0.1; done' --stdin=interactive
        in_terminal "podctl attach at & sleep 0.5; stty rows 44 cols 55; wait"
        wait_until on_screen '44 55'
}

is_raw() {
        stty -F "$1" -a | grep -q -- -icanon
}

# Whoever stops it, as a shell does, has the terminal as a line editor wants it; once it goes on, it is raw again.
test_attach_goes_on() {
        local client tty
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        in_terminal "echo \$\$ >client; exec podctl attach at"
        wait_until test -s client
        client=$(cat client)
        tty=$(readlink "/proc/$client/fd/0")
        wait_until is_raw "$tty"
        kill -STOP "$client"
        stty -F "$tty" sane
        kill -CONT "$client"
        wait_until is_raw "$tty"
        # What has the terminal of this test stops with it.
        kill -CONT "$terminal"
        type_line 'echo it goes'' on'
        wait_until on_screen 'it goes on'
}

# Something in the pod is not as it was, and nobody waits for it.
test_attach_is_not_answered() {
        local mode
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        systemctl --machine=at kill --signal=STOP podctl-attach@app.service
        for mode in auto list; do
                assert_fails 254 podctl attach --mode=$mode at </dev/null
                assert_contains "$output" 'podctl-attach@app.service in the pod does not answer'
        done
        systemctl --machine=at kill --signal=CONT podctl-attach@app.service
        podctl attach --mode=list at | jq -e '.targets[0].name == "tty"'
}

test_interactive_and_another_kind() {
        local option
        for option in --stdin=tty --stdin=interactive --stdin=null --stdout=log --stderr=tty; do
                assert_fails 254 podctl run --net=none --interactive busybox --name=app $option \
                        --exec=/bin/true </dev/null
                assert_contains "$output" "Option --interactive gives app 'app' streams; leave it out, or $option"
        done
        echo word | podctl run --net=none --interactive busybox --stdin=stream --exec=/bin/cat >out
        assert_eq "$(cat out)" word
}

# --- Streams

test_attach_streams() {
        attachable_pod at 'while read -r line; do echo "out:$line"; echo "err:$line" >&2; done; echo over' \
                --stdin=stream --stdout=stream --stderr=stream
        attached_beside out --mode=stdout
        attached_beside err --mode=stderr
        # Who is there by chance ends nothing.
        attached_beside both
        echo one | podctl attach --mode=stdin,stdout at >own
        assert_eq "$(cat own)" $'out:one\nover'
        wait
        assert_eq "$(cat out)" $'out:one\nover'
        assert_eq "$(cat err)" ''
        assert_eq "$(grep : err.err | grep -v ^podctl)" err:one
        assert_eq "$(cat both)" $'out:one\nover'
        grep -qx err:one both.err || fail 'standard error is missing'
        gone at || wait_until gone at
        assert_eq "$(podctl logs --output=cat at | sort)" $'err:one\nout:one\nover'
}

# Programs open them by name, also those of users; a command beside the app does the same.
test_attach_streams_by_name() {
        attachable_pod at 'echo own >/dev/stdout; echo err >/dev/stderr; exec sleep 1000' \
                --user=1000 --group=1000 --stdout=stream --stderr=stream
        wait_until logged at own
        wait_until logged at err
        assert_eq "$(podctl exec at /bin/sh -c 'echo out >/dev/stdout; echo err >/dev/stderr' 2>&1 | cat)" $'out\nerr'
        assert_eq "$(echo word | podctl exec at /bin/sh -c 'cat </dev/stdin')" word
        # What has a name on the host stays its owner's.
        mkfifo named
        cat named >/dev/null &
        podctl exec at /bin/true >named
        assert_eq "$(stat -c %u named)" 0
}

test_attach_bytes_unchanged() {
        head -c 3000000 /dev/urandom >random
        podctl run --interactive --net=none --log=none busybox --exec=/bin/cat <random >out
        cmp out random
        podctl run --net=none --log=none busybox --stdout=stream --exec=/bin/head -- -c 300000 /dev/zero >out
        assert_eq "$(wc -c <out)" 300000
}

test_attach_output_to_nowhere() {
        podctl run --net=none --name=at busybox --name=app --stdout=null --exec=/bin/sh -- -c 'echo out; echo err >&2' \
                >out 2>err
        assert_eq "$(cat out)" ''
        assert_eq "$(cat err)" err
        cleared
        assert_eq "$(podctl logs --output=cat at)" err
}

# --- Words

test_attach_list() {
        attachable_pod at 'sleep 1000' --stdin=stream --stdout=stream
        podctl attach --mode=list at >list
        assert_eq "$(python3 -c 'import json; print(*(t["name"] for t in json.load(open("list"))["targets"]))')" \
                'stdin stdout'
        refused_attach 'does not have what --mode names; it has streams' --mode=tty
        refused_attach 'does not have what --mode names' --mode=stderr
        refused_attach 'names a terminal and streams' --mode=tty,stdin
        refused_attach 'takes auto, list' --mode=everything
        refused_attach "has no app 'other'" --app=other
}

# refused_attach WORDS OPTION…: podctl attach ends with 254 and these words.
refused_attach() {
        assert_fails 254 podctl attach "${@:2}" at
        assert_contains "$output" "$1"
}

test_attach_to_nothing() {
        pod at busybox --name=app --exec=/bin/sleep -- 1000
        refused_attach 'has nothing to attach to' --app=app
        assert_fails 254 podctl run --net=none busybox --stdin=tty --stdout=stream
        assert_contains "$output" 'one or the other'
        assert_fails 254 podctl run --net=none busybox --stdin=log
        end_pod at
        refused_attach 'is not running'
}

# --- What may go wrong

NUMBERS='i=0; while [ $i -lt 10000 ]; do printf "%01000d\n" $i; i=$((i + 1)); done; echo all; sleep 1000'

# A client that does not read holds nothing up, and learns what it missed.
test_attach_stalled_client() {
        attachable_pod at "read -r go; $NUMBERS" --stdin=stream --stdout=stream
        attached_beside out --mode=stdout
        kill -STOP "$beside"
        echo go | podctl attach --mode=stdin at
        wait_until logged at all
        kill -CONT "$beside"
        wait_until grep -q 'bytes of output were left out' out.err
}

test_attach_too_many() {
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        python3 - "$(podctl attach --mode=list at | jq -r '.targets[0].address')" <<'PYTHON' &
import socket, sys, time
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    return s
all = [connect() for _ in range(64)]
assert all[63].recv(100) == b'\x01\x01\x18', 'no greeting'
all[0].send(b'nonsense')
assert all[0].recv(100) != b'' and all[0].recv(100) == b'', 'not cut off'
open('room', 'w').close()
time.sleep(1000)
PYTHON
        defer kill $! 2>/dev/null
        wait_until test -e room
        attached_beside one
        assert_fails 254 podctl attach --mode=tty at
        assert_contains "$output" 'too many are attached'
}

# An app that does not read holds up those who feed it, and nobody else: neither those who come, nor those who leave
# without a word.
test_attach_input_is_not_taken() {
        attachable_pod at 'while sleep 0.1; do echo tick; done' --stdin=stream --stdout=stream
        yes | podctl attach --mode=stdin at &
        defer kill $! 2>/dev/null
        python3 - "$(podctl attach --mode=list at | jq -r '.targets[0].address')" <<'PYTHON'
import socket, sys
def connect(*packets):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(20)
    s.connect(sys.argv[1])
    assert s.recv(100)[0] == 1, 'no greeting'
    for packet in packets:
        s.send(packet)
    return s
def fill():
    s = connect(b'\x02\x01')
    s.settimeout(0.5)
    try:
        while True:
            s.send(b'\x03' + 16384 * b'x')
    except TimeoutError:
        pass
fill()
for _ in range(200):
    connect()
for _ in range(200):
    connect(b'\x02\x01', b'\x03more')
s = connect(b'\x02\x02')
assert s.recv(100).startswith(b'\x06'), 'no output'
PYTHON
}

test_attach_killed_client() {
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        attached_beside one
        kill -KILL "$beside"
        wait "$beside" 2>/dev/null || true
        printf 'echo still""here\n' | podctl attach --mode=tty-in at
        wait_until logged at stillhere
}

# A pipeline that has enough ends: nothing feeds the app any more.
test_attach_reader_goes() {
        { yes || true; } | { podctl run --interactive --name=at busybox --exec=/bin/cat || true; } | head -n 1 >out
        assert_eq "$(cat out) $(state_of at)" 'y exited'
        podctl rm at
}

# The server comes again with the same terminal, and the app has not noticed; who was attached is told.
test_attach_killed_server() {
        attachable_pod at "trap 'echo hung up' HUP; $SHELL_SCRIPT" --stdin=interactive
        attached_beside one
        local pid
        pid=$(app_pid at app)
        pkill -KILL -f 'app-attach app '
        wait $beside && fail 'success, though the app runs on'
        assert_contains "$(cat one.err)" "Cut off from app 'app', which is still running"
        wait_until podctl attach --mode=list at
        printf 'echo af""ter\n' | podctl attach --mode=tty-in at
        wait_until logged at after
        assert_eq "$(app_pid at app)" "$pid"
        ! logged at 'hung up' || fail 'the app lost its terminal'
        # All of it still arrives before the end.
        attached_beside two
        printf 'exit 7\n' | podctl attach --mode=tty-in at
        wait_until gone at
        wait $beside || fail "the app ended, and the attachment failed: $(cat two.err)"
        assert_contains "$(podctl status at)" app-app=7
}

# Whoever replaces podctl replaces it under pods that run.
test_attach_after_an_upgrade() {
        local program=/usr/lib/podctl/app-attach pid
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        pid=$(app_pid at app)
        cp -p $program $program.old
        defer mv $program.old $program
        cp -p $program $program.new
        mv $program.new $program
        printf 'echo be""fore\n' | podctl attach --mode=tty-in at
        wait_until logged at before
        pkill -KILL -f 'app-attach app '
        wait_until podctl attach --mode=list at
        assert_eq "$(stat -Lc %i "/proc/$(pgrep -f 'app-attach app ')/exe")" "$(stat -c %i $program)"
        printf 'echo af""ter\n' | podctl attach --mode=tty-in at
        wait_until logged at after
        assert_eq "$(app_pid at app)" "$pid"
}

# As one that was started by an older podctl, or by a newer one, would be.
test_attach_to_another_version() {
        local address mode
        attachable_pod at "$SHELL_SCRIPT" --stdin=interactive
        address=$(podctl attach --mode=list at | jq -r '.targets[0].address')
        rm "$address"
        python3 - "$address" <<'PYTHON' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen()
open('listens', 'w').close()
while True:
    client = s.accept()[0]
    client.send(b'\x01\x02\x18')
PYTHON
        defer kill $! 2>/dev/null
        wait_until test -e listens
        for mode in auto list; do
                assert_fails 254 podctl attach --mode=$mode at </dev/null
                assert_contains "$output" "does not speak version 1 of podctl's protocol"
        done
        systemctl --machine=at kill --signal=KILL podctl-attach@app.service
        wait_until podctl attach --mode=list at
}

test_attach_restarted_app() {
        attachable_pod at 'tty; echo started; read -r line; echo "got:$line"; exit 1' --stdin=interactive \
                --restart=on-failure
        attached_terminal at
        type_line one
        wait_until on_screen got:one
        wait_until on_screen started
        type_line two
        wait_until on_screen got:two
}

test_attach_in_both_pids() {
        local pids
        for pids in private shared; do
                attachable_pod at "$SHELL_SCRIPT" --pids=$pids --stdin=interactive
                printf 'echo own >/dev/tty\nexit 3\n' | podctl attach --mode=tty at >out || true
                assert_contains "$(cat out)" own
                wait_until gone at
                assert_contains "$(podctl status at)" app-app=3
                podctl rm at >/dev/null
        done
}

# It is that of the app's user, who can open it by its name.
test_attach_terminal_of_user() {
        attachable_pod at "$SHELL_SCRIPT" --user=1000 --group=1000 --stdin=interactive
        printf 'echo na""med >"$(tty)"\nexit 0\n' | podctl attach --mode=tty at >out
        assert_contains "$(cat out)" named
}

test_attach_late_app() {
        defer end_pod at
        podctl app sandbox --net=none --name=at >/dev/null
        podctl app add at busybox --name=app --stdin=interactive --exec=/bin/sh -- -c "$SHELL_SCRIPT" >/dev/null
        podctl app start --app=app at
        printf 'echo la""te\n' | podctl attach --mode=tty-in --app=app at
        wait_until logged at late
        podctl app stop --app=app at
        # What clients are attached to goes a moment after the app.
        wait_until eval '! podctl attach --mode=list --app=app at 2>/dev/null'
        refused_attach 'is not running' --app=app
        podctl app start --app=app at
        printf 'echo aga""in\n' | podctl attach --mode=tty-in --app=app at
        wait_until logged at again
        podctl app rm --app=app at
}

# --- podctl run --interactive

test_attach_interactive_run_detached() {
        defer end_pod at
        in_terminal "podctl run --interactive --net=none --name=at busybox --name=app \
                --exec=/bin/sh -- -c '$SHELL_SCRIPT'; echo left:\$?"
        type_line 'echo he""re'
        wait_until on_screen here
        printf '\020\021' >&5
        wait_until on_screen left:0
        printf 'echo lat""er\n' | podctl attach --mode=tty-in at
        wait_until logged at later
        assert_eq "$(state_of at)" running
}

test_attach_interactive_run_loses_terminal() {
        defer end_pod at
        in_terminal "podctl run --interactive --net=none --name=at busybox --name=app \
                --exec=/bin/sh -- -c '$SHELL_SCRIPT'"
        type_line 'echo he""re'
        wait_until on_screen here
        kill -KILL "$terminal"
        wait_until not_run_any_more
        printf 'echo lat""er\n' | podctl attach --mode=tty-in at
        wait_until logged at later
}

not_run_any_more() {
        ! pgrep -f 'podctl run --interactive' >/dev/null
}
