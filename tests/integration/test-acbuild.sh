# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# podctl as acbuild: its commands, modes, messages and exit statuses.
# On any systemd, the same.

. "$HERE/lib-servers.sh"

. "$HERE/lib-signatures.sh"

acbuild() { (exec -a acbuild podctl "$@"); }
export -f acbuild

# acbuild_fails STATUS WORDS ARG…: one line, which has the words.
acbuild_fails() {
        assert_fails "$1" acbuild "${@:3}"
        assert_contains "$output" "$2"
        assert_eq "$(wc -l <<<"$output")" 1
}

manifest() { acbuild cat-manifest | jq -c "$1"; }

# The script of the article that people knew it by, with busybox for the program; it needs to be nobody.
acbuild_files() {
        mkdir -p site
        cp /bin/busybox busybox
        echo 'made by acbuild' >site/index.html
        chown -R 12345:12345 .
}
as_anybody() { (export -n HOME && exec setpriv --reuid=12345 --regid=12345 --clear-groups "$@"); }

test_acbuild_article() {
        acbuild_files
        cat >build.sh <<'END'
set -e
acbuild begin
trap "acbuild end" EXIT
acbuild set-name example.com/hello
acbuild copy busybox /bin/busybox
acbuild copy-to-dir site /srv
acbuild set-exec -- /bin/busybox httpd -f -h /srv/site -p 5000
acbuild port add www tcp 5000
acbuild label add version 0.0.1
acbuild label add arch amd64
acbuild label add os linux
acbuild annotation add authors "Carly Container <carly@example.com>"
acbuild write hello.aci
END
        as_anybody bash build.sh >id
        assert_eq "$(ls -A)" $'build.sh\nbusybox\nhello.aci\nid\nsite'
        assert_eq "$(cat id)" "sha512-$(zcat hello.aci | sha512sum | cut -d' ' -f1)"
        # From there to a pod that answers, with nothing insecure.
        export GNUPGHOME=$PWD/gnupg
        gpg_key carly
        careful_hello() { podctl --local-config="$PWD/config" --system-config="$PWD/system" "$@"; }
        podctl sign --key=carly@example.com hello.aci
        assert_fails 254 careful_hello fetch ./hello.aci
        careful_hello trust --skip-fingerprint-review --prefix=example.com/hello carly.asc
        careful_hello fetch ./hello.aci
        defer podctl image rm "$(cat id)"
        defer end_pod hello
        careful_hello run --detach --name=hello example.com/hello --port=www:18765
        wait_until curl -fs http://localhost:18765/ -o page
        assert_eq "$(cat page)" 'made by acbuild'
}

# Each command, as the manifest has it.
test_acbuild_commands() {
        acbuild begin
        acbuild --no-history environment add A 'b c'
        acbuild --no-history environment add A d
        acbuild --no-history env add GONE 1
        acbuild --no-history env rm GONE
        acbuild --no-history mount add data /data --read-only
        acbuild --no-history volume add old /old
        acbuild --no-history mount remove /old
        acbuild --no-history port add www tcp 80 --count 2 --socket-activated
        acbuild --no-history port add gone udp 53
        acbuild --no-history port remove 53
        echo '{"limit":"5M"}' | acbuild --no-history isolator add resource/memory -
        acbuild --no-history dependency add example.com/base:1 --label os=linux --size 5 --image-id sha512-0123456789
        acbuild --no-history set-user 3
        acbuild --no-history set-group www
        acbuild --no-history set-supp-groups 9
        acbuild --no-history set-supp-groups 4,5
        acbuild --no-history set-event-handler pre-start -- /bin/before 'with space'
        acbuild --no-history set-working-directory /srv
        acbuild --no-history set-exec -- /bin/app -x
        assert_eq "$(manifest .app)" "$(jq -c . <<'END'
{"user":"3","group":"www","environment":[{"name":"A","value":"d"}],
 "mountPoints":[{"name":"data","path":"/data","readOnly":true}],
 "ports":[{"name":"www","protocol":"tcp","port":80,"count":2,"socketActivated":true}],
 "isolators":[{"name":"resource/memory","value":{"limit":"5M"}}],"supplementaryGIDs":[4,5],
 "eventHandlers":[{"name":"pre-start","exec":["/bin/before","with space"]}],
 "workingDirectory":"/srv","exec":["/bin/app","-x"]}
END
)"
        assert_eq "$(manifest '.dependencies[0] | del(.labels)')" \
                '{"imageName":"example.com/base","imageID":"sha512-0123456789","size":5}'
        assert_eq "$(manifest '[.dependencies[0].labels[] | .name, .value]')" '["version","1","os","linux"]'
        assert_eq "$(manifest .annotations)" null
        acbuild annotation add note 'a "quote"'
        acbuild annotation remove note
        assert_eq "$(manifest '[.annotations[].value]')" \
                '["acbuild annotation add \"note\" \"a \\\"quote\\\"\"","acbuild annotation remove \"note\""]'
        acbuild cat-manifest >manifest
        acbuild set-name example.com/other
        acbuild replace-manifest manifest
        assert_eq "$(manifest .name)" '"acbuild-unnamed"'
        acbuild end
        assert_eq "$(acbuild version | tail -n1)" 'appc version 0.8.11'
}

