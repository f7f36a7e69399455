/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <time.h>

#include "basic/string-util.h"
#include "fetch/token-cache.h"

/* A token that is about to expire does not count. */
#define MARGIN_SEC 5
#define TOKENS_MAX 64U

typedef struct Token {
        char *key;
        char *token;
        time_t expires;         /* CLOCK_BOOTTIME */
} Token;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Token tokens[TOKENS_MAX];
static size_t n_tokens;

static time_t now(void)
{
        struct timespec t;

        (void) clock_gettime(CLOCK_BOOTTIME, &t);
        return t.tv_sec;
}

static Token *find(const char *key)
{
        for (size_t i = 0; i < n_tokens; i++)
                if (streq(tokens[i].key, key))
                        return &tokens[i];
        return NULL;
}

static void forget(Token *t)
{
        free(t->key);
        free(t->token);
        *t = tokens[--n_tokens];
}

char *token_cache_find(const char *key)
{
        char *copy = NULL;
        Token *t;

        (void) pthread_mutex_lock(&lock);
        t = find(key);
        if (t && t->expires <= now() + MARGIN_SEC)
                forget(t);
        else if (t)
                copy = strdup(t->token);
        (void) pthread_mutex_unlock(&lock);
        return copy;
}

int token_cache_put(const char *key, const char *token, uint64_t lifetime)
{
        Token fresh = { .key = strdup(key), .token = strdup(token) };
        Token *t;

        if (!fresh.key || !fresh.token) {
                free(fresh.key);
                free(fresh.token);
                return -ENOMEM;
        }
        (void) pthread_mutex_lock(&lock);
        fresh.expires = now() + (time_t) MIN(lifetime, (uint64_t) 86400);
        t = find(key) ?: n_tokens == TOKENS_MAX ? &tokens[0] : NULL;
        if (t)
                forget(t);
        tokens[n_tokens++] = fresh;
        (void) pthread_mutex_unlock(&lock);
        return 0;
}

void token_cache_forget(const char *key)
{
        Token *t;

        (void) pthread_mutex_lock(&lock);
        t = find(key);
        if (t)
                forget(t);
        (void) pthread_mutex_unlock(&lock);
}
