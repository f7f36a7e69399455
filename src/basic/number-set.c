/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/number-set.h"
#include "basic/parse.h"
#include "basic/strv.h"

/* Adds "3" or "3-5". -EINVAL: it is neither. */
static int add_range(const char *text, NumberSet *set)
{
        _cleanup_free_ char *first = NULL, *last = NULL;
        uint32_t from, to;
        int r = split_pair(text, '-', &first, &last);

        if (r < 0)
                return r;
        if (parse_uint32(first, &from) < 0 || parse_uint32(last ?: first, &to) < 0 || from > to || to >= NUMBER_SET_MAX)
                return -EINVAL;
        for (uint32_t i = from; i <= to; i++)
                set->bits[i / 8] |= (uint8_t) (1U << (i % 8));
        set->n_bytes = MAX(set->n_bytes, (size_t) to / 8 + 1);
        return 0;
}

int number_set_parse(const char *text, NumberSet *ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_split(text, ',', &words);

        *ret = (NumberSet) {};
        STRV_FOREACH(word, words)
                if (r >= 0 && **word)
                        r = add_range(*word, ret);
        return r;
}

bool number_set_is_within(const NumberSet *set, const NumberSet *other)
{
        for (size_t i = 0; i < set->n_bytes; i++)
                if (set->bits[i] & ~other->bits[i])
                        return false;
        return true;
}
