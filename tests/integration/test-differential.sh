# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The files in differential/, played by podman and by podctl: whatever a container is given, and what becomes of it, is
# the same, or has a row below that says why not. A container runs /look NAME, and what it writes to /out is compared.

. "$HERE/lib-examples.sh"
FILES=$HERE/differential
QUADLETS=/etc/containers/systemd

# What is otherwise on purpose: in which files, an expression of sed for both sides, and why.
known=(
        '*' '/^env (container|HOSTNAME)=/d'          'podman sets these; in a pod of podctl, PID 1 has the first'
        '*' '/^env (USER|LOGNAME|SHELL|AC_[A-Z_]+)=/d' 'appc has these'
        '*' '/^env (INVOCATION_ID|SYSTEMD_EXEC_PID|CREDENTIALS_DIRECTORY)=/d' "systemd's, an app being a service"
        '*' 's/(Cap.*:.*)a[08]([08])425(..)$/\180\2405\3/' 'podctl gives AUDIT_WRITE, NET_RAW and MKNOD, as appc'
        '*' '/^limit Max open files/s/ (20000|1024) .*//' "podman hands on its own limit, systemd has a soft one"
        '*' '/^hosts (10\.(8[89]|97)\.|127\.0\.0\.1 diff|172\.16\.|fd|ff02:)/d' 'addresses of both sides'
        '*' '/^net .*port_start/s/ (0|1024)$//'      'podctl lets all have the low ports of a network that is theirs'
        '*' '/^net .*ping_group_range/s/ 0 (0|65535)$//' 'and ping'
        '*' 's/^(hosts .*) # .*/\1/'                 'podctl says where a line is from'
        '*' '/^resolv (nameserver 10\.(89|97)\.|search dns\.podman)/d' "podman's own resolver, which forwards"
        '*' '/^file [^ ]+ /s/drwxrwxrwx 0:0/drwxr-xr-x 0:0/' 'an emptyDir is for everybody, as in Kubernetes'
        '@(deployment|job|daemonset)' '/^hostname /s/-pod$//' 'podman makes a pod of another name of it'
        '@(duo|volumes)' '/^file .(memory|scratch) /s/drwxrwxrwt/drwxr-xr-x/' 'so is one in memory'
        'env' 's/^env W_/env /'                      "podman does not support envFrom.prefix, by its own table"
        'generated' '/^status CapBnd/s/20002000$/00000000/' 'the two that podman does not give, and so does not drop'
        '@(generated|image|qdropin|qimage)' '/^env HOME=/d' 'of an unknown user, it is / as for Docker'
        'ports' '/^resolv nameserver 10\.9\.8\.7/d'  "podman's own resolver asks that server"
        '@(qkube|texts)' '/^(at|type|writable) /d'   'for podman they are volumes, which containers can write'
        'texts' '/^file .some.hi /s/-rw-r--r--/-rw-------/' 'podman does not heed the mode of an item'
        'two' '/^file .shared.made-by-look /d'       'of the other container, which may be earlier or later'
        'q*' '/^hostname ([0-9a-f]{12}|(systemd-)?q[a-z]+)$/d' "podman's is the ID, podctl's the name of the pod"
        'q*' '/^resolv nameserver 8\.8\.(4\.4|8\.8)$/d' "podman's, where the host has no resolver"
        '@(duo|generated|image|qcaps|qdropin|qimage|quser)' '/^status NoNewPrivs/s/1$/0/' 'the image has no use for any'
        'hooks' '/^hook /d'                          'podman has no hooks, by its own table'
        'qaddress' 's,^(10.*)/(24|32)$,\1,'         'in podctl, each pod has a link of its own, and no neighbours on it'
        'qsecret' '/^TOKEN$/d'                       'in podctl, what is in a variable is a file, too'
        'qcaps' '/^status Cap[AEIP]..:/s/400$/000/' 'podman hands what was added to other users, too'
        'qread' '/^file .www/d'                      'podman copies the directory of the image into a tmpfs'
        'qvolumes' '/^type .anonymous /d'            "in podctl, it is the image's directory, in a layer above it"
)

# Also volumes of pods that have ended and are kept.
remove_what_stays() {
        local volume
        rm -f /etc/podctl/net.d/{qaddress,qinside}.conf
        podman network rm --force qaddress qinside >/dev/null
        for volume in diff-claim diff-data diff-qvolumes; do podctl volume rm --force $volume || true; done
}

