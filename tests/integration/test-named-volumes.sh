# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Volumes that outlive their pods: what is in them at first, who shares them, what keeps them, and their archives.
# On any systemd, the same.

fetch busybox.oci
VOLUMES=/var/lib/podctl/volumes

# volume NAME: it goes with the test, and with the pods that used it.
volume() {
        defer forget_volume "$1"
}

forget_volume() {
        podctl gc --grace-period=0 >/dev/null 2>&1
        podctl volume rm --force "$1" >/dev/null 2>&1
}

# named SCRIPT [OPTION…]: runs it in a pod with the volume "data" at /vault, which busybox does not have.
named() {
        podctl run --net=none --volume=data,kind=named "${@:2}" \
                "${image:-busybox}" --name=app --user=0 --mount=volume=data,target=/vault --exec=/bin/sh -- -c "$1"
}

# image_of_tree TREE: busybox with these files; $image is its ID.
image_of_tree() {
        cp -a "$IMAGES/busybox.oci" own.oci
        umoci insert --image own.oci:latest "$1" /
        umoci gc --layout own.oci
        podctl --insecure-options=image fetch "$PWD/own.oci" >fetched
        image=$(tail -n 1 fetched)
        defer forget_image "$image"
}

forget_image() {
        podctl gc --grace-period=0 >/dev/null 2>&1
        podctl image rm "$1" >/dev/null
}

