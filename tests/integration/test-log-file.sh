# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Log files of apps on the host, in the form of Kubernetes.
# On any systemd, the same.

fetch busybox.oci

line='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z std(out|err) [PF] '

# to_file NAME SCRIPT [OPTION…]: runs a pod to its end, whose app "app" has the log file "log".
to_file() {
        podctl run --name="$1" "${@:3}" busybox --name=app --log-file="$PWD/log" --exec=/bin/sh -- \
                -c "$2" >/dev/null 2>&1
        cleared
}

# starts NAME SCRIPT [OPTION…]: the same, and it goes on.
starts() {
        defer end_pod "$1"
        podctl run --detach --name="$1" "${@:3}" busybox --name=app --log-file="$PWD/log" --exec=/bin/sh -- \
                -c "$2" >/dev/null
}

# without_times [FILE]: the lines, all of which have the right form.
without_times() {
        ! grep -avE "$line" "${1:-log}" >wrong || fail "$(head -c 500 wrong)"
        cut -d ' ' -f 2- "${1:-log}"
}

has_logged() { grep -qaE " $2\$" "$1"; }

# service_of POD: which writes the log file of its app "app".
service_of() {
        podctl list --all --no-legend --full --format=json |
                jq -r --arg name "$1" '.[] | select(.machine == $name) | "podctl-log-file@\(.name):app.service"'
}

writer_of() { systemctl show --property=MainPID --value "$(service_of "$1")"; }
told_by() { journalctl --sync && journalctl --quiet --output=cat --unit="$1"; }

is_not_process() { ! kill -0 "$1"; }

test_log_file_of_both_streams() {
        local before after
        before=$(date -u +%FT%T)
        to_file both 'echo one; echo two >&2; echo; printf "\\377<3>x\n"; echo last'
        after=$(date -u +%FT%T)
        # What is read from two pipes has no order of its own.
        without_times | grep -a '^stdout' >out
        assert_eq "$(cat out)" $'stdout F one\nstdout F \nstdout F \377<3>x\nstdout F last'
        assert_eq "$(without_times | grep -a '^stderr')" 'stderr F two'
        while read -r time _; do
                [[ ! ${time%.*} < $before && ! ${time%.*} > $after ]] || fail "$before $time $after"
        done <log
        assert_eq "$(stat -c '%a %U' log)" '640 root'
        assert_contains "$(podctl logs --output=cat both 2>&1)" last
        assert_eq "$(ls /run/podctl/log-file)" ''
}

# The order in which they are written, where nothing is written at once.
test_log_file_order() {
        to_file ordered 'for i in 1 2 3 4 5; do echo $i; sleep 0.2; echo $i >&2; sleep 0.2; done'
        assert_eq "$(without_times | tr '\n' ';')" "$(for i in 1 2 3 4 5; do
                printf 'stdout F %s;stderr F %s;' $i $i
        done)"
}

# 16 KiB a part; a line that has no end has only parts.
test_log_file_long_lines() {
        to_file long 'a() { head -c $1 /dev/zero | tr "\0" a; }; a 16384; echo; a 16385; echo; a 40000; echo end; a 3'
        assert_eq "$(without_times | awk '{ printf "%s%i ", $2, length($3) }')" \
                'F16384 P16384 F1 P16384 P16384 F7235 P3 '
}

# The service lasts through restarts of the app, and goes with it.
test_log_file_of_a_late_app() {
        local uuid
        defer end_pod growing
        uuid=$(podctl app sandbox --name=growing --net=none)
        podctl app add growing busybox --name=app --log-file="$PWD/log" --exec=/bin/sh -- -c 'echo late; sleep 1000' \
                >/dev/null
        podctl app start growing --app=app
        wait_until has_logged log 'stdout F late'
        podctl app stop growing --app=app
        podctl app start growing --app=app
        wait_until eval '(($(grep -c late log) == 2))'
        podctl app rm growing --app=app
        assert_eq "$(ls "/run/podctl/log-file/$uuid")" ''
        podctl app add growing busybox --name=app --log-file="$PWD/log" --exec=/bin/echo -- again >/dev/null
        podctl app start growing --app=app
        wait_until has_logged log 'stdout F again'
        assert_eq "$(without_times | wc -l)" 3
}

