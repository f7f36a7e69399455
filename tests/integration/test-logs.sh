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
        uuid=$(podctl list --all --no-legend --full --format=json |
                jq -r --arg name "$1" '.[] | select(.machine == $name) | .name')
        echo "/var/lib/podctl/pods/run/$uuid/journal"
}

test_formats() {
        written said 'echo hello; printf "a\tb\n"; printf "\\377\n"'
        assert_eq "$(podctl logs --output=cat said | head -n 1)" hello
        podctl logs said | head -n 1 | grep -E '^[A-Z][a-z]{2} [0-9 ]{2} [0-9:]{8} said app\[[0-9]+\]: hello$'
        # systemd 255 and newer write the zone with a colon.
        podctl logs --output=short-iso said | head -n 1 |
                grep -E '^[0-9-]{10}T[0-9:]{8}[+-][0-9]{2}:?[0-9]{2} said app\[[0-9]+\]: hello$'
        assert_eq "$(podctl logs --output=json said | jq -c .MESSAGE)" $'"hello"\n"a\\tb"\n[255]'
        assert_fails 254 podctl logs --output=wordy said
        assert_contains "$output" 'short'
}

# All that the journalctl of this host has, and long lines and escape sequences as they are.
test_formats_are_journalctls() {
        local journal format
        written said 'head -c 6000 /dev/zero | tr "\0" x; echo; printf "\033[31mred\033[0m\n"'
        journal=$(journal_of said)
        for format in $(journalctl --output=help); do
                podctl logs --output="$format" said >ours
                journalctl --no-pager --all --quiet -D "$journal" -o "$format" SYSLOG_IDENTIFIER=app >theirs
                if [[ $format == json* ]]; then
                        # The order of members is not one.
                        tr -d '\036' <ours | sed 's/^data: //' | jq -S . >sorted && mv sorted ours
                        tr -d '\036' <theirs | sed 's/^data: //' | jq -S . >sorted && mv sorted theirs
                fi
                cmp ours theirs || fail "$format"
        done
        assert_contains "$(podctl logs said)" $'red\033[0m'
        assert_contains "$(podctl logs said)" "$(printf 'x%.0s' {1..6000})"
}

# What is asked for, of the right app of the right pod.
test_options_of_journalctl() {
        local now
        podctl run --name=other busybox --name=a --exec=/bin/sh -- -c 'echo other; echo other >&2' >/dev/null 2>&1
        podctl run --name=asked busybox --name=a --exec=/bin/sh -- -c 'echo one; echo two >&2; echo "<3>bad" >&2' --- \
                busybox --name=b --exec=/bin/sh -- -c 'echo three; echo four >&2' >/dev/null 2>&1
        now=$(date +%s)
        logs() { podctl logs -o cat "$@" asked; }
        assert_eq "$(logs -p warning --app=a)" $'two\nbad'
        assert_eq "$(logs --priority=err)" bad
        assert_eq "$(logs -p warning..warning --app=b)" four
        assert_eq "$(logs -g '(ne|tw)' --app=a)" $'one\ntwo'
        assert_fails 254 podctl logs --grep=three --app=a asked
        assert_eq "$output" ''
        assert_fails 254 podctl logs --grep='^FOUR$' --app=b asked
        assert_eq "$(logs --grep='^four$')" four
        assert_eq "$(logs -r --app=a)" $'bad\ntwo\none'
        assert_eq "$(logs --until=@$((now + 60)) --app=b | sort)" $'four\nthree'
        assert_eq "$(logs --until=@$((now - 3600)))" ''
        assert_eq "$(logs --since=@$((now - 3600)) --until=@$((now + 60)) --app=a)" $'one\ntwo\nbad'
        assert_eq "$(logs --until=@$((now + 60)) --lines=1 --app=a)" bad
        assert_eq "$(logs --since=@$((now - 3600)) --lines=2 --app=a)" $'two\nbad'
        assert_eq "$(logs --since=@$((now - 3600)) --lines=2 --app=a --reverse)" $'bad\ntwo'
        podctl logs -o json-pretty --app=b asked >pretty
        (($(wc -l <pretty) > 10))
        assert_eq "$(jq -r '.PODCTL_POD_NAME + " " + .PODCTL_APP + " " + .MESSAGE' pretty | sort)" \
                $'asked b four\nasked b three'
        # What is wrong with them, journalctl says.
        assert_fails 254 podctl logs --priority=loud asked
        assert_contains "$output" loud
        assert_fails 254 podctl logs --until=soon asked
        assert_contains "$output" soon
}

