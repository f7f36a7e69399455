/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "cli/images/fetch-image.h"
#include "cli/terminal/passphrase.h"
#include "cli/verbs/sign-registry.h"
#include "image/export/cosign-push.h"
#include "image/name/image-location.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

/* The key */

int sign_key_read(const char *key, char **ret_text, size_t *ret_size)
{
        _cleanup_free_ char *text = NULL;
        size_t n;

        /* What is no file is a name that gpg knows. */
        if (read_named_file(key, PUBLIC_KEY_MAX, &text, &n) < 0)
                return 0;
        if (!startswith(text, "-----BEGIN "))
                return 0;
        if (!secret_key_is_pem(text, n))
                return log_error_errno(EINVAL, "Option --key: there is no secret key in PEM in %s", key);
        *ret_text = TAKE_PTR(text);
        *ret_size = n;
        return 1;
}

/* The image */

typedef struct Target {
        DockerReference name;
        Digest digest;
} Target;

static void target_done(Target *t)
{
        docker_reference_done(&t->name);
}

/* What the registry has by that tag, an image or an index of several. */
static int ask_digest(Context *c, const char *word, Target *t)
{
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        Fetcher *fetcher;
        int r = context_fetcher(c, &fetcher);

        if (r < 0)
                return r;
        r = fetcher_fetch(fetcher, &(FetchRequest) { .kind = FETCH_MANIFEST, .registry = t->name.registry,
                                                     .repository = t->name.path,
                                                     .reference = t->name.tag ?: "latest" },
                          &reply, &message);
        if (r >= 0)
                r = reply.data ? digest_of_memory(DIGEST_SHA256, reply.data, reply.size, &t->digest) : -EPROTO;
        fetch_reply_done(&reply);
        return r < 0 ? log_error_errno(r, "Cannot sign '%s': %s", word, explained(message, r)) : 0;
}

static int find_at_registry(Context *c, const char *word, Target *t)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *message = NULL;
        int r = image_location_parse(word, &location, &message);

        if (r >= 0 && location.type != IMAGE_AT_REGISTRY)
                r = explain(&message, EINVAL, "it is not in a registry");
        if (r < 0)
                return log_error_errno(r, "Cannot sign '%s': %s", word, explained(message, r));
        t->name = location.registry;
        location.registry = (DockerReference) {};
        if (!t->name.has_digest)
                return ask_digest(c, word, t);
        t->digest = t->name.digest;
        return 0;
}

static int find_in_store(Context *c, const char *word, Target *t)
{
        _cleanup_(image_freep) Image *image = NULL;
        const char *name;
        int r = find_image(c, word, &image);

        if (r < 0)
                return r;
        if (image->kind == IMAGE_APPC)
                return log_error_errno(EINVAL, "Image %s is an ACI, which gpg signs: give a key that it knows, and "
                                       "--output=FILE", DIGEST_FILE(&image->id));
        name = image_display_name(image, word);
        if (!name || !strchr(name, '/') || docker_reference_parse(name, &t->name) < 0)
                return log_error_errno(EINVAL, "Image %s has no name of a registry that could be signed; push it, and "
                                       "write docker://HOST/NAME[:TAG]", DIGEST_FILE(&image->id));
        t->digest = image->id;
        return 0;
}

static int find_target(Context *c, const char *word, Target *t)
{
        if (startswith(word, "docker:") || startswith(word, "oci:"))
                return find_at_registry(c, word, t);
        if (!strchr(word, '@'))
                return find_in_store(c, word, t);
        if (docker_reference_parse(word, &t->name) < 0 || !t->name.has_digest)
                return log_error_errno(EINVAL, "Cannot sign '%s': write HOST/NAME[:TAG]@DIGEST", word);
        t->digest = t->name.digest;
        return 0;
}

/* Both */

static int push_signature(Context *c, const SecretKey *key, const Target *t)
{
        _cleanup_free_ char *repository = docker_reference_repository(&t->name), *tag = cosign_tag(&t->digest),
                            *message = NULL, *signed_as = NULL;
        Fetcher *fetcher;
        int r = context_fetcher(c, &fetcher);

        if (r < 0)
                return r;
        signed_as = repository && t->name.tag ? strjoin(repository, ":", t->name.tag) : NULL;
        if (!repository || !tag || (t->name.tag && !signed_as))
                return log_oom();
        r = cosign_push(fetcher, &t->name, signed_as ?: repository, &t->digest, key, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot sign %s@%s: %s", repository, DIGEST_STRING(&t->digest),
                                       explained(message, r));
        (void) printf("docker://%s:%s\n", repository, tag);
        return 0;
}

/* As cosign asks for it. */
static int ask_passphrase(void *userdata, char **ret, char **reterr_message)
{
        const char *key = userdata, *given = getenv("COSIGN_PASSWORD");
        int r;

        if (given)
                return (*ret = strdup(given)) ? 0 : -ENOMEM;
        r = passphrase_ask(key, ret);
        return r == -ENOTTY ? explain(reterr_message, r, "is encrypted: run this in a terminal, or give the passphrase "
                                      "in the variable COSIGN_PASSWORD")
                            : r;
}

int sign_in_registry(Context *c, const char *key, const char *text, size_t size, const char *word)
{
        _cleanup_(secret_key_freep) SecretKey *parsed = NULL;
        _cleanup_(target_done) Target target = {};
        _cleanup_free_ char *message = NULL;
        int r = secret_key_parse(text, size, ask_passphrase, (void *) key, &parsed, &message);

        if (r < 0)
                return log_error_errno(r, "Option --key: %s: %s", key, explained(message, r));
        r = find_target(c, word, &target);
        return r < 0 ? r : push_signature(c, parsed, &target);
}
