/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/scratch.h"
#include "build/build-aci.h"
#include "build/build-appc.h"
#include "build/build-base.h"
#include "cli/appc/docker2aci.h"
#include "cli/terminal/output-file.h"
#include "cli/verbs/build-registry.h"
#include "image/export/registry-save.h"
#include "image/name/image-location.h"
#include "shared/explain.h"

#define DOCKER2ACI_VERSION "0.17.2"
#define STATUS_FAILED 1
#define STATUS_USAGE 2

typedef struct Args {
        bool nosquash, debug, help, version, insecure_skip_verify, insecure_allow_http;
        char *image;
        char *compression;
} Args;

static const Option options[] = {
        { "compression", &option_choice, offsetof(Args, compression), "KIND", "gzip (the default) or none",
          .choices = "gzip|none" },
        { "debug", &option_bool, offsetof(Args, debug), NULL, "Print what is done" },
        { "help", &option_bool, offsetof(Args, help), NULL, "Print the options" },
        { "image", &option_string, offsetof(Args, image), "NAME", "Which image of the file, if it has several" },
        { "insecure-allow-http", &option_bool, offsetof(Args, insecure_allow_http), NULL, "Allow http" },
        { "insecure-skip-verify", &option_bool, offsetof(Args, insecure_skip_verify), NULL,
          "Do not check TLS certificates" },
        { "nosquash", &option_bool, offsetof(Args, nosquash), NULL, "Make an ACI of each layer" },
        { "version", &option_bool, offsetof(Args, version), NULL, "Print the version" },
        {},
};

typedef struct Conversion {
        Context *context;
        Args args;
        Scratch temporary;      /* for the build, and for the image of a registry */
        BuildContext build;
        json_object *manifest;  /* of the whole image */
        char *stem;             /* of the names of the files that are written */
} Conversion;

static void conversion_done(Conversion *c)
{
        build_context_done(&c->build);
        (void) json_object_put(c->manifest);
        scratch_done(&c->temporary);
        free(c->stem);
        options_free(options, &c->args);
}

/* What is converted is named once, by the name that the user wrote. */
static const char *behind_name(const char *message, const char *name)
{
        const char *rest = message && name ? startswith(message, name) : NULL;

        return rest ? startswith(rest, ": ") ?: message : message;
}

static int failed(const char *what, int error, const char *message)
{
        return log_error_errno(error, "Cannot convert %s: %s", what, explained(behind_name(message, what), error));
}

/* What is converted */

static int begin(Conversion *c, const char *file, char **reterr_message)
{
        _cleanup_free_ char *directory = path_join(c->temporary.path, "build");
        int r = directory ? build_context_begin(directory, 0, &c->build, reterr_message) : -ENOMEM;

        return r < 0 ? r : build_base_path(&c->build, file, c->args.image,
                                           &(BuildBaseOptions) { .any_platform = true }, reterr_message);
}

static int allow(Context *c, const Args *args)
{
        return (args->insecure_skip_verify && strv_extend(&c->insecure, "tls") < 0) ||
                               (args->insecure_allow_http && strv_extend(&c->insecure, "http") < 0)
                       ? log_oom()
                       : 0;
}

/* Without a store, which only root could have. */
static int fetch_to_layout(Conversion *c, const char *text, char **ret)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_(registry_image_done) RegistryImage image =
                REGISTRY_IMAGE(.context = c->context, .text = text, .location = &location, .unverified = true);
        _cleanup_free_ char *path = path_join(c->temporary.path, "layout"), *message = NULL;
        _cleanup_close_ int fd = path ? mkdir_open_at(AT_FDCWD, path, 0700) : -ENOMEM;
        RegistrySave save;
        int r = fd < 0 ? fd : image_location_parse(text, &location, &message);

        if (r >= 0 && location.type != IMAGE_AT_REGISTRY)
                r = explain(&message, EINVAL, "is not the name of an image in a registry");
        if (r < 0)
                return failed(text, r, message);
        r = allow(c->context, &c->args);
        if (r >= 0)
                r = context_fetcher(c->context, &image.fetcher);
        if (r < 0)
                return r;
        r = registry_image_describe(&image, &message);
        if (r >= 0)
                r = registry_image_prepare(&image, &save);
        if (r >= 0)
                r = registry_save(&save, fd, &message);
        if (r < 0)
                return failed(text, r, behind_name(message, location.text));
        *ret = TAKE_PTR(path);
        return 0;
}