# A directory with one of everything, as /vault of an image or for an archive.
make_tree() {
        mkdir -p "$1/sub/deep"
        echo 'of the image' >"$1/file"
        ln "$1/file" "$1/linked"
        ln -s /etc/passwd "$1/link"
        cp /bin/true "$1/program"
        echo deep >"$1/sub/deep/file"
        truncate -s 8M "$1/sparse"
        echo end >>"$1/sparse"
        mkfifo "$1/fifo"
        chown -h 5:6 "$1/link" "$1/fifo"
        chown 33:34 "$1" "$1/file"
        chown 65534:7 "$1/sub"
        chmod 2750 "$1"
        chmod 4755 "$1/program"
        chmod 1777 "$1/sub/deep"
        python3 - "$1" <<'PYTHON'
import os, struct, sys
tree = sys.argv[1]
os.setxattr(tree + "/file", "user.colour", b"red")
os.setxattr(tree + "/sub/deep/file", "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
entry = lambda tag, perm, who=0xffffffff: struct.pack("<HHI", tag, perm, who)
acl = struct.pack("<I", 2) + entry(1, 6) + entry(2, 4, 99) + entry(4, 4) + entry(16, 4) + entry(32, 0)
os.setxattr(tree + "/file", "system.posix_acl_access", acl)
# Both: libarchive 3.8.10 takes the mode of an entry with any list from the one for access.
os.setxattr(tree + "/sub", "system.posix_acl_access", acl)
os.setxattr(tree + "/sub", "system.posix_acl_default", acl)
os.utime(tree + "/file", ns=(10**18 + 5, 10**18 + 7))
PYTHON
}

# image_of_everything: with one of everything in /vault. umoci knows neither ACLs nor parts of seconds: they come in the
# store.
image_of_everything() {
        local layer
        mkdir -p tree/vault
        echo >tree/vault/unique-$$
        image_of_tree tree
        layer=$(dirname /var/lib/podctl/images/layers/*/rootfs/vault/unique-$$)
        rm -rf "$layer"
        make_tree "$layer"
        tree_facts "$layer" >wanted
}

# tree_facts TREE: everything about its files but access times and what is the file system's.
tree_facts() {
        python3 - "$1" <<'PYTHON'
import os, stat, sys
top, first = sys.argv[1], {}
for path, directories, files in os.walk(top):
    directories.sort()
    for name in sorted(files + directories) + ([""] if path == top else []):
        p = os.path.join(path, name)
        s = os.lstat(p)
        kind = stat.filemode(s.st_mode)
        print(os.path.relpath(p, top), kind, s.st_uid, s.st_gid, s.st_rdev,
              s.st_size if stat.S_ISREG(s.st_mode) else "", s.st_mtime_ns if not stat.S_ISDIR(s.st_mode) else "",
              first.setdefault(s.st_ino, os.path.relpath(p, top)) if not stat.S_ISDIR(s.st_mode) else "",
              os.readlink(p) if stat.S_ISLNK(s.st_mode) else "",
              sorted((a, os.getxattr(p, a, follow_symlinks=False)) for a in os.listxattr(p, follow_symlinks=False)),
              open(p, "rb").read().strip(b"\0")[:80] if stat.S_ISREG(s.st_mode) else "")
PYTHON
}

# --- First content, and what becomes of it

test_first_use_copies_what_the_image_has() {
        image_of_everything
        volume data
        assert_eq "$(named 'stat -c "%u %g %a" /vault /vault/sub /vault/program; cat /vault/file')" \
                $'33 34 2750\n65534 7 640\n0 0 4755\nof the image'
        tree_facts $VOLUMES/data/data >found
        diff wanted found >&2
        (($(stat -c %b $VOLUMES/data/data/sparse) < 1000)) || fail "the hole was filled"
        assert_eq "$(stat -c '%a %u' $VOLUMES $VOLUMES/data)" $'700 0\n700 0'
        assert_eq "$(ls -A $VOLUMES)" data
}

test_without_a_user_namespace_it_is_the_same() {
        image_of_everything
        volume data
        named true --private-users=no
        tree_facts $VOLUMES/data/data >found
        diff wanted found >&2
        assert_eq "$(named 'stat -c "%u %g %a" /vault /vault/file')" $'33 34 2750\n33 34 640'
}

test_nothing_in_the_image() {
        volume data
        assert_eq "$(named 'ls -A /vault; stat -c "%u %g %a" /vault; echo new >/vault/f')" '0 0 755'
        assert_eq "$(cat $VOLUMES/data/data/f)" new
}

# A volume of another kind around it is not the image.
test_other_volumes_are_not_the_image() {
        mkdir -p host/inner
        echo secret >host/inner/f
        volume data
        assert_eq "$(podctl run --net=none --volume=h,kind=host,source="$PWD/host" --volume=data,kind=named \
                busybox --name=app --mount=volume=h,target=/h --mount=volume=data,target=/h/inner \
                --exec=/bin/ls -- -A /h/inner)" ''
        assert_eq "$(cat host/inner/f)" secret
}

# An image's links do not lead anywhere but into the image.
test_links_stay_in_the_image() {
        mkdir -p tree/real
        echo inside >tree/real/f
        ln -s /real tree/vault
        image_of_tree tree
        volume data
        assert_eq "$(named 'cat /vault/f')" inside
        rm -rf own.oci tree/vault
        ln -s ../../../../../../../../var/lib/podctl tree/vault
        podctl volume rm --force data >/dev/null
        image_of_tree tree
        assert_eq "$(named 'ls -A /vault')" ''
}

test_kept_when_pods_go() {
        volume data
        named 'echo one >/vault/f' --name=first
        podctl rm first >/dev/null
        assert_eq "$(named 'cat /vault/f; echo two >/vault/f')" one
        podctl gc --grace-period=0 >/dev/null
        assert_eq "$(podctl list --all --no-legend)" ''
        assert_eq "$(cat $VOLUMES/data/data/f)" two
        assert_eq "$(named 'cat /vault/f')" two
}

# Another pod has other user IDs, and the same files.
test_shared_by_pods_with_other_ranges() {
        mkdir -p tree/vault
        chown 1000:1000 tree/vault
        image_of_tree tree
        volume data
        pod one --net=none --volume=data,kind=named \
                "$image" --name=app --user=1000 --group=1000 --mount=volume=data,target=/vault --exec=/bin/sh -- \
                -c 'echo one >/vault/one; exec sleep 1000'
        wait_until test -e $VOLUMES/data/data/one
        pod two --net=none --volume=here,kind=named,volume=data \
                "$image" --name=app --user=1000 --group=1000 --mount=volume=here,target=/there --exec=/bin/sh -- \
                -c 'echo two >>/there/one && echo two >/there/two; exec sleep 1000'
        wait_until test -s $VOLUMES/data/data/two
        [[ $(cat /var/lib/podctl/pods/run/*/uid-base | sort -u | wc -l) == 2 ]] || fail "both have the same range"
        assert_eq "$(podctl exec one cat /vault/one /vault/two)" $'one\ntwo\ntwo'
        assert_eq "$(stat -c '%u %g' $VOLUMES/data/data/one $VOLUMES/data/data/two | sort -u)" '1000 1000'
}

