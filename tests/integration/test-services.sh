# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What apps have from the service manager: credentials, sockets, readiness, an orderly stop, and commands beside them.

fetch busybox.oci debian.oci

# --- Credentials

# How an app sees its credentials, whoever it is.
show='cd "$CREDENTIALS_DIRECTORY" && stat -c "%n %a %u" . * && cat *'

# nowhere_on_disk POD SECRET: below no directory that podctl or the pod has.
nowhere_on_disk() {
        local places=(/var/lib/podctl/pods /run/podctl /run/systemd/transient "/proc/$(leader "$1")/root/etc")
        ! grep -rqF -- "$2" "${places[@]}" 2>/dev/null || fail 'it is on a disk'
        ! journalctl --no-pager -o cat | grep -F -- "$2" >/dev/null || fail 'it is in the journal'
        ! tr '\0' ' ' <"/proc/$(systemctl show -p MainPID --value "$(pod_unit "$1")")/cmdline" | grep -qF -- "$2" ||
                fail 'it is in a command line'
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
                busybox --name=b --exec=/bin/sh -- -c 'echo "<${CREDENTIALS_DIRECTORY-none}>"
                        find / -xdev -name "*db" 2>/dev/null
                        ls /run/credentials 2>/dev/null
                        true' >out
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
        local script='cd $CREDENTIALS_DIRECTORY; echo $AC_APP_NAME $(cat x y)'
        podctl run --credential="x=$PWD/3" --credential="y=$PWD/3" \
                busybox --name=a --credential="x=$PWD/1" --exec=/bin/sh -- -c "$script" --- \
                busybox --name=b --credential="x=$PWD/2" --exec=/bin/sh -- -c "$script" >out
        assert_contains "$(cat out)" 'a one all'
        assert_contains "$(cat out)" 'b two all'
}

test_encrypted_credential() {
        echo hidden-words | systemd-creds encrypt --with-key=host --name=db - db.cred
        assert_eq "$(sh_run 'cat $CREDENTIALS_DIRECTORY/db' --credential-encrypted="db=$PWD/db.cred")" hidden-words
        # Under another name it is none, as systemd has it.
        assert_fails 254 podctl run busybox --name=app --credential-encrypted="other=$PWD/db.cred" --exec=/bin/true
        assert_contains "$output" "credential 'other': cannot decrypt $PWD/db.cred"
        echo rubbish >broken
        assert_fails 254 podctl run busybox --name=app --credential-encrypted="db=$PWD/broken" --exec=/bin/true
        assert_contains "$output" "cannot decrypt $PWD/broken"
        assert_eq "$(wc -l <<<"$output")" 1
        # It is not decrypted where nobody says so.
        assert_eq "$(sh_run 'cat $CREDENTIALS_DIRECTORY/db' --credential="db=$PWD/db.cred")" "$(cat db.cred)"
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
        printf '[Service]\nLoadCredentialEncrypted=given:%s\n' "$PWD/given" \
                >/run/systemd/system/pod@secret.service.d/given.conf
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
        echo '{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{
                "name":"app","image":{"name":"busybox"},"credentials":[{"name":"a/b"}]}]}' >pod.json
        refused 'apps[0].credentials[0].name' --pod-manifest=pod.json
}

# What an image's entry point does, by the file and by the variable.
test_secret_where_images_look() {
        local user option
        printf 'secret-of-db\n' >db
        for user in 0 33; do
                for option in --readonly-rootfs --readonly-rootfs=no; do
                        assert_eq "$(sh_run 'stat -c "%n %a %u" /run/secrets /run/secrets/db; cat /run/secrets/db
                                echo "<$DB_PASSWORD>"; echo x 2>&- >/run/secrets/x || echo kept' \
                                --user=$user $option --credential="db=$PWD/db,env=DB_PASSWORD")" \
                                "/run/secrets 500 $user
/run/secrets/db 400 $user
secret-of-db
<secret-of-db>
kept"
                done
        done
        # Through the link that most images have, and for nobody else.
        podctl run busybox --name=a --user=33 --credential="db=$PWD/db,env=A" --exec=/bin/sh -- -c '
                ln -s /run /tmp/link; cat /tmp/link/secrets/db' --- \
                busybox --name=b --exec=/bin/sh -- -c 'echo "<$A>"; ls /run/secrets 2>/dev/null | wc -l
                        grep -c secrets /proc/mounts' >out || true
        assert_eq "$(grep -c secret-of-db out)" 1
        assert_contains "$(cat out)" '<>'
        assert_eq "$(grep -cE '(^|[: ])0$' out)" 2
}

