/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "stage1/app-beside.h"
#include "stage1/app-launch.h"
#include "stage1/app-unit.h"
#include "lib/test-plan.h"

static const PodSettings settings = { .name = (char *) "web" };
static const AppIdentity identity = { .uid = 33, .gid = 34, .program = (char *) "/bin/web" };

Test(app_unit, quote)
{
        static const struct {
                const char *text;
                const char *quoted;
        } cases[] = {
                { "", "\"\"" },
                { "plain", "\"plain\"" },
                { "two words", "\"two words\"" },
                { " ", "\" \"" },
                { "a\"b", "\"a\\\"b\"" },
                { "it's", "\"it's\"" },
                { "a\\b", "\"a\\\\b\"" },
                { "ends in \\", "\"ends in \\\\\"" },
                { "100%", "\"100%%\"" },
                { "%n%%", "\"%%n%%%%\"" },
                { "$HOME ${HOME}", "\"$HOME ${HOME}\"" },
                { "a\nb", "\"a\\x0ab\"" },
                { "a\tb\rc", "\"a\\x09b\\x0dc\"" },
                { "\x01\x7f", "\"\\x01\\x7f\"" },
                { "größe", "\"größe\"" },
                { "; # - @ + ! :", "\"; # - @ + ! :\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *quoted_text = NULL;

                cr_assert_eq(unit_quote(cases[i].text, &quoted_text), 0);
                cr_expect_str_eq(quoted_text, cases[i].quoted);
        }
}

/* Of the longest there can be, with each character at its widest. */
Test(app_unit, quote_has_room)
{
        char text[1001] = {};
        _cleanup_free_ char *quoted_text = NULL;

        memset(text, 1, sizeof(text) - 1);
        cr_assert_eq(unit_quote(text, &quoted_text), 0);
        cr_expect_eq(strlen(quoted_text), 4 * 1000 + 2);
}

/* What the launcher is told, which no unit shows. */
static char *launch_words(const PlanApp *app, const AppIdentity *who)
{
        _cleanup_strv_free_ char **words = NULL;

        cr_assert_eq(app_launch_words(app, who, false, &words), 0);
        return strv_join(words, " ");
}

/* The units of all apps of a manifest of ours, one after the other, against NAME.service. */
static void expect_units(const char *name, const PodSettings *s)
{
        _cleanup_free_ char *json_name = strjoin("unit/", name, ".json"),
                            *expected_name = strjoin("unit/", name, ".service"), *json = NULL, *expected = NULL,
                            *text = strdup("");
        _cleanup_(planned_done) Planned p = {};
        size_t n;

        json = read_data(json_name, &n);
        cr_assert_eq(plan_json(&p, s, json), 0, "%s: %s", name, p.message);
        for (size_t i = 0; i < p.plan->n_apps; i++) {
                _cleanup_free_ char *before = text, *unit = NULL, *words = NULL;
                AppIdentity who = identity;

                who.groups = p.plan->apps[i].app->app->supplementary_gids;
                who.n_groups = p.plan->apps[i].app->app->n_supplementary_gids;
                cr_assert_eq(app_unit_format(&p.plan->apps[i], &who, s, &unit), 0);
                words = launch_words(&p.plan->apps[i], &who);
                text = strjoin(before, unit, "# ", words, "\n");
        }

        expected = read_expected(expected_name);
        cr_expect_str_eq(text, expected);
}

Test(app_unit, typical)
{
        expect_units("typical", &settings);
}

Test(app_unit, everything)
{
        char *insecure[] = { (char *) "capabilities", NULL };
        const PodSettings s = { .name = (char *) "web", .interactive = true, .insecure = insecure };

        expect_units("everything", &settings);
        expect_units("unrestricted", &s);
}

static char *health_words(const PlanApp *app, const AppIdentity *who)
{
        _cleanup_free_ char *all = strdup("");

        for (HealthKind kind = 0; kind < _HEALTH_KIND_MAX; kind++) {
                _cleanup_free_ char *joined = NULL, *before = TAKE_PTR(all);
                _cleanup_strv_free_ char **words = NULL;

                cr_assert_eq(app_health_words(app, who, kind, &words), 0);
                joined = strv_join(words, " ");
                all = strjoin(before, "# ", app_health_files[kind], ": ", joined, "\n");
        }
        return TAKE_PTR(all);
}

Test(app_unit, health)
{
        AppIdentity with_program = { .uid = 33, .gid = 34, .program = (char *) "/bin/web",
                                     .checks = { (char *) "/bin/sh", NULL, (char *) "/bin/ready" },
                                     .groups = (gid_t[]) { 4, 20 }, .n_groups = 2 };
        _cleanup_free_ char *json = NULL, *text = NULL, *words = NULL, *all = NULL,
                            *expected = read_expected("unit/health.service");
        _cleanup_(planned_done) Planned p = {};
        size_t n;

        json = read_data("unit/everything.json", &n);
        cr_assert_eq(plan_json(&p, &settings, json), 0, "%s", p.message);
        cr_expect(app_health_wanted(&p.plan->apps[0]));
        cr_assert_eq(app_health_format(&p.plan->apps[0], &text), 0);
        words = health_words(&p.plan->apps[0], &with_program);
        all = strjoin(text, words);
        cr_expect_str_eq(all, expected);
}

/* Only where the app is restarted at all. */
Test(app_unit, backoff)
{
        static const struct {
                const char *annotations;
                bool wanted;
        } cases[] = {
                { "", false },
                { "'annotations':[{'name':'podctl/restart-backoff','value':'true'}]", false },
                { "'annotations':[{'name':'podctl/restart','value':'always'}]", false },
                { "'annotations':[{'name':'podctl/restart','value':'always'},"
                  "{'name':'podctl/restart-backoff','value':'true'}]", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(planned_done) Planned p = {};
                _cleanup_free_ char *text = NULL;

                cr_assert_eq(plan_app_json(&p, &settings, "", cases[i].annotations, ""), 0, "%s", p.message);
                cr_expect_eq(p.plan->apps[0].restart_backoff, cases[i].wanted, "%s", cases[i].annotations);
                cr_expect_eq(app_backoff_wanted(&p.plan->apps[0]), cases[i].wanted && SYSTEMD_VERSION >= 254);
                cr_assert_eq(app_backoff_format(&p.plan->apps[0], &text), 0);
                cr_expect(strstr(text, "[Service]\nRestartSteps=8\nRestartMaxDelaySec=5min\n"), "%s", text);
        }
}

/* Where nobody says anything: not for root, and not where programs of the image count on privileges. */
Test(app_unit, no_new_privileges)
{
        static const struct {
                const char *isolators;
                uid_t uid;
                bool privileged, expected;
        } cases[] = {
                { "", 33, false, true },
                { "", 33, true, false },
                { "", 0, false, false },
                { "'isolators':[{'name':'os/linux/no-new-privileges','value':false}]", 33, false, false },
                { "'isolators':[{'name':'os/linux/no-new-privileges','value':true}]", 0, true, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const AppIdentity who = { .uid = cases[i].uid, .program = (char *) "/bin/web" };
                _cleanup_(planned_done) Planned p = {};
                _cleanup_free_ char *words = NULL;

                cr_assert_eq(plan_app_json(&p, &settings, cases[i].isolators, "", ""), 0, "%s", p.message);
                p.plan->apps[0].privileged_image = cases[i].privileged;
                words = launch_words(&p.plan->apps[0], &who);
                cr_expect_eq(strstr(words, "--no-new-privileges=1") != NULL, cases[i].expected, "%zu", i);
        }
}

/* The annotation of the app counts before the one of the pod. Where the launcher names another main process, systemd
 * listens to it. */
Test(app_unit, pids)
{
        static const char shared[] = "'annotations':[{'name':'podctl/pids','value':'shared'}]",
                          private[] = "'annotations':[{'name':'podctl/pids','value':'private'}]";
        static const struct {
                const char *pod_app, *pod, *type;
                bool own;
        } cases[] = {
                { "", "", "Type=exec\n", false },
                { shared, private, "Type=exec\n", false },
                { "", private, "Type=notify\n", true },
                { private, shared, "Type=notify\n", true },
                { "'annotations':[{'name':'podctl/oneshot','value':'true'}]", private, "Type=oneshot\n", true },
                { "'annotations':[{'name':'podctl/oom-group','value':'true'}]", private, "OOMPolicy=kill\n", true },
                { shared, "", "OOMPolicy=continue\n", false },
        };
        const AppIdentity who = { .uid = 33, .program = (char *) "/bin/web" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *unit = NULL, *words = NULL;
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, &settings, "", cases[i].pod_app, cases[i].pod), 0, "%s",
                             p.message);
                cr_assert_eq(app_unit_format(&p.plan->apps[0], &who, &settings, &unit), 0);
                words = launch_words(&p.plan->apps[0], &who);
                cr_expect(strstr(unit, cases[i].type), "%zu: %s", i, unit);
                cr_expect_eq(strstr(unit, "NotifyAccess=main\n") != NULL, cases[i].own, "%zu", i);
                cr_expect_eq(strstr(words, " --pids=beside ") != NULL, cases[i].own, "%zu: %s", i, words);
        }
}

/* Without user IDs of the pod's own, what systemd-nspawn covers in its /proc is covered in the app's, too. */
Test(app_unit, paths_with_own_pids)
{
        static const Tristate cases[] = { TRISTATE_UNSET, TRISTATE_NO };
        const AppIdentity who = { .uid = 33, .program = (char *) "/bin/web" };
        char *insecure[] = { (char *) "paths", NULL };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PodSettings s = { .name = (char *) "web", .insecure = insecure, .private_users = cases[i] };
                _cleanup_free_ char *shared = NULL, *own = NULL;
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, &s, "", "", ""), 0, "%s", p.message);
                shared = launch_words(&p.plan->apps[0], &who);
                cr_expect_null(strstr(shared, "/proc/sys"));
                p.plan->apps[0].own_pids = true;
                own = launch_words(&p.plan->apps[0], &who);
                cr_expect_eq(strstr(own, "/proc/sys:") && strstr(own, "/proc/kcore:"), cases[i] == TRISTATE_NO, "%s",
                             own);
        }
}

