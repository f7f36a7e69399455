# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# podctl as actool: ACIs checked, looked into, changed and made of directories.
# On any systemd, the same.

actool() { (exec -a actool podctl "$@"); }

# actool_fails STATUS WORDS ARG…
actool_fails() {
        assert_fails "$1" actool "${@:3}"
        assert_contains "$output" "$2"
}

. "$HERE/lib-servers.sh"

manifest_of_aci() { actool cat-manifest "$1" | jq -c "$2"; }

# A layout: manifest and rootfs, with what a tar can have.
layout() {
        mkdir -p layout/rootfs/bin layout/rootfs/tmp
        echo 1 >layout/rootfs/bin/app
        ln layout/rootfs/bin/app layout/rootfs/bin/link
        chmod 4755 layout/rootfs/bin/app
        chmod 1777 layout/rootfs/tmp
        setfattr -n user.note -v kept layout/rootfs/bin/app
        chown -R 7:8 layout/rootfs/bin
        jq -n '{ acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app",
                 app: { exec: ["/bin/app"], user: "0", group: "0" } }' >layout/manifest
}

test_actool_build() {
        layout
        actool build layout app.aci
        actool validate app.aci layout layout/manifest
        assert_eq "$(tar tvzf app.aci --numeric-owner | awk '{ print $1, $2, $6 }' | sort -k3)" \
                '-rw-r--r-- 0/0 manifest
drwxr-xr-x 0/0 rootfs/
drwxr-xr-x 7/8 rootfs/bin/
-rwxr-xr-x 7/8 rootfs/bin/app
hrwxr-xr-x 7/8 rootfs/bin/link
drwxrwxrwt 0/0 rootfs/tmp/'
        actool_fails 1 'Target file exists (try --overwrite)' build layout app.aci
        actool build --overwrite --owner-root --no-compression layout app.aci
        assert_eq "$(tar tvf app.aci --numeric-owner | awk '{ print $2 }' | sort -u)" 0/0
        actool_fails 1 'Extension must be .aci' build layout app.tar
        echo '{"acKind": null, "acVersion": "0.8.11", "name": "a.b/c"}' >manifest
        actool_fails 1 "missing member 'acKind'" validate --type=manifest manifest
        touch layout/more
        actool_fails 1 "Layout failed validation: 'more' is neither the manifest nor in rootfs" build layout two.aci
        [[ ! -e two.aci ]]
}

