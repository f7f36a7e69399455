# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Volumes of all kinds in all places, devices, and what an image wants to have of its own.

fetch busybox.oci httpd.oci debian.oci busybox.aci

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
        assert_eq "$(sh_run 'cat /run/app/secret; stat -c %F /run/app/secret' \
                $(host v "$PWD/file" /run/app/secret readOnly=true))" $'secret\nregular file'
        # shellcheck disable=SC2046
        assert_contains "$(sh_run 'echo x >/run/app/secret' \
                $(host v "$PWD/file" /run/app/secret readOnly=true) 2>&1)" Read-only
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
        # shellcheck disable=SC2046
        sh_run 'test -S /var/run/docker.sock' $(host v "$PWD/socket" /var/run/docker.sock)
}

# A program that is only there when the app starts.
test_program_below_run() {
        mkdir volume
        printf '#!/bin/sh\necho "program $1"\n' >volume/program
        chmod 755 volume volume/program
        assert_eq "$(podctl run --volume=v,kind=host,source="$PWD/volume" \
                busybox --name=app --mount=volume=v,target=/run/v --exec=/var/../run/v/program -- one)" 'program one'
        assert_fails 203 podctl run --volume=v,kind=host,source="$PWD/volume" \
                busybox --name=app --mount=volume=v,target=/run/v --exec=/run/v/missing
        assert_contains "$output" /run/v/missing
}

# By where they are, not by what they are called: /lib is a link to /usr/lib.
test_order_follows_links() {
        mkdir over under
        echo deep >under/f
        # shellcheck disable=SC2046
        assert_eq "$(podctl run $(host r "$PWD/over" /usr/lib/x) $(host w "$PWD/under" /lib/x/y) debian --user=0 \
                --exec=/bin/cat -- /lib/x/y/f)" deep
        assert_fails 254 podctl run --volume=a,kind=empty --volume=b,kind=empty busybox --mount=volume=a,target=/v \
                --mount=volume=b,target=/v/ --exec=/bin/true
        assert_contains "$output" "there are two volumes at '/v/'"
}

# One within another, and a link that leads there.
test_nested_below_run() {
        mkdir -p outer inner links
        echo outer >outer/f
        echo inner >inner/f
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /run/v/f /run/v/w/f; ls /run/v' \
                $(host w "$PWD/inner" /run/v/w) $(host v "$PWD/outer" /run/v))" $'outer\ninner\nf\nw'
        ln -s /run/elsewhere links/link
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /run/elsewhere/v/f' \
                $(host l "$PWD/links" /links) $(host v "$PWD/outer" /links/link/v))" outer
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'cat /run/f /run/w/f' \
                $(host v "$PWD/outer" /run) $(host w "$PWD/inner" /run/w))" $'outer\ninner'
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
        sh_run 'test -d /sys/class/net && ! mkdir /sys/fs/cgroup/x 2>/dev/null' \
                $(host v /sys /sys readOnly=true) --private-users=no
}

# Who joins the app sees the same.
test_exec_sees_late_volumes() {
        mkdir volume
        echo hello >volume/f
        pod late --volume=v,kind=host,source="$PWD/volume" --mount='volume=v,target=/run/a b' \
                busybox --name=app --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec late cat '/run/a b/f')" hello
        assert_eq "$(podctl enter late cat '/run/a b/f')" hello
}

test_late_mistakes() {
        mkdir volume
        # shellcheck disable=SC2046
        refused /sys/ponies busybox $(host v "$PWD/volume" /sys/ponies)
        refused control busybox --volume=v,kind=empty --mount='volume=v,target=/run/a"b'
}

# --- Volumes that undermine

# own_image NAME TREE [CONFIG…]: busybox with a tree of files and what umoci config takes; $image is its ID.
own_image() {
        local name=$1 tree=$2
        shift 2
        cp -a "$IMAGES/busybox.oci" "$name.oci"
        umoci insert --image "$name.oci:latest" "$tree" /
        umoci config --image "$name.oci:latest" "$@"
        umoci gc --layout "$name.oci"
        jq -c '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] == "latest"))' \
                "$name.oci/index.json" >index
        cat index >"$name.oci/index.json"
        podctl --insecure-options=image fetch "$PWD/$name.oci" >fetched
        image=$(tail -n 1 fetched)
}

