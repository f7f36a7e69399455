/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Decrypts a credential of systemd-creds(1), which knows where the keys are, the TPM's among them. in is read from its
 * start; what names it in messages. -EBADMSG, with a message: it cannot be decrypted here, or has another name. */
int systemd_creds_decrypt(const char *name, const char *what, int in, int out, char **reterr_message);
