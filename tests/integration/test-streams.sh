# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What clients of Kubernetes connect to for exec, attach and port-forward, without a kubelet: a server and a client of
# the tests.
# On any systemd, the same.

SERVE=/var/tmp/podctl-build/tests/integration/stream-serve
STREAM_CLIENT=/usr/src/podctl/tests/integration/stream-client
STREAMS=/run/podctl/test-streams
SPDY=v4.channel.k8s.io
WEBSOCKET=ws:v5.channel.k8s.io

fetch busybox.oci

# streams_up SCRIPT OPTION…: a pod 'st', whose UUID is in $streams_pod, with an app 'app' that runs the script; and a
# server.
streams_up() {
        [[ -x $SERVE ]] || skip 'podctl is built without what speaks to a kubelet'
        defer end_pod st
        streams_pod=$(podctl run --detach --net=none --name=st busybox --name=app "${@:2}" --exec=/bin/sh -- -c "$1")
        streams_serve
}

streams_serve() {
        # Not the input of a client of ours.
        "$SERVE" "$STREAMS" 8>&- &
        streams_server=$!
        defer kill "$streams_server" 2>/dev/null
        wait_until test -s "$STREAMS/port"
        wait_until streams_answer
}

streams_answer() {
        exec 9<>"/dev/tcp/127.0.0.1/$(<"$STREAMS/port")" && exec 9>&-
}

# stream_url WORK STREAMS [WORD…]
stream_url() {
        "$SERVE" "$STREAMS" "$1" "$streams_pod" app "${@:2}"
}

