# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Volumes of all kinds in all places, devices, and what an image wants to have of its own.

fetch busybox.oci httpd.oci debian.oci busybox.aci

# sh_run SCRIPT [OPTION…]: runs it in a pod of its own and prints what it prints.
sh_run() {
        local script=$1
        shift
        podctl run "$@" busybox --name=app --exec=/bin/sh -- -c "$script"
}

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

# host NAME SOURCE TARGET [FIELDS]: the options of one volume.
host() {
        echo "--volume=$1,kind=host,source=$2${4:+,$4} --mount=volume=$1,target=$3"
}

# --- Where systemd mounts file systems of its own

test_below_the_file_systems_of_the_kernel() {
        local target
        mkdir volume
        echo hello >volume/f
        for target in /run/v /run/lock/deep/v /dev/v /dev/shm /sys /sys/fs/cgroup /proc/sys/net /var/../run/../run/v; do
                # shellcheck disable=SC2046
                assert_eq "$(sh_run "cat $target/f; echo $target >$target/g" $(host v "$PWD/volume" $target))" hello
                assert_eq "$(cat volume/g)" "$target"
        done
}

# Files, sockets among them: what most people mount there.
test_file_below_run() {
        echo secret >file
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /run/app/secret; stat -c %F /run/app/secret' $(host v "$PWD/file" /run/app/secret readOnly=true))" $'secret\nregular file'
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'echo x >/run/app/secret' $(host v "$PWD/file" /run/app/secret readOnly=true) 2>/dev/null | grep -c Read-only)" 1
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
        # shellcheck disable=SC2046
        sh_run 'test -S /var/run/docker.sock' $(host v "$PWD/socket" /var/run/docker.sock)
}

# One within another, and a link that leads there.
test_nested_below_run() {
        mkdir -p outer inner links
        echo outer >outer/f
        echo inner >inner/f
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /run/v/f /run/v/w/f; ls /run/v' $(host w "$PWD/inner" /run/v/w) $(host v "$PWD/outer" /run/v))" $'outer\ninner\nf\nw'
        ln -s /run/elsewhere links/link
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /run/elsewhere/v/f' $(host l "$PWD/links" /links) $(host v "$PWD/outer" /links/link/v))" outer
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /run/f /run/w/f' $(host v "$PWD/outer" /run) $(host w "$PWD/inner" /run/w))" $'outer\ninner'
}

test_sys() {
        mkdir volume
        echo hello >volume/f
        sh_run 'test -d /sys/class/net'
        assert_eq "$(sh_run 'ls -A /sys' --volume=v,kind=empty --mount=volume=v,target=/sys)" ''
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /sys/bus/f; test -d /sys/class/net' $(host v "$PWD/volume" /sys/bus))" hello
        # The host's own, of which more is mounted than the pod has.
        # shellcheck disable=SC2046
        sh_run 'test -d /sys/class/net && ! mkdir /sys/fs/cgroup/x 2>/dev/null' $(host v /sys /sys readOnly=true) --private-users=no
}

# Who joins the app sees the same.
test_exec_sees_late_volumes() {
        mkdir volume
        echo hello >volume/f
        pod late --volume=v,kind=host,source="$PWD/volume" --mount='volume=v,target=/run/a b' busybox --name=app --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec late cat '/run/a b/f')" hello
        assert_eq "$(podctl enter late cat '/run/a b/f')" hello
}

test_late_mistakes() {
        mkdir volume
        # shellcheck disable=SC2046
        refused /sys/ponies busybox $(host v "$PWD/volume" /sys/ponies)
        refused control busybox --volume=v,kind=empty --mount='volume=v,target=/run/a"b'
}
