/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gpgme.h>

/* Waits for gpg in place of gpgme, whose own loop (1.18) spins forever when gpg ends before it has read all its input:
 * the loop takes a pipe without a reader for one that is not yet ready. A signature can make gpg do that. */

/* Starts an operation by start, one of the gpgme_op_…_start() functions with its arguments bound, and runs it to its
 * end. One operation at a time in a process. */
gpgme_error_t gpg_loop_run(gpgme_ctx_t c, gpgme_error_t (*start)(gpgme_ctx_t c, void *userdata), void *userdata);