test_acbuild_failures() {
        acbuild_fails 1 'no build in progress in this working dir - try "acbuild begin"' set-user 0
        acbuild_fails 1 'no build in progress' end
        acbuild_fails 1 'No such file or directory: ./none' begin ./none
        acbuild_fails 1 'invalid build mode: x' begin --build-mode=x
        acbuild begin
        acbuild_fails 1 'build already in progress in this working dir' begin
        acbuild_fails 1 'name was never set' write out.aci
        acbuild_fails 2 'port remove: element to be removed does not exist in this ACI' port remove www
        acbuild_fails 2 'does not exist' label remove none
        acbuild_fails 1 'port must be a positive number' port add a tcp 65536
        acbuild_fails 1 "'Www' is not a valid name" port add Www tcp 80
        acbuild_fails 1 'app.mountPoints[0].path' mount add a b
        acbuild_fails 1 'unknown isolator name: x/y' isolator add x/y -
        acbuild_fails 1 'set-event-handler: unknown event handler' set-event-handler post-start /x
        acbuild_fails 1 'incorrect number of arguments' label add a
        acbuild_fails 1 'the sign flag has been removed' write --sign x.aci
        acbuild_fails 1 "None" replace-manifest None
        echo '{"acKind":"PodManifest"}' >bad
        acbuild_fails 1 'acVersion' replace-manifest bad
        acbuild_fails 1 'copy: ' copy none /
        acbuild_fails 3 'unknown command "bogus"' bogus
        acbuild_fails 3 'unknown flag: --size' set-user --size=1 0
        acbuild_fails 3 "Unknown option '--bogus'" set-user --bogus 0
        acbuild_fails 3 "Unknown option '-f'; write -- before a command line: -- ls -l" set-exec grep -f x
        assert_eq "$(manifest '[.app, .annotations]')" '[null,null]'
        acbuild set-name a.b
        touch out.aci
        acbuild_fails 1 'ACI already exists: out.aci' write out.aci
        assert_eq "$(stat -c %s out.aci)" 0
        acbuild write --overwrite out.aci
        acbuild end
}

# An image is changed in place, by whoever may write it; a failure leaves it as it was.
test_acbuild_modify() {
        local before
        mkdir r
        echo 1 >r/file
        ln r/file r/link
        acbuild begin ./r
        acbuild set-name a.b/c
        acbuild write image.aci
        acbuild end
        echo 2 >added
        acbuild --modify-appc=image.aci copy added /added
        acbuild --modify-appc=image.aci environment add A B
        assert_eq "$(tar xzOf image.aci rootfs/added)" 2
        assert_eq "$(tar xzOf image.aci manifest | jq -c '[.name, .app.environment, (.annotations | length)]')" \
                '["a.b/c",[{"name":"A","value":"B"}],3]'
        before=$(sha256sum image.aci)
        acbuild_fails 2 'does not exist' --modify-appc=image.aci label remove none
        acbuild_fails 1 "Can't use --modify flags with begin." --modify-appc=image.aci begin
        acbuild_fails 1 "image doesn't appear to exist: none." --modify-appc=none set-user 0
        acbuild_fails 1 'image to modify is a directory: r.' --modify-appc=r set-user 0
        acbuild --modify-appc=image.aci cat-manifest >/dev/null
        assert_eq "$(sha256sum image.aci)" "$before"
        assert_eq "$(ls -A)" $'added\nimage.aci\nr'
}