# patched OPTION… WANTED: the name, and the app without what it has anyway.
patched() {
        actool patch-manifest --overwrite "${@:1:$#-1}" in.aci out.aci
        assert_eq "$(manifest_of_aci out.aci '[.name, .app] | del(.[1].exec, .[1].user, .[1].group)')" \
                "$(jq -c . <<<"${!#}")"
}
patched_app() { patched "${@:1:$#-1}" "[\"example.com/app\",${!#}]"; }
patched_isolator() { patched_app "${@:1:$#-1}" "{\"isolators\":[${!#}]}"; }

test_actool_patch() {
        layout
        actool build layout in.aci
        patched --name=a.b/c '["a.b/c",{}]'
        patched_app --mounts=work,path=/opt,readOnly=true:two,path=/two \
                '{"mountPoints":[{"name":"work","path":"/opt","readOnly":true},{"name":"two","path":"/two"}]}'
        patched_app --ports=www,protocol=tcp,port=80,count=2,socketActivated=true \
                '{"ports":[{"name":"www","protocol":"tcp","port":80,"count":2,"socketActivated":true}]}'
        patched_app --supplementary-groups=4,5 '{"supplementaryGIDs":[4,5]}'
        patched_isolator --capability=CAP_CHOWN,CAP_FOWNER \
                '{"name":"os/linux/capabilities-retain-set","value":{"set":["CAP_CHOWN","CAP_FOWNER"]}}'
        patched_isolator --revoke-capability=CAP_CHOWN \
                '{"name":"os/linux/capabilities-remove-set","value":{"set":["CAP_CHOWN"]}}'
        patched_isolator --isolators=resource/cpu,request=5m,limit=9m:os/linux/oom-score-adj,3 \
                '{"name":"resource/cpu","value":{"request":"5m","limit":"9m"}},
                 {"name":"os/linux/oom-score-adj","value":3}'
        patched_isolator --seccomp-mode=retain,errno=ENOSYS --seccomp-set=read,write \
                '{"name":"os/linux/seccomp-retain-set","value":{"set":["read","write"],"errno":"ENOSYS"}}'
        actool patch-manifest --replace --exec='/bin/other -x' --user=7 --group=8 in.aci
        assert_eq "$(manifest_of_aci in.aci .app)" '{"exec":["/bin/other","-x"],"user":"7","group":"8"}'
        # The files stay what they are.
        mkdir tree
        tar --xattrs --warning=no-unknown-keyword -xpf in.aci -C tree --numeric-owner
        assert_eq "$(cd tree/rootfs && stat -c '%n %a %u:%g %h %y' bin/* tmp)" \
                "$(cd layout/rootfs && stat -c '%n %a %u:%g %h %y' bin/* tmp)"
        assert_eq "$(getfattr -n user.note --only-values tree/rootfs/bin/link)" kept
        echo '{"acKind":"ImageManifest","acVersion":"0.8.11","name":"whole"}' >new
        actool patch-manifest --manifest=new in.aci whole.aci
        assert_eq "$(actool cat-manifest whole.aci)" "$(cat new)"
        actool_fails 1 'no app in the supplied manifest' patch-manifest --user=0 whole.aci x.aci
        actool validate whole.aci
}

test_actool_patch_refused() {
        local before
        layout
        actool build layout in.aci
        before=$(sha256sum in.aci)
        actool_fails 1 'Cannot use both' patch-manifest --replace --overwrite in.aci
        actool_fails 1 'Must provide input and output' patch-manifest in.aci
        actool_fails 1 'incompatible' patch-manifest --replace --manifest=x --name=a in.aci
        actool_fails 1 "'A' is not a valid" patch-manifest --replace --name=A in.aci
        actool_fails 1 "'path=x'" patch-manifest --replace --ports=a,path=x in.aci
        actool_fails 1 "app.mountPoints[0].path" patch-manifest --replace --mounts=a,path=x in.aci
        actool_fails 1 "invalid supplementary group 'x'" patch-manifest --replace --supplementary-groups=x in.aci
        actool_fails 1 'unknown seccomp mode' patch-manifest --replace --seccomp-mode=x in.aci
        actool_fails 1 'without --seccomp-mode' patch-manifest --replace --seccomp-set=x in.aci
        actool_fails 1 'conflicting capabilities' patch-manifest --replace --capability=CAP_CHOWN \
                --revoke-capability=CAP_CHOWN in.aci
        actool_fails 1 'app.isolators[0]' patch-manifest --replace --isolators=resource/cpu,limit=much in.aci
        actool_fails 2 'not defined: --owner-root' patch-manifest --replace --owner-root in.aci
        actool_fails 2 'unknown subcommand' paint in.aci
        assert_eq "$(sha256sum in.aci)" "$before"
        assert_eq "$(ls)" $'in.aci\nlayout'
}

# An archive may be anything.
test_actool_validate() {
        local file words
        layout
        ln -s rootfs layout/link
        tar -C layout -cf extra.aci manifest rootfs link
        rm layout/link
        tar -C layout -cf twice.aci manifest rootfs rootfs/bin/app rootfs/bin/app
        tar -C layout -cf manifests.aci manifest manifest rootfs
        tar -C layout -cf nomanifest.aci rootfs
        tar -C layout -cf norootfs.aci manifest
        tar -C layout -cPf leaves.aci --transform='s,rootfs/tmp,rootfs/../../tmp,' manifest rootfs
        tar -C layout -cf file.aci --transform='s,rootfs/bin/app$,rootfs,' manifest rootfs/bin/app
        ln layout/rootfs/bin/app layout/rootfs/bin/same
        for file in etc/passwd ../etc/passwd rootfs/../etc/passwd rootfs/none; do
                tar -C layout -cPf "link${file//\//-}.aci" --transform="flags=h;s,rootfs/bin/app,$file," \
                        manifest rootfs/bin/app rootfs/bin/same
        done
        tar -C layout -cf same.aci manifest rootfs/bin/app rootfs/bin/same
        actool validate same.aci
        rm layout/rootfs/bin/same
        tar -C layout -czf short.aci manifest rootfs
        truncate -s -20 short.aci
        echo '{"acKind":"ImageManifest","acVersion":"0.8.11","name":"A"}' >name.json
        echo '{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{}]}' >pod.json
        echo '{"acKind":"ImageManifest","acVersion":"1","name":"a"}' >version.json
        echo '{"acKind":"ImageManifest"' >syntax.json
        echo plain >plain
        mkfifo pipe
        while IFS='|' read -r file words; do
                actool_fails 1 "$file: $words" validate "$file"
                assert_eq "$(wc -l <<<"$output")" 1
        done <<'END'
extra.aci|'link' is neither the manifest nor in rootfs
twice.aci|'rootfs/bin/app' is there twice
nomanifest.aci|no image manifest found in layout
norootfs.aci|no rootfs found in layout
leaves.aci|entry 'rootfs/../../tmp/' leaves the tree
file.aci|'rootfs' is not a directory
manifests.aci|'manifest' is not a regular file
linketc-passwd.aci|'rootfs/bin/same' is a hard link to what is not in rootfs
link..-etc-passwd.aci|'rootfs/bin/same' is a hard link to what is not in rootfs
linkrootfs-..-etc-passwd.aci|'rootfs/bin/same' is a hard link to what is not in rootfs
linkrootfs-none.aci|'rootfs/none' is missing, and a hard link leads to it
short.aci|
name.json|invalid ImageManifest: name: 'A' is not
pod.json|invalid PodManifest: apps[0]
version.json|invalid ImageManifest: acVersion
syntax.json|error unmarshaling manifest
plain|unable to detect filetype (try --type)
pipe|is neither a file nor a directory
none|unable to access
END
        actool_fails 1 'is no directory (wrong --type?)' validate --type=layout name.json
        actool_fails 1 'is a directory (wrong --type?)' validate --type=manifest layout
        actool_fails 2 'there are appimage, layout and manifest' validate --type=x layout
        actool --debug validate layout 2>said
        assert_eq "$(cat said)" 'layout: valid image layout'
        # All files are looked at, whatever is wrong with the first.
        actool_fails 1 'name.json' validate plain name.json
        actool_fails 1 'has no manifest' cat-manifest nomanifest.aci
        actool_fails 1 'is not a regular file' cat-manifest pipe
        # A layer of many files is read in one go.
        mkdir -p many/rootfs
        cp layout/manifest many/
        (cd many/rootfs && seq 50000 | xargs touch)
        tar -cf many.aci -C many manifest rootfs
        actool validate many.aci
}

# What the parsers' tests have, by the program: whatever is refused, its member is named.
test_actool_validates_cases() {
        local kind cases i says
        for kind in image pod; do
                cases=$HERE/../data/cases/appc-$kind-manifest.json
                for ((i = 0; i < $(jq length "$cases"); i++)); do
                        jq ".[$i].value" "$cases" >case.json
                        says=$(jq -r ".[$i].says // empty" "$cases")
                        case $says in
                        '') actool validate case.json ;;
                        # The kind is looked at first.
                        'expected an object' | 'acKind: expected'*) assert_fails 1 actool validate case.json ;;
                        *) actool_fails 1 "$says" validate case.json ;;
                        esac
                done
        done
}

