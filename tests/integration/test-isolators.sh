# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What confines an app: system calls, capabilities, paths, devices, limits. By default, as its
# image or a manifest says, and as the command line does.

fetch busybox.oci debian.oci

# insecure WHAT SCRIPT [OPTION…]: the same without a protection.
insecure() {
        podctl --insecure-options="$1" run busybox --name=app "${@:3}" --exec=/bin/sh -- -c "$2"
}

# manifest_with ISOLATORS [SCRIPT]: a pod manifest of one app.
manifest_with() {
        cat <<JSON
{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},
"app":{"exec":["/bin/sh","-c","${2:-true}"],"user":"0","group":"0","isolators":[$1]}}]}
JSON
}

# --- System calls

test_default_filter() {
        assert_contains "$(sh_run 'cat /proc/self/status')" $'Seccomp:\t2'
        assert_contains "$(sh_run 'unshare -m true 2>&1 || true')" 'not permitted'
        assert_contains "$(sh_run 'mount -t tmpfs x /mnt 2>&1 || true')" 'denied'
        # The capability alone would let it.
        assert_contains "$(sh_run 'unshare -m true && echo can' --caps-retain=SYS_ADMIN)" can
        assert_eq "$(insecure seccomp 'grep -c "Seccomp_filters" /proc/self/status')" 1
}

# For a user that is not root as well, and nobody loses set-user-ID programs for it: this image has some.
test_filter_takes_no_privileges_away() {
        local out
        out=$(podctl run debian --user=33 --working-dir=/ --exec=/bin/cat -- /proc/self/status)
        assert_contains "$out" $'NoNewPrivs:\t0'
        assert_contains "$out" $'Seccomp:\t2'
        assert_contains "$out" $'CapEff:\t0000000000000000'
        assert_contains "$out" $'CapBnd:\t00000000a80425fb'
        assert_contains "$out" $'Uid:\t33\t33\t33\t33'
}

# Where nothing could be gained, nothing can be lost; root and those who say no keep what they have.
test_no_new_privileges_by_default() {
        local out
        out='grep NoNew /proc/self/status'
        assert_eq "$(sh_run "$out" --user=33)" $'NoNewPrivs:\t1'
        assert_eq "$(sh_run "$out")" $'NoNewPrivs:\t0'
        assert_eq "$(insecure seccomp "$out" --user=33)" $'NoNewPrivs:\t1'
        manifest_with '{"name":"os/linux/no-new-privileges","value":false}' "$out" |
                sed 's/"user":"0"/"user":"33"/' >pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json)" $'NoNewPrivs:\t0'
        pod both busybox --name=app --user=33 --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec both sh -c "$out")" $'NoNewPrivs:\t1'
        assert_eq "$(podctl enter both sh -c "$out")" $'NoNewPrivs:\t0'
}

test_no_new_privileges() {
        local value flag
        for value in true false; do
                manifest_with '{"name":"os/linux/no-new-privileges","value":'$value'}' 'grep NoNew /proc/self/status' \
                        >pod.json
                [[ $value == true ]] && flag=1 || flag=0
                assert_eq "$(podctl run --pod-manifest=pod.json)" $'NoNewPrivs:\t'$flag
        done
        local contrary='{"name":"os/linux/no-new-privileges","value":true},'
        contrary+='{"name":"os/linux/no-new-privileges","value":false}'
        manifest_with "$contrary" \
                'grep NoNew /proc/self/status' >pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json)" $'NoNewPrivs:\t1'
        sed -i 's/"user":"0"/"user":"33"/' pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json)" $'NoNewPrivs:\t1'
}

