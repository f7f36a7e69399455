/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-aci.h"
#include "build/build-appc.h"
#include "build/build-base-tar.h"
#include "build/build-base.h"
#include "build/build-layer.h"
#include "build/build-write.h"
#include "cli/appc/acbuild-internal.h"
#include "cli/images/fetch-image.h"
#include "cli/images/print-manifest.h"
#include "cli/terminal/output-file.h"
#include "cli/verbs/build-pod.h"
#include "cli/verbs/build-registry.h"
#include "image/export/aci-export.h"
#include "image/export/image-export.h"
#include "image/name/image-location.h"
#include "manifest/oci-config.h"
#include "shared/explain.h"

#define UNNAMED "acbuild-unnamed"

/* begin */

static const BuildBaseOptions changed = { .any_platform = true, .continues = true };

static int begin_with_directory(Acbuild *a, const char *path, char **reterr_message)
{
        return build_layer_copy(&a->build, &(BuildCopy) { .sources = (char *[]) { (char *) path, NULL },
                                                          .destination = "/" }, reterr_message);
}

static int begin_with_rootfs(Acbuild *a, const char *path, char **reterr_message)
{
        (void) fprintf(stderr, "%s is not an image, assuming build is beginning with a tar of a rootfs\n", path);
        return build_base_rootfs(&a->build, path, reterr_message);
}

/* Of the image in the file, for the one that is written. */
static int keep_tag(BuildRecord *record)
{
        const char *colon = record->base_name ? strrchr(record->base_name, ':') : NULL;

        return colon && !strchr(colon, '/') ? free_and_strdup(&record->reference, colon + 1) : 0;
}

static int begin_with_file(Acbuild *a, const char *path, char **reterr_message)
{
        int r;

        if (a->appc) {
                r = build_base_aci(&a->build, path, reterr_message);
                return r == 0 ? begin_with_rootfs(a, path, reterr_message) : r;
        }
        r = build_base_path(&a->build, path, NULL, &changed, reterr_message);
        if (r >= 0)
                return keep_tag(a->build.record);
        if (r != -EMEDIUMTYPE)
                return r;
        r = build_base_scratch(&a->build, NULL, reterr_message);
        return r < 0 ? r : begin_with_rootfs(a, path, reterr_message);
}

/* What a build of an ACI has before it begins is not in its way. */
static void forget_config(Acbuild *a)
{
        (void) json_object_put(a->build.record->config);
        a->build.record->config = NULL;
}

static int take_stored_aci(Acbuild *a, ImageStore *store, const Image *image, char **reterr_message)
{
        _cleanup_free_ char *path = NULL, *whole = NULL;
        _cleanup_close_ int fd = build_context_create(&a->build, ".aci", &path, reterr_message);
        int r = fd < 0 ? fd : image_export_aci(store, image, fd, reterr_message);

        if (r < 0)
                return r;
        whole = path_join(a->directory, path);
        r = whole ? build_base_aci(&a->build, whole, reterr_message) : -ENOMEM;
        return r == 0 ? -EBADMSG : r;
}

/* Under the name that it was asked for by, whatever it is called besides. */
static int convert_stored(Acbuild *a, const Image *image, const char *start, char **reterr_message)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        char *names[] = { (char *) image_display_name(image, start), NULL };
        Image named = *image;
        int r;

        named.names = names;
        r = image_to_appc(&named, &manifest, reterr_message);
        return r < 0 ? r : build_appc_replace(a->build.record, manifest, reterr_message);
}

static int take_stored_image(Acbuild *a, ImageStore *store, const Image *image, const char *start,
                             char **reterr_message)
{
        int r;

        if (a->appc && image->kind == IMAGE_APPC)
                return take_stored_aci(a, store, image, reterr_message);
        forget_config(a);
        r = build_base_image(&a->build, store, image, &changed, reterr_message);
        return r < 0 || !a->appc ? r : convert_stored(a, image, start, reterr_message);
}

static int take_registry_image(Acbuild *a, RegistryImage *g, char **reterr_message)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        RegistrySave save;
        int r = registry_image_describe(g, reterr_message);

        if (r >= 0)
                r = registry_image_prepare(g, &save);
        if (r < 0)
                return r;
        forget_config(a);
        r = build_base_registry(&a->build, &save, &changed, reterr_message);
        if (r < 0 || !a->appc)
                return r;
        r = build_aci_manifest(&a->build, &manifest, reterr_message);
        return r < 0 ? r : build_appc_replace(a->build.record, manifest, reterr_message);
}

/* For those who have no store. -EREMOTE: that has been logged. */
static int begin_with_registry(Acbuild *a, const char *start, const ImageLocation *location, char **reterr_message)
{
        RegistryImage image = REGISTRY_IMAGE(.context = a->context, .text = start, .location = location);
        int r = context_fetcher(a->context, &image.fetcher) < 0 ? -EREMOTE
                                                                : take_registry_image(a, &image, reterr_message);

        registry_image_done(&image);
        return r;
}

