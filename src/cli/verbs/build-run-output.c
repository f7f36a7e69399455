/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build/build-appc.h"
#include "build/build-layer.h"
#include "build/build-push.h"
#include "build/build-write.h"
#include "cli/images/registry-name.h"
#include "cli/terminal/output-file.h"
#include "cli/verbs/build-run-cache.h"
#include "shared/explain.h"

int build_run_layer(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = build_layer_close(r->build, &message);

        /* It is closed already. */
        if (k == 0 && build_record_ends_with_run(r->build->record))
                return 0;
        if (k == 0)
                k = explain(&message, ENODATA, "no file has changed since the last layer");
        return k < 0 ? build_failed(r, k, message) : 0;
}

static int close_layer(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = build_layer_close(r->build, &message);

        if (k > 0)
                k = build_context_save(r->build, &message);
        return k < 0 ? build_failed(r, k, message) : 0;
}

static OciCompression compression_of(const char *text)
{
        if (!text || streq(text, "gzip"))
                return OCI_COMPRESSION_GZIP;
        return streq(text, "zstd") ? OCI_COMPRESSION_ZSTD : OCI_COMPRESSION_NONE;
}

static int warn_of_loss(const Run *r, const char *where)
{
        _cleanup_strv_free_ char **lost = NULL;

        if (build_appc_beyond_oci(r->build->record, &lost) < 0)
                return log_oom();
        STRV_FOREACH(member, lost)
                log_warning("%s: only an ACI can have %s, which are left out", where, *member);
        return 0;
}

static int write_target(Run *r, const BuildTarget *target, Output *output)
{
        OciCompression compression = compression_of(r->args->compression);
        _cleanup_free_ char *message = NULL;
        Digest digest;
        int k = target->form == BUILD_ACI ? 0 : warn_of_loss(r, target->path);

        if (k >= 0 && target->form != BUILD_OCI_LAYOUT)
                k = output_open_file(target->path, r->args->overwrite, output);
        if (k < 0)
                return k;
        build_run_take_packs(r, compression);
        k = build_write(r->build, target, compression, output->fd, &digest, &message);
        if (k < 0)
                return build_failed(r, k, message);
        build_run_keep_packs(r, compression);
        if (target->form != BUILD_OCI_LAYOUT)
                k = output_commit(output);
        if (k >= 0 && !streq(target->path, "-"))
                (void) printf("%s\n", target->form == BUILD_ACI ? DIGEST_FILE(&digest) : DIGEST_STRING(&digest));
        return k;
}

int build_run_write(Run *r)
{
        _cleanup_(build_target_done) BuildTarget target = {};
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_free_ char *message = NULL;
        int k = build_target_parse(r->words[0], &target, &message);

        if (k < 0)
                return build_failed(r, k, message);
        k = close_layer(r);
        return k < 0 ? k : write_target(r, &target, &output);
}

int build_run_push(Run *r)
{
        OciCompression compression = compression_of(r->args->compression);
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *message = NULL;
        Fetcher *fetcher;
        Digest digest;
        int k = registry_name_parse(r->words[0], &location, &message);

        if (k < 0)
                return build_failed(r, k, message);
        k = context_fetcher(r->context, &fetcher);
        if (k >= 0)
                k = close_layer(r);
        if (k >= 0)
                k = warn_of_loss(r, r->words[0]);
        if (k < 0)
                return k;
        build_run_take_packs(r, compression);
        k = build_push(r->build, fetcher, &location.registry, compression, &digest, &message);
        if (k < 0)
                return build_failed(r, k, message);
        build_run_keep_packs(r, compression);
        (void) printf("%s\n", DIGEST_STRING(&digest));
        return 0;
}