/* Strings of an app never become more than the value they are meant to be. */

static const char *const app_templates[] = {
        "'environment':[{'name':'A','value':'%s'}]",
        "'workingDirectory':'/%s'",
        "'stopSignal':'%s'",
        "'healthcheck':{'Test':['CMD-SHELL','%s']}",
        "'postStart':['CMD-SHELL','%s'],'preStop':['CMD','%s']",
        "'userAnnotations':{'a':'%s'}",
        "'userLabels':{'a':'%s'}",
        "'mountPoints':[{'name':'m','path':'/%s'}]",
        "'isolators':[{'name':'os/linux/capabilities-retain-set','value':{'set':['CAP_KILL%s']}}]",
        "'isolators':[{'name':'os/linux/capabilities-remove-set','value':{'set':['CAP_KILL%s']}}]",
        "'isolators':[{'name':'os/linux/selinux-context','value':{'user':'%s','role':'r','type':'t','level':'s0'}}]",
        "'isolators':[{'name':'os/linux/apparmor-profile','value':{'profile':'%s'}}]",
        "'isolators':[{'name':'os/unix/sysctl','value':{'%s':'%s'}}]",
        "'isolators':[{'name':'%s','value':1}]",
        "'ports':[{'name':'p','port':80,'protocol':'%s'}]",
        "'eventHandlers':[{'name':'pre-start','exec':['/%s']}]",
};

