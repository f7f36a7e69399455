# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A host's life. Everything it consists of hangs on two things: a cgroup, which all its processes
# are in, and the mount namespace of its supervisor. When the processes are gone, so are the
# namespace, its mounts and, with them, the loop device; only files remain to be removed.

HOSTS=/run/podctl-hosts

host_dir() {
        [[ $1 =~ ^[a-z0-9][a-z0-9-]*$ ]] || die "'$1' is no name for a host"
        echo "$HOSTS/$1"
}

host_disk() {
        echo "$CACHE/disks/$1.img"
}

host_names() {
        [[ ! -d $HOSTS ]] || find "$HOSTS" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort
}

host_exists() {
        [[ -d $(host_dir "$1") ]]
}

# The number alone may belong to somebody else by now; the cgroup tells.
host_supervisor() {
        local pid
        pid=$(cat "$(host_dir "$1")/pid" 2>/dev/null) || return 1
        grep -q "/podctl-hosts/$1\(/\|$\)" "/proc/$pid/cgroup" 2>/dev/null || return 1
        echo "$pid"
}

# PID 1 of the host as this machine sees it: the supervisor's child that is 1 in its own namespace.
host_init() {
        local supervisor pid
        supervisor=$(host_supervisor "$1") || return 1
        for pid in $(pgrep -P "$supervisor"); do
                if grep -q '^NSpid:.*\s1$' "/proc/$pid/status" 2>/dev/null; then
                        echo "$pid"
                        return
                fi
        done
        return 1
}

host_state() {
        if ! host_supervisor "$1" >/dev/null; then
                echo off
        else
                host_exec "$1" systemctl is-system-running 2>/dev/null || true
        fi
}

host_create() {
        local name=$1 suite=$2 dir
        dir=$(host_dir "$name")
        ! host_supervisor "$name" >/dev/null || die "host '$name' is running; stop it first"
        [[ ! -d $dir ]] || host_remove "$name"
        mkdir -p "$dir/root" "$dir/cgroup" "$CACHE/disks"
        echo "$suite" >"$dir/suite"
        copy_disk "$(root_image "$suite")" "$(host_disk "$name")"
}

# raise_limit NAME VALUE WHY: of the kernel's, which all hosts and this machine share. Never lowers one. Where it may
# not, it says what is to be done, and goes on: one host alone may do with less.
raise_limit() {
        local file=/proc/sys/${1//.//}
        (($(cat "$file") >= $2)) || { echo "$2" >"$file"; } 2>/dev/null ||
                log "$1 is $(cat "$file"), $3, and may not be raised from here: run 'sysctl -w $1=$2' on the machine"
}

# Each systemd, journald, udevd and machined has some instances of inotify, in hosts and pods, and all are root's: three
# hosts at work have some hundreds, and a fresh machine allows 128. They watch a few thousand files.
raise_limits() {
        raise_limit fs.inotify.max_user_instances 1024 "too few for the pods of several hosts"
        raise_limit fs.inotify.max_user_watches 65536 "too few for the pods of several hosts"
}

host_start() {
        local name=$1 dir state
        raise_limits
        dir=$(host_dir "$name")
        # Detached in every way: a host outlives the shell that asked for it.
        setsid --fork unshare --mount --propagation private \
                "$TOOLS/hosts/launch" "$name" "$(host_disk "$name")" "$dir" \
                </dev/null >"$dir/console" 2>&1
        if ! wait_for 120 host_is_up "$name"; then
                tail -n 20 "$dir/console" >&2
                host_kill "$name"
                die "host '$name' did not come up"
        fi
        state=$(host_state "$name")
        log "host '$name' is $state"
        [[ $state == running ]] || host_exec "$name" systemctl --failed --no-legend --plain >&2
}

host_is_up() {
        case $(host_state "$1") in
        running | degraded) return 0 ;;
        *) return 1 ;;
        esac
}

# Like a login over ssh would: a clean environment, and a cgroup of the host's that is no unit's.
host_exec() {
        local name=$1 init supervisor group status=0
        shift
        init=$(host_init "$name") || die "host '$name' is not running"
        supervisor=$(host_supervisor "$name")
        group=/proc/$supervisor/root/sys/fs/cgroup/podctl-hosts/$name/payload/exec
        (
                [[ -d $group ]] || mkdir "$group"
                echo "$BASHPID" >"$group/cgroup.procs"
                exec nsenter -t "$init" -m -u -i -n -p -C --wdns=/root \
                        env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash TERM="${TERM:-dumb}" \
                        LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                        "$@"
        ) || status=$?
        return $status
}

host_is_off() {
        ! host_supervisor "$1" >/dev/null
}

# SIGRTMIN+4 asks systemd to power off.
host_poweroff() {
        local init
        if init=$(host_init "$1"); then
                kill -s RTMIN+4 "$init" 2>/dev/null || true
                wait_for 60 host_is_off "$1" || log "host '$1' does not power off, killing it"
        fi
        host_kill "$1"
}

# What has not been written to the disk by now never will be: that is what the ioctl is for
# (FS_IOC_SHUTDOWN without flushing the log), so a killed host finds its disk as after a power cut.
host_cut_power() {
        local supervisor root
        supervisor=$(host_supervisor "$1") || return 0
        root=/proc/$supervisor/root$(host_dir "$1")/root
        perl -e '$no_flush = pack "L", 2;
                open(ROOT, "<", $ARGV[0]) && ioctl(ROOT, 0x8004587d, $no_flush) or die "$!\n"' "$root" ||
                log "the disk of host '$1' did not stop; it will be as after an orderly end"
}

# In a namespace of its own, where the hierarchy can be mounted without anyone noticing.
host_kill() {
        local dir
        dir=$(host_dir "$1")
        [[ -d $dir ]] || return 0
        unshare --mount --propagation private "$TOOLS/hosts/reap" "$1" "$dir"
}

host_remove() {
        local dir
        dir=$(host_dir "$1")
        host_kill "$1"
        rm -f "$(host_disk "$1")" "$(host_disk "$1").new"
        rm -rf --one-file-system "$dir"
        rmdir --ignore-fail-on-non-empty "$HOSTS" 2>/dev/null || true
}

source_files() {
        git -c safe.directory='*' -C "$SOURCE" ls-files -z --cached --others --exclude-standard |
                while IFS= read -rd '' file; do
                        [[ ! -e $SOURCE/$file && ! -L $SOURCE/$file ]] || printf '%s\0' "$file"
                done
}

# host_install NAME [--sanitize]: times are kept, so that a second installation compiles only what changed.
host_install() {
        local name=$1
        shift
        source_files | tar -C "$SOURCE" --null --files-from=- --owner=0 --group=0 -c |
                host_exec "$name" sh -c 'rm -rf /usr/src/podctl && mkdir /usr/src/podctl && tar -xC /usr/src/podctl'
        host_exec "$name" /usr/src/podctl/tools/hosts/install "$@"
}