# stream WORK STREAMS PROTOCOL [WORD…]: standard output and error of a client, its input is ours.
stream() {
        local names=${2//[tx]/}
        [[ $2 != *t* || $3 == v[12].* || $3 == channel.* ]] || names+=r
        "$STREAM_CLIENT" "$(stream_url "$1" "$2" "${@:4}")" "$3" --streams="$names" 2>&1
}

# stream_process: of the only client.
stream_process() {
        pgrep -P "$streams_server"
}

no_stream_process() {
        ! pgrep -P "$streams_server"
}

# stream_status_of OUTPUT: what the error channel said.
stream_status_of() {
        sed -n 's/^status://p' <<<"$1"
}

# --- Commands

test_stream_exec() {
        local protocol
        streams_up 'exec sleep 1000'
        for protocol in ws:v5.channel.k8s.io ws:v4.channel.k8s.io v4.channel.k8s.io; do
                output=$(stream exec oe "$protocol" sh -c 'echo out; echo err >&2; exit 7' </dev/null)
                assert_contains "$output" out
                assert_contains "$output" err
                assert_contains "$(stream_status_of "$output")" '"causes":[{"reason":"ExitCode","message":"7"}]'
                output=$(stream exec o "$protocol" /no/such </dev/null)
                assert_contains "$(stream_status_of "$output")" "App 'app' has no program '/no/such'"
        done
        for protocol in v3 v2 ''; do
                output=$(stream exec oe "${protocol:+$protocol.}channel.k8s.io" sh -c 'exit 7' </dev/null)
                assert_eq "$output" 'status:command terminated with non-zero exit code: 7'
        done
}

# The end of input is passed on where there is a word for it, and all that came before.
test_stream_input() {
        local protocol
        streams_up 'exec sleep 1000'
        head -c 5000000 /dev/urandom >data
        for protocol in ws:v5.channel.k8s.io v4.channel.k8s.io channel.k8s.io; do
                "$STREAM_CLIENT" "$(stream_url exec io cat)" "$protocol" --streams=io <data >copy 2>said
                cmp data copy
        done
        # Who does not read it loses nothing but that.
        output=$(stream exec ioe $SPDY sh -c 'exec <&-; echo done' <data)
        assert_contains "$output" "done"
        output=$(stream exec io ws:v4.channel.k8s.io head -n1 < <(echo line; sleep 1000))
        assert_contains "$output" line
}

test_stream_terminal() {
        local protocol
        streams_up 'exec sleep 1000'
        for protocol in $SPDY $WEBSOCKET; do
                url=$(stream_url exec tio sh -c 'while [ "$(stty size)" != "44 99" ]; do :; done; tty; cat; exit 3')
                output=$(echo typed | "$STREAM_CLIENT" "$url" "$protocol" --streams=ior --size=99x44 2>&1)
                assert_contains "$output" /dev/pts/
                assert_contains "$output" typed
                assert_contains "$(stream_status_of "$output")" '"message":"3"'
        done
}

# What a command leaves running may hold its output, and is not waited for.
test_stream_command_that_leaves_something() {
        streams_up 'exec sleep 1000'
        output=$(stream exec oe $WEBSOCKET sh -c 'sleep 1000 & echo gone' </dev/null)
        assert_contains "$output" gone
        assert_contains "$(stream_status_of "$output")" Success
}

# --- Clients that are not there

# app_has WORDS: a process of the pod is this.
app_has() {
        podctl exec st ps | grep -v grep | grep -qF -- "$1"
}

app_has_not() {
        ! app_has "$1"
}

test_stream_client_that_leaves() {
        local protocol
        streams_up 'exec sleep 1000'
        for protocol in $SPDY $WEBSOCKET; do
                # One that does not want to hear of it, one with a terminal, and one that is only asked to read.
                "$STREAM_CLIENT" "$(stream_url exec o sh -c 'trap "" TERM; echo here; exec sleep 71')" \
                        "$protocol" --streams=o --leave >said </dev/null
                "$STREAM_CLIENT" "$(stream_url exec tio sh -c 'echo here; exec sleep 72')" \
                        "$protocol" --streams=ior --leave >said < <(sleep 1000)
                "$STREAM_CLIENT" "$(stream_url exec io sh -c 'echo here; exec sleep 73')" \
                        "$protocol" --streams=io --leave >said < <(yes | head -c 3000000; sleep 1000)
                wait_until no_stream_process
                wait_until app_has_not 'sleep 7'
        done
}

# memory_is_bounded: of the process of the client, in kB. A sanitizer needs more for itself.
memory_is_bounded() {
        local peak
        peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$(stream_process)/status")
        ((peak < 100000)) || fail "the process of a client had $peak kB"
}

test_stream_client_that_stalls() {
        local protocol client
        streams_up 'exec sleep 1000'
        for protocol in $SPDY $WEBSOCKET; do
                rm -f go
                "$STREAM_CLIENT" "$(stream_url exec o sh -c 'head -c 200000000 /dev/zero; echo >/ready')" "$protocol" \
                        --streams=o --stall=go </dev/null 2>said | wc -c >count &
                client=$!
                wait_until app_has head
                # It waits for the client.
                wait_until test -n "$(podctl exec st sh -c 'cat /proc/$(pidof head)/wchan' || :)"
                memory_is_bounded
                touch go
                wait_until app_has_not head
                wait "$client"
                assert_eq "$(<count)" 200000000
                assert_contains "$(<said)" Success
        done
        # The same with who does not read what a client sends.
        "$STREAM_CLIENT" "$(stream_url exec io sh -c 'read -r line; while [ ! -e /read ]; do sleep 1; done; wc -c')" \
                $SPDY --streams=io < <(echo; head -c 50000000 /dev/zero) >count 2>said &
        client=$!
        wait_until app_has wc
        memory_is_bounded
        podctl exec st touch /read
        wait "$client"
        ((10#$(tr -d ' \n' <count) > 40000000)) || fail "only $(<count) bytes"
}

# --- Attach

test_stream_attach() {
        local protocol
        streams_up 'while read -r line; do echo "got $line"; echo "err $line" >&2; done; exec sleep 1000' \
                --stdin=stream --stdout=stream --stderr=stream
        for protocol in $SPDY $WEBSOCKET; do
                "$STREAM_CLIENT" "$(stream_url attach io)" "$protocol" --streams=io --leave >said \
                        < <(echo one; sleep 1000)
                assert_eq "$(<said)" 'got one'
                "$STREAM_CLIENT" "$(stream_url attach ie)" "$protocol" --streams=ie --leave 2>said \
                        < <(echo two; sleep 1000)
                assert_eq "$(<said)" 'err two'
        done
        # The end of input is the app's if the container has one input.
        "$STREAM_CLIENT" "$(stream_url attach ixo)" $SPDY --streams=io >said 2>&1 < <(echo last) &
        wait_until podctl exec st pidof sleep
        podctl stop st
        wait $!
        assert_contains "$(<said)" 'got last'
        assert_contains "$(<said)" Success
}

test_stream_attach_terminal() {
        streams_up 'while read -r line; do eval "$line"; done' --stdin=tty --stdout=tty --stderr=tty
        "$STREAM_CLIENT" "$(stream_url attach tio)" $WEBSOCKET --streams=ior --size=99x44 >said 2>&1 \
                < <(echo 'until [ "$(stty size)" = "44 99" ]; do :; done; tty; exit'; sleep 1000) &
        wait $!
        assert_contains "$(<said)" /dev/pts/
}

test_stream_attach_to_nothing() {
        streams_up 'exec sleep 1000'
        output=$(stream attach o $SPDY </dev/null)
        assert_contains "$(stream_status_of "$output")" "App 'app' has nothing to attach to"
}

# --- Ports

test_stream_forward() {
        local protocol
        streams_up 'while :; do nc -l -p 81 -e cat; done'
        for protocol in portforward.k8s.io ws:SPDY/3.1+portforward.k8s.io; do
                head -c 3000000 /dev/urandom >data
                wait_until sh -c 'podctl exec st netstat -lnt | grep :81'
                "$STREAM_CLIENT" "$(stream_url portforward - 81)" "$protocol" --port=81 <data >copy 2>said
                cmp data copy
                assert_eq "$(<said)" status:
                output=$("$STREAM_CLIENT" "$(stream_url portforward - 82)" "$protocol" --port=82 2>&1 </dev/null)
                assert_eq "$output" 'status:cannot connect to port 82 of the pod: Connection refused'
        done
        # This one cannot say that its input has ended.
        wait_until sh -c 'podctl exec st netstat -lnt | grep :81'
        "$STREAM_CLIENT" "$(stream_url portforward - 81)" ws:v4.channel.k8s.io --port=81 --leave >copy \
                < <(echo abc; sleep 1000)
        assert_eq "$(<copy)" abc
        output=$("$STREAM_CLIENT" "$(stream_url portforward - 82)" ws:v4.channel.k8s.io --port=82 2>&1 </dev/null)
        assert_contains "$output" 'cannot connect to port 82 of the pod: Connection refused'
}

test_stream_forward_without_a_pod() {
        streams_up 'exec sleep 1000'
        podctl stop st
        output=$("$STREAM_CLIENT" "$(stream_url portforward - 81)" portforward.k8s.io --port=81 2>&1 </dev/null)
        assert_contains "$output" 'is not running'
}

# --- URLs

# url_is_refused STATUS URL PROTOCOL
url_is_refused() {
        assert_fails 1 "$STREAM_CLIENT" "$2" "$3" --streams=o
        assert_contains "$output" "refused: HTTP/1.1 $1"
}

test_stream_url_is_for_one() {
        local url
        streams_up 'exec sleep 1000'
        assert_eq "$(stat -c %a "$STREAMS")" 700
        url=$(stream_url exec o echo once)
        url_is_refused 404 "${url/exec/attach}" $SPDY
        url_is_refused 403 "$url" v9.channel.k8s.io
        # Nothing of that has used it up.
        output=$("$STREAM_CLIENT" "$url" $SPDY --streams=o </dev/null 2>&1)
        assert_contains "$output" once
        url_is_refused 404 "$url" $SPDY
        url_is_refused 404 "${url%/*}/$(printf '%032d' 0)" $WEBSOCKET
        assert_eq "$(curl -so answer -w '%{http_code}' "$url")" 400
        assert_eq "$(curl -so answer -w '%{http_code}' -X PUT "$url")" 405
        assert_eq "$(curl -so answer -w '%{http_code}' "${url%/exec*}/")" 404
}

# A server may end at any time: a URL is for the next one, and who is connected does not notice.
test_stream_server_is_replaced() {
        local url client
        streams_up 'exec sleep 1000'
        mkfifo input
        "$STREAM_CLIENT" "$(stream_url exec io cat)" $SPDY --streams=io <input >said 2>&1 &
        client=$!
        exec 8>input
        echo before >&8
        wait_until grep -q before said
        url=$(stream_url exec o echo later)
        kill -KILL "$streams_server"
        wait "$streams_server" || :
        streams_serve
        output=$("$STREAM_CLIENT" "$url" $SPDY --streams=o </dev/null 2>&1)
        assert_contains "$output" later
        echo after >&8
        exec 8>&-
        wait "$client"
        assert_contains "$(<said)" after
        assert_contains "$(<said)" Success
}

# Our end is killed in the middle of a command: that is not a success. Over SPDY, clients take what is there of the
# status for the whole, and the end of the connection for nothing; it has begun, and is no object. Over WebSocket, the
# end of the connection is not the one of the protocol.
test_stream_is_killed() {
        local client
        streams_up 'exec sleep 1000'
        for protocol in $SPDY $WEBSOCKET; do
                rm -f said
                "$STREAM_CLIENT" "$(stream_url exec o sh -c 'echo before; exec sleep 1000')" "$protocol" --streams=o \
                        </dev/null >said 2>status &
                client=$!
                wait_until grep -qs before said
                kill -KILL "$(stream_process)"
                wait "$client"
                assert_contains "$(<status)" 'cut off'
                [[ $protocol == ws:* ]] || assert_eq "$(stream_status_of "$(<status)")" ' '
                wait_until no_stream_process
        done
        # One that has its end is the object that clients read.
        output=$(stream exec o $SPDY echo well </dev/null)
        assert_eq "$(stream_status_of "$output" | jq -r .status)" Success
}

# Bytes that are nothing: the client is told, and its process ends.
test_stream_hostile_bytes() {
        local protocol
        streams_up 'exec sleep 1000'
        for protocol in $SPDY $WEBSOCKET; do
                head -c 100000 /dev/urandom | tr '\0' '\377' |
                        "$STREAM_CLIENT" "$(stream_url exec io cat)" "$protocol" --raw >said || :
                wait_until no_stream_process
        done
        # It goes on with others.
        output=$(stream exec o $SPDY echo well </dev/null)
        assert_contains "$output" well
}
