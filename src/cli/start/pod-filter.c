/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>

#include "basic/log.h"
#include "cli/start/pod-filter.h"

int pod_filter_check(const PodFilter *f)
{
        STRV_FOREACH(state, f->states)
                if (pod_state_from_string(*state) < 0)
                        return log_error_errno(EINVAL,
                                               "Option --state: '%s' is not a state; podctl-list(1) has them", *state);
        STRV_FOREACH(label, f->labels)
                if (**label == 0 || **label == '=')
                        return log_error_errno(EINVAL, "Option --label takes NAME or NAME=VALUE, not '%s'", *label);
        return 0;
}

static bool state_fits(const PodFilter *f, const Pod *pod)
{
        if (f->states)
                return strv_contains(f->states, pod_state_to_string(pod->state)) ||
                       (pod->state == POD_EXITED_GARBAGE && strv_contains(f->states, "exited"));
        return f->all || pod->state == POD_RUNNING;
}

static bool is_among(char *const *labels, const char *wanted)
{
        return strchr(wanted, '=') ? strv_contains(labels, wanted) : strv_env_get(labels, wanted) != NULL;
}

static bool label_fits(const Pod *pod, const char *wanted)
{
        bool fits = is_among(pod->manifest->user_labels, wanted);

        for (size_t i = 0; !fits && i < pod->manifest->n_apps; i++) {
                const App *app = pod->manifest->apps[i].app;

                fits = app && is_among(app->user_labels, wanted);
        }
        return fits;
}

/* With its tag or without it. */
static bool image_fits(const AppcPodApp *app, const char *pattern)
{
        const char *name = strempty(app->image.name), *version = strv_env_get(app->image.labels, "version");
        _cleanup_free_ char *tagged = version ? strprintf("%s:%s", name, version) : NULL;

        return fnmatch(pattern, name, 0) == 0 || (tagged && fnmatch(pattern, tagged, 0) == 0);
}

static bool has_image(const Pod *pod, const char *pattern)
{
        for (size_t i = 0; i < pod->manifest->n_apps; i++)
                if (image_fits(&pod->manifest->apps[i], pattern))
                        return true;
        return false;
}

bool pod_filter_fits(const PodFilter *f, Pod *pod)
{
        if (!state_fits(f, pod))
                return false;
        if (f->name && fnmatch(f->name, pod_display_name(pod), 0) != 0)
                return false;
        if (!f->labels && !f->image)
                return true;
        if (pod_load(pod, NULL) < 0)
                return false;
        STRV_FOREACH(label, f->labels)
                if (!label_fits(pod, *label))
                        return false;
        return !f->image || has_image(pod, f->image);
}