# Killed at whatever moment, it is as it was, or as it was to be, and nothing is beside it that stays.
test_acbuild_modify_survives_kills() {
        local mode n there
        mkdir r tmp
        dd if=/dev/urandom of=r/large bs=1M count=2 status=none
        export TMPDIR=$PWD/tmp
        for mode in appc oci; do
                acbuild begin --build-mode=$mode ./r
                [[ $mode == oci ]] || acbuild set-name a.b/c
                acbuild write image
                acbuild end
                modify() { acbuild --modify-$mode=image copy r/large "/$1"; }
                there=$(duration modify before)
                for n in {1..12}; do
                        killed_at "$n" 12 "$there" bash -c 'exec -a acbuild podctl "$@"' _ --modify-$mode=image \
                                copy r/large /killed
                        acbuild --modify-$mode=image cat-manifest >/dev/null
                        assert_eq "$(ls -A --ignore=data)" $'image\nr\ntmp'
                done
                modify after
                own image extract --rootfs-only "$(own fetch --full ./image)" tree
                for n in before after; do
                        cmp "tree/$n" r/large
                done
                rm -r image tree
        done
        assert_eq "$(ls -A tmp)" ''
}

# What a build begins with: an ACI, a bare tar, an image of another kind.
test_acbuild_begin() {
        mkdir -p r/sub
        echo 1 >r/sub/file
        ln r/sub/file r/link
        tar -cf rootfs.tar -C r .
        acbuild begin ./rootfs.tar 2>said
        assert_contains "$(cat said)" 'assuming build is beginning with a tar of a rootfs'
        acbuild set-name a.b
        acbuild write tar.aci
        acbuild end
        assert_eq "$(tar tzf tar.aci)" $'manifest\nrootfs/\nrootfs/link\nrootfs/sub/\nrootfs/sub/file'
        acbuild begin ./tar.aci
        acbuild --no-history set-name c.d
        acbuild write again.aci
        acbuild end
        mkdir again tar
        tar xzf again.aci -C again
        tar xzf tar.aci -C tar
        assert_eq "$(stat -c '%h %Y' again/rootfs/link)" "$(stat -c '2 %Y' r/link)"
        diff -r again/rootfs tar/rootfs
        assert_eq "$(jq -r .name again/manifest)" c.d
}

# One of a registry comes by way of the store, in either mode.
test_acbuild_begin_remote() {
        local image mode
        registry
        # A name that no run before has fetched: what is in the store is not verified again.
        push "$IMAGES/busybox.oci:latest" "test/acbuild:$$"
        image=docker://127.0.0.1:$REGISTRATION_PORT/test/acbuild:$$
        defer podctl image rm "127.0.0.1:$REGISTRATION_PORT/test/acbuild:$$"
        assert_fails 1 acbuild begin "$image"
        [[ ! -e .acbuild ]]
        for mode in appc oci; do
                acbuild begin --insecure --build-mode=$mode "$image"
                echo $mode >file
                acbuild copy file /added
                acbuild write $mode.image
                acbuild end
                own image extract --rootfs-only "$(own fetch --full ./$mode.image)" $mode
                assert_eq "$(cat $mode/added)" $mode
                [[ -x $mode/bin/busybox ]]
        done
}

# Nothing in an archive makes it leave the image, or stand for what it is not.
test_acbuild_begin_hostile() {
        local kind
        mkdir r
        touch r/.wh.file outside
        echo '{"acKind":"ImageManifest","acVersion":"0.8.11","name":"a.b"}' >manifest
        tar -cf whiteout.tar -C r .
        tar -cPf leaves.tar --transform='s,outside,rootfs/../../outside,' manifest outside
        mkdir rootfs
        touch rootfs/file
        tar -cf good.aci manifest rootfs
        head -c 1700 good.aci >short.aci
        tar -cf file.aci --transform='s,rootfs/file,rootfs,' manifest rootfs/file
        echo '{"acKind":"ImageManifest","acVersion":"0.8.11","name":"A"}' >manifest
        tar -cf name.aci manifest rootfs
        echo '[[[' >manifest
        tar -cf json.aci manifest rootfs
        mkfifo pipe
        for kind in whiteout.tar:.wh.file leaves.tar:outside name.aci:manifest:\ name json.aci:manifest pipe:pipe \
                short.aci:short.aci file.aci:not\ a\ directory; do
                assert_fails 1 acbuild begin "./${kind%%:*}"
                assert_contains "$output" "${kind#*:}"
                [[ ! -e .acbuild ]]
        done
        acbuild begin ./good.aci
}

