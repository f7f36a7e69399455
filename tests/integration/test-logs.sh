# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# What apps have written: its formats, what can be asked for, whose it is, and how much is kept.

fetch busybox.oci

# written NAME SCRIPT [OPTION…]: an exited pod whose app "app" has run the script.
written() {
        local name=$1 script=$2
        shift 2
        podctl run --name="$name" "$@" busybox --name=app --exec=/bin/sh -- -c "$script" >/dev/null
}

journal_of() {
        local uuid
        uuid=$(podctl list --no-legend --full --format=json |
                jq -r --arg name "$1" '.[] | select(.machine == $name) | .name')
        echo "/var/lib/podctl/pods/run/$uuid/journal"
}

test_formats() {
        written said 'echo hello; printf "a\tb\n"; printf "\\377\n"'
        assert_eq "$(podctl logs --output=cat said | head -n 1)" hello
        podctl logs said | head -n 1 | grep -E '^[A-Z][a-z]{2} [0-9 ]{2} [0-9:]{8} said app\[[0-9]+\]: hello$'
        podctl logs --output=short-iso said | head -n 1 |
                grep -E '^[0-9-]{10}T[0-9:]{8}[+-][0-9]{4} said app\[[0-9]+\]: hello$'
        assert_eq "$(podctl logs --output=json said | jq -c .MESSAGE)" $'"hello"\n"a\\tb"\n[255]'
        assert_fails 254 podctl logs --output=verbose said
        assert_contains "$output" 'short'
}

# Field by field what journalctl makes of it, but for what it takes from elsewhere.
test_json_is_journalctls() {
        written said 'echo hello'
        local theirs
        theirs=$(journalctl --no-pager -D "$(journal_of said)" -o json SYSLOG_IDENTIFIER=app |
                jq -cS 'del(.__SEQNUM, .__SEQNUM_ID, ._BOOT_ID)')
        [[ -n $theirs ]]
        assert_eq "$(podctl logs --output=json said | jq -cS 'del(._BOOT_ID)')" "$theirs"
}

test_whose_it_is() {
        written said 'echo hello; sleep 0.5'
        podctl logs --output=json said | jq -e '.PODCTL_POD_NAME == "said" and .PODCTL_APP == "app" and
                (.PODCTL_IMAGE | endswith("busybox")) and (.PODCTL_IMAGE_ID | startswith("sha256:")) and
                (.PODCTL_POD_UUID | length == 36)'
        assert_contains "$(journalctl --no-pager -m PODCTL_POD_NAME=said)" hello
}

test_lines() {
        written said 'for i in 1 2 3 4 5; do echo $i; done'
        assert_eq "$(podctl logs -o cat -n 2 said)" $'4\n5'
        assert_eq "$(podctl logs -o cat --lines=5 said | wc -l)" 5
        assert_eq "$(podctl logs -o cat --lines=100 said | wc -l)" 5
        assert_eq "$(podctl logs -o cat --lines=all said | wc -l)" 5
        assert_eq "$(podctl logs -o cat --lines=0 said)" ''
        assert_fails 254 podctl logs --lines=few said
        assert_contains "$output" "--lines takes a number"
}

test_since() {
        written said 'echo hello'
        assert_eq "$(podctl logs -o cat --since=-1h said)" hello
        assert_eq "$(podctl logs -o cat --since=yesterday --lines=1 said)" hello
        assert_eq "$(podctl logs -o cat --since="$(date -d 'next hour' '+%Y-%m-%d %H:%M')" said)" ''
        assert_eq "$(podctl logs -o cat --since=@"$(date -d 'next hour' +%s)" --lines=1 said)" ''
        assert_fails 254 podctl logs --since=soon said
        assert_contains "$output" '--since takes a time'
}

test_of_one_app() {
        podctl run --name=two busybox --name=a --exec=/bin/echo -- one --- \
                busybox --name=b --exec=/bin/echo -- two >/dev/null
        assert_eq "$(podctl logs -o cat --app=b two)" two
        assert_eq "$(podctl logs -o cat two | sort)" $'one\ntwo'
        (($(podctl logs -o cat --all two | wc -l) > 2))
}

# Nobody reads what was written to the end.
test_reader_may_leave() {
        written said 'seq 5000'
        assert_eq "$(podctl logs -o cat said | head -n 1)" 1
}

