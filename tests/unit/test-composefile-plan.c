/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "foreign/compose/composefile-plan.h"
#include "lib/test-mutate.h"

/* Paths and texts, up to NULL. */
static const char *const *disk;

static int read_disk(const char *path, char **ret, size_t *ret_size)
{
        const char *text = endswith(path, "/a.env") ? "F=file\nV=$V" : NULL;

        for (const char *const *file = disk; !text && file && *file; file += 2)
                text = streq(file[0], path) ? file[1] : NULL;
        if (!text)
                return endswith(path, "/fifo") ? -EINVAL : -ENOENT;
        *ret = strdup(text);
        *ret_size = strlen(*ret);
        return 0;
}

static bool is_there(const char *path)
{
        return !startswith(path, "/none");
}

static char *const environment[] = { (char *) "V=value", (char *) "E=", (char *) "N=2", NULL };

static void add(char **text, const char *more)
{
        char *longer = strjoin(*text, **text ? " " : "", more);

        free(*text);
        *text = longer;
}

/* The words of podctl create, and findings but those that are simply carried over. */
static char *text_of(const PodDrafts *drafts)
{
        _cleanup_strv_free_ char **words = NULL;
        char *text = strdup("");

        cr_assert_eq(drafts->n_pods, 1);
        /* Without an image there is no command line. */
        if (drafts->pods[0].n_apps == 0 || drafts->pods[0].apps[0].image)
                cr_assert(pod_draft_words(&drafts->pods[0], &words) >= 0);
        STRV_FOREACH(word, words)
                add(&text, *word);
        for (size_t i = 0; i < drafts->findings.n; i++) {
                const Finding *f = &drafts->findings.items[i];
                const char *file = startswith(f->file, "/tmp/") ?: f->file;
                _cleanup_free_ char *line = strprintf("%s:%s%s%zu:%s: %s", finding_state_to_string(f->state),
                                                      file[0] == 'c' ? "" : file, file[0] == 'c' ? "" : ":", f->line,
                                                      strempty(f->member), strempty(f->text));

                if (f->state != FINDING_CARRIED)
                        add(&text, line);
        }
        return text;
}

static char *plan(const char *yaml, char **reterr_message)
{
        static char *const paths[] = { (char *) "/tmp/compose.yaml", NULL };
        ComposefileInput input = { paths, environment, read_disk, is_there };
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};

        disk = (const char *const[]) { paths[0], yaml, NULL };

        return composefile_plan_new(&input, "p", &drafts, reterr_message) >= 0 ? text_of(&drafts) : NULL;
}

/* What podctl's own rules say of an option is told of where it was said. */
Test(composefile_plan, origins)
{
        static char *const paths[] = { (char *) "/tmp/compose.yaml", NULL };
        static const struct {
                const char *word, *member;
                size_t line;
        } cases[] = {
                { "--health-interval=5x", "services.s.healthcheck.interval", 4 },
                { "--user-label==y", "services.s.labels[1]", 5 },
                { "--environment=A=b", "services.s.environment.A", 6 },
                { "--sysctl=a=b", "services.s.sysctls.a", 7 },
        };
        ComposefileInput input = { paths, environment, read_disk, is_there };
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};

        disk = (const char *const[]) {
                paths[0],
                "services:\n  s:\n    image: i\n    healthcheck: {interval: 5x}\n    labels: [x=y, =y]\n"
                "    environment: {A: b}\n    sysctls: {a: b}\n", NULL };
        cr_assert_geq(composefile_plan_new(&input, "p", &drafts, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const DraftOrigin *o = draft_origins_find(&drafts.pods[0].origins, cases[i].word);

                cr_assert(o, "%s", cases[i].word);
                cr_expect_str_eq(o->file, paths[0]);
                cr_expect_eq(o->line, cases[i].line);
                cr_expect_str_eq(o->member, cases[i].member);
                cr_expect_eq(draft_origins_find_place(&drafts.pods[0].origins, o->member, o->line), o);
        }
        cr_expect_null(draft_origins_find(&drafts.pods[0].origins, "--none"));
        cr_expect_null(draft_origins_find_place(&drafts.pods[0].origins, cases[0].member, 5));
}