/* Images of the store, and those that are fetched. -EREMOTE: that has been logged. */
static int begin_with_stored(Acbuild *a, const char *start, char **reterr_message)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r;

        if (a->args.insecure && (strv_extend(&a->context->insecure, "image") < 0 ||
                                 strv_extend(&a->context->insecure, "http") < 0))
                return -ENOMEM;
        if (geteuid() != 0 && image_location_parse(start, &location, NULL) >= 0 && location.type == IMAGE_AT_REGISTRY)
                return begin_with_registry(a, start, &location, reterr_message);
        r = build_check_store(a->context, start, reterr_message);
        if (r < 0)
                return r;
        if (fetch_or_find_image(a->context, &(ImageWish) { .text = start, .policy = PULL_NEW }, &image) < 0)
                return -EREMOTE;
        lock = context_lock_images(a->context, LOCK_SH, &store);
        if (lock < 0)
                return -EREMOTE;
        return take_stored_image(a, store, image, start, reterr_message);
}

static bool is_local(const char *start)
{
        return strchr("./~", *start) != NULL;
}

/* What has a config of its own does not get one here. */
static int begin_with(Acbuild *a, const char *start, char **reterr_message)
{
        struct stat st = {};
        int r = 0;

        if (start && is_local(start) && stat(start, &st) < 0)
                return explain(reterr_message, errno, "%s: %s", strerror(errno), start);
        if (a->appc || !start || S_ISDIR(st.st_mode))
                r = build_base_scratch(&a->build, NULL, reterr_message);
        if (r >= 0 && a->appc)
                r = build_appc_begin(a->build.record, UNNAMED, reterr_message);
        if (r < 0 || !start)
                return r;
        if (!is_local(start))
                return begin_with_stored(a, start, reterr_message);
        return S_ISDIR(st.st_mode) ? begin_with_directory(a, start, reterr_message)
                                   : begin_with_file(a, start, reterr_message);
}

int acbuild_begin(Acbuild *a, const char *start, bool appc)
{
        _cleanup_free_ char *message = NULL;
        int64_t time;
        int r = build_time_read(&time, &message);

        a->appc = appc;
        if (r >= 0)
                r = build_context_begin(a->directory, time, &a->build, &message);
        if (r == -EEXIST)
                return acbuild_failed(a, "build already in progress in this working dir");
        if (r < 0)
                return acbuild_explained(a, r, message);
        r = begin_with(a, start, &message);
        if (r >= 0)
                r = build_context_save(&a->build, &message);
        if (r >= 0)
                return 0;
        (void) build_context_end(&a->build, a->directory, NULL);
        return r == -EREMOTE ? ACBUILD_STATUS_FAILED : acbuild_explained(a, r, message);
}

int acbuild_run_begin(Acbuild *a)
{
        const char *mode = a->args.build_mode ?: "appc";

        if (!streq(mode, "appc") && !streq(mode, "oci"))
                return acbuild_failed(a, "invalid build mode: %s", mode);
        return acbuild_begin(a, isempty(a->words[0]) ? NULL : a->words[0], streq(mode, "appc"));
}

int acbuild_run_end(Acbuild *a)
{
        _cleanup_free_ char *message = NULL;
        int r = build_pod_end(a->context, &a->build, a->directory, &message);

        return r < 0 ? acbuild_explained(a, r, message) : 0;
}

/* copy, layer */

static int copy(Acbuild *a, bool into)
{
        size_t n = strv_length(a->words);
        _cleanup_free_ char *destination = a->words[n - 1], *message = NULL;
        BuildCopy files = { .sources = a->words, .destination = destination, .into = into };
        int r;

        a->words[n - 1] = NULL;
        r = build_layer_copy(&a->build, &files, &message);
        return r < 0 ? acbuild_explained(a, r, message) : 0;
}

int acbuild_run_copy(Acbuild *a)
{
        return copy(a, false);
}

int acbuild_run_copy_to_dir(Acbuild *a)
{
        return copy(a, true);
}

int acbuild_run_layer(Acbuild *a)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (a->appc)
                return acbuild_failed(a, "this is not supported in appc build mode");
        r = build_layer_close(&a->build, &message);
        return r < 0 ? acbuild_explained(a, r, message) : 0;
}

/* Manifests */

static int print_document(Acbuild *a, json_object *o)
{
        _cleanup_free_ char *text = NULL;
        int r = json_format_compact(o, &text);

        return r < 0 || print_manifest(text, strlen(text), a->args.pretty_print) < 0 ? ACBUILD_STATUS_FAILED : 0;
}

