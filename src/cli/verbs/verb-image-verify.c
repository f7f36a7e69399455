/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/utf8.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "image/intake/image-integrity.h"
#include "shared/explain.h"

typedef struct Args {
        bool repair;
        char *format;
} Args;

static const Option options[] = {
        RESULTS_OPTION(Args, format),
        { "repair", &option_bool, offsetof(Args, repair), NULL, "Unpack damaged layers again from their archives" },
        {},
};

/* What is found out about one image. */
typedef struct Verification {
        const char *text; /* the image, as the user wrote it */
        Digest id;
        const Results *results;
        json_object *differences; /* NULL: they are printed as they are found */
} Verification;

static void verification_done(Verification *v)
{
        (void) json_object_put(v->differences);
}

/* "layer sha256:…: /etc/passwd: content", which is the command's output, not a log. One line each, whatever the names
 * of files are. */
static int print_difference(const char *where, const char *path, const char *what)
{
        _cleanup_free_ char *line = strjoin(where, ": ", strempty(path), path ? ": " : "", what);

        if (!line)
                return -ENOMEM;
        utf8_make_printable(line);
        (void) puts(line);
        return 0;
}

static int add_difference(json_object *list, const char *where, const char *path, const char *what)
{
        _cleanup_free_ char *printable = path ? strdup(path) : NULL;
        json_object *o;

        if (path && !printable)
                return -ENOMEM;
        o = json_object_new_object();
        (void) json_object_object_add(o, "where", json_object_new_string(where));
        if (path) {
                utf8_make_printable(printable);
                (void) json_object_object_add(o, "path", json_object_new_string(printable));
        }
        (void) json_object_object_add(o, "what", json_object_new_string(what));
        (void) json_object_array_add(list, o);
        return 0;
}

static int on_difference(const char *where, const char *path, const char *what, void *userdata)
{
        Verification *v = userdata;

        return v->differences ? add_difference(v->differences, where, path, what) : print_difference(where, path, what);
}

/* The words are for the text, and NULL when the error says it. */
static void report(Verification *v, const char *state, const char *words)
{
        json_object *o;

        if (!v->differences) {
                if (words)
                        (void) printf("%s image: \"%s\"\n", words, DIGEST_FILE(&v->id));
                return;
        }
        o = json_object_new_object();
        (void) json_object_object_add(o, "id", json_object_new_string(DIGEST_FILE(&v->id)));
        (void) json_object_object_add(o, "image", json_object_new_string(v->text));
        (void) json_object_object_add(o, "state", json_object_new_string(state));
        (void) json_object_object_add(o, "differences", TAKE_PTR(v->differences));
        (void) results_add_object(v->results, o);
}

static int repair_image(ImageStore *store, Verification *v)
{
        _cleanup_free_ char *message = NULL;
        int r;

        r = image_integrity_repair(store, &v->id, &message);
        report(v, r < 0 ? "damaged" : "repaired", r < 0 ? NULL : "repaired");
        return r < 0 ? log_error_errno(r, "Image '%s' cannot be repaired: %s; fetch it again", v->text,
                                       explained(message, r)) : 0;
}

static int check_image(ImageStore *store, Verification *v, char **reterr_message)
{
        int r = image_store_resolve(store, v->text, &v->id, NULL, reterr_message);

        return r < 0 ? r : image_integrity_check(store, &v->id, on_difference, v, reterr_message);
}

static int verify_image(ImageStore *store, const char *text, bool repair, const Results *results)
{
        _cleanup_(verification_done) Verification v = { .text = text, .results = results };
        _cleanup_free_ char *message = NULL;
        int r;

        v.differences = results->format ? json_object_new_array() : NULL;
        r = check_image(store, &v, &message);
        if (r < 0)
                return log_explained(r, message, "Image '%s'", text);
        if (r > 0 && repair)
                return repair_image(store, &v);
        report(&v, r > 0 ? "damaged" : "intact", r > 0 ? NULL : "successfully verified checksum for");
        return r > 0 ? log_error_errno(EBADMSG, "Image '%s' is damaged; use --repair, or fetch it again", text) : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const Args *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r, result = 0;

        lock = context_lock_images(c, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        STRV_FOREACH(word, words) {
                r = verify_image(store, *word, args->repair, &results);
                if (r < 0)
                        result = r;
        }
        results_print(&results);
        return result;
}

const Verb verb_image_verify = {
        .name = "image verify",
        .usage = "IMAGE…",
        .summary = "Check that images are on disk as they were fetched",
        .options = options,
        .args_size = sizeof(Args),
        .flags = VERB_ROOT,
        .min_words = 1,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