# What an image says of these places, by name or through links, is left alone, and said.
test_images_volumes_in_places_of_the_kernel() {
        mkdir -p tree/proc/self/attr/apparmor tree/marked
        touch tree/proc/self/attr/exec tree/marked/mark
        ln -s /proc tree/p
        ln -s /sys tree/s
        ln -s /sys/fs/cgroup/init.scope tree/c
        ln -s . tree/here
        local place places=()
        for place in /proc/self/attr /sys/fs/cgroup/system.slice /p /s /c /here /run/systemd/journal /proc/x \
                /run/credentials/app.service /marked; do
                places+=(--config.volume "$place")
        done
        own_image under tree "${places[@]}"
        local script='test -e /proc/self/status && test -d /sys/class/net && test -e /marked/mark || echo missing
                grep -E "^overlay (/proc|/sys|/run/)" /proc/mounts
                mkdir /sys/fs/cgroup/mine 2>/dev/null || echo read-only
                echo 0 2>/dev/null >/sys/fs/cgroup/init.scope/cgroup.procs || echo kept'
        for option in --private-users=yes --private-users=no; do
                podctl run $option --name=under "$image" --name=app --exec=/bin/sh -- -c "$script" >out 2>err
                assert_eq "$(cat out)" $'read-only\nkept'
                assert_eq "$(grep -c 'where no image gets a volume' err)" 5
                assert_eq "$(journalctl -u podctl-under -o cat --since=-1min |
                        grep -c 'leads to /.*where no image gets a volume')" 4
                podctl rm under >/dev/null
                journalctl --rotate --vacuum-time=1s >/dev/null 2>&1
        done
}

# What is protected stays so around a volume that is mounted below it, and the volume is as it was given.
test_protected_around_a_volume() {
        mkdir volume
        local script='echo x >/sys/fs/cgroup/init.scope/f && echo written
                mkdir /sys/fs/cgroup/x 2>/dev/null || echo protected
                echo x 2>/dev/null >/proc/sys/net/f || echo read-only
                echo 1 2>/dev/null >/proc/sys/vm/swappiness || echo protected'
        # shellcheck disable=SC2046
        sh_run "$script" $(host v "$PWD/volume" /sys/fs/cgroup/init.scope) \
                $(host w "$PWD/volume" /proc/sys/net readOnly=true) >out
        assert_eq "$(cat out)" $'written\nprotected\nread-only\nprotected'
}

test_volumes_where_none_may_be() {
        local target
        mkdir volume
        for target in /proc/self /proc/self/fd /proc/thread-self/attr /proc/1 /proc/driver /proc/fs/x; do
                [[ $target == /proc/fs/x || -e $target ]] || continue
                # shellcheck disable=SC2046
                assert_fails 254 podctl run busybox --name=app $(host v "$PWD/volume" "${target%/x}")
                assert_contains "$output" "no volume can be mounted at"
        done
}

test_files_on_directories() {
        mkdir volume
        echo x >file
        # shellcheck disable=SC2046
        refused "$PWD/file is a file, and /etc in the app is a directory" busybox --name=app $(host v "$PWD/file" /etc)
        # shellcheck disable=SC2046
        refused "$PWD/volume is a directory, and /etc/passwd in the app is a file" \
                busybox --name=app $(host v "$PWD/volume" /etc/passwd)
        # shellcheck disable=SC2046
        refused "$PWD/volume is a directory, and /dev/null in the app is a file" \
                busybox --name=app $(host v "$PWD/volume" /dev/null)
        # shellcheck disable=SC2046
        refused "$PWD/file is a file, and /proc/sys in the app is a directory" \
                busybox --name=app $(host v "$PWD/file" /proc/sys)
}

# --- What the image has there

# Images of databases make directories there and count on them.
test_run_of_the_image() {
        mkdir -p tree/run/mysqld tree/var
        echo mine >tree/run/mysqld/file
        chown -R 33:33 tree/run/mysqld
        ln -s /run tree/var/run
        own_image run tree --config.user 33
        local script='cat /var/run/mysqld/file; stat -c %u /run/mysqld; touch /run/mysqld/mysqld.sock.lock && echo OK'
        for option in '' --readonly-rootfs --notify; do
                # shellcheck disable=SC2086
                assert_eq "$(podctl run "$image" --name=app ${option/--notify/} --exec=/bin/sh -- -c "$script")" \
                        $'mine\n33\nOK'
        done
        # It is the app's own, and as writable as its root is.
        assert_eq "$(sh_run 'touch /run/x && echo written' --private-users=no)" written
}