test_filter_by_option() {
        local no_mkdir=--seccomp=mode=remove,errno=EXFULL,mkdir,mkdirat
        local needed=@systemd/default-whitelist,@systemd/process,@systemd/network-io
        needed+=,read,write,close,openat,open,stat,newfstatat,fstat,lstat,fcntl,ioctl,dup2,pipe,rt_sigaction
        needed+=,rt_sigprocmask,access,getcwd,uname,wait4,pread64,umask
        assert_contains "$(sh_run 'mkdir /a 2>&1 || true' $no_mkdir)" 'xchange full'
        assert_fails 159 sh_run 'exec mkdir /a' --seccomp=mode=remove,mkdir,mkdirat
        assert_contains "$(sh_run 'mkdir /a 2>&1 || true' "--seccomp=mode=retain,errno=EXFULL,$needed")" 'xchange full'
        assert_eq "$(sh_run 'echo fine' --seccomp=mode=retain,@appc.io/all)" fine
        assert_eq "$(sh_run 'unshare -m true 2>/dev/null || echo no' --seccomp=mode=remove,@appc.io/empty)" no
        assert_eq "$(sh_run 'unshare -m true 2>/dev/null || echo no; true' \
                --seccomp=mode=remove,@docker/default-blacklist,errno=EPERM --caps-retain=SYS_ADMIN)" no
        # Somebody else's protection is not given up with another one's name.
        assert_contains "$(insecure paths 'mkdir /a 2>&1 || true' $no_mkdir)" 'xchange full'
        insecure seccomp 'mkdir /a' $no_mkdir
        insecure all-run 'mkdir /a' $no_mkdir
}

test_filter_by_profile() {
        cat >profile.json <<'JSON'
{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
 {"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":54},
 {"names":["kill"],"action":"SCMP_ACT_ERRNO","errnoRet":54,"args":[{"index":1,"value":10,"op":"SCMP_CMP_EQ"}]},
 {"names":["unlink","unlinkat"],"action":"SCMP_ACT_ERRNO","includes":{"caps":["CAP_SYS_ADMIN"]}}]}
JSON
        local script='mkdir /a 2>&1; touch /b; rm /b && echo removed; kill -USR1 $$ 2>&1; kill -0 $$ && echo alive'
        sh_run "$script" --seccomp=profile.json >out || true
        assert_contains "$(cat out)" 'xchange full'
        assert_contains "$(cat out)" removed
        assert_contains "$(cat out)" alive
        assert_eq "$(grep -c 'xchange full' out)" 2
        podctl run --dry-run busybox --seccomp=profile.json | grep -q 'os/linux/seccomp-profile {"defaultAction'
}

test_dockers_own_profile() {
        [[ -e /usr/share/containers/seccomp.json ]] || skip 'no profile of podman on this host'
        sh_run 'mkdir /a && echo made; keyctl 2>/dev/null; swapoff /a 2>&1' \
                --seccomp=/usr/share/containers/seccomp.json >out || true
        assert_eq "$(grep -c 'made\|not permitted' out)" 2
}

test_filter_mistakes() {
        refused ponies busybox --seccomp=mode=retain,ponies
        refused @ponies busybox --seccomp=mode=remove,@ponies
        refused EPONY busybox --seccomp=mode=remove,errno=EPONY,mkdir
        refused --seccomp busybox --seccomp=mode=refuse,mkdir
        refused --seccomp busybox --seccomp=mkdir,mkdirat
        refused set busybox --seccomp=mode=retain
        refused nowhere.json busybox --seccomp=nowhere.json
        echo '{"defaultAction":"SCMP_ACT_PONY"}' >profile.json
        refused defaultAction busybox --seccomp=profile.json
        manifest_with '{"name":"os/linux/seccomp-retain-set","value":{"set":["read"]}},
                {"name":"os/linux/seccomp-remove-set","value":{"set":["read"]}}' >pod.json
        refused seccomp-retain-set --pod-manifest=pod.json
        manifest_with '{"name":"os/linux/seccomp-retain-set","value":{"set":["ponies"]}}' >pod.json
        refused ponies --pod-manifest=pod.json
}

# --- Paths

