# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# podctl build run: commands that run in the image that is being built.
# On any systemd, the same.

. "$HERE/lib-servers.sh"
. "$HERE/lib-signatures.sh"

run_begin() {
        own build begin --from="$IMAGES/busybox.oci"
        defer end_run_build
}

end_run_build() {
        own build end 2>/dev/null || true
        own gc --grace-period=0
}

run_sh() { own build run --net=none -- sh -c "$1"; }

# Writes the image and prints the path of its manifest.
run_manifest() {
        own build write --overwrite --compression=none oci:out:latest >/dev/null
        jq -r '"out/blobs/sha256/" + (.manifests[0].digest | ltrimstr("sha256:"))' out/index.json
}

n_layers() { jq '.layers | length' "$(run_manifest)"; }

# The entries of the last layer: type and mode, owner, size, time, name and target.
last_layer() {
        TZ=UTC tar --numeric-owner --full-time \
                -tvf "out/blobs/sha256/$(jq -r '.layers[-1].digest | ltrimstr("sha256:")' "$(run_manifest)")"
}

test_build_run_changes() {
        run_begin
        mkdir -p given/keep given/gone given/turned given/again given/dir
        touch given/{keep,gone,turned,again}/file given/{removed,file}
        own build copy given /given
        SOURCE_DATE_EPOCH=86400 run_sh 'cd /given; echo made >made; chmod 640 made; chown 7:8 made; ln -s made link
                ln made zhard; mkfifo pipe; rm -r gone; rm removed; rm -r turned; echo >turned; rm file; mkdir file
                rm -r again; mkdir again; touch again/new; chmod 700 dir'
        assert_eq "$(last_layer)" "-rw------- 0/0               0 1970-01-01 00:00:00 given/.wh.file
-rw------- 0/0               0 1970-01-01 00:00:00 given/.wh.gone
-rw------- 0/0               0 1970-01-01 00:00:00 given/.wh.removed
-rw------- 0/0               0 1970-01-01 00:00:00 given/.wh.turned
drwxr-xr-x 0/0               0 1970-01-01 00:00:00 given/
drwxr-xr-x 0/0               0 1970-01-01 00:00:00 given/again/
-rw------- 0/0               0 1970-01-01 00:00:00 given/again/.wh..wh..opq
-rw-r--r-- 0/0               0 1970-01-01 00:00:00 given/again/new
drwx------ 0/0               0 1970-01-01 00:00:00 given/dir/
drwxr-xr-x 0/0               0 1970-01-01 00:00:00 given/file/
lrwxrwxrwx 0/0               0 1970-01-01 00:00:00 given/link -> made
-rw-r----- 7/8               5 1970-01-01 00:00:00 given/made
prw-r--r-- 0/0               0 1970-01-01 00:00:00 given/pipe
-rw-r--r-- 0/0               1 1970-01-01 00:00:00 given/turned
hrw-r----- 7/8               0 1970-01-01 00:00:00 given/zhard link to given/made"
        # The tree is the same for others, and for us.
        umoci unpack --image out:latest theirs >umoci 2>&1 || { cat umoci; false; }
        own image extract --rootfs-only "$(own fetch --full oci:out:latest)" ours
        tree() { (cd "$1/given" && find . -printf '%P %y %m %U:%G %n %l\n' | sort); }
        assert_eq "$(tree ours)" "$(tree theirs/rootfs)"
        assert_contains "$(tree ours)" 'zhard f 640 7:8 2 '
        # What comes later sees what was there, and can remove what a hard link leads to.
        own build rm /given/made
        assert_eq "$(run_sh 'cd /given; cat zhard; ls')" $'made\nagain\ndir\nfile\nkeep\nlink\npipe\nturned\nzhard'
}

# What is there only for the command to run is no change, also in an image that has nothing else.
test_build_run_leaves_no_traces() {
        own build begin
        defer end_run_build
        own build copy /bin/busybox /sbin/
        own build run --cache=deep,target=/a/b/c -- /sbin/busybox touch /a/b/c/kept
        assert_eq "$(n_layers)" 1
        own build run -- /sbin/busybox true
        assert_eq "$(n_layers)" 1
        own build run --cache=deep,target=/a/b/c -- /sbin/busybox sh -c \
                'busybox=/sbin/busybox; $busybox cat /a/b/c/kept && $busybox touch /tmp/here /a/b/there'
        assert_eq "$(last_layer | awk '{ print $6 }')" $'a/\na/b/\na/b/there\ntmp/\ntmp/here'
        assert_not_contains "$(own list --no-legend)" pod-
}

