/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/strv.h"
#include "pod/plan-stdio.h"

/* "NAME=VALUE …", to words, or a part of the mistake. */
Test(plan_stdio, annotations)
{
        static const struct {
                const char *annotations, *words, *mistake;
        } cases[] = {
                { "", "null log log", NULL },
                { "podctl/stdin=interactive", "tty tty tty", NULL },
                { "podctl/stdin=interactive podctl/stderr=log", "tty tty log", NULL },
                { "podctl/stdin=tty", "tty log log", NULL },
                { "podctl/stdout=null podctl/stderr=stream", "null null stream", NULL },
                { "coreos.com/rkt/stage2/stdin=stream", "stream log log", NULL },
                { "coreos.com/rkt/stage2/stdout=interactive", "null tty log", NULL },
                { "coreos.com/rkt/stage2/stdin=stream podctl/stdin=null", "null log log", NULL },
                { "podctl/stdin=log", NULL, "'podctl/stdin' is one of null|stream|tty|interactive, not 'log'" },
                { "podctl/stdout=tt", NULL, "'podctl/stdout' is one of log|null|stream|tty, not 'tt'" },
                { "podctl/stdin=tty podctl/stderr=stream", NULL,
                  "'podctl/stdin' is a terminal, and 'podctl/stderr' a stream" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **annotations = NULL;
                _cleanup_free_ char *mistake = NULL, *words = NULL;
                AppcPodApp app = {};
                PlanApp planned = { .app = &app };

                cr_assert_geq(strv_split(cases[i].annotations, ' ', &annotations), 0);
                mistake = plan_stdio_mistake(annotations);
                if (cases[i].mistake) {
                        cr_assert(mistake && startswith(mistake, cases[i].mistake), "%s: %s", cases[i].annotations,
                                  strempty(mistake));
                        continue;
                }
                cr_assert_null(mistake, "%s: %s", cases[i].annotations, strempty(mistake));
                app.annotations = annotations;
                plan_stdio(&(PodSettings) {}, &planned);
                words = strjoin(plan_stdio_word(planned.stdio[0]), " ", plan_stdio_word(planned.stdio[1]), " ",
                                plan_stdio_word(planned.stdio[2]));
                cr_expect_str_eq(words, cases[i].words, "%s", cases[i].annotations);
        }
}

Test(plan_stdio, other_than)
{
        static const struct {
                const char *annotations[4];
                StdioKind kind;
                const char *other, *word;
        } cases[] = {
                { {}, STDIO_IS_TTY, NULL, NULL },
                { { "podctl/stdin=interactive", "podctl/stdout=tty" }, STDIO_IS_TTY, NULL, NULL },
                { { "podctl/stdin=interactive" }, STDIO_IS_STREAM, "podctl/stdin", "interactive" },
                { { "podctl/stdin=stream", "podctl/stderr=log" }, STDIO_IS_STREAM, "podctl/stderr", "log" },
                { { "coreos.com/rkt/stage2/stdout=null" }, STDIO_IS_TTY, "podctl/stdout", "null" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *word = NULL, *other = plan_stdio_other_than((char *const *) cases[i].annotations,
                                                                        cases[i].kind, &word);

                cr_expect(streq_ptr(other, cases[i].other) && streq_ptr(word, cases[i].word), "%zu: %s", i,
                          strempty(other));
        }
}

/* What the manifest says of an interactive pod does not count. */
Test(plan_stdio, interactive)
{
        char *annotations[] = { (char *) "podctl/stdout=null", NULL };
        AppcPodApp app = { .annotations = annotations };
        PlanApp planned = { .app = &app };

        plan_stdio(&(PodSettings) { .interactive = true, .attached = true }, &planned);
        cr_expect(plan_app_has_terminal(&planned));
        cr_expect_eq(planned.stdio[1], STDIO_IS_TTY);
        plan_stdio(&(PodSettings) { .interactive = true, .attached = true, .sockets = true }, &planned);
        cr_expect_eq(planned.stdio[0], STDIO_IS_STREAM);
        cr_expect(plan_app_is_attachable(&planned) && !plan_app_has_terminal(&planned));
        plan_stdio(&(PodSettings) { .interactive = true }, &planned);
        cr_expect_not(plan_app_is_attachable(&planned));
}