test_log_file_reopened() {
        starts rotated 'i=0; while [ ! -e /end ]; do i=$((i + 1)); echo $i; done; echo end; sleep 1000'
        wait_until test -s log
        for i in 1 2 3 4 5; do
                mv log "log.$i"
                podctl app reopen-log rotated --app=app
                # What comes now is in the new one alone.
                stat -c %s "log.$i" >size
                wait_until test -s log
                assert_eq "$(stat -c %s "log.$i")" "$(cat size)"
        done
        podctl exec rotated /bin/touch /end
        wait_until has_logged log 'stdout F end'
        cat log.? log >all
        assert_eq "$(without_times all | sed 's/.* //' | head -n -1 | seq_is_whole)" whole
}

# seq_is_whole: the numbers count from 1, and each is there once.
seq_is_whole() {
        awk '$1 != NR { print "at " NR ": " $1; bad = 1; exit } END { if (!bad) print "whole" }'
}

test_log_file_without_reopening() {
        starts old 'echo one; while [ ! -e /next ]; do sleep 0.1; done; echo two; sleep 1000'
        wait_until has_logged log 'stdout F one'
        mv log renamed
        podctl exec old /bin/touch /next
        wait_until has_logged renamed 'stdout F two'
        [[ ! -e log ]]
        assert_fails 254 podctl app reopen-log old --app=none
        assert_contains "$output" "no app 'none' with a log file"
        podctl stop old
        assert_fails 254 podctl app reopen-log old
        assert_contains "$output" 'is not running'
}

# If the service is killed, no line is lost, and none is there twice.
test_log_file_writer_killed() {
        local writer
        starts kept 'i=0; while [ ! -e /end ]; do i=$((i + 1)); echo $i; sleep 0.01; done; echo end; sleep 1000'
        for i in 1 2 3; do
                wait_until has_logged log "stdout F ${i}0"
                writer=$(writer_of kept)
                kill -KILL "$writer"
                wait_until is_not_process "$writer"
        done
        podctl exec kept /bin/touch /end
        wait_until has_logged log 'stdout F end'
        assert_eq "$(without_times | sed 's/.* //' | head -n -1 | seq_is_whole)" whole
        mv log old
        podctl app reopen-log kept
        [[ -e log ]]
}

# A full disk costs lines of the file, and nothing else.
test_log_file_full_disk() {
        mkdir small
        mount -t tmpfs -o size=64k none small
        defer umount small
        podctl run --name=full busybox --name=app --log-file="$PWD/small/log" --exec=/bin/sh -- \
                -c 'seq 1 20000; echo through' | tail -n 1 >last &
        wait $!
        assert_eq "$(cat last)" through
        cleared
        assert_contains "$(podctl logs --output=cat full)" through
        # No line is cut off, and what fits is there.
        cp small/log log
        without_times | awk '!/^stdout F [0-9]+$|^stdout F through$/ { print; exit 1 }'
        assert_eq "$(without_times | sed 's/.* //' | head -n 1000 | seq_is_whole)" whole
        (($(wc -l <log) < 20000))
        assert_eq "$(told_by "$(service_of full)" | grep -c 'Cannot write the log file')" 1
}

# Room again: the file goes on, and the journal says how much is missing.
test_log_file_room_again() {
        mkdir small
        mount -t tmpfs -o size=16k none small
        defer umount small
        defer end_pod relieved
        podctl run --detach --name=relieved busybox --name=app --log-file="$PWD/small/log" --exec=/bin/sh -- -c \
                'seq 1 5000; while [ ! -e /next ]; do sleep 0.1; done; echo again; sleep 1000' >/dev/null
        wait_until eval 'told_by "$(service_of relieved)" | grep "Cannot write the log file"'
        mount -o remount,size=1m small
        podctl exec relieved /bin/touch /next
        wait_until has_logged small/log 'stdout F again'
        wait_until eval 'told_by "$(service_of relieved)" | grep -E "can be written again; [0-9]+ lines"'
}

