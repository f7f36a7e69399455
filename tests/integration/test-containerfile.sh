# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images by a Containerfile: buildah makes them, of the files in the context alone, and leaves nothing but them.
# On any systemd, the same.

# A context with a file that every RUN needs.
context() {
        command -v buildah >/dev/null || skip 'no buildah here'
        # Not every host of tests lets crun have its own control groups.
        export BUILDAH_ISOLATION=chroot
        mkdir -p context
        cp /bin/busybox context/busybox
        cat >context/Containerfile <<'END'
FROM scratch
ARG WORD=none
COPY busybox /bin/busybox
COPY busybox /bin/sh
RUN echo "made of $WORD" >/made
CMD ["/bin/busybox", "cat", "/made"]
END
}

by_file() { own build --file=Containerfile "$@"; }

nothing_of_buildah_left() {
        assert_eq "$(ls -A "$DATA/building")" ''
        assert_eq "$(grep -c "$DATA/building" /proc/self/mountinfo || true)" 0
        assert_eq "$(buildah images --quiet --filter reference=podctl)" ''
}

test_containerfile() {
        local digest
        context
        defer own gc --grace-period=0
        by_file --tag=example/made:1 --build-arg=WORD=words context >digest 2>said
        grep -q 'STEP 5/6: RUN' said
        assert_eq "$(podctl --dir="$DATA" run --net=none example/made:1)" 'made of words'
        # A step is a layer, so that images that begin with the same steps share them.
        own image export example/made:1 made.oci
        assert_eq "$(tar -xOf made.oci "blobs/sha256/$(sed s/sha256:// digest)" | jq '.layers | length')" 3
        nothing_of_buildah_left
        # The same files at another time, from within, are the same image; others are not.
        touch context/busybox
        (cd context && by_file -t example/made:2 --build-arg=WORD=words 2>/dev/null) | cmp - digest
        by_file -t example/made:3 context 2>/dev/null >other
        ! cmp -s digest other || fail 'another argument, and the same image'
        digest=$(cat digest)
        assert_eq "$(podctl --dir="$DATA" image list --no-legend --full --fields=id | sort)" \
                "$(printf '%s\n' "${digest/:/-}" "$(sed s/:/-/ other)" | sort)"
}

# What the OCI's format has no place for is there all the same, and what is on top of such an image has it too.
test_containerfile_docker_settings() {
        context
        cat >>context/Containerfile <<'END'
SHELL ["/bin/sh", "-ec"]
HEALTHCHECK --interval=5s CMD test -e /made
ONBUILD RUN echo built >/onbuild
END
        by_file -t example/set:1 context >digest 2>said
        grep -i 'must use' said && fail 'something is left out'
        by_file -t example/set:2 context 2>/dev/null | cmp - digest
        own image untag example/set:2
        own image export example/set:1 set.oci
        mkdir layout
        tar -xf set.oci -C layout
        config=$(jq -r .config.digest "layout/blobs/sha256/$(sed s/sha256:// digest)")
        assert_eq "$(jq -c '.config | [.Healthcheck.Test[1], .OnBuild, .Shell]' "layout/blobs/${config/://}")" \
                '["test -e /made",["RUN echo built >/onbuild"],["/bin/sh","-ec"]]'
        # SHELL counts for what follows: -e ends it.
        printf 'RUN false; echo went on\n' >>context/Containerfile
        assert_fails 254 by_file -t example/set:3 context
        cat >context/Otherfile <<'END'
FROM oci:layout
RUN test -e /onbuild
END
        # Older versions of buildah make a name of the path, in which there must be no capitals.
        mv layout /var/tmp/podctl-test-layout
        defer rm -r /var/tmp/podctl-test-layout
        sed -i "s,oci:layout,oci:/var/tmp/podctl-test-layout," context/Otherfile
        own build -f context/Otherfile -t example/on-top context
        own image export example/on-top top.oci
        tar -xOf top.oci index.json | jq -r '.manifests[0].digest' >top
        top=$(tar -xOf top.oci "blobs/sha256/$(sed s/sha256:// top)" | jq -r .config.digest)
        assert_eq "$(tar -xOf top.oci "blobs/${top/://}" | jq -c '.config | [.Healthcheck.Test[1], .OnBuild]')" \
                '["test -e /made",null]'
}

# All names, and options that go to buildah; a secret is found where nothing else is.
test_containerfile_options() {
        context
        cat >context/Containerfile <<'END'
FROM scratch AS first
COPY busybox /bin/sh
RUN --mount=type=secret,id=token read -r line </run/secrets/token; echo $line >/read
CMD ["/bin/sh", "-c", "read -r line </read; echo $line"]
FROM scratch
COPY Containerfile /
END
        defer own gc --grace-period=0
        echo of-a-secret >"$HOME/token"
        defer rm -f "$HOME/token"
        by_file -t example/one -t example/two:3 --target=first "--secret=id=token,src=$HOME/token" --label=a.b=c \
                --network=none --platform=linux/"$(uname -m)" --pull --no-cache context >digest
        assert_eq "$(wc -l <digest)" 1
        for name in one two:3; do
                assert_eq "$(podctl --dir="$DATA" run --net=none "example/$name")" of-a-secret
        done
        own image export example/one one.oci
        config=$(tar -xOf one.oci "blobs/sha256/$(sed s/sha256:// digest)" | jq -r .config.digest)
        assert_eq "$(tar -xOf one.oci "blobs/${config/://}" | jq -r '.config.Labels."a.b"')" c
}

# Buildah's own message says which are known.
test_containerfile_storage_driver() {
        context
        assert_fails 254 env STORAGE_DRIVER=bogus podctl --dir="$DATA" build -f Containerfile -t a/b context
        assert_contains "$output" bogus
        STORAGE_DRIVER=vfs own build -f Containerfile -t example/made context 2>/dev/null
}

# A file that is a pipe.
test_containerfile_pipe() {
        context
        own build -f - -t example/piped context <context/Containerfile 2>/dev/null >digest
        by_file -t example/piped:2 context 2>/dev/null | cmp - digest
        own build -f <(cat context/Containerfile) -t example/piped:3 context 2>/dev/null | cmp - digest
}

# What is beside the context is not in it, by whatever way; and a failure leaves nothing.
test_containerfile_confined() {
        context
        echo secret >secret
        ln -s ../secret context/link
        ln -s "$PWD/secret" context/absolute
        for line in 'COPY ../secret /x' 'COPY link /x' 'COPY absolute /x' 'RUN false' 'NONSENSE'; do
                printf 'FROM scratch\nCOPY busybox /bin/sh\n%s\n' "$line" >Otherfile
                assert_fails 254 own build -f Otherfile -t example/other context
                assert_contains "$output" 'Cannot build example/other: buildah has failed, with status'
                nothing_of_buildah_left
        done
        assert_eq "$(own image list --no-legend)" ''
}

# Whatever it finds to get out by, it finds no people's files there.
test_containerfile_hides_the_host() {
        context
        mkdir bin
        cat >bin/buildah <<'END'
#!/bin/sh
{
        echo "$$: $(ls -A /root /home /srv | tr '\n' ' ')"
        cat "$HOME/.docker/config.json"
        touch "$CONTEXT/new" || touch /proc/self/cwd/new
        ls /proc/self/cwd/..
        ls "$CONTEXT"
} >&2
exit 3
END
        chmod +x bin/buildah
        mkdir -p "$HOME/.docker" /srv/test-context
        defer rm -rf "$HOME/.docker" /srv/test-context
        echo "credentials" >"$HOME/.docker/config.json"
        cp -r context /srv/test-context
        echo secret >/srv/test-context/secret
        PATH=$PWD/bin:$PATH
        for CONTEXT in "$PWD/context" /srv/test-context/context; do
                export CONTEXT
                cd "$CONTEXT"
                assert_fails 254 podctl --dir="$DATA" build -f Containerfile -t a/b .
                assert_eq "$(grep -c -e '^1: .*/root: ' -e '^credentials' -e 'new.: Read-only file system' \
                        -e '^Containerfile' <<<"$output")" 4
                ! grep -e '^secret' -e "^$(basename "$CONTEXT")$" <<<"$output" || fail "it is seen: $output"
                [[ ! -e new && ! -e /new ]] || rm /new
        done
        refused_by '/ is the whole host' own build -f "$CONTEXT/Containerfile" -t a/b /
}

# One that is killed is swept by the next.
test_containerfile_killed() {
        context
        printf 'FROM scratch\nCOPY busybox /bin/sh\nRUN /bin/sh sleep 1000\n' >Otherfile
        own build -f Otherfile -t example/other context >log 2>&1 &
        wait_until grep -q 'STEP 3/3' log
        kill -KILL $!
        wait $! || true
        [[ $(ls -A "$DATA/building") ]]
        # What RUN has started ends with it.
        wait_until eval '! pgrep -f "^/bin/sh sleep 1000$"'
        by_file -t example/made context 2>/dev/null
        nothing_of_buildah_left
}

test_containerfile_refused() {
        mkdir context
        echo FROM scratch >context/Containerfile
        refused_by 'needs --tag=NAME' own build -f Containerfile context
        refused_by "'a b' cannot be the name" own build -f Containerfile -t 'a b' context
        refused_by 'write NAME=VALUE' own build -f Containerfile -t a/b --build-arg=X context
        refused_by 'write NAME=VALUE' own build -f Containerfile -t a/b --label=X context
        refused_by 'write id=NAME,src=FILE' own build -f Containerfile -t a/b --secret=x=y context
        refused_by 'write id=NAME,src=FILE' own build -f Containerfile -t a/b --secret=id=x,src=y,uid=0 context
        refused_by 'write id=NAME,src=FILE' own build -f Containerfile -t a/b --secret=uid=0,id=x,src=y context
        refused_by 'cannot read none' own build -f Containerfile -t a/b --secret=id=x,src=none context
        refused_by 'for one platform' own build -f Containerfile -t a/b --platform=linux/amd64,linux/arm64 context
        refused_by 'Option --pull takes one of' own build -f Containerfile -t a/b --pull=never context
        refused_by "'a b' cannot be the name" own build -f Containerfile -t a/b -t 'a b' context
        refused_by "does not take 'more'" own build -f Containerfile -t a/b context more
        refused_by "'build --file=' does not take --from" own build -f Containerfile -t a/b --from=scratch context
        refused_by "'build copy' does not take --tag" own build -t a/b copy x /y
        refused_by 'Cannot read none' own build -f Containerfile -t a/b none
        refused_by '/context/none: No such file' own build -f none -t a/b context
        refused_by "'build' needs a command" own build
        refused_by 'only root can bring images' setpriv --reuid=12345 --regid=12345 --clear-groups \
                podctl build -f Containerfile -t a/b /
        podctl=$(command -v podctl)
        refused_by 'install the package buildah' env PATH="$PWD" "$podctl" --dir="$DATA" build -f Containerfile -t a/b \
                context
}
