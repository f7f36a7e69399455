/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <gpgme.h>

#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/scratch.h"
#include "basic/utf8.h"
#include "keys/gpg-internal.h"
#include "keys/gpg-loop.h"
#include "shared/json-pack.h"

/* The half that runs without privileges; it contains all use of gpgme, so that gpgme's state dies with the process. */

/* Nothing but the keyring we fill: no agent, no other keyring, no network. The trust in a key depends on its source,
 * not on gpg's web of trust. */
static const char gpg_conf[] = "batch\n"
                               "no-tty\n"
                               "no-autostart\n"
                               "disable-dirmngr\n"
                               "no-auto-key-retrieve\n"
                               "no-auto-check-trustdb\n"
                               "trust-model always\n"
                               "lock-never\n"
                               "no-random-seed-file\n";

static int fail(GpgAnswer *a, int error, const char *format, ...) _printf_(3, 4);

static int fail(GpgAnswer *a, int error, const char *format, ...)
{
        va_list ap;

        free(a->message);
        va_start(ap, format);
        a->message = strvprintf(format, ap);
        va_end(ap);
        a->error = error;
        return -error;
}

static int fail_gpgme(GpgAnswer *a, gpgme_error_t e, const char *doing)
{
        if (gpgme_err_code(e) == GPG_ERR_INV_ENGINE)
                return fail(a, EOPNOTSUPP, "gpg is missing: install it, on Debian the package gpg");
        return fail(a, EPROTO, "gpg failed to %s: %s", doing, gpgme_strerror(e));
}

/* In lower case. */
static char *fingerprint_copy(const char *s)
{
        char *copy = strdup(strempty(s));

        for (char *p = copy; p && *p; p++)
                *p = (char) tolower((unsigned char) *p);
        return copy;
}

static void context_release(gpgme_ctx_t *c)
{
        if (*c)
                gpgme_release(*c);
}

static void data_release(gpgme_data_t *d)
{
        if (*d)
                gpgme_data_release(*d);
}

#define _cleanup_data_ _cleanup_(data_release)

static int context_new(GpgAnswer *a, const char *home, gpgme_ctx_t *ret)
{
        _cleanup_(context_release) gpgme_ctx_t c = NULL;
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, home);
        gpgme_error_t e;

        /* An empty common.conf keeps gpg 2.4 from starting keyboxd. */
        if (fd < 0 || setenv("HOME", home, 1) < 0 || write_string_at(fd, "gpg.conf", gpg_conf, 0600) < 0 ||
            write_string_at(fd, "common.conf", "", 0600) < 0)
                return fail(a, EIO, "no directory for gpg: %s", strerror(errno));

        (void) gpgme_check_version(NULL);
        e = gpgme_set_engine_info(GPGME_PROTOCOL_OpenPGP, NULL, home);
        if (!e)
                e = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
        if (!e)
                e = gpgme_new(&c);
        if (!e)
                e = gpgme_set_protocol(c, GPGME_PROTOCOL_OpenPGP);
        if (e)
                return fail_gpgme(a, e, "start");
        gpgme_set_offline(c, 1);
        *ret = TAKE_PTR(c);
        return 0;
}

/* Keys */

static gpgme_error_t start_import(gpgme_ctx_t c, void *data)
{
        return gpgme_op_import_start(c, data);
}

/* Data that is not a key counts for nothing, which shows when the key is missed. */
static int import_keys(GpgAnswer *a, gpgme_ctx_t c, const GpgJob *job, bool *ret_secret)
{
        *ret_secret = false;
        for (size_t i = 0; i < job->n_keys; i++) {
                _cleanup_data_ gpgme_data_t data = NULL;
                gpgme_import_result_t result;
                gpgme_error_t e;

                e = gpgme_data_new_from_mem(&data, job->keys[i].data, job->keys[i].size, 0);
                if (!e)
                        e = gpg_loop_run(c, start_import, data);
                if (e && gpgme_err_code(e) != GPG_ERR_NO_DATA)
                        return fail_gpgme(a, e, "read a key");
                result = gpgme_op_import_result(c);
                *ret_secret |= result && result->secret_read > 0;
        }
        return 0;
}

static const char *key_problem(gpgme_key_t k)
{
        return k->revoked    ? "it was revoked"
               : k->expired  ? "it has expired"
               : k->invalid  ? "it is not valid"
               : k->disabled ? "it is disabled"
               : !k->can_sign ? "it cannot sign"
                              : NULL;
}

