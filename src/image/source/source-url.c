/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/time-util.h"
#include "image/name/appc-discovery.h"
#include "image/name/image-location.h"
#include "image/source/source-aci.h"
#include "image/source/source-url.h"
#include "image/store/image-remote.h"
#include "image/store/image-store-internal.h"
#include "image/store/store-damage.h"
#include "image/store/store-staging.h"
#include "keys/gpg.h"
#include "shared/explain.h"

/* One fetch of one URL. */
typedef struct Download {
        const UrlFetch *u;
        char *signature_url;
        char *signature;        /* NULL: deferred, or not needed */
        size_t signature_size;

        char partial[DIGEST_STRING_MAX + 4];
        int partial_lock_fd;
        char *validator;        /* of the image's current version, to resume the transfer */
        uint64_t request;
} Download;

static void download_done(Download *d)
{
        free(d->signature_url);
        free(d->signature);
        free(d->validator);
        safe_close(d->partial_lock_fd);
}

/* Signature */

static int fetch_signature(Download *d, const char *name, FetchReply *ret, char **reterr_message)
{
        const FetchRequest request = { .kind = FETCH_URL, .url = d->signature_url, .max = GPG_SIGNATURE_MAX };
        int r;

        r = fetcher_fetch(d->u->fetcher, &request, ret, reterr_message);
        return r == -ENOENT ? image_verify_aci_unsigned(name, d->signature_url, reterr_message) : r;
}

static int fetch_signature_early(Download *d, char **reterr_message)
{
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        int r;

        if (!d->u->options->verify)
                return 0;
        r = fetch_signature(d, d->u->wanted ? d->u->wanted->name : d->u->url, &reply, reterr_message);
        if (r < 0 || reply.outcome != FETCH_DONE)
                return r;
        d->signature = TAKE_PTR(reply.data);
        d->signature_size = reply.size;
        return r;
}

static int give_signature(void *userdata, const char *name, char **ret, size_t *ret_size, char **reterr_message)
{
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        Download *d = userdata;
        int r;

        if (!d->signature) {
                r = fetch_signature(d, name, &reply, reterr_message);
                if (r < 0)
                        return r;
                if (reply.outcome != FETCH_DONE)
                        return explain(reterr_message, ENODATA,
                                       "%s: the server has not made the signature yet (status 202)",
                                       d->signature_url);
                d->signature = TAKE_PTR(reply.data);
                d->signature_size = reply.size;
        }
        *ret = TAKE_PTR(d->signature);
        *ret_size = d->signature_size;
        return 0;
}

/* Image */

/* The name of a partial file includes the validator it was started with, so that it is not resumed for another
 * version. */
static int lock_partial(Download *d)
{
        Patience patience = STAGING_PATIENCE;
        _cleanup_free_ char *key = strjoin(d->u->url, "\n", strempty(d->validator)), *lock = NULL;
        Digest digest;
        int r;

        r = key ? digest_of_memory(DIGEST_SHA256, key, strlen(key), &digest) : -ENOMEM;
        if (r < 0)
                return r;
        (void) snprintf(d->partial, sizeof(d->partial), "url-%s", digest.hex);
        lock = strjoin(d->partial, ".lock");
        if (!lock)
                return -ENOMEM;
        d->partial_lock_fd = lock_file_within(d->u->store->tmp_fd, lock, LOCK_EX, &patience);
        return d->partial_lock_fd < 0 && d->partial_lock_fd != -EAGAIN ? d->partial_lock_fd : 0;
}

static int open_image(void *userdata, size_t i, uint64_t offset, char **reterr_message)
{
        Download *d = userdata;
        FetchRequest request = { .kind = FETCH_URL, .url = d->u->url, .offset = offset, .max = UINT64_MAX };
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        request.fd = write_fd = fds[1];
        (void) fcntl(write_fd, F_SETPIPE_SZ, 1 << 20);
        /* With an offset it is the condition for resuming. */
        request.etag = offset > 0 ? d->validator : NULL;
        r = fetcher_start(d->u->fetcher, &request, &d->request, reterr_message);
        return r < 0 ? r : TAKE_FD(read_fd);
}