test_manifest() {
        volume kept
        jq -n '{acKind: "PodManifest", acVersion: "0.8.11",
                apps: [{name: "app", image: {name: "busybox"}, mounts: [{volume: "v", path: "/etc"}],
                        app: {exec: ["/bin/sh", "-c", "ls /etc/passwd; echo x >>/etc/log; wc -l </etc/log"],
                              user: "0", group: "0"}}],
                volumes: [{name: "v", kind: "named", volume: "kept"}]}' >pod.json
        assert_eq "$(podctl run --net=none --pod-manifest=pod.json)" $'/etc/passwd\n1'
        mkdir -p /etc/podctl/pods.d
        defer rm -f /etc/podctl/pods.d/named.json
        cp pod.json /etc/podctl/pods.d/named.json
        podctl check named
        systemctl start pod@named
        wait_until gone_service pod@named
        assert_eq "$(wc -l <$VOLUMES/kept/data/log)" 2
        jq '.volumes[0].volume = "../kept"' pod.json >bad.json
        refused_by 'is not a valid name' podctl run --pod-manifest=bad.json
}

gone_service() {
        [[ $(systemctl show -P ActiveState "$1") == inactive ]]
}

test_read_only_and_devices() {
        volume data
        named 'echo x >/vault/f; mknod /vault/null c 1 3' --private-users=no || true
        [[ -c $VOLUMES/data/data/null ]] || mknod $VOLUMES/data/data/null c 1 3
        assert_contains "$(named 'echo y >/vault/null' --private-users=no 2>&1 || true)" 'Permission denied'
        refused_by 'Read-only file system' named_ro
}

named_ro() {
        podctl run --net=none --volume=data,kind=named,readOnly=true busybox --name=app \
                --mount=volume=data,target=/vault --exec=/bin/sh -- -c 'echo y >/vault/f || exit 254'
}

# --- Several at once, and the middle of things

many_files() {
        mkdir -p tree/vault
        python3 -c 'for i in range(8000): open(f"tree/vault/{i:05}", "w").write(str(i))'
        image_of_tree tree
}

test_starting_at_once() {
        local i
        many_files
        volume data
        for i in 1 2 3 4; do
                named "ls /vault | wc -l; cat /vault/07999; touch /vault/mine-$i" --name="at-once-$i" >"out.$i" &
        done
        wait_for_jobs
        for i in 1 2 3 4; do
                (($(head -n 1 "out.$i") >= 8000)) || fail "a part only: $(cat "out.$i")"
                assert_eq "$(tail -n 1 "out.$i")" 7999
                test -e "$VOLUMES/data/data/mine-$i"
        done
        assert_eq "$(ls -A $VOLUMES)" data
}

# The launcher, and whatever helps it.
kill_in_the_middle() {
        local end=$((SECONDS + 30)) procs=/sys/fs/cgroup/machine.slice/podctl-killed.service/cgroup.procs
        named true --name=killed >/dev/null 2>&1 &
        until [[ -e $VOLUMES/.data.new/data/00100 ]]; do
                ((SECONDS < end)) || fail "never began"
        done
        # shellcheck disable=SC2046
        kill -KILL $(cat $procs) || true
        wait $! || true
        [[ ! -e $VOLUMES/data ]]
}

