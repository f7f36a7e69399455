/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <archive.h>
#include <archive_entry.h>

/* The functions of libarchive that podctl uses, as the module has them (libarchive-module.c). A function that is
 * missing here is missing when podctl is linked. */
#define LIBARCHIVE_FUNCTIONS(X) \
        X(archive_entry_acl_next) \
        X(archive_entry_acl_reset) \
        X(archive_entry_acl_types) \
        X(archive_entry_atime) \
        X(archive_entry_atime_is_set) \
        X(archive_entry_atime_nsec) \
        X(archive_entry_clone) \
        X(archive_entry_copy_hardlink) \
        X(archive_entry_copy_pathname) \
        X(archive_entry_copy_sourcepath) \
        X(archive_entry_copy_stat) \
        X(archive_entry_copy_symlink) \
        X(archive_entry_filetype) \
        X(archive_entry_free) \
        X(archive_entry_gid) \
        X(archive_entry_hardlink) \
        X(archive_entry_mode) \
        X(archive_entry_mtime) \
        X(archive_entry_mtime_is_set) \
        X(archive_entry_mtime_nsec) \
        X(archive_entry_new) \
        X(archive_entry_new2) \
        X(archive_entry_pathname) \
        X(archive_entry_pathname_utf8) \
        X(archive_entry_perm) \
        X(archive_entry_rdevmajor) \
        X(archive_entry_rdevminor) \
        X(archive_entry_set_dev) \
        X(archive_entry_set_filetype) \
        X(archive_entry_set_gid) \
        X(archive_entry_set_gname) \
        X(archive_entry_set_ino) \
        X(archive_entry_set_mode) \
        X(archive_entry_set_mtime) \
        X(archive_entry_set_nlink) \
        X(archive_entry_set_perm) \
        X(archive_entry_set_rdevmajor) \
        X(archive_entry_set_rdevminor) \
        X(archive_entry_set_size) \
        X(archive_entry_set_uid) \
        X(archive_entry_set_uname) \
        X(archive_entry_size) \
        X(archive_entry_symlink) \
        X(archive_entry_uid) \
        X(archive_entry_unset_atime) \
        X(archive_entry_unset_ctime) \
        X(archive_entry_xattr_add_entry) \
        X(archive_entry_xattr_clear) \
        X(archive_entry_xattr_count) \
        X(archive_entry_xattr_next) \
        X(archive_entry_xattr_reset) \
        X(archive_errno) \
        X(archive_error_string) \
        X(archive_filter_bytes) \
        X(archive_free) \
        X(archive_read_append_filter) \
        X(archive_read_data) \
        X(archive_read_data_block) \
        X(archive_read_disk_entry_from_file) \
        X(archive_read_disk_new) \
        X(archive_read_disk_set_behavior) \
        X(archive_read_extract2) \
        X(archive_read_free) \
        X(archive_read_header_position) \
        X(archive_read_new) \
        X(archive_read_next_header) \
        X(archive_read_open) \
        X(archive_read_open_fd) \
        X(archive_read_support_filter_all) \
        X(archive_read_support_format_empty) \
        X(archive_read_support_format_raw) \
        X(archive_read_support_format_tar) \
        X(archive_set_error) \
        X(archive_version_details) \
        X(archive_write_add_filter_by_name) \
        X(archive_write_add_filter_gzip) \
        X(archive_write_close) \
        X(archive_write_data) \
        X(archive_write_disk_new) \
        X(archive_write_disk_set_options) \
        X(archive_write_fail) \
        X(archive_write_free) \
        X(archive_write_header) \
        X(archive_write_new) \
        X(archive_write_open) \
        X(archive_write_open_fd) \
        X(archive_write_set_bytes_in_last_block) \
        X(archive_write_set_bytes_per_block) \
        X(archive_write_set_filter_option) \
        X(archive_write_set_format_pax) \
        X(archive_write_set_format_pax_restricted) \
        X(archive_write_set_format_raw) \
        X(archive_write_set_options)

#define LIBARCHIVE_MEMBER(function) __typeof__(function) *function;
typedef struct Libarchive {
        LIBARCHIVE_FUNCTIONS(LIBARCHIVE_MEMBER)
} Libarchive;

extern const Libarchive libarchive_functions;