# An inner newline is part of a key, one at the end is what an editor leaves.
test_secret_variable_is_exact() {
        printf 'a  b\n"$X"\\%%\n\n' >odd
        assert_eq "$(sh_run 'printf %s "$ODD" | od -An -c | tr -d " \n"' --credential="odd=$PWD/odd,env=ODD" \
                --environment=ODD=other)" 'ab\n"$X"\%\n'
        : >empty
        assert_eq "$(sh_run 'echo "<${E-unset}>"' --credential="e=$PWD/empty,env=E")" '<>'
        printf 'a\0b' >nul
        refused "app 'busybox': credential 'x': it has a NUL in it" busybox --credential="x=$PWD/nul,env=X"
        head -c 131069 /dev/zero | tr '\0' x >large
        assert_eq "$(sh_run 'echo ${#X}' --credential="x=$PWD/large,env=X")" 131069
        echo >>large
        assert_eq "$(sh_run 'echo ${#X}' --credential="x=$PWD/large,env=X")" 131069
        echo >>large
        refused "it is too large for the variable 'X'" busybox --credential="x=$PWD/large,env=X"
        refused "'X=Y' is not a valid name of a variable" busybox --credential="x=$PWD/odd,env=X=Y"
}

# Neither file nor variable is anywhere but in the app, in what is beside it, and again after each start of it.
test_secret_variable_is_nowhere_else() {
        head -c 60 /dev/urandom | base64 -w 0 >key
        pod keeper busybox --name=app --user=33 --restart=always --credential="k=$PWD/key,env=KEY" \
                --health-cmd='test "$KEY" = "$(cat /run/secrets/k)" && echo >/tmp/healthy' \
                --health-interval=1s --exec=/bin/sh -- -c '
                        echo $$ >>/tmp/starts; test "$KEY" = "$(cat /run/secrets/k)" && exec sleep 1000'
        assert_eq "$(podctl exec keeper sh -c 'echo "$KEY"; cat /run/secrets/k')" "$(cat key)"$'\n'"$(cat key)"
        assert_eq "$(podctl enter keeper sh -c 'echo "$KEY"')" "$(cat key)"
        kill "$(app_pid keeper app)"
        wait_until podctl exec keeper sh -c 'test $(wc -l </tmp/starts) = 2'
        wait_until podctl exec keeper sh -c 'test "$KEY" = "$(cat /run/secrets/k)"'
        wait_until podctl exec keeper test -e /tmp/healthy

        nowhere_on_disk keeper "$(cat key)"
        {
                podctl cat-manifest keeper
                podctl inspect keeper
                podctl status keeper
                systemctl show "$(pod_unit keeper)"
                systemctl -M keeper show
                systemctl -M keeper show app
                for process in $(pgrep --ns "$(leader keeper)" --nslist pid); do
                        # A check may have ended in between.
                        cat "/proc/$process/cmdline" || true
                done
                cat "/proc/$(leader keeper)/environ" \
                        "/proc/$(systemctl show -p MainPID --value "$(pod_unit keeper)")/environ"
        } >said 2>/dev/null
        assert_contains "$(tr -d '\0' <said)" "$PWD/key"
        assert_contains "$(tr "\0" " " <said)" podctl-health
        ! grep -aqF -- "$(cat key)" said || fail 'the secret is in what podctl or systemd says'
        end_pod keeper
        ! grep -rqsF -- "$(cat key)" /var/lib/podctl/pods || fail 'the secret is on the disk'
        podctl export keeper exported.aci
        assert_eq "$(tar -tf exported.aci | grep -c secrets)" 0
}