test_killed_in_the_middle() {
        local tries=0
        many_files
        volume data
        # It may have been faster than we.
        until kill_in_the_middle; do
                ((++tries < 10)) || fail "always too late"
                podctl volume rm --force data >/dev/null
        done
        test -d $VOLUMES/.data.new
        assert_eq "$(podctl volume list --no-legend)" ''
        assert_eq "$(named 'ls /vault | wc -l; cat /vault/07999')" $'8000\n7999'
        assert_eq "$(ls -A $VOLUMES)" data
        # Where no pod comes back to it, the collection takes it away.
        mkdir -p $VOLUMES/.other.new/data $VOLUMES/.more.old/data
        podctl gc >/dev/null
        assert_eq "$(ls -A $VOLUMES)" data
}

test_full_disk() {
        small_disk data 64M
        mkdir -p tree/vault
        head -c 18M /dev/urandom >tree/vault/big
        cp -a "$IMAGES/busybox.oci" own.oci
        umoci insert --image own.oci:latest tree /
        umoci gc --layout own.oci
        own fetch "$PWD/own.oci" >fetched
        defer own gc --grace-period=0
        assert_fails 254 own run --net=none --volume=v,kind=named "$(tail -n 1 fetched)" --name=app --user=0 \
                --mount=volume=v,target=/vault --exec=/bin/true
        assert_contains "$output" "volume 'v': /big: No space left on device"
        assert_eq "$(ls -A data/volumes)" ''
        head -c 8M tree/vault/big >big
        tar -cf big.tar big
        own gc --grace-period=0
        head -c 64M /dev/zero >data/filler 2>/dev/null || true
        assert_fails 254 own volume import w big.tar
        assert_contains "$output" 'No space left on device'
        assert_eq "$(ls -A data/volumes)" ''
        rm data/filler
        own volume import w big.tar
        cmp big data/volumes/w/data/big
        own volume rm w
}

# --- Verbs

test_rm() {
        volume data
        pod user --net=none --volume=data,kind=named busybox --name=app --mount=volume=data,target=/vault \
                --exec=/bin/sleep -- 1000
        wait_until test -d $VOLUMES/data
        refused_command "Volume 'data' is used by pod 'user', which is running; stop the pod first" volume rm data
        refused_command "which is running" volume rm --force data
        podctl stop --force user
        wait_until gone user
        refused_command "is used by pod 'user', which is exited; remove the pod first" volume rm data
        podctl run --net=none --volume=data,kind=named busybox --name=app --mount=volume=data,target=/vault \
                --exec=/bin/true
        refused_command "is used by 2 pods that do not run, such as " volume rm data
        podctl gc --grace-period=1h >/dev/null
        assert_eq "$(podctl volume rm data)" '"data"'
        test ! -e $VOLUMES/data
        refused_command "There is no volume 'data'" volume rm data
        refused_command "'../data' is not a valid name of a volume" volume rm ../data
}

test_rm_and_prepared_pods() {
        local uuid
        volume data
        podctl volume create data
        uuid=$(podctl prepare --volume=data,kind=named busybox --name=app --mount=volume=data,target=/vault \
                --exec=/bin/true)
        refused_command "which is prepared" volume rm data
        podctl volume rm --force data >/dev/null
        podctl run-prepared "$uuid"
        test -d $VOLUMES/data/data
}

test_create() {
        mkdir -p tree/vault
        echo image >tree/vault/f
        chown 7:8 tree/vault
        image_of_tree tree
        volume data
        volume other
        podctl volume create data other
        assert_eq "$(podctl volume list --no-legend | awk '{ print $1, $NF }')" $'data -\nother -'
        refused_command "there is a volume 'data' already" volume create data
        refused_command "is not a valid name of a volume" volume create Data
        assert_eq "$(named 'cat /vault/f; stat -c "%u %g" /vault; rm /vault/f')" $'image\n7 8'
        assert_eq "$(named 'ls -A /vault')" ''
        # What was put there by hand stays.
        echo mine >$VOLUMES/other/data/f
        assert_eq "$(podctl run --net=none --volume=data,kind=named,volume=other "$image" --name=app --user=0 \
                --mount=volume=data,target=/vault --exec=/bin/cat -- /vault/f)" mine
}

