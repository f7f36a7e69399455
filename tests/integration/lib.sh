# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the tests in this folder are written with. A test is a function test_* that runs with
# `set -eu -o pipefail` in a process and a directory of its own; it passes when it returns.

IMAGES=${IMAGES:-/var/lib/podctl-test-images}
HERE=$(dirname "${BASH_SOURCE[0]}")
export IMAGES HERE

fail() {
        echo "$*" >&2
        exit 1
}

# Says why this host cannot show what the test asks about.
skip() {
        echo "SKIP: $*" >&2
        exit 77
}

assert_eq() {
        [[ $1 == "$2" ]] || fail "got '$1', expected '$2'"
}

assert_contains() {
        [[ $1 == *"$2"* ]] || fail "'$2' is not in: $1"
}

assert_not_contains() {
        [[ $1 != *"$2"* ]] || fail "'$2' is in: $1"
}

# assert_fails STATUS CMD…: what it printed is left in $output. Any failure will do for STATUS '*'.
output=
assert_fails() {
        local expected=$1 status=0
        shift
        output=$("$@" 2>&1) || status=$?
        ((status)) || fail "succeeded: $*"
        [[ $expected == '*' || $status == "$expected" ]] ||
                fail "exit status $status, expected $expected: $*: $output"
}

# refused WORDS ARG…: podctl run ends with 254 and one line that has the words, and there is no pod more.
refused() {
        refused_command "$1" run "${@:2}"
}

# refused_command WORDS ARG…: the same of any command.
refused_command() {
        local words=$1 before
        shift
        cleared
        before=$(podctl list --all --no-legend --full)
        assert_fails 254 podctl "$@"
        assert_contains "$output" "$words"
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(podctl list --all --no-legend --full)" "$before"
}

# refused_by WORDS CMD…: the command ends with 254 and one line that has the words, whatever it was fetching until then.
refused_by() {
        assert_fails 254 "${@:2}"
        assert_contains "$output" "$1"
        assert_eq "$(grep -vc ': fetching' <<<"$output")" 1
}

# wait_until CMD…: for what happens soon, but not at once. The bound is only against hanging.
wait_until() {
        local end=$((SECONDS + ${WAIT_SECONDS:-30}))
        until "$@" >/dev/null 2>&1; do
                ((SECONDS < end)) || fail "never came true: $*"
                sleep 0.1
        done
}

# has_line PATTERN CMD…: whether what it prints has one. All is read: a command that writes on would fail.
has_line() {
        grep -q -- "$1" <<<"$("${@:2}")"
}

# page URL: of a server that may have to start first; a pod is there before its program listens.
page() {
        curl -sf --retry 20 --retry-connrefused --retry-delay 1 "$1"
}

# killed_at N OF MSEC CMD…: at the Nth of so many moments of a command that takes so long; see duration.
killed_at() {
        local at=$(($3 * $1 / $2))
        local seconds
        printf -v seconds %d.%03d $((at / 1000)) $((at % 1000))
        { (timeout --signal=KILL "$seconds" "${@:4}" &>/dev/null) || true; } 2>/dev/null
}

# duration CMD…: in milliseconds.
duration() {
        local begin=${EPOCHREALTIME/./}
        "$@" >/dev/null
        echo $(((${EPOCHREALTIME/./} - begin) / 1000 + 1))
}

# defer CMD…: to be run when the test is over, last first, however it ends.
deferred=()
defer() {
        local IFS=' '
        deferred=("${*@Q}" "${deferred[@]}")
        trap run_deferred EXIT
}

run_deferred() {
        local status=$? command
        trap - ERR
        set +e
        for command in "${deferred[@]}"; do
                eval "$command"
        done
        exit $status
}

# small_disk DIR SIZE: mounts a new ext4 of that size there, for as long as the test runs.
small_disk() {
        truncate -s "$2" "$1.img"
        mkfs.ext4 -q -m 0 "$1.img"
        mkdir -p "$1"
        mount -o loop "$1.img" "$1"
        defer umount "$1"
}

