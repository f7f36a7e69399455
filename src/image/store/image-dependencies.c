/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/store/image-dependencies.h"
#include "image/store/image-store-internal.h"
#include "shared/explain.h"

static void visit_free(ImageVisit *v)
{
        free(v->layers);
        strv_free(v->allowed);
        free(v);
}

void image_visits_done(ImageVisits *v)
{
        for (size_t i = 0; i < v->n; i++)
                visit_free(v->visits[i]);
        free(v->visits);
        *v = (ImageVisits) {};
}

static int parse_manifest(const Image *image, AppcImage **ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = appc_image_parse(image->manifest, image->manifest_size, ret, &error);
        return r < 0 ? explain(reterr_message, r, "image %s: manifest: %s", DIGEST_STRING(&image->id),
                               json_error_message(&error, r))
                     : 0;
}

/* Adds the path and all its parents. */
static int allow_path(ImageVisit *v, size_t *n_allocated, const char *path)
{
        _cleanup_free_ char *clean = NULL;
        int r;

        r = path_clean(path, &clean);
        if (r < 0)
                return r;
        for (char *slash = clean; slash; slash = strrchr(clean + 1, '/')) {
                if (slash > clean)
                        *slash = 0;
                r = ARRAY_GROW(v->allowed, *n_allocated, v->n_allowed, 2);
                if (r < 0)
                        return r;
                v->allowed[v->n_allowed] = strdup(clean + 1);
                v->allowed[v->n_allowed + 1] = NULL;
                if (!v->allowed[v->n_allowed++])
                        return -ENOMEM;
        }
        return 0;
}

/* Some images have a line for each file. */
static int set_whitelist(ImageVisit *v, char *const *whitelist)
{
        size_t n_allocated = 0;

        STRV_FOREACH(path, whitelist) {
                int r = allow_path(v, &n_allocated, *path);
                if (r < 0)
                        return r;
        }
        strv_sort(v->allowed);
        v->n_allowed = strv_sorted_uniq(v->allowed);
        return 0;
}

static bool is_listed(const ImageVisit *v, const char *path)
{
        return v->n_allowed == 0 || strv_sorted_contains(v->allowed, v->n_allowed, path);
}

bool image_visit_allows(const ImageVisit *v, const char *path, bool is_directory)
{
        /* The top always exists. */
        if (isempty(path))
                return true;
        if (!is_directory && !is_listed(v, path))
                return false;
        for (v = v->dependent; v; v = v->dependent)
                if (!is_listed(v, path))
                        return false;
        return true;
}

char *image_dependency_text(const AppcDependency *d)
{
        const char *version = strv_env_get(d->labels, "version");
        _cleanup_free_ char *text = strjoin(d->image_name, version ? ":" : "", strempty(version));

        STRV_FOREACH(label, d->labels) {
                char *longer;

                if (!text || startswith(*label, "version="))
                        continue;
                longer = strjoin(text, ",", *label);
                free(text);
                text = longer;
        }
        return TAKE_PTR(text);
}

int image_dependency_find(ImageStore *s, const AppcDependency *dependency, Digest *ret)
{
        return image_find_appc(s, dependency->image_name, dependency->labels, dependency->image_id, ret);
}

static int load_dependency(ImageStore *s, const Image *dependent, const AppcDependency *d, Image **ret,
                           char **reterr_message)
{
        _cleanup_free_ char *text = image_dependency_text(d);
        Digest id;
        int r;

        if (!text)
                return -ENOMEM;
        r = image_dependency_find(s, d, &id);
        if (r == -ENOENT)
                return explain(reterr_message, r,
                               "image %s depends on '%s'%s%s, which is not in the store; fetch it first",
                               DIGEST_STRING(&dependent->id), text, d->image_id ? " of ID " : "",
                               strempty(d->image_id));
        return r < 0 ? r : image_store_load(s, &id, ret, reterr_message);
}

typedef struct Gather {
        ImageStore *store;
        ImageVisits *visits;
        size_t n;               /* how many are started */
        char **reterr_message;
} Gather;

