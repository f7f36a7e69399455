/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/wait.h>

#include "basic/string-util.h"
#include "image/transport/credential-answer.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

typedef struct Answer {
        char *user, *secret;
} Answer;

static const JsonField answer_table[] = {
        { "Username", &json_string, offsetof(Answer, user) },
        { "Secret", &json_string, offsetof(Answer, secret) },
        {}
};
static const JsonType answer_type = JSON_STRUCT(Answer, answer_table, NULL);

static void answer_free(Answer **a)
{
        json_document_free(&answer_type, *a);
}

/* With this name, the secret is an identity token. */
#define TOKEN_USER "<token>"

/* What the JSON parser complains about might be the secret: it is not passed on. */
static int take_answer(const char *data, size_t n, Credential *ret, char **reterr_message)
{
        _cleanup_(answer_free) Answer *a = NULL;
        _cleanup_json_error_ JsonError error = {};
        bool token;
        int r;

        r = json_document_parse_foreign(&answer_type, data, n, (void **) &a, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return explain(reterr_message, EKEYREJECTED,
                               "printed something else than JSON with Username and Secret");
        if (isempty(a->user) && isempty(a->secret))
                return 0;
        if (isempty(a->user) || isempty(a->secret))
                return explain(reterr_message, EKEYREJECTED, "printed no %s",
                               isempty(a->user) ? "Username" : "Secret");
        token = streq(a->user, TOKEN_USER);
        *ret = token ? (Credential) { .identity_token = TAKE_PTR(a->secret) }
                     : (Credential) { .user = TAKE_PTR(a->user), .password = TAKE_PTR(a->secret) };
        return 1;
}

/* Helpers that fail print why. If it looks like an answer, it may have the secret, and stays here. */
#define COMPLAINT_MAX 200U

static char *complaint(const char *data, size_t n)
{
        char *s, *start;

        if (n == 0 || memchr(data, '{', n))
                return NULL;
        s = string_from_bytes(data, MIN(n, COMPLAINT_MAX));
        if (!s)
                return NULL;
        start = s + strspn(s, "\n\r\t ");
        (void) memmove(s, start, strlen(start) + 1);
        s[strcspn(s, "\n\r")] = 0;
        string_make_plain(s);
        return *s ? s : mfree(s);
}

/* The words by which helpers say that they have nothing. */
static bool says_none(const char *data, size_t n)
{
        static const char words[] = "credentials not found in native keychain";

        while (n > 0 && strchr("\n\r\t ", data[n - 1]))
                n--;
        return n == sizeof(words) - 1 && memcmp(data, words, n) == 0;
}

static int explain_failure(int status, const char *data, size_t n, char **reterr_message)
{
        _cleanup_free_ char *why = complaint(data, n);

        if (WIFSIGNALED(status))
                return explain(reterr_message, EKEYREJECTED, "was killed by signal %i", WTERMSIG(status));
        return explain(reterr_message, EKEYREJECTED, "failed with status %i%s%s", WEXITSTATUS(status),
                       why ? ": " : "", strempty(why));
}

int credential_answer_parse(const char *data, size_t n, Credential *ret, char **reterr_message)
{
        HelperHeader header;

        if (n < sizeof(header))
                return explain(reterr_message, EKEYREJECTED, "gave no answer: it took too long, or was killed");
        memcpy(&header, data, sizeof(header));
        data += sizeof(header);
        n -= sizeof(header);
        switch (header.outcome) {
        case HELPER_FLOODED:
                return explain(reterr_message, EKEYREJECTED, "printed more than 1 MiB");
        case HELPER_NOT_STARTED:
                return explain(reterr_message, EKEYREJECTED, "cannot be started: %s",
                               strerror(MAX(header.status, 0)));
        case HELPER_ENDED:
                break;
        default:
                return explain(reterr_message, EKEYREJECTED, "was run by another version of podctl");
        }
        if (header.status == 0)
                return take_answer(data, n, ret, reterr_message);
        return WIFEXITED(header.status) && says_none(data, n) ? 0
                                                              : explain_failure(header.status, data, n, reterr_message);
}
