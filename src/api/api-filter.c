/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-filter.h"

#include "basic/string-util.h"

typedef bool (*Fits)(const char *wanted, const void *thing);

/* Any of the wanted ones; true where none is wanted. */
static bool any_fits(char *const *wanted, size_t n, Fits fits, const void *thing)
{
        for (size_t i = 0; i < n; i++)
                if (fits(wanted[i], thing))
                        return true;
        return n == 0;
}

static bool all_fit(char *const *wanted, size_t n, Fits fits, const void *thing)
{
        for (size_t i = 0; i < n; i++)
                if (!fits(wanted[i], thing))
                        return false;
        return true;
}

static bool has_pairs(V1alpha__KeyValue *const *wanted, size_t n_wanted, V1alpha__KeyValue *const *pairs, size_t n)
{
        for (size_t i = 0; i < n_wanted; i++) {
                size_t k = 0;

                while (k < n && !streq(pairs[k]->key, wanted[i]->key))
                        k++;
                if (k == n || !streq(pairs[k]->value, wanted[i]->value))
                        return false;
        }
        return true;
}

static bool is_text(const char *wanted, const void *text)
{
        return streq(wanted, text);
}

/* Pods */

static bool has_app(const char *wanted, const void *thing)
{
        const V1alpha__Pod *pod = thing;

        for (size_t i = 0; i < pod->n_apps; i++)
                if (streq(pod->apps[i]->name, wanted))
                        return true;
        return false;
}

static bool has_image(const char *wanted, const void *thing)
{
        const V1alpha__Pod *pod = thing;

        for (size_t i = 0; i < pod->n_apps; i++)
                if (pod->apps[i]->image && streq(pod->apps[i]->image->id, wanted))
                        return true;
        return false;
}

static bool has_network(const char *wanted, const void *thing)
{
        const V1alpha__Pod *pod = thing;

        for (size_t i = 0; i < pod->n_networks; i++)
                if (streq(pod->networks[i]->name, wanted))
                        return true;
        return false;
}

/* As rkt has it, "/a" is also above "/ab". */
static bool is_below(const char *wanted, const void *cgroup)
{
        return !isempty(cgroup) && startswith(wanted, cgroup);
}

static bool has_state(const V1alpha__PodFilter *f, V1alpha__PodState state)
{
        for (size_t i = 0; i < f->n_states; i++)
                if (f->states[i] == state)
                        return true;
        return f->n_states == 0;
}

static bool pod_fits(const V1alpha__PodFilter *f, const V1alpha__Pod *pod)
{
        return any_fits(f->ids, f->n_ids, is_text, pod->id) &&
               has_state(f, pod->state) &&
               all_fit(f->app_names, f->n_app_names, has_app, pod) &&
               all_fit(f->image_ids, f->n_image_ids, has_image, pod) &&
               all_fit(f->network_names, f->n_network_names, has_network, pod) &&
               has_pairs(f->annotations, f->n_annotations, pod->annotations, pod->n_annotations) &&
               any_fits(f->cgroups, f->n_cgroups, is_text, pod->cgroup) &&
               any_fits(f->pod_sub_cgroups, f->n_pod_sub_cgroups, is_below, pod->cgroup);
}

bool api_filter_has_pod(V1alpha__PodFilter *const *filters, size_t n, const V1alpha__Pod *pod)
{
        for (size_t i = 0; i < n; i++)
                if (pod_fits(filters[i], pod))
                        return true;
        return n == 0;
}

/* Images */

static bool begins_name(const char *wanted, const void *name)
{
        return startswith(name, wanted) != NULL;
}

static bool is_base_name(const char *wanted, const void *name)
{
        const char *slash = strrchr(name, '/');

        return streq(slash ? slash + 1 : name, wanted);
}

static bool is_in_name(const char *wanted, const void *name)
{
        return strstr(name, wanted) != NULL;
}

static bool image_fits(const V1alpha__ImageFilter *f, const V1alpha__Image *image)
{
        return any_fits(f->ids, f->n_ids, is_text, image->id) &&
               any_fits(f->full_names, f->n_full_names, is_text, image->name) &&
               any_fits(f->prefixes, f->n_prefixes, begins_name, image->name) &&
               any_fits(f->base_names, f->n_base_names, is_base_name, image->name) &&
               any_fits(f->keywords, f->n_keywords, is_in_name, image->name) &&
               (f->imported_after <= 0 || image->import_timestamp > f->imported_after) &&
               (f->imported_before <= 0 || image->import_timestamp < f->imported_before) &&
               has_pairs(f->labels, f->n_labels, image->labels, image->n_labels) &&
               has_pairs(f->annotations, f->n_annotations, image->annotations, image->n_annotations);
}

bool api_filter_has_image(V1alpha__ImageFilter *const *filters, size_t n, const V1alpha__Image *image)
{
        for (size_t i = 0; i < n; i++)
                if (image_fits(filters[i], image))
                        return true;
        return n == 0;
}

/* Events */

static bool has_type(const V1alpha__EventFilter *f, V1alpha__EventType type)
{
        for (size_t i = 0; i < f->n_types; i++)
                if (f->types[i] == type)
                        return true;
        return f->n_types == 0;
}

bool api_filter_has_event(const V1alpha__EventFilter *f, const V1alpha__Event *event)
{
        return !f || (has_type(f, event->type) &&
                      any_fits(f->ids, f->n_ids, is_text, event->id) &&
                      any_fits(f->names, f->n_names, is_text, event->from));
}