# An image leads the secrets nowhere: not by a link, not by a file, not by what it says is a volume.
test_hostile_places_for_secrets() {
        local user i=0 members
        echo secret-of-db >db
        for members in "d('run'), ln('run/secrets', '/etc')" "d('run'), ln('run/secrets', '../tmp')" \
                "d('run'), f('run/secrets', 'x')" "d('run'), ln('run/secrets', 'nowhere')" \
                "d('elsewhere'), ln('run', 'elsewhere')" "ln('run', '/etc')" "f('run', 'x')"; do
                i=$((i + 1))
                "$HERE/make-image" hostile$i <<<"image([base($members)], {'Cmd': ['/bin/sh']})"
                podctl --insecure-options=image run --name=hostile "$PWD/hostile$i" --name=app \
                        --credential="db=$PWD/db,env=DB" --exec=/bin/sh -- -c 'cat /run/secrets/db
                        cat /etc/db /tmp/db /elsewhere/secrets/db 2>/dev/null; ls /etc' >out 2>&1 && r=0 || r=$?
                podctl rm hostile >/dev/null 2>&1 || true
                # Refused, or where it belongs.
                if ((r == 0)); then
                        assert_eq "$(grep -c secret-of-db out)" 1
                else
                        assert_eq "$(grep -c secret-of-db out)" 0
                        assert_eq "$(grep -c podctl out)" "$(wc -l <out)"
                        grep -qE "the app's credentials|the root of app 'app'" out
                fi
        done
        # A directory of the image with files of its own is covered.
        "$HERE/make-image" covered <<<"image([base(d('run'), d('run/secrets'), f('run/secrets/db', 'false'))],
                {'Cmd': ['/bin/sh'], 'Volumes': {'/run/secrets': {}}})"
        assert_eq "$(podctl --insecure-options=image run "$PWD/covered" --name=app --credential="db=$PWD/db" \
                --exec=/bin/sh -- -c 'ls /run/secrets; cat /run/secrets/db' 2>/dev/null)" $'db\nsecret-of-db'
        mkdir volume
        refused 'no volume can be mounted at /run/secrets/x' --volume=v,kind=host,source="$PWD/volume" \
                busybox --mount=volume=v,target=/run/secrets/x --credential="db=$PWD/db"
        assert_eq "$(podctl run --volume=v,kind=host,source="$PWD/volume" busybox --name=app \
                --mount=volume=v,target=/run/secrets/x --exec=/bin/sh -- -c 'ls -d /run/secrets/x')" /run/secrets/x
}

test_secrets_of_a_file() {
        mkdir -p /etc/podctl/pods.d
        defer rm -f /etc/podctl/pods.d/secret.json
        local json='{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},
                "app":{"exec":["/bin/sh","-c","echo $DB; cat /run/secrets/db"],"user":"33","group":"33"},
                "credentials":[{"name":"db","source":"'$PWD'/db","variable":"%s"}]}]}'
        echo secret-of-db >db
        # shellcheck disable=SC2059  # it is a format
        printf "$json" DB >/etc/podctl/pods.d/secret.json
        podctl check secret
        assert_eq "$(podctl run --pod-manifest=/etc/podctl/pods.d/secret.json)" $'secret-of-db\nsecret-of-db'
        # shellcheck disable=SC2059
        printf "$json" D=B >/etc/podctl/pods.d/secret.json
        assert_fails '*' podctl check secret
        assert_contains "$output" "apps[0].credentials[0].variable: 'D=B' is not a valid name of a variable"
}

# --- Commands beside an app

