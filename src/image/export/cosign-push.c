/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "basic/base64.h"
#include "basic/fd.h"
#include "image/export/cosign-push.h"
#include "image/export/image-push.h"
#include "image/trust/simple-signing.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

#define ATTEMPTS 10U
#define WAIT_USEC 100000U

/* What goes to the registry, with what is there. */
typedef struct Signing {
        OciManifest *manifest;
        char *payload;
        char *config;
        char *text;             /* of the manifest */
        Digest id;              /* of that */
} Signing;

static void signing_done(Signing *s)
{
        oci_manifest_free(s->manifest);
        free(s->payload);
        free(s->config);
        free(s->text);
}

char *cosign_tag(const Digest *digest)
{
        return strjoin(DIGEST_FILE(digest), ".sig");
}

/* Signatures of others stay. */
static int find_present(Fetcher *f, const DockerReference *name, const char *tag, OciManifest **ret,
                        char **reterr_message)
{
        const FetchRequest request = { .kind = FETCH_MANIFEST, .registry = name->registry, .repository = name->path,
                                       .reference = tag, .max = JSON_MAX_SIZE };
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        int r = fetcher_fetch(f, &request, &reply, &message);

        if (r == -ENOENT)
                *ret = new0(OciManifest, 1);
        else if (r < 0)
                return explain(reterr_message, r, "%s", explained(message, r));
        else
                r = reply.data ? oci_manifest_parse_foreign(reply.data, reply.size, ret, &error) : -EPROTO;
        fetch_reply_done(&reply);
        if (r < 0 && r != -ENOENT)
                return explain(reterr_message, r, "the signatures that are there: %s", json_error_message(&error, r));
        return *ret ? 0 : -ENOMEM;
}

static int describe(OciDescriptor *d, const char *media_type, const char *text)
{
        int r = digest_of_memory(DIGEST_SHA256, text, strlen(text), &d->digest);

        d->media_type = strdup(media_type);
        d->digest_text = r < 0 ? NULL : strdup(DIGEST_STRING(&d->digest));
        d->size = strlen(text);
        return r < 0 ? r : d->media_type && d->digest_text ? 0 : -ENOMEM;
}

static int make_payload(Signing *s, const char *signed_as, const Digest *digest)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = simple_signing_format(COSIGN_TYPE, signed_as, digest, &o);

        return r < 0 ? r : json_format_compact(o, &s->payload);
}

static bool is_signature_of(const OciDescriptor *layer, const Signing *s, const SecretKey *key)
{
        const char *encoded = strv_env_get(layer->annotations, COSIGN_ANNOTATION_SIGNATURE);
        _cleanup_free_ char *signature = NULL;
        size_t n;

        return encoded && base64_decode(encoded, &signature, &n) >= 0 &&
               public_key_verify(secret_key_public(key), s->payload, strlen(s->payload), signature, n) == 0;
}

/* By this key, with the same words. */
static bool is_signed_already(const Signing *s, const SecretKey *key)
{
        Digest payload;

        if (digest_of_memory(DIGEST_SHA256, s->payload, strlen(s->payload), &payload) < 0)
                return false;
        for (size_t i = 0; i < s->manifest->n_layers; i++)
                if (digest_equal(&s->manifest->layers[i].digest, &payload) &&
                    is_signature_of(&s->manifest->layers[i], s, key))
                        return true;
        return false;
}

/* The payload as one more layer, which carries its signature. */
static int add_layer(Signing *s, const SecretKey *key)
{
        _cleanup_free_ char *encoded = NULL;
        _cleanup_free_ void *signature = NULL;
        OciManifest *m = s->manifest;
        OciDescriptor *grown, *layer;
        size_t n;
        int r = secret_key_sign(key, s->payload, strlen(s->payload), &signature, &n);

        if (r < 0)
                return r;
        encoded = base64_encode(signature, n);
        grown = encoded ? reallocarray(m->layers, m->n_layers + 1, sizeof(OciDescriptor)) : NULL;
        if (!grown)
                return -ENOMEM;
        m->layers = grown;
        layer = &m->layers[m->n_layers++];
        *layer = (OciDescriptor) {};
        r = describe(layer, COSIGN_PAYLOAD_MEDIA_TYPE, s->payload);
        return r < 0 ? r : strv_extendf(&layer->annotations, COSIGN_ANNOTATION_SIGNATURE "=%s", encoded);
}

