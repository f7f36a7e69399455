/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/libarchive-functions.h"

/* Libarchive and the libraries that it needs, of which one needs C++ and tables of Unicode, take as long to load as all
 * others together. So it is in a module of its own (shared/module.h). Include this in place of archive.h and
 * archive_entry.h, and load it before the first call of a function. */

int libarchive_load(char **reterr_message);

/* NULL until then. */
extern const Libarchive *libarchive;

#define archive_entry_acl_next libarchive->archive_entry_acl_next
#define archive_entry_acl_reset libarchive->archive_entry_acl_reset
#define archive_entry_acl_types libarchive->archive_entry_acl_types
#define archive_entry_atime libarchive->archive_entry_atime
#define archive_entry_atime_is_set libarchive->archive_entry_atime_is_set
#define archive_entry_atime_nsec libarchive->archive_entry_atime_nsec
#define archive_entry_clone libarchive->archive_entry_clone
#define archive_entry_copy_hardlink libarchive->archive_entry_copy_hardlink
#define archive_entry_copy_pathname libarchive->archive_entry_copy_pathname
#define archive_entry_copy_sourcepath libarchive->archive_entry_copy_sourcepath
#define archive_entry_copy_stat libarchive->archive_entry_copy_stat
#define archive_entry_copy_symlink libarchive->archive_entry_copy_symlink
#define archive_entry_filetype libarchive->archive_entry_filetype
#define archive_entry_free libarchive->archive_entry_free
#define archive_entry_gid libarchive->archive_entry_gid
#define archive_entry_hardlink libarchive->archive_entry_hardlink
#define archive_entry_mode libarchive->archive_entry_mode
#define archive_entry_mtime libarchive->archive_entry_mtime
#define archive_entry_mtime_is_set libarchive->archive_entry_mtime_is_set
#define archive_entry_mtime_nsec libarchive->archive_entry_mtime_nsec
#define archive_entry_new libarchive->archive_entry_new
#define archive_entry_new2 libarchive->archive_entry_new2
#define archive_entry_pathname libarchive->archive_entry_pathname
#define archive_entry_pathname_utf8 libarchive->archive_entry_pathname_utf8
#define archive_entry_perm libarchive->archive_entry_perm
#define archive_entry_rdevmajor libarchive->archive_entry_rdevmajor
#define archive_entry_rdevminor libarchive->archive_entry_rdevminor
#define archive_entry_set_dev libarchive->archive_entry_set_dev
#define archive_entry_set_filetype libarchive->archive_entry_set_filetype
#define archive_entry_set_gid libarchive->archive_entry_set_gid
#define archive_entry_set_gname libarchive->archive_entry_set_gname
#define archive_entry_set_ino libarchive->archive_entry_set_ino
#define archive_entry_set_mode libarchive->archive_entry_set_mode
#define archive_entry_set_mtime libarchive->archive_entry_set_mtime
#define archive_entry_set_nlink libarchive->archive_entry_set_nlink
#define archive_entry_set_perm libarchive->archive_entry_set_perm
#define archive_entry_set_rdevmajor libarchive->archive_entry_set_rdevmajor
#define archive_entry_set_rdevminor libarchive->archive_entry_set_rdevminor
#define archive_entry_set_size libarchive->archive_entry_set_size
#define archive_entry_set_uid libarchive->archive_entry_set_uid
#define archive_entry_set_uname libarchive->archive_entry_set_uname
#define archive_entry_size libarchive->archive_entry_size
#define archive_entry_symlink libarchive->archive_entry_symlink
#define archive_entry_uid libarchive->archive_entry_uid
#define archive_entry_unset_atime libarchive->archive_entry_unset_atime
#define archive_entry_unset_ctime libarchive->archive_entry_unset_ctime
#define archive_entry_xattr_add_entry libarchive->archive_entry_xattr_add_entry
#define archive_entry_xattr_clear libarchive->archive_entry_xattr_clear
#define archive_entry_xattr_count libarchive->archive_entry_xattr_count
#define archive_entry_xattr_next libarchive->archive_entry_xattr_next
#define archive_entry_xattr_reset libarchive->archive_entry_xattr_reset
#define archive_errno libarchive->archive_errno
#define archive_error_string libarchive->archive_error_string
#define archive_filter_bytes libarchive->archive_filter_bytes
#define archive_free libarchive->archive_free
#define archive_read_append_filter libarchive->archive_read_append_filter
#define archive_read_data libarchive->archive_read_data
#define archive_read_data_block libarchive->archive_read_data_block
#define archive_read_disk_entry_from_file libarchive->archive_read_disk_entry_from_file
#define archive_read_disk_new libarchive->archive_read_disk_new
#define archive_read_disk_set_behavior libarchive->archive_read_disk_set_behavior
#define archive_read_extract2 libarchive->archive_read_extract2
#define archive_read_free libarchive->archive_read_free
#define archive_read_header_position libarchive->archive_read_header_position
#define archive_read_new libarchive->archive_read_new
#define archive_read_next_header libarchive->archive_read_next_header
#define archive_read_open libarchive->archive_read_open
#define archive_read_open_fd libarchive->archive_read_open_fd
#define archive_read_support_filter_all libarchive->archive_read_support_filter_all
#define archive_read_support_format_empty libarchive->archive_read_support_format_empty
#define archive_read_support_format_raw libarchive->archive_read_support_format_raw
#define archive_read_support_format_tar libarchive->archive_read_support_format_tar
#define archive_set_error libarchive->archive_set_error
#define archive_version_details libarchive->archive_version_details
#define archive_write_add_filter_by_name libarchive->archive_write_add_filter_by_name
#define archive_write_add_filter_gzip libarchive->archive_write_add_filter_gzip
#define archive_write_close libarchive->archive_write_close
#define archive_write_data libarchive->archive_write_data
#define archive_write_disk_new libarchive->archive_write_disk_new
#define archive_write_disk_set_options libarchive->archive_write_disk_set_options
#define archive_write_fail libarchive->archive_write_fail
#define archive_write_free libarchive->archive_write_free
#define archive_write_header libarchive->archive_write_header
#define archive_write_new libarchive->archive_write_new
#define archive_write_open libarchive->archive_write_open
#define archive_write_open_fd libarchive->archive_write_open_fd
#define archive_write_set_bytes_in_last_block libarchive->archive_write_set_bytes_in_last_block
#define archive_write_set_bytes_per_block libarchive->archive_write_set_bytes_per_block
#define archive_write_set_filter_option libarchive->archive_write_set_filter_option
#define archive_write_set_format_pax libarchive->archive_write_set_format_pax
#define archive_write_set_format_pax_restricted libarchive->archive_write_set_format_pax_restricted
#define archive_write_set_format_raw libarchive->archive_write_set_format_raw
#define archive_write_set_options libarchive->archive_write_set_options
