# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Pods of Kubernetes that are started by the clock, and ended by it.
# On any systemd, the same.

. "$HERE/lib-kube.sh"

# kube_cron NAME SCHEDULE COMMAND [MEMBER: VALUE]…
kube_cron() {
        local name=$1 schedule=$2 command=$3
        shift 3
        printf 'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: %s}\n' "$name"
        printf 'spec:\n  schedule: "%s"\n' "$schedule"
        for member; do printf '  %s\n' "$member"; done
        cat <<YAML
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: work, image: "localhost/busybox:1", imagePullPolicy: Never, command: [sh, -c, "$command"]}
YAML
}

# What its schedule missed is made up for when the timer starts.
miss_start() {
        mkdir -p /var/lib/systemd/timers
        touch -d '3 days ago' "/var/lib/systemd/timers/stamp-pod@$1.timer"
        systemctl start "pod@$1.timer"
}

# How often the pod has said something.
times_said() { journalctl --unit="pod@$1.service" --output=cat | grep -c "^$2\$" || true; }

test_kube_cron() {
        local word=works-$SRANDOM
        kube_image
        kube_cron kube-cron '0 3 13 * fri' "echo $word" 'timeZone: Europe/Berlin' >cron.yaml
        defer podctl delete --force kube-cron
        output=$(podctl create kube-cron cron.yaml 2>&1)
        assert_contains "$output" 'systemctl enable --now pod@kube-cron.timer'
        assert_contains "$(podctl check kube-cron)" good
        systemctl enable pod@kube-cron.timer 2>/dev/null
        output=$(systemctl show --property=TimersCalendar,Unit,Persistent pod@kube-cron.timer)
        assert_contains "$output" 'OnCalendar=*-*-13 03:00:00 Europe/Berlin ;'
        assert_contains "$output" 'OnCalendar=Fri *-*-* 03:00:00 Europe/Berlin ;'
        assert_contains "$output" 'Unit=pod@kube-cron.service'
        assert_eq "$(systemctl show --property=LoadState --value pod@kube-cron.timer)" loaded
        # It starts the pod.
        kube_cron kube-cron @daily "echo $word" >cron.yaml
        podctl create --replace kube-cron cron.yaml
        miss_start kube-cron
        wait_until eval "[[ \$(times_said kube-cron $word) == 1 ]]"
        assert_contains "$(systemctl list-timers --all pod@kube-cron.timer)" pod@kube-cron.service
        # An edit changes it, and suspends it: it is gone, and enabled when it is there again.
        EDITOR='sed -i s/@daily/@hourly/' podctl edit kube-cron 2>message
        assert_contains "$(<message)" 'systemctl list-timers pod@kube-cron.timer'
        assert_contains "$(systemctl show --property=TimersCalendar pod@kube-cron.timer)" 'OnCalendar=*-*-* *:00:00 ;'
        printf '#!/bin/sh\nsed -i "s/^  schedule:/  suspend: true\\n&/" "$1"\n' >suspend
        chmod +x suspend
        EDITOR=$PWD/suspend podctl edit kube-cron
        assert_fails 1 test -e /etc/systemd/system/pod@kube-cron.timer
        assert_eq "$(systemctl is-active pod@kube-cron.timer || true)" inactive
        EDITOR='sed -i /suspend/d' podctl edit kube-cron
        assert_eq "$(systemctl is-enabled pod@kube-cron.timer)" enabled
        # A Pod has no schedule.
        assert_contains "$(podctl generate kube kube-cron 2>&1)" 'its schedule, which a CronJob has'
        # Nothing is left of it.
        podctl delete --force kube-cron
        assert_eq "$(ls -d /etc/systemd/system/{,*/}*kube-cron* /var/lib/systemd/timers/*kube-cron* 2>/dev/null)" ''
}