static const char *const pod_app_templates[] = {
        "'annotations':[{'name':'a','value':'%s'}]",
        "'readOnlyRootFS':true,'mounts':[{'volume':'v','path':'/%s'}]",
};

/* As JSON. */
static const char *const evil[] = {
        "\\nExecStartPre=+/evil", "x\\n[Service]\\nUser=0", "\\r\\nUser=0", "\\\\", "x\\\\\\nUser=0", "x\\\\\\\\\\\\",
        "%%n %%h %%%%",          "\\u000b\\u000c\\u0085", "\\u2028User=0", "' User=0 '", "\\\" User=0 \\\"", "a b",
};

static size_t count_lines(const char *unit)
{
        size_t n = 0;

        for (const char *p = unit; *p; p++)
                n += *p == '\n';
        return n;
}

/* No directive but those we write; none that goes on in the next line; nothing for systemd to replace. */
static void expect_own_lines(const char *what, const char *unit)
{
        static const char *const keys[] = {
                "[Unit]",
                "[Service]",
                "Description=",
                "DefaultDependencies=",
                "Requires=",
                "Wants=",
                "After=",
                "Conflicts=",
                "Before=",
                "Type=",
                "SyslogIdentifier=",
                "RootDirectory=",
                "RootDirectoryStartOnly=",
                "MountAPIVFS=",
                "TimeoutStartSec=",
                "OOMPolicy=",
                "KillMode=process",
                "OnFailure=podctl-failed@",
                "ExecStopPost=",
                "KillSignal=",
                "TimeoutStopSec=",
                "ExecStart=",
                "ExecStartPost=",
                "ExecStop=",
                "BindReadOnlyPaths=",
                "BindPaths=/dev",
                "BindPaths=/run/systemd/notify",
                "BindPaths=/proc",
                "BindPaths=/sys",
                "BindPaths=/var/lib/podctl/status:",
                "StandardInput=",
                "StandardOutput=",
                "StandardError=",
                NULL,
        };
        _cleanup_strv_free_ char **lines = NULL;

        cr_assert_eq(strv_split(unit, '\n', &lines), 0);
        STRV_FOREACH(line, lines) {
                bool known = false;

                for (size_t i = 0; keys[i]; i++)
                        known = known || startswith(*line, keys[i]);
                cr_expect(known, "%s makes the line: %s", what, *line);
                cr_expect_neq((*line)[strlen(*line) - 1], '\\', "%s makes a line that goes on: %s", what, *line);
                for (const char *p = *line; (p = strchr(p, '%')); p += 2)
                        if (p[1] != '%') {
                                cr_expect(false, "%s leaves something to replace: %s", what, *line);
                                break;
                        }
        }
}