test_build_run_fails() {
        local before
        run_begin
        own build copy /etc/hostname /etc/a
        before=$(cat .podctl-build/build.json)
        status=0
        own build run -- sh -c 'rm /etc/a; exit 7' 2>err || status=$?
        assert_eq "$status" 7
        assert_contains "$(cat err)" 'Cannot build: run: the command ended with status 7; the build is as it was before'
        assert_eq "$(cat .podctl-build/build.json)" "$before"
        own build run -- test -e /etc/a
        # In a script, it is the last one.
        printf '# Not \\\nrun -- sh \\\n  -c "exit 9"\nrun -- touch /not\n' >script
        status=0
        own build script script 2>err || status=$?
        assert_eq "$status" 9
        assert_contains "$(cat err)" 'script:2: Cannot build: run: the command ended with status 9'
        own build run -- test ! -e /not
        refused_build 'no program' run -- /no/such/program
        refused_build "'build run' needs words" run
        refused_build "Option --env=A: write NAME=VALUE" run --env=A -- true
        refused_build "Option --workdir=a: write an absolute path" run --workdir=a -- true
        refused_build "Option --user=:a: write USER or USER:GROUP" run --user=:a -- true
        refused_build "Option --cache=a: write NAME,target=PATH" run --cache=a -- true
        refused_build "Option --cache=a,target=b: write NAME,target=PATH" run --cache=a,target=b -- true
        refused_build "Option --secret=a,b: write NAME or NAME=FILE" run --secret=a,b -- true
        refused_build "Option --secret=a=b: cannot read b" run --secret=a=b -- true
        refused_build "it is --cache for 'build script'" script --cache=a,target=/b script
        refused_as_user
}

refused_build() { refused_command "$1" --dir="$DATA" build "${@:2}"; }

refused_as_user() {
        chown -R 12345:12345 .
        assert_contains "$(setpriv --reuid=12345 --regid=12345 --clear-groups env -u SUDO_UID \
                podctl build run -- true 2>&1 || true)" 'only root can run a command'
        chown -R 0:0 .
}

test_build_run_surroundings() {
        run_begin
        own build env add IMAGE=yes
        own build user set 5:6
        own build workdir set /etc
        own build volume add /var
        assert_eq "$(own build run -- sh -c 'id -u; id -g; pwd; echo $IMAGE')" $'5\n6\n/etc\nyes'
        assert_eq "$(own build run --user=0 --workdir=/bin --env=IMAGE=no --env=MORE=1 -- \
                sh -c 'id -u; pwd; echo $IMAGE $MORE; touch /var/kept')" $'0\n/bin\nno 1'
        assert_contains "$(last_layer)" var/kept
        assert_not_contains "$(own build config | jq -c .config)" MORE
        assert_eq "$(own build run --net=none -- sh -c 'ls /sys/class/net')" lo
        assert_contains "$(own build run -- sh -c 'ls /sys/class/net')" eth0
        # The history says what was run.
        assert_eq "$(own build config | jq -r '.history[-1].created_by' | head -c 28)" 'podctl build: run sh -c id -'
}

test_build_run_secrets() {
        run_begin
        echo 'do not tell' >token
        assert_eq "$(own build run --secret=token=token -- sh -c 'cat /run/secrets/token; touch /told')" 'do not tell'
        own build run -- test ! -e /run/secrets/token
        own build write oci:out >/dev/null
        ! grep -rq 'do not tell' out .podctl-build "$DATA" || fail 'the secret is there'
        assert_eq "$(last_layer | awk '{ print $6 }')" told
}

