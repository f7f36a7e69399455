# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# A host that somebody hardened by the usual guides, which takes a kernel of its own: what pods need is not among what
# these take away. Run in a virtual machine, by outside/virtual-machine.sh.

fetch busybox.oci httpd.oci

# What guides for servers agree on: CIS, the kernel's self-protection project, and the defaults of hardened
# distributions.
harden() {
        cat >hardened.conf <<'C'
kernel.kptr_restrict = 2
kernel.dmesg_restrict = 1
kernel.perf_event_paranoid = 3
kernel.unprivileged_bpf_disabled = 1
kernel.unprivileged_userns_clone = 0
kernel.yama.ptrace_scope = 3
kernel.randomize_va_space = 2
kernel.sysrq = 0
kernel.core_pattern = |/bin/false
kernel.kexec_load_disabled = 1
net.core.bpf_jit_harden = 2
dev.tty.ldisc_autoload = 0
fs.protected_fifos = 2
fs.protected_regular = 2
fs.protected_hardlinks = 1
fs.protected_symlinks = 1
fs.suid_dumpable = 0
vm.unprivileged_userfaultfd = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.conf.default.rp_filter = 1
net.ipv4.conf.all.log_martians = 1
net.ipv4.conf.default.log_martians = 1
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.secure_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv4.conf.all.arp_announce = 2
net.ipv4.icmp_echo_ignore_broadcasts = 1
net.ipv4.tcp_syncookies = 1
net.ipv6.conf.all.accept_ra = 0
net.ipv6.conf.all.accept_redirects = 0
C
        # One that this kernel does not have, or has for good, is passed over.
        sysctl --ignore --quiet --load=hardened.conf 2>&1 | grep -v 'Operation not permitted' || true
        mount -o remount,hidepid=2 /proc
        mount -t tmpfs -o noexec,nosuid,nodev tmpfs /dev/shm
        defer umount /dev/shm
        mount -t tmpfs -o noexec,nosuid,nodev tmpfs /tmp
        defer umount /tmp
        umask 077
}

test_pods_of_a_hardened_host() {
        harden
        local settings=(kernel.yama.ptrace_scope net.ipv4.conf.all.rp_filter kernel.unprivileged_userns_clone)
        assert_eq "$(sysctl -n "${settings[@]}" | xargs)" '3 1 0'
        podctl check --host | grep ' lacking ' >lacking || true
        assert_eq "$(cat lacking)" ''
        # As root of the pod and as somebody else, with user IDs of its own and without.
        for option in --private-users=yes --private-users=no; do
                assert_eq "$(sh_run 'id -u; touch /new && echo fine' $option | xargs)" '0 fine'
                assert_eq "$(sh_run 'id -u; touch /tmp/new && echo fine' $option --user=1000 | xargs)" '1000 fine'
        done
        pod web --port=8080-tcp:18080 httpd
        wait_until curl --silent --fail http://127.0.0.1:18080/
        curl --silent --fail http://localhost:18080/
        assert_eq "$(podctl exec web echo fine)" fine
        pod client busybox --exec=/bin/sleep -- 1000
        podctl exec client wget -q -O - http://web:8080/
        podctl stop client
        podctl export client out.aci
        podctl gc --grace-period=0
        podctl image verify busybox
}
