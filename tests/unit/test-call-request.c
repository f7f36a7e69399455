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

/* Numbers that an enum does not have, in the request, and in messages of it. */
Test(call_request, unknown_values)
{
        Cri__CreateContainerRequest *r = request_of("ls", "b", "main");
        Cri__Mount mount = CRI__MOUNT__INIT, *mounts[] = { &mount };
        int value = 0;

        cr_expect_null(call_request_find_unknown(&r->base, &value));
        r->config->stop_signal = (Cri__Signal) 4711;
        cr_expect_str_eq(call_request_find_unknown(&r->base, &value), "stop_signal");
        cr_expect_eq(value, 4711);
        r->config->stop_signal = CRI__SIGNAL__SIGNAL_RUNTIME_DEFAULT;
        r->config->mounts = mounts;
        r->config->n_mounts = 1;
        mount.propagation = (Cri__MountPropagation) 9;
        cr_expect_str_eq(call_request_find_unknown(&r->base, &value), "propagation");
        cr_expect_eq(value, 9);
        mount.propagation = CRI__MOUNT_PROPAGATION__PROPAGATION_BIDIRECTIONAL;
        cr_expect_null(call_request_find_unknown(&r->base, &value));
        r->config->n_mounts = 0;
        r->config->mounts = NULL;
}

/* Of a message, a string ends there; of its bytes, it does not. */
Test(call_request, nul_bytes)
{
        static const ProtobufCMessageDescriptor *const kind = &cri__create_container_request__descriptor;
        Cri__CreateContainerRequest *r = request_of("lsXls", "bXb", "mXin");
        const size_t n = protobuf_c_message_get_packed_size(&r->base);
        uint8_t *bytes = test_keep(malloc(n));
        unsigned found = 0;

        cr_assert_eq(protobuf_c_message_pack(&r->base, bytes), n);
        cr_expect_null(call_request_find_nul(kind, bytes, n));
        for (size_t i = 0; i < n; i++) {
                if (bytes[i] != 'X')
                        continue;
                bytes[i] = 0;
                found += call_request_find_nul(kind, bytes, n) != NULL;
                bytes[i] = 'X';
        }
        cr_expect_eq(found, 3U);
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