# A terminal has a pager and colours, what is no terminal neither.
test_on_a_terminal() {
        written said 'echo hello; echo bad >&2'
        on_terminal() {
                TERM=xterm SYSTEMD_PAGERSECURE=0 SYSTEMD_PAGER='sed s/^/paged:/' \
                        script -qec "podctl logs $* said" /dev/null
        }
        assert_contains "$(on_terminal)" paged:
        on_terminal --no-pager >out
        ! grep paged: out || fail 'it was paged'
        grep $'\033' out
        grep hello out
        SYSTEMD_PAGER='sed s/^/paged:/' podctl logs said >out
        ! grep -e paged: -e $'\033' out
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
        assert_eq "$(podctl logs -o cat --since=1h said)" hello
        assert_eq "$(podctl logs -o cat --until=1h said)" ''
        assert_eq "$(podctl logs -o cat --since=yesterday --lines=1 said)" hello
        assert_eq "$(podctl logs -o cat --since="$(date -d 'next hour' '+%Y-%m-%d %H:%M')" said)" ''
        assert_eq "$(podctl logs -o cat --since=@"$(date -d 'next hour' +%s)" --lines=1 said)" ''
        assert_fails 254 podctl logs --since=soon said
        assert_contains "$output" soon
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

# Root of a pod can make any link where its journal is.
test_links_lead_to_no_other_journal() {
        local journal where
        written other 'echo secret'
        written linked 'echo own'
        journal=$(journal_of linked)
        for where in "$(journal_of other)" /var/log/journal/* /run/log/journal/*; do
                [[ ! -d $where ]] || ln -s "$where" "$journal/$(basename "$where")-$RANDOM"
        done
        ln -s "$(journal_of other)/system.journal" "$journal/user-1.journal"
        assert_eq "$(podctl logs --output=cat linked)" own
        podctl logs --all --output=json linked | jq -r ._HOSTNAME | sort -u >hosts
        assert_eq "$(cat hosts)" linked
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
        cleared
        assert_eq "$(events $name PODCTL_EXIT_STATUS)" "Pod $name starts.|"$'\n'"Pod $name ended with exit status 0.|0"
        uuid=$(podctl list --all --no-legend --full --format=json | jq -r '.[] | select(.machine == "'$name'") | .name')
        assert_eq "$(events $name PODCTL_POD_UUID | cut -d'|' -f2 | sort -u)" "$uuid"
        assert_eq "$(events $name PODCTL_UNIT | cut -d'|' -f2 | sort -u)" "podctl-$name.service"
        assert_contains "$(journalctl --no-pager -u "podctl-$name.service" -o cat)" 'ended with exit status 0'
}

test_event_of_a_failure_says_what_to_do() {
        local name=failing-$$
        podctl run --name=$name busybox --name=good --exec=/bin/sleep -- 1000 --- \
                busybox --name=bad --exec=/bin/sh -- -c 'exit 7' || assert_eq $? 7
        cleared
        assert_eq "$(events $name PODCTL_APP | tail -n 1)" "Pod $name ended with exit status 7, that of app 'bad'.|bad"
        journalctl --no-pager -x PODCTL_POD_NAME=$name >explained
        assert_contains "$(cat explained)" "Subject: Pod $name has failed"
        assert_contains "$(cat explained)" 'podctl status '
        assert_contains "$(cat explained)" "Subject: Pod $name starts"
        # Once, also when gc comes by.
        podctl gc --grace-period=0 >/dev/null 2>&1
        assert_eq "$(events $name PODCTL_APP | grep -c ended)" 1
}

# Another app's end is not the pod's, and no app ended by the signal that its exit status could be.
test_event_of_a_reboot() {
        local name=reboots-$$
        podctl run --name=$name --net=none busybox --name=app --pids=shared --exec=/bin/sh -- -c \
                'trap "exit 3" TERM; kill -39 1; while :; do sleep 0.1; done' || true
        cleared
        assert_contains "$(events $name PODCTL_APP | tail -n 1)" \
                "Pod $name ended with exit status 133, because it was told to reboot.|"
}

test_event_of_a_start_that_failed() {
        local name=nothing-$$
        assert_fails '*' systemctl start pod@$name
        systemctl reset-failed pod@$name
        assert_eq "$(events $name PODCTL_ERROR | cut -d'|' -f2)" \
                "There is no manifest for pod '$name': write /etc/podctl/pods.d/$name.yaml, or use podctl create"
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
        local id ids
        ids=$(grep -oE '"[0-9a-f]{32}"' "$HERE/../../src/inside/event-ids.h" | tr -d '"')
        (($(wc -l <<<"$ids") >= 6)) || fail "only $ids"
        for id in $ids; do
                journalctl --dump-catalog "$id" | grep -q '^Defined-By: podctl' || fail "$id is not in the catalogue"
        done
}

# --- The host's journal

# host_has POD [OPTION…]: what apps of the pod wrote, by the unit that it was in.
host_has() {
        local pod=$1 uuid
        shift
        uuid=$(podctl status --format=json "$pod" | jq -r .name)
        journalctl --no-pager --quiet --unit="podctl-$pod" "$@" PODCTL_POD_UUID="$uuid" PODCTL_APP=app
}

test_in_the_journal_of_the_host() {
        written shown 'echo out; echo err >&2; echo "<3>bad"; printf "\n  \nno end"'
        host_has shown -o json >entries
        jq -r '.PRIORITY + " " + .MESSAGE' entries | sort >said
        cmp said <(sort <<<$'6 out\n4 err\n3 bad\n6   \n6 no end')
        jq -es 'all(.SYSLOG_IDENTIFIER == "app" and .PODCTL_APP == "app" and .PODCTL_POD_NAME == "shown" and
                ._SYSTEMD_UNIT == "podctl-shown.service" and (.PODCTL_IMAGE | endswith("busybox")) and
                (.PODCTL_POD_UUID | length == 36))' entries
        # The same as in the pod's own.
        assert_eq "$(host_has shown -o cat | sort)" "$(podctl logs -o cat shown | sort)"
        # A line that comes in parts, and one longer than journald takes.
        written parts 'printf one; sleep 0.2; printf " line\n"; head -c 60000 /dev/zero | tr "\0" x; echo'
        host_has parts -o cat >out
        assert_eq "$(head -n 1 out)" 'one line'
        assert_eq "$(sed 1d out | tr -d '\n' | wc -c)" 60000
}

test_status_shows_output() {
        pod site busybox --name=app --exec=/bin/sh -- -c 'echo serving; exec sleep 1000'
        wait_until has_line 'serving' systemctl status podctl-site
        # What the apps do not have: they cannot write under another name.
        test -S "/proc/$(leader site)/root/etc/podctl/launch/app/journal"
        podctl enter site /bin/sh -c 'for f in /run/systemd/journal/* /proc/fs/journal \
                /etc/podctl/launch/app/journal; do [ ! -S "$f" ] || exit 1; done'
}

# Helpers beside the apps have short names.
test_status_shows_who_runs() {
        pod tree busybox --name=app --health-cmd=/bin/true --exec=/bin/sleep -- 1000
        wait_until has_line 'podctl-health app$' systemctl status --full podctl-tree
        has_line '─[0-9]* podctl-output$' systemctl status --full podctl-tree
        assert_not_contains "$(systemctl status --full podctl-tree)" app-exec
}

test_log_of_one_journal() {
        local where
        for where in pod host none; do
                written "$where" 'echo hello' --log="$where"
        done
        assert_eq "$(podctl logs -o cat pod)" hello
        assert_eq "$(host_has pod -o cat)" ''
        assert_eq "$(podctl logs -o cat host)" hello
        assert_eq "$(podctl logs -o cat --app=app --lines=1 --since=-1h host)" hello
        assert_eq "$(host_has host -o cat)" hello
        ! grep -rq hello "$(journal_of host)" || fail 'the host has it'
        assert_eq "$(podctl logs -o cat none 2>&1)" "podctl: Pod 'none' keeps no logs: it was started with --log=none"
        assert_eq "$(host_has none -o cat)" ''
        # Others cannot slip in lines of theirs.
        logger --journald <<END
MESSAGE=forged
PODCTL_POD_UUID=$(podctl status host --format=json | jq -r .name)
PODCTL_APP=app
END
        wait_until has_line forged journalctl -n 3 -o cat PODCTL_APP=app
        assert_eq "$(podctl logs -o cat host)" hello
        # It is followed there, too, to its end.
        pod long --log=host busybox --name=app --exec=/bin/sh -- -c 'echo first; sleep 1; echo last'
        assert_eq "$(podctl logs -o cat --follow long)" $'first\nlast'
        assert_fails 254 podctl run --log=everywhere busybox
        assert_contains "$output" 'both|pod|host|none'
}

test_log_of_the_configuration() {
        mkdir -p /etc/podctl/log.d
        defer rm -r /etc/podctl/log.d
        echo '{ "rktKind": "log", "rktVersion": "v1", "output": "pod" }' >/etc/podctl/log.d/10.json
        written quiet 'echo hello'
        assert_eq "$(podctl logs -o cat quiet)" hello
        assert_eq "$(host_has quiet -o cat)" ''
        written loud 'echo hello' --log=both
        assert_eq "$(host_has loud -o cat)" hello
        podctl create created --log=host busybox >/dev/null
        defer rm -r /etc/podctl/pods.d/created.json
        jq -e '.annotations | any(.name == "podctl/log" and .value == "host")' /etc/podctl/pods.d/created.json
}

# More than journald takes of a service in its thirty seconds; and over a restart of it.
test_nothing_is_lost_on_the_host() {
        written much 'seq 60000'
        cmp <(host_has much -o cat) <(seq 60000)
        pod chatty --log=host busybox --name=app --exec=/bin/sh -- -c \
                'for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.3; done; exec sleep 1000'
        wait_until has_line 2 host_has chatty -o cat
        systemctl restart systemd-journald
        wait_until has_line 10 host_has chatty -o cat
        assert_eq "$(host_has chatty -o cat)" "$(seq 10)"
}
