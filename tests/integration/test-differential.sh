# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The files in differential/, played by podman and by podctl: whatever a container is given, and what becomes of it, is
# the same, or has a row below that says why not. A container runs /look NAME, and what it writes to /out is compared.

. "$HERE/lib-examples.sh"
FILES=$HERE/differential
QUADLETS=/etc/containers/systemd

# What is otherwise on purpose: an expression of sed, for both sides, and why.
known=(
        '/^env container=/d'            "podman says 'podman'; in a pod of podctl only PID 1 has it"
        '/^env HOSTNAME=/d'             'podman sets it, and systemd does not'
        '/^env (USER|LOGNAME|SHELL)=/d' 'those of the account, which rkt set'
        '/^env AC_/d'                   "appc's, which rkt set"
)

differ_here() {
        hub
        mkdir -p context
        cp "$FILES/look" context/
        skopeo copy --quiet "oci:$IMAGES/busybox.oci:latest" oci:looker.oci:latest
        umoci insert --image looker.oci:latest context /
        push looker.oci:latest library/looker:1
        podman_works || skip "podman does not run here: $(tail -n 1 podman.log)"
        podman pull --quiet docker.io/library/looker:1 >/dev/null
        podctl --insecure-options=image fetch docker://docker.io/library/looker:1 >/dev/null 2>&1
        mkdir -p ours theirs
        chmod 777 ours theirs
}

# place FILE ours|theirs: the file with the directories of this run, in that directory.
place() {
        local to=$PWD/$2.d
        mkdir -p "$to" "$to/directory"
        echo content >"$to/directory/file"
        printf 'FROM_FILE=1\n# a remark\nFILE_SPACED=a b\n' >"$to/env.file"
        sed "s,@OUT@,$PWD/$2,; s,@HERE@,$to," "$FILES/$1" >"$to/$1"
}

# seen FILE
without_known() {
        local -a script=()
        local i
        for ((i = 0; i < ${#known[@]}; i += 2)); do script+=(-e "${known[i]}"); done
        sed -E "${script[@]}" "$1"
}

# compare NAME: everything in the directories ours and theirs.
compare() {
        local side file
        for side in ours theirs; do
                mkdir -p "$side.seen"
                for file in "$side"/*; do without_known "$file" | sort >"$side.seen/${file##*/}"; done
        done
        diff -ru theirs.seen ours.seen || fail "$1 differs"
}

all_there() {
        local side=$1 name
        shift
        for name; do [[ -e $side/$name ]] || return 1; done
}

# --- Kubernetes

# kube NAME STATUS|stays FILE…: what the first container ends with, or that it stays, and the files in /out to wait for.
kube() {
        local name=$1 ends=$2 status=0
        shift 2
        differ_here
        kube_by_podman "$name" "$ends" "$@"
        kube_by_podctl "$name" "$ends" "$@"
        compare "$name"
}

kube_by_podman() {
        local name=$1 ends=$2
        shift 2
        place "$name.yaml" theirs
        podman kube play --quiet "theirs.d/$name.yaml" >podman.out 2>&1 || fail "podman: $(cat podman.out)"
        wait_until all_there theirs "$@" || fail "$(podman ps --all; ls theirs)"
        if [[ $ends == stays ]]; then
                [[ ! ${PORT-} ]] || wait_until curl -sf -o theirs/port "http://127.0.0.1:$PORT/"
        else
                assert_eq "$(podman wait "$(podman ps --all --quiet --filter name=-one)")" "$ends"
        fi
        podman kube down --force "theirs.d/$name.yaml" >podman.out 2>&1 || fail "podman: $(cat podman.out)"
}

kube_by_podctl() {
        local name=$1 ends=$2 status=0
        shift 2
        place "$name.yaml" ours
        if [[ $ends == stays ]]; then
                defer end_pod "diff-$name"
                podctl run --detach --kube "ours.d/$name.yaml" >podctl.out 2>&1 || fail "podctl: $(cat podctl.out)"
                wait_until all_there ours "$@"
                [[ ! ${PORT-} ]] || wait_until curl -sf -o ours/port "http://127.0.0.1:$PORT/"
                podctl stop --force "diff-$name"
        else
                podctl run --kube "ours.d/$name.yaml" >podctl.out 2>&1 || status=$?
                assert_eq "$status $(cat podctl.out)" "$ends "
                all_there ours "$@" || fail "podctl: $(cat podctl.out; ls ours)"
        fi
}

test_differ_kube_env() { kube env 0 args one; }
test_differ_kube_files() { kube files 0 one; }
test_differ_kube_init() { kube init 0 order one; }
test_differ_kube_security() { kube security 0 one two; }
test_differ_kube_volumes() {
        defer podctl volume rm diff-claim
        kube volumes 0 one
}
test_differ_kube_fails() { kube fails 3 one; }
test_differ_kube_retries() { kube retries 0 runs one; }
test_differ_kube_liveness() { kube liveness stays one; }
test_differ_kube_ports() { PORT=8191 kube ports stays one; }
test_differ_kube_deployment() { kube deployment stays one; }
test_differ_kube_job() { kube job 4 one runs; }
test_differ_kube_two() { kube two 0 one two; }