static int copy_identities(gpgme_key_t k, char ***ret)
{
        for (gpgme_user_id_t u = k->uids; u; u = u->next) {
                int r;

                if (u->revoked || u->invalid || isempty(u->uid))
                        continue;
                r = strv_extend(ret, u->uid);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(s, *ret)
                utf8_make_printable(*s);
        return 0;
}

static int export_armoured(gpgme_ctx_t c, gpgme_key_t k, char **ret)
{
        _cleanup_data_ gpgme_data_t data = NULL;
        gpgme_key_t keys[] = { k, NULL };
        char *text;
        size_t n;

        gpgme_set_armor(c, 1);
        if (gpgme_data_new(&data) || gpgme_op_export_keys(c, keys, 0, data))
                return -EPROTO;
        text = gpgme_data_release_and_get_mem(TAKE_PTR(data), &n);
        if (!text)
                return -ENOMEM;
        *ret = string_from_bytes(text, n);
        gpgme_free(text);
        return *ret ? 0 : -ENOMEM;
}

static int copy_key(gpgme_ctx_t c, gpgme_key_t k, GpgKey *ret)
{
        const char *problem = key_problem(k);
        int r;

        ret->fingerprint = fingerprint_copy(k->fpr);
        ret->problem = problem ? strdup(problem) : NULL;
        if (!ret->fingerprint || (problem && !ret->problem))
                return -ENOMEM;
        for (gpgme_subkey_t s = k->subkeys ? k->subkeys->next : NULL; s; s = s->next)
                if (s->can_sign && strv_consume(&ret->subkeys, fingerprint_copy(s->fpr)) < 0)
                        return -ENOMEM;
        r = copy_identities(k, &ret->identities);
        return r < 0 ? r : export_armoured(c, k, &ret->armoured);
}

typedef struct KeyList {
        gpgme_key_t *keys;
        size_t n;
} KeyList;

static void key_list_done(KeyList *l)
{
        for (size_t i = 0; i < l->n; i++)
                gpgme_key_unref(l->keys[i]);
        free(l->keys);
}

static int list_next_keys(gpgme_ctx_t c, KeyList *l)
{
        size_t room = 0;

        for (;;) {
                gpgme_key_t k;
                gpgme_error_t e = gpgme_op_keylist_next(c, &k);
                int r;

                if (e)
                        return gpgme_err_code(e) == GPG_ERR_EOF ? 0 : -EPROTO;
                r = ARRAY_GROW(l->keys, room, l->n, 1);
                if (r < 0) {
                        gpgme_key_unref(k);
                        return r;
                }
                l->keys[l->n++] = k;
        }
}

/* The keys of the keyring; the listing is finished before they are exported, since a context does only one at a
 * time. */
static int list_keys(gpgme_ctx_t c, KeyList *l)
{
        gpgme_error_t e = gpgme_op_keylist_start(c, NULL, 0);
        int r = !e ? list_next_keys(c, l) : gpgme_err_code(e) == GPG_ERR_EOF ? 0 : -EPROTO;

        (void) gpgme_op_keylist_end(c);
        return r;
}

static int copy_keys(GpgAnswer *a, gpgme_ctx_t c)
{
        _cleanup_(key_list_done) KeyList l = {};
        int r;

        r = list_keys(c, &l);
        if (r < 0)
                return r;
        a->keys.keys = new0(GpgKey, l.n);
        if (!a->keys.keys)
                return -ENOMEM;
        for (size_t i = 0; i < l.n; i++) {
                r = copy_key(c, l.keys[i], &a->keys.keys[a->keys.n_keys++]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_keys(GpgAnswer *a, gpgme_ctx_t c)
{
        int r = copy_keys(a, c);

        if (r < 0)
                return fail(a, -r, "gpg failed to list keys: %s", strerror(-r));
        return a->keys.n_keys == 0 ? fail(a, EBADMSG, "there is no OpenPGP public key in it") : 0;
}

/* Signatures */

/* Attackers can make collisions of these. */
static bool hash_is_weak(gpgme_hash_algo_t h)
{
        return h == GPGME_MD_MD5 || h == GPGME_MD_SHA1 || h == GPGME_MD_RMD160 || h == GPGME_MD_MD2 ||
               h == GPGME_MD_MD4;
}

typedef struct Judgement {
        int error;
        const char *text;       /* "made by key ABCD …" */
} Judgement;

/* Of several signatures, the one with the best status is reported; they are listed in the order of severity. */
static const struct {
        unsigned summary;
        Judgement judgement;
} judgements[] = {
        { GPGME_SIGSUM_KEY_REVOKED, { EKEYREJECTED, "made by key %s, which was revoked" } },
        { GPGME_SIGSUM_KEY_EXPIRED, { EKEYREJECTED, "made by key %s, which has expired" } },
        { GPGME_SIGSUM_SIG_EXPIRED, { EKEYREJECTED, "made by key %s, but has expired" } },
        { GPGME_SIGSUM_KEY_MISSING, { ENOKEY, "made by key %s, which is not trusted" } },
};

static Judgement judge(gpgme_signature_t s)
{
        if (!gpgme_err_code(s->status)) {
                if (hash_is_weak(s->hash_algo))
                        return (Judgement) { EKEYREJECTED,
                                             "made by key %s with a hash that can be forged; it has to be "
                                             "made again with SHA-256 or better" };
                if (s->wrong_key_usage)
                        return (Judgement) { EKEYREJECTED, "made by key %s, which is not for signing" };
                return (Judgement) {};
        }
        if (gpgme_err_code(s->status) == GPG_ERR_BAD_SIGNATURE)
                return (Judgement) { EBADMSG, "by key %s does not fit: it was made of other data, or damaged" };
        if (gpgme_err_code(s->status) == GPG_ERR_NO_PUBKEY)
                return (Judgement) { ENOKEY, "made by key %s, which is not trusted" };
        for (size_t i = 0; i < ELEMENTSOF(judgements); i++)
                if (s->summary & judgements[i].summary)
                        return judgements[i].judgement;
        return (Judgement) { EBADMSG, "by key %s is not valid" };
}

static unsigned severity(int error)
{
        return error == 0 ? 0 : error == EKEYREJECTED ? 1 : error == ENOKEY ? 2 : 3;
}

/* Finds the owner of the key. */
static int find_signer(gpgme_ctx_t c, const char *fpr, GpgSignature *ret)
{
        _cleanup_(key_list_done) KeyList l = {};
        int r;

        r = list_keys(c, &l);
        if (r < 0)
                return r;
        for (size_t i = 0; i < l.n; i++)
                for (gpgme_subkey_t s = l.keys[i]->subkeys; s; s = s->next)
                        if (s->fpr && streq(s->fpr, fpr)) {
                                ret->fingerprint = fingerprint_copy(l.keys[i]->fpr);
                                return ret->fingerprint ? copy_identities(l.keys[i], &ret->identities) : -ENOMEM;
                        }
        return 0;
}

static int tell_of(GpgAnswer *a, gpgme_ctx_t c, gpgme_signature_t s, Judgement j)
{
        int r;

        a->signature.subkey = fingerprint_copy(s->fpr);
        a->signature.created = s->timestamp;
        if (!a->signature.subkey)
                return -ENOMEM;
        r = find_signer(c, strempty(s->fpr), &a->signature);
        if (r < 0)
                return r;
        if (!a->signature.fingerprint) {
                a->signature.fingerprint = strdup(a->signature.subkey);
                if (!a->signature.fingerprint)
                        return -ENOMEM;
        }
        if (j.error == 0)
                return 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        return fail(a, j.error, j.text, a->signature.fingerprint);
#pragma GCC diagnostic pop
}

static int judge_all(GpgAnswer *a, gpgme_ctx_t c, bool single)
{
        gpgme_verify_result_t result = gpgme_op_verify_result(c);
        gpgme_signature_t best = NULL;
        Judgement j = {};
        size_t n = 0;
        int r;

        for (gpgme_signature_t s = result ? result->signatures : NULL; s; s = s->next, n++) {
                Judgement other = judge(s);

                if (best && severity(other.error) >= severity(j.error))
                        continue;
                best = s;
                j = other;
        }
        if (!best)
                return fail(a, EBADMSG, "there is no OpenPGP signature in it");
        if (single && n != 1)
                return fail(a, EBADMSG, "there are %zu signatures in it, not one", n);

        /* The context owns the result until its next operation. */
        gpgme_result_ref(result);
        r = tell_of(a, c, best, j);
        gpgme_result_unref(result);
        return r;
}

typedef struct Verification {
        gpgme_data_t signature;
        gpgme_data_t text;      /* one of these: the signed text, and where it goes */
        gpgme_data_t plain;
} Verification;

static gpgme_error_t start_verify(gpgme_ctx_t c, void *userdata)
{
        const Verification *v = userdata;

        return gpgme_op_verify_start(c, v->signature, v->text, v->plain);
}

/* The signed data goes through here, so that it can be compared with the data that is used afterwards. */
typedef struct Source {
        int fd;
        Hasher *hasher;
        off_t offset;
} Source;

static ssize_t source_read(void *handle, void *buffer, size_t n)
{
        Source *s = handle;
        ssize_t k;

        do
                k = pread(s->fd, buffer, n, s->offset);
        while (k < 0 && errno == EINTR);
        if (k > 0) {
                s->offset += k;
                if (hasher_update(s->hasher, buffer, (size_t) k) < 0) {
                        errno = EIO;
                        return -1;
                }
        }
        return k;
}

static int verify_detached(GpgAnswer *a, gpgme_ctx_t c, const GpgSigned *what)
{
        static struct gpgme_data_cbs callbacks = { .read = source_read };
        _cleanup_data_ gpgme_data_t signature = NULL, text = NULL;
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        Source source = { .fd = what->fd };
        gpgme_error_t e;
        int r;

        r = hasher_new(DIGEST_SHA256, &hasher);
        if (r < 0)
                return fail(a, -r, "%s", strerror(-r));
        source.hasher = hasher;

        e = gpgme_data_new_from_mem(&signature, what->signature, what->signature_size, 0);
        if (!e)
                e = gpgme_data_new_from_cbs(&text, &callbacks, &source);
        if (!e)
                e = gpg_loop_run(c, start_verify, &(Verification) { signature, text, NULL });
        /* gpg reports "General error" for OpenPGP data that is not a signature. */
        if (gpgme_err_code(e) == GPG_ERR_NO_DATA || gpgme_err_code(e) == GPG_ERR_BAD_DATA ||
            gpgme_err_code(e) == GPG_ERR_GENERAL)
                return fail(a, EBADMSG, "there is no OpenPGP signature in it");
        if (e)
                return fail_gpgme(a, e, "check the signature");
        r = judge_all(a, c, false);
        if (r < 0)
                return r;
        r = hasher_finish(hasher, &a->signature.data);
        return r < 0 ? fail(a, -r, "%s", strerror(-r)) : 0;
}

typedef struct Sink {
        int fd;
        size_t size;
} Sink;

static ssize_t sink_write(void *handle, const void *buffer, size_t n)
{
        Sink *s = handle;

        /* A kilobyte of signature can be made to unpack to gigabytes. */
        if (n > GPG_PAYLOAD_MAX - s->size) {
                errno = EFBIG;
                return -1;
        }
        if (loop_write(s->fd, buffer, n) < 0)
                return -1;
        s->size += n;
        return (ssize_t) n;
}

static int verify_inline(GpgAnswer *a, gpgme_ctx_t c, const GpgJob *job)
{
        static struct gpgme_data_cbs callbacks = { .write = sink_write };
        _cleanup_data_ gpgme_data_t signature = NULL, plain = NULL;
        Sink sink = { .fd = job->payload_fd };
        gpgme_error_t e;

        e = gpgme_data_new_from_mem(&signature, job->what->signature, job->what->signature_size, 0);
        if (!e)
                e = gpgme_data_new_from_cbs(&plain, &callbacks, &sink);
        if (!e)
                e = gpg_loop_run(c, start_verify, &(Verification) { signature, NULL, plain });
        if (gpgme_err_code(e) == GPG_ERR_EFBIG)
                return fail(a, E2BIG, "what is signed is longer than %u bytes", GPG_PAYLOAD_MAX);
        if (e)
                return fail(a, EBADMSG, "there is no signed OpenPGP message in it");
        return judge_all(a, c, true);
}

static int work(const GpgJob *job, const char *home, GpgAnswer *a)
{
        _cleanup_(context_release) gpgme_ctx_t c = NULL;
        bool secret;
        int r;

        r = context_new(a, home, &c);
        if (r < 0)
                return r;
        r = import_keys(a, c, job, &secret);
        if (r < 0)
                return r;
        if (job->task == GPG_READ_KEYS && secret)
                return fail(a, EBADMSG, "there are secret keys in it; export the public ones alone, with gpg --export");
        return job->task == GPG_READ_KEYS         ? read_keys(a, c)
               : job->task == GPG_VERIFY_DETACHED ? verify_detached(a, c, job->what)
                                                  : verify_inline(a, c, job);
}

static int send_answer(int fd, const GpgAnswer *a)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *packed = NULL;
        size_t size;
        int r;

        r = json_table_write(gpg_answer_table, a, &o);
        if (r < 0)
                return r;
        r = json_pack(o, &packed, &size);
        return r < 0 ? r : loop_write(fd, packed, size);
}

static int child(void *userdata)
{
        const GpgJob *job = userdata;
        Scratch home = SCRATCH_NONE;
        GpgAnswer answer = {};
        int r = scratch_make("/tmp", "gpg", &home);

        if (r < 0)
                (void) fail(&answer, -r, "no directory for gpg in /tmp: %s", strerror(-r));
        else {
                r = work(job, home.path, &answer);
                if (r < 0 && answer.error == 0)
                        (void) fail(&answer, -r, "%s", strerror(-r));
                /* Our own /tmp is gone with the process, but without root it was the shared /tmp. */
                scratch_done(&home);
        }
        r = send_answer(job->answer_fd, &answer);
        json_table_free(gpg_answer_table, &answer);
        return r;
}

__attribute__((visibility("default"))) const GpgMethods gpg_methods = { .child = child };