# A pod that runs is not started twice, and replaced where the file says so.
test_kube_cron_concurrency() {
        local before word=begins-$SRANDOM
        kube_image
        kube_cron kube-twice @daily "echo $word; exec sleep 1000" 'concurrencyPolicy: Forbid' >cron.yaml
        defer podctl delete --force kube-twice
        podctl create kube-twice cron.yaml
        systemctl start pod@kube-twice
        wait_until eval "[[ \$(times_said kube-twice $word) == 1 ]]"
        before=$(systemctl show --property=InvocationID --value pod@kube-twice.service)
        miss_start kube-twice
        wait_until eval '[[ $(systemctl show -p LastTriggerUSec --value pod@kube-twice.timer) ]]'
        systemctl stop pod@kube-twice.timer
        assert_eq "$(times_said kube-twice "$word")" 1
        assert_eq "$(systemctl show --property=InvocationID --value pod@kube-twice.service)" "$before"
        sed -i s/Forbid/Replace/ cron.yaml
        podctl create --replace kube-twice cron.yaml
        miss_start kube-twice
        wait_until eval "[[ \$(times_said kube-twice $word) == 2 ]]"
}

# What was missed two months ago is made up for within a hundred days, not within a minute.
test_kube_cron_starting_deadline() {
        local word=late-$SRANDOM schedule
        schedule="0 0 1 $(date --date='2 months ago' +%-m) *"
        kube_image
        kube_cron kube-late "$schedule" "echo $word" 'startingDeadlineSeconds: 60' >cron.yaml
        defer podctl delete --force kube-late
        podctl create kube-late cron.yaml
        mkdir -p /var/lib/systemd/timers
        touch -d '1 year ago' /var/lib/systemd/timers/stamp-pod@kube-late.timer
        systemctl start pod@kube-late.timer
        wait_until eval "journalctl --sync; journalctl --quiet --output=cat --unit=podctl-scheduled@kube-late.service |
                grep 'is not started: what its schedule has missed is more than 60 seconds ago'"
        assert_eq "$(times_said kube-late "$word")" 0
        systemctl stop pod@kube-late.timer
        sed -i s/60$/8640000/ cron.yaml
        podctl create --replace kube-late cron.yaml
        touch -d '1 year ago' /var/lib/systemd/timers/stamp-pod@kube-late.timer
        systemctl start pod@kube-late.timer
        wait_until eval "[[ \$(times_said kube-late $word) == 1 ]]"
}

test_kube_cron_mistakes() {
        kube_image
        kube_cron kube-odd '0 3 * * 7' true >odd.yaml
        assert_fails 254 podctl create kube-odd odd.yaml
        assert_contains "$output" "odd.yaml:5:3: spec.schedule: '7' is not a valid day of week: it goes from 0 to 6"
        kube_cron kube-odd @daily true 'timeZone: Moon/Crater' >odd.yaml
        assert_fails 254 podctl check ./odd.yaml
        assert_contains "$output" "./odd.yaml:6:3: spec.timeZone: there is no time zone 'Moon/Crater'"
        # A timer of somebody else is not written over.
        kube_cron kube-odd @daily true >odd.yaml
        printf '[Timer]\nOnCalendar=yearly\n' >/etc/systemd/system/pod@kube-odd.timer
        defer rm -f /etc/systemd/system/pod@kube-odd.timer
        assert_fails 254 podctl create kube-odd odd.yaml
        assert_contains "$output" 'There is a timer /etc/systemd/system/pod@kube-odd.timer that podctl did not write'
        assert_fails 1 test -e /etc/podctl/pods.d/kube-odd.yaml
        rm /etc/systemd/system/pod@kube-odd.timer
        # Without a timer it runs once.
        output=$(podctl run --kube odd.yaml 2>&1)
        assert_contains "$output" "spec.schedule has no effect: there is no pod@kube-odd.timer, which 'podctl create"
}

# The shorter time counts, that of the job; an app that ignores the request is killed.
test_kube_deadline() {
        kube_image
        cat >late.yaml <<'YAML'
apiVersion: batch/v1
kind: Job
metadata: {name: kube-late}
spec:
  activeDeadlineSeconds: 1
  template:
    spec:
      restartPolicy: OnFailure
      activeDeadlineSeconds: 1000
      terminationGracePeriodSeconds: 1
      containers:
      - {name: late, image: "localhost/busybox:1", imagePullPolicy: Never,
         command: [sh, -c, "trap '' TERM; while :; do sleep 1; done"]}
YAML
        assert_fails 124 podctl run --kube late.yaml
        assert_contains "$output" "podctl: Pod 'kube-late' was stopped, since its time was over"
        assert_contains "$(podctl events --since=-1min kube-late)" 'since its time was over'
        # One that ends before has not reached it.
        podctl run --deadline=1h localhost/busybox:1 --exec=/bin/true
}
