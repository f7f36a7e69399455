/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/utf8.h"
#include "cli/compose/given-file.h"
#include "cli/compose/manifest-text.h"
#include "foreign/kube/kube-pod.h"
#include "shared/json-table.h"

void manifest_text_done(ManifestText *text)
{
        text->text = mfree(text->text);
}

int manifest_text_read(const char *path, const char *shown, ManifestText *ret)
{
        const bool is_input = streq(path, "-");
        ManifestText text = { .path = path, .shown = is_input && !shown ? "standard input" : shown };
        int r = given_file_read(is_input ? "/dev/stdin" : path, JSON_MAX_SIZE, &text.text, &text.n);

        if (r < 0)
                return r;
        text.form = pod_form_of(text.text, text.n, kube_path_is_yaml(path));
        *ret = text;
        return 0;
}

int manifest_text_join(ManifestText *text, char *const *paths)
{
        STRV_FOREACH(path, paths) {
                _cleanup_free_ char *more = NULL;
                char *all;
                int r = given_file_read(*path, JSON_MAX_SIZE, &more, NULL);

                if (r < 0)
                        return r;
                all = strjoin(text->text, "\n---\n", startswith(more, UTF8_MARK) ?: more);
                if (!all)
                        return log_oom();
                free(text->text);
                text->text = all;
                text->n = strlen(all);
        }
        return 0;
}