# What the app's unit says of itself, then what a command in there is.
test_exec_is_in_the_app() {
        pod joined busybox --name=app --user=33 --supplementary-gids=7 \
                --environment=WORD='two words' --environment=a.b=c --exec=/bin/sleep -- 1000
        # /run is each service's own: to see this one's is to be in it.
        podctl enter joined touch /run/mark
        podctl exec joined test -e /run/mark
        # All that it sees of control groups is that of the app, where it is.
        assert_eq "$(podctl exec joined sed -n '/^0:/p' /proc/self/cgroup)" 0::/
        assert_eq "$(podctl enter joined sed -n '/^0:/p' /proc/self/cgroup)" 0::/
        assert_contains "$(podctl exec joined cat /sys/fs/cgroup/cgroup.procs)" 2
        # 50 is where the image's /etc/group has the user.
        assert_eq "$(podctl exec joined id -G)" '33 7 50'
        assert_contains "$(podctl exec joined env)" 'WORD=two words'
        assert_contains "$(podctl exec joined env)" a.b=c
        podctl exec joined sh -c 'for n in mnt pid net ipc uts user cgroup; do
                [ $(readlink /proc/self/ns/$n) = $(readlink /proc/$(pidof sleep)/ns/$n) ] || echo $n
        done' >others
        assert_eq "$(cat others)" ''
        podctl exec joined sh -c '! grep podctl /proc/mounts &&
                ! ls /proc/driver /proc/fs | grep -qE "app-exec|start|environment"'
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
        podctl exec statuses sh -c 'for p in /proc/[0-9]*; do
                [ "$(tr "\0" " " <$p/cmdline 2>/dev/null)" = "sleep 2000 " ] && cat $p/cgroup
        done; true' >groups
        grep -qx 0::/ groups
        podctl stop statuses
}

# screen_says TEXT KEYS: after these, if it did not before.
screen_says() {
        grep -q "$1" screen || { echo "$2" >&5 && false; }
}

test_exec_terminal() {
        pod screen busybox --name=app --user=33 --exec=/bin/sleep -- 1000
        in_terminal 'stty rows 20 cols 70; exec podctl exec screen sh'
        echo 'tty; stty size; [ -w $(tty) ] && echo mine; sed -n "s/^0::/group /p" /proc/self/cgroup' >&5
        wait_until grep -q '^group /' screen
        grep -q '/dev/pts/' screen
        grep -q '20 70' screen
        stty -F "$(readlink "/proc/$(pgrep -xf 'podctl exec screen sh')/fd/0")" rows 33 cols 99
        wait_until screen_says '33 99' 'stty size'
        # Ctrl-C is the command's, and not podctl's.
        echo 'trap "echo inter""rupted" INT; sleep 1000' >&5
        wait_until podctl exec screen pidof sleep
        wait_until screen_says interrupted $'\003'
        grep -q '^mine' screen
        echo 'exit 6' >&5
        ! wait "$terminal" || fail 'no exit status'
}

# There is nothing to join, and yet something to see.
test_exec_in_an_app_that_has_ended() {
        pod halves busybox --name=gone --exec=/bin/touch -- /left --- busybox --name=here --exec=/bin/sleep -- 1000
        local uuid
        uuid=$(podctl list --all --format=json | jq -r '.[] | select(.machine == "halves") | .name')
        wait_until test -e "/var/lib/podctl/pods/run/$uuid/status/gone"
        assert_eq "$(podctl exec halves --app=gone ls /left)" /left
}

# --- Sockets

# An app of a Debian image that says what it was given, once to each who connects, as often as it has descriptors.
serve='print STDERR "fds=$ENV{LISTEN_FDS} names=$ENV{LISTEN_FDNAMES} me=", $ENV{LISTEN_PID} == $$ ? "yes" : "no", "\n";
        for my $fd (3 .. 2 + $ENV{LISTEN_FDS}) {
                open S, "+<&=", $fd or die;
                accept C, S or die;
                print C "fd $fd of $ENV{LISTEN_FDNAMES} in $ENV{AC_APP_NAME}\n";
                close C;
        }'

# ask PORT: the first line of who is there.
ask() {
        timeout 60 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1 && head -n 1 <&3"
}

# socket_unit UNIT LINE…: a socket of the host, and the end of it.
socket_unit() {
        local unit=$1
        shift
        printf '[Socket]\n' >"/run/systemd/system/$unit.socket"
        printf '%s\n' "$@" >>"/run/systemd/system/$unit.socket"
        defer end_socket "$unit"
}