test_volume_results_as_json() {
        volume data
        volume other
        podctl volume create --format=json Data data >out 2>err && return 1
        jq -e '. == [{name: "data"}]' out
        assert_contains "$(<err)" Data
        podctl volume rm --format=json other data >out 2>err && return 1
        jq -e '. == [{name: "data"}]' out
        assert_contains "$(<err)" "There is no volume 'other'"
        refused_command --format volume create --format=xml data
        refused_command --format volume rm --format=xml data
        test ! -e $VOLUMES/data
        podctl volume create data
        podctl volume export --format=json data data.tar | jq -e '. == [{name: "data", file: "data.tar"}]'
        podctl volume import --format=json other data.tar | jq -e '. == [{name: "other", origin: "data.tar"}]'
        refused_command "Option --format needs a file" volume export --format=json data -
        refused_command --format volume import --format=xml third data.tar
}

test_list_and_inspect() {
        volume data
        named 'echo 0123456789 >/vault/f' --name=lister
        assert_eq "$(podctl volume list --no-legend | awk '{ print $1, $NF }')" 'data lister'
        assert_eq "$(podctl volume list --format=json | jq -c '.[] | [.name, .path, .origin, .pods]')" \
                "[\"data\",\"$VOLUMES/data/data\",\"app:/vault\",[\"lister\"]]"
        assert_eq "$(podctl volume inspect data | sed '/^created/d; s/^size=[0-9]*$/size/')" \
                "name=data
path=$VOLUMES/data/data
origin=app:/vault
size
pods=lister"
        (($(podctl volume inspect --format=json data | jq '.[0].size') >= 4096))
        assert_fails 254 podctl volume inspect data none
        assert_contains "$output" "There is no volume 'none'"
        assert_contains "$output" name=data
        assert_contains "$(podctl complete volume rm d)" data
        podctl gc --grace-period=0 >/dev/null
        assert_eq "$(podctl volume list --format=json | jq -c '.[].pods')" '[]'
}

# A file system of its own limits it, and is used as it is.
test_mounted_volume() {
        mkdir -p tree/vault
        echo image >tree/vault/f
        image_of_tree tree
        volume data
        podctl volume create data
        small_disk $VOLUMES/data/data 8M
        assert_eq "$(named 'ls -A /vault; head -c 16M /dev/zero >/vault/big 2>/dev/null || echo full')" \
                $'lost+found\nfull'
        (($(stat -c %s $VOLUMES/data/data/big) < 8388608))
        refused 'named volumes have their limit from' --volume=data,kind=named,size=1M busybox
}

# A link in the place of a volume is not followed.
test_links_are_not_volumes() {
        mkdir -p elsewhere/data $VOLUMES
        ln -s "$PWD/elsewhere" $VOLUMES/data
        defer rm -f $VOLUMES/data
        refused_by 'is a symbolic link or a file, which is not followed' named true
        assert_eq "$(podctl volume list --no-legend)" ''
        assert_fails 254 podctl volume export data out.tar
        assert_eq "$(ls elsewhere/data)" ''
}

# --- Archives

