/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/run-args.h"
#include "cli/verb.h"
#include "lib/test-cases.h"

typedef struct Parsed {
        Context context;
        RunArgs args;
} Parsed;

static void parsed_done(Parsed *p)
{
        options_free(run_options, &p->args);
        run_args_done_apps(&p->args);
        context_done(&p->context);
}

static int parse(Parsed *p, const char *line)
{
        _cleanup_strv_free_ char **words = NULL;

        /* A lone dot stands for an empty word. */
        cr_assert_eq(strv_split(line, ' ', &words), 0);
        STRV_FOREACH(word, words)
                if (streq(*word, "."))
                        (*word)[0] = 0;
        *p = (Parsed) { .args.private_users = -1, .args.mds_register = -1 };
        return run_args_parse(&p->context, words ?: (char *[]) { NULL }, &p->args);
}

static void add(char **text, const char *label, const char *value)
{
        _cleanup_free_ char *before = *text;

        *text = value ? strprintf("%s %s=%s", before, label, value) : strdup(before);
}

static void add_list(char **text, const char *label, char *const *list)
{
        _cleanup_free_ char *joined = strv_join(list, ",");

        add(text, label, list ? joined : NULL);
}

/* The apps in one line. */
static char *apps_of(const RunArgs *args)
{
        char *text = strdup("");

        for (size_t i = 0; i < args->n_apps; i++) {
                const RunApp *a = &args->apps[i];

                add(&text, "image", a->image);
                add(&text, "name", a->name);
                add(&text, "exec", a->options.exec);
                add(&text, "user", a->options.user);
                add(&text, "group", a->options.group);
                add_list(&text, "gids", a->options.supplementary_gids);
                add(&text, "dir", a->options.working_dir);
                add_list(&text, "env", a->options.environment);
                add_list(&text, "mount", a->mounts);
                add_list(&text, "annotation", a->annotations);
                add_list(&text, "user-annotation", a->options.user_annotations);
                add_list(&text, "user-label", a->options.user_labels);
                add(&text, "read-only", a->readonly_rootfs ? "yes" : NULL);
                add(&text, "memory", a->options.memory);
                add(&text, "cpu", a->options.cpu);
                add(&text, "shares", a->options.cpu_shares);
                add(&text, "oom", a->options.oom_score_adj);
                add_list(&text, "retain", a->options.caps_retain);
                add_list(&text, "remove", a->options.caps_remove);
                add_list(&text, "args", a->options.arguments);
        }
        return text;
}