static void try_evil(const char *app, const char *pod_app, const char *pod, size_t n_lines)
{
        _cleanup_(planned_done) Planned p = {};
        _cleanup_free_ char *unit = NULL;

        /* To be refused is fine, too. */
        if (plan_app_json(&p, &settings, app, pod_app, pod) < 0) {
                cr_expect(p.message, "%s%s: refused without a word", app, pod_app);
                return;
        }
        cr_assert_eq(app_unit_format(&p.plan->apps[0], &identity, &settings, &unit), 0);
        expect_own_lines(*app ? app : pod_app, unit);
        if (n_lines > 0)
                cr_expect_leq(count_lines(unit), n_lines, "%s%s", app, pod_app);
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t lines_of(const char *template, bool of_pod, const char *volume)
{
        _cleanup_free_ char *members = strprintf(template, "x", "x"), *unit = NULL;
        _cleanup_(planned_done) Planned p = {};

        if (plan_app_json(&p, &settings, of_pod ? "" : members, of_pod ? members : "", volume) < 0)
                return 0;
        cr_assert_eq(app_unit_format(&p.plan->apps[0], &identity, &settings, &unit), 0);
        return count_lines(unit);
}

Test(app_unit, no_line_more)
{
        static const char volume[] = "'volumes':[{'name':'v','kind':'empty'}]";

        for (size_t i = 0; i < ELEMENTSOF(evil); i++) {
                char word[64];

                (void) snprintf(word, sizeof(word), evil[i], "");
                for (size_t j = 0; j < ELEMENTSOF(app_templates); j++) {
                        _cleanup_free_ char *members = strprintf(app_templates[j], word, word);

                        try_evil(members, "", "", lines_of(app_templates[j], false, ""));
                }
                for (size_t j = 0; j < ELEMENTSOF(pod_app_templates); j++) {
                        _cleanup_free_ char *members = strprintf(pod_app_templates[j], word);

                        try_evil("", members, volume, lines_of(pod_app_templates[j], true, volume));
                }
        }
}

/* Nothing of the command line, the program and the environment is in a unit at all. */
Test(app_unit, says_nothing_of_the_app)
{
        static const char environment[] = "'environment':[{'name':'LD_PRELOAD','value':'/secret'}]";
        const AppIdentity other = { .uid = 33, .gid = 34, .program = (char *) "/secret" };
        _cleanup_(planned_done) Planned p = {};
        _cleanup_free_ char *unit = NULL, *words = NULL;

        cr_assert_eq(plan_app_json(&p, &settings, environment, "", ""), 0, "%s", p.message);
        cr_assert_eq(strv_extend(&p.manifest->apps[0].app->exec, "secret\n"), 0);
        cr_assert_eq(app_unit_format(&p.plan->apps[0], &other, &settings, &unit), 0);
        cr_expect(!strstr(unit, "secret") && !strstr(unit, "Environment"), "%s", unit);
        words = launch_words(&p.plan->apps[0], &other);
        cr_expect(!strstr(words, "secret") && !strstr(words, "LD_PRELOAD"), "%s", words);
}

/* The lines are added to the unit as they are: what makes them must not let anything in. */
Test(app_unit, names_cannot_break_out)
{
        static const char *const names[] = { "a\\nb", "a b", "a/b", "../a", "%%n", "A", "", "-a" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *json = NULL;
                _cleanup_(planned_done) Planned p = {};

                json = strprintf(
                        "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[{\"name\":\"%s\",\"image\":"
                        "{\"name\":\"example.com/web\"},\"app\":{\"exec\":[\"/bin/web\"],\"user\":\"0\","
                        "\"group\":\"0\"}}]}",
                        names[i]);
                cr_expect_lt(plan_json(&p, &settings, json), 0, "%s", names[i]);
                cr_expect(p.message);
        }
}

/* What the pod's start left to systemd, and the settings that would be in its way: only those for what a volume
 * covers. What lies around it stays protected. */
Test(app_unit, binds)
{
        static const struct {
                const char *bind;
                const char *line;
                const char *without;
                const char *with;
        } cases[] = {
                { "/opt/0:/run/a b:c%", "BindPaths=/opt/0:\"/run/a b:c%%\"\n", "--keep", ":/sys/fs/cgroup " },
                { "/opt/0:/sys", "BindPaths=/opt/0:\"/sys\"\n", ":/sys/", ":/proc/kcore" },
                { "/opt/0:/sys/fs", "BindPaths=/opt/0:\"/sys/fs\"\n", ":/sys/fs/cgroup", ":/sys/module" },
                { "/opt/0:/sys/fs/cgroup/a", "BindPaths=/opt/0:\"/sys/fs/cgroup/a\"\n", "",
                  ":/sys/fs/cgroup --keep=/sys/fs/cgroup/a " },
                { "/opt/0:/proc/sys/net", "BindPaths=/opt/0:\"/proc/sys/net\"\n", "", ":/proc/sys:" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(planned_done) Planned p = {};
                _cleanup_free_ char *unit = NULL, *words = NULL;
                AppIdentity who = identity;

                who.binds = (char *[]) { (char *) cases[i].bind, NULL };
                cr_assert_eq(plan_app_json(&p, &settings, "", "", ""), 0, "%s", p.message);
                cr_assert_eq(app_unit_format(&p.plan->apps[0], &who, &settings, &unit), 0);
                words = launch_words(&p.plan->apps[0], &who);
                cr_expect(strstr(unit, cases[i].line), "%s: %s", cases[i].bind, unit);
                cr_expect(strstr(unit, "\nBindPaths=/proc\n"), "%s: %s", cases[i].bind, unit);
                /* Of two in one place, systemd would choose. */
                cr_expect_eq(!strstr(unit, "\nBindPaths=/sys\n"), endswith(cases[i].bind, ":/sys") != NULL, "%s: %s",
                             cases[i].bind, unit);
                cr_expect(!*cases[i].without || !strstr(words, cases[i].without), "%s: %s", cases[i].bind, words);
                cr_expect(strstr(words, cases[i].with), "%s: %s", cases[i].bind, words);
        }
}

Test(app_unit, refused_binds)
{
        static const struct {
                const char *bind;
                bool open_paths, refused, own_pids;
        } cases[] = {
                { "/opt/0:/proc/uptime", false, false, true }, { "/opt/0:/proc", false, true, true },
                { "/opt/0:/sys/firmware/x", false, true },  { "/opt/0:/sys/firmware/x", true, false },
                { "/opt/0:/sys/firmware", false, false },   { "/opt/0:/sys/fs/cgroup/x", false, false },
                { "/opt/0:/proc/self", true, true },        { "/opt/0:/proc/self/fd", false, true },
                { "/opt/0:/proc/thread-self", false, true }, { "/opt/0:/proc/17/attr", false, true },
                { "/opt/0:/proc/driver", false, true },     { "/opt/0:/proc/fs", false, true },
                { "/opt/0:/proc/sys/net", false, false },   { "/opt/0:/proc", false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanApp app = { .app = &(AppcPodApp) { .name = (char *) "a" },
                                      .open_paths = cases[i].open_paths, .own_pids = cases[i].own_pids };
                _cleanup_free_ char *message = NULL;
                int r = app_launch_check_binds(&app, (char *[]) { (char *) cases[i].bind, NULL }, &message);

                cr_expect_eq(r, cases[i].refused ? -EINVAL : 0, "%s", cases[i].bind);
                cr_expect_eq(message != NULL, cases[i].refused, "%s", cases[i].bind);
        }
}

/* Nothing that happens to an app of a mutable pod ends the pod. */
Test(app_unit, leaves_pod)
{
        _cleanup_(planned_done) Planned p = {};
        _cleanup_free_ char *unit = NULL, *handlers = NULL;

        cr_assert_eq(plan_app_json(&p, &settings, "'eventHandlers':[{'name':'post-stop','exec':['/bin/true']}]", "",
                                   "'annotations':[{'name':'podctl/mutable','value':'true'}]"), 0, "%s", p.message);
        cr_assert_eq(app_unit_format(&p.plan->apps[0], &identity, &settings, &unit), 0);
        cr_expect_not_null(strstr(unit, "/app-exited web no leaves-pod\n"), "%s", unit);
        cr_assert_eq(app_handlers_format(&p.plan->apps[0], &identity, &handlers), 0);
        cr_expect_null(strstr(handlers, "FailureAction="), "%s", handlers);
        p.plan->apps[0].leaves_pod = false;
        free(handlers);
        cr_assert_eq(app_handlers_format(&p.plan->apps[0], &identity, &handlers), 0);
        cr_expect_not_null(strstr(handlers, "FailureAction=exit\n"), "%s", handlers);
}
