/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/strv.h"
#include "fuzz.h"
#include "metadata/metadata-api.h"
#include "pod/registration.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define IMAGE                                                                                                          \
        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"a\",\"annotations\":[{\"name\":\"a/"        \
        "b\",\"value\":\"c\"}]}"
#define POD                                                                                                            \
        "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[],\"annotations\":[{\"name\":\"a/"             \
        "b\",\"value\":\"c\"}]}"

static char path_of_registry[] = "/tmp/podctl-fuzz-XXXXXX";

static void remove_registry(void)
{
        (void) rm_rf_at(AT_FDCWD, path_of_registry);
}

static MetadataService *service(void)
{
        static MetadataService s = { .registration_fd = -EBADF, .foreign_fd = -EBADF };
        static const Uuid uuid = { "aaaaaaaa-0000-4000-8000-000000000001" };

        if (s.registration_fd >= 0)
                return &s;
        FUZZ_ASSERT(mkdtemp(path_of_registry) && atexit(remove_registry) == 0);
        s.registration_fd = open_directory_at(AT_FDCWD, path_of_registry);
        FUZZ_ASSERT(registration_add(s.registration_fd, &uuid, TOKEN, POD) >= 0 &&
                    registration_add_app(s.registration_fd, &uuid, "a", IMAGE) >= 0);
        return &s;
}

/* A line "METHOD PATH", the path behind the token, and a form's content. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = fuzz_string(data, size), *path = NULL;
        MetadataReply reply = {};
        FormField fields[] = { { .name = "content" }, { .name = "uuid" }, { .name = "signature" } };
        MetadataRequest q = { .fields = fields, .n_fields = ELEMENTSOF(fields) };
        char *line = text, *rest = strchr(text, '\n'), *space;

        if (rest)
                *rest++ = 0;
        space = strchr(line, ' ');
        if (!space)
                return 0;
        *space++ = 0;
        path = strjoin("/" TOKEN "/acMetadata/v1", space);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                fields[i].value = strempty(rest);
                fields[i].size = strlen(fields[i].value);
        }
        q.method = line;
        q.path = path;
        FUZZ_ASSERT(metadata_answer_pod(service(), &q, &reply) >= 0);
        FUZZ_ASSERT(reply.body && reply.type && reply.status >= 200 && reply.status < 500);
        FUZZ_ASSERT((reply.status == 405) == (reply.allow != NULL));
        free(reply.body);
        return 0;
}
