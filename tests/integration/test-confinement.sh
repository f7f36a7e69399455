# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the processes that handle strangers' bytes could still open and do if they were taken over: all of it is here.

PROBE=/var/tmp/podctl-build/tests/integration/confinement

# The same on all hosts: libraries' configuration and certificates under their directories' names only.
normal() {
        sed -E 's#^(read /etc/(ld\.so\.conf\.d|ssl/certs|alternatives|ca-certificates|pki)/).*#\1…#' | sort -u
}

# Who it is: nobody of importance.
powerless() {
        local uid gid
        uid=$(id -u podctl-fetch)
        gid=$(id -g podctl-fetch)
        grep -E '^(Uid|Gid|Groups|Cap|NoNew|Seccomp:)' all | tr -s '\t ' ' ' | sed 's/ $//' >powers
        assert_eq "$(cat powers)" "Uid: $uid $uid $uid $uid
Gid: $gid $gid $gid $gid
Groups:
CapInh: 0000000000000000
CapPrm: 0000000000000000
CapEff: 0000000000000000
CapBnd: 0000000000000000
CapAmb: 0000000000000000
NoNewPrivs: 1
Seccomp: 2"
}

deeds() { grep -E '\): (done|E[A-Z]+)$'; }

test_fetching_process() {
        "$PROBE" fetch >all
        powerless
        assert_eq "$(grep '^fd' all)" 'fd 0 /dev/null
fd 1 /dev/null
fd 2 /dev/null
fd 3 socket:'

        # What it can read but for /usr: not all of it is on every host, nothing else is on any.
        grep -E '^read' all | normal >readable
        assert_eq "$(grep -vxFf - readable <<'LIST'
read /dev/null
read /dev/random
read /dev/urandom
read /etc/alternatives/…
read /etc/ca-certificates/…
read /etc/gai.conf
read /etc/host.conf
read /etc/hosts
read /etc/ld.so.cache
read /etc/ld.so.conf
read /etc/ld.so.conf.d/…
read /etc/nsswitch.conf
read /etc/pki/…
read /etc/resolv.conf
read /etc/ssl/certs/…
read /etc/ssl/openssl.cnf
read /run/systemd/resolve/io.systemd.Resolve
read /run/systemd/resolve/resolv.conf
read /run/systemd/resolve/stub-resolv.conf
LIST
)" ''
        grep -qx 'read /etc/hosts' readable
        assert_eq "$(grep -E '^write' all | sort)" 'write /dev/null
write /dev/random
write /dev/urandom'

        # What it can do: talk.
        assert_eq "$(deeds <all | grep ': done')" 'socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]) {}): done'
        (($(deeds <all | wc -l) > 50)) || fail "not all was tried: $(cat all)"
}

test_unpacking_process() {
        "$PROBE" unpack >all

        # chown, dac_override, fowner, fsetid, mknod, setfcap, sys_admin (for overlayfs' attributes).
        assert_eq "$(grep -E '^(Uid|Groups|Cap|NoNew|Seccomp:)' all | tr -s '\t ' ' ' | sed 's/ $//')" 'Uid: 0 0 0 0
Groups:
CapInh: 0000000000000000
CapPrm: 000000008820001b
CapEff: 000000008820001b
CapBnd: 000000008820001b
CapAmb: 0000000000000000
NoNewPrivs: 1
Seccomp: 2'
        # The archive, and a file for its report.
        assert_eq "$(grep '^fd' all | cut -d' ' -f1,3-)" 'fd /dev/null
fd /dev/null
fd /dev/null
fd socket:
fd /memfd:implied (deleted)'

        # Of all files only those it made itself.
        assert_eq "$(grep -E '^(read|write)' all || true)" ''
        assert_eq "$(deeds <all | grep ': done')" 'open("/new", O_CREAT | O_WRONLY, 0600): done
mknod("/null", S_IFCHR | 0666, 0x103): done'
        (($(deeds <all | wc -l) > 50)) || fail "not all was tried: $(cat all)"
}

# Manifests, configurations, lists of signatures.
test_reading_process() {
        "$PROBE" json >all
        powerless
        assert_eq "$(grep '^fd' all | cut -d' ' -f1,3-)" 'fd /dev/null
fd /dev/null
fd /dev/null
fd socket:'

        # Nothing at all.
        assert_eq "$(grep -E '^(read|write)' all || true)" ''
        assert_eq "$(deeds <all | grep ': done' || true)" ''
        (($(deeds <all | wc -l) > 50)) || fail "not all was tried: $(cat all)"
}