test_actool_discover() {
        websites
        jq -n --arg html '<html><head>
                <meta name="ac-discovery" content="example.test/app https://storage.test/{name}-{version}.{ext}">
                <meta name="ac-discovery-pubkeys" content="example.test/app https://storage.test/key.asc">
                </head></html>' '[{ path: "^/app\\?ac-discovery=1$", status: 200, body: $html }]' >rules
        assert_eq "$(actool discover --insecure example.test/app:7)" \
                'ACI: https://storage.test/example.test/app-7.aci, ASC: https://storage.test/example.test/app-7.aci.asc
PublicKeys: https://storage.test/key.asc'
        assert_eq "$(actool discover --insecure --json example.test/app | jq -c '[.ACIEndpoints[].ACI, .PublicKeys]')" \
                '["https://storage.test/example.test/app-latest.aci",["https://storage.test/key.asc"]]'
        actool_fails 1 'discover: example.test/app: ' discover example.test/app
        sed 's/storage.test/other.test/g' rules >other-rules
        serve 127.0.0.2:8443 "$HERE/web-server" --listen 127.0.0.2:8443 --directory site --rules other-rules \
                --tls ours/server.crt ours/server.key
        assert_eq "$(actool discover --insecure --port=8443 example.test/app:7)" \
                'ACI: https://other.test/example.test/app-7.aci, ASC: https://other.test/example.test/app-7.aci.asc
PublicKeys: https://other.test/key.asc'
        actool_fails 1 'example.test:81' discover --insecure --port=81 example.test/app
        actool_fails 2 'there is no port 65536' discover --port=65536 example.test/app
        actool_fails 1 'example.test/none' discover --insecure example.test/none
        actool_fails 1 'is not a name that discovery finds' discover --insecure ./file
}
