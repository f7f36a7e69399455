/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-answer.h"

#include "basic/strv.h"
#include "manifest/ac-types.h"

void api_add_pair(const char *key, const char *value, V1alpha__KeyValue ***pairs, size_t *n)
{
        V1alpha__KeyValue *pair = call_new(&v1alpha__key_value__descriptor);

        pair->key = call_text(key);
        pair->value = call_text(value);
        call_append(pairs, n, pair);
}

void api_add_pairs(char *const *from, V1alpha__KeyValue ***pairs, size_t *n)
{
        STRV_FOREACH(text, from) {
                const size_t k = strcspn(*text, "=");
                V1alpha__KeyValue *pair = call_new(&v1alpha__key_value__descriptor);

                pair->key = call_text_n(*text, k);
                pair->value = call_text(*text + k + ((*text)[k] == '='));
                call_append(pairs, n, pair);
        }
}

V1alpha__ImageFormat *api_image_format(ImageKind kind)
{
        /* The versions: of appc, of Docker's manifests (schema 2), and of the OCI's (image-spec 1). */
        static const struct {
                V1alpha__ImageType type;
                const char *version;
        } formats[_IMAGE_KIND_MAX] = {
                [IMAGE_OCI] = { V1ALPHA__IMAGE_TYPE__IMAGE_TYPE_OCI, "1" },
                [IMAGE_DOCKER] = { V1ALPHA__IMAGE_TYPE__IMAGE_TYPE_DOCKER, "2" },
                [IMAGE_APPC] = { V1ALPHA__IMAGE_TYPE__IMAGE_TYPE_APPC, AC_VERSION },
        };
        V1alpha__ImageFormat *to = call_new(&v1alpha__image_format__descriptor);

        to->type = formats[kind].type;
        to->version = call_text(formats[kind].version);
        return to;
}

char *api_image_version(char *const *labels)
{
        return call_text(strv_env_get(labels, "version") ?: "latest");
}

int api_stream_send(CallStream *to, void *answer)
{
        int r = call_stream_send(to, answer);

        protobuf_c_message_free_unpacked(answer, NULL);
        return r;
}
