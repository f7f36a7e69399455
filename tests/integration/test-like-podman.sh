# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2016  # scripts in quotes are for the containers
#
# The same image in podctl and in podman: whatever the app sees of itself is the same, or has a row below that says why
# not.
# On any systemd, the same.

# What is another thing on purpose, by the word that /look begins its line with.
#   user      podman sets neither USER nor LOGNAME; rkt did, and they are the user's
#   name      podctl's host name is the pod's name, podman's the beginning of an ID
known='^(user|name) '

# Beside what the image has in /run. podman tells what made the container; systemd and systemd-nspawn have places of
# their own.
own_places='^\./(\.containerenv|host|systemd|credentials|podctl|lock|log|user|udev|dbus|secrets)(/| )'

podman_here() {
        command -v podman >/dev/null || skip 'there is no podman'
        mkdir -p /etc/containers
        # These hosts have no controllers to limit tasks with; an old podman does only without any control group.
        printf '[containers]\npids_limit = 0\n' >/etc/containers/containers.conf
        defer rm -f /etc/containers/containers.conf
        defer forget_podman
        image works <<<'image([base()], {"Cmd": ["/bin/true"]})'
        podman run --rm --network=none "$(cat works.podman)" >podman.log 2>&1 && return
        printf '[containers]\npids_limit = 0\ncgroups = "disabled"\n' >/etc/containers/containers.conf
        podman run --rm --network=none "$(cat works.podman)" >podman.log 2>&1 ||
                skip "podman does not run here: $(tail -n 1 podman.log)"
}

# image NAME <PYTHON: an image for both; see make-image. What it is called is in NAME.podctl and NAME.podman.
image() {
        rm -rf "$1"
        {
                echo 'look = f("look", open("look").read(), 0o755)'
                cat
        } | "$HERE/make-image" "$1"
        own fetch "$PWD/$1" >"$1.podctl" 2>"$1.warnings"
        # podman itself would make a name of the path, and an old one takes no capital letters in that.
        skopeo copy --quiet "oci:$PWD/$1:latest" "containers-storage:localhost/like/$1:latest"
        echo "localhost/like/$1:latest" >"$1.podman"
}

cat >look <<'SH'
#!/bin/sh
echo "uid $(id -u)"
echo "gid $(id -g)"
echo "groups $(echo $(id -G | tr ' ' '\n' | sort -n))"
echo "home ${HOME-unset}"
echo "user ${USER-unset} ${LOGNAME-unset}"
echo "cwd $(pwd)"
echo "path $PATH"
env | grep '^OWN' | sort | sed 's/$/|/'
echo "name $(hostname)"
[ "$(cat /etc/hostname)" = "$(hostname)" ] && echo 'hostname is the own'
grep -qw "$(hostname)" /etc/hosts && echo 'hosts has the own'
grep -q '^127.0.0.1[[:space:]].*localhost' /etc/hosts && echo 'hosts has localhost'
cd /run && find . -mindepth 1 2>/dev/null | sort | while read -r p; do
        echo "run $p $(stat -c '%A %u %g' "$p" 2>/dev/null)"
done
for file in /files/* /files/*/*; do [ -f "$file" ] && echo "file $file $(cat "$file")"; done
echo "top $(stat -c %u:%g /)"
touch "$HOME/made" && echo 'home can be written'
SH

