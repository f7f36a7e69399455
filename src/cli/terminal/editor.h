/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The editor of whoever sits at the terminal, chosen like systemctl's (systemd's documentation of its environment):
 * $SYSTEMD_EDITOR, $EDITOR or $VISUAL, which may have arguments; else the first of editor, nano, vim and vi that there
 * is. Returns when it has ended. Logs; an editor that fails is an error. */
int editor_run(const char *path);
