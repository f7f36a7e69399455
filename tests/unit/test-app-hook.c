/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/app.h"
#include "lib/test-cases.h"

Test(app_hook, words)
{
        static const struct {
                const char *words;
                const char *mistake; /* NULL: they are valid */
        } cases[] = {
                { "[]", NULL },
                { "['CMD','a','b']", NULL },
                { "['CMD-SHELL','a && b']", NULL },
                { "['HTTP','::1','80','/x','A: b']", NULL },
                { "['SLEEP','0']", NULL },
                { "['SLEEP','86400']", NULL },
                { "['SLEEP','86401']", "preStop: \"SLEEP\" needs seconds, at most 86400" },
                { "['SLEEP','-1']", "preStop: \"SLEEP\" needs seconds" },
                { "['SLEEP','1','2']", "preStop: \"SLEEP\" needs seconds" },
                { "['CMD']", "preStop: \"CMD\" needs a program" },
                { "['HTTP','127.0.0.1','0','/']", "preStop: '0' is not a valid port" },
                { "['HTTP','127.0.0.1','80','/a\\u000ab']", "preStop: '/a\nb' is not a valid path" },
                { "['TCP','127.0.0.1','80']", "preStop: expected \"CMD\"" },
                { "['NONE']", "preStop: expected \"CMD\"" },
                { "['/bin/true']", "preStop: expected \"CMD\", \"CMD-SHELL\", \"HTTP\", \"HTTPS\" or \"SLEEP\", "
                  "not '/bin/true'" },
                { "'CMD'", "preStop: expected an array" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strjoin("{'user':'0','group':'0','preStop':", cases[i].words, "}"),
                                    *json = quoted(text);
                _cleanup_json_error_ JsonError e = {};
                _cleanup_(app_freep) App *app = NULL;
                int r = json_document_parse(&json_app, json, strlen(json), (void **) &app, &e);

                cr_expect_eq(r, cases[i].mistake ? -EINVAL : 0, "%s: %i", cases[i].words, r);
                if (cases[i].mistake)
                        cr_expect(startswith(strempty(e.message), cases[i].mistake), "%s: %s", cases[i].words,
                                  strempty(e.message));
        }
}