/* Without a length, only the server knows whether the transfer is complete. */
static int image_done(void *userdata, size_t i, int r, char **reterr_message)
{
        Download *d = userdata;
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        int k;

        k = fetcher_finish(d->u->fetcher, d->request, &reply, &message);
        fetch_reply_done(&reply);
        if (k >= 0 || (k == -EPIPE && r < 0))
                return r;
        return explain(reterr_message, k, "%s", explained(message, k));
}

static int dispatch(void *userdata, char **reterr_message)
{
        const Download *d = userdata;

        return fetcher_dispatch(d->u->fetcher, reterr_message);
}

static void show_progress(void *userdata, size_t i, uint64_t done)
{
        const Download *d = userdata;
        const SourceProgress *progress = d->u->options->progress;

        progress->update(progress->userdata, d->u->url, done, UINT64_MAX);
}

static int import(Download *d, Digest *ret, char **reterr_message)
{
        const UrlFetch *u = d->u;
        _cleanup_(image_import_freep) ImageImport *m = NULL;
        const AciOrigin origin = {
                .layer = {
                        .open = open_image,
                        .done = image_done,
                        .dispatch = dispatch,
                        .poll_fd = fetcher_fd(u->fetcher),
                        .progress = u->options->progress ? show_progress : NULL,
                        .userdata = d,
                },
                .partial = d->partial_lock_fd >= 0 ? d->partial : NULL,
                .signature = give_signature,
                .wanted = u->wanted,
                .userdata = d,
        };
        int r;

        r = image_import_new(u->store, &m, reterr_message);
        if (r < 0)
                return r;
        r = source_aci_import(&origin, u->options, m, ret, reterr_message);
        return r < 0 ? r : image_import_commit(m, reterr_message);
}

static int remember(const UrlFetch *u, const FetchReply *head, const char *id)
{
        return image_remote_write(u->store, &(ImageRemote) {
                .source = (char *) u->url,
                .image = (char *) id,
                .etag = head->etag,
                .last_modified = head->last_modified,
                .max_age = head->max_age,
                .checked = now_nsec(),
        });
}

/* What is there */

static bool is_usable(const UrlFetch *u, const ImageRemote *remote)
{
        _cleanup_(image_freep) Image *image = NULL;
        Digest id;

        return remote->image && digest_parse(remote->image, &id) >= 0 &&
               image_store_load(u->store, &id, &image, NULL) >= 0 && image_has_layers(u->store, image) &&
               (!u->options->verify || !image_trust_is(&image->trust, TRUST_NONE));
}

static bool is_fresh(const UrlFetch *u, const ImageRemote *remote)
{
        uint64_t now = now_nsec();

        return !u->ask_always && remote->checked <= now && (now - remote->checked) / NSEC_PER_SEC < remote->max_age;
}

/* Another process may have fetched the same image while we waited for the lock. *ret_id remains NULL if none did. */
static int find_fetched_meanwhile(const UrlFetch *u, const FetchReply *head, char **ret_id)
{
        ImageRemote remote = {};
        int r;

        r = image_remote_read(u->store, u->url, &remote);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if ((head->etag || head->last_modified) && streq_ptr(remote.etag, head->etag) &&
            streq_ptr(remote.last_modified, head->last_modified) && is_usable(u, &remote))
                *ret_id = TAKE_PTR(remote.image);
        image_remote_done(&remote);
        return 0;
}

static int import_once(Download *d, const FetchReply *head, char **ret_id, char **reterr_message)
{
        Digest id;
        int r;

        r = lock_partial(d);
        if (r < 0)
                return r;
        r = find_fetched_meanwhile(d->u, head, ret_id);
        if (r < 0 || *ret_id)
                return r;
        r = import(d, &id, reterr_message);
        if (r < 0)
                return r;
        *ret_id = strdup(DIGEST_FILE(&id));
        return *ret_id ? remember(d->u, head, *ret_id) : -ENOMEM;
}