test_archive_round_trip() {
        make_tree tree
        mknod tree/device c 1 3
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
        tree_facts tree | grep -v ^socket >wanted
        volume one
        volume two
        podctl volume create one
        cp -a tree/. $VOLUMES/one/data/
        podctl volume export one out.tar
        podctl volume export one - >piped.tar
        cmp out.tar piped.tar
        assert_eq "$(tar -tf out.tar | grep -c socket || true)" 0
        (($(stat -c %s out.tar) < 1000000)) || fail "the hole is in the archive"
        podctl volume import two out.tar
        tree_facts $VOLUMES/two/data >found
        diff wanted found >&2
        (($(stat -c %b $VOLUMES/two/data/sparse) < 1000)) || fail "the hole was filled"
        assert_eq "$(podctl volume list --format=json | jq -r '.[1].origin')" out.tar
        refused_command "there is a volume 'two' already" volume import two out.tar
        refused_command "out.tar exists already" volume export one out.tar
        podctl volume export --overwrite one out.tar
        # GNU tar reads it, and a part of it is not taken for the whole.
        mkdir gnu
        tar -xf out.tar -C gnu --xattrs --xattrs-include='*' --acls
        tree_facts gnu | sed '/^sub\/deep\/file/d' >found
        diff <(sed '/^sub\/deep\/file/d' wanted) found >&2
        podctl volume rm two >/dev/null
        head -c 30000 out.tar >part.tar
        assert_fails 254 podctl volume import two part.tar
        test ! -e $VOLUMES/two
        gzip -c out.tar | podctl volume import two -
        tree_facts $VOLUMES/two/data >found
        diff wanted found >&2
        assert_eq "$(ls -A $VOLUMES)" $'one\ntwo'
}

# On another host, where pods have other user IDs.
test_archive_moves() {
        mkdir -p tree/vault
        chown 1000:1000 tree/vault
        image_of_tree tree
        volume data
        volume moved
        podctl run --net=none --volume=data,kind=named "$image" --name=app --user=1000 --group=1000 \
                --mount=volume=data,target=/vault --exec=/bin/sh -- -c 'echo mine >/vault/f'
        podctl volume export data - | podctl volume import moved -
        assert_eq "$(podctl run --net=none --volume=data,kind=named,volume=moved "$image" --name=app --user=1000 \
                --group=1000 --mount=volume=data,target=/vault --exec=/bin/sh -- \
                -c 'cat /vault/f; echo too >>/vault/f; stat -c %u /vault/f')" $'mine\n1000'
        assert_eq "$(cat $VOLUMES/moved/data/f)" $'mine\ntoo'
}

# Files that change, directories that turn into links: nothing but the volume's is in the archive.
test_export_while_a_pod_writes() {
        volume data
        pod busy --net=none --volume=data,kind=named busybox --name=app --mount=volume=data,target=/vault \
                --exec=/bin/sh -- -c 'mkdir -p /vault/dir/etc /vault/out; echo inside >/vault/dir/etc/os-release
                        touch /vault/ready
                        while :; do
                                mv /vault/dir /vault/kept; ln -s / /vault/dir; rm /vault/dir; mv /vault/kept /vault/dir
                                echo line >>/vault/log
                        done'
        wait_until test -e $VOLUMES/data/data/ready
        local i
        for i in 1 2 3 4 5 6 7 8 9 10; do
                rm -f out.tar
                podctl volume export data out.tar 2>err || { assert_contains "$(cat err)" 'data'; continue; }
                assert_eq "$(tar -tf out.tar | grep -c 'dir/usr\|dir/var' || true)" 0
                ! tar -xOf out.tar dir/etc/os-release 2>/dev/null | grep -q Debian || fail 'it has a file of the host'
        done
}