# seen FILE: without what is known to be otherwise.
seen() {
        sed 's/^run /run:/' "$1" | while IFS= read -r line; do
                [[ $line == run:* && ${line#run:} =~ $own_places ]] || echo "$line"
        done | grep -vE "$known"
}

# same NAME [PODCTL-OPTION… [-- PODMAN-OPTION…]]: both run it, print the same and end alike.
same() {
        local name=$1 ours=() theirs=() status=0 their_status=0 IMAGE
        shift
        while (($#)) && [[ $1 != -- ]]; do ours+=("$1"); shift; done
        theirs=("${@:2}")
        IMAGE=$(cat "$name.podctl")
        own run --net=none "$IMAGE" --name=app "${ours[@]}" >"$name.ours" 2>"$name.err" || status=$?
        podman run --rm --network=none "${theirs[@]}" "$(cat "$name.podman")" >"$name.theirs" 2>"$name.their-err" ||
                their_status=$?
        diff <(seen "$name.ours") <(seen "$name.theirs") ||
                fail "$name: podctl printed '<', podman '>': $(cat "$name.err" "$name.their-err")"
        assert_eq "$name $status" "$name $their_status"
}

begin() {
        podman_here
        defer own gc --grace-period=0
}

# --- Secrets

# A file that ends with a newline has one more in podman's variable.
test_secrets() {
        begin
        defer podman secret rm podctl-db
        printf 'a  secret\nof two lines' >db
        podman secret create podctl-db db >/dev/null
        image secret <<<'image([base()], {"Cmd": ["/bin/sh", "-c",
                "cat /run/secrets/db; echo; echo \"$DB\"; stat -c %a:%u /run/secrets/db"]})'
        same secret --credential="db=$PWD/db,env=DB" -- \
                --secret=podctl-db,target=db,mode=0400 --secret=podctl-db,type=env,target=DB
}

# --- Who it is

test_users() {
        local user
        begin
        # '': root; listed and not, by name and number, with a group and without.
        for user in '' 0 root 33 web 1001 33:77 web:extra web:1001 1001:77 1001:5 :77; do
                image user <<<"image([base(look, d('run'))], {'Cmd': ['/look'], 'User': '$user'})"
                same user
        done
}

test_option_user() {
        begin
        image user <<<"image([base(look, d('run'))], {'Cmd': ['/look'], 'User': 'web:extra'})"
        same user --user=1001 -- --user=1001
        same user --user=33 -- --user=33
        same user --user=root -- --user=root
        same user --user=web --group=77 -- --user=web:77
}

test_many_groups() {
        begin
        image groups <<'P'
many = ''.join('g%d:x:%d:web\n' % (i, i) for i in range(1000, 1100))
image([base(look, d('run')), layer(f('etc/group', 'root:x:0:\nweb:x:44:\n' + many))],
      {'Cmd': ['/look'], 'User': 'web'})
P
        same groups
        # What a pod does not have is left out with a warning.
        image far <<'P'
image([base(look, d('run')), layer(f('etc/group', 'root:x:0:\nweb:x:44:\nfar:x:70000:web\n'))],
      {'Cmd': ['/look'], 'User': 'web'})
P
        own run --net=none --name=far "$(cat far.podctl)" >out || true
        assert_contains "$(journalctl --no-pager --unit=podctl-far)" "User 'web' is not in group 'far' (70000) here"
}

# --- What it is told

test_environment() {
        begin
        image env <<'P'
image([base(look, d('run'))], {'Cmd': ['/look'], 'User': 'web', 'Env':
       ['OWN=1', 'OWN_EMPTY=', 'OWN_EQUALS=a=b', 'OWN=2', 'OWN_SPACES= a  b ', 'OWN.dot=c', 'OWN-dash=d',
        'OWN_QUOTE="\'$HOME%n\\']})
P
        same env
        image path <<<"image([base(look, d('run'))], {'Cmd': ['/look'], 'Env': ['PATH=/bin', 'HOME=/tmp']})"
        same path
        # A user that nobody lists, and one whose home is not there.
        image nobody <<<"image([base(look, d('run'))], {'Cmd': ['/look'], 'User': '4711', 'Env': ['OWN=x']})"
        same nobody
}

test_working_directory() {
        local directory
        begin
        for directory in '' / /var/www /made/here relative /var/../var/www/ /link; do
                image cwd <<<"image([base(look, d('run'), ln('link', 'var/www'))],
                        {'Cmd': ['/look'], 'WorkingDir': '$directory'})"
                same cwd
        done
}

test_commands() {
        begin
        image entry <<<"image([base(look, d('run'))],
                {'Entrypoint': ['/bin/sh', '-c'], 'Cmd': ['echo \"\$0 \$#\"; exit 7', 'a  b', '']})"
        same entry
        image none <<<"image([base(look, d('run'))], {'Entrypoint': [''], 'Cmd': ['/look']})"
        [[ $(podman --version) == *' 4.3'* ]] || same none
        # By the image's PATH, and below the working directory.
        image found <<<"image([base(look, d('run'), d('own'), f('own/it', '#!/bin/sh\necho found', 0o755))],
                {'Cmd': ['it'], 'Env': ['PATH=/own:/bin']})"
        same found
        image relative <<<"image([base(look, d('run'), d('own'), f('own/it', '#!/bin/sh\npwd', 0o755))],
                {'Cmd': ['./it'], 'WorkingDir': '/own'})"
        same relative
}

# --- What is there

test_run_of_the_image() {
        begin
        image places <<'P'
image([base(look, d('run'), d('run/mysqld', 0o1777, uid=33, gid=44), f('run/motd', 'of the image'),
            ln('var/run', '/run'))],
      {'Cmd': ['/look'], 'User': 'web'})
P
        same places
}

# Lines of the image's own, which Alpine's has, are no reason not to know the pod's name.
test_hosts_of_the_image() {
        begin
        image hosts <<'P'
image([base(look, d('run'), f('etc/hosts', '127.0.0.1 localhost\n'), f('etc/hostname', 'of-the-image\n'))],
      {'Cmd': ['/look']})
P
        same hosts
}

