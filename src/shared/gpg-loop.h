/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gpgme.h>

/* Waiting for gpg, in gpgme's place: its own loop (1.18) spins for ever when gpg ends before it has read all that it is
 * given, since it takes a pipe that nobody reads from for one that is not yet ready. A signature can make gpg do
 * that. */

/* Runs what start, one of the gpgme_op_…_start() functions with its arguments bound, begins, to its end. One operation
 * at a time in a process. */
gpgme_error_t gpg_loop_run(gpgme_ctx_t c, gpgme_error_t (*start)(gpgme_ctx_t c, void *userdata), void *userdata);
