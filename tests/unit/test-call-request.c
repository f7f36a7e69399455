/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "calls/call-answer.h"
#include "calls/call-request.h"
#include "cri/cri-messages.h"
#include "lib/test-kept.h"

static Cri__CreateContainerRequest *request_of(const char *command, const char *label, const char *name)
{
        Cri__CreateContainerRequest *request = test_keep(call_new(&cri__create_container_request__descriptor));
        Cri__ContainerConfig *config = test_keep(call_new(&cri__container_config__descriptor));
        Cri__ContainerConfig__LabelsEntry *entry =
                test_keep(call_new(&cri__container_config__labels_entry__descriptor));

        entry->key = test_keep(call_text("a"));
        entry->value = test_keep(call_text(label));
        config->metadata = test_keep(call_new(&cri__container_metadata__descriptor));
        config->metadata->name = test_keep(call_text(name));
        call_append(&config->command, &config->n_command, test_keep(call_text("sh")));
        call_append(&config->command, &config->n_command, test_keep(call_text(command)));
        call_append(&config->labels, &config->n_labels, entry);
        test_keep(config->command);
        test_keep(config->labels);
        request->config = config;
        return request;
}

/* In lists, in maps and in messages of messages; what is not set is not looked at. */
Test(call_request, strings)
{
        static const struct {
                const char *command, *label, *name, *found;
        } cases[] = {
                { "ls",       "b",        "main",     NULL      },
                { "\xc3\xa4", "\xc3\xa4", "\xc3\xa4", NULL      },
                { "",         "",         "",         NULL      },
                { "a\xff",    "b",        "main",     "command" },
                { "ls",       "\xc3",     "main",     "value"   },
                { "ls",       "b",        "\x80",     "name"    },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Cri__CreateContainerRequest *r = request_of(cases[i].command, cases[i].label, cases[i].name);
                const char *found = call_request_find_bad_string(&r->base);

                if (cases[i].found)
                        cr_expect_str_eq(found, cases[i].found);
                else
                        cr_expect_null(found, "%s", found);
        }
        cr_expect_null(call_request_find_bad_string(test_keep(call_new(&cri__create_container_request__descriptor))));
}