# What is hidden looks like nothing, and what is protected cannot be written, below it neither; in a pod without IDs of
# its own as well. All of that until somebody gives it up.
test_paths() {
        local private hidden='/proc/config.gz /proc/kallsyms /proc/kcore /proc/keys /proc/latency_stats'
        hidden+=' /proc/sched_debug /proc/timer_list /sys/firmware /sys/hypervisor /sys/module /sys/power'
        local protected='/proc/bus /proc/fs /proc/irq /proc/sys /proc/sys/kernel/core_pattern'
        protected+=' /proc/sys/vm/panic_on_oom /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger /sys/fs/cgroup'
        local script="for p in $hidden; do [ ! -e \$p ] || echo \"\$(stat -c %a \$p) \$p\"; done
                for p in $protected; do
                        [ ! -f \$p ] || (: >>\$p) 2>/dev/null && [ -f \$p ] && echo \"writable \$p\"
                done
                grep -E ' (/proc/(bus|fs|irq|sys)|/sys/fs/cgroup) ' /proc/mounts |
                        awk '{ print \$2, substr(\$4, 1, 2) }'"
        for private in yes no; do
                sh_run "$script" --private-users=$private >out
                assert_eq "$(grep -E '^[0-9]' out | grep -v '^0 ' || true)" ''
                (($(grep -c '^0 ' out) >= 3)) || fail "hidden: $(cat out)"
                assert_eq "$(grep -E '^writable| rw$' out || true)" ''
                assert_eq "$(grep -c ' ro$' out)" 5
        done
        sh_run 'mkdir /sys/fs/cgroup/x 2>/dev/null && exit 1; true'
        sh_run '[ "$(stat -c %a /dev/pts/ptmx)" = 666 ]'
        podctl --insecure-options=paths run --private-users=no busybox --name=app --exec=/bin/sh -- -c "$script" >out
        assert_contains "$(cat out)" '/sys/fs/cgroup rw'
        assert_not_contains "$(cat out)" '0 /sys/module'
        insecure paths 'grep " /sys/fs/cgroup " /proc/mounts | grep -q "[ ,]rw,"'
        # The hook of an app, and who joins it, are no better off.
        local pre_start='"eventHandlers":[{"name":"pre-start","exec":["/bin/sh","-c","stat -c %a /proc/keys"]}],'
        manifest_with '' | sed "s|\"user\"|$pre_start\"user\"|" >pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json)" 0
}

# Nothing of what starts an app is there for it to see.
test_launcher_leaves_no_trace() {
        local script='ls /proc/driver /proc/fs | grep -E "app-exec|start|environment|filter"
                grep -c podctl /proc/mounts; true'
        assert_eq "$(sh_run "$script")" 0
        assert_eq "$(sh_run "$script" --seccomp=mode=remove,ustat --readonly-rootfs)" 0
        assert_eq "$(sh_run 'tr "\0" " " </proc/1/cmdline | grep -c app-exec; true')" 0
}

# --- Devices

test_devices() {
        local script='for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo missing $d; done
                head -c 3 /dev/zero | wc -c'
        assert_eq "$(sh_run "$script")" 3
        assert_contains "$(sh_run 'mknod /sda b 8 0 2>&1; cat /sda 2>&1; true')" 'not permitted'
        assert_eq "$(sh_run 'readlink /dev/fd; ls /dev/shm | wc -l; [ -d /dev/pts ] && echo pts')" \
                $'/proc/self/fd\n0\npts'
}

# --- Limits

test_oom_score() {
        assert_eq "$(sh_run 'cat /proc/self/oom_score_adj')" 0
        assert_eq "$(sh_run 'cat /proc/self/oom_score_adj' --oom-score-adj=99)" 99
        refused oom-score-adj busybox --oom-score-adj=1001
        (echo -50 >/proc/self/oom_score_adj) 2>/dev/null || skip 'root of this host may not lower OOM scores'
        assert_eq "$(sh_run 'cat /proc/self/oom_score_adj' --oom-score-adj=-50)" -50
}

