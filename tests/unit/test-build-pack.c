/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <sched.h>

#include "build/build-config.h"
#include "build/build-layer.h"
#include "build/build-pack.h"
#include "lib/test-temporary.h"

/* The first worker waits for the second one, which never begins if it comes after the first. Only that ends by the
 * timeout. */
TestSuite(build_pack, .timeout = 30);

static int meeting[2];
static unsigned n_workers;

static void count_worker(void)
{
        n_workers++;
}

static void meet(void)
{
        char byte = 0;

        if (n_workers == 1)
                (void) !read(meeting[0], &byte, 1);
        else if (n_workers == 2)
                (void) !write(meeting[1], &byte, 1);
}

static void add_layer(BuildContext *c, const char *text)
{
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(write_string_at(AT_FDCWD, "f", text, 0644), 0);
        cr_assert_eq(build_layer_copy(c, &(BuildCopy) { .sources = (char *[]) { (char *) "f", NULL },
                                                        .destination = "/f" }, &message), 0, "%s", message);
        cr_assert_eq(build_layer_close(c, &message), 1, "%s", message);
}

static size_t processors(void)
{
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (size_t) CPU_COUNT(&set);
}

Test(build_pack, side_by_side)
{
        _cleanup_(build_context_done) BuildContext c = BUILD_CONTEXT_NONE;
        _cleanup_free_ char *message = NULL;
        Temporary t = temporary_new();

        if (processors() < 2)
                cr_skip_test("needs two processors");
        cr_assert_eq(fchdir(t.fd), 0);
        cr_assert_eq(build_context_begin("b", 1000, &c, NULL), 0);
        cr_assert_eq(build_config_new("linux/amd64", 1000, &c.record->config, NULL), 0);
        add_layer(&c, "one");
        add_layer(&c, "two");
        cr_assert_eq(pipe(meeting), 0);
        cr_assert_eq(pthread_atfork(count_worker, NULL, meet), 0);
        cr_assert_eq(build_pack_all(&c, OCI_COMPRESSION_GZIP, &message), 0, "%s", message);
        cr_expect_eq(n_workers, 2);
        cr_expect_eq(c.record->layers[0].n_packs, 1);
        cr_expect_eq(c.record->layers[1].n_packs, 1);
        temporary_done(&t);
}