test_top_directory() {
        local mode
        begin
        for mode in 0o700 0o750 0o711 0o000; do
                image top <<<"image([layer(d('./', $mode)), base(look, d('run'))], {'Cmd': ['/look'], 'User': 'web'})"
                same top
        done
}

test_volumes() {
        begin
        image volume <<'P'
image([base(look, d('run'), d('files', 0o750, uid=33), f('files/a', 'of the image', uid=33))],
      {'Cmd': ['/look'], 'User': 'web', 'Volumes': {'/files': {}, '/files/new': {}}})
P
        same volume
}

# --- Layers as others make them

# layers NAME MEMBERS: on top of what all have.
layers() {
        image "$1" <<<"image([base(look, d('run')), layer($2)], {'Cmd': ['/look']})"
        same "$1"
        grep -q ^file "$1.ours"
}

test_names_in_layers() {
        begin
        layers absolute "d('/'), d('/files/'), f('/files/a', '1')"
        layers hard-link "d('./'), d('files'), f('files/a', '1'), hl('files/b', '/files/a')"
        layers dots "d('a'), f('a/../files/a', '1'), f('./files//./b', '2')"
        layers no-parents "f('files/a', '1'), f('files/b/c', '2')"
}

test_links_in_layers() {
        begin
        layers relative "d('app'), d('files'), ln('app/x', '../files'), f('app/x/a', '1'), f('app/x/d/b', '2')"
        layers usr-merge "d('files'), d('files/lib'), ln('lib', 'files/lib'), f('lib/a', '1')"
        layers absolute-link "d('files'), d('files/lib'), ln('lib', '/files/lib'), f('lib/a', '1'), f('lib/.wh.gone')"
        layers hard-link-below "d('files'), ln('l', 'files'), f('files/a', '1'), hl('l/b', 'files/a'), hl('c', 'l/a')"
        layers above-the-top "d('files'), ln('l', '../../../files'), f('l/a', '1')"
        # In a lower layer: a directory takes its place.
        image lower <<<"image([base(look, d('run'), d('var/x'), ln('files', 'var/x')), layer(f('files/a', '1'))],
                {'Cmd': ['/look']})"
        same lower
}

test_whiteouts() {
        begin
        image whiteouts <<'P'
image([base(look, d('run'), d('files'), f('files/a', '1'), f('files/b', '2'), d('files/d'), f('files/d/x', '3'),
            d('files/o'), f('files/o/x', '4')),
       layer(f('files/.wh.a'), f('files/.wh.d'), f('files/o/.wh..wh..opq'), f('files/o/new', '5'))], {'Cmd': ['/look']})
P
        same whiteouts
}

# --- Odd words in a configuration

test_oddities() {
        local signal odd
        begin
        for signal in sigterm quit SIGRTMAX-3 RTMIN+3 9; do
                image signal <<<"image([base(look, d('run'))], {'Cmd': ['/look'], 'StopSignal': '$signal'})"
                same signal
        done
        for odd in "'Healthcheck': {'Test': ['/bin/true']}" "'Healthcheck': {'Test': ['CMD-SHELL']}" \
                "'Healthcheck': {'Test': ['CMD', '/bin/true'], 'Interval': 1}" \
                "'Healthcheck': {'Test': ['CMD', '/bin/true'], 'Retries': -3}" \
                "'Labels': {'a': None}"; do
                image odd <<<"image([base(look, d('run'))], {'Cmd': ['/look'], $odd})"
                same odd
        done
}

# Ports that are none podman refuses at the start, and podctl tells of at fetch.
test_odd_ports() {
        local port
        begin
        for port in '' 0/tcp 70000/tcp 90-80/tcp '${PORT}/tcp'; do
                image port <<<"image([base(look, d('run'))], {'Cmd': ['/bin/true'], 'ExposedPorts': {'$port': {}}})"
                assert_contains "$(cat port.warnings)" "config.ExposedPorts: '$port' is not a port"
                own run --net=none "$(cat port.podctl)" --name=app
        done
}

# --- How it ends

test_exit_statuses() {
        local script
        begin
        # The kernel drops signals that a PID 1 sends itself.
        for script in 'exit 0' 'exit 1' 'exit 255' \
                'sh -c "kill -KILL \$\$" 2>/dev/null; exit $?' 'sh -c "kill -TERM \$\$" 2>/dev/null; exit $?'; do
                echo "$script" >script
                image ends <<<"image([base(look, f('script', open('script').read()))], {'Cmd': ['/bin/sh', '/script']})"
                same ends
        done
}