/* One member of a service, and what becomes of it: the words after the app's name, or findings after "!". */
Test(composefile_plan, members)
{
        static const struct {
                const char *member, *expected;
        } cases[] = {
                { "command: sh -c 'echo $$HOME'", "-- sh -c echo $HOME ---" },
                { "command: grep -E '\\.txt$$' \"a b\"'c'\\ d \"\\n\\\"\" ''", "-- grep -E \\.txt$ a bc d \\n\"  ---" },
                { "command: [sh, -c, \"echo ${V}\"]", "-- sh -c echo value ---" },
                { "entrypoint: [/bin/x, a]\n    command: y", "--exec=/bin/x -- a y ---" },
                { "command:", "" },
                { "environment: {A: 1.50, B: yes, C: \"\", V: , NOT: }",
                  "--environment=A=1.50 --environment=B=yes --environment=C= --environment=V=value" },
                { "environment: [A=1, V, NOT]", "--environment=A=1 --environment=V=value" },
                { "environment: {F: own}\n    env_file: [/tmp/a.env, {path: /tmp/b.env, required: false}]",
                  "--environment=F=own --environment=V=value changed:5:services.s.env_file[0]: the file is read now, "
                  "and "
                  "not at each start" },
                { "user: 1000:100", "--user=1000 --group=100" },
                { "mem_limit: 50mb\n    cpus: 0.5", "--cpu=0.5 --memory=50Mi" },
                { "deploy: {resources: {limits: {memory: 1G, pids: 20}}}",
                  "--memory=1Gi changed:4:services.s.deploy.resources.limits.pids: the limit is that of the whole "
                  "pod" },
                { "restart: unless-stopped", "--restart=always" },
                { "restart: \"on-failure:3\"", "--restart=on-failure --annotation=podctl/restart-limit=3" },
                { "restart: \"on-failure:0\"", "--restart=on-failure" },
                { "restart: \"on-failure:-1\"", "!lost:4:services.s.restart: '-1' is not a number of restarts" },
                { "healthcheck: {test: [CMD, a, \"it's\"], retries: 3}",
                  "--health-cmd='a' 'it'\\''s' --health-retries=3" },
                { "healthcheck: {disable: true}", "--health-cmd=none" },
                { "labels: [a=b, c]", "--user-label=a=b --user-label=c=" },
                { "cap_drop: [ALL]\n    cap_add: [net_admin]", "--caps-retain=CAP_NET_ADMIN" },
                { "cap_drop: [ALL, NET_RAWW]",
                  "!lost:4:services.s.cap_drop[1]: 'NET_RAWW' is not a capability of the kernel" },
                { "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}", "--rlimit=NOFILE=1:2 --rlimit=NPROC=3:3" },
                { "ulimits: {memlock: {soft: -1, hard: -1}}", "--rlimit=MEMLOCK=infinity:infinity" },
                { "ulimits: {nofile: {soft: 2, hard: 1}}",
                  "!lost:4:services.s.ulimits: 'nofile=2:1' is not a valid limit: NAME=SOFT[:HARD], each a number, or "
                  "-1 for none" },
                { "secrets: [k, {source: e, target: t}]", "--credential=k=/tmp/key --credential=t=other "
                                                          "changed:4:services.s.secrets[1]: its content has to be in "
                                                          "/etc/credstore/other before the pod starts" },
                { "post_start: [{command: ./a 'b c'}, {command: [d, \"it's\"], working_dir: /x, "
                  "environment: [V, N=1]}]",
                  "--post-start=('./a' 'b c') && (cd '/x' && V='value' N='1' 'd' 'it'\\''s')" },
                { "pre_stop: [{command: a, privileged: false}, {command: b}]", "--pre-stop=('a'); ('b')" },
                { "user: \"7\"\n    post_start: [{command: a, user: \"7\"}]", "--user=7 --post-start=('a')" },
                { "post_start: [{command: a, user: root}]",
                  "!lost:4:services.s.post_start: it runs as the service does, and not as user 'root'" },
                { "pre_stop: [{command: a, privileged: true}]",
                  "!lost:4:services.s.pre_stop: it has the privileges of the service" },
                { "post_start: [{user: \"7\"}]", "!lost:4:services.s.post_start: it runs as the service does" },
                { "post_start: [{working_dir: /x}]", "!lost:4:services.s.post_start: expected a command" },
                { "post_start: [{command: a, environment: [A.B=c]}]",
                  "!lost:4:services.s.post_start: 'A.B' is not a variable that a shell can set" },
                { "post_start: {command: a}", "!lost:4:services.s.post_start: expected a list" },
                { "label_file: [/tmp/a.env]", "--user-label=F=file --user-label=V=value changed:4:services.s."
                                              "label_file[0]: the file is read now, and not at each start" },
                { "label_file: none.env", "!lost:4:services.s.label_file: cannot read 'none.env'" },
                { "secrets: [{source: k, uid: \"1\", gid: \"2\", mode: 0440}]",
                  "--credential=k=/tmp/key changed:4:services.s.secrets[0]: only the app's user can read it, whoever "
                  "that is" },
                { "stop_grace_period: 1m30s\n    stop_signal: SIGUSR1", "--stop-signal=SIGUSR1 --stop-timeout=1m30s" },
                { "privileged: false\n    tty: false\n    scale: 1\n    x-a: 1\n    init: true", "" },
                /* What is not carried over */
                { "cap_add: [ALL]", "--annotation=podctl/insecure=capabilities" },
                { "container_name: ../x", "!lost:4:services.s.container_name: '../x' is not a valid name of a host" },
                { "environment: {\"A B\": c}", "!lost:4:services.s.environment.A B: 'A B' is not a valid name" },
                { "secrets: [{source: k, target: \"a,env=B\"}]",
                  "!lost:4:services.s.secrets[0]: 'a,env=B' is not a valid name of a credential" },
                { "imge: x", "!lost:4:services.s.imge: there is no such member; did you mean 'image'?" },
                { "command: []", "!lost:4:services.s.command: the image's own cannot be left out" },
                { "command: '\"a'", "!lost:4:services.s.command: expected words" },
                { "deploy: {replicas: \"${N}\"}", "!lost:4:services.s.deploy: one app is made of a service" },
                { "ports: [80]", "!lost:4:services.s.ports[0]: the host's port has to be chosen" },
                { "depends_on: [x]", "!lost:4:services.s.depends_on: service 'x' is not in the file" },
                { "depends_on: {s: {condition: service_odd}}",
                  "!lost:4:services.s.depends_on: condition 'service_odd' is not service_started, " },
                { "depends_on: {s: {condition: }}", "!lost:4:services.s.depends_on: condition '' is not" },
                { "depends_on: {s: {obliged: false}}", "!lost:4:services.s.depends_on.s.obliged: not possible here" },
                { "depends_on: {s: y}", "!lost:4:services.s.depends_on: expected an object for service 's'" },
                { "deploy: {mode: global, labels: {a: b}}",
                  "changed:4:services.s.deploy.labels: only pods and apps have labels; write labels of the service" },
                { "deploy: {endpoint_mode: vip}", "!changed:4:services.s.deploy.endpoint_mode: the service is" },
                { "deploy: {mode: replicated-job}", "!lost:4:services.s.deploy: mode 'replicated-job' is not" },
                { "attach: true", "" },
                { "attach: false", "!changed:4:services.s.attach: podctl logs shows the output" },
                { "networks: back", "!lost:4:services.s.networks: expected names of networks" },
                { "networks:", "" },
                { "volumes: [\"x:/y\"]", "!lost:4:services.s.volumes[0]: there is no volume 'x' in the file" },
                { "volumes: [{type: image, source: ./x, target: /y}]", "!lost:4:services.s.volumes[0]: './x' is not" },
                { "volumes: [{type: image, source: x.org/i:1, target: /y, read_only: true, image: {subpath: a/b}}]",
                  "!--volume=v0,kind=image,image=docker://x.org/i:1 --hosts-entry=127.0.0.1=s p docker://i --name=s "
                  "--mount=volume=v0,target=/y,subPath=a/b" },
                { "volumes: [{type: volume, source: data, target: /y, volume: {subpath: a}}]",
                  "!--mount=volume=v0,target=/y,subPath=a" },
                { "volumes: [{type: image, target: /y}]", "!lost:4:services.s.volumes[0]: there is no source" },
                { "volumes: [{type: image, source: i.org/i, target: /y, image: {path: a}}]",
                  "!lost:4:services.s.volumes[0].image.path: not possible here" },
                { "volumes: [{type: npipe, source: ./x, target: /y}]", "!lost:4:services.s.volumes[0]: type 'npipe'" },
                /* Sizes, numbers and ports */
                { "mem_limit: 1.5g\n    shm_size: 64mb",
                  "!--volume=v0,kind=tmpfs,size=64Mi --hosts-entry=127.0.0.1=s p docker://i --name=s "
                  "--mount=volume=v0,target=/dev/shm --memory=1536Mi" },
                { "tmpfs: \"/x:size=64k\"", "!--volume=v0,kind=tmpfs,size=64Ki" },
                { "volumes: [{type: tmpfs, target: /x, tmpfs: {size: 1GB}}]", "!--volume=v0,kind=tmpfs,size=1Gi" },
                { "volumes: [{type: tmpfs, target: /x, tmpfs: {mode: 0o700}}, {type: tmpfs, target: /y, tmpfs: {mode: "
                  "448}}, {type: tmpfs, target: /z, tmpfs: {mode: \"01777\"}}]",
                  "!--volume=v0,kind=tmpfs,mode=700 --volume=v1,kind=tmpfs,mode=700 --volume=v2,kind=tmpfs,mode=1777" },
                { "volumes: [{type: tmpfs, target: /x, tmpfs: {mode: 8o7}}]",
                  "!lost:4:services.s.volumes[0]: '8o7' is not a mode of a file" },
                { "volumes: [{type: tmpfs, target: /x, tmpfs: {mode: ''}}]",
                  "!lost:4:services.s.volumes[0]: '' is not a mode of a file" },
                { "read_only: true\n    tmpfs: [/tmp]",
                  "!--volume=v0,kind=tmpfs --hosts-entry=127.0.0.1=s --volume=v1,kind=tmpfs p docker://i --name=s "
                  "--mount=volume=v0,target=/tmp --readonly-rootfs --mount=volume=v1,target=/var/tmp" },
                { "mem_limit: 0", "" },
                { "mem_limit: 50Mxyz", "!lost:4:services.s.mem_limit: '50Mxyz' is not a valid size" },
                { "shm_size: 64mm", "!lost:4:services.s.shm_size: '64mm' is not a valid size" },
                { "pids_limit: \"5\\nExecStartPre=/bin/touch /x\"", "!lost:4:services.s.pids_limit: '5\n" },
                { "deploy: {resources: {limits: {pids: x}}}",
                  "!lost:4:services.s.deploy.resources.limits.pids: 'x' is not a number" },
                { "ports: [\"abc:80\"]", "!lost:4:services.s.ports[0]: 'abc' is not a port number, 1 to 65535" },
                { "ports: [\"1:1\", \"99999:80\"]", "!lost:4:services.s.ports[1]: '99999' is not a port number" },
                { "ports: [\"10-5:10-5\"]", "!lost:4:services.s.ports[0]: the range '10-5' ends before it begins" },
                { "ports: [\"1-10:1-11\"]", "!lost:4:services.s.ports[0]: '1-10:1-11': the ranges have 10 and 11" },
                { "ports: [{target: 80, published: 80, host_ip: x}]", "!lost:4:services.s.ports[0]: " },
                { "ports: [\"8080:80\", \"8000-8090:8000-8090\"]",
                  "!lost:4:services.s.ports[1]: the port of the host is that of '8080:80', too" },
                { "ports: [\"127.0.0.1:53:53/udp\", \"53:53/tcp\", \"[::1]:53:53/udp\"]",
                  "!--port=127.0.0.1:53:53/udp --port=53:53/tcp --port=[::1]:53:53/udp" },
                { "network_mode: host\n    ports: [\"9000:9000\"]",
                  "!--hosts-entry=127.0.0.1=s --net=host p docker://i --name=s changed:5:services.s.ports: the "
                  "network is "
                  "the host's" },
                { "network_mode: none\n    ports: [\"9000:9000\"]",
                  "!--net=none p docker://i --name=s changed:5:services.s.ports: there is no network, so that" },
                { "volumes: [\"/none/x:/y\"]", "!lost:4:services.s.volumes[0]: there is no /none/x; nothing makes it" },
                { "secrets: [gone]", "!lost:4:services.s.secrets[0]: there is no /none/key; nothing makes it" },
                { "depends_on: [s]", "!lost:4:services.s.depends_on: it waits for itself" },
                { "deploy: {resources: {reservations: {memory: 1G, devices: [{capabilities: [gpu]}]}}}",
                  "!changed:4:services.s.deploy.resources.reservations.memory: nothing is reserved for one app" },
                { "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}",
                  "!lost:4:services.s.deploy.resources.reservations.devices: name the devices" },
                { "deploy:\n      restart_policy:\n        condition: any\n        max_attempts: 3",
                  "!--restart=always changed:7:services.s.deploy.restart_policy.max_attempts: it is restarted" },
                { "deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}",
                  "--restart=on-failure --annotation=podctl/restart-limit=3" },
                { "deploy: {restart_policy: {condition: on-failure, max_attempts: many}}",
                  "!lost:4:services.s.deploy: 'many' is not a number of restarts" },
                { "deploy: {restart_policy: {delay: 5s}}",
                  "!--restart=always changed:4:services.s.deploy.restart_policy.delay: a second passes" },
                { "deploy: {placement: {max_replicas_per_node: 1}}",
                  "changed:4:services.s.deploy.placement: there is one host" },
                /* Names are not paths, and no separators are in them. */
                { "volumes: [\"evil:/v\"]", "!lost:4:services.s.volumes[0]: '/etc' is not a valid name of a volume" },
                { "volumes: [\"dots:/v\"]", "!lost:4:services.s.volumes[0]: '../etc' is not a valid name of a volume" },
                { "volumes: [{type: volume, source: evil, target: /v}]",
                  "!lost:4:services.s.volumes[0]: '/etc' is not a valid name of a volume" },
                { "volumes: [{type: volume, source: /etc, target: /v}]",
                  "!lost:4:services.s.volumes[0]: '/etc' is a path, which 'type: bind' mounts" },
                { "volumes: [{type: bind, source: \"/a,ro=false\", target: /v}]",
                  "!lost:4:services.s.volumes[0]: there is a comma in" },
                { "volumes: [\"./x.volume:/v\"]", "!--volume=v0,kind=host,source=/tmp/x.volume" },
                { "secrets: [shadow]",
                  "!lost:4:services.s.secrets[0]: '/etc/shadow' is not a valid name of a credential" },
                { "secrets: [up]", "!lost:4:services.s.secrets[0]: '../up' is not a valid name of a credential" },
                { "networks: [evil]", "!lost:4:services.s.networks: 'a,host' is not a valid name of a network" },
                { "extra_hosts: [\"x:1.2.3.4,5.6.7.8=y\"]",
                  "!lost:4:services.s.extra_hosts: '1.2.3.4,5.6.7.8=y' is not an address" },
                { "extra_hosts: [\"x:host-gateway\"]", "!--hosts-entry=host-gateway=x" },
                { "hostname: under_score",
                  "!lost:4:services.s.hostname: 'under_score' is not a valid name of a host" },
                { "networks: [x]", "!lost:4:services.s.networks: there is no network 'x'" },
                { "volumes: [{type: bind, source: /a, target: /b, bind: {selinux: z}}]",
                  "!lost:4:services.s.volumes[0].bind.selinux: not possible here" },
                { "security_opt: [label=disable, \"label:disable\"]", "" },
                { "ipc: host", "!--ipc=parent" },
                { "ipc: \"service:x\"", "!lost:4:services.s.ipc: 'service:x' is not possible: private or host" },
                { "userns_mode: host", "!--private-users=no" },
                { "security_opt: [\"seccomp:unconfined\"]", "--annotation=podctl/insecure=seccomp changed:4:services.s."
                  "security_opt[0]: podctl's own filter is taken away: that of systemd-nspawn, which the whole pod "
                  "has, stays" },
                { "security_opt: [label=type:x]", "!lost:4:services.s.security_opt[0]: 'label=type:x' is not" },
                { "healthcheck: {test: [x], foo: 1}", "!lost:4:services.s.healthcheck.foo: not possible here" },
                { "command: [a, \"${NONE}\", \"${NONE:?x}${MORE}\"]",
                  "-- a  ${NONE:?x}${MORE} --- changed:4:services.s.command[1]: variable NONE is not set, and "
                  "empty here lost:4:services.s.command[2]: variable NONE is needed: x" },
                { "working_dir: ${NONE}${MORE}",
                  "!--working-dir= changed:4:services.s.working_dir: variable NONE is not "
                                                 "set, and empty here; variable MORE is not set, and empty here" },
                { "volumes: [\"/a:/b:cached\", \"/c:/d:ro,delegated\"]", "!--volume=v0,kind=host,source=/a "
                                                                     "--volume=v1,kind=host,source=/c,readOnly=true" },
                { "working_dir: ${NONE}", "!changed:4:services.s.working_dir: variable NONE is not set" },
                { "working_dir: \"${NONE:?say where}\"",
                  "!lost:4:services.s.working_dir: variable NONE is needed: say" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool finding = *cases[i].expected == '!';
                _cleanup_free_ char *yaml = strjoin("services:\n  s:\n    image: i\n    ", cases[i].member,
                                                    "\nsecrets: {k: {file: key}, e: {external: true, name: other}, "
                                                    "shadow: {external: true, name: /etc/shadow}, up: {name: ../up}, "
                                                    "gone: {file: /none/key}}\n"
                                                    "volumes: {evil: {name: /etc}, dots: {name: ../etc}, data: }\n"
                                                    "networks: {evil: {external: true, name: \"a,host\"}}\n"),
                                    *message = NULL, *text = plan(yaml, &message), *expected = NULL;

                cr_assert(text, "%s: %s", cases[i].member, message);
                if (finding) {
                        cr_expect(strstr(text, cases[i].expected + 1), "%s: %s", cases[i].member, text);
                        continue;
                }
                expected = strjoin("--hosts-entry=127.0.0.1=s p docker://i --name=s", *cases[i].expected ? " " : "",
                                   cases[i].expected);
                cr_expect_str_eq(text, expected, "%s:\n%s\n%s", cases[i].member, text, expected);
        }
}

Test(composefile_plan, files)
{
        static const struct {
                const char *yaml, *expected;
        } cases[] = {
                { "services:\n  a_b: {image: i, depends_on: {c: {condition: service_healthy}, d: {condition: "
                  "service_completed_successfully}}}\n  c: {image: i, healthcheck: {test: x}, hostname: h}\n  d: "
                  "{image: i}",
                  "--hosts-entry=127.0.0.1=a_b --hosts-entry=127.0.0.1=h --hosts-entry=127.0.0.1=c "
                  "--hosts-entry=127.0.0.1=d p docker://i --name=a-b --after=c --requires=d docker://i --name=c "
                  "--health-cmd=x --health-ready docker://i --name=d --annotation=podctl/oneshot=true "
                  "changed:3:services.c.hostname: "
                  "the "
                  "host name is that of the pod; others find the service by this one" },
                { "name: my_site\nservices: {s: {image: i, volumes: [\"v:/v:ro\", \"w:/w\", \"/h:/h\"], networks: "
                  "{n: {aliases: [x]}}}}\nvolumes: {v: , w: {name: other}}\nnetworks: {n: {external: true}}",
                  "--volume=v0,kind=named,volume=my-site-v,readOnly=true --volume=v1,kind=named,volume=other "
                  "--volume=v2,kind=host,source=/h --hosts-entry=127.0.0.1=x --hosts-entry=127.0.0.1=s --net=n p "
                  "docker://i --name=s --mount=volume=v0,target=/v --mount=volume=v1,target=/w "
                  "--mount=volume=v2,target=/h" },
                { "services: {a: {image: i, depends_on: {b: {required: true, restart: true}}}, b: {image: i}}",
                  "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p docker://i --name=a --after=b docker://i "
                  "--name=b changed:1:services.a.depends_on: restart: apps of a pod are updated together, and an app "
                  "that ends restarts no other" },
                { "services: {a: {image: i, ports: [\"1:80\"]}, b: {image: i, expose: [80]}}",
                  "--port=1:80 --hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p docker://i --name=a docker://i "
                  "--name=b lost:1:services.b.expose[0]: service 'a' listens on 80/tcp of the pod as well; make two "
                  "pods "
                  "of them" },
                { "services: {a: {image: i, network_mode: host}, b: {image: i, networks: [default]}}",
                  "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b --net=host p docker://i --name=a docker://i "
                  "--name=b lost:1:services.b.networks: services of one pod have the same network; here it is the "
                  "default "
                  "one, and elsewhere host" },
                { "x-a: &a {image: i, user: root}\nservices: {s: {<<: *a}, t: {image: i, profiles: [p]}}\ninclude: [x]",
                  "--hosts-entry=127.0.0.1=s p docker://i --name=s --user=root changed:2:services.t.profiles: the "
                  "service is left out: COMPOSE_PROFILES does not name one lost:3:include[0]: /tmp/x: "
                  "cannot read it: No such file or directory" },
                { "services:\n  b: {image: i, environment: {A: 1, B: 1}, group_add: [1], command: [x, y]}\n  s: "
                  "{extends: {service: "
                  "b}, environment: {B: 2}, group_add: [2, 1], command: [z]}\n  t: {extends: s, image: j}",
                  "--hosts-entry=127.0.0.1=b --hosts-entry=127.0.0.1=s --hosts-entry=127.0.0.1=t p docker://i --name=b "
                  "--supplementary-gids=1 --environment=A=1 --environment=B=1 -- x y --- docker://i --name=s "
                  "--supplementary-gids=1 --supplementary-gids=2 --environment=A=1 "
                  "--environment=B=2 -- z --- docker://j --name=t --supplementary-gids=1 --supplementary-gids=2 "
                  "--environment=A=1 --environment=B=2 -- z ---" },
                { "services: {a: {image: i, extends: b}, b: {image: i, extends: a}}",
                  "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p docker://i --name=a docker://i --name=b "
                  "lost:1:services.a.extends: it extends itself lost:1:services.b.extends: it extends itself" },
                { "services: {a: {image: i, extends: {service: x, file: o.yaml}}}",
                  "--hosts-entry=127.0.0.1=a p docker://i --name=a lost:1:services.a.extends: /tmp/o.yaml: "
                  "cannot read it: No such file or directory" },
                { "services: {a: {image: i, extends: b, labels: [x=y]}, b: {image: i, labels: {z: w}}}",
                  "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b p docker://i --name=a --user-label=z=w "
                  "--user-label=x=y docker://i --name=b --user-label=z=w" },
                { "services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, depends_on: [c]}\n  c: {image: i, "
                  "depends_on: "
                  "[b]}",
                  "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b --hosts-entry=127.0.0.1=c p docker://i --name=a "
                  "--after=b docker://i --name=b --after=c docker://i --name=c --after=b lost:4:services.c.depends_on: "
                  "it waits for service 'b', which waits for it" },
                { "services:\n  my_app: {image: i}\n  my-app: {image: i}\n  x_: {image: i}",
                  "--hosts-entry=127.0.0.1=my_app --hosts-entry=127.0.0.1=my-app --hosts-entry=127.0.0.1=x_ p "
                  "docker://i --name=my-app docker://i --name=my-app docker://i --name=x- lost:3:services.my-app: its "
                  "app would be called 'my-app' as that of service 'my_app'; rename one lost:4:services.x_: its app "
                  "would be called 'x-', which is not valid; rename it" },
                { "services:\n  a: {image: i, depends_on: {b: {condition: service_healthy}, c: {condition: "
                  "service_healthy}}}\n  b: {image: i}\n  c: {image: i, healthcheck: {disable: true}}",
                  "--hosts-entry=127.0.0.1=a --hosts-entry=127.0.0.1=b --hosts-entry=127.0.0.1=c p docker://i --name=a "
                  "--after=b --after=c docker://i --name=b --health-ready docker://i --name=c --health-cmd=none "
                  "--health-ready changed:3:services.b: others wait until it is healthy, and there is no healthcheck: "
                  "its image has to have one lost:4:services.c.healthcheck: others wait until the service is healthy" },
                { "services: {}", "p lost:1:services: there is no service" },
                { "services: {../x: {image: i}}",
                  "p lost:1:services: there is no service lost:1:services.../x: the name is not valid: letters, "
                  "digits, '.', '-' and '_'" },
                { "services: {s: {image: --x}}",
                  "lost:1:services.s.image: '--x' is not a valid "
                  "name of an image" },
                { "services: {s: {build: .}}",
                  "lost:1:services.s: there is no image; write its name lost:1:services.s.build: build it, with "
                  "podctl build -f or another tool, and write its name as 'image'" },
                { "services: {s: {build: ., image: r.x/i}}",
                  "--hosts-entry=127.0.0.1=s p docker://r.x/i --name=s changed:1:services.s.build: the image is not "
                  "built, but fetched by its name" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL, *text = plan(cases[i].yaml, &message);

                cr_assert(text, "%s: %s", cases[i].yaml, message);
                cr_expect_str_eq(text, cases[i].expected, "%s:\n%s\n%s", cases[i].yaml, text, cases[i].expected);
        }
}

/* Without a name of the user's, that of the file or its directory. */
Test(composefile_plan, names_of_pods)
{
        static const struct {
                const char *path, *yaml, *expected; /* the pod's name; "!": what is lost */
        } cases[] = {
                { "/tmp/c.yaml", "name: my_site\nservices: {s: {image: i}}", "my-site" },
                { "/tmp/c.yaml", "services: {s: {image: i}}", "tmp" },
                { "/tmp/c.yaml", "services: {s: {image: i}}\nname: \"-rf\"", "!2:name: '-rf' is not a valid name" },
                { "/tmp/c.yaml", "name: \"--replace\"\nservices: {s: {image: i}}",
                  "!1:name: '--replace' is not a valid name" },
                { "/tmp/c.yaml", "name: ../x\nservices: {s: {image: i}}", "!1:name: '../x' is not a valid name" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *const paths[] = { (char *) cases[i].path, NULL };
                ComposefileInput input = { paths, environment, read_disk };
                _cleanup_(pod_drafts_done) PodDrafts drafts = {};
                _cleanup_free_ char *text = NULL;
                const Finding *f = NULL;

                disk = (const char *const[]) { cases[i].path, cases[i].yaml, NULL };
                cr_assert(composefile_plan_new(&input, NULL, &drafts, NULL) >= 0);
                for (size_t k = 0; k < drafts.findings.n; k++)
                        if (drafts.findings.items[k].state == FINDING_LOST)
                                f = &drafts.findings.items[k];
                text = f ? strprintf("!%zu:%s: %s", f->line, f->member, f->text) : strdup(drafts.pods[0].name);
                cr_expect(startswith(text, cases[i].expected), "%s: %s", cases[i].yaml, text);
        }
}

/* COMPOSE_PROJECT_NAME is before what the file says, which may use it. */
Test(composefile_plan, name_of_the_project)
{
        static const char *const files[] = { "/tmp/c.yaml", "name: of_file\nservices:\n  s: {image: i, command: "
                                                            "$COMPOSE_PROJECT_NAME}\n  t:\n", NULL };
        static char *const variables[] = { (char *) "COMPOSE_PROJECT_NAME=of_env", NULL },
                           *const none[] = { NULL }, *const paths[] = { (char *) "/tmp/c.yaml", NULL };
        static const struct {
                char *const *variables;
                const char *expected;
        } cases[] = {
                { variables, "--hosts-entry=127.0.0.1=s of-env docker://i --name=s -- of_env --- lost:4:services.t: "
                             "expected an object" },
                { none, "--hosts-entry=127.0.0.1=s of-file docker://i --name=s -- of_file --- lost:4:services.t: "
                        "expected an object" },
        };

        disk = files;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ComposefileInput input = { paths, cases[i].variables, read_disk };
                _cleanup_(pod_drafts_done) PodDrafts drafts = {};
                _cleanup_free_ char *text = NULL;

                cr_assert(composefile_plan_new(&input, NULL, &drafts, NULL) >= 0);
                text = text_of(&drafts);
                cr_expect_str_eq(text, cases[i].expected, "%s", text);
        }
}

/* Several files: "/tmp/compose.yaml" and, if it is there, "/tmp/over.yaml" over it; others are named in them. */
static void check_files(const char *const *files, const char *expected)
{
        char *const paths[] = { (char *) "/tmp/compose.yaml",
                                streq_ptr(files[2], "/tmp/over.yaml") ? (char *) "/tmp/over.yaml" : NULL, NULL };
        ComposefileInput input = { paths, environment, read_disk, is_there };
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        _cleanup_free_ char *message = NULL, *text = NULL;

        disk = files;
        cr_assert(composefile_plan_new(&input, "p", &drafts, &message) >= 0, "%s: %s", files[1], message);
        text = text_of(&drafts);
        for (size_t i = 0; i < drafts.n_networks; i++)
                add(&text, drafts.networks[i].text);
        cr_expect_str_eq(text, expected, "%s\n%s:\n%s\n%s", files[1], strempty(files[3]), text, expected);
}

#define FILES(...) (const char *const[]) { "/tmp/compose.yaml", __VA_ARGS__, NULL, NULL }

Test(composefile_plan, privileged)
{
        check_files(FILES("services:\n  s:\n    image: i\n    privileged: true\n    cap_drop: [ALL]\n"
                          "  t: {image: j, privileged: false, cap_drop: [ALL]}\n"),
                    "--hosts-entry=127.0.0.1=s --hosts-entry=127.0.0.1=t --annotation=podctl/privileged=true p "
                    "docker://i --name=s --annotation=podctl/insecure=capabilities,seccomp,paths docker://j "
                    "--name=t --caps-remove=all changed:4:services.s.privileged: privileged is all rights within the "
                    "pod: its root is not the host's, and devices are those that are named");
}

/* By the rules of the specification: mappings by member, lists behind one another, and what has a key by its key. */
Test(composefile_plan, one_file_over_another)
{
        check_files(FILES("services:\n  s:\n    image: i\n    command: [a, b]\n    environment: [A=1, B=1]\n"
                          "    volumes: [\"/a:/x\", \"/b:/y:ro\"]\n    ports: [\"1:80\"]\n    dns: 1.1.1.1\n"
                          "    labels: {l: m}\n    healthcheck: {test: [CMD, x], retries: 2}\n"
                          "    secrets: [{source: k, target: t}]\nsecrets: {k: {file: /a}, l: {file: /b}}\n",
                          "/tmp/over.yaml",
                          "services:\n  s:\n    command: [c]\n    environment: {B: 2, V: }\n"
                          "    volumes: [\"/c:/x\", {type: bind, source: ./d, target: /z}]\n"
                          "    ports: [\"1:80\", \"2:81\"]\n    dns: [2.2.2.2]\n    labels: [l=n, o]\n"
                          "    healthcheck: {test: y}\n    secrets: [{target: t, source: l}]\n  t: {image: j}\n"),
                    "--volume=v0,kind=host,source=/c --volume=v1,kind=host,source=/b,readOnly=true "
                    "--volume=v2,kind=host,source=/tmp/d --port=1:80 --port=2:81 --dns=1.1.1.1 --dns=2.2.2.2 "
                    "--hosts-entry=127.0.0.1=s --hosts-entry=127.0.0.1=t p docker://i --name=s "
                    "--mount=volume=v0,target=/x --mount=volume=v1,target=/y --mount=volume=v2,target=/z "
                    "--credential=t=/b --health-cmd=y --health-retries=2 --user-label=l=n --user-label=o= "
                    "--environment=A=1 "
                    "--environment=B=2 --environment=V=value -- c --- docker://j --name=t");
}

/* What is told has the file and the line that it is from. */
Test(composefile_plan, places_in_files)
{
        check_files(FILES("services:\n  s:\n    image: i\n    tty: true\n", "/tmp/over.yaml",
                          "\nservices:\n  s:\n    privileged: true\n    ports: [\"80\"]\n    working_dir: $NONE\n"),
                    "--hosts-entry=127.0.0.1=s --annotation=podctl/privileged=true p docker://i --name=s "
                    "--working-dir= --annotation=podctl/insecure=capabilities,seccomp,paths --stdin=tty --stdout=tty "
                    "--stderr=tty changed:over.yaml:4:services.s.privileged: privileged is all rights within the "
                    "pod: its root is not the host's, and devices are those that are named "
                    "lost:over.yaml:5:services.s.ports[0]: the "
                    "host's port has to be chosen: write HOSTPORT:80 changed:over.yaml:6:services.s.working_dir: "
                    "variable NONE is not set, and empty here");
        check_files(FILES("services: {s: {image: i, user: a}}\n", "/tmp/over.yaml",
                          "services:\n  s:\n    user: [b]\n"),
                    "--hosts-entry=127.0.0.1=s p docker://i --name=s lost:over.yaml:3:services.s.user: it is of "
                    "another type than what it is put over; write both in one form; expected one word");
}

Test(composefile_plan, marks)
{
        check_files(FILES("services:\n  s: {image: i, ports: [\"1:80\"], environment: {A: 1, B: 2}, user: x, dns: "
                          "[1.1.1.1]}\n",
                          "/tmp/over.yaml",
                          "services:\n  s:\n    ports: !override [\"2:80\"]\n    environment: {A: !reset null}\n"
                          "    user: !reset x\n    dns: !reset []\n"),
                    "--port=2:80 --hosts-entry=127.0.0.1=s p docker://i --name=s --environment=B=2");
        /* Over the extended service, and over the file below */
        check_files(FILES("services:\n  b: {image: i, user: x, group_add: [1]}\n  s: {extends: b, user: !reset y, "
                          "group_add: !override [2]}\n"),
                    "--hosts-entry=127.0.0.1=b --hosts-entry=127.0.0.1=s p docker://i --name=b --user=x "
                    "--supplementary-gids=1 docker://i --name=s --supplementary-gids=2");
        check_files(FILES("services: {s: {image: i, user: x}}\n", "/tmp/over.yaml",
                          "services:\n  b: {image: j}\n  s: {extends: b, user: !reset y}\n"),
                    "--hosts-entry=127.0.0.1=s --hosts-entry=127.0.0.1=b p docker://j --name=s docker://j --name=b");
}

/* Relative paths begin where the other file is. */
Test(composefile_plan, extends_of_other_files)
{
        check_files(FILES("services: {s: {extends: {file: sub/o.yaml, service: b}, user: u}}\n", "/tmp/sub/o.yaml",
                          "services:\n  b: {extends: {file: more/p.yaml, service: c}, volumes: [\"./d:/d\"]}\n",
                          "/tmp/sub/more/p.yaml",
                          "services:\n  c: {image: i, env_file: a.env, volumes: [\"../e:/e\"], tty: true}\n"),
                    "--volume=v0,kind=host,source=/tmp/sub/e --volume=v1,kind=host,source=/tmp/sub/d "
                    "--hosts-entry=127.0.0.1=s p docker://i --name=s --user=u --mount=volume=v0,target=/e "
                    "--mount=volume=v1,target=/d --environment=F=file --environment=V=value --stdin=tty "
                    "--stdout=tty --stderr=tty "
                    "changed:sub/more/p.yaml:2:services.s.env_file: the file is read now, and not at each start");
        check_files(FILES("services: {s: {image: i, extends: {file: o.yaml, service: s}}}\n", "/tmp/o.yaml",
                          "services: {s: {extends: {file: compose.yaml, service: s}}}\n"),
                    "--hosts-entry=127.0.0.1=s p docker://i --name=s lost:o.yaml:1:services.s.extends: it extends "
                    "itself");
}

Test(composefile_plan, include)
{
        check_files(FILES("include: [sub/o.yaml, {path: [q.yaml, r.yaml], env_file: a.env}]\nservices: {s: {image: i, "
                          "depends_on: [t]}}\n",
                          "/tmp/sub/o.yaml", "services: {t: {image: j, volumes: [\"./d:/d\"], command: $W $V}}\n",
                          "/tmp/sub/.env", "W=w\nV=below\n", "/tmp/q.yaml", "services: {u: {image: $F}}\n",
                          "/tmp/r.yaml", "services: {u: {user: u}}\n"),
                    "--hosts-entry=127.0.0.1=s --volume=v0,kind=host,source=/tmp/sub/d --hosts-entry=127.0.0.1=t "
                    "--hosts-entry=127.0.0.1=u p docker://i --name=s --after=t docker://j --name=t "
                    "--mount=volume=v0,target=/d -- w value --- docker://file --name=u --user=u");
        /* What is included has the variables of the project without an .env of its own, too. */
        check_files(FILES("include: [sub/o.yaml, {path: sub/q.yaml, project_directory: .}]\nservices: {}\n",
                          "/tmp/sub/o.yaml", "services: {t: {image: j, command: $V}}\n",
                          "/tmp/sub/q.yaml", "services: {u: {image: $V}}\n"),
                    "--hosts-entry=127.0.0.1=t --hosts-entry=127.0.0.1=u p docker://j --name=t -- value --- "
                    "docker://value --name=u");
        check_files(FILES("services: {s: {image: i}}\ninclude: [{path: o.yaml, env_file: none.env}]\n",
                          "/tmp/o.yaml", "services: {t: {image: j, command: $V}}\n"),
                    "--hosts-entry=127.0.0.1=s --hosts-entry=127.0.0.1=t p docker://i --name=s docker://j --name=t -- "
                    "value --- lost:2:include[0]: /tmp/none.env: No such file or directory");
        check_files(FILES("services: {s: {image: i}}\ninclude: [{path: o.yaml, env_file: fifo}]\n",
                          "/tmp/o.yaml", "services: {t: {image: j}}\n"),
                    "--hosts-entry=127.0.0.1=s --hosts-entry=127.0.0.1=t p docker://i --name=s docker://j --name=t "
                    "lost:2:include[0]: /tmp/fifo: not a regular file");
        check_files(FILES("services: {s: {image: i}}\ninclude:\n- o.yaml\n- https://x/y.yaml\n- {path: n.yaml, x: y}\n",
                          "/tmp/o.yaml", "include: [compose.yaml]\nservices: {s: {image: j}}\n"),
                    "--hosts-entry=127.0.0.1=s p docker://i --name=s lost:3:include[0]: services.s is in it and in "
                    "another file, too; rename one lost:4:include[1]: 'https://x/y.yaml' is elsewhere; fetch it, and "
                    "write its path lost:5:include[2]: 'x' is not possible "
                    "lost:o.yaml:1:include[0]: /tmp/compose.yaml includes itself");
        /* Where there might be services. */
        check_files(FILES("include: [a.yaml, b.yaml]\n", "/tmp/a.yaml", "services: [", "/tmp/b.yaml", "x: {"),
                    "p lost:1:include[0]: /tmp/a.yaml: not valid YAML at line 2, column 1: did not find expected node "
                    "content lost:1:include[1]: /tmp/b.yaml: not valid YAML at line 2, column 1: did not find expected "
                    "node content lost:1:services: there is no service");
}

/* What the file says of a network is in a file of net.d; one that says nothing is the default one. */
Test(composefile_plan, networks)
{
        check_files(FILES("services: {s: {image: i, networks: {n: {ipv4_address: 10.9.0.7}}}}\nnetworks:\n  n:\n"
                          "    driver: bridge\n    internal: true\n    driver_opts: "
                          "{com.docker.network.driver.mtu: 1400}\n"
                          "    ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1}]}\n"),
                    "--hosts-entry=127.0.0.1=s --net=tmp_n:IP=10.9.0.7 p docker://i --name=s {\n"
                    "  \"cniVersion\": \"1.0.0\",\n  \"name\": \"tmp_n\",\n  \"type\": \"podctl\",\n"
                    "  \"isDefaultGateway\": false,\n  \"mtu\": 1400,\n  \"subnet\": \"10.9.0.0/24\"\n}\n");
        check_files(FILES("services: {s: {image: i, networks: [n]}}\nnetworks:\n  n:\n    name: own\n    driver_opts:\n"
                          "      foo: bar\n    ipam:\n      config:\n      - subnet: fd00::/64\n"
                          "        gateway: fd00::2\n        ip_range: fd00::/80\n        aux_addresses: {h: fd00::5}\n"
                          "      options: {a: b}\n    labels: [a=b]\n    scope: x\n"),
                    "--hosts-entry=127.0.0.1=s --net=own p docker://i --name=s "
                    "lost:6:networks.n.driver_opts.foo: not possible here "
                    "lost:10:networks.n.ipam.config[0].gateway: it is the first address of the subnet "
                    "lost:11:networks.n.ipam.config[0].ip_range: write a smaller Subnet= "
                    "lost:12:networks.n.ipam.config[0].aux_addresses: addresses are chosen by names of pods "
                    "lost:13:networks.n.ipam.options: not possible here "
                    "changed:14:networks.n.labels: only pods and apps have labels "
                    "lost:15:networks.n.scope: podctl does not know this member "
                    "{\n  \"cniVersion\": \"1.0.0\",\n  \"name\": \"own\",\n  \"type\": \"podctl\",\n"
                    "  \"subnet6\": \"fd00::/64\"\n}\n");
        check_files(FILES("services: {s: {image: i, networks: {n: {mac_address: x}}}, t: {image: i, networks: [m]}}\n"
                          "networks: {n: {driver: bridge}, m: {name: other}}\n"),
                    "--hosts-entry=127.0.0.1=s --hosts-entry=127.0.0.1=t p docker://i --name=s docker://i --name=t "
                    "lost:1:services.s.networks.n.mac_address: not possible here "
                    "lost:1:services.t.networks: services of one pod have the same network; here it is other, and "
                    "elsewhere the default one "
                    "{\n  \"cniVersion\": \"1.0.0\",\n  \"name\": \"other\",\n  \"type\": \"podctl\"\n}\n");
}

/* Members of what is beside the services are not passed over, whether a service has it or not. */
Test(composefile_plan, descriptions)
{
        check_files(FILES("services:\n  s: {image: i, volumes: [{type: volume, source: v, target: /b, volume: {nocopy: "
                          "true}}], configs: [{source: c, mode: 0400}, d]}\n"
                          "volumes:\n  v: {labels: {a: b}, size: 1G, x-a: b}\n"
                          "networks:\n  n: {scope: x}\nsecrets:\n  k: {file: k, template_driver: x}\n"
                          "configs:\n  c: {content: x}\n  d: {external: true}\n"),
                    "--volume=v0,kind=host,source=/etc/podctl/files/p/configs/c,readOnly=true "
                    "--hosts-entry=127.0.0.1=s p docker://i --name=s --mount=volume=v0,target=/c "
                    "changed:2:services.s.configs[0]: owner and mode are those of the file; it is written to "
                    "/etc/podctl/files/p/configs/c now, and not at each start "
                    "lost:2:services.s.configs[1]: there are no configs outside of the file; write it into one, and "
                    "that as 'file:' "
                    "lost:2:services.s.volumes[0]: a new volume has what the image has there; 'nocopy' is not possible "
                    "changed:4:volumes.v.labels: only pods and apps have labels "
                    "lost:4:volumes.v.size: podctl does not know this member "
                    "lost:6:networks.n.scope: podctl does not know this member "
                    "lost:8:secrets.k.template_driver: podctl does not know this member");
}

/* A value of the wrong type is told with its place, what is beside it as well, and what follows from it is not. */
Test(composefile_plan, wrong_types)
{
        static const struct {
                const char *yaml, *expected;
        } cases[] = {
                { "services:\n  s:\n    image: [i]\n    user: 5.5.5\n    restart: sometimes\n    read_only: x\n",
                  "lost:3:services.s.image: expected a name lost:5:services.s.restart: 'sometimes' is not possible: "
                  "no, always, on-failure or unless-stopped lost:6:services.s.read_only: 'x' is not true or false" },
                { "services:\n  s:\n    image: i\n    environment: {A: [1], B: {}}\n    labels: 5\n    cap_add: {}\n",
                  "--hosts-entry=127.0.0.1=s p docker://i --name=s lost:4:services.s.environment.A: expected a text "
                  "lost:4:services.s.environment.B: expected a text "
                  "lost:5:services.s.labels: expected names and their values "
                  "lost:6:services.s.cap_add: expected one word" },
                { "services:\n  s:\n    image: i\n    environment: [=x, [5], A=b]\n    labels: [a=b, {}]\n"
                  "    sysctls: {a: []}\n    healthcheck: {interval: [1], retries: 2}\n",
                  "--hosts-entry=127.0.0.1=s p docker://i --name=s --health-retries=2 --user-label=a=b "
                  "--environment=A=b lost:4:services.s.environment[0]: '' is not a valid name of a variable "
                  "lost:4:services.s.environment[1]: expected NAME=VALUE "
                  "lost:5:services.s.labels[1]: expected NAME=VALUE lost:6:services.s.sysctls.a: expected a text "
                  "lost:7:services.s.healthcheck.interval: expected a text or a number" },
                { "services:\n  s: 5\n  t:\n    image: i\n    depends_on: [s]\n    ports: [[]]\n",
                  "--hosts-entry=127.0.0.1=t p docker://i --name=t lost:2:services.s: expected an object "
                  "lost:6:services.t.ports[0]: expected HOSTPORT:PORT or an object" },
                { "services:\n  s:\n    image: i\n    volumes: [\"v:/v\", 5]\n    secrets: [k]\n    networks: [n]\n"
                  "volumes: 5\nsecrets: []\nnetworks: x\n",
                  "--volume=v0,kind=named,volume=tmp-v --hosts-entry=127.0.0.1=s p docker://i --name=s "
                  "--mount=volume=v0,target=/v lost:4:services.s.volumes[1]: '5' is not a valid place for a mount "
                  "lost:7:volumes: expected an object lost:8:secrets: expected an object "
                  "lost:9:networks: expected an object" },
                { "services:\n  s:\n    image: i\n    volumes: [\"v:/v\"]\n    secrets: [k]\n    networks: [n]\n"
                  "volumes: {v: 5}\nsecrets: {k: []}\nnetworks: {n: x}\n",
                  "--volume=v0,kind=named,volume=tmp-v --hosts-entry=127.0.0.1=s p docker://i --name=s "
                  "--mount=volume=v0,target=/v lost:7:volumes.v: expected an object "
                  "lost:8:secrets.k: expected an object lost:9:networks.n: expected an object" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL, *text = plan(cases[i].yaml, &message);

                cr_assert(text, "%s", message);
                cr_expect_str_eq(text, cases[i].expected, "%s:\n%s", cases[i].yaml, text);
        }
}

Test(composefile_plan, second_document)
{
        _cleanup_free_ char *message = NULL, *text = plan("services: {s: {image: i}}\n---\nservices: {}\n", &message);

        cr_expect_not(text);
        cr_expect_str_eq(message, "a second document begins at line 3, and one is read; put all into the first");
}

Test(composefile_plan, not_a_file)
{
        static const char *const cases[] = {
                "", "[1]", "kind: Pod\nservices: {}", "services: [", "services: []", "services: {}\n---\nservices: {}"
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL, *text = plan(cases[i], &message);

                cr_expect(!text && message, "%s: %s", cases[i], text);
        }
}

/* What stands in the file, or in a variable, is written for the pod. */
Test(composefile_plan, files_of_a_pod)
{
        static const char yaml[] = "services:\n  s:\n    image: i\n    configs: [c, {source: v, target: /v}]\n"
                                   "    secrets: [k, {source: none}]\n  t: {image: i, configs: [c]}\n"
                                   "configs: {c: {content: \"a=$V\"}, v: {environment: V}}\n"
                                   "secrets: {k: {environment: V}, none: {environment: NOT}}\n";
        static const struct {
                const char *path, *text;
                bool secret;
        } wanted[] = { { "/etc/podctl/files/p/secrets/k", "value", true },
                       { "/etc/podctl/files/p/configs/c", "a=value", false },
                       { "/etc/podctl/files/p/configs/v", "value", false } };
        static const char *const parts[] = {
                "--volume=v0,kind=host,source=/etc/podctl/files/p/configs/c,readOnly=true",
                " docker://i --name=s --credential=k=/etc/podctl/files/p/secrets/k --mount=volume=v0,target=/c ",
                " --mount=volume=v1,target=/v docker://i --name=t --mount=volume=v2,target=/c ",
                "changed:5:services.s.secrets[0]: it is written to /etc/podctl/files/p/secrets/k now, and not at each",
                "lost:5:services.s.secrets[1]: variable NOT is not set",
        };
        static char *const paths[] = { (char *) "/tmp/compose.yaml", NULL };
        ComposefileInput input = { paths, environment, read_disk, is_there };
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        _cleanup_free_ char *text = NULL;

        disk = (const char *const[]) { paths[0], yaml, NULL };
        cr_assert_eq(composefile_plan_new(&input, "p", &drafts, NULL), 0);
        text = text_of(&drafts);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                cr_expect(strstr(text, parts[i]), "%s: %s", parts[i], text);
        cr_assert_eq(drafts.pods[0].n_files, ELEMENTSOF(wanted));
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                cr_expect_str_eq(drafts.pods[0].files[i].path, wanted[i].path);
                cr_expect_str_eq(drafts.pods[0].files[i].text, wanted[i].text);
                cr_expect_eq(drafts.pods[0].files[i].secret, wanted[i].secret);
        }
}

static void plan_files(const char *compose, const char *over)
{
        static char *const paths[] = { (char *) "/tmp/compose.yaml", (char *) "/tmp/over.yaml", NULL };
        ComposefileInput input = { paths, environment, read_disk, is_there };
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        _cleanup_free_ char *message = NULL;

        disk = (const char *const[]) { paths[0], compose, paths[1], over, NULL };
        cr_expect(composefile_plan_new(&input, "p", &drafts, &message) >= 0 || message, "%s\n%s", compose, over);
}

static const char *whole;

/* Alone, above and below. */
static void see_mutation(const char *text)
{
        _cleanup_free_ char *message = NULL, *planned = plan(text, &message);

        cr_expect(planned || message, "%s", text);
        plan_files(whole, text);
        plan_files(text, whole);
}

/* Whatever a value is, there is a pod or a message. */
Test(composefile_plan, values_of_all_types)
{
        static const char document[] =
                "{\"name\":\"shop\",\"include\":[{\"path\":[\"a.yaml\"],\"env_file\":[\"a.env\"]}],"
                "\"services\":{\"a\":{\"image\":\"i\",\"build\":{\"context\":\".\"},\"command\":[\"a\"],"
                "\"entrypoint\":[\"b\"],\"env_file\":[{\"path\":\"a.env\",\"required\":true}],"
                "\"environment\":{\"A\":\"b\"},\"volumes\":[\"v:/v\",{\"type\":\"volume\",\"source\":\"v\","
                "\"target\":\"/w\",\"volume\":{\"subpath\":\"s\"},\"bind\":{\"propagation\":\"slave\"},"
                "\"tmpfs\":{\"size\":\"1\"},\"image\":{\"subpath\":\"s\"}}],\"tmpfs\":[\"/t\"],"
                "\"secrets\":[{\"source\":\"k\",\"target\":\"t\"}],\"configs\":[{\"source\":\"c\","
                "\"target\":\"/c\"}],\"cap_add\":[\"KILL\"],\"security_opt\":[\"no-new-privileges\"],"
                "\"healthcheck\":{\"test\":[\"CMD\",\"a\"],\"interval\":\"1s\"},"
                "\"depends_on\":{\"b\":{\"condition\":\"service_started\",\"required\":true,\"restart\":true}},"
                "\"links\":[\"b:c\"],\"restart\":\"always\",\"deploy\":{\"mode\":\"replicated\","
                "\"labels\":{\"a\":\"b\"},\"replicas\":1,\"resources\":{\"limits\":{\"memory\":\"1G\","
                "\"cpus\":\"1\"},\"reservations\":{\"devices\":[]}},\"restart_policy\":{\"condition\":\"on-failure\","
                "\"max_attempts\":3}},\"ulimits\":{\"nofile\":{\"soft\":1,\"hard\":2}},\"sysctls\":{\"a.b\":1},"
                "\"labels\":{\"a\":\"b\"},\"label_file\":[\"a.env\"],\"post_start\":[{\"command\":[\"a\"],"
                "\"environment\":{\"A\":\"b\"}}],\"ports\":[\"1:2\",{\"target\":3,\"published\":\"4\"}],"
                "\"expose\":[\"5\"],\"networks\":{\"n\":{\"aliases\":[\"x\"],\"ipv4_address\":\"10.9.0.7\"}},"
                "\"hostname\":\"h\",\"extra_hosts\":[\"a=1.2.3.4\"],\"dns\":[\"1.1.1.1\"],\"profiles\":[\"*\"],"
                "\"extends\":{\"service\":\"b\"},\"logging\":{\"driver\":\"x\"}},\"b\":{\"image\":\"j\","
                "\"networks\":[\"n\"],\"depends_on\":[],\"volumes\":[\"/x:/x\"],\"extends\":{\"file\":\"b.yaml\","
                "\"service\":\"c\"}}},\"networks\":{\"n\":{\"driver\":\"bridge\",\"driver_opts\":{\"mtu\":\"1500\"},"
                "\"internal\":true,\"ipam\":{\"driver\":\"default\",\"config\":[{\"subnet\":\"10.9.0.0/24\","
                "\"gateway\":\"10.9.0.1\"}]}}},\"volumes\":{\"v\":{\"name\":\"w\",\"driver\":\"local\"}},"
                "\"secrets\":{\"k\":{\"file\":\"/tmp/k\"}},\"configs\":{\"c\":{\"content\":\"x\"}}}";

        whole = document;
        each_mutation(document, see_mutation);
}