# image NAME: an OCI image of busybox with /data owned by 33 and volumes, made of the test image's layout.
docker_image() {
        python3 - "$IMAGES/busybox.oci" "$1" <<'PYTHON'
import gzip, hashlib, io, json, os, shutil, sys, tarfile
source, target = sys.argv[1:]
shutil.copytree(source, target)
blob = lambda d: os.path.join(target, "blobs", *d.split(":"))
def put(data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    with open(blob(digest), "wb") as f: f.write(data)
    return {"digest": digest, "size": len(data)}
index = json.load(open(target + "/index.json"))
manifest = json.load(open(blob(index["manifests"][0]["digest"])))
config = json.load(open(blob(manifest["config"]["digest"])))
raw = io.BytesIO()
with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
    def add(name, kind=tarfile.REGTYPE, mode=0o644, uid=0, gid=0, data=b"", link="", **pax):
        t = tarfile.TarInfo(name)
        t.type, t.mode, t.uid, t.gid, t.size, t.linkname, t.pax_headers = kind, mode, uid, gid, len(data), link, pax
        tar.addfile(t, io.BytesIO(data))
    add("data", tarfile.DIRTYPE, 0o2750, 33, 34)
    add("data/file", uid=33, gid=34, data=b"of the image\n", **{"SCHILY.xattr.user.key": "value"})
    add("data/other", tarfile.LNKTYPE, link="data/file")
    add("data/sub", tarfile.DIRTYPE, 0o700, 5, 6)
    add("link", tarfile.SYMTYPE, link="data")
    add("var", tarfile.DIRTYPE, 0o755)
    add("var/run", tarfile.SYMTYPE, link="/run")
    add("run", tarfile.DIRTYPE, 0o755)
    add("run/service", tarfile.DIRTYPE, 0o700, 33, 34)
    add("run/service/file", data=b"below run\n")
    add("etc", tarfile.DIRTYPE, 0o755)
    add("etc/passwd", data=b"root:x:0:0:root:/root:/bin/sh\nwww:x:33:34::/:/bin/sh\nother:x:7:7::/:/bin/sh\n")
    add("etc/group", data=b"root:x:0:\nwww:x:34:\nstaff:x:50:other,www\naudio:x:29:www\n"
                          b"bin:x:1:root\nhuge:x:70000:www\n")
layer = raw.getvalue()
d = put(gzip.compress(layer))
manifest["layers"].append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **d})
config["rootfs"]["diff_ids"].append("sha256:" + hashlib.sha256(layer).hexdigest())
config.pop("history", None)
config["config"]["Volumes"] = {p: {} for p in ("/data", "/new/one", "/var/run/service")}
config["config"]["User"] = "www"
c = put(json.dumps(config).encode())
manifest["config"].update(c)
m = put(json.dumps(manifest).encode())
index["manifests"] = [{"mediaType": index["manifests"][0]["mediaType"], **m}]
json.dump(index, open(target + "/index.json", "w"))
PYTHON
        podctl --insecure-options=image fetch "$PWD/$1" >fetched
        image=$(tail -n 1 fetched)
}