end_socket() {
        systemctl stop "$1.socket" "$1.service"
        systemctl reset-failed "$1.socket" "$1.service" 2>/dev/null
        rm -f "/run/systemd/system/$1.socket" "/run/systemd/system/$1.service"
        systemctl daemon-reload
}

# socket_service UNIT PODCTL-WORD…: a service of a user's own.
socket_service() {
        local unit=$1
        shift
        cat >"/run/systemd/system/$unit.service" <<UNIT
[Service]
Type=notify
NotifyAccess=main
Delegate=yes
KillMode=mixed
ExecStart=/usr/bin/podctl $(printf '"%s" ' "${@//\"/\\\"}" | sed 's/\$/$$/g; s/%/%%/g' | tr '\n' ' ')
UNIT
        systemctl daemon-reload
        systemctl start "$unit.socket"
}

# The pod has no network at all, and starts with the first who comes; and again with the next.
test_socket_of_the_host() {
        socket_unit podtest-web ListenStream=8090
        socket_service podtest-web run --net=none --name=web-by-socket \
                debian --name=web --user=33 --working-dir=/ --socket-activated=8090-tcp \
                --exec=/usr/bin/perl -- -e "$serve"
        assert_eq "$(systemctl is-active podtest-web.service || true)" inactive
        assert_eq "$(ask 8090)" 'fd 3 of 8090-tcp in web'
        wait_until gone web-by-socket
        assert_eq "$(ask 8090)" 'fd 3 of 8090-tcp in web'
        wait_until gone web-by-socket
        assert_contains "$(podctl logs web-by-socket)" 'fds=1 names=8090-tcp me=yes'
}

# Each app has its own; a port forwarded from another one of the host is found by that, as with rkt.
test_sockets_of_several_apps() {
        socket_unit podtest-two ListenStream=127.0.0.1:8091 ListenStream=8092 ListenStream=8093 'FileDescriptorName=two'
        socket_service podtest-two run --name=two-by-socket --port=80-tcp:8092 \
                debian --name=one --socket-activated=8091-tcp --exec=/usr/bin/perl -- -e "$serve" --- \
                debian --name=two --socket-activated=80-tcp,8093-tcp --exec=/usr/bin/perl -- -e "$serve"
        assert_eq "$(ask 8091)" 'fd 3 of 8091-tcp in one'
        local answers
        answers=$(ask 8092 & ask 8093 & wait)
        assert_contains "$answers" 'fd 3 of '
        assert_contains "$answers" 'fd 4 of '
        assert_contains "$answers" '80-tcp'
        assert_contains "$answers" '8093-tcp'
        assert_not_contains "$answers" '8091'
        assert_not_contains "$answers" 'in one'
        wait_until gone two-by-socket
}

# A pod of pods.d, whose socket has the port's name and not its number; one of the kind that has no number.
test_socket_of_a_named_pod() {
        mkdir -p /etc/podctl/pods.d
        defer rm -f /etc/podctl/pods.d/listens.json
        jq -n --arg serve "$serve" '{
                acKind: "PodManifest", acVersion: "0.8.11", annotations: [{name: "podctl/net", value: "none"}],
                apps: [{name: "web", image: {name: "debian"}, app: {
                        exec: ["/usr/bin/perl", "-e", $serve], user: "0", group: "0",
                        ports: [{name: "http", protocol: "tcp", port: 80, socketActivated: true}]}}]}' \
                >/etc/podctl/pods.d/listens.json
        socket_unit pod@listens "ListenStream=$PWD/socket" FileDescriptorName=http
        systemctl daemon-reload
        systemctl start pod@listens.socket
        assert_eq "$(timeout 60 curl --http0.9 -s --unix-socket "$PWD/socket" http://x/)" 'fd 3 of http in web'
        wait_until gone listens
}

