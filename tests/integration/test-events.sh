# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What podctl events finds in the host's journal, and what it does not take for an event.
# On any systemd, the same.

fetch busybox.oci

UNHEALTHY=c2fccbe86c1544cb8c6a8f29c4c8995c
FAILED=611adcc4d3a04f06854da10773e2ff0d

# happened OPTION…: the names of those events.
happened() {
        journalctl --sync
        podctl events --format=json "$@" | jq -r .event | paste -sd' '
}

has_happened() {
        [[ $(happened "${@:2}") == "$1" ]]
}

# well_pod NAME: a pod whose app is well while it has /run/well.
well_pod() {
        pod "$1" --net=none busybox --name=app --health-cmd='test -e /run/well' --health-interval=50ms \
                --health-retries=2 --exec=/bin/sleep -- 1000
}

# forge UNIT MESSAGE-ID POD UUID: what an unprivileged process in a unit of that name would like to be an event.
forge() {
        local before
        before=$(forged "$3")
        systemd-run --quiet --unit="$1" --property=User=nobody /usr/bin/python3 -c 'import signal, socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[1].encode(), "/run/systemd/journal/socket")
signal.pause()' "MESSAGE_ID=$2
MESSAGE=forged
PODCTL_POD_NAME=$3
PODCTL_POD_UUID=$4
PODCTL_HEALTH=unhealthy
PODCTL_EXIT_STATUS=9
"
        # journald looks up the unit of the process, which has to be there until then.
        wait_until eval "(( \$(forged '$3') > $before ))"
        systemctl stop "$1"
}

# How many entries of others there are about a pod.
forged() {
        journalctl --quiet -o cat PODCTL_POD_NAME="$1" | grep -cx forged || true
}

test_events_in_order() {
        local name=ordered-$$ uuid
        well_pod $name
        uuid=$(podctl status --format=json $name | jq -r .name)
        wait_until has_happened 'started unhealthy' $name
        podctl enter $name touch /run/well
        wait_until has_happened 'started unhealthy healthy' $name
        podctl stop $name >/dev/null
        wait_until has_happened 'started unhealthy healthy ended' $name
        podctl events $name --format=json >events
        jq -se --arg pod $name --arg uuid "$uuid" 'all(.pod == $pod and .uuid == $uuid and .time > 1500000000000000) and
                .[0].unit == "podctl-" + $pod + ".service" and .[1].app == "app" and .[3].exit_code == 0 and
                (.[1].message | contains("unhealthy"))' events || fail "$(cat events)"
        podctl events $name >lines
        assert_eq "$(wc -l <lines)" 4
        assert_contains "$(sed -n 4p lines)" "  ended            $name  Pod $name ended with exit status 0."
        # By the UUID and its beginning; after its end, too.
        assert_eq "$(happened "${uuid:0:13}")" 'started unhealthy healthy ended'
        podctl rm $name >/dev/null
        assert_eq "$(happened "$uuid")" 'started unhealthy healthy ended'
        assert_eq "$(happened $name)" 'started unhealthy healthy ended'
        assert_eq "$(happened $name --until=yesterday)" ''
        assert_eq "$(happened $name --since=-1h)" 'started unhealthy healthy ended'
}

test_events_of_failures() {
        local name=fails-$$
        podctl run --name=$name --net=none busybox --name=bad --exec=/bin/sh -- -c 'exit 7' || assert_eq $? 7
        wait_until has_happened 'started failed' $name
        podctl events $name --format=json | jq -se '.[1] | .exit_code == 7 and .app == "bad"'
        assert_fails '*' systemctl start pod@never-$$
        systemctl reset-failed pod@never-$$
        assert_eq "$(happened never-$$)" failed-to-start
        podctl events never-$$ --format=json |
                jq -se '.[0] | (.error | contains("no manifest")) and (has("uuid") | not)'
        assert_eq "$(happened never-$$ $name)" 'started failed failed-to-start'
        [[ $(podctl events | grep -c "  $name  ") == 2 ]]
        # A pod of that name once more.
        podctl run --name=$name --net=none busybox --exec=/bin/true
        wait_until has_happened 'started failed started ended' $name
}