# An image of OCI's, as far as it has words for what acbuild says.
test_acbuild_oci() {
        acbuild_files
        acbuild begin --build-mode=oci
        acbuild copy busybox /bin/busybox
        acbuild layer
        acbuild copy-to-dir site /srv
        acbuild set-exec -- /bin/busybox cat /srv/site/index.html
        acbuild set-group 7
        acbuild set-user 6
        acbuild port add www tcp 80
        acbuild port add old tcp 81
        acbuild port remove old
        acbuild mount add data /data
        acbuild mount add gone /gone
        acbuild mount rm gone
        acbuild label add a b
        acbuild set-tag v1
        acbuild_fails 1 'dependency add: this is not supported in oci build mode' dependency add a.b
        acbuild_fails 1 'not supported' port add x tcp 1 --count=2
        assert_eq "$(acbuild cat-manifest --file=config | jq -c '.config | del(.Env)')" \
                "$(jq -c . <<'END'
{"Entrypoint":["/bin/busybox","cat","/srv/site/index.html"],"User":"6:7",
 "ExposedPorts":{"80/tcp":{}},"Volumes":{"/data":{}},"Labels":{"a":"b"}}
END
)"
        assert_eq "$(acbuild cat-manifest | jq '.layers | length')" 2
        acbuild write image.tar
        acbuild end
        assert_eq "$(tar xOf image.tar index.json | jq -r '.manifests[].annotations[]')" v1
        defer own gc --grace-period=0
        own fetch --name=built ./image.tar
        assert_eq "$(own run --net=none --volume=data,kind=empty built)" 'made by acbuild'
        acbuild --modify-oci=image.tar annotation add foo bar
        acbuild --modify-oci=image.tar set-user 9
        assert_eq "$(oci_annotations image.tar | jq -c '[.foo, has("coreos.com/acbuild/command-1")]')" '["bar",true]'
        assert_eq "$(tar xOf image.tar index.json | jq -r '.manifests[].annotations[]')" v1
        acbuild begin --build-mode=oci ./image.tar
        assert_eq "$(acbuild cat-manifest --file=config | jq -r .config.User)" 9:7
        acbuild end
}

# oci_annotations FILE: those of the manifest in an archive.
oci_annotations() {
        local digest
        digest=$(tar xOf "$1" index.json | jq -r '.manifests[].digest')
        tar xOf "$1" "blobs/${digest/://}" | jq .annotations
}

# A script has a build of its own, which goes with it.
test_acbuild_script() {
        echo data >file
        cat >nested.acb <<'END'
label add version 1
END
        cat >build.acb <<'END'
# a comment
begin
set-name example.com/scripted
copy \
  file /file
script nested.acb
write out.aci
END
        acbuild script build.acb >id
        assert_eq "$(tar xzOf out.aci manifest | jq -r .labels[2].value)" 1
        assert_eq "$(ls -A)" $'build.acb\nfile\nid\nnested.acb\nout.aci'
        printf 'begin\nend\n' >bad.acb
        acbuild_fails 1 'calling end is unnecessary' script bad.acb
        printf 'begin\nset-user "0\n' >bad.acb
        acbuild_fails 1 'unterminated quote' script bad.acb
        printf 'begin\nlabel remove none\n' >bad.acb
        acbuild_fails 2 'does not exist' script bad.acb
        acbuild_fails 1 'none.acb' script none.acb
        printf 'begin\nscript inner.acb\n' >outer.acb
        echo 'script inner.acb' >inner.acb
        acbuild_fails 1 'inner.acb: called by 16 scripts that call each other' script outer.acb
        rm outer.acb inner.acb
        [[ -z $(find /tmp -maxdepth 1 -name '.podctl-*') ]]
}
