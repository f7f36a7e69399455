# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Steps of a script that are not repeated: the image is the one that it would be without the cache, whatever happens.
# On any systemd, the same.

. "$HERE/lib-servers.sh"

# A script that reads files, and one of a server whose log tells whether it was asked.
cached_script() {
        mkdir -p files pages/deep
        head -c 200000 /dev/urandom >files/noise
        echo one >pages/one
        echo two >pages/deep/two
        echo three >pages/three.bak
        front --directory files
        cat >script <<END
begin
add --checksum=sha256:$(sha256sum files/noise | cut -d' ' -f1) http://$FRONT/noise /noise
layer
copy --exclude=*.bak pages /srv
env add A=b
copy-to-dir pages/one /etc
layer
rm /srv/deep
END
}

cached() {
        podctl --insecure-options=http build script script || return
        podctl build write oci:out.oci
        podctl build end
}

# built: the digest with a cache, which is the one without it.
built() {
        local digest
        digest=$(podctl --dir="$DATA" --insecure-options=http build script --cache script &&
                podctl build write oci:out.oci)
        podctl build end
        : >requests
        assert_eq "$(cached)" "$digest"
        : >requests
        echo "$digest"
}

# steps: how many there are; layers as they were compressed are not such.
steps() { grep -rLF '"path":"pack"' "$DATA/build-cache/steps" | wc -l; }

test_build_cache() {
        local first second
        cached_script
        first=$(built)
        assert_eq "$(steps)" 7
        # The server is not asked, and nothing new is kept.
        podctl --dir="$DATA" build script --cache script
        assert_eq "$(requests .)" 0
        assert_eq "$(steps)" 7
        assert_eq "$(podctl build write oci:out.oci)" "$first"
        podctl build end
        # What is left out is not looked at.
        echo other >pages/three.bak
        assert_eq "$(built)" "$first"
        assert_eq "$(steps)" 7
        # From the first step that differs, all are new: that of the server is not.
        for change in 'echo other >pages/one' 'chmod 0600 pages/one' \
                'mv pages/one pages/deep/; ln -s deep/one pages/one'; do
                eval "$change"
                second=$(built)
                [[ $second != "$first" ]]
                first=$second
        done
        assert_eq "$(steps)" $((7 + 3 * 5))
        sed -i 's/A=b/A=c/' script
        built >/dev/null
        assert_eq "$(steps)" $((7 + 3 * 5 + 4))
        # Another time is another image.
        SOURCE_DATE_EPOCH=1000000000 built >/dev/null
        assert_eq "$(steps)" $((7 + 3 * 5 + 4 + 7))
}

# A line that fails leaves the build as it is without a cache: with all that comes before it.
test_build_cache_of_failing_script() {
        cached_script
        built >/dev/null
        echo nonsense >>script
        assert_fails 254 podctl --dir="$DATA" build script --cache script
        podctl build config >config
        podctl build end
        assert_fails 254 podctl --insecure-options=http build script script
        podctl build config | cmp - config
        # Going on with a build that has changes which no layer has yet.
        printf 'copy script /script\nlayer\n' >more
        podctl --dir="$DATA" build script --cache more
        podctl build write oci:one >digest
        podctl build end
        assert_fails 254 podctl --dir="$DATA" build script --cache script
        podctl --dir="$DATA" build script --cache more
        podctl build write oci:two | cmp - digest
        podctl build end
}

# write and what follows, and two builds in one script.
test_build_cache_around_others() {
        mkdir files
        echo a >files/a
        echo b >files/b
        cat >script <<'END'
begin
copy files/a /a
write --overwrite one.tar
copy files/b /b
end
begin
copy files/b /a
write --overwrite two.tar
END
        for i in 1 2 3; do
                podctl --dir="$DATA" build script --cache script >"digests.$i"
                podctl build end
        done
        podctl build script script | tee digests | cmp - digests.1
        podctl build end
        cmp digests digests.2
        cmp digests digests.3
        assert_eq "$(steps)" 3
}