test_events_followed() {
        local name=followed-$$ follower
        podctl events --follow --format=json $name >followed &
        follower=$!
        defer kill $follower
        well_pod $name
        wait_until grep -q '"event":"unhealthy"' followed
        podctl stop $name >/dev/null
        wait_until grep -q '"event":"ended"' followed
        assert_eq "$(jq -r .event followed | paste -sd' ')" 'started unhealthy ended'
        # A reader that leaves ends it at the next event.
        podctl events --follow $name > >(head -n 1 >first) &
        follower=$!
        wait_until grep -q '  started  ' first
        podctl run --name=$name --net=none busybox --exec=/bin/true
        wait_until eval "! kill -0 $follower"
        assert_eq "$(wc -l <first)" 1
}

test_events_cannot_be_forged_by_users() {
        local name=victim-$$ uuid
        pod $name --net=none busybox --name=app --exec=/bin/sleep -- 1000
        uuid=$(podctl status --format=json $name | jq -r .name)
        forge forger-$$ $FAILED $name "$uuid"
        forge forger-$$ $UNHEALTHY $name "$uuid"
        forge forger-$$ $UNHEALTHY $name ''
        # From the unit of another pod, as root in there could.
        forge podctl-other-$$ $UNHEALTHY $name "$uuid"
        forge podctl-other-$$ $UNHEALTHY $name ''
        assert_eq "$(happened $name)" started
        assert_eq "$(happened "$uuid")" started
        # The same is an event when it comes from the unit of the pod, even if there is none any more.
        forge podctl-gone-$$ $UNHEALTHY gone-$$ ''
        wait_until has_happened unhealthy gone-$$
}

# What an app writes is text of its own entries; the journal that it sees is that of its pod, in which nobody looks for
# events.
test_events_cannot_be_forged_by_apps() {
        local name=liar-$$ uuid
        pod $name --net=none busybox --name=app --user=0 --exec=/bin/sh -- -c '
                printf "x\nMESSAGE_ID=$0\nPODCTL_POD_NAME=$1\n<3>MESSAGE_ID=$0\n\n"
                printf "MESSAGE_ID\n\040\0\0\0\0\0\0\0$0\n"; echo over; sleep 1000' $FAILED $name
        wait_until eval "journalctl --quiet -o cat PODCTL_POD_NAME=$name | grep -qx over"
        assert_eq "$(happened $name)" started
        assert_eq "$(journalctl --quiet -o json PODCTL_POD_NAME=$name PODCTL_APP=app |
                jq -rs 'map(select(.MESSAGE_ID)) | length')" 0
        uuid=$(podctl status --format=json $name | jq -r .name)
        nsenter --mount --target="$(podctl status $name | sed -n 's/^pid=//p')" --wd=/ logger --journald <<END
MESSAGE_ID=$FAILED
MESSAGE=forged
PODCTL_POD_NAME=$name
PODCTL_POD_UUID=$uuid
END
        wait_until eval "podctl logs --all -o cat $name | grep -qx forged"
        assert_eq "$(happened $name)" started
        podctl stop $name >/dev/null
        wait_until has_happened 'started ended' $name
}

test_events_bad_input() {
        assert_fails 254 podctl events 'a/b'
        assert_contains "$output" "'a/b' cannot be the name of a pod"
        assert_fails 254 podctl events PODCTL_POD_NAME=x
        assert_fails 254 podctl events ''
        assert_fails 254 podctl events --since=whenever
        assert_contains "$output" whenever
        assert_fails 254 podctl events --format=xml
        assert_eq "$(podctl events nobody-$$)" ''
}
