# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What apps have from the service manager: credentials, health checks, sockets, readiness, an orderly stop, and commands
# beside them.

fetch busybox.oci debian.oci

# refused WORDS ARG…: 254, one line that has the words, and no pod.
refused() {
        local words=$1 before
        shift
        before=$(podctl list --no-legend --full)
        assert_fails 254 podctl run "$@"
        assert_contains "$output" "$words"
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(podctl list --no-legend --full)" "$before"
}

# --- Credentials

# How an app sees its credentials, whoever it is.
show='cd "$CREDENTIALS_DIRECTORY" && stat -c "%n %a %u" . * && cat *'

# nowhere_on_disk POD SECRET: below no directory that podctl or the pod has.
nowhere_on_disk() {
        ! grep -rqF -- "$2" /var/lib/podctl/pods /run/podctl /run/systemd/transient "/proc/$(leader "$1")/root/etc" 2>/dev/null
        ! journalctl --no-pager -o cat | grep -qF -- "$2"
        ! tr '\0' ' ' <"/proc/$(systemctl show -p MainPID --value "$(pod_unit "$1")")/cmdline" | grep -qF -- "$2"
}

test_credential() {
        local user
        echo secret-of-db >db
        chmod 600 db
        for user in 0 33; do
                assert_eq "$(podctl run --credential="db=$PWD/db" busybox --user=$user --exec=/bin/sh -- -c "$show")" \
                        ". 500 $user"$'\n'"db 400 $user"$'\nsecret-of-db'
        done
        # An app that is not asked for has none, and none of another's.
        podctl run busybox --name=a --credential="db=$PWD/db" --exec=/bin/sh -- -c 'cat $CREDENTIALS_DIRECTORY/db' --- \
                busybox --name=b --exec=/bin/sh -- -c 'echo "<${CREDENTIALS_DIRECTORY-none}>"; find / -xdev -name "*db" 2>/dev/null; ls /run/credentials 2>/dev/null; true' >out
        assert_contains "$(cat out)" secret-of-db
        assert_contains "$(cat out)" '<none>'
        assert_eq "$(wc -l <out)" 2
}

test_credential_is_nowhere_on_disk() {
        head -c 700 /dev/urandom | base64 -w 0 >key
        pod keeper busybox --name=app --user=33 --credential="k.e-y_1=$PWD/key" --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec keeper sh -c 'cat $CREDENTIALS_DIRECTORY/k.e-y_1')" "$(cat key)"
        nowhere_on_disk keeper "$(cat key)"
        assert_contains "$(podctl cat-manifest keeper)" "$PWD/key"
        ! podctl exec keeper sh -c 'echo x >>$CREDENTIALS_DIRECTORY/k.e-y_1'
}

test_one_name_in_two_apps() {
        echo one >1
        echo two >2
        echo all >3
        podctl run --credential="x=$PWD/3" --credential="y=$PWD/3" busybox --name=a --credential="x=$PWD/1" --exec=/bin/sh -- -c 'cd $CREDENTIALS_DIRECTORY; echo a $(cat x y)' --- \
                busybox --name=b --credential="x=$PWD/2" --exec=/bin/sh -- -c 'cd $CREDENTIALS_DIRECTORY; echo b $(cat x y)' >out
        assert_contains "$(cat out)" 'a one all'
        assert_contains "$(cat out)" 'b two all'
}

test_encrypted_credential() {
        echo hidden-words | systemd-creds encrypt --with-key=host --name=db - db.cred
        assert_eq "$(podctl run busybox --credential-encrypted="db=$PWD/db.cred" --exec=/bin/sh -- -c 'cat $CREDENTIALS_DIRECTORY/db')" hidden-words
        # Under another name it is none, as systemd has it.
        assert_fails 254 podctl run busybox --name=app --credential-encrypted="other=$PWD/db.cred" --exec=/bin/true
        assert_contains "$output" "credential 'other': cannot decrypt $PWD/db.cred"
        echo rubbish >broken
        assert_fails 254 podctl run busybox --name=app --credential-encrypted="db=$PWD/broken" --exec=/bin/true
        assert_contains "$output" "cannot decrypt $PWD/broken"
        assert_eq "$(wc -l <<<"$output")" 1
        # It is not decrypted where nobody says so.
        assert_eq "$(podctl run busybox --credential="db=$PWD/db.cred" --exec=/bin/sh -- -c 'cat $CREDENTIALS_DIRECTORY/db')" "$(cat db.cred)"
}