/* One that names the layers, as programs expect that read it as an image. */
static int make_config(Signing *s)
{
        _cleanup_json_object_ json_object *config = json_object_new_object();
        json_object *rootfs = json_object_new_object(), *ids = json_object_new_array();

        for (size_t i = 0; i < s->manifest->n_layers; i++)
                (void) json_object_array_add(ids, json_object_new_string(s->manifest->layers[i].digest_text));
        (void) json_object_object_add(rootfs, "type", json_object_new_string("layers"));
        (void) json_object_object_add(rootfs, "diff_ids", ids);
        (void) json_object_object_add(config, "architecture", json_object_new_string(""));
        (void) json_object_object_add(config, "os", json_object_new_string(""));
        (void) json_object_object_add(config, "config", json_object_new_object());
        (void) json_object_object_add(config, "rootfs", rootfs);
        return json_format_compact(config, &s->config);
}

static int complete(Signing *s)
{
        _cleanup_json_object_ json_object *o = NULL;
        OciManifest *m = s->manifest;
        int r = make_config(s);

        m->schema_version = 2;
        oci_descriptor_done(&m->config);
        m->config = (OciDescriptor) {};
        if (r >= 0)
                r = describe(&m->config, OCI_MEDIA_TYPE_CONFIG, s->config);
        if (r >= 0)
                r = free_and_strdup(&m->media_type, OCI_MEDIA_TYPE_MANIFEST);
        if (r >= 0)
                r = oci_manifest_write(m, &o);
        if (r >= 0)
                r = json_format_compact(o, &s->text);
        return r < 0 ? r : digest_of_memory(DIGEST_SHA256, s->text, strlen(s->text), &s->id);
}

static int blob_of(const OciDescriptor *d, const char *text, PushBlob *ret)
{
        int fd = memfd_create("blob", MFD_CLOEXEC);

        *ret = (PushBlob) { .fd = fd, .digest = d->digest, .size = d->size };
        return fd < 0 ? -errno : loop_write(fd, text, strlen(text));
}

static int push(const Signing *s, Fetcher *f, const DockerReference *name, char *tag, char **reterr_message)
{
        const DockerReference at = { .registry = name->registry, .path = name->path, .tag = tag };
        const OciManifest *m = s->manifest;
        PushBlob blobs[] = { { .fd = -EBADF }, { .fd = -EBADF } };
        int r = blob_of(&m->layers[m->n_layers - 1], s->payload, &blobs[0]);

        if (r >= 0)
                r = blob_of(&m->config, s->config, &blobs[1]);
        if (r >= 0)
                r = image_push(f, &at, &(PushImage) { .blobs = blobs, .n_blobs = ELEMENTSOF(blobs),
                                                      .manifest = s->text, .media_type = OCI_MEDIA_TYPE_MANIFEST,
                                                      .digest = s->id }, reterr_message);
        for (size_t i = 0; i < ELEMENTSOF(blobs); i++)
                safe_close(blobs[i].fd);
        return r;
}

/* 1: it is there already. */
static int sign_once(Fetcher *f, const DockerReference *name, char *tag, const char *signed_as, const Digest *digest,
                     const SecretKey *key, char **reterr_message)
{
        _cleanup_(signing_done) Signing s = {};
        int r = find_present(f, name, tag, &s.manifest, reterr_message);

        if (r >= 0)
                r = make_payload(&s, signed_as, digest);
        if (r < 0)
                return r;
        if (is_signed_already(&s, key))
                return 1;
        if (s.manifest->n_layers >= SIGNATURES_MAX)
                return explain(reterr_message, EMFILE, "%s has %u signatures already; more are not looked at", tag,
                               SIGNATURES_MAX);
        r = add_layer(&s, key);
        if (r >= 0)
                r = complete(&s);
        return r < 0 ? r : push(&s, f, name, tag, reterr_message);
}

/* Not all at the same time. */
static void wait_a_little(void)
{
        uint16_t random = 0;

        (void) getrandom(&random, sizeof(random), 0);
        (void) usleep(WAIT_USEC + random % WAIT_USEC);
}

/* Registries do not say whether somebody else has written in between, who did not have this signature: it is looked for
 * until it stays. */
int cosign_push(Fetcher *f, const DockerReference *name, const char *signed_as, const Digest *digest,
                const SecretKey *key, char **reterr_message)
{
        _cleanup_free_ char *tag = cosign_tag(digest);

        if (!tag)
                return -ENOMEM;
        for (unsigned i = 0; i < ATTEMPTS; i++) {
                int r = sign_once(f, name, tag, signed_as, digest, key, reterr_message);

                if (r != 0)
                        return MIN(r, 0);
                wait_a_little();
        }
        return explain(reterr_message, EBUSY, "others write %s all the time, without this signature; try again", tag);
}
