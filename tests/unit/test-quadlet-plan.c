/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "foreign/quadlet/quadlet-keys.h"
#include "foreign/quadlet/quadlet-plan.h"

/* One file, as words and findings in one text: "WORD WORD …; KEY STATE: WHY; …". What is carried is not told. */

static void add(char **text, const char *word)
{
        char *longer = strjoin(*text, **text ? " " : "", word);

        free(*text);
        *text = longer;
}

static void add_lines(char **text, const char *section, char *const *lines)
{
        if (lines)
                add(text, section);
        STRV_FOREACH(line, lines)
                add(text, *line);
}

static char *text_of(const PodDrafts *plan)
{
        char *text = strdup("");

        for (size_t i = 0; i < plan->n_pods; i++) {
                _cleanup_strv_free_ char **words = NULL;

                if ((plan->pods[i].manifest || (plan->pods[i].n_apps > 0 && plan->pods[i].apps[0].image)) &&
                    pod_draft_words(&plan->pods[i], &words) >= 0)
                        STRV_FOREACH(word, words)
                                add(&text, *word);
                add_lines(&text, "[Unit]", plan->pods[i].unit);
                add_lines(&text, "[Service]", plan->pods[i].service);
                add_lines(&text, "[Install]", plan->pods[i].install);
        }
        for (size_t i = 0; i < plan->n_networks; i++)
                add(&text, strempty(plan->networks[i].text));
        for (size_t i = 0; i < plan->findings.n; i++) {
                const Finding *f = &plan->findings.items[i];
                _cleanup_free_ char *line = strprintf("%s:%zu: %s", finding_state_to_string(f->state), f->line,
                                                      strempty(f->text));

                if (f->state != FINDING_CARRIED)
                        add(&text, line);
        }
        return text;
}

static bool is_there(const char *path)
{
        return !startswith(path, "/none");
}

static int read_text(const char *path, char **ret, size_t *ret_size)
{
        if (!is_there(path))
                return -ENOENT;
        if (streq(path, "/fifo"))
                return -EINVAL;
        *ret = strdup("# comment\n\nA=of file\n  B=\"x\"\n");
        *ret_size = *ret ? strlen(*ret) : 0;
        return *ret ? 0 : -ENOMEM;
}

static void check(const char *const *sources, const char *expected)
{
        _cleanup_free_ char *text = NULL, *message = NULL;
        static char *const networks[] = { (char *) "default", (char *) "host", (char *) "known", (char *) "none",
                                         NULL };
        QuadletFile files[4] = {};
        PodDrafts plan = {};
        size_t n = 0;
        int r;

        for (; sources[2 * n]; n++) {
                const char *dot = strrchr(sources[2 * n], '.');

                files[n].path = strdup(sources[2 * n]);
                files[n].stem = strndup(sources[2 * n], dot - sources[2 * n]);
                files[n].suffix = strdup(dot + 1);
                r = quadlet_file_parse(&files[n], "f", sources[2 * n + 1], strlen(sources[2 * n + 1]), NULL);
                cr_assert_eq(r, 0);
        }
        r = quadlet_plan_new(&(QuadletInput) { files, n, is_there, read_text, networks }, NULL, &plan, &message);
        cr_assert_eq(r, 0, "%s", strempty(message));
        text = text_of(&plan);
        cr_expect_str_eq(text, expected, "%s:\n%s\n%s", sources[1], text, expected);
        for (size_t i = 0; i < n; i++)
                quadlet_file_done(&files[i]);
        pod_drafts_done(&plan);
}