# As pod@NAME.service, where the unit may have them from elsewhere.
test_credentials_of_a_unit() {
        mkdir -p /etc/podctl/pods.d /etc/credstore /run/systemd/system/pod@secret.service.d
        defer rm -rf /etc/podctl/pods.d/secret.json /etc/credstore/from-store /run/systemd/system/pod@secret.service.d
        defer systemctl daemon-reload
        defer systemctl reset-failed pod@secret
        defer systemctl stop pod@secret
        echo store >/etc/credstore/from-store
        echo file >file
        echo hidden | systemd-creds encrypt --with-key=host --name=enc - enc
        echo drop-in | systemd-creds encrypt --with-key=host --name=given - given
        printf '[Service]\nLoadCredentialEncrypted=given:%s\n' "$PWD/given" >/run/systemd/system/pod@secret.service.d/given.conf
        systemctl daemon-reload
        cat >/etc/podctl/pods.d/secret.json <<JSON
{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},
"app":{"exec":["/bin/sleep","1000"],"user":"33","group":"33"},
"credentials":[{"name":"from-store"},{"name":"file","source":"$PWD/file"},{"name":"renamed","source":"given"},
{"name":"enc","source":"$PWD/enc","encrypted":true},{"name":"given","encrypted":true}]}]}
JSON
        systemctl start pod@secret
        assert_eq "$(podctl exec secret sh -c 'cd $CREDENTIALS_DIRECTORY && cat enc file from-store given renamed')" \
                $'hidden\nfile\nstore\ndrop-in\ndrop-in'
        systemctl stop pod@secret
        rm /etc/credstore/from-store
        assert_fails 1 systemctl start pod@secret
        journalctl -u pod@secret -o cat -n 20 | grep -q "credential 'from-store'"
}

test_credential_mistakes() {
        echo x >x
        refused 'no/such/file' busybox --credential=a=/no/such/file
        refused 'a b' busybox --credential="a b=$PWD/x"
        refused '../x' busybox --credential=a=../x
        refused twice busybox --name=twice --credential="a=$PWD/x" --credential-encrypted="a=$PWD/x"
        refused '/etc/credstore' busybox --credential=nosuch
        refused 'regular file' busybox --credential=a=/dev
        head -c 1100000 /dev/zero >large
        refused larger busybox --credential="a=$PWD/large"
        echo '{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},"credentials":[{"name":"a/b"}]}]}' >pod.json
        refused 'apps[0].credentials[0].name' --pod-manifest=pod.json
}

# --- Commands beside an app

# What the app's unit says of itself, then what a command in there is.
test_exec_is_in_the_app() {
        pod joined busybox --name=app --user=33 --supplementary-gids=7 --environment=WORD='two words' --environment=a.b=c --exec=/bin/sleep -- 1000
        # /run is each service's own: to see this one's is to be in it.
        podctl enter joined touch /run/mark
        podctl exec joined test -e /run/mark
        assert_contains "$(podctl exec joined cat /proc/self/cgroup)" /app.service
        assert_contains "$(podctl enter joined cat /proc/self/cgroup)" /app.service
        assert_eq "$(podctl exec joined id -G)" '33 7'
        assert_contains "$(podctl exec joined env)" 'WORD=two words'
        assert_contains "$(podctl exec joined env)" a.b=c
        assert_eq "$(podctl exec joined sh -c 'for n in mnt pid net ipc uts user cgroup; do [ $(readlink /proc/self/ns/$n) = $(readlink /proc/$(pidof -s sleep)/ns/$n) ] || echo $n; done')" ''
        assert_eq "$(podctl exec joined sh -c 'ls /run/podctl 2>&1; grep -c podctl /proc/mounts')" $'ls: /run/podctl: No such file or directory\n0'
}

test_exec_status_and_signals() {
        pod statuses busybox --name=app --exec=/bin/sleep -- 1000
        assert_fails 3 podctl exec statuses sh -c 'exit 3'
        assert_fails 137 podctl exec statuses sh -c 'kill -KILL $$'
        assert_fails 254 podctl exec statuses /no/such/program
        # Standard input, output and error are the caller's.
        assert_eq "$(echo in | podctl exec statuses sh -c 'cat; echo err >&2' 2>err)" in
        assert_eq "$(cat err)" err
        podctl exec statuses sh -c 'trap "echo got it; exit 5" TERM; echo ready; while :; do sleep 0.1; done' >out &
        wait_until grep -q ready out
        kill -TERM $!
        ! wait $! || fail 'the signal did not come'
        assert_contains "$(cat out)" 'got it'
        # What is left of a command ends with its app.
        podctl exec statuses sh -c 'sleep 2000 >/dev/null 2>&1 & echo left'
        assert_contains "$(podctl exec statuses sh -c 'for p in /proc/[0-9]*; do [ "$(tr "\0" " " <$p/cmdline 2>/dev/null)" = "sleep 2000 " ] && cat $p/cgroup; done; true')" /app.service
        podctl stop statuses
}

test_exec_terminal() {
        pod screen busybox --name=app --user=33 --exec=/bin/sleep -- 1000
        in_terminal 'stty rows 20 cols 70; exec podctl exec screen sh'
        echo 'tty; stty size; [ -w $(tty) ] && echo mine; grep -o "[a-z]*\.service" /proc/self/cgroup; exit 6' >&5
        wait_until grep -q app.service screen
        grep -q '/dev/pts/' screen
        grep -q '20 70' screen
        grep -q '^mine' screen
        ! wait $terminal || fail 'no exit status'
}

# There is nothing to join, and yet something to see.
test_exec_in_an_app_that_has_ended() {
        pod halves busybox --name=gone --exec=/bin/touch -- /left --- busybox --name=here --exec=/bin/sleep -- 1000
        wait_until test -e "/var/lib/podctl/pods/run/$(podctl list --format=json | jq -r '.[] | select(.machine == "halves") | .name')/status/gone"
        assert_eq "$(podctl exec halves --app=gone ls /left)" /left
}