# The same script makes the same image; with a cache, it runs nothing.
test_build_run_is_the_same_again() {
        local first
        cat >script <<END
begin --from=$IMAGES/busybox.oci
run --net=none --cache=count,target=/count -- sh -c 'echo x >>/count/runs; mkdir /made; touch /made/b /made/a'
layer
run --net=none -- rm /made/b
env add A=b
END
        defer end_run_build
        build() {
                SOURCE_DATE_EPOCH=${epoch-} own build script "$@" script
                own build write --overwrite oci-archive:out.tar
                own build end
        }
        first=$(build)
        assert_eq "$(build)" "$first"
        assert_eq "$(build --cache)" "$first"
        assert_eq "$(cat "$DATA/build-cache/shared/count/runs")" $'x\nx\nx'
        assert_eq "$(build --cache)" "$first"
        assert_eq "$(cat "$DATA/build-cache/shared/count/runs")" $'x\nx\nx'
        epoch=86400 build --cache >other
        [[ $(<other) != "$first" ]]
        # Nothing is left in the store, once nobody uses it.
        own image gc --grace-period=0
        assert_eq "$(own image list --no-legend)" ''
}

# Links of the image lead nowhere else.
test_build_run_of_hostile_image() {
        own build begin
        defer end_run_build
        mkdir -p evil/etc evil/bin
        cp /bin/busybox evil/bin/sh
        echo ours >outside
        ln -s "$PWD/outside" evil/etc/resolv.conf
        ln -s ../../../../../../etc/passwd evil/etc/hosts
        ln -s /etc evil/proc
        ln -s /etc evil/sys
        ln -s ../../../../../.. evil/up
        own build copy evil /
        own build run --cache=evil,target=/up/x/y -- /bin/sh -c 'echo theirs >/etc/theirs'
        assert_eq "$(cat outside)" ours
        [[ ! -e /etc/theirs && ! -e x ]]
        assert_eq "$(last_layer | awk '{ print $6 }')" $'etc/\netc/theirs'
}

# abandon PODCTL CMD…: kills a build's command that runs something long; its pod goes on, which this podctl lists.
abandon() {
        local podctl=$1 pid
        "${@:2}" /bin/sleep 300 &
        pid=$!
        wait_until eval "[[ \$($podctl list --no-legend) == *running* ]]"
        kill -KILL "$pid"
        wait "$pid" 2>/dev/null || true
}

# Until the build runs another command, or ends, whatever comes before.
test_build_run_abandoned() {
        run_begin
        abandon own podctl --dir="$DATA" build run --net=none --
        own build config >/dev/null
        own build end 2>said
        assert_contains "$(cat said)" 'was left running when podctl was killed'
        wait_until no_pod_is_left
}

test_build_run_abandoned_by_acbuild() {
        defer end_acbuild
        acbuild() { (exec -a acbuild podctl "$@"); }
        killed_acbuild() { exec -a acbuild podctl "$@"; }
        acbuild begin "$IMAGES/busybox.aci"
        abandon podctl killed_acbuild run --
        acbuild cat-manifest >/dev/null
        acbuild end 2>said
        assert_contains "$(cat said)" 'was left running when podctl was killed'
        assert_eq "$(podctl list --all --no-legend)" ''
}

# cut_off HOW CMD…: a build's command that runs something long is stopped in the middle. Prints its exit status.
cut_off() {
        local how=$1 pid status=0
        # A shell without job control starts what is in the background with SIGINT ignored.
        env --default-signal=INT "${@:2}" >said 2>&1 &
        pid=$!
        wait_until grep -q begun said
        if [[ $how == stop ]]; then
                own stop "$(own list --no-legend | awk '{ print $1 }')" >/dev/null
        else
                kill -s "$how" "$pid"
        fi
        wait "$pid" || status=$?
        printf '%s\n' "$status"
}