# Where nobody passes one, the pod listens itself, in its own network.
test_socket_of_the_pod() {
        pod listener --port=8090-tcp:8094 \
                debian --name=web --socket-activated=8090-tcp --exec=/usr/bin/perl -- -e "$serve"
        assert_eq "$(ask 8094)" 'fd 3 of 8090-tcp in web'
        wait_until gone listener
}

# What systemd has for programs that know nothing of this.
test_socket_proxy() {
        [[ -x /usr/lib/systemd/systemd-socket-proxyd ]] || skip 'no systemd-socket-proxyd on this host'
        pod behind debian --name=web --exec=/usr/bin/perl -- -e 'use Socket;
                socket S, AF_INET, SOCK_STREAM, 0;
                setsockopt S, SOL_SOCKET, SO_REUSEADDR, 1;
                bind S, sockaddr_in(80, INADDR_ANY) or die;
                listen S, 5;
                while (accept C, S) { print C "hello\n"; close C; }'
        socket_unit podtest-proxy ListenStream=8095
        printf '[Service]\nExecStart=/usr/lib/systemd/systemd-socket-proxyd %s:80\n' \
                "$(podctl status behind --format=json | jq -r '.networks[0].ip')" \
                >/run/systemd/system/podtest-proxy.service
        systemctl daemon-reload
        systemctl start podtest-proxy.socket
        wait_until podctl exec behind perl -e 'use Socket;
                socket S, AF_INET, SOCK_STREAM, 0;
                connect S, sockaddr_in(80, INADDR_LOOPBACK) or exit 1'
        assert_eq "$(ask 8095)" hello
}

lost_socket_is_told() {
        journalctl -u podtest-lost -o cat --no-pager |
                grep -q "no app has a socketActivated port for socket 'lost', \[::\]:8096"
}

test_socket_mistakes() {
        refused ponies debian --name=web --socket-activated=ponies --exec=/bin/true
        refused --net=none --net=none --port=80-tcp:8080 debian --name=web --exec=/bin/true
        socket_unit podtest-lost ListenStream=8096 FileDescriptorName=lost
        socket_service podtest-lost run --net=none --name=lost \
                debian --name=web --socket-activated=80-tcp --exec=/bin/true
        (ask 8096 || true) >/dev/null 2>&1
        wait_until systemctl is-failed podtest-lost.service
        wait_until lost_socket_is_told
}

# --- Readiness, and the end

test_readiness() {
        mkdir v
        chmod 777 v
        # Its child may say it as well, and whoever it is.
        podctl run --detach --name=told --volume="v,kind=host,source=$PWD/v" --mount=volume=v,target=/v \
                debian --name=app --user=33 --working-dir=/ \
                --annotation=appc.io/executor/supports-systemd-notify=true --exec=/usr/bin/perl -- -e '
                use Socket;
                $SIG{TERM} = sub { exit 0 };
                open F, ">/v/started"; close F; sleep 0.1 until -e "/v/go";
                if (fork == 0) {
                        socket S, AF_UNIX, SOCK_DGRAM, 0;
                        send S, "READY=1", 0, sockaddr_un($ENV{NOTIFY_SOCKET}) or die "send: $!";
                        exit 0;
                }
                sleep 1000' >uuid &
        defer end_pod told
        wait_until test -e v/started
        assert_eq "$(systemctl show -p ActiveState --value podctl-told.service)" activating
        assert_eq "$(podctl status told --format=json | jq -r .state)" running
        assert_eq "$(cat uuid)" ''
        touch v/go
        wait_for_jobs
        assert_eq "$(systemctl show -p ActiveState --value podctl-told.service)" active
        [[ -s uuid ]]
        podctl stop told
}

# An app that never says it is an app that fails when it ends.
test_readiness_that_never_comes() {
        assert_fails 1 podctl run debian --name=app --working-dir=/ \
                --annotation=appc.io/executor/supports-systemd-notify=true --exec=/bin/true
        assert_contains "$output" 'without having said that it is ready'
}

