# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Images by a Containerfile: buildah makes them, of the files in the context alone, and leaves nothing but them.

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
        nothing_of_buildah_left
        # The same files at another time, from within, are the same image; others are not.
        touch context/busybox
        (cd context && by_file -t example/made:2 --build-arg=WORD=words 2>/dev/null) | cmp - digest
        by_file -t example/made:3 context 2>/dev/null >other
        ! cmp -s digest other
        digest=$(cat digest)
        assert_eq "$(podctl --dir="$DATA" image list --no-legend --full --fields=id | sort)" \
                "$(printf '%s\n' "${digest/:/-}" "$(sed s/:/-/ other)" | sort)"
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

# One that is killed is swept by the next.
test_containerfile_killed() {
        context
        printf 'FROM scratch\nCOPY busybox /bin/sh\nRUN /bin/sh sleep 1000\n' >Otherfile
        own build -f Otherfile -t example/other context >log 2>&1 &
        wait_until grep -q 'STEP 3/3' log
        kill -KILL $!
        wait $! || true
        [[ $(ls "$DATA/building") ]]
        pkill -KILL -f '^/bin/sh sleep 1000$' || true
        by_file -t example/made context 2>/dev/null
        nothing_of_buildah_left
}

test_containerfile_refused() {
        mkdir context
        echo FROM scratch >context/Containerfile
        refused_by 'needs --tag=NAME' own build -f Containerfile context
        refused_by "'a b' cannot be the name" own build -f Containerfile -t 'a b' context
        refused_by 'write NAME=VALUE' own build -f Containerfile -t a/b --build-arg=X context
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