# The pod has ended well then, but not the command.
test_build_run_cut_off() {
        local before long='echo begun; echo >/half; sleep 300; echo >/whole'
        run_begin
        before=$(jq -c '[.layers[].tar, .changes]' .podctl-build/build.json)
        assert_eq "$(cut_off INT podctl --dir="$DATA" build run --net=none -- sh -c "$long")" 130
        assert_eq "$(cut_off TERM podctl --dir="$DATA" build run --net=none -- sh -c "$long")" 143
        assert_eq "$(cut_off HUP podctl --dir="$DATA" build run --net=none -- sh -c "trap 'exit 0' TERM; $long")" 129
        assert_eq "$(cut_off stop podctl --dir="$DATA" build run --net=none -- sh -c "$long")" 143
        assert_eq "$(jq -c '[.layers[].tar, .changes]' .podctl-build/build.json)" "$before"

        # Neither does a script go on, nor is the step in its cache.
        cat >script <<END
begin --from=$IMAGES/busybox.oci
run --net=none --cache=mark,target=/mark -- sh -c \
        'echo begun; [ -e /mark/begun ] || { : >/mark/begun; sleep 300; }; echo whole >/state'
run --net=none -- cat /state
write --compression=none oci:built:latest
END
        own build end
        assert_eq "$(cut_off TERM podctl --dir="$DATA" build --script=script)" 143
        [[ ! -e built ]]
        own build end 2>/dev/null || true
        own build --script=script >said
        assert_contains "$(cat said)" whole
}

# Killed at any moment, the build is as before or as after, and can be gone on with; gc clears what there is.
test_build_run_killed() {
        local before after moment mounts
        mounts=$(findmnt --list --noheadings --output=TARGET | sort)
        run_begin
        own build copy /etc/hostname /etc/given
        before=$(jq -c '[.layers[].tar, .changes]' .podctl-build/build.json)
        own build run --net=none -- touch /made
        after=$(jq -c '[.layers[].tar, .changes]' .podctl-build/build.json)
        for moment in $(seq 20); do
                # Processes of the one that was killed may hold the build's lock for another moment.
                wait_until own build end
                own build begin --from="$IMAGES/busybox.oci"
                own build copy /etc/hostname /etc/given
                timeout --signal=KILL "0.$(printf '%02d' $((moment * 4)))" podctl --dir="$DATA" build run --net=none \
                        -- touch /made 2>/dev/null || true
                assert_contains "$before $after" "$(jq -c '[.layers[].tar, .changes]' .podctl-build/build.json)"
        done
        # Once more, for a build that is as before.
        wait_until own build end
        own build begin --from="$IMAGES/busybox.oci"
        own build copy /etc/hostname /etc/given
        own build run --net=none -- touch /made
        assert_eq "$(jq -c '[.layers[].tar, .changes]' .podctl-build/build.json)" "$after"
        wait_until no_pod_is_left
        assert_eq "$(findmnt --list --noheadings --output=TARGET | sort)" "$mounts"
}

no_pod_is_left() {
        own gc --grace-period=0 --expire-prepared=0 >/dev/null 2>&1
        [[ -z $(own list --all --no-legend) ]]
}

test_build_run_cache_is_collected() {
        run_begin
        own build run --net=none --cache=one,target=/one -- touch /one/file
        own build run --net=none --cache=two,target=/two -- touch /two/file
        touch -d '40 days ago' "$DATA/build-cache/shared/one"
        assert_eq "$(own system df --format=json | jq -c '.[3] | [.type, .total, .active, .reclaimable < .size]')" \
                '["build-cache",2,0,true]'
        own image gc
        assert_eq "$(ls "$DATA/build-cache/shared")" two
        own image gc --grace-period=0
        assert_eq "$(ls "$DATA/build-cache/shared")" ''
}

# acbuild's own, on top of a dependency, by which alone there is a shell.
test_build_run_by_acbuild() {
        defer end_acbuild
        acbuild() { (exec -a acbuild podctl "$@"); }
        mkdir root
        mkdir root/bin
        cp /bin/busybox root/bin/busybox
        ln -s busybox root/bin/sh
        acbuild begin ./root
        acbuild set-name example.com/shell
        acbuild write shell.aci
        acbuild end
        podctl --insecure-options=image fetch ./shell.aci >/dev/null
        acbuild begin
        acbuild set-name example.com/app
        acbuild set-user 7
        acbuild environment add GREETING hello
        acbuild dependency add example.com/shell
        acbuild run -- sh -c 'echo $GREETING $(busybox id -u) >/greeting'
        status=0
        acbuild run -- sh -c 'echo no >/no; exit 5' 2>err || status=$?
        assert_eq "$status $(cat err)" '5 run: exit status 5'
        assert_fails 1 acbuild run --engine=other -- sh
        acbuild run --working-dir=/bin --engine=chroot -- sh -c 'pwd >/where'
        acbuild write app.aci
        acbuild end
        assert_eq "$(tar -xOf app.aci rootfs/greeting rootfs/where)" $'hello 0\n/bin'
        assert_eq "$(tar -tf app.aci | sort)" $'manifest\nrootfs/\nrootfs/greeting\nrootfs/where'
        acbuild --modify-appc=shell.aci run -- sh -c 'echo more >/more'
        assert_eq "$(tar -xOf shell.aci rootfs/more)" more
}