# pid_in POD APP NAME: of the process of that name in the app's control group.
pid_in() {
        local pid
        while read -r pid; do
                [[ $(cat "/proc/$pid/comm") != "$3" ]] || echo "$pid"
        done < <(find "$(pod_cgroup "$1")" -path "*/$2.service/cgroup.procs" -exec cat {} +)
}

# last_word COMMAND…: which makes a pod "last" of an app that says that it is ready, and ends.
last_word() {
        mkdir -p v
        rm -f v/*
        chmod 777 v
        "$@" last --volume="v,kind=host,source=$PWD/v" --mount=volume=v,target=/v \
                debian --name=app --working-dir=/ --annotation=appc.io/executor/supports-systemd-notify=true \
                --exec=/usr/bin/perl -- -e '
                use Socket;
                socket S, AF_UNIX, SOCK_DGRAM, 0;
                open F, ">/v/started"; close F; sleep 0.1 until -e "/v/go";
                send S, "READY=1", 0, sockaddr_un($ENV{NOTIFY_SOCKET}) or die "send: $!"'
}

# Has PID 1 see its end first, since what passes on the word of the app is held up.
hold_last_word() {
        local relay
        wait_until test -e v/started
        relay=$(pid_in last app podctl-notify)
        kill -STOP "$relay"
        touch v/go
        wait_until eval '[[ $(systemctl --machine=last show --property=SubState --value app) == stop-post ]]'
        kill -CONT "$relay"
}

test_readiness_at_the_last_moment() {
        local since=$EPOCHSECONDS
        defer end_pod last
        last_word podctl run --name 2>said &
        hold_last_word
        wait $! || fail "ended with $?: $(cat said)"
        assert_fails 1 grep 'without having said' said
        assert_fails 1 grep 'Failed with' <(journalctl --unit=podctl-last --since="@$since" --output=cat)
}

# The pod is up for its unit as well, before it ends, though its only app has ended by then.
test_service_is_ready_at_the_last_moment() {
        defer podctl delete --force last
        last_word podctl create >/dev/null 2>&1
        systemctl start pod@last &
        hold_last_word
        wait $! || fail "systemctl start ended with $?"
        wait_until eval '[[ $(systemctl show -P ActiveState pod@last) == inactive ]]'
        assert_eq "$(systemctl show -P Result pod@last)" success
}

# notifier SCRIPT [OPTION…]: runs an app that says in Perl what it wants to PID 1.
notifier() {
        podctl run --name=notifier debian --name=app --working-dir=/ "${@:2}" \
                --annotation=appc.io/executor/supports-systemd-notify=true --exec=/usr/bin/perl -- -e '
                use Socket;
                socket S, AF_UNIX, SOCK_DGRAM, 0;
                sub say { send S, shift, 0, sockaddr_un($ENV{NOTIFY_SOCKET}) or die "send: $!" }
                sub journal { (map { m,(\d+)/comm,; $1 } grep { open F, $_; <F> =~ /^systemd-journal/ }
                        glob "/proc/*/comm")[0] }
                '"$1"
}

# Neither the number of a process elsewhere in the pod, nor its own in its namespace, changes whose end counts.
test_main_process_is_the_apps() {
        local option
        for option in --pids=private '--pids=private --user=33' --pids=shared '--pids=shared --user=33'; do
                # shellcheck disable=SC2086
                assert_fails 3 notifier 'say("READY=1\nMAINPID=" . (journal || 2)); say("WATCHDOG=trigger");
                        select undef, undef, undef, 0.3; print "on\n"; exit 3' $option
                assert_contains "$output" on
                assert_eq "$(podctl status notifier | grep ^app-)" app-app=3
                assert_eq "$(podctl logs --all --output=cat notifier | grep -c 'Killing process')" 0
                podctl rm notifier >/dev/null
        done
        assert_fails 4 notifier 'say("MAINPID=$$\nREADY=1"); select undef, undef, undef, 0.3; exit 4'
        podctl rm notifier >/dev/null
}