Test(run_args, apps)
{
        static const struct {
                const char *line;
                const char *apps;
        } cases[] = {
                { "a", " image=a" },
                { "a b", " image=a image=b" },
                { "a --exec=/x", " image=a exec=/x" },
                { "a --exec /x b --exec /y", " image=a exec=/x image=b exec=/y" },
                { "a --exec /x --exec /y", " image=a exec=/y" },
                { "a -- b c", " image=a args=b,c" },
                { "a --", " image=a args=" },
                { "a -- ---", " image=a args=" },
                { "a -- b --- c", " image=a args=b image=c" },
                { "a -- b --- c -- d ---", " image=a args=b image=c args=d" },
                { "a -- b --- c -- d --- e", " image=a args=b image=c args=d image=e" },
                { "a -- --exec=/x -- -", " image=a args=--exec=/x,--,-" },
                { "a -- --net=host --interactive", " image=a args=--net=host,--interactive" },
                { "a --exec=/x -- b", " image=a exec=/x args=b" },
                /* Options of an app may follow its arguments, too. */
                { "a -- b --- --exec=/x", " image=a exec=/x args=b" },
                { "a -- b --- --exec=/x c", " image=a exec=/x args=b image=c" },
                /* Options of the pod stand anywhere. */
                { "a --net=host --exec=/x", " image=a exec=/x" },
                { "a --debug b", " image=a image=b" },
                { "a --name=x --user=u --group=g --supplementary-gids=1,2 --working-dir=/d",
                  " image=a name=x user=u group=g gids=1,2 dir=/d" },
                { "a --environment=A=b --environment=C=d,e -e F=g", " image=a env=A=b,C=d,e,F=g" },
                { "a --memory=64Mi --cpu=500m --cpu-shares=100 --oom-score-adj=-5 --readonly-rootfs",
                  " image=a read-only=yes memory=64Mi cpu=500m shares=100 oom=-5" },
                { "a --readonly-rootfs=false b --readonly-rootfs=true", " image=a image=b read-only=yes" },
                { "a --caps-retain=CAP_KILL,CHOWN b --caps-remove=MKNOD",
                  " image=a retain=CAP_KILL,CHOWN image=b remove=MKNOD" },
                { "a --annotation=x=y --user-annotation=u=v --user-label=w=z",
                  " image=a annotation=x=y user-annotation=u=v user-label=w=z" },
                { "a --mount volume=v,target=/v b", " image=a mount=volume=v,target=/v image=b" },
                { "--volume v,kind=empty --mount volume=v,target=/v a", " image=a" },
                { "docker://busybox:1.2 ./file.aci sha512-abc",
                  " image=docker://busybox:1.2 image=./file.aci image=sha512-abc" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(parsed_done) Parsed p;
                _cleanup_free_ char *apps = NULL;

                cr_assert_eq(parse(&p, cases[i].line), 0, "%s: %s", cases[i].line, log_last_error());
                apps = apps_of(&p.args);
                cr_expect_str_eq(apps, cases[i].apps, "%s: %s", cases[i].line, apps);
        }
}

Test(run_args, pod)
{
        _cleanup_(parsed_done) Parsed p;
        _cleanup_free_ char *text = strdup("");

        cr_assert_eq(parse(&p, "--name=web --hostname=web.example.com --net=host --volume=v,kind=empty --mount "
                               "volume=v,target=/v "
                               "--set-env=A=b --set-env C=d --set-env-file=f --inherit-env --annotation=a=b "
                               "--user-annotation=c=d "
                               "--user-label=e=f --private-users=no --detach --dry-run --uuid-file-save=u "
                               "--property=MemoryMax=1G "
                               "-p TasksMax=5 --slice=s.slice --debug --dir=/d --insecure-options=image,paths a "
                               "--user-label=g=h"),
                     0, "%s", log_last_error());
        add(&text, "name", p.args.name);
        add(&text, "hostname", p.args.hostname);
        add(&text, "net", p.args.net);
        add_list(&text, "volumes", p.args.volumes);
        add_list(&text, "mounts", p.args.mounts);
        add_list(&text, "env", p.args.set_env);
        add_list(&text, "files", p.args.set_env_files);
        add_list(&text, "annotations", p.args.annotations);
        add_list(&text, "user-annotations", p.args.user_annotations);
        add_list(&text, "user-labels", p.args.user_labels);
        add(&text, "uuid-file", p.args.uuid_file_save);
        add_list(&text, "properties", p.args.properties);
        add(&text, "slice", p.args.slice);
        add(&text, "dir", p.context.dir);
        add_list(&text, "insecure", p.context.insecure);
        cr_expect_str_eq(text,
                         " name=web hostname=web.example.com net=host volumes=v,kind=empty mounts=volume=v,target=/v "
                         "env=A=b,C=d files=f annotations=a=b user-annotations=c=d user-labels=e=f uuid-file=u "
                         "properties=MemoryMax=1G,TasksMax=5 slice=s.slice dir=/d insecure=image,paths");
        cr_expect(p.args.inherit_env && p.args.start.detach && p.args.dry_run && p.context.debug);
        cr_expect_eq(p.args.private_users, 0);
        cr_expect_not(p.args.start.interactive);
        cr_expect_eq(p.args.n_apps, 1);
}

Test(run_args, presets)
{
        _cleanup_(parsed_done) Parsed p;

        cr_assert_eq(parse(&p, "a"), 0);
        cr_expect_eq(p.args.private_users, -1);
        cr_expect_null(p.args.net);
        cr_expect_null(p.args.apps[0].options.arguments);
        cr_expect_not(p.args.inherit_env);
}

Test(run_args, refuses)
{
        static const struct {
                const char *line;
                const char *message;
        } cases[] = {
                { "", "at least one image" },
                { "--net=host", "at least one image" },
                /* Options of an app before any image. */
                { "--exec=/x a", "--exec" },
                { "--memory=1G a", "--memory" },
                { "--user=0 a", "--user" },
                { "--environment=A=b a", "--environment" },
                { "-e A=b a", "-e" },
                { "--caps-retain=KILL a", "--caps-retain" },
                { "--working-dir=/ a", "--working-dir" },
                { "a --environment=A=\xff", "is not valid UTF-8" },
                { "a -- b \xc3", "is not valid UTF-8" },
                { "-- b", "image" },
                { "--net=host -- b", "image" },
                /* One block of arguments an image. */
                { "a -- b --- -- c", "'a'" },
                { "a -- --- -- c", "'a'" },
                { "a b -- c --- -- d", "'b'" },
                { "--interactive a b", "--interactive" },
                { "a b --interactive", "--interactive" },
                { "-i a -- x --- b", "--interactive" },
                { "--interactive --detach a", "--detach" },
                { "--net=host,bridge a", "host" },
                { "--net=a,a a", "twice" },
                { "--net=a:b a", "NAME=VALUE" },
                { "--dns=host --dns-search=x a", "--dns=host" },
                { "--pod-manifest=f --port=a:1", "--port" },
                { "--name=a_b a", "a_b" },
                { "--name=. a", "--name" },
                { "--name=-x a", "-x" },
                { "--hostname=a/b a", "a/b" },
                { "--unknown a", "--unknown" },
                { "a --unknown", "--unknown" },
                { "a --exec", "--exec" },
                { "--volume", "--volume" },
                { "--property=MemoryMax=lots a", "MemoryMax" },
                { "--property=Ponies=1 a", "Ponies" },
                { "--property=MemoryMax a", "MemoryMax" },
                { "--insecure-options=ponies a", "ponies" },
                { "--private-users=perhaps a", "perhaps" },
                { "a --restart=unless-stopped", "--restart" },
                { "--slice=web a", "Option --slice" },
                /* A manifest says it all. */
                { "--pod-manifest=f a", "conflicting flags set with --pod-manifest" },
                { "--pod-manifest=f --volume=v,kind=empty", "conflicting flags set with --pod-manifest" },
                { "--pod-manifest=f --mount=volume=v,target=/v", "conflicting flags set with --pod-manifest" },
                { "--pod-manifest=f --inherit-env", "conflicting flags set with --pod-manifest" },
                { "--pod-manifest=f --set-env=A=b", "conflicting flags set with --pod-manifest" },
                { "--pod-manifest=f --set-env-file=g", "conflicting flags set with --pod-manifest" },
                { "--pod-manifest=f --exec=/x", "" },
                { "--pod-manifest=f -- x", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(parsed_done) Parsed p;
                int r = parse(&p, cases[i].line);

                cr_expect_lt(r, 0, "%s: accepted", cases[i].line);
                if (r < 0)
                        cr_expect(log_last_error() && strstr(log_last_error(), cases[i].message), "%s: %s",
                                  cases[i].line, log_last_error());
        }
}

Test(run_args, accepts)
{
        static const char *const lines[] = {
                "--pod-manifest=f",
                "--pod-manifest=f --net=host --name=x",
                "--pod-manifest f --interactive",
                "--help",
                "a --help",
                "--interactive a -- x",
                "--net=none a",
                "--set-env=A=b --set-env=B=c a",
                "--insecure-options=none a",
                "--insecure-options=all-run a",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_(parsed_done) Parsed p;

                cr_expect_eq(parse(&p, lines[i]), 0, "%s: %s", lines[i], log_last_error());
        }
}

/* Three dashes that end nothing are passed over, as by rkt, or refused; they are no image. */
Test(run_args, stray_dashes)
{
        static const char *const lines[] = { "a ---", "a --- b", "--- a", "a -- b --- ---" };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_(parsed_done) Parsed p;

                if (parse(&p, lines[i]) < 0)
                        continue;
                for (size_t j = 0; j < p.args.n_apps; j++)
                        cr_expect_str_neq(p.args.apps[j].image, "---", "%s", lines[i]);
        }
}

/* rkt's words of --insecure-options and what each leads to. */
Test(run_args, rkt_insecure_options)
{
        static const char *const bits[] = { "image", "tls", "http" };
        json_object *table = open_table("rkt-insecure-options");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_object_get(json_object_array_get_idx(table, i), "case");
                const char *words = json_object_get_string(json_object_object_get(row, "opts"));
                bool error = json_object_get_boolean(json_object_object_get(row, "err"));
                _cleanup_free_ char *line = strprintf("--insecure-options=%s a", words);
                _cleanup_(parsed_done) Parsed p;

                cr_expect_eq(parse(&p, line) < 0, error, "%s", line);
                for (size_t j = 0; !error && j < ELEMENTSOF(bits); j++)
                        cr_expect_eq(context_is_insecure(&p.context, bits[j]),
                                     json_object_get_boolean(json_object_object_get(row, bits[j])), "%s: %s", line,
                                     bits[j]);
        }
        json_object_put(table);
}

