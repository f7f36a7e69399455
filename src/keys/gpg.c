/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/utf8.h"
#include "keys/gpg-internal.h"
#include "shared/explain.h"
#include "shared/json-pack.h"
#include "shared/module.h"
#include "shared/unprivileged.h"

#define ANSWER_MAX (4U * 1024 * 1024)

/* NULL unless the module is linked into the program, as it is into tests. */
extern const GpgMethods gpg_methods __attribute__((weak));

static const JsonField key_table[] = {
        { "fingerprint", &json_string, offsetof(GpgKey, fingerprint), JSON_MANDATORY },
        { "subkeys", &json_strv, offsetof(GpgKey, subkeys) },
        { "identities", &json_strv, offsetof(GpgKey, identities) },
        { "problem", &json_string, offsetof(GpgKey, problem) },
        { "armoured", &json_string, offsetof(GpgKey, armoured), JSON_MANDATORY },
        {}
};

static const JsonType json_gpg_keys = JSON_ARRAY(GpgKey, key_table, NULL);

static const JsonField signature_table[] = {
        { "fingerprint", &json_string, offsetof(GpgSignature, fingerprint) },
        { "subkey", &json_string, offsetof(GpgSignature, subkey) },
        { "identities", &json_strv, offsetof(GpgSignature, identities) },
        { "created", &json_uint64, offsetof(GpgSignature, created) },
        { "data", &json_digest, offsetof(GpgSignature, data) },
        {}
};

static const JsonType json_gpg_signature = JSON_STRUCT(GpgSignature, signature_table, NULL);

const JsonField gpg_answer_table[] = {
        { "error", &json_int64, offsetof(GpgAnswer, error) },
        { "message", &json_string, offsetof(GpgAnswer, message) },
        { "keys", &json_gpg_keys, offsetof(GpgAnswer, keys) },
        { "signature", &json_gpg_signature, offsetof(GpgAnswer, signature) },
        {}
};

void gpg_keys_done(GpgKeys *keys)
{
        json_array_free(&json_gpg_keys, keys);
}

void gpg_signature_done(GpgSignature *s)
{
        json_table_free(signature_table, s);
}

static bool is_hex(const char *s, size_t min, size_t max)
{
        return s && string_in_charset(s, LOWERCASE_HEX) && strlen(s) >= min && strlen(s) <= max;
}

/* The process that answered may have been taken over, so rely only on the form of its answer. */
static bool answer_is_sane(GpgTask task, GpgAnswer *a)
{
        for (size_t i = 0; i < a->keys.n_keys; i++) {
                if (!is_hex(a->keys.keys[i].fingerprint, GPG_FINGERPRINT_V4, GPG_FINGERPRINT_V5))
                        return false;
                STRV_FOREACH(s, a->keys.keys[i].subkeys)
                        if (!is_hex(*s, GPG_FINGERPRINT_V4, GPG_FINGERPRINT_V5))
                                return false;
                STRV_FOREACH(s, a->keys.keys[i].identities)
                        utf8_make_printable(*s);
                if (a->keys.keys[i].problem)
                        utf8_make_printable(a->keys.keys[i].problem);
        }
        STRV_FOREACH(s, a->signature.identities)
                utf8_make_printable(*s);
        if (a->message)
                utf8_make_printable(a->message);

        if (a->error < 0 || a->error > 4095)
                return false;
        if (task == GPG_READ_KEYS)
                return a->error != 0 || a->keys.n_keys > 0;
        if (a->error != 0)
                return (!a->signature.fingerprint || is_hex(a->signature.fingerprint, 1, GPG_FINGERPRINT_V5)) &&
                       (!a->signature.subkey || is_hex(a->signature.subkey, 1, GPG_FINGERPRINT_V5));
        return is_hex(a->signature.fingerprint, GPG_FINGERPRINT_V4, GPG_FINGERPRINT_V5) &&
               is_hex(a->signature.subkey, GPG_FINGERPRINT_V4, GPG_FINGERPRINT_V5) &&
               (task != GPG_VERIFY_DETACHED || *a->signature.data.hex);
}

static int read_back(int fd, size_t max, char **ret, size_t *ret_size)
{
        char path[PROC_FD_PATH_MAX];

        return read_file_at(AT_FDCWD, proc_fd_path(fd, path), max, ret, ret_size);
}