/* "docker.io/library/busybox:1" → "library-busybox-1" */
static int name_files(Conversion *c)
{
        const char *name = c->build.record->base_name ?: "image", *slash = strchr(name, '/');
        size_t host = slash ? strcspn(name, ".:") : SIZE_MAX;
        char *visible;

        c->stem = strdup(slash && host < (size_t) (slash - name) ? slash + 1 : name);
        if (!c->stem)
                return -ENOMEM;
        for (char *p = c->stem; *p; p++)
                if (!strchr(LOWERCASE UPPERCASE DIGITS "._-", *p))
                        *p = '-';
        /* A name that is the image's own choice hides no file, and is not an option. */
        if (*c->stem && !strchr(".-", *c->stem))
                return 0;
        visible = strjoin("image", c->stem);
        if (!visible)
                return -ENOMEM;
        free(c->stem);
        c->stem = visible;
        return 0;
}

/* Writing */

static OciCompression compression_of(const Args *args)
{
        return args->compression && streq(args->compression, "none") ? OCI_COMPRESSION_NONE : OCI_COMPRESSION_GZIP;
}

static int write_squashed(Conversion *c)
{
        _cleanup_free_ char *path = strjoin(c->stem, ".aci"), *message = NULL;
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        Digest id;
        int r = path ? build_appc_replace(c->build.record, c->manifest, &message) : -ENOMEM;

        if (r < 0)
                return failed(strempty(path), r, message);
        r = output_open_file(path, true, &output);
        if (r < 0)
                return r;
        r = build_aci_write(&c->build, NULL, compression_of(&c->args), output.fd, &id, &message);
        if (r >= 0)
                r = output_commit(&output);
        else
                (void) failed(path, r, message);
        if (r >= 0)
                (void) printf("\nGenerated ACI(s):\n%s\n", path);
        return r;
}

static void set_text(json_object *o, const char *member, const char *text)
{
        (void) json_object_object_add(o, member, json_object_new_string(text));
}

/* With one by which the next layer asks for this one. */
static json_object *layer_labels(const Conversion *c, size_t i)
{
        json_object *labels = NULL, *copy = NULL, *label = json_object_new_object();

        set_text(label, "name", "layer");
        set_text(label, "value", c->build.record->layers[i].tar.hex);
        if (!json_object_object_get_ex(c->manifest, "labels", &labels) ||
            json_object_deep_copy(labels, &copy, NULL) < 0)
                copy = json_object_new_array();
        (void) json_object_array_add(copy, label);
        return copy;
}

/* Layers can be the same, so that each is numbered. */
static char *layer_name(const Conversion *c, size_t i)
{
        json_object *name = NULL;

        (void) json_object_object_get_ex(c->manifest, "name", &name);
        return strprintf("%s-%zu-%.12s", json_object_get_string(name), i + 1, c->build.record->layers[i].tar.hex);
}

static int add_parent(const Conversion *c, json_object *manifest, size_t parent)
{
        json_object *dependency = json_object_new_object(), *list = json_object_new_array();
        _cleanup_free_ char *name = layer_name(c, parent);

        (void) json_object_object_add(manifest, "dependencies", list);
        (void) json_object_array_add(list, dependency);
        if (!name)
                return -ENOMEM;
        set_text(dependency, "imageName", name);
        (void) json_object_object_add(dependency, "labels", layer_labels(c, parent));
        return 0;
}