test_apparmor_and_selinux_refuse_without_them() {
        [[ ! -e /sys/kernel/security/apparmor/profiles ]] || skip 'this host has AppArmor'
        manifest_with '{"name":"os/linux/apparmor-profile","value":{"profile":"no-such"}}' >pod.json
        refused no-such --pod-manifest=pod.json
        manifest_with '{"name":"os/linux/selinux-context",
                "value":{"user":"u","role":"r","type":"t","level":"s0"}}' >pod.json
        refused u:r:t:s0 --pod-manifest=pod.json
        refused "profile 'no-such': this host has no AppArmor" busybox --apparmor=no-such
        refused 'u:r:t:s0:c1,c2' busybox --selinux=u:r:t:s0:c1,c2
        refused 'Option --selinux' busybox --selinux=u:r:t
        refused 'Option --apparmor' busybox --apparmor=
}

test_sysctl() {
        pod_with() {
                manifest_with '' "$2" | sed 's|^{|{"isolators":[{"name":"os/unix/sysctl","value":{'"$1"'}}],|'
        }
        pod_with '"kernel.shmmax":"12345678","kernel.msgmni":"77","fs.mqueue.msg_max":"9"' \
                'cat /proc/sys/kernel/shmmax /proc/sys/kernel/msgmni' >pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json)" $'12345678\n77'
        [[ $(cat /proc/sys/kernel/shmmax) != 12345678 ]]
        pod_with '"net.ipv4.ip_default_ttl":"33","kernel.shmmax":"4321"' \
                'cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shmmax' >pod.json
        assert_eq "$(podctl run --net=default --pod-manifest=pod.json)" $'33\n4321'
        refused net.ipv4.ip_default_ttl --net=none --pod-manifest=pod.json
        refused net.ipv4.ip_default_ttl --net=host --pod-manifest=pod.json
        pod_with '"vm.swappiness":"1"' true >pod.json
        refused vm.swappiness --pod-manifest=pod.json
        pod_with '"kernel.shmmax":"ponies"' true >pod.json
        refused kernel.shmmax --pod-manifest=pod.json
        pod_with '"net/../kernel/core_pattern":"x"' true >pod.json
        refused core_pattern --net=default --pod-manifest=pod.json
        assert_eq "$(podctl run --sysctl=kernel.msgmni=78 --sysctl=kernel.shmmax=4322 busybox --exec=/bin/cat -- \
                /proc/sys/kernel/msgmni /proc/sys/kernel/shmmax)" $'78\n4322'
        refused 'takes NAME=VALUE' --sysctl=kernel.msgmni busybox
}

# Root's programs may gain privileges, unless it is said otherwise.
test_no_new_privileges_option() {
        assert_eq "$(podctl run --name=may busybox --exec=/bin/grep -- NoNewPrivs /proc/self/status)" $'NoNewPrivs:\t0'
        assert_eq "$(podctl run --name=must busybox --no-new-privileges --exec=/bin/grep -- \
                NoNewPrivs /proc/self/status)" $'NoNewPrivs:\t1'
        refused 'Option --no-new-privileges' busybox --no-new-privileges=perhaps
}

# --- Beside the app

test_exec_and_enter_are_confined_alike() {
        pod joined busybox --name=app --user=33 --working-dir=/var --caps-retain=KILL,CHOWN \
                --seccomp=mode=remove,errno=EXFULL,mkdir,mkdirat --exec=/bin/sleep -- 1000
        assert_contains "$(podctl enter joined sh -c 'mkdir /a 2>&1 || true')" 'xchange full'
        assert_contains "$(podctl exec joined sh -c 'mkdir /tmp/a 2>&1 || true')" 'xchange full'
        assert_eq "$(podctl enter joined sh -c 'id -u; pwd')" $'0\n/'
        assert_eq "$(podctl exec joined sh -c 'id -u; pwd')" $'33\n/var'
        assert_contains "$(podctl enter joined grep CapBnd /proc/self/status)" 0000000000000021
        assert_contains "$(podctl exec joined grep CapBnd /proc/self/status)" 0000000000000021
        assert_contains "$(podctl exec joined grep CapEff /proc/self/status)" 0000000000000000
        assert_eq "$(podctl exec joined sh -c 'echo $AC_APP_NAME; grep -c podctl /proc/mounts; true')" $'app\n0'
        podctl exec joined sh -c '! echo 1 2>/dev/null >/sys/fs/cgroup/cgroup.procs'
        assert_fails 7 podctl exec joined sh -c 'exit 7'
        assert_fails 254 podctl exec joined nosuch
        assert_contains "$output" nosuch
}

