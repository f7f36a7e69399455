/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/compose/composefile-plan.h"
#include "fuzz.h"

/* Every file that is read is this one, up to the first form feed, or what is behind it. */
static const char *text;
static size_t size_of_text;

static int read_half(const char *path, char **ret, size_t *ret_size)
{
        const char *feed = memchr(text, '\f', size_of_text), *begin = text, *end = text + size_of_text;

        if (feed && endswith(path, "/over.yaml"))
                begin = feed + 1;
        else if (feed)
                end = feed;
        *ret = fuzz_string((const uint8_t *) begin, (size_t) (end - begin));
        *ret_size = strlen(*ret);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static char *const paths[] = { (char *) "/srv/compose.yaml", (char *) "/srv/over.yaml", NULL },
                           *const environment[] = { (char *) "A=b", NULL };
        const ComposefileInput input = { paths, environment, read_half };
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        _cleanup_free_ char *message = NULL;
        int r;

        text = (const char *) data;
        size_of_text = size;
        r = composefile_plan_new(&input, "p", &drafts, &message);
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || message);
        FUZZ_ASSERT(r < 0 || drafts.n_pods == 1);
        /* Each finding is of one of the files. */
        for (size_t i = 0; i < drafts.findings.n; i++)
                FUZZ_ASSERT(drafts.findings.items[i].file[0] == '/');
        return 0;
}