# Of a base in the store, the layers are read once.
test_build_cache_of_a_base() {
        local i
        own fetch --name=base/one "$IMAGES/busybox.oci" >/dev/null
        own fetch --name=base/other "$IMAGES/busybox-zstd.oci" >/dev/null
        echo text >text
        printf 'begin --from=base/one\ncopy text /text\n' >script
        for i in 1 2 3; do
                own build script --cache script
                stat -c %i .podctl-build/base/tree >"inode.$i"
                own build write "oci:out.$i" >"digest.$i"
                podctl build end
        done
        own build script script
        own build write oci:out | cmp - digest.1
        cmp inode.1 inode.2
        cmp digest.1 digest.2
        cmp digest.1 digest.3
        skopeo copy --quiet oci:out.3 oci:copied
        podctl build end
        # Another image, or another time, is another base.
        sed -i s,base/one,base/other, script
        own build script --cache script
        ! stat -c %i .podctl-build/base/tree | cmp -s - inode.1 || fail 'the tree was not made anew'
        podctl build end
        SOURCE_DATE_EPOCH=1 own build script --cache script
        assert_eq "$(steps)" 6
        podctl build end
}

# Every user has one, on whatever file system it is; and it may be lost in part or as a whole.
test_build_cache_of_a_user() {
        local cache first file
        cached_script
        chown -R 12345:12345 .
        cache=$(mktemp -d -p /dev/shm)
        defer rm -rf "$cache"
        chown 12345:12345 "$cache"
        by_user() {
                setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" HOME="$cache" \
                        podctl --insecure-options=http build "$@"
        }
        once() { by_user script --cache script && by_user write oci:out.oci && by_user end; }
        first=$(once)
        : >requests
        assert_eq "$(once)" "$first"
        assert_eq "$(requests .)" 0
        assert_eq "$(stat -c %a "$cache/.cache/podctl/build/steps")" 700
        for file in "$cache"/.cache/podctl/build/files/*; do
                rm "$file"
                assert_eq "$(once)" "$first"
        done
        for file in "$cache"/.cache/podctl/build/steps/*; do
                echo '{"record": "", "files": [{"path": "../x", "file": "y"}]}' >"$file"
        done
        assert_eq "$(once)" "$first"
        rm -rf "$cache/.cache"
        assert_eq "$(once)" "$first"
        refused_by 'neither XDG_CACHE_HOME nor HOME' \
                setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" \
                podctl build script --cache script
        # By an option, a script is cached where it can be.
        [[ $(setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" HOME=/nonexistent \
                podctl --insecure-options=http build --script=script 2>&1) == *'No step is kept'* ]]
        by_user end
        setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" \
                podctl --insecure-options=http build --script=script
        by_user end
        rm -rf "$cache/.cache"
        by_user --script=script --cache=no
        by_user end
        [[ ! -e $cache/.cache ]]
        by_user --script=script
        by_user end
        [[ $(ls "$cache/.cache/podctl/build/steps") ]]
}

# A layer is compressed once, whichever build has it; and again if what is kept is damaged.
test_build_cache_of_packs() {
        local digest packs file
        cached_script
        packed() {
                rm -rf out.oci
                podctl --dir="$DATA" --insecure-options=http build script --cache script
                podctl --dir="$DATA" build write oci:out.oci
                # By the names that they have in the cache, too.
                packs=$(find .podctl-build/layers -name '*.gz' -links +1 | wc -l)
                podctl --dir="$DATA" build end
        }
        packed >digest
        digest=$(cat digest)
        assert_eq "$packs $(find "$DATA/build-cache/files" -name '*-pack' | wc -l)" '3 3'
        find "$DATA/build-cache/files" -name '*-pack' -printf '%i\n' | sort >before
        packed >digest
        assert_eq "$(cat digest) $packs" "$digest 3"
        find "$DATA/build-cache/files" -name '*-pack' -printf '%i\n' | sort | cmp - before
        for file in "$DATA"/build-cache/files/*-pack; do
                echo more >"$file.new"
                mv "$file.new" "$file"
        done
        packed >digest
        assert_eq "$(cat digest) $packs" "$digest 3"
        packed >digest
        assert_eq "$(cat digest) $packs" "$digest 3"
}

# Killed at any moment, a build leaves nothing that would make the next one another.
test_build_cache_killed() {
        local first i
        cached_script
        first=$(cached)
        for i in {1..20}; do
                podctl --dir="$DATA" --insecure-options=http build script --cache script &
                sleep "0.0$((RANDOM % 10))"
                kill -KILL $! 2>/dev/null || true
                wait $! || true
                podctl build end 2>/dev/null || rm -rf .podctl-build
                ((i % 4)) || rm -rf "$DATA/build-cache/steps"
        done
        assert_eq "$(built)" "$first"
        assert_eq "$(built)" "$first"
}