# --- Bandwidth

test_block_bandwidth() {
        local of_app='{"name":"resource/block-bandwidth","value":{"default":true,"limit":"3M"}},
                {"name":"resource/block-iops","value":{"default":true,"limit":70}}'
        manifest_with "$of_app" 'sleep 1000' |
                jq '.isolators = [{name: "resource/block-bandwidth", value: {default: true, limit: "4M"}}]' >pod.json
        pod slow --pod-manifest=pod.json
        assert_eq "$(systemctl show -p IOReadBandwidthMax -p IOWriteBandwidthMax "$(pod_unit slow)" | sort)" \
                $'IOReadBandwidthMax=/var/lib/podctl 4000000\nIOWriteBandwidthMax=/var/lib/podctl 4000000'
        assert_eq "$(systemctl -M slow show -p IOWriteBandwidthMax -p IOReadIOPSMax app.service | sort)" \
                $'IOReadIOPSMax=/var/lib/podctl/status 70\nIOWriteBandwidthMax=/var/lib/podctl/status 3000000'
        # The pod's systemd has to find the disk by that.
        local store=/var/lib/podctl
        [[ $(stat -c %Hd:%Ld "/proc/$(leader slow)/root$store/status") == "$(stat -c %Hd:%Ld $store)" ]]
        podctl exec slow test -e "/sys/dev/block/$(stat -c %Hd:%Ld /var/lib/podctl)"
}

test_network_bandwidth() {
        manifest_with '' 'sleep 1000' |
                jq '.isolators = [{name: "resource/network-bandwidth", value: {default: true, limit: "1M"}}]' >pod.json
        pod narrow --net=default --pod-manifest=pod.json
        assert_contains "$(tc qdisc show | grep -v 'dev lo')" 'tbf'
        assert_contains "$(tc qdisc show)" 'rate 8Mbit'
        assert_contains "$(nsenter --net -t "$(leader narrow)" tc qdisc show dev eth0)" 'tbf'
        podctl stop narrow
        gone narrow
        refused 'network-bandwidth' --net=host --pod-manifest=pod.json
        manifest_with '{"name":"resource/network-bandwidth","value":{"default":true,"limit":"1M"}}' >pod.json
        refused "app 'app': isolator resource/network-bandwidth" --pod-manifest=pod.json
        manifest_with '{"name":"resource/block-bandwidth","value":{"default":true,"limit":0}}' >pod.json
        refused 'block-bandwidth' --pod-manifest=pod.json
        manifest_with '{"name":"resource/block-iops","value":{"limit":10}}' >pod.json
        refused 'isolators[0].value.default' --pod-manifest=pod.json
}

# What an image says of itself gives it nothing of the host; what somebody says who starts it, does.
test_capabilities_of_an_image() {
        local asking=example.com/asking
        mkdir tree
        tar -xf "$IMAGES/busybox.aci" -C tree
        jq '.name = "example.com/asking" | .app = {
                exec: ["/bin/grep", "CapBnd", "/proc/self/status"], user: "0", group: "0", isolators: [
                {name: "os/linux/capabilities-retain-set", value: {set: ["CAP_CHOWN", "CAP_SYS_ADMIN"]}}]}' \
                tree/manifest >asking
        mv asking tree/manifest
        tar -cf asking.aci -C tree manifest rootfs
        podctl --insecure-options=image fetch asking.aci >/dev/null
        defer podctl image rm $asking
        defer podctl gc --grace-period=0
        echo '{"acKind": "PodManifest", "acVersion": "0.8.11",
                "apps": [{"name": "app", "image": {"name": "example.com/asking"}}]}' >asking.json
        assert_contains "$(podctl run --net=none $asking 2>&1)" 0000000000200001
        assert_contains "$(podctl run --net=none --private-users=no $asking 2>&1)" 0000000000000001
        assert_contains "$(podctl run --net=none --private-users=no $asking 2>&1)" \
                "asks for CAP_SYS_ADMIN, which without a user namespace is the host's"
        assert_contains "$(podctl run --net=none --private-users=no --pod-manifest=asking.json 2>&1)" 0000000000000001
        local caps=--caps-retain=CAP_CHOWN,CAP_SYS_ADMIN
        assert_contains "$(podctl run --net=none --private-users=no $asking $caps 2>&1)" \
                0000000000200001
}