Test(quadlet_plan, lines)
{
        static const struct {
                const char *line, *expected; /* between the name and the drop-in; "!": a finding */
        } cases[] = {
                { "Exec=sh -c \"echo $$HOME\"", "-- sh -c echo $HOME ---" },
                { "Entrypoint=/bin/x\nExec=y", "--exec=/bin/x -- y ---" },
                { "Entrypoint=[\"/bin/x\",\"a\"]\nExec=y", "--exec=/bin/x -- a y ---" },
                { "Environment=A=1 \"B=2 3\"\nEnvironment=A=4", "--environment=A=4 --environment=B=2 3" },
                { "User=1:2", "--user=1 --group=2" },
                { "User=-1:2", "!lost:3: '-1' is not a valid name of a user: a name, a number below 4294967295, or the "
                               "path of a file with that owner" },
                { "AddCapability=NET_ADMIN\nDropCapability=all", "--caps-retain=CAP_NET_ADMIN" },
                { "DropCapability=ALL", "--caps-remove=all" },
                { "AddCapability=cap_net_admin\nDropCapability=all", "--caps-retain=CAP_NET_ADMIN" },
                { "DropCapability=all chown,xyz",
                  "--caps-remove=all lost:3: 'xyz' is not a capability of the kernel; see capabilities(7)" },
                { "DropCapability=all\nAddCapability=NET_RAW,CAP_KILL",
                  "--caps-retain=CAP_NET_RAW --caps-retain=CAP_KILL" },
                { "AddDevice=/dev/a:/dev/b:r\nAddDevice=-/dev/c", "--device=/dev/a:/dev/b:r --device=/dev/c" },
                { "AddDevice=/none", "!lost:3: there is no /none; nothing makes it by itself here" },
                { "AddDevice=-/none:/dev/x", "!changed:3: there is no /none now, and it may be missing" },
                { "AddDevice=nvidia.com/gpu=all", "!lost:3: 'nvidia.com/gpu=all' is not a path; name the devices in "
                                                  "/dev" },
                { "SeccompProfile=unconfined", "--annotation=podctl/insecure=seccomp changed:3: podctl's own filter is "
                                               "taken away: that of systemd-nspawn, which the whole pod has, stays" },
                { "SeccompProfile=x.json", "!lost:3: only the file of a filter, and unconfined, are possible; write "
                                           "its path" },
                { "UserNS=keep-id:uid=1", "!lost:3: a pod has user IDs of its own, and files of volumes keep theirs; "
                                          "write User= with the ID that is kept" },
                { "HealthCmd=\"a || exit 1\"", "--health-cmd=a || exit 1" },
                { "HealthCmd=a \"b\"", "--health-cmd=a \"b\"" },
                { "WorkingDir=\"/a b\"", "--working-dir=/a b" },
                { "Exec=\"a b\" \\ \t\n  c", "-- a b c ---" },
                { "HealthCmd=NONE", "--health-cmd=none" },
                { "HealthCmd=CMD test -e /it's", "--health-cmd='test' '-e' '/it'\\''s'" },
                { "HealthCmd=CMD-SHELL a || exit 1", "--health-cmd=a || exit 1" },
                { "HealthCmd=[\"CMD\",\"a\",\"b c\"]", "--health-cmd='a' 'b c'" },
                { "HealthCmd=[\"a\",\"b\"]", "--health-cmd='a' 'b'" },
                { "HealthStartupCmd=[\"CMD-SHELL\",\"a && b\"]", "--health-startup-cmd=a && b" },
                { "HealthCmd=[\"a && b\"]", "--health-cmd=a && b" },
                { "HealthCmd=[ -e /x ]", "--health-cmd=[ -e /x ]" },
                { "HealthCmd=test $A = \"$B\"", "--health-cmd=test $A = \"$B\"" },
                { "DropCapability=all\nDropCapability=CAP_NET_RAWW",
                  "--caps-remove=all lost:4: 'CAP_NET_RAWW' is not a capability of the kernel; see capabilities(7)" },
                { "Memory=512m", "--memory=512Mi" },
                { "Ulimit=nofile=1:2", "--rlimit=NOFILE=1:2" },
                { "Ulimit=core=0", "--rlimit=CORE=0:0" },
                { "Ulimit=memlock=-1:-1", "--rlimit=MEMLOCK=infinity:infinity" },
                { "Ulimit=nofile=1:unlimited", "--rlimit=NOFILE=1:infinity" },
                { "Ulimit=bogus=1", "!lost:3: 'bogus=1' is not a valid limit: NAME=SOFT[:HARD], each a number, or -1 "
                                    "for none" },
                { "Ulimit=nofile=-1:5", "!lost:3: 'nofile=-1:5' is not a valid limit: NAME=SOFT[:HARD], each a number, "
                                        "or -1 for none" },
                { "Ulimit=nofile", "!lost:3: 'nofile' is not a valid limit: NAME=SOFT[:HARD], each a number, or -1 for "
                                   "none" },
                { "Ulimit=nofile=-2", "!lost:3: 'nofile=-2' is not a valid limit: NAME=SOFT[:HARD], each a number, or "
                                      "-1 for none" },
                { "StopTimeout=7", "--stop-timeout=7s" },
                { "HealthOnFailure=kill", "--health-on-failure=fail" },
                { "Notify=healthy", "--health-ready" },
                { "Label=a=b c=d", "--user-label=a=b --user-label=c=d" },
                { "Environment=N=%N", "--environment=N=web" },
                { "Exec=${A}", "!lost:3: a variable without a value in [Service]; write its value, or $$ for a "
                               "dollar" },
                { "Exec=x \"$HOME\"", "!lost:3: a variable without a value in [Service]; write its value, or $$ for a "
                                        "dollar" },
                { "Exec=\"a $HOME b\" a$b", "-- a $HOME b a$b ---" },
                { "EnvironmentFile=/fifo", "!lost:3: cannot read /fifo: not a regular file" },
                { "Exec=\"a", "!lost:3: the quotes or escapes are not valid" },
                { "Exec=%H", "!lost:3: specifier '%H' depends on the host; write its value" },
                { "Imgae=x", "!lost:3: there is no such key; did you mean 'Image'?" },
                { "AppArmor=p\nNoNewPrivileges=true", "--apparmor=p --no-new-privileges=true" },
                { "PodmanArgs=-it", "--stdin=tty --stdout=tty --stderr=tty" },
                { "PodmanArgs=--interactive", "--stdin=stream --stdout=stream --stderr=stream" },
                { "PodmanArgs=--tty", "--stdin=tty --stdout=tty --stderr=tty" },
                { "PodmanArgs=--pid=host", "!lost:3: apps see the pod's processes at most; that of podctl create "
                                           "--stage1=fly sees the host's" },
                { "--pid=host", "!lost:3: apps see the pod's processes at most; that of podctl create --stage1=fly "
                                "sees the host's" },
                { "PodmanArgs=--tty --privileged", "!lost:3: options of podman itself; write what they mean as keys" },
                { "--cpu-shares=512\n--oom-score-adj=-5", "--cpu-shares=512 --oom-score-adj=-5" },
                { "--oom-score-adj=x", "!lost:3: 'x' is not a number" },
                { "--no-healthcheck=true", "--health-cmd=none" },
                { "--restart=on-failure:3", "--restart=on-failure --annotation=podctl/restart-limit=3" },
                { "--restart=on-failure:0", "--restart=on-failure" },
                { "--restart=on-failure:x", "!lost:3: 'on-failure:x' is not on-failure: and a number of restarts" },
                { "--timeout=0\n--no-healthcheck=false\nUser=1", "--user=1" },
                { "Unmask=ALL", "--annotation=podctl/insecure=paths" },
                { "Unmask=/proc/x", "!lost:3: only ALL is possible, which shows all of the kernel's paths" },
                { "SecurityLabelType=spc_t\nSecurityLabelLevel=s0:c1,c2",
                  "--selinux=system_u:system_r:spc_t:s0:c1,c2 changed:3: the host needs SELinux, without which the pod "
                  "does not start changed:4: the host needs SELinux, without which the pod does not start" },
                { "SecurityLabelType=a b", "!lost:3: 'a b' is not a part of a label of SELinux" },
                { "Network=pasta:-t,8080:80", "!lost:3: it is for podman without root; leave it away, or write "
                                                      "default" },
                { "PublishPort=80", "!lost:3: the host's port has to be chosen: write HOSTPORT:80" },
                { "GroupAdd=wheel", "!lost:3: 'wheel' is not a number; look it up in the image's /etc/group" },
                { "Volume=a.volume:/x", "!lost:3: there is no file a.volume among those that were given" },
                { "Mount=type=image,source=x.org/i,dst=/x,rw=true",
                  "!lost:3: the files of an image cannot be written to; leave out 'rw=true'" },
                { "Mount=type=image,source=x.org/i,dst=/x,subpath=../a",
                  "!lost:3: '../a' is not a valid path below the image" },
                { "Mount=type=bind,source=/a,dst=/x,subpath=b", "!lost:3: only an image or a volume has a subpath" },
                { "Mount=type=image,source=x.org/i,dst=/x,chown=true", "!lost:3: option 'chown=true' is not possible" },
                { "Mount=type=image,dst=/x", "!lost:3: there is no source, which names the image" },
                { "Mount=type=image,source=b.image,dst=/x", "!lost:3: there is no file b.image with an Image= among "
                  "those that were given" },
                { "Volume=/a,b:/x", "!lost:3: there is a comma in '/a,b'" },
                { "Volume=/a:", "!lost:3: write SOURCE:TARGET:OPTIONS" },
                { "Volume=:/x", "!lost:3: write SOURCE:TARGET:OPTIONS" },
                { "Volume=/a::ro", "!lost:3: write SOURCE:TARGET:OPTIONS" },
                { "Volume=/a:x", "!lost:3: 'x' is not a valid place for a mount" },
                { "Memory=1gb", "--memory=1Gi" },
                { "Memory=50MiBx", "!lost:3: '50MiBx' is not a valid size: a number, and b, k, m or g" },
                { "ShmSize=x", "!lost:3: 'x' is not a valid size: a number, and b, k, m or g" },
                { "PidsLimit=many", "!lost:3: 'many' is not a number of processes, or -1 for no limit" },
                { "[Service]\nRestart=sometimes", "!lost:4: 'sometimes' is not possible: no, always or on-failure" },
                { "PublishPort=x:80", "!lost:3: 'x' is not a port number, 1 to 65535" },
                { "Volume=/none/x:/x", "!lost:3: there is no /none/x; nothing makes it by itself here" },
                { "Volume=Data:/x", "!lost:3: 'Data' is not a valid name of a volume: lower-case letters, digits and "
                                    "'-' between them, at most 249" },
                { "Secret=/etc/shadow", "!lost:3: '/etc/shadow' is not a valid name of a credential: letters, digits, "
                                        "'.', '_' and '-'" },
                { "Secret=a,target=b=c", "!lost:3: 'b=c' is not a valid name of a credential: "
                                                   "letters, digits, '.', '_' and '-'" },
                { "Secret=a,type=env,target=B=c", "!lost:3: 'B=c' is not a valid name of a credential: letters, "
                                                  "digits, '.', '_' and '-'" },
                { "Network=a,host", "!lost:3: 'a,host' is not a valid name of a network: letters, digits, '-', '_' and "
                                    "'.'" },
                { "Network=a:ip=10.0.0.2,host", "!lost:3: there is no network 'a' in /etc/podctl/net.d; "
                                                     "'10.0.0.2,host' is not an address" },
                { "Network=other", "!lost:3: there is no network 'other' in /etc/podctl/net.d" },
                { "IP=x", "!lost:3: 'x' is not an address" },
                { "HostName=a_b", "!lost:3: 'a_b' is not a valid name of a host: letters, digits, '-' and '.', at most "
                                  "64" },
                { "AddHost=x:1.2.3.4,5.6.7.8=y", "!lost:3: '1.2.3.4,5.6.7.8=y' is not an address" },
                { "Entrypoint=[\"a\",\"---\",\"docker://b\"]", "!lost:3: expected words, and no '---', which ends "
                                                               "arguments here" },
                { "[Install]\nAlias=x.service", "!lost:4: the unit is an instance of pod@.service, which has no other "
                                                 "names; leave it away" },
                { "[Install]\nWantedBy=../../x.target", "!lost:4: '../../x.target' is not a valid name of a unit" },
                { "[Service]\nType=oneshot\n[Service]\nType=exec", "[Service] Type=oneshot" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool finding = *cases[i].expected == '!';
                _cleanup_free_ char *text = strprintf("[Container]\nImage=r.x/i\n%s\n[Quadlet]\n"
                                                      "DefaultDependencies=no\n", cases[i].line),
                                    *expected = strprintf("web docker://r.x/i --name=web%s%s%s", finding ? "" : " ",
                                                          finding ? " " : "", cases[i].expected + finding);

                check((const char *[]) { "web.container", text, NULL }, expected);
        }
}

Test(quadlet_plan, options_of_pods)
{
        check((const char *[]) { "web.container", "[Container]\nImage=r.x/i\n--timeout=9\n[Quadlet]\n"
                                 "DefaultDependencies=no", NULL },
              "--deadline=9s web docker://r.x/i --name=web "
              "changed:3: the pod is stopped then in good order, and has failed");
        check((const char *[]) { "web.container", "[Container]\nImage=r.x/i\nAddHost=x:host-gateway\n"
                                 "--ipc=private\n--ipc=host\n--ipc=host\n--privileged=true\nDropCapability=ALL\n"
                                 "[Quadlet]\nDefaultDependencies=no", NULL },
              "--hosts-entry=host-gateway=x --ipc=parent --annotation=podctl/privileged=true web docker://r.x/i "
              "--name=web --annotation=podctl/insecure=capabilities,seccomp,paths "
              "changed:7: privileged is all rights within the pod: its root is not the host's, and devices are those "
              "that are named");
        check((const char *[]) { "p.pod", "[Pod]\n--memory=1g\n--sysctl=\"a=b\"\n--gpus=1\n[Service]\nRestart=no\n"
                                 "[Quadlet]\nDefaultDependencies=no", "a.container",
                                 "[Container]\nImage=r.x/i\nPod=p.pod\nContainerName=a\n--timeout=9", NULL },
              "--sysctl=a=b --hosts-entry=127.0.0.1=a p docker://r.x/i --name=a --annotation=podctl/on-failure=none "
              "[Service] MemoryMax=1G Restart=no "
              "lost:4: no option of podctl create does the same; leave it away "
              "lost:5: the limit would be that of the whole pod; write RuntimeMaxSec= into the .pod");
}

/* Names of files that would be options, and names of apps that are not valid or there twice. */
Test(quadlet_plan, names)
{
        check((const char *[]) { "-rf.container", "[Container]\nImage=r.x/i\n[Quadlet]\nDefaultDependencies=no", NULL },
              "lost:0: '-rf' is not a valid name of a pod: letters, digits, '-' and '.', at most 64; name the file so, "
              "or give podctl create a NAME");
        check((const char *[]) { "p.pod", "[Pod]\n[Quadlet]\nDefaultDependencies=no", "a.container",
                                 "[Container]\nImage=r.x/i\nPod=p.pod", "A.container",
                                 "[Container]\nImage=r.x/i\nPod=p.pod", "a_.container",
                                 "[Container]\nImage=r.x/i\nPod=p.pod", NULL },
              "--hosts-entry=127.0.0.1=systemd-a --hosts-entry=127.0.0.1=systemd-A --hosts-entry=127.0.0.1=systemd-a_ "
              "p docker://r.x/i --name=a --annotation=podctl/on-failure=none docker://r.x/i --name=a "
              "--annotation=podctl/on-failure=none docker://r.x/i --name=a- --annotation=podctl/on-failure=none "
              "lost:0: the app's name, 'a', is that of another container of the pod, too; rename the file "
              "lost:0: the app's name, 'a-', is not valid; rename the file");
}

#define WEB(line) "web.container", "[Container]\nImage=r.x/i\n" line "\n[Quadlet]\nDefaultDependencies=no"

Test(quadlet_plan, images_as_volumes)
{
        check((const char *[]) { WEB("Mount=type=image,source=x.org/i,dst=/x,subpath=/a/b,rw=false"), NULL },
              "--volume=v0,kind=image,image=docker://x.org/i web docker://r.x/i --name=web "
              "--mount=volume=v0,target=/x,subPath=a/b");
        check((const char *[]) { WEB("Mount=type=image,src=b.image,target=/x"), "b.image",
                                 "[Image]\nImage=x.org/b:2\n[Quadlet]\nDefaultDependencies=no", NULL },
              "--volume=v0,kind=image,image=docker://x.org/b:2 web docker://r.x/i --name=web "
              "--mount=volume=v0,target=/x");
        check((const char *[]) { WEB("Mount=type=volume,source=data,dst=/x,subpath=a/b"), NULL },
              "--volume=v0,kind=named,volume=data web docker://r.x/i --name=web "
              "--mount=volume=v0,target=/x,subPath=a/b");
        check((const char *[]) { WEB("Mount=type=image,source=i,dst=/x"), NULL },
              "--volume=v0,kind=image,image=docker://i web docker://r.x/i --name=web --mount=volume=v0,target=/x "
              "changed:3: a short name is one of Docker Hub here, whatever registries.conf says");
        check((const char *[]) { WEB("Volume=d.volume:/x:ro"), "d.volume",
                                 "[Volume]\nDriver=image\nImage=x.org/i\n[Quadlet]\nDefaultDependencies=no", NULL },
              "--volume=v0,kind=image,image=docker://x.org/i,readOnly=true web docker://r.x/i --name=web "
              "--mount=volume=v0,target=/x "
              "changed:3: the files of an image cannot be written to "
              "changed:3: with Driver=image; the files of an image cannot be written to");
        check((const char *[]) { WEB("Volume=d.volume:/x"), "d.volume",
                                 "[Volume]\nDriver=image\n[Quadlet]\nDefaultDependencies=no", NULL },
              "web docker://r.x/i --name=web lost:3: d.volume has Driver=image and no Image=");
        check((const char *[]) { WEB("Volume=d.volume:/x"), "d.volume",
                                 "[Volume]\nImage=x.org/i\n[Quadlet]\nDefaultDependencies=no", NULL },
              "web docker://r.x/i --name=web lost:3: d.volume has an Image= and not Driver=image "
              "changed:2: with Driver=image; the files of an image cannot be written to");
}

/* With --force, what is possible of a line is kept. */
Test(quadlet_plan, mounts_without_an_option)
{
        check((const char *[]) { "web.container", "[Container]\nImage=r.x/i\nVolume=/a:/x:U\n[Quadlet]\n"
                                 "DefaultDependencies=no", NULL },
              "--volume=v0,kind=host,source=/a web docker://r.x/i --name=web --mount=volume=v0,target=/x "
              "lost:3: owners stay as they are; use chown, with the IDs that the image has");
}

Test(quadlet_plan, added_capabilities)
{
        check((const char *[]) { "web.container", "[Container]\nImage=r.x/i\nUser=33\nAddCapability=NET_ADMIN\n"
                                 "DropCapability=all\n[Quadlet]\nDefaultDependencies=no", NULL },
              "web docker://r.x/i --name=web --user=33 --caps-retain=CAP_NET_ADMIN "
              "changed:4: the user has it in programs whose files have it; ports below 1024 need none");
        check((const char *[]) { "web.container", "[Container]\nImage=r.x/i\nUser=0\nAddCapability=NET_ADMIN\n"
                                 "DropCapability=all\n[Quadlet]\nDefaultDependencies=no", NULL },
              "web docker://r.x/i --name=web --user=0 --caps-retain=CAP_NET_ADMIN");
}

Test(quadlet_plan, of_pod)
{
        check((const char *[]) { "web.container",
                                 "[Container]\nImage=r.x/i\nPublishPort=8080:80\nVolume=/srv:/x:ro,Z\n"
                                 "Volume=d.volume:/d\nNetwork=n.network\n[Service]\nRestart=always\n[Unit]\n"
                                 "After=db.service d-volume.service\n[Install]\nWantedBy=multi-user.target",
                                 "d.volume", "[Volume]\nVolumeName=data", "n.network",
                                 "[Network]\nNetworkName=net\nInternal=true", "db.container",
                                 "[Container]\nImage=r.x/db", NULL },
              "--port=8080:80 --volume=v0,kind=host,source=/srv,readOnly=true --volume=v1,kind=named,volume=data "
              "--net=net web docker://r.x/i --name=web --mount=volume=v0,target=/x --mount=volume=v1,target=/d "
              "[Unit] After=pod@db.service Wants=network-online.target After=network-online.target "
              "[Service] Restart=always [Install] WantedBy=multi-user.target "
              "db docker://r.x/db --name=db [Unit] Wants=network-online.target After=network-online.target "
              "{\n  \"cniVersion\": \"1.0.0\",\n  \"name\": \"net\",\n  \"type\": \"podctl\",\n"
              "  \"isDefaultGateway\": false\n}\n changed:4: files are not labelled for SELinux");
}

Test(quadlet_plan, containers_of_a_pod)
{
        check((const char *[]) { "site.pod", "[Pod]\nPublishPort=80:80\n[Service]\nRestart=always", "a.container",
                                 "[Container]\nImage=r.x/a\nPod=site.pod\n[Service]\nRestart=on-failure",
                                 "b_1.container",
                                 "[Unit]\nAfter=a.service\n[Container]\nImage=r.x/b\nPod=site.pod\n"
                                 "ContainerName=b\n[Service]\nMemoryMax=1G",
                                 NULL },
              "--port=80:80 --hosts-entry=127.0.0.1=systemd-a --hosts-entry=127.0.0.1=b site docker://r.x/a --name=a "
              "--restart=on-failure docker://r.x/b --name=b-1 --after=a --annotation=podctl/on-failure=none "
              "[Unit] Wants=network-online.target After=network-online.target [Service] Restart=always "
              "changed:6: podctl knows it by the name of its file; others find it by this one with NetworkAlias= "
              "lost:8: the container is an app of a pod; write it into the .pod");
        check((const char *[]) { "p.pod", "[Pod]\n[Quadlet]\nDefaultDependencies=no", "a.container",
                                 "[Unit]\nDocumentation=x\n[Container]\nImage=r.x/a\nPod=p.pod\nContainerName=a\n"
                                 "[Service]\nType=oneshot\nRemainAfterExit=yes\nEnvironment=A=1\nRestart=on-abort",
                                 "b.container",
                                 "[Unit]\nWants=a.service x.service\nBindsTo=a.service\nPartOf=a.service\n"
                                 "Before=a.service y.service\n[Container]\nImage=r.x/b\nPod=p.pod\n"
                                 "ContainerName=b\n[Service]\nType=notify\nTimeoutStartSec=9\nTimeoutStopSec=9\n"
                                 "Restart=always\nRestartSec=9", NULL },
              "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p docker://r.x/a --name=a "
              "--annotation=podctl/oneshot=true --annotation=podctl/on-failure=none docker://r.x/b --name=b "
              "--requires=a --restart=always [Unit] Wants=x.service changed:2: the unit is that of the pod "
              "lost:11: 'on-abort' is not possible: no, always or on-failure "
              "changed:4: both stop with their pod "
              "lost:5: write After=b.service into a.container "
              "changed:12: images are there before the pod starts; that of the .pod counts "
              "changed:13: StopTimeout= of [Container] says how long the app has "
              "changed:15: the app is started again after a second");
        check((const char *[]) { "a.container", "[Container]\nImage=r.x/a\nPod=no.pod\nMask=x\n[Quadlet]\n"
                                 "DefaultDependencies=no", NULL },
              "a docker://r.x/a --name=a lost:3: there is no file no.pod among those that were given "
              "lost:4: the kernel's paths of systemd-nspawn are hidden, no others");
}

Test(quadlet_plan, circles)
{
        check((const char *[]) { "p.pod", "[Pod]\n[Quadlet]\nDefaultDependencies=no", "a.container",
                                 "[Unit]\nAfter=x.service\nAfter=b.service\n[Container]\nImage=r.x/a\nPod=p.pod\n"
                                 "ContainerName=a",
                                 "b.container",
                                 "[Unit]\nRequires=a.service\n[Container]\nImage=r.x/b\nPod=p.pod\nContainerName=b",
                                 NULL },
              "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p docker://r.x/a --name=a --after=b "
              "--annotation=podctl/on-failure=none docker://r.x/b "
              "--name=b --requires=a --annotation=podctl/on-failure=none [Unit] After=x.service "
              "lost:2: it waits for a.container, which waits for it");
}

Test(quadlet_plan, hostile_names)
{
        check((const char *[]) { "n.network", "[Network]\nNetworkName=../../x", NULL },
              "lost:0: it is not a valid name: letters, digits, '-', '_' and '.'");
        check((const char *[]) { "t@.container", "[Container]\nImage=r.x/a", NULL },
              "lost:0: a template needs an instance: a link NAME@INSTANCE.container, or DefaultInstance=");
}

/* The file of Kubernetes stays as it is; the rest is the unit's. */
Test(quadlet_plan, kube)
{
        check((const char *[]) { "k.kube", "[Kube]\nYaml=/srv/k.yaml\n[Service]\nRestart=always\n[Quadlet]\n"
                                           "DefaultDependencies=no", NULL },
              "k /srv/k.yaml [Service] Restart=always");
        check((const char *[]) { "k.kube", "[Kube]\nYaml=/srv/k.yaml\nYaml=/srv/l.yaml\nPublishPort=80:80\n"
                                           "LogDriver=none\nNetwork=host\n[Quadlet]\nDefaultDependencies=no", NULL },
              "--port=80:80 k /srv/k.yaml "
              "lost:3: a pod has one file; put its documents into /srv/k.yaml, each after '---' "
              "changed:4: it is hostPort in the copy of the file, which has no comments "
              "lost:5: the output of such a pod is always logged "
              "lost:6: write 'hostNetwork: true' into the file of Kubernetes");
        check((const char *[]) { "k.kube", "[Kube]\nYaml=/none/k.yaml\n[Quadlet]\nDefaultDependencies=no", NULL },
              "k /none/k.yaml lost:2: there is no /none/k.yaml; nothing makes it by itself here");
        check((const char *[]) { "k.kube", "[Kube]\nYaml=https://r.x/k.yaml\n[Quadlet]\nDefaultDependencies=no", NULL },
              "lost:2: it is not fetched; write the path of a copy lost:0: there is no file of Kubernetes");
        check((const char *[]) { "k.kube", "[Kube]\nYaml=/srv/k.yaml\nConfigMap=/none/c.yaml\n[Quadlet]\n"
                                           "DefaultDependencies=no", NULL },
              "k /srv/k.yaml lost:3: there is no /none/c.yaml; nothing makes it by itself here");
        check((const char *[]) { "k.kube", "[Kube]\n[Quadlet]\nDefaultDependencies=no", NULL },
              "lost:0: there is no file of Kubernetes");
}

/* The image that podman has built is the store's, under its first name. */
Test(quadlet_plan, build)
{
        check((const char *[]) { "a.container", "[Container]\nImage=a.build\n[Quadlet]\nDefaultDependencies=no",
                                 "a.build", "[Build]\nImageTag=localhost/a:1\nImageTag=localhost/b\nFile=x", NULL },
              "a localhost/a:1 --name=a changed:2: only podman has this image: podman save, and podctl fetch "
              "--name=localhost/a:1, come before "
              "changed:4: podman builds the image; podctl only takes it from there");
        check((const char *[]) { "a.container", "[Container]\nImage=a.build\n[Quadlet]\nDefaultDependencies=no",
                                 "a.build", "[Build]\nImageTag=--force", NULL },
              "lost:2: '--force' is not a valid name of an image");
        check((const char *[]) { "a.container", "[Container]\nImage=b.build\n[Quadlet]\nDefaultDependencies=no", NULL },
              "lost:2: there is no file b.build with an ImageTag= among those that were given");
        check((const char *[]) { "a.container", "[Container]\nRootfs=/a\n[Quadlet]\nDefaultDependencies=no", NULL },
              "lost:2: podctl runs images; podctl fetch takes archives and directories of OCI");
        check((const char *[]) { "a.container", "[Container]\n[Quadlet]\nDefaultDependencies=no", NULL },
              "lost:0: there is no image");
}

/* What is that of the pod here is told if one of its containers says it alone. */
Test(quadlet_plan, of_the_whole_pod)
{
        check((const char *[]) { "p.pod", "[Pod]\n[Quadlet]\nDefaultDependencies=no", "a.container",
                                 "[Container]\nImage=r.x/a\nPod=p.pod\nContainerName=a\nPull=never\nLogDriver=none",
                                 "b.container",
                                 "[Container]\nImage=r.x/b\nPod=p.pod\nContainerName=b\nPull=never", NULL },
              "--pull-policy=never --hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p "
              "docker://r.x/a --name=a --annotation=podctl/on-failure=none docker://r.x/b --name=b "
              "--annotation=podctl/on-failure=none "
              "lost:6: it is that of the whole pod: write the same into b.container");
}

Test(quadlet_plan, environment_files)
{
        check((const char *[]) { "p.pod", "[Pod]\n[Quadlet]\nDefaultDependencies=no", "a.container",
                                 "[Container]\nImage=r.x/a\nPod=p.pod\nContainerName=a\nEnvironment=A=own\n"
                                 "EnvironmentFile=/srv/env\nEnvironmentFile=/none/env", "b.container",
                                 "[Container]\nImage=r.x/b\nPod=p.pod\nContainerName=b", NULL },
              "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p docker://r.x/a --name=a "
              "--annotation=podctl/on-failure=none --environment=A=own "
              "--environment=B=\"x\" docker://r.x/b --name=b --annotation=podctl/on-failure=none "
              "changed:6: the file is read now, and not at each start "
              "lost:7: cannot read /none/env: No such file or directory");
}

/* One secret may be a file and a variable. */
Test(quadlet_plan, secrets)
{
        check((const char *[]) { "a.container", "[Container]\nImage=r.x/a\nSecret=s\nSecret=s,type=env,target=T\n"
                                 "Secret=v,type=env,target=U\nSecret=v\nSecret=w,target=s\n[Quadlet]\n"
                                 "DefaultDependencies=no", NULL },
              "a docker://r.x/a --name=a --credential=s=s --credential=T=s,env=T --credential=v,env=U "
              "changed:3: its content has to be in /etc/credstore/s before the pod starts "
              "changed:4: its content has to be in /etc/credstore/s before the pod starts "
              "changed:5: its content has to be in /etc/credstore/v before the pod starts "
              "changed:6: its content has to be in /etc/credstore/v before the pod starts "
              "lost:7: there is another secret 's'");
}

Test(quadlet_plan, tmpfs)
{
        check((const char *[]) { "a.container", "[Container]\nImage=r.x/a\nTmpfs=/x:size=1m\nTmpfs=/y:notmpcopyup\n"
                                 "[Quadlet]\nDefaultDependencies=no", NULL },
              "--volume=v0,kind=tmpfs,size=1Mi --volume=v1,kind=tmpfs a docker://r.x/a --name=a "
              "--mount=volume=v0,target=/x --mount=volume=v1,target=/y "
              "changed:3: it begins empty; what the image has there is not copied into it");
}

/* What is read-only has two writable places, unless the file says what is there, for the container or for its pod. */
Test(quadlet_plan, read_only)
{
        check((const char *[]) { "p.pod", "[Pod]\nVolume=/var:/var/tmp\n[Quadlet]\nDefaultDependencies=no",
                                 "a.container", "[Container]\nImage=r.x/a\nPod=p.pod\nReadOnly=true\nTmpfs=/tmp/\n"
                                 "ContainerName=a", "b.container",
                                 "[Container]\nImage=r.x/b\nReadOnly=true\nTmpfs=/tmp2", NULL },
              "--volume=v0,kind=host,source=/var --mount=volume=v0,target=/var/tmp --volume=v1,kind=tmpfs "
              "--hosts-entry=127.0.0.1=a p docker://r.x/a --name=a --mount=volume=v1,target=/tmp/ "
              "--annotation=podctl/on-failure=none --readonly-rootfs "
              "--volume=v0,kind=tmpfs --volume=v1,kind=tmpfs --volume=v2,kind=tmpfs b docker://r.x/b --name=b "
              "--mount=volume=v0,target=/tmp2 --readonly-rootfs --mount=volume=v1,target=/tmp "
              "--mount=volume=v2,target=/var/tmp [Unit] Wants=network-online.target After=network-online.target "
              "changed:5: it begins empty; what the image has there is not copied into it "
              "changed:4: it begins empty; what the image has there is not copied into it");
}

Test(quadlet_plan, ports_without_a_network)
{
        check((const char *[]) { "a.container", "[Container]\nImage=r.x/a\nPublishPort=8080:80\nNetwork=none\n"
                                 "[Quadlet]\nDefaultDependencies=no", NULL },
              "--net=none a docker://r.x/a --name=a "
              "changed:3: there is no network, so that nothing reaches the port");
}

Test(quadlet_plan, percentages)
{
        check((const char *[]) { "a.container", "[Container]\nImage=r.x/a\n[Service]\nCPUQuota=50%\n"
                                 "MemoryMax=12.5%\nSyslogIdentifier=50%%\nStandardInputText=x%\n"
                                 "[Quadlet]\nDefaultDependencies=no", NULL },
              "a docker://r.x/a --name=a [Service] CPUQuota=50% MemoryMax=12.5% SyslogIdentifier=50%% "
              "lost:7: '%' without a letter; write %%");
}

Test(quadlet_plan, table)
{
        for (const QuadletRow *row = quadlet_rows; row->key; row++) {
                cr_expect_eq(quadlet_row_find(row->section, row->key), row, "%s is there twice", row->key);
                cr_expect(row->state != FINDING_LOST || row->why, "%s", row->key);
        }
}