/* As if the layer were closed now; nobody saves it. */
static int print_oci_manifest(Acbuild *a)
{
        _cleanup_free_ char *text = NULL, *message = NULL;
        int r = build_layer_close(&a->build, &message);

        if (r >= 0)
                r = build_write_manifest(&a->build, OCI_COMPRESSION_GZIP, &text, &message);
        if (r < 0)
                return acbuild_explained(a, r, message);
        return print_manifest(text, strlen(text), a->args.pretty_print) < 0 ? ACBUILD_STATUS_FAILED : 0;
}

int acbuild_run_cat_manifest(Acbuild *a)
{
        const char *file = a->args.file ?: "manifest";
        bool config = streq(file, "config");

        if (!config && !streq(file, "manifest"))
                return acbuild_failed(a, "don't know how to print a \"%s\"", file);
        if (a->appc)
                return config ? acbuild_failed(a, "can't print config, appc has no image configs")
                              : print_document(a, a->build.record->appc);
        return config ? print_document(a, a->build.record->config) : print_oci_manifest(a);
}

/* A config of the user's, but with our layers. */
static int replace_config(BuildRecord *record, json_object *config, char **reterr_message)
{
        static const char *const kept[] = { "rootfs", "history", "os", "architecture" };
        _cleanup_(oci_config_freep) OciConfig *parsed = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        if (!json_object_is_type(config, json_type_object))
                return explain(reterr_message, EINVAL, "a config is a JSON object");
        for (size_t i = 0; i < ELEMENTSOF(kept); i++) {
                json_object *o = NULL;
                bool ours = json_object_object_get_ex(record->config, kept[i], &o);

                if (i < 2)
                        json_object_object_del(config, kept[i]);
                if (ours && !json_object_object_get_ex(config, kept[i], NULL))
                        (void) json_object_object_add(config, kept[i], json_object_get(o));
        }
        r = oci_config_read(config, &parsed, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&error, r));
        (void) json_object_put(record->config);
        record->config = json_object_get(config);
        return 0;
}

int acbuild_run_replace_manifest(Acbuild *a)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL, *message = NULL;
        _cleanup_json_error_ JsonError error = {};
        size_t n;
        int r = read_named_file(a->words[0], JSON_MAX_SIZE, &text, &n);

        if (r < 0)
                return acbuild_failed(a, "%s: %s", strerror(-r), a->words[0]);
        r = json_parse_memory(text, n, &o, &error);
        if (r < 0)
                return acbuild_failed(a, "%s: %s", a->words[0], json_error_message(&error, r));
        r = a->appc ? build_appc_replace(a->build.record, o, &message)
                    : replace_config(a->build.record, o, &message);
        return r < 0 ? acbuild_failed(a, "%s: %s", a->words[0], explained(message, r)) : 0;
}

/* write */

static const char *member_text(json_object *o, const char *member)
{
        json_object *text = NULL;

        return json_object_object_get_ex(o, member, &text) ? json_object_get_string(text) : NULL;
}

static int check_manifest(const Acbuild *a)
{
        json_object *manifest = a->build.record->appc, *app = NULL;

        if (!a->appc)
                return 0;
        if (json_object_object_get_ex(manifest, "app", &app) && !json_object_object_get_ex(app, "exec", NULL))
                (void) fputs("warning: exec command was never set.\n", stderr);
        return streq_ptr(member_text(manifest, "name"), UNNAMED)
                       ? acbuild_failed(a, "can't write ACI, name was never set")
                       : 0;
}

static int write_file(Acbuild *a, const char *path, Output *output, Digest *ret, char **reterr_message)
{
        BuildTarget target = { .form = a->appc ? BUILD_ACI : BUILD_OCI_ARCHIVE, .path = (char *) path,
                               .reference = a->appc ? NULL : a->build.record->reference ?: (char *) "latest" };
        int r = build_layer_close(&a->build, reterr_message);

        if (r > 0)
                r = build_context_save(&a->build, reterr_message);
        return r < 0 ? r : build_write(&a->build, &target, OCI_COMPRESSION_GZIP, output->fd, ret, reterr_message);
}

int acbuild_write(Acbuild *a, const char *path, bool overwrite, bool print)
{
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_free_ char *message = NULL;
        struct stat st;
        Digest id;
        int r = check_manifest(a);

        if (r != 0)
                return r;
        if (!overwrite && lstat(path, &st) >= 0)
                return acbuild_failed(a, "ACI already exists: %s", path);
        if (output_open_file(path, overwrite, &output) < 0)
                return ACBUILD_STATUS_FAILED;
        r = write_file(a, path, &output, &id, &message);
        if (r < 0)
                return acbuild_explained(a, r, message);
        if (output_commit(&output) < 0)
                return ACBUILD_STATUS_FAILED;
        if (print)
                (void) printf("%s\n", DIGEST_FILE(&id));
        return 0;
}

int acbuild_run_write(Acbuild *a)
{
        if (a->args.sign)
                return acbuild_failed(a, "the sign flag has been removed; use podctl sign or gpg");
        return acbuild_write(a, a->words[0], a->args.overwrite, true);
}