# Also those that a container of systemd-nspawn does not have by itself; a late app is told when its pod has none.
test_capabilities_beyond_the_usual() {
        assert_contains "$(sh_run 'cat /proc/self/status' --caps-retain=SYS_TIME,SYSLOG)" $'CapBnd:\t0000000402000000'
        assert_contains "$(sh_run 'cat /proc/self/status' --private-users=no --caps-retain=SYS_TIME)" \
                $'CapEff:\t0000000002000000'
        defer end_pod late
        podctl app sandbox --name=late --net=none >/dev/null
        assert_fails 254 podctl app add late busybox --caps-retain=SYS_TIME
        assert_contains "$output" 'started without the capability CAP_SYS_TIME'
}

# With the host's IPC, POSIX shared memory is the host's, too: it is in files.
test_shared_memory_of_the_host() {
        local users
        defer rm -f /dev/shm/of-the-host /dev/shm/of-a-pod
        echo host >/dev/shm/of-the-host
        for users in yes no; do
                assert_eq "$(sh_run 'cat /dev/shm/of-the-host; echo pod >/dev/shm/of-a-pod' --net=none --ipc=parent \
                        --private-users=$users)" host
                assert_eq "$(stat -c %u /dev/shm/of-a-pod) $(cat /dev/shm/of-a-pod)" '0 pod'
                rm /dev/shm/of-a-pod
        done
        assert_fails 1 sh_run 'cat /dev/shm/of-the-host' --net=none
}

# capabilities_of OUTPUT: the bounding set that an app has printed.
capabilities_of() {
        sed -n 's/^CapBnd:\s*//p' "$1"
}

# Whether an app is the pod's first, from a file, or comes later, the option is the same; and --caps-remove holds.
test_insecure_options_have_one_rule() {
        local script='grep CapBnd /proc/self/status; grep -c " /proc/" /proc/self/mounts' way removed
        for removed in --caps-remove=CAP_SYS_TIME,CAP_MKNOD --caps-remove=all; do
                podctl --insecure-options=capabilities,paths run busybox --pids=private "$removed" \
                        --exec=/bin/sh -- -c "$script" >run || true
                podctl --insecure-options=capabilities,paths create ruled busybox --pids=private "$removed" --dry-run \
                        --exec=/bin/sh -- -c "$script" >file
                podctl run --pod-manifest=file >create || true
                podctl app sandbox --name=ruling --net=none >/dev/null
                defer end_pod ruling
                podctl --insecure-options=capabilities,paths app add ruling busybox --name=late \
                        --pids=private "$removed" --exec=/bin/sh -- -c "$script" >/dev/null
                podctl app start ruling --app=late
                wait_until eval '[[ $(podctl app list --no-legend ruling) == *exited* ]]'
                podctl logs --output=cat --app=late ruling >add
                podctl stop ruling
                for way in run create add; do
                        [[ $removed != *all ]] || assert_eq "$(capabilities_of $way)" 0000000000000000
                        (((0x$(capabilities_of $way) & (1 << 27 | 1 << 25)) == 0)) || fail "$way: $(cat $way)"
                        assert_eq "$(tail -n 1 $way)" 0
                done
        done
}