/* run is its two halves, each option being of one of them. */
Test(run_args, halves)
{
        static const char *const of_run_alone[] = { "dry-run", "kube", "uuid-file-save", "help", NULL };

        for (const Option *o = run_options; o->name; o++) {
                _cleanup_free_ char *word = strjoin("--", o->name);
                unsigned places = !!options_find(prepare_options, word) + !!options_find(run_prepared_options, word);

                if (strv_contains((char *const *) of_run_alone, o->name))
                        continue;
                cr_expect_eq(places, 1, "%s: %u", word, places);
        }
}

/* What prepare refuses it says a word about, and where to take it. */
Test(run_args, prepare_refuses)
{
        static const struct {
                const char *line, *says;
        } cases[] = {
                { "--net=host busybox", "'--net' is not for 'prepare' but for 'run-prepared'" },
                { "busybox --dns 1.1.1.1", "'--dns' is not for 'prepare'" },
                { "--interactive busybox", "'--interactive'" },
                { "-i busybox", "'-i'" },
                { "--exec=/bin/sh busybox", "after the image" },
                { "--nonsense busybox", "Unknown option '--nonsense'" },
                { "", "at least one image" },
                { "--stage1-name=a --stage1-hash=b busybox", "already" },
                { "--stage1-name=coreos.com/rkt/stage1-kvm busybox", "no such engine" },
                { "--store-only --no-store busybox", "no-store" },
                { "--pod-manifest=f busybox", "conflicting flags" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(parsed_done)
                        Parsed p = { .args = { .options = prepare_options, .private_users = -1, .mds_register = -1 } };
                _cleanup_strv_free_ char **words = NULL;

                cr_assert_eq(strv_split(cases[i].line, ' ', &words), 0);
                cr_expect_lt(run_args_parse(&p.context, words ?: (char *[]) { NULL }, &p.args), 0, "%s", cases[i].line);
                cr_expect(log_last_error() && strstr(log_last_error(), cases[i].says), "%s: %s", cases[i].line,
                          strempty(log_last_error()));
        }
}

/* Tables in which nothing hides anything else. */
Test(run_args, tables)
{
        const Option *const tables[] = { run_options, prepare_options, run_prepared_options, run_app_options,
                                         context_options };

        for (size_t t = 0; t < ELEMENTSOF(tables); t++)
                for (const Option *o = tables[t]; o->name; o++) {
                        cr_expect(o->help || streq(o->name, "help"), "--%s", o->name);
                        cr_expect_eq(!!o->metavar, o->type != &option_bool, "--%s", o->name);
                        for (const Option *other = o + 1; other->name; other++) {
                                cr_expect_str_neq(o->name, other->name);
                                cr_expect(!o->letter || o->letter != other->letter, "-%c", o->letter);
                        }
                }
}