test_hostile_archives() {
        local archive
        python3 - <<'PYTHON'
import io, tarfile

def archive(name, *members):
    with tarfile.open(name, "w", format=tarfile.PAX_FORMAT) as t:
        for path, kind, target in members:
            m = tarfile.TarInfo(path)
            m.type, m.linkname = kind, target if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            data = b"" if m.linkname else b"hostile"
            m.size = len(data) if kind == tarfile.REGTYPE else 0
            t.addfile(m, io.BytesIO(data) if m.size else None)

F, L, H, D = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
archive("dotdot.tar", ("good", F, ""), ("../escaped", F, ""))
archive("deep.tar", ("a", D, ""), ("a/../../../escaped", F, ""))
archive("hard.tar", ("passwd", H, "/etc/passwd"))
archive("hard2.tar", ("passwd", H, "../../../../../etc/passwd"))
archive("twice.tar", ("x", L, "/etc"), ("x", F, ""))
archive("loop.tar", ("x", L, "y"), ("y", L, "x"), ("x/f", F, ""))
archive("absolute.tar", ("/escaped", F, ""))
archive("through.tar", ("sub", D, ""), ("link", L, "/sub"), ("link/escaped", F, ""),
        ("up", L, "../../../../../../.."), ("up/escaped2", F, ""))
PYTHON
        echo 'not an archive' >text.tar
        : >empty.tar
        for archive in dotdot deep hard hard2 twice loop text empty; do
                assert_fails 254 podctl volume import bad $archive.tar
                assert_contains "$output" "Cannot import $archive.tar"
                assert_eq "$(ls -A $VOLUMES)" ''
        done
        # These stay within, as for a process that has the volume as its root.
        volume bad
        podctl volume import bad absolute.tar
        assert_eq "$(ls $VOLUMES/bad/data)" escaped
        podctl volume rm bad >/dev/null
        podctl volume import bad through.tar
        assert_eq "$(ls $VOLUMES/bad/data)" $'escaped2\nlink\nsub\nup'
        assert_eq "$(ls $VOLUMES/bad/data/sub)" escaped
        test ! -e /escaped
        test ! -e /escaped2
        test ! -e $VOLUMES/escaped
        assert_fails 254 podctl volume import none .
        assert_fails 254 podctl volume import none missing.tar
        assert_contains "$output" 'Cannot read missing.tar'
        in_terminal 'podctl volume export bad -'
        wait_until grep -q 'is not for a terminal' screen
}

# --- Directories of the host that are made

test_create_the_source() {
        assert_eq "$(podctl run --net=none --volume=d,kind=host,source="$PWD/made/deep",create=true \
                busybox --name=app --mount=volume=d,target=/d --exec=/bin/sh -- \
                -c 'echo x >/d/f; stat -c "%u %a" /d')" '0 755'
        assert_eq "$(stat -c '%u %g %a' made made/deep)" $'0 0 755\n0 0 755'
        chmod 700 made/deep
        # What is there is left as it is, and a look at the plan makes nothing.
        assert_eq "$(podctl run --net=none --volume=d,kind=host,source="$PWD/made/deep",create=true \
                busybox --name=app --mount=volume=d,target=/d --exec=/bin/cat -- /d/f)" x
        assert_eq "$(stat -c %a made/deep)" 700
        podctl run --dry-run --volume=d,kind=host,source="$PWD/planned",create=true busybox --name=app \
                --mount=volume=d,target=/d >/dev/null
        test ! -e planned
        refused "source $PWD/none: No such file" --volume=d,kind=host,source="$PWD/none" busybox --name=app \
                --mount=volume=d,target=/d
}

test_create_the_file() {
        local script='cat /f; stat -c "%F %u %a" /f; echo x >>/f' file=$PWD/for/it
        assert_eq "$(sh_run "$script" --volume=f,kind=host,source="$file",createFile=true --mount=volume=f,target=/f)" \
                'regular empty file 0 644'
        assert_eq "$(stat -c '%u %g %a' "$file")" '0 0 644'
        assert_eq "$(sh_run "$script" --volume=f,kind=host,source="$file",createFile=true --mount=volume=f,target=/f)" \
                $'x\nregular file 0 644'
        refused 'create makes a directory; leave out one of them' busybox \
                --volume=f,kind=host,source="$file",create=true,createFile=true
}

# Hosts in namespaces have no quotas; vm/test-quota.sh shows the limit.
test_named_volume_with_a_size() {
        small_disk data 20M
        assert_fails 254 own volume create --size=1M small
        assert_contains "$output" "volume 'small': the file system at $PWD/data does not limit the size"
        assert_eq "$(ls -A data/volumes)" ''
        assert_fails 254 own volume create --size=much small
        own volume create small
        assert_eq "$(own volume inspect small | grep -c '^limit=')" 0
}