static int visit_new(Gather *g, const Image *image, const ImageVisit *dependent, ImageVisit **ret)
{
        _cleanup_free_ ImageVisit *v = NULL;

        for (const ImageVisit *d = dependent; d; d = d->dependent)
                if (digest_equal(&d->id, &image->id))
                        return explain(g->reterr_message, ELOOP, "image %s depends on itself",
                                       DIGEST_STRING(&image->id));
        if (++g->n > IMAGE_VISITS_MAX)
                return explain(g->reterr_message, E2BIG, "it has more than %u dependencies", IMAGE_VISITS_MAX);

        v = new0(ImageVisit, 1);
        if (!v)
                return -ENOMEM;
        v->layers = new0(Digest, image->n_layers);
        if (!v->layers)
                return -ENOMEM;
        v->id = image->id;
        v->n_layers = image->n_layers;
        for (size_t i = 0; i < image->n_layers; i++)
                v->layers[i] = image->layers[i];
        v->dependent = dependent;
        v->depth = dependent ? dependent->depth + 1 : 0;
        *ret = TAKE_PTR(v);
        return 0;
}

static int gather(Gather *g, const Image *image, const ImageVisit *dependent);

static int gather_dependencies(Gather *g, const Image *image, ImageVisit *v)
{
        _cleanup_(appc_image_freep) AppcImage *manifest = NULL;
        int r;

        r = parse_manifest(image, &manifest, g->reterr_message);
        if (r < 0)
                return r;
        r = set_whitelist(v, manifest->path_whitelist);
        if (r < 0)
                return r;
        for (size_t i = 0; i < manifest->n_dependencies; i++) {
                _cleanup_(image_freep) Image *dependency = NULL;

                r = load_dependency(g->store, image, &manifest->dependencies[i], &dependency, g->reterr_message);
                if (r < 0)
                        return r;
                r = gather(g, dependency, v);
                if (r < 0)
                        return r;
        }
        return 0;
}

DEFINE_TRIVIAL_CLEANUP_FUNC(ImageVisit *, visit_free)

static int gather(Gather *g, const Image *image, const ImageVisit *dependent)
{
        _cleanup_(visit_freep) ImageVisit *v = NULL;
        ImageVisits *all = g->visits;
        int r;

        r = visit_new(g, image, dependent, &v);
        if (r < 0)
                return r;
        /* Its place in the order is after the dependencies, but they need it to exist already. */
        r = gather_dependencies(g, image, v);
        if (r < 0)
                return r;
        r = ARRAY_GROW(all->visits, all->n_allocated, all->n, 1);
        if (r < 0)
                return r;
        all->visits[all->n++] = TAKE_PTR(v);
        return 0;
}

int image_visits_find(ImageStore *s, const Image *image, ImageVisits *ret, char **reterr_message)
{
        ImageVisits visits = {};
        Gather g = { .store = s, .visits = &visits, .reterr_message = reterr_message };
        int r;

        r = gather(&g, image, NULL);
        if (r < 0) {
                image_visits_done(&visits);
                return r;
        }
        *ret = visits;
        return 0;
}

typedef struct Missing {
        ImageStore *store;
        char **seen;            /* IDs */
        char **texts;
        char **reterr_message;
} Missing;

static int look_for_missing(Missing *m, const Digest *id);

static int look_for_dependency(Missing *m, const AppcDependency *d)
{
        _cleanup_free_ char *text = image_dependency_text(d);
        Digest id;
        int r;

        if (!text)
                return -ENOMEM;
        r = image_dependency_find(m->store, d, &id);
        if (r == -ENOENT)
                return strv_contains(m->texts, text) ? 0 : strv_extend(&m->texts, text);
        return r < 0 ? r : look_for_missing(m, &id);
}

static int look_for_missing(Missing *m, const Digest *id)
{
        _cleanup_(appc_image_freep) AppcImage *manifest = NULL;
        _cleanup_(image_freep) Image *image = NULL;
        int r;

        if (strv_contains(m->seen, DIGEST_FILE(id)))
                return 0;
        r = strv_extend(&m->seen, DIGEST_FILE(id));
        if (r < 0)
                return r;
        r = image_store_load(m->store, id, &image, m->reterr_message);
        if (r < 0 || image->kind != IMAGE_APPC)
                return r;
        r = parse_manifest(image, &manifest, m->reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < manifest->n_dependencies; i++) {
                r = look_for_dependency(m, &manifest->dependencies[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int image_dependencies_missing(ImageStore *s, const Digest *id, char ***ret, char **reterr_message)
{
        Missing m = { .store = s, .texts = new0(char *, 1), .reterr_message = reterr_message };
        int r = m.texts ? look_for_missing(&m, id) : -ENOMEM;

        strv_free(m.seen);
        if (r < 0) {
                strv_free(m.texts);
                return r;
        }
        *ret = m.texts;
        return 0;
}