# unable WHY: podman cannot play the files. On bookworm that is known; elsewhere, a test that compares nothing fails.
unable() {
        # shellcheck source=/dev/null
        [[ $(. /etc/os-release; echo "${VERSION_CODENAME:-}") != bookworm ]] || skip "$1"
        fail "$1"
}

differ_here() {
        hub
        mkdir -p context
        cp "$FILES"/{look,stay} context/
        skopeo copy --quiet "oci:$IMAGES/busybox.oci:latest" oci:looker.oci:latest
        umoci insert --image looker.oci:latest context /
        push looker.oci:latest library/looker:1
        umoci config --image looker.oci:latest --config.user 1000:1001 --config.workingdir /var \
                --config.entrypoint /look --clear config.cmd --config.cmd one \
                --config.env OF_IMAGE=its --config.env 'SPACED=a  b'
        push looker.oci:latest library/looker:2
        podman_works || unable "podman does not run here: $(tail -n 1 podman.log)"
        defer remove_what_stays
        # A ConfigMap of another test would be a volume of that name.
        podman volume rm --all --force >/dev/null
        defer podman volume rm --all --force
        podman pull --quiet docker.io/library/looker:1 docker.io/library/looker:2 >/dev/null
        podctl --insecure-options=image fetch docker://docker.io/library/looker:{1,2} >/dev/null 2>&1
}

# place NAME ours|theirs: its files, with the directories of this run, in files/.
place() {
        local source=$PWD/host out=$PWD/$1/$2 file
        rm -rf files host
        mkdir -p files host/directory "$out"
        chmod 777 "$out"
        echo content >host/directory/file
        printf 'FROM_FILE=1\n# a remark\nFILE_SPACED=a b\n' >host/env.file
        for file in "$FILES/$1".* "$FILES/$1"-*; do
                [[ ! -e $file ]] || cp -r "$file" files/
        done
        find files -type f -exec sed -i "s,@OUT@,$out,; s,@HERE@,$source," {} +
}

all_there() {
        local file
        for file in "${@:2}"; do [[ -e $1/$file ]] || return 1; done
}

# wait_for SIDE STATUS PORT FILE…: for what the containers write, and what the port serves; STATUS is for the caller.
wait_for() {
        wait_until all_there "$1" "${@:4}"
        [[ $3 == - ]] || wait_until curl -sf -o "$1/port" "http://127.0.0.1:$3/"
}