static int unpack_answer(const GpgJob *job, GpgAnswer *answer)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *packed = NULL;
        size_t size;
        int r;

        r = read_back(job->answer_fd, ANSWER_MAX, &packed, &size);
        if (r < 0)
                return r;
        r = json_unpack(packed, size, &o);
        return r < 0 ? r : json_table_read(gpg_answer_table, o, answer, NULL);
}

static int read_answer(const GpgJob *job, GpgAnswer *answer)
{
        int r = unpack_answer(job, answer);

        if (r == -ENOMEM)
                return r;
        return r < 0 || !answer_is_sane(job->task, answer) ? -ECHILD : 0;
}

static int new_memory_file(void)
{
        int fd = memfd_create("gpg", MFD_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* The module is loaded before the other process gives up its privileges. */
static int run_child(GpgJob *job, GpgAnswer *answer, char **reterr_message)
{
        const GpgMethods *methods;
        int r = module_find("keys", gpg_methods, &methods, reterr_message);

        if (r < 0)
                return r;
        r = run_unprivileged(methods->child, job,
                             (const int[]) { job->answer_fd, job->payload_fd, job->what ? job->what->fd : 0 },
                             job->task == GPG_VERIFY_DETACHED ? 3 : 2);
        return r < 0 ? r : read_answer(job, answer);
}

static int ask(GpgJob *job, GpgAnswer *answer, char **reterr_message)
{
        int r = run_child(job, answer, reterr_message);

        if (r == -ECHILD)
                return explain(reterr_message, EPROTO, "the process that runs gpg died unexpectedly");
        if (r < 0)
                return r;
        if (answer->error != 0)
                return explain(reterr_message, (int) answer->error, "%s",
                               answer->message ?: strerror((int) answer->error));
        return 0;
}

static int run(GpgJob *job, GpgAnswer *answer, char **ret_payload, size_t *ret_size, char **reterr_message)
{
        _cleanup_close_ int answer_fd = new_memory_file(), payload_fd = new_memory_file();
        int r;

        if (answer_fd < 0 || payload_fd < 0)
                return MIN(answer_fd, payload_fd);
        job->answer_fd = answer_fd;
        job->payload_fd = payload_fd;

        r = ask(job, answer, reterr_message);
        if (r < 0)
                return r;
        return ret_payload ? read_back(payload_fd, GPG_PAYLOAD_MAX, ret_payload, ret_size) : r;
}

static void answer_done(GpgAnswer *a)
{
        json_table_free(gpg_answer_table, a);
}

int gpg_read_keys(const char *data, size_t n, GpgKeys *ret, char **reterr_message)
{
        const GpgKeyData key = { data, n };
        GpgJob job = { .task = GPG_READ_KEYS, .keys = &key, .n_keys = 1 };
        _cleanup_(answer_done) GpgAnswer answer = {};
        int r;

        if (n > GPG_KEY_MAX)
                return explain(reterr_message, E2BIG, "longer than %u bytes", GPG_KEY_MAX);
        r = run(&job, &answer, NULL, NULL, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_GENERIC(answer.keys, (GpgKeys) {});
        return r;
}

static int verify(GpgJob *job, GpgSignature *ret, char **ret_payload, size_t *ret_size, char **reterr_message)
{
        GpgAnswer answer = {};
        int r;

        if (job->what->signature_size > GPG_SIGNATURE_MAX)
                return explain(reterr_message, E2BIG, "the signature is longer than %u bytes", GPG_SIGNATURE_MAX);
        r = run(job, &answer, ret_payload, ret_size, reterr_message);
        if (r >= 0 || r == -ENOKEY || r == -EKEYREJECTED) {
                *ret = answer.signature;
                answer.signature = (GpgSignature) {};
        }
        json_table_free(gpg_answer_table, &answer);
        return r;
}

int gpg_verify_detached(const GpgKeyData *keys, size_t n_keys, const GpgSigned *what, GpgSignature *ret,
                        char **reterr_message)
{
        GpgJob job = { .task = GPG_VERIFY_DETACHED, .keys = keys, .n_keys = n_keys, .what = what };

        return verify(&job, ret, NULL, NULL, reterr_message);
}

int gpg_verify_inline(const GpgKeyData *keys, size_t n_keys, GpgSigned *what, GpgSignature *ret,
                      char **reterr_message)
{
        GpgJob job = { .task = GPG_VERIFY_INLINE, .keys = keys, .n_keys = n_keys, .what = what };

        return verify(&job, ret, &what->payload, &what->payload_size, reterr_message);
}
