/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "cli/terminal/detach-keys.h"

static int parse_key(const char *word, uint8_t *ret)
{
        const char *control = startswith(word, "ctrl-");
        const char *name = control ?: word;
        uint8_t c = (uint8_t) name[0];

        if (c <= ' ' || c >= 127 || name[1])
                return -EINVAL;
        if (!control) {
                *ret = c;
                return 0;
        }
        /* ASCII: the control characters are 64 below the capital letters and what is around them. */
        if (c >= 'a' && c <= 'z')
                c = (uint8_t) (c - 'a' + 'A');
        if (c < '@' || c > '_')
                return -EINVAL;
        *ret = (uint8_t) (c - '@');
        return 0;
}

int detach_keys_parse(const char *text, DetachKeys *ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_split(text, ',', &words);

        *ret = (DetachKeys) {};
        if (r < 0)
                return r;
        STRV_FOREACH(word, words) {
                if (ret->n == DETACH_KEYS_MAX)
                        return -EINVAL;
                r = parse_key(*word, &ret->bytes[ret->n++]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int detach_keys_option(const char *text, DetachKeys *ret)
{
        return detach_keys_parse(text ?: DETACH_KEYS_DEFAULT, ret) < 0
                       ? log_error_errno(EINVAL, "Option --detach-keys takes keys such as ctrl-p,ctrl-q or ctrl-], not "
                                         "'%s'", text)
                       : 0;
}

/* The longest beginning of the keys that the last bytes typed are, if byte follows what was seen and does not match. */
static size_t fall_back(const DetachKeys *k, uint8_t byte)
{
        for (size_t length = k->seen; length > 0; length--)
                if (k->bytes[length - 1] == byte &&
                    memcmp(k->bytes, k->bytes + k->seen - (length - 1), length - 1) == 0)
                        return length;
        return 0;
}

bool detach_keys_filter(DetachKeys *k, const uint8_t *typed, size_t n, uint8_t *ret, size_t *ret_n)
{
        *ret_n = 0;
        for (size_t i = 0; i < n; i++) {
                size_t seen;

                if (k->n > 0 && typed[i] == k->bytes[k->seen]) {
                        if (++k->seen < k->n)
                                continue;
                        k->seen = 0;
                        return true;
                }
                seen = fall_back(k, typed[i]);
                /* What was held back and belongs to no beginning any more. */
                memcpy(ret + *ret_n, k->bytes, k->seen + 1 - seen - (seen == 0));
                *ret_n += k->seen + 1 - seen - (seen == 0);
                if (seen == 0)
                        ret[(*ret_n)++] = typed[i];
                k->seen = seen;
        }
        return false;
}