without_known() {
        local i script=()
        for ((i = 0; i < ${#known[@]}; i += 3)); do
                # shellcheck disable=SC2053  # a pattern
                [[ $1 != ${known[i]} ]] || script+=(-e "${known[i + 1]}")
        done
        sed -E "${script[@]}" "$2" | if [[ $2 == */order ]]; then cat; else sort; fi
}

# apart CMD…: what it defers is done when it ends.
apart() {
        # shellcheck disable=SC2034  # of lib.sh
        deferred=()
        "$@"
}

# differ HOW NAME STATUS|stays PORT|- FILE…: what it ends with or that it stays, where it serves, and what it writes.
# All are told of that differ. Each side clears away what it made, and nothing of the test's.
differ() {
        local how=$1 name=$2 side file
        shift 2
        for side in theirs ours; do
                place "$name" "$side"
                (apart "${how}_$side" "$name" "$@") >"$name/$side.log" 2>&1 || {
                        echo "$name, $side: $(tail -n 5 "$name/$side.log")" >>differences
                        return 0
                }
                mkdir -p "$name/$side.seen"
                for file in "$name/$side"/*; do
                        without_known "$name" "$file" >"$name/$side.seen/${file##*/}"
                done
        done
        (cd "$name" && diff -ru theirs.seen ours.seen) >"$name/diff" || {
                echo "$name:"
                cat "$name/diff"
        } >>differences
}

none_differs() {
        [[ ! -s differences ]] || fail "$(cat differences)"
}

# --- Kubernetes

kube_theirs() {
        local name=$1
        podman kube play --quiet "files/$name.yaml" || return
        wait_for "$name/theirs" "${@:2}"
        if [[ $2 != stays ]]; then
                assert_eq "$(podman wait "$(podman ps --all --quiet --filter name=-one)")" "$2"
        fi
        podman kube down "files/$name.yaml"
}

kube_ours() {
        local name=$1 status=0
        if [[ $2 == stays ]]; then
                podctl run --detach --kube "files/$name.yaml" || return
                defer end_pod "diff-$name"
                wait_for "$name/ours" "${@:2}"
        else
                podctl run --kube "files/$name.yaml" || status=$?
                assert_eq "$status" "$2"
                all_there "$name/ours" "${@:4}"
        fi
}

kubes_here() {
        differ_here
        place fails probe
        podman kube play --quiet files/fails.yaml >probe.log 2>&1 ||
                unable "podman plays nothing: $(tail -n 1 probe.log)"
        podman kube down files/fails.yaml >/dev/null
}

test_differ_kube() {
        kubes_here
        differ kube env 0 - args one
        differ kube texts 0 - one
        differ kube security 0 - one two
        differ kube volumes 0 - one
        differ kube two 0 - one two
        differ kube ports stays 8191 one
        differ kube image 0 - one two three
        differ kube generated stays 8196 one
        differ kube duo stays 8197 one two
        differ kube hooks stays - one events
        none_differs
}

test_differ_kube_endings() {
        kubes_here
        differ kube init 0 - order one
        differ kube fails 3 - one
        differ kube retries 0 - runs one
        differ kube liveness stays - again one
        differ kube startup stays - one runs
        differ kube deployment stays - one
        differ kube daemonset stays - one two
        differ kube job 4 - one runs
        differ kube always stays - one runs
        none_differs
}

# --- Quadlet

# played UNIT NAME SIDE STATUS PORT FILE…
played() {
        local unit=$1 name=$2 side=$3
        shift 3
        defer systemctl reset-failed "$unit"
        defer systemctl stop "$unit"
        systemctl start "$unit" || [[ $1 != stays ]] || return
        wait_for "$name/$side" "$@"
        [[ $1 != stays ]] || return 0
        wait_until is_at_rest "$unit"
        assert_eq "$(systemctl show -P ExecMainStatus "$unit")" "$1"
}

is_at_rest() { [[ $(systemctl show -P ActiveState "$1") == @(inactive|failed) ]]; }

quadlet_theirs() {
        local unit=$1.service file
        [[ ! -e files/$1.pod ]] || unit=$1-pod.service
        cp -r files/* "$QUADLETS/"
        defer systemctl daemon-reload
        for file in files/*; do defer rm -rf "$QUADLETS/${file##*/}"; done
        systemctl daemon-reload
        # What makes a network stays active, and would not make it again.
        for file in files/*.network; do
                [[ ! -e $file ]] || defer systemctl stop "$(basename "$file" .network)-network.service"
        done
        played "$unit" "$1" theirs "${@:2}"
}

quadlet_ours() {
        defer podctl delete --force "$1"
        podctl create --from=files || return
        played "pod@$1" "$1" ours "${@:2}"
}

quadlets_here() {
        differ_here
        [[ -e /usr/libexec/podman/quadlet ]] || unable 'this podman has no Quadlet'
}

# Each has it where it looks.
secret_of_both() {
        printf 'a  word' >secret
        defer podman secret rm diffsecret
        podman secret create diffsecret secret >/dev/null
        mkdir -p /etc/credstore
        defer rm -f /etc/credstore/diffsecret
        cp secret /etc/credstore/diffsecret
}

test_differ_quadlet() {
        quadlets_here
        differ quadlet qenv stays - one
        differ quadlet quser stays - one
        differ quadlet qvolumes stays - one
        differ quadlet qports stays 8192 one
        differ quadlet qread stays - tmps one
        differ quadlet qlimits stays - one
        differ quadlet qcaps stays - one
        differ quadlet qnames stays - one
        differ quadlet qsysctl stays - one
        differ quadlet qimage 0 - one
        differ quadlet qdropin stays - one
        differ quadlet qaddress stays - one address
        differ quadlet qinside stays - one address
        differ quadlet qkube stays 8198 one
        secret_of_both
        differ quadlet qsecret stays - one content names
        none_differs
}

test_differ_quadlet_endings() {
        quadlets_here
        differ quadlet qentry 0 - one
        differ quadlet qhealth stays - again one
        differ quadlet qretries 0 - runs one
        differ quadlet qonce 0 - runs one
        differ quadlet qfails 5 - one
        differ quadlet qstop stays - one
        differ quadlet qpod stays 8194 one two named
        differ quadlet qpodlet stays - one
        differ quadlet qrun stays 8195 one
        none_differs
}