test_volumes_of_the_image() {
        docker_image docker.oci
        local script='stat -c "%a %u %g" /data /data/sub; cat /data/file /link/other /run/service/file
                [ /data/file -ef /data/other ] && echo linked
                echo x >/data/new && echo written
                stat -c "%a %u %g" /new/one
                echo y 2>/dev/null >/root-is-read-only || echo read-only
                grep -c " /data \| /new/one \| /run/service " /proc/self/mountinfo'
        podctl run "$image" --name=app --readonly-rootfs --exec=/bin/sh -- -c "$script" >out 2>err
        assert_eq "$(cat out)" "2750 33 34
700 5 6
of the image
of the image
below run
linked
written
755 0 0
read-only
3"
        assert_eq "$(grep -c "for mount point 'volume-.*', using an empty one with what the image has there" err)" 3
        podctl run --dry-run "$image" --name=app 2>/dev/null | grep -qx '    source app:/data'
        # Not for what somebody asks for.
        podctl run --volume=volume-data,kind=empty "$image" --name=app --user=0 \
                --exec=/bin/sh -- -c 'ls -A /data; stat -c "%a %u %g" /data' >out 2>/dev/null
        assert_eq "$(cat out)" '755 0 0'
        mkdir volume
        podctl run --volume=volume-data,kind=host,source="$PWD/volume" "$image" --name=app --user=0 \
                --exec=/bin/ls -- -A /data >out 2>/dev/null
        assert_eq "$(cat out)" ''
        # But for who says so: of the first app's image, for all, and through a link.
        local after='until [ -e /b/a ]; do sleep 0.1; done; cat /b/a /b/file; stat -c "%a %u %g" /b'
        podctl run --volume=v,kind=empty,fromImage=true \
                "$image" --name=a --user=0 --mount=volume=v,target=/link \
                --exec=/bin/sh -- -c 'cat /data/file; echo of a >/link/a' --- \
                busybox --name=b --mount=volume=v,target=/b --after=a --exec=/bin/sh -- -c "$after" >out 2>/dev/null
        assert_eq "$(sort out)" $'a: of the image\nb: 2750 33 34\nb: of a\nb: of the image'
}

# In a manifest as on a command line; appc's are empty.
test_implied_volumes() {
        docker_image docker.oci
        local id
        id=$(podctl image list --no-legend --fields=id --full | head -n 1)
        jq -n --arg id "$id" '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{
                name: "app", image: {name: "busybox"}, app: {
                        exec: ["/bin/sh", "-c", "stat -c %a /etc /empty/x; ls /etc/mtab"], user: "0", group: "0",
                        mountPoints: [
                                {name: "etc", path: "/etc"},
                                {name: "x", path: "/empty/x", readOnly: true}]}}]}' >pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json 2>err)" $'755\n755\n/etc/mtab'
        assert_eq "$(grep -c 'using an empty one' err)" 2
        refused app-volume-data --volume=app-volume-data,kind=empty "$image" --name=app
}

# --- Kinds and fields

test_tmpfs() {
        local script='grep " /t " /proc/mounts | cut -d" " -f3
                stat -c "%a %u %g" /t
                touch /t/x
                df -k /t | awk "END { print \$2 }"'
        sh_run "$script" --volume=t,kind=tmpfs,size=1M --mount=volume=t,target=/t >out
        assert_eq "$(cat out)" $'tmpfs\n1777 0 0\n1024'
        assert_fails '*' sh_run 'head -c 2000000 /dev/zero >/t/x' \
                --volume=t,kind=tmpfs,size=1M --mount=volume=t,target=/t
        podctl run --volume=t,kind=tmpfs,mode=0750,uid=33,gid=50 --mount=volume=t,target=/t \
                busybox --name=a --exec=/bin/sh -- -c 'stat -c "%a %u %g" /t; echo of a >/t/a' --- \
                busybox --name=b --after=a --exec=/bin/sh -- -c 'until [ -e /t/a ]; do sleep 0.1; done; cat /t/a' >out
        assert_eq "$(sort out)" $'a: 750 33 50\nb: of a'
        refused size --volume=t,kind=tmpfs,size=lots busybox
}

# What the host mounts later appears, or it does not.
test_propagation() {
        mkdir -p volume/below inner
        echo inner >inner/file
        mount --bind volume volume
        defer umount "$PWD/volume"
        mount --make-shared volume
        pod slave --volume=s,kind=host,source="$PWD/volume",propagation=slave \
                --volume=p,kind=host,source="$PWD/volume" --volume=i,kind=host,source="$PWD/inner" \
                busybox --name=app --mount=volume=s,target=/s --mount=volume=p,target=/p \
                --mount=volume=s,target=/run/s --mount=volume=i,target=/s/inner --exec=/bin/sleep -- 1000
        mount -t tmpfs tmpfs volume/below
        defer umount "$PWD/volume/below"
        chmod 755 volume/below
        echo late >volume/below/file
        wait_until podctl exec slave cat /s/below/file
        assert_eq "$(podctl exec slave cat /run/s/below/file)" late
        assert_eq "$(podctl exec slave ls /p/below)" ''
        assert_eq "$(podctl exec slave cat /s/inner/file)" inner
        podctl stop slave
        refused shared --volume=s,kind=host,source="$PWD/volume",propagation=shared busybox
}

