/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks the terminal for a secret, which nobody sees being typed. what: a short text that says whose. -ENOTTY: there is
 * no terminal. -ECANCELED: the user does not want to. The caller erases and frees it. */
int passphrase_ask(const char *what, char **ret);
