# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Credential helpers of docker's configuration: which registry they are asked for, and what they can do.
# On any systemd, the same.

. "$HERE/lib-servers.sh"

# helper NAME: a program that is the script on standard input, for as long as the test runs.
helper() {
        { echo '#!/bin/sh' && cat; } >"/usr/local/bin/docker-credential-$1"
        chmod 755 "/usr/local/bin/docker-credential-$1"
        defer end_helper "$1"
}

end_helper() {
        rm -rf "/usr/local/bin/docker-credential-$1" "/run/systemd/system/podctl-credential-helper@$1.service.d" \
                "/var/lib/private/podctl-credential-helper/$1" "/var/lib/podctl-credential-helper/$1"
        systemctl daemon-reload
}

# drop_in NAME LINE…: for the section [Service], as `systemctl edit` makes it.
drop_in() {
        local directory=/run/systemd/system/podctl-credential-helper@$1.service.d
        mkdir -p "$directory"
        { echo '[Service]' && printf '%s\n' "${@:2}"; } >"$directory/test.conf"
        systemctl daemon-reload
}

# helpers JSON: docker's configuration from now on.
helpers() {
        mkdir -p docker
        printf '%s' "$1" >docker/config.json
        export DOCKER_CONFIG=$PWD/docker
}

# kept_by NAME FILE: what a helper kept.
kept_by() { cat "/var/lib/private/podctl-credential-helper/$1/$2"; }

ANSWER='{"ServerURL":"","Username":"user","Secret":"secret"}'

test_credential_helper_logs_in() {
        private_registry
        helper good <<EOT
printf '%s ' "\$@" >>\$HOME/asked
cat >>\$HOME/asked
echo >>\$HOME/asked
echo '$ANSWER'
EOT
        # Better than a login in the same file, and better than the store.
        helpers '{"auths":{"127.0.0.1:5000":{"username":"user","password":"wrong"}},
                "credHelpers":{"127.0.0.1:5000":"good"},"credsStore":"missing"}'
        plain fetch docker://127.0.0.1:5000/private/busybox
        assert_eq "$(kept_by good asked)" 'get 127.0.0.1:5000'
        rm -rf data
        helpers '{"credsStore":"good"}'
        plain fetch docker://127.0.0.1:5000/private/busybox
        # Nothing of it is on the disk, or in the journal.
        assert_eq "$(grep -rl -e '"secret"' -e user:secret data/images /run/podctl || true)" ''
        assert_not_contains "$(journalctl -b --no-pager -u podctl-credential-helper@good)" '"Secret"'
        # podctl's own files win.
        configure auth.d a '{"rktKind":"dockerAuth","rktVersion":"v1","registries":["127.0.0.1:5000"],
                "credentials":{"user":"other","password":"x"}}'
        rm -rf data
        refused_by "access denied to user 'other'" plain fetch docker://127.0.0.1:5000/private/busybox
}

# Neither root nor a user that has anything; what it writes stays in its own directory, whoever asks for it.
test_credential_helper_is_apart() {
        private_registry
        helper nosy <<EOT
{
        id -u
        id -G
        pwd
        grep -E '^(CapEff|CapBnd|NoNewPrivs):' /proc/self/status
        for file in /var/lib/podctl /etc/podctl /run/podctl /root; do ls "\$file" 2>/dev/null; done
        for file in /var/lib /etc /usr/local/bin /run /run/podctl /dev/shm; do
                echo >"\$file/was-here" && echo "wrote \$file"
        done
        cat /etc/shadow
        kill -0 1 && echo can kill
} >seen 2>/dev/null
echo '$ANSWER'
EOT
        helpers '{"credHelpers":{"127.0.0.1:5000":"nosy"}}'
        mkdir -p /etc/podctl /var/lib/podctl
        plain fetch docker://127.0.0.1:5000/private/busybox
        kept_by nosy seen >seen
        (($(head -n 1 seen) >= 61184)) || fail "$(cat seen)"
        assert_eq "$(sed -n 2p seen)" "$(sed -n 1p seen)"
        assert_eq "$(sed -n 3p seen)" /var/lib/private/podctl-credential-helper/nosy
        assert_eq "$(sed -n '4,$p' seen)" $'CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1
wrote /dev/shm'
        assert_fails '*' ls /dev/shm/was-here
        # It is over, and its user is gone.
        assert_eq "$(systemctl show --property=ActiveState --value podctl-credential-helper@nosy.service)" inactive
        assert_fails '*' getent passwd "$(head -n 1 seen)"
}

test_credential_helper_without_an_answer() {
        private_registry
        helper none <<<'echo credentials not found in native keychain; exit 1'
        helpers '{"credHelpers":{"127.0.0.1:5000":"none"}}'
        refused_by 'requires a user name and a password' plain fetch docker://127.0.0.1:5000/private/busybox
        helpers '{"auths":{"127.0.0.1:5000":{"username":"user","password":"secret"}},
                "credHelpers":{"127.0.0.1:5000":"none"}}'
        plain fetch docker://127.0.0.1:5000/private/busybox
}

# refused_helper NAME WORDS: the fetch ends with a line that names file and helper, before the registry is asked.
refused_helper() {
        helpers '{"credHelpers":{"127.0.0.1:5000":"'"$1"'"}}'
        local file=$DOCKER_CONFIG/config.json
        refused_by "127.0.0.1:5000/busybox:latest: $file: credential helper '$1' for 127.0.0.1:5000: $2" \
                plain fetch docker://127.0.0.1:5000/busybox
        assert_not_contains "$output" geheim
}