# overlayfs cannot do it, on any kernel.
test_file_system_without_mapping() {
        mkdir volume lower upper work
        mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay volume
        defer umount "$PWD/volume"
        chmod 755 volume
        echo hello >volume/file
        assert_fails 254 sh_run true --volume=v,kind=host,source="$PWD/volume" --mount=volume=v,target=/v
        assert_contains "$output" "volume 'v': the file system of $PWD/volume cannot map user IDs"
        assert_contains "$output" --private-users=no
        assert_contains "$output" idMap=false
        assert_eq "$(wc -l <<<"$output")" 1
        local volume=(--volume="v,kind=host,source=$PWD/volume" --mount=volume=v,target=/v)
        assert_eq "$(sh_run 'cat /v/file; stat -c %u /v/file' "${volume[0]},idMap=false" "${volume[1]}")" \
                $'hello\n65534'
        assert_eq "$(sh_run 'cat /v/file; stat -c %u /v/file' "${volume[@]}" --private-users=no)" $'hello\n0'
}

test_missing_source_in_a_manifest() {
        cat >pod.json <<'JSON'
{"acKind":"PodManifest","acVersion":"0.8.11",
"apps":[{"name":"app","image":{"name":"busybox"},"mounts":[{"volume":"v","path":"/v"}],
"app":{"exec":["/bin/true"],"user":"0","group":"0"}}],
"volumes":[{"name":"v","kind":"host","source":"/no/such"}]}
JSON
        refused "volume 'v': source /no/such" --pod-manifest=pod.json
        sed -i 's/"source"/"mode":"0755","source"/' pod.json
        refused 'volumes[0].mode' --pod-manifest=pod.json
}

# --- Links

# Whatever the image's links say, a target is inside.
test_targets_through_links() {
        local target
        mkdir -p volume links
        echo hello >volume/file
        ln -s /etc links/absolute
        ln -s ../../../../../../etc links/up
        ln -s /missing/place links/dangling
        ln -s absolute links/twice
        ln -s / links/top
        for target in /l/absolute/d:/etc/d /l/up/d:/etc/d /l/dangling:/missing/place \
                /l/dangling/x:/missing/place/x /l/twice/d:/etc/d \
                /l/top/d:/d /../../d:/d /a/b/../../../d:/d /l/up/../d:/l/d /./a//d:/a/d /l/dangling/../e:/l/e; do
                # shellcheck disable=SC2046
                sh_run "cat ${target#*:}/file" $(host l "$PWD/links" /l) $(host v "$PWD/volume" "${target%:*}") >out
                assert_eq "$(cat out)" hello
        done
        assert_eq "$(ls -A links)" $'absolute\nd\ndangling\ne\ntop\ntwice\nup'
        [[ ! -e /missing && ! -e /d && ! -e /etc/d ]]
        ln -s loop links/loop
        # shellcheck disable=SC2046
        assert_fails 254 sh_run true $(host l "$PWD/links" /l) $(host v "$PWD/volume" /l/loop/d)
        assert_contains "$output" "volume 'v': cannot make /l/loop/d"
}

# --- Devices

test_device() {
        local script='echo x >/dev/nothing && head -c 2 /z | wc -c
                echo x 2>/dev/null >/z || echo read-only
                stat -c "%F %t:%T" /dev/nothing /z
                ls /dev/fuse 2>/dev/null || true'
        assert_eq "$(sh_run "$script" --device=/dev/null:/dev/nothing --device=/dev/zero:/z:r)" \
                $'2\nread-only\ncharacter special file 1:3\ncharacter special file 1:5'
        sh_run 'echo x >/z && head -c 1 /z >/dev/null' --user=33 --group=33 --device=/dev/zero:/z:rw
        podctl run --dry-run busybox --device=/dev/null:/dev/nothing:r |
                grep -qx '    property DeviceAllow=/dev/char/1:3 rm'
        pod device busybox --name=app --device=/dev/zero:/dev/more/zero --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec device sh -c 'head -c 2 /dev/more/zero | wc -c')" 2
        systemctl show -p DeviceAllow --value podctl-device.service | grep -q '/dev/char/1:5 rwm'
        assert_eq "$(systemctl show -p DevicePolicy --value podctl-device.service)" closed
}