# What a pod may leave on a host: nothing. The runner compares this before and after each test.
leak_state() {
        findmnt -rn -o TARGET | grep -vE '^/(run/(credentials|user|netns$)|proc/sys/fs/binfmt_misc)' | sed 's/^/mount /'
        machinectl list --no-legend --no-pager 2>/dev/null | awk '{ print "machine", $1 }'
        systemctl list-units --all --plain --no-legend 'podctl-*' 'pod@*' |
                awk '$3 != "inactive" { print "unit", $1, $3 }'
        pgrep -a 'systemd-nspawn' | awk '{ $1 = "process"; print }' || true
        ip -o link | awk -F': ' '{ print "link", $2 }'
        nft list tables 2>/dev/null | sed 's/^/nft /'
        ip netns list 2>/dev/null | sed 's/^/netns /'
        # What other tests would find: images that a file of pods.d names, for one, are not removed.
        find /etc/podctl/{pods,net}.d /usr/lib/podctl/{pods,net}.d /var/lib/podctl/updates \
                /etc/systemd/system/pod@*.d -type f -not -name .lock -printf 'file %p\n' 2>/dev/null || true
        sanitizer_reports
}

# Of a podctl that was installed with --sanitize. One that could not be written has ended its process all the same.
sanitizer_reports() {
        find /run/podctl-sanitizers -type f -printf 'report %p ' \
                -exec awk '/ERROR:|runtime error:/ { printf "%s", $0; exit }' {} \; -printf '\n' 2>/dev/null || true
}

# leak_check BEFORE: prints what is there now and was not, or the reverse. Waits for it to settle: the kernel removes
# network namespaces one after the other, those of other hosts beside this one too.
leak_check() {
        local end=$((SECONDS + 45)) now
        until now=$(state_beside "$1"); [[ $now == "$1" ]]; do
                if ((SECONDS >= end)); then
                        diff <(echo "$1") <(echo "$now") | grep '^[<>]' | sed 's/^>/left behind:/; s/^</gone:/'
                        return 1
                fi
                sleep 0.1
        done
}

# state_beside BEFORE: what is there now. The table of networks goes some moments after the last pod: where it was there
# before, it may be there or not, so that what one test leaves does not fail all that follow.
state_beside() {
        local table='nft table inet podctl'
        if grep -qxF "$table" <<<"$1"; then
                { leak_state | grep -vxF "$table"; echo "$table"; } | sort
        else
                leak_state | sort
        fi
}

# cleared: what pods had whose `podctl run` has returned is gone, too. Most commands of podctl wait for that themselves.
cleared() { wait_until no_pod_ends; }
no_pod_ends() {
        ! ls /run/podctl/ending/* >/dev/null 2>&1 &&
                [[ -z $(systemctl list-units --no-legend --state=deactivating 'podctl-*.service') ]]
}

# own VERB…: podctl with a store of this test's own, which takes images as they are.
DATA=$PWD/data
own() {
        podctl --dir="$DATA" --insecure-options=image "$@"
}

# fetch IMAGE…: brings test images into the host's store, under the names they have in $IMAGES.
fetch() {
        local image
        for image; do
                podctl --insecure-options=image fetch "$IMAGES/$image" >/dev/null
        done
}

# sh_run SCRIPT [OPTION…]: runs it in a pod of its own, of busybox and with these options, and prints what it prints.
sh_run() {
        podctl run busybox --name=app "${@:2}" --exec=/bin/sh -- -c "$1"
}

# own_run IMAGE SCRIPT: what a shell in there prints, of this test's own store.
own_run() {
        defer own gc --grace-period=0
        # The journal of systemd 252 has no empty lines.
        own run --net=none "$1" --exec=/bin/sh -- -c "$2" 2>/dev/null | sed '/^$/d'
}

# remove_image_of POD: by its ID, whatever names other tests have left it.
remove_image_of() {
        podctl image rm "$(podctl cat-manifest "$1" | jq -r '.apps[0].image.id')"
}

# pod NAME [OPTION…] IMAGE…: a pod in the background, which ends with the test at the latest.
pod() {
        local name=$1
        shift
        defer end_pod "$name"
        podctl run --detach --name="$name" "$@" >/dev/null
}

end_pod() {
        machinectl show "$1" >/dev/null 2>&1 || return 0
        podctl stop --force "$1"
}

# pod_unit POD: the unit it is.
pod_unit() {
        machinectl show --property=Unit --value "$1"
}

# gone POD: nothing of it runs any more, nor does what clears away after it.
gone() {
        ! machinectl show "$1" >/dev/null 2>&1 &&
                [[ $(systemctl show -P ActiveState "podctl-$1.service") == @(inactive|failed) ]]
}

# wait_for_jobs: for all there are in the background. Each of them has to succeed.
wait_for_jobs() {
        local pid
        for pid in $(jobs -p); do
                wait "$pid" || fail "a job in the background failed with $?"
        done
}

# greeter ADDRESS PORT WORD: a program of the host that says the word to who connects there, until the test ends; it is
# process $server.
greeter() {
        (cd / && exec perl -MIO::Socket::IP -e '
                my ($address, $port, $word) = @ARGV;
                my %how = (LocalHost => $address, LocalPort => $port, Listen => 5, ReuseAddr => 1);
                my $s = IO::Socket::IP->new(%how) or die $@;
                while (my $c = $s->accept) { print $c $word; close $c }' "$@") &
        server=$!
        defer kill $server
        wait_until nc -z "$1" "$2"
}

is_over() {
        ! kill -0 "$1" 2>/dev/null
}

# in_terminal COMMAND: runs it in a terminal whose keys are descriptor 5 and whose screen is in the
# file "screen"; $terminal is its process.
in_terminal() {
        mkfifo keys
        exec 5<>keys
        script -qec "$1" /dev/null <keys >screen 2>&1 &
        terminal=$!
        defer kill $terminal 2>/dev/null
}

# state_of POD: as `podctl status` has it.
state_of() {
        podctl status "$1" | sed -n 's/^state=//p'
}

# pod_cgroup POD: its directory in the host's hierarchy.
pod_cgroup() {
        echo "/sys/fs/cgroup$(systemctl show --property=ControlGroup --value "$(pod_unit "$1")")"
}

# app_pid POD APP: a process of the app, as the host numbers them. A unit of the pod is started a moment before its app
# is: what the launcher has is not yet the app's.
app_pid() {
        wait_until app_runs "$@"
        processes_of_app "$@" | sed -n 1p
}

app_runs() {
        [[ -n $(processes_of_app "$@") ]]
}

processes_of_app() {
        local pid exe
        for pid in $(find "$(pod_cgroup "$1")" -path "*/$2.service/cgroup.procs" -exec cat {} + | sort -n); do
                exe=$(readlink "/proc/$pid/exe") || continue
                [[ $exe == */app-exec* ]] || echo "$pid"
        done
}