# Whoever sees the pod's processes may go on in another one of its own.
test_main_process_may_change() {
        assert_fails 5 notifier 'if ($pid = fork) { say("MAINPID=$pid\nREADY=1");
                        select undef, undef, undef, 0.3; exit 0 }
                sleep 1; say("STATUS=goes on"); exit 5' --pids=shared
        podctl rm notifier >/dev/null
}

# ends_with POD STATUS: of its app, when it is stopped.
ends_with() {
        local uuid
        uuid=$(podctl status "$1" --format=json | jq -r .name)
        podctl stop "$1" >/dev/null
        assert_eq "$(podctl status "$uuid" | sed -n 's/^app-app=//p')" "$2"
}

# The others of the app hear from it, or are killed after it, at once.
test_stop_signal_is_for_the_main_process() {
        local pids
        for pids in private shared; do
                pod prefork busybox --name=app --pids=$pids --stop-timeout=1h --exec=/bin/sh -- -c '
                        (trap "echo asked by systemd" TERM; trap "echo asked by its parent; exit 3" USR1
                                touch /ready; while :; do sleep 0.1; done) & worker=$!
                        (trap "" TERM; while :; do sleep 1; done) &
                        trap "kill -USR1 $worker; wait $worker; exit \$?" TERM
                        wait'
                wait_until podctl exec prefork test -e /ready
                timeout 60 podctl stop prefork >/dev/null
                assert_eq "$(podctl status prefork | grep ^app-)" app-app=3
                assert_eq "$(podctl logs --output=cat prefork)" 'asked by its parent'
                podctl rm prefork >/dev/null
        done
}

test_stop_signal() {
        local deaf='trap "" TERM; trap "exit 7" USR1; touch /ready; while :; do sleep 0.1; done'
        image_with quits.oci '.config.StopSignal = "sigusr1"'
        podctl --insecure-options=image fetch "$PWD/quits.oci" >id
        pod quits "$(cat id)" --name=app --exec=/bin/sh -- -c "$deaf"
        wait_until podctl exec quits test -e /ready
        ends_with quits 7
        pod quits "$(cat id)" --name=app --stop-signal=TERM --exec=/bin/sh -- -c "${deaf/\"\" TERM/\"exit 8\" TERM}"
        wait_until podctl exec quits test -e /ready
        ends_with quits 8
        podctl image rm "$(cat id)" >/dev/null
}

# Who does not listen is killed when its own time is over, and not when that of all is.
test_stop_timeout() {
        image_with deaf.oci '.config.StopTimeout = 1'
        podctl --insecure-options=image fetch "$PWD/deaf.oci" >id
        pod deaf "$(cat id)" --name=app --exec=/bin/sh -- -c 'trap "" TERM; touch /ready; while :; do sleep 0.1; done'
        wait_until podctl exec deaf test -e /ready
        assert_eq "$(systemctl -M deaf show -p TimeoutStopUSec --value app.service)" 1s
        ends_with deaf 137
        podctl image rm "$(cat id)" >/dev/null
        pod slow busybox --name=app --stop-timeout=100s \
                --exec=/bin/sh -- -c 'trap "sleep 0.1; exit 9" TERM; touch /ready; while :; do sleep 0.1; done'
        assert_eq "$(systemctl show -p TimeoutStopUSec --value podctl-slow.service)" '1min 55s'
        wait_until podctl exec slow test -e /ready
        ends_with slow 9
        assert_contains "$(podctl run --dry-run busybox --stop-timeout=infinity)" TimeoutStopSec=infinity
        assert_contains "$(podctl run --dry-run busybox --stop-timeout=0)" 'stop timeout 1'
}

test_stop_mistakes() {
        refused SIGPONY busybox --stop-signal=SIGPONY
        refused 'a while' busybox --stop-timeout='a while'
        refused --stop-timeout busybox --stop-timeout=-1
        cat >pod.json <<JSON
{"acKind": "PodManifest", "acVersion": "0.8.11", "apps": [{"name": "app", "image": {"name": "busybox"},
"app": {"exec": ["/bin/true"], "user": "0", "group": "0", "stopTimeout": -2}}]}
JSON
        refused stopTimeout --pod-manifest=pod.json
}