# What root of the pod, with all that it may do, finds of the file: nothing that it could write, cut off or reach others
# through.
test_log_file_against_its_pod() {
        local root pid
        starts hostile 'echo before; sleep 1000'
        wait_until has_logged log 'stdout F before'
        root=$(leader hostile)
        # No process of the pod has it, or its directory.
        find "$(pod_cgroup hostile)" -name cgroup.procs -exec cat {} + >pids
        while read -r pid; do
                ls -l "/proc/$pid/fd" 2>/dev/null >>fds || true
        done <pids
        assert_not_contains "$(cat fds)" "$PWD"
        # The socket is all there is; what is no packet of ours does no harm, and what is one is a line like another.
        nsenter --target="$root" --all -- /usr/bin/python3 -c '
import socket, sys
path = "/etc/podctl/launch/app/log-file"
for packet in (b"", b"\0", b"\1" + b"x" * 32768, b"\7bad\n", b"\0" + b"y" * 20000 + b"\n", b"\1\n" * 50,
               b"\1" + b"z" * 40000):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    try:
        s.send(packet)
    except OSError:
        pass
    s.close()
many = []
for i in range(100):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(path)
    many.append(s)
'
        assert_eq "$(without_times | awk '/y|z/{ printf "%s%i ", $2, length($3) }')" 'P16384 F3616 P16384 P16384 '
        # Nor can it ask for anything else.
        assert_fails '*' nsenter --target="$root" --all -- /bin/ls /run/podctl/log-file
        podctl app reopen-log hostile
        assert_eq "$(podctl exec hostile /bin/ls /proc/fs/log-file 2>&1 | grep -c 'No such file')" 1
}

# A link could lead to any file of the host, where the directory is of a pod.
test_log_file_links() {
        echo precious >target
        ln -s "$PWD/target" link
        mkdir real
        ln -s "$PWD/real" linked
        refused 'or a link' --name=linked busybox --log-file="$PWD/link" --exec=/bin/true
        refused 'or a link' --name=linked busybox --log-file="$PWD/linked/log" --exec=/bin/true
        mkfifo fifo
        refused 'is no file' --name=linked busybox --log-file="$PWD/fifo" --exec=/bin/true
        refused 'make it before' --name=linked busybox --log-file="$PWD/none/log" --exec=/bin/true
        refused 'is the absolute path' --name=linked busybox --log-file=log --exec=/bin/true
        refused 'leave out --log-file' --name=linked --stage1=fly busybox --log-file="$PWD/log" --exec=/bin/true
        assert_eq "$(cat target)" precious
        # One that comes later: the file before it goes on.
        starts swapped 'echo one; while [ ! -e /next ]; do sleep 0.1; done; echo two; sleep 1000'
        wait_until has_logged log 'stdout F one'
        mv log old
        ln -s "$PWD/target" log
        assert_fails 254 podctl app reopen-log swapped
        assert_contains "$output" 'goes on with the one it had'
        podctl exec swapped /bin/touch /next
        wait_until has_logged old 'stdout F two'
        assert_eq "$(cat target)" precious
}

# The pod of a unit that is not podctl's leaves nothing either, nor does one that cannot start.
test_log_file_cleared_away() {
        systemd-run --quiet --wait --collect podctl run --uuid-file-save="$PWD/uuid" busybox --name=app \
                --log-file="$PWD/log" --exec=/bin/echo -- mine
        wait_until test ! -e "/run/podctl/log-file/$(cat uuid)"
        has_logged log 'stdout F mine'
        assert_fails 254 podctl run --uuid-file-save="$PWD/uuid" busybox --name=app --log-file="$PWD/log" \
                --user=nobody-there --exec=/bin/true
        [[ ! -e /run/podctl/log-file/$(cat uuid) ]]
}

# What can be said with an option can be said in a file.
test_log_file_in_a_file() {
        defer rm -f /etc/podctl/pods.d/filed.yaml
        printf 'image: busybox\nexec: [/bin/echo, from a file]\nlog-file: %s\n' "$PWD/log" \
                >/etc/podctl/pods.d/filed.yaml
        podctl check filed
        defer systemctl reset-failed --quiet pod@filed.service
        systemctl start pod@filed.service
        wait_until has_logged log 'stdout F from a file'
}

# An app's streams and terminal are in the log, too, and so is what keeps it from starting.
test_log_file_of_other_outputs() {
        defer end_pod typed
        podctl run --detach --name=typed busybox --name=app --log-file="$PWD/log" --stdin=tty --stdout=tty \
                --stderr=tty --exec=/bin/sh -- -c 'tty; sleep 1000' >/dev/null
        wait_until grep -q 'stdout F /dev/' log
        printf '#!/none\n' >script
        chmod 755 script
        assert_fails '*' podctl run --name=failing --volume=script,kind=host,source="$PWD/script" busybox --name=app \
                --mount=volume=script,target=/script --log-file="$PWD/missing" --exec=/script
        cleared
        grep -q 'stderr F podctl: cannot execute /script' missing
}