/* Only the uppermost one has an app. */
static int layer_manifest(const Conversion *c, size_t i, json_object **ret)
{
        const BuildRecord *record = c->build.record;
        _cleanup_json_object_ json_object *manifest = NULL;
        _cleanup_free_ char *name = layer_name(c, i);

        if (!name || json_object_deep_copy(c->manifest, &manifest, NULL) < 0)
                return -ENOMEM;
        if (i + 1 < record->n_layers)
                json_object_object_del(manifest, "app");
        set_text(manifest, "name", name);
        (void) json_object_object_add(manifest, "labels", layer_labels(c, i));
        if (i > 0 && add_parent(c, manifest, i - 1) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(manifest);
        return 0;
}

static int write_layer(Conversion *c, size_t i, Output *output)
{
        const Digest *layer = &c->build.record->layers[i].tar;
        _cleanup_free_ char *path = strprintf("%s-%zu-%.12s.aci", c->stem, i + 1, layer->hex), *message = NULL;
        _cleanup_json_object_ json_object *manifest = NULL;
        int r = path ? layer_manifest(c, i, &manifest) : -ENOMEM;

        if (r < 0)
                return failed(strempty(path), r, NULL);
        r = output_open_file(path, true, output);
        if (r < 0)
                return r;
        r = build_aci_write_layer(&c->build, i, manifest, compression_of(&c->args), output->fd, &message);
        return r < 0 ? failed(path, r, message) : 0;
}

static int commit_layers(Output *outputs, size_t n)
{
        (void) fputs("\nGenerated ACI(s):\n", stdout);
        for (size_t i = 0; i < n; i++) {
                int r = output_commit(&outputs[i]);

                if (r < 0)
                        return r;
                (void) printf("%s\n", outputs[i].path);
        }
        return 0;
}

/* None of them is of use without those below. */
static int write_layers(Conversion *c)
{
        size_t n = c->build.record->n_layers;
        _cleanup_free_ Output *outputs = new0(Output, n + 1);
        int r = outputs ? 0 : log_oom();

        for (size_t i = 0; outputs && i < n; i++)
                outputs[i] = (Output) OUTPUT_NONE;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = write_layer(c, i, &outputs[i]);
        if (r >= 0)
                r = commit_layers(outputs, n);
        for (size_t i = 0; outputs && i < n; i++)
                output_done(&outputs[i]);
        return r;
}

/* All */

static int make_temporary(Conversion *c)
{
        int r = scratch_make_temporary("/var/tmp", "docker2aci", &c->temporary);

        return r < 0 ? log_error_errno(r, "Cannot make a temporary directory: %m; TMPDIR says where it goes") : 0;
}

static int convert(Conversion *c, const char *word)
{
        _cleanup_free_ char *fetched = NULL, *message = NULL;
        int r = make_temporary(c);

        if (r >= 0 && startswith(word, "docker://"))
                r = fetch_to_layout(c, word, &fetched);
        if (r < 0)
                return r;
        r = begin(c, fetched ?: word, &message);
        if (r >= 0)
                r = build_aci_manifest(&c->build, &c->manifest, &message);
        if (r >= 0)
                r = name_files(c);
        if (r < 0)
                return failed(word, r, behind_name(message, fetched));
        return c->args.nosquash ? write_layers(c) : write_squashed(c);
}

static int run(Conversion *c, char *const *rest)
{
        if (c->args.version) {
                (void) printf("docker2aci version %s\n", DOCKER2ACI_VERSION);
                return 0;
        }
        if (c->args.help || strv_length(rest) != 1) {
                FILE *f = c->args.help ? stdout : stderr;

                (void) fputs("docker2aci [OPTION…] FILE|docker://IMAGE\n\n", f);
                options_print_help(options, f);
                return c->args.help ? 0 : STATUS_USAGE;
        }
        log_set_max_level(c->args.debug ? LOG_DEBUG : LOG_INFO);
        return convert(c, rest[0]) < 0 ? STATUS_FAILED : 0;
}

/* Its options could have a single dash, as those of programs in Go. */
static int normalize(char **words, char ***ret)
{
        int r = 0;

        STRV_FOREACH(word, words) {
                bool single = (*word)[0] == '-' && (*word)[1] && (*word)[1] != '-';

                if (r >= 0)
                        r = strv_extendf(ret, "%s%s", single ? "-" : "", *word);
        }
        return r;
}

int docker2aci_run(Context *context, char **words)
{
        Conversion c = { .context = context, .temporary = SCRATCH_NONE, .build = BUILD_CONTEXT_NONE };
        OptionSet sets[] = { { options, &c.args }, {} };
        _cleanup_strv_free_ char **rest = NULL, **normal = NULL;
        int status = STATUS_USAGE;

        if (normalize(words, &normal) < 0)
                return STATUS_FAILED;
        if (!normal || options_parse(sets, normal, &rest) >= 0)
                status = run(&c, rest);
        conversion_done(&c);
        return status;
}
