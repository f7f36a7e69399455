/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/utf8.h"
#include "cli/compose/given-file.h"
#include "cli/compose/manifest-text.h"
#include "foreign/kube/kube-pod.h"
#include "foreign/yaml/yaml-json.h"
#include "shared/json-table.h"

void manifest_text_done(ManifestText *text)
{
        text->text = mfree(text->text);
        text->parts = mfree(text->parts);
        text->n_parts = text->allocated_parts = 0;
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

/* Each by itself, since messages about the whole would have lines of no file. */
static int check_yaml(const char *shown, const char *text, size_t n)
{
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = yaml_parse_memory(text, n, &documents, &lines, &e);

        return r < 0 ? log_error_errno(r, "%s: %s", shown, json_error_message(&e, r)) : 0;
}

static size_t count_lines(const char *text)
{
        size_t n = 0;

        for (const char *end = strchr(text, '\n'); end; end = strchr(end + 1, '\n'))
                n++;
        return n;
}

static int join(ManifestText *text, const char *path)
{
        static const char between[] = "\n---\n";
        _cleanup_free_ char *more = NULL, *all = NULL;
        size_t n = 0;
        int r = given_file_read(path, JSON_MAX_SIZE, &more, &n);

        if (r >= 0)
                r = check_yaml(path, more, n);
        if (r < 0)
                return r;
        all = strjoin(text->text, between, startswith(more, UTF8_MARK) ?: more);
        if (!all || ARRAY_GROW(text->parts, text->allocated_parts, text->n_parts, 1) < 0)
                return log_oom();
        text->parts[text->n_parts++] = (ManifestPart) { path, count_lines(text->text) + count_lines(between) + 1 };
        free(text->text);
        text->text = TAKE_PTR(all);
        text->n = strlen(text->text);
        return 0;
}

int manifest_text_join(ManifestText *text, char *const *paths)
{
        int r = paths && *paths ? check_yaml(text->shown ?: text->path, text->text, text->n) : 0;

        STRV_FOREACH(path, paths)
                if (r >= 0)
                        r = join(text, *path);
        return r;
}

const char *manifest_text_locate(const ManifestText *text, size_t *line)
{
        for (size_t i = text->n_parts; i > 0; i--) {
                const ManifestPart *part = &text->parts[i - 1];

                if (*line < part->line)
                        continue;
                *line -= part->line - 1;
                return part->path;
        }
        return text->shown ?: text->path;
}

void manifest_text_replace(ManifestText *text, char *by)
{
        manifest_text_done(text);
        text->text = by;
        text->n = strlen(by);
}