# leader POD: the pod's PID 1, as the host numbers it.
leader() {
        machinectl show --property=Leader --value "$1"
}

# All that podman made, networks too; older ones have rules in the tables of iptables.
forget_podman() {
        local table
        podman rm --all --force --time 0 >/dev/null 2>&1
        podman pod rm --all --force >/dev/null 2>&1
        podman rmi --all --force >/dev/null 2>&1
        ip link del podman0 2>/dev/null
        nft delete table inet netavark 2>/dev/null
        for table in nat filter; do
                nft delete table ip $table 2>/dev/null
                nft delete table ip6 $table 2>/dev/null
        done
        true
}

# What pods leave behind on purpose, until somebody has looked at it. Collecting it is part of each
# test, so that what cannot be collected is a failure of the test it belongs to.
collect() {
        podctl gc --grace-period=0 --expire-prepared=0 >/dev/null 2>&1 || echo "'podctl gc' failed with $?"
        find /var/lib/podctl/pods -mindepth 2 -maxdepth 2 -printf 'not collected: %p\n' 2>/dev/null
        find /var/log/journal -maxdepth 1 -type l -printf 'not collected: %p\n'
}

# image_with NAME FILTER: a copy of the busybox image whose configuration went through jq.
image_with() {
        local name=$1 filter=$2 blobs old manifest
        cp -a "$IMAGES/busybox.oci" "$name"
        blobs=$name/blobs/sha256
        manifest=$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' "$name/index.json")
        old=$(jq -r '.config.digest | ltrimstr("sha256:")' "$blobs/$manifest")
        jq -c "$filter" "$blobs/$old" >new
        jq -c --arg digest "sha256:$(put_blob "$blobs" new)" --argjson size "$(stat -c %s new)" \
                '.config += {digest: $digest, size: $size}' "$blobs/$manifest" >new-manifest
        jq -c --arg digest "sha256:$(put_blob "$blobs" new-manifest)" --argjson size "$(stat -c %s new-manifest)" \
                '.manifests = [.manifests[0] + {digest: $digest, size: $size}]' "$name/index.json" >index.json
        mv index.json "$name/index.json"
}

put_blob() {
        local digest
        digest=$(sha256sum "$2" | cut -d' ' -f1)
        cp "$2" "$1/$digest"
        echo "$digest"
}
