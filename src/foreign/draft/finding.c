/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/log.h"
#include "foreign/draft/finding.h"

static const char *const state_table[_FINDING_STATE_MAX] = {
        [FINDING_CARRIED] = "carried",
        [FINDING_CHANGED] = "changed",
        [FINDING_LOST] = "lost",
};

const char *finding_state_to_string(FindingState s)
{
        return state_table[s];
}

static void item_done(Finding *item)
{
        free(item->file);
        free(item->member);
        free(item->text);
}

void findings_done(Findings *f)
{
        for (size_t i = 0; i < f->n; i++)
                item_done(&f->items[i]);
        free(f->items);
        *f = (Findings) {};
}

int findings_add_text(Findings *f, const char *file, size_t line, const char *member, FindingState state, char *text)
{
        Finding *item;

        if (ARRAY_GROW(f->items, f->allocated, f->n, 1) < 0) {
                free(text);
                return -ENOMEM;
        }
        item = &f->items[f->n++];
        *item = (Finding) { .file = file ? strdup(file) : NULL,
                            .line = line,
                            .member = isempty(member) ? NULL : strdup(member),
                            .state = state,
                            .text = text };
        return (file && !item->file) || (!isempty(member) && !item->member) ? -ENOMEM : 0;
}

int findings_add(Findings *f, const char *file, size_t line, const char *member, FindingState state,
                 const char *format, ...)
{
        char *text;
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        return text ? findings_add_text(f, file, line, member, state, text) : -ENOMEM;
}

int findings_add_at(Findings *f, JsonPlace place, const char *member, FindingState state, const char *format, ...)
{
        char *text;
        va_list ap;
        int r;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        r = text ? findings_add_text(f, NULL, place.line, member, state, text) : -ENOMEM;
        if (r >= 0)
                f->items[f->n - 1].column = place.column;
        return r;
}

int findings_move(Findings *to, Findings *from)
{
        if (ARRAY_GROW(to->items, to->allocated, to->n, from->n) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < from->n; i++)
                to->items[to->n++] = from->items[i];
        free(from->items);
        *from = (Findings) {};
        return 0;
}

size_t findings_count(const Findings *f, FindingState state)
{
        size_t n = 0;

        for (size_t i = 0; i < f->n; i++)
                n += f->items[i].state == state;
        return n;
}

static int compare_findings(const void *a, const void *b)
{
        const Finding *x = a, *y = b;
        int order = strcmp(strempty(x->file), strempty(y->file));

        if (order != 0)
                return order;
        if (x->line != y->line)
                return x->line > y->line ? 1 : -1;
        if (x->column != y->column)
                return x->column > y->column ? 1 : -1;
        return strcmp(strempty(x->member), strempty(y->member));
}

void findings_sort(Findings *f)
{
        if (f->n > 0)
                qsort(f->items, f->n, sizeof(Finding), compare_findings);
}

/* Takes item, also on failure. */
static int unite(Finding *last, Finding *item)
{
        int r = 0;

        if (item->state > last->state) {
                Finding lesser = *last;

                *last = *item;
                *item = lesser;
        }
        if (item->state == last->state && item->text && !streq_ptr(last->text, item->text)) {
                char *both = strjoin(strempty(last->text), last->text ? "; " : "", item->text);

                r = both ? 0 : -ENOMEM;
                free(last->text);
                last->text = both;
        }
        item_done(item);
        return r;
}

int findings_unite(Findings *f)
{
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < f->n; i++) {
                Finding *item = &f->items[i], *last = n > 0 ? &f->items[n - 1] : NULL;

                if (r < 0 || !last || compare_findings(last, item) != 0)
                        f->items[n++] = *item;
                else
                        r = unite(last, item);
        }
        f->n = n;
        return r;
}

int findings_unite_last(Findings *f)
{
        Finding *last = &f->items[f->n - 1];

        for (size_t i = 0; i + 1 < f->n; i++)
                if (compare_findings(&f->items[i], last) == 0) {
                        f->n--;
                        return unite(&f->items[i], last);
                }
        return 0;
}

void finding_log(const Finding *f, const char *file)
{
        const LogPlace place = { f->file ?: file, f->line, f->column, f->member };

        log_at(f->state == FINDING_LOST ? LOG_ERR : LOG_WARNING, &place, "%s", strempty(f->text));
}