static int download(const UrlFetch *u, const FetchReply *head, char **ret_id, char **reterr_message)
{
        const char *validator = head->etag && !startswith(head->etag, "W/") ? head->etag : head->last_modified;
        _cleanup_(download_done) Download d = { .u = u, .partial_lock_fd = -EBADF };
        int r;

        r = u->signature_url ? (d.signature_url = strdup(u->signature_url)) ? 0 : -ENOMEM
                             : image_signature_url(u->url, &d.signature_url);
        if (r < 0)
                return r;
        if (validator && !(d.validator = strdup(validator)))
                return -ENOMEM;
        r = fetch_signature_early(&d, reterr_message);
        if (r < 0)
                return r;
        return import_once(&d, head, ret_id, reterr_message);
}

static int fetch(const UrlFetch *u, const ImageRemote *remote, char **ret_id, char **reterr_message)
{
        bool usable = is_usable(u, remote);
        FetchRequest request = {
                .kind = FETCH_URL_HEAD, .url = u->url,
                .etag = usable ? remote->etag : NULL, .last_modified = usable ? remote->last_modified : NULL,
        };
        _cleanup_(fetch_reply_done) FetchReply head = {};
        int r;

        if (!usable || !is_fresh(u, remote)) {
                r = fetcher_fetch(u->fetcher, &request, &head, reterr_message);
                /* Servers that do not answer that request may still provide the image. */
                if (r < 0 && r != -EPROTO)
                        return r;
                if (head.outcome != FETCH_UNCHANGED) {
                        r = download(u, &head, ret_id, reterr_message);
                        return r < 0 ? explain_context(reterr_message, r, "%s", u->url) : 0;
                }
        }
        *ret_id = strdup(remote->image);
        return *ret_id ? 0 : -ENOMEM;
}

int source_url_fetch(const UrlFetch *u, char **ret_id, char **reterr_message)
{
        ImageRemote remote = {};
        int r;

        r = image_remote_read(u->store, u->url, &remote);
        if (r < 0 && r != -ENOENT)
                return r;
        r = fetch(u, &remote, ret_id, reterr_message);
        image_remote_done(&remote);
        return r;
}

/* Discovery */

static int fetch_endpoint(const UrlFetch *u, const AppcEndpoint *endpoint, char **ret_id, char **reterr_message)
{
        UrlFetch one = *u;

        one.url = endpoint->image;
        one.signature_url = u->signature_url ?: endpoint->signature;
        return source_url_fetch(&one, ret_id, reterr_message);
}

/* Any endpoint may have it; of the refusals that say more than "not here", the first is reported. */
static int fetch_endpoints(const UrlFetch *u, const AppcEndpoints *e, char **ret_id, char **reterr_message)
{
        int r = -ENOENT;

        for (size_t i = 0; i < e->n && r < 0; i++) {
                _cleanup_free_ char *message = NULL;
                int k = fetch_endpoint(u, &e->endpoints[i], ret_id, &message);

                if (k >= 0)
                        return 0;
                if (r == -ENOENT) {
                        r = k;
                        (void) explain(reterr_message, r, "%s", explained(message, r));
                }
        }
        return e->n == 0 ? explain(reterr_message, ENOENT,
                                   "%s: discovery finds no location for an image with these labels", u->wanted->name)
                         : r;
}

int source_discovery_fetch(const UrlFetch *u, char **ret_id, char **reterr_message)
{
        const FetchRequest request = { .kind = FETCH_DISCOVERY, .url = u->wanted->name, .reference = "aci" };
        _cleanup_(appc_endpoints_done) AppcEndpoints endpoints = {};
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        int r;

        r = fetcher_fetch(u->fetcher, &request, &reply, reterr_message);
        if (r < 0)
                return r;
        r = appc_endpoints_render(reply.data, reply.size, u->wanted, &endpoints, reterr_message);
        if (r < 0)
                return r;
        return fetch_endpoints(u, &endpoints, ret_id, reterr_message);
}