test_device_without_user_namespace() {
        assert_eq "$(sh_run 'head -c 2 /z | wc -c' --private-users=no --device=/dev/zero:/z)" 2
        pod closed --private-users=no busybox --name=app --device=/dev/zero:/z:r --exec=/bin/sleep -- 1000
        assert_eq "$(systemctl -M closed show -p DevicePolicy --value app.service)" closed
        assert_contains "$(systemctl -M closed show -p DeviceAllow --value app.service)" '/dev/char/1:5 r'
        podctl stop closed
        pod open --private-users=no --insecure-options=paths busybox --name=app --exec=/bin/sleep -- 1000
        assert_eq "$(systemctl -M open show -p DevicePolicy --value app.service)" auto
        assert_eq "$(systemctl show -p DevicePolicy --value podctl-open.service)" auto
}

test_device_as_volume() {
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'head -c 2 /z | wc -c; echo x >/z && echo written' $(host z /dev/zero /z))" $'2\nwritten'
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'head -c 2 /z | wc -c; echo x 2>/dev/null >/z || echo no' \
                $(host z /dev/zero /z readOnly=true))" $'2\nno'
        # Whole directories of them.
        mkdir devices
        mount -t tmpfs tmpfs devices
        defer umount "$PWD/devices"
        chmod 755 devices
        mkdir devices/sub
        mknod -m 660 devices/sub/zero c 1 5
        ln -s sub/zero devices/link
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'head -c 2 /d/link | wc -c
                echo x >/d/sub/zero && echo written
                stat -c %u:%g /d/sub/zero' \
                $(host d "$PWD/devices" /d))" $'2\nwritten\n0:0'
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'head -c 2 /d/link | wc -c; echo x 2>/dev/null >/d/sub/zero || echo no' \
                $(host d "$PWD/devices" /d readOnly=true))" $'2\nno'
        # shellcheck disable=SC2046
        podctl run --dry-run $(host d "$PWD/devices" /d) busybox | grep -qx '    property DeviceAllow=/dev/char/1:5 rwm'
        mount -o remount,nodev "$PWD/devices"
        # shellcheck disable=SC2046
        assert_fails 254 sh_run true $(host d "$PWD/devices/sub/zero" /z)
        assert_contains "$output" nodev
}

# As /dev of most hosts, which cannot map IDs.
test_devices_of_devtmpfs() {
        local device
        mkdir dev
        mount -t devtmpfs devtmpfs dev || skip 'this host mounts no devtmpfs'
        defer umount "$PWD/dev"
        [[ -c dev/net/tun ]] || skip 'there is no directory to take'
        device=$(stat -c '%t:%T' dev/net/tun)
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'stat -c "%t:%T %u" /d/tun; : </d/tun && echo opened' $(host d "$PWD/dev/net" /d))" \
                "$device 0"$'\nopened'
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'head -c 1 /z | wc -c' $(host z "$PWD/dev/zero" /z))" 1
}

test_device_mistakes() {
        refused /dev/ponies busybox --device=/dev/ponies
        refused /etc/passwd busybox --device=/etc/passwd
        refused '/etc is neither a device' busybox --device=/etc:/d
        refused "'zero'" busybox --device=zero
        refused "'w'" busybox --device=/dev/zero:w
        refused "'/dev/zero:a:rw'" busybox --device=/dev/zero:a:rw
        refused already busybox --device=/dev/zero:/z --device=/dev/null:/z
}

# --- Limits of resources

test_rlimits() {
        assert_eq "$(sh_run 'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -Sf; ulimit -Hf' \
                --rlimit=NOFILE=100:200 --rlimit=core=0 --rlimit=fsize=1M:infinity)" \
                $'100\n200\n0\n2048\nunlimited'
        podctl run --dry-run busybox --rlimit=NOFILE=1K | grep -qx '    property LimitNOFILE=1024:1024'
        pod limited busybox --name=app --rlimit=NOFILE=100:200 --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec limited sh -c 'ulimit -Hn')" 200
        # Of a manifest.
        jq -n '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{name: "app", image: {name: "busybox"}, app: {
                exec: ["/bin/sh", "-c", "ulimit -n"], user: "0", group: "0",
                isolators: [{name: "os/linux/rlimits", value: {NOFILE: "77"}}]}}]}' >pod.json
        assert_eq "$(podctl run --pod-manifest=pod.json)" 77
        sed -i 's/NOFILE/PONIES/' pod.json
        refused PONIES --pod-manifest=pod.json
}

