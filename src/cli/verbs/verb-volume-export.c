/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/terminal/output-file.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "pod/plan.h"
#include "pod/volume-archive.h"
#include "shared/explain.h"

typedef struct VolumeExportArgs {
        bool overwrite;
        char *format;
} VolumeExportArgs;

static const Option options[] = {
        RESULTS_OPTION(VolumeExportArgs, format),
        { "overwrite", &option_bool, offsetof(VolumeExportArgs, overwrite), NULL, "Replace the file if there is one" },
        {},
};

static int export_to(Context *c, const VolumeExportArgs *args, char **words)
{
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int data = -EBADF;
        VolumeStore *store;
        int r;

        r = context_volumes(c, &store);
        if (r < 0)
                return r;
        data = volume_open_data(store, words[0]);
        if (data == -ENOENT || data == -EINVAL)
                return log_error_errno(ENOENT, "There is no volume '%s'; see 'podctl volume list'", words[0]);
        if (data < 0)
                return log_error_errno(data, "Cannot read volume '%s': %m", words[0]);
        r = output_open_file(words[1], args->overwrite, &output);
        if (r < 0)
                return r;
        r = volume_export(data, output.fd, &message);
        return r < 0 ? log_error_errno(r, "Cannot export volume '%s': %s", words[0], explained(message, r))
                     : output_commit(&output);
}

static int export(Context *c, void *userdata, char **words)
{
        const VolumeExportArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        int r;

        if (args->format && streq(words[1], "-"))
                return log_error_errno(EINVAL, "Option --format needs a file: the archive goes to standard output");
        r = export_to(c, args, words);
        if (r < 0)
                return r;
        (void) results_add(&results, { "name", words[0] }, { "file", words[1] });
        results_print(&results);
        return 0;
}

const Verb verb_volume_export = {
        .name = "volume export",
        .usage = "VOLUME FILE",
        .summary = "Write a named volume to a tar archive",
        .options = options,
        .args_size = sizeof(VolumeExportArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 2,
        .max_words = 2,
        .completes = "VOLUME FILE",
        .run = export,
};

typedef struct VolumeImportArgs {
        char *format;
        uint64_t size;
} VolumeImportArgs;

static const Option import_options[] = {
        RESULTS_OPTION(VolumeImportArgs, format),
        { "size", &option_size, offsetof(VolumeImportArgs, size), "SIZE",
          "Let the files take no more than this, where the file system can" },
        {},
};

/* "-" is the standard input, of which the process that reads the archive has none. */
static int open_input(const char *path)
{
        int fd;

        if (streq(path, "-") && isatty(STDIN_FILENO))
                return log_error_errno(EINVAL, "'-' is the standard input, and an archive cannot come from a terminal");
        fd = streq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? log_error_errno(errno, "Cannot read %s: %m", path) : fd;
}

static int import_into(VolumeStore *store, const char *name, const char *path, uint64_t limit, VolumeImport *import,
                       char **reterr_message)
{
        _cleanup_(volume_lock_done) VolumeLock lock = VOLUME_LOCK_NONE;
        const VolumeFill fill = {
                .fill = volume_import,
                .userdata = import,
                .record = { .origin = (char *) path, .limit = limit },
        };
        int r = volume_lock(store, name, &lock, reterr_message);

        return r < 0 ? r : volume_make(&lock, &fill, reterr_message);
}

static int import(Context *c, void *userdata, char **words)
{
        const VolumeImportArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int fd = -EBADF;
        VolumeImport import = {};
        VolumeStore *store;
        int r;

        r = context_volumes(c, &store);
        if (r < 0)
                return r;
        fd = open_input(words[1]);
        if (fd < 0)
                return fd;
        import.fd = fd;
        r = import_into(store, words[0], words[1], args->size, &import, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot import %s: %s", words[1], explained(message, r));
        if (import.highest_id >= POD_UID_COUNT)
                log_warning("Volume '%s' has files of the user or group %u: to pods with user IDs of their own, which "
                            "end at %u, they belong to nobody", words[0], import.highest_id, POD_UID_COUNT - 1);
        (void) results_add(&results, { "name", words[0] }, { "origin", words[1] });
        results_print(&results);
        return 0;
}

const Verb verb_volume_import = {
        .name = "volume import",
        .usage = "VOLUME FILE",
        .summary = "Make a named volume from a tar archive",
        .options = import_options,
        .args_size = sizeof(VolumeImportArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 2,
        .max_words = 2,
        .completes = "- FILE",
        .run = import,
};
