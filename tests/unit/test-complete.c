/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "pod/pod-prepare.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

/* What podctl itself answers a shell. Words of a line are separated by spaces; the last one is being written, and
 * empty behind a space. */

static char *answer(const char *data, const char *line)
{
        _cleanup_free_ char *command = NULL, *words = strdup("");
        _cleanup_fclose_ FILE *f = NULL;
        char buffer[65536] = {};
        size_t n;

        for (const char *p = line;; p++) {
                size_t k = strcspn(p, " ");
                _cleanup_free_ char *before = words;

                words = strprintf("%s '%.*s'", before, (int) k, p);
                p += k;
                if (!*p)
                        break;
        }
        command = strprintf("%s --dir=%s complete%s 2>&1", getenv("PODCTL"), data, words);
        f = popen(command, "re");
        cr_assert(f);
        n = fread(buffer, 1, sizeof(buffer) - 1, f);
        cr_assert_lt(n, sizeof(buffer) - 1);
        cr_expect_eq(pclose(TAKE_PTR(f)), 0, "%s", line);
        for (char *p = buffer; (p = strchr(p, '\n')); p++)
                *p = p[1] ? ' ' : 0;
        return strdup(buffer);
}

static void setup(void)
{
        if (!getenv("PODCTL"))
                cr_skip_test("no program to ask");
}

TestSuite(complete, .init = setup, .timeout = 60);

static void put(PodStore *store, const char *text, const char *name)
{
        const PodSettings settings = { .name = (char *) name };
        _cleanup_(appc_pod_freep) AppcPod *manifest = appc_pod_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        Uuid uuid;

        cr_assert_eq(uuid_parse(text, &uuid), 0);
        cr_assert_eq(pod_new(store, &uuid, &p), 0);
        cr_assert_eq(pod_write(p, manifest, &settings, &(PlanImages) {}), 0);
        cr_assert_eq(pod_move(p, POD_DIR_RUN), 0);
}

#define UUID_A "aaaaaaaa-0000-4000-8000-000000000001"
#define UUID_B "bbbbbbbb-0000-4000-8000-000000000002"

Test(complete, exactly)
{
        static const struct {
                const char *line;
                const char *answer;
        } cases[] = {
                /* Verbs */
                { "ru", "run run-prepared" },
                { "zzz", "" },
                { "im", "image" },
                { "image l", "list" },
                { "image ", "list cat-manifest verify export extract render tag untag push rm gc" },
                { "image zz", "" },
                /* Hidden ones are nobody's to type. */
                { "launc", "" },
                { "tear", "" },
                { "comp", "completion" }, { "tear", "" },
                { "--debug ru", "run run-prepared" },
                { "--dir=/x ru", "run run-prepared" },
                /* Options */
                { "run --hostn", "--hostname=" },
                { "run --dry", "--dry-run" },
                { "run --zzz", "" },
                { "run a --working", "--working-dir=" },
                { "list --hostn", "" },
                { "--insec", "--insecure-options=" },
                { "list --insec", "--insecure-options=" },
                { "image list --insec", "--insecure-options=" },
                /* Values */
                { "run --net=", "--net=default --net=default-restricted --net=none --net=host --net=all" },
                { "run --net=h", "--net=host" },
                /* Its value never is the next word. */
                { "run --net h", NULL },
                { "run-prepared --net=h", "--net=host" },
                { "prepare --pull-policy=n", "--pull-policy=new --pull-policy=never" },
                { "prepare busybox --readonly", "--readonly-rootfs" },
                { "run-prepared --readonly", "" },
                { "prepare --interac", "" },
                { "export --format=o", "--format=oci" },
                { "config --pretty", "--pretty-print" },
                { "run --net=zz", "" },
                { "run --private-users=n", "--private-users=no" },
                { "run --pod-manifest ", "@files" },
                { "--dir ", "@directories" },
                /* A value's option must not be mistaken for the next one's. */
                { "run --dry-run --net=h", "--net=host" },
                { "run --dry-run --deb", "--debug" },
                { "run --net=host --deb", "--debug" },
                { "run --dry-run -", NULL },
                { "run --net --deb", "--debug" },
                { "run --hostname --deb", "" },
                { "run --hostname -", "" },
                { "run --user -", "" },
                /* Pods */
                { "status we", "web" },
                { "status ", "web db" },
                { "status bbbb", UUID_B },
                { "status zz", "" },
                { "stop web d", "db" },
                { "list we", "" },
                { "--debug status we", "web" },
                /* Networks */
                { "network ", "list inspect reload" },
                { "--local-config=/x network inspect default-", "default-restricted" },
                /* Images: names in the store, and files. */
                { "run ./", "@files" },
                { "run ", "@files" },
        };
        Temporary t = temporary_new();
        PodStore *store = NULL;

        cr_assert_eq(pod_store_open(t.path, &store), 0);
        put(store, UUID_A, "web");
        put(store, UUID_B, "db");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = answer(t.path, cases[i].line);

                if (cases[i].answer)
                        cr_expect_str_eq(got, cases[i].answer, "%s: %s", cases[i].line, got);
                else
                        cr_expect_str_neq(got, "", "%s", cases[i].line);
        }
        pod_store_free(store);
        temporary_done(&t);
}

Test(complete, among_others)
{
        static const struct {
                const char *line;
                const char *there;
                const char *not_there;
        } cases[] = {
                { "", "run", "launch" },
                { "", "image", "list-" },
                { "", "list", "complete" },
                { "--debug ", "run", "--debug" },
                { "run --", "--hostname=", "--format=" },
                { "run --", "--net", "--net=" },
                { "run --", "--exec=", NULL },
                { "run --", "--interactive", "--interactive=" },
                { "-", "--debug", "--net=" },
                { "list -", "--debug", "--exec=" },
        };
        Temporary t = temporary_new();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = answer(t.path, cases[i].line);
                _cleanup_strv_free_ char **words = NULL;

                cr_assert_eq(strv_split(got, ' ', &words), 0);
                cr_expect(strv_contains(words, cases[i].there), "%s: no %s in %s", cases[i].line, cases[i].there, got);
                if (cases[i].not_there)
                        cr_expect_not(strv_contains(words, cases[i].not_there), "%s: %s in %s", cases[i].line,
                                      cases[i].not_there, got);
        }
        temporary_done(&t);
}

/* A store that is not there, or broken: no answer, but nothing on the terminal either. */
Test(complete, without_a_store)
{
        static const char *const lines[] = { "status ", "image rm ", "run --net=" };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_free_ char *got = answer("/dev/null/podctl", lines[i]);

                cr_expect_null(strstr(got, "annot"), "%s: %s", lines[i], got);
        }
}