test_size() {
        written small 'head -c 2000000 /dev/urandom | od -An -tx1 -w64' --journal-size=2M
        (($(du -sm "$(journal_of small)" | cut -f1) <= 3)) || fail "too large: $(du -sm "$(journal_of small)")"
        podctl logs -o cat small | grep -q .
        assert_fails 254 podctl run --journal-size=10K busybox --exec=/bin/true
        assert_contains "$output" 'Option --journal-size'
        assert_fails 254 podctl run --journal-age=long busybox --exec=/bin/true
        assert_contains "$output" 'Option --journal-age'
        podctl run --journal-age=12h busybox --exec=/bin/true
}

test_goes_with_the_pod() {
        local journal
        written gone 'echo hello'
        journal=$(journal_of gone)
        [[ -d $journal ]]
        podctl rm gone
        [[ ! -e $journal ]]
        assert_fails 254 podctl logs gone
}

# --- What the host's journal says of a pod

# events POD FIELD: a line for each, MESSAGE|FIELD.
events() {
        journalctl --sync
        journalctl --no-pager --quiet -o json "PODCTL_POD_NAME=$1" |
                jq -r 'select(.MESSAGE_ID != null) | [.MESSAGE, .'"$2"'] | join("|")'
}

test_events_of_a_pod() {
        local uuid name=event-$$
        podctl run --name=$name busybox --name=app --exec=/bin/true
        assert_eq "$(events $name PODCTL_EXIT_STATUS)" "Pod $name starts.|"$'\n'"Pod $name ended with exit status 0.|0"
        uuid=$(podctl list --no-legend --full --format=json | jq -r '.[] | select(.machine == "'$name'") | .name')
        assert_eq "$(events $name PODCTL_POD_UUID | cut -d'|' -f2 | sort -u)" "$uuid"
        assert_eq "$(events $name PODCTL_UNIT | cut -d'|' -f2 | sort -u)" "podctl-$name.service"
        assert_contains "$(journalctl --no-pager -u "podctl-$name.service" -o cat)" 'ended with exit status 0'
}

test_event_of_a_failure_says_what_to_do() {
        local name=failing-$$
        podctl run --name=$name busybox --name=good --exec=/bin/sleep -- 1000 --- \
                busybox --name=bad --exec=/bin/sh -- -c 'exit 7' || assert_eq $? 7
        assert_eq "$(events $name PODCTL_APP | tail -n 1)" "Pod $name ended with exit status 7.|bad"
        journalctl --no-pager -x PODCTL_POD_NAME=$name >explained
        assert_contains "$(cat explained)" "Subject: Pod $name has failed"
        assert_contains "$(cat explained)" 'podctl status '
        assert_contains "$(cat explained)" "Subject: Pod $name starts"
        # Once, also when gc comes by.
        podctl gc --grace-period=0 >/dev/null 2>&1
        assert_eq "$(events $name PODCTL_APP | grep -c ended)" 1
}

test_event_of_a_start_that_failed() {
        local name=nothing-$$
        assert_fails '*' systemctl start pod@$name
        systemctl reset-failed pod@$name
        assert_eq "$(events $name PODCTL_ERROR | cut -d'|' -f2)" \
                "There is no manifest for pod '$name': write /etc/podctl/pods.d/$name.json, as podctl create does"
        journalctl --no-pager -x PODCTL_POD_NAME=$name >explained
        assert_contains "$(cat explained)" "podctl check $name"
        mkdir gone
        podctl create --volume="gone,kind=host,source=$PWD/gone" "$name" busybox --mount=volume=gone,target=/gone \
                --exec=/bin/true >/dev/null 2>&1
        defer rm -f "/etc/podctl/pods.d/$name.json"
        rmdir gone
        assert_fails '*' systemctl start pod@$name
        systemctl reset-failed pod@$name
        assert_contains "$(events $name PODCTL_ERROR | tail -n 1)" "$PWD/gone"
        assert_eq "$(events $name PODCTL_ERROR | grep -c 'could not be started')" 2
}

test_catalogue_knows_all_events() {
        local id
        for id in $(grep -oE '"[0-9a-f]{32}"' "$HERE/../../src/cli/start/pod-event.c" | tr -d '"'); do
                journalctl --dump-catalog "$id" | grep -q '^Defined-By: podctl' || fail "$id is not in the catalogue"
        done
}
