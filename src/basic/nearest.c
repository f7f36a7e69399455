/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/nearest.h"
#include "basic/string-util.h"

/* Nobody mistypes a longer word than this. */
#define WORD_MAX 64U

static bool same_letter(char a, char b)
{
        return tolower((unsigned char) a) == tolower((unsigned char) b);
}

static size_t min3(size_t a, size_t b, size_t c)
{
        return MIN(MIN(a, b), c);
}

/* The Damerau-Levenshtein distance in its restricted form: rows are prefixes of a, columns are prefixes of b. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
        size_t rows[3][WORD_MAX + 1];

        for (size_t i = 0; i <= n; i++) {
                size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

                row[0] = i;
                for (size_t k = 1; k <= m; k++) {
                        if (i == 0) {
                                row[k] = k;
                                continue;
                        }
                        row[k] = min3(above[k] + 1, row[k - 1] + 1, above[k - 1] + !same_letter(a[i - 1], b[k - 1]));
                        if (i > 1 && k > 1 && same_letter(a[i - 1], b[k - 2]) && same_letter(a[i - 2], b[k - 1]))
                                row[k] = MIN(row[k], above2[k - 2] + 1);
                }
        }
        return rows[n % 3][m];
}

void nearest_offer(Nearest *n, const char *known)
{
        size_t written_length = strlen(n->written), known_length = strlen(known), distance;

        if (written_length > WORD_MAX || known_length > WORD_MAX)
                return;
        distance = edit_distance(n->written, written_length, known, known_length);
        if (distance > MAX(written_length, known_length) / 3 || (n->known && distance >= n->distance))
                return;
        n->known = known;
        n->distance = distance;
}
