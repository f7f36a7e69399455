/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <unistd.h>

#include "basic/strv.h"
#include "cri/cri-answer.h"

/* The entries of all maps are alike. */
typedef struct Entry {
        ProtobufCMessage base;
        char *key, *value;
} Entry;

_Static_assert(sizeof(Entry) == sizeof(Cri__PodSandboxConfig__LabelsEntry) &&
                       offsetof(Entry, key) == offsetof(Cri__PodSandboxConfig__LabelsEntry, key) &&
                       offsetof(Entry, value) == offsetof(Cri__PodSandboxConfig__LabelsEntry, value),
               "entries of maps are a key and a value");

int64_t *cri_numbers(size_t n)
{
        int64_t *numbers = calloc(MAX(n, (size_t) 1), sizeof(int64_t));

        if (!numbers)
                _exit(1);
        return numbers;
}

int cri_map_read(const void *entries, size_t n, char ***ret)
{
        const Entry *const *items = entries;
        _cleanup_strv_free_ char **pairs = NULL;

        for (size_t i = 0; i < n; i++) {
                if (strchr(items[i]->key, '='))
                        return -EINVAL;
                if (strv_extendf(&pairs, "%s=%s", items[i]->key, items[i]->value) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(pairs);
        return 0;
}

void cri_map_write(char *const *pairs, const ProtobufCMessageDescriptor *entry, void *ret_entries, size_t *ret_n)
{
        STRV_FOREACH(pair, pairs) {
                const size_t n = strcspn(*pair, "=");
                Entry *to = call_new(entry);

                to->key = call_text_n(*pair, n);
                to->value = call_text(*pair + n + ((*pair)[n] == '='));
                call_append(ret_entries, ret_n, to);
        }
}

bool cri_map_selects(const void *entries, size_t n, char *const *pairs)
{
        const Entry *const *items = entries;

        for (size_t i = 0; i < n; i++)
                if (!streq_ptr(strv_env_get(pairs, items[i]->key), items[i]->value))
                        return false;
        return true;
}
