/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/transport/credential-answer.h"
#include "lib/test-cases.h"
#include "shared/json-foreign.h"

TestSuite(credential_answer, .fini = json_foreign_done);

#define EXIT(n) ((n) << 8)
#define N(text) text, sizeof(text) - 1

/* As it comes over the connection. Single quotes in the text are double ones. */
static int parse(HelperHeader header, const char *text, size_t n, Credential *ret, char **reterr_message)
{
        _cleanup_free_ char *data = malloc(sizeof(header) + n + 1);

        memcpy(data, &header, sizeof(header));
        memcpy(data + sizeof(header), text, n);
        for (size_t i = sizeof(header); i < sizeof(header) + n; i++)
                if (data[i] == '\'')
                        data[i] = '"';
        return credential_answer_parse(data, sizeof(header) + n, ret, reterr_message);
}

Test(credential_answer, accepted)
{
        static const struct {
                const char *text;
                size_t n;
                const char *user, *password, *token;
        } cases[] = {
                { N("{'ServerURL':'a.test','Username':'me','Secret':'geheim'}"), "me", "geheim", NULL },
                { N("{'Username':'me','Secret':'a:b'}\n"), "me", "a:b", NULL },
                { N("{'ServerURL':'','Username':'<token>','Secret':'t','More':[1]}"), NULL, NULL, "t" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(credential_done) Credential c = {};
                _cleanup_free_ char *message = NULL;

                cr_assert_eq(parse((HelperHeader) {}, cases[i].text, cases[i].n, &c, &message), 1, "%s: %s",
                             cases[i].text, message);
                cr_expect(streq_ptr(c.user, cases[i].user), "%s", cases[i].text);
                cr_expect(streq_ptr(c.password, cases[i].password), "%s", cases[i].text);
                cr_expect(streq_ptr(c.identity_token, cases[i].token), "%s", cases[i].text);
        }
}

Test(credential_answer, none)
{
        static const struct {
                int status;
                const char *text;
                size_t n;
        } cases[] = {
                { EXIT(1), N("credentials not found in native keychain") },
                { EXIT(1), N("credentials not found in native keychain\r\n") },
                { 0, N("{}") },
                { 0, N("{'Username':'','Secret':''}") },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(credential_done) Credential c = {};
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(parse((HelperHeader) { .status = cases[i].status }, cases[i].text, cases[i].n, &c,
                                   &message),
                             0, "%s: %s", cases[i].text, message);
        }
}

Test(credential_answer, refused)
{
        static const struct {
                HelperHeader header;
                const char *text;
                size_t n;
                const char *says;
        } cases[] = {
                { {}, N(""), "printed something else than JSON with Username and Secret" },
                { {}, N("geheim"), "printed something else" },
                { {}, N("{'Username':'me','Secret':'geheim"), "printed something else" },
                { {}, N("{'Username':'me','Secret':'geheim'} geheim"), "printed something else" },
                { {}, N("{'Username':'me','Secret':'geheim\0'}"), "printed something else" },
                { {}, N("{'Username':'me','Secret':'geheim\\u0000'}"), "printed something else" },
                { {}, N("{'Username':'me','Secret':['geheim']}"), "printed something else" },
                { {}, N("{'Username':{'geheim':1},'Secret':'geheim'}"), "printed something else" },
                { {}, N("['geheim']"), "printed something else" },
                { {}, N("credentials not found in native keychain"), "printed something else" },
                { {}, N("{'Username':'me'}"), "printed no Secret" },
                { {}, N("{'Username':'me','Secret':''}"), "printed no Secret" },
                { {}, N("{'Secret':'geheim'}"), "printed no Username" },
                { { .status = EXIT(1) }, N(""), "failed with status 1" },
                { { .status = EXIT(3) }, N(" \n no\x1b[2J such\nvault"), "failed with status 3: no?[2J such" },
                { { .status = EXIT(1) }, N("{'Username':'me','Secret':'geheim'}"), "failed with status 1" },
                { { .status = EXIT(1) }, N("x credentials not found in native keychain"),
                  "failed with status 1: x credentials not found in native keychain" },
                { { .status = 9 }, N("geheim"), "was killed by signal 9" },
                { { .outcome = HELPER_FLOODED }, N("geheim"), "printed more than 1 MiB" },
                { { .outcome = HELPER_NOT_STARTED, .status = EACCES }, N(""), "cannot be started: Permission denied" },
                { { .outcome = HELPER_NOT_STARTED, .status = INT32_MIN }, N(""), "cannot be started: " },
                { { .outcome = _HELPER_OUTCOME_MAX }, N("geheim"), "was run by another version" },
                { { .outcome = UINT32_MAX, .status = -1 }, N("geheim"), "was run by another version" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(credential_done) Credential c = {};
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(parse(cases[i].header, cases[i].text, cases[i].n, &c, &message), -EKEYREJECTED, "%zu", i);
                cr_expect(message && startswith(message, cases[i].says), "%zu: %s", i, message);
                cr_expect(!message || !strstr(message, "geheim"), "tells a secret: %s", message);
        }
}

Test(credential_answer, cut_off)
{
        HelperHeader header = {};

        for (size_t n = 0; n < sizeof(header); n++) {
                _cleanup_free_ char *message = NULL;
                Credential c = {};

                cr_expect_eq(credential_answer_parse((const char *) &header, n, &c, &message), -EKEYREJECTED);
                cr_expect_str_eq(message, "gave no answer: it took too long, or was killed");
        }
}

/* A long complaint is cut. */
Test(credential_answer, long_complaint)
{
        _cleanup_free_ char *message = NULL;
        char text[4096];
        Credential c = {};

        memset(text, 'x', sizeof(text));
        cr_expect_eq(parse((HelperHeader) { .status = EXIT(1) }, text, sizeof(text), &c, &message), -EKEYREJECTED);
        cr_expect_lt(strlen(message), 300);
}