test_credential_helper_fails() {
        local unit=podctl-credential-helper@
        refused_helper missing 'there is no docker-credential-missing in /usr/local/libexec/podctl, /usr/local/bin or'
        helper failing <<<'echo no such vault; echo more; exit 3'
        refused_helper failing "failed with status 3: no such vault; journalctl -u ${unit}failing"
        helper rubbish <<<'echo geheim'
        refused_helper rubbish 'printed something else than JSON with Username and Secret; journalctl'
        helper nul <<<'printf "{\"Username\":\"u\",\"Secret\":\"geheim\\0\"}"'
        refused_helper nul 'printed something else than JSON'
        helper flood <<<'exec cat /dev/zero'
        refused_helper flood 'printed more than 1 MiB; journalctl'
        helper hanging <<<'sleep infinity & sleep infinity'
        drop_in hanging RuntimeMaxSec=1s
        refused_helper hanging "gave no answer: it took too long, or was killed; journalctl -u ${unit}hanging"
        helper killed <<<'kill -KILL $$'
        refused_helper killed 'was killed by signal 9; journalctl'
        helper writing <<<'echo why >&2; exit 1'
        refused_helper writing 'failed with status 1; journalctl'
        wait_until journal_has podctl-credential-helper@writing why
}

# The answer is there when the helper has ended, whatever it leaves running.
test_credential_helper_leaves_a_child() {
        private_registry
        helper leaving <<EOT
echo asked >>\$HOME/asked
sleep infinity &
echo '$ANSWER'
EOT
        helpers '{"credHelpers":{"127.0.0.1:5000":"leaving"}}'
        timeout 20 "${PLAIN[@]}" fetch docker://127.0.0.1:5000/private/busybox
        assert_eq "$(kept_by leaving asked)" asked
}

# One that hangs costs its time once.
test_credential_helper_hangs_once() {
        helper hanging <<<'echo asked >>$HOME/asked; sleep infinity'
        drop_in hanging RuntimeMaxSec=1s
        refused_helper hanging 'gave no answer'
        assert_eq "$(kept_by hanging asked)" asked
}

journal_has() { journalctl -b --no-pager -o cat -u "$1" | grep -qx "$2"; }

# A program that others can write is none.
test_credential_helper_is_roots() {
        local file=/usr/local/bin/docker-credential-open
        helper open <<<"echo '$ANSWER'"
        chmod 757 "$file"
        refused_helper open "$file may be changed by others than root; chown root: and chmod 755 it"
        chmod 755 "$file"
        chown nobody: "$file"
        refused_helper open "$file may be changed by others than root"
        chown root: "$file"
        chmod 700 "$file"
        refused_helper open "$file is not a program that all users may run"
        rm "$file"
        mkdir "$file"
        refused_helper open "$file is not a program"
        rmdir "$file"
        helpers '{"credHelpers":{"127.0.0.1:5000":"../../../tmp/x"}}'
        refused_by "credHelpers.127.0.0.1:5000: '../../../tmp/x' is not a valid name of a credential helper" \
                plain fetch docker://127.0.0.1:5000/busybox
}

# Of the administrator: another user, a credential of systemd's.
test_credential_helper_with_a_drop_in() {
        private_registry
        echo secret >password
        helper adapted <<'EOT'
id -un >&2
printf '{"Username":"user","Secret":"%s"}' "$(cat "$CREDENTIALS_DIRECTORY/password")"
EOT
        drop_in adapted User=daemon "LoadCredential=password:$PWD/password"
        helpers '{"credHelpers":{"127.0.0.1:5000":"adapted"}}'
        plain fetch docker://127.0.0.1:5000/private/busybox
        wait_until journal_has podctl-credential-helper@adapted daemon
}

# One after the other, each with its own answer.
test_credential_helper_in_parallel() {
        local i pid pids=()
        private_registry
        helper slow <<EOT
mkdir \$HOME/busy || exit 3
dd if=/dev/zero of=/dev/null bs=1M count=2000 2>/dev/null
rmdir \$HOME/busy
echo '$ANSWER'
EOT
        helpers '{"credHelpers":{"127.0.0.1:5000":"slow"}}'
        for i in 1 2 3 4; do
                "${PLAIN[@]}" --dir="$PWD/data-$i" fetch docker://127.0.0.1:5000/private/busybox &
                pids+=($!)
        done
        for pid in "${pids[@]}"; do
                wait "$pid" || fail "a fetch failed: $pid"
        done
}

# What an administrator can do wrong.
test_credential_helper_with_a_bad_drop_in() {
        helper adapted <<<"echo '$ANSWER'"
        drop_in adapted ExecStart= ExecStart=/bin/true
        refused_helper adapted 'gave no answer: it took too long, or was killed; journalctl -u podctl-'
        drop_in adapted ExecStart= ExecStart=/nonexistent
        refused_helper adapted 'podctl-credential-helper@adapted.service cannot be started; journalctl'
        drop_in adapted StandardInput=null StandardOutput=null
        refused_helper adapted 'its service has another StandardInput= or StandardOutput= than that of podctl'
        drop_in adapted StandardOutput=journal
        refused_helper adapted 'gave no answer: it took too long, or was killed'
        # What it had is not in the way afterwards, nor is what a fetch that was killed left.
        drop_in adapted RuntimeMaxSec=30s
        assert_eq "$(ls -A /run/podctl/credential-helper)" ''
        touch /run/podctl/credential-helper/adapted.{sock,lock}
        private_registry
        plain fetch docker://127.0.0.1:5000/private/busybox
        assert_eq "$(ls -A /run/podctl/credential-helper)" ''
}
