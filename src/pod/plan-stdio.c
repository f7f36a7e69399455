/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/appc-image.h"
#include "pod/plan-stdio.h"

#define INTERACTIVE "interactive"

/* In the order of descriptors. */
static const struct {
        const char *annotation, *rkt, *words;
        StdioKind usual;
} streams[3] = {
        { APPC_ANNOTATION_STDIN, "coreos.com/rkt/stage2/stdin", PLAN_STDIN_WORDS, STDIO_IS_NULL },
        { APPC_ANNOTATION_STDOUT, "coreos.com/rkt/stage2/stdout", PLAN_OUTPUT_WORDS, STDIO_IS_LOG },
        { APPC_ANNOTATION_STDERR, "coreos.com/rkt/stage2/stderr", PLAN_OUTPUT_WORDS, STDIO_IS_LOG },
};

static const char *const words[_STDIO_KIND_MAX] = {
        [STDIO_IS_NULL] = STDIO_NULL,
        [STDIO_IS_LOG] = STDIO_LOG,
        [STDIO_IS_STREAM] = STDIO_STREAM,
        [STDIO_IS_TTY] = STDIO_TTY,
};

const char *plan_stdio_word(StdioKind kind)
{
        return words[kind];
}

static bool is_among(const char *word, const char *list)
{
        size_t n = strlen(word);

        for (;; list += strcspn(list, "|") + 1) {
                if (strcspn(list, "|") == n && strncmp(list, word, n) == 0)
                        return true;
                if (!strchr(list, '|'))
                        return false;
        }
}

static StdioKind kind_of(const char *word)
{
        for (StdioKind kind = 0; kind < _STDIO_KIND_MAX; kind++)
                if (streq(words[kind], word))
                        return kind;
        return STDIO_IS_TTY;
}

/* Pods that were made by rkt have its own annotations. */
static const char *word_of(char *const *annotations, int i)
{
        return strv_env_get(annotations, streams[i].annotation) ?: strv_env_get(annotations, streams[i].rkt);
}

static void read_kinds(char *const *annotations, StdioKind kinds[static 3])
{
        const bool interactive = streq_ptr(word_of(annotations, 0), INTERACTIVE);

        for (int i = 0; i < 3; i++) {
                const char *word = word_of(annotations, i);

                kinds[i] = word ? kind_of(word) : interactive ? STDIO_IS_TTY : streams[i].usual;
        }
}

static const char *annotation_of(const StdioKind kinds[static 3], StdioKind kind)
{
        for (int i = 0; i < 3; i++)
                if (kinds[i] == kind)
                        return streams[i].annotation;
        return NULL;
}

char *plan_stdio_mistake(char *const *annotations)
{
        StdioKind kinds[3];

        for (int i = 0; i < 3; i++) {
                const char *word = word_of(annotations, i);

                if (word && !is_among(word, streams[i].words) && !streq(word, INTERACTIVE))
                        return strprintf("'%s' is one of %s, not '%s'", streams[i].annotation, streams[i].words, word);
        }
        read_kinds(annotations, kinds);
        return annotation_of(kinds, STDIO_IS_TTY) && annotation_of(kinds, STDIO_IS_STREAM)
                       ? strprintf("'%s' is a terminal, and '%s' a stream; an app has one or the other",
                                   annotation_of(kinds, STDIO_IS_TTY), annotation_of(kinds, STDIO_IS_STREAM))
                       : NULL;
}

const char *plan_stdio_other_than(char *const *annotations, StdioKind kind, const char **ret_word)
{
        for (int i = 0; i < 3; i++) {
                const char *word = word_of(annotations, i);

                if (word && kind_of(word) != kind) {
                        *ret_word = word;
                        return streams[i].annotation;
                }
        }
        return NULL;
}

bool plan_app_is_attached(const PodSettings *settings)
{
        return settings->interactive && settings->attached;
}

void plan_stdio(const PodSettings *settings, PlanApp *ret)
{
        const StdioKind kind = settings->sockets ? STDIO_IS_STREAM : STDIO_IS_TTY;

        if (plan_app_is_attached(settings))
                for (int i = 0; i < 3; i++)
                        ret->stdio[i] = kind;
        /* Else an interactive app has the console of the pod, which is the terminal of the pod's unit. */
        else if (settings->interactive)
                for (int i = 0; i < 3; i++)
                        ret->stdio[i] = streams[i].usual;
        else
                read_kinds(ret->app->annotations, ret->stdio);
}

bool plan_app_is_attachable(const PlanApp *app)
{
        for (int i = 0; i < 3; i++)
                if (stdio_kind_is_attached(app->stdio[i]))
                        return true;
        return false;
}

bool plan_app_has_terminal(const PlanApp *app)
{
        return annotation_of(app->stdio, STDIO_IS_TTY);
}