# They are the app's: what is done for it before it runs does not fail for them.
test_rlimits_that_are_low() {
        assert_eq "$(podctl run busybox --name=app --rlimit=NOFILE=3 --exec=/bin/echo -- said)" said
        assert_eq "$(podctl run busybox --name=app --rlimit=NPROC=0 --user=33 --exec=/bin/echo -- said)" said
        # No program fits into that: the kernel kills it.
        assert_fails 139 podctl run busybox --name=app --rlimit=AS=4096 --exec=/bin/true
        pod low busybox --name=app --rlimit=NOFILE=4 --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec low echo said)" said
}

# Beyond what the host's services have: PID 1 of the pod has to have it too.
test_rlimits_beyond_the_usual() {
        local highest
        highest=$(ulimit -Hn)
        if ! (ulimit -Hn $((highest + 1000))) 2>/dev/null; then
                assert_fails 254 podctl run busybox --name=app --rlimit=NOFILE=1000:$((highest + 1000)) --exec=/bin/true
                assert_contains "$output" "app 'app': limit NOFILE: this host allows no more than"
                assert_eq "$(wc -l <<<"$output")" 1
                skip 'root of this host may raise no limits'
        fi
        assert_eq "$(sh_run 'ulimit -Hn' --rlimit=NOFILE=1000:$((highest + 1000)))" $((highest + 1000))
}

test_rlimit_mistakes() {
        refused ponies busybox --rlimit=ponies
        refused PONIES busybox --rlimit=ponies=1
        refused NOFILE busybox --rlimit=NOFILE=2:1
        refused NOFILE busybox --rlimit=NOFILE=many
        refused NOFILE busybox --rlimit=NOFILE=
        refused --rlimit busybox --rlimit==1
}

# --- Who it is

test_groups_of_the_image() {
        docker_image docker.oci
        groups() {
                podctl run "$image" --name=app "$@" \
                        --exec=/bin/sh -- -c 'echo $(id -G | tr " " "\n" | sort -n)' 2>/dev/null
        }
        assert_eq "$(groups)" '29 34 50'
        assert_eq "$(groups --user=33)" '29 34 50'
        assert_eq "$(groups --user=root)" '0 1'
        assert_eq "$(groups --user=other)" '7 50'
        assert_eq "$(groups --user=4711)" '0'
        assert_eq "$(groups --supplementary-gids=4,50)" '4 29 34 50'
        # Who names the group means that one.
        assert_eq "$(groups --user=www --group=7)" '7'
        # Whoever joins has the same.
        pod grouped "$image" --name=app --exec=/bin/sleep -- 1000 2>/dev/null
        assert_eq "$(podctl exec grouped id -G | tr ' ' '\n' | sort -n | tr '\n' ' ')" '29 34 50 '
}

# The first or the last of two apps, the image's or the command line's, with and without user namespace.
test_users_and_groups() {
        local private user expected ids
        docker_image docker.oci
        for private in yes no; do
                while read -r user expected; do
                        ids=(--user="${user%:*}" --group="${user#*:}" --exec=/bin/sh -- -c 'echo $(id -u):$(id -g)')
                        podctl run --net=none --private-users=$private "$image" --name=first "${ids[@]}" --- \
                                busybox --name=last --exec=/bin/true >out 2>/dev/null
                        assert_eq "$(cat out)" "first: $expected"
                        podctl run --net=none --private-users=$private busybox --name=first --exec=/bin/true --- \
                                "$image" --name=last "${ids[@]}" >out 2>/dev/null
                        assert_eq "$(cat out)" "last: $expected"
                done <<'CASES'
0:0 0:0
root:root 0:0
1000:100 1000:100
www:staff 33:50
/data:/data/sub 33:6
/link/file:50 33:50
CASES
        done
        refused /no/such busybox --name=app --user=/no/such
        refused nobody-here busybox --name=app --group=nobody-here
}

test_mtab() {
        assert_eq "$(sh_run 'readlink /etc/mtab; grep -c " / " /etc/mtab')" $'../proc/self/mounts\n1'
        mkdir etc
        # shellcheck disable=SC2046
        assert_eq "$(sh_run 'ls /etc/mtab 2>/dev/null' $(host e "$PWD/etc" /etc) || true)" ''
        [[ ! -e etc/mtab && ! -L etc/mtab ]]
}