end_acbuild() {
        acbuild end 2>/dev/null || true
        podctl image gc --grace-period=0
}

# Attributes that images have are kept, and what they cannot have is refused by its name.
test_build_run_of_odd_files() {
        local path
        own build begin
        defer end_run_build
        own build copy /bin/busybox /bin/busybox
        own build copy /bin/busybox /bin/sh
        for path in /usr/sbin/setcap /usr/bin/setfattr \
                $(ldd /usr/sbin/setcap /usr/bin/setfattr | grep -o '/[^ ]*' | grep -v ':$' | sort -u); do
                own build copy "$(realpath "$path")" "$path"
        done
        own build run -- sh -c 'cp /bin/busybox /ping; chmod 4755 /ping
                /usr/sbin/setcap cap_net_raw=ep /ping; /usr/bin/setfattr -n user.note -v text /ping
                touch "/$(printf "a\377b")"'
        own image extract --rootfs-only "$(own fetch --full oci:"$(run_manifest | cut -d/ -f1)":latest)" tree
        assert_eq "$(getcap tree/ping)" 'tree/ping cap_net_raw=ep'
        assert_eq "$(getfattr --only-values -n user.note tree/ping)" text
        assert_eq "$(stat -c %a tree/ping)" 4755
        [[ -e tree/$(printf 'a\377b') ]]
        refused_build '/.wh.x: layers cannot have files of such names' run -- /bin/busybox touch /.wh.x
}

# A full disk: the build is as before.
test_build_run_on_a_full_disk() {
        small_disk disk 30M
        defer own gc --grace-period=0
        (cd disk && fill_the_disk)
}

fill_the_disk() {
        local before
        own build begin --from="$IMAGES/busybox.oci"
        before=$(cat .podctl-build/build.json)
        refused_build 'No space left' run --net=none -- sh -c 'dd if=/dev/urandom of=/big bs=1M count=40 2>/dev/null'
        assert_eq "$(cat .podctl-build/build.json)" "$before"
        own build run --net=none -- touch /small
        assert_eq "$(last_layer | awk '{ print $6 }')" small
        own build end
}

# The article's way: built by its own commands, pushed, signed, trusted, and a pod that answers on its port.
test_build_run_article() {
        registry
        cosign_key maker
        echo 'it works' >page
        cat >site.build <<END
begin --from=$IMAGES/busybox.oci
copy page /srv/www/index.html
run --net=none -- sh -c 'echo web:x:1000:1000::/:/bin/sh >>/etc/passwd; chown web /srv/www /srv/www/index.html'
run --net=none --user=web -- \\
        sh -c 'sed -i "s/works/works, by \$(id -un)/" /srv/www/index.html'
port add 8080/tcp
user set web
entrypoint remove
cmd set -- busybox httpd -f -p 8080 -h /srv/www
END
        http() { podctl --dir="$DATA" --local-config="$PWD/config" --insecure-options=http "$@"; }
        own build --script=site.build
        http build push docker://127.0.0.1:5000/site:1 >/dev/null
        own build end
        http sign --key=maker.key docker://127.0.0.1:5000/site:1 >/dev/null
        assert_fails 254 http run docker://127.0.0.1:5000/site:1
        http trust --skip-fingerprint-review --prefix=127.0.0.1:5000/site maker.pub
        defer own gc --grace-period=0
        defer podctl --dir="$DATA" stop site
        http run --detach --name=site --port=8093:8080 docker://127.0.0.1:5000/site:1
        assert_eq "$(page http://localhost:8093/)" 'it works, by web'
}
